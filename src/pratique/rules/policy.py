"""The form for a country's rules: what is accepted, in a table that a person fills in.

    TOML, parsed -> read_policy -> Policy -> build -> rules

1. A key that is not in the form is refused with its place: a slip of the pen must not widen a rule.
2. A day counts whole: "270 days" ends at the last second of the 270th day after the event.
3. A form without test, recovery and exemption is refused unless it says why.
The form is described in docs/reference/policy.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused
from pratique.rules import products


def refused(where: str, message: str) -> DocumentRefused:
    """Return the error for a place of the form."""
    place = f"{where}: " if where else ""
    return DocumentRefused(
        "policy-form",
        f"the form is refused: {place}{message}",
        "the handbook's page 'The form for rules' describes it",
    )


class Table:
    """A table of the form. What was asked for is gone; what is left at the end is refused."""

    def __init__(self, where: str, table: Mapping[str, Any]) -> None:
        self.where, self._left = where, dict(table)

    def place(self, name: str) -> str:
        """Return the full name of a key."""
        return f"{self.where}.{name}" if self.where else name

    def names(self) -> list[str]:
        """List the keys that were not asked for yet."""
        return list(self._left)

    def take(self, name: str, kind: type, default: Any, what: str) -> Any:
        """Take a value of this very type; DocumentRefused otherwise."""
        value = self._left.pop(name, default)
        if value is None and default is None:
            return None
        if type(value) is not kind:
            raise refused(self.place(name), f"it must be {what}")
        return value

    def table(self, name: str) -> Table | None:
        """Take a table; None if there is none."""
        value = self.take(name, dict, None, "a table")
        return None if value is None else Table(self.place(name), value)

    def text(
        self, name: str, default: str | None = None, form: tuple[re.Pattern[str], str] | None = None
    ) -> str:
        """Take a text, of such a form; without a default it must be there."""
        value = self.take(name, str, default, "a text")
        if value is None:
            raise refused(self.place(name), "it is missing")
        if form is not None and not form[0].fullmatch(value):
            raise refused(self.place(name), f"it must be {form[1]}")
        return str(value)

    def number(self, name: str, most: int, default: int | None = None) -> int | None:
        """Take a whole number from 0 to `most`."""
        value: int | None = self.take(name, int, default, "a whole number")
        if value is not None and not 0 <= value <= most:
            raise refused(self.place(name), f"it must be from 0 to {most:,}")
        return value

    def texts(self, name: str, default: list[str]) -> list[str]:
        """Take a list of texts."""
        value: list[str] = self.take(name, list, default, "a list of texts")
        if not all(type(item) is str for item in value):
            raise refused(self.place(name), "it must be a list of texts")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Take true or false."""
        return bool(self.take(name, bool, default, "true or false"))

    def instant(self, name: str) -> datetime:
        """Take an instant with a zone; a date is its midnight in UTC, and what is later than the calendar its end."""
        value = self._left.pop(name, None)
        if type(value) is date:
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise refused(self.place(name), "it must be a date, or a timestamp with a zone")
        try:
            return value.astimezone(UTC).replace(microsecond=0)
        except OverflowError:
            # "For ever" is written as the calendar's last day, on the writer's own clock.
            if value.year > 1:
                return datetime.max.replace(microsecond=0, tzinfo=UTC)
            raise refused(self.place(name), "it lies before the calendar") from None

    def done(self) -> None:
        """Refuse what was not asked for."""
        if self._left:
            raise refused(self.place(next(iter(self._left))[:40]), "the form has no such key")


DISEASE = "840539006"
NAAT, RAPID = "LP6464-4", "LP217198-3"
NOT_DETECTED, DETECTED = "260415000", "260373001"
DEVICES = "covid-19-lab-test-manufacturer-and-name"

PRODUCTS = {code: facts.name for code, facts in products.PRODUCTS.items() if facts.code_since}
"""Product code -> name, of the products that a certificate can carry (value set vaccines-covid-19-names)."""

OTHER_NAMES = {
    name: code
    for code in PRODUCTS
    for name in (*products.PRODUCTS[code].other_names, products.PRODUCTS[code].display)
    if name
}
"""Names in use that are not the product's own -> its code."""


def _listed(facts: products.ProductFacts) -> str:
    return facts.listed or facts.prequalified


WHO_EUL = tuple(
    sorted(
        (code for code in PRODUCTS if _listed(products.PRODUCTS[code])),
        key=lambda code: _listed(products.PRODUCTS[code]),
    )
)
"""What WHO listed for emergency use or prequalified, in that order: 2020-12-31 to 2023-10-09. It is the floor."""

TEST_TYPES = {"naat": NAAT, "rapid": RAPID}
RESULTS = {"not detected": NOT_DETECTED, "detected": DETECTED}

STAND_INS: dict[str, list[str]] = {
    "disease-agent-targeted": [DISEASE],
    "covid-19-lab-test-type": [NAAT, RAPID],
    "covid-19-lab-result": [NOT_DETECTED, DETECTED],
    "vaccines-covid-19-names": list(PRODUCTS),
    "sct-vaccines-covid-19": ["1119349007", "1119305005", "J07BX03"],
    "vaccines-covid-19-auth-holders": ["ORG-100030215", "ORG-100031184", "ORG-100001699"],
    DEVICES: ["1232", "1304"],
    "country-2-codes": ["AT", "DE", "FR", "XU"],
}
"""Value set -> a few codes of it."""


def product_code(text: str) -> str | None:
    """Return the code of a product that is named, or whose code it is; None if it is not known."""
    known = {name.casefold(): code for code, name in PRODUCTS.items()}
    known |= {name.casefold(): code for name, code in OTHER_NAMES.items()}
    known |= {code.casefold(): code for code in PRODUCTS}
    return known.get(text.strip().casefold())


