"""Hand a signed proposal in at a server.

proposal -> POST URL/proposals -> what was published | why not
"""

from __future__ import annotations

from typing import Any, NamedTuple

import urllib3

from pratique.crypto import strict_json
from pratique.edges.network.fetch import HEADERS, why
from pratique.errors import DocumentRefused, Unreadable

LARGEST = 64 * 1024 * 1024
_OK, _ANSWER = 200, 64 * 1024
TIMEOUT = urllib3.Timeout(connect=10, read=300)
"""A server that publishes reads the whole network before it answers."""


class Taken(NamedTuple):
    """What a server made of a proposal: its title, and whether it waits for the log's witnesses."""

    title: str
    waits: bool


def sent(url: str, data: bytes) -> Taken:
    """Send a proposal; return what the server made of it.

    Raises:
        DocumentRefused: with the server's own code.
        Unreadable: `network-unreachable`.
    """
    retries = urllib3.Retry(2, redirect=False)
    pool = urllib3.PoolManager(1, timeout=TIMEOUT, retries=retries)
    headers = {**HEADERS, "Content-Type": "application/json"}
    try:
        answer = pool.request(
            "POST", f"{url.rstrip('/')}/proposals", body=data, headers=headers, redirect=False,
            preload_content=False,
        )  # fmt: skip
        try:
            told: Any = strict_json.loads(answer.read(_ANSWER, decode_content=True))
        finally:
            answer.close()
        if answer.status == _OK:
            return Taken(str(told["published"]), told["waits"] is True)
        raise DocumentRefused(str(told["code"]), str(told["message"]), str(told["hint"]))
    except urllib3.exceptions.HTTPError as error:
        raise _unreachable(url, why(error)) from None
    except (ValueError, KeyError, TypeError) as error:
        raise _unreachable(url, "the server's answer cannot be read") from error


def _unreachable(url: str, why: str) -> Unreadable:
    return Unreadable("network-unreachable", f"{url}: {why}", "is it the right address? try again")
