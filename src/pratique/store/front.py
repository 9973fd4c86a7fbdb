"""The server in front of a gateway, which ends TLS: nginx, HAProxy or Caddy, with a configuration that we write.

    first of them that is installed -> configuration in a folder of ours -> its own check of it -> started, as our child
    -> it listens | why it does not                       SIGTERM -> it ends what it has begun -> ended

1. It asks each client for a certificate and verifies none: who is unknown hears 401 from the API, and not a broken
   handshake. That the client has the certificate's key is proven by TLS.
2. It hands the certificate on in the headers that we believe, and takes away what a client sends under their names.
3. No body and no answer reaches a file: they hold revocation hashes. No log names a client: neither its address, nor
   what it asked for.
4. It runs as our user, since it must open our socket, which is for our user alone; it dies with us, however we end.
5. A path in a configuration has letters, digits and `/._-+@,=~` only: in none of the three is one of them syntax.

nginx calls a certificate wrong that has ended, or has a short key, whatever it was told: such a request (495) goes the
same way as all. On that way it compares no Content-Length with its limit, and would write the rest to a file. HAProxy must name an authority to ask for certificates; it is not to tell its name, which Java's
clients choose by.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from pratique.errors import Unreadable, UsageError
from pratique.store import files
from pratique.text import printable

STOPPING, STARTING = 30.0, 20.0
"""Seconds in which it must have ended what it has begun; in which it must listen."""
PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin")
_PATH = re.compile(r"/[A-Za-z0-9/._+@,=~-]*")
_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+")
BODY, HEAD, BODY_TIME, IDLE, ANSWER = 1_000_000, 15, 15, 60, 60
"""Bytes of a body; seconds for headers, from one piece of a body to the next, between requests, for an answer."""
FILES = 100_000_000
"""Bytes of a body where whole files are sent."""
FROM_ONE = 256
"""Requests at a time from one address: one sender of drops must not use up all connections."""


class FrontKind(StrEnum):
    """A server that ends TLS; the first that is installed is taken."""

    NGINX = "nginx"
    HAPROXY = "haproxy"
    CADDY = "caddy"


class Place(NamedTuple):
    """Where a front listens, and what it needs.

    Attributes:
        host, port: where it listens.
        certificate: PEM, the server's with those above it.
        key: PEM.
        socket: the gateway's.
        folder: its own, for its files.
        body: bytes of a body, a power of ten.
        keeps_host: hand on under which name it was asked for; what is behind judges it. Bodies go on as they come.
    """

    host: str
    port: int
    certificate: Path
    key: Path
    socket: Path
    folder: Path
    body: int = BODY
    keeps_host: bool = False


class Running:
    """A front that runs."""

    def __init__(self, kind: FrontKind, process: subprocess.Popen[bytes]) -> None:
        self.kind, self.process = kind, process
        self._end: float | None = None

    @property
    def was_stopped(self) -> bool:
        """Whether somebody asked it to end."""
        return self._end is not None

    def stop(self) -> None:
        """Have it end what it has begun, and take nothing more; a second time, at once."""
        if self._end is None:
            self._end = time.monotonic() + STOPPING
            self.process.send_signal(_GENTLY[self.kind])
        else:
            self.process.kill()

    def has_ended(self) -> bool:
        """Tell whether it runs no more; one that was asked to end, and does not in time, is ended."""
        if self._end is not None and time.monotonic() > self._end:
            self.process.terminate()
        return self.process.poll() is not None

    def close(self) -> None:
        """End it, and wait until it has."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOPPING)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


_GENTLY = {
    FrontKind.NGINX: signal.SIGQUIT,
    FrontKind.HAPROXY: signal.SIGUSR1,
    FrontKind.CADDY: signal.SIGTERM,
}
"""The signal by which each ends in order."""


def chosen(kind: FrontKind | None = None) -> tuple[FrontKind, str]:
    """Return the front that was asked for, or the first that is installed, and its program.

    Raises:
        UsageError: `front-missing`.
    """
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *PLACES))
    for each in (kind,) if kind is not None else tuple(FrontKind):
        program = shutil.which(each.value, path=path)
        if program is not None:
            return each, program
    names = kind.value if kind is not None else "none of nginx, HAProxy, Caddy"
    raise UsageError(
        "front-missing",
        f"{names} is installed here" if kind is None else f"{names} is not installed here",
        "install one, for instance: apt install nginx-light; or end TLS yourself: --socket PATH",
    )


