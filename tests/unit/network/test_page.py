"""The page of a network says what its document says, to everybody, and nothing of a stranger's becomes markup."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from pratique.impact import matrix, timeline
from pratique.network import overview, page
from pratique.network.overview import LogOverview, NetworkPage, OverviewNote, WitnessOverview
from pratique.network.page import PolicyDrawings
from pratique.rules import documents
from pratique.rules.ruleset import Ruleset
from pratique.trust.expiry import ExpiryState
from tests.networks import AT, HOUR
from tests.shown_networks import rules
from tests.unit.impact.test_page import HOSTILE, Page
from tests.unit.impact.test_report import tables
from tests.unit.network.test_overview import NOW, listed, network, shown

OUTLINES: dict[str, Any] = {
    "viewBox": "0 7 1000 425",
    "countries": {"NA": "M500 300l20 0 0 20z", "XK": "M10 10l5 0 0 5z"},
    "others": "M0 0l9 0 0 9z",
}


def drawings(**changes: Any) -> PolicyDrawings:
    """Return what is shown of the rules of two places of a small world."""
    world = tables()
    held = Ruleset(documents.read([*rules("NA", "Comirnaty"), *rules("XK", "Covishield")]).rules)
    found = matrix.matrix(world, held, at=NOW)
    coming = timeline.coming(world, held, at=NOW)
    drawn = PolicyDrawings(world, OUTLINES, ("Made by somebody (CC BY 4.0).",), found, coming, 180)
    return drawn._replace(**changes)


def full() -> NetworkPage:
    return shown()._replace(
        problems=(OverviewNote("XXB", "json-unreadable", "it cannot be read"),), policy={}
    )


def test_every_state_has_its_word_and_its_shape_and_its_meaning() -> None:
    text = page.html(full())
    assert set(page.SHAPES) == set(page.INKS) == set(page.MEANINGS) == set(ExpiryState)
    assert len(set(page.SHAPES.values())) == len(ExpiryState)
    for state, shape in page.SHAPES.items():
        assert (
            f'<b class="state {state}"><span aria-hidden="true">{shape}</span>{state}</b>' in text
        )
        assert page.MEANINGS[state] in text


def test_each_participants_row_says_what_ends_first_when_and_what_to_do() -> None:
    words = Page(page.html(full())).words
    assert "XXA DCC ▲expiring the last signer ends 2026-12-22, in 29 days".replace(" ", "") in words.replace(" ", "")  # fmt: skip
    assert "make new signers and publish them before then: pratique participant renew" in words
    assert "suspended by seats of the authority until 2026-12-06T09:00:00Z: keys-stolen" in words
    assert "the last signer ended 2026-10-13, 40 days ago" in words
    assert "it has withdrawn 1 signer" in words
    assert "To do: publish new signers today" in words


def test_every_figure_has_its_instant_and_its_source() -> None:
    seen = Page(page.html(full(), drawings()))
    captions = re.findall(r"<caption>(.*?)</caption>", page.html(full(), drawings()))
    assert len(captions) == len(list(seen.all("table"))) > 6
    for caption in captions:
        assert re.search(r"\d{4}-\d\d-\d\d", caption) or "checkpoint of" in caption, caption
    assert "As of 2026-11-22T10:00:00Z" in seen.words
    assert "The network spoke last at 2026-11-22T09:00:00Z, 1 hour before" in seen.words


@pytest.mark.parametrize(
    ("hours", "says"), [(1, "up to date"), (48, "AMBER at most by it"), (168, "verifiers say nothing by it")]
)  # fmt: skip
def test_old_data_are_told_as_old_at_the_top(hours: int, says: str) -> None:
    text = page.html(shown(AT + timedelta(hours=hours)))
    assert says in Page(text).words
    is_old = hours >= 48
    assert ("The network has said nothing since" in text) is is_old
    assert text.index(says) < text.index("<nav")


def test_a_problem_is_told_in_its_sentence() -> None:
    assert "XXB: it cannot be read json-unreadable" in Page(page.html(full())).words
    assert "all could be read" in Page(page.html(shown()._replace(lists=()))).words


def test_editions_and_witnesses_are_told() -> None:
    witnesses = (WitnessOverview("w0.example", NOW), WitnessOverview("w1.example", None))
    found = shown().network
    assert found is not None
    log = LogOverview("log.example", 17, "ab" * 32, 1, witnesses)
    words = Page(page.html(shown()._replace(network=found._replace(log=log)))).words
    assert "checkpoint of 17 leaves" in words
    assert "1 of 2 have cosigned; it takes 1" in words
    assert "w1.example?has not cosigned it" in words
    assert "root asks for no log" in Page(page.html(shown()._replace(network=found._replace(log=None)))).words  # fmt: skip
    broken = found.editions[0]._replace(
        role="XXB", number=3, announced=4, problem="network-missing"
    )
    words = Page(page.html(shown()._replace(network=found._replace(editions=(broken,))))).words
    assert "3; 4 is announced" in words
    assert "cannot be used: network-missing" in words


def test_who_accepts_whom_is_a_table_and_a_map_where_the_data_are_at_hand() -> None:
    seen = Page(page.html(full(), drawings()))
    assert {"map", "pairs", "calendar", "destinations"} <= {
        attributes.get("id") for attributes in seen.all("h2")
    }
    # XXE signs for NA, whose outline the map has, and its signer has ended.
    assert 'fill="url(#p-lapsed)"><title>' in page.html(full(), drawings())
    assert "Made by somebody (CC BY 4.0)." in seen.words
    bare = Page(page.html(full()._replace(untold="Not shown: no data.")))
    assert "Not shown: no data." in bare.words
    assert not {"map", "pairs", "calendar"} & {a.get("id") for a in bare.all("h2")}


def test_a_map_has_a_way_for_each_direction_of_each_pair() -> None:
    text = page.html(full(), drawings())
    assert text.count('<g class="way"') == 2
    crowd = drawings()
    assert crowd.matrix is not None
    many = crowd.matrix._replace(pairs=crowd.matrix.pairs * (page.MOST_WAYS + 1))
    assert '<g class="way"' not in page.html(full(), crowd._replace(matrix=many))
    assert "<figure" not in page.html(full(), crowd._replace(outlines={}))


def test_nothing_runs_and_nothing_is_fetched() -> None:
    text = page.html(full(), drawings())
    seen = Page(text)
    names = {name for name, _ in seen.elements}
    assert not names & {"script", "img", "link", "iframe", "object", "form", "input", "base"}
    links = [attributes["href"] or "" for attributes in seen.all("a")]
    assert {link for link in links if not link.startswith("#")} == {page.DOCUMENT, page.ENDINGS, page.POLICY}  # fmt: skip
    assert "default-src 'none'" in text
    assert not re.search(r"url\((?!#)", text)


def test_a_calendar_that_is_not_there_is_not_linked_to() -> None:
    text = page.html(full()._replace(policy=None))
    assert page.POLICY not in text
    assert page.ENDINGS in text


def test_it_is_read_by_whoever_cannot_see_it() -> None:
    seen = Page(page.html(full(), drawings()))
    assert next(seen.all("html"))["lang"] == "en"
    levels = [int(name[1]) for name, _ in seen.elements if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in seen.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in seen.all("a"):
        href = link["href"] or ""
        assert not href.startswith("#") or href[1:] in ids
    assert all(attributes.get("scope") in {"row", "col"} for attributes in seen.all("th"))
    # Laid out as blocks, a table is one by its roles alone: by all of them.
    inside = page.html(full()).split('<table class="cards"')[1:]
    for table in (rest.split("</table>")[0] for rest in inside):
        parts = re.findall(r"<(?:tr|th|td|thead|tbody)\b[^>]*>", table)
        assert len(parts) > 4
        assert all(" role=" in part for part in parts)


def test_no_text_of_a_stranger_becomes_markup() -> None:
    good = full()
    assert good.network is not None
    row = good.lists[0].rows[0]
    wild = row._replace(
        participant=HOSTILE, domain=HOSTILE, name=HOSTILE, notes=(HOSTILE,), sentence=HOSTILE,
        needs=tuple(need._replace(says=HOSTILE) for need in row.needs), advice=HOSTILE,
    )  # fmt: skip
    odd = good.lists[0]._replace(
        name=HOSTILE, rows=(wild,), only_ended=(HOSTILE,), proof=HOSTILE, sha256=HOSTILE, is_network=False
    )  # fmt: skip
    edition = good.network.editions[0]._replace(role=HOSTILE, problem=HOSTILE)
    log = LogOverview(HOSTILE, 1, "00", 1, (WitnessOverview(HOSTILE, 1),))
    hostile = good._replace(
        lists=(odd, good.lists[0]), problems=(OverviewNote(HOSTILE, HOSTILE, HOSTILE),), untold=HOSTILE,
        network=good.network._replace(name=HOSTILE, environment=HOSTILE, editions=(edition,), log=log),
    )  # fmt: skip
    text = page.html(hostile)
    assert "alert(1)" in text
    assert "<script" not in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    Page(text)
    # The control: it would be seen.
    assert "<script" in text.replace("&lt;", "<")


def test_lists_alone_are_a_page_too() -> None:
    alone = NetworkPage(NOW, overview.WITHIN, None, (listed(),), ())
    seen = Page(page.html(alone))
    assert "Trust lists: who serves, and what ends" in seen.words
    assert "Editions" not in seen.words
    assert "Nothing ends within 90 days of 2026-11-22T09:00:00Z" in seen.words


def test_the_same_page_is_the_same_bytes() -> None:
    assert page.html(full(), drawings()) == page.html(full(), drawings())
    later = shown(datetime(2026, 11, 22, 11, tzinfo=UTC))
    assert page.html(later) != page.html(shown(AT + HOUR))
    assert network().files
