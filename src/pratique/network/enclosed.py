"""The files of a proposal: those that its metadata names by digest, and no others.

    metadata by role, files by path, View -> check -> nothing | DocumentRefused `proposal-…`

1. Digests are signed and files are read: a seat that reads a file must have read the one that it signs.
2. What the network has already need not be enclosed again, but only in the authority's own edition.
3. A file that nobody has signed for is not written anywhere.
4. Nobody is admitted twice, under two codes of one state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuf.api.metadata import Metadata, TargetFile, Targets

from pratique.errors import DocumentRefused
from pratique.network import names
from pratique.network.participants import check_admitted, read_participants
from pratique.network.view import View, is_file

HINT = "ask its author for it again; sync first, if it was drafted on a later edition"


def check(
    metadata: Mapping[str, Metadata[Any]], files: Mapping[str, bytes], current: View | None
) -> None:
    """See to it that the files are those that the metadata names.

    Args:
        metadata: by role.
        files: by path.
        current: the network as it is known here; None before there is one.
    """
    if not metadata:
        raise _refused("empty", "it has nothing to sign in it")
    named: set[str] = set()
    for role, one in metadata.items():
        if not isinstance(one.signed, Targets):
            continue
        known = _known(role, current)
        for path, file in one.signed.targets.items():
            named.add(path)
            if path not in files and not _is_same(file, known.get(path)):
                raise _refused("files", f"{path} is new, and not in it")
            if path in files and not is_file(files[path], file):
                raise _refused("files", f"{path} is not the file whose digest is signed")
    if Targets.type in metadata and names.PARTICIPANTS in files:
        before = () if current is None else current.participants
        check_admitted(before, read_participants(files[names.PARTICIPANTS]))
    if strange := sorted(files.keys() - named):
        raise _refused("files", f"nobody signs for {', '.join(strange)}")


def _known(role: str, current: View | None) -> Mapping[str, TargetFile]:
    # A participant's edition is whole: what follows upon what is judged by its files.
    if current is None or role != Targets.type:
        return {}
    found: Mapping[str, TargetFile] = current.trusted.targets.targets
    return found


def _is_same(file: TargetFile, known: TargetFile | None) -> bool:
    return known is not None and (file.length, file.hashes) == (known.length, known.hashes)


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(f"proposal-{code}", f"the proposal was refused: {why}", HINT)
