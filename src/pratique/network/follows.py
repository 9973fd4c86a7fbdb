"""What may follow upon what is held: a participant's newest takes nothing back.

    held role, newer role -> nothing | DocumentRefused

1. Who was revoked stays revoked while the signing key lives: one state's blocked codes were valid again
   for a day, because a later list lacked them.
2. A signer that was withdrawn does not come back.
3. Suspensions that were seen count against later ones, also where the later list leaves them out.
"""

from __future__ import annotations

from collections.abc import Mapping

from pratique.crypto import x509
from pratique.network import names
from pratique.network.participants import check_suspensions, read_suspensions
from pratique.network.trusted import refused
from pratique.revocation.held import Revocations
from pratique.revocation.tag_list import TagList
from pratique.trust import announced

Files = Mapping[str, bytes]


def check(name: str, held: Files, newer: Files, *, published: int) -> None:
    """See to it that a role's newer files take nothing back of those that are held.

    Args:
        name: of the role.
        held, newer: files by path.
        published: when the network last spoke; seconds since the epoch.
    """
    if name == names.SUSPEND:
        _check_suspensions(held, newer)
        return
    _check_withdrawn(name, held, newer)
    later = {found.head.kid: found for found in _lists(newer)}
    for earlier in _lists(held):
        kid = earlier.head.kid
        if kid in later:
            Revocations([earlier]).with_list(later[kid])
        elif kid in _living(name, held, published):
            raise refused("taken-back", name, "it lacks a list of revocations that is held here")


def _check_suspensions(held: Files, newer: Files) -> None:
    found = [
        one
        for files in (held, newer)
        if names.SUSPENSIONS in files
        for one in read_suspensions(files[names.SUSPENSIONS])
    ]
    check_suspensions(found)


def _check_withdrawn(name: str, held: Files, newer: Files) -> None:
    path = f"{name}/{names.SIGNERS}"
    if path in held and path in newer:
        gone = {one.certificate for one in announced.parts(held[path]).withdrawn}
        if gone & {one.certificate for one in announced.parts(newer[path]).live}:
            raise refused("taken-back", name, "a signer that was withdrawn is there again")


def _lists(files: Files) -> list[TagList]:
    return [
        TagList.from_bytes(data, whole=False)
        for path, data in files.items()
        if path.endswith(".tags")
    ]


def _living(name: str, held: Files, published: int) -> set[bytes]:
    path = f"{name}/{names.SIGNERS}"
    if path not in held:
        return set()
    told = announced.parts(held[path])
    records = (x509.read(one.certificate) for one in (*told.live, *told.withdrawn))
    return {record.kid for record in records if record.not_after >= published}
