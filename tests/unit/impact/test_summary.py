"""A summary is of the rules beside it, says what can be, and leaves nothing of WHO's list unsaid."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pratique.errors import DocumentRefused
from pratique.impact import summary
from pratique.impact.summary import Summary
from pratique.rules import policy
from pratique.rules.documents import RuleDocument
from pratique.rules.ruleset import Destination
from tests import summaries
from tests.summaries import as_published, counted, form

AT = datetime(2022, 3, 1, 12, tzinfo=UTC)
LISTED = tuple(c for c in policy.WHO_EUL if c not in {"Convidecia", "EU/1/22/1709"})
"""Of WHO's list on that day: Convidecia was listed in May 2022, Bimervax in 2023."""
FEW = ("Comirnaty", "Spikevax")
SETS = RuleDocument()


def missing(rows: list[dict[str, Any]], at: datetime = AT, sets: RuleDocument = SETS) -> set[str]:
    ruleset = summary.ruleset_of(as_published(rows), sets)
    return set(summary.floor_missing(ruleset, Destination("XA"), at))


def made(rows: list[dict[str, Any]], derogation: str = "", at: datetime = AT) -> Summary:
    rules = as_published(rows)
    return summary.prepared(rules, SETS, at, counted(rules, SETS, at), derogation)


def changed(own: Summary, change: Callable[[dict[str, Any]], Any]) -> bytes:
    document = json.loads(summary.write(own))
    change(document)
    return json.dumps(document).encode()


def code(data: bytes, rows: list[dict[str, Any]], *, now: datetime | None = None) -> str:
    """Return the code of the refusal; empty if there is none."""
    try:
        summary.check(data, as_published(rows), SETS, now=now)
    except DocumentRefused as error:
        return error.code if error.hint else "no hint"
    return ""


MALFORMED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a member more": lambda d: d.update(more=1),
    "no digest": lambda d: d.update(rules="no digest"),
    "a control character": lambda d: d.update(derogation="a\x1b[31mred"),
    "a long sentence": lambda d: d.update(derogation="x" * 601),
    "a day": lambda d: d.update(at="2022-03-01"),
    "a day at the beginning of the calendar": lambda d: d.update(at="0001-01-01T00:00:00Z"),
    "a day at its end": lambda d: d.update(at="9999-12-31T00:00:00Z"),
    "a place twice": lambda d: d["destinations"].append(d["destinations"][0]),
    "ways in another order": lambda d: d["destinations"][0].update(ways=["test", "vaccination"]),
    "a way that is none": lambda d: d["destinations"][0].update(ways=["walking"]),
    "a negative age": lambda d: d["destinations"][0].update(exempt_below=-1),
    "more people than there are": lambda d: d["destinations"][0]["nothing_on_offer"].update(
        people=30_000_000_000
    ),
    "more than all doses": lambda d: d["destinations"][0].update(
        expiry={"days": 270, "median_share_older": 1.5, "countries": 113}
    ),
}


IMPOSSIBLE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "low above high": lambda row: row["shut_out"]["low"].update(countries=3),
    "low people above high": lambda row: row["shut_out"]["low"].update(people=6_000_000),
    "a floor that shuts out more": lambda row: row["with_floor"]["high"].update(people=5_000_001),
    "a floor with a higher low": lambda row: row["with_floor"].update(low=row["shut_out"]["high"]),
    "no floor": lambda row: row.update(with_floor=None),
    "nothing": lambda row: row.update(shut_out=None, with_floor=None),
}


class TestTheDocument:
    def test_is_read_as_it_was_written(self) -> None:
        own = made(form(*LISTED))
        assert summary.read(summary.write(own)) == own
        assert own.floor_missing == ()
        assert json.loads(summary.write(own))["format"] == "pratique-impact-summary-1"

    @pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED)
    def test_is_refused_where_it_is_none(self, change: Callable[[dict[str, Any]], Any]) -> None:
        own = made(form(*LISTED))
        summary.read(changed(own, lambda _: None))
        with pytest.raises(DocumentRefused) as refusal:
            summary.read(changed(own, change))
        assert refusal.value.code == "impact-malformed"