class ProofOfVaccination(NamedTuple):
    """Which vaccinations are accepted; `validity_days` None for without end."""

    products: tuple[str, ...]
    doses_complete: bool
    days_after: int
    validity_days: int | None
    boosters_unlimited: bool


class ProofOfTest(NamedTuple):
    """Which tests are accepted; hours None where that type is not."""

    naat_hours: int | None
    rapid_hours: int | None
    rapid_listed: bool
    results: tuple[str, ...]


class ProofOfRecovery(NamedTuple):
    """Which recoveries are accepted, in days since the first positive test."""

    from_day: int
    until_day: int


class Policy(NamedTuple):
    """A form that was filled in; None where that kind of proof is not accepted."""

    country: str
    version: str
    valid_from: datetime
    valid_to: datetime
    disease: str
    vaccination: ProofOfVaccination | None
    test: ProofOfTest | None
    recovery: ProofOfRecovery | None
    exemption: bool
    minors_below: int
    reason: str
    texts: Mapping[str, Mapping[str, str]]


RULES = (
    "kinds", "disease", "products", "doses", "waiting", "validity",
    "tests", "results", "rapid", "naat", "devices", "recovery", "exemption",
)  # fmt: skip
"""Names of the rules that a form can make, under which further languages give their text."""
DAYS, HOURS, AGE = 36_500, 8_760, 26

_COUNTRY = re.compile(r"[A-Z]{2,3}", re.ASCII), "a two- or three-letter code"
_VERSION = re.compile(r"[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}", re.ASCII), "like 1.0.0"
_SECTIONS = {"vaccination", "test", "recovery", "exemption", "minors", "text"}


def read_policy(form: Mapping[str, Any]) -> Policy:
    """Read a form; DocumentRefused `policy-form` naming the first thing that is wrong with it."""
    top = Table("", form)
    sections = {name: top.table(name) for name in _SECTIONS}
    policy = Policy(
        country=top.text("country", form=_COUNTRY),
        version=top.text("version", "1.0.0", form=_VERSION),
        valid_from=top.instant("valid_from"),
        valid_to=top.instant("valid_to"),
        disease=top.text("disease", DISEASE),
        vaccination=_vaccination(sections["vaccination"]),
        test=_test(sections["test"]),
        recovery=_recovery(sections["recovery"]),
        exemption=_exemption(sections["exemption"]),
        minors_below=_minors(sections["minors"]),
        reason=top.text("reason", ""),
        texts=_texts(sections["text"]),
    )
    top.done()
    if policy.valid_from >= policy.valid_to:
        raise refused("valid_to", "it must be later than valid_from")
    other = policy.test or policy.recovery or policy.exemption
    if not other and policy.vaccination is None:
        raise refused(
            "", "it accepts nothing: give [vaccination], [test], [recovery] or [exemption]"
        )
    if not other and not policy.reason:
        raise refused("", "it has no way other than vaccination: give one, or say why in `reason`")
    return policy


def _vaccination(table: Table | None) -> ProofOfVaccination | None:
    if table is None:
        return None
    accepted = list(WHO_EUL) if table.flag("who_eul", default=False) else []
    for name in table.texts("products", []):
        code = product_code(name)
        if code is None:
            raise refused(
                table.place("products"), f"there is no product “{name[:40]}” in the value set"
            )
        accepted.append(code)
    if not accepted:
        raise refused(table.place("products"), "name products, or set who_eul = true")
    found = ProofOfVaccination(
        tuple(dict.fromkeys(accepted)),
        table.flag("doses_complete", default=True),
        table.number("days_after", DAYS, 0) or 0,
        table.number("validity_days", DAYS),
        table.flag("boosters_unlimited", default=False),
    )
    table.done()
    if found.validity_days is not None and found.validity_days <= found.days_after:
        raise refused(table.place("validity_days"), "it must be more than days_after")
    return found


def _test(table: Table | None) -> ProofOfTest | None:
    if table is None:
        return None
    names = table.texts("results", ["not detected"])
    if not names or not set(names) <= set(RESULTS):
        raise refused(table.place("results"), f"write {' or '.join(RESULTS)}")
    found = ProofOfTest(
        table.number("naat_hours", HOURS),
        table.number("rapid_hours", HOURS),
        table.flag("rapid_listed", default=False),
        tuple(RESULTS[name] for name in dict.fromkeys(names)),
    )
    table.done()
    if not (found.naat_hours or found.rapid_hours):
        raise refused(table.where, "give naat_hours, rapid_hours, or both")
    return found


def _recovery(table: Table | None) -> ProofOfRecovery | None:
    if table is None:
        return None
    start, end = table.number("from_day", DAYS, 11), table.number("until_day", DAYS, 180)
    table.done()
    assert start is not None
    assert end is not None
    if end <= start:
        raise refused(table.place("until_day"), "it must be more than from_day")
    return ProofOfRecovery(start, end)


def _exemption(table: Table | None) -> bool:
    if table is None:
        return False
    accepted = table.flag("accepted", default=True)
    table.done()
    return accepted


def _minors(table: Table | None) -> int:
    if table is None:
        return 0
    below = table.number("exempt_below", AGE, 0) or 0
    table.done()
    return below


def _texts(table: Table | None) -> dict[str, dict[str, str]]:
    if table is None:
        return {}
    found: dict[str, dict[str, str]] = {}
    for language in table.names():
        inner = table.table(language)
        assert inner is not None
        found[language] = {name: inner.text(name) for name in inner.names() if name in RULES}
        inner.done()
    return found
