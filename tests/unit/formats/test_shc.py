"""SMART Health Cards: what is read of them, and each way of being wrong with a code of its own."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique import model, verification
from pratique.authenticate import Verification
from pratique.crypto import keys
from pratique.crypto.algorithms import load
from pratique.findings import Code, Colour, Finding
from pratique.formats import parts, shc
from pratique.formats.fields import Sealed
from pratique.model import Precision, Vaccination
from pratique.revocation.cards import RidList
from pratique.revocation.revocations import Revocations
from pratique.snapshot import Snapshot
from pratique.terms import Algorithm, Environment, Kind, Scheme
from pratique.trust.signer import Signer, TrustList
from tests.schemes import shc as cards
from tests.travellers import COMIRNATY, JO, dose, sample

KEY, OTHER = keys.generate(), keys.generate()
SIGNER = cards.signer(KEY)
SAMPLED = datetime(2022, 1, 30, 8, tzinfo=UTC)
AT = datetime.fromtimestamp(cards.NBF, UTC) + timedelta(days=2)
BUNDLE = cards.bundle(JO, [dose()])
CLAIMS = cards.claims(BUNDLE)
JWS = cards.jws(CLAIMS, KEY)
KID = cards.kid_of(KEY)


def check(
    text: str, *signers: Signer, revocations: Revocations | None = None, at: datetime = AT
) -> Verification:
    snapshot = Snapshot(
        number=1, created=0, environment=Environment.PRODUCTION, trust=TrustList(signers or (SIGNER,)),
        revocations=revocations, primitive=load,
    )  # fmt: skip
    return verification.verify(text, snapshot=snapshot, at=at)


def codes(found: Verification) -> list[Code]:
    return [finding.code for finding in found.verdict.findings]


def finding_of(text: str) -> Finding:
    found = shc.unwrap(text)
    assert isinstance(found, Finding)
    return found


def test_a_card_is_read() -> None:
    found = check(cards.text(JO, [dose(), sample(SAMPLED)], KEY, rid="MKyCxh7p6uQ"))
    certificate = found.certificate
    assert certificate is not None
    assert codes(found) == [Code.NO_RULES]
    assert (certificate.domain, certificate.kind) == ("SHC", Kind.VACCINATION)
    assert certificate.person.display_name() == "Bloggs Jo"
    assert certificate.person.birth_date == JO.birth_date
    vaccination, test = certificate.entries
    assert isinstance(vaccination, Vaccination)
    assert (vaccination.product, vaccination.dose, vaccination.doses) == (COMIRNATY, 2, 2)
    assert vaccination.unmapped == ()
    assert isinstance(test, model.Test)
    assert test.site == "Harbour"
    assert certificate.revocation_id == "MKyCxh7p6uQ"
    assert certificate.issued_at == cards.NBF
    assert found.signer == SIGNER


def test_a_jws_by_itself_is_read() -> None:
    assert check(JWS).certificate is not None


def test_a_card_without_a_known_issuer_is_named_and_amber() -> None:
    found = check(JWS, cards.signer(OTHER))
    assert found.verdict.findings == (Finding(Code.SIGNER_UNKNOWN, "SHC"),)
    assert found.verdict.colour is Colour.AMBER


@pytest.mark.parametrize(
    "issuer",
    [f"{cards.ISSUER}/", cards.ISSUER.replace("https", "http"), cards.ISSUER.upper(), "https://other.example"],
)  # fmt: skip
def test_a_known_kid_of_another_issuer_is_nobodys(issuer: str) -> None:
    assert codes(check(cards.text(JO, [dose()], KEY, iss=issuer))) == [Code.SIGNER_UNKNOWN]


def test_a_key_of_cards_verifies_no_other_scheme() -> None:
    sealed = shc.unwrap(JWS)
    assert isinstance(sealed, Sealed)
    for scheme in set(Scheme) - {Scheme.SHC}:
        foreign = SIGNER._replace(domain=scheme.value)
        assert codes(check(JWS, foreign)) == [Code.SIGNER_UNKNOWN]
    hcert = SIGNER._replace(issuer="", domain="DCC")
    assert codes(check(JWS, hcert)) == [Code.SIGNER_UNKNOWN]


# Text.


@pytest.mark.parametrize(
    "text",
    ["shc:/", "shc:/1", "shc:/5", "shc:/567", "shc:/78", "shc:/99", "shc:/56x6", "shc:/56 6", "shc:/٥٦", "shc:/1/2",
     "shc:/1/2/3/4", "shc:/-1/2/56"],
)  # fmt: skip
def test_digits_that_are_no_letters_are_damage(text: str) -> None:
    assert finding_of(text) == Finding(Code.TEXT_DAMAGED)


def test_two_digits_are_a_letter() -> None:
    assert cards.numeric("-z")[5:] == "0077"
    assert finding_of("shc:/0077") == Finding(Code.TEXT_DAMAGED)
    assert shc.unwrap(cards.numeric(JWS).upper()) == shc.unwrap(JWS)


@pytest.mark.parametrize(
    "text", ["eyJ.eyJ", "eyJ.eyJ.eyJ.eyJ", "eyJ.e+J.eyJ", "eyJ=.eyJ.eyJ", "eyJhb.eyJ.", "..", ""]
)
def test_what_is_no_jws_is_damage(text: str) -> None:
    assert finding_of(text) == Finding(Code.TEXT_DAMAGED)


def test_a_text_that_no_card_has_is_too_long() -> None:
    assert finding_of("shc:/" + "5" * shc.LONGEST) == Finding(Code.TEXT_TOO_LONG)


# Chunks.


@pytest.mark.parametrize("count", [2, 3, 17])
def test_chunks_come_in_any_order(count: int) -> None:
    parts = [shc.part(text) for text in cards.chunks(JWS, count)]
    for order in (parts, parts[::-1], parts[1:] + parts[:1]):
        assert shc.assemble([one for one in order if one is not None]) == cards.numeric(JWS)


def test_one_chunk_is_no_card() -> None:
    first, *_ = cards.chunks(JWS, 3)
    assert finding_of(first) == Finding(Code.PARTS_MISSING, "1 of 3 read")
    assert shc.unwrap(cards.chunks(JWS, 1)[0]) == shc.unwrap(JWS)


@pytest.mark.parametrize(
    "numbers",
    [
        [(0, 2), (1, 2)],
        [(3, 2), (1, 2)],
        [(1, 2), (1, 2)],
        [(1, 2), (2, 3)],
        [(1, 0)],
        [(1, 65)],
        [(1, 9999)],
    ],
)
def test_chunks_that_do_not_belong_together_are_refused(numbers: list[tuple[int, int]]) -> None:
    for order in permutations(numbers):
        parts = [shc.CardPart(number, of, "5676") for number, of in order]
        assert shc.assemble(parts) == Finding(Code.PARTS_CONFLICT)


@pytest.mark.parametrize("digits", ["", "567"])
def test_a_chunk_of_half_a_letter_is_refused(digits: str) -> None:
    parts = [shc.CardPart(1, 2, digits), shc.CardPart(2, 2, "5676")]
    assert shc.assemble(parts) == Finding(Code.PARTS_CONFLICT)


def test_missing_chunks_are_counted() -> None:
    parts = [shc.CardPart(2, 3, "56"), shc.CardPart(3, 3, "56")]
    assert shc.assemble(parts) == Finding(Code.PARTS_MISSING, "2 of 3 read")
    assert shc.assemble([]) == Finding(Code.PARTS_MISSING)


# A second card of the same issuer, whose signature alone stands in the last chunk: what is put together of both
# unpacks as well as each.
SECOND = cards.jws(cards.claims(cards.bundle(JO, [dose("2021-02-03", 1)])), KEY)


def halves(jws: str) -> list[str]:
    digits = cards.numeric(jws)[5:]
    return [f"shc:/1/2/{digits[:-120]}", f"shc:/2/2/{digits[-120:]}"]


def scanned(gathering: parts.Gathering, *texts: str) -> list[Verification]:
    """Check each card as soon as it is whole."""
    whole = [card for text in texts if (card := gathering.add(text, "")) is not None]
    assert all(card.finding is None for card in whole)
    return [check(card.text) for card in whole]


def test_a_wrong_signature_of_mixed_chunks_is_nothing_against_either_card() -> None:
    a, b = halves(JWS), halves(SECOND)
    digits = a[0].rpartition("/")[2]
    eleven = [digits[20 * i : 20 * i + 20] for i in range(10)] + [digits[200:]]
    twelve = [f"shc:/{number}/12/{piece}" for number, piece in enumerate(eleven, 1)]
    twelve.append(b[1].replace("/2/2/", "/12/12/"))
    for texts, count in (((a[0], b[1]), 1), ((a[0], b[1], b[0], a[1]), 2), (twelve, 1)):
        found = scanned(parts.Gathering(), *texts)
        assert len(found) == count
        for one in found:
            assert one.verdict.findings == (Finding(Code.PARTS_CONFLICT, "signature"),)
            assert (one.verdict.colour, one.unread) == (Colour.AMBER, True)
        (alone,) = [check("\n".join(texts))] if count == 1 else found[:1]
        assert alone.unread


def test_cards_that_were_mixed_are_read_when_they_are_scanned_again() -> None:
    a, b = halves(JWS), halves(SECOND)
    gathering = parts.Gathering()
    assert [one.unread for one in scanned(gathering, a[0], b[1], b[0], a[1])] == [True, True]
    found = scanned(gathering, *a, *b)
    assert [codes(one) for one in found] == [[Code.NO_RULES], [Code.NO_RULES]]
    assert [one.certificate is not None for one in found] == [True, True]
    assert list(gathering.missing()) == []


def test_a_wrong_signature_is_proven_where_the_whole_card_is_in_one_code() -> None:
    # The positive control: the same message and signature, of one code.
    digits = "".join(text.rpartition("/")[2] for text in (halves(JWS)[0], halves(SECOND)[1]))
    for text in (f"shc:/{digits}", f"SHC:/{digits}", f"shc:/1/1/{digits}"):
        found = check(text)
        assert codes(found) == [Code.SIGNATURE_INVALID]
        assert (found.verdict.colour, found.unread) == (Colour.RED, False)
    (found,) = scanned(parts.Gathering(), f"shc:/1/1/{digits}")
    assert codes(found) == [Code.SIGNATURE_INVALID]
    # Nor does another doubt become one of the chunks.
    stranger = cards.signer(OTHER)
    assert codes(check("\n".join(cards.chunks(JWS, 3)), stranger)) == [Code.SIGNER_UNKNOWN]


@pytest.mark.parametrize(
    "text", ["shc:/5676", "shc:/1/2", "shc:/1/2/5x", "HC1:", "shc:/1/2/5\n", "shc:/12345/2/56"]
)
def test_other_texts_are_no_chunks(text: str) -> None:
    assert shc.part(text) is None


# Head.


@pytest.mark.parametrize(
    ("header", "where"),
    [
        ({"crit": ["b64"]}, "crit"),
        ({"b64": False}, "b64"),
        ({"jwk": {}}, "jwk"),
        ({"jku": "https://evil.example"}, "jku"),
        ({"x5c": []}, "x5c"),
        ({"x5u": "https://evil.example"}, "x5u"),
        ({"alg": "none"}, "alg"),
        ({"alg": "ES384"}, "alg"),
        ({"alg": None}, "alg"),
        ({"alg": ["ES256"]}, "alg"),
        ({"zip": None}, "zip"),
        ({"zip": "GZIP"}, "zip"),
        ({"kid": None}, "kid"),
        ({"kid": ""}, "kid"),
        ({"kid": 7}, "kid"),
        ({"kid": "k" * 2000}, "kid"),
    ],
)
def test_a_head_says_no_more_than_it_may(header: dict[str, Any], where: str) -> None:
    text = cards.jws(CLAIMS, KEY, header=header)
    assert finding_of(text) == Finding(Code.HEADER_REFUSED, where)
    assert check(text).certificate is None


def test_a_member_of_the_head_that_changes_nothing_is_let_be() -> None:
    assert check(cards.jws(CLAIMS, KEY, header={"typ": "JWT"})).certificate is not None


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b'{"alg":"ES256","alg":"none","zip":"DEF","kid":"k"}', Code.JSON_DUPLICATE_KEY),
        (b"{", Code.JSON_INVALID),
        (b"\xff", Code.JSON_INVALID),
        (b"[]", Code.HEADER_REFUSED),
        (b"[" * 20 + b"]" * 20, Code.JSON_LIMITS),
    ],
)
def test_a_head_is_read_in_one_way(head: bytes, code: Code) -> None:
    assert finding_of(cards.jws(CLAIMS, KEY, head=head)) == Finding(code, "header")


# Signature.


@pytest.mark.parametrize("size", [1, 32, 63])
def test_a_signature_that_may_have_lost_its_end_is_to_be_scanned_again(size: int) -> None:
    assert finding_of(cards.jws(CLAIMS, KEY, signature=b"\x30" * size)) == Finding(
        Code.TEXT_DAMAGED
    )


@pytest.mark.parametrize("size", [0, 65, 70, 71, 72, 96])
def test_a_signature_has_64_octets(size: int) -> None:
    assert finding_of(cards.jws(CLAIMS, KEY, signature=b"\x30" * size)) == Finding(
        Code.SIGNATURE_FORM
    )


def test_a_signature_of_another_key_or_text_is_wrong() -> None:
    head, payload, signature = JWS.split(".")
    forged = cards.jws(CLAIMS, OTHER, header={"kid": KID})
    _, other, _ = cards.jws(cards.claims(BUNDLE, rid="a"), KEY).split(".")
    kept = cards.base64url(cards.dumps({"alg": "ES256", "zip": "DEF", "kid": KID}))
    for text in (forged, f"{head}.{other}.{signature}", f"{kept}.{payload}.{signature}"):
        assert codes(check(text)) == [Code.SIGNATURE_INVALID]


def test_a_key_of_another_curve_checks_no_card() -> None:
    assert codes(check(JWS, SIGNER._replace(algorithm=Algorithm.ES384))) == [Code.ALGORITHM_REFUSED]


# Compression.


def packed(data: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"\xff\xff\xff", Code.COMPRESSION_INVALID),
        (packed(b"{}")[:-1], Code.COMPRESSION_INVALID),
        (zlib.compress(b"{}"), Code.COMPRESSION_INVALID),
        (packed(b" " * (shc.MAX_UNPACKED + 1)), Code.COMPRESSION_BOMB),
        (packed(bytes(10_000_000)), Code.COMPRESSION_BOMB),
        (packed(cards.dumps(CLAIMS)) + b"x", Code.COMPRESSION_TRAILING),
    ],
)
def test_what_does_not_unpack_as_a_card_is_told_apart(octets: bytes, code: Code) -> None:
    assert finding_of(cards.jws(CLAIMS, KEY, packed=octets)).code is code


# Payload.


@pytest.mark.parametrize(
    ("content", "code", "where"),
    [
        (b'{"iss":"a","iss":"b"}', Code.JSON_DUPLICATE_KEY, "payload"),
        (b"\xef\xbb\xbf" + cards.dumps(CLAIMS), Code.JSON_INVALID, "payload"),
        (cards.dumps(CLAIMS) + b"{}", Code.JSON_INVALID, "payload"),
        (b'{"iss":NaN}', Code.JSON_LIMITS, "payload"),
        (b'{"iss":"a","b":' + b"[" * 16 + b"]" * 16 + b"}", Code.JSON_LIMITS, "payload"),
        (b'{"iss":"a","b":[' + b"1," * 21_000 + b"1]}", Code.JSON_LIMITS, "payload"),
        (b"[]", Code.CLAIMS_INVALID, "iss"),
        (cards.dumps(json.dumps(CLAIMS)), Code.CLAIMS_INVALID, "iss"),
        (b'{"iss":7}', Code.CLAIMS_INVALID, "iss"),
        (b'{"iss":""}', Code.CLAIMS_INVALID, "iss"),
        (b"{}", Code.CLAIMS_INVALID, "iss"),
    ],
)
def test_a_payload_that_names_nobody_is_refused(content: bytes, code: Code, where: str) -> None:
    assert finding_of(cards.jws(content, KEY)) == Finding(code, where)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"type": []}, "vc.type"),
        ({"type": cards.CARD}, "vc.type"),
        ({"type": ["VerifiableCredential"]}, "vc.type"),
        ({"vc": 1}, "vc.type"),
        ({"vc": None}, "vc.type"),
        ({"subject": 1}, "vc.credentialSubject.fhirBundle"),
        ({"subject": {}}, "vc.credentialSubject.fhirBundle"),
        ({"subject": {"fhirBundle": []}}, "vc.credentialSubject.fhirBundle"),
        ({"subject": {"fhirBundle": {}}}, "resourceType"),
    ],
)
def test_claims_of_another_kind_are_refused(changes: dict[str, Any], where: str) -> None:
    found = check(cards.jws(cards.claims(BUNDLE, **changes), KEY))
    assert Finding(Code.CLAIMS_INVALID, where) in found.verdict.findings
    assert (found.verdict.colour, found.certificate) == (Colour.RED, None)


def test_types_of_old_cards_are_let_be() -> None:
    assert check(
        cards.text(JO, [dose()], KEY, type=["VerifiableCredential", cards.CARD])
    ).certificate
    assert check(cards.text(JO, [dose()], KEY, type=[cards.CARD, 7, {}])).certificate


# Time.


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"nbf": cards.NBF * 1000}, Code.INSTANT_UNREADABLE),
        ({"nbf": "2022-02-01"}, Code.INSTANT_UNREADABLE),
        ({"nbf": True}, Code.INSTANT_UNREADABLE),
        ({"nbf": -1}, Code.INSTANT_UNREADABLE),
        ({"nbf": 1e300}, Code.INSTANT_UNREADABLE),
        ({"exp": cards.NBF * 1000}, Code.INSTANT_UNREADABLE),
        ({"nbf": cards.NBF + 10 * 86_400}, Code.NOT_YET_VALID),
        ({"exp": cards.NBF + 1.5}, Code.EXPIRED),
        ({"exp": cards.NBF - 1}, Code.EXPIRES_BEFORE_ISSUE),
    ],
)
def test_a_time_that_is_over_or_none_is_red(changes: dict[str, Any], code: Code) -> None:
    found = check(cards.text(JO, [dose()], KEY, **changes))
    assert code in codes(found)
    assert found.verdict.colour is Colour.RED


def test_a_card_without_a_time_of_issue_is_in_doubt() -> None:
    assert Code.ISSUED_MISSING in codes(check(cards.text(JO, [dose()], KEY, nbf=None)))


def test_the_second_of_a_fraction_counts() -> None:
    found = check(cards.text(JO, [dose()], KEY, nbf=cards.NBF + 0.999, exp=cards.NBF + 86_400 * 9))
    assert found.certificate is not None
    assert found.certificate.issued_at == cards.NBF
    assert codes(found) == [Code.NO_RULES]


# Revocation.


def listed(
    whole: bool = True, version: int = 3, stated: int = 3, **entries: int | None
) -> Revocations:
    one = RidList(cards.ISSUER, KID, version, stated, whole, entries)
    return Revocations().with_cards([one])


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (listed(abc=None), Code.REVOKED),
        (listed(abc=cards.NBF + 1), Code.REVOKED),
        (listed(abc=cards.NBF), Code.NO_RULES),
        (listed(other=None), Code.NO_RULES),
        (listed(whole=False), Code.REVOCATION_UNCONFIRMED),
        (listed(whole=False, abc=None), Code.REVOKED),
        (listed(version=2), Code.REVOCATION_LIST_EXPIRED),
        (listed(version=4), Code.NO_RULES),
        (Revocations(), Code.NO_RULES),
    ],
)
def test_a_rid_is_looked_up(held: Revocations, code: Code) -> None:
    assert codes(check(cards.text(JO, [dose()], KEY, rid="abc"), revocations=held))[0] is code


def test_the_instant_of_a_revocation_is_compared_as_a_number() -> None:
    held = listed(abc=cards.NBF + 1)
    text = cards.text(JO, [dose()], KEY, rid="abc", nbf=cards.NBF + 0.657)
    assert Code.REVOKED in codes(check(text, revocations=held))
    text = cards.text(JO, [dose()], KEY, rid="abc", nbf=cards.NBF + 1.2)
    assert Code.REVOKED not in codes(check(text, revocations=held))


def test_nobody_revokes_for_another_issuer_or_key() -> None:
    for issuer, kid in ((f"{cards.ISSUER}/2", KID), (cards.ISSUER, cards.kid_of(OTHER))):
        held = Revocations().with_cards([RidList(issuer, kid, 1, 1, True, {"abc": None})])
        text = cards.text(JO, [dose()], KEY, rid="abc")
        assert Code.REVOKED not in codes(check(text, revocations=held))


def test_a_card_without_a_rid_is_on_no_list() -> None:
    assert codes(check(JWS, revocations=listed(whole=False))) == [Code.NO_RULES]


@pytest.mark.parametrize("rid", ["", "a" * 25, "a.b", "ä", 7, ["abc"]])
def test_a_rid_that_is_none_cannot_be_looked_up(rid: object) -> None:
    found = check(cards.text(JO, [dose()], KEY, rid=rid))
    assert Finding(Code.REVOCATION_UNCONFIRMED, "rid") in found.verdict.findings
    assert found.verdict.colour is Colour.AMBER


def test_a_card_that_does_not_say_when_is_not_cleared_by_an_instant() -> None:
    found = check(cards.text(JO, [dose()], KEY, rid="abc", nbf=None), revocations=listed(abc=1))
    assert Code.REVOCATION_UNCONFIRMED in codes(found)


# Hostile.


@given(st.text(max_size=200) | st.text("0123456789/", max_size=80).map("shc:/".__add__))
def test_no_text_raises(text: str) -> None:
    shc.part(text)
    check(text)
    shc.unwrap(text)


@given(st.data())
def test_no_content_raises(data: st.DataObject) -> None:
    """A genuine card whose content is odd anywhere: whoever has a key can sign anything."""
    content = json.loads(json.dumps(cards.claims(cards.bundle(JO, [dose(), sample()]), rid="abc")))
    odd: st.SearchStrategy[Any] = st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=3) | st.just([]) | st.just({}) | (
        st.just([[{}], 1, "x"])
    )  # fmt: skip
    for _ in range(data.draw(st.integers(1, 4))):
        place: Any = content
        while True:
            names = list(place) if isinstance(place, dict) else list(range(len(place)))
            name = data.draw(st.sampled_from(names))
            inner = place[name]
            if isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
                place = inner
                continue
            place[name] = json.loads(json.dumps(data.draw(odd)))
            break
    check(cards.jws(content, KEY))


@given(st.binary(max_size=40), st.integers(0, 10_000))
def test_no_damage_to_a_card_passes(octets: bytes, at: int) -> None:
    text = cards.numeric(JWS)
    place = 5 + at % (len(text) - 5)
    damaged = (
        text[:place] + "".join(str(octet % 10) for octet in octets) + text[place + len(octets) :]
    )
    if damaged != text:
        found = check(damaged)
        assert found.certificate is None or shc.unwrap(damaged) == shc.unwrap(text)


def test_nothing_that_is_shown_of_it_names_anybody() -> None:
    part = shc.part(cards.chunks(JWS, 2)[0])
    sealed = shc.unwrap(JWS)
    assert isinstance(sealed, Sealed)
    shown = repr((part, sealed, shc.decode(sealed, frozenset()), check(JWS)))
    assert "Bloggs" not in shown
    assert part is not None
    assert part.digits not in shown


def test_a_partial_birth_date_keeps_its_precision() -> None:
    found = check(cards.jws(cards.claims(cards.bundle(JO, [dose()], birthDate="1980")), KEY))
    assert found.certificate is not None
    assert found.certificate.person.birth_date is not None
    assert found.certificate.person.birth_date.precision is Precision.YEAR
