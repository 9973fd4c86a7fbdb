"""Issue at a desk: a form is read and doubted while it is typed, read back to the patient, and signed.

    form -> rows -> Intake -> readings -> what refuses, what is doubted
                           -> a reading in the patient's language, its digest
    form, digest, request -> the same reading again -> sign_records -> text, number -> the code, a PDF

1. A page sends its whole form each time: of a person nothing is kept here between two requests.
2. What is signed is what was read back: the digest is reckoned anew from the form that is to be signed.
3. Each doubt has a name, and is confirmed by it: before a reading is given, and again before it is signed.
4. The request is drawn by the page once for a reading. With the reading's digest it names what is signed: the same
   again gives the same certificate, and other content never gets another certificate's number.
5. Today is the clinic's: the page names its time zone, so that a dose of this morning does not lie in the future.
6. A sheet is printed of what this issuer signed and has not revoked, and of nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from threading import Lock
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from pratique.errors import UsageError
from pratique.identify import readings as zone_readings
from pratique.intake import suggest
from pratique.intake.accept import looked_at
from pratique.intake.catalogue import Catalogue
from pratique.intake.remarks import Remark, refuses
from pratique.intake.rows import OWN, PERSON, Reading, Record, row_of
from pratique.intake.suggest import Suggestion
from pratique.issue import Work
from pratique.model import HealthCertificate, Person, silent
from pratique.parties import inputs, paper
from pratique.parties.desk import Attachment, Desk, DeskAct, DeskCall, Right
from pratique.parties.issuing import IssuingSession, Signing, own_certificate, sign_records
from pratique.sheet import Leaf, Line, Wording, sheet
from pratique.store import words
from pratique.store.pdf import wording
from pratique.terms import Kind
from pratique.text import as_json, rfc3339
from pratique.trust import countries

MOST = 10
"""Doses of one person at once."""

_LONGEST = 400
"""Characters of a field: more than any that is taken, so that the field itself is told to be too long."""

_FORMS: Mapping[str, tuple[Kind, str]] = {
    "vaccination": (Kind.VACCINATION, "DCC"),
    "test": (Kind.TEST, "DCC"),
    "recovery": (Kind.RECOVERY, "DCC"),
    "exemption": (Kind.EXEMPTION, "DCC"),
    "icvp": (Kind.VACCINATION, "ICVP"),
}
"""What a form may be of: what is attested, and the data format."""

_NAMED = frozenset(PERSON[:5])
"""Columns of a person that every data format carries."""

_REQUEST = re.compile(r"[0-9a-f]{32}")
_RUN_TOGETHER = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})?", re.ASCII)
_WITH_SIGNS = re.compile(r"((?:19|20)[0-9]{2})[./ ]([0-9]{1,2})(?:[./ ]([0-9]{1,2}))?", re.ASCII)
_WITHOUT_ZONE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2})", re.ASCII)
_DAYS = ("birth_date", "given_on", "first_positive_on", "valid_from", "valid_until")


# ----------------------------------------------------------------------------------------------------
# The form, as it comes from a page.


@silent
class DeskForm(NamedTuple):
    """What a clerk has filled in.

    Attributes:
        kind: a name of `_FORMS`.
        rows: one for each event, the person's columns in each.
        today: the instant, on the clinic's clock.
        confirmed: names of the doubts that the clerk has confirmed.
    """

    kind: str
    rows: tuple[dict[str, str], ...]
    today: datetime
    confirmed: frozenset[str]


def _form(call: DeskCall) -> DeskForm:
    """Read the form of a call; UsageError `form-unread`."""
    asked = call.asked
    kind, events, person = asked.get("kind"), asked.get("events"), asked.get("person")
    confirmed = asked.get("confirmed", [])
    if (
        not isinstance(kind, str)
        or kind not in _FORMS
        or not isinstance(events, list)
        or not 1 <= len(events) <= MOST
    ):
        raise unread()
    if not isinstance(confirmed, list) or not all(isinstance(name, str) for name in confirmed):
        raise unread()
    what, domain = _FORMS[kind]
    zone = zone_of(asked)
    columns = frozenset(PERSON) if domain == "ICVP" else _NAMED
    shared = _typed(person, columns, zone)
    # Of an ICVP the centre stands in the place of who is responsible (smart-icvp, `is`).
    own = frozenset((*OWN[what], "disease", *(("authority",) if domain == "ICVP" else ())))
    rows = tuple(
        {"kind": what.value, "domain": domain, **shared, **_typed(event, own, zone)}
        for event in events
    )
    return DeskForm(kind, rows, datetime.fromtimestamp(call.at, zone), frozenset(confirmed))


def _typed(cells: object, columns: frozenset[str], zone: tzinfo) -> dict[str, str]:
    if not isinstance(cells, Mapping) or not cells.keys() <= columns:
        raise unread()
    if not all(isinstance(cell, str) and len(cell) <= _LONGEST for cell in cells.values()):
        raise unread()
    filled = {name: cell.strip() for name, cell in cells.items() if cell.strip()}
    filled |= {name: _dated(filled[name]) for name in _DAYS if name in filled}
    if (sampled := filled.get("sampled_at")) is not None:
        filled["sampled_at"] = _timed(sampled, zone)
    return filled


def _dated(cell: str) -> str:
    """Return a date that begins with its year as it is written in a row: 19800203, 1980.2.3."""
    # A year comes first, or it stays as it is: nobody can tell 03.02. from 02.03.
    match = _RUN_TOGETHER.fullmatch(cell) or _WITH_SIGNS.fullmatch(cell)
    return "-".join(part.rjust(2, "0") for part in match.groups() if part) if match else cell


def _timed(cell: str, zone: tzinfo) -> str:
    """Return an instant with the clinic's zone, where it says none."""
    match = _WITHOUT_ZONE.fullmatch(cell)
    try:
        # RFC 3339 has no seconds in its zones; no clinic's zone has had them for a century.
        return (
            datetime.fromisoformat(f"{match[1]}T{match[2]}:00").replace(tzinfo=zone).isoformat()
            if match
            else cell
        )
    except ValueError:
        return cell


