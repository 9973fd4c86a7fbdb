"""Lay out a network at one instant as one page, for whoever relies on it and for whoever's keys end.

    NetworkPage (, PolicyDrawings) -> sections in words and tables -> HTML

1. One file: no script, nothing fetched (`impact.markup`); it is written beside network.json and calendars, and links to them.
2. A state is told by a word and a shape, and its colour says nothing more. What a map shows stands in a table too.
3. Every figure has its instant and its source: what the network has signed, or the list that was named.
4. No text of a stranger becomes markup. The same network at the same instant makes the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pratique.impact import calendar, chart, markup
from pratique.impact import page as impact_page
from pratique.impact.chart import DOTS, FALLING, RISING, Ink, MapMark, MapWay, text_of
from pratique.impact.markup import bdi
from pratique.impact.matrix import Reciprocity, RecognitionMatrix
from pratique.impact.shut_out import Access
from pratique.impact.timeline import MANY, ComingChange
from pratique.impact.world import World
from pratique.network import overview
from pratique.network.overview import (
    EditionOverview,
    ListOverview,
    LogOverview,
    NeedOverview,
    NetworkOverview,
    NetworkPage,
    ParticipantOverview,
)
from pratique.text import plural, rfc3339
from pratique.trust.expiry import NETWORK, ExpiryState, last

PAGE, DOCUMENT, ENDINGS, POLICY = "index.html", "network.json", "endings.ics", "policy.ics"
"""Files of a page's folder."""
SHAPES = {
    ExpiryState.LIVE: "\u2713",
    ExpiryState.EXPIRING: "\u25b2",
    ExpiryState.SUSPENDED: "\u25a0",
    ExpiryState.LAPSED: "\u2715",
    ExpiryState.UNVERIFIABLE: "?",
}
INKS: Mapping[str, Ink] = {
    ExpiryState.LIVE: Ink("live", "#56b4e9", "#56b4e9", ""),
    ExpiryState.EXPIRING: Ink("expiring", "#f0e442", "#000000", FALLING, "1.4"),
    ExpiryState.SUSPENDED: Ink("suspended", "#e69f00", "#000000", RISING + FALLING, "1.2"),
    ExpiryState.LAPSED: Ink("lapsed", "#d55e00", "#000000", RISING, "2.6"),
    ExpiryState.UNVERIFIABLE: Ink("unverifiable", "#ffffff", "#595959", DOTS),
}
"""Of Okabe and Ito: blue, yellow, orange, vermillion; white."""
MEANINGS = {
    ExpiryState.LIVE: "it serves, and for more than 90 days",
    ExpiryState.EXPIRING: "it serves, and the last of its keys ends within 90 days",
    ExpiryState.SUSPENDED: "seats have suspended it for some days: what it has signed is in doubt until then",
    ExpiryState.LAPSED: "it served, and its time is over",
    ExpiryState.UNVERIFIABLE: "there is nothing to verify it with, for another reason than time",
}
_FRESHNESS = {
    overview.FRESH: (ExpiryState.LIVE, "up to date"),
    overview.OLD: (ExpiryState.EXPIRING, "old: verifiers say AMBER at most by it"),
    overview.TOO_OLD: (ExpiryState.LAPSED, "too old: verifiers say nothing by it"),
}
_ROLES = {
    "root": "Root: the seats and their keys",
    "targets": "Participants, as the seats have admitted them",
    "snapshot": "List of versions: the edition",
    "timestamp": "Timestamp",
    "suspend": "Suspensions",
}
MOST_WAYS = 66
"""Pairs of destinations that a map has room for: of twelve destinations."""
_WAYS = {
    Access.OPEN: ("#0072b2", "", "accepts something of"),
    Access.UNSURE: ("#7a6a00", "5 3", "may accept something of"),
    Access.SHUT: ("#b34700", "1.5 3", "accepts nothing of"),
}


class PolicyDrawings(NamedTuple):
    """What a page shows of rules, where the data for it are at hand.

    Attributes:
        world: the data.
        outlines: outlines.json of the data, as parsed; empty for a page without a map.
        attribution: what the data's licences ask to be said, a sentence each.
        matrix: who accepts whose; None where nobody has rules.
        changes: what is coming to rules.
        days: how far ahead.
    """

    world: World
    outlines: Mapping[str, Any]
    attribution: Sequence[str]
    matrix: RecognitionMatrix | None
    changes: Sequence[ComingChange]
    days: int


