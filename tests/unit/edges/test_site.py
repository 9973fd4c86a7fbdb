"""A site of pages: put together, brought up to date, served, and the same policy for other servers."""

from __future__ import annotations

import http.client
import io
import json
import re
import shutil
import socket
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.errors import DocumentRefused, UsageError
from pratique.parties import site as parties_site
from pratique.snapshot import Snapshot
from pratique.store import files as store_files
from pratique.store import server
from pratique.store import site as store_site
from pratique.terms import Environment
from tests import travellers
from tests.steps import until
from tests.web import serving

SCRIPT = "page-0123456789ab.js"
NEXT_SCRIPT = "page-ba9876543210.js"
PAGE = b"<!doctype html><title>Pratique</title>"


def _applied(older: bytes, steps: list[parties_site.Step]) -> bytes:
    # As web/src/data.js does.
    return b"".join(
        step.encode() if isinstance(step, str) else older[step[0] : step[0] + step[1]]
        for step in steps
    )


def built(folder: Path, script: str = SCRIPT, *, left_out: str = "") -> Path:
    """Write a small built site, as web/build.mjs would."""
    files = {
        "index.html": PAGE, "border.html": PAGE, script: b"export {};\n" * 200, "service-worker.js": b"//" + script.encode(),
        f"engine-{'ab' * 6}/x.wasm": b"\0asm",
    }  # fmt: skip
    for name, data in files.items():
        if name != left_out:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    (folder / f"{script}.br").write_bytes(b"packed")
    about = {
        "format": "pratique-site-1",
        "version": "1.2.3",
        "names": {},
        "files": {name: {} for name in files},
    }
    (folder / "site.json").write_text(json.dumps(about))
    return folder


def held(number: int = 7, *, signers: int = 3) -> Snapshot:
    """Return a snapshot of an edition, of which each has a signer more."""
    rows = [
        travellers.SIGNER._replace(kid=bytes([n]) * 8, public_key=bytes([n]) * 91)
        for n in range(signers + number)
    ]
    trust = type(travellers.snapshot().trust)(rows)
    return travellers.snapshot(number=number, created=1_000_000 * number, trust=trust)


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder but its lock."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return built(tmp_path / "dist")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


# -- putting it together


def test_the_snapshot_that_a_site_holds_is_the_one_that_was_put(site: Path, out: Path) -> None:
    put = parties_site.put(out, site, held())
    index = json.loads((out / "data/index.json").read_text())
    assert index["number"] == 7
    assert index["environment"] == "production"
    assert Snapshot.from_bytes((out / "data" / index["file"]).read_bytes()) == held()
    assert put.version == "1.2.3"


def test_the_same_again_writes_nothing(site: Path, out: Path) -> None:
    parties_site.put(out, site, held())
    before = tree(out)
    assert parties_site.put(out, site, held()).written == 0
    assert tree(out) == before


def test_test_and_production_are_not_mixed(site: Path, out: Path) -> None:
    parties_site.put(out, site, held())
    before = tree(out)
    with pytest.raises(DocumentRefused, match="production") as refused:
        parties_site.put(out, site, held(8).replace(environment=Environment.TEST))
    assert refused.value.code == "environment-differs"
    assert tree(out) == before


def test_no_older_edition_takes_a_newer_ones_place(site: Path, out: Path) -> None:
    parties_site.put(out, site, held(8))
    with pytest.raises(DocumentRefused) as refused:
        parties_site.put(out, site, held(7))
    assert refused.value.code == "site-data-older"
    assert json.loads((out / "data/index.json").read_text())["number"] == 8


def test_each_earlier_edition_becomes_the_present_one_by_its_delta(site: Path, out: Path) -> None:
    # Enough signers that a row more is less than the whole.
    for number in range(7, 10):
        parties_site.put(out, site, held(number, signers=60))
    index = parties_site.read_index(out)
    assert index is not None
    assert [one.number for one in index.earlier] == [8, 7]
    for older, delta in zip(index.earlier, index.deltas, strict=True):
        document = json.loads((out / "data" / delta.file).read_text())
        assert delta.from_ == older.sha256
        made = _applied((out / "data" / older.file).read_bytes(), document["steps"])
        assert made == held(9, signers=60).to_bytes()
        assert len(json.dumps(document["steps"])) < len(made) / 10


def test_the_same_again_writes_nothing_where_a_delta_was_not_worth_it(
    site: Path, out: Path
) -> None:
    parties_site.put(out, site, held(1, signers=0))
    # Nearly nothing of the second is in the first: the delta would be the whole.
    parties_site.put(out, site, held(2, signers=200))
    before = tree(out)
    again = parties_site.put(out, site, held(2, signers=200))
    assert again.written == 0
    assert again.data == parties_site.read_index(out)
    assert tree(out) == before
    assert b'"deltas": []' in before["data/index.json"]


