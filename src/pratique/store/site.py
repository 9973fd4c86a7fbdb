"""A site of pages on the disk: which files it may have, and with what each is served, whoever serves it.

    folder | pratique-site-….tar.gz -> opened -> files          name -> headers -> our server · nginx · Caddy

1. There is one policy, and it is here: our server sends it (`server.site_application`), and `pratique web headers`
   prints it for others.
2. Every response has it, whatever it is: a worker's script has no policy of its page's, but its own.
3. A name with a digest is kept for ever; what has none (pages, the service worker, the data's index) is asked for
   anew each time, and answered 304 where nothing is new.
4. An archive is a stranger's until it is read: no name leads outside, no size is believed, no link is followed.
"""

from __future__ import annotations

import io
import re
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from pratique.errors import DocumentRefused
from pratique.store import files, sources

LARGEST, LARGEST_ARCHIVE, MOST_FILES = 64 * 1024 * 1024, 256 * 1024 * 1024, 2000
"""Bytes of one file of a site; of all of an archive, unpacked; how many files it may have."""

CONTENT_POLICY: Mapping[str, str] = {
    # Nothing but what is named below, from nowhere but the site itself.
    "default-src": "'none'",
    # WebAssembly is compiled; a text is never run.
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self'",
    "connect-src": "'self'",
    "style-src": "'self'",
    # Frames of the camera and codes that were drawn are made in the page.
    "img-src": "'self' blob: data:",
    "media-src": "'self' blob:",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    # No other page shows this one within itself, with something of its own on top.
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "pratique",
}
_ASKED = (
    "camera", "fullscreen", "publickey-credentials-create", "publickey-credentials-get", "screen-wake-lock",
)  # fmt: skip
_NEVER_ASKED = (
    "accelerometer", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi",
    "payment", "serial", "usb",
)  # fmt: skip
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "; ".join(
        f"{name} {value}" for name, value in CONTENT_POLICY.items()
    ),
    # What of a device the pages ask for, and what no page of this site ever may.
    "Permissions-Policy": ", ".join(
        [*(f"{name}=(self)" for name in _ASKED), *(f"{name}=()" for name in _NEVER_ASKED)]
    ),
    # A link that is followed tells nobody where from.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""What every response says."""
FOR_EVER, ANEW = "public, max-age=31536000, immutable", "no-cache"
_HEX = "[0-9a-f]"
DIGEST = f"-{_HEX}{{12}}[./]"
"""How a name with a digest is told from others; web/build/names.mjs makes them."""
KINDS: Mapping[str, str] = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".txt": "text/plain",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".zip": "application/zip",
    ".so": "application/octet-stream",
    ".bin": "application/octet-stream",
}
"""What a site consists of: by how a name ends, of what kind it is. Texts are UTF-8."""
PACKED: Mapping[str, str] = {"br": ".br", "gzip": ".gz"}
"""Encodings in which a file may lie beside itself, the smallest first."""
_NAME = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)*[A-Za-z0-9][\w.-]*", re.ASCII)


def is_name(name: str) -> bool:
    """Say whether a site may have a file of this name: none that is hidden, none that leads upward."""
    return _NAME.fullmatch(name) is not None and Path(name).suffix in KINDS


def headers(name: str) -> dict[str, str]:
    """Return what a file is served with."""
    kind = KINDS[Path(name).suffix]
    kept = FOR_EVER if re.search(DIGEST, name) else ANEW
    charset = "; charset=utf-8" if kind.startswith("text/") else ""
    return {**HEADERS, "Content-Type": kind + charset, "Cache-Control": kept}


def read(folder: Path, name: str, accepted: str = "") -> tuple[bytes, str] | None:
    """Return a file of a site and its encoding, packed as whoever asks takes it; None if there is none."""
    taken = {part.partition(";")[0].strip() for part in accepted.lower().split(",")}
    for encoding in [*(name for name in PACKED if name in taken), ""]:
        try:
            path = files.within(folder, name + PACKED.get(encoding, ""))
            return files.read(path, LARGEST, named=False), encoding
        except OSError:
            continue
    return None


