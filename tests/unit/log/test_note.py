"""Signed notes, checkpoints and cosignatures: the known vectors, and one spelling only."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pratique.crypto import keys
from pratique.errors import DocumentRefused
from pratique.tlog import checkpoint
from pratique.tlog import note as tlog_note
from pratique.tlog.checkpoint import Checkpoint, opened, signed
from pratique.tlog.merkle import EMPTY, leaf_hash
from pratique.tlog.note import COSIGNATURE, NOTE, Note, NoteKey, Signature
from tests.unit.log import seen
from tests.unit.log.seen import AT, ORIGIN, cosigned, flipped, key, log_key, witness

KNOWN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
KNOWN_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
KNOWN_NOTE = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
""".encode()
"""The note of the documentation of Go's golang.org/x/mod/sumdb/note, which C2SP signed-note describes."""
ROOT = leaf_hash(b"")
OWN_CHECKPOINT = b"""\
log.invented.example
1
bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=

"""


def test_the_known_note_is_read_checked_and_made_again() -> None:
    known, note = NoteKey.from_text(KNOWN_KEY), Note.from_bytes(KNOWN_NOTE)
    assert known.to_text() == KNOWN_KEY
    tlog_note.check(note, known)
    assert note.to_bytes() == KNOWN_NOTE
    import base64

    secret = keys.from_seed(base64.b64decode(KNOWN_SECRET)[1:])
    assert tlog_note.sign(note.text, "PeterNeumann", secret) == note.signatures[0]


def test_a_checkpoint_is_three_lines_and_a_signature() -> None:
    note = signed(Checkpoint(ORIGIN, 1, ROOT), key(ORIGIN))
    assert note.to_bytes().startswith(OWN_CHECKPOINT + "— log.invented.example ".encode())
    assert opened(Note.from_bytes(note.to_bytes()), log_key()) == Checkpoint(ORIGIN, 1, ROOT)


def test_a_cosignature_is_over_the_time_and_the_text() -> None:
    note = seen.checkpoint(1, ROOT, 0)
    body = note.body_of(witness(0))
    assert body is not None
    assert int.from_bytes(body[:8], "big") == AT
    message = f"cosignature/v1\ntime {AT}\n".encode() + OWN_CHECKPOINT[:-1]
    assert keys.checker(witness(0).public)(body[8:], message)
    assert len(body) == 72
    assert witness(0).id == bytes.fromhex(witness(0).to_text().split("+")[1])
    assert checkpoint.check_cosignature(note, witness(0)) == AT
    assert checkpoint.check_cosignature(note, witness(1)) is None


def test_identifiers_differ_by_type() -> None:
    public = key("one").public_key
    assert NoteKey("one", NOTE, public).id != NoteKey("one", COSIGNATURE, public).id


def test_a_log_s_signature_is_no_cosignature_nor_the_other_way() -> None:
    note = seen.checkpoint(1, ROOT, 0)
    as_log = witness(0)._replace(kind=NOTE)
    as_witness = log_key()._replace(kind=COSIGNATURE)
    with pytest.raises(DocumentRefused) as refused:
        tlog_note.check(note, as_log)
    assert refused.value.code == "log-unsigned"
    assert checkpoint.check_cosignature(note, as_witness) is None
    with pytest.raises(DocumentRefused):
        tlog_note.check(note, witness(0))


def test_a_kind_that_is_not_known_counts_for_nothing() -> None:
    other = NoteKey("w0.invented.example", 0x06, b"m" * 1312)
    assert NoteKey.from_text(other.to_text()) == other
    note = seen.checkpoint(1, ROOT).with_signatures(Signature(other.name, other.id, b"x" * 2428))
    assert Note.from_bytes(note.to_bytes()) == note
    assert checkpoint.check_cosignature(note, other) is None


@pytest.mark.parametrize("bit", [0, 63, 64, 300, 8 * 72 - 1])
def test_an_altered_cosignature_is_refused(bit: int) -> None:
    note = seen.checkpoint(1, ROOT, 0)
    own = note.signatures[1]
    bent = note.with_signatures(own._replace(body=flipped(own.body, bit)))
    with pytest.raises(DocumentRefused) as refused:
        checkpoint.check_cosignature(bent, witness(0))
    assert refused.value.code == "log-cosignature"


