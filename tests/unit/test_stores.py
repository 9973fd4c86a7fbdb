"""A key of one scheme's issuer has nothing to do with the same key pair in another store."""

from __future__ import annotations

import json
from itertools import product

import pytest

from pratique.authenticate import authenticate
from pratique.compile import together
from pratique.crypto import keys
from pratique.crypto.cose import Envelope
from pratique.findings import Code, Finding
from pratique.formats import Sealed
from pratique.snapshot import Snapshot
from pratique.terms import ALL_KINDS, Algorithm, Environment, Scheme
from pratique.trust import expiry, scheme_keys
from pratique.trust.certificates import FOREVER, read_key
from pratique.trust.registry import ParticipantState, Registry
from pratique.trust.signer import BARE, CONTRADICTED, Signer, TrustList

KEY = keys.generate(Algorithm.ES256)
MESSAGE = b"what is signed"
SIGNATURE = KEY.sign(MESSAGE)
KID, ISSUER = b"AAAAAAAA", "https://one.example"
HCERT = Signer(
    KID, "XXA", frozenset({"XA"}), Algorithm.ES256, KEY.public_key, ALL_KINDS, 0, FOREVER,
    Environment.PRODUCTION, "DCC", "ab" * 32, notes=(BARE,),
)  # fmt: skip


def key_of(scheme: Scheme, issuer: str = ISSUER, kid: bytes = KID) -> Signer:
    """Pin the one key pair in a scheme; every store gives it the same kid."""
    row = scheme_keys.pinned(Scheme.NZCP, issuer, kid, read_key(KEY.public_key))
    return row._replace(domain=scheme.value, countries=frozenset({"XA"}), participant="XXA")


def snapshot(*signers: Signer, roll: Registry | None = None) -> Snapshot:
    return Snapshot(
        number=1, created=0, environment=Environment.PRODUCTION,
        trust=TrustList(signers, apart=roll is not None), roll=roll,
    )  # fmt: skip


def sealed(scheme: Scheme, issuer: str = ISSUER, kid: bytes = KID) -> Sealed:
    return Sealed(scheme, issuer, kid, Algorithm.ES256, MESSAGE, SIGNATURE, b"")


ENVELOPE = Envelope(-7, KID, True, b"", MESSAGE, SIGNATURE)
UNKNOWN = Finding(Code.SIGNER_UNKNOWN)


@pytest.mark.parametrize(("pinned", "shown"), list(product(Scheme, Scheme)))
def test_a_key_verifies_texts_of_its_own_scheme_alone(pinned: Scheme, shown: Scheme) -> None:
    held, one = snapshot(key_of(pinned)), key_of(pinned)
    assert authenticate(sealed(shown), held) == ([one] if pinned is shown else UNKNOWN)


@pytest.mark.parametrize("scheme", Scheme)
def test_neither_an_hcert_key_nor_a_schemes_verifies_for_the_other(scheme: Scheme) -> None:
    assert authenticate(ENVELOPE, snapshot(key_of(scheme))) == UNKNOWN
    assert authenticate(sealed(scheme), snapshot(HCERT)) == UNKNOWN
    # A domain that is called as a scheme is, without an issuer, is of HCERT.
    called = HCERT._replace(domain=scheme.value, bound=True)
    assert authenticate(sealed(scheme), snapshot(called)) == UNKNOWN


@pytest.mark.parametrize("scheme", Scheme)
def test_a_key_verifies_under_its_whole_name_alone(scheme: Scheme) -> None:
    held = snapshot(key_of(scheme), key_of(scheme, "https://two.example", b"BBBBBBBB"))
    names = product((ISSUER, "https://two.example", ISSUER + "/", ""), (KID, b"BBBBBBBB", b""))
    good = [name for name in names if type(authenticate(sealed(scheme, *name), held)) is list]
    assert good == [(ISSUER, KID), ("https://two.example", b"BBBBBBBB")]


@pytest.mark.parametrize(("one", "other"), list(product(Scheme, Scheme)))
def test_a_key_pair_pinned_in_two_schemes_is_two_keys(one: Scheme, other: Scheme) -> None:
    first, second = key_of(one), key_of(other, "https://two.example")
    held = snapshot(first, second, HCERT)
    assert authenticate(sealed(one), held) == [first]
    assert authenticate(sealed(other, "https://two.example"), held) == [second]
    assert authenticate(ENVELOPE, held) == [HCERT]
    assert len(held.trust) == 3


