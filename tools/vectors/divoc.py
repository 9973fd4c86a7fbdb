"""DIVOC's certificates: genuine ones, and each check and trap by one that differs in just that.

Sources: W3C Verifiable Credentials 1.0; Linked Data Proofs (RsaSignature2018, Ed25519Signature2018); RFC 7797;
PKWARE APPNOTE 6.3; DIVOC's vaccination contexts.
"""

from __future__ import annotations

import base64
import json
import zipfile
from typing import Any

from tools.vectors import keys
from tools.vectors.cases import GOOD, Case, Cases, Outcome, amber, facts, red
from tools.vectors.foreign import Fields, compact, credential, divoc, proven, zipped

DOSED = facts(
    "vaccination", domain="DIVOC", signer="XXB", name="Testina Sampleová", birth_date=None
)
V2 = "https://cowin.gov.in/credentials/vaccination/v2"
FIRST = "https://www.w3.org/2018/credentials/v1"
MAPPED = amber("NOT_MAPPED", "NO_RULES")
FILE = "certificate.json"
_SPEC = "DIVOC: a W3C verifiable credential in a zip archive"
_Row = tuple[str, str, str, str, Outcome, Fields | None]


def cases() -> Cases:
    """Make the cases of `divoc`."""
    for name, title, why, text, expected, seen in [*_good(), *_archives(), *_proofs(), *_terms()]:
        yield Case(f"divoc/{name}", title, why, text, expected, facts=seen)


def _of(**changes: Any) -> str:
    return divoc(proven(credential(**changes)))


def _good() -> list[_Row]:
    born = credential(**{"@context": [FIRST, V2]}, sub={"dob": "1984-02-29", "age": None})
    return [
        ("dose", "the second of two doses, with an Ed25519 proof", _SPEC, _of(), GOOD, DOSED),
        ("rsa", "the same with an RSA proof", _SPEC, divoc(proven(credential(), by="brobdingnag-health-rsa")), GOOD, DOSED),
        ("stored", "its archive is not compressed", _SPEC, divoc(proven(credential()), method=zipfile.ZIP_STORED), GOOD, DOSED),
        ("birth-date", "the second vocabulary, with a birth date", "version 2 has dob", divoc(proven(born)), GOOD, DOSED | {"birth_date": "1984-02-29"}),
        ("other-host", "the same vocabulary under another name that is known", "a closed table of names", _of(**{"@context": [FIRST, "https://divoc.dev/credentials/vaccination/v1"]}), GOOD, DOSED),
        ("identity-number", "its holder is named by a national identity number", "it is never kept, shown or stored", _of(sub={"id": "did:in.gov.uidai.aadhaar:999911112222"}), GOOD, DOSED),
        ("numbers-lack", "no dose number and no total", "they are never counted up", _of(dose={"dose": None, "totalDoses": None}), MAPPED, DOSED),
        ("class", "its vaccine is any of Pfizer's", "a class is no product", _of(dose={"vaccine": "COVID-19 Vaccine Pfizer", "manufacturer": "Pfizer"}), MAPPED, DOSED),
        ("unknown", "its vaccine is none of a known name", "free text: not guessed", _of(dose={"vaccine": "AARSHOT", "manufacturer": "Aar"}), MAPPED, DOSED),
        ("expired", "its end was yesterday", "an end that it states counts", _of(expirationDate="2026-05-31T00:00:00.000Z"), red("EXPIRED"), DOSED),
    ]  # fmt: skip


def _archives() -> list[_Row]:
    data = compact(proven(credential()))
    good = zipped([("certificate.json", data)])

    def text(archive: bytes) -> str:
        return "B64:" + base64.b64encode(archive).decode()

    refused = red("ARCHIVE_REFUSED")
    rule = "one file of one name: every reader sees the same one"
    two = zipped([("certificate.json", data), ("readme.txt", b"x")])
    return [
        ("zip-two", "two files in the archive", rule, text(two), refused, None),
        ("zip-name", "its file has another name", rule, text(zipped([("card.json", data)])), refused, None),
        ("zip-path", "its file's name is a path", rule, text(zipped([("../certificate.json", data)])), refused, None),
        ("zip-before", "something stands before the archive", rule, text(b"PK\x03\x04" + good), refused, None),
        ("zip-behind", "something stands behind the archive", rule, text(good + b"x"), refused, None),
        ("zip-encrypted", "its file is said to be encrypted", rule, text(_flagged(good)), refused, None),
        ("zip-bomb", "it unpacks to 300 kB", "what is unpacked is bounded", text(zipped([("certificate.json", b" " * 300_000)])), red("COMPRESSION_BOMB"), None),
        ("zip-cut", "its end is missing", "scan again", text(good[:-30]), amber("COMPRESSION_INVALID"), None),
        ("base64", "a character that Base64 has not", "a scanner's doing", text(good)[:40] + "!" + text(good)[41:], amber("COMPRESSION_INVALID"), None),
        ("json-twice", "a member stands there twice", "two readers could see two certificates", divoc(data[:-1] + b',"issuer":"https://x.example/"}'), red("JSON_DUPLICATE_KEY"), None),
        ("json-deep", "twenty lists in one another", "what is nested too deeply keeps a verifier busy", divoc(credential(x=json.loads("[" * 20 + "]" * 20))), red("JSON_LIMITS"), None),
        ("json-fraction", "a dose number of 1.5", "several writings of one number are signed alike", divoc(data.replace(b'"dose":2', b'"dose":1.5')), red("JSON_LIMITS"), None),
    ]  # fmt: skip


