"""`pratique conformance`: run a folder of other people's test cases through the public code.

    DIR/manifest.json -> reader of each kind -> Result -> table | JSON

1. Each case has its own clock; none is judged as of today.
2. A case that contradicts itself (`conforming: false`) is skipped, and so counted.
3. Exit 0 only if nothing disagrees; each case that does is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from conformance.result import Result
from pratique import strict_json
from pratique.errors import ExtraMissing, Unreadable
from pratique.store.sources import read_bytes
from pratique.text import as_json

Reader = Callable[[dict[str, Any], Path], Result]

READERS = {
    "business-rule": "rule_kinds:business_rule",
    "cbor-bad": "cbor_kinds:bad",
    "cbor-good": "cbor_kinds:good",
    "certlogic-eval": "rule_kinds:certlogic_eval",
    "certlogic-validate": "rule_kinds:certlogic_form",
    "cose": "crypto_kinds:cose_example",
    "crypto-vectors": "crypto_kinds:wycheproof",
    "dcc-layered": "layered:layered",
    "dcc-payload-schema": "hcert_kinds:payload_schema",
    "dcc-qr": "hcert_kinds:dcc_qr",
    "holder-match": "holder_kinds:holder_match",
    "holder-name": "holder_kinds:holder_name",
    "icvp": "hcert_kinds:hcert",
    "pratique-vector": "vector_kinds:pratique_vector",
    "revocation-hash": "revocation_kinds:revocation_hash",
    "rule-context": "context_kinds:rule_context",
    "signed-trustlist": "trust_kinds:signed_trustlist",
    "tng-did": "trust_kinds:tng_did",
    "tng-onboarding": "onboarding_kinds:tng_onboarding",
    "who-ddcc": "hcert_kinds:hcert",
}
"""Kind -> module of this room, and its reader."""

NOT_READ = "no reader for this kind yet"


@click.command()
@click.argument(
    "directory", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR"
)
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only this kind. Repeatable.")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text")
def conformance(*, directory: Path, kinds: tuple[str, ...], output_format: str) -> int:
    """Run the test cases in DIR (manifest.json) and say where Pratique and they disagree."""
    cases = _cases(directory)
    present = sorted({case["kind"] for case in cases})
    if unknown := set(kinds) - set(present):
        raise click.UsageError(f"no case of kind {', '.join(sorted(unknown))} in the manifest")
    tables = {
        kind: run(kind, [case for case in cases if case["kind"] == kind], directory)
        for kind in present
        if not kinds or kind in kinds
    }
    if output_format == "json":
        shown = {kind: _public(table) for kind, table in tables.items()}
        click.echo(as_json({"kinds": shown}, indent=1))
    else:
        _show(tables)
    return 1 if any(table["disagree"] for table in tables.values()) else 0


def run(kind: str, cases: list[dict[str, Any]], root: Path) -> dict[str, Any]:
    """Run all cases of one kind; return the row of the table."""
    reader = reader_of(kind)
    skipped: Counter[str] = Counter()
    disagree: dict[str, str] = {}
    agree = 0
    for case in cases:
        outcome = _one(reader, case, root)
        if outcome.skipped:
            skipped[outcome.skipped] += 1
        elif outcome.agree:
            agree += 1
        else:
            disagree[case["id"]] = outcome.detail
    return {"cases": len(cases), "agree": agree, "disagree": disagree, "skipped": dict(skipped)}


def reader_of(kind: str) -> Reader | None:
    """Return the reader of a kind, or None."""
    if kind not in READERS:
        return None
    module, _, name = READERS[kind].partition(":")
    reader: Reader = getattr(import_module(f"conformance.{module}"), name)
    return reader


def _one(reader: Reader | None, case: dict[str, Any], root: Path) -> Result:
    if reader is None:
        return Result(agree=False, detail="", skipped=NOT_READ)
    if case.get("conforming") is False:
        return Result(agree=False, detail="", skipped="the case contradicts itself")
    try:
        return reader(case, root)
    except ExtraMissing as error:
        return Result(agree=False, detail="", skipped=error.message)
    except (Unreadable, OSError, KeyError, ValueError) as error:
        return Result(agree=False, detail=f"the case cannot be read: {type(error).__name__}")


def _cases(directory: Path) -> list[dict[str, Any]]:
    path = directory / "manifest.json"
    try:
        manifest = strict_json.loads(read_bytes(path))
        cases: list[dict[str, Any]] = manifest["cases"]
    except (Unreadable, ValueError, KeyError, TypeError) as error:
        raise Unreadable(
            "manifest-unreadable",
            "there is no manifest of cases in this folder",
            "DIR holds manifest.json: {\"format\": …, \"cases\": [{\"id\", \"kind\", …}]}",
        ) from error  # fmt: skip
    return cases


def _public(table: dict[str, Any]) -> dict[str, Any]:
    return {**table, "disagree": sorted(table["disagree"])}


def _show(tables: dict[str, dict[str, Any]]) -> None:
    width = max([len(kind) for kind in tables], default=4)
    click.echo(f"{'KIND':<{width}}  CASES  AGREE  DISAGREE  SKIPPED")
    for kind, table in tables.items():
        numbers = table["agree"], len(table["disagree"]), sum(table["skipped"].values())
        click.echo(
            f"{kind:<{width}}  {table['cases']:>5}  {numbers[0]:>5}  {numbers[1]:>8}  "
            f"{numbers[2]:>7}"
        )
    for kind, table in tables.items():
        for reason, count in table["skipped"].items():
            click.echo(f"{kind}: {count} skipped: {reason}")
        for name, detail in table["disagree"].items():
            click.echo(f"{kind}: DISAGREES {name}: {detail}")
