"""Certificates become signers with all their limits, or with a reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pratique.crypto import x509
from pratique.terms import Environment, Kind, SignerState
from pratique.trust.certificates import Listed, Reading, collect, signer
from pratique.trust.signer import Signer
from tests.unit.made import END, TEST, VACCINATION, Made, make

AT = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())


def one(made: Made, *authorities: Made, participant: str = "", country: str = "") -> Signer:
    return signer(
        Listed(x509.read(made.der), participant=participant),
        environment=Environment.PRODUCTION,
        authorities=[x509.read(ca.der) for ca in authorities],
        country=country,
    )


def test_a_certificate_alone_is_a_live_signer_of_its_country() -> None:
    found = one(make(["FR"], eku=[TEST]))
    assert {"FR", "GP", "RE"} <= found.countries
    assert found.usages == {Kind.TEST}
    assert found.sca_not_after is None
    assert found.state(AT) is SignerState.LIVE


def test_the_end_of_the_signing_ca_is_known_by_its_signature() -> None:
    end = datetime(2026, 6, 1, tzinfo=UTC)
    ca = make(ca=True, name="SCA", end=end)
    found = one(make(by=ca), ca)
    assert found.sca_not_after == end.timestamp()
    assert found.state(AT) is SignerState.SCA_DEAD


def test_a_ca_of_the_same_name_that_did_not_sign_ends_nothing() -> None:
    ca, namesake = make(ca=True, name="SCA"), make(ca=True, name="SCA", end=END.replace(year=2027))
    assert one(make(by=ca), namesake, ca).sca_not_after == END.timestamp()
    assert one(make(by=ca), namesake).sca_not_after is None


def test_a_ca_renewed_with_its_key_lives_until_its_last_end() -> None:
    ca = make(ca=True, name="SCA", end=datetime(2026, 6, 1, tzinfo=UTC))
    renewed = make(ca=True, name="SCA", key=ca.key)
    assert one(make(by=ca), ca, renewed).sca_not_after == END.timestamp()


def test_a_certificate_altered_after_it_was_signed_is_not_believed() -> None:
    ca = make(ca=True, name="SCA")
    leaf = make(by=ca, eku=[VACCINATION])
    usage = bytes.fromhex("2b060104018e378f650102")
    altered = leaf.der.replace(usage, usage[:-1] + b"\x01")
    record = x509.read(altered)
    assert record.usages == {Kind.TEST}
    found = signer(Listed(record), environment=Environment.TEST, authorities=[x509.read(ca.der)])
    assert (found.reason, found.usages) == ("sca-signature-wrong", frozenset())
    assert found.state(AT) is SignerState.UNREADABLE


def test_a_country_is_the_certificates_and_else_the_lists() -> None:
    assert one(make(["GP"]), participant="FRA").countries == {"GP"}
    assert one(make(["IO"]), participant="IOM").countries == {"IO", "IOM"}
    assert one(make(["XJ"]), participant="XXJ").countries == {"XJ"}
    missing = one(make([]), participant="DEU")
    assert missing.countries == {"DE"}
    assert missing.notes == ("country-missing",)
    assert one(make([]), country="AT").countries == {"AT"}
    assert one(make(["DE"]), country="AT").countries == {"DE"}


def test_no_country_at_all_is_told() -> None:
    assert (one(make([])).countries, one(make([])).notes) == (frozenset(), ("country-missing",))
    assert one(make(["ZZ"])).notes == ("country-unknown",)


def test_a_list_and_a_certificate_that_disagree_allow_nothing() -> None:
    found = one(make(["DE"]), participant="AUT")
    assert (found.countries, found.usages) == (frozenset(), frozenset())
    assert found.reason == "country-differs"


def test_an_unreadable_certificate_is_an_unreadable_signer() -> None:
    listed = Listed(x509.read(b"\x30\x00"), kid=b"kid", participant="DE")
    found = signer(listed, environment=Environment.TEST)
    assert (found.kid, found.reason, found.usages) == (b"kid", "x509-unreadable", frozenset())
    assert found.state(AT) is SignerState.UNREADABLE


@pytest.mark.parametrize("told", [None, Environment.TEST])
def test_the_sources_own_environment_goes_before_the_one_asked_for(
    told: Environment | None,
) -> None:
    reading = Reading("test", (Listed(x509.read(make().der)),), environment=told)
    (found,) = collect([reading], environment=Environment.PRODUCTION)
    assert found.environment is (told or Environment.PRODUCTION)


def test_authorities_of_one_source_serve_the_signers_of_another() -> None:
    ca = make(ca=True, name="SCA")
    readings = [
        Reading("a", (Listed(x509.read(make(by=ca).der)),)),
        Reading("b", (), (x509.read(ca.der),)),
    ]
    (found,) = collect(readings, environment=Environment.TEST)
    assert found.sca_not_after == END.timestamp()