def zone_of(asked: Mapping[str, Any]) -> tzinfo:
    """Return the clinic's time zone, as the page names it; UTC where it does not."""
    name = asked.get("zone")
    try:
        return ZoneInfo(name) if isinstance(name, str) and len(name) <= 64 else UTC
    except (ValueError, OSError, LookupError):
        return UTC


def language_of(asked: Mapping[str, Any]) -> str:
    """Return the language that is asked for; UsageError `language-unknown` by `words.builtin`."""
    return str(asked.get("language", "en"))[:16]


def text_of(asked: Mapping[str, Any], name: str) -> str:
    """Return a text that a page has sent; UsageError `form-unread`."""
    value = asked.get(name)
    if not isinstance(value, str):
        raise unread()
    return value


def unread() -> UsageError:
    """Make the refusal of what no page of ours sends."""
    return UsageError(
        "form-unread", "the desk cannot read what the page sent", "load the page again"
    )


# ----------------------------------------------------------------------------------------------------
# Look at it while it is typed.


@silent
class Doubted(NamedTuple):
    """A remark with its place: "person", or the number of an event from 0."""

    place: str
    remark: Remark

    @property
    def name(self) -> str:
        """Return the name by which a clerk confirms it."""
        return f"{self.place}.{self.remark.column}.{self.remark.code.name}"


def _readings(call: DeskCall, form: DeskForm) -> list[Reading]:
    intake = call.desk.session.intake
    found = [reading for row in form.rows for reading in intake.of_columns(row, at=form.today)]
    return intake.compared(found)


def _doubts(readings: Sequence[Reading]) -> list[Doubted]:
    """Return all remarks, each with its place; what is the person's own is said once."""
    named: dict[str, Doubted] = {}
    for number, reading in enumerate(readings):
        for remark in reading.remarks:
            doubt = Doubted("person" if remark.column in PERSON else str(number), remark)
            named.setdefault(doubt.name, doubt)
    return list(named.values())


