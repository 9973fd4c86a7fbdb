"""Numbers and sizes of a log at their edges: the last that is good, and the first that is none."""

from __future__ import annotations

import base64
from functools import partial

import pytest

from pratique.crypto import keys
from pratique.tlog import checkpoint, merkle, note, tiles
from pratique.tlog.checkpoint import (
    FIRST,
    MAX_PATH,
    MAX_PROOF,
    MAX_WITNESSES,
    Checkpoint,
    Proof,
    Quorum,
)
from pratique.tlog.merkle import EMPTY, MAX_SIZE, check_consistency, leaf_hash, root_of
from pratique.tlog.note import COSIGNATURE, NOTE, Note, NoteKey, Signature
from pratique.tlog.tiles import MAX_ENTRY, WIDTH, Tile, Tiles, grown, unpack
from tests.unit.log import seen
from tests.unit.log.seen import AT, ORIGIN, key, log_key, witness

NONE: dict[str, bytes] = {}
ROOT, OTHER = leaf_hash(b"one"), leaf_hash(b"another")


# Numbers


@pytest.mark.parametrize("number", [0, 1, 10, MAX_SIZE])
def test_a_number_that_fits_is_read(number: int) -> None:
    assert note.number(f"{number}", "note") == number


@pytest.mark.parametrize(
    "line", [f"{MAX_SIZE + 1}", "", "-1", "+1", "01", "1 ", "\u0661", "1e3", "0x1"]
)
def test_a_number_that_does_not_fit_is_none(line: str) -> None:
    assert seen.code(partial(note.number, line, "note")) == "log-note"


@pytest.mark.parametrize(
    "line", ["=", "A", "AA", "AA=", "AB==", "A-__", "\u00e9AAA", "AAAA\n", " AAAA"]
)
def test_what_is_no_base64_or_a_second_spelling_is_refused(line: str) -> None:
    assert seen.code(partial(note.octets, line, "proof")) == "log-proof"


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_hash_has_32_bytes(size: int) -> None:
    assert note.digest(note.armoured(bytes(32)), "proof") == bytes(32)
    assert seen.code(partial(note.digest, note.armoured(bytes(size)), "proof")) == "log-proof"


# Times of cosignatures


@pytest.mark.parametrize("at", [1, 2, MAX_SIZE])
def test_a_cosignature_is_of_any_second_after_the_epoch(at: int) -> None:
    assert (
        checkpoint.check_cosignature(seen.cosigned(seen.checkpoint(1, ROOT), 0, at=at), witness(0))
        == at
    )


@pytest.mark.parametrize("at", [-1, 0, MAX_SIZE + 1])
def test_a_cosignature_of_no_such_second_is_neither_made_nor_believed(at: int) -> None:
    bare, own = seen.checkpoint(1, ROOT), witness(0)
    with pytest.raises(ValueError, match="epoch"):
        checkpoint.cosign(bare.text, own.name, key(own.name), at=at)
    stamp = (at % (1 << 64)).to_bytes(8, "big")
    for said in (at, at % (1 << 64)):
        message = f"cosignature/v1\ntime {said}\n{bare.text}".encode()
        forged = Signature(own.name, own.id, stamp + key(own.name).sign(message))
        asked = partial(checkpoint.check_cosignature, bare.with_signatures(forged), own)
        assert seen.code(asked) == "log-cosignature"


@pytest.mark.parametrize("change", [-1, 1])
def test_a_cosignature_has_just_its_length(change: int) -> None:
    signed = seen.checkpoint(1, ROOT, 0)
    body = signed.body_of(witness(0))
    assert body is not None
    bent = body + b"\0" if change > 0 else body[:change]
    forged = signed.with_signatures(Signature(witness(0).name, witness(0).id, bent))
    assert seen.code(partial(checkpoint.check_cosignature, forged, witness(0))) == "log-cosignature"


# Trees