@pytest.mark.parametrize("scheme", Scheme)
def test_no_name_or_participant_of_one_store_counts_for_another(scheme: Scheme) -> None:
    stranger = key_of(scheme, kid=b"BBBBBBBB")._replace(participant="XXB")
    held = snapshot(HCERT, stranger)
    for one in (HCERT, stranger):
        names = held.names_of(one)
        assert names.kids == {one.kid}
        assert one.participant in names.participants
        assert not {"XXA", "XXB"} - {one.participant} & names.participants


@pytest.mark.parametrize("scheme", Scheme)
def test_what_was_asked_of_one_store_is_no_answer_of_another(scheme: Scheme) -> None:
    # One participant, one key pair, one country: the stores differ, and so do the kids.
    other = key_of(scheme, kid=b"BBBBBBBB")
    held = snapshot(HCERT, other)
    assert [held.names_of(one).kids for one in (HCERT, other)] == [{KID}, {b"BBBBBBBB"}]


ROLL = Registry(0, {"XXA": ParticipantState(FOREVER)})


@pytest.mark.parametrize("scheme", Scheme)
def test_a_network_says_nothing_of_a_key_in_another_store(scheme: Scheme) -> None:
    imported = key_of(scheme)._replace(countries=frozenset({"XB"}), participant="XB")
    trust, _ = together(snapshot(HCERT, roll=ROLL), snapshot(imported))
    assert set(trust) == {HCERT, imported}
    trust, _ = together(snapshot(key_of(scheme), roll=ROLL), snapshot(HCERT))
    assert set(trust) == {key_of(scheme), HCERT}


@pytest.mark.parametrize("scheme", Scheme)
def test_of_a_key_that_both_hold_the_networks_record_counts(scheme: Scheme) -> None:
    imported = key_of(scheme)._replace(countries=frozenset(), participant="")
    trust, _ = together(snapshot(key_of(scheme), roll=ROLL), snapshot(imported))
    assert list(trust) == [key_of(scheme)]
    assert all(CONTRADICTED not in one.notes for one in trust)


@pytest.mark.parametrize("scheme", Scheme)
def test_a_participant_that_lists_anothers_key_widens_nothing(scheme: Scheme) -> None:
    own, other = (
        key_of(scheme),
        key_of(scheme)._replace(participant="XXB", countries=frozenset({"XB"})),
    )
    held = snapshot(own, other, roll=ROLL)
    found = authenticate(sealed(scheme), held)
    assert isinstance(found, list)
    assert {(one.participant, one.countries) for one in found} == {
        ("XXA", frozenset({"XA"})), ("XXB", frozenset({"XB"})),
    }  # fmt: skip


@pytest.mark.parametrize("scheme", Scheme)
def test_a_snapshot_with_schemes_keys_is_read_as_it_was_written(scheme: Scheme) -> None:
    held = snapshot(HCERT, key_of(scheme))
    assert Snapshot.from_bytes(held.to_bytes()) == held
    assert held.trust.merge([key_of(scheme)]) == held.trust


@pytest.mark.parametrize("scheme", Scheme)
def test_a_directory_that_is_imported_anew_does_not_loosen_a_country(scheme: Scheme) -> None:
    bound, again = key_of(scheme), key_of(scheme)._replace(countries=frozenset(), participant="")
    assert list(TrustList([bound]).merge([again])) == [bound]
    assert list(TrustList([again]).merge([bound])) == [bound]
    other = bound._replace(countries=frozenset({"XB"}), participant="XB")
    assert list(TrustList([bound]).merge([other])) == [other]


def test_a_snapshot_without_schemes_keys_stays_the_bytes_that_it_was() -> None:
    (row,) = json.loads(snapshot(HCERT).to_bytes())["signers"]
    assert sorted(row) == [
        "algorithm", "countries", "domain", "environment", "kid", "not_after", "not_before", "notes",
        "participant", "public_key", "reason", "sca_not_after", "thumbprint", "usages",
    ]  # fmt: skip


def test_two_issuers_of_one_key_are_two_in_the_table_of_ends() -> None:
    rows = expiry.of_signers([key_of(Scheme.SHC), key_of(Scheme.SHC, "https://two.example")], at=5)
    assert [(row.domain, row.strands[0].pieces) for row in rows] == [("SHC", 2)]
