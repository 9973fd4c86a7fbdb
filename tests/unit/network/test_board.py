"""No seat acts alone, none is double, and a root that says otherwise is no root."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.metadata import Key, Metadata, Root, TargetFile

from pratique.errors import DocumentRefused
from pratique.network import metadata, proposal
from pratique.network.metadata import FIELD, Board, Seat
from pratique.network.participants import write_participants
from pratique.network.trusted import Trusted
from pratique.terms import Environment
from pratique.trust import countries
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
    found = metadata.of_root(root())
    assert found == AUTHORITY.board
    assert found.to_field() == root().unrecognized_fields[FIELD]
    assert found.seat_of(found.seats[3].keyid) == found.seats[3]
    assert found.seat_of("0" * 16) is None
    assert set(root().roles["root"].keyids) == {seat.keyid for seat in found.seats}


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
    assert code(lambda: metadata.of_root(signed)) == f"board-{found}"
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
    lambda field: field["seats"][0].update(holder="xxa"),
    lambda field: field["seats"][0].update(name="suspend"),
]


@pytest.mark.parametrize("at", range(len(FIELDS)))
def test_a_board_that_is_not_laid_out_as_one_is_refused(at: int) -> None:
    signed = root()
    FIELDS[at](signed.unrecognized_fields[FIELD])
    assert code(lambda: metadata.of_root(signed)) == "board-malformed"


@pytest.mark.parametrize(
    "changed", [{"network": "another"}, {"environment": Environment.PRODUCTION}]
)
def test_the_next_root_is_of_the_same_network_and_environment(changed: dict[str, Any]) -> None:
    board = AUTHORITY.board._replace(**changed)
    seats = [seat.public_key for seat in AUTHORITY.seats]
    drafted = proposal.root(AUTHORITY.view, AT, board=board, seats=seats)
    for seat in AUTHORITY.seats:
        # Not by `proposal.sign`, which signs nothing of another network.
        metadata.sign(drafted.metadata["root"], seat)
    found = Trusted(AUTHORITY.anchor)
    assert code(lambda: found.take_root(drafted.metadata["root"].to_bytes())) == "board-differs"
    assert found.root.version == 1
    # Control: of the same, it is taken.
    drafted = AUTHORITY.signed(
        proposal.root(AUTHORITY.view, AT, board=AUTHORITY.board, seats=seats)
    )
    assert found.take_root(drafted.metadata["root"].to_bytes()).version == 2


def test_a_key_has_one_spelling() -> None:
    one = metadata.public(key("seat 0").public_key)
    assert metadata.is_one(one)
    for keyid, changed in (
        ("0" * len(one.keyid), {}),
        (one.keyid, {"scheme": "ecdsa-sha2-nistp384"}),
        (one.keyid, {"keyval": {"public": one.keyval["public"] + "\n"}}),
        (one.keyid, {"keyval": {"public": one.keyval["public"], "more": "x"}}),
        (one.keyid, {"keyval": {"public": "x"}}),
    ):
        assert not metadata.is_one(Key.from_dict(keyid, {**one.to_dict(), **changed}))
    assert metadata.from_pem(metadata.to_pem(key("seat 0").public_key)) == key("seat 0").public_key


@pytest.mark.parametrize(
    ("count", "threshold", "suspend"), [(3, 2, 2), (3, 3, 2), (3, 3, 3), (2, 2, 2), (9, 5, 3)]
)
def test_a_board_of_which_all_must_sign_is_told(count: int, threshold: int, suspend: int) -> None:
    made = Authority(seats=count, threshold=threshold, suspend=suspend)
    said = made.board.fragile()
    assert bool(said) is (threshold == count)
    assert len(said) == (threshold == count) + (suspend == count)
    drafted = proposal.root(
        made.view, AT, board=made.board, seats=[k.public_key for k in made.seats]
    )
    shown = "\n".join(proposal.told(drafted, made.view))
    assert shown.count("warning: all ") == len(said)


def test_a_participant_all_of_whose_keys_must_sign_and_that_signs_for_others_is_told() -> None:
    made, state = Authority(), State("XXU", "XU")
    for threshold, signs_for in ((2, {"XU"}), (3, {"XU", "DE"})):
        one = state.participant._replace(countries=frozenset(signs_for))
        keys_ = proposal.RoleKeys(state.role_keys().public_keys, threshold)
        drafted = proposal.targets(
            made.view, AT, "x", participants={"XXU": one}, members={"XXU": keys_}
        )
        shown = "\n".join(proposal.told(drafted, made.view))
        assert ("warning: all 3 keys of XXU must sign" in shown) is (threshold == 3)
        assert ("warning: DE is not XXU's own" in shown) is ("DE" in signs_for)
        assert "XU is not" not in shown


SPELLINGS = (
    str.lower, str.title, lambda t: f"{t} ", lambda t: f"\u00a0{t}", lambda t: f"{t}\u200b",
    lambda t: t.translate({n: n + 0xFEE0 for n in range(0x21, 0x7F)}), lambda t: f"{t[0]}\u00ad{t[1:]}",
)  # fmt: skip
"""How one code is written so that it looks like itself, and is another text."""
CODES = [
    ("FR", "FRA"), ("DE", "DEU"), ("GR", "EL"), ("GB", "UK"), ("CH", "CHE"), ("XU", "XXU"), ("BR", "BRA"),
]  # fmt: skip
REGIONS = st.sampled_from(countries.WHO_REGIONS)


def of(*holders: str, **changes: Any) -> Board:
    regions = countries.WHO_REGIONS
    seats = tuple(
        Seat(f"seat-{n}", holder, regions[n % 6], f"{n:016x}") for n, holder in enumerate(holders)
    )
    return Board("invented", Environment.PRODUCTION, seats, 2, 2, 9)._replace(**changes)


@given(st.lists(st.sampled_from(CODES), min_size=1, max_size=4, unique=True), st.data())
def test_a_state_has_one_seat_however_its_code_is_spelt(
    states: list[tuple[str, str]], data: st.DataObject
) -> None:
    held = [data.draw(st.sampled_from(codes)) for codes in states]
    of("PL", *held).check()
    twice = data.draw(st.sampled_from(states))
    assert code(of("PL", *dict.fromkeys([*held, *twice])).check) == "board-holder-double"


def test_a_territory_holds_its_states_seat() -> None:
    of("FR", "GBR", "US").check()
    for state, territory in (("FRA", "GP"), ("GB", "BMU"), ("US", "PRI")):
        assert code(of("PL", state, territory).check) == "board-holder-double"


def test_an_organisation_is_not_the_state_whose_letters_it_writes() -> None:
    of("WHO", "CHE", "IOM", "EUE", "XKX", "XXK").check()


@pytest.mark.parametrize("environment", Environment)
@given(region=REGIONS, spell=st.sampled_from(SPELLINGS), others=st.integers(1, 3))
def test_a_region_is_one_however_it_is_spelt(
    environment: Environment, region: str, spell: Callable[[str], str], others: int
) -> None:
    seats = list(of("FR", "DE", "PL", "IT", environment=environment, per_region=1).seats)
    apart = [one for one in countries.WHO_REGIONS if one != region]
    for n, seat in enumerate(seats):
        own = region if n == 0 else spell(region) if n <= others else apart[n]
        seats[n] = seat._replace(region=own)
    made = of(environment=environment, per_region=1)._replace(seats=tuple(seats))
    assert code(made.check) == "board-region-cap"
    # Below the cap it is refused too: what is compared must be what is shown.
    assert code(made._replace(per_region=9).check) == "board-region-unknown"


@pytest.mark.parametrize("region", ["EURO", "NORTH", "R1", "Europe", "", " ", "\u0415UR"])
def test_the_list_of_regions_is_closed(region: str) -> None:
    made = of("FR", "DE")
    seats = (made.seats[0], made.seats[1]._replace(region=region))
    for environment in Environment:
        known = made._replace(seats=seats, environment=environment)
        assert code(known.check) == "board-region-unknown"


def test_a_network_for_tests_may_invent_all_its_regions_and_states() -> None:
    rows = (("XSA", "NORTH"), ("XSB", "SOUTH"))
    seats = tuple(Seat(f"seat-{n}", *row, f"{n:016x}") for n, row in enumerate(rows))
    made = of()._replace(seats=seats, environment=Environment.TEST)
    made.check()
    assert code(made._replace(environment=Environment.PRODUCTION).check) == "board-holder-unknown"
    strange = made._replace(seats=(seats[0], seats[1]._replace(holder="QQ")))
    assert code(strange.check) == "board-holder-unknown"


def by_codes(*changes: tuple[str, str]) -> Callable[[Root], object]:
    """Change a root's board so that its codes are those of another spelling."""

    def change(signed: Root) -> None:
        signed.version = 2
        for seat, (field, value) in zip(
            signed.unrecognized_fields[FIELD]["seats"], changes, strict=False
        ):
            seat[field] = value

    return change


