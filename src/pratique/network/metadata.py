"""The network's policy, on top of what The Update Framework checks.

    Root, Targets, a participant's Targets -> check -> nothing | DocumentRefused `policy-…`

1. A participant speaks for `CODE/` and nothing else, the authority for `network/`, and suspending
   takes place in `suspend/`. Nobody delegates further: a role has one delegator (a diamond of two
   once let a role be trusted without the second's signature).
2. No key serves two roles, but a seat's: it signs for the root, for targets and for suspending.
3. A participant's threshold is at least two, so that no one hand there can revoke or withdraw.
4. What a participant publishes lasts days, not years: a key that was lost goes out by itself.
5. What names another network is refused. What names none is refused too, but where it was signed before the
   root asked for names: by its end, since nothing lasts longer than the policy lets it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple

from securesystemslib.signer import Signature, SSlibKey
from tuf.api.metadata import (
    DelegatedRole,
    Key,
    Metadata,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from pratique import strict_json
from pratique.crypto import algorithms
from pratique.crypto.algorithms import to_der
from pratique.crypto.keys import SigningKey
from pratique.errors import DocumentRefused, UsageError
from pratique.strict_json import SPARSE, Codec
from pratique.terms import Algorithm, Environment
from pratique.text import seen
from pratique.trust import countries
from pratique.trust.countries import WHO_REGIONS

# ----------------------------------------------------------------------------------------------------
# Keys of roles: ours to The Update Framework's, and signatures by any of our keys.
#
#     SubjectPublicKeyInfo DER -> SSlibKey          Metadata, SigningKey -> signature
#
# 1. A key's identifier is the beginning of SHA-256 of its SubjectPublicKeyInfo; the policy refuses two
#    keys of one identifier.
# 2. Nothing is signed but the canonical form of metadata, so a role's key signs no health certificate.


_SCHEMES = {Algorithm.ES256: "ecdsa-sha2-nistp256", Algorithm.ES384: "ecdsa-sha2-nistp384"}
_ID_SIZE = 24
"""Hexadecimal digits: a second key of one identifier is out of reach, and people still compare them."""


def keyid(public_key: bytes) -> str:
    """Return the identifier of a key, given as SubjectPublicKeyInfo DER."""
    return hashlib.sha256(public_key).hexdigest()[:_ID_SIZE]


def public(public_key: bytes) -> SSlibKey:
    """Return the key as metadata holds it; UsageError `key-algorithm` unless of P-256 or P-384."""
    algorithm = algorithms.read_der(public_key).algorithm
    if algorithm not in _SCHEMES:
        raise UsageError(
            "key-algorithm", f"a key for {algorithm} signs no metadata here", "use one for ES256"
        )
    pem = {"public": to_pem(public_key)}
    return SSlibKey(keyid(public_key), "ecdsa", _SCHEMES[algorithm], pem)


def to_pem(public_key: bytes) -> str:
    """Write a public key as PEM (RFC 7468 §13)."""
    return algorithms.to_pem("PUBLIC KEY", public_key)


def from_pem(text: str) -> bytes:
    """Return the SubjectPublicKeyInfo DER of a PEM key; DocumentRefused if there is none."""
    try:
        return algorithms.read_pem(text.encode()).spki
    except UnicodeEncodeError as error:
        raise DocumentRefused("key-unreadable", "there is no public key in it") from error


def is_one(key: Key) -> bool:
    """Tell whether a key in metadata is written as `public` writes it, under its own identifier.

    One key under two identifiers could count for two hands; so there is one spelling of each.
    """
    try:
        lines = key.keyval["public"].splitlines()
        der = base64.b64decode("".join(lines[1:-1]), validate=True)
    except (KeyError, AttributeError, ValueError):
        return False
    scheme = _SCHEMES.get(algorithm) if (algorithm := algorithms.usual(der)) else None
    whole = {"keytype": "ecdsa", "scheme": scheme, "keyval": {"public": to_pem(der)}}
    return scheme is not None and key.to_dict() == whole and key.keyid == keyid(der)


def sign(metadata: Metadata[Any], key: SigningKey) -> str:
    """Add a key's signature to metadata; return the key's identifier."""
    own = keyid(key.public_key)
    public(key.public_key)
    signature = to_der(key.sign(metadata.signed_bytes)).hex()
    metadata.signatures[own] = Signature(own, signature)
    return own


# ----------------------------------------------------------------------------------------------------
# Where things lie in a repository, and how large they may be.
#
#     metadata/3.root.json · metadata/timestamp.json · metadata/7.XUA.json · targets/XUA/SHA256.signers.json
#
# 1. All but the timestamp is named by its version or its digest, so that a mirror may keep it for ever.
# 2. A name is made of a role, a version and a digest only: nothing of who asks, nor of what was scanned.
# 3. A participant's code is upper case, so that it can be no role of the authority's.
# 4. A role's name is percent-encoded (TUF §4.5): `/`, `..` and `#` in one lead to no other file and folder.


TIMESTAMP_FILE = "metadata/timestamp.json"
SUSPEND = "suspend"
"""The role that can only take away, for a while."""
SUSPENSIONS = f"{SUSPEND}/list.json"
PARTICIPANTS = "network/participants.json"
VALUE_SETS = "network/value-sets.json"
AUTHORITY_PATH = "network/"
"""What the authority itself publishes lies here, and nowhere else."""

SIGNERS, RULES, CHOICES = "signers.json", "rules.json", "choices.json"
SCHEME_KEYS = "scheme-keys.json"
"""A participant's keys of schemes beside HCERT."""
IMPACT = "impact.json"
"""What a participant says of its rules: whom they shut out (`impact.summary`)."""
UPLOADS = "uploads.json"
"""What a participant's upload key has signed, for back ends that read the wire alone (`gateway.uploads`)."""
REVOCATIONS = re.compile(r"revocations-[0-9a-f]{2,128}-(\d{1,10}-\d{1,10}\.delta|\d{1,10}\.tags)")
"""A participant's list of a key, and a delta of it, by kid and version."""

