"""What an issuer's desk answers to whoever is not its page: other origins, names, kinds of content, too much of it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest

from pratique.errors import DocumentRefused, UsageError
from pratique.parties.desk import Attachment, DeskAct, DeskCall, LastAnswer, Right
from pratique.store import desk_server, server, site
from pratique.store.desk_server import Admitted, DeskPlace, RequestHead
from tests import issuing_desks
from tests.issuing_desks import CLERK, PASSPHRASES, Client, OpenDesk, Reply, request
from tests.steps import until
from tests.web import serving

CANARY = "Wilhelmina Canary"
calls: list[str] = []


def _echo(call: DeskCall) -> Mapping[str, Any]:
    calls.append(threading.current_thread().name)
    return dict(call.asked) | {"bytes": len(call.body)}


def _broken(call: DeskCall) -> Mapping[str, Any]:
    raise RuntimeError(f"no place for {call.asked['name']}")


def _refused(_: DeskCall) -> Mapping[str, Any]:
    raise UsageError("some-code", "what happened", "what to do")


ACTS = {
    "echo": DeskAct(Right.ISSUE, _echo),
    "file": DeskAct(Right.ISSUE, _echo, takes_file=True),
    "broken": DeskAct(Right.ISSUE, _broken),
    "refused": DeskAct(Right.ISSUE, _refused),
    "paper": DeskAct(Right.ISSUE, lambda _: Attachment("sheet.pdf", "application/pdf", b"%PDF")),
    "odd": DeskAct(Right.ISSUE, lambda _: Attachment('a"\r\nX: y', "application/pdf", b"%PDF")),
    "last": DeskAct(Right.ISSUE, lambda _: LastAnswer({"over": True})),
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDesk]:
    folder = tmp_path_factory.mktemp("desk")
    pages = folder / "pages"
    pages.mkdir()
    for name in (
        "desk.html",
        "border.html",
        "service-worker.js",
        "words.json",
        "desk-0123456789ab.js",
        "manifest-border.webmanifest",
    ):
        (pages / name).write_text(f"this is {name}")
    with issuing_desks.serving(folder, pages=pages, acts=ACTS) as opened:
        yield opened


@pytest.fixture(scope="module")
def clerk(desk: OpenDesk) -> Client:
    return desk.client()


def get(desk: OpenDesk, path: str, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(desk.port, "GET", path, headers={"Host": f"localhost:{desk.port}", **named})


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", "localhost:1", "", "localhost:{port}.evil.example"]
)
def test_another_name_is_misdirected(desk: OpenDesk, clerk: Client, host: str) -> None:
    host = host.format(port=desk.port)
    if host:
        assert get(desk, "/", Host=host).status == 421
        assert clerk.post("echo", b"{}", {**JSON, "Host": host}).status == 421
    else:
        assert request(desk.port, "GET", "/", headers={"Host": ""}).status in {400, 421}


def test_its_own_names_are_answered(desk: OpenDesk) -> None:
    for host in ("localhost", "LOCALHOST", "127.0.0.1", "[::1]"):
        assert get(desk, "/", Host=f"{host}:{desk.port}").status == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost", "https://localhost:{port}", "http://localhost:{port}.evil.example"]
)  # fmt: skip
def test_another_origin_is_refused_whatever_it_brings(
    desk: OpenDesk, clerk: Client, origin: str
) -> None:
    origin = origin.format(port=desk.port)
    before = len(calls)
    assert clerk.post("echo", b"{}", {**JSON, "Origin": origin}).status == 403
    assert (
        clerk.post(
            "echo", b"{}", {**JSON, "Origin": origin, "Sec-Fetch-Site": "same-origin"}
        ).status
        == 403
    )
    assert get(desk, "/", Origin=origin).status == 403
    assert len(calls) == before
    assert clerk.ask("echo").status == 200
    assert len(calls) == before + 1


@pytest.mark.parametrize("fetched", ["", "none", "cross-site", "same-site"])
def test_a_post_that_does_not_say_where_it_is_from_is_refused(clerk: Client, fetched: str) -> None:
    assert (
        clerk.post("echo", b"{}", {**JSON, "Origin": "", "Sec-Fetch-Site": fetched}).status == 403
    )
    assert (
        clerk.post("echo", b"{}", {**JSON, "Origin": "", "Sec-Fetch-Site": "same-origin"}).status
        == 200
    )


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
def test_what_a_foreign_pages_form_could_send_is_not_read(clerk: Client, kind: str) -> None:
    assert clerk.post("echo", b"{}", {"Content-Type": kind}).status == 415


@pytest.mark.parametrize("session", ["", "x" * 43, "ÿ"])
def test_without_a_session_nothing_is_done(desk: OpenDesk, session: str) -> None:
    before = len(calls)
    for name in ("echo", "file", "session.end", "nothing"):
        reply = Client(desk.port, session).ask(name)
        assert (reply.status, reply.document["code"]) == (401, "signed-out")
    assert len(calls) == before


def test_a_session_is_a_header_and_never_a_cookie_nor_a_part_of_the_address(
    desk: OpenDesk, clerk: Client
) -> None:
    anybody = Client(desk.port)
    for headers in (
        {"Cookie": f"session={clerk.session}; X-Desk-Session={clerk.session}"},
        {"Authorization": f"Bearer {clerk.session}"},
    ):
        assert anybody.post("echo", b"{}", {**JSON, **headers}).status == 401
    assert anybody.post(f"echo?session={clerk.session}", b"{}", JSON).status == 401
    assert "set-cookie" not in clerk.ask("echo").headers


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'"x"', b"7", b"{", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":"\\ud800"}', b"\xff", b"{" * 5000,
             b'{"a":' + b"[" * 60 + b"]" * 60 + b"}", b'{"a":[' + b"0," * 30_000 + b"0]}", b'{"a":1' + b"0" * 5000 + b"}"],
)  # fmt: skip
def test_a_bomb_of_json_is_refused_before_any_act(clerk: Client, body: bytes) -> None:
    before = len(calls)
    reply = clerk.post("echo", body, JSON)
    assert (reply.status, reply.document["code"]) == (400, "json-unreadable")
    assert len(calls) == before


def test_json_that_is_too_long_is_refused_by_its_length_alone(clerk: Client) -> None:
    longer = str(desk_server.LARGEST_JSON + 1)
    assert clerk.post("echo", b"", {**JSON, "Content-Length": longer}).status == 413
    fits = json.dumps({"a": "x" * (desk_server.LARGEST_JSON - 20)}).encode()
    assert clerk.post("echo", fits, JSON).status == 200


def test_a_file_that_is_too_long_or_packed_or_unmeasured_is_refused(clerk: Client) -> None:
    kind = {"Content-Type": "application/octet-stream"}
    longer = str(desk_server.LARGEST_FILE + 1)
    assert clerk.post("file", b"", {**kind, "Content-Length": longer}).status == 413
    assert clerk.post("file", b"x", {**kind, "Content-Encoding": "gzip"}).status == 415
    assert (
        clerk.post(
            "file", b"", {**kind, "Content-Length": "", "Transfer-Encoding": "chunked"}
        ).status
        == 411
    )
    assert clerk.send("file", bytes(1_000_000)).document["bytes"] == 1_000_000


@pytest.mark.parametrize("asked", ["", "x", "[]", "%", "%FF", quote('{"a":NaN}')])
def test_a_files_options_are_gated_as_all_json_is(clerk: Client, asked: str) -> None:
    headers = {"Content-Type": "application/octet-stream", "X-Desk-Asked": asked}
    assert clerk.post("file", b"x", headers).status == (400 if asked else 200)


def test_each_act_takes_its_own_kind_of_content(clerk: Client) -> None:
    assert clerk.send("echo", b"x").status == 415
    assert clerk.ask("file").status == 415


def test_a_files_name_is_text_for_the_act_and_no_path_of_ours(clerk: Client) -> None:
    reply = clerk.send("file", b"x", {"name": "../../etc/passwd\0"})
    assert reply.document == {"name": "../../etc/passwd\0", "bytes": 1}


@pytest.mark.parametrize(
    "path", ["/border.html", "/service-worker.js", "/manifest-border.webmanifest", "/../desk.html", "/.git/config", "/%2e%2e/x.json",
             "/desk.html.br", "/x.json", "/api", "//desk.html"],
)  # fmt: skip
def test_only_what_the_desks_page_needs_is_served(desk: OpenDesk, path: str) -> None:
    assert get(desk, path).status == 404


def test_the_page_and_what_it_names_are_served(desk: OpenDesk) -> None:
    for path, name in (
        ("/", "desk.html"),
        ("/desk.html", "desk.html"),
        ("/desk-0123456789ab.js", "desk-0123456789ab.js"),
    ):
        assert get(desk, path).body == f"this is {name}".encode()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_do_nothing(desk: OpenDesk, method: str) -> None:
    host = {"Host": f"localhost:{desk.port}"}
    assert request(desk.port, method, "/api/echo", headers=host).status == 405
    assert get(desk, "/api/echo").status == 405


def test_every_answer_has_the_policy_and_no_answer_of_an_act_is_kept(
    desk: OpenDesk, clerk: Client
) -> None:
    replies = [
        clerk.ask("echo"), clerk.ask("refused"), clerk.ask("paper"), clerk.ask("nothing"), Client(desk.port).ask("echo"),
        clerk.post("echo", b"{", JSON), clerk.post("echo", b"{}", {**JSON, "Origin": "null"}), clerk.ask("broken", {"name": CANARY}),
        request(desk.port, "PUT", "/", headers={"Host": f"localhost:{desk.port}"}),
    ]  # fmt: skip
    for reply in replies:
        assert reply.headers["cache-control"] == "no-store"
    for reply in [*replies, get(desk, "/"), get(desk, "/x"), get(desk, "/", Host="x")]:
        for name, value in site.HEADERS.items():
            assert reply.headers[name.lower()] == value
        assert "access-control-allow-origin" not in reply.headers
        assert "server" not in reply.headers


def test_what_nobody_foresaw_is_told_by_kind_and_never_by_its_words(
    desk: OpenDesk, clerk: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    reply = clerk.ask("broken", {"name": CANARY})
    assert (reply.status, reply.document["code"]) == (500, "desk-fault")
    said = reply.body.decode() + "".join(desk.told) + "".join(capfd.readouterr())
    assert CANARY not in said
    assert "RuntimeError" in said
    assert any("500" in line for line in desk.told)


def test_nothing_is_logged_of_what_is_asked(
    desk: OpenDesk, clerk: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    before = list(desk.told)
    assert clerk.good("echo", {"name": CANARY})["name"] == CANARY
    clerk.refused("refused", {"name": CANARY})
    get(desk, f"/{CANARY.replace(' ', '')}")
    assert desk.told == before
    assert "".join(capfd.readouterr()) == ""


def test_an_acts_refusal_is_shown_with_its_code_and_hint(clerk: Client) -> None:
    reply = clerk.ask("refused")
    assert reply.status == 400
    assert reply.document == {"code": "some-code", "message": "what happened", "hint": "what to do"}


def test_a_file_comes_with_its_kind_and_a_name_that_cannot_leave_its_header(clerk: Client) -> None:
    paper, odd = clerk.ask("paper"), clerk.ask("odd")
    assert (paper.headers["content-type"], paper.headers["x-desk-name"], paper.body) == (
        "application/pdf",
        "sheet.pdf",
        b"%PDF",
    )
    assert odd.headers["x-desk-name"] == "file"
    assert "x" not in odd.headers


def test_acts_are_done_one_after_the_other_in_one_thread(desk: OpenDesk, clerk: Client) -> None:
    calls.clear()
    threads = [threading.Thread(target=clerk.ask, args=("echo",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 8
    assert len(set(calls)) == 1


def test_after_the_last_answer_the_desk_is_told_to_end_and_after_no_other(
    desk: OpenDesk, clerk: Client
) -> None:
    before = len(desk.ended)
    clerk.ask("echo")
    assert clerk.good("last") == {"over": True}
    until(lambda: len(desk.ended) == before + 1)


@pytest.mark.parametrize("fault", [DocumentRefused("operators-malformed", "what is wrong"), RuntimeError(CANARY)], ids=["told", "unforeseen"])  # fmt: skip
def test_who_cannot_be_admitted_to_the_page_is_told_as_at_an_act(fault: Exception) -> None:
    """On a network the page itself is for operators: their list may be damaged."""

    def admit(_: RequestHead) -> Admitted:
        raise fault

    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        place = DeskPlace(
            {"desk.html": b"the page"}, server.names_of("localhost", port), certificate=lambda _: "ab" * 32,
        )  # fmt: skip
        application = desk_server.application(place, admit, tell=told.append)
        with serving(application, desk_server.LIMITS, listening=listening):
            host = {"Host": f"localhost:{port}"}
            replies = [
                request(port, "GET", "/", headers=host),
                Client(port).post("echo", b"{}", {**JSON, "Origin": f"http://localhost:{port}"}),
            ]
    expected = (500, "desk-fault") if told else (400, "operators-malformed")
    assert [(reply.status, reply.document["code"]) for reply in replies] == [expected] * 2
    assert bool(told) is isinstance(fault, RuntimeError)
    assert CANARY not in f"{told}{[reply.body for reply in replies]}"
    for reply in replies:
        assert reply.headers["cache-control"] == "no-store"
        for name, value in site.HEADERS.items():
            assert reply.headers[name.lower()] == value


def test_signing_in_is_checked_as_all_else_is(desk: OpenDesk) -> None:
    asked = {
        "token": desk.sign_in.draw_token(),
        "pseudonym": CLERK,
        "passphrase": PASSPHRASES[CLERK],
    }
    body, anybody = json.dumps(asked).encode(), Client(desk.port)
    assert anybody.post("session", body, {**JSON, "Origin": "http://evil.example"}).status == 403
    assert anybody.post("session", body, {"Content-Type": "text/plain"}).status == 415
    assert anybody.post("session", body, {**JSON, "Host": "evil.example"}).status == 421
    # None of them has used the token up.
    assert anybody.post("session", body, JSON).status == 200