def _flagged(archive: bytes) -> bytes:
    out = bytearray(archive)
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        out[archive.index(sign) + at] |= 1
    return bytes(out)


def _proofs() -> list[_Row]:
    refused = red("HEADER_REFUSED")
    rule = "type of the proof, algorithm of its JWS and key must agree; five members, one purpose"
    document = credential()
    good = proven(document)

    def text(**options: object) -> str:
        return divoc(proven(document, **options))  # type: ignore[arg-type]

    return [
        ("proof-type", "a proof of another type", rule, text(type="JcsEd25519Signature2020"), refused, None),
        ("proof-rsa-type", "an Ed25519 signature in a proof for RSA", rule, text(type="RsaSignature2018"), refused, None),
        ("proof-alg", "its JWS names RS256", rule, text(header={"alg": "RS256", "b64": False, "crit": ["b64"]}), refused, None),
        ("proof-b64", "its JWS does not say b64", "RFC 7797", text(header={"alg": "EdDSA"}), refused, None),
        ("proof-crit", "its JWS has b64 and no crit", "RFC 7797 §6", text(header={"alg": "EdDSA", "b64": False}), refused, None),
        ("proof-purpose", "its purpose is to log in", rule, text(proofPurpose="authentication"), refused, None),
        ("proof-more", "a member more in the proof", rule, text(nonce="7"), refused, None),
        ("proof-two", "two proofs", "one proof", divoc(document | {"proof": [good["proof"], good["proof"]]}), refused, None),
        ("proof-none", "no proof", "one proof", divoc(document), refused, None),
        ("proof-short", "its signature has 63 bytes", "of Ed25519: 64", text(sign=lambda _: bytes(63)), red("SIGNATURE_FORM"), None),
        ("wrong", "another key signed it", "a signature is right or not", text(sign=lambda data: keys.sign("brobdingnag-2", data + b"x")), red("SIGNATURE_INVALID"), None),
        ("altered", "its holder's name is another than was signed", "a signature is right or not", divoc(good | {"credentialSubject": good["credentialSubject"] | {"name": "Tomas Sampleov"}}), red("SIGNATURE_INVALID"), None),
        ("issuer", "the known verification method, under another issuer", "did:india is used by everyone: both names together", _of(issuer="https://health.sylvania.example/"), amber("SIGNER_UNKNOWN"), None),
        ("method", "the known issuer, another verification method", "as before", text(verificationMethod="did:brobdingnag:2"), amber("SIGNER_UNKNOWN"), None),
    ]  # fmt: skip


def _terms() -> list[_Row]:
    good = proven(credential())
    unsigned = red("TERM_UNSIGNED")
    why = "what its vocabulary does not define is not signed: anybody can add it"
    added = [
        ("birth", good | {"credentialSubject": good["credentialSubject"] | {"dob": "1984-02-29"}}),
        ("passport", good | {"credentialSubject": good["credentialSubject"] | {"passport": "XB0000007"}}),
        ("icd11", good | {"evidence": [good["evidence"][0] | {"icd11Code": "XM8NQ0"}]}),
        ("top", good | {"remark": "boosted"}),
    ]  # fmt: skip
    alike = dict(good["evidence"][0])
    alike["vaccine"], alike["manufacturer"] = "Sputnik V", "COVISHIELD"
    turned = dict(good["evidence"][0], dose=2, totalDoses=1)
    return [
        *((f"unsigned-{name}", f"a member was added to a genuine certificate: {name}", why, divoc(document), unsigned, None) for name, document in added),
        ("vocabulary", "its vocabulary is another host's", "the name of a vocabulary is not signed: a closed table", divoc(good | {"@context": [FIRST, "https://evil.example/credentials/vaccination/v1"]}), amber("CONTEXT_UNKNOWN"), None),
        ("vocabulary-inline", "it brings a vocabulary along", "as before", divoc(good | {"@context": [FIRST, {"dob": "https://schema.org/birthDate"}]}), amber("CONTEXT_UNKNOWN"), None),
        ("vocabulary-turned", "its vocabularies stand in another order", "the later one wins, in JSON-LD", divoc(good | {"@context": good["@context"][::-1]}), amber("CONTEXT_UNKNOWN"), None),
        ("keyword", "a node is named twice over", "JSON-LD has many ways of saying one thing", divoc(good | {"credentialSubject": good["credentialSubject"] | {"@id": "did:x:y"}}), red("TERM_REFUSED"), None),
        ("address", "a term is written as its whole address", "as before", divoc(good | {"https://schema.org/name": "X"}), red("TERM_REFUSED"), None),
        ("alike-vaccine", "maker and vaccine are changed round", "both terms have one address: the signature stays good", divoc(proven(credential(dose=alike))), amber("TERMS_ALIKE", "NO_RULES"), DOSED),
        ("alike-dose", "dose 2 of 1", "as before", divoc(proven(credential(dose=turned))), amber("TERMS_ALIKE", "NO_RULES"), DOSED),
        ("no-name", "its holder has no name", "a dose of nobody is anybody's", _of(sub={"name": None}), red("NAME_MISSING"), None),
        ("no-dose", "it holds no dose", "genuine, and no event", _of(evidence=[]), amber("NO_EVENT"), None),
    ]  # fmt: skip
