"""NZ COVID Passes and Swiss certificates light: genuine ones, and each check and trap by one that differs in just that.

Sources: nzcovidpass-spec 1.0; RFC 4648, 8392, 9052; admin-ch CovidCertificate (certificate light).
"""

from __future__ import annotations

import base64

import cbor2

from tools.vectors import keys
from tools.vectors.cases import Case, Cases, Outcome, amber, facts, red
from tools.vectors.foreign import Fields, base32, light, light_claims, nzcp, policy
from tools.vectors.layers import CWT_TAGGED, TAGGED, UNTAGGED, base45, cbor, hc1, pack, signed

WHO = {"name": "Sampleová Testina", "birth_date": "1984-02-29"}
PASSED = facts("pass", domain="NZCP", signer="NZ", **WHO)
LIGHT = facts("pass", domain="CH-LIGHT", signer="CH", **WHO)
GENUINE = amber("STATES_NO_EVENT", "NO_RULES")
"""It is genuine, and says no vaccination, no test and no recovery."""
_SPEC = "nzcovidpass-spec 1.0"
_LIGHT = "admin-ch CovidCertificate: certificate light, for Switzerland, a day or two"


def cases() -> Cases:
    """Make the cases of `passes`."""
    for name, title, why, text, expected, seen in [*_passes(), *_lights()]:
        yield Case(f"passes/{name}", title, why, text, expected, facts=seen)


_Row = tuple[str, str, str, str, Outcome, Fields | None]


def _passes() -> list[_Row]:
    good, unknown = nzcp(policy()), amber("SIGNER_UNKNOWN")
    body = good[8:]
    padded = f"NZCP:/1/{body}{'=' * (-len(body) % 8)}"
    draft = {**policy(), 7: cbor2.CBORTag(64, policy()[7])}
    did = "did:web:passes.policy.example"
    return [
        ("nzcp", "a pass", _SPEC, good, GENUINE, PASSED),
        ("nzcp-padded", "a pass with Base32's padding", "RFC 4648 §6; the specification leaves it out", padded, GENUINE, PASSED),
        ("nzcp-one-name", "a pass of somebody with one name", "familyName is optional", nzcp(policy(sub={"familyName": None})), GENUINE, PASSED | {"name": "Testina"}),
        ("nzcp-draft", "its identifier has tag 64", "an early draft wrote it so", nzcp(draft), amber("SCHEMA_DEVIATION", "STATES_NO_EVENT", "NO_RULES"), PASSED),
        ("nzcp-turned", "its claims stand in another order", "the order of a map says nothing", nzcp(dict(reversed(policy().items()))), GENUINE, PASSED),
        ("nzcp-expired", "exp was a second ago", "RFC 8392 §3.1.4", nzcp(policy(exp=keys.NOON - 1)), red("EXPIRED", "STATES_NO_EVENT"), PASSED),
        ("nzcp-not-yet", "nbf is in an hour", "RFC 8392 §3.1.5", nzcp(policy(nbf=keys.NOON + 3600)), red("NOT_YET_VALID", "STATES_NO_EVENT"), PASSED),
        ("nzcp-no-exp", "there is no exp", "the specification asks for both", nzcp(policy(exp=None)), red("FIELD_MISSING"), None),
        ("nzcp-no-nbf", "there is no nbf", "as before", nzcp(policy(nbf=None)), red("FIELD_MISSING"), None),
        ("nzcp-fraction", "nbf has a fraction", "whole seconds", nzcp(policy(nbf=keys.ISSUED + 0.5)), red("FIELD_TYPE"), None),
        ("nzcp-milliseconds", "exp is in milliseconds", "no year of any calendar", nzcp(policy(exp=keys.EXPIRES * 1000)), red("INSTANT_UNREADABLE"), None),
        ("nzcp-no-cti", "there is no identifier", "cti is required", nzcp(policy(cti=None)), red("FIELD_MISSING"), None),
        ("nzcp-cti-short", "its identifier has eight bytes", "sixteen: a UUID", nzcp(policy(cti=b"12345678")), red("FIELD_TYPE"), None),
        ("nzcp-no-vc", "there is no credential in it", _SPEC, nzcp(policy(vc={"version": "1.0.0"}) | {"vc": 7}), red("FIELD_TYPE"), None),
        ("nzcp-type", "a credential of another type, signed by the same key", "genuine, and no pass", nzcp(policy(vc={"type": ["VerifiableCredential", "StaffCard"]})), amber("CLAIM_UNKNOWN"), None),
        ("nzcp-context", "its first context is another", "a document of other words", nzcp(policy(vc={"@context": ["https://passes.example/v1"]})), amber("CLAIM_UNKNOWN"), None),
        ("nzcp-version", "version 2.0.0", "it may say something else", nzcp(policy(vc={"version": "2.0.0"})), amber("VERSION_UNKNOWN"), None),
        ("nzcp-no-name", "there is no given name", "a pass of nobody is anybody's", nzcp(policy(sub={"givenName": None})), red("FIELD_MISSING"), None),
        ("nzcp-blank-name", "its names are blanks", "as before", nzcp(policy(sub={"givenName": " ", "familyName": " "})), red("NAME_MISSING"), None),
        ("nzcp-prefix-version", "NZCP:/2/", "another version is another text", nzcp(policy(), version="2"), amber("FORMAT_NOT_READ"), None),
        ("nzcp-cut", "its end is missing", "Base32 has no checksum: scan again", good[:-3], amber("TEXT_DAMAGED"), None),
        ("nzcp-letter", "a character that Base32 has not", "a scanner's doing", good[:60] + "1" + good[61:], amber("TEXT_DAMAGED"), None),
        ("nzcp-untagged", "no tag before the message", "tag 18 is asked for", nzcp(policy(), tag=UNTAGGED), red("HEADER_REFUSED"), None),
        ("nzcp-cwt-tag", "tag 61 before it", "tag 18 is asked for, and no other", nzcp(policy(), tag=CWT_TAGGED), red("HEADER_REFUSED"), None),
        ("nzcp-kid-outside", "the kid is in the header that is not signed", "both are protected", nzcp(policy(), protected=cbor({1: -7}), unprotected={4: b"key-1"}), red("HEADER_REFUSED"), None),
        ("nzcp-kid-twice", "another kid in the header that is not signed", "RFC 9052 §3: in one of the two", nzcp(policy(), unprotected={4: b"key-2"}), red("HEADER_REFUSED"), None),
        ("nzcp-alg-es384", "it names ES384", "the key's record says which algorithm", nzcp(policy(), alg=-35), red("ALGORITHM_REFUSED"), None),
        ("nzcp-der", "the signature is DER", "RFC 9053 §2.1: r and s", nzcp(policy(), sign=lambda data: keys.sign_der("arcadia-5", data)), red("SIGNATURE_FORM"), None),
        ("nzcp-wrong", "another key signed it", "a kid proves nothing", nzcp(policy(), key="stranger"), red("SIGNATURE_INVALID"), None),
        ("nzcp-kid-unknown", "a kid that its issuer does not have", "the document held here may be old", nzcp(policy(), kid=b"key-2"), unknown, None),
        *(
            (f"nzcp-iss-{name}", f"the known key, and an issuer that looks alike: {name}", "keys are pinned by the whole DID", nzcp(policy(iss=iss)), unknown, None)
            for name, iss in (("suffix", did + ".org"), ("port", did + "%3A8443"), ("path", did + ":v2"), ("capital", did.replace("passes", "Passes")), ("key", "did:key:zDn"))
        ),
        ("nzcp-twice", "its issuer stands there twice", "two readers could see two passes", nzcp(_twice()), red("CBOR_DUPLICATE_KEY"), None),
        ("nzcp-in-hc1", "the same message in an HC1 text", "a key of one scheme vouches in no other", hc1(pack(base64.b32decode(padded[8:]))), unknown, None),
        ("nzcp-hcert-key", "signed by an HCERT signer under its own kid", "as before", "NZCP:/1/" + base32(signed(policy(iss="XU"), by="utopia", tag=TAGGED)), unknown, None),
    ]  # fmt: skip


