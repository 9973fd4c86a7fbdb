"""What a verifier holds only grows, answers for its own participants, and says what it cannot tell."""

from __future__ import annotations

from typing import Any

import pytest

from pratique.errors import DocumentRefused
from pratique.findings import Code
from pratique.revocation.foreign import (
    Form,
    HashType,
    Key,
    batches,
    bloom,
    hashes,
    read_filter,
    varhash,
)
from pratique.revocation.revocations import RevocationQuery, Revocations, from_rows, to_rows
from pratique.revocation.tag_list import TagList, make, tag
from pratique.terms import Algorithm
from tests.unit.revocation.test_tag_list import KID, build

UCI, OTHER = "URN:UVCI:01:XU:1", "URN:UVCI:01:XU:2"
SIGNATURE = b"\1" * 32 + b"\2" * 32


def asked(*identifiers: str, **changes: Any) -> RevocationQuery:
    values: dict[str, Any] = {
        "kids": frozenset({KID}), "participants": frozenset({"XXU", "XU"}), "countries": frozenset({"XU"}),
        "algorithm": Algorithm.ES256, "identifiers": identifiers, "issuer": "XU",
        "signature": SIGNATURE, "at": 1_500,
    }  # fmt: skip
    return RevocationQuery(**(values | changes))


def revoking(*identifiers: str, **changes: Any) -> TagList:
    kid = changes.get("kid", KID)
    return build([tag(kid, text, 20) for text in identifiers], **changes)


def batch_of(hash_type: HashType, kid: bytes | None = KID, country: str = "XU") -> list[Any]:
    found = hashes(identifiers=[UCI], country="XU", signature=SIGNATURE, algorithm=Algorithm.ES256)
    return list(batches(Key(country, kid, hash_type), 9, found[hash_type]))


HELD = Revocations([revoking(UCI)])


def test_of_several_identifiers_one_that_a_batch_holds_is_enough() -> None:
    held = Revocations().with_batches(batch_of(HashType.UCI))
    assert held.find(asked(OTHER, UCI)) is held.find(asked(UCI, OTHER)) is Code.REVOKED
    assert held.find(asked(OTHER)) is None


def test_who_was_revoked_is_found_and_nobody_else() -> None:
    assert HELD.find(asked(UCI)) is Code.REVOKED
    assert HELD.find(asked(OTHER, UCI)) is Code.REVOKED
    assert HELD.find(asked(OTHER)) is None
    assert Revocations().find(asked(UCI)) is None


@pytest.mark.parametrize("name", ["XXU", "XU"])
def test_a_list_counts_by_kid_and_participant(name: str) -> None:
    held = Revocations([revoking(UCI, participant=name)])
    assert held.find(asked(UCI)) is Code.REVOKED
    assert held.find(asked(UCI, kids=frozenset({b"other"}))) is None
    assert held.find(asked(UCI, kids=frozenset({b"other", KID}))) is Code.REVOKED


def test_nobody_revokes_for_another() -> None:
    # Arcadia publishes a list under Utopia's kid.
    hostile = Revocations([revoking(UCI, participant="XXA")])
    assert hostile.find(asked(UCI)) is None
    both = hostile.with_list(revoking(OTHER))
    assert both.find(asked(UCI)) is None
    assert both.find(asked(OTHER)) is Code.REVOKED
    assert Revocations().with_batches(batch_of(HashType.UCI, country="XA")).find(asked(UCI)) is None


def test_what_cannot_be_told_is_a_doubt() -> None:
    assert HELD.find(asked()) is Code.REVOCATION_UNCONFIRMED
    assert HELD.find(asked(OTHER, at=2_000)) is None
    assert HELD.find(asked(OTHER, at=2_001)) is Code.REVOCATION_LIST_EXPIRED
    assert HELD.find(asked(UCI, at=2_001)) is Code.REVOKED
    damaged = TagList.from_bytes(revoking(UCI, OTHER).to_bytes()[:-3] + b"\xff" * 3, whole=False)
    found = {Revocations([damaged]).find(asked(text)) for text in (UCI, OTHER)}
    assert Code.REVOCATION_UNCONFIRMED in found


def test_a_text_in_no_unicode_is_looked_up_as_well() -> None:
    assert HELD.find(asked("\ud800")) is None


@pytest.mark.parametrize("hash_type", HashType)
@pytest.mark.parametrize("kid", [KID, None])
def test_a_foreign_batch_is_exact(hash_type: HashType, kid: bytes | None) -> None:
    held = Revocations().with_batches(batch_of(hash_type, kid))
    assert held.find(asked(UCI)) is Code.REVOKED
    assert held.find(asked(OTHER, signature=bytes(64))) is None
    assert held.find(asked(UCI, kids=frozenset({b"x"}))) is (Code.REVOKED if kid is None else None)


def slices_of(entries: Any, form: Form) -> list[Any]:
    key = Key("XU", KID, HashType.UCI)
    data = varhash(entries, 4) if form is Form.VARHASHLIST else bloom(entries, 4096, 20)
    return [read_filter(data, key, form)]