def test_a_tree_may_have_all_leaves_that_a_size_can_say() -> None:
    path = [bytes([n]) * 32 for n in range(63)]
    assert len(root_of(ROOT, 0, MAX_SIZE, path)) == 32
    assert seen.code(partial(root_of, ROOT, 0, MAX_SIZE + 1, path)) == "log-inclusion"
    check_consistency(MAX_SIZE, ROOT, MAX_SIZE, ROOT, [])
    refused = partial(check_consistency, MAX_SIZE + 1, ROOT, MAX_SIZE + 1, ROOT, [])
    assert seen.code(refused) == "log-inconsistent"

    def nodes(height: int, index: int) -> bytes:
        return bytes([height]) * 31 + bytes([index % 256])

    assert len(merkle.inclusion(nodes, 0, MAX_SIZE)) == 63
    assert merkle.consistency(nodes, MAX_SIZE, MAX_SIZE) == ()
    assert len(merkle.consistency(nodes, 1, MAX_SIZE)) == 63


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (0, 0), (1, 1), (2, 1), (0, MAX_SIZE + 1)])
def test_no_tree_has_a_leaf_outside_of_it(index: int, size: int) -> None:
    assert seen.code(partial(root_of, ROOT, index, size, [])) == "log-inclusion"
    with pytest.raises(ValueError, match="leaf"):
        merkle.inclusion(lambda _height, _index: ROOT, index, size)


@pytest.mark.parametrize(("old", "size"), [(-1, 0), (-1, 1), (2, 1), (1, 0), (0, MAX_SIZE + 1)])
def test_a_tree_never_shrinks_though_its_root_stays(old: int, size: int) -> None:
    """A log that lost leaves and shows the root that it had: with no proof at all, and with one."""
    for path in ([], [ROOT], [ROOT, OTHER]):
        refused = partial(check_consistency, old, ROOT, size, ROOT, path)
        assert seen.code(refused) == "log-inconsistent"
    for first, second in ((EMPTY, EMPTY), (ROOT, EMPTY), (EMPTY, ROOT)):
        assert (
            seen.code(partial(check_consistency, old, first, size, second, []))
            == "log-inconsistent"
        )
    with pytest.raises(ValueError, match="shrink"):
        merkle.consistency(lambda _height, _index: ROOT, old, size)


def test_the_empty_tree_has_one_root() -> None:
    check_consistency(0, EMPTY, 0, EMPTY, [])
    check_consistency(0, EMPTY, 7, ROOT, [])
    for old, first, size, second in (
        (0, ROOT, 0, ROOT), (0, EMPTY, 0, ROOT), (0, ROOT, 7, ROOT), (0, ROOT, 0, EMPTY), (7, ROOT, 7, OTHER),
    ):  # fmt: skip
        assert (
            seen.code(partial(check_consistency, old, first, size, second, []))
            == "log-inconsistent"
        )
    assert seen.code(partial(check_consistency, 0, EMPTY, 7, ROOT, [ROOT])) == "log-inconsistent"
    assert seen.code(partial(check_consistency, 7, ROOT, 7, ROOT, [ROOT])) == "log-inconsistent"


# Notes and keys


def sign_line(body: bytes, name: str = "w", dash: str = "\u2014 ") -> str:
    return f"{dash}{name} {base64.b64encode(body).decode()}\n"


@pytest.mark.parametrize(("size", "good"), [(3, False), (4, False), (5, True)])
def test_a_signature_is_more_than_its_key_s_identifier(size: int, good: bool) -> None:
    code = seen.code(partial(note.read_signatures, sign_line(bytes(size))))
    assert code == ("" if good else "log-note")


@pytest.mark.parametrize("line", [sign_line(bytes(9), dash="- "), sign_line(bytes(9), dash=""), "\u2014 w\n", "\u2014  AAAAAAAAAAAA\n", sign_line(bytes(9))[:-1], "\n", ""])  # fmt: skip
def test_a_line_of_another_form_is_no_signature(line: str) -> None:
    assert seen.code(partial(note.read_signatures, line)) == "log-note"


def test_so_many_signatures_and_no_more() -> None:
    rows = [sign_line(n.to_bytes(4, "big") + b"x") for n in range(note.MAX_SIGNATURES + 1)]
    assert len(note.read_signatures("".join(rows[:-1]))) == note.MAX_SIGNATURES
    assert seen.code(partial(note.read_signatures, "".join(rows))) == "log-note"
    assert seen.code(partial(note.read_signatures, rows[0] * 2)) == "log-note"


def test_a_note_is_as_long_as_it_may_be_and_no_longer() -> None:
    end = "\n" + sign_line(bytes(9))
    text = "x" * (note.MAX_NOTE - len(end.encode()) - 1) + "\n"
    whole = (text + end).encode()
    assert len(whole) == note.MAX_NOTE
    assert Note.from_bytes(whole).text == text
    assert seen.code(partial(Note.from_bytes, b"x" + whole)) == "log-note"


