"""A network at one instant, for everybody who relies on it: who serves, what ends first, what was published, who saw it.

    ParticipantExpiry, ... (+ View, Registry) -> list_of -> ListOverview     View, proof -> network_of -> NetworkOverview
    all of it, policy documents -> NetworkPage <-> network.json (`pratique-network-page-1`)

1. Everything is computed from dates and signatures that anybody can check; nothing is set by hand, and no state is kept.
2. Each row says what ends first, in how many days, and what to do about it; what has ended says so.
3. A witness's time is its signature's: one that did not sign the checkpoint is named, and has no time.
4. No type here can hold a person, a key or a path of the machine that makes it.
5. The same network at the same instant makes the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused
from pratique.network import logged, metadata
from pratique.network.participants import Seconds
from pratique.network.view import View
from pratique.text import plural
from pratique.tlog import checkpoint
from pratique.tlog.checkpoint import Proof
from pratique.trust import expiry
from pratique.trust.certificates import FOREVER
from pratique.trust.expiry import (
    EDITION,
    NETWORK,
    ROOT,
    SIGNER,
    TARGETS,
    ExpiryChain,
    ExpiryState,
    ParticipantExpiry,
    Why,
)
from pratique.trust.registry import HOUR, Freshness, Registry

FORMAT = "pratique-network-page-1"
WITHIN = 90
"""Days before its end from which on something is told as ending."""
FRESH, OLD, TOO_OLD = "fresh", "old", "too-old"
"""How old what the network says is, by the default of destinations (`registry.Freshness`)."""


class NeedOverview(NamedTuple):
    """What a participant needs to be believed, and when it ends.

    Attributes:
        need: "signer", "edition", "suspension"; of the network itself "root", "targets".
        state: how it is met.
        until: the last second at which it serves, or served; None where it has no end, or there is none.
        days_left: whole days up to `until`; negative since then.
        is_ending: whether it serves, and ends within the days that are looked ahead.
        says: why it is as it is; empty for what is simply live.
        advice: what to do about it, and who.
    """

    need: str
    state: ExpiryState
    until: Seconds | None
    days_left: int | None
    is_ending: bool
    says: str
    advice: str


class ParticipantOverview(NamedTuple):
    """A participant in one domain.

    Attributes:
        participant, domain: code and domain; `network` is the network itself, in no domain.
        name: as its people call it; empty where the source does not tell.
        countries: alpha-2 codes that it may sign for; none where the source does not tell.
        state: of its worst need.
        first: the need that ends first; None where nothing has an end but what a clock makes anew.
        needs: all of them.
        advice: what to do about the worst need, and who.
        withdrawn: how many of its signers it has withdrawn.
        notes: what else is to be noted of it (AMBER).
        sentence: its own words on its rules, which it has signed.
    """

    participant: str
    domain: str
    name: str
    countries: tuple[str, ...]
    state: ExpiryState
    first: NeedOverview | None
    needs: tuple[NeedOverview, ...]
    advice: str
    withdrawn: int = 0
    notes: tuple[str, ...] = ()
    sentence: str = ""


class ListOverview(NamedTuple):
    """What one source says: a network, or a trust list.

    Attributes:
        name: as it calls itself.
        is_network: whether it is a network of Pratique's.
        signed: when it says that it was signed; None where it does not say.
        proof: whether that was checked: "valid", "not checked".
        sha256: of the list's file, or of its files' digests; empty for a network, whose metadata name all of them.
        participants: how many it names.
        serving: of those, how many have something that is live or expiring.
        only_ended: of those, how many have signers, and none that has not ended.
        without: of those, how many have no signer at all.
        rows: by participant and domain.
    """

    name: str
    is_network: bool
    signed: Seconds | None
    proof: str
    sha256: str
    participants: int
    serving: int
    only_ended: tuple[str, ...]
    without: tuple[str, ...]
    rows: tuple[ParticipantOverview, ...]


class EditionOverview(NamedTuple):
    """The newest edition of a role.

    Attributes:
        role: "root", "targets", "snapshot", "timestamp", "suspend", or a participant's code.
        number: of the edition that counts; 0 where none could be read.
        announced: the number that the network announces.
        until: the last second at which it counts; None where there is none.
        problem: stable code of why the newest could not be used.
    """

    role: str
    number: int
    announced: int
    until: Seconds | None
    problem: str = ""


class WitnessOverview(NamedTuple):
    """A witness, and when it has cosigned the checkpoint; None if it has not."""

    name: str
    cosigned: Seconds | None


class LogOverview(NamedTuple):
    """The checkpoint of the log under which the edition stands.

    Attributes:
        origin: the log's name.
        size: leaves.
        root: of the tree, in hexadecimal.
        needed: how many witnesses must have cosigned.
        witnesses: all that the root names.
    """

    origin: str
    size: int
    root: str
    needed: int
    witnesses: tuple[WitnessOverview, ...]


class NetworkOverview(NamedTuple):
    """What the network itself has published.

    Attributes:
        name, environment: of the network.
        published: when it last spoke: its timestamp's own, signed time.
        age_hours: whole hours since then.
        freshness: "fresh", "old" (AMBER at most) or "too-old" (nothing is said).
        editions: of the network's roles, then of participants.
        log: None where the root asks for none.
    """

    name: str
    environment: str
    published: Seconds
    age_hours: int
    freshness: str
    editions: tuple[EditionOverview, ...]
    log: LogOverview | None


class OverviewNote(NamedTuple):
    """What could not be read, or must be known: whose, a stable code, and a sentence."""

    name: str
    code: str
    why: str


class NetworkPage(NamedTuple):
    """All that a page of the network says.

    Attributes:
        at: the instant of which it is.
        within: days that are looked ahead.
        network: None where lists alone were asked about.
        lists: the network's participants first, then each list that was named.
        problems: what could not be read.
        recognition: who accepts whose (`pratique-policy-matrix-1`); None where it is not told.
        policy: what is coming to rules (`pratique-policy-calendar-1`); None where it is not told.
        untold: why these two are not told; empty where they are.
    """

    at: Seconds
    within: int
    network: NetworkOverview | None
    lists: tuple[ListOverview, ...]
    problems: tuple[OverviewNote, ...]
    recognition: Mapping[str, Any] | None = None
    policy: Mapping[str, Any] | None = None
    untold: str = ""


def to_bytes(page: NetworkPage) -> bytes:
    """Write network.json."""
    return strict_json.dump(page, FORMAT)


def from_bytes(data: bytes) -> NetworkPage:
    """Read network.json; DocumentRefused `network-page`."""
    return strict_json.document(data, NetworkPage, FORMAT, _refused)


def _refused(why: str) -> DocumentRefused:
    return DocumentRefused("network-page", f"it is no page of a network: {why}")


# ----------------------------------------------------------------------------------------------------
# Rows: what ends first, and what to do.


_SERVING = {ExpiryState.LIVE, ExpiryState.EXPIRING}


class SourceFacts(NamedTuple):
    """What is told of a list beside its rows: its name, when it says that it was signed, whether that was checked, its digest."""

    name: str
    signed: int | None = None
    proof: str = "not checked"
    sha256: str = ""


def list_of(
    source: SourceFacts,
    rows: Iterable[ParticipantExpiry],
    view: View | None = None,
    registry: Registry | None = None,
) -> ListOverview:
    """Return the overview of one source.

    Args:
        source: what it is.
        rows: as computed at the instant of the page.
        view, registry: of the network whose participants these are; None for a list.
    """
    listed = tuple(rows)
    overview_of = partial(_need, is_network=view is not None)
    members = {} if view is None else dict(view.participants)
    standings = {} if registry is None else registry.members
    overviews = []
    for row in listed:
        needs = tuple(map(overview_of, row.strands))
        member, state = members.get(row.participant), standings.get(row.participant)
        overviews.append(
            ParticipantOverview(
                row.participant,
                row.domain,
                "" if member is None else member.name,
                () if member is None else tuple(sorted(member.countries)),
                row.state,
                _first(needs),
                needs,
                overview_of(row.worst).advice,
                0 if state is None else len(state.withdrawn),
                tuple(issue.message for issue in row.remarks),
                row.sentence,
            )
        )
    people = [row for row in listed if row.participant != NETWORK]
    codes = {row.participant for row in people}
    serving = {row.participant for row in people if row.state in _SERVING}
    # Of a participant's folder other needs are told: it is not without signers, nothing is said of them.
    signers: dict[str, set[ExpiryState]] = {}
    for row in people:
        for chain in row.strands:
            if chain.need == SIGNER:
                states = {chain.state} if chain.pieces else set()
                signers[row.participant] = signers.get(row.participant, set()) | states
    ended = {
        code for code, seen in signers.items() if ExpiryState.LAPSED in seen and not seen & _SERVING
    }
    without = {code for code, seen in signers.items() if not seen}
    return ListOverview(
        source.name, view is not None, source.signed, source.proof, source.sha256,
        len(codes), len(serving), tuple(sorted(ended)), tuple(sorted(without)), tuple(overviews),
    )  # fmt: skip


def _need(chain: ExpiryChain, *, is_network: bool) -> NeedOverview:
    is_endless = chain.until is None or chain.until >= FOREVER
    ending = {ExpiryState.EXPIRING, ExpiryState.SUSPENDED}
    return NeedOverview(
        chain.need,
        chain.state,
        None if is_endless else chain.until,
        None if is_endless else chain.left,
        chain.state in ending,
        expiry.says(chain),
        _advice(chain, is_network=is_network),
    )


def _first(needs: Iterable[NeedOverview]) -> NeedOverview | None:
    """Return what ends first; an edition that a clock keeps making anew is no end, unless that clock stands still."""
    ends = [
        need
        for need in needs
        if need.until is not None
        and not (need.need in expiry.MEASURES and need.state is ExpiryState.LIVE)
    ]
    return min(ends, key=lambda need: need.until or 0, default=None)


_OF_NETWORK = {
    ROOT: "the seats sign a new root before then: pratique authority propose seats",
    TARGETS: "the seats confirm the participants before then: pratique authority propose renew",
    EDITION: "publish again, and see why nothing has: pratique participant publish",
    SIGNER: "make new signers and publish them before then: pratique participant renew",
}
"""What to do before something ends, in a network, by the need."""
_TOO_LATE = {
    ROOT: "the network stands still: the seats sign a new root now, pratique authority propose seats",
    TARGETS: "the network stands still: the seats confirm the participants now, pratique authority propose renew",
    EDITION: "publish today: until then all that it has signed is in doubt, pratique participant publish",
    SIGNER: "publish new signers today: until then its certificates cannot be verified, pratique participant renew",
}
"""The same after it has ended."""
_REASONS = {
    Why.INACTIVE: "pass the self-test; then the seats make it active: pratique authority propose activate",
    Why.NO_EDITION: "publish a first edition: pratique participant publish",
    Why.NOTHING: "publish a signer, if certificates are issued here: pratique participant publish",
    Why.WITHDRAWN: "publish a new signer: pratique participant publish",
    Why.BROKEN: "publish an edition that can be read: pratique participant publish",
    Why.NOT_YET: "wait until it begins",
}


def _advice(chain: ExpiryChain, *, is_network: bool) -> str:
    """Say what to do about a need."""
    if chain.state is ExpiryState.LIVE:
        return "nothing"
    if chain.state is ExpiryState.SUSPENDED:
        return "see its reason; it ends on that day, and nobody can lift it sooner"
    if is_network:
        if chain.state is ExpiryState.EXPIRING:
            return _OF_NETWORK.get(chain.need, "renew it before then")
        if chain.state is ExpiryState.LAPSED:
            return _TOO_LATE.get(chain.need, "renew it today")
        return _REASONS.get(chain.why, "write to it: nothing of it can be verified")
    if chain.state is ExpiryState.EXPIRING:
        return "have a new signer listed before then"
    if chain.state is ExpiryState.LAPSED:
        return "have a new signer listed: until then its certificates cannot be verified"
    if chain.why is Why.NOTHING:
        return "list a signer, if certificates are issued here"
    return "write to it: nothing of it can be verified"


def ending(page: NetworkPage) -> Iterator[tuple[ListOverview, ParticipantOverview, NeedOverview]]:
    """Yield what ends within the days that are looked ahead, the next one first."""
    rows = [
        (listed, row, need)
        for listed in page.lists
        for row in listed.rows
        for need in row.needs
        if need.is_ending and need.until is not None
    ]
    yield from sorted(rows, key=lambda end: (end[2].until or 0, end[1].participant, end[1].domain))


# ----------------------------------------------------------------------------------------------------
# What the network itself has published, and who has seen it.


def network_of(view: View, files: Mapping[str, bytes], *, at: int) -> NetworkOverview:
    """Return the overview of a network.

    Args:
        view: as it was read, with its proofs.
        files: by name, those that it was read from.
        at: seconds since the epoch.

    Raises:
        DocumentRefused: `log-…`: what the log's proof says does not hold.
    """
    published = int(view.published.timestamp())
    age, bounds = max(at - published, 0), Freshness()
    freshness = FRESH if age < bounds.old else OLD if age < bounds.too_old else TOO_OLD
    return NetworkOverview(
        view.board.network,
        view.board.environment.value,
        published,
        age // HOUR,
        freshness,
        tuple(_editions(view)),
        _log(view, files),
    )


def _editions(view: View) -> Iterator[EditionOverview]:
    trusted = view.trusted
    own = {
        "root": view.root, "targets": trusted.targets, "snapshot": trusted.snapshot,
        "timestamp": trusted.timestamp,
    }  # fmt: skip
    for role, signed in own.items():
        # An end is the first second at which it no longer counts.
        until = int(signed.expires.timestamp()) - 1
        yield EditionOverview(role, signed.version, signed.version, until)
    for code, role_of in ((metadata.SUSPEND, view.suspend), *sorted(view.roles.items())):
        ends = None if role_of.expires is None else int(role_of.expires.timestamp()) - 1
        yield EditionOverview(code, role_of.version, role_of.wanted, ends, role_of.problem)


def _log(view: View, files: Mapping[str, bytes]) -> LogOverview | None:
    policy = logged.policy_of(view.root)
    name = metadata.metadata("snapshot", view.trusted.snapshot.version)
    data = files.get(logged.proof_name(name))
    if policy is None or data is None:
        return None
    note = Proof.from_bytes(data).note
    seen = checkpoint.opened(note, policy.log)
    witnesses = (
        WitnessOverview(witness.name, checkpoint.check_cosignature(note, witness))
        for witness in policy.witnesses
    )
    return LogOverview(seen.origin, seen.size, seen.root.hex(), policy.needed, tuple(witnesses))


def only_ended(listed: ListOverview) -> str:
    """Count the participants that nothing can be verified of any more, for want of time."""
    count = len(listed.only_ended)
    if not count:
        return "none has only signers that have ended"
    return f"{count} of them {'has' if count == 1 else 'have'} only signers that have ended"


def headline(page: NetworkPage) -> str:
    """Say how it is, in a sentence or two."""
    sentences = []
    for listed in page.lists:
        counts = f"{plural(listed.participants, 'participant')}, {listed.serving} of them live or expiring"
        said = f"{counts}; {only_ended(listed)}"
        sentences.append(said if len(page.lists) == 1 else f"{listed.name}: {said}")
    count = len(list(ending(page)))
    return f"{'. '.join(sentences)}. Within {page.within} days {count or 'nothing'} {'end' if count > 1 else 'ends'}."