CODE = re.compile(r"[A-Z][A-Z0-9]{1,7}")
FILE = re.compile(r"[a-z0-9][a-z0-9._-]{0,159}")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")

MAX_ROOT, MAX_TIMESTAMP, MAX_SNAPSHOT = 512_000, 16_384, 2_000_000
MAX_TARGETS, MAX_ROLE = 5_000_000, 512_000
MAX_FILE = 32 * 1024 * 1024
"""Bytes; a sender that never ends is cut off there."""
MAX_FILES_OF_ROLE = 2_048
MAX_EDITION = 96 * 1024 * 1024
"""Bytes of all files of a role: every verifier fetches and keeps them."""
MAX_NETWORK = 1500 * 1024**2
"""Bytes of all editions together, below what is held as one file."""
MAX_FILES = 45_000
"""Files of all editions together, below what is held as one file."""
SHARE_FILES, SHARE_SIZE = 16, 256 * 1024
"""What of that room is each participant's own, however much the others publish: for as many as there may be."""
MAX_SMALL = 2 * 1024 * 1024
MAX_UPLOADS = 4 * 1024 * 1024
"""Rules in Base64, and a signature with its certificate for each signer and rule."""
MAX_ROOTS = 256
"""Successive roots that are followed in one go."""
MAX_PARTICIPANTS = 2_000
MAX_VERSION = 9_999_999_999
"""Ten digits: what is read from a name, and what may be written into one."""


def metadata(role: str, version: int) -> str:
    """Name a role's metadata of a version."""
    return f"metadata/{version}.{encoded(role)}.json"


def encoded(role: str) -> str:
    """Return a role's name as it stands in the name of a file, or in an address."""
    if _PLAIN.fullmatch(role):
        return role
    return "".join(
        chr(byte) if _PLAIN.fullmatch(chr(byte)) else f"%{byte:02X}"
        for byte in role.encode(errors="surrogatepass")
    )


def target(path: str, sha256: str) -> str:
    """Name a target's file, as consistent snapshots have it (TUF §6.2)."""
    folder, _, name = path.rpartition("/")
    return f"targets/{folder}/{sha256}.{name}"


def limit(role: str) -> int:
    """Return how large a role's metadata may be."""
    return {"root": MAX_ROOT, "snapshot": MAX_SNAPSHOT, "targets": MAX_TARGETS}.get(role, MAX_ROLE)


