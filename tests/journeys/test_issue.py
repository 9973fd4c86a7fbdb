"""What an issuer signs, our verifier, the EU's schema and other people's readers all accept."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pratique import formats
from pratique.errors import UsageError
from pratique.findings import Code
from pratique.formats import hcert
from pratique.intake.rows import Record
from pratique.issue import IssueRequest, Prefixed, RegisterEntry, Signed, issue, sign, with_checksum
from pratique.model import HealthCertificate, Moment, Precision
from pratique.revocation.tag_list import tag
from pratique.trust.issuer import Shard
from pratique.verification import verify
from tests import issuers

SHARD = issuers.shard()


class Memory(dict[tuple[bytes, int], RegisterEntry]):
    """A register in memory."""

    def find(self, kid: bytes, tag: int) -> RegisterEntry | None:
        return self.get((kid, tag))

    def keep(self, signed: Signed) -> Signed:
        self[signed.entry.kid, signed.entry.tag] = signed.entry
        return signed


def issued(
    record: Record,
    *,
    book: Memory | None = None,
    shards: tuple[Shard, ...] = (SHARD,),
    request: bytes = b"",
    validity: int = 30 * 24 * 3600,
) -> Signed:
    book = Memory() if book is None else book
    return book.keep(
        issue(
            record,
            IssueRequest(request or os.urandom(16), issuers.AT, issuers.WORK, validity),
            shards=shards,
            keys=issuers.keys,
            register=book,
        )
    )


def read(text: str) -> HealthCertificate:
    envelope = hcert.unwrap(text)
    assert isinstance(envelope, formats.Envelope)
    certificate, findings = formats.decode(envelope.payload)
    assert certificate is not None
    assert findings == ()
    return certificate


@pytest.mark.parametrize("kind", issuers.RECORDS)
def test_our_verifier_finds_nothing_wrong(kind: str) -> None:
    signed = issued(issuers.RECORDS[kind])
    found = verify(signed.text, snapshot=issuers.snapshot(SHARD), at=issuers.NOW)
    assert [f.code for f in found.verdict.findings] == [Code.NO_RULES]


@pytest.mark.parametrize("kind", issuers.RECORDS)
def test_what_was_recorded_is_what_is_read(kind: str) -> None:
    record = issuers.RECORDS[kind]
    certificate = read(issued(record).text)
    entry = certificate.entries[0]
    assert certificate.kind is record.kind
    assert entry.identifier is not None
    known = {name: value for name, value in entry._asdict().items() if value is not None}
    wanted = {name: value for name, value in record.entry._asdict().items() if name in known}
    assert {**known, "identifier": None} == {**wanted, "identifier": None}
    born = certificate.person.birth_date
    assert born is not None
    assert born.text() == "1980-02-03"


def test_an_icvp_is_of_the_newest_shape() -> None:
    payload = read(issued(issuers.RECORDS["icvp"]).text).payload
    assert payload["n"] == "Bloggs Jo"
    assert payload["nt"] == "XXU"
    assert payload["vx"] == {
        "vp": issuers.YELLOW_FEVER.product, "dv": "2026-09-15", "cn": "Dr Vera Sample", "is": "XXU",
        "bo": "YF-9",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["1980", "1980-02"])
def test_a_partial_birth_date_stays_partial(text: str) -> None:
    precision = Precision.YEAR if len(text) == 4 else Precision.MONTH
    born = Moment(precision, date(1980, 2 if precision is Precision.MONTH else 1, 1))
    person = issuers.JO._replace(birth_date=born)
    assert read(issued(Record("DCC", person, issuers.DOSE)).text).payload["dob"] == text
    exempt = issued(Record("DCC", person, issuers.RECORDS["exemption"].entry))
    found = verify(exempt.text, snapshot=issuers.snapshot(SHARD), at=issuers.NOW)
    assert [f.code for f in found.verdict.findings] == [Code.NO_RULES]


def test_the_eu_schema_accepts_it(corpora: Path) -> None:
    schemas = pytest.importorskip("jsonschema_rs")
    schema = json.loads((corpora / "spec" / "dcc-schema" / "1.3.3.json").read_text())
    judge = schemas.validator_for(schema)
    payloads = [
        json.loads(json.dumps(read(issued(issuers.RECORDS[kind]).text).payload))
        for kind in ("vaccination", "test", "recovery")
    ]
    for payload in payloads:
        assert [str(error) for error in judge.iter_errors(payload)] == []
    payloads[2]["r"][0]["ci"] = 5
    assert not judge.is_valid(payloads[2])


def test_the_code_never_outlives_its_key() -> None:
    """HCERT 3.3.6: exp is not after the end of the signer's validity."""
    signed = issued(issuers.RECORDS["test"], validity=20 * issuers.YEAR)
    assert signed.entry.context.expires_at == SHARD.not_after
    assert read(signed.text).expires_at == SHARD.not_after