def _check(call: DeskCall) -> dict[str, Any]:
    """Say what refuses and what is doubted, also of a form that is half filled in."""
    form = _form(call)
    of = call.desk.session.intake
    readings = _readings(call, form)
    person: Person | None = None
    for number, (row, reading) in enumerate(zip(form.rows, readings, strict=True)):
        if reading.record is not None:
            person = reading.record.person
            continue
        seen, remarks = looked_at(
            row, of.catalogue, at=form.today, country=of.country, authority=of.authority
        )
        person = person or seen
        readings[number] = reading._replace(remarks=remarks)
    doubts = _doubts(readings)
    return {
        "remarks": [
            {
                "id": doubt.name,
                "place": doubt.place,
                "column": doubt.remark.column,
                "code": doubt.remark.code.name,
                "refuses": doubt.remark.code.refuses,
                "meaning": doubt.remark.code.meaning,
                "next": doubt.remark.code.next_step,
            }
            for doubt in doubts
        ],
        "latin": {
            "surname_icao": (person.surname_icao if person else None) or "",
            "forename_icao": (person.forename_icao if person else None) or "",
        },
        "dates": [{name: row[name] for name in _DAYS if name in row} for row in form.rows],
    }


def _passport(call: DeskCall) -> dict[str, Any]:
    """Read a passport's lines into columns; which check digits are wrong is told, and nothing is filled in then."""
    lines = call.asked.get("lines")
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise unread()
    zones = zone_readings(lines, datetime.fromtimestamp(call.at, UTC))
    if not zones:
        return {"outcome": "unread", "columns": {}}
    zone, person = zones[0], zones[0].person
    if zone.wrong:
        return {"outcome": "wrong", "fields": list(zone.wrong), "columns": {}}
    births = {moment.text() for moment in zone.births}
    columns = {
        "surname_icao": person.surname_icao, "forename_icao": person.forename_icao,
        # Of two centuries neither is taken: a child is not to become a centenarian.
        "birth_date": births.pop() if len(births) == 1 else None,
        "sex": person.sex, "nationality": person.nationality, "document": person.identifier,
        "document_type": person.identifier_type,
    }  # fmt: skip
    return {
        "outcome": "read" if len(zones) == 1 else "layout",
        "births": [moment.text() for moment in zone.births],
        "cut": bool(person.cut),
        "columns": {name: value for name, value in columns.items() if value},
    }


# ----------------------------------------------------------------------------------------------------
# Codes by names that people use; what was given today.


class _Day:
    """Products, lots and places that were attested today, the last one first; nothing of a person."""

    __slots__ = ("day", "given")

    def __init__(self) -> None:
        self.day = date.min
        self.given: dict[str, list[dict[str, str]]] = {}


_REMEMBERED: Mapping[str, tuple[str, ...]] = {
    "vaccination": ("product", "doses", "lot"),
    "icvp": ("product", "lot", "authority"),
    "test": ("test_type", "test_name", "device", "site"),
}
_MOST_REMEMBERED = 6
_OF_DAYS: WeakKeyDictionary[IssuingSession, _Day] = WeakKeyDictionary()
_TURN = Lock()


def forget_day(desk: Desk) -> None:
    """Forget what was given today: products, lots, places."""
    with _TURN:
        _OF_DAYS.pop(desk.session, None)


def remembered(desk: Desk) -> int:
    """Return how many products, lots and places are remembered of today, each with what was given with it."""
    with _TURN:
        of_day = _OF_DAYS.get(desk.session)
        return 0 if of_day is None else sum(map(len, of_day.given.values()))


def _of_today(desk: Desk, today: date) -> _Day:
    """Return what is remembered of today; to be called in turn."""
    of_day = _OF_DAYS.setdefault(desk.session, _Day())
    if of_day.day != today:
        of_day.day, of_day.given = today, {}
    return of_day


def _remember(desk: Desk, form: DeskForm) -> None:
    columns = _REMEMBERED.get(form.kind, ())
    with _TURN:
        given = _of_today(desk, form.today.date()).given.setdefault(form.kind, [])
        for row in form.rows:
            cells = {name: row[name] for name in columns if name in row}
            if cells:
                given[:] = [cells, *(each for each in given if each != cells)][:_MOST_REMEMBERED]


