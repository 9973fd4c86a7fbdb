"""Whatever an upload key signs, an answer comes: of the caller's own faults, and never of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.gateway.wire import JSON, WireAnswer
from tests.gateway_sent import Sender, batch, reference, rule, sound_rule
from tests.gateway_world import DRAW, world

DOCUMENTS: dict[str, dict[str, Any]] = {
    "/rules": rule(),
    "/rules/delete": {},
    "/revocation-list": batch(),
    "/revocation-list/delete": {"batchId": DRAW},
    "/trust/reference": reference(),
}
paths = pytest.mark.parametrize("path", DOCUMENTS)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def fine(answer: WireAnswer) -> bool:
    return answer.status in {201, 204, 400, 403, 404, 409, 410}


@paths
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=200))
def test_octets_are_refused(path: str, data: bytes) -> None:
    answer = Sender("XA", world().box()).post(path, data)
    # Two hyphens make three parts, of which the second is no country of the caller's.
    is_another = path == "/rules/delete" and data.count(b"-") == 2
    assert answer.status == 400 or (is_another and answer.status == 403)


@paths
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_document_with_odd_values_is_answered(path: str, data: st.DataObject) -> None:
    good = DOCUMENTS[path]
    names = st.sampled_from(sorted(good) or ["x"]) | st.text(max_size=5)
    changed = {**good, **data.draw(st.dictionaries(names, values, max_size=3))}
    # `json` writes lone surrogates as escapes; the codec refuses them.
    assert fine(Sender("XA", world().box()).post(path, json.dumps(changed)))


parts: st.SearchStrategy[Any] = st.deferred(
    lambda: (
        scalars
        | st.dictionaries(
            st.sampled_from(
                ["var", "and", "if", "in", "reduce", "plusTime", "before", "!", "+", ">"]
            ),
            st.lists(parts, max_size=4) | st.sampled_from(["payload.v.0.dn", "dt", "external.x"]),
            max_size=2,
        )
    )
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["and", "if", "reduce", ">"]), st.lists(parts), min_size=1))
def test_whatever_a_rules_logic_is_the_compatible_profile_takes_it(logic: dict[str, Any]) -> None:
    """The linter says what is to be said, and raises nothing."""
    text = json.dumps(sound_rule(Logic=logic))
    answer = Sender("XA", world().box()).post("/rules", text)
    assert answer.status == 201, answer


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["cms", "entityId", "type", "x"]), values) | values)
def test_an_odd_migration_is_refused(document: Any) -> None:
    sent = json.dumps(document).encode()
    answer = Sender("XA", world().box()).send("POST", "/cms-migration", sent, content_type=JSON)
    assert answer.status == 400
