"""What an authority does: its seats' cards, drafts for them to sign, onboarding, publishing, and its status.

    seats' cards -> init -> PROPOSAL -> signed by the seats -> publish -> repository, timestamp last
    dossier -> onboarding records, each signed by a seat -> admit -> self-test -> activate

1. A draft is a file, and nothing changes yet. What enough seats have signed comes into force by `publish`, and where the
   network has a log, when enough witnesses have seen it (`log`).
2. An interrupted call may be made again, and is no second edition.
3. A step is recorded once, signed by a seat that there is now, over the step before it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tuf.api.metadata import Root

from pratique.compile import compiled
from pratique.errors import DocumentRefused, PratiqueError, UsageError
from pratique.findings import Code
from pratique.network import logged, metadata, proposal
from pratique.network import publish as publishing
from pratique.network.metadata import Board, Seat
from pratique.network.participants import Participant
from pratique.network.proposal import Proposal
from pratique.network.view import Role, View
from pratique.onboarding import steps
from pratique.onboarding.checks import DOMAINS
from pratique.onboarding.steps import OnboardingStep
from pratique.parties import authority_home as home
from pratique.parties import cards, log, proposals
from pratique.parties.proposals import repository_of
from pratique.rules.documents import write_sets
from pratique.store import files, network, sources
from pratique.store.keys import Secret, adopt_key, make_key, open_key
from pratique.terms import Environment, SignerState
from pratique.text import printable
from pratique.tlog.checkpoint import Quorum
from pratique.trust.countries import WHO_REGIONS
from pratique.trust.registry import Suspension
from pratique.trust.signer import Signer
from pratique.verification import verify

# A seat's key, made on the seat's own machine, and its card.

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


def check_seat(name: str, holder: str, region: str) -> None:
    """Refuse a card that no board takes before its key is made; UsageError `seat-…`."""
    if not _NAME.fullmatch(name) or name == metadata.SUSPEND:
        raise UsageError(
            "seat-name", "a seat's name has letters, digits, - and _ only", "for example seat-1"
        )
    if not metadata.is_participants(holder):
        raise UsageError(
            "seat-holder", "--holder is no code", "for example XUA, in capital letters"
        )
    if not metadata.is_region(region):
        raise UsageError(
            "seat-region",
            "--region is no code",
            f"{', '.join(WHO_REGIONS)}; where a whole network is invented for a test, others like NORTH",
        )


def create_seat(
    named: tuple[str, str, str], uri: str, out: Path, secret: Secret, *, existing: bool = False
) -> str:
    """Make the key of a seat (name, holder, region), or take one that is there; write its card, return its keyid."""
    name, holder, region = named
    check_seat(name, holder, region)
    if existing:
        key = adopt_key(uri, folder=Path.cwd(), secret=secret)
    else:
        note = (
            f"Private key of {name} ({holder}). Encrypted; keep a copy, and the password apart.\n\n"
        )
        key = make_key(uri, folder=Path.cwd(), secret=secret, note=note)
    keyid = metadata.public(key.public_key).keyid
    files.write(out, cards.write_seat(Seat(name, holder, region, keyid), key.public_key))
    return keyid


# Drafts: what the seats are to sign.

BEFORE_ADMISSION = {OnboardingStep.QA_PASSED, OnboardingStep.ANCHOR_SIGNED}


class SeatDraft(NamedTuple):
    """What the seats are to sign, over the network as it is, and what is to be said of it."""

    proposal: Proposal
    current: View
    notes: tuple[str, ...] = ()


class Foundation(NamedTuple):
    """What a network begins with: the paths of its seats' cards and of its value sets, keys of its log's witnesses."""

    network: str
    environment: Environment
    seats: tuple[Path, ...]
    threshold: int
    suspend: int
    per_region: int
    value_sets: tuple[Path, ...]
    witnesses: tuple[str, ...]
    quorum: int | None


class Founded(NamedTuple):
    """The first root's board, its log's quorum, and where the proposal lies."""

    board: Board
    quorum: Quorum | None
    proposal: Path


def init(
    folder: Path, wanted: Foundation, out: Path | None, secret: Secret, at: datetime
) -> Founded:
    """Make the online keys of a new network, and propose its first root to the seats."""
    if (folder / home.FILE).exists():
        raise UsageError(
            "authority-exists", f"{folder}: there is an authority already", "name another folder"
        )
    seats = [cards.read_seat(path) for path in wanted.seats]
    # Before any key is made.
    if not 0 < len(wanted.network.strip()) <= 80 or not wanted.network.isprintable():
        raise UsageError("network-unnamed", "--network is empty, too long or not printable")
    if wanted.threshold > len(seats):
        raise UsageError(
            "threshold-unfit",
            f"{wanted.threshold} of {len(seats)} seats cannot sign",
            "name more cards with --seat, or a lower threshold with -k",
        )
    board = Board(
        wanted.network, wanted.environment, tuple(card.seat for card in seats),
        wanted.threshold, wanted.suspend, wanted.per_region,
    )  # fmt: skip
    board.check()
    quorum = log.quorum(folder, wanted.witnesses, wanted.quorum) if wanted.witnesses else None
    own = {metadata.VALUE_SETS: _value_sets(wanted.value_sets)} if wanted.value_sets else {}
    online, uris = home.make_online_keys(folder, wanted.network, 1, secret)
    drafted = proposal.first(board, [card.public_key for card in seats], online, own, at)
    if quorum is not None:
        logged.adopt(drafted.metadata, quorum)
    path = out or folder / "root-1.proposal"
    repository_of(folder).mkdir(parents=True, exist_ok=True)
    files.write(path, proposal.to_bytes(drafted))
    home.save_online(folder, uris)
    return Founded(board, quorum, path)


def _value_sets(paths: tuple[Path, ...]) -> bytes:
    found = write_sets(sources.rules_from(paths))
    if not found:
        raise UsageError(
            "value-sets-missing",
            f"{', '.join(map(str, paths))}: there is no value set in it",
            "value sets are JSON: {name: [code, ...]}",
        )
    return json.dumps(found, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"


class SeatChange(NamedTuple):
    """Seats that come, by their cards, or go, by their names; thresholds that change."""

    cards: tuple[Path, ...]
    remove: tuple[str, ...]
    threshold: int | None
    suspend: int | None
    per_region: int | None


def propose_seats(folder: Path, change: SeatChange, *, at: datetime) -> SeatDraft:
    """Propose the next root: other seats or thresholds, or the same for another year."""
    current = home.current(folder)
    board, public = current.board, proposal.seat_keys(current)
    seats = {seat.name: seat for seat in board.seats}
    for name in change.remove:
        seats.pop(home.seat_named(current, name).name)
    for card in map(cards.read_seat, change.cards):
        seats[card.seat.name] = card.seat
        public[card.seat.keyid] = card.public_key
    board = board._replace(
        seats=tuple(seats[name] for name in sorted(seats)),
        threshold=change.threshold or board.threshold,
        suspend_threshold=change.suspend or board.suspend_threshold,
        per_region=change.per_region or board.per_region,
    )
    own = [public[seat.keyid] for seat in board.seats]
    return SeatDraft(proposal.root(current, at, board=board, seats=own), current)


def propose_online_keys(folder: Path, secret: Secret, *, at: datetime) -> SeatDraft:
    """Propose the next root with online keys that are made here: the others are lost, stolen, or a year old."""
    current = home.current(folder)
    version = current.root.version + 1
    online, uris = home.make_online_keys(folder, current.board.network, version, secret)
    home.save_online(folder, uris)
    seats = proposal.seat_keys(current).values()
    return SeatDraft(
        proposal.root(current, at, board=current.board, seats=seats, online=online), current
    )


def propose_log(
    folder: Path, witnesses: tuple[str, ...], needed: int | None, *, at: datetime
) -> SeatDraft:
    """Propose the next root with a log, or with other witnesses of it."""
    current, quorum = home.current(folder), log.quorum(folder, witnesses, needed)
    before = logged.policy_of(current.root)
    if before is not None and before.log != quorum.log:
        raise UsageError("log-replaced", "a network keeps its log; its witnesses may change")
    seats = proposal.seat_keys(current).values()
    drafted = proposal.root(current, at, board=current.board, seats=seats)
    logged.adopt(drafted.metadata, quorum)
    return SeatDraft(drafted, current)


def propose_impact_policy(folder: Path, *, required: bool, at: datetime) -> SeatDraft:
    """Propose the next root, in which rules need a summary of whom they shut out, or need none."""
    current = home.current(folder)
    seats = proposal.seat_keys(current).values()
    drafted = proposal.root(current, at, board=current.board, seats=seats)
    field = metadata.policy_field(asks_for_summaries=required)
    drafted.metadata[Root.type].signed.unrecognized_fields.update(field)
    return SeatDraft(drafted, current)


def admit(folder: Path, applications: tuple[Path, ...], *, at: datetime) -> SeatDraft:
    """Propose to admit participants: their keys may speak for CODE/ from then on; no domain is active yet."""
    current = home.current(folder)
    found = [cards.read_application(path) for path in applications]
    listed, notes = dict(current.participants), list[str]()
    for one in found:
        code = one.participant.code
        if code in listed:
            raise UsageError(
                "participant-there",
                f"{code} takes part already",
                "other keys: pratique authority propose rekey",
            )
        notes += _check_application(folder, current, one)
        listed[code] = one.participant
    title = f"admit {', '.join(sorted(one.participant.code for one in found))}"
    members = {one.participant.code: one.keys for one in found}
    drafted = proposal.targets(current, at, title, participants=listed, members=members)
    return SeatDraft(drafted, current, tuple(notes))


def rekey(folder: Path, application: Path, *, at: datetime) -> SeatDraft:
    """Propose other keys for a participant: the old ones are lost, stolen, or at their end."""
    current, one = home.current(folder), cards.read_application(application)
    code = one.participant.code
    _participant(current, code)
    notes = _check_application(folder, current, one)
    drafted = proposal.targets(current, at, f"other keys for {code}", members={code: one.keys})
    return SeatDraft(drafted, current, tuple(notes))


def _check_application(folder: Path, current: View, one: cards.Application) -> list[str]:
    code = one.participant.code
    if one.environment is not current.board.environment:
        raise UsageError(
            "environment-differs", f"{code} applies for {one.environment}, not for this network"
        )
    records = _require_step(folder, current, code, BEFORE_ADMISSION)
    if steps.check_application(records, one.data, code):
        return []
    return [
        f"{code}: no document is recorded with keys-submitted, so this application was compared with none"
    ]


def activate(folder: Path, code: str, domains: tuple[str, ...], *, at: datetime) -> SeatDraft:
    """Propose to make a participant active for domains, after its self-test."""
    current = home.current(folder)
    tested = steps.tested(_require_step(folder, current, code, {OnboardingStep.SELF_TEST_PASSED}))
    for domain in domains:
        if domain not in DOMAINS:
            raise _domain_unknown(domain)
        if domain not in tested and steps.ANY not in tested:
            raise UsageError(
                "self-test-missing",
                f"{code}: no self-test for {domain} is recorded; "
                f"recorded are {', '.join(sorted(tested)) or 'none'}",
                "record it when it was passed: authority onboard ... self-test-passed --domain",
            )
    one = _participant(current, code)
    listed = {**current.participants, code: one._replace(domains=one.domains | set(domains))}
    title = f"activate {code} for {', '.join(domains)}"
    return SeatDraft(proposal.targets(current, at, title, participants=listed), current)


def withdraw(folder: Path, code: str, *, at: datetime) -> SeatDraft:
    """Propose to let a participant go: its own wish, or the seats' decision."""
    current = home.current(folder)
    _participant(current, code)
    listed = {name: one for name, one in current.participants.items() if name != code}
    title = f"withdraw {code}"
    drafted = proposal.targets(current, at, title, participants=listed, members={code: None})
    return SeatDraft(drafted, current)


