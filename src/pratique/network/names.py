"""Where things lie in a repository, and how large they may be.

    metadata/3.root.json · metadata/timestamp.json · metadata/7.XUA.json · targets/XUA/SHA256.signers.json

1. All but the timestamp is named by its version or its digest, so that a mirror may keep it for ever.
2. A name is made of a role, a version and a digest only: nothing of who asks, nor of what was scanned.
3. A participant's code is upper case, so that it can be no role of the authority's.
4. A role's name is percent-encoded (TUF §4.5): `/`, `..` and `#` in one lead to no other file and folder.
"""

from __future__ import annotations

import re

TIMESTAMP_FILE = "metadata/timestamp.json"
SUSPEND = "suspend"
"""The role that can only take away, for a while."""
SUSPENSIONS = f"{SUSPEND}/list.json"
PARTICIPANTS = "network/participants.json"
VALUE_SETS = "network/value-sets.json"
AUTHORITY_PATH = "network/"
"""What the authority itself publishes lies here, and nowhere else."""

SIGNERS, RULES, CHOICES = "signers.json", "rules.json", "choices.json"
REVOCATIONS = re.compile(r"revocations-[0-9a-f]{2,128}-(\d{1,10}-\d{1,10}\.delta|\d{1,10}\.tags)")
"""A participant's list of a key, and a delta of it, by kid and version."""

CODE = re.compile(r"[A-Z][A-Z0-9]{1,7}")
FILE = re.compile(r"[a-z0-9][a-z0-9._-]{0,159}")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")

MAX_ROOT, MAX_TIMESTAMP, MAX_SNAPSHOT = 512_000, 16_384, 2_000_000
MAX_TARGETS, MAX_ROLE = 5_000_000, 512_000
MAX_FILE = 32 * 1024 * 1024
"""Bytes; a sender that never ends is cut off there."""
MAX_FILES_OF_ROLE = 2_048
MAX_EDITION = 96 * 1024 * 1024
"""Bytes of all files of a role: every verifier fetches and keeps them."""
MAX_NETWORK = 1500 * 1024**2
"""Bytes of all editions together, below what is held as one file."""
MAX_FILES = 45_000
"""Files of all editions together, below what is held as one file."""
SHARE_FILES, SHARE_SIZE = 16, 256 * 1024
"""What of that room is each participant's own, however much the others publish: for as many as there may be."""
MAX_SMALL = 2 * 1024 * 1024
MAX_ROOTS = 256
"""Successive roots that are followed in one go."""
MAX_PARTICIPANTS = 2_000
MAX_VERSION = 9_999_999_999
"""Ten digits: what is read from a name, and what may be written into one."""


def metadata(role: str, version: int) -> str:
    """Name a role's metadata of a version."""
    return f"metadata/{version}.{encoded(role)}.json"


def encoded(role: str) -> str:
    """Return a role's name as it stands in the name of a file, or in an address."""
    if _PLAIN.fullmatch(role):
        return role
    return "".join(
        chr(byte) if _PLAIN.fullmatch(chr(byte)) else f"%{byte:02X}"
        for byte in role.encode(errors="surrogatepass")
    )


def target(path: str, sha256: str) -> str:
    """Name a target's file, as consistent snapshots have it (TUF §6.2)."""
    folder, _, name = path.rpartition("/")
    return f"targets/{folder}/{sha256}.{name}"


def limit(role: str) -> int:
    """Return how large a role's metadata may be."""
    return {"root": MAX_ROOT, "snapshot": MAX_SNAPSHOT, "targets": MAX_TARGETS}.get(role, MAX_ROLE)


def limit_of(path: str) -> int:
    """Return how large a file of a delegated role may be; 0 for one that is not known."""
    folder, _, name = path.partition("/")
    if folder == SUSPEND:
        return MAX_SMALL if path == SUSPENSIONS else 0
    if name in {SIGNERS, RULES, CHOICES}:
        return MAX_SMALL
    return MAX_FILE if REVOCATIONS.fullmatch(name) else 0


def is_participants(role: str) -> bool:
    """Tell whether a role is a participant's."""
    return CODE.fullmatch(role) is not None
