"""ICAO's visible digital seals (VDS-NC): genuine ones, and each check and trap by one that differs in just that.

Sources: ICAO Doc 9303-12 and 9303-13; RFC 8785, 5280.
"""

from __future__ import annotations

import json
from typing import Any

from tools.vectors import keys
from tools.vectors.cases import GOOD, Case, Cases, Outcome, amber, facts, red
from tools.vectors.certificates import SEALS, certificate
from tools.vectors.foreign import (
    Fields,
    compact,
    seal,
    seal_data,
    seal_doses,
    seal_person,
    tested_seal,
    vaccinated_seal,
)

WHO = {"name": "SAMPLEOVA TESTINA", "birth_date": "1984-02-29"}
DOSED = facts("vaccination", domain="VDS-NC", **WHO)
TESTED = facts("test", domain="VDS-NC", **WHO)
MAPPED = amber("NOT_MAPPED", "NO_RULES")
DATA = vaccinated_seal()
_SPEC = "ICAO Doc 9303-13, VDS-NC"
_SHA384, _SHA224 = bytes.fromhex("06082a8648ce3d040303"), bytes.fromhex("06082a8648ce3d040301")
"""ECDSA with these digests, as DER has them (RFC 5758 §3.2)."""
_Row = tuple[str, str, str, str, Outcome, Fields | None]


def cases() -> Cases:
    """Make the cases of `seals`."""
    for name, title, why, text, expected, seen in [*_good(), *_signed(), *_chains(), *_content()]:
        yield Case(f"seals/{name}", title, why, text, expected, facts=seen)


def _good() -> list[_Row]:
    spread = json.dumps(json.loads(seal(DATA)), indent=2, ensure_ascii=False)
    turned = json.dumps({"sig": json.loads(seal(DATA))["sig"], "data": DATA}, ensure_ascii=False)
    return [
        ("doses", "a proof of two doses", _SPEC, seal(DATA), GOOD, DOSED),
        ("spread", "the same, written over several lines", "signed is the canonical form, not the text", spread, GOOD, DOSED),
        ("turned", "the same, with its parts in another order", "as before", turned, GOOD, DOSED),
        ("test", "a proof of a negative test", _SPEC, seal(tested_seal()), MAPPED, TESTED),
        ("types-absent", "its certificate names no types of documents", "where none are given, all are meant", seal(DATA, certificate=certificate(types=())), GOOD, DOSED),
    ]  # fmt: skip


def _signed() -> list[_Row]:
    plain = compact(DATA)
    invalid, form = red("SIGNATURE_INVALID"), red("SIGNATURE_FORM")
    twice = plain.replace(b'"dob":', b'"dob":"1990-01-01","dob":')
    fraction = plain.replace(b'"seq":1', b'"seq":1.0')
    great = plain.replace(b'"seq":1', b'"seq":9007199254740993')
    return [
        ("altered", "another day than was signed", "a signature is right or not", seal(DATA, raw=plain.replace(b"2026-02-20", b"2026-02-26")), invalid, None),
        ("wrong", "another key signed it", "as before", seal(DATA, sign=lambda data: keys.sign("stranger", data)), invalid, None),
        ("as-it-stands", "signed is the text as it stands, not its canonical form", "RFC 8785", seal(DATA, sign=lambda _: keys.sign(SEALS, compact(DATA | {"z": 1}))), invalid, None),
        ("der", "the signature is DER", "r and s of fixed length", seal(DATA, sign=lambda data: keys.sign_der(SEALS, data)), form, None),
        ("short", "the signature is cut", "r and s of fixed length", seal(DATA, sign=lambda data: keys.sign(SEALS, data)[:-1]), form, None),
        ("alg-other", "it names ES384, and its key is for ES256", "the key says which algorithm", seal(DATA, alg="ES384", sign=lambda _: bytes(96)), red("ALGORITHM_REFUSED"), None),
        ("alg-none", "it names no algorithm that is known", "as before", seal(DATA, alg="none"), red("ALGORITHM_REFUSED"), None),
        ("twice", "a birth date stands there twice", "two readers could see two persons", seal(DATA, raw=twice), red("JSON_DUPLICATE_KEY"), None),
        ("fraction", "a number with a fraction", "RFC 8785: its canonical form has several writings", seal(DATA, raw=fraction), red("JSON_LIMITS"), None),
        ("great", "a number that no float holds", "as before", seal(DATA, raw=great), red("JSON_LIMITS"), None),
        ("deep", "twenty lists in one another", "what is nested too deeply keeps a verifier busy", seal(vaccinated_seal(x=json.loads("[" * 20 + "]" * 20))), red("JSON_LIMITS"), None),
        ("cut", "its end is missing", "scan again", seal(DATA)[:-20], amber("TEXT_DAMAGED"), None),
        ("no-certificate", "it brings no certificate", _SPEC, seal(DATA, cer=None), form, None),
        ("no-issuer", "it does not say whose it is", _SPEC, seal(DATA | {"hdr": {"t": "icao.vacc", "v": 1}}), red("HEADER_REFUSED"), None),
    ]  # fmt: skip