def test_a_signature_has_one_spelling() -> None:
    """RFC 8032 §5.1.7: the second half is below the order; or a note could be had in two forms."""
    order = 2**252 + 27742317777372353535851937790883648493
    note = seen.checkpoint(5, b"r" * 32, 0)
    seen.quorum(1, 1).seen(note)
    for number in (0, 1):
        one = note.signatures[number]
        half = int.from_bytes(one.body[-32:], "little") + order
        bent = one._replace(body=one.body[:-32] + half.to_bytes(32, "little"))
        with pytest.raises(DocumentRefused):
            seen.quorum(1, 1).seen(note.with_signatures(bent))


def test_an_altered_text_is_refused() -> None:
    note = seen.checkpoint(1, ROOT, 0)
    bent = note._replace(text=note.text.replace("\n1\n", "\n2\n"))
    with pytest.raises(DocumentRefused) as refused:
        opened(bent, log_key())
    assert refused.value.code == "log-signature"
    with pytest.raises(DocumentRefused) as refused:
        checkpoint.check_cosignature(bent, witness(0))
    assert refused.value.code == "log-cosignature"


def test_a_cosignature_of_no_time_is_none() -> None:
    with pytest.raises(ValueError, match="after the epoch"):
        checkpoint.cosign("x\n", "w", key("w"), at=0)
    own = witness(0)
    text = Checkpoint(ORIGIN, 1, ROOT).to_text()
    zero = bytes(8) + key(own.name).sign(f"cosignature/v1\ntime 0\n{text}".encode())
    with pytest.raises(DocumentRefused):
        checkpoint.check_cosignature(Note(text, (Signature(own.name, own.id, zero),)), own)