class TestTheFloor:
    def test_is_kept_by_whoever_takes_the_whole_list(self) -> None:
        assert missing(form(*LISTED)) == set()
        assert missing(form(*LISTED, "Sputnik V")) == set()

    def test_names_every_product_that_is_left_out(self) -> None:
        assert missing(form(*FEW)) == set(LISTED) - {"EU/1/20/1528", "EU/1/20/1507"}

    def test_grows_with_the_list(self) -> None:
        assert "Convidecia" in missing(form(*LISTED), datetime(2022, 6, 1, tzinfo=UTC))
        assert missing(form(*FEW), datetime(2021, 6, 30, tzinfo=UTC)) == {
            "EU/1/21/1529", "EU/1/20/1525", "BBIBP-CorV", "CoronaVac",
        }  # fmt: skip

    def test_does_not_ask_for_a_product_that_no_certificate_can_name_yet(self) -> None:
        # Covovax was listed on 2021-12-17 and has its code since 2022-01-31.
        assert "Covovax" not in missing(form(*FEW), datetime(2022, 1, 15, tzinfo=UTC))
        assert "Covovax" in missing(form(*FEW), datetime(2022, 2, 1, tzinfo=UTC))

    def test_is_none_of_rules_that_take_no_vaccination_at_all(self) -> None:
        assert missing(form()) == set()

    def test_is_asked_of_rules_that_take_boosters_only(self) -> None:
        rows = form(*FEW)
        booster = {">": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]}
        doses = next(row for row in rows if row["Logic"].get(">="))
        assert doses["CertificateType"] == "Vaccination"
        doses["Logic"] = booster
        assert missing(rows) == set(LISTED) - {"EU/1/20/1528", "EU/1/20/1507"}

    def test_is_asked_of_rules_that_take_the_fresh_only(self) -> None:
        rows = form(vaccination={"products": list(FEW), "validity_days": 30})
        assert missing(rows) == set(LISTED) - {"EU/1/20/1528", "EU/1/20/1507"}

    def test_is_asked_of_rules_that_begin_later(self) -> None:
        begins = date(2022, 9, 1)
        assert missing(form(*FEW, valid_from=begins)) == missing(form(*FEW))
        both = form(*LISTED, valid_to=begins) + form(*FEW, valid_from=begins, version="2.0.0")
        assert missing(both) == missing(form(*FEW))
        assert missing(form(*LISTED, valid_to=begins)) == set()

    def test_is_asked_of_what_is_left_when_a_rule_ends(self) -> None:
        rows = form(*LISTED)
        late = [{**row, "ValidTo": "2022-09-01T00:00:00Z"} for row in rows]
        products = next(
            row for row in rows if "products" in json.dumps(row) or "mp" in json.dumps(row["Logic"])
        )
        narrow = {**products, "Identifier": "VR-XA-0099", "ValidFrom": "2022-09-01T00:00:00Z"}
        narrow["Logic"] = {"in": [{"var": "payload.v.0.mp"}, ["EU/1/20/1528"]]}
        assert missing(late) == set()
        assert missing([*late, narrow]) == set(LISTED) - {"EU/1/20/1528"}

    def test_is_broken_by_a_product_of_the_value_set_that_we_do_not_know(self) -> None:
        rows = form(vaccination={"products": ["Sputnik V"]})
        rows = json.loads(json.dumps(rows).replace("Sputnik-V", "Novel-Vax"))
        known = RuleDocument(value_sets={"vaccines-covid-19-names": ["Novel-Vax"]})
        assert missing(rows, sets=known) == set(LISTED)

    def test_takes_what_nobody_can_answer_for_left_out(self) -> None:
        rows = form(*LISTED)
        asked = {"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.nowhere"}]}
        rows.append({**rows[-1], "Identifier": "VR-XA-0099", "CertificateType": "Vaccination",
                     "AffectedFields": ["v.0.mp"], "Logic": asked})  # fmt: skip
        assert missing(rows) == set(LISTED)
        there = RuleDocument(value_sets={"nowhere": list(LISTED)})
        assert missing(rows, sets=there) == set()

    def test_is_not_searched_for_on_more_days_than_a_check_may_take(self) -> None:
        rows = form(*LISTED)
        first = rows[0]
        days = [
            {
                **first,
                "Identifier": f"GR-XA-{n:04}",
                "ValidFrom": f"2023-01-01T00:{n % 60:02}:{n // 60:02}Z",
            }
            for n in range(10, 80)
        ]
        assert missing(rows + days[:20]) == set()
        with pytest.raises(DocumentRefused) as refusal:
            missing(rows + days)
        assert refusal.value.code == "impact-rules"


