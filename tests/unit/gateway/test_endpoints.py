"""A path is one of the API's or not found, and no request raises."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.gateway import endpoints, wire
from pratique.gateway.endpoints import ROUTES, Route, find
from pratique.gateway.mailbox import CallerRole, Mailbox
from pratique.gateway.wire import Refusal, WireAnswer
from pratique.parties import gateway_service
from tests.gateway_box import Box
from tests.gateway_world import request, world

if TYPE_CHECKING:
    from pratique.store.gateway.mailbox import GatewayStore

WORLD = world()
XA = WORLD.state("XA")


def status(method: str, path: str) -> int:
    route = find(method, path)
    return route.status if isinstance(route, WireAnswer) else 200


@pytest.mark.parametrize("row", ROUTES, ids=lambda row: f"{row.method} {row.name} {row.parts}")
def test_each_row_is_found_and_changes_by_its_method_only(row: Route) -> None:
    path = row.name + "".join(f"/part{number}" for number in range(row.parts[0]))
    for spelled in (path, path + "/", path.upper()):
        route = find(row.method, spelled)
        assert isinstance(route, Route)
        assert (route.name, route.endpoint) == (row.name, row.endpoint)
        assert len(route.rest) == row.parts[0]
    assert row.writes == (row.method != "GET")
    assert row.name == row.name.lower()


def test_no_two_rows_are_reached_alike() -> None:
    names = [(row.method, row.name, row.parts) for row in ROUTES]
    assert len(set(names)) == len(names)


def test_what_stands_behind_a_name_comes_as_it_was_written() -> None:
    route = find("GET", "/TRUSTLIST/dSc/xA/")
    assert isinstance(route, Route)
    assert route.rest == ("dSc", "xA")
    # The longest name wins.
    assert isinstance(special := find("GET", "/trustList/certificate"), Route)
    assert special.name == "/trustlist/certificate"


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "trustList", "//trustList", "/trustList//DSC", "/trustList//", "/trustList/DSC/XA/more",
        "/trustList/../countrylist", "/./countrylist", "/countrylist/..", "/countrylist/.", "/trustList/...",
        "/trustList%2FDSC", "/%63ountrylist", "/countrylist%00", "/countrylist\0", "/countrylist\n", "/countrylist;x=1",
        "/countrylist?x", "/countrylist#x", "\\countrylist", "/countrylist\\", "/unknown", "/countrylist/x", "*",
        "http://host/countrylist", "/countrylıst", "/trustList/" + "x" * 600, "/" * 400, "/trust list",
    ],
)  # fmt: skip
def test_any_other_path_is_not_found(path: str) -> None:
    for method in ("GET", "POST", "DELETE", "BREW"):
        assert status(method, path) == 404
    assert WORLD.box().ask(request("GET", path, by=XA.tls)).status == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/countrylist", "GET, HEAD"),
        ("GET", "/signerCertificate", "DELETE, POST"),
        ("PUT", "/signerCertificate", "DELETE, POST"),
        ("DELETE", "/signerCertificate/delete", "POST"),
        ("OPTIONS", "/trustList/DSC", "GET, HEAD"),
        ("DELETE", "/trustList/certificate", "GET, HEAD"),
        ("TRACE", "/remarks", "GET, HEAD"),
        ("get", "/remarks", "GET, HEAD"),
    ],
)
def test_another_method_is_told_which_there_are(method: str, path: str, allowed: str) -> None:
    answer = find(method, path)
    assert isinstance(answer, WireAnswer)
    assert (answer.status, answer.headers) == (405, (("Allow", allowed),))


def test_head_is_answered_as_get() -> None:
    heads = [WORLD.box().ask(request(m, "/countrylist", by=XA.tls)) for m in ("GET", "HEAD")]
    assert heads[0] == heads[1]


def test_who_is_unknown_learns_nothing_of_roles_or_types() -> None:
    for method, path in (("POST", "/signerCertificate"), ("GET", "/trustList/nonsense")):
        answer = WORLD.box().ask(request(method, path, body=b"x", headers={"Content-Type": "x"}))
        assert (answer.status, json.loads(answer.body)["code"]) == (401, "0x400")


def test_a_role_is_asked_for_before_the_body_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def endpoint(call: Any, box: Mailbox) -> WireAnswer:
        del call, box
        return WireAnswer(204, act="act", digest="00")

    row = Route("POST", "/test", (0, 0), endpoint, True, CallerRole.UPLOADER, (wire.CMS,))
    monkeypatch.setattr(endpoints, "ROUTES", (*ROUTES, row))
    asked = request("POST", "/test", by=XA.tls, body=b"x")
    box = WORLD.box()
    assert box.ask(asked).status == 204
    assert [(audit.at, audit.country, audit.act) for audit in box.audited] == [
        (asked.at, "XA", "act")
    ]
    tls = next(party for party in box.all_parties if party.thumbprint == XA.tls.thumbprint)
    box.add_party(tls._replace(roles=frozenset({CallerRole.READER, CallerRole.DELETER})))
    for kind in (wire.CMS, "text/plain"):
        answer = box.ask(asked._replace(headers={**asked.headers, "content-type": (kind,)}))
        assert (answer.status, json.loads(answer.body)["code"]) == (403, "0x403")
    assert len(box.audited) == 1


def test_strangers_are_turned_away_before_anything_is_written() -> None:
    box, body = WORLD.box(), b"x"
    route = find("POST", "/signerCertificate")
    assert isinstance(route, Route)

    def asked(**values: Any) -> WireAnswer | None:
        one_way = request("POST", "/signerCertificate", body=body, **values)
        answer = endpoints.turned_away(one_way, route, box, box.settings)
        # It is what the whole way would have answered.
        assert answer is None or answer == box.ask(one_way)
        return answer

    for values, number in (({}, 401), ({"by": WORLD.state("XC").tls}, 401),
                           ({"by": XA.tls, "headers": {"Content-Type": "text/plain"}}, 415)):  # fmt: skip
        refused = asked(**values)
        assert refused is not None
        assert refused.status == number
    assert asked(by=XA.tls) is None


@given(
    path=st.text("/.%2fFtrustLicaeADSCX\\\0", max_size=30), method=st.sampled_from(["GET", "POST"])
)
def test_no_path_raises(path: str, method: str) -> None:
    route = find(method, path)
    if isinstance(route, Route):
        assert all(part and set(part) != {"."} for part in route.rest)
        assert "%" not in path


@given(
    row=st.sampled_from(ROUTES), body=st.binary(max_size=80), query=st.text(max_size=30),
    since=st.text(max_size=30), kind=st.sampled_from([wire.CMS, wire.CMS_TEXT, wire.JSON]),
)  # fmt: skip
def test_no_request_of_a_known_caller_raises(
    row: Route, body: bytes, query: str, since: str, kind: str
) -> None:
    path = row.name + "/XA" * row.parts[0]
    headers = {"Content-Type": kind, "If-Modified-Since": since}
    answer = WORLD.box().ask(
        request(row.method, path, by=XA.tls, body=body, query=query, headers=headers)
    )
    assert answer.status < 500


# What stands on the wire


def test_a_refusal_is_the_problem_report() -> None:
    answer = Refusal(400, "0x004", "problem", "details").answer
    assert (answer.status, answer.content_type) == (400, "application/json")
    assert json.loads(answer.body) == {
        "code": "0x004", "problem": "problem", "sendValue": "", "details": "details",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "instant"),
    [("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.5Z", -1), ("2026-11-01T00:00:00+01:00", 1793487600),
     ("2026-11-01T00:00:00.999999999Z", 1793491200), ("Sun, 1 Nov 2026 00:00:00 GMT", 1793491200),
     ("Sun, 01 Nov 2026 00:00:00 GMT", 1793491200), ("Sat, 1 Nov 2026 00:00:00 GMT", 1793491200),
     ("1 Nov 2026 00:00:00 GMT", 1793491200), ("Sun,  1 Nov 2026 00:00:00 GMT", 1793491200),
     ("Sun, 1 Nov 2026 00:00:00 -0130", 1793496600)],
)  # fmt: skip
def test_dates_of_both_forms_are_read(text: str, instant: int) -> None:
    assert wire.instant(text) == instant


@given(st.text(max_size=60))
def test_percent_encoding_is_undone_as_the_standard_library_does(text: str) -> None:
    quoted = "".join(f"%{octet:02X}" for octet in text.encode())
    assert wire.url_decoded(quoted, plus=False) == unquote(quoted) == text


@pytest.mark.parametrize("text", ["%", "%4", "%zz", "%ff", "é", "%25%"])
def test_damaged_percent_encoding_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        wire.url_decoded(text, plus=True)


def test_it_is_undone_once() -> None:
    assert wire.url_decoded("%2541+%2B", plus=True) == "%41 +"
    assert wire.url_decoded("a+b", plus=False) == "a+b"


@pytest.mark.parametrize("is_refused", [True, False])
def test_nothing_of_a_refused_request_stays(
    is_refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endpoint(call: Any, box: Mailbox) -> WireAnswer:
        box.use("mark", box.instant(call.at))
        if is_refused:
            raise Refusal(400, "0x004", "refused late")
        return WireAnswer(204, act="act", digest="00")

    row = Route("POST", "/test", (0, 0), endpoint, True)
    monkeypatch.setattr(endpoints, "ROUTES", (*ROUTES, row))
    box = Box(WORLD.parties("XA"))
    box.ask(request("POST", "/test", by=XA.tls))
    kept = box.was_used("mark"), bool(box.last), bool(box.audited)
    assert kept == (not is_refused,) * 3


def test_a_stranger_does_not_take_the_one_writer() -> None:
    box, begun = WORLD.box(), list[str]()

    class Store:
        """The box, and who began to write."""

        def reading(self) -> AbstractContextManager[Any]:
            return nullcontext(box)

        def writing(self) -> AbstractContextManager[Any]:
            begun.append("writing")
            return nullcontext(box)

    answer = gateway_service.GatewayAnswers(cast("GatewayStore", Store()), box.settings)
    assert answer(request("POST", "/signerCertificate", body=b"x")).status == 401
    assert begun == []
    # The control: a back end's own request does.
    assert answer(request("POST", "/signerCertificate", body=b"x", by=XA.tls)).status == 400
    assert begun == ["writing"]