def configuration(kind: FrontKind, place: Place) -> str:
    """Return the configuration of a front.

    Raises:
        UsageError: `front-path`, `front-host`: a path or a name that none of them is handed.
    """
    for path in (place.certificate, place.key, place.socket, place.folder):
        if not _PATH.fullmatch(str(path)):
            raise UsageError(
                "front-path",
                f"{path}: no server in front is handed such a path",
                "take one of letters, digits and /._-+@,=~, from the root on",
            )
    if not _HOST.fullmatch(place.host):
        raise UsageError("front-host", f"{place.host}: this is no address to listen on")
    return WRITTEN[kind](place)


def _nginx(place: Place) -> str:
    folder = place.folder
    # Started by root, it would have its workers run as somebody who cannot open the socket.
    user = "" if os.geteuid() else f"user {pwd.getpwuid(0).pw_name};\n"
    return f"""\
# nginx in front of a gateway of Pratique. It runs as the gateway's own user, who alone may open the socket.
daemon off;
{user}worker_processes auto;
pid {folder}/nginx.pid;
# An error's line names the client's address, at any level.
error_log /dev/null emerg;

events {{
    worker_connections 1024;
}}

http {{
    access_log off;
    server_tokens off;
    default_type application/octet-stream;

    # Bodies and answers hold revocation hashes: neither reaches a file.
    client_max_body_size {place.body};
    client_body_buffer_size {min(place.body, BODY)};
    client_body_temp_path {folder}/client_body;
    proxy_temp_path {folder}/proxy;
    proxy_max_temp_file_size 0;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;

    # Who sends in drops is dropped.
    client_header_timeout {HEAD}s;
    client_body_timeout {BODY_TIME}s;
    send_timeout {IDLE}s;
    keepalive_timeout {IDLE}s;
    limit_conn_zone $binary_remote_addr zone=senders:1m;
    limit_conn senders {FROM_ONE};

{_nginx_server(place)}}}
"""


def _nginx_server(place: Place) -> str:
    host = _bracketed(place.host)
    return f"""\
    # As many digits and more: beyond the limit.
    map $content_length $is_large {{
        default 0;
        "~^{_digits(place)}" 1;
    }}

    upstream gateway {{
        server unix:{place.socket};
    }}

    server {{
        listen {host}:{place.port} ssl;
        ssl_certificate {place.certificate};
        ssl_certificate_key {place.key};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_tickets off;
        ssl_session_cache off;
        # Any certificate, or none: the gateway says 401.
        ssl_verify_client optional_no_ca;
        ssl_verify_depth 9;
        underscores_in_headers off;
        ignore_invalid_headers on;
        # A certificate that has ended, or has a short key, is the gateway's to judge too.
        error_page 495 496 = @gateway;

        gzip off;
        proxy_http_version 1.1;
        proxy_read_timeout {ANSWER}s;
        proxy_set_header Host {"$http_host" if place.keeps_host else "gateway"};
        proxy_request_buffering {"off" if place.keeps_host else "on"};
        proxy_set_header Connection close;
        proxy_set_header X-Forwarded-For "";
        # $ssl_client_fingerprint is SHA-1; the certificate goes on whole.
        proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;
        proxy_set_header X-SSL-Client-SHA256 "";
        proxy_set_header X-SSL-Client-DN "";

        location / {{
            proxy_pass http://gateway;
        }}
        location @gateway {{
            # The limit is not looked at on the way to here, and what is beyond the buffer would reach a file.
            if ($is_large) {{
                return 413;
            }}
            proxy_pass http://gateway;
        }}
    }}
"""


def _digits(place: Place) -> str:
    return "[0-9]" * len(str(place.body))