def test_an_identifier_has_eighty_random_bits_and_a_check_character() -> None:
    seen = set()
    for _ in range(50):
        identifier = read(issued(issuers.RECORDS["test"]).text).entries[0].identifier or ""
        assert re.fullmatch(r"URN:UVCI:01:XU:[A-Z2-7]{20}#[A-Z0-9/:]", identifier)
        assert with_checksum(identifier.partition("#")[0]) == identifier
        seen.add(identifier)
    assert len(seen) == 50


@pytest.mark.parametrize(
    "identifier",
    # Published by the EU's reference issuance service and by member states, with their characters.
    ["URN:UVCI:01:SE:EHM/V12907267LAJW#E", "URN:UVCI:01:AT:10807843F94AEE0EE5093FBC254BD813#B"],
)
def test_the_check_character_is_the_one_in_use(identifier: str) -> None:
    assert with_checksum(identifier.partition("#")[0]) == identifier


def test_one_wrong_character_changes_the_check_character() -> None:
    right = with_checksum("URN:UVCI:01:XU:ABCDEFGH234567ABCDEF")
    for place in range(15, 35):
        wrong = right[:place] + ("B" if right[place] != "B" else "C") + right[place + 1 : -2]
        assert with_checksum(wrong)[-1] != right[-1]


def test_the_tag_is_made_from_key_and_identifier() -> None:
    signed = issued(issuers.RECORDS["test"])
    identifier = read(signed.text).entries[0].identifier or ""
    assert tag(SHARD.kid, identifier, SHARD.width) == signed.entry.tag


def test_a_used_tag_is_drawn_again() -> None:
    narrow, book = issuers.shard(width=4), Memory()
    tags = [
        issued(issuers.RECORDS["test"], book=book, shards=(narrow,)).entry.tag for _ in range(16)
    ]
    assert sorted(tags) == list(range(16))


def test_a_repeated_request_is_found_under_whichever_shard_signed_it() -> None:
    book, request, other = Memory(), os.urandom(16), issuers.shard(1)
    record = issuers.RECORDS["vaccination"]
    first = issued(record, book=book, request=request)
    again = issued(record, book=book, request=request, shards=(other, SHARD))
    assert again.repeated
    assert again.text == first.text


def test_a_guessable_request_is_refused() -> None:
    with pytest.raises(UsageError, match="16 to 64 random bytes"):
        issued(issuers.RECORDS["test"], request=b"row 1")


def test_the_line_holds_no_personal_byte() -> None:
    line = issued(issuers.RECORDS["icvp"]).entry
    told = repr(line)
    for secret in ("Bloggs", "BLOGGS", "Jo", "1980", "P1234567", "XXU", "2026-09-15"):
        assert secret not in told
    assert "harbour" in told  # the control: the site is kept


def test_a_signed_certificate_shows_nothing_in_its_repr() -> None:
    signed = issued(issuers.RECORDS["vaccination"])
    assert repr(signed) == "<Signed: not shown>"


def test_time_is_an_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    record = issuers.RECORDS["vaccination"]
    line = issued(record).entry
    assert line.context.issued_at == issuers.AT
    late = datetime.fromtimestamp(line.context.expires_at, UTC) + timedelta(seconds=1)
    signed = issued(record)
    found = verify(signed.text, snapshot=issuers.snapshot(SHARD), at=late)
    assert [f.code for f in found.verdict.findings] == [Code.EXPIRED]


def test_signing_is_the_same_for_the_same_draws() -> None:
    """A request and an context make one text, byte for byte (RFC 6979)."""
    context = issued(issuers.RECORDS["vaccination"]).entry.context
    request = os.urandom(16)
    texts = {
        sign(
            issuers.RECORDS["vaccination"], request=request, shard=SHARD, key=issuers.keys(SHARD),
            register=Memory(), context=context,
        ).text
        for _ in range(3)
    }  # fmt: skip
    assert len(texts) == 1


def test_nodes_that_share_a_key_never_draw_the_same_tag() -> None:
    narrow = issuers.shard(width=10)
    drawn: dict[int, list[int]] = {}
    for node in range(4):
        book = Memory()
        view = Prefixed(book, {narrow.kid: narrow.width}, node, 2)
        for _ in range(60):
            asked = IssueRequest(os.urandom(16), issuers.AT, issuers.WORK)
            record = issuers.RECORDS["test"]
            book.keep(issue(record, asked, shards=[narrow], keys=issuers.keys, register=view))
        drawn[node] = [tag for _, tag in book]
    assert all(tag >> 8 == node for node, tags in drawn.items() for tag in tags)
    assert len({tag for tags in drawn.values() for tag in tags}) == 240


def test_a_node_knows_its_own_request_again() -> None:
    book, request = Memory(), os.urandom(16)
    view = Prefixed(book, {SHARD.kid: SHARD.width}, 3, 2)
    asked = IssueRequest(request, issuers.AT, issuers.WORK)
    record = issuers.RECORDS["test"]
    first = book.keep(issue(record, asked, shards=[SHARD], keys=issuers.keys, register=view))
    again = issue(record, asked, shards=[SHARD], keys=issuers.keys, register=view)
    assert again.repeated
    assert again.text == first.text
