"""The authority's folder: its repository, its online keys, the records of onboarding.

    DIR/authority.json · DIR/repository/ · DIR/keys/ · DIR/onboarding/CODE.jsonl

1. The seats' keys are not here: each seat signs on its own machine.
2. It lies apart from `authority`, which does something with it, as the log's use cases (`log`) need it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tuf.api.metadata import Root

from pratique import strict_json
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.network import metadata, proposal, publish, trusted
from pratique.network.view import View
from pratique.onboarding import steps
from pratique.parties import proposals
from pratique.parties.proposals import repository_of
from pratique.store import files, network, sources
from pratique.store.keys import Secret, make_key, open_key

FORMAT = "pratique-authority-1"
FILE = "authority.json"
ONLINE_KEYS = ("file:keys/snapshot-{}.pem", "file:keys/timestamp-{}.pem")
"""Where the online keys are made, by the version of the root that names them."""


class KeyFile(NamedTuple):
    """The authority's document: where the keys kept online lie, by their identifiers."""

    keys: Mapping[str, str]


def current(folder: Path) -> View:
    """Return the authority's network; UsageError `nothing-published` before its first edition."""
    found = proposals.read_view(network.Repository(repository_of(folder)))
    if found is None:
        require(folder)
        raise UsageError(
            "nothing-published",
            f"{folder}: nothing was published yet",
            f"have the first proposal signed, then: pratique authority publish --authority {folder} PROPOSAL",
        )
    return found


def require(folder: Path) -> None:
    """See to it that there is an authority in a folder; Unreadable `no-authority`."""
    if not (folder / FILE).exists():
        raise Unreadable(
            "no-authority",
            f"{folder}: there is no authority here",
            "name its folder with --authority, or begin one: pratique authority init",
        )


def make_online_keys(
    folder: Path, name: str, version: int, secret: Secret
) -> tuple[proposal.Online, dict[str, str]]:
    """Make the online keys of a root's version; return them, and where they lie by identifier.

    Keys that an interrupted call has made are taken: the same call can be made again.
    """
    note = f"Online key of {name}. It can add nothing to what the seats have signed.\n\n"
    made = {}
    for uri in (key.format(version) for key in ONLINE_KEYS):
        key = make_key(uri, folder=folder, secret=secret, note=note, existing=True)
        made[uri] = key.public_key
    return proposal.Online(*made.values()), {metadata.keyid(key): uri for uri, key in made.items()}


def save_online(folder: Path, uris: Mapping[str, str]) -> None:
    """Note where online keys lie, by their identifiers; what is noted already stays."""
    before = _online_uris(folder) if (folder / FILE).exists() else {}
    files.replace(folder / FILE, strict_json.dump(KeyFile({**before, **uris}), FORMAT))


def online_keys(folder: Path, secret: Secret, root: Root | None = None) -> publish.OnlineKeys:
    """Open the online keys that a root names: the one in force, if none is given."""
    uris = _online_uris(folder)
    root = current(folder).root if root is None else root
    opened = []
    for role in ("snapshot", "timestamp"):
        uri = uris.get(root.roles[role].keyids[0])
        if uri is None:
            raise UsageError(
                "online-key-unknown",
                f"{folder}: the root names a {role} key that is not noted here",
                "was another folder's root proposed? see: pratique authority propose online-keys",
            )
        opened.append(open_key(uri, folder=folder, secret=secret))
    return publish.OnlineKeys(*opened)


def _online_uris(folder: Path) -> dict[str, str]:
    require(folder)
    path = folder / FILE

    def refused(why: str) -> DocumentRefused:
        return DocumentRefused("authority-file", f"{path}: this is no document of {FORMAT}: {why}")

    return dict(strict_json.document(sources.read_bytes(path), KeyFile, FORMAT, refused).keys)


def records_path(folder: Path, code: str) -> Path:
    """Return where the records of a participant lie; UsageError if it is no code."""
    if not metadata.is_participants(code):
        raise UsageError(
            "participant-unfit", f"{code} is no participant's code", "capital letters: XUA"
        )
    return folder / "onboarding" / f"{code}.jsonl"


def records(
    folder: Path, code: str, shown: View, seats: Mapping[str, steps.Seated] | None = None
) -> tuple[steps.OnboardingRecord, ...]:
    """Read a participant's records, and check them against all seats that there ever were (`all_seats`)."""
    path = records_path(folder, code)
    if not path.exists():
        return ()
    return steps.read(
        sources.read_bytes(path),
        all_seats(folder, shown) if seats is None else seats,
        code,
        network=shown.board.name,
        since=metadata.named_since(shown.root),
    )


def all_seats(folder: Path, shown: View) -> dict[str, steps.Seated]:
    """Return every seat that there ever was, by its key's identifier."""
    seats: dict[str, steps.Seated] = {}
    repository = network.Repository(repository_of(folder))
    follower = trusted.Trusted(repository[publish.ANCHOR])
    while True:
        for seat in follower.board.seats:
            key = follower.root.keys[seat.keyid]
            seats[seat.keyid] = steps.Seated(seat.name, proposal.public(key), follower.board.name)
        name = metadata.metadata("root", follower.root.version + 1)
        if follower.root.version == shown.root.version or name not in repository:
            return seats
        follower.take_root(repository[name], held=True)


def seat_named(shown: View, name: str) -> metadata.Seat:
    """Return a seat by its name; UsageError `seat-unknown`."""
    for seat in shown.board.seats:
        if seat.name == name:
            return seat
    raise UsageError(
        "seat-unknown", f"there is no seat {name}", "see them: pratique authority status"
    )
