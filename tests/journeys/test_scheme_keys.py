"""A state publishes its keys of other schemes; a border that has synced knows its cards, bound to its country."""

from __future__ import annotations

from typing import Any

import pytest

from pratique.crypto import cbor, keys
from pratique.findings import Colour
from pratique.network import proposal
from pratique.rules import documents
from pratique.terms import Algorithm, Environment, Kind, Scheme
from pratique.trust import scheme_keys
from pratique.trust.scheme_keys import SchemeKey
from pratique.verification import Verification
from tests.networks import HOUR, Authority, State, Verifier, codes
from tests.schemes import nzcp, shc, vds_nc
from tests.travellers import JO, dose, rule

KEY = keys.generate(Algorithm.ES256)
CARD = shc.text(JO, [dose()], KEY)
TEST = Environment.TEST
ALL_IN = documents.write(rule("VR-XB-0001", {"===": [1, 1]}))


def row(scheme: Scheme = Scheme.SHC, **changes: Any) -> SchemeKey:
    issuer, kid = (
        (shc.ISSUER, shc.kid_of(KEY)) if scheme is Scheme.SHC else (nzcp.ISSUER, nzcp.KID.decode())
    )
    one = SchemeKey(scheme, issuer, kid, Algorithm.ES256, KEY.public_key, "Health of Arcadia")
    return one._replace(**changes)


def document(*rows: SchemeKey, environment: Environment = TEST) -> bytes:
    return scheme_keys.write(environment, rows)


class World:
    """Arcadia (XA) lists keys of schemes, Borealis (XB) lets all vaccinated in, Cimmeria (XC) lists others' keys."""

    def __init__(self) -> None:
        self.authority = Authority()
        self.arcadia, self.place, self.cimmeria = (State(f"XX{letter}") for letter in "ABC")
        for state in (self.arcadia, self.cimmeria):
            domains = state.participant.domains | {"SHC", "NZCP", "VDS-NC"}
            state.participant = state.participant._replace(domains=domains)
        own = self.arcadia.participant
        # It signs for another country too, as a state does for its territories.
        self.arcadia.participant = own._replace(countries=frozenset({"XA", "NZ"}))
        self.place.rules = [ALL_IN]
        self.authority.admit(self.arcadia, self.place, self.cimmeria)
        self.place.publish()
        self.cimmeria.publish()
        self.border = Verifier(self.authority.anchor)

    def publish(self, data: bytes | None, state: State | None = None) -> None:
        one = state or self.arcadia
        one.scheme_keys = data
        one.publish()
        self.authority.now += HOUR
        self.border.sync(self.authority.files, self.authority.now)

    def shown(self, text: str = CARD, place: str = "XB") -> Verification:
        return self.border.verify(text, self.authority.now, place)


@pytest.fixture(name="world")
def fixture_world() -> World:
    return World()


def test_a_card_of_a_published_key_is_green_and_its_country_is_the_participants(
    world: World,
) -> None:
    world.publish(document(row()))
    found = world.shown()
    assert found.verdict.colour is Colour.GREEN, codes(found)
    assert found.certificate is not None
    assert found.signer is not None
    assert (found.certificate.issuer, found.signer.participant) == ("XA", "XXA")
    assert found.signer.countries == {"XA"}
    assert found.signer.name == "Health of Arcadia"


def test_a_pass_of_a_published_key_is_known_and_states_no_event(world: World) -> None:
    world.publish(document(row(Scheme.NZCP, country="NZ")))
    ends = int(world.authority.now.timestamp()) + 9_000
    text = nzcp.make(KEY, cbor.dumps(nzcp.claims(exp=ends)))
    found = world.shown(text)
    assert found.verdict.colour is Colour.AMBER
    assert found.certificate is not None
    assert (found.certificate.kind, found.certificate.domain) == (Kind.PASS, "NZCP")
    assert found.signer is not None
    assert found.signer.countries == {"NZ"}


def test_a_seal_is_believed_by_a_published_signing_ca(world: World) -> None:
    (ca,) = vds_nc.AUTHORITY.signers()
    one = SchemeKey(Scheme.VDS_NC, ca.issuer, ca.kid_text, ca.algorithm, ca.public_key, ca.name)
    world.publish(document(one._replace(not_before=ca.not_before, not_after=ca.not_after)))
    found = world.shown(vds_nc.make(), "")
    assert found.certificate is not None, codes(found)
    assert found.signer is not None
    assert (found.certificate.issuer, found.signer.participant) == ("XA", "XXA")
    # Another state's signing CA of that name and key signs no seal of Arcadia.
    world.publish(document())
    world.publish(document(one), world.cimmeria)
    assert codes(world.shown(vds_nc.make())) == ["SEAL_COUNTRY"]


