"""States of real trust lists and folders, counted again from their files with `json` and `cryptography` alone.

    did.json, x5c -> counted -> (state, pieces, live, until) by participant and domain -> the same as ours

1. Nothing that counts here is ours: what is compared is the JSON and the table that a person gets.
2. Three instants are stated, with totals that can be checked by hand; two more lie far out.
"""

from __future__ import annotations

import base64
import json
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning

from pratique.cli.main import network

AT = ("2026-08-22T18:00:02Z", "2026-11-22T00:00:00Z", "2027-09-15T12:00:00Z")
FAR = ("2022-01-01T00:00:00Z", "2024-06-01T00:00:00Z")
Place = tuple[str, str]
ROLES = ("SCA", "UP", "TLS", "DSC", "DECA", "DESC")


class Told(NamedTuple):
    """How one need of a participant is met: state, keys, live keys, end of the last one."""

    state: str
    pieces: int
    live: int
    until: str | None


class Span(NamedTuple):
    """When a key serves; both None if that cannot be read."""

    start: datetime | None
    end: datetime | None


def told(spans: Iterable[Span], at: datetime) -> Told:
    """Count what serves at an instant, as the handbook says it."""
    found = list(spans)
    read = [(s.start, s.end) for s in found if s.start is not None and s.end is not None]
    live = [end for start, end in read if start <= at <= end]
    over = [end for _, end in read if end < at]
    if live:
        state = "expiring" if (max(live) - at).days <= 90 else "live"
        return Told(state, len(found), len(live), f"{max(live):%Y-%m-%dT%H:%M:%SZ}")
    if over:
        return Told("lapsed", len(found), 0, f"{max(over):%Y-%m-%dT%H:%M:%SZ}")
    return Told("unverifiable", len(found), 0, None)


def certificate(der: bytes) -> x509.Certificate | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            found = x509.load_der_x509_certificate(der)
            found.public_key()
        except Exception:  # noqa: BLE001 - whatever another's parser says of it
            return None
        return found


