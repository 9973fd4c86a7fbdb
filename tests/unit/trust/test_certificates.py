"""Certificates become signers with all their limits, or with a reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pratique.crypto import x509
from pratique.terms import Environment, Kind, SignerState
from pratique.trust.certificates import Listed, ListReading, collect, signer
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
    assert found.state(AT) is SignerState.SCA_WRONG


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
    reading = ListReading("test", (Listed(x509.read(make().der)),), environment=told)
    (found,) = collect([reading], environment=Environment.PRODUCTION)
    assert found.environment is (told or Environment.PRODUCTION)


def test_authorities_of_one_source_serve_the_signers_of_another() -> None:
    ca = make(ca=True, name="SCA")
    readings = [
        ListReading("a", (Listed(x509.read(make(by=ca).der)),)),
        ListReading("b", (), (x509.read(ca.der),)),
    ]
    (found,) = collect(readings, environment=Environment.TEST)
    assert found.sca_not_after == END.timestamp()


CERTIFIES, SIGNS, REVOKES = (
    ("2.5.29.15", b"\x03\x02\x00" + bytes([bits]), True) for bits in (0x04, 0x80, 0x02)
)
"""KeyUsage of one bit: keyCertSign, digitalSignature, cRLSign."""
CRITICAL = ("1.2.3.4", b"\x05\x00", True)
OCSP, STAMPS, CLIENT = "1.3.6.1.5.5.7.3.9", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.2"


def in_network(
    made: Made, *authorities: Made, within: frozenset[str] = frozenset({"DE"})
) -> Signer:
    return signer(
        Listed(x509.read(made.der)),
        environment=Environment.PRODUCTION,
        authorities=[x509.read(ca.der) for ca in authorities],
        within=within,
    )


def chains() -> dict[str, tuple[Made, tuple[Made, ...], SignerState]]:
    """Return signers with what stands above them, and the state that each has."""
    ca, other = make(ca=True, name="SCA"), make(ca=True, name="SCA")
    root = make(ca=True, name="root", path=0)
    below = make(ca=True, name="below", by=root)
    unlimited = make(ca=True, name="root", path=None)
    allowed = make(ca=True, name="below", by=unlimited)
    foreign, both = make(["FR"], ca=True, name="SCA"), make(["DE", "FR"], ca=True, name="SCA")
    blind = make(ca=True, name="SCA", raw=[REVOKES])
    able = make(ca=True, name="SCA", raw=[CERTIFIES])
    bound = make(ca=True, name="SCA", raw=[CRITICAL])
    later = make(ca=True, name="SCA", start=END.replace(year=2027, month=6))
    ended = make(ca=True, name="SCA", raw=[CRITICAL], end=datetime(2026, 6, 1, tzinfo=UTC))
    alone = make()
    return {
        "its own": (make(by=ca), (ca,), SignerState.LIVE),
        "its own, not named by its key": (make(by=ca, names_issuer=False), (ca,), SignerState.LIVE),
        "its own beside a namesake": (make(by=ca), (other, ca), SignerState.LIVE),
        "that may certify": (make(by=able), (able,), SignerState.LIVE),
        "below one that sets no limit": (make(by=allowed), (allowed, unlimited), SignerState.LIVE),
        "none": (make(by=ca), (), SignerState.SCA_UNKNOWN),
        "another": (make(by=ca), (root,), SignerState.SCA_UNKNOWN),
        "none, and it signed itself": (alone, (ca,), SignerState.SELF_SIGNED),
        "itself": (ca, (ca,), SignerState.SELF_SIGNED),
        "another certificate of its own key": (
            make(key=ca.key, by=ca), (ca,), SignerState.SCA_UNKNOWN,
        ),
        "a namesake": (make(by=ca, names_issuer=False), (other,), SignerState.SCA_WRONG),
        "another country's": (make(by=foreign), (foreign,), SignerState.SCA_FOREIGN),
        "another country's too": (make(by=both), (both,), SignerState.SCA_FOREIGN),
        "that may not certify": (make(by=blind), (blind,), SignerState.SCA_NOT_CERTIFYING),
        "not in use yet": (make(by=later), (later,), SignerState.SCA_NOT_YET),
        "below one that allows none": (make(by=below), (below, root), SignerState.SCA_PATH),
        "with critical constraints": (make(by=bound), (bound,), SignerState.SCA_UNREAD),
        "with critical constraints, ended": (make(by=ended), (ended,), SignerState.SCA_DEAD),
    }  # fmt: skip


CHAINS = chains()


@pytest.mark.parametrize("above", CHAINS)
def test_in_a_network_the_signing_ca_above_a_signer_is_judged(above: str) -> None:
    made, authorities, state = CHAINS[above]
    assert in_network(made, *authorities).state(AT) is state
    assert in_network(made, *reversed(authorities)).state(AT) is state


LISTED = {
    SignerState.SCA_UNKNOWN: SignerState.LIVE,
    SignerState.SELF_SIGNED: SignerState.LIVE,
    SignerState.SCA_WRONG: SignerState.LIVE,
    SignerState.SCA_UNREAD: SignerState.LIVE,
}
"""What a list tells too little of: most real ones name no signing CA, or one of several."""


@pytest.mark.parametrize("above", sorted(CHAINS.keys() - {"itself", "another country's too"}))
def test_in_a_list_what_is_known_of_a_signing_ca_counts(above: str) -> None:
    made, authorities, state = CHAINS[above]
    assert one(made, *authorities).state(AT) is LISTED.get(state, state)


def test_a_signing_ca_that_may_not_have_issued_it_is_no_harm_beside_one_that_may() -> None:
    ca = make(ca=True, name="SCA")
    renewed = make(["FR"], ca=True, name="SCA", key=ca.key, start=END.replace(year=2027))
    found = in_network(make(by=ca), renewed, ca)
    assert (found.reason, found.sca_not_before, found.sca_not_after) == ("", None, END.timestamp())


def test_what_is_found_of_a_chain_leaves_the_usage_as_it_is() -> None:
    # A key of tests is RED for a vaccination, and no doubt about its SCA takes that away.
    found = in_network(make(eku=[TEST], by=make(ca=True, name="SCA")))
    assert (found.reason, found.usages) == ("sca-unknown", frozenset({Kind.TEST}))


@pytest.mark.parametrize(
    ("ca", "raw", "eku", "state"),
    [
        (True, [CERTIFIES], None, SignerState.OTHER_USE),
        (False, [CERTIFIES], None, SignerState.OTHER_USE),
        (True, [SIGNS], None, SignerState.LIVE),
        (False, [SIGNS], None, SignerState.LIVE),
        (False, [], [OCSP], SignerState.OTHER_USE),
        (False, [SIGNS], [OCSP, STAMPS], SignerState.OTHER_USE),
        # Seen in real lists: 52 of 438 signers of production name client authentication alone.
        (False, [], [CLIENT], SignerState.LIVE),
        (False, [], [OCSP, TEST], SignerState.LIVE),
    ],
)
def test_a_certificate_for_another_use_is_no_document_signers(
    ca: bool, raw: list[tuple[str, bytes, bool]], eku: list[str] | None, state: SignerState
) -> None:
    found = one(make(ca=ca, raw=raw, eku=eku))
    assert found.state(AT) is state
    assert bool(found.usages) is (state is SignerState.LIVE)


def test_a_signer_of_several_countries_signs_for_each_of_them() -> None:
    assert one(make(["AT", "BE"])).countries == {"AT", "BE"}
    assert one(make(["AT", "BE"]), participant="BEL").countries == {"BE"}
    assert one(make(["AT", "BE"]), participant="ITA").reason == "country-differs"


def test_a_negative_length_of_a_path_is_unreadable() -> None:
    record = x509.read(make(raw=[("2.5.29.19", b"\x30\x06\x01\x01\xff\x02\x01\xff", True)]).der)
    assert record.reason == "extensions-unreadable"
