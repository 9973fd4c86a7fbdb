"""Keys of other schemes reach a desk as files: what each says itself, and what its importer has to say."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.crypto import algorithms, jose, keys, x509_write
from pratique.errors import PratiqueError
from pratique.parties import trust, verifier
from pratique.snapshot import Snapshot
from pratique.terms import Algorithm, Environment, Scheme
from pratique.trust import scheme_keys
from pratique.trust.lists import StoreName
from pratique.trust.scheme_keys import SchemeKey
from pratique.verification import verify
from tests.networks import AT, codes
from tests.schemes import shc, vds_nc
from tests.travellers import JO, dose

KEY, OTHER = keys.generate(Algorithm.ES256), keys.generate(Algorithm.ES256)
SHC = StoreName(Scheme.SHC, shc.ISSUER)


def jwk(key: keys.SoftwareKey, **members: Any) -> dict[str, Any]:
    public = algorithms.read_der(key.public_key)
    return {
        **jose.write_jwk(public),
        "kid": shc.kid_of(key),
        "use": "sig",
        "alg": "ES256",
        **members,
    }


def directory(*rows: tuple[str, list[dict[str, Any]]]) -> bytes:
    issuers = [{"issuer": {"iss": iss, "name": f"Name of {iss}"}, "keys": own} for iss, own in rows]
    found = {
        "directory": "https://d.example",
        "time": "2026-11-20T00:00:00Z",
        "issuerInfo": issuers,
    }
    return json.dumps(found).encode()


class Desk:
    """A home folder, and files that are handed to it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"

    def take(self, name: str, data: bytes, **named: Any) -> trust.Imported:
        path = self.folder / name
        path.write_bytes(data)
        return trust.import_signers(self.home, [path], at=named.pop("at", AT), **named)

    @property
    def snapshot(self) -> Snapshot:
        found = verifier.snapshot(self.home)
        assert found is not None
        return found

    def shown(self, text: str, at: datetime = AT) -> list[str]:
        return codes(verify(text, snapshot=self.snapshot, at=at))


@pytest.fixture(name="desk")
def fixture_desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


CARD = shc.text(JO, [dose()], KEY)


def test_a_directory_is_counted_by_issuers_keys_and_what_was_left_out(desk: Desk) -> None:
    data = directory(
        (shc.ISSUER, [jwk(KEY), jwk(OTHER, use="enc")]), ("https://b.example", [jwk(OTHER)])
    )
    found = desk.take("vci_snapshot.json", data)
    assert found.lines[0] == (
        "vci_snapshot.json: directory of SMART Health Cards, 2 issuers, 2 keys of SMART Health Cards, "
        "proof not checked, 1 entry left out: no use or alg (1)"
    )
    assert any("2 keys of other schemes bound to no country" in note for note in found.notes)
    assert "ISSUER_WITHOUT_COUNTRY" in desk.shown(CARD)


def test_of_a_directory_one_issuer_is_bound_to_its_country(desk: Desk) -> None:
    data = directory((shc.ISSUER, [jwk(KEY)]), ("https://b.example", [jwk(OTHER)]))
    desk.take("d.json", data)
    desk.take("d.json", data, store=StoreName(issuer=shc.ISSUER), country="XU")
    bound = {one.issuer: one.countries for one in desk.snapshot.trust}
    assert bound == {shc.ISSUER: frozenset({"XU"}), "https://b.example": frozenset()}
    assert desk.shown(CARD) == ["NO_RULES"]
    # The directory again, next month: what was bound stays bound.
    desk.take("d.json", data)
    assert {one.issuer: one.countries for one in desk.snapshot.trust} == bound