def limit_of(path: str) -> int:
    """Return how large a file of a delegated role may be; 0 for one that is not known."""
    folder, _, name = path.partition("/")
    if folder == SUSPEND:
        return MAX_SMALL if path == SUSPENSIONS else 0
    if name in {SIGNERS, RULES, CHOICES, SCHEME_KEYS, IMPACT}:
        return MAX_SMALL
    if name == UPLOADS:
        return MAX_UPLOADS
    return MAX_FILE if REVOCATIONS.fullmatch(name) else 0


def is_participants(role: str) -> bool:
    """Tell whether a role is a participant's."""
    return CODE.fullmatch(role) is not None


# ----------------------------------------------------------------------------------------------------
# The board: the authority's seats, and how many of them it takes.
#
#     Seat, Seat, ... -> Board.check -> root metadata -> of_root -> Board
#
# 1. The board stands in the root metadata itself, so the seats that it names have signed it.
# 2. No seat acts alone, whatever was asked for: every threshold is at least two.
# 3. At most one seat is one state's, however its code is spelt, and no region has more than its cap. Regions
#    are those of the World Health Organization; a network for tests may have invented ones instead.
# 4. To take away for a while never needs more seats than to add.
# 5. What is signed names its network: seats and participants may have one key for a network and for its
#    rehearsal, and what they have signed for one of them is never believed in the other.
# 6. A board that was signed before codes were compared is read as it is, and what is wrong with it is told; no
#    root that follows may add to that.


FIELD = "x-pratique-board"
NETWORK = "x-pratique-network"
"""In a root, in targets and in roles: the network that they are signed for. A member of its own, since those
who read the board's demand exactly its members."""
_SINCE, _INSTANT = "since", "%Y-%m-%dT%H:%M:%SZ"
MAX_SEATS = 99
DEFAULT_THRESHOLD, DEFAULT_SEATS, DEFAULT_SUSPEND, DEFAULT_PER_REGION = 5, 9, 3, 2
_TEXT = 80
_INVENTED_HOLDER = re.compile(r"X[A-Z0-9]{1,7}")
"""As those that ISO 3166-1 leaves to its users: states that were invented for a test."""
_INVENTED_REGION = re.compile(r"[A-Z][A-Z0-9-]{0,15}")


def _text(value: object) -> str:
    found = strict_json.text(value)
    if not 0 < len(found) <= _TEXT or not found.isprintable() or seen(found) != found:
        raise ValueError("a text that cannot be shown")
    return found


Shown = Annotated[str, Codec(_text)]


class Seat(NamedTuple):
    """One seat.

    Attributes:
        name: of the seat ("seat-3"), not of a person.
        holder: the code of the state or organisation that fills it.
        region: which region the holder belongs to ("AFR").
        keyid: of its key.
    """

    name: Shown
    holder: Shown
    region: Shown
    keyid: Shown


class NetworkName(NamedTuple):
    """A network's name and its environment: a rehearsal has the name of another one, or is a test."""

    network: Shown
    environment: Environment

    def __str__(self) -> str:
        """Say it as people are to read it before they sign."""
        return f"{self.network} ({self.environment})"

    def to_field(self) -> dict[str, object]:
        """Return what targets and roles say of the network that they are signed for."""
        return strict_json.write(self)


def _read_instant(value: object) -> datetime:
    return datetime.strptime(strict_json.text(value), _INSTANT).replace(tzinfo=UTC)


Instant = Annotated[datetime, Codec(_read_instant, lambda at: at.strftime(_INSTANT))]


class NetworkField(NamedTuple):
    """What metadata says of its network; a root also since when what is signed must name it."""

    network: Shown
    environment: Environment
    since: Annotated[Instant | None, SPARSE] = None


# A network's policy on rules stands in its root too, in a member of its own. It binds those who publish, and nobody else: no
# verifier asks for a summary, so that none goes dead over a member that it does not know, or knows otherwise.

POLICY = "x-pratique-policy"
_RULES, _REQUIRED, _OPTIONAL = "impact_summary", "required", "optional"


def policy_field(*, asks_for_summaries: bool) -> dict[str, object]:
    """Return what a root says of its policy on rules."""
    return {POLICY: {_RULES: _REQUIRED if asks_for_summaries else _OPTIONAL}}