def test_only_so_many_earlier_editions_are_kept(site: Path, out: Path) -> None:
    for number in range(1, parties_site.KEPT + 4):
        parties_site.put(out, site, held(number, signers=60))
    index = parties_site.read_index(out)
    assert index is not None
    assert len(index.earlier) == parties_site.KEPT
    earlier, deltas = (one.file for one in index.earlier), (one.file for one in index.deltas)
    names = {index.file, "index.json", *earlier, *deltas}
    there = {path.name.removesuffix(".gz") for path in (out / "data").iterdir()}
    assert there == names


def test_files_of_the_edition_before_stay_for_one_edition_more(out: Path, tmp_path: Path) -> None:
    sites = [built(tmp_path / name, script) for name, script in (("1", SCRIPT), ("2", NEXT_SCRIPT), ("3", SCRIPT.replace("0", "f")))]  # fmt: skip
    parties_site.put(out, sites[0], held())
    (out / "robots-0123456789ab.txt.bak").write_text("somebody else's")
    parties_site.put(out, sites[1], held())
    assert (out / SCRIPT).exists()
    parties_site.put(out, sites[1], held())
    assert (out / SCRIPT).exists()
    parties_site.put(out, sites[2], held())
    assert not (out / SCRIPT).exists()
    assert not (out / f"{SCRIPT}.gz").exists()
    assert (out / NEXT_SCRIPT).exists()
    assert (out / "robots-0123456789ab.txt.bak").exists()


def test_a_page_that_is_packed_no_more_is_served_as_it_is(site: Path, out: Path) -> None:
    (site / "border.html.br").write_bytes(b"packed, of this edition")
    parties_site.put(out, site, held())
    assert (out / "border.html.gz").exists()
    (site / "border.html.br").unlink()
    (site / "border.html").write_bytes(PAGE + b"<p>next")
    parties_site.put(out, site, held())
    with asked(out) as ask:
        for taken in ("br", "gzip", "identity"):
            assert ask("border.html", Accept_Encoding=taken).body == PAGE + b"<p>next"


def test_what_names_others_is_written_after_them(
    site: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site / "border.html.br").write_bytes(b"packed")
    order: list[str] = []
    write = store_files.write

    def noted(path: Path, data: bytes) -> None:
        order.append(path.relative_to(out).as_posix())
        write(path, data)

    monkeypatch.setattr(store_files, "write", noted)
    parties_site.put(out, site, held())
    pages = [n for n, name in enumerate(order) if name.startswith("border.html")]
    assert order.index(SCRIPT) < min(pages)
    assert max(pages) < order.index("service-worker.js")
    assert order[-1] == "data/index.json"


ROWS = st.lists(
    st.sampled_from(['{"a":1},', '{"b":[2,3]},', "x\n", '"y"],', "z", "}"]), max_size=30
)


@given(ROWS, ROWS)
def test_a_delta_makes_the_newer_document_whatever_they_are(
    older: list[str], newer: list[str]
) -> None:
    old, new = "".join(older).encode(), "".join(newer).encode()
    assert _applied(old, parties_site.delta(old, new)) == new


