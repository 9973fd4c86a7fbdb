"""A proposal on the machine of whoever signs it: read, described, signed, submitted. Seats and participants alike.

    PROPOSAL, the network as this machine knows it -> what changes, who is missing -> a signature -> URL | folder

1. What is signed is shown first, against the network that this machine has checked itself: a repository that was named,
   or what was synced.
2. Which network and environment it is for stands above everything else, and in the question.
3. A signature is added to the file; nothing else of it changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tuf.api.metadata import Metadata, Targets

from pratique.errors import DocumentRefused, UsageError
from pratique.network import metadata, proposal, publish, view
from pratique.network.proposal import Proposal
from pratique.network.view import View
from pratique.store import files, http, network, sources
from pratique.store.keys import Secret, open_key
from pratique.text import printable

LARGEST = 64 * 1024 * 1024


class KnownNetwork(NamedTuple):
    """The network that this machine knows: its files by name, its anchor, and what they say."""

    files: Mapping[str, bytes]
    anchor: bytes
    view: View

    def signers_of(self, role: str, version: int) -> set[str]:
        """Return the identifiers of the keys that have signed a role's metadata."""
        data = self.files.get(metadata.metadata(role, version))
        return set() if data is None else set(Metadata[Targets].from_bytes(data).signatures)


def known(repository: Path | None, home: Path | None) -> KnownNetwork | None:
    """Return the network of a repository that is named, or else what was synced; None if none is known."""
    if repository is not None:
        there = _repository(repository)
        current = read_view(there)
        return None if current is None else KnownNetwork(there, there[publish.ANCHOR], current)
    kept = network.load_held(network.folder_of(sources.home(home)))
    if kept is None or metadata.TIMESTAMP_FILE not in kept.files:
        return None
    return KnownNetwork(kept.files, kept.anchor, view.read(kept.files, kept.anchor))


def require(repository: Path | None, home: Path | None) -> KnownNetwork:
    """Return the network that is known here; UsageError `no-network`."""
    found = known(repository, home)
    if found is None:
        raise UsageError(
            "no-network",
            "no network is known here",
            "pratique sync SOURCE --root root.json, or name one with --repository",
        )
    return found


def read_view(repository: Mapping[str, bytes]) -> View | None:
    """Read a repository from its own first root; None if nothing was published yet."""
    if metadata.TIMESTAMP_FILE not in repository or publish.ANCHOR not in repository:
        return None
    return view.read(repository, repository[publish.ANCHOR])


def known_view(repository: Path | None, home: Path | None) -> View | None:
    """Return what the network that is known here says; None if none is known."""
    found = known(repository, home)
    return None if found is None else found.view


def repository_of(folder: Path) -> Path:
    """Return where the repository lies in an authority's folder."""
    return folder / "repository"


def _repository(named: Path) -> network.Repository:
    inner = repository_of(named)
    if not inner.is_dir() and not (named / "metadata").is_dir():
        raise UsageError(
            "repository-unknown",
            f"{named}: there is no repository here",
            "name an authority's folder, or one with metadata/ in it",
        )
    return network.Repository(inner if inner.is_dir() else named)


def load(file: Path) -> Proposal:
    """Read a proposal."""
    data = sources.read_bytes(file, LARGEST)
    try:
        return proposal.from_bytes(data)
    except DocumentRefused as error:
        raise DocumentRefused(
            error.code,
            f"{file}: this is no proposal, or it was damaged",
            "ask its author for it again",
        ) from error


def sign(
    file: Path, drafted: Proposal, uri: str, secret: Secret, current: View | None
) -> tuple[str, ...]:
    """Sign a proposal, and write it to its file; return the roles that were signed."""
    key = open_key(uri, folder=Path.cwd(), secret=secret)
    roles = proposal.sign(drafted, key, current)
    files.write(file, proposal.to_bytes(drafted))
    return roles


def describe(drafted: Proposal, current: View | None) -> Iterator[str]:
    """Yield what a proposal is about, who has signed and who is missing; fit for a terminal.

    The network comes first: everything else is read in the light of it.
    """
    changed = proposal.changed(drafted, current)
    yield from describe_network(drafted, current)
    for line in (drafted.title, *proposal.told(drafted, changed)):
        yield _whole(line)
    yield from describe_signatures(drafted, changed)


def describe_network(drafted: Proposal, current: View | None) -> Iterator[str]:
    """Yield which network a proposal is for, and what is odd about that."""
    yield _whole(f"network {network_name(drafted, proposal.changed(drafted, current))}")
    if proposal.network_of(drafted) is None:
        yield "warning: what is signed does not name its network, and could be published in another one"
    first = proposal.foundation(drafted)
    if first is None or current is None:
        return
    named = metadata.of_root(first, held=True).name
    if named != current.board.name:
        yield _whole(
            f"warning: this is another network, {named}: the one known here is {current.board.name}"
        )
    elif current.root.version > 1 or current.root.to_dict() != first.to_dict():
        # Whoever follows it leaves the network that it has the name of.
        yield "warning: a network of that name is known here already, and this begins another one"


def describe_signatures(drafted: Proposal, current: View | None) -> Iterator[str]:
    """Yield who has signed a proposal, and who is missing."""
    for need in proposal.needs(drafted, current):
        yield _whole(f"{need.role}: {len(need.signed)} of {need.threshold}, asked by {need.by}")
        yield _whole(f"  signed: {', '.join(need.signed) or 'nobody yet'}")
        if need.missing and not need.is_met:
            yield _whole(f"  missing: {', '.join(need.missing)}")


def network_name(drafted: Proposal, current: View | None) -> str:
    """Name the network that a proposal is for; fit for a terminal."""
    named = proposal.network_of(drafted)
    if named is None and current is not None:
        named = current.board.name
    return _whole("a network that it does not name" if named is None else str(named))


def as_json(drafted: Proposal, current: View | None) -> dict[str, object]:
    """Return what a proposal is about as JSON."""
    changed = proposal.changed(drafted, current)
    needs = [{**n._asdict(), "is_met": n.is_met} for n in proposal.needs(drafted, changed)]
    named = proposal.network_of(drafted)
    whose = {"network": None, "environment": None} if named is None else named.to_field()
    changes = list(proposal.told(drafted, changed))
    return {**whose, "title": drafted.title, "changes": changes, "needs": needs}


def _whole(line: str) -> str:
    # Whole, however long: what is cut off would be signed all the same.
    return printable(line, len(line))


class Submitted(NamedTuple):
    """What came of a submission: as it is told, and whether it waits for the log's witnesses."""

    text: str
    waits: bool = False


def submit(target: str, name: str, data: bytes) -> Submitted:
    """Submit a proposal to a web address, or into a folder."""
    if target.startswith(("http://", "https://")):
        taken = http.submit(target, data)
        title = printable(taken.title)
        if taken.waits:
            return Submitted(
                f"accepted, and published when its witnesses have seen it: {title}", True
            )
        return Submitted(f"published: {title}")
    folder = Path(target)
    if not folder.is_dir():
        raise UsageError(
            "target-unknown",
            f"{target}: there is no such folder",
            "name a folder that is there, or a web address: https://…",
        )
    files.write(folder / name, data)
    return Submitted(f"submitted: {folder / name}")
