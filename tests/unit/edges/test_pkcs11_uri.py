"""A PKCS#11 URI (RFC 7512): what it names, and what is refused before any device is asked."""

from __future__ import annotations

import pytest

from pratique.errors import PratiqueError

pytest.importorskip("pkcs11", reason="the extra 'hsm' is not installed")

from pratique.store.pkcs11 import Place, place_of

MODULE = "?module-path=/usr/lib/lib%20a.so"


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        (
            f"pkcs11:token=Ministry%20of%20Health;object=dsc-1{MODULE}",
            Place("/usr/lib/lib a.so", (("token", "Ministry of Health"),), "dsc-1"),
        ),
        (
            f"pkcs11:object=a%3Bb;type=private;slot-id=7;id=%00%FFx{MODULE}",
            Place("/usr/lib/lib a.so", (("slot-id", "7"),), "a;b", b"\x00\xffx"),
        ),
        (
            f"pkcs11:serial=01;token=%C3%9C;object=%F0%9F%94%91&co{MODULE}",
            Place("/usr/lib/lib a.so", (("token", "Ü"), ("serial", "01")), "🔑&co"),
        ),
        ("hsm:a%20b/c?module=/x.so", Place("/x.so", (("token", "a b"),), "c")),
    ],
)
def test_a_uri_names_a_key(uri: str, place: Place) -> None:
    assert place_of(uri) == place


def test_what_a_pin_is_asked_for_names_the_token_alone() -> None:
    place = place_of(f"pkcs11:object=key;slot-id=3;token=a%2Fb%3Bc{MODULE}")
    assert place.uri == "pkcs11:token=a%2Fb%3Bc;slot-id=3"


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("pkcs11:", "names a token and a key"),
        ("pkcs11:token=a", "names a token and a key"),
        ("pkcs11:object=a", "names a token and a key"),
        ("pkcs11:token=;object=a", "names a token and a key"),
        ("pkcs11:token=a;object=b;object=c", "twice"),
        ("pkcs11:token=a;object=b;", "RFC 7512"),
        ("pkcs11:token=a b;object=c", "RFC 7512"),
        ("pkcs11:token=a;object=b/c", "RFC 7512"),
        ("pkcs11:token=ü;object=b", "RFC 7512"),
        ("pkcs11:token=%zz;object=b", "RFC 7512"),
        ("pkcs11:token=%FF;object=b", "UTF-8"),
        ("pkcs11:token=a;object=%FF", "UTF-8"),
        ("pkcs11:token=a;object=b;type=public", "no private key"),
        ("pkcs11:token=a;object=b;type=cert", "no private key"),
        ("pkcs11:slot-id=x;object=b", "slot-id is a number"),
        ("pkcs11:slot-id=%31;object=b", "slot-id is a number"),
        ("pkcs11:token=a;object=b;library-version=2.6", "library-version"),
        ("pkcs11:token=a;object=b;x-vendor=1", "x-vendor"),
        ("pkcs11:token=a;object=b?module-name=softhsm2", "named by its path"),
        ("pkcs11:token=a;object=b?pin-value=1234", "a PIN stands in no"),
        ("pkcs11:token=a;object=b?pin-source=file:/pin", "a PIN stands in no"),
        ("pkcs11:token=a;object=b;pin-value=1234", "a PIN stands in no"),
        ("hsm:a/b?pin=1234", "at most a module"),
    ],
)
def test_what_a_uri_may_not_say(uri: str, why: str) -> None:
    if "?" not in uri:
        uri += MODULE
    with pytest.raises(PratiqueError) as caught:
        place_of(uri)
    assert caught.value.code == "key-uri"
    assert why in caught.value.message
    assert "1234" not in str(caught.value) + caught.value.hint


def test_a_module_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PKCS11_MODULE", raising=False)
    with pytest.raises(PratiqueError) as caught:
        place_of("pkcs11:token=a;object=b")
    assert caught.value.code == "hsm-module-unnamed"
    monkeypatch.setenv("PKCS11_MODULE", "/y.so")
    assert place_of("pkcs11:token=a;object=b").module == "/y.so"
