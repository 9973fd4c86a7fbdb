"""Each check finds its own fault, says where, and finds nothing where there is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique import authenticate
from pratique.findings import Code
from pratique.model import KINDS, Entry, HealthCertificate, Person, Vaccination
from pratique.terms import ALL_KINDS, Algorithm, Environment, Kind
from pratique.trust.signer import Signer

PRODUCTION, TEST = Environment.PRODUCTION, Environment.TEST
START, ISSUED, NOW, EXPIRES, END = 100, 200, 300, 400, 500
LEEWAY = authenticate.LEEWAY
DOSE = Vaccination(None, None, None, None, None, None, None, "XU", None, None)


def entries_of(kind: Kind) -> tuple[Entry, ...]:
    (of_kind,) = (type_ for type_, own in KINDS.items() if own is kind)
    nothing = dict.fromkeys(f for f in of_kind._fields if f != "unmapped")  # type: ignore[attr-defined]
    entry: Entry = of_kind(**nothing)
    return (entry._replace(country="XU"),)


def certificate(**changes: Any) -> HealthCertificate:
    person = Person("Sampleová", "Testina", None, None, None)
    made = HealthCertificate(
        "DCC", "1.3.0", Kind.VACCINATION, person, (DOSE,), "XU", ISSUED, EXPIRES, {}
    )
    return made._replace(**changes)


def signer(**changes: Any) -> Signer:
    made = Signer(
        b"kid", "XXU", frozenset({"XU"}), Algorithm.ES256, b"", ALL_KINDS, START, END, PRODUCTION,
        "DCC", "",
    )  # fmt: skip
    return made._replace(**changes)


def found(
    check: authenticate.Check, *, at: int = NOW, held: Signer | None = None, **changes: Any
) -> list[tuple[str, str]]:
    made = check(certificate(**changes), held or signer(), PRODUCTION, at)
    return [(finding.code.name, finding.where) for finding in made]


def test_a_good_certificate_passes_every_check() -> None:
    assert authenticate.judge(certificate(), signer(), PRODUCTION, NOW) == []
    assert authenticate.nothing_bars(certificate(), signer(), PRODUCTION)
    assert authenticate.in_force(certificate(), signer(), NOW)


def test_every_check_is_made() -> None:
    named = {name for name in vars(authenticate) if name.startswith("check_")}
    assert {check.__name__ for check in authenticate.CHECKS} == named
    assert [check for check in authenticate.CHECKS if check in authenticate.DATE_CHECKS] == list(
        authenticate.DATE_CHECKS
    )


@pytest.mark.parametrize(
    ("at", "codes"),
    [
        (ISSUED - LEEWAY - 1, [("NOT_YET_VALID", "iat")]),
        (ISSUED - LEEWAY, [("CLOCK_LEEWAY", "iat")]),
        (ISSUED - 1, [("CLOCK_LEEWAY", "iat")]),
        (ISSUED, []),
        (EXPIRES, []),
        (EXPIRES + 1, [("EXPIRED", "exp")]),
    ],
)
def test_validity_is_inclusive_at_both_ends(at: int, codes: list[tuple[str, str]]) -> None:
    assert found(authenticate.check_validity, at=at) == codes


def test_what_a_certificate_does_not_say_about_time_is_told() -> None:
    assert found(authenticate.check_validity, issued_at=None) == [("ISSUED_MISSING", "iat")]
    assert found(authenticate.check_validity, expires_at=None) == [("EXPIRY_MISSING", "exp")]
    assert found(authenticate.check_key_validity, issued_at=None, expires_at=None) == []


def test_an_end_before_the_beginning_is_told_and_the_same_instant_is_not() -> None:
    assert found(authenticate.check_validity, issued_at=NOW, expires_at=NOW) == []
    before = found(authenticate.check_validity, issued_at=NOW, expires_at=NOW - 1)
    assert before == [("EXPIRED", "exp"), ("EXPIRES_BEFORE_ISSUE", "exp")]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"at": START - LEEWAY - 1}, [("SIGNER_NOT_YET", "")]),
        ({"at": START - LEEWAY}, [("CLOCK_LEEWAY", "")]),
        ({"at": START - 1}, [("CLOCK_LEEWAY", "")]),
        ({"at": START}, []),
        ({"at": END}, []),
        ({"at": END + 1}, [("SIGNER_EXPIRED", "")]),
        ({"issued_at": START - 1}, [("ISSUED_BEFORE_SIGNER", "iat")]),
        ({"issued_at": START}, []),
        ({"expires_at": END}, []),
        ({"expires_at": END + 1}, [("EXPIRES_AFTER_SIGNER", "exp")]),
        ({"held": signer(sca_not_after=NOW)}, []),
        ({"held": signer(sca_not_after=NOW - 1)}, [("SCA_DEAD", "")]),
        ({"held": signer(sca_not_after=0)}, [("SCA_DEAD", "")]),
        ({"held": signer(sca_not_after=END, sca_not_before=NOW + LEEWAY)}, []),
        (
            {"held": signer(sca_not_after=END, sca_not_before=NOW + LEEWAY + 1)},
            [("SCA_NOT_YET", "")],
        ),
    ],
)
def test_the_signer_s_life_bounds_what_it_signed(
    changes: dict[str, Any], codes: list[tuple[str, str]]
) -> None:
    assert found(authenticate.check_key_validity, **changes) == codes


def test_a_signer_vouches_only_for_the_kinds_of_its_usage() -> None:
    for kind in Kind:
        only = signer(usages=frozenset({kind}))
        for other in Kind:
            codes = [] if kind is other else [("USAGE_WRONG", "")]
            event = entries_of(other)
            assert found(authenticate.check_usage, held=only, kind=other, entries=event) == codes


def test_a_signer_vouches_for_each_event_of_a_card_not_for_its_first_kind() -> None:
    several = (DOSE, *entries_of(Kind.TEST))
    both = signer(usages=frozenset({Kind.VACCINATION, Kind.TEST}))
    assert found(authenticate.check_usage, held=both, entries=several) == []
    for kind in (Kind.VACCINATION, Kind.TEST):
        only = signer(usages=frozenset({kind}))
        wrong = [("USAGE_WRONG", "")]
        assert found(authenticate.check_usage, held=only, kind=kind, entries=several) == wrong
        assert not authenticate.nothing_bars(
            certificate(kind=kind, entries=several), only, PRODUCTION
        )


def test_a_signer_that_cannot_be_read_is_a_doubt_whatever_its_usage() -> None:
    for usages in (ALL_KINDS, frozenset[Kind]()):
        unread = signer(reason="eku-unreadable", usages=usages)
        assert found(authenticate.check_usage, held=unread) == [("SIGNER_UNREADABLE", "")]


def entries(*countries: str | None) -> tuple[Vaccination, ...]:
    return tuple(DOSE._replace(country=country) for country in countries)


@pytest.mark.parametrize(
    ("issuer", "events", "codes"),
    [
        ("XU", ["XU"], []),
        ("XXU", ["XU"], []),
        ("XU", ["XXU"], []),
        ("XU", [None], []),
        ("XA", ["XU"], [("COUNTRY_WRONG", "iss")]),
        ("XA", ["XA"], [("COUNTRY_WRONG", "iss")]),
        ("XU", ["XA"], [("EVENT_ABROAD", "co")]),
        ("XU", ["XU", "XA"], [("EVENT_ABROAD", "co")]),
        ("XU", ["not a code"], [("EVENT_ABROAD", "co")]),
        ("Ministry", ["XU"], [("ISSUER_UNMAPPED", "iss")]),
        ("Ministry", ["XA"], [("ISSUER_UNMAPPED", "iss"), ("COUNTRY_WRONG", "co")]),
        ("Ministry", ["XU", "XA"], [("ISSUER_UNMAPPED", "iss"), ("COUNTRY_WRONG", "co")]),
        (None, ["XU"], []),
        (None, ["XA"], [("COUNTRY_WRONG", "co")]),
        (None, [None], [("COUNTRY_MISSING", "co")]),
        ("", [""], [("COUNTRY_MISSING", "co")]),
        ("Ministry", [None], [("ISSUER_UNMAPPED", "iss"), ("COUNTRY_MISSING", "co")]),
        (None, [None, "XU"], []),
        ("", ["XU"], []),
        ("", ["XA"], [("COUNTRY_WRONG", "co")]),
    ],
)
def test_a_key_speaks_for_its_own_country(
    issuer: str | None, events: list[str | None], codes: list[tuple[str, str]]
) -> None:
    seen = found(authenticate.check_country, issuer=issuer, entries=entries(*events))
    assert seen == codes


def test_a_key_of_no_country_is_told_and_nothing_else_is_asked() -> None:
    nowhere = signer(countries=frozenset())
    for issuer in ("XU", None, "Ministry"):
        assert found(authenticate.check_country, held=nowhere, issuer=issuer) == [
            ("SIGNER_WITHOUT_COUNTRY", "")
        ]


@pytest.mark.parametrize("key", [PRODUCTION, TEST])
@pytest.mark.parametrize("asked", [PRODUCTION, TEST])
def test_a_key_never_crosses_into_another_environment(key: Environment, asked: Environment) -> None:
    held = signer(environment=key)
    seen = list(authenticate.check_environment(certificate(), held, asked, NOW))
    assert [finding.code for finding in seen] == ([] if key is asked else [Code.ENVIRONMENT_WRONG])


instants = st.none() | st.sampled_from([99, 100, 101, 199, 200, 201, 299, 300, 301, 400, 500, 501])
some_certificate = st.builds(
    certificate,
    kind=st.sampled_from(Kind),
    issuer=st.sampled_from(["XU", "XXU", "xu", "XA", "Ministry", "", None]),
    entries=st.lists(st.sampled_from(["XU", "XA", "XXU", "xu", None]), min_size=1, max_size=3).map(
        lambda countries: entries(*countries)
    ),
    issued_at=instants,
    expires_at=instants,
)
some_signer = st.builds(
    signer,
    countries=st.frozensets(st.sampled_from(["XU", "XA", "IOM"])),
    usages=st.frozensets(st.sampled_from(Kind)),
    environment=st.sampled_from(Environment),
    sca_not_after=instants,
    sca_not_before=instants | st.integers(98 + LEEWAY, 502 + LEEWAY),
    reason=st.sampled_from(["", "unread", "sca-unknown"]),
)


@given(some_certificate, some_signer, st.sampled_from(Environment), st.integers(98, 502))
def test_the_quick_proofs_say_what_the_checks_say(
    made: HealthCertificate, held: Signer, environment: Environment, at: int
) -> None:
    by_each = [f for check in authenticate.CHECKS for f in check(made, held, environment, at)]
    dated = [f for check in authenticate.DATE_CHECKS for f in check(made, held, environment, at)]
    assert authenticate.judge(made, held, environment, at) == by_each
    turned = [f for check in authenticate.CLOCK_CHECKS for f in check(made, held, environment, at)]
    assert authenticate.in_force(made, held, at) is (turned == [])
    said = list(authenticate.check_plausibility(made, held, environment, at))
    assert not (len(made.entries) == 1 and authenticate.in_order(made) and said)
    if authenticate.nothing_bars(made, held, environment):
        assert by_each == dated


@pytest.mark.parametrize(
    ("changes", "held", "at"),
    [
        ({"issued_at": START}, signer(), NOW),
        ({"issued_at": NOW}, signer(), NOW),
        ({"expires_at": NOW}, signer(), NOW),
        ({"expires_at": END}, signer(), NOW),
        ({}, signer(sca_not_after=NOW), NOW),
        ({}, signer(sca_not_after=NOW + 1), NOW),
    ],
)
def test_the_quick_proof_of_dates_includes_both_ends(
    changes: dict[str, Any], held: Signer, at: int
) -> None:
    assert authenticate.in_force(certificate(**changes), held, at)


@pytest.mark.parametrize(
    ("changes", "held"),
    [
        (
            {"kind": Kind.TEST, "entries": entries_of(Kind.TEST)},
            signer(usages=frozenset({Kind.VACCINATION})),
        ),
        ({"issuer": "XA"}, signer()),
        ({"issuer": None, "entries": entries("XA")}, signer()),
        ({"issuer": None, "entries": entries(None)}, signer()),
        ({"entries": entries("XA")}, signer()),
        ({"entries": entries("XU", "XA")}, signer()),
        ({}, signer(environment=TEST)),
        ({}, signer(reason="unread")),
        ({}, signer(countries=frozenset())),
    ],
)
def test_one_bar_is_enough(changes: dict[str, Any], held: Signer) -> None:
    made = certificate(**changes)
    assert not authenticate.nothing_bars(made, held, PRODUCTION)
    assert len(authenticate.judge(made, held, PRODUCTION, NOW)) == 1