def _haproxy(place: Place) -> str:
    host = _bracketed(place.host)
    return f"""\
# HAProxy in front of a gateway of Pratique. It runs as the gateway's own user, who alone may open the socket.
# The key of {place.certificate} lies beside it as {place.certificate}.key (a link will do).
global
    maxconn 1024
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
    tune.ssl.cachesize 0

defaults
    # No line "log": nothing is written of any request.
    mode http
    timeout connect 5s
    timeout http-request {HEAD}s
    timeout http-keep-alive {IDLE}s
    timeout client {BODY_TIME}s
    timeout server {ANSWER}s
    # A kept connection to the gateway may end while it is asked.
    option http-server-close

frontend tls
    # Any certificate, or none: the gateway says 401. The file of authorities is named since there must be one.
    bind {host}:{place.port} ssl crt {place.certificate} alpn http/1.1 verify optional ca-file {place.certificate} no-ca-names ca-ignore-err all crt-ignore-err all
    http-request deny deny_status 413 if {{ req.body_size gt {place.body} }}
    http-request del-header X-SSL-Client- -m beg
    http-request del-header X-Forwarded-For
    http-request set-header X-SSL-Client-SHA256 %[ssl_c_der,sha2(256),base64] if {{ ssl_c_used }}
    http-request set-header X-SSL-Client-DN %[ssl_c_s_dn(,0,rfc2253)] if {{ ssl_c_used }}
    default_backend gateway

backend gateway
    server gateway unix@{place.socket}
"""


def _caddy(place: Place) -> str:
    return f"""\
# Caddy in front of a gateway of Pratique. It runs as the gateway's own user, who alone may open the socket.
{{
	admin off
	auto_https off
	grace_period {int(STOPPING)}s
	# A line names the client's address.
	log {{
		output discard
	}}
	servers {{
		protocols h1
		max_header_size 16KB
		timeouts {{
			read_header {HEAD}s
			read_body {2 * BODY_TIME}s
			write {ANSWER}s
			idle {IDLE}s
		}}
		# One site for all names: none is protected by another's certificates.
		strict_sni_host insecure_off
	}}
}}

:{place.port} {{
	bind {place.host}
	tls {place.certificate} {place.key} {{
		# Any certificate, or none: the gateway says 401.
		client_auth {{
			mode request
		}}
	}}
	# What is announced as longer is not begun to be sent on; what is longer unannounced is cut.
	@large header_regexp Content-Length ^{_digits(place)}
	respond @large 413
	request_body {{
		max_size {place.body}
	}}
	reverse_proxy unix/{place.socket} {{
		header_up Host {"{http.request.hostport}" if place.keeps_host else "gateway"}
		header_up -X-SSL-Client-Cert
		header_up -X-Forwarded-*
		header_up X-SSL-Client-SHA256 {{tls_client_fingerprint}}
		header_up X-SSL-Client-DN {{tls_client_subject}}
		transport http {{
			keepalive off
			compression off
		}}
	}}
}}
"""


WRITTEN: dict[FrontKind, Callable[[Place], str]] = {
    FrontKind.NGINX: _nginx,
    FrontKind.HAPROXY: _haproxy,
    FrontKind.CADDY: _caddy,
}


def start(kind: FrontKind, program: str, place: Place) -> Running:
    """Write a front's configuration, have it check that, and start it; return once it listens.

    Raises:
        UsageError: `front-path`, `front-host`, `front-refused`: what it says of its configuration.
        Unreadable: `file-unusable`; `address-unusable`; `front-ended`: it does not listen.
    """
    with files.usable(place.folder):
        files.folder(place.folder)
        if kind is FrontKind.HAPROXY:
            place = _linked(place)
        written = place.folder / f"{kind.value}.conf"
        files.replace(written, configuration(kind, place).encode())
    environment = {**os.environ, **dict.fromkeys(_HOMES, str(place.folder))}
    _check(kind, program, place, environment)
    named = {"program": program, "folder": str(place.folder), "file": str(written)}
    run = _COMMANDS[kind][1]
    # Its words may name a client's address: nobody hears them. Its own group: Ctrl-C is ours to hand on.
    process = subprocess.Popen(  # noqa: S603 - as above
        [part.format_map(named) for part in run], env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=end_with(os.getpid()),  # noqa: PLW1509
    )  # fmt: skip
    running = Running(kind, process)
    try:
        _await(running, place)
    except BaseException:
        running.close()
        raise
    return running


