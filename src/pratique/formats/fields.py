"""Read the fields of a certificate leniently, and say where they are not as they should be.

1. A reader never raises: a missing, mistyped or odd field is a finding, and the value is None.
2. A field that decides what is attested (`required`) is a FAULT when it is missing or mistyped;
   how it is spelled is a NOTE.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple, TypeGuard

from pratique import strict_json
from pratique.findings import Code, Finding
from pratique.model import HealthCertificate, Moment, Precision
from pratique.terms import Algorithm, Scheme


class CwtClaims(NamedTuple):
    """The claims around a health certificate, read leniently."""

    issuer: str | None
    issued_at: int | None
    expires_at: int | None


class Sealed(NamedTuple):
    """A signed text of a scheme beside HCERT, taken apart; nothing in it is believed yet.

    Attributes:
        scheme: in whose key store its signer is looked up.
        issuer: who it says has signed it, in full, as its scheme writes it (an `iss`, a DID, a CA's id).
        kid: which of that issuer's keys, as its scheme writes it, in bytes.
        algorithm: that it names; None if it names none, or one that is not known.
        message: the bytes that were signed.
        signature: in the form that `crypto.algorithms` checks (r and s of fixed length; RSA as it is).
        payload: the content, encoded; read by the format's `decode` once the signature is good.
        certificate: the X.509 certificate (DER) that came in it (VDS-NC); believed only by its chain.
        by_key: its scheme names no algorithm in the text (2D-DOC): the key's own is the one.
        notes: what was odd in taking it apart.
        assembled: put together from several codes, which may be of two cards: a wrong signature proves nothing.
    """

    scheme: Scheme
    issuer: str
    kid: bytes
    algorithm: Algorithm | None
    message: bytes
    signature: bytes
    payload: bytes
    certificate: bytes = b""
    by_key: bool = False
    notes: tuple[Finding, ...] = ()
    assembled: bool = False

    def __repr__(self) -> str:
        return f"<Sealed: {self.scheme}, not shown>"


def strangers_json(
    data: bytes | str,
    *,
    longest: int = 65_536,
    most: int = 20_000,
    deepest: int = 16,
    plain: bool = False,
) -> Any | Code:
    """Read a stranger's JSON within limits; or return the code of why it is not read. Never raises.

    Args:
        data: the document, as its bytes or as a text; a byte order mark before it is refused.
        longest: bytes that it may have.
        most: values that it may have.
        deepest: levels that it may have.
        plain: refuse fractions and integers beyond 2^53 as well, for what is signed as RFC 8785 writes it.

    Returns:
        Plain values, or JSON_LIMITS, JSON_DUPLICATE_KEY, JSON_INVALID.
    """
    try:
        content = data.encode() if isinstance(data, str) else data
        return strict_json.strangers(
            content, longest=longest, most=most, deepest=deepest, plain=plain
        )
    except strict_json.Beyond:
        return Code.JSON_LIMITS
    except strict_json.Twice:
        return Code.JSON_DUPLICATE_KEY
    except ValueError:
        return Code.JSON_INVALID


class Decoded(NamedTuple):
    """A certificate if the payload is one, and what was found on the way."""

    certificate: HealthCertificate | None
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        return "<Decoded: not shown>"


_is_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII).fullmatch
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?", re.ASCII)
CALENDAR = range(2, 9999)
"""Years of which an instant is a date on every clock of the world."""

# Met in real certificates: `+02`, `+0200`, no zone at all, a blank instead of T, no seconds.
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?([.,][0-9]{1,9})?"
    r"(Z|z|[+-][0-9]{2}(?::?[0-9]{2})?)?",
    re.ASCII,
)


def is_map(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Tell whether `value` is a map, as cbor2 makes them."""
    return type(value) is dict or isinstance(value, Mapping)


def names_somebody(text: str | None) -> bool:
    """Tell whether a name holds a letter or a digit: blanks and fillers are nobody's, thus anybody's."""
    return text is not None and any(map(str.isalnum, text))


def moment(text: str) -> Moment | None:
    """Read a date or an instant as leniently as can be done without guessing; None if it is none.

    "00" stands for an unknown month or day ("1963-00"). An instant without a zone is its day.
    """
    if _is_day(text) and "-00" not in text:
        try:
            return tuple.__new__(Moment, (Precision.DAY, date.fromisoformat(text)))
        except ValueError:
            return None
    if match := _DATE.fullmatch(text):
        year, month, day = (int(part or 0) for part in match.groups())
        precision = Precision.DAY if day else Precision.MONTH if month else Precision.YEAR
        if day and not month:
            return None
        try:
            return Moment(precision, date(year, month or 1, day or 1))
        except ValueError:
            return None
    if match := _INSTANT.fullmatch(text):
        return _instant(match)
    return None


def _instant(match: re.Match[str]) -> Moment | None:
    day, minute, seconds, fraction, zone = match.groups()
    zone = "+00:00" if zone in ("Z", "z") else zone
    if zone and len(zone) == 3:
        zone += ":00"
    elif zone and ":" not in zone:
        zone = f"{zone[:3]}:{zone[3:]}"
    # Six digits are what datetime holds; a test is not timed more finely.
    part = (fraction or "").replace(",", ".")[:7]
    try:
        when = datetime.fromisoformat(f"{day}T{minute}{seconds or ':00'}{part}{zone or ''}")
    except ValueError:
        return None
    if when.year not in CALENDAR:
        return None
    return Moment(Precision.INSTANT, when) if zone else Moment(Precision.DAY, when.date())


class FieldReader:
    """Reads one group of fields and gathers findings."""

    __slots__ = ("findings", "group", "where")

    def __init__(self, group: Mapping[Any, Any], where: str, findings: list[Finding]) -> None:
        self.group, self.where, self.findings = group, where, findings

    def note(self, code: Code, name: str) -> None:
        """Add a finding about one field."""
        self.findings.append(Finding(code, f"{self.where}{name}"))

    def text(self, name: str, *, required: bool = False, longest: int | None = None) -> str | None:
        """Read a text; "" counts as said, null as missing."""
        value = self.group.get(name)
        if type(value) is str:
            if longest is not None and len(value) > longest:
                self.note(Code.SCHEMA_DEVIATION, name)
            return value
        if value is not None:
            self.note(Code.FIELD_TYPE if required else Code.SCHEMA_DEVIATION, name)
        elif required:
            self.note(Code.FIELD_MISSING, name)
        elif name in self.group:
            self.note(Code.SCHEMA_DEVIATION, name)
        return None

    def whole(self, name: str, *, required: bool = False, least: int | None = None) -> int | None:
        """Read a whole number; 2.0 is read as 2 and noted."""
        value = self.group.get(name)
        if value is None:
            if required:
                self.note(Code.FIELD_MISSING, name)
            return None
        if type(value) is float and value.is_integer():
            self.note(Code.SCHEMA_DEVIATION, name)
            value = int(value)
        if type(value) is not int:
            self.note(Code.FIELD_TYPE if required else Code.SCHEMA_DEVIATION, name)
            return None
        if least is not None and value < least:
            # 0 of 0 is "complete" to any rule that compares the two.
            self.note(Code.DOSES_BELOW_ONE, name)
        return value

    def moment(
        self,
        name: str,
        *,
        required: bool = False,
        shape: re.Pattern[str] | None = None,
        blank: bool = False,
    ) -> Moment | None:
        """Read a date or an instant. `shape` is what its schema asks for; `blank` lets "" pass."""
        value = self.text(name, required=required)
        if value is None:
            return None
        if shape is not None and not shape.fullmatch(value):
            self.note(Code.SCHEMA_DEVIATION, name)
        read = moment(value)
        if read is None and not (blank and not value):
            self.note(Code.DATE_UNREADABLE, name)
        return read

    def day(
        self,
        name: str,
        *,
        required: bool = False,
        shape: re.Pattern[str] | None = None,
        blank: bool = False,
    ) -> Moment | None:
        """Read a date. One with a time counts as its whole day, as written.

        Its time is met in real certificates where a date belongs. Judged as an instant, "14 days
        after" would begin in the afternoon, and would differ from one zone to the next.
        """
        read = self.moment(name, required=required, shape=shape, blank=blank)
        if read is None or read.precision is not Precision.INSTANT:
            return read
        return Moment(Precision.DAY, read.day())
