"""Run a folder of test cases through the public code: Pratique's own kit, and other people's.

    DIR/manifest.json -> the kind's reader -> ConformanceResult -> Agreement of the kind

1. Each case has its own clock; none is judged as of today.
2. A case that contradicts itself (`conforming: false`) is skipped, and so counted; so is a kind that
   no reader is there for. One that says how it is to be judged (`judge`) is left to its reader.
3. No case stops the others: whatever it makes its reader raise is that case's outcome.
4. The reader of the project's own kit is here. Readers of other people's collections are no part of what
   is installed: they are used where this package is run from its source tree, and lie there beside `src`.
   The folder that somebody stands in, or names, never brings code.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from pratique import errors, strict_json
from pratique.errors import ExtraMissing, PratiqueError, Unreadable
from pratique.revocation import cards, foreign
from pratique.revocation.revocations import Revocations
from pratique.revocation.tag_list import TagList
from pratique.snapshot import Snapshot
from pratique.store.sources import read_bytes
from pratique.strict_json import array
from pratique.terms import Algorithm, Environment, Kind
from pratique.trust.certificates import read_key
from pratique.trust.registry import ParticipantState, Registry, Suspension
from pratique.trust.signer import Signer, TrustList
from pratique.verification import Verification, verify

OWN = "pratique-vector"
NOT_READ = "no reader for this kind yet"
NO_KIND = "it names no kind"
NOT_INSTALLED = (
    "readers of other people's cases come with a clone of the source, not with the package"
)
SOURCE = Path(__file__).resolve().parents[2]
"""The folder that this package lies in: `src`, if it is run from its source tree."""


class ConformanceResult(NamedTuple):
    """Does Pratique agree with what a case expects?

    Attributes:
        agree: it does.
        detail: what was seen, in words, without content of the case.
        skipped: why the case was not run; empty if it was.
    """

    agree: bool
    detail: str
    skipped: str = ""


Case = dict[str, Any]
Reader = Callable[[Case, Path], ConformanceResult]


class Agreement(NamedTuple):
    """What came of all cases of one kind; `disagree` is id -> detail, `skipped` reason -> how many."""

    cases: int
    agree: int
    disagree: dict[str, str]
    skipped: dict[str, int]


def cases_of(directory: Path) -> dict[str, list[Case]]:
    """Return a folder's cases by kind; Unreadable `manifest-unreadable`."""
    kinds: dict[str, list[Case]] = {}
    try:
        for number, case in enumerate(
            array(strict_json.loads(read_bytes(directory / "manifest.json"))["cases"]), 1
        ):
            row = case if isinstance(case, dict) else {}
            kind = row.get("kind")
            named = {**row, "id": str(row.get("id", f"case {number}"))}
            kinds.setdefault(kind if isinstance(kind, str) else "", []).append(named)
    except (Unreadable, ValueError, KeyError, TypeError) as error:
        raise Unreadable(
            "manifest-unreadable",
            "there is no manifest of cases in this folder",
            "DIR holds manifest.json: {\"format\": …, \"cases\": [{\"id\", \"kind\", …}]}",
        ) from error  # fmt: skip
    return dict(sorted(kinds.items()))


def run(kind: str, cases: Iterable[Case], root: Path) -> Agreement:
    """Run all cases of one kind, whose files lie in `root`."""
    skipped: Counter[str] = Counter()
    disagree: dict[str, str] = {}
    outcomes = [(case["id"], _outcome(kind, case, root)) for case in cases]
    for name, result in outcomes:
        if result.skipped:
            skipped[result.skipped] += 1
        elif not result.agree:
            disagree[name] = result.detail
    agree = len(outcomes) - len(disagree) - skipped.total()
    return Agreement(len(outcomes), agree, disagree, dict(skipped))


def _outcome(kind: str, case: Case, root: Path) -> ConformanceResult:
    if not kind:
        return ConformanceResult(False, "", NO_KIND)
    try:
        reader = _reader_of(kind)
        if reader is None:
            return ConformanceResult(
                False, "", NOT_READ if _foreign_readers(SOURCE) else NOT_INSTALLED
            )
        if case.get("conforming") is False and "judge" not in case:
            return ConformanceResult(False, "", "the case contradicts itself")
        return reader(case, root)
    except ExtraMissing as error:
        return ConformanceResult(False, "", error.message)
    except PratiqueError as error:
        return ConformanceResult(False, f"the case cannot be read: {error.code}")
    except BaseException as error:
        if not errors.unforeseen(error):
            raise
        return ConformanceResult(False, f"the case cannot be read: {errors.place_of(error)}")


def _reader_of(kind: str) -> Reader | None:
    """Return the reader of a kind, or None."""
    if kind == OWN:
        return _kit_vector
    if (named := _foreign_readers(SOURCE).get(kind)) is None:
        return None
    module, _, name = named.partition(":")
    reader: Reader = getattr(import_module(f"conformance.{module}"), name)
    return reader


