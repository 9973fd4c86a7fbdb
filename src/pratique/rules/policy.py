"""The form for a country's rules: what is accepted, in a table that a person fills in.

    TOML, parsed -> read_policy -> Policy -> authoring.build -> rules

1. A key that is not in the form is refused with its place: a slip of the pen must not widen a rule.
2. A day counts whole: "270 days" ends at the last second of the 270th day after the event.
3. A form without test, recovery and exemption is refused unless it says why.
The form is described in docs/reference/policy.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pratique.rules import codes
from pratique.rules.authoring.form import Table, refused


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

_COUNTRY = re.compile(r"[A-Z]{2,3}", re.ASCII)
_VERSION = re.compile(r"[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}", re.ASCII)
_SECTIONS = {"vaccination", "test", "recovery", "exemption", "minors", "text"}


def read_policy(form: Mapping[str, Any]) -> Policy:
    """Read a form; DocumentRefused `policy-form` naming the first thing that is wrong with it."""
    top = Table("", form)
    sections = {name: top.table(name) for name in _SECTIONS}
    policy = Policy(
        country=top.text("country", like=_COUNTRY),
        version=top.text("version", "1.0.0", like=_VERSION),
        valid_from=top.instant("valid_from"),
        valid_to=top.instant("valid_to"),
        disease=top.text("disease", codes.DISEASE),
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
    products = list(codes.WHO_EUL) if table.flag("who_eul", default=False) else []
    for name in table.texts("products", []):
        code = codes.product_code(name)
        if code is None:
            raise refused(
                table.place("products"), f"there is no product “{name[:40]}” in the value set"
            )
        products.append(code)
    if not products:
        raise refused(table.place("products"), "name products, or set who_eul = true")
    found = ProofOfVaccination(
        tuple(dict.fromkeys(products)),
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
    if not names or not set(names) <= set(codes.RESULTS):
        raise refused(table.place("results"), f"write {' or '.join(codes.RESULTS)}")
    found = ProofOfTest(
        table.number("naat_hours", HOURS),
        table.number("rapid_hours", HOURS),
        table.flag("rapid_listed", default=False),
        tuple(codes.RESULTS[name] for name in dict.fromkeys(names)),
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