def asks_for_summaries(root: Root) -> bool:
    """Tell whether rules need a summary of whom they shut out before they are published.

    A root that does not say so asks for it, and so does one that says it in a way that nobody can read: the seats must
    have said in so many words that it is not needed.
    """
    return root.unrecognized_fields.get(POLICY) != {_RULES: _OPTIONAL}


class Board(NamedTuple):
    """The seats and their thresholds.

    Attributes:
        network: the network's name.
        environment: of all that the network publishes.
        threshold: seats that it takes to admit, change and publish.
        suspend_threshold: seats that it takes to suspend.
        per_region: seats that a region may have at most.
    """

    network: Shown
    environment: Environment
    seats: tuple[Seat, ...]
    threshold: int = DEFAULT_THRESHOLD
    suspend_threshold: int = DEFAULT_SUSPEND
    per_region: int = DEFAULT_PER_REGION

    def check(self) -> None:
        """See to it that no seat can act alone and none is double; DocumentRefused `board-…`."""
        self.check_shape()
        for code, why in self._breaches():
            raise board_refused(code, why)

    def check_shape(self) -> None:
        """See to what was asked of every board ever, its codes taken as they are; DocumentRefused `board-…`."""
        count = len(self.seats)
        if not 2 <= self.threshold <= count <= MAX_SEATS:
            raise board_refused(
                "threshold", f"{self.threshold} of {count} is no threshold: from 2 to all"
            )
        if not 2 <= self.suspend_threshold <= self.threshold:
            raise board_refused(
                "suspend-threshold",
                f"{self.suspend_threshold} is no threshold for suspending: from 2 to {self.threshold}",
            )
        for what, code, values in (
            ("two seats have one name", "name-double", [seat.name for seat in self.seats]),
            ("a state holds two seats", "holder-double", [seat.holder for seat in self.seats]),
            ("two seats have one key", "key-double", [seat.keyid for seat in self.seats]),
        ):
            if twice := [value for value, times in Counter(values).items() if times > 1]:
                raise board_refused(code, f"{what}: {', '.join(sorted(twice))}")
        for region, times in sorted(Counter(seat.region for seat in self.seats).items()):
            if times > self.per_region:
                raise board_refused("region-cap", _over(region, times, self.per_region))

    def breaches(self) -> list[str]:
        """Tell in words what is wrong with its codes: a state or a region that counts as several."""
        return [why for _, why in self._breaches()]

    def _breaches(self) -> Iterator[tuple[str, str]]:
        held: dict[str, list[str]] = {}
        for seat in self.seats:
            for one in countries.seated(seat.holder) or {countries.folded(seat.holder)}:
                held.setdefault(one, []).append(seat.holder)
        for holders in held.values():
            if len(holders) > 1:
                yield "holder-double", f"a state holds two seats: {', '.join(sorted(holders))}"
        regions = Counter(countries.folded(seat.region) for seat in self.seats)
        for region, times in sorted(regions.items()):
            if times > self.per_region:
                yield "region-cap", _over(region, times, self.per_region)
        yield from self._unknown()

    def _unknown(self) -> Iterator[tuple[str, str]]:
        is_test = self.environment is Environment.TEST
        # All invented, or none: else "EURO" would be a region beside "EUR".
        invents = is_test and not any(
            countries.folded(seat.region) in WHO_REGIONS for seat in self.seats
        )
        for seat in self.seats:
            if not countries.bearers(seat.holder) and not (
                is_test and _INVENTED_HOLDER.fullmatch(seat.holder)
            ):
                yield "holder-unknown", f"{seat.holder} is no state's or organisation's code"
            if seat.region not in WHO_REGIONS and not (
                invents and _INVENTED_REGION.fullmatch(seat.region)
            ):
                yield (
                    "region-unknown",
                    f"{seat.region!a} is no region: it is one of {', '.join(WHO_REGIONS)}",
                )

    @property
    def name(self) -> NetworkName:
        """Return which network it is."""
        return NetworkName(self.network, self.environment)

    def fragile(self) -> list[str]:
        """Tell in words where all must sign, so that one lost key ends it."""
        count, found = len(self.seats), []
        if self.threshold == count:
            # The root itself needs them: no other seat can be put in the place of the one that is lost.
            found.append(
                f"all {count} seats must sign: one lost key, and nothing is ever published again"
            )
        if self.suspend_threshold == count:
            found.append(f"all {count} seats must sign to suspend: one that is away prevents it")
        return found

    def seat_of(self, keyid: str) -> Seat | None:
        """Return the seat that has a key."""
        return next((seat for seat in self.seats if seat.keyid == keyid), None)

    def to_field(self) -> dict[str, object]:
        """Return what the root metadata says of the board."""
        return strict_json.write(self)