def test_a_signature_beside_a_directory_is_checked(desk: Desk) -> None:
    authority = keys.generate(Algorithm.ES512)
    data = directory((shc.ISSUER, [jwk(KEY)]))
    pem = desk.folder / "directory.pem"
    pem.write_text(algorithms.to_pem("PUBLIC KEY", authority.public_key))
    (desk.folder / "d.sig").write_bytes(algorithms.to_der(authority.sign(data)))
    assert "proof valid" in desk.take("d.json", data, proof_key=pem).lines[0]
    with pytest.raises(PratiqueError) as caught:
        desk.take("d.json", data + b" ", proof_key=pem)
    assert caught.value.code == "list-signature-wrong"
    (desk.folder / "d.sig").unlink()
    with pytest.raises(PratiqueError) as caught:
        desk.take("d.json", data, proof_key=pem)
    assert caught.value.code == "proof-missing"


def test_a_key_set_says_not_whose_it_is(desk: Desk) -> None:
    data = json.dumps({"keys": [jwk(KEY)]}).encode()
    # Of itself it is a list of HCERT keys, as it was: no card is signed by one.
    desk.take("jwks.json", data)
    assert desk.shown(CARD) == ["SIGNER_UNKNOWN"]
    desk.take("jwks.json", data, store=SHC, country="XU")
    assert desk.shown(CARD) == ["NO_RULES"]
    with pytest.raises(PratiqueError):
        desk.take("jwks.json", data, store=StoreName(Scheme.SHC))


def test_a_key_alone_is_imported_under_its_names(desk: Desk) -> None:
    pem = algorithms.to_pem("PUBLIC KEY", KEY.public_key).encode()
    desk.take("key.pem", pem, store=SHC, country="XU")
    assert desk.shown(CARD) == ["NO_RULES"]


def test_signing_cas_of_seals_and_their_crl(desk: Desk) -> None:
    authority, named = vds_nc.AUTHORITY, StoreName(Scheme.VDS_NC)
    with pytest.raises(PratiqueError) as caught:
        desk.take("csca.der", authority.certificate())
    assert "--scheme vds-nc" in caught.value.hint
    with pytest.raises(PratiqueError) as caught:
        desk.take("csca.crl", vds_nc.crl(authority, [6317]))
    assert caught.value.code == "crl-unproven"
    assert desk.take("csca.pem", x509_write.to_pem(authority.certificate()), store=named).lines[
        0
    ] == (
        "csca.pem: CSCA certificates, 1 issuer, 1 key of ICAO's visible digital seals, proof not checked"
    )
    assert "SIGNER_UNKNOWN" not in desk.shown(vds_nc.make())
    desk.take("csca.crl", vds_nc.crl(authority, [6317]))
    assert desk.shown(vds_nc.make()) != []
    (held,) = desk.snapshot.trust
    assert held.crl_serials
    # The signing CA again, without its list: what was withdrawn stays so.
    desk.take("csca.pem", authority.certificate(), store=named)
    (again,) = desk.snapshot.trust
    assert again.crl_serials == held.crl_serials


def test_a_master_list_names_itself(desk: Desk) -> None:
    data = vds_nc.master_list([vds_nc.AUTHORITY.certificate()], vds_nc.AUTHORITY)
    assert (
        desk.take("list.ml", data).lines[0].startswith("list.ml: ICAO master list, 1 issuer, 1 key")
    )


def test_our_own_list_stays_what_its_environment_is(desk: Desk) -> None:
    row = SchemeKey(Scheme.SHC, shc.ISSUER, shc.kid_of(KEY), Algorithm.ES256, KEY.public_key)
    desk.take("keys.json", scheme_keys.write(Environment.TEST, [row]), country="XU")
    assert "ENVIRONMENT_WRONG" in desk.shown(CARD)
    with pytest.raises(PratiqueError) as caught:
        desk.take(
            "keys.json",
            scheme_keys.write(Environment.TEST, [row]),
            environment=Environment.PRODUCTION,
        )
    assert caught.value.code == "environment-differs"


def test_a_private_key_is_imported_by_nobody(desk: Desk) -> None:
    with pytest.raises(PratiqueError) as caught:
        desk.take("jwks.json", json.dumps({"keys": [jwk(KEY, d="AQ")]}).encode(), store=SHC)
    assert caught.value.code == "jwks-private"
