"""Keys of schemes: each in its own store, each document exactly of its form, public keys alone."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.crypto import algorithms, jose, keys
from pratique.errors import DocumentRefused
from pratique.formats.two_d_doc import in_paris
from pratique.terms import Algorithm, Environment, Kind, Scheme
from pratique.trust import lists, scheme_keys
from pratique.trust.certificates import FOREVER, ListReading, collect, read_key
from pratique.trust.publication import Bounds
from pratique.trust.scheme_keys import SchemeKey
from pratique.trust.signer import Signer

KEY, OTHER = keys.generate(Algorithm.ES256), keys.generate(Algorithm.ES256)
PRODUCTION, TEST = Environment.PRODUCTION, Environment.TEST
OWN = jose.thumbprint(algorithms.read_der(KEY.public_key))
ROWS = {
    Scheme.SHC: ("https://cards.example/issuer", OWN),
    Scheme.NZCP: ("did:web:passes.example", "key-1"),
    Scheme.CH_LIGHT: ("CH BAG", "AAECAwQFBgc="),
    Scheme.VDS_NC: ("c=xa,cn=utopia", "0a0b0c"),
    Scheme.TWO_D_DOC: ("FR03", "AB12"),
    Scheme.DIVOC: ("https://divoc.example/", "did:arcadia"),
}
BOUNDS = Bounds(
    "XXA", frozenset({"XA", "XB"}), "XA", frozenset({"SHC", "2D-DOC", "DIVOC"}), PRODUCTION
)


def row(scheme: Scheme = Scheme.SHC, **changes: Any) -> SchemeKey:
    issuer, kid = ROWS[scheme]
    algorithm, key = Algorithm.ES256, KEY.public_key
    return SchemeKey(scheme, issuer, kid, algorithm, key, f"Office of {scheme}")._replace(**changes)


def document(*rows: SchemeKey, environment: Environment = PRODUCTION) -> bytes:
    return scheme_keys.write(environment, rows)


def held(
    data: bytes, environment: Environment = PRODUCTION, country: str = ""
) -> tuple[Signer, ...]:
    """Return the signers that an import makes of a document."""
    return collect([lists.read_source(data)], environment=environment, country=country)


def code_of(data: bytes) -> str:
    with pytest.raises(DocumentRefused) as caught:
        scheme_keys.reading(scheme_keys.read(data))
    return caught.value.code


def changed(**members: object) -> bytes:
    """Return the document of one key, with members of that key as they should not be."""
    found = json.loads(document(row()))
    found["keys"][0] |= members
    return json.dumps(found).encode()


@pytest.mark.parametrize("scheme", Scheme)
def test_a_key_of_each_scheme_is_written_and_read(scheme: Scheme) -> None:
    (found,) = held(document(row(scheme)))
    issuer, kid = ROWS[scheme]
    assert found.key == (scheme.value, issuer, scheme_keys.kid_of(scheme, kid))
    assert (found.store, found.kid_text) == ((scheme.value, issuer), kid)
    assert (found.bound, found.name, found.public_key) == (
        True,
        f"Office of {scheme}",
        KEY.public_key,
    )


@given(
    name=st.sampled_from(
        ["", "Office of Health", "Ministère de la Santé", "وزارة الصحة", "厚生労働省"]
    ),
    country=st.sampled_from(["", "XA", "NZ", "NZL"]),
    usages=st.frozensets(st.sampled_from([Kind.VACCINATION, Kind.TEST])),
    begin=st.integers(0, FOREVER),
    end=st.integers(0, FOREVER),
)
def test_what_is_read_is_what_was_written(
    name: str, country: str, usages: frozenset[Kind], begin: int, end: int
) -> None:
    one = row(name=name, country=country, usages=usages, not_before=begin, not_after=end)
    data = document(one)
    found = scheme_keys.read(data)
    assert found.keys == (one,)
    assert scheme_keys.write(found.environment, reversed(found.keys)) == data


def test_the_same_keys_make_the_same_bytes() -> None:
    rows = [row(scheme) for scheme in Scheme]
    assert document(*rows) == document(*reversed(rows))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (document(row(), row(name="again")), "scheme-keys-double"),
        (changed(kid="AnotherThumbprint"), "scheme-keys-kid"),
        (document(row(Scheme.CH_LIGHT, kid="no base64!")), "scheme-keys-kid"),
        (document(row(Scheme.VDS_NC, kid="xyz")), "scheme-keys-kid"),
        (changed(algorithm="ES384"), "scheme-keys-algorithm"),
        (changed(country="nowhere"), "scheme-keys-country"),
        (document(row(Scheme.NZCP, public_key=b"\x30\x03\x01\x02\x03")), "scheme-keys-key"),
        (changed(issuer=""), "scheme-keys-malformed"),
        (changed(issuer="https://\u202eevil"), "scheme-keys-malformed"),
        (changed(issuer="x" * 513), "scheme-keys-malformed"),
        (changed(more=1), "scheme-keys-malformed"),
        (changed(scheme="HC1"), "scheme-keys-malformed"),
        (changed(not_before="2021-04-22"), "scheme-keys-malformed"),
        (document(*(row(kid=f"k{n}") for n in range(2_049))), "scheme-keys-too-many"),
        (document(row(public_key=bytes(400_000))), "scheme-keys-too-many"),
        (b'{"format": "pratique-scheme-keys-1"}', "scheme-keys-malformed"),
        (b'{"format": "pratique-scheme-keys-2", "environment": "test", "keys": []}', "scheme-keys-malformed"),
        (b"{", "json-unreadable"),
    ],
)  # fmt: skip
def test_a_document_that_is_not_exactly_of_its_form_is_refused(data: bytes, code: str) -> None:
    assert code_of(data) == code


def pem(label: str) -> bytes:
    return f"-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n".encode()


@pytest.mark.parametrize(
    "data",
    [
        changed(public_key=b64encode(b"\x30\x0a\x02\x01\x00\x30\x00\x04\x03abc").decode()),
        changed(public_key=b64encode(b"\x30\x0a\x02\x01\x01\x04\x05abcde").decode()),
        changed(public_key=b64encode(b"\x30\x82\x01\x00\x02\x01\x00\x02\x82\x01").decode()),
        changed(jwk={"kty": "EC", "crv": "P-256", "x": "", "y": "", "d": "AQ"}),
        changed(name=pem("PRIVATE KEY").decode()),
    ],
)
def test_a_private_key_is_refused_by_that_name(data: bytes) -> None:
    assert code_of(data) == "private-key"


@pytest.mark.parametrize("label", ["PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
def test_a_file_with_a_private_key_is_imported_by_nobody(label: str) -> None:
    with pytest.raises(DocumentRefused) as caught:
        lists.read_source(algorithms.to_pem("PUBLIC KEY", KEY.public_key).encode() + pem(label))
    assert caught.value.code == "private-key"


def test_no_public_key_is_taken_for_a_private_one() -> None:
    for algorithm in Algorithm:
        if algorithm is not Algorithm.EDDSA:
            assert not scheme_keys.is_private(keys.generate(algorithm).public_key)


@pytest.mark.parametrize(
    ("scheme", "issuer", "kid"),
    [
        (Scheme.NZCP, "did:web:nzcp.covid19.health.nz", "45wHKvnV"),
        (Scheme.NZCP, "did:web:NZCP.covid19.health.nz", "45wHKvnV"),
        (Scheme.TWO_D_DOC, "FR00", "0001"),
        (Scheme.TWO_D_DOC, "FR03", "DHI0"),
        (Scheme.SHC, "https://spec.smarthealth.cards/examples/issuer", OWN),
    ],
    ids=["NZCP", "NZCP in another case", "2D-DOC", "2D-DOC by its certificate", "SHC"],
)
def test_what_signs_specimens_alone_is_of_the_test_environment(
    scheme: Scheme, issuer: str, kid: str
) -> None:
    (found,) = held(document(row(scheme, issuer=issuer, kid=kid)))
    assert found.environment is TEST


def test_keys_of_tests_stay_apart_from_those_of_production() -> None:
    (found,) = held(document(row(), environment=TEST))
    assert found.environment is TEST
    with pytest.raises(DocumentRefused) as caught:
        scheme_keys.published(document(row(), environment=TEST), BOUNDS)
    assert caught.value.code == "scheme-keys-environment"
    mixed = scheme_keys.published(document(row(Scheme.TWO_D_DOC, issuer="FR00")), BOUNDS)
    assert (mixed.signers, [one[3] for one in mixed.left_out]) == ((), ["environment"])


def test_a_key_is_bound_to_the_country_that_names_it() -> None:
    assert [one.countries for one in held(document(row()))] == [frozenset()]
    assert [one.countries for one in held(document(row()), country="US")] == [frozenset({"US"})]
    assert [one.countries for one in held(document(row(country="FR")), country="US")] == [
        frozenset({"FR"})
    ]


def test_a_participants_keys_are_bound_to_it() -> None:
    (found,) = scheme_keys.published(document(row()), BOUNDS).signers
    assert (found.participant, found.countries) == ("XXA", frozenset({"XA"}))
    (found,) = scheme_keys.published(document(row(country="XB")), BOUNDS).signers
    assert found.countries == {"XB"}
    away = scheme_keys.published(document(row()), BOUNDS._replace(subject="XZ"))
    assert away.signers[0].countries == BOUNDS.countries


def test_what_a_participant_may_not_speak_for_is_left_out_and_told() -> None:
    found = scheme_keys.published(document(row(Scheme.NZCP), row(country="XC")), BOUNDS)
    assert found.signers == ()
    assert {(scheme, why) for scheme, _, _, why in found.left_out} == {
        ("NZCP", "domain"), ("SHC", "country"),
    }  # fmt: skip


DAY = 86_400


@pytest.mark.parametrize("second", [0, 1, DAY - 1])
def test_a_french_code_of_a_keys_first_day_was_not_signed_before_it(second: int) -> None:
    for day in ((2022, 1, 11), (2022, 7, 11), (2022, 3, 27), (2022, 10, 30)):
        begin = int(datetime(*day, tzinfo=UTC).timestamp()) + second
        key = row(Scheme.TWO_D_DOC, not_before=begin, not_after=begin + DAY)
        readings = [scheme_keys.reading(scheme_keys.read(document(key)))]
        signer = collect(readings, environment=PRODUCTION)[0]
        (published,) = scheme_keys.published(document(key), BOUNDS).signers
        midnight = in_paris(date(*day))
        before = in_paris(date(*day) - timedelta(days=1))
        assert midnight is not None
        assert before is not None
        assert before.timestamp() < signer.not_before <= midnight.timestamp()
        assert (published.not_before, published.not_after) == (signer.not_before, begin + DAY)
        # Texts of other schemes say their seconds.
        (other,) = held(document(row(Scheme.DIVOC, not_before=begin)))
        assert other.not_before == begin


def test_a_french_key_without_a_beginning_has_none() -> None:
    assert held(document(row(Scheme.TWO_D_DOC)))[0].not_before == 0


def test_a_key_is_for_no_more_than_its_scheme_can_attest() -> None:
    def usages(one: SchemeKey) -> frozenset[Kind]:
        return held(document(one))[0].usages

    assert usages(row()) == {Kind.VACCINATION, Kind.TEST}
    assert usages(row(usages=frozenset({Kind.TEST, Kind.EXEMPTION}))) == {Kind.TEST}
    assert usages(row(Scheme.NZCP)) == usages(row(Scheme.CH_LIGHT)) == {Kind.PASS}
    assert usages(row(Scheme.TWO_D_DOC, kid="AV01")) == {Kind.VACCINATION}
    assert usages(row(Scheme.TWO_D_DOC, kid="AHP1")) == {Kind.TEST}
    assert usages(row(Scheme.VDS_NC)) == frozenset()


# What a person names of a file that does not say it.

PEM = algorithms.to_pem("PUBLIC KEY", KEY.public_key).encode()


def named(data: bytes, scheme: Scheme | None, issuer: str = "", kid: str = "") -> ListReading:
    return lists.read_source(data, store=lists.StoreName(scheme, issuer, kid))


@pytest.mark.parametrize("scheme", sorted(set(Scheme) - {Scheme.VDS_NC, Scheme.DIVOC}))
def test_a_key_alone_stands_in_the_store_that_was_named(scheme: Scheme) -> None:
    issuer, kid = ROWS[scheme]
    for data in (PEM, KEY.public_key):
        (found,) = collect([named(data, scheme, issuer, kid)], environment=PRODUCTION)
        assert found.key == (scheme.value, issuer, scheme_keys.kid_of(scheme, kid))


def test_a_card_issuers_key_needs_no_kid_and_takes_no_other() -> None:
    issuer, _ = ROWS[Scheme.SHC]
    assert named(PEM, Scheme.SHC, issuer).listed[0].kid == OWN.encode()
    with pytest.raises(DocumentRefused) as caught:
        named(PEM, Scheme.SHC, issuer, "another")
    assert caught.value.code == "scheme-keys-kid"


@pytest.mark.parametrize(
    ("data", "scheme", "issuer", "kid", "code"),
    [
        (PEM, Scheme.TWO_D_DOC, "", "", "store-unnamed"),
        (PEM, Scheme.TWO_D_DOC, "FR03", "", "store-unnamed"),
        (PEM, Scheme.NZCP, "", "key-1", "store-unnamed"),
        (document(row()), Scheme.NZCP, "", "", "scheme-differs"),
        (document(row()), None, "https://cards.example/issuer/", "", "issuer-missing"),
        (document(row()), Scheme.SHC, "http://cards.example/issuer", "", "issuer-missing"),
        (json.dumps([{"kid": "AAECAwQFBgc=", "publicKey": b64encode(KEY.public_key).decode()}]).encode(),
         Scheme.SHC, "", "", "scheme-differs"),
    ],
)  # fmt: skip
def test_what_was_named_must_fit_what_the_source_holds(
    data: bytes, scheme: Scheme | None, issuer: str, kid: str, code: str
) -> None:
    with pytest.raises(DocumentRefused) as caught:
        named(data, scheme, issuer, kid)
    assert caught.value.code == code


def test_of_a_directory_one_issuer_is_taken() -> None:
    away = row(issuer="https://other.example", public_key=OTHER.public_key,
               kid=jose.thumbprint(algorithms.read_der(OTHER.public_key)))  # fmt: skip
    reading = named(document(row(), away), None, "https://other.example")
    assert [one.issuer for one in reading.listed] == ["https://other.example"]


def test_a_key_that_is_too_weak_says_so_and_is_kept() -> None:
    weak = keys.generate(Algorithm.ES256).public_key
    record = read_key(weak)._replace(reason="key-size")
    (found,) = collect(
        [ListReading("x", (scheme_keys.listed(Scheme.NZCP, "did:web:a", "k", record),))],
        environment=PRODUCTION,
    )
    assert found.is_weak()