# ----------------------------------------------------------------------------------------------------
# A built site, as a folder or as the archive of a release.


def opened(source: Path) -> dict[str, bytes]:
    """Return a built site's files by their names, packed ones among them.

    Raises:
        DocumentRefused: `site-malformed`. Unreadable: there is no such file.
    """
    if source.is_dir():
        names = sorted(
            str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()
        )
        return {
            name: sources.read_bytes(source / name, LARGEST, named=False)
            for name in (name.replace("\\", "/") for name in names)
            if _belongs(name)
        }
    try:
        return _unpacked(sources.read_bytes(source, LARGEST_ARCHIVE))
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise refused(source) from error


def refused(source: Path) -> DocumentRefused:
    """Return what to raise where something is no built site."""
    return DocumentRefused(
        "site-malformed",
        f"{source}: this is no built site",
        "name the archive of a release, pratique-site-….tar.gz, or build it: make web",
    )


def _unpacked(data: bytes) -> dict[str, bytes]:
    names: dict[str, bytes] = {}
    size = 0
    with tarfile.open(fileobj=io.BytesIO(data), mode="r|gz") as archive:
        for member in archive:
            # Everything lies in one folder, which has the version in its name.
            name = member.name.partition("/")[2]
            if not member.isreg() or not _belongs(name):
                continue
            size += member.size
            if size > LARGEST_ARCHIVE or len(names) >= MOST_FILES:
                raise tarfile.TarError("too large")
            content = archive.extractfile(member)
            assert content is not None
            names[name] = content.read()
    return names


def _belongs(name: str) -> bool:
    return is_name(name.removesuffix(PACKED["br"]))


# ----------------------------------------------------------------------------------------------------
# The same headers for other servers.


def nginx() -> str:
    """Return what belongs into a `server` block of nginx's."""
    # A location that adds one header inherits none: both name them all.
    kept, anew = (
        "\n".join(f'    add_header {name} "{value}" always;' for name, value in table.items())
        for table in ({**HEADERS, "Cache-Control": FOR_EVER}, {**HEADERS, "Cache-Control": ANEW})
    )
    kinds: dict[str, list[str]] = {}
    for ending, kind in KINDS.items():
        kinds.setdefault(kind, []).append(ending.removeprefix("."))
    types = "\n".join(f"    {kind} {' '.join(endings)};" for kind, endings in kinds.items())
    texts = " ".join(kind for kind in kinds if kind.startswith("text/") and kind != "text/html")
    return f"""\
# A site of `pratique web build`, in a server block of nginx; written by `pratique web headers --for nginx`.
# root names the folder; TLS is yours: a browser gives camera and keys to https and localhost only.
index index.html;
access_log off;
gzip_static on;
types {{
{types}
}}
default_type application/octet-stream;
charset utf-8;
charset_types {texts};
location / {{
{anew}
}}
location ~ "{DIGEST}" {{
{kept}
}}
"""


def caddy() -> str:
    """Return what belongs into a site's block of a Caddyfile."""
    lines = "\n".join(f'\t{name} "{value}"' for name, value in HEADERS.items())
    # Braces in a Caddyfile are placeholders.
    digest = DIGEST.replace("{12}", "").replace(_HEX, _HEX * 12)
    return f"""\
# A site of `pratique web build`, in a site's block of a Caddyfile; written by `pratique web headers --for caddy`.
# root names the folder: root * /var/www/pratique
header {{
{lines}
}}
@kept path_regexp {digest}
@anew not path_regexp {digest}
header @kept Cache-Control "{FOR_EVER}"
header @anew Cache-Control "{ANEW}"
file_server {{
\tprecompressed br gzip
}}
"""


PRINTED = {"nginx": nginx, "caddy": caddy}