def _today(call: DeskCall) -> dict[str, Any]:
    """Return what a new form begins with: what was given today, by kind, with names."""
    language = language_of(call.asked)
    at = datetime.fromtimestamp(call.at, zone_of(call.asked))
    with _TURN:
        given = {kind: list(rows) for kind, rows in _of_today(call.desk, at.date()).given.items()}
    return {
        "today": at.date().isoformat(),
        "languages": list(words.LANGUAGES),
        "kinds": list(_FORMS),
        "given": {
            kind: [
                {"columns": cells, "names": names_of(call, kind, cells, language)} for cells in rows
            ]
            for kind, rows in given.items()
        },
    }


_CODED = ("product", "test_type", "disease", "result", "nationality")
"""Columns whose codes have names that a page shows in their place."""


def _names(call: DeskCall) -> dict[str, Any]:
    """Return what the codes of a form are called in another language; each where it stands."""
    kind, places, language = (
        call.asked.get("kind"),
        call.asked.get("codes"),
        language_of(call.asked),
    )
    if not isinstance(kind, str) or kind not in _FORMS or not isinstance(places, Mapping):
        raise unread()
    if len(places) > MOST + 1 or not all(
        isinstance(cells, Mapping) and all(isinstance(code, str) for code in cells.values())
        for cells in places.values()
    ):
        raise unread()
    return {
        "names": {place: names_of(call, kind, cells, language) for place, cells in places.items()}
    }


def names_of(call: DeskCall, kind: str, cells: Mapping[str, str], language: str) -> dict[str, str]:
    """Return what coded cells are called: column to name."""
    names = {}
    for field in _CODED:
        if field in cells:
            offered = _offered(call.desk.session.catalogue, field, _FORMS[kind][1], language)
            names[field] = next(
                (each.name for each in offered if each.code == cells[field]), cells[field]
            )
    return names


def _search(call: DeskCall) -> dict[str, Any]:
    """Return codes that a text may mean."""
    field, kind = text_of(call.asked, "field"), call.asked.get("kind")
    if not isinstance(kind, str) or kind not in _FORMS:
        raise unread()
    language, text = language_of(call.asked), text_of(call.asked, "text")
    if field in ("lot", "site", "authority"):
        return {"choices": _earlier(call, kind, field, text)}
    offered = _offered(call.desk.session.catalogue, field, _FORMS[kind][1], language)
    if not text.strip() and field == "product":
        at = datetime.fromtimestamp(call.at, zone_of(call.asked))
        with _TURN:
            rows = _of_today(call.desk, at.date()).given.get(kind, [])
            first = list(dict.fromkeys(row["product"] for row in rows if "product" in row))
        offered = tuple(
            sorted(
                offered,
                key=lambda each: first.index(each.code) if each.code in first else len(first),
            )
        )
    products = call.desk.session.catalogue.product_of
    return {
        "choices": [
            {
                "code": each.code, "name": each.name, "beside": each.beside,
                "doses": products[each.code].doses if field == "product" and each.code in products else 0,
            }
            for each in suggest.narrowed(offered, text)
        ]
    }  # fmt: skip


def _earlier(call: DeskCall, kind: str, field: str, text: str) -> list[dict[str, Any]]:
    """Return what was typed into a field today: of the same product, where one is chosen."""
    at, product = datetime.fromtimestamp(call.at, zone_of(call.asked)), call.asked.get("product")
    with _TURN:
        rows = list(_of_today(call.desk, at.date()).given.get(kind, []))
    known = [
        row[field]
        for row in rows
        if field in row and (field != "lot" or product in (row.get("product"), "", None))
    ]
    return [
        {"code": value, "name": value, "beside": "", "doses": 0}
        for value in dict.fromkeys(known)
        if value.casefold().startswith(text.strip().casefold())
    ]


