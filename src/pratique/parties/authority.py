"""The authority's folder: its repository, its online keys, the records of onboarding.

    DIR/authority.json · DIR/repository/ · DIR/keys/ · DIR/onboarding/CODE.jsonl

1. The seats' keys are not here: each seat signs on its own machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click
from tuf.api.metadata import Metadata, Root, Targets

from pratique import strict_json
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.network import metadata, proposal, publish, trusted, view
from pratique.onboarding import steps
from pratique.store import files, network, sources
from pratique.store.keys import Secret, open_key

FORMAT = "pratique-authority-1"
FILE = "authority.json"

folder = click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
repository = click.option(
    "--repository",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="The network as it is: the authority's folder or a mirror [default: what was synced here].",
)
home = click.option(
    "--home", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Folder of what was synced [default: PRATIQUE_HOME, or the system's place for data].",
)  # fmt: skip


def repository_of(folder: Path) -> Path:
    """Return where the repository lies in the authority's folder."""
    return folder / "repository"


def read_view(files: Mapping[str, bytes]) -> view.View | None:
    """Read a repository from its own first root; None if nothing was published yet."""
    return view.read(files, files[publish.ANCHOR]) if _is_published(files) else None


def _is_published(files: Mapping[str, bytes]) -> bool:
    return metadata.TIMESTAMP_FILE in files and publish.ANCHOR in files


def current(folder: Path) -> view.View:
    """Return the authority's network; UsageError `nothing-published` before its first edition."""
    found = read_view(network.Repository(repository_of(folder)))
    if found is None and not (folder / FILE).exists():
        raise _no_authority(folder)
    if found is None:
        raise UsageError(
            "nothing-published",
            f"{folder}: nothing was published yet",
            "have the first proposal signed, then: pratique authority publish DIR PROPOSAL",
        )
    return found


def known(named: Path | None, home: Path | None) -> view.View | None:
    """Return the network that a signer knows: a repository's, or what was synced; None if none is."""
    found = known_files(named, home)
    return None if found is None else view.read(*found)


def known_files(named: Path | None, home: Path | None) -> tuple[Mapping[str, bytes], bytes] | None:
    """Return the files of the network that a signer knows, and its anchor; None if none is."""
    if named is not None:
        found = _repository(named)
        return (found, found[publish.ANCHOR]) if _is_published(found) else None
    kept = network.load_held(network.folder_of(sources.home(home)))
    if kept is None or metadata.TIMESTAMP_FILE not in kept.files:
        return None
    return kept.files, kept.anchor


def signers_of(named: Path | None, home: Path | None, role: str, version: int) -> set[str]:
    """Return the identifiers of the keys that have signed a role's metadata, as `known` has it."""
    kept = None if named is not None else network.load_held(network.folder_of(sources.home(home)))
    found: Mapping[str, bytes] = {} if kept is None else kept.files
    data = (found if named is None else _repository(named)).get(metadata.metadata(role, version))
    if data is None:
        return set()
    return set(Metadata[Targets].from_bytes(data).signatures)


def _repository(named: Path) -> network.Repository:
    inner = repository_of(named)
    if not inner.is_dir() and not (named / "metadata").is_dir():
        raise UsageError(
            "repository-unknown",
            f"{named}: there is no repository here",
            "name an authority's folder, or one with metadata/ in it",
        )
    return network.Repository(inner if inner.is_dir() else named)


def save_online(folder: Path, uris: Mapping[str, str]) -> None:
    """Note where online keys lie, by their identifiers; what is noted already stays."""
    noted = {**_noted(folder), **uris} if (folder / FILE).exists() else dict(uris)
    document = {"format": FORMAT, "keys": noted}
    files.replace(folder / FILE, json.dumps(document, indent=1, sort_keys=True).encode())


def online_keys(folder: Path, secret: Secret, root: Root | None = None) -> publish.OnlineKeys:
    """Open the online keys that a root names: the one in force, if none is given."""
    noted = _noted(folder)
    root = current(folder).root if root is None else root
    found = []
    for role in ("snapshot", "timestamp"):
        uri = noted.get(root.roles[role].keyids[0])
        if uri is None:
            raise UsageError(
                "online-key-unknown",
                f"{folder}: the root names a {role} key that is not noted here",
                "was another folder's root proposed? see: pratique authority propose online-keys",
            )
        found.append(open_key(uri, folder=folder, secret=secret))
    return publish.OnlineKeys(*found)


def require(folder: Path) -> None:
    """See to it that there is an authority in a folder; Unreadable `no-authority`."""
    if not (folder / FILE).exists():
        raise _no_authority(folder)


def _noted(folder: Path) -> dict[str, str]:
    require(folder)
    path = folder / FILE
    found = strict_json.parse(sources.read_bytes(path))
    if not isinstance(found, dict) or found.keys() != {"format", "keys"}:
        raise DocumentRefused("authority-file", f"{path}: this is no document of {FORMAT}")
    return {str(keyid): str(uri) for keyid, uri in dict(found["keys"]).items()}


def _no_authority(folder: Path) -> Unreadable:
    return Unreadable(
        "no-authority",
        f"{folder}: there is no authority here",
        "name its folder, or begin one: pratique authority init DIR",
    )


def records_path(folder: Path, code: str) -> Path:
    """Return where the records of a participant lie; UsageError if it is no code."""
    if not metadata.is_participants(code):
        raise UsageError(
            "participant-unfit", f"{code} is no participant's code", "capital letters: XUA"
        )
    return folder / "onboarding" / f"{code}.jsonl"


def records(
    folder: Path,
    code: str,
    shown: view.View | None = None,
    seats: Mapping[str, steps.Seated] | None = None,
) -> tuple[steps.Record, ...]:
    """Read a participant's records, and check them.

    Args:
        folder: the authority's.
        code: the participant's.
        shown: the network, if it was read already.
        seats: all that there ever were, as `seated` returns them, if they were read already.
    """
    path = records_path(folder, code)
    if not path.exists():
        return ()
    found = current(folder) if shown is None else shown
    return steps.read(
        sources.read_bytes(path),
        seated(folder, found) if seats is None else seats,
        code,
        network=found.board.name,
        since=metadata.named_since(found.root),
    )


def seated(folder: Path, current_view: view.View) -> dict[str, steps.Seated]:
    """Return every seat that there ever was, by its key's identifier."""
    found: dict[str, steps.Seated] = {}
    held_files = network.Repository(repository_of(folder))
    trunk = trusted.Trusted(held_files[publish.ANCHOR])
    while True:
        for seat in trunk.board.seats:
            key = trunk.root.keys[seat.keyid]
            found[seat.keyid] = steps.Seated(seat.name, proposal.public(key), trunk.board.name)
        name = metadata.metadata("root", trunk.root.version + 1)
        if trunk.root.version == current_view.root.version or name not in held_files:
            return found
        trunk.take_root(held_files[name], held=True)


def seat_named(shown: view.View, name: str) -> metadata.Seat:
    """Return a seat by its name; UsageError `seat-unknown`."""
    for seat in shown.board.seats:
        if seat.name == name:
            return seat
    raise UsageError(
        "seat-unknown", f"there is no seat {name}", "see them: pratique authority status DIR"
    )
