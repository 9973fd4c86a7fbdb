"""Lists of keys without certificates, keys that are too weak, and several files on one line."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pratique.authenticate import authenticate
from pratique.cli.main import pratique
from pratique.errors import DocumentRefused, PratiqueError, UsageError
from pratique.findings import Code
from pratique.formats import Envelope
from pratique.store import sources
from pratique.terms import COSE_ALGORITHMS, Environment, Kind, SignerState
from pratique.trust import lists
from pratique.trust.certificates import collect
from pratique.trust.signer import Signer
from tests.unit.made import make

AT = "2026-06-01"


def spki(key: Any, *, pem: bool = False) -> bytes:
    form = Encoding.PEM if pem else Encoding.DER
    data: bytes = key.public_key().public_bytes(form, PublicFormat.SubjectPublicKeyInfo)
    return data


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


GOOD = ec.generate_private_key(ec.SECP256R1())
_POINT = GOOD.public_key().public_numbers()
NUMBERS = {"x": _POINT.x, "y": _POINT.y}
KID = b"\xfb\xff\3\4\5\6\7\x08"
KEY = b64(spki(GOOD))
LISTS: dict[str, Any] = {
    "the United Kingdom's": [{"kid": b64(KID), "publicKey": KEY}],
    "the Netherlands'": {"eu_keys": {b64(KID): [{"subjectPk": KEY, "keyUsage": ["t", "v", "r"]}]}},
    "Switzerland's": {"certificates": [{"keyId": b64(KID), "subjectPublicKeyInfo": KEY}]},
    "Switzerland's updates": {
        "certs": [
            {
                "keyId": b64(KID),
                "use": "v",
                "alg": "ES256",
                "crv": "P-256",
                "n": None,
                "e": None,
                "subjectPublicKeyInfo": None,
                **{name: b64(number.to_bytes(32, "big")) for name, number in NUMBERS.items()},
            }
        ]
    },
    "a JWK set": {
        "keys": [
            {
                "kty": "EC",
                "crv": "P-256",
                "kid": b64(KID),
                **{name: b64url(number.to_bytes(32, "big")) for name, number in NUMBERS.items()},
            }
        ]
    },
    "a kid as in URLs": [{"kid": b64url(KID), "publicKey": KEY}],
    "by kid": {b64(KID): KEY},
    "by kid, with members": {b64(KID): {"publicKeyPem": KEY}},
    "armoured": [{"kid": b64(KID), "publicKey": spki(GOOD, pem=True).decode()}],
    "in the place of a certificate": [{"kid": b64(KID), "certificate": KEY}],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRATIQUE_HOME", str(tmp_path / "home"))
    return tmp_path


def run(*words: str | Path) -> Result:
    result = CliRunner().invoke(pratique, [str(word) for word in words], standalone_mode=False)
    if isinstance(result.exception, PratiqueError):
        raise result.exception
    return result


def put(folder: Path, name: str, document: Any) -> Path:
    path = folder / name
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return path


def signers(document: Any, **more: Any) -> tuple[Signer, ...]:
    found = lists.read_source(json.dumps(document).encode())
    return collect([found], environment=Environment.PRODUCTION, **more)


@pytest.mark.parametrize("document", LISTS.values(), ids=LISTS)
def test_a_key_without_a_certificate_is_read(document: Any) -> None:
    (found,) = signers(document)
    assert (found.kid, found.public_key, found.reason) == (KID, spki(GOOD), "")
    assert found.countries == frozenset()
    assert "bare-key" in found.notes
    assert signers(document, country="GB")[0].countries >= {"GB"}


def test_an_entry_s_own_country_binds_it() -> None:
    (found,) = signers([{"kid": b64(KID), "publicKey": KEY, "country": "DE"}], country="FR")
    assert found.countries == {"DE"}


def test_what_a_list_says_that_a_key_may_attest_limits_it() -> None:
    def usages(value: Any) -> frozenset[Kind]:
        rows = [{"subjectPk": KEY, "keyUsage": value}]
        return signers({"eu_keys": {b64(KID): rows}})[0].usages

    assert usages(["v"]) == {Kind.VACCINATION}
    assert usages(["t", "r"]) == {Kind.TEST, Kind.RECOVERY}
    assert usages(["moon"]) == usages([]) == usages("v") == frozenset()


def test_a_mixed_list_is_counted(folder: Path) -> None:
    mixed = [
        {"kid": b64(KID), "publicKey": KEY},
        {"kid": "AAAAAAAAAAA=", "certificate": b64(make(["DE"]).der)},
        {"kid": "AAAAAAAAAAE="},
        {"kid": "AAAAAAAAAAI=", "publicKey": "no base64!"},
    ]
    done = run("trust", "import", put(folder, "mixed.json", mixed))
    assert (
        "mixed.json: kid list, 2 signers, 0 signing CAs, proof not checked, 2 entries left out"
        in (done.stdout)
    )
    assert "1 signer of a public key alone" in done.stderr
    assert "SIGNER_WITHOUT_COUNTRY" in done.stderr


WEAK: dict[str, tuple[Any, str]] = {
    "RSA 1024": (rsa.generate_private_key(65537, 1024), "rsa-1024"),
    "secp256k1": (ec.generate_private_key(ec.SECP256K1()), "curve-secp256k1"),
    "brainpool": (ec.generate_private_key(ec.BrainpoolP256R1()), "curve-brainpoolP256r1"),
    "P-192": (ec.generate_private_key(ec.SECP192R1()), "curve-secp192r1"),
    "Ed25519": (ed25519.Ed25519PrivateKey.generate(), "key-of-no-curve"),
    "DSA": (dsa.generate_private_key(1024), "key-of-no-curve"),
}


@pytest.mark.parametrize("name", WEAK)
def test_a_weak_key_is_named_so(folder: Path, name: str) -> None:
    key, named = WEAK[name]
    listed = [{"kid": b64(KID), "publicKey": b64(spki(key)), "country": "DE"}]
    done = run("trust", "import", put(folder, "weak.json", listed))
    assert f"weak: signer {b64(KID)} of DE: {named}" in done.stderr
    shown = json.loads(run("trust", "show", "--at", AT, "--format", "json").stdout)["signers"]
    assert [(one["state"], named in one["notes"]) for one in shown] == [("weak", True)]
    assert "weak" in run("trust", "show", "--at", AT, "--state", "weak").stdout
    snapshot = sources.load_snapshot(folder / "home")
    assert snapshot is not None
    for algorithm in COSE_ALGORITHMS:
        # Whatever a text names: nothing is proven by a key that cannot be used.
        envelope = Envelope(algorithm, KID, True, b"", b"", b"\0" * 64)
        found = authenticate(envelope, snapshot)
        assert not isinstance(found, list)
        assert found.code is Code.SIGNER_WEAK


def test_a_weak_key_in_a_certificate_is_named_so_too() -> None:
    made = make(["DE"], key=rsa.generate_private_key(65537, 1024))
    (found,) = signers([{"kid": b64(KID), "certificate": b64(made.der)}])
    assert found.state(1_780_000_000) is SignerState.WEAK
    assert "rsa-1024" in found.notes


def test_a_damaged_key_is_unreadable_and_not_weak() -> None:
    (found,) = signers([{"kid": b64(KID), "publicKey": b64(spki(GOOD)[:-3])}])
    assert (found.reason, found.state(0)) == ("key-unreadable", SignerState.UNREADABLE)


def test_each_refused_source_is_named_and_the_good_ones_are_taken(folder: Path) -> None:
    good = put(folder, "good.pem", make(["DE"]).pem)
    bad = [put(folder, "a.json", b"{"), put(folder, "b.pdf", b"%PDF"), put(folder, "c.json", [{}])]
    done = run("trust", "import", bad[0], good, *bad[1:])
    assert done.return_value == 3
    assert "1 signer in snapshot 1" in done.stdout
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert [path.name for path in bad if any(f"{path}: " in line for line in errors)] == [
        "a.json", "b.pdf", "c.json",
    ]  # fmt: skip
    with pytest.raises(DocumentRefused, match=r"b\.pdf"):
        run("trust", "import", bad[1], "--replace")


def test_a_check_with_a_source_that_cannot_be_read_is_not_made(folder: Path) -> None:
    good, bad = put(folder, "a.pem", make(["DE"]).pem), put(folder, "b.json", b"{")
    with pytest.raises(DocumentRefused, match=r"b\.json"):
        run("verify", "HC1:X", "--trust", good, "--trust", bad)


def test_no_signer_says_why(folder: Path) -> None:
    with pytest.raises(UsageError) as refused:
        run("trust", "import", put(folder, "tombs.json", [{"kid": b64(KID)}]))
    assert "tombs.json" in refused.value.message
    assert "1 entry with neither a certificate nor a key" in refused.value.hint


def test_each_refused_file_of_rules_is_named_and_the_good_ones_are_taken(folder: Path) -> None:
    good = Path(__file__).resolve().parents[3] / "examples/rules-utopia.json"
    bad = [put(folder, "a.json", b"{"), put(folder, "b.json", [{"kid": "x"}])]
    done = run("rules", "import", bad[0], good, bad[1])
    assert done.return_value == 3
    assert "12 rules and 0 value sets read" in done.stdout
    assert all(f"error: {path}: " in done.stderr for path in bad)
    with pytest.raises(DocumentRefused, match=r"b\.json"):
        run("rules", "import", *bad)


def test_a_chain_of_a_jwk_set_is_read_as_its_first_certificate() -> None:
    made = make(["DE"])
    (found,) = signers({"keys": [{"kid": b64(KID), "kty": "EC", "x5c": [b64(made.der)]}]})
    assert found.kid == KID
    assert found.countries == {"DE"}


@pytest.mark.parametrize(
    "document",
    [
        {"keys": []},
        {"certs": [None]},
        {"keys": [{"x": "AA"}]},
        {"a": {}},
        {"a": {"b": "c"}},
        {},
        [None],
    ],
)
def test_what_is_no_list_of_keys_is_refused(document: Any) -> None:
    with pytest.raises(DocumentRefused):
        lists.read_source(json.dumps(document).encode())