def of_root(root: Root, *, before: Board | None = None, held: bool = False) -> Board:
    """Return the board that a root names; DocumentRefused `board-…` if the root does not fit it.

    Args:
        root: which names it.
        before: the board that it follows upon; what is wrong with that one may still be wrong.
        held: it was believed before codes were compared; what is wrong with them is told, and no more.
    """
    board = _read(root.unrecognized_fields.get(FIELD))
    board.check_shape()
    if not held and not set(board.breaches()) <= set(before.breaches() if before else ()):
        board.check()
    seats = {seat.keyid for seat in board.seats}
    for role in (Root.type, Targets.type):
        if set(root.roles[role].keyids) != seats or root.roles[role].threshold != board.threshold:
            raise board_refused("differs", f"the keys of {role} are not those of the seats")
    if not all(map(is_one, root.keys.values())):
        raise board_refused("key-spelling", "a key is not under its own identifier")
    online = {*root.roles[Snapshot.type].keyids, *root.roles[Timestamp.type].keyids}
    if online & seats:
        raise board_refused("online-seat", "a seat's key is kept online")
    if not root.consistent_snapshot:
        raise board_refused("inconsistent", "its files are not named by version and digest")
    if name_of(root) not in {None, board.name}:
        raise board_refused(
            "differs", "the root is signed for another network than that of its seats"
        )
    return board


def name_of(signed: Root | Targets) -> NetworkName | None:
    """Return the network that metadata is signed for; None if it does not say.

    Raises:
        DocumentRefused: `board-malformed`: it says so in a way that nobody can read.
    """
    if NETWORK not in signed.unrecognized_fields:
        return None
    found = _named(signed)
    return NetworkName(found.network, found.environment)


def named_since(root: Root) -> datetime | None:
    """Return from when on a root asks what is signed to name its network; None if it never does.

    A network's first root asks for it from the beginning. One that follows upon a root that did not ask
    names the instant: what was signed before then runs out by itself, and nobody is locked out.
    """
    if NETWORK not in root.unrecognized_fields:
        return None
    return _named(root).since or datetime.min.replace(tzinfo=UTC)


def root_field(name: NetworkName, before: Root | None, at: datetime) -> dict[str, object]:
    """Return what a root says of its network.

    Args:
        name: of the network.
        before: the root that it follows upon; None for the first.
        at: now.
    """
    if before is None:
        return {NETWORK: name.to_field()}
    since = _named(before).since if NETWORK in before.unrecognized_fields else at.astimezone(UTC)
    return {NETWORK: strict_json.write(NetworkField(*name, since))}


def check_kept(before: Root, after: Root) -> None:
    """See to it that a root asks for names as the one before it; DocumentRefused `board-differs`."""
    if NETWORK in before.unrecognized_fields and named_since(after) != named_since(before):
        raise board_refused(
            "differs", f"root {after.version} asks less of what is signed for its network"
        )


def is_region(text: str) -> bool:
    """Tell whether some board may have a seat of this region: one of WHO's, or an invented one."""
    return _INVENTED_REGION.fullmatch(text) is not None


def board_refused(code: str, why: str) -> DocumentRefused:
    """Return the refusal of a board."""
    return DocumentRefused(
        f"board-{code}", why, "no seat may act alone, and no state or region may outvote the others"
    )


def _over(region: str, times: int, cap: int) -> str:
    return f"region {region} has {times} seats, and the cap is {cap}"


def _read(field: object) -> Board:
    try:
        board = strict_json.read(Board, field)
    except ValueError as error:
        raise board_refused(
            "malformed", f"the root does not say which seats there are: {error}"
        ) from error
    if any(not CODE.fullmatch(seat.holder) or seat.name == SUSPEND for seat in board.seats):
        raise board_refused("malformed", "a seat has no state's code, or a name that is taken")
    return board