class TestItsCheck:
    def test_lets_a_good_one_pass(self) -> None:
        rows = form(*LISTED)
        own = summary.write(made(rows))
        assert code(own, rows, now=AT) == ""

    def test_refuses_one_of_other_rules(self) -> None:
        assert (
            code(summary.write(made(form(*LISTED))), form(*LISTED, "Sputnik V")) == "impact-digest"
        )

    def test_refuses_one_of_another_day(self) -> None:
        rows = form(*LISTED)
        own = summary.write(made(rows))
        assert code(own, rows, now=AT + timedelta(days=7)) == ""
        assert code(own, rows, now=AT + timedelta(days=9)) == "impact-old"
        assert code(own, rows, now=AT - timedelta(hours=2)) == "impact-old"

    def test_refuses_a_place_too_few_or_too_many(self) -> None:
        rows = form(*LISTED)
        own = made(rows)
        assert (
            code(changed(own, lambda d: d.update(destinations=[])), rows) == "impact-destinations"
        )
        more = {**json.loads(summary.write(own))["destinations"][0], "region": "NORTH"}
        data = changed(own, lambda d: d["destinations"].append(more))
        assert code(data, rows) == "impact-destinations"

    def test_has_a_row_for_each_region(self) -> None:
        rows = form(*LISTED)
        rows.append({**rows[0], "Identifier": "GR-XA-0099", "Region": "NORTH"})
        own = made(rows)
        assert [str(row) for row in own.destinations] == ["XA", "XA (NORTH)"]
        assert code(changed(own, lambda d: d["destinations"].pop()), rows) == "impact-destinations"

    @pytest.mark.parametrize("change", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
    def test_refuses_numbers_that_cannot_be(self, change: Callable[[dict[str, Any]], Any]) -> None:
        rows = form(*LISTED)
        data = changed(made(rows), lambda d: change(d["destinations"][0]))
        assert code(data, rows) == "impact-figures"

    def test_refuses_figures_of_rules_that_ask_about_no_vaccination(self) -> None:
        rows = [row for row in form() if row["CertificateType"] == "Test"]
        own = made(rows)
        assert own.destinations[0].shut_out is None
        figures = json.loads(summary.write(made(form(*LISTED))))["destinations"][0]["shut_out"]
        data = changed(
            own, lambda d: d["destinations"][0].update(shut_out=figures, with_floor=figures)
        )
        assert code(summary.write(own), rows) == ""
        assert code(data, rows) == "impact-figures"

    def test_asks_for_figures_of_the_day_on_which_the_newest_rule_begins(self) -> None:
        rows = form(*LISTED, valid_from=date(2023, 1, 1))
        own = made(rows)
        assert own.at == AT
        assert own.destinations[0].at == datetime(2023, 1, 1, tzinfo=UTC)
        assert own.destinations[0].shut_out is not None
        for day in ("2022-03-01T12:00:00Z", "2023-01-02T00:00:00Z"):
            document = json.loads(summary.write(own))
            document["destinations"][0]["at"] = day
            assert code(json.dumps(document).encode(), rows) == "impact-figures"

    def test_refuses_a_floor_that_is_not_the_rules_own(self) -> None:
        rows = form(*FEW)
        own = made(rows, "Reasons.")
        assert code(summary.write(own), rows) == ""
        assert (
            code(changed(own, lambda d: d["destinations"][0]["floor_missing"].pop()), rows)
            == "impact-floor"
        )
        kept = changed(own, lambda d: (d["destinations"][0].update(floor_missing=[]), d.update(derogation="")))  # fmt: skip
        assert code(kept, rows) == "impact-floor"

    @pytest.mark.parametrize("sentence", ["", "   "])
    def test_refuses_what_is_left_out_without_a_sentence(self, sentence: str) -> None:
        rows = form(*FEW)
        with pytest.raises(DocumentRefused) as refusal:
            made(rows, sentence)
        assert refusal.value.code == "impact-derogation"
        own = made(rows, "Reasons.")
        assert (
            code(changed(own, lambda d: d.update(derogation=sentence)), rows) == "impact-derogation"
        )

    def test_refuses_a_sentence_about_nothing(self) -> None:
        with pytest.raises(DocumentRefused) as refusal:
            made(form(*LISTED), "Reasons.")
        assert refusal.value.code == "impact-derogation"

    def test_refuses_rules_that_nobody_can_read(self) -> None:
        rules = b'[{"Identifier": "GR-XA-0001"}]'
        own = made(form(*LISTED))._replace(rules=hashlib.sha256(rules).hexdigest())
        with pytest.raises(DocumentRefused) as refusal:
            summary.check(summary.write(own), rules, SETS)
        assert refusal.value.code == "impact-rules"

    def test_refuses_rules_that_would_keep_every_check_busy(self) -> None:
        rows = form(*LISTED)
        many = [{**rows[0], "Identifier": f"GR-XA-{n:04}"} for n in range(300)]
        with pytest.raises(DocumentRefused) as refusal:
            summary.ruleset_of(as_published(many), SETS)
        assert refusal.value.code == "impact-rules"
        summary.ruleset_of(as_published(many[:20]), SETS)


class TestWhatStands:
    def test_is_noted_where_it_has_no_summary_another_or_too_short_a_list(self) -> None:
        rows = form(*LISTED)
        rules, own = as_published(rows), summary.write(made(rows))
        assert summary.standing(own, rules, SETS, at=AT) == summary.RulesStanding()
        codes = [issue.code for issue in summary.standing(None, rules, SETS, at=AT).issues]
        assert codes == ["impact-missing"]
        other = summary.write(made(form(*LISTED, "Sputnik V")))
        codes = [issue.code for issue in summary.standing(other, rules, SETS, at=AT).issues]
        assert codes == ["impact-digest"]
        # Convidecia was listed in May.
        later = summary.standing(own, rules, SETS, at=datetime(2022, 6, 1, tzinfo=UTC))
        assert [issue.code for issue in later.issues] == ["impact-floor"]
        assert "Convidecia" in later.issues[0].message

    def test_has_the_sentence_of_the_state(self) -> None:
        rows = form(*FEW)
        own = summary.write(made(rows, "Our stock of tests is short."))
        found = summary.standing(own, as_published(rows), SETS, at=AT)
        assert found.derogation == "Our stock of tests is short."
        assert "no sentence" not in found.issues[0].message
        assert (
            "no sentence"
            in summary.standing(None, as_published(rows), SETS, at=AT).issues[1].message
        )


class TestItsWords:
    def test_say_whom_it_shuts_out_and_what_it_changes(self) -> None:
        before, now = made(form(*LISTED)), made(form(*FEW), "Our stock of tests is short.")
        few = now.destinations[0]
        assert few.shut_out is not None
        more = few.shut_out._replace(high=few.shut_out.high._replace(countries=9))
        now = now._replace(destinations=(few._replace(shut_out=more),))
        said = "\n".join(summary.told(now, before))
        assert "1 to 9 countries (2.0 to 5.0 million people)" in said
        assert "newly left out by XA: " in said
        assert "Covaxin" in said
        assert "“Our stock of tests is short.”" in said
        assert "before, " in said
        assert "newly" not in "\n".join(summary.told(now))
        gone = before._replace(destinations=())
        assert "XA has no rules any more" in "\n".join(summary.told(gone, before))


def test_state_without_any_known_destination_needs_only_its_digest() -> None:
    assert summaries.beside(b"[]", SETS, AT)
