"""Invented people who are to be found, as travellers: certificates of every kind, passports, codes on sheets and in films.

canary.people -> certificates (tests.networks), passport's lines (ICAO 9303), a film for the browser's fake camera
"""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pratique.compile import compiled
from pratique.model import Entry, Moment, Person, Precision, Vaccination
from pratique.model import Test as TestResult
from pratique.network import view
from pratique.rules import documents
from pratique.snapshot import Snapshot
from tests.browser.desk import code
from tests.harms import canary
from tests.issuers import RECORDS
from tests.networks import Authority, State
from tests.travellers import rule

PEOPLE = canary.people(24)
PLACE = "XB"
_WEIGHTS = (7, 3, 1)


class Travellers(NamedTuple):
    """A border post's snapshot, and the certificates of invented people: by number, one for each."""

    held: Snapshot
    texts: tuple[str, ...]


@cache
def travellers() -> Travellers:
    """Return a network of two states, and a certificate of each invented person."""
    authority = Authority()
    states = [State("XXA"), State("XXB")]
    states[1].rules = [
        documents.write(rule(f"{kind}R-XB-0001", {"===": [1, 1]})) for kind in "VTRE"
    ]
    authority.admit(*states)
    kinds = [RECORDS[name] for name in ("vaccination", "test", "recovery", "exemption", "icvp")]
    texts = tuple(
        states[0].issue(kinds[nth % len(kinds)]._replace(person=person_of(one)), nth=nth)
        for nth, one in enumerate(PEOPLE)
    )
    # The last but one is revoked, the last one's signer is nobody's.
    states[0].revoke(texts[-2])
    for state in states:
        state.publish()
    stranger = State("XXC").issue(RECORDS["vaccination"]._replace(person=person_of(PEOPLE[-1])))
    held = compiled(view.read(authority.files, authority.anchor))
    return Travellers(held, (*texts[:-1], stranger))


def person_of(one: canary.Invented) -> Person:
    """Return an invented person as a certificate has them."""
    born = Moment(Precision.DAY, date.fromisoformat(one.birth_date))
    return Person(
        one.surname.title(), one.forename.title(), one.surname, one.forename, born,
        identifier=one.document, identifier_type="PPN",
    )  # fmt: skip


def passport_of(one: canary.Invented) -> list[str]:
    """Return the two lines of a passport (ICAO Doc 9303-4 §4.2.2)."""
    first = f"P<XXA{one.surname}<<{one.forename}".ljust(44, "<")[:44]
    number = one.document[:9].ljust(9, "<")
    born, ends = one.birth_date[2:].replace("-", ""), "301231"
    head = f"{number}{_check(number)}XXA{born}{_check(born)}F{ends}{_check(ends)}"
    rest = "<" * 14
    whole = head[0:10] + head[13:20] + head[21:28] + rest + "0"
    return [first, f"{head}{rest}0{_check(whole)}"]