def propose_value_sets(folder: Path, paths: tuple[Path, ...], *, at: datetime) -> SeatDraft:
    """Propose value sets, in place of those that are published."""
    current, own = home.current(folder), {metadata.VALUE_SETS: _value_sets(paths)}
    return SeatDraft(proposal.targets(current, at, "value sets", files=own), current)


def suspend(folder: Path, code: str, reason: str, days: int, *, at: datetime) -> SeatDraft:
    """Propose to suspend a participant for some days: everybody sees it, and it ends by itself."""
    current = home.current(folder)
    _participant(current, code)
    until = int((at + timedelta(days=days)).timestamp())
    one = Suspension(int(at.timestamp()), until, reason)
    try:
        return SeatDraft(proposal.suspension(current, at, code, one), current)
    except DocumentRefused as error:
        raise UsageError(
            error.code,
            error.message,
            "it is a brake that wears out; to let it go: propose withdraw",
        ) from error


def renew(folder: Path, *, at: datetime) -> SeatDraft:
    """Propose the participants as they are, before the authority's last edition ends."""
    current = home.current(folder)
    return SeatDraft(proposal.targets(current, at, "confirm as it is"), current)


def _participant(current: View, code: str) -> Participant:
    if code not in current.participants:
        raise UsageError(
            "participant-unknown",
            f"there is no participant {code}",
            "see: pratique authority status",
        )
    return current.participants[code]


