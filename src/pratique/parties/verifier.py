"""What a verifier does: hold what it trusts, and judge by it whatever is handed in.

    home folder (synced, imported) | files -> Snapshot
    Item -> verification.verify -> Verification -> lines | JSON          certificates, place -> HealthCode

1. What lies on the disk is checked at every start as if it had just come; nothing is believed for its place.
2. A folder that was never synced loads nothing of the network's code.
3. No network is reached, nothing is written, and nothing is kept.
4. A fault of this program stops one input, and the next is judged.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from pratique import describe, errors
from pratique.errors import DocumentRefused, PratiqueError, UsageError
from pratique.findings import Code, Finding
from pratique.parties.inputs import Item, every
from pratique.rules.ruleset import Destination, Ruleset
from pratique.snapshot import Snapshot, destination
from pratique.store import sources as store_sources
from pratique.terms import Environment
from pratique.text import NO_ZONE, printable
from pratique.trust import countries
from pratique.trust.registry import ParticipantState
from pratique.trust.signer import Signer, TrustList
from pratique.verification import Verification, epoch, noted, unread
from pratique.verification import verify as verify_text

ANCHOR = Path("network") / "anchor.json"


def imported(home: Path | None) -> Snapshot:
    """Return what was imported, so that more can be added to it: of the network's environment, if any.

    What is added must stand beside what was synced: of two environments no check could be made.
    """
    folder = store_sources.home(home)
    named = environment(folder)
    found = store_sources.load_snapshot(folder)
    if found is None:
        return Snapshot(
            number=0, created=0, environment=named or Environment.PRODUCTION, trust=TrustList()
        )
    return fitting(found, named)


def fitting(found: Snapshot, named: Environment | None) -> Snapshot:
    """Return what was imported, of a network's environment; DocumentRefused where it cannot be."""
    if named is None or named is found.environment:
        return found
    # Rules and revocations are of no environment. Signers are.
    if not len(found.trust):
        return found.replace(environment=named)
    raise DocumentRefused(
        "environment-differs",
        f"the network that was synced is for {named}, the signers that were imported are for "
        f"{found.environment}",
        "use another home folder for one of them, or forget the signers: "
        "pratique trust import SOURCE --replace",
    )


def environment(folder: Path) -> Environment | None:
    """Return the environment of the network that was synced into a home folder; None without one."""
    if not (folder / ANCHOR).exists():
        return None
    from pratique.network import metadata, view  # noqa: PLC0415 - rule 2
    from pratique.store import network  # noqa: PLC0415 - rule 2

    kept = network.load_held(network.folder_of(folder))
    if kept is None or metadata.TIMESTAMP_FILE not in kept.files:
        return None
    return view.read(kept.files, kept.anchor).board.environment


def snapshot(home: Path | None) -> Snapshot | None:
    """Return what a check uses; None if nothing was synced or imported yet."""
    folder = store_sources.home(home)
    imported = store_sources.load_snapshot(folder)
    if not (folder / ANCHOR).exists():
        return imported
    from pratique.compile import compiled, merged  # noqa: PLC0415 - rule 2
    from pratique.network import metadata, view  # noqa: PLC0415 - rule 2
    from pratique.store import network  # noqa: PLC0415 - rule 2

    kept = network.load_held(network.folder_of(folder))
    if kept is None or metadata.TIMESTAMP_FILE not in kept.files:
        return imported
    synced = compiled(view.read(kept.files, kept.anchor))
    return synced if imported is None else merged(synced, imported)


def load_trust(
    *sources: str | PathLike[str],
    at: datetime,
    environment: Environment | str = Environment.PRODUCTION,
    rules: Iterable[str | PathLike[str]] = (),
) -> Snapshot:
    """Return all that a check asks, from files and folders, or from a folder that was synced.

    Args:
        sources: signers' certificates, trust lists, folders of them; or one snapshot; or one folder that
            `pratique sync` or `pratique trust import` keeps. Without any, this user's own such folder.
        at: when it is read; how old it is, is counted from then.
        environment: of sources that do not tell their own.
        rules: files and folders of destinations' rules and value sets, in place of those found with the signers.

    Raises:
        PratiqueError: something cannot be read, is refused, or nothing was synced yet.
    """
    epoch(at)
    named = tuple(map(Path, sources))
    is_home = len(named) == 1 and (
        (named[0] / ANCHOR).exists() or store_sources.snapshot_path(named[0]).exists()
    )
    if is_home or not named:
        found = held((), environment, named[0] if named else None, at)
    else:
        found = store_sources.trust_from(
            named, at=at, environment=Environment(environment)
        ).snapshot
    arrived = []
    for _, part in store_sources.rules_arrived(map(Path, rules)):
        if isinstance(part, PratiqueError):
            raise part
        arrived.append(part)
    if not arrived:
        return found
    from pratique.rules.documents import together  # noqa: PLC0415 - only where rules are named

    read = together(arrived)
    return found.replace(
        ruleset=Ruleset(read.rules, read.value_sets, hold_open=True, editions=read.editions)
    )