def issued(one: x509.Certificate, ca: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(ca)
    except Exception:  # noqa: BLE001 - not issued by it, or not by a kind that is known
        return False
    return True


def counted(document: dict[str, Any], at: datetime) -> dict[Place, Told]:
    """Count a DID document's signers by participant and domain."""
    signers: dict[Place, dict[str, x509.Certificate | None]] = defaultdict(dict)
    authorities: list[x509.Certificate] = []
    for method in document["verificationMethod"]:
        code = {
            name: method[name]["code"].lstrip("#") for name in ("participant", "domain", "keyusage")
        }
        texts = method["publicKeyJwk"].get("x5c", [])
        chain = [certificate(base64.b64decode(text)) for text in texts]
        place = (code["participant"].upper(), code["domain"].upper())
        own = signers[place]
        if code["keyusage"] == "DSC":
            own[texts[0]] = chain[0]
            authorities += [ca for ca in chain[1:] if ca is not None]
        elif code["keyusage"] in {"SCA", "CSCA"}:
            authorities += [ca for ca in chain if ca is not None]
    return {
        place: told((span(one, authorities) for one in own.values()), at)
        for place, own in signers.items()
    }


def signs(one: x509.Certificate) -> bool:
    """Tell whether KeyUsage lets a key sign documents (RFC 5280 §4.2.1.3), if it is there."""
    try:
        return one.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    except Exception:  # noqa: BLE001 - it is not there, or not to be read
        return True


def span(one: x509.Certificate | None, authorities: list[x509.Certificate]) -> Span:
    if one is None or not signs(one):
        return Span(None, None)
    ends = [ca.not_valid_after_utc for ca in authorities if ca != one and issued(one, ca)]
    # A signing CA that was renewed with the same key has several ends: the last one holds.
    end = min([one.not_valid_after_utc, *([max(ends)] if ends else [])])
    return Span(one.not_valid_before_utc, end)


def shown(*words: str | Path) -> Any:
    found = CliRunner().invoke(network, ["status", *map(str, words), "--format", "json"])
    return json.loads(found.stdout)["participants"]


def ours(rows: Any) -> dict[Place, Told]:
    return {
        (row["participant"], row["domain"]): Told(
            row["state"], one["pieces"], one["live"], one["until"]
        )
        for row in rows
        for one in row["strands"]
    }


def trees(corpora: Path) -> list[Path]:
    found = sorted((corpora / "tng-trustlist").rglob("did.json"))
    assert len(found) == 86
    return found


@pytest.mark.parametrize("text", [*AT, *FAR])
def test_every_tree_is_counted_alike(corpora: Path, text: str) -> None:
    at, compared = datetime.fromisoformat(text), 0
    for path in trees(corpora):
        found = counted(json.loads(path.read_bytes()), at)
        assert ours(shown(path, "--at", text)) == found, path
        compared += len(found)
    assert compared == 202


@pytest.mark.parametrize(
    ("text", "states", "live"),
    [
        (AT[0], {"live": 39, "expiring": 9, "lapsed": 8, "unverifiable": 34}, 91),
        (AT[1], {"live": 39, "lapsed": 17, "unverifiable": 34}, 62),
        (AT[2], {"live": 15, "expiring": 19, "lapsed": 22, "unverifiable": 34}, 52),
    ],
)
def test_the_totals_that_are_stated(
    corpora: Path, text: str, states: dict[str, int], live: int
) -> None:
    root = corpora / "tng-trustlist/dev/v2/trustlist/did.json"
    found = counted(json.loads(root.read_bytes()), datetime.fromisoformat(text))
    assert Counter(one.state for one in found.values()) == states
    assert sum(one.live for one in found.values()) == live
    assert sum(one.pieces for one in found.values()) == 109


def test_a_day_makes_a_difference_to_the_count(corpora: Path) -> None:
    root = json.loads((corpora / "tng-trustlist/dev/v2/trustlist/did.json").read_bytes())
    first, second = (counted(root, datetime(2026, 10, day, tzinfo=UTC)) for day in (9, 11))
    assert {place for place in first if first[place].state != second[place].state} == {
        ("BLZ", "PH4H"), ("COL", "PH4H"), ("PER", "DCC"),
    }  # fmt: skip


def folder(place: Path) -> dict[Place, dict[str, list[Span]]]:
    """Read the first certificate of each file of a participant's folder, by domain and role."""
    found: dict[Place, dict[str, list[Span]]] = {}
    for path in sorted(place.rglob("*.pem")):
        if path.parent.name not in ROLES or path.name == "CA.pem":
            continue
        key = (place.name, path.parent.parent.name)
        own = found.setdefault(key, {role: [] for role in ROLES[:3]})
        lines = path.read_text("latin-1").partition("-----BEGIN CERTIFICATE-----")[2]
        try:
            der = base64.b64decode(lines.partition("-----END")[0])
        except ValueError:
            der = b""
        one = certificate(der)
        dates = (None, None) if one is None else (one.not_valid_before_utc, one.not_valid_after_utc)
        own.setdefault(path.parent.name, []).append(Span(*dates))
    return found or {(place.name, ""): {role: [] for role in ROLES[:3]}}


@pytest.mark.parametrize("environment", ["dev", "uat"])
@pytest.mark.parametrize("text", AT)
def test_every_folder_is_counted_alike(corpora: Path, environment: str, text: str) -> None:
    at, place = datetime.fromisoformat(text), corpora / "tng-participants" / environment
    found = {
        (key, role): told(spans, at)
        for path in sorted(place.iterdir())
        if (path / "onboarding").is_dir()
        for key, roles in folder(path).items()
        for role, spans in roles.items()
    }
    rows = shown(place, "--at", text)
    assert len(found) > 80
    assert {
        ((row["participant"], row["domain"]), one["need"]): Told(
            one["state"], one["pieces"], one["live"], one["until"]
        )
        for row in rows
        for one in row["strands"]
    } == found


@pytest.mark.parametrize("text", AT)
def test_table_and_json_say_the_same(corpora: Path, text: str) -> None:
    root = corpora / "tng-trustlist/dev/v2/trustlist/did.json"
    found = CliRunner().invoke(network, ["status", str(root), "--at", text])
    assert list(_cells(found.stdout)) == [
        (
            row["participant"], row["domain"], row["state"], (one["until"] or "-")[:10],
            "-" if one["days_left"] is None else str(one["days_left"]),
            f"{one['live']} of {one['pieces']} signer",
        )
        for row in shown(root, "--at", text)
        for one in row["strands"]
    ]  # fmt: skip


def _cells(table: str) -> Iterator[tuple[str, ...]]:
    first, *lines = table.splitlines()
    starts = [first.index(word) for word in first.split()]
    for line in lines[:-1]:
        yield tuple(line[a:b].strip() for a, b in pairwise(starts))
