"""Ask a gateway over TLS, with a client certificate.

    URL, TLS certificate, key -> Connection.ask(method, path, body, headers) -> status, headers, body

1. The server's certificate is verified, by the system's authorities or by those in a file that was named; it is never
   let pass.
2. Every answer is bounded, in time and in bytes, as `http.bounded` has it; no redirect is followed. It is asked anew
   only where the server was not reached: whether it took an upload is not known otherwise.
3. The client's key goes to OpenSSL from its file, and is kept by nobody else. A password is asked for if it is encrypted.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pratique.errors import Unreadable, UsageError
from pratique.store import http
from pratique.store.http import Allowance

if TYPE_CHECKING:
    import urllib3

SECONDS, SIZE = 3600, 4 * 1024 * 1024 * 1024
"""What all answers to a command may take together."""
LARGEST = 64 * 1024 * 1024
"""Bytes of an answer, unpacked."""
HEADERS = {"User-Agent": "pratique", "Accept-Encoding": "gzip"}


class Reply(NamedTuple):
    """What a gateway answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """A gateway, by its address, and who we are to it."""

    url: str

    def __init__(
        self,
        url: str,
        certificate: Path,
        key: Path,
        secret: Callable[[str], str],
        ca: Path | None = None,
    ) -> None:
        """Open the client's key; nobody is asked yet.

        Args:
            url: of the gateway: https://HOST[:PORT][/PATH].
            certificate, key: of the TLS client, PEM.
            secret: asked for the key's password, if it has one.
            ca: authorities of the server's certificate, PEM; the system's.

        Raises:
            UsageError: `gateway-url`, `key-password`.
            Unreadable: `tls-unusable`: a file is none of those.
        """
        if not http.is_address(url) or not url.startswith("https:"):
            # It is not repeated: there may be a password in it.
            raise UsageError(
                "gateway-url", "this is no web address of a gateway", "write it as https://HOST"
            )
        self.url, self._allowance = url.rstrip("/"), Allowance(SECONDS, SIZE)
        context = _context(certificate, key, secret, ca)
        self._pool = http.pool(0, context=context, read=http.READ)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        limit: int = LARGEST,
    ) -> Reply:
        """Send a request, and return what is answered, unchecked.

        Raises:
            Unreadable: `gateway-unreachable`, `gateway-slow`; `gateway-answer`: longer than `limit`, or damaged.
        """
        from urllib3.exceptions import DecodeError, HTTPError  # noqa: PLC0415 - as in `http`

        kept: dict[str, str] = {}
        request = partial(
            self._pool.request, method, self.url + path, body=body,
            headers={**HEADERS, **(headers or {})}, redirect=False, preload_content=False,
        )  # fmt: skip

        def begin() -> urllib3.BaseHTTPResponse:
            response = request()
            kept.update({name.lower(): value for name, value in response.headers.items()})
            return response

        try:
            status, came = http.bounded(begin, limit, self._allowance, packed=True)
        except DecodeError as error:
            raise self._failed("gateway-answer", http.why(error)) from None
        except HTTPError as error:
            raise self._failed("gateway-unreachable", http.why(error)) from None
        except TimeoutError:
            raise self._failed("gateway-slow", "its answer does not come to an end") from None
        if came is None:
            raise self._failed("gateway-answer", f"its answer is longer than {limit} bytes")
        return Reply(status, kept, came)

    def _failed(self, code: str, why: str) -> Unreadable:
        return Unreadable(
            code,
            f"{self.url}: {why}",
            "is it the right address, and the right authority of its certificate?",
        )


def _context(
    certificate: Path, key: Path, secret: Callable[[str], str], ca: Path | None
) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as error:
        raise Unreadable("tls-unusable", f"{ca}: there is no authority in it") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=lambda: secret(f"file:{key}"))
    except (OSError, ssl.SSLError):
        # No cause: it could tell what was tried with a password.
        problem = Unreadable(
            "tls-unusable",
            f"{certificate}, {key}: they are not certificate and key of a TLS client",
            "PEM files, of each other; is the password the right one?",
        )
    else:
        return context
    raise problem