def held(sources: tuple[Path, ...], environment: str, home: Path | None, at: datetime) -> Snapshot:
    """Return the snapshot that a check uses: from sources, or what was synced and imported."""
    if sources:
        named = store_sources.trust_from(
            sources, at=at, environment=Environment(environment)
        ).snapshot
        if named.revocations is None and (own := snapshot(home)) is not None:
            named = named.replace(revocations=own.revocations)
        return named
    found = snapshot(home)
    if found is None:
        raise DocumentRefused(
            "no-trust-list",
            "nothing was synced or imported yet, so that nothing can be decided",
            "pratique sync SOURCE, pratique trust import SOURCE..., or name a source with --trust",
        )
    return found


def undated(snapshot: Snapshot, at: datetime | None) -> Snapshot:
    """Return the snapshot to ask about an instant that was named: one without the date of its imports.

    How old lists are at a desk is told by the clock that they were imported by. Whoever names an instant asks
    what the lists say of it; a network tells of its own age by its signed time, whatever is asked.
    """
    if at is None or snapshot.roll is not None:
        return snapshot
    return snapshot.replace(created=0)


def faster(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with signatures checked by AWS-LC; ExtraMissing where that is not installed."""
    from pratique.crypto import awslc  # noqa: PLC0415 - optional

    found = snapshot.with_primitive(awslc.load)
    for signer in found.trust:
        # The extra is missed here, and not in the middle of a check.
        found.checker(signer)
        break
    return found


class Said(NamedTuple):
    """What a network says of a participant, and the keys that it has published there, by domain."""

    member: ParticipantState
    signers: tuple[Signer, ...]


def member(
    participant: str, environment: Environment, home: Path | None = None
) -> ParticipantState | None:
    """Return how it is with a participant in the network that was synced here; None where none says so."""
    found = said_of(participant, environment, home)
    return None if found is None else found.member


def said_of(participant: str, environment: Environment, home: Path | None = None) -> Said | None:
    """Return what the network that was synced here says of a participant; None where none does.

    What cannot be read here stops nobody from issuing: a note on stderr tells it, and the answer is None.
    """
    if not (store_sources.home(home) / ANCHOR).exists():
        return None
    try:
        kept = snapshot(home)
    except PratiqueError as error:
        what = f"whether keys were withdrawn or {participant} suspended is not known"
        sys.stderr.write(f"note: {what}: {error.message}\n")
        return None
    if kept is None or kept.roll is None or kept.environment is not environment:
        return None
    found = kept.roll.members.get(participant)
    if found is None:
        return None
    own = (one for one in kept.trust if one.participant == participant and one.bound)
    return Said(found, tuple(own))


class Check(NamedTuple):
    """How each input is judged, and what is shown of it."""

    snapshot: Snapshot
    at: datetime
    place: Destination | None = None
    inspect: bool = False
    lang: str = "en"
    asked: Snapshot | None = None
    """What is asked in place of the snapshot that is shown: `undated`, for another instant than now."""

    def judge(self, item: Item) -> Verification:
        """Return what comes of an item; a fault of this program is a finding like any other."""
        try:
            if item.finding is not None or item.text is None:
                return unread(item.finding or Finding(Code.INPUT_UNREADABLE), item.notes)
            snapshot = self.asked or self.snapshot
            found = verify_text(item.text, snapshot=snapshot, at=self.at, place=self.place)
            return noted(found, item.notes)
        except BaseException as error:
            if not errors.unforeseen(error):
                raise
            return unread(Finding(Code.UNFORESEEN, errors.place_of(error)))

    def row(self, item: Item, found: Verification) -> dict[str, Any]:
        """Return what JSON says of it."""
        return describe.as_json(item.label, item.remark, found, **self._beside(found))

    def lines(self, item: Item, found: Verification) -> list[str]:
        """Return what a person reads of it."""
        return list(describe.lines(item.label, item.remark, found, **self._beside(found)))

    def _beside(self, found: Verification) -> dict[str, Any]:
        helps: tuple[Any, ...] = ()
        unaccepted: tuple[str, ...] = ()
        if self.place is not None:
            from pratique import outlook  # noqa: PLC0415 - only where rules are asked

            asked = self.asked or self.snapshot
            helps, unaccepted = outlook.advice(found, asked, self.place, self.at)
        return {
            "inspect": self.inspect,
            "appeal": describe.appeal_of(found, self.snapshot),
            "advice": describe.Advice(helps, self.lang, unaccepted),
        }

    def shown(self, item: Item, *, as_json: bool) -> tuple[Verification, Any]:
        """Return an item's verification, and its row or its lines; what cannot be shown is a fault too."""
        found = self.judge(item)
        try:
            return found, self.row(item, found) if as_json else self.lines(item, found)
        except BaseException as error:
            if not errors.unforeseen(error):
                raise
            found = unread(Finding(Code.UNFORESEEN, errors.place_of(error)))
            return found, self.row(item, found) if as_json else self.lines(item, found)


def verified(
    inputs: Iterable[str], snapshot: Snapshot, at: datetime
) -> Iterator[tuple[Item, Verification]]:
    """Yield each input, and what comes of it."""
    check = Check(snapshot, at)
    for item in every(inputs):
        yield item, check.judge(item)


def place_of(text: str, ruleset: Ruleset) -> Destination:
    """Read a destination: "FR" or "fra", or "FR/BRE" with a region; UsageError where it is none.

    A text that is no code must not pass for a country that has published nothing, nor a region that
    has no rules for one of those that have.
    """
    place = destination(text, ruleset)
    if place is None:
        country = text.partition("/")[0].strip()
        raise countries.no_country("--to", "destination-unknown", country)
    code = place.country
    if ruleset.countrywide(code) and ruleset.lacks(place):
        # One that is mistyped would be let off its own rules, and be GREEN by the country's.
        known = ", ".join(map(printable, ruleset.regions(code)))
        hint = f"it has them of {known}; elsewhere in the country: --to {code}"
        raise UsageError("region-unknown", f"{code} has no rules of that region", hint)
    return place


def unknown_region(place: Destination, ruleset: Ruleset) -> str:
    """Say that a destination's country has rules of other regions only; "" where it has its own, or none."""
    if not ruleset.lacks(place):
        return ""
    known = ", ".join(map(printable, ruleset.regions(place.country)))
    return f"{place.country} has no rules of that region; it has them of {known}"


class ZoneFrom(StrEnum):
    """How the zone of the port of entry is known."""

    OPTION = "option"
    OFFSET = "offset"
    DEFAULT = "default"


class Clock(NamedTuple):
    """An instant on the clock of the port of entry, and how that is known."""

    at: datetime
    zone: str
    known_from: ZoneFrom

    def inferred(self) -> str:
        """Return in words which clock was taken without being named; "" if it was named."""
        match self.known_from:
            case ZoneFrom.OPTION:
                return ""
            case ZoneFrom.OFFSET:
                return f"on the clock of {self.zone}, as the instant is given"
        return "on the clock of UTC, as no --timezone is given"

    def as_json(self) -> dict[str, str]:
        """Return the members of a document that tell it."""
        return {"zone": self.zone, "zone_from": self.known_from.value}


def clock(instant: datetime | None, zone: str | None) -> Clock:
    """Return the instant asked for, or now, on the clock of a zone ("Europe/Paris").

    Without a zone the offset that the instant was written with is the place's: who writes
    2022-07-04T00:30:00+02:00 reads it off a clock there.
    """
    if zone is None:
        if instant is None or instant.tzinfo is NO_ZONE:
            now = datetime.now(UTC) if instant is None else instant.astimezone(UTC)
            return Clock(now, "UTC", ZoneFrom.DEFAULT)
        return Clock(instant, instant.tzname() or "UTC", ZoneFrom.OFFSET)
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - a check starts fast

    try:
        place = UTC if zone == "UTC" else ZoneInfo(zone)
        if instant is not None and instant.tzinfo is NO_ZONE:
            # A date alone is the place's own: west of Greenwich its midnight in UTC is the day before.
            there = instant.replace(tzinfo=place)
        else:
            there = (instant or datetime.now(UTC)).astimezone(place)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            "zone-unknown", "the time zone is not known here", "write it as in Europe/Paris or UTC"
        ) from error
    return Clock(there, zone, ZoneFrom.OPTION)