@pytest.mark.parametrize(
    "whole",
    [
        "",
        "\n\n",
        "text\n",
        "text\n\n",
        "\n\n" + sign_line(bytes(9)),
        "text\n\n" + sign_line(bytes(9))[:-1],
    ],
)
def test_a_note_without_text_or_signature_is_none(whole: str) -> None:
    assert seen.code(partial(Note.from_bytes, whole.encode())) == "log-note"


def key_line(name: str, kind: int, public: bytes) -> str:
    return NoteKey(name, kind, public).to_text()


def test_a_key_of_a_kind_that_is_not_known_has_a_byte_at_least() -> None:
    assert NoteKey.from_text(key_line("w", 6, b"m")) == NoteKey("w", 6, b"m")
    assert seen.code(partial(NoteKey.from_text, key_line("w", 6, b""))) == "log-key"
    longest = NoteKey("w", 6, bytes(note.MAX_NOTE - 1))
    assert NoteKey.from_text(longest.to_text()) == longest
    assert (
        seen.code(partial(NoteKey.from_text, key_line("w", 6, bytes(note.MAX_NOTE)))) == "log-key"
    )


@pytest.mark.parametrize("kind", [NOTE, COSIGNATURE])
def test_a_key_of_ed25519_has_32_bytes_that_not_anybody_can_sign_for(kind: int) -> None:
    good = key("w").public_key
    assert NoteKey.from_text(key_line("w", kind, good)).public == good
    for public in (good[:-1], good + b"\0", bytes([1]) + bytes(31)):
        assert seen.code(partial(NoteKey.from_text, key_line("w", kind, public))) == "log-key"


@pytest.mark.parametrize("at", range(3))
def test_a_key_s_line_has_three_parts_and_its_own_identifier(at: int) -> None:
    parts = witness(0).to_text().split("+", 2)
    wrong = [*parts[:at], {0: "w 0", 1: "00000000", 2: parts[2][:-4]}[at], *parts[at + 1 :]]
    assert seen.code(partial(NoteKey.from_text, "+".join(wrong))) == "log-key"
    assert (
        seen.code(partial(NoteKey.from_text, "+".join([*parts[:at], *parts[at + 1 :]])))
        == "log-key"
    )
    assert (
        seen.code(partial(NoteKey.from_text, "+".join([*parts[:1], "0", *parts[1:]]))) == "log-key"
    )


def test_a_later_signature_of_a_key_takes_the_place_of_its_own_alone() -> None:
    first = seen.checkpoint(1, ROOT, 0, 1)
    again = seen.cosigned(first, 0, at=AT + 9)
    assert len(again.signatures) == len(first.signatures) == 3
    assert checkpoint.check_cosignature(again, witness(0)) == AT + 9
    assert checkpoint.check_cosignature(again, witness(1)) == AT
    # The same name under another key is somebody else.
    other = Signature(witness(0).name, b"\1\2\3\4", b"x")
    assert len(first.with_signatures(other).signatures) == 4


# Checkpoints


@pytest.mark.parametrize(
    ("text", "good"),
    [
        (f"{ORIGIN}\n1\n{note.armoured(ROOT)}\n", True),
        (f"{ORIGIN}\n1\n{note.armoured(ROOT)}\nmore\n", True),
        (f"{ORIGIN}\n0\n{note.armoured(EMPTY)}\n", True),
        (f"{ORIGIN}\n1\n{note.armoured(ROOT)}", False),
        (f"{ORIGIN}\n1\n", False),
        (f"\n1\n{note.armoured(ROOT)}\n", False),
        (f"{ORIGIN}\n1\n{note.armoured(ROOT)}\n\n", False),
        (f"{ORIGIN}\n0\n{note.armoured(ROOT)}\n", False),
        (f"{ORIGIN}\n1\n{note.armoured(EMPTY)}\n", False),
    ],
)
def test_a_checkpoint_is_origin_size_and_root(text: str, good: bool) -> None:
    assert seen.code(partial(Checkpoint.from_text, text)) == ("" if good else "log-checkpoint")
    if good:
        assert Checkpoint.from_text(text).to_text() == text


# Quorums


@pytest.mark.parametrize(
    ("count", "needed", "good"),
    [
        (1, 1, True), (2, 2, True), (3, 2, True), (2, 1, False), (4, 2, False), (3, 4, False), (0, 0, False),
        (3, 0, False), (3, -1, False), (MAX_WITNESSES, MAX_WITNESSES, True),
        (MAX_WITNESSES + 1, MAX_WITNESSES + 1, False),
    ],
)  # fmt: skip
def test_a_quorum_is_more_than_half_of_no_more_than_may_be(
    count: int, needed: int, good: bool
) -> None:
    assert seen.code(seen.quorum(count, needed).check) == ("" if good else "log-policy")


