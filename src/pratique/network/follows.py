"""What may follow upon what is held: a participant's newest takes nothing back.

    held role, newer role -> nothing | DocumentRefused

1. Who was revoked stays revoked while the signing key lives: one state's blocked codes were valid again
   for a day, because a later list lacked them.
2. A signer that was withdrawn does not come back, and stays listed while its certificate lives.
3. A suspension stays listed until the pause after it is over, so that it can be neither lifted nor
   chained by leaving it out.
4. Each step is judged by the one before alone, so nothing may be left out in one step that the next
   would need: a list goes only with a key that is known to have ended.
"""

from __future__ import annotations

from collections.abc import Mapping

from pratique.crypto import x509
from pratique.errors import DocumentRefused
from pratique.network import names
from pratique.network.participants import PAUSE, check_suspensions, read_suspensions
from pratique.network.trusted import refused
from pratique.revocation.held import Revocations
from pratique.revocation.tag_list import TagList
from pratique.trust import announced

Files = Mapping[str, bytes]
MAX_TAGS = 1 << 20
"""Revocations of a participant: they are compared with those that were held. The largest list
of one country that was met has 193,786; whoever has more to take back withdraws a key."""


def check(name: str, held: Files, newer: Files, *, published: int) -> None:
    """See to it that a role's newer files take nothing back of those that are held.

    Args:
        name: of the role.
        held, newer: files by path.
        published: when the network last spoke; seconds since the epoch.
    """
    if name == names.SUSPEND:
        _check_suspensions(held, newer, published)
        return
    _check_withdrawn(name, held, newer, published)
    later = {found.head.kid: found for found in lists(name, newer)}
    lost = set()
    for earlier in _lists(held):
        if earlier.head.kid in later:
            Revocations([earlier]).with_list(later[earlier.head.kid])
        else:
            lost.add(earlier.head.kid)
    if lost and lost - _ended(name, held, published):
        raise refused("taken-back", name, "it lacks a list of revocations that is held here")


def lists(name: str, files: Files) -> list[TagList]:
    """Return a participant's lists, one of a key; DocumentRefused `revocation-…`.

    Args:
        name: of the role.
        files: by path.
    """
    found = _lists(files)
    if any(one.head.participant != name for one in found):
        raise _unfit("participant", f"{name} revokes for another")
    if len({one.head.kid for one in found}) < len(found):
        raise _unfit("double", f"{name} has two lists of one key")
    if sum(map(len, found)) > MAX_TAGS:
        raise _unfit("large", f"{name} has more revocations than a verifier can compare")
    return found


def _check_suspensions(held: Files, newer: Files, published: int) -> None:
    earlier, later = (
        {*read_suspensions(files[names.SUSPENSIONS])} if names.SUSPENSIONS in files else set()
        for files in (held, newer)
    )
    if any(one.until + PAUSE > published for _, one in earlier - later):
        raise refused("taken-back", names.SUSPEND, "it lacks a suspension that still counts")
    check_suspensions(earlier | later)


def _check_withdrawn(name: str, held: Files, newer: Files, published: int) -> None:
    later = _signers(name, newer)
    live = {one.certificate for one in later.live}
    gone = {one.certificate for one in later.withdrawn}
    for one in _signers(name, held).withdrawn:
        if one.certificate in live:
            raise refused("taken-back", name, "a signer that was withdrawn is there again")
        if one.certificate not in gone and x509.read(one.certificate).not_after >= published:
            raise refused("taken-back", name, "it lacks a signer that was withdrawn")


def _signers(name: str, files: Files) -> announced.Parts:
    data = files.get(f"{name}/{names.SIGNERS}")
    return announced.Parts("", "", (), (), ()) if data is None else announced.parts(data)


def _lists(files: Files) -> list[TagList]:
    return [
        TagList.from_bytes(data, whole=False)
        for path, data in files.items()
        if path.endswith(".tags")
    ]


def _ended(name: str, files: Files, published: int) -> set[bytes]:
    """Return the kids of signers that are known to have ended."""
    told = _signers(name, files)
    ends: dict[bytes, int] = {}
    for record in (x509.read(one.certificate) for one in (*told.live, *told.withdrawn)):
        ends[record.kid] = max(record.not_after, ends.get(record.kid, 0))
    return {kid for kid, end in ends.items() if end < published}


def _unfit(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(f"revocation-{code}", why, "tell the participant")