def _offered(
    catalogue: Catalogue, field: str, domain: str, language: str
) -> tuple[Suggestion, ...]:
    """Return what a field may hold; UsageError `form-unread` for one that has no list."""
    if field == "product":
        return suggest.products(catalogue, domain)
    tables = {each: words.table(words.builtin(each), "codes") for each in words.LANGUAGES}
    own = words.table(words.builtin(language), "codes")
    if field == "nationality":
        said = wording.builtin(language)
        pairs = countries.ISO_3166.split()
        names = {
            three: said.country(two) for two, three in zip(pairs[::2], pairs[1::2], strict=True)
        }
        english = wording.builtin("en")
        also = {
            three: english.country(two) for two, three in zip(pairs[::2], pairs[1::2], strict=True)
        }
        return suggest.coded(names, names, [also])
    if field not in ("disease", "test_type", "result", "device"):
        raise unread()
    codes = suggest.diseases(catalogue, domain) if field == "disease" else catalogue.codes(field)
    displays = {code: catalogue.sets[field][code].display for code in codes}
    return suggest.coded(codes, {**displays, **own}, [displays, *tables.values()])


# ----------------------------------------------------------------------------------------------------
# Read back, and sign.


@silent
class ReadBack(NamedTuple):
    """What is to be signed, as the patient reads it.

    Attributes:
        records: to be signed, in the form's order.
        leaves: of each record, in the patient's language.
        digest: of both; what is signed has the same.
    """

    records: tuple[Record, ...]
    leaves: tuple[Leaf, ...]
    digest: str


def _reading(call: DeskCall, form: DeskForm) -> ReadBack:
    """Return what a form comes to; UsageError `record-refused`, `doubts-open`."""
    readings = _readings(call, form)
    doubts = _doubts(readings)
    records = tuple(reading.record for reading in readings if reading.record is not None)
    if len(records) != len(readings) or refuses(doubt.remark for doubt in doubts):
        raise UsageError(
            "record-refused", "the form cannot be issued as it is", "correct what is marked in it"
        )
    if any(doubt.name not in form.confirmed for doubt in doubts):
        raise UsageError(
            "doubts-open", "something is doubted, and not confirmed", "look at each doubt"
        )
    said = wording.builtin(language_of(call.asked))
    leaves = tuple(leaf_of(call, record, said) for record in records)
    document = [
        {"row": row_of(record), "leaf": leaf_document(leaf), "language": leaf.language}
        for record, leaf in zip(records, leaves, strict=True)
    ]
    content = as_json(document, sort_keys=True).encode()
    return ReadBack(records, leaves, hashlib.sha256(b"pratique-reading-1\n" + content).hexdigest())


def leaf_of(call: DeskCall, record: Record, said: Wording) -> Leaf:
    """Return what a record says, as paper says it in a language."""
    country = call.desk.session.issuer.country
    certificate = HealthCertificate(
        record.domain, "", record.kind, record.person, (record.entry,), country, None, None, {}
    )
    # Only for what products are called: its own language is no matter.
    ready = _renderer(call, ("en",), call.desk.paper.layout)
    laid_out = sheet(
        certificate, "", wordings=(said,), contact=ready.paper.contact, names=ready.names,
        makers=ready.makers,
    )  # fmt: skip
    return laid_out.leaves[0]


def leaf_document(leaf: Leaf) -> dict[str, Any]:
    """Return a leaf as a page shows it."""
    lines: list[Line] = [*leaf.names, *leaf.lines]
    return {
        "title": leaf.title,
        "lines": [
            {"name": name, "label": label, "value": value, "direction": direction, "latin": latin}
            for name, label, value, direction, latin in lines
        ],
    }


_PHRASES = ("read_back_title", "read_back_hint", "read_back_right", "read_back_wrong")


def _read_back(call: DeskCall) -> dict[str, Any]:
    """Return what would be signed, in the patient's language, with the digest that signing asks for."""
    reading = _reading(call, _form(call))
    language = language_of(call.asked)
    own = words.table(words.builtin(language), "desk_issue")
    english = words.table(words.builtin("en"), "desk_issue")
    return {
        "digest": reading.digest,
        "language": language,
        "direction": reading.leaves[0].direction,
        "phrases": {name: own.get(name) or english[name] for name in _PHRASES},
        "leaves": [leaf_document(leaf) for leaf in reading.leaves],
    }