def test_a_quorum_is_of_so_many_names_and_keys_of_known_kinds() -> None:
    own, first, second = log_key(), witness(0), witness(1)
    for log, one, other in (
        (own._replace(kind=COSIGNATURE), first, second),
        (own, first._replace(kind=6), second),
        (own, first, second._replace(kind=NOTE)),
        (own, first, second._replace(name=first.name)),
        (own, first, second._replace(name=own.name)),
        (own, first, second._replace(public=first.public)),
        (own, first, second._replace(public=own.public)),
    ):
        assert seen.code(Quorum(log, (one, other), 2).check) == "log-policy"


@pytest.mark.parametrize("times", [(5, 7, 9), (9, 7, 5), (7, 9, 5)])
def test_the_floor_is_the_time_that_enough_of_them_say_it_is_later_than(
    times: tuple[int, ...],
) -> None:
    shown = seen.checkpoint(1, ROOT)
    for number, at in enumerate(times):
        shown = seen.cosigned(shown, number, at=AT + at)
    found = seen.quorum(3, 2).seen(shown)
    assert (found.times, found.floor) == ((AT + 9, AT + 7, AT + 5), AT + 7)
    assert seen.quorum(3, 3).seen(shown).floor == AT + 5
    assert seen.code(partial(seen.quorum(4, 4).seen, shown)) == "log-quorum"


# Proofs


def proof_text(*rows: str) -> bytes:
    shown = seen.checkpoint(1, leaf_hash(b""), 0).to_bytes()
    return ("\n".join(rows) + "\n\n").encode() + shown


def test_a_path_is_as_long_as_a_tree_is_high() -> None:
    row = note.armoured(ROOT)
    longest = proof_text(FIRST, "index 0", *[row] * MAX_PATH)
    assert len(Proof.from_bytes(longest).path) == MAX_PATH
    assert Proof.from_bytes(longest).to_bytes() == longest
    more = proof_text(FIRST, "index 0", *[row] * (MAX_PATH + 1))
    assert seen.code(partial(Proof.from_bytes, more)) == "log-proof"


@pytest.mark.parametrize(
    "rows",
    [("x", "index 0"), (FIRST,), (FIRST, "0"), (FIRST, "extra "), (FIRST, "extra AA==", "0"), (FIRST, "extra "
      , "index 0"), ("index 0",), (FIRST, "index 0", "extra AA=="), (FIRST, "index 0", "AAAA")],
)  # fmt: skip
def test_a_proof_of_another_form_is_none(rows: tuple[str, ...]) -> None:
    assert Proof.from_bytes(proof_text(FIRST, "extra AA==", "index 0")).extra == b"\0"
    assert seen.code(partial(Proof.from_bytes, proof_text(*rows))) == "log-proof"


# Tiles


def test_a_leaf_is_as_long_as_its_length_can_say() -> None:
    files = grown(NONE.get, 0, [b"x" * MAX_ENTRY])
    assert Tiles(files.get, 1).entries(0, 1) == [b"x" * MAX_ENTRY]
    with pytest.raises(ValueError, match="larger"):
        grown(NONE.get, 0, [b"x" * (MAX_ENTRY + 1)])


def test_no_leaves_are_given_outside_of_those_there_are() -> None:
    found = Tiles(grown(NONE.get, 0, [b"a", b"b"]).get, 2)
    assert found.entries(0, 2) == [b"a", b"b"]
    assert found.entries(2, 2) == found.entries(0, 0) == []
    for start, end in ((-1, 1), (0, 3), (2, 1), (3, 3)):
        assert seen.code(partial(found.entries, start, end)) == "log-tile"


@pytest.mark.parametrize("data", [b"\0\0\0", b"\0", b"\0\5abc", b"\0\0\0\0\0\0"])
def test_a_tile_of_leaves_has_just_its_leaves(data: bytes) -> None:
    assert unpack(b"\0\0\0\1a", 2) == [b"", b"a"]
    assert unpack(b"", 0) == []
    assert seen.code(partial(unpack, data, 2)) == "log-tile"