def _domain_unknown(domain: str) -> UsageError:
    return UsageError(
        "domain-unknown",
        f"{printable(domain)} is no domain that is known here",
        f"one of {', '.join(sorted(DOMAINS))}",
    )


def _require_step(
    folder: Path, current: View, code: str, wanted: set[OnboardingStep]
) -> tuple[steps.OnboardingRecord, ...]:
    records = home.records(folder, code, current)
    last = records[-1].step if records else None
    if last not in wanted:
        raise UsageError(
            "step-missing",
            f"{code}: the last recorded step is {last or 'none'}, and not {' or '.join(sorted(wanted))}",
            f"record what was done: pratique authority onboard --authority {folder} {code} STEP --key URI",
        )
    return records


# Onboarding: steps that were taken, each signed by a seat.


class Onboarding(NamedTuple):
    """The network, and the records of a participant's onboarding in it."""

    network: str
    records: tuple[steps.OnboardingRecord, ...]

    @property
    def following(self) -> tuple[str, ...]:
        """Return the steps that may follow."""
        return tuple(steps.FOLLOWING[self.records[-1].step if self.records else None])


class Evidence(NamedTuple):
    """A step that is to be recorded, the files that show it, and the domain that it is for."""

    step: OnboardingStep
    files: tuple[Path, ...] = ()
    domain: str = ""