def test_who_lists_anothers_issuer_neither_widens_it_nor_takes_it_away(world: World) -> None:
    world.publish(document(row()))
    before = world.shown()
    world.publish(document(row(name="Cimmeria's own")), world.cimmeria)
    held = [one for one in world.border.snapshot().trust if one.issuer]
    assert {(one.participant, one.countries) for one in held} == {
        ("XXA", frozenset({"XA"})), ("XXC", frozenset({"XC"})),
    }  # fmt: skip
    found = world.shown()
    assert (found.verdict, found.signer) == (before.verdict, before.signer)
    # What it lists under its own name is its own word: another's country it cannot give away.
    world.publish(document(row(country="XA")), world.cimmeria)
    assert [one.participant for one in world.border.snapshot().trust if one.issuer] == ["XXA"]


def test_a_key_that_is_no_longer_listed_ends_at_the_next_sync(world: World) -> None:
    world.publish(document(row()))
    world.publish(document())
    found = world.shown()
    assert (found.verdict.colour, codes(found)) == (Colour.AMBER, ["SIGNER_UNKNOWN"])
    world.publish(document(row()))
    assert world.shown().verdict.colour is Colour.GREEN


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{", "json-unreadable"),
        (document(row(), row(name="twice")), "scheme-keys-double"),
        (document(row(), environment=Environment.PRODUCTION), "scheme-keys-environment"),
        (document(row(kid="not its own")), "scheme-keys-kid"),
        (b"[" * 100_000, "json-unreadable"),
    ],
)
def test_a_fault_costs_these_keys_alone_and_is_told(world: World, data: bytes, why: str) -> None:
    world.publish(data)
    roll = world.border.snapshot().roll
    assert roll is not None
    assert (roll.members["XXA"].schemes, roll.members["XXA"].problem) == (why, "")
    assert codes(world.shown()) == ["SIGNER_UNKNOWN"]
    found = world.shown(world.arcadia.issue(), "XB")
    assert found.verdict.colour is Colour.GREEN, codes(found)


def test_a_scheme_that_the_seats_have_not_let_a_participant_in_for_is_left_out(
    world: World,
) -> None:
    world.place.scheme_keys = document(row())
    world.publish(document(row()), world.place)
    assert codes(world.shown()) == ["SIGNER_UNKNOWN"]


def test_the_keys_of_a_suspended_state_are_in_doubt(world: World) -> None:
    world.publish(document(row()))
    world.authority.suspend("XXA", world.authority.seats[:3])
    world.border.sync(world.authority.files, world.authority.now)
    assert "PARTICIPANT_SUSPENDED" in codes(world.shown())


def test_no_hcert_is_signed_with_a_schemes_key(world: World) -> None:
    # The same key pair, listed for cards, under the very kid of its certificates.
    state = world.arcadia
    kid, key = state.kid(), state.signers[0]
    assert key
    world.publish(document(row(Scheme.NZCP, kid=kid.hex())))
    snapshot = world.border.snapshot()
    assert [one.domain for one, _ in snapshot.candidates(kid)] == ["DCC"]


def test_whoever_signs_an_edition_sees_which_keys_come_and_go(world: World) -> None:
    world.publish(document(row(), row(Scheme.NZCP)))
    world.arcadia.scheme_keys = document(row(), row(Scheme.NZCP, kid="key-2"))
    told = list(proposal.told(world.arcadia.draft(), world.authority.view))
    assert f"  new: key key-2 of {nzcp.ISSUER} (NZCP)" in told
    assert f"  goes: key key-1 of {nzcp.ISSUER} (NZCP)" in told
    assert not any(shc.ISSUER in line for line in told)
    world.arcadia.scheme_keys = b"{"
    assert any(
        "refused" in line for line in proposal.told(world.arcadia.draft(), world.authority.view)
    )


def test_an_edition_with_a_file_that_is_too_large_is_refused_as_any(world: World) -> None:
    data = document(*(row(kid=f"{n}", name="n" * 200, scheme=Scheme.NZCP) for n in range(6_000)))
    with pytest.raises(Exception, match="too large"):
        world.publish(data)
