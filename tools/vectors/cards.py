"""SMART Health Cards: good ones, and each check and each trap by one that differs in just that.

Sources: SMART Health Cards Framework 1.4 (spec.smarthealth.cards); RFC 7515, 7638, 1951, 8259; FHIR R4.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from tools.vectors import keys
from tools.vectors.cases import GOOD, Case, Cases, Outcome, amber, facts, red
from tools.vectors.foreign import (
    Fields,
    card,
    chunks,
    compact,
    deflated,
    immunization,
    jws,
    numeric,
    observation,
    patient,
)

WHO = {"name": "Sampleová Testina", "birth_date": "1984-02-29"}
VACCINATED = facts("vaccination", domain="SHC", **WHO)
TESTED = facts("test", domain="SHC", **WHO)
PERSON = patient()
DOSES = (immunization(occurrenceDateTime="2026-01-20"), immunization())
CARD = card(PERSON, *DOSES)
MAPPED = amber("NOT_MAPPED", "NO_RULES")
NOTHING = amber("NOT_MAPPED", "NO_EVENT")
_SOURCE = "SMART Health Cards Framework 1.4"
_NEVER_A_DOSE = "only a completed, dated Immunization is a dose"


def cases() -> Cases:
    """Make the cases of `cards`."""
    for name, title, why, text, expected, seen in _good() + _mapped():
        yield Case(f"cards/{name}", title, why, text, expected, facts=seen)
    for name, title, why, text, expected in (
        _text() + _heads() + _payloads() + _claims() + _keys() + _revoked()
    ):
        yield Case(f"cards/{name}", title, why, text, expected)


_Row = tuple[str, str, str, str, Outcome]
_Seen = tuple[str, str, str, str, Outcome, Fields | None]


def _of(*resources: Fields, **changes: Any) -> str:
    return jws(card(*resources, **changes))


def _good() -> list[_Seen]:
    parts = chunks(jws(CARD), 3)
    files = json.dumps({"verifiableCredential": [jws(CARD)]}, indent=1)
    return [
        ("vaccination", "a card of two doses, as its QR code has it", _SOURCE, numeric(jws(CARD)), GOOD, VACCINATED),
        ("jws", "the same card as a JWS, as a file has it", _SOURCE, jws(CARD), GOOD, VACCINATED),
        ("file", "a file of health cards, written over several lines", _SOURCE, files, GOOD, VACCINATED),
        ("chunks", "a card in three codes, read together", "chunking is deprecated (2022-12), and met", "\n".join(parts), GOOD, VACCINATED),
        ("chunks-turned", "the same three codes in another order", "each says which it is", "\n".join(parts[::-1]), GOOD, VACCINATED),
        ("test", "a card of one test", _SOURCE, _of(PERSON, observation()), GOOD, TESTED),
        ("test-rapid", "a card of one rapid test", _SOURCE, _of(PERSON, observation("94558-4")), GOOD, TESTED),
        ("both", "two doses and a test on one card", "a card may hold events of several kinds", _of(PERSON, *DOSES, observation()), GOOD, VACCINATED),
        ("old-types", "the type VerifiableCredential is named too", "cards of before 2021-06 name it", jws(CARD | {"vc": CARD["vc"] | {"type": ["VerifiableCredential", "https://smarthealth.cards#health-card"]}}), GOOD, VACCINATED),
        ("birth-year", "the birth date is a year", "FHIR R4 date: YYYY, YYYY-MM or YYYY-MM-DD", _of(patient(birthDate="1984"), *DOSES), GOOD, VACCINATED | {"birth_date": "1984"}),
        ("name-official", "two names, of which one is official", "Patient.name: the official one is whom a document names", _of(patient(name=[{"use": "nickname", "family": "Sam", "given": ["Tina"]}, {"use": "official", "family": "Sampleová", "given": ["Testina"]}]), *DOSES), GOOD, VACCINATED),
        ("expires", "exp is this very second", "exp is optional, and inclusive", _of(PERSON, *DOSES, exp=keys.NOON), GOOD, VACCINATED),
        ("rid", "it can be revoked by an identifier, and is not", _SOURCE, _of(PERSON, *DOSES, rid="MKyCxh7p6uQ"), GOOD, VACCINATED),
        ("nowhere", "the issuer is known, and no country of it", "the key is pinned by its issuer's full name, which is enough to be genuine", jws(CARD | {"iss": keys.SIGNERS["nowhere-cards"].issuer}, by="nowhere-cards"), amber("ISSUER_WITHOUT_COUNTRY", "NO_RULES"), VACCINATED | {"signed_by": ""}),
    ]  # fmt: skip


def _mapped() -> list[_Seen]:
    two_makers = (
        "AstraZeneca's and Covishield's doses have one CVX code: which it was is not guessed"
    )
    yellow = VACCINATED
    return [
        ("cvx-210", "a dose of CVX 210", two_makers, _of(PERSON, immunization("210")), MAPPED, VACCINATED),
        ("cvx-213", "a dose of CVX 213, of no known product", "a class of vaccines is no product", _of(PERSON, immunization("213")), MAPPED, VACCINATED),
        ("class", "a dose of an ICD-11 class", "XM0GQ8 is any mRNA vaccine", _of(PERSON, immunization("XM0GQ8", "ICD-11")), MAPPED, VACCINATED),
        ("cvx-37", "a dose against yellow fever", "CVX 37 names no product that WHO has prequalified: no ICVP comes of it", _of(PERSON, immunization("37")), MAPPED, yellow),
        ("code-unknown", "a dose of a code that is in no table", "it is shown, and no rule takes it for any vaccine", _of(PERSON, immunization("9999")), MAPPED, VACCINATED),
        ("indeterminate", "a test whose result is indeterminate", "it is neither of the two results of the EU's value set", _of(PERSON, observation(result="82334004")), MAPPED, TESTED),
        ("positive", "a positive test", "it is genuine, and no proof of a negative test", _of(PERSON, observation(result="260373001")), amber("TEST_POSITIVE", "NO_RULES"), TESTED),
        ("antibody", "an antibody test", "it says nothing about an infection today", _of(PERSON, observation("94507-1")), NOTHING, None),
        ("not-done", "a dose that was not given", _NEVER_A_DOSE, _of(PERSON, immunization(status="not-done")), NOTHING, None),
        ("error", "a dose that was entered in error", _NEVER_A_DOSE, _of(PERSON, immunization(status="entered-in-error")), NOTHING, None),
        ("undated", "a dose without a date", _NEVER_A_DOSE, _of(PERSON, immunization(occurrenceDateTime=None)), NOTHING, None),
        ("worded", "a dose whose date is in words", _NEVER_A_DOSE, _of(PERSON, immunization(occurrenceDateTime=None, occurrenceString="last winter")), NOTHING, None),
        ("preliminary", "a test whose result is preliminary", "final, amended or corrected ones count", _of(PERSON, observation(status="preliminary")), NOTHING, None),
        ("another", "a dose that refers to a person who is not on the card", "references are to entries of the same bundle", _of(PERSON, immunization(patient={"reference": "resource:7"})), NOTHING, None),
        ("two", "two persons on one card", "whose doses they are is not guessed", _of(PERSON, patient(birthDate="1990-01-01"), *DOSES), amber("SUBJECT_UNCLEAR"), None),
        ("nobody", "a card without a person", "doses of nobody are anybody's", _of(*DOSES), NOTHING, None),
        ("nameless", "a person without a name", "doses of nobody are anybody's", _of(patient(name=[]), *DOSES), red("NAME_MISSING"), None),
    ]  # fmt: skip


RID, LATER, EARLIER = "MKyCxh7p6uT", "vwAjHdarZuc", "XkNHp2Iyk0Y"


def rid_lists() -> list[Fields]:
    """Return what issuers have revoked of their cards, each list with whose it is."""
    ours, nobody = keys.SIGNERS["utopia-cards"], keys.SIGNERS["nowhere-cards"]
    return [
        {"issuer": ours.issuer, "list": {"kid": ours.kid.decode(), "method": "rid", "ctr": 2, "rids": [RID, f"{LATER}.{keys.ISSUED + 1}", f"{EARLIER}.{keys.ISSUED}"]}},
        {"issuer": nobody.issuer, "list": {"kid": nobody.kid.decode(), "method": "rid", "ctr": 1, "rids": ["a" * 25, RID]}},
    ]  # fmt: skip


def _revoked() -> list[_Row]:
    nobody = {"iss": keys.SIGNERS["nowhere-cards"].issuer}

    def elsewhere(rid: str) -> str:
        return jws(card(PERSON, *DOSES, rid=rid) | nobody, by="nowhere-cards")

    rule = "rid[.instant]: with an instant, what was issued before it is revoked"
    return [
        ("revoked", "its rid is on its issuer's list", rule, _of(PERSON, *DOSES, rid=RID), red("REVOKED")),
        ("revoked-before", "its rid is listed with an instant, and it was issued three quarters of a second before that", rule, _of(PERSON, *DOSES, rid=LATER), red("REVOKED")),
        ("revoked-not", "its rid is listed with an instant, and it was issued a quarter of a second after that", rule, _of(PERSON, *DOSES, rid=EARLIER), GOOD),
        ("revoked-list-odd", "its issuer's list has an entry that is none", "such a list cannot clear a card", elsewhere("MKyCxh7p6uQ"), amber("ISSUER_WITHOUT_COUNTRY", "REVOCATION_UNCONFIRMED", "NO_RULES")),
        ("revoked-list-odd-on", "its issuer's list has an entry that is none, and its rid", "what is read of it counts", elsewhere(RID), red("ISSUER_WITHOUT_COUNTRY", "REVOKED")),
    ]  # fmt: skip


def _text() -> list[_Row]:
    digits, parts = numeric(jws(CARD)), chunks(jws(CARD), 3)
    again = amber("TEXT_DAMAGED")
    return [
        ("digits-odd", "a digit is missing at the end", "two digits are a character", digits[:-1], again),
        ("digits-78", "a pair of digits is 78", "00 to 77: ord - 45", "shc:/78" + digits[7:], again),
        ("digits-letter", "a letter is among the digits", "a scanner's doing: nobody is accused", digits[:99] + "O" + digits[100:], again),
        ("one-of-three", "one of three codes", "what is missing is asked for, never held against anybody", parts[1], amber("PARTS_MISSING")),
        ("two-of-three", "two of three codes", "as before", "\n".join(parts[:2]), amber("PARTS_MISSING")),
        ("chunk-beyond", "a code that says it is the fourth of three", "1 to N", "\n".join([parts[0], "shc:/4/3/" + parts[1][9:], parts[2]]), amber("TEXT_SEVERAL")),
        ("chunk-none", "a code that says it is number 0", "1 to N", "\n".join(["shc:/0/3/" + parts[0][9:], *parts[1:]]), amber("TEXT_SEVERAL")),
        ("chunk-twice", "the first code twice, in two contents", "which of the two is right cannot be told", "\n".join([parts[0], "shc:/1/3/" + parts[1][9:], parts[2]]), amber("PARTS_CONFLICT")),
        ("chunk-counts", "codes of three and of four", "they are of two cards", "\n".join([parts[0], "shc:/2/4/" + parts[1][9:], parts[2]]), amber("TEXT_SEVERAL")),
    ]  # fmt: skip


def _heads() -> list[_Row]:
    rule = "RFC 7515 and the framework: alg ES256, zip DEF, kid; nothing that brings a key along"
    odd: list[tuple[str, Fields]] = [
        ("alg-none", {"alg": "none"}), ("alg-es384", {"alg": "ES384"}), ("alg-missing", {"alg": None}),
        ("zip-other", {"zip": "GZ"}), ("kid-missing", {"kid": None}),
        ("kid-number", {"kid": 7}), ("jwk", {"jwk": {"kty": "EC"}}), ("jku", {"jku": "https://keys.example/jwks.json"}),
        ("x5c", {"x5c": ["MIIB"]}), ("x5u", {"x5u": "https://keys.example/a.pem"}), ("crit", {"crit": ["exp"]}),
        ("b64", {"b64": False}),
    ]  # fmt: skip
    rows: list[_Row] = [
        (f"head-{name}", f"the head is odd: {name}", rule, jws(CARD, **change), red("HEADER_REFUSED"))
        for name, change in odd
    ]  # fmt: skip
    kid = keys.SIGNERS["utopia-cards"].kid.decode()
    twice = f'{{"alg":"none","alg":"ES256","zip":"DEF","kid":"{kid}"}}'.encode()
    return [
        *rows,
        ("head-twice", "the head names two algorithms", "RFC 8259 §4: two readers could see two heads", jws(CARD, header=twice), red("JSON_DUPLICATE_KEY")),
    ]  # fmt: skip


def _payloads() -> list[_Row]:
    plain = compact(CARD)
    dotted = plain.replace(b'"nbf":', b'"nbf":NaN,"was":')
    rows: list[tuple[str, str, str, bytes, Outcome]] = [
        ("bom", "a byte order mark before the content", "RFC 8259 §8.1: none is written", deflated(b"\xef\xbb\xbf" + plain), red("JSON_INVALID")),
        ("bomb", "3 MB of blanks, deflated", "what is unpacked is bounded before it is read", deflated(b" " * 3_000_000), red("COMPRESSION_BOMB")),
        ("behind", "bytes behind the deflated content", "one reader could see them, another not", deflated(plain) + b"\0\0", red("COMPRESSION_TRAILING")),
        ("zlib", "the content is deflated with a head (RFC 1950)", "raw DEFLATE is what is asked for", zlib.compress(plain), amber("COMPRESSION_INVALID")),
        ("twice", "nbf stands there twice", "RFC 8259 §4: two readers could see two cards", deflated(plain[:-1] + b',"nbf":1}'), red("JSON_DUPLICATE_KEY")),
        ("nan", "nbf is NaN", "RFC 8259 §6: no number of JSON", deflated(dotted), red("JSON_LIMITS")),
        ("deep", "thirty lists in one another", "what is nested too deeply keeps a verifier busy", deflated(compact(CARD | {"x": json.loads("[" * 30 + "]" * 30)})), red("JSON_LIMITS")),
        ("text", "the content is JSON in a text in JSON", "met: written twice by mistake", deflated(compact(json.dumps(CARD))), red("CLAIMS_INVALID")),
        ("latin", "the content is not UTF-8", "RFC 8259 §8.1", deflated(plain.replace("á".encode(), b"\xe1")), red("JSON_INVALID")),
    ]  # fmt: skip
    made: list[_Row] = [
        (f"payload-{name}", title, why, jws(CARD, packed=packed), expected)
        for name, title, why, packed, expected in rows
    ]
    return made


def _claims() -> list[_Row]:
    types = CARD["vc"] | {"type": ["https://smarthealth.cards#covid19"]}
    return [
        ("expired", "exp was a second ago", "exp is honoured where it is there", _of(PERSON, *DOSES, exp=keys.NOON - 1), red("EXPIRED")),
        ("not-yet", "nbf is in an hour", "nbf is when it was issued", _of(PERSON, *DOSES, nbf=keys.NOON + 3600), red("NOT_YET_VALID")),
        ("milliseconds", "nbf is in milliseconds", "met: written so by mistake, it is a year that no calendar has", _of(PERSON, *DOSES, nbf=keys.ISSUED * 1000), red("INSTANT_UNREADABLE", "ISSUED_MISSING")),
        ("no-nbf", "there is no nbf", "every card says when it was issued", _of(PERSON, *DOSES, nbf=None), amber("ISSUED_MISSING", "NO_RULES")),
        ("type", "it is not of the type of health cards", "https://smarthealth.cards#health-card is required", jws(CARD | {"vc": types}), red("CLAIMS_INVALID")),
        ("no-bundle", "there is no bundle in it", _SOURCE, jws(CARD | {"vc": CARD["vc"] | {"credentialSubject": {"fhirVersion": "4.0.1"}}}), red("CLAIMS_INVALID")),
        ("no-iss", "it names no issuer", "the key is looked up by issuer and kid", _of(PERSON, *DOSES, iss=None), red("CLAIMS_INVALID")),
        ("rid-long", "its revocation identifier is longer than one can be", "by what it would be revoked cannot be looked up", _of(PERSON, *DOSES, rid="a" * 25), amber("REVOCATION_UNCONFIRMED", "NO_RULES")),
        ("after", "a dose after the card's own issue", "contradicts itself", _of(PERSON, immunization(occurrenceDateTime="2026-05-20")), amber("EVENT_AFTER_ISSUE", "NO_RULES")),
    ]  # fmt: skip


def _keys() -> list[_Row]:
    issuer = keys.SIGNERS["utopia-cards"].issuer
    unknown = amber("SIGNER_UNKNOWN")
    rows: list[_Row] = [
        (f"iss-{name}", f"the known key and kid, and an iss that is another: {name}", "keys are looked up by (iss, kid), never by the kid alone", jws(CARD | {"iss": iss}), unknown)
        for name, iss in (
            ("http", issuer.replace("https", "http")), ("slash", issuer + "/"), ("suffix", issuer + "/v2"),
            ("other", "https://cards.sylvania.example/issuer"), ("capital", issuer.replace("cards", "Cards")),
        )
    ]  # fmt: skip
    return [
        *rows,
        ("kid-unknown", "a kid that its issuer does not have", "the list here may be old: a person looks", jws(CARD, kid="3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s"), unknown),
        ("wrong", "another key signed it", "a signature is right or not", jws(CARD, sign=lambda data: keys.sign("stranger", data)), red("SIGNATURE_INVALID")),
        ("altered", "a dose's day is another than was signed", "a signature is right or not", jws(card(PERSON, immunization(occurrenceDateTime="2026-02-21")), sign=lambda _: keys.sign("utopia-13", b"another")), red("SIGNATURE_INVALID")),
        ("der", "the signature is DER", "RFC 7518 §3.4: r and s, 32 bytes each", jws(CARD, sign=lambda data: keys.sign_der("utopia-13", data)), red("SIGNATURE_FORM")),
        ("other-scheme", "a key of NZ COVID Pass, under its own names", "a key of one scheme vouches in no other", jws(CARD | {"iss": keys.SIGNERS["policy-passes"].issuer}, kid="key-1", sign=lambda data: keys.sign("arcadia-5", data)), unknown),
        ("hcert-key", "the key of an HCERT signer, by its kid", "as before", jws(CARD | {"iss": "XU"}, kid=keys.SIGNERS["utopia"].kid.hex(), sign=lambda data: keys.sign("utopia", data)), unknown),
        ("key-over", "the key's time is over, and the card has no end", "what ended is the key, not what it attests", jws(CARD, by="utopia-cards-over"), amber("SIGNER_ENDED", "NO_RULES")),
    ]  # fmt: skip
