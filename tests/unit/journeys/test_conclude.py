"""What was found becomes a verdict: the payload is read late, and the kindest signer counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pratique import authenticate, formats
from pratique.findings import Code, Colour, Step
from pratique.snapshot import Snapshot
from pratique.trust.signer import Signer, TrustList
from pratique.verification import verify
from tools import measure
from tools.vectors import content, keys
from tools.vectors.layers import claims, text

SNAPSHOT = measure.snapshot()
CLAIMS = claims(content.vaccinated())
UTOPIA = next(s for s in SNAPSHOT.trust if s.kid == keys.SIGNERS["utopia"].kid)


def held(*signers: Signer) -> Snapshot:
    return Snapshot(number=1, created=0, environment=SNAPSHOT.environment, trust=TrustList(signers))


def verified(
    made: str, snapshot: Snapshot = SNAPSHOT, at: int = keys.NOON
) -> authenticate.Verification:
    return verify(made, snapshot=snapshot, at=datetime.fromtimestamp(at, UTC))


def codes(found: authenticate.Verification) -> list[str]:
    return [finding.code.name for finding in found.verdict.findings]


def test_a_payload_is_not_parsed_unless_its_signature_is_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[bytes] = []
    real = formats.decode

    def spy(payload: bytes) -> formats.Decoded:
        parsed.append(payload)
        return real(payload)

    monkeypatch.setattr(formats, "decode", spy)
    for how in ({"key": "stranger"}, {"kid": b"\0" * 8}, {"alg": -35}, {"by": "misfit"}):
        refused = verified(text(CLAIMS, **how))
        assert refused.certificate is None
        assert refused.signer is None
    assert parsed == []
    assert verified(text(CLAIMS)).certificate is not None
    assert len(parsed) == 1


def test_the_step_at_which_it_stopped_is_told() -> None:
    steps: list[tuple[dict[str, Any], Step]] = [
        ({"key": "stranger"}, Step.SIGNATURE),
        ({"kid": b"\0" * 8}, Step.SIGNER),
    ]
    for how, step in steps:
        assert verified(text(CLAIMS, **how)).verdict.stopped_at is step
    assert verified("").verdict.stopped_at is Step.TEXT
    assert verified(text([1])).verdict.stopped_at is Step.CONTENT
    assert verified(text(CLAIMS)).verdict.stopped_at is None
    assert verified(text(CLAIMS), at=keys.END + 1).verdict.stopped_at is None


def test_who_signed_what_cannot_be_read_is_told() -> None:
    found = verified(text([1]))
    assert found.certificate is None
    assert found.signer == UTOPIA
    twice = verified(text([1], by="twice-dcc")).signer
    assert twice is not None
    assert twice.domain == "DCC"


@pytest.mark.parametrize("environment", list(type(SNAPSHOT.environment)))
def test_without_rules_the_best_outcome_is_amber(environment: Any) -> None:
    found = verified(text(CLAIMS), held(UTOPIA._replace(environment=environment)))
    assert found.verdict.colour is not Colour.GREEN
    assert (Code.NO_RULES.name in codes(found)) is (found.verdict.colour is Colour.AMBER)


def test_the_kindest_of_several_records_counts() -> None:
    foreign = UTOPIA._replace(countries=frozenset({"XA"}), domain="A")
    doubtful = UTOPIA._replace(sca_not_after=0, domain="B")
    kind = UTOPIA._replace(domain="C")
    made = text(CLAIMS)
    assert codes(verified(made, held(foreign))) == ["COUNTRY_WRONG"]
    assert codes(verified(made, held(foreign, doubtful))) == ["SCA_DEAD", "NO_RULES"]
    assert codes(verified(made, held(kind, foreign, doubtful))) == ["NO_RULES"]
    for several in ((foreign, doubtful, kind), (kind, doubtful, foreign)):
        found = verified(made, held(*several))
        assert codes(found) == ["NO_RULES"]
        assert found.signer == kind


def test_a_refusal_by_one_fault_is_never_kinder_than_many_doubts() -> None:
    many = text(claims(content.vaccinated({"dn": 0, "sd": 0, "vp": "a", "dt": "x"})))
    faulty = UTOPIA._replace(countries=frozenset({"XA"}), domain="A")
    doubtful = UTOPIA._replace(sca_not_after=0, countries=frozenset(), domain="B")
    assert len(codes(verified(many, held(doubtful)))) > len(codes(verified(many, held(faulty))))
    assert verified(many, held(faulty, doubtful)).verdict.colour is Colour.AMBER


def test_notes_come_before_what_they_are_about() -> None:
    outside = {"protected": b"\xa1\x01\x26", "unprotected": {4: keys.SIGNERS["utopia"].kid}}
    found = verified(text(CLAIMS, **outside))
    assert [(f.code.name, f.where) for f in found.verdict.findings] == [
        ("KID_UNPROTECTED", "kid"),
        ("NO_RULES", ""),
    ]
    refused = verified(text(CLAIMS, key="stranger", **outside))
    assert codes(refused) == ["KID_UNPROTECTED", "SIGNATURE_INVALID"]
    assert codes(verified(text(CLAIMS, protected=b"\xa1\x01\x26"))) == ["SIGNER_UNKNOWN"]


def test_a_verification_shows_its_colour_and_nothing_else() -> None:
    assert repr(verified(text(CLAIMS))) == "<Verification: amber>"


def test_the_quick_way_makes_a_whole_verification() -> None:
    found = verified(text(CLAIMS), held(UTOPIA))
    assert len(found) == len(authenticate.Verification._fields)
    assert found.outcomes == ()


@pytest.mark.parametrize("result", ["260373001", "10828004", "LA6576-8", "Positive", " detected "])
@pytest.mark.parametrize("at_entry", ["t", "ddcc"])
def test_a_positive_test_is_told(result: str, at_entry: str) -> None:
    if at_entry == "t":
        made = text(claims(content.dcc("t", content.result(tr=result))))
    else:
        fields = content.ddcc_result()
        fields["test"]["result"] = {"code": result}
        made = text(claims(fields, claim=4))
    found = verified(made)
    assert found.verdict.colour is Colour.AMBER
    assert "TEST_POSITIVE" in codes(found)


def test_a_negative_test_and_a_test_that_says_something_else_are_not_called_positive() -> None:
    for result in ("260415000", "not detected", "inconclusive"):
        assert "TEST_POSITIVE" not in codes(
            verified(text(claims(content.dcc("t", content.result(tr=result)))))
        )