def onboarding(folder: Path, code: str) -> Onboarding:
    """Return what was recorded of a participant's onboarding."""
    home.records_path(folder, code)
    current = home.current(folder)
    return Onboarding(str(current.board.name), home.records(folder, code, current))


def record(
    folder: Path, code: str, evidence: Evidence, key: tuple[str, Secret], *, at: datetime
) -> tuple[Onboarding, bool]:
    """Record a step, signed with a seat's key (URI, secret); return the records, and whether this one is new."""
    path = home.records_path(folder, code)
    signer = open_key(key[0], folder=Path.cwd(), secret=key[1])
    shown = [sources.read_bytes(file) for file in evidence.files]
    step, domain = evidence.step, evidence.domain
    if domain and domain not in DOMAINS:
        raise _domain_unknown(domain)
    if not domain and step is OnboardingStep.SELF_TEST_PASSED:
        raise UsageError(
            "domain-missing",
            "a self-test is for one domain, and none is named",
            "say for which it was passed: --domain DCC",
        )
    steps.check_evidence(step, shown, participant=code, domain=domain)
    home.current(folder)
    with network.repository_lock(repository_of(folder)):
        current = home.current(folder)
        seats, keyid = home.all_seats(folder, current), metadata.keyid(signer.public_key)
        # A seat that went has said what it said, and says nothing more.
        if current.board.seat_of(keyid) is None:
            raise UsageError(
                "seat-unknown",
                "the key is of no seat that there is now",
                "name a seat's key: --key",
            )
        seat, records = seats[keyid], home.records(folder, code, current, seats)
        if records:
            last, digests = records[-1], tuple(hashlib.sha256(data).hexdigest() for data in shown)
            same = (step, domain, seat.name, digests)
            if (last.step, last.domain, last.by, last.evidence) == same:
                return Onboarding(str(current.board.name), records), False
        one = steps.recorded(
            records, step, participant=code, at=at.astimezone(UTC), seat=seat, key=signer,
            evidence=shown, domain=domain,
        )  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        records = (*records, one)
        files.replace(path, b"".join(each.to_line() for each in records))
    return Onboarding(str(current.board.name), records), True


# Self-test: what a participant has published is tried before it is active.
#
# Samples are specimens. No sample's content is shown or kept: the report names codes of findings only. It is made as a
# verifier will make it, but for the domain, which is not active yet.

SELF_TEST = "pratique-self-test-1"


