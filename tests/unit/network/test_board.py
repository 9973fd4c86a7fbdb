"""No seat acts alone, none is double, and a root that says otherwise is no root."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.metadata import Key, Metadata, Root

from pratique.errors import DocumentRefused
from pratique.network import board as boards
from pratique.network import changes, drafts, keys
from pratique.network.board import FIELD, Board, Seat
from pratique.network.trusted import Trusted
from pratique.terms import Environment
from tests.cheats import by_hand, refused, synced
from tests.networks import AT, Authority, State, key

AUTHORITY = Authority()


def root() -> Root:
    return Metadata[Root].from_bytes(AUTHORITY.anchor).signed


def code(ask: Callable[[], object]) -> str:
    with pytest.raises(DocumentRefused) as caught:
        ask()
    assert caught.value.hint
    return caught.value.code


def board(count: int = 9, threshold: int = 5, suspend: int = 3, per_region: int = 2) -> Board:
    seats = tuple(Seat(f"seat-{n}", f"XS{n}", f"R{n // 2}", f"{n:016x}") for n in range(count))
    return Board("invented", Environment.TEST, seats, threshold, suspend, per_region)


@given(st.integers(-1, 12), st.integers(-1, 12), st.integers(-1, 12))
def test_a_board_fits_if_nobody_acts_alone_and_suspending_needs_no_more(
    count: int, threshold: int, suspend: int
) -> None:
    made = board(max(count, 0), threshold, suspend)
    if 2 <= suspend <= threshold <= count:
        made.check()
    else:
        found = code(made.check)
        wrong = "threshold" if not 2 <= threshold <= count else "suspend-threshold"
        assert found == f"board-{wrong}"


def test_there_are_no_more_seats_than_a_hundred() -> None:
    board(99).check()
    assert code(board(100).check) == "board-threshold"


@pytest.mark.parametrize(
    ("field", "found"),
    [("name", "name-double"), ("holder", "holder-double"), ("keyid", "key-double")],
)
def test_no_seat_is_double(field: str, found: str) -> None:
    made = board()
    first, second, *others = made.seats
    again = second._replace(**{field: getattr(first, field)})
    assert code(made._replace(seats=(first, again, *others)).check) == f"board-{found}"


@given(st.lists(st.sampled_from("ABCDE"), min_size=2, max_size=9), st.integers(1, 4))
def test_no_region_has_more_than_its_cap(regions: list[str], cap: int) -> None:
    made = board(len(regions), 2, 2, cap)
    seats = tuple(s._replace(region=r) for s, r in zip(made.seats, regions, strict=True))
    made = made._replace(seats=seats)
    if max(map(regions.count, regions)) <= cap:
        made.check()
    else:
        assert code(made.check) == "board-region-cap"


def test_a_root_tells_its_board() -> None:
    found = boards.of_root(root())
    assert found == AUTHORITY.board
    assert found.to_field() == root().unrecognized_fields[FIELD]
    assert found.seat_of(found.seats[3].keyid) == found.seats[3]
    assert found.seat_of("0" * 16) is None
    assert set(boards.keys_of(root())) == {seat.keyid for seat in found.seats}


def other_key(signed: Root) -> None:
    one = signed.keys.pop(signed.roles["root"].keyids[0])
    signed.keys["0" * 16] = Key.from_dict("0" * 16, one.to_dict())
    for role in ("root", "targets"):
        signed.roles[role].keyids[0] = "0" * 16
    signed.unrecognized_fields[FIELD]["seats"][0]["keyid"] = "0" * 16


def online_seat(signed: Root) -> None:
    signed.roles["timestamp"].keyids[:] = signed.roles["root"].keyids[:1]


def respelt(signed: Root) -> None:
    one = next(iter(signed.keys.values()))
    one.keyval["public"] = one.keyval["public"].replace("\n", "\r\n")


ROOTS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "another key of a seat": ("key-spelling", other_key),
    "a key spelt otherwise": ("key-spelling", respelt),
    "a seat that is online": ("online-seat", online_seat),
    "fewer who sign": ("differs", lambda s: setattr(s.roles["targets"], "threshold", 1)),
    "fewer who sign the root": ("differs", lambda s: setattr(s.roles["root"], "threshold", 4)),
    "others who sign": ("differs", lambda s: s.roles["targets"].keyids.pop()),
    "files that are not named": ("inconsistent", lambda s: setattr(s, "consistent_snapshot", False)),
    "no board": ("malformed", lambda s: s.unrecognized_fields.pop(FIELD)),
    "a board of nothing": ("malformed", lambda s: s.unrecognized_fields.update({FIELD: {}})),
}  # fmt: skip


@pytest.mark.parametrize("what", ROOTS)
def test_a_root_that_does_not_fit_its_board_is_refused(what: str) -> None:
    found, change = ROOTS[what]
    signed = root()
    change(signed)
    assert code(lambda: boards.of_root(signed)) == f"board-{found}"
    # Not even all nine seats, and the online keys, make it one.
    signed.version += 1
    by = [*AUTHORITY.seats, *AUTHORITY.online]

    def next_one(made: Any) -> None:
        made.version += 1
        change(made)

    files = {**AUTHORITY.files, "metadata/2.root.json": by_hand(AUTHORITY.anchor, next_one, by)}
    assert refused(synced(AUTHORITY), files) == f"board-{found}"


FIELDS: list[Callable[[dict[str, Any]], object]] = [
    lambda field: field.pop("network"),
    lambda field: field.update(more=1),
    lambda field: field.update(network=""),
    lambda field: field.update(network="a\nb"),
    lambda field: field.update(network="x" * 81),
    lambda field: field.update(environment="PLAY"),
    lambda field: field.update(threshold=5.0),
    lambda field: field.update(threshold=True),
    lambda field: field.update(per_region="2"),
    lambda field: field.update(seats=None),
    lambda field: field["seats"][0].pop("region"),
    lambda field: field["seats"][0].update(name=7),
    lambda field: field["seats"][0].update(holder="xs0"),
    lambda field: field["seats"][0].update(name="suspend"),
]


@pytest.mark.parametrize("at", range(len(FIELDS)))
def test_a_board_that_is_not_laid_out_as_one_is_refused(at: int) -> None:
    signed = root()
    FIELDS[at](signed.unrecognized_fields[FIELD])
    assert code(lambda: boards.of_root(signed)) == "board-malformed"


@pytest.mark.parametrize(
    "changed", [{"network": "another"}, {"environment": Environment.PRODUCTION}]
)
def test_the_next_root_is_of_the_same_network_and_environment(changed: dict[str, Any]) -> None:
    board = AUTHORITY.board._replace(**changed)
    seats = [seat.public_key for seat in AUTHORITY.seats]
    drafted = drafts.root(AUTHORITY.view, AT, board=board, seats=seats)
    for seat in AUTHORITY.seats:
        # Not by `proposal.sign`, which signs nothing of another network.
        keys.sign(drafted.metadata["root"], seat)
    found = Trusted(AUTHORITY.anchor)
    assert code(lambda: found.take_root(drafted.metadata["root"].to_bytes())) == "board-differs"
    assert found.root.version == 1
    # Control: of the same, it is taken.
    drafted = AUTHORITY.signed(drafts.root(AUTHORITY.view, AT, board=AUTHORITY.board, seats=seats))
    assert found.take_root(drafted.metadata["root"].to_bytes()).version == 2


def test_a_key_has_one_spelling() -> None:
    one = keys.public(key("seat 0").public_key)
    assert keys.is_one(one)
    for keyid, changed in (
        ("0" * len(one.keyid), {}),
        (one.keyid, {"scheme": "ecdsa-sha2-nistp384"}),
        (one.keyid, {"keyval": {"public": one.keyval["public"] + "\n"}}),
        (one.keyid, {"keyval": {"public": one.keyval["public"], "more": "x"}}),
        (one.keyid, {"keyval": {"public": "x"}}),
    ):
        assert not keys.is_one(Key.from_dict(keyid, {**one.to_dict(), **changed}))
    assert keys.from_pem(keys.to_pem(key("seat 0").public_key)) == key("seat 0").public_key


@pytest.mark.parametrize(
    ("count", "threshold", "suspend"), [(3, 2, 2), (3, 3, 2), (3, 3, 3), (2, 2, 2), (9, 5, 3)]
)
def test_a_board_of_which_all_must_sign_is_told(count: int, threshold: int, suspend: int) -> None:
    made = Authority(seats=count, threshold=threshold, suspend=suspend)
    said = made.board.fragile()
    assert bool(said) is (threshold == count)
    assert len(said) == (threshold == count) + (suspend == count)
    drafted = drafts.root(made.view, AT, board=made.board, seats=[k.public_key for k in made.seats])
    shown = "\n".join(changes.told(drafted, made.view))
    assert shown.count("mind: all ") == len(said)


def test_a_participant_all_of_whose_keys_must_sign_and_that_signs_for_others_is_told() -> None:
    made, state = Authority(), State("XXU", "XU")
    for threshold, countries in ((2, {"XU"}), (3, {"XU", "DE"})):
        one = state.participant._replace(countries=frozenset(countries))
        keys_ = drafts.RoleKeys(state.role_keys().public_keys, threshold)
        drafted = drafts.targets(
            made.view, AT, "x", participants={"XXU": one}, members={"XXU": keys_}
        )
        shown = "\n".join(changes.told(drafted, made.view))
        assert ("mind: all 3 keys of XXU must sign" in shown) is (threshold == 3)
        assert ("mind: DE is not XXU's own" in shown) is ("DE" in countries)
        assert "XU is not" not in shown
