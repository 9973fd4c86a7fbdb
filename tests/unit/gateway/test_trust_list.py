"""The trust list tells everybody the same, page by page and since a date, and signs nothing of it."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.crypto import cms
from pratique.gateway.call import Settings
from pratique.gateway.mailbox import CertificateGroup, Party, StoredEntry
from pratique.gateway.wire import JSON, Profile
from pratique.text import rfc3339
from tests.gateway_box import Box
from tests.gateway_world import AT, DAY, ONBOARDED, Keyed, body, pyca, request, world

WORLD = world()
XA, DE = WORLD.state("XA"), WORLD.state("DE")
SINCE = "If-Modified-Since"


def read(
    box: Box, path: str = "/trustList", query: str = "", since: str = "", by: Keyed = XA.tls
) -> Any:
    headers = {SINCE: since} if since else {}
    answer = box.ask(request("GET", path, by=by, query=query, headers=headers, at=AT + DAY))
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def refused(path: str = "/trustList", query: str = "", **headers: str) -> tuple[int, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = WORLD.box().ask(request("GET", path, by=XA.tls, query=query, headers=named))
    return answer.status, json.loads(answer.body)["code"]


def sent(box: Box, method: str, signer: Keyed, by: Keyed = XA.upload, **members: Any) -> None:
    state = DE if by is DE.upload else XA
    if members:
        data = json.dumps({"cms": body(pyca(signer.der, by)).decode(), **members}).encode()
        asked = request(
            method, "/trustedCertificate", by=state.tls, body=data, headers={"Content-Type": JSON}
        )
    else:
        message = body(pyca(signer.der, by))
        asked = request(method, "/signerCertificate", by=state.tls, body=message)
    assert box.ask(asked).status < 300


def made(number: int, created: int = AT, **values: Any) -> StoredEntry:
    """Return an entry that no key has signed, as it would stand in a store."""
    certificate = f"certificate {number}".encode()
    thumbprint = hashlib.sha256(certificate).hexdigest()
    entry = StoredEntry(
        number, "XA", CertificateGroup.DSC, "DCC", f"kid {number:05}", thumbprint, certificate, b"CMS", "", created
    )  # fmt: skip
    return entry._replace(**values)


def filled(count: int, settings: Settings | None = None) -> Box:
    box = WORLD.box(settings)
    # As Base64 kids are: the parties lie everywhere among them.
    draws = random.Random(1)
    kids = [base64.b64encode(draws.randbytes(8)).decode() for _ in range(count)]
    box.all_entries = [made(number, kid=kid) for number, kid in enumerate(kids, 1)]
    return box


def test_without_page_or_date_everything_is_there() -> None:
    box = WORLD.box()
    sent(box, "POST", XA.signer())
    rows = read(box)
    assert len(rows) == 4 * len(ONBOARDED) + 1
    assert {row["certificateType"] for row in rows} == {"AUTHENTICATION", "UPLOAD", "CSCA", "DSC"}
    assert [(r["kid"], r["thumbprint"]) for r in rows] == sorted(
        (r["kid"], r["thumbprint"]) for r in rows
    )
    for row in rows:
        assert list(row) == [
            "kid", "timestamp", "country", "certificateType", "thumbprint", "signature", "rawData",
        ]  # fmt: skip
        certificate = base64.b64decode(row["rawData"], validate=True)
        assert hashlib.sha256(certificate).hexdigest() == row["thumbprint"]
        assert row["kid"] == base64.b64encode(bytes.fromhex(row["thumbprint"])[:8]).decode()
        signature = base64.b64decode(row["signature"], validate=True)
        by = XA.upload if row["certificateType"] == "DSC" else WORLD.anchor
        assert cms.signed(signature, content=certificate).certificate == by.der


def test_a_signer_comes_without_its_content_and_a_party_as_it_was_onboarded() -> None:
    box = WORLD.box()
    sent(box, "POST", XA.signer())
    (signer,) = read(box, "/trustList/DSC")
    assert signer["timestamp"] == rfc3339(AT)
    assert XA.signer().der not in base64.b64decode(signer["signature"])
    (authority,) = read(box, "/trustList/CSCA/XA")
    assert base64.b64decode(authority["signature"]) == WORLD.anchored(XA.authority.der)
    assert authority["timestamp"].endswith("Z")


@pytest.mark.parametrize("path", ["/trustList/dsc/xa", "/TRUSTLIST/Dsc/xA", "/trustlist/DSC/XA/"])
def test_names_types_and_countries_are_taken_in_any_case(path: str) -> None:
    box = WORLD.box()
    sent(box, "POST", XA.signer())
    sent(box, "POST", DE.signer(), by=DE.upload)
    (row,) = read(box, path)
    assert (row["country"], row["certificateType"]) == ("XA", "DSC")


def test_a_country_that_is_not_onboarded_has_an_empty_list() -> None:
    assert read(WORLD.box(), "/trustList/CSCA/XC") == []
    assert read(WORLD.box(), "/trustList/DESC") == []


@pytest.mark.parametrize(
    "path", ["/trustList/SIGN", "/trustList/X", "/trustList/DSC/D", "/trustList/DSC/DEU", "/trustList/DSC/D1"]
)  # fmt: skip
def test_an_unknown_type_or_country_is_refused(path: str) -> None:
    assert refused(path) == (400, "0x001")


def test_a_row_whose_digest_differs_is_left_out() -> None:
    box = WORLD.box()
    party = box.all_parties[0]
    box.all_parties = [party._replace(certificate=DE.upload.der), *box.all_parties[1:]]
    assert party.thumbprint not in {row["thumbprint"] for row in read(box)}


# Domains and groups


def test_only_document_signers_of_the_domain_dcc_are_in_the_eus_form() -> None:
    box = WORLD.box()
    kept: list[dict[str, Any]] = [
        {"domain": "DICVP"}, {"domain": "PH4H"}, {"group": "SIGN"}, {"group": "AUTH"}, {"group": "CUSTOM"},
    ]  # fmt: skip
    for number, members in enumerate(kept):
        sent(box, "POST", XA.signer(number=number), **members)
    sent(box, "POST", XA.signer(number=99), kid="own")
    assert [row["kid"] for row in read(box, "/trustList/DSC")] == ["own"]
    assert (
        sum(row["certificateType"] not in {"AUTHENTICATION", "UPLOAD", "CSCA"} for row in read(box))
        == 1
    )
    # the control: all of them are in WHO's form
    own = [row for row in read(box, "/trustList/certificate") if row["group"] in {"DSC", "SIGN", "AUTH", "CUSTOM"}]  # fmt: skip
    assert len(own) == len(kept) + 1


def test_whos_form_is_found_by_group_country_and_domain() -> None:
    box = WORLD.box()
    for number, group in enumerate(("SIGN", "AUTH", "CUSTOM")):
        sent(
            box, "POST", XA.signer(number=number), group=group, kid=group, properties={"scope": "s"}
        )
    sent(box, "POST", DE.signer(), by=DE.upload)
    path = "/trustList/certificate"
    for group in ("SIGN", "AUTH", "CUSTOM"):
        (row,) = read(box, path, f"group={group}")
        assert (row["kid"], row["group"], row["country"]) == (group, group, "XA")
        assert row["properties"] == {"scope": "s"}
        assert not {"timestamp", "thumbprint", "version"} & set(row)
    for query, count in (
        ("group=SIGN,AUTH", 2), ("group=SIGN&group=AUTH", 2), ("group=NONE", 0), ("group=NONE,SIGN", 1),
        ("group=DSC&country=DE", 1), ("country=XC", 0), ("domain=DICVP", 0), ("group=UPLOAD&domain=DCC", 8),
        ("withFederation=true&group=DSC", 1), ("group=&country=DE", 5), ("country=DE&country=XA", 12),
    ):  # fmt: skip
        assert len(read(box, path, query)) == count, query


# Pages


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10, 100])
@pytest.mark.parametrize("profile", list(Profile))
def test_pages_neither_repeat_nor_skip(size: int, profile: Profile) -> None:
    box = filled(40, Settings(profile=profile))
    box.all_entries = [
        entry._replace(country="DE", is_published=entry.number % 3 == 0)
        for entry in box.all_entries
    ]
    whole = read(box)
    pages: list[Any] = []
    number = 0
    while rows := read(box, query=f"page={number}&pagesize={size}"):
        assert len(rows) == size or len(pages) + len(rows) == len(whole)
        pages += rows
        number += 1
    assert pages == whole
    assert len(whole) == 16 + (40 if profile is Profile.COMPATIBLE else 13)


@given(data=st.data())
def test_pages_are_cut_rightly_wherever_the_parties_lie(data: st.DataObject) -> None:
    kids = data.draw(st.lists(st.sampled_from(["", "+", "M", "a", "zz", "é"]), max_size=8))
    few = data.draw(st.integers(0, 16))
    box = Box(WORLD.box().all_parties[:few] + WORLD.parties("XA"))
    box.all_entries = [made(number, kid=kid) for number, kid in enumerate(kids, 1)]
    size = data.draw(st.integers(1, 5))
    whole = read(box)
    pages = [read(box, query=f"page={number}&pagesize={size}") for number in range(len(whole) + 1)]
    assert [row for page in pages for row in page] == whole


@pytest.mark.parametrize(
    ("query", "count"),
    [("page=0", 100), ("page=1", 36), ("page=2", 0), ("pagesize=5", 5), ("page=-1&pagesize=5", 5),
     ("page=0&pagesize=-5", 100), ("page=-1", 136), ("pagesize=-1", 136), ("other=1", 136), ("page=999999999", 0)],
)  # fmt: skip
def test_what_is_missing_or_negative_takes_its_default(query: str, count: int) -> None:
    assert len(read(filled(120), query=query)) == count


@pytest.mark.parametrize(
    "query",
    ["pagesize=0", "page=x", "page=", "page=1.0", "page=1&page=2", "page=%2", "page=%ff", "page=" + "9" * 1_000,
     "page=" + "9" * 3_000, "page=+1", "page=٣"],
)  # fmt: skip
def test_what_is_no_page_is_refused(query: str) -> None:
    assert refused(query=query) == (400, "0x001")


def test_a_page_reads_no_more_than_stands_on_it() -> None:
    asked: list[int | None] = []

    class Watched(Box):
        def entries(self, **which: Any) -> Sequence[StoredEntry]:
            asked.append(which["most"])
            return super().entries(**which)

    box = Watched(WORLD.box().all_parties)
    box.all_entries = filled(1_000).all_entries
    assert len(read(box, query="page=90&pagesize=10")) == 10
    assert asked == [10 + len(box.all_parties)]


# Since a date


@pytest.mark.parametrize(
    ("since", "count"),
    [(rfc3339(AT), 3), (rfc3339(AT + 2), 2), (rfc3339(AT + 3), 1), (rfc3339(AT + 4), 0),
     ("2027-01-15T09:00:02+01:00", 2), ("2027-01-15T08:00:02.999Z", 2), ("Fri, 15 Jan 2027 08:00:02 GMT", 2),
     ("Fri, 15 Jan 2027 10:00:02 +0200", 2)],
)  # fmt: skip
def test_a_delta_has_what_is_new_and_what_is_gone(since: str, count: int) -> None:
    box, signers = WORLD.box(), [XA.signer(number=number) for number in range(3)]
    for number, signer in enumerate(signers):
        box.latest = AT + number
        sent(box, "POST", signer)
    box.latest = AT + 3
    sent(box, "DELETE", signers[0])
    rows = read(box, "/trustList/DSC", since=since)
    assert len(rows) == count
    gone = [row for row in rows if row["rawData"] is None]
    assert [row["thumbprint"] for row in gone] == [signers[0].thumbprint] * (count > 0)
    assert all(row["signature"] is None for row in gone)
    assert signers[0].thumbprint not in {row["thumbprint"] for row in read(box)}


def test_a_delta_of_parties_is_of_their_onboarding() -> None:
    box = WORLD.box()
    new = Party("XA", CertificateGroup.CSCA, "0" * 64, b"", b"", AT)
    new = new._replace(certificate=b"new", thumbprint=hashlib.sha256(b"new").hexdigest())
    box.add_party(new)
    assert [row["thumbprint"] for row in read(box, since=rfc3339(AT))] == [new.thumbprint]
    assert len(read(box, since="Wed, 1 Jan 2025 00:00:00 GMT")) == 17


def test_date_and_page_are_a_page_of_the_delta() -> None:
    box = filled(30)
    box.all_entries = [entry._replace(created=AT + entry.number) for entry in box.all_entries]
    since = rfc3339(AT + 21)
    whole = read(box, since=since)
    assert len(whole) == 10
    pages = [read(box, query=f"page={number}&pagesize=4", since=since) for number in range(4)]
    assert [len(page) for page in pages] == [4, 4, 2, 0]
    assert [row for page in pages for row in page] == whole


def test_what_is_uploaded_again_takes_the_place_of_its_tombstone() -> None:
    box, signer = WORLD.box(), XA.signer()
    for method in ("POST", "DELETE", "POST"):
        sent(box, method, signer)
    (row,) = read(box, "/trustList/DSC", since=rfc3339(AT - DAY))
    assert row["rawData"] is not None


@pytest.mark.parametrize(
    "since",
    ["yesterday", "2027-01-15", "2027-01-15T08:00:01", "2027-13-15T08:00:01Z", "1800000000",
     "Fri, 32 Jan 2027 08:00:01 GMT", "Fri, 15 Foo 2027 08:00:01 GMT", "15/01/2027", "Fri, 15 Jan 2027 08:00:01",
     "Fri, 15 Jan 0000 08:00:01 GMT", "Fri, 15 Jan 2027 08:00:01 +9999", " "],
)  # fmt: skip
def test_any_other_date_is_refused(since: str) -> None:
    assert refused(If_Modified_Since=since) == (400, "0x001")


def test_a_date_that_is_there_twice_is_refused() -> None:
    twice = (rfc3339(AT), rfc3339(AT))
    asked = request("GET", "/trustList", by=XA.tls, headers={SINCE: twice})
    assert WORLD.box().ask(asked).status == 400


# Profiles


def test_strict_shows_others_what_a_countrys_own_keys_have_published() -> None:
    box = WORLD.box(Settings(profile=Profile.STRICT))
    sent(box, "POST", XA.signer())
    for path in ("/trustList/DSC", "/trustList/certificate"):
        group = "" if path.endswith("DSC") else "group=DSC"
        assert read(box, path, group, by=DE.tls) == []
        assert len(read(box, path, group, by=XA.tls)) == 1
    box.change_entry(box.all_entries[0]._replace(is_published=True))
    assert len(read(box, "/trustList/DSC", by=DE.tls)) == 1


def test_countries_are_those_of_all_parties() -> None:
    assert read(WORLD.box(), "/countrylist") == sorted(ONBOARDED)


def test_an_odd_kid_is_written_so_that_every_reader_sees_the_same() -> None:
    box = WORLD.box()
    kid = "\u202eGREEN é \u200b"
    box.all_entries = [made(1, kid=kid)]
    (row,) = read(box, "/trustList/DSC")
    assert row["kid"] == kid
    answer = box.ask(request("GET", "/trustList/DSC", by=XA.tls))
    assert "\u202e".encode() not in answer.body
