"""Two prints are one claim only where nothing that anybody reads of them differs."""

from __future__ import annotations

from typing import Any

import pytest

from pratique import decision
from pratique.assess import Claim
from pratique.decision import Likeness
from pratique.findings import Code, Finding
from pratique.model import Moment, Precision
from pratique.terms import Kind
from tests import travellers as t

SHOWN = t.shown(t.dose()).certificate
assert SHOWN is not None
CLAIM = Claim(Kind.VACCINATION, SHOWN.entries, SHOWN, t.SIGNER)
OPEN = (Finding(Code.HOLDER_UNCLEAR, "certificate 1"),)


def key(claim: Claim = CLAIM, doubts: tuple[Finding, ...] = ()) -> tuple[str, ...]:
    return decision._key((claim, doubts))


def changed(name: str, value: object) -> dict[str, Any]:
    return {name: value}


@pytest.mark.parametrize(
    "change",
    [{"thumbprint": "01"}, {"kid": b"87654321"}, {"not_after": t.SIGNER.not_after + 1}],
    ids=lambda change: next(iter(change)),
)
def test_a_claim_is_its_signers(change: dict[str, Any]) -> None:
    assert key(CLAIM._replace(signer=t.SIGNER._replace(**change))) != key()
    assert key(CLAIM._replace(signer=None)) != key()
    assert key(CLAIM._replace(signer=t.SIGNER._replace(public_key=b"x"))) == key()


@pytest.mark.parametrize("name", SHOWN._fields)
def test_a_claim_is_its_certificates(name: str) -> None:
    assert SHOWN is not None
    if name == "person":
        born = Moment(Precision.YEAR, t.day("1980-01-01").first)
        other = CLAIM._replace(certificate=SHOWN._replace(person=t.JO._replace(birth_date=born)))
        assert key(other) != key()
        assert key(CLAIM._replace(certificate=SHOWN._replace(person=t.ANN))) == key()
        return
    other = CLAIM._replace(certificate=SHOWN._replace(**changed(name, "another")))
    assert (key(other) == key()) is (name in {"entries", "payload"})


@pytest.mark.parametrize("name", SHOWN.entries[0]._fields)
def test_a_claim_is_its_entries(name: str) -> None:
    assert SHOWN is not None
    entry = SHOWN.entries[0]._replace(**changed(name, t.day("2020-02-02")))
    assert key(CLAIM._replace(entries=(entry,))) != key()
    assert key(CLAIM._replace(kind=Kind.TEST)) != key()


def test_a_claim_is_its_doubts_but_not_the_number_of_its_certificate() -> None:
    assert key(doubts=OPEN) != key()
    assert key(doubts=OPEN) == key(doubts=(OPEN[0]._replace(where="certificate 2"),))
    other = (Finding(Code.SIGNER_UNKNOWN, "a"),)
    assert key(doubts=other) != key(doubts=OPEN)
    assert key(doubts=other) != key(doubts=(other[0]._replace(where="b"),))


def test_the_latest_comes_first_and_what_is_sure_before_what_is_not() -> None:
    def at(day: str) -> Claim:
        return CLAIM._replace(entries=(t.dose(day),))

    days = ["2022-03-01", "2022-02-28", "2021-12-31", "0001-01-01"]
    keys = [key(at(day), doubts) for day in days for doubts in ((), OPEN, OPEN * 2)]
    assert keys == sorted(keys)
    undated = t.dose()._replace(given=None)
    assert key(CLAIM._replace(entries=(undated,))) > keys[-1]
    for entry in (t.recovery("2022-02-01"), t.sample(t.NOON), t.exemption()):
        assert key(CLAIM._replace(entries=(entry,)))[0] == key(at(DAYS[type(entry).__name__]))[0]


DAYS = {"Recovery": "2022-02-01", "Test": "2022-03-01", "Exemption": "2022-01-01"}


def test_who_is_the_same_as_one_who_is_the_same_is_the_first() -> None:
    """The second is unclear beside the first, and the third is the same as both."""
    native = t.JO._replace(surname="محمد", forename="علي", surname_icao="MHMD", forename_icao="ALY")
    line = native._replace(surname=None, forename=None)
    printed = native._replace(surname_icao=None, forename_icao=None)
    same, unclear, different = Likeness.SAME, Likeness.UNCLEAR, Likeness.DIFFERENT
    assert decision._alike([line, printed]) == [same, unclear]
    assert decision._alike([line, printed, native]) == [same, same, same]
    assert decision._alike([line, native, printed, t.JO, t.ANN]) == [
        same,
        same,
        same,
        different,
        different,
    ]
    assert decision._alike([]) == []