def html(page: NetworkPage, drawn: PolicyDrawings | None = None) -> str:
    """Return the page, as one HTML document in English.

    Raises:
        DocumentRefused: `policy-outlines`.
    """
    whose = "Trust lists" if page.network is None else f"Network {page.network.name}"
    title = f"{whose}: who serves, and what ends"
    meanings = "".join(f"<li>{_state(state)} {words}</li>" for state, words in MEANINGS.items())
    sections = [
        ("attention", "What needs attention", _attention(page)),
        ("ending", f"What ends within {page.within} days", _ending(page)),
        *_participants(page),
        ("states", "What the states mean", f"<ul>{meanings}</ul>"),
        *_policy(page, drawn),
        *(
            ()
            if page.network is None
            else (
                ("editions", "Editions", _editions(page.network, page.at)),
                ("log", "Log and witnesses", _log(page.network.log, page.at)),
            )
        ),
        ("files", "For machines and calendars", _files(page)),
    ]
    if drawn is not None and drawn.matrix is not None:
        data = impact_page.data_at(drawn.matrix, drawn.world)
        own = impact_page.sources(drawn.world.provenance, data, drawn.attribution)
        sections += [("limits", "What figures about vaccines do not say", impact_page.limits()), ("sources", "Data and licence", own)]  # fmt: skip
    return markup.document(
        title, overview.headline(page), _lead(page), sections,
        patterns=chart.patterns() + chart.patterns(INKS),
    )  # fmt: skip


def _lead(page: NetworkPage) -> str:
    as_of = f"As of {_instant(page.at)}."
    if page.network is None:
        return as_of
    spoke = f"The network spoke last at {_instant(page.network.published)}, {_hours(page.network.age_hours)} before"
    return f"{as_of} {spoke}: {_freshness(page.network)}."


def _freshness(network: NetworkOverview) -> str:
    state, words = _FRESHNESS[network.freshness]
    return _state(state, words)