def confirmed_reading(call: DeskCall) -> tuple[ReadBack, str]:
    """Return what the patient has confirmed, and the name of the request to sign it.

    Raises:
        UsageError: `reading-changed`, `request-short`; as reading back.
    """
    return _confirmed(call, _form(call))


def _confirmed(call: DeskCall, form: DeskForm) -> tuple[ReadBack, str]:
    request = text_of(call.asked, "request")
    if not _REQUEST.fullmatch(request):
        raise UsageError(
            "request-short", "the request's name is not random enough", "load the page again"
        )
    reading = _reading(call, form)
    if call.asked.get("digest") != reading.digest:
        raise UsageError(
            "reading-changed",
            "what is to be signed is not what was read back; nothing was signed",
            "read it back once more",
        )
    return reading, f"{request}-{reading.digest}"


def _sign(call: DeskCall) -> dict[str, Any]:
    """Sign what was read back; the same request gives the same certificates again.

    Raises:
        UsageError: `reading-changed`, `request-short`; as reading back and `sign_records`.
    """
    desk, form = call.desk, _form(call)
    reading, request = _confirmed(call, form)
    signing = Signing(
        call.at, Work(desk.site, call.operator.pseudonym), desk.validity,
        request=request,
    )  # fmt: skip
    signed = list(sign_records(desk.session, reading.records, signing))
    _remember(desk, form)
    return {
        "certificates": [
            {**numbered(each.text), "text": each.text, "repeated": each.repeated} for each in signed
        ]
    }


def numbered(text: str) -> dict[str, Any]:
    """Return the number of a certificate that was signed a moment ago, and until when it may be read."""
    certificate = paper.decoded(text)
    until = certificate.expires_at
    return {
        "number": certificate.entries[0].identifier or "",
        "until": rfc3339(until) if until is not None else "",
    }


def _pdf(call: DeskCall) -> Attachment:
    """Return the sheet of a certificate as a PDF."""
    text, ready = _own_sheet(call)
    return Attachment("certificate.pdf", "application/pdf", ready.own(text))


def _sheet(call: DeskCall) -> dict[str, Any]:
    """Return the pages of a certificate's sheet as drawings, which a browser prints as they are."""
    text, ready = _own_sheet(call)
    return {"pages": [page.decode() for page in ready.own_pages(text)]}


def _own_sheet(call: DeskCall) -> tuple[str, paper.Renderer]:
    """Return a text that this issuer signed and has not revoked, and what prints it; UsageError `old-…`."""
    desk, text = call.desk, text_of(call.asked, "text")
    layout, language = text_of(call.asked, "layout"), language_of(call.asked)
    if layout not in paper.LAYOUTS:
        raise unread()
    own_certificate(desk.session, inputs.of_text(text, "the code"), at=call.at)
    # IHR (2005), Annex 6: in English or French, and in a further language beside it.
    languages = (language, *(desk.paper.languages or ("en", "fr")))
    return text, _renderer(call, tuple(dict.fromkeys(languages)), layout)


def _renderer(call: DeskCall, languages: tuple[str, ...], layout: str) -> paper.Renderer:
    look = call.desk.paper._replace(layout=layout, languages=languages)
    return paper.renderer(look, call.desk.session.catalogue, note=call.desk.session.note)


ACTS: Mapping[str, DeskAct] = {
    "issue.today": DeskAct(Right.ISSUE, _today),
    "issue.search": DeskAct(Right.ISSUE, _search),
    "issue.names": DeskAct(Right.ISSUE, _names),
    "issue.passport": DeskAct(Right.ISSUE, _passport),
    "issue.check": DeskAct(Right.ISSUE, _check),
    "issue.read_back": DeskAct(Right.ISSUE, _read_back),
    "issue.sign": DeskAct(Right.ISSUE, _sign),
    "issue.pdf": DeskAct(Right.ISSUE, _pdf),
    "issue.sheet": DeskAct(Right.ISSUE, _sheet),
}
"""What a page may ask for, by name: POST /api/NAME."""