def _check(kind: FrontKind, program: str, place: Place, environment: Mapping[str, str]) -> None:
    """Have a front check its configuration, and see that its port is free, without being seen on it.

    Whoever waits for the port must not meet what only tries it: nginx listens where it checks, so that it checks
    with a socket in our folder, and the port is taken here without listening.
    """
    from pratique.store import server  # noqa: PLC0415 - whoever only prints a configuration needs no server

    server.bound(place.host, place.port, listens=False).close()
    tried, own = place.folder / f"{kind.value}.check", place.socket.with_name("check.sock")
    text = configuration(kind, place)
    if kind is FrontKind.NGINX:
        text = text.replace(
            f"listen {_bracketed(place.host)}:{place.port} ssl;", f"listen unix:{own} ssl;"
        )
    files.replace(tried, text.encode())
    named = {"program": program, "folder": str(place.folder), "file": str(tried)}
    said = subprocess.run(  # noqa: S603 - the program was looked for by its own name
        [part.format_map(named) for part in _COMMANDS[kind][0]], check=False, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    tried.unlink()
    own.unlink(missing_ok=True)
    if said.returncode:
        lines = said.stdout.decode("utf-8", "replace").strip().splitlines() or [""]
        why = _WORST.sub("", next((line for line in lines if _WORST.match(line)), lines[-1]))
        raise UsageError(
            "front-refused",
            printable(f"{kind.value} does not start: {why}"),
            "are certificate and key PEM files, of each other, and may we read them?",
        )


def _bracketed(host: str) -> str:
    """Return an address as it stands before a port (RFC 3986 §3.2.2)."""
    return f"[{host}]" if ":" in host else host


_HOMES = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
"""Where Caddy would keep files."""
_WORST = re.compile(r"[0-9/: ]*\[emerg\] [0-9#]+: |\[ALERT\] *\([0-9]+\) : |Error: ")
"""How the line begins with which each says why it does not start."""
_COMMANDS: dict[FrontKind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    FrontKind.NGINX: (
        ("{program}", "-t", "-q", "-e", "stderr", "-p", "{folder}", "-c", "{file}"),
        ("{program}", "-e", "/dev/null", "-p", "{folder}", "-c", "{file}"),
    ),
    FrontKind.HAPROXY: (
        ("{program}", "-c", "-f", "{file}"),
        ("{program}", "-db", "-f", "{file}"),
    ),
    FrontKind.CADDY: (
        ("{program}", "validate", "--config", "{file}", "--adapter", "caddyfile"),
        ("{program}", "run", "--config", "{file}", "--adapter", "caddyfile"),
    ),
}
"""How each is asked whether it takes a configuration, and how it runs with it."""


def _linked(place: Place) -> Place:
    """Return a place whose key lies where HAProxy looks for it: no second copy of it is made."""
    certificate = place.folder / "server.pem"
    for path, aim in (
        (certificate, place.certificate),
        (place.folder / "server.pem.key", place.key),
    ):
        path.unlink(missing_ok=True)
        path.symlink_to(aim)
    return place._replace(certificate=certificate)


_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> Callable[[], None] | None:
    """Return what a child of ours does before it runs, so that it ends when we are killed (prctl(2); Linux alone has it)."""
    if sys.platform != "linux":
        return None
    import ctypes  # noqa: PLC0415 - in the parent: a child of a process with threads must load nothing

    prctl = ctypes.CDLL(None).prctl

    def before() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return before


def _await(running: Running, place: Place) -> None:
    """Wait until it listens."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place.host, place.host)  # noqa: S104
    end, pause = time.monotonic() + STARTING, threading.Event()
    while time.monotonic() < end and not running.has_ended():
        with suppress(OSError), socket.create_connection((host, place.port), STARTING):
            return
        pause.wait(0.02)
    raise Unreadable(
        "front-ended",
        f"{running.kind.value} does not listen on {place.host}, port {place.port}",
        "may we listen there? see what it says itself: pratique gateway front DIR …",
    )