def self_test(
    folder: Path, code: str, domain: str, samples: tuple[Path, ...], *, at: datetime
) -> dict[str, Any]:
    """Try what a participant has published: each sample, a file of one text, must be authentic; return the report."""
    current = home.current(folder)
    _participant(current, code)
    checks = [
        {"check": check, "passed": passed, "found": found}
        for check, passed, found in _tried(current, code, domain, samples, at)
    ]
    return {"format": SELF_TEST, "participant": code, "domain": domain, "at": at.isoformat(),
            "passed": all(row["passed"] for row in checks), "checks": checks}  # fmt: skip


def _tried(
    current: View, code: str, domain: str, samples: tuple[Path, ...], at: datetime
) -> Iterator[tuple[str, bool, str]]:
    role, one = current.roles[code], current.participants[code]
    yield "has published", bool(role.version), f"edition {role.version}"
    yield "its edition holds", not role.problem, role.problem or "it does"
    path = f"{code}/{metadata.SIGNERS}"
    yield "names its signers", path in role.files, path
    # As if it were active.
    active = one._replace(domains=one.domains | {domain})
    snapshot = compiled(current._replace(participants={code: active}))
    assert snapshot.roll is not None
    problem = snapshot.roll.members[code].problem
    yield "can be read", not problem, problem or "it can"
    live = [s for s in snapshot.trust if s.participant == code and not s.reason]
    yield "signers are usable", bool(live), f"{len(live)} of {len(snapshot.trust)}"
    yield "samples were handed in", bool(samples), f"{len(samples)}"
    for number, sample in enumerate(samples, 1):
        text = sources.read_bytes(sample, 64 * 1024).decode("utf-8", "replace").strip()
        verified = verify(text, snapshot=snapshot, at=at)
        codes = [f.code.name for f in verified.verdict.findings if f.code is not Code.NO_RULES]
        own = verified.signer is not None and verified.signer.participant == code
        yield f"sample {number}", own and not codes, ", ".join(codes) or "authentic"


# Publishing: the next edition, the timestamp last.

MOST = 400_000
"""Values in a proposal that comes from a stranger: 2,000 participants of six keys each are half of them."""


def load_copies(folder: Path, paths: tuple[Path, ...]) -> Proposal:
    """Read a proposal: several copies of it may be named, each with other signatures."""
    copies = [proposals.load(path) for path in paths]
    repository = network.Repository(repository_of(folder))
    return proposal.merged(copies, proposals.read_view(repository) if len(copies) > 1 else None)


def told_of_rules(folder: Path, drafted: Proposal) -> Iterator[str]:
    """Yield in words whom the rules in a proposal shut out: read before it is announced."""
    if any(path.endswith(f"/{metadata.IMPACT}") for path in drafted.files):
        current = proposals.read_view(network.Repository(repository_of(folder)))
        yield from proposal.told_of_rules(drafted, current)


def publish(
    folder: Path,
    drafted: Proposal,
    secret: Secret,
    *,
    at: datetime,
    skip_witness_check: bool = False,
) -> log.Progress:
    """Publish a proposal in the authority's folder, or have it wait for its witnesses.

    Args:
        folder: the authority's.
        drafted: what is to be published.
        secret: opens the keys.
        at: now.
        skip_witness_check: whether a root is entered into the log that its new witnesses may never see.

    Raises:
        UsageError: `edition-waiting`: another edition waits, and this one would follow upon it;
            `witnesses-silent`.
    """
    home.require(folder)
    where = repository_of(folder)
    with network.repository_lock(where):
        came, waits = log.advance(folder, secret, at), network.load_waiting(folder)
        if publishing.is_among(waits, drafted) or publishing.is_among(came.files, drafted):
            return came
        if waits:
            own = {metadata.metadata(role, number) for role, number in drafted.versions().items()}
            what = "another edition of that version" if own & waits.keys() else "another edition"
            raise UsageError(
                "edition-waiting",
                f"this was not accepted, for {what} waits for its witnesses: {'; '.join(came.describe())}",
                "try again when they have seen it; the authority asks them by: pratique authority refresh",
            )
        newer = drafted.metadata.get(Root.type)
        online = home.online_keys(folder, secret, None if newer is None else newer.signed)
        repository = network.Repository(where)
        made = publishing.prepared(repository, drafted, online, at=at)
        if not skip_witness_check and made and log.quorums_of(made, repository):
            log.check_new_witnesses(folder, made)
        return _enter(folder, made, online, secret, at)