def _check(text: str) -> int:
    """Compute a check digit (ICAO Doc 9303-3 §4.9)."""
    values = {sign: number for number, sign in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
    return sum(values.get(sign, 0) * _WEIGHTS[n % 3] for n, sign in enumerate(text)) % 10


def film(text: str, path: Path) -> Path | None:
    """Write a film of a text's code for `--use-file-for-fake-video-capture`; None without ffmpeg."""
    program = shutil.which("ffmpeg")
    if program is None:
        return None
    from PIL import Image

    frame = Image.new("L", (1280, 720), 200)
    picture = code(text, 5)
    frame.paste(picture, ((1280 - picture.width) // 2, (720 - picture.height) // 2))
    still = io.BytesIO()
    frame.save(still, "PNG")
    # 4:4:4 would show plain green, without an error.
    made = [program, "-loglevel", "error", "-y", "-loop", "1", "-f", "image2pipe", "-i", "-", "-frames:v", "20"]  # fmt: skip
    subprocess.run(
        [*made, "-pix_fmt", "yuvj420p", "-q:v", "2", str(path)], input=still.getvalue(), check=True
    )
    return path


# ----------------------------------------------------------------------------------------------------
# Many certificates, of all kinds, products and dates.


class Certificate(NamedTuple):
    """A certificate, and what of it no officer's screen may say.

    Attributes:
        text: as its code has it.
        person: whose it is.
        health: values of its fields: products, makers, diseases, kinds of test, places, days, identifiers.
        kind: what it is.
    """

    text: str
    person: Person
    health: tuple[str, ...]
    kind: str


_PRODUCTS = (
    ("1119349007", "EU/1/20/1528", "ORG-100030215"), ("1119349007", "EU/1/20/1507", "ORG-100031184"),
    ("J07BX03", "EU/1/21/1529", "ORG-100001699"), ("1119305005", "EU/1/21/1618", "ORG-100032020"),
    ("J07BX03", "Covishield", "ORG-100001981"), ("1119305005", "CoronaVac", "Sinovac-Biotech"),
    ("1119305005", "BBIBP-CorV", "ORG-100020693"), ("J07BX03", "Sputnik-V", "Gamaleya-Research-Institute"),
)  # fmt: skip
_TESTS = (("LP6464-4", "Invented PCR", None), ("LP217198-3", None, "1232"))
_FAMILIES = (
    "Sampleová",
    "O'Brien",
    "Đặng",
    "Папандополу",
    "الخطيب",
    "王",
    "Müller-Lüdenscheidt",
    "Ng",
)
_ICAO = ("SAMPLEOVA", "OBRIEN", "DANG", "PAPANDOPOLU", "ALKHATIB", "WANG", "MUELLER<LUEDENSCHEIDT", "NG")  # fmt: skip


def many(count: int) -> tuple[Snapshot, list[Certificate]]:
    """Return so many certificates, and what a border post holds whose rules let all of them pass."""
    authority = Authority()
    states = [State("XXA"), State("XXB")]
    states[1].rules = [
        documents.write(rule(f"{kind}R-XB-0001", {"===": [1, 1]})) for kind in "VTRE"
    ]
    authority.admit(*states)
    for state in states:
        state.publish()
    found = [_certificate(states[0], number) for number in range(count)]
    return compiled(view.read(authority.files, authority.anchor)), found


def _certificate(state: State, number: int) -> Certificate:
    kind = ("vaccination", "test", "recovery", "exemption", "icvp")[number % 5]
    record = RECORDS[kind]
    family = number % len(_FAMILIES)
    born = Moment(Precision.DAY, date(1931 + number % 60, 1 + number % 12, 1 + number % 28))
    person = record.person._replace(
        surname=_FAMILIES[family], surname_icao=_ICAO[family], forename=f"Kim {_word(number)}",
        forename_icao=f"KIM<{_word(number).upper()}", birth_date=born,
    )  # fmt: skip
    entry = _entry(record.entry, number)
    text = state.issue(record._replace(person=person, entry=entry), nth=number)
    return Certificate(text, person, tuple(sorted(_health(entry))), kind)


def _word(number: int) -> str:
    return "".join("bdfgklmnprst"[number // 12**place % 12] + "aeiou"[number % 5] for place in range(3)).title()  # fmt: skip


def _entry(entry: Entry, number: int) -> Entry:
    """Return an entry of the same kind, of another product, day and place."""
    if isinstance(entry, Vaccination):
        given = entry._replace(given=_day(number), lot=f"LOT-{number:04d}")
        if entry.dose is None:
            return given
        prophylaxis, product, maker = _PRODUCTS[number // 5 % len(_PRODUCTS)]
        dose = 1 + number // 5 % 4
        return given._replace(
            prophylaxis=prophylaxis, product=product, manufacturer=maker, dose=dose, doses=max(dose, 2)
        )  # fmt: skip
    if isinstance(entry, TestResult):
        kind, name, device = _TESTS[number // 5 % len(_TESTS)]
        return entry._replace(test_type=kind, name=name, device=device, site=f"Quay {number:04d}")
    return entry


def _day(number: int) -> Moment:
    return Moment(Precision.DAY, date(2026, 3 + number % 7, 1 + number % 27))


def _health(entry: Entry) -> Iterator[str]:
    """Yield every value of an entry, as codes and as people write days; not the two letters of a country."""
    for value in entry:
        if isinstance(value, Moment):
            day = value.day()
            yield from (f"{day:%Y-%m-%d}", f"{day:%d.%m.%Y}", f"{day:%d/%m/%Y}")
            yield from (
                f"{day.day} {day:%B %Y}",
                f"{day.day} {day:%b %Y}",
                f"{day:%B} {day.day}, {day.year}",
            )
        elif isinstance(value, str) and len(value) > 2:
            yield value
