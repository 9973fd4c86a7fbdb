"""Whatever else lists a key: once withdrawn, suspended or revoked, it does not live on under another name."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.compile import merged
from pratique.crypto import algorithms, x509, x509_write
from pratique.crypto.x509_write import Subject
from pratique.findings import Code, Colour
from pratique.snapshot import Snapshot
from pratique.terms import Environment
from pratique.trust.certificates import DEFAULT_DOMAIN, Listed, ListReading, bare_key, collect
from pratique.trust.signer import TrustList
from pratique.verification import Verification, verify
from tests.networks import AT, HOUR, Authority, State, Verifier, codes, key

TEST = Environment.TEST
_BEST_FIRST = (Colour.GREEN, Colour.AMBER, Colour.RED)


class Case(NamedTuple):
    """A network in which something is said against a key, and a text that the key has signed."""

    state: State
    network: Snapshot
    text: str

    def with_(self, *imported: Listed, country: str = "XA") -> Verification:
        return verify(
            self.text,
            snapshot=merged(self.network, lists(*imported, country=country)),
            at=AT + HOUR,
        )


def lists(*listed: Listed, country: str = "XA") -> Snapshot:
    signers = collect([ListReading("list", listed)], environment=TEST, country=country)
    return Snapshot(number=1, created=0, environment=TEST, trust=TrustList(signers))


def said(what: str, *, kid: bytes | None = None) -> Case:
    authority, state = Authority(), State("XXA")
    authority.admit(state)
    state.publish()
    text = state.issue(kid=kid)
    if what == "withdrawn":
        state.withdrawn[0] = "key-compromise"
    elif what == "revoked":
        state.revoke(text)
    elif what == "suspended":
        authority.suspend("XXA", authority.seats[:3])
    state.publish()
    verifier = Verifier(authority.anchor)
    verifier.sync(authority.files)
    return Case(state, verifier.snapshot(), text)


held = lru_cache(said)


def record(case: Case) -> x509.X509Record:
    return x509.read(case.state.signers[0])


def bare(case: Case, participant: str = "", domain: str = DEFAULT_DOMAIN) -> Listed:
    """The same key without a certificate, under its old kid: a kid list, a JWK, a DID without x5c."""
    found = record(case)
    return Listed(bare_key(algorithms.read_der(found.public_key)), found.kid, participant, domain)


def again(case: Case, participant: str = "") -> Listed:
    """The same key in another X.509 certificate, of another signing CA."""
    found, ca_key = record(case), key("another sca")
    at = int(AT.timestamp()) - 86_400
    ca = x509_write.signing_ca(
        ca_key, Subject("Another SCA", "Ministry", "XA", TEST), at=at, serial=1
    )
    der = x509_write.document_signer(
        found.public_key, Subject("Again", "Ministry", "XA", TEST, serial="9"),
        by=x509_write.Authority(ca, ca_key), at=at, serial=2,
    )  # fmt: skip
    return Listed(x509.read(der), found.kid, participant)


WAYS: dict[str, Callable[[Case], Listed]] = {
    "the same certificate": lambda case: Listed(record(case)),
    "bare": bare,
    "bare under its own kid": lambda case: bare(case)._replace(kid=None),
    "another X.509 certificate": again,
    "named by two letters": lambda case: bare(case, participant="XA"),
    "named by three letters": lambda case: bare(case, participant="XXA"),
    "under another participant's name": lambda case: bare(case, participant="XXB"),
    "in another X.509 certificate, named": lambda case: again(case, participant="XXA"),
    "in another domain": lambda case: bare(case, domain="PH4H"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("what", "colour", "code"),
    [
        ("withdrawn", Colour.RED, "SIGNER_WITHDRAWN"),
        ("suspended", Colour.AMBER, "PARTICIPANT_SUSPENDED"),
        ("revoked", Colour.RED, "REVOKED"),
    ],
)
def test_what_was_said_against_a_key_holds_however_it_is_listed_again(
    what: str, colour: Colour, code: str, way: str
) -> None:
    case = held(what)
    found = case.with_(WAYS[way](case))
    assert found.verdict.colour is colour
    assert code in codes(found)


@pytest.mark.parametrize("what", ["withdrawn", "suspended"])
def test_it_holds_under_a_kid_that_the_network_does_not_know(what: str) -> None:
    # Whoever has the stolen key names whatever kid the old list names.
    case = held(what, kid=b"old-list")
    assert codes(case.with_()) == ["SIGNER_UNKNOWN"]
    found = case.with_(bare(case)._replace(kid=b"old-list"))
    assert {"SIGNER_WITHDRAWN", "PARTICIPANT_SUSPENDED"} & {*codes(found)}


def test_sources_that_contradict_each_other_are_told() -> None:
    case = held("withdrawn")
    assert "SIGNER_CONTRADICTED" in codes(case.with_(bare(case)))
    assert "SIGNER_CONTRADICTED" not in codes(case.with_())
    good = held("nothing")
    assert codes(good.with_(bare(good))) == ["NO_RULES"]


def test_a_key_that_another_country_lists_in_its_own_certificate_is_in_doubt() -> None:
    # Neither is believed alone: a member could list a foreign state's key as withdrawn, and a thief could have
    # a stolen one certified abroad.
    case = held("withdrawn", kid=b"abroad")
    found = record(case)
    ca_key, at = key("foreign sca"), int(AT.timestamp()) - 86_400
    ca = x509_write.signing_ca(ca_key, Subject("SCA", "Ministry", "XB", TEST), at=at, serial=1)
    der = x509_write.document_signer(
        found.public_key, Subject("Signer", "Ministry", "XB", TEST, serial="9"),
        by=x509_write.Authority(ca, ca_key), at=at, serial=2,
    )  # fmt: skip
    snapshot = merged(case.network, lists(Listed(x509.read(der), kid=b"abroad")))
    (signer,) = snapshot.trust.signers_for(b"abroad")
    assert snapshot.roll is not None
    assert [one.code for one in snapshot.roll.standing(signer, int(AT.timestamp()))] == [
        Code.SIGNER_CONTRADICTED
    ]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["nothing", "withdrawn", "suspended", "revoked"]),
    st.lists(st.sampled_from(sorted(WAYS)), max_size=4),
    st.randoms(use_true_random=False),
)
def test_no_import_betters_a_standing_and_no_order_matters(
    what: str, ways: list[str], draw: random.Random
) -> None:
    case = held(what)
    imported = [WAYS[way](case) for way in ways]
    before = case.with_().verdict.colour
    after = case.with_(*imported)
    assert _BEST_FIRST.index(after.verdict.colour) >= _BEST_FIRST.index(before)
    draw.shuffle(imported)
    assert codes(case.with_(*imported)) == codes(after)


def test_what_an_imported_edition_of_the_network_knows_holds_too() -> None:
    # A stick brings a newer edition as an import: what it says against a key is not lost beside an older one.
    old, new = held("nothing"), said("withdrawn")
    for one, other in ((old, new), (new, old)):
        found = verify(old.text, snapshot=merged(one.network, other.network), at=AT + HOUR)
        assert found.verdict.colour is Colour.RED
        assert "SIGNER_WITHDRAWN" in codes(found)


def test_what_either_list_has_revoked_is_revoked() -> None:
    # The network's list is older than the one that was imported beside it, or newer: both count.
    case = held("revoked")
    clean = held("nothing").network
    imported = clean.replace(revocations=case.network.revocations, roll=None)
    found = verify(case.text, snapshot=merged(clean, imported), at=AT + HOUR)
    assert "REVOKED" in codes(found)
    case.state.revoke_tags(case.state.kid(), {1})
    later = Snapshot.from_bytes(merged(case.network, imported).to_bytes())
    assert "REVOKED" in codes(verify(case.text, snapshot=later, at=AT + HOUR))
