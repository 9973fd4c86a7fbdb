"""Keys of SMART Health Cards are pinned by issuer and kid, each its own, and nobody's odd key costs the others'."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from pratique.crypto import algorithms, jose
from pratique.errors import DocumentRefused
from pratique.terms import Environment, Kind
from pratique.trust import shc_directory
from pratique.trust.signer import TrustList

ISSUER = "https://cards.example/issuer"
KEYS = [ec.generate_private_key(ec.SECP256R1()).public_key() for _ in range(3)]


def jwk(number: int = 0, **changes: Any) -> dict[str, Any]:
    key = algorithms.of_key(KEYS[number])
    kid = jose.thumbprint(key)
    row = {**jose.write_jwk(key), "kid": kid, "use": "sig", "alg": "ES256", **changes}
    return {name: value for name, value in row.items() if value is not None}


def directory(*rows: tuple[Any, list[Any]], **changes: Any) -> dict[str, Any]:
    listed = [
        {"issuer": {"iss": iss, "name": "Example Health"}, "keys": keys} for iss, keys in rows
    ]
    return {
        "directory": "https://vci.example",
        "time": "2026-08-22T04:43:50Z",
        "issuerInfo": listed,
        **changes,
    }


def test_a_key_is_named_by_its_issuer_and_its_own_kid() -> None:
    found = shc_directory.read_vci(directory((ISSUER, [jwk()])))
    (signer,) = found.pinned
    assert signer.key == ("SHC", ISSUER, jwk()["kid"].encode())
    assert (signer.name, signer.bound, signer.countries) == ("Example Health", True, frozenset())
    assert signer.usages == {Kind.VACCINATION, Kind.TEST}
    assert TrustList([signer]).signers_for(signer.kid) == ()
    assert (found.skipped, found.created) == (0, 1787373830)


def test_the_kid_is_that_of_rfc_7638() -> None:
    # The example issuer of the SMART Health Cards specification.
    key = jose.read_jwk(
        {
            "kty": "EC", "crv": "P-256", "x": "11XvRWy1I2S0EyJlyf_bWfw_TQ5CJJNLw78bHXNxcgw",
            "y": "eZXwxvO1hvCY0KucrPfKo7yAyMT6Ajc3N7OkAB6VYy8",
        }
    ).key  # fmt: skip
    assert jose.thumbprint(key) == "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"kid": "cGxhaW4"}, "kid is not the key's own"),
        ({"kid": None}, "kid is not the key's own"),
        ({"use": None}, "no use or alg"),
        ({"use": "enc"}, "no use or alg"),
        ({"alg": None}, "no use or alg"),
        ({"alg": "ES384"}, "no use or alg"),
        ({"d": "AAAA"}, "private half stands there"),
        ({"kty": "RSA"}, "not of P-256"),
        ({"crv": "P-384"}, "not of P-256"),
        ({"x": "AAAA"}, "key cannot be read"),
        ({"x5c": []}, "X.509 certificate is of another key"),
        ({"x5c": ["AAAA"]}, "X.509 certificate is of another key"),
        ({"x5c": "AAAA"}, "X.509 certificate is of another key"),
    ],
)
def test_an_odd_key_is_left_out_and_named_and_the_others_count(
    changes: dict[str, Any], why: str
) -> None:
    found = shc_directory.read_vci(directory((ISSUER, [jwk(0, **changes), jwk(1)])))
    assert [signer.kid for signer in found.pinned] == [jwk(1)["kid"].encode()]
    assert found.left_out == ((why, 1),)
    assert found.skipped == 1


@pytest.mark.parametrize(
    "iss", ["http://cards.example", f"{ISSUER}/", "", None, "https://cards.example/\u202e", 1]
)
def test_an_issuer_that_no_card_may_name_is_left_out(iss: object) -> None:
    found = shc_directory.read_vci(directory((iss, [jwk()]), (ISSUER, [jwk(1)])))
    assert len(found.pinned) == 1
    assert found.skipped == 1
    with pytest.raises(DocumentRefused) as caught:
        shc_directory.read_jwks({"keys": [jwk()]}, str(iss))
    assert caught.value.code == "jwks-issuer"


@pytest.mark.parametrize(
    "row", [1, {"issuer": {}}, {"keys": []}, {"issuer": {"iss": ISSUER}, "keys": 1}]
)
def test_an_odd_entry_costs_no_other(row: object) -> None:
    document = directory((ISSUER, [jwk()]))
    document["issuerInfo"].append(row)
    found = shc_directory.read_vci(document)
    assert len(found.pinned) == 1
    assert found.left_out == (("entry is of no issuer, or without keys", 1),)


def test_one_key_of_two_issuers_is_two_keys() -> None:
    other = "https://cards.example/other"
    found = shc_directory.read_vci(directory((ISSUER, [jwk()]), (other, [jwk()])))
    assert {signer.issuer for signer in found.pinned} == {ISSUER, other}


def test_an_issuer_with_more_keys_than_anybody_needs_does_not_fill_the_list() -> None:
    found = shc_directory.read_vci(directory((ISSUER, [jwk(), *[{}] * 99])))
    assert dict(found.left_out)["issuer has too many keys"] == 36


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"issuerInfo": {}}, directory(changes=None)["issuerInfo"], {"issuerInfo": [1]},
     {"issuerInfo": [{"issuer": {}}]}, {"issuerInfo": [{"keys": []}]}],
)  # fmt: skip
def test_what_is_no_directory_is_refused(document: object) -> None:
    with pytest.raises(DocumentRefused) as caught:
        shc_directory.read_vci(document)
    assert caught.value.code == "directory-unreadable"


@pytest.mark.parametrize("time", ["yesterday", 1, None, "2026-08-22", "0001-01-01T00:00:00Z"])
def test_a_directory_of_no_known_time_is_read(time: object) -> None:
    found = shc_directory.read_vci(directory((ISSUER, [jwk()]), time=time))
    assert len(found.pinned) == 1


def test_an_issuers_own_set_is_read_under_the_name_that_is_given() -> None:
    found = shc_directory.read_jwks({"keys": [jwk(), jwk(1, use=None)]}, ISSUER, "Example Health")
    assert [signer.issuer for signer in found.pinned] == [ISSUER]
    assert found.left_out == (("no use or alg", 1),)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"keys": [jwk(0, d="AAAA"), jwk(1)]}, "jwks-private"),
        ({"keys": [jwk(use=None)]}, "jwks-empty"),
        ({"keys": []}, "jwks-empty"),
        ({"keys": [1]}, "jwks-unreadable"),
        ([], "jwks-unreadable"),
    ],
)
def test_a_set_of_no_use_is_refused(document: object, code: str) -> None:
    with pytest.raises(DocumentRefused) as caught:
        shc_directory.read_jwks(document, ISSUER)
    assert caught.value.code == code


def test_the_specifications_example_issuer_signs_specimens() -> None:
    issuer = "https://spec.smarthealth.cards/examples/issuer"
    (signer,) = shc_directory.read_jwks({"keys": [jwk()]}, issuer).pinned
    assert signer.environment is Environment.TEST
