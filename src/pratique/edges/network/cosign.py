"""Ask a witness to cosign a log's checkpoint (C2SP tlog-witness, "add-checkpoint")."""

from __future__ import annotations

import urllib3

from pratique.edges.network.fetch import HEADERS, why
from pratique.errors import Unreadable

TIMEOUT = urllib3.Timeout(connect=5, read=15)
LARGEST = 64 * 1024


def asked(url: str, request: bytes) -> tuple[int, bytes]:
    """Post a request; return the number and the body of the answer. Unreadable if there is none."""
    pool = urllib3.PoolManager(1, timeout=TIMEOUT, retries=urllib3.Retry(1, redirect=False))
    try:
        answer = pool.request(
            "POST", f"{url.rstrip('/')}/add-checkpoint", body=request, headers=HEADERS,
            redirect=False, preload_content=False,
        )  # fmt: skip
        body = answer.read(LARGEST)
        answer.close()
        return answer.status, body
    except urllib3.exceptions.HTTPError as error:
        raise Unreadable("network-unreachable", f"{url}: {why(error)}") from None
