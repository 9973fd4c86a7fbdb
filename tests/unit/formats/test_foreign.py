"""Codes of other families are named, and nothing of them is opened or repeated."""

from __future__ import annotations

import pytest

from pratique.authenticate import read
from pratique.findings import UNREAD, Code, Finding, Severity, Step
from pratique.formats import wrapping

NAMED = [
    ("shc:/5676290952432060346029243740446031222959532654603460292540772804336028", "SMART Health Card"),
    ("shc:/1/3/5676290952432060", "SMART Health Card"),
    ("SHC:/56762909524320603460292437", "SMART Health Card"),
    ("shlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnIn0", "SMART Health Link"),
    ("https://viewer.example/#shlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnIn0", "SMART Health Link"),
    ("NZCP:/1/2KCEVIQEIVVWK6JNGEASNICZAEP2KALY", "NZ COVID Pass"),
    ("nzcp:/1/2KCEVIQEIVVWK6JNGEASNICZAEP2KALY", "NZ COVID Pass"),
    ("DC04FR0000011E6A1E6AL101FRL0SPECIMEN\x1d", "French 2D-DOC"),
    ("DC03FR000001", "French 2D-DOC"),
    ("https://bonjour.tousanticovid.gouv.fr/app/wallet2d?v=DC04FR00%1D", "French 2D-DOC"),
    ("HCFR1:NCFX", "French activity pass"),
    ("EX1:NCFX", "French exemption"),
    ("NL2:K9P-34Y6N$3WD25", "Dutch domestic code"),
    ("NL1:K9P-34Y6N$3WD25", "Dutch domestic code"),
    ("LT1:6BFOXN", "Swiss certificate light"),
    ("CH1:6BFOXN", "Swiss domestic code"),
    ("AT1:6BFOXN", "Austrian domestic code"),
    ("HC2:6BFOXN", "another version of HCERT"),
    ("PK\x03\x04" + "\0" * 26 + "certificate.json{", "DIVOC certificate"),
    ('{"sig":{"alg":"ES256"},"data":{}}', "ICAO VDS-NC"),
    ('{"verifiableCredential": ["eyJ6aXAiOiJERUYi.x.y"]}', "SMART Health Card file"),
    ('{"resourceType":"Bundle"}', "FHIR document"),
    ('{"type":["VerifiableCredential"],"@context":[]}', "W3C verifiable credential"),
    ("eyJ6aXAiOiJERUYiLCJhbGciOiJFUzI1NiJ9.3ZJLb9swEIT.x", "signed JSON (JWS)"),
    ("mdoc:owBjMS4w", "ISO mobile document"),
    ("openid4vp://authorize?client_id=x", "wallet request"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name"), NAMED)
def test_a_known_format_is_named_and_amber(text: str, name: str) -> None:
    assert wrapping.name_of(text) == name
    assert read(text) == Finding(Code.FORMAT_NOT_READ, name)


@pytest.mark.parametrize(
    "text", ["", "HC1:6BFOXN", "HELLO", "https://example.org/", "{}", "eyJ", "PK"]
)
def test_another_text_is_not_named(text: str) -> None:
    assert wrapping.name_of(text) is None


def test_names_are_short_and_plain() -> None:
    for _, name in wrapping.FORMATS:
        assert name.isascii()
        assert len(name) < 40


def test_only_the_beginning_is_looked_at() -> None:
    padded = "{" + " " * wrapping.LONGEST_NAMED + '"data":{"hdr":{}}}'
    assert wrapping.name_of(padded) is None


def test_what_is_not_read_is_never_red() -> None:
    for code in UNREAD | {Code.FORMAT_NOT_READ}:
        assert code.severity is Severity.WARNING, code.name
        assert code.step in {Step.TEXT, Step.BASE45, Step.COMPRESSION}