def _hours(hours: int) -> str:
    return plural(hours, "hour") if hours < 72 else plural(hours // 24, "day")


def _state(state: ExpiryState, words: str = "") -> str:
    """Return a state: a shape, which is not read aloud, and a word."""
    return (
        f'<b class="state {state.value}"><span aria-hidden="true">{SHAPES[state]}</span>'
        f"{words or state.value}</b>"
    )


def _instant(seconds: int) -> str:
    return f"<time>{rfc3339(seconds)}</time>"


def _day(seconds: int) -> str:
    return markup.day(datetime.fromtimestamp(seconds, UTC).date())


def _in_days(need: NeedOverview) -> str:
    days = need.days_left or 0
    if need.state is ExpiryState.LAPSED:
        return f"{plural(-days, 'day')} ago" if days else "less than a day ago"
    return f"in {plural(days, 'day')}" if days else "in less than a day"


def _who(row: ParticipantOverview) -> str:
    if row.participant == NETWORK and not row.domain:
        return "The network itself"
    name = f"{bdi(row.name)} " if row.name else ""
    domain = f' <span class="quiet">{text_of(row.domain)}</span>' if row.domain else ""
    return f"{name}<code>{text_of(row.participant) or '?'}</code>{domain}"


# ----------------------------------------------------------------------------------------------------
# Sections: each returns its content, or nothing where the page has none of it.


def _attention(page: NetworkPage) -> str:
    items = []
    if page.network is not None and page.network.freshness != overview.FRESH:
        spoke = _instant(page.network.published)
        items.append(
            f"{_freshness(page.network)} The network has said nothing since {spoke}: all below is of then. "
            "Sync again; if it stays so, tell the authority."
        )
    items += [
        f"{bdi(note.name)}: {text_of(note.why)} <code>{text_of(note.code)}</code>"
        for note in page.problems
    ]
    for listed in page.lists:
        codes = ", ".join(f"<code>{text_of(code)}</code>" for code in listed.only_ended)
        if codes:
            items.append(
                f"{bdi(listed.name)}: of {plural(listed.participants, 'participant')}, {overview.only_ended(listed)}: "
                f"{codes}. Their certificates cannot be verified."
            )
    body = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{body}</ul>" if body else "<p>Nothing: all could be read, and is up to date.</p>"


def _ending(page: NetworkPage) -> str:
    names = [listed.name for listed in page.lists]
    # Of several, each row says which.
    several = names if len(names) > 1 else []
    whose = {name: f' <span class="quiet">{bdi(name)}</span>' for name in several}
    rows = [
        (
            f"{_day(need.until or 0)}<br>{_in_days(need)}",
            f"{_who(row)}<br>{_state(need.state)} {_what(need)}{whose.get(listed.name, '')}",
            _advice(need.advice),
        )
        for listed, row, need in overview.ending(page)
    ]
    if not rows:
        return f"<p>Nothing ends within {plural(page.within, 'day')} of {_instant(page.at)}.</p>"
    more = (
        f"As of {_instant(page.at)}. Computed from what was signed: {', '.join(map(bdi, names))}."
    )
    return markup.cards("Ends, the next one first", more, ("Day", "What ends", "What to do"), rows)


def _what(need: NeedOverview) -> str:
    return "the suspension" if need.need == "suspension" else f"the {text_of(last(need.need))}"


def _participants(page: NetworkPage) -> Iterator[tuple[str, str, str]]:
    for number, listed in enumerate(page.lists, 1):
        rows = [(_who(row), _standing(row), _todo(row)) for row in listed.rows]
        heads = ("Participant", "State, and what ends first", "Why, and what to do")
        caption = f"Participants of {bdi(listed.name)}"
        table = markup.cards(caption, f"{_about(listed)} As of {_instant(page.at)}.", heads, rows)
        words = "Participants" if listed.is_network else f"Trust list {bdi(listed.name)}"
        yield f"participants-{number}", words, f"<p>{_counts(listed)}</p>{table}"


def _about(listed: ListOverview) -> str:
    if listed.is_network:
        return "Source: the network’s metadata, signed by its seats and participants."
    signed = f", signed {_instant(listed.signed)}" if listed.signed is not None else ""
    digest = f" SHA-256 <code>{text_of(listed.sha256)}</code>." if listed.sha256 else ""
    return f"Source: a trust list as it was imported{signed}; its proof: {text_of(listed.proof)}.{digest}"


def _counts(listed: ListOverview) -> str:
    states = {
        state: sum(row.state is state for row in listed.rows if row.participant != NETWORK)
        for state in ExpiryState
    }
    shown = ", ".join(f"{count} {_state(state)}" for state, count in states.items() if count)
    without = f" Without any signer: {len(listed.without)}." if listed.without else ""
    return (
        f"{plural(listed.participants, 'participant')}; {overview.only_ended(listed)}.{without} "
        f"By domain: {shown or 'nobody'}."
    )


def _standing(row: ParticipantOverview) -> str:
    first, state = row.first, _state(row.state)
    if first is None or first.until is None:
        return state
    verb = "ended" if first.state is ExpiryState.LAPSED else "ends"
    return f"{state}<br>{_what(first)} {verb} {_day(first.until)}, {_in_days(first)}"


def _todo(row: ParticipantOverview) -> str:
    says = [need.says for need in row.needs if need.says]
    says += [f"AMBER: {note}" for note in row.notes]
    if row.withdrawn:
        says.append(f"it has withdrawn {plural(row.withdrawn, 'signer')}")
    lines = [text_of(line) for line in dict.fromkeys(says)]
    if row.sentence:
        lines.append(f"it says of its rules: “{bdi(row.sentence)}”")
    lines.append(f"<b>To do:</b> {_advice(row.advice)}")
    return "<br>".join(lines)


def _advice(words: str) -> str:
    return _COMMAND.sub(r"<code>\g<0></code>", text_of(words))


_COMMAND = re.compile(r"pratique(?: [a-z]+)+")


# Of rules.


def _policy(page: NetworkPage, drawn: PolicyDrawings | None) -> Iterator[tuple[str, str, str]]:
    if page.untold:
        yield "untold", "Who accepts whom", f"<p>{text_of(page.untold)}</p>"
    if drawn is None:
        return
    yield "map", "Map", _map(page, drawn)
    if drawn.matrix is not None:
        yield from impact_page.recognition_sections(drawn.matrix, drawn.world)
    yield "calendar", "What is coming to rules", _calendar(page, drawn)


def _map(page: NetworkPage, drawn: PolicyDrawings) -> str:
    if not drawn.outlines:
        return ""
    marks, states = {}, dict[str, ExpiryState]()
    for listed in page.lists[:1]:
        for row in listed.rows:
            place = drawn.world.places.get(row.participant)
            # WHO's lists name participants by alpha-3 codes.
            for code in row.countries or (() if place is None else (place.iso2,)):
                states[code] = max(
                    states.get(code, ExpiryState.LIVE), row.state, key=list(ExpiryState).index
                )
    for code, state in states.items():
        place = drawn.world.by_iso2.get(code)
        if place is not None:
            marks[code] = MapMark(chart.fill(state, INKS), f"{place.name}: {state}")
    if not marks:
        return ""
    pairs = () if drawn.matrix is None else drawn.matrix.pairs
    ways = list(_ways(pairs, drawn.world)) if len(pairs) <= MOST_WAYS else []
    name = "Map of the world: participants by state. The tables say the same in words"
    legend = "".join(
        f"<li>{chart.swatch(state, INKS)}<span>{state}: {list(states.values()).count(state)}</span></li>"
        for state in ExpiryState
    )
    arrows = (
        "Arrows: a destination accepts something of what the other had on offer. Dotted lines before a bar: nothing. Dashed: unsure. "
        if ways
        else ""
    )
    source = page.lists[0].name
    return (
        f'<figure class="map">{chart.marked_map(drawn.outlines, marks, name, ways)}<figcaption>{arrows}'
        f"Participants of {bdi(source)} as of {_instant(page.at)}, by the worst of their states. "
        f"Outlines: Natural Earth (public domain); they decide no border.</figcaption></figure>"
        f'<ul class="legend">{legend}</ul>'
    )


def _ways(pairs: Iterable[Reciprocity], world: World) -> Iterator[MapWay]:
    for pair in pairs:
        for there, home, access in (
            (pair.one, pair.other, pair.there), (pair.other, pair.one, pair.back),
        ):  # fmt: skip
            if access in _WAYS:
                ink, dashes, words = _WAYS[access]
                first, second = world.places[home], world.places[there]
                yield MapWay(
                    first.iso2, second.iso2, ink, dashes, access is not Access.SHUT,
                    f"{second.name} {words} {first.name}",
                )  # fmt: skip


def _calendar(page: NetworkPage, drawn: PolicyDrawings) -> str:
    names = {code: vaccine.name for code, vaccine in drawn.world.vaccines.items()}
    rows = [
        (f"<time>{day}</time>", bdi(place), f"{bdi(effect)}<br>{bdi(why)}{whose and '<br>' + bdi(whose)}")
        for day, place, why, effect, whose in calendar.rows(drawn.changes, names, MANY)
    ]  # fmt: skip
    if not rows:
        return f"<p>Nothing comes within {plural(drawn.days, 'day')} of {_instant(page.at)}.</p>"
    more = f"Within {plural(drawn.days, 'day')} of {_instant(page.at)}, by the rules that are published."
    return markup.cards("What is coming", more, ("Day", "Destination", "What happens"), rows)


# Of the network itself.


def _editions(network: NetworkOverview, at: int) -> str:
    rows = [
        (
            _ROLES.get(edition.role) or f"<code>{text_of(edition.role)}</code>",
            *_edition(edition, at),
        )
        for edition in network.editions
    ]
    spoke = f"published {_instant(network.published)}, {_hours(network.age_hours)} before this page"
    more = f"Network {bdi(network.name)} ({text_of(network.environment)}), {spoke}. Its metadata name each number and end."
    return markup.table("What was published", more, ("Of", "Number", "Counts until"), rows)


def _edition(edition: EditionOverview, at: int) -> tuple[str, str]:
    number = str(edition.number) if edition.number else "none"
    if edition.announced > edition.number:
        number += f"; {edition.announced} is announced"
    until = "" if edition.until is None else _instant(edition.until)
    if edition.until is not None and edition.until < at:
        until = f"{_state(ExpiryState.LAPSED, 'ended')} {until}"
    if edition.problem:
        problem = f"cannot be used: <code>{text_of(edition.problem)}</code>"
        until = f"{until}<br>{problem}" if until else problem
    return number, until


def _log(log: LogOverview | None, at: int) -> str:
    if log is None:
        return "<p>The network’s root asks for no log: no witness says that everybody is shown the same.</p>"
    signed = sum(witness.cosigned is not None for witness in log.witnesses)
    rows = [
        (
            bdi(witness.name),
            _state(ExpiryState.UNVERIFIABLE, "has not cosigned it")
            if witness.cosigned is None
            else f"{_state(ExpiryState.LIVE, 'cosigned')} {_instant(witness.cosigned)}",
            "" if witness.cosigned is None else f"{_hours(max(at - witness.cosigned, 0) // 3600)} before this page",
        )
        for witness in log.witnesses
    ]  # fmt: skip
    more = (
        f"Log {bdi(log.origin)}, checkpoint of {plural(log.size, 'leaf', 'leaves')}, root <code>{log.root}</code>. "
        f"{signed} of {len(log.witnesses)} have cosigned; it takes {log.needed}."
    )
    return markup.table("Who has seen the edition", more, ("Witness", "When", "How long ago"), rows)


def _files(page: NetworkPage) -> str:
    entries = [
        (DOCUMENT, f"all of this for a program (<code>{overview.FORMAT}</code>)"),
        (ENDINGS, "what ends, as a calendar that any diary takes in"),
    ]
    if page.policy is not None:
        entries.append((POLICY, "what is coming to rules, as a calendar"))
    items = "".join(f'<li><a href="{name}">{name}</a>: {words}</li>' for name, words in entries)
    return (
        f"<ul>{items}</ul><p>Made on a schedule by <code>pratique network page</code>, from what was signed and published. "
        "Nothing on it is of a person.</p>"
    )