def test_no_root_that_follows_gives_a_state_two_seats() -> None:
    """Not even if all nine seats have signed it."""
    for change in (
        by_codes(("holder", "FR"), ("holder", "FRA")),
        by_codes(("region", "EMR"), ("region", "emr ")),
        by_codes(("region", "EURO")),
    ):
        data = by_hand(AUTHORITY.anchor, change, [*AUTHORITY.seats, *AUTHORITY.online])
        files = {**AUTHORITY.files, "metadata/2.root.json": data}
        assert refused(synced(AUTHORITY), files).startswith("board-")


def test_a_board_that_was_signed_before_codes_were_compared_is_read_and_told() -> None:
    by = [*AUTHORITY.seats, *AUTHORITY.online]
    change = by_codes(("holder", "FR"), ("holder", "FRA"), ("region", "wpr"))
    data = by_hand(AUTHORITY.anchor, change, by)
    # Held, or handed over as the anchor: what is wrong is said, and nobody is locked out.
    found = Trusted(data)
    assert len(found.board.breaches()) == 2
    held = Trusted(AUTHORITY.anchor)
    held.take_root(data, held=True)
    assert held.board == found.board
    # The next root may be no worse; as it was, or better, it is taken.
    worse = by_codes(("holder", "FR"), ("holder", "FRA"), ("region", "wpr"), ("holder", "QQ"))
    same = by_codes(*[("holder", "FR"), ("holder", "FRA"), ("region", "wpr")])
    better = by_codes(("holder", "FR"), ("holder", "DE"))

    def next_of(change: Callable[[Root], object]) -> bytes:
        def third(signed: Root) -> None:
            change(signed)
            signed.version = 3

        return by_hand(AUTHORITY.anchor, third, by)

    assert code(lambda: Trusted(data).take_root(next_of(worse))) == "board-holder-double"
    for one in (same, better):
        assert Trusted(data).take_root(next_of(one)).version == 3


