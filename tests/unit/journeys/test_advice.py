"""Ways to green: true, cheapest first, and none that the rules would not accept."""

from __future__ import annotations

from pratique.decision import decide
from pratique.model import Entry
from pratique.rules.rule import Rule
from tests import travellers as t


def ways(rules: list[Rule], *entries: Entry) -> dict[str, str]:
    found = [t.shown(entry) for entry in entries]
    code = decide(found, snapshot=t.snapshot(rules), place=t.UTOPIA, at=t.NOON)
    return {way.code: way.sentence for way in code.what_would_help}


NEVER = {"===": [1, 2]}


def fresh(hours: int, operator: str = "not-after") -> Rule:
    now = {"plusTime": [{"var": "external.validationClock"}, 0, "day"]}
    limit = {"plusTime": [{"var": "payload.t.0.sc"}, hours, "hour"]}
    return t.rule("TR-XU-0001", {operator: [now, limit]})


def test_green_needs_no_help() -> None:
    assert ways(t.utopia(), t.dose()) == {}


def test_nothing_is_advised_where_nothing_would_do() -> None:
    assert ways([t.rule("GR-XU-0001", NEVER)], t.dose()) == {}


def test_a_limit_that_is_included_is_at_most() -> None:
    rules = [t.rule("VR-XU-0001", NEVER), fresh(48)]
    found = ways(rules, t.dose())
    assert found["RAPID_TEST"] == "a negative rapid test at most 48 hours old"


def test_a_limit_that_is_not_is_under() -> None:
    rules = [t.rule("VR-XU-0001", NEVER), fresh(48, "before")]
    found = ways(rules, t.dose())
    assert found["RAPID_TEST"] == "a negative rapid test under 48 hours old"


def test_only_the_kind_of_test_that_would_do_is_advised() -> None:
    laboratory = t.rule("TR-XU-0001", {"===": [{"var": "payload.t.0.tt"}, t.NAAT]})
    found = ways([t.rule("VR-XU-0001", NEVER), laboratory], t.dose())
    assert found == {"LABORATORY_TEST": "a negative laboratory (NAAT) test"}


def test_one_more_dose_says_from_when_it_counts() -> None:
    boosted = t.rule("VR-XU-0001", {">=": [{"var": "payload.v.0.dn"}, 3]})
    waited = t.rule("VR-XU-0002", t.clock("payload.v.0.dt", "day", 14, None)[0])
    assert ways([boosted, waited], t.dose()) == {"DOSE": "one more dose, from 14 days after it"}


def test_waiting_comes_first() -> None:
    found = list(ways(t.utopia(), t.dose("2022-02-25")))
    assert found[0] == "WAIT"
    assert found.index("RAPID_TEST") < found.index("LABORATORY_TEST") < found.index("EXEMPTION")


def test_one_more_dose_is_counted_from_the_course() -> None:
    # Two doses of Abdala in two countries, each printed as the first: the next one is the third.
    full = t.rule("VR-XU-0001", {">=": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]})
    first = t.dose("2021-10-01", 1, 3, "Abdala")._replace(country="XB")
    found = [
        t.shown(first, issuer="XB"),
        t.shown(t.dose("2021-12-01", 1, 3, "Abdala")),
    ]
    code = decide(found, snapshot=t.snapshot([full]), place=t.UTOPIA, at=t.NOON)
    assert [way.code for way in code.what_would_help] == ["DOSE"]