@cache
def _foreign_readers(source: Path) -> dict[str, str]:
    """Return kind -> "module:function" of the readers in the source tree; none without such a tree."""
    file = source.parent / "conformance/__init__.py"
    if source.name != "src" or not file.is_file():
        return {}
    # By its file, not by sys.path: `python -m pratique` looks into the current folder first.
    spec = importlib.util.spec_from_file_location("conformance", file)
    assert spec is not None
    assert spec.loader is not None
    package = sys.modules["conformance"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    readers: dict[str, str] = package.READERS
    return readers


# The project's own kit; `vectors/README.md` describes it.


def _kit_vector(case: Case, root: Path) -> ConformanceResult:
    """Verify one text at its clock, and compare the colour, the codes and the facts."""
    vector = _vectors(root / case["files"][0])[case["id"]]
    snapshot = snapshot_of(vector, root / case["trust"])
    seen = outcome(
        verify(vector["text"], snapshot=snapshot, at=datetime.fromisoformat(vector["clock"]))
    )
    expected = vector["expected"]
    facts = expected.get("facts")
    agree = all(seen[name] == expected[name] for name in ("colour", "findings")) and (
        facts is None or facts.items() <= (seen["facts"] or {}).items()
    )
    return ConformanceResult(agree, f"{seen['colour']}: {', '.join(seen['findings'])}")


def outcome(verification: Verification) -> dict[str, Any]:
    """Say in the kit's words what a verification came to."""
    codes = sorted({finding.code.name for finding in verification.verdict.findings})
    seen: dict[str, Any] = {"colour": verification.verdict.colour.value, "findings": codes}
    certificate, signer = verification.certificate, verification.signer
    if certificate is not None and signer is not None:
        birth = certificate.person.birth_date
        seen["facts"] = {
            "kind": certificate.kind.value,
            "domain": certificate.domain,
            "signed_by": signer.participant,
            "name": certificate.person.display_name(),
            "birth_date": None if birth is None else birth.text(),
        }
    else:
        seen["facts"] = None
    return seen


def snapshot_of(vector: Case, signers: Path) -> Snapshot:
    """Return what the verifier of a case holds."""
    return snapshot(signers, Environment(vector["environment"]), vector.get("network", ""))


@cache
def snapshot(path: Path, environment: Environment, network: str = "") -> Snapshot:
    """Make the snapshot of the kit's signers, of the revocations beside them, and of a network."""
    rows = strict_json.loads(read_bytes(path))["signers"]
    trust = TrustList(map(_signer, rows))
    revoked = path.with_name("revocations.json")
    revocations = _revocations(revoked) if revoked.exists() else None
    alone = Snapshot(
        number=1, created=0, environment=environment, trust=trust, revocations=revocations
    )
    if not network:
        return alone
    thumbprints = {row["name"]: _signer(row).thumbprint for row in rows}
    said = strict_json.loads(read_bytes(path.with_name("networks.json")))["networks"][network]
    members = {code: _member(row, thumbprints) for code, row in said["participants"].items()}
    return alone.replace(roll=Registry(published=_seconds(said["published"]), members=members))


@cache
def _vectors(path: Path) -> dict[str, Case]:
    return {row["id"]: row for row in strict_json.loads(read_bytes(path), halves=True)["cases"]}


def _signer(row: Case) -> Signer:
    key = base64.b64decode(row["spki"])
    end = row["sca_not_after"]
    return Signer(
        kid=bytes.fromhex(row["kid"]),
        participant=row["participant"],
        countries=frozenset(row["countries"]),
        algorithm=Algorithm(row["algorithm"]),
        public_key=key,
        usages=frozenset(map(Kind, row["usages"])),
        not_before=_seconds(row["not_before"]),
        not_after=_seconds(row["not_after"]),
        environment=Environment(row["environment"]),
        domain=row["domain"],
        thumbprint=hashlib.sha256(key).hexdigest(),
        sca_not_after=None if end is None else _seconds(end),
        reason="unreadable"
        if row["unreadable"]
        else read_key(key, edwards=row["domain"] == "DIVOC").reason,
        # A key of a scheme is pinned under its issuer's full name in it, and verifies nothing else.
        bound="issuer" in row,
        issuer=row.get("issuer", ""),
    )


def _member(row: Case, thumbprints: dict[str, str]) -> ParticipantState:
    return ParticipantState(
        expires=_seconds(row["expires"]),
        problem=row["problem"],
        suspensions=tuple(
            Suspension(_seconds(one["since"]), _seconds(one["until"]), one["reason"])
            for one in row["suspensions"]
        ),
        withdrawn=frozenset(thumbprints[name] for name in row["withdrawn"]),
    )


def _revocations(path: Path) -> Revocations:
    rows = strict_json.loads(read_bytes(path))
    revocations = Revocations(
        [TagList.from_bytes(base64.b64decode(row)) for row in rows["lists"]],
        slices=map(_slice, rows["slices"]),
    ).with_batches(map(foreign.read, rows["batches"]))
    return revocations.with_cards(cards.read(row["list"], row["issuer"]) for row in rows["cards"])


def _slice(row: Case) -> foreign.Slice:
    kid, form = base64.b64decode(row["kid"]), foreign.Form(row["form"])
    key = foreign.Key(row["country"], kid, foreign.HashType(row["hashType"]))
    return foreign.read_filter(base64.b64decode(row["data"]), key, form, row["offset"])


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
