"""Rows of invented people, and texts that have broken somebody's intake before."""

# ruff: noqa: RUF001 - names and texts of many scripts
from __future__ import annotations

from datetime import date
from typing import Any

from pratique.intake.catalogue import Catalogue
from pratique.intake.rows import Reading, Record, read_row

TODAY = date(2022, 6, 1)
BUILTIN = Catalogue.builtin()
STAMARIL = "YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0"

PERSON = {"surname": "Bloggs", "forename": "Jo", "birth_date": "1980-02-03"}
ISSUED = {"country": "XA", "authority": "Ministry of Health of Arcadia"}
DOSE = PERSON | ISSUED | {
    "kind": "vaccination", "product": "EU/1/20/1528", "dose": "2", "doses": "2",
    "given_on": "2022-01-10", "lot": "FE1234", "site": "Clinic 7",
}  # fmt: skip
TEST = PERSON | ISSUED | {
    "kind": "test", "test_type": "LP6464-4", "test_name": "Arcadia PCR", "result": "260415000",
    "sampled_at": "2022-05-31T09:30:00+02:00", "site": "Clinic 7",
}  # fmt: skip
RECOVERY = PERSON | ISSUED | {
    "kind": "recovery", "first_positive_on": "2022-03-01", "valid_from": "2022-03-12",
    "valid_until": "2022-08-28",
}  # fmt: skip
EXEMPTION = PERSON | ISSUED | {
    "kind": "exemption", "valid_from": "2022-01-01", "valid_until": "2022-12-31",
}  # fmt: skip
YELLOW = PERSON | {
    "kind": "vaccination", "domain": "ICVP", "product": STAMARIL, "given_on": "2022-01-10",
    "lot": "S4711", "site": "Harbour clinic", "clinician": "Dr Vera Sample", "sex": "female", "nationality": "XXA",
    "document": "P1234567", "document_type": "PPN",
}  # fmt: skip
ROWS: list[dict[str, Any]] = [DOSE, TEST, RECOVERY, EXEMPTION, YELLOW]

NAUGHTY = [
    "", " ", "\t", "\r\n", "\x00", "\x1b[31mred", "\x7f", "\x85", "\u2028", "\ufeff", "\u200b", "\u200e",
    "\u202e gnirts", "\u2066x\u2069", "\u00ad", "\u180e", "\u034f", "\u115f", "\u3164", "\uffa0", "\u2800",
    "\ud800", "\udfff", "\udc80", "\ufffd", "\uffff", "\U0010ffff", "\ue000", "\U000e0041", "\u0378",
    "=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "\r=1", "＝1+1", "＠x",
    "'; DROP TABLE register;--", '" OR ""="', "1;SELECT pg_sleep(9)", "${jndi:ldap://x}", "{{7*7}}", "%s%n",
    "<script>alert(1)</script>", "../../etc/passwd", "C:\\aux", "con", "NUL", "null", "None", "NaN", "undefined",
    "true", "1e999", "0x10", "1/0", "9" * 400, "-0", "٣", "１２", "½", "Ⅷ", "²",
    "Z̸̡̢̛͇͉͓̺a̵l̷g̴o̶", "😀👩‍👩‍👧", "👍🏽", "🇦🇶", "ﷺ", "ﬃ", "İ", "ſ", "ẞ", "ǅ", "田中さん", "김", "مُحَمَّد", "שָׁלוֹם", "ไทย",
    "मोहन", "ක්‍ෂ", "می‌خواهم", "\u0301", "e\u0301" * 40, "a" * 81, "a" * 1_000_000, "\u0301" * 5000, "ﷺ" * 80,
    "2021-W10-1", "20210509", "0000-00-00", "2021-02-30", "9999-12-31", "2021-05-09T24:00:00Z", "1899-12-31",
    "2021-05-09T09:30:60Z", "2021-05-09T09:30:00+99:99", "0001-01-01T00:00:00+14:00", "-2021-05-09",
]  # fmt: skip
ODD: list[object] = [
    None, True, False, 0, -1, 2, 10**5000, 1.5, 2.0, float("nan"), float("inf"), -0.0, b"bytes", [], ["a"],
    {}, {"a": 1}, (), object(), date(1850, 1, 1), date(9999, 12, 31), 3 + 4j, range(3), Ellipsis,
]  # fmt: skip


def read(row: dict[str, Any], **others: Any) -> Reading:
    """Read a row with some cells in the place of its own."""
    return read_row(row | others, BUILTIN)


def record(row: dict[str, Any], **others: Any) -> Record:
    """Return the record of a row that has one."""
    found = read(row, **others).record
    assert found is not None
    return found


def told(remarks: Any) -> list[tuple[str, str]]:
    """Return what was remarked."""
    return [(remark.code.name, remark.column) for remark in remarks]