def test_where_nothing_was_synced_nothing_is_built(site: Path, out: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        parties_site.build(out, site, tmp_path / "home")
    assert refused.value.code == "nothing-held"
    assert not out.exists()


# -- a built site, as a stranger's archive


class Member(NamedTuple):
    """A file in an archive; a link, where `link` names what to."""

    name: str
    data: bytes = b""
    link: str = ""


def archive(path: Path, members: list[Member]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            info = tarfile.TarInfo(member.name)
            info.size = len(member.data)
            if member.link:
                info.type, info.linkname = tarfile.SYMTYPE, member.link
            tar.addfile(info, io.BytesIO(member.data))
    return path


def packed(site: Path, path: Path) -> Path:
    return archive(
        path, [Member(f"pratique-site-1/{name}", data) for name, data in tree(site).items()]
    )


def test_an_archive_makes_the_same_site_as_its_folder(site: Path, tmp_path: Path) -> None:
    parties_site.put(tmp_path / "a", site, held())
    parties_site.put(tmp_path / "b", packed(site, tmp_path / "site.tar.gz"), held())
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_nothing_of_an_archive_lands_outside_or_follows_a_link(
    site: Path, out: Path, tmp_path: Path
) -> None:
    good = [Member(f"x/{name}", data) for name, data in tree(site).items()]
    bad = [
        Member("x/../../outside.js", b"out"), Member("/outside.js", b"out"), Member("x/.hidden.js", b"out"),
        Member("x/link.js", link="/etc/passwd"), Member("x/run.sh", b"#!/bin/sh"),
    ]  # fmt: skip
    parties_site.put(out, archive(tmp_path / "a.tar.gz", bad + good), held())
    parties_site.put(tmp_path / "plain", site, held())
    assert tree(out) == tree(tmp_path / "plain")
    assert not list(tmp_path.glob("**/outside.js"))


@pytest.mark.parametrize("left_out", ["site.json", "border.html", SCRIPT])
def test_what_is_not_whole_is_no_site(left_out: str, out: Path, tmp_path: Path) -> None:
    site = built(tmp_path / "part", left_out=left_out)
    if left_out == "site.json":
        (site / "site.json").unlink()
    with pytest.raises(DocumentRefused) as refused:
        parties_site.put(out, site, held())
    assert refused.value.code == "site-malformed"
    assert not out.exists()


@pytest.mark.parametrize("data", [b"", b"not packed", b"\x1f\x8b\x08\0\0\0\0\0\0\0broken"])
def test_what_is_no_archive_is_no_site(data: bytes, out: Path, tmp_path: Path) -> None:
    (tmp_path / "x.tar.gz").write_bytes(data)
    with pytest.raises(DocumentRefused) as refused:
        parties_site.put(out, tmp_path / "x.tar.gz", held())
    assert refused.value.code == "site-malformed"


def test_an_archive_that_unpacks_to_too_much_is_refused(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_site, "LARGEST_ARCHIVE", 100_000)
    bomb = archive(tmp_path / "x.tar.gz", [Member(f"x/{n}.js", bytes(60_000)) for n in range(3)])
    with pytest.raises(DocumentRefused) as refused:
        parties_site.put(out, bomb, held())
    assert refused.value.code == "site-malformed"


# -- served


class Answered(NamedTuple):
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[..., Answered]
"""ask(name, **headers) -> what a server answered."""


def answered(port: int, name: str, method: str = "GET", **headers: str) -> Answered:
    """Ask a server of this machine; `_` in a header's name is `-`."""
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        connection.request(
            method,
            f"/{name}",
            headers={key.replace("_", "-"): value for key, value in headers.items()},
        )
        with connection.getresponse() as answer:
            said = {key.lower(): value for key, value in answer.getheaders()}
            return Answered(answer.status, said, answer.read())


@contextmanager
def asked(out: Path) -> Iterator[Ask]:
    """Serve a site, and yield what asks it: ask(name, **headers)."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]

    def ask(name: str, **given: str) -> Answered:
        return answered(port, name, **{"Host": f"localhost:{port}", **given})

    names = server.names_of("localhost", port)
    with serving(server.site_application(out, names, clock=lambda: 0.0), listening=listening):
        yield ask


@pytest.fixture
def ask(site: Path, out: Path) -> Iterator[Ask]:
    parties_site.put(out, site, held())
    with asked(out) as asks:
        yield asks


@pytest.mark.parametrize(
    ("name", "headers", "status"),
    [
        ("", {}, 200), ("border.html", {}, 200), (SCRIPT, {}, 200), ("service-worker.js", {}, 200),
        ("data/index.json", {}, 200), ("nothing.html", {}, 404), ("../secret.txt", {}, 404),
        ("border.html", {"Host": "evil.example"}, 421), ("border.html", {"Origin": "https://evil.example"}, 403),
    ],
)  # fmt: skip
def test_every_answer_has_the_policy(
    ask: Ask, name: str, headers: dict[str, str], status: int
) -> None:
    answer = ask(name, **headers)
    assert answer.status == status
    for header, value in store_site.HEADERS.items():
        assert answer.headers[header.lower()] == value


def test_the_policy_allows_nothing_but_the_site_itself() -> None:
    policy = store_site.CONTENT_POLICY
    assert policy["default-src"] == "'none'"
    allowed = " ".join(policy.values())
    assert "unsafe-eval" not in allowed.replace("wasm-unsafe-eval", "")
    assert "unsafe-inline" not in allowed
    assert "http" not in allowed
    assert "*" not in allowed


def test_a_page_of_another_name_reads_nothing(ask: Ask) -> None:
    # DNS rebinding: evil.example leads to 127.0.0.1, and the browser names it.
    for headers in ({"Host": "evil.example"}, {"Host": "evil.example:80"}, {"Origin": "null"}):
        answer = ask("data/index.json", **headers)
        assert answer.status in {403, 421}
        assert b"number" not in answer.body


def test_what_has_a_digest_is_kept_and_the_rest_asked_for_anew(ask: Ask) -> None:
    assert ask(SCRIPT).headers["cache-control"] == "public, max-age=31536000, immutable"
    for name in ("border.html", "service-worker.js", "data/index.json", ""):
        assert ask(name).headers["cache-control"] == "no-cache"


def test_a_file_goes_packed_as_whoever_asks_takes_it(ask: Ask) -> None:
    plain = ask(SCRIPT)
    assert "content-encoding" not in plain.headers
    br = ask(SCRIPT, Accept_Encoding="gzip, deflate, br;q=1")
    assert (br.headers["content-encoding"], br.body) == ("br", b"packed")
    gz = ask(SCRIPT, Accept_Encoding="gzip")
    assert gz.headers["content-encoding"] == "gzip"
    assert len({plain.headers["etag"], br.headers["etag"], gz.headers["etag"]}) == 3
    assert gz.headers["vary"] == "Accept-Encoding"


def test_what_is_still_the_same_is_not_sent_again(ask: Ask) -> None:
    tag = ask("border.html").headers["etag"]
    again = ask("border.html", If_None_Match=tag)
    assert (again.status, again.body) == (304, b"")
    assert ask("border.html", If_None_Match='"other"').status == 200


def test_pages_can_read_the_servers_clock(ask: Ask) -> None:
    assert ask("data/index.json").headers["date"] == "Thu, 01 Jan 1970 00:00:00 GMT"


def test_only_files_of_the_site_are_served(ask: Ask, out: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (out / "link.txt").symlink_to(tmp_path / "secret.txt")
    (out / "away").symlink_to(tmp_path)
    (out / "key.pem").write_text("secret")
    (out / ".hidden.txt").write_text("secret")
    for name in ("link.txt", "away/secret.txt", "key.pem", ".hidden.txt", ".lock", "..%2Fsecret.txt", "%2e%2e/secret.txt"):  # fmt: skip
        answer = ask(name)
        assert (answer.status, b"secret" in answer.body) == (404, False), name
    assert ask("border.html", method="POST").status == 405


def test_a_name_in_front_of_it_is_one_of_its_own() -> None:
    assert server.names_of("0.0.0.0", 8080, ["Border.example"]) == {
        "0.0.0.0:8080",
        "border.example",
    }
    assert "127.0.0.1:80" in server.names_of("localhost", 80)
    assert server.names_of("::1", 1) == {"localhost:1", "127.0.0.1:1", "[::1]:1"}


# -- other servers


@pytest.mark.parametrize("name", sorted(store_site.PRINTED))
def test_other_servers_are_told_the_same_headers(name: str) -> None:
    printed = store_site.PRINTED[name]()
    for header, value in store_site.HEADERS.items():
        assert header in printed
        assert value in printed
    assert store_site.FOR_EVER in printed
    assert store_site.ANEW in printed


def test_caddys_pattern_tells_the_same_names() -> None:
    (pattern,) = set(re.findall(r"path_regexp (\S+)", store_site.caddy()))
    for name in (
        SCRIPT,
        "border.html",
        "data/snapshot-0123456789ab.json",
        "pyodide-0123456789ab/x.wasm",
        "a-b.js",
    ):
        assert bool(re.search(pattern, name)) == bool(re.search(store_site.DIGEST, name))


def test_nginx_serves_what_we_serve(site: Path, out: Path, tmp_path: Path) -> None:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        pytest.skip("nginx is not here")
    parties_site.put(out, site, held())
    for folder in (out, *out.rglob("*")):
        folder.chmod(0o755 if folder.is_dir() else 0o644)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    work = tmp_path / "nginx"
    work.mkdir()
    (work / "nginx.conf").write_text(
        f"daemon off; pid {work}/pid; error_log {work}/error.log; user root;\nevents {{}}\nhttp {{\n"
        + "".join(
            f"{kind}_temp_path {work}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + f"server {{ listen 127.0.0.1:{port}; root {out};\n{store_site.nginx()}\n}} }}\n"
    )
    command = [
        nginx,
        "-p",
        str(work),
        "-c",
        str(work / "nginx.conf"),
        "-e",
        str(work / "error.log"),
    ]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    running = subprocess.Popen(command)
    try:
        until(lambda: _listens(port))
        with asked(out) as ours:
            for name in (
                "border.html",
                SCRIPT,
                "service-worker.js",
                "data/index.json",
                "nothing.html",
            ):
                theirs = answered(port, name, Accept_Encoding="gzip")
                expected = ours(name, Accept_Encoding="gzip")
                assert theirs.status == expected.status
                if expected.status == 200:
                    assert theirs.body == expected.body
                    # A 404 of nginx's is a page of its own, and nothing in it is run.
                    for header in ("content-type", "cache-control"):
                        assert theirs.headers[header] == expected.headers[header], name
                for header, value in store_site.HEADERS.items():
                    assert theirs.headers[header.lower()] == value
    finally:
        running.terminate()
        running.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
