"""A generated case in words.

Case -> "vaccinated with Comirnaty, dose 2 of 2, 30 days before arrival"
"""

from __future__ import annotations

from pratique.rules import codes
from pratique.rules.authoring.cases import PLAIN, Case
from pratique.rules.authoring.values import THERE, Ago, Value

_TESTS = {codes.NAAT: "NAA test (such as PCR)", codes.RAPID: "rapid antigen test"}
_RESULTS = {codes.NOT_DETECTED: "not detected", codes.DETECTED: "detected"}
_SAID = {
    "v": ("mp", "dn", "sd", "dt"), "t": ("tt", "tr", "sc"), "r": ("fr",), "e": ("df", "du"),
}  # fmt: skip
"""Fields that are always said."""


def told(case: Case) -> str:
    """Say a case; what is plain and not said by its kind is left out."""
    values = dict(case.values)
    parts = [_entry(group, values) for group in case.groups]
    said = {f"payload.{group}.0.{name}" for group in case.groups for name in _SAID[group]}
    if isinstance(age := values.get("holder.ageYears"), int) and age != 30:
        parts.append(f"aged {age}")
    said.add("holder.ageYears")
    for path, value in case.values:
        if path not in said and value != _plain(path):
            parts.append(_other(path, value))
    return ", ".join(parts) or "nothing to show"


def _entry(group: str, values: dict[str, Value]) -> str:
    def value(name: str) -> Value:
        path = f"payload.{group}.0.{name}"
        return values[path] if path in values else PLAIN[group][name]

    match group:
        case "v":
            product = value("mp")
            name = codes.product_name(product) if isinstance(product, str) else "no named product"
            return (
                f"vaccinated with {name}, dose {value('dn')} of {value('sd')}, {when(value('dt'))}"
            )
        case "t":
            kind = _TESTS.get(str(value("tt")), f"test of type “{value('tt')}”")
            result = _RESULTS.get(str(value("tr")), f"“{value('tr')}”")
            return f"{kind}, {result}, {when(value('sc'))}"
        case "r":
            return f"first positive test {when(value('fr'))}"
    return f"exempt from {when(value('df'))} until {when(value('du'))}"


def when(value: Value) -> str:
    """Say a date as against arrival."""
    if not isinstance(value, Ago):
        return f"on {value[:10]}" if isinstance(value, str) else "on an unknown day"
    hours, relation = abs(value.hours), "before" if value.hours > 0 else "after"
    if not hours:
        return "at arrival"
    if hours % 24 == 0 and hours > 72:
        return f"{_units(hours // 24, 'day')} {relation} arrival"
    if hours % 24 == 0 and hours == 24:
        return f"1 day {relation} arrival"
    return f"{_units(hours, 'hour')} {relation} arrival"


def _other(path: str, value: Value) -> str:
    name = path.removeprefix("payload.")
    if value is None:
        return f"without {name}"
    if value == THERE:
        return f"with a further entry {name}"
    shown = when(value) if isinstance(value, Ago) else value
    return f"{name}: {shown}"


def _plain(path: str) -> Value:
    parts = path.split(".")
    if len(parts) == 4 and parts[0] == "payload" and parts[2] == "0":
        return PLAIN.get(parts[1], {}).get(parts[3])
    return None


def _units(amount: int, unit: str) -> str:
    return f"{amount:,} {unit}" if amount == 1 else f"{amount:,} {unit}s"
