"""Hand a signed proposal in at a server.

proposal -> POST URL/proposals -> what was published | why not
"""

from __future__ import annotations

import json
from typing import Any

import urllib3

from pratique.edges.network.fetch import HEADERS, TIMEOUT
from pratique.errors import DocumentRefused, Unreadable

LARGEST = 64 * 1024 * 1024
_OK, _ANSWER = 200, 64 * 1024


def sent(url: str, data: bytes) -> str:
    """Send a proposal; return its title as the server published it.

    Raises:
        DocumentRefused: with the server's own code.
        Unreadable: `network-unreachable`.
    """
    pool = urllib3.PoolManager(1, timeout=TIMEOUT, retries=urllib3.Retry(2, redirect=False))
    headers = {**HEADERS, "Content-Type": "application/json"}
    try:
        answer = pool.request(
            "POST", f"{url.rstrip('/')}/proposals", body=data, headers=headers, redirect=False
        )
        told: Any = json.loads(answer.data[:_ANSWER])
        if answer.status == _OK:
            return str(told["published"])
        raise DocumentRefused(str(told["code"]), str(told["message"]), str(told["hint"]))
    except urllib3.exceptions.HTTPError as error:
        raise _unreachable(url, type(error).__name__) from None
    except (ValueError, KeyError, TypeError) as error:
        raise _unreachable(url, "the server's answer cannot be read") from error


def _unreachable(url: str, why: str) -> Unreadable:
    return Unreadable("network-unreachable", f"{url}: {why}", "is it the right address? try again")
