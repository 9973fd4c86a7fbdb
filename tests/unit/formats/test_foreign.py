"""Codes of other families are named, and nothing of them is opened or repeated."""

from __future__ import annotations

import pytest

from pratique.authenticate import read
from pratique.findings import UNREAD, Code, Finding, Severity, Step
from pratique.formats import of, reader_of, shapes
from pratique.terms import Scheme

NAMED = [
    ("shlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnIn0", "SMART Health Link"),
    ("SHLINK:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnIn0", "SMART Health Link"),
    ("https://viewer.example/#shlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnIn0", "SMART Health Link"),
    ('{"files":[{"contentType":"application/smart-health-card","location":"x"}]}', "SMART Health Link"),
    ('{"contentType":"application/smart-health-card","embedded":"x"}', "SMART Health Link"),
    ('{"label":"x","url":"https://a.example","flag":"U","key":"' + "A" * 43 + '"}', "SMART Health Link"),
    ("HCFR1:NCFX", "French activity pass"),
    ("EX1:NCFX", "French exemption"),
    ("NL2:K9P-34Y6N$3WD25", "Dutch domestic code"),
    ("NL1:K9P-34Y6N$3WD25", "Dutch domestic code"),
    ("CH1:6BFOXN", "Swiss domestic code"),
    ("AT1:6BFOXN", "Austrian domestic code"),
    ("AT1: 6BF OXN", "Austrian domestic code"),
    ("HC2:6BFOXN", "another version of HCERT"),
    ("\xdc\x03\xc1", "ICAO visible digital seal"),
    ('{"verifiableCredential": []}', "SMART Health Card file"),
    ('{"resourceType":"Bundle"}', "FHIR document"),
    ('{"type":["VerifiableCredential"],"@context":[]}', "W3C verifiable credential"),
    ('{"iss":"https://a.example","nbf":1,"vc":{}}', "health card without its signature"),
    ("eyJhbGciOiJFUzI1NiJ9.3ZJLb9swEIT.x", "signed JSON (JWS)"),
    ("eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..3ZJL.b9sw.EITx", "encrypted JSON (JWE)"),
    ("eyJhbGciOiJFUzI1NiJ9.3ZJLb9swEIT.x~eyJ~", "SD-JWT credential"),
    ("mdoc:owBjMS4w", "ISO mobile document"),
    ("openid4vp://authorize?client_id=x", "wallet request"),
]  # fmt: skip

READ = [
    ("shc:/5676290952432060346029243740446031222959532654603460292540772804336028", Scheme.SHC, "SMART Health Card"),
    ("shc:/1/3/5676290952432060", Scheme.SHC, "SMART Health Card"),
    ("eyJ6aXAiOiJERUYiLCJhbGciOiJFUzI1NiJ9.3ZJLb9swEIT.x", Scheme.SHC, "signed JSON (JWS)"),
    ("eyJhbGciOiJFUzI1NiIsInppcCI6IkRFRiJ9.3ZJLb9swEIT.x", Scheme.SHC, "signed JSON (JWS)"),
    ("eyJraWQiOiIxIiwiemlwIjoiREVGIn0.3ZJLb9swEIT.x", Scheme.SHC, "signed JSON (JWS)"),
    ("NZCP:/1/2KCEVIQEIVVWK6JNGEASNICZAEP2KALY", Scheme.NZCP, "NZ COVID Pass"),
    ("DC04FR0000011E6A1E6AL101FRL0SPECIMEN\x1d", Scheme.TWO_D_DOC, "French 2D-DOC"),
    ("DC03FR000001", Scheme.TWO_D_DOC, "French 2D-DOC"),
    ("LT1:6BFOXN", Scheme.CH_LIGHT, "Swiss certificate light"),
    ("B64:UEsDBBQAAAAIA", Scheme.DIVOC, "DIVOC certificate"),
    ('{"data":{"hdr":{"t":"icao.vacc","v":1,"is":"UTO"}}}', Scheme.VDS_NC, "ICAO VDS-NC"),
    ('{\n  "data" : {\n    "msg": {},\n    "hdr": {}\n  }\n}', Scheme.VDS_NC, "ICAO VDS-NC"),
    ('{"sig":{"alg":"ES256"},"data":{}}', Scheme.VDS_NC, "ICAO VDS-NC"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name"), NAMED)
def test_a_known_format_is_named_and_amber(text: str, name: str) -> None:
    assert shapes.name_of(text) == name
    assert read(text) == Finding(Code.FORMAT_NOT_READ, name)


@pytest.mark.parametrize(("text", "scheme", "name"), READ)
def test_a_format_that_is_read_goes_to_its_own_reader(text: str, scheme: Scheme, name: str) -> None:
    assert shapes.name_of(text) == name
    assert of(text) is reader_of(scheme)


@pytest.mark.parametrize(("text", "_name"), NAMED)
def test_no_reader_takes_what_is_known_by_name_only(text: str, _name: str) -> None:
    assert of(text) is None


@pytest.mark.parametrize(
    "text", ["", "HC1:6BFOXN", "HELLO", "https://example.org/", "{}", "eyJ", "PK"]
)
def test_another_text_is_not_named(text: str) -> None:
    assert shapes.name_of(text) is None


def test_names_are_short_and_plain() -> None:
    for _, name in shapes.FORMATS:
        assert name.isascii()
        assert len(name) < 40


def test_only_the_beginning_is_looked_at() -> None:
    padded = "{" + " " * shapes.LONGEST_NAMED + '"data":{"hdr":{}}}'
    assert shapes.name_of(padded) is None


def test_what_is_not_read_is_never_red() -> None:
    for code in UNREAD | {Code.FORMAT_NOT_READ}:
        assert code.severity is Severity.WARNING, code.name
        assert code.step in {Step.TEXT, Step.BASE45, Step.COMPRESSION}