def _named(signed: Root | Targets) -> NetworkField:
    field = signed.unrecognized_fields[NETWORK]
    try:
        found = strict_json.read(NetworkField, field)
        if found.since and not isinstance(signed, Root):
            raise strict_json.Misfit("member-unknown", _SINCE)
    except ValueError as error:
        raise board_refused(
            "malformed", f"it does not say for which network it is signed: {error}"
        ) from error
    return found


ROOT_LIFE = timedelta(days=365)
TARGETS_LIFE = timedelta(days=90)
ROLE_LIFE = timedelta(days=7)
SNAPSHOT_LIFE = timedelta(days=7)
TIMESTAMP_LIFE = timedelta(hours=48)
SUSPEND_LIFE = timedelta(days=28)
"""How long each role's metadata lasts at most. That of suspending outlives each suspension in it."""

SLACK = timedelta(hours=1)
"""How far the clocks of those who draft and those who publish may be apart."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
HINT = "what is held here stays as it was; tell the authority"


class Room(NamedTuple):
    """What a role takes of the room that a verifier has: files, its metadata among them, and bytes."""

    files: int = 0
    size: int = 0


def check_targets(targets: Targets, root: Root, board: Board) -> None:
    """See to it that the authority speaks for itself only, and delegates as it must."""
    for path, own in targets.targets.items():
        if not path.startswith(AUTHORITY_PATH) or not _is_file(path):
            raise policy_refused(
                "authority-path", f"the authority publishes {path}, which is not its own"
            )
        if own.length > MAX_FILE or not _is_named(own):
            raise policy_refused("file", f"{path} is too large, or not named by SHA-256")
    if PARTICIPANTS not in targets.targets:
        raise policy_refused("participants-missing", "there is no list of participants")
    delegations = targets.delegations
    if delegations is None or delegations.roles is None:
        raise policy_refused("delegations", "the participants' roles are not named one by one")
    if len(delegations.roles) > MAX_PARTICIPANTS:
        raise policy_refused("participants-too-many", f"more than {MAX_PARTICIPANTS} participants")
    if not all(map(is_one, delegations.keys.values())):
        raise policy_refused("key-spelling", "a key is not under its own identifier")
    taken = {keyid: "the authority" for role in root.roles.values() for keyid in role.keyids}
    for name, role in delegations.roles.items():
        _check_delegation(name, role)
        if name == SUSPEND:
            _check_suspend(role, board)
            continue
        if not is_participants(name):
            raise policy_refused("role-name", f"{name} is no participant's code")
        for keyid in role.keyids:
            if keyid in taken:
                raise policy_refused("key-shared", f"a key of {name} is {taken[keyid]}'s too")
            taken[keyid] = name
    if SUSPEND not in delegations.roles:
        raise policy_refused("suspend-missing", "there is no role that suspends")


def check_role(name: str, targets: Targets, *, published: datetime | None = None) -> None:
    """See to it that a delegated role speaks for itself, for a short while.

    Args:
        name: of the role.
        targets: what it says.
        published: when the timestamp beside it was made; None leaves its life unchecked.
    """
    if targets.delegations is not None:
        raise policy_refused("nested", f"{name} delegates further")
    if len(targets.targets) > MAX_FILES_OF_ROLE:
        raise policy_refused("files-too-many", f"{name} has more than {MAX_FILES_OF_ROLE} files")
    life = life_of(name)
    if published is not None and targets.expires - published > life + SLACK:
        raise policy_refused("long-lived", f"{name} would last for more than {life.days} days")
    for path, file in targets.targets.items():
        if not path.startswith(f"{name}/") or not _is_file(path):
            raise policy_refused("foreign-path", f"{name} publishes {path}, which is not its own")
        if file.length > limit_of(path) or not _is_named(file):
            raise policy_refused("file", f"{path} is not known, too large, or not named by SHA-256")
    if sum(file.length for file in targets.targets.values()) > MAX_EDITION:
        raise policy_refused("edition-large", f"{name} would have every verifier fetch too much")


def check_network(role: str, signed: Targets, root: Root, board: Board) -> None:
    """See to it that targets or a role were signed for this network.

    Raises:
        DocumentRefused: `policy-network-other`, `policy-network-unnamed`, `board-malformed`.
    """
    # Seats hold a network and its rehearsal with one key, and participants publish in both: without this
    # a test participant's admission, signed for the rehearsal, is one of the network's too.
    named = name_of(signed)
    if named is not None and named != board.name:
        raise policy_refused(
            "network-other", f"{role} is signed for network {named}, not for {board.name}"
        )
    since = named_since(root)
    if (
        named is None
        and since is not None
        and _is_signed_after(since, signed.expires, life_of(role))
    ):
        raise policy_refused(
            "network-unnamed", f"{role} does not say for which network it is signed"
        )


def life_of(role: str) -> timedelta:
    """Return how long targets, or a role, last at most."""
    return {Targets.type: TARGETS_LIFE, SUSPEND: SUSPEND_LIFE}.get(role, ROLE_LIFE)


def own_keys(keyids: Iterable[str], threshold: int) -> None:
    """See to it that a participant's keys can serve; DocumentRefused `policy-threshold`."""
    count = len(set(keyids))
    if not 2 <= threshold <= count:
        raise policy_refused("threshold", f"{threshold} of {count} is no threshold: from 2 to all")