def refresh(folder: Path, secret: Secret, *, at: datetime) -> log.Progress:
    """Sign a new timestamp in the authority's folder; first bring what waits one step further."""
    home.require(folder)
    where = repository_of(folder)
    with network.repository_lock(where):
        repository = network.Repository(where)
        try:
            came = log.advance(folder, secret, at)
        except PratiqueError:
            # A key or a file of the log is lost: the network would run out while it is looked for.
            with suppress(PratiqueError):
                online = home.online_keys(folder, secret)
                network.write(where, publishing.timed(repository, online, at=at))
            raise
        if came.lacking and metadata.TIMESTAMP_FILE not in repository:
            return came
        # Read once, for both: a large network takes its time.
        current = home.current(folder)
        online = home.online_keys(folder, secret, current.root)
        # What has waited for days may end soon, or have ended.
        made = {} if came.lacking else publishing.relisted(current, online, at=at)
        if made:
            again = _enter(folder, made, online, secret, at)
            came = again._replace(files={**came.files, **again.files})
        if came.files:
            return came
        timed = publishing.timed(repository, online, at=at)
        network.write(where, timed)
        return came._replace(files=timed)


def _enter(
    folder: Path,
    made: Mapping[str, bytes],
    online: publishing.OnlineKeys,
    secret: Secret,
    at: datetime,
) -> log.Progress:
    where = repository_of(folder)
    if made and log.quorums_of(made, network.Repository(where)):
        network.save_waiting(folder, made)
        return log.advance(folder, secret, at)
    if not made:
        return log.Progress()
    network.write(where, made)
    announced = publishing.announced(network.Repository(where), made, online, at=at)
    network.write(where, announced)
    return log.Progress({**made, **announced})


def receive(folder: Path, data: bytes, secret: Secret, *, at: datetime) -> dict[str, object]:
    """Publish a proposal that was submitted; return the answer."""
    drafted = proposal.from_bytes(data, most=MOST)
    publishing.check_known(network.Repository(repository_of(folder)), drafted)
    came = publish(folder, drafted, secret, at=at)
    return {"published": drafted.title, "files": sorted(came.files), "waits": bool(came.lacking)}


# Status: the seats, the participants, and what ends when. All computed.


class AuthorityStatus(NamedTuple):
    """The network as it is; when what the authority signs ends, by name; and each participant's state."""

    current: View
    ends: dict[str, str]
    participants: list[dict[str, Any]]


def status(folder: Path, *, at: datetime) -> AuthorityStatus:
    """Compute the authority's state."""
    current = home.current(folder)
    trusted = current.trusted
    signed = {"root": trusted.root, "targets": trusted.targets, "snapshot": trusted.snapshot,
              "timestamp": trusted.timestamp}  # fmt: skip
    ends = {name: one.expires.isoformat() for name, one in signed.items()}
    if current.suspend.expires is not None:
        ends[metadata.SUSPEND] = current.suspend.expires.isoformat()
    return AuthorityStatus(current, ends, list(_participant_states(folder, current, at)))


def _participant_states(folder: Path, current: View, at: datetime) -> Iterator[dict[str, Any]]:
    snapshot, now = compiled(current), int(at.timestamp())
    seats = home.all_seats(folder, current)
    assert snapshot.roll is not None
    for code, one in sorted(current.participants.items()):
        role, member = current.roles[code], snapshot.roll.members[code]
        own = [
            signer
            for signer in snapshot.trust
            if signer.participant == code and signer.thumbprint not in member.withdrawn
        ]
        live = [signer for signer in own if signer.state(now) is SignerState.LIVE]
        state = steps.state(
            home.records(folder, code, current, seats),
            ends=_end(role, live, at),
            suspensions=member.suspensions,
            at=at,
        )
        yield {
            "recorded": home.records_path(folder, code).exists(),
            "participant": code, "name": one.name, "kind": one.kind.value, "state": state,
            "domains": sorted(one.domains), "signers": len(own), "signers_live": len(live),
            "edition": role.version, "problem": member.problem,
            "until": role.expires.isoformat() if role.expires else "",
        }  # fmt: skip


def _end(role: Role, live: list[Signer], at: datetime) -> datetime | None:
    """Return until when a participant serves; None before it has published anything."""
    if role.expires is None:
        return None
    if not live:
        return at
    # An edition lasts days and is made again on a schedule: its end is no news before it is there.
    last = datetime.fromtimestamp(max(signer.not_after for signer in live), UTC)
    return min(last, role.expires) if role.expires <= at else last