def test_a_full_tile_has_one_name() -> None:
    assert Tile(0, 0, WIDTH).path() == "tile/0/000"
    assert Tile(0, 999).path() == "tile/0/999"
    assert Tile(0, 1000).path() == "tile/0/x001/000"


def test_a_witness_s_key_never_signs_for_a_log() -> None:
    """Not even where its signature is one of the text: keys of one kind are no keys of the other."""
    own, bare = witness(0), seen.checkpoint(1, ROOT)
    forged = Signature(own.name, own.id, key(own.name).sign(bare.text.encode()))
    for shown in (bare.with_signatures(forged), seen.checkpoint(1, ROOT, 0)):
        assert seen.code(partial(note.check, shown, own)) == "log-unsigned"


def test_two_of_other_names_may_have_one_identifier() -> None:
    rows = sign_line(bytes(9), "w") + sign_line(bytes(9), "v")
    assert [one.name for one in note.read_signatures(rows)] == ["w", "v"]


@pytest.mark.parametrize("more", ["", "X", "="])
def test_a_last_line_without_an_end_is_not_cut_to_fit(more: str) -> None:
    whole = sign_line(bytes(9))[:-1] + more
    assert seen.code(partial(note.read_signatures, whole)) == "log-note"
    text = f"{ORIGIN}\n1\n{note.armoured(ROOT)}"
    assert seen.code(partial(Checkpoint.from_text, text + more)) == "log-checkpoint"


@pytest.mark.parametrize("name", ["", "w 0", "w+0", "w\n"])
def test_a_name_has_no_blank_and_no_plus(name: str) -> None:
    assert NoteKey.is_name("w.invented.example/log")
    assert not NoteKey.is_name(name)
    # Its identifier is right: nothing but the name is wrong.
    assert (
        seen.code(partial(NoteKey.from_text, key_line(name, NOTE, key("w").public_key)))
        == "log-key"
    )


def test_no_signature_of_another_text_or_key_is_good() -> None:
    own = NoteKey("w", NOTE, key("w").public_key)
    signed = Note("text\n", (note.sign("text\n", "w", key("w")),))
    note.check(signed, own)
    assert seen.code(partial(note.check, signed._replace(text="texu\n"), own)) == "log-signature"
    assert seen.code(partial(note.check, signed, own._replace(name="v"))) == "log-unsigned"
    assert not keys.checker(own.public)(signed.signatures[0].body, b"texu\n")


# What is written down for others too


def test_the_limits_are_those_that_are_told() -> None:
    """Whoever else writes notes, proofs and tiles keeps to these; a log that has grown keeps its own."""
    assert (note.MAX_NOTE, note.MAX_SIGNATURES, MAX_PROOF, MAX_PATH) == (65_536, 100, 16_384, 63)
    assert (MAX_ENTRY, tiles.MAX_TIER, WIDTH, MAX_WITNESSES) == (65_535, 63, 256, 32)
    assert MAX_SIZE == 9_223_372_036_854_775_807


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("checkpoint", True),
        ("tile/0/000", True),
        ("tile/entries/000.p/1", True),
        ("tile/0/000.p/0", False),
        ("checkpoint/", False),
        ("Checkpoint", False),
        ("", False),
    ],
)
def test_a_log_has_its_checkpoint_and_its_tiles(path: str, expected: bool) -> None:
    assert tiles.is_path(path) is expected


def test_what_is_not_there_yet_is_not_even_read() -> None:
    found = Tiles(pytest.fail, 256)
    for ask in (partial(found, 0, 256), partial(found, 0, 1 << 40), partial(found, 16, 0)):
        assert seen.code(ask) == "log-tile"


@pytest.mark.parametrize(
    ("codes", "hint"),
    [
        ("inconsistent forked inclusion cosignature signature",
         "keep it: it is evidence; tell the authority and others"),
        ("key note origin path proof tile checkpoint unsigned",
         "get it anew: it was not copied whole, or is something else"),
        ("conflict", "have the log ask again from there: pratique authority log request --tree-size SIZE"),
        ("unknown", "is it the right log? a witness knows those that it was made for: pratique witness show DIR"),
        ("clock", "set this machine's clock"),
        ("policy", "the seats must sign one that is"),
        ("quorum", "more witnesses must cosign it"),
    ],
)  # fmt: skip
def test_whoever_is_refused_is_told_what_to_do(codes: str, hint: str) -> None:
    for code in codes.split():
        refusal = merkle.refused(code, "why")
        assert (refusal.code, refusal.message, refusal.hint) == (f"log-{code}", "why", hint)