@pytest.mark.parametrize("form", Form)
def test_a_hit_on_an_approximate_list_is_never_red_alone(form: Form) -> None:
    (batch,) = batch_of(HashType.UCI)
    held = Revocations().with_slices(slices_of(batch.hashes, form))
    assert held.find(asked(UCI)) is Code.REVOCATION_UNCONFIRMED
    assert held.find(asked(OTHER)) is None
    assert held.with_batches([batch]).find(asked(UCI)) is Code.REVOKED


def test_a_hit_that_exact_entries_explain_is_nothing() -> None:
    (batch,) = batch_of(HashType.UCI)
    (real,) = batch.hashes
    twin = real[:4] + bytes(12)
    held = Revocations().with_slices(slices_of([twin], Form.VARHASHLIST))
    assert held.find(asked(UCI)) is Code.REVOCATION_UNCONFIRMED
    assert held.with_batches(batches(batch.key, 9, [twin])).find(asked(UCI)) is None
    elsewhere = batches(batch.key, 9, [bytes(16)])
    assert held.with_batches(elsewhere).find(asked(UCI)) is Code.REVOCATION_UNCONFIRMED


def test_batches_add_up() -> None:
    held = Revocations().with_batches(batch_of(HashType.UCI))
    later = held.with_batches(batches(Key("XU", KID, HashType.UCI), 9, [bytes(16)]))
    assert later.find(asked(UCI)) is Code.REVOKED
    assert len(later.exact[Key("XU", KID, HashType.UCI)]) == 2


LATER = revoking(UCI, OTHER, version=2, created=1_001)


def test_a_later_list_takes_its_place_and_the_same_one_changes_nothing() -> None:
    assert HELD.with_list(LATER).find(asked(OTHER)) is Code.REVOKED
    assert HELD.with_list(revoking(UCI)) is HELD


@pytest.mark.parametrize(
    ("list_", "code"),
    [
        (revoking(OTHER, version=2), "removed"), (revoking(version=3), "removed"),
        (revoking(UCI, OTHER), "rollback"), (revoking(UCI, OTHER, version=2, created=9), "rollback"),
        (revoking(UCI, OTHER, version=2, width=21), "key"),
    ],
)  # fmt: skip
def test_a_list_is_never_turned_back(list_: TagList, code: str) -> None:
    with pytest.raises(DocumentRefused) as caught:
        HELD.with_list(list_)
    assert caught.value.code == f"revocation-{code}"
    assert HELD.find(asked(UCI)) is Code.REVOKED


def test_deltas_are_followed_all_or_none() -> None:
    delta = make(revoking(UCI), LATER)
    assert HELD.with_deltas([delta]).find(asked(OTHER)) is Code.REVOKED
    strange = delta._replace(head=delta.head._replace(kid=b"x"))
    with pytest.raises(DocumentRefused) as caught:
        HELD.with_deltas([delta, strange])
    assert caught.value.code == "revocation-unheld"
    assert HELD.find(asked(OTHER)) is None


FULL = (
    HELD.with_list(revoking(UCI, kid=b"k2"))
    .with_batches([*batch_of(HashType.UCI), *batch_of(HashType.SIGNATURE, None)])
    .with_slices([*slices_of([bytes(16)], Form.BLOOMFILTER), *slices_of([], Form.VARHASHLIST)])
)


def test_what_was_written_is_read_again() -> None:
    rows = to_rows(FULL)
    assert from_rows(rows) == FULL
    assert hash(from_rows(rows)) == hash(FULL)
    assert to_rows(from_rows(rows)) == rows
    assert to_rows(None) is None
    assert FULL != HELD
    assert FULL
    assert not Revocations()


def changed(**changes: Any) -> dict[str, Any]:
    return {**(to_rows(FULL) or {}), **changes}


ROWS: dict[str, Any] = changed()


@pytest.mark.parametrize(
    "rows",
    [
        [], {}, changed(more=[]), changed(lists=None), changed(lists=[1]), changed(lists=["!"]),
        changed(lists=[""]), changed(lists=ROWS["lists"] * 2), changed(lists=ROWS["lists"][::-1]),
        changed(batches=[["XU", "", "UCI"]]), changed(batches=[[1, "", "UCI", ""]]),
        changed(batches=[["XU", "", "OTHER", ""]]), changed(batches=[["XU", "", "UCI", "AAAA"]]),
        changed(slices=[1]), changed(slices=[["XU", "", "UCI", "BLOOMFILTER", True, ""]]),
        changed(slices=[["XU", "", "UCI", "OTHER", 0, ""]]), changed(slices=ROWS["slices"] * 2),
    ],
)  # fmt: skip
def test_rows_that_are_not_exactly_revocations_are_refused(rows: Any) -> None:
    with pytest.raises((ValueError, TypeError, DocumentRefused, IndexError)):
        from_rows(rows)


def test_they_do_not_change_and_show_nothing() -> None:
    with pytest.raises(AttributeError):
        HELD.slices = ()
    assert UCI not in repr(asked(UCI))
