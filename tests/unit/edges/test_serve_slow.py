"""Reading a repository while proposals are judged slowly, as they are where witnesses are slow."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import urllib3

from pratique.errors import DocumentRefused
from pratique.store import http, server
from tests import web
from tests.steps import until

POSTS = 60
"""More than the server has threads for files."""


def test_slow_proposals_stop_nobody_from_reading(tmp_path: Path) -> None:
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata/timestamp.json").write_text("{}")
    going_on, begun = threading.Event(), threading.Event()

    def take(data: bytes) -> dict[str, object]:
        begun.set()
        going_on.wait()
        return {"published": data.decode(), "waits": True}

    pool = urllib3.PoolManager(POSTS)
    with (
        web.serving(server.network_application(tmp_path, take)) as url,
        ThreadPoolExecutor(POSTS) as posting,
    ):
        posts = [
            posting.submit(pool.request, "POST", f"{url}/proposals", body=b"%d" % n)
            for n in range(POSTS)
        ]
        begun.wait()
        # All that may wait do, and the others have been sent away.
        until(lambda: sum(post.done() for post in posts) == POSTS - server.WAITING)
        assert pool.request("GET", f"{url}/metadata/timestamp.json").data == b"{}"
        assert not going_on.is_set()
        with pytest.raises(DocumentRefused) as caught:
            http.submit(url, b"one more")
        assert caught.value.code == "proposals-busy"
        assert caught.value.hint
        going_on.set()
        answers = [post.result() for post in posts]
    told = [json.loads(answer.data) for answer in answers if answer.status == 200]
    assert len(told) == server.WAITING
    assert {answer.status for answer in answers} == {200, 503}
    assert http.Taken(told[0]["published"], told[0]["waits"]).waits


def test_each_of_two_who_hand_in_at_once_hears_of_their_own(tmp_path: Path) -> None:
    def take(data: bytes) -> dict[str, object]:
        time.sleep(0.05)
        return {"published": data.decode(), "waits": data == b"1"}

    with (
        web.serving(server.network_application(tmp_path, take)) as url,
        ThreadPoolExecutor(4) as posting,
    ):
        came = list(posting.map(lambda n: http.submit(url, b"%d" % n), range(4)))
    assert came == [http.Taken(str(n), n == 1) for n in range(4)]