def _chains() -> list[_Row]:
    def text(data: Fields = DATA, **limits: Any) -> str:
        return seal(data, certificate=certificate(**limits))

    rule = "only a certificate that is for seals alone, by a CSCA that is held, may sign one"
    purpose = red("SEAL_PURPOSE")
    return [
        ("chain-forged", "it names a CSCA that is held and its key, and another key signed it", "nothing of it is believed before its chain", text(by="stranger"), red("SEAL_CHAIN_WRONG"), None),
        ("chain-unread", "its certificate is signed with a digest that is not believed", "ECDSA with SHA-224", seal(DATA, certificate=certificate().replace(_SHA384, _SHA224)), amber("SEAL_CHAIN_UNREAD"), None),
        ("chain-unknown", "a CSCA that is not held", "the list here may be old", text(by="stranger", names_key="stranger", issuer="Sylvania CSCA"), amber("SIGNER_UNKNOWN"), None),
        ("chain-namesake", "a CSCA of a name that is held, with a key that is not", "states renew their keys", text(by="stranger", names_key="stranger"), amber("SIGNER_UNKNOWN"), None),
        ("purpose-none", "its certificate says no purpose", rule, text(purposes=()), purpose, None),
        ("purpose-other", "its certificate is for passports' lists of deviations", rule, text(purposes=("2.23.136.1.1.3",)), purpose, None),
        ("purpose-more", "its certificate is for seals and for TLS", rule, text(purposes=("2.23.136.1.1.14.2", "1.3.6.1.5.5.7.3.1")), purpose, None),
        ("authority", "its certificate is a CA's", rule, text(is_ca=True), red("SEAL_OF_AUTHORITY"), None),
        ("usage", "its certificate's key may not sign documents", rule, text(signs=False), red("SEAL_KEY_USAGE"), None),
        ("country", "its certificate is Arcadia's, under Utopia's CSCA", "a CSCA signs for its own country", text(country="XA"), red("SEAL_COUNTRY"), None),
        ("head-country", "its head says Arcadia, its certificate Utopia", "both must agree", text(DATA | {"hdr": DATA["hdr"] | {"is": "XXA"}}), red("SEAL_COUNTRY"), None),
        ("types", "a proof of vaccination under a certificate for tests", "types of documents bind, where they are given", text(types=("NT",)), red("USAGE_WRONG"), DOSED),
        ("ended", "its certificate's time is over", "what ended is the key: a seal states no end", text(ends=keys.NOON - keys.DAY), amber("SIGNER_ENDED", "NO_RULES"), DOSED),
        ("begins", "its certificate is not in use yet", "its time is its own", text(begins=keys.NOON + keys.DAY), red("SIGNER_NOT_YET"), DOSED),
        ("unreadable", "its certificate is none", "nothing is proven by it", seal(DATA, certificate=b"\x30\x03\x02\x01\x07"), amber("SIGNER_UNREADABLE"), None),
    ]  # fmt: skip


