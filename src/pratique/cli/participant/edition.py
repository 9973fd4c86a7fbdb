"""What a participant's next edition holds: what is published, with what is named put in its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pratique.cli import participant_home as homes
from pratique.crypto import make_x509, x509
from pratique.edges import files, issuer_home
from pratique.errors import UsageError
from pratique.network import choices, names
from pratique.revocation import delta, tag_list
from pratique.rules import documents
from pratique.trust import announced
from pratique.trust.governance import together

REASONS = announced.REASONS
"""Why a signer may be withdrawn."""
DELTAS = 16
"""Editions back from which a verifier may follow a list by deltas."""
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\s*", re.DOTALL)


class Wanted(NamedTuple):
    """What was named."""

    signers: tuple[Path, ...]
    domain: str
    withdraw: tuple[Path, ...]
    reason: str
    rules: tuple[Path, ...]
    choices: Path | None
    lists: Path | None


def made(
    folder: Path,
    home: homes.Home,
    held: Mapping[str, bytes],
    wanted: Wanted,
    *,
    sets: Mapping[str, list[str]],
    at: datetime,
) -> dict[str, bytes]:
    """Return the files of the next edition by path, over those that are published.

    Args:
        folder: the participant's.
        home: what is noted there.
        held: what is published, by path.
        wanted: what is to be put in its place.
        sets: the network's value sets.
        at: now.
    """
    code, found = home.participant.code, dict(held)
    path = f"{code}/{names.SIGNERS}"
    if wanted.signers or wanted.withdraw:
        found[path] = _signers(folder, home, found.get(path), wanted, at)
    if path not in found:
        raise UsageError(
            "signers-missing", "no signer is named or published", "name --signers PATH"
        )
    if wanted.rules:
        rules = files.rules_from(wanted.rules).rules
        if not rules:
            raise _nothing("rules", wanted.rules)
        rows = [documents.write(rule) for rule in rules]
        found[f"{code}/{names.RULES}"] = json.dumps(rows, indent=1, ensure_ascii=False).encode()
    if wanted.choices is not None:
        data = files.read_bytes(wanted.choices)
        found[f"{code}/{names.CHOICES}"] = choices.write(choices.read(data, sets))
    if wanted.lists is not None:
        found = {p: d for p, d in found.items() if not _is_list(p)} | _lists(
            code, wanted.lists, found
        )
    return found


def taken_back(home: homes.Home, remembered: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return what other keys must publish anew of what the old ones have said: all taken back, no more.

    What thieves of the old keys have listed as signers or rules is not signed with the new ones.
    """
    code = home.participant.code
    found = {path: data for path, data in remembered.items() if path.endswith(".tags")}
    data = remembered.get(f"{code}/{names.SIGNERS}")
    before = announced.parts(data) if data is not None else None
    if before is not None and before.withdrawn:
        found[f"{code}/{names.SIGNERS}"] = announced.write(
            code, home.environment, before.authorities, before.withdrawn
        )
    return found


def _signers(
    folder: Path, home: homes.Home, published: bytes | None, wanted: Wanted, at: datetime
) -> bytes:
    before = announced.parts(published) if published is not None else None
    # A key of two domains stands there twice: each listing binds it to one.
    live = {(one.certificate, one.domain): one for one in before.live} if before is not None else {}
    gone = {one.certificate: one for one in before.withdrawn} if before is not None else {}
    # Those that are no longer in use vouch for the signers that they have issued.
    cas = {
        make_x509.from_pem(issuer_home.read_certificate(folder, one.label))
        for one in home.owned
        if one.role == homes.SCA and one.not_after >= at.timestamp()
    }
    for der in _certificates(wanted.signers):
        if not x509.read(der).is_ca and der not in gone:
            live[der, wanted.domain] = announced.Published(der, wanted.domain)
    since = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for der in _certificates(wanted.withdraw):
        if der in gone:
            # By an earlier call that was interrupted.
            continue
        listed = [one for one in live.values() if one.certificate == der]
        if not listed:
            raise UsageError(
                "signer-unknown",
                "a signer that is to be withdrawn is not published",
                "name its certificate; if it was published just now: pratique sync",
            )
        gone[der] = listed[0]._replace(since=since, reason=wanted.reason)
    rows = [one for one in live.values() if one.certificate not in gone]
    authorities = {*cas, *(before.authorities if before is not None else ())}
    return announced.write(
        home.participant.code, home.environment, authorities, [*rows, *gone.values()]
    )


def doubted(home: homes.Home, made: Mapping[str, bytes], at: datetime) -> Iterator[str]:
    """Yield what verifiers would have against what stands above the signers of an edition."""
    one = home.participant
    found = announced.parts(made[f"{one.code}/{names.SIGNERS}"])
    authorities = tuple(map(x509.read, found.authorities))
    within = one.countries | {one.subject}
    for der in dict.fromkeys(listed.certificate for listed in found.live):
        record = x509.read(der)
        doubt = together.above_signer(record, authorities, at=int(at.timestamp()), within=within)
        if doubt is not None:
            yield f"the signer with kid {record.kid.hex()}: {doubt.says}"


def withdrawn(paths: tuple[Path, ...]) -> list[x509.X509Record]:
    """Return the signers that are named to be withdrawn."""
    return [x509.read(der) for der in _certificates(paths)]


def _certificates(paths: tuple[Path, ...]) -> Iterator[bytes]:
    for path in paths:
        found = [
            match[0]
            for file in (sorted(path.glob("*.pem")) if path.is_dir() else [path])
            for match in _PEM.finditer(files.read_bytes(file, named=file == path))
        ]
        if not found:
            raise _nothing("X.509 certificate", (path,))
        yield from map(make_x509.from_pem, found)


def _nothing(what: str, paths: tuple[Path, ...]) -> UsageError:
    # What was named by a slip must not take the place of what is published.
    named = ", ".join(map(str, paths))
    return UsageError("nothing-in-it", f"{named}: there is no {what} in it", "name another path")


def _is_list(path: str) -> bool:
    return path.endswith((".tags", ".delta"))


def _lists(code: str, folder: Path, held: Mapping[str, bytes]) -> dict[str, bytes]:
    lists = {tag_list.TagList.from_bytes(d).head.kid: tag_list.TagList.from_bytes(d)
             for p, d in held.items() if p.endswith(".tags")}  # fmt: skip
    deltas: dict[tuple[bytes, int], delta.Delta] = {}
    named = False
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        data = files.read_bytes(file, named=False)
        if data.startswith(tag_list.FORMAT):
            found = tag_list.TagList.from_bytes(data)
            lists[found.head.kid] = found
            named = True
        elif data.startswith(delta.FORMAT):
            step = delta.Delta.from_bytes(data)
            deltas[step.head.kid, step.head.version] = step
    made = {}
    if not named:
        raise _nothing("list of revocations", (folder,))
    for kid, found in lists.items():
        stem, newest = f"{code}/revocations-{kid.hex()}", found.head.version
        made[f"{stem}-{newest}.tags"] = found.to_bytes()
        for version in range(max(1, newest - DELTAS) + 1, newest + 1):
            step_to = deltas.get((kid, version))
            if step_to is not None:
                made[f"{stem}-{version - 1}-{version}.delta"] = step_to.to_bytes()
    return made