def test_another_log_s_checkpoint_is_not_this_one_s() -> None:
    other = Checkpoint("other.invented.example", 1, ROOT).to_text()
    note = Note(other, (tlog_note.sign(other, ORIGIN, key(ORIGIN)),))
    with pytest.raises(DocumentRefused) as refused:
        opened(note, log_key())
    assert refused.value.code == "log-origin"


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "a\n", "a\n1\n", f"a\n01\n{'A' * 43}=\n", f"a\n+1\n{'A' * 43}=\n", f"a\n 1\n{'A' * 43}=\n",
        f"a\n-1\n{'A' * 43}=\n", f"a\n{1 << 63}\n{'A' * 43}=\n", f"a\n\u0661\n{'A' * 43}=\n", f"\n1\n{'A' * 43}=\n",
        f"a\n1\n{'A' * 42}\n", f"a\n1\n{'A' * 43}B\n", f"a\n1\n{'A' * 43}\n", f"a\n1\n{'A' * 40}\n",
        f"a\n1\n{'A' * 42}B=\n", f"a\n1\n{'A' * 43}=", f"a\n1\n{'A' * 43}=\n\n", f"a\n0\n{'A' * 43}=\n",
        f"a\n1\n{tlog_note.armoured(EMPTY)}\n",
    ],
)  # fmt: skip
def test_a_checkpoint_has_one_spelling(text: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        Checkpoint.from_text(text)
    assert refused.value.code == "log-checkpoint"


def test_further_lines_are_kept() -> None:
    text = f"a\n1\n{'A' * 43}=\nmore\n"
    assert Checkpoint.from_text(text).to_text() == text


@pytest.mark.parametrize(
    "line",
    [
        "", "a", "a+b", KNOWN_KEY + "=", KNOWN_KEY[:-1], KNOWN_KEY.replace("c74", "C74"), "x" + KNOWN_KEY,
        KNOWN_KEY.replace("Peter", "Peter "), KNOWN_KEY + "\n", "a+00000000+", "a+00000000+AQ==", "+" + KNOWN_KEY,
        KNOWN_KEY.replace("+ARpc", "+BBpc"),
    ],
)  # fmt: skip
def test_a_key_has_one_spelling(line: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        NoteKey.from_text(line)
    assert refused.value.code == "log-key"


def _bent() -> list[bytes]:
    good = KNOWN_NOTE
    line = good.partition(b"\n\n")[2]
    return [
        b"", b"\n\n", good[:-1], good + b"\n", good + b"x", good.replace(b"\n\n", b"\n"), good + line,
        good.replace("— ".encode(), b"- "), good.replace(b"PeterNeumann ", b"PeterNeumann  "),
        good.replace(b"PeterNeumann ", b"Peter+Neumann "), good.replace(b" x08", b"x08"), good.replace(b"M=\n", b"M\n"),
        good.replace(b"M=\n", b"N=\n"), good.replace(b"If", b"I\tf"), good.replace(b"If", b"\xff"),
        good.replace(b"\n", b"\r\n"), "text\n\n— a AAAAAA==\n".encode(), "text\n\n— a é\n".encode(),
        "text\n\n— a \n".encode(), b"x" * 70_000, b"t\n\n" + b"".join(f"— a{n} AAAAAAA=\n".encode() for n in range(101)),
    ]  # fmt: skip


@pytest.mark.parametrize("data", _bent())
def test_a_note_has_one_spelling(data: bytes) -> None:
    with pytest.raises(DocumentRefused) as refused:
        Note.from_bytes(data)
    assert refused.value.code == "log-note"


@settings(max_examples=400)
@given(st.binary(max_size=200) | st.text("a— \n+AB=", max_size=60).map(str.encode))
@example(KNOWN_NOTE)
def test_no_bytes_make_a_note_raise_anything_else(data: bytes) -> None:
    read: list[Note] = []
    code = seen.code(lambda: read.append(Note.from_bytes(data)))
    assert (code == "log-note") != (read != [] and read[0].to_bytes() == data)


@settings(max_examples=400)
@given(st.integers(0, len(KNOWN_NOTE) - 1), st.integers(0, 255))
def test_no_altered_byte_of_a_note_is_believed(at: int, byte: int) -> None:
    data = KNOWN_NOTE[:at] + bytes((byte,)) + KNOWN_NOTE[at + 1 :]
    if data == KNOWN_NOTE:
        return
    with pytest.raises(DocumentRefused) as refused:
        tlog_note.check(Note.from_bytes(data), NoteKey.from_text(KNOWN_KEY))
    assert refused.value.code in {"log-note", "log-unsigned", "log-signature"}


def test_a_new_signature_takes_the_place_of_the_key_s_old_one() -> None:
    note = cosigned(cosigned(seen.checkpoint(1, ROOT), 0, 1), 0, at=AT + 9)
    assert [checkpoint.check_cosignature(note, witness(n)) for n in (0, 1)] == [AT + 9, AT]
    assert len(note.signatures) == 3


def test_a_key_for_which_anybody_can_sign_is_refused() -> None:
    identity = bytes([1]) + bytes(31)
    base = bytes([0x58]) + b"\x66" * 31
    # s = 1 and R = B: good for every message, where the public key is the neutral element.
    forged = base + (1).to_bytes(32, "little")
    assert keys.checker(identity)(forged, b"whatever")
    for weak in (
        identity,
        bytes([1]) + bytes(30) + b"\x80",
        bytes(32),
        b"\xed" + b"\xff" * 30 + b"\x7f",
    ):
        for kind in (NOTE, COSIGNATURE):
            with pytest.raises(DocumentRefused) as refused:
                NoteKey.from_text(NoteKey("w", kind, weak).to_text())
            assert refused.value.code == "log-key"


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_a_wrong_size_is_refused(size: int) -> None:
    with pytest.raises(DocumentRefused):
        keys.checker(bytes(size))


@pytest.mark.parametrize("public", [bytes(32), b"\xff" * 32, bytes([1]) + bytes(31)])
def test_an_odd_key_raises_nothing(public: bytes) -> None:
    assert not keys.checker(public)(b"\x01" * 64, b"m")