def _twice() -> bytes:
    return b"\xa2" + cbor(1) + cbor("did:web:a.example") + cbor(1) + cbor("did:web:b.example")


def _lights() -> list[_Row]:
    good = light(light_claims())
    message = signed(light_claims(), by="swiss-light", tag=UNTAGGED)
    return [
        ("light", "a Swiss certificate light", _LIGHT, good, GENUINE, LIGHT),
        ("light-over", "its day is over", _LIGHT, light(light_claims(iat=keys.NOON - 90_000, exp=keys.NOON - 1)), red("EXPIRED", "STATES_NO_EVENT"), LIGHT),
        ("light-long", "it is made for a week", _LIGHT, light(light_claims(exp=keys.NOON + 6 * keys.DAY)), amber("SCHEMA_DEVIATION", "STATES_NO_EVENT", "NO_RULES"), LIGHT),
        ("light-no-name", "it has no name", "a pass of nobody is anybody's", light(light_claims(nam={})), red("NAME_MISSING"), None),
        ("light-no-claim", "its content is not claim -250", _LIGHT, light(light_claims(claim={})), red("CLAIMS_INVALID"), None),
        ("light-iss", "its issuer is another", "keys are pinned by the issuer's whole name", light(light_claims(iss="CH BAG ")), amber("SIGNER_UNKNOWN"), None),
        ("light-wrong", "another key signed it", "a kid proves nothing", light(light_claims(), key="stranger"), red("SIGNATURE_INVALID"), None),
        ("light-hcert-key", "signed by an HCERT signer", "a key of one scheme vouches in no other", light(light_claims(iss="XU"), by="utopia"), amber("SIGNER_UNKNOWN"), None),
        ("light-in-hc1", "the same message in an HC1 text", "as before", hc1(pack(message)), amber("SIGNER_UNKNOWN"), None),
        ("light-damaged", "a character that Base45 has not", "a scanner's doing", good[:30] + "a" + good[31:], amber("BASE45_INVALID"), None),
        ("light-bomb", "it unpacks to a megabyte", "what is unpacked is bounded", "LT1:" + base45(pack(bytes(1_000_000))), red("COMPRESSION_BOMB"), None),
    ]  # fmt: skip
