"""Certificates are revoked by the numbers on their sheets, one by one or in a list of any make."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pratique.errors import UsageError
from pratique.formats import Envelope, hcert
from pratique.issue import IssueRequest, Signed, with_checksum
from pratique.parties.issuing import IssuingSession, issued, listed, named
from pratique.renew import Reason, number_of
from pratique.store.register.register import open_register, revoke_each
from tests import issuers
from tests.desks import desk_of

FRAUD = Reason.FRAUD


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> IssuingSession:
    folder, empty = tmp_path_factory.mktemp("desk"), tmp_path_factory.mktemp("empty")
    open_register(issuers.sqlite(empty)).close()
    return desk_of([issuers.shard(0), issuers.shard(1)], folder, empty / "register.sqlite")


def made(desk: IssuingSession) -> Signed:
    record = issuers.RECORDS["vaccination"]
    return issued(desk, record, IssueRequest(os.urandom(32), issuers.AT, issuers.WORK))


def number(signed: Signed) -> str:
    envelope = hcert.unwrap(signed.text)
    assert isinstance(envelope, Envelope)
    certificate = hcert.decode(envelope.payload).certificate
    assert certificate is not None
    return str(certificate.entries[0].identifier)


def found(
    desk: IssuingSession, *arguments: str, reason: Reason = FRAUD
) -> tuple[set[tuple[bytes, int]], list[str]]:
    told: list[str] = []
    names, left_out = named(desk, listed(arguments), reason, at=issuers.AT, say=told.append)
    assert left_out == sum(note.startswith("not revoked") for note in told)
    assert len(set(names)) == len(names)
    return set(names), told


def names(*all_of: Signed) -> set[tuple[bytes, int]]:
    return {(signed.entry.kid, signed.entry.tag) for signed in all_of}


BLANKS = st.sampled_from(["", " ", "\n", "\u00a0", "\u200b", "\t", "\r\n  "])


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=30), st.data())
@settings(deadline=None)
def test_a_number_is_read_however_it_was_copied_from_paper(drawn: str, data: st.DataObject) -> None:
    signed = with_checksum(f"URN:UVCI:01:XU:{drawn}")
    short = data.draw(st.sampled_from([signed, signed.removeprefix("URN:UVCI:"), signed[:-2]]))
    copied = "".join(letter + data.draw(BLANKS) for letter in short)
    assert number_of(data.draw(st.sampled_from([copied, copied.lower()]))) == signed


@given(st.text(max_size=60))
@settings(deadline=None)
def test_no_other_text_is_a_number(text: str) -> None:
    assert number_of(text) is None or ":" in text
    assert number_of(f"HC1:{text}") is None


def test_a_mistyped_number_is_told_by_its_last_character() -> None:
    signed = with_checksum("URN:UVCI:01:XU:ABCDEFGHIJ")
    with pytest.raises(UsageError, match="not copied well"):
        number_of(signed.replace("ABC", "ACB"))


def test_by_number_by_text_and_by_file_it_is_the_same_certificate(
    desk: IssuingSession, tmp_path: Path
) -> None:
    one = made(desk)
    path = tmp_path / "one.txt"
    path.write_text(one.text + "\n")
    for argument in (number(one), number(one).lower().replace(":", ": "), one.text, str(path)):
        assert found(desk, argument) == (names(one), [])


def test_several_are_all_taken_and_twice_is_once(desk: IssuingSession) -> None:
    one, two = made(desk), made(desk)
    assert found(desk, one.text, number(two)) == (names(one, two), [])
    both, told = found(desk, one.text, number(two), number(one))
    assert both == names(one, two)
    assert told == ["note: argument 3: the same certificate as argument 1"]


LISTS = {
    "uvci;fraud": lambda number, fraud: f"{number};{fraud}",
    "fraud,uvci": lambda number, fraud: f"{fraud},{number}",
    "UVCI\tnote\tfraud": lambda number, fraud: f"{number}\tx\t{fraud}",
    '"uvci";"fraud"': lambda number, fraud: f'"{number}";"{fraud}"',
}


@pytest.mark.parametrize("header", LISTS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_is_read_as_others_write_it(
    desk: IssuingSession, tmp_path: Path, header: str, end: str, encoding: str
) -> None:
    one, two, honest = made(desk), made(desk), made(desk)
    unknown = with_checksum("URN:UVCI:01:XU:NOBODYHASTHISNUMBERS")
    rows = [(number(one), "true"), (number(two), "1"), (number(honest), "false"), (unknown, "true"),
            (number(one), "TRUE"), ("no number", "true"), ("", "")]  # fmt: skip
    path = tmp_path / "list.csv"
    lines = [header, *(LISTS[header](*row) for row in rows)]
    path.write_bytes((end.join(lines) + end).encode(encoding))
    taken, told = found(desk, str(path))
    assert taken == names(one, two)
    places = [note.partition(":")[0] for note in told if note.startswith("not revoked")]
    assert {f"not revoked, argument 1, row {row}" for row in (4, 5, 7)} <= set(places)
    assert "note: argument 1, row 6: the same certificate as argument 1, row 2" in told
    assert not any(number(one) in note or "NOBODY" in note or "list.csv" in note for note in told)
    assert found(desk, str(path), reason=Reason.DUPLICATE)[0] == names(honest)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_numbers_alone_are_a_list_in_any_encoding_and_a_bad_one_hides_no_other(
    desk: IssuingSession, tmp_path: Path, encoding: str
) -> None:
    one, two = made(desk), made(desk)
    path = tmp_path / "numbers.txt"
    path.write_bytes(f"{number(one)}\n\nno number\n{number(two)}\n".encode(encoding))
    taken, told = found(desk, str(path))
    assert taken == names(one, two)
    assert [note.partition(":")[0] for note in told] == ["not revoked, argument 1, row 3"]


def test_what_says_neither_yes_nor_no_is_left_out(desk: IssuingSession, tmp_path: Path) -> None:
    one, two, three = made(desk), made(desk), made(desk)
    path = tmp_path / "list.csv"
    path.write_text(f"uvci;fraud\n{number(one)};perhaps\n{number(two)};yes\n{number(three)};\n")
    for reason, rows in ((FRAUD, {2}), (Reason.DUPLICATE, {2, 3})):
        told = found(desk, str(path), reason=reason)[1]
        assert {f"not revoked, argument 1, row {row}" for row in rows} == {
            note.partition(":")[0] for note in told
        }


def test_a_file_that_is_not_there_is_told_of_as_such(desk: IssuingSession) -> None:
    with pytest.raises(UsageError, match="no file has this name"):
        found(desk, "nosuch.csv")


@settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(4)), as_text=st.lists(st.booleans(), min_size=4, max_size=4))
def test_one_a_line_numbers_and_texts_mixed_in_any_order(
    desk: IssuingSession, tmp_path: Path, order: list[int], as_text: list[bool]
) -> None:
    some = [made(desk) for _ in range(4)]
    lines = [some[n].text if as_text[n] else number(some[n]) for n in order]
    path = tmp_path / "numbers.txt"
    path.write_text("\n".join(lines))
    assert found(desk, str(path)) == (names(*some), [])


def test_what_issue_wrote_is_a_list_too(desk: IssuingSession, tmp_path: Path) -> None:
    one, two = made(desk), made(desk)
    path = tmp_path / "certificates-00000.csv"
    path.write_text(f"row,text\r\n2,{one.text}\r\n3,{two.text}\r\n")
    assert found(desk, str(path)) == (names(one, two), [])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (with_checksum("URN:UVCI:01:XU:NOBODYHASTHISNUMBERS"), "no certificate in this register"),
        ("URN:UVCI:01:XU:NOBODY#0", "not copied well"),
    ],
)
def test_one_that_is_unknown_is_refused_with_its_reason(
    desk: IssuingSession, given: str, why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        found(desk, given)
    with pytest.raises(UsageError, match="none of the 2"):
        found(desk, given, given)


def test_each_is_taken_once_in_one_act_whatever_their_number(
    desk: IssuingSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [made(desk) for _ in range(5)]
    monkeypatch.setattr("pratique.store.register.register.AT_ONCE", 2)
    wanted = sorted(names(*some))

    first = desk.register.write(
        lambda book: revoke_each(book, wanted, FRAUD, at=1, operator="head")
    )
    again = desk.register.write(
        lambda book: revoke_each(book, wanted, FRAUD, at=1, operator="head")
    )
    assert (first.total, first.before) == (5, 0)
    assert (again.total, again.before) == (0, 5)
    # What was revoked is found, and counted as such: giving a list twice is no error.
    assert found(desk, *(one.text for one in some))[0] == names(*some)