def _content() -> list[_Row]:
    single = seal_person(n="SAMPLEOVA TESTINA")
    return [
        ("name-whole", "its name has one blank", "where the surname ends cannot be told: it stays whole", seal(vaccinated_seal(pid=single)), GOOD, DOSED),
        ("no-birth", "no birth date", "a document number may stand for it", seal(vaccinated_seal(pid=seal_person(dob=None))), GOOD, DOSED | {"birth_date": None}),
        ("no-name", "no name", "doses of nobody are anybody's", seal(vaccinated_seal(pid=seal_person(n=None))), red("NAME_MISSING"), None),
        ("class", "any mRNA vaccine, of no known brand", "a class is no product", seal(vaccinated_seal(ve=seal_doses("2026-02-20", des="XM0GQ8", nam="mRNA"))), MAPPED, DOSED),
        ("brand", "a class, and a brand by its name", "Japan's seals say XM0GQ8 for both brands: the product is in the name", seal(vaccinated_seal(ve=seal_doses("2026-02-20", des="XM0GQ8", nam="COMIRNATY"))), GOOD, DOSED),
        ("contradicts", "a class of mRNA, and a brand of a vector", "neither is believed", seal(vaccinated_seal(ve=seal_doses("2026-02-20", des="XM0GQ8", nam="Vaxzevria"))), MAPPED, DOSED),
        ("test-words", "a test in words that are not known", "only the exact ones are", seal(tested_seal(tr={"tc": "sniffer dog", "r": "negative"})), MAPPED, TESTED),
        ("test-unclear", "a result in words that are not known", "as before", seal(tested_seal(tr={"tc": "molecular(PCR)", "r": "unclear"})), MAPPED, TESTED),
        ("test-positive", "a positive test", "genuine, and no proof of a negative test", seal(tested_seal(tr={"tc": "molecular(PCR)", "r": "positive"})), amber("NOT_MAPPED", "TEST_POSITIVE", "NO_RULES"), TESTED),
        ("no-head", "its data have no head", "what it is, nobody can tell", seal({"msg": {"x": 1}}), amber("FORMAT_NOT_READ"), None),
        ("no-message", "its data have no message", _SPEC, seal({"hdr": DATA["hdr"]}), red("HEADER_REFUSED"), None),
        ("test-time-number", "the time of its sample is a number", "a test without a time is no test that rules can judge", seal(tested_seal(dat={"sc": 7, "ri": "2026-02-28T20:00:00Z"})), amber("SCHEMA_DEVIATION", "DATE_UNREADABLE", "NO_EVENT"), None),
        ("test-place-list", "its place is a list", "what is not of its form is not there", seal(tested_seal(sp=[1])), amber("SCHEMA_DEVIATION", "NOT_MAPPED", "NO_RULES"), TESTED),
        ("to-come", "a test in a year to come", "a seal does not say when it was made: only the clock tells", seal(tested_seal(dat={"sc": "2031-02-28T20:00:00Z", "ri": "2031-02-28T21:00:00Z"})), amber("EVENT_TO_COME", "NOT_MAPPED", "NO_RULES"), TESTED),
        ("no-dose", "it holds no dose", "genuine, and no event", seal(vaccinated_seal(ve=[])), amber("NO_EVENT"), None),
        ("version", "version 2", "it may say something else", seal(DATA | {"hdr": DATA["hdr"] | {"v": 2}}), amber("VERSION_UNKNOWN"), None),
        ("kind", "a seal of another kind", "a visa, say", seal(seal_data("icao.visa", x=1)), amber("CLAIM_UNKNOWN"), None),
    ]  # fmt: skip