def test_nobody_signs_a_board_on_which_a_state_has_two_seats() -> None:
    seats = [seat.public_key for seat in AUTHORITY.seats]
    drafted = proposal.root(AUTHORITY.view, AT, board=AUTHORITY.board, seats=seats)
    by_codes(("holder", "FR"), ("holder", "FRA"))(drafted.metadata["root"].signed)
    for ask in (
        lambda: AUTHORITY.signed(drafted),
        lambda: list(proposal.told(drafted, AUTHORITY.view)),
    ):
        assert code(ask) == "board-holder-double"
    # Signed without our tool, it is not published either.
    for seat in AUTHORITY.seats:
        metadata.sign(drafted.metadata["root"], seat)
        metadata.sign(drafted.metadata["targets"], seat)
    assert code(lambda: AUTHORITY.accept(drafted)) == "board-holder-double"


@pytest.mark.parametrize(("first", "second"), [*CODES, ("XK", "XXK"), ("XK", "XKX")])
def test_a_state_takes_part_once_however_its_code_is_spelt(first: str, second: str) -> None:
    made = Authority(seats=3, threshold=2, suspend=2)
    made.admit(State(first, "XA"))
    assert code(lambda: made.admit(State(second, "XB"))) == "participants-double"
    # In a proposal of another's making it is not signed either.
    both = {one.code: one.participant for one in (State(first, "XA"), State(second, "XB"))}
    listed = write_participants(both.values())
    drafted = proposal.targets(made.view, AT, "x", files={"network/more.json": b"{}"})
    drafted = drafted._replace(files={**drafted.files, metadata.PARTICIPANTS: listed})
    drafted.metadata["targets"].signed.targets[metadata.PARTICIPANTS] = TargetFile.from_data(
        metadata.PARTICIPANTS, listed, ["sha256"]
    )
    assert code(lambda: made.signed(drafted)) == "participants-double"


def test_those_who_share_a_letter_code_take_part_side_by_side() -> None:
    made = Authority(seats=3, threshold=2, suspend=2)
    made.admit(State("XXK", "XK"), State("XKX", "XK"), State("XUA"), State("XXA"))