def check_size(now: Room, before: Room) -> None:
    """Let a network grow to what every verifier can hold; one that is too large may become smaller."""
    if now.size > max(MAX_NETWORK, before.size) or now.files > max(MAX_FILES, before.files):
        raise policy_refused(
            "network-large", "together the editions are more than a verifier can hold"
        )


def without_room(held: Mapping[str, Room], newer: Mapping[str, Room]) -> set[str]:
    """Return the roles whose newer edition finds no room beside all the others.

    Each role has a share that nobody can take from it, and grows beyond it as long as there is room, the small
    ones first: a few who publish all that they may stop themselves, and no verifier.

    Args:
        held: what is held of each role, those that are gone among them.
        newer: what each role that is announced would take.
    """
    taken = {role: _share(held.get(role, Room())) for role in newer}
    total = [
        *map(
            sum,
            zip(
                *taken.values(), *(held[r] for r in held.keys() - newer.keys()), (0, 0), strict=True
            ),
        )
    ]
    found = set()
    for role, room in sorted(newer.items(), key=lambda one: (one[1], one[0])):
        grown = [new - old for new, old in zip(_share(room), taken[role], strict=True)]
        files, size = (before + more for before, more in zip(total, grown, strict=True))
        if (grown[0] > 0 and files > MAX_FILES) or (grown[1] > 0 and size > MAX_NETWORK):
            found.add(role)
        else:
            total = [files, size]
    return found


def _share(room: Room) -> Room:
    return Room(max(room.files, SHARE_FILES), max(room.size, SHARE_SIZE))


def policy_refused(code: str, why: str) -> DocumentRefused:
    """Return the refusal of what breaks the policy."""
    return DocumentRefused(f"policy-{code}", why, HINT)


def _is_signed_after(since: datetime, expires: datetime, life: timedelta) -> bool:
    # From the end, not from the beginning: `since` may be the first instant there is.
    return (expires - since) > life + SLACK


def _check_delegation(name: str, role: DelegatedRole) -> None:
    if not role.terminating or role.paths != [f"{name}/*"] or role.path_hash_prefixes is not None:
        raise policy_refused("delegation", f"the delegation to {name} is not for {name}/* alone")
    own_keys(role.keyids, role.threshold)


def _check_suspend(role: DelegatedRole, board: Board) -> None:
    seats = {seat.keyid for seat in board.seats}
    if set(role.keyids) != seats or role.threshold != board.suspend_threshold:
        raise policy_refused("suspend-keys", "the keys that suspend are not those of the seats")


def _is_named(file: TargetFile) -> bool:
    # The digest becomes a part of a name that is asked for and written: it is hexadecimal or nothing.
    return set(file.hashes) == {"sha256"} and bool(_SHA256.fullmatch(file.hashes["sha256"]))


def _is_file(path: str) -> bool:
    folder, slash, name = path.partition("/")
    return bool(folder and slash) and FILE.fullmatch(name) is not None
