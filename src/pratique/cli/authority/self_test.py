"""`pratique authority self-test`: try what a participant has published, before it is active.

    CODE's edition, samples -> signers read -> each sample verified -> a report, whose digest is evidence

1. Samples are specimens. No sample's content is shown or kept: the report names codes of findings only.
2. It is made as a verifier will make it, but for the domain, which is not active yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options, output
from pratique.cli.authority import place
from pratique.edges import files
from pratique.errors import UsageError
from pratique.findings import Code
from pratique.journeys.verify import verify
from pratique.network import names, view
from pratique.snapshot import Snapshot
from pratique.snapshot.of_network import compiled

FORMAT = "pratique-self-test-1"
PASSED, FAILED = 0, 1


@click.command("self-test")
@place.folder
@click.argument("code")
@click.argument("samples", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False),
                metavar="SAMPLE...")  # fmt: skip
@click.option("--domain", default="DCC", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write the report there, as evidence.")  # fmt: skip
@options.at
def self_test(
    *,
    folder: Path,
    code: str,
    samples: tuple[Path, ...],
    domain: str,
    out: Path | None,
    at: datetime | None,
) -> int:
    """Try what CODE has published: each SAMPLE, a file of one certificate's text, must be authentic."""
    instant = options.now_or(at)
    rows = list(_tried(place.current(folder), code, domain, samples, instant))
    passed = all(row["passed"] for row in rows)
    report = {"format": FORMAT, "participant": code, "domain": domain, "at": instant.isoformat(),
              "passed": passed, "checks": rows}  # fmt: skip
    if out is not None:
        output.write(out, json.dumps(report, indent=1).encode() + b"\n")
    for row in rows:
        click.echo(f"{'passed' if row['passed'] else 'FAILED'}  {row['check']}: {row['found']}")
    return PASSED if passed else FAILED


def _tried(
    current: view.View, code: str, domain: str, samples: tuple[Path, ...], at: datetime
) -> Iterator[dict[str, object]]:
    if code not in current.participants:
        raise UsageError(
            "participant-unknown",
            f"there is no participant {code}",
            "see: pratique authority status DIR",
        )
    role = current.roles[code]
    yield _row("has published", bool(role.version), f"edition {role.version}")
    yield _row("its edition holds", not role.problem, role.problem or "it does")
    path = f"{code}/{names.SIGNERS}"
    yield _row("names its signers", path in role.files, path)
    found = _as_if_active(current, code, domain)
    assert found.roll is not None
    problem = found.roll.members[code].problem
    yield _row("can be read", not problem, problem or "it can")
    live = [s for s in found.trust if s.participant == code and not s.reason]
    yield _row("signers are usable", bool(live), f"{len(live)} of {len(found.trust)}")
    yield _row("samples were handed in", bool(samples), f"{len(samples)}")
    for number, sample in enumerate(samples, 1):
        text = files.read_bytes(sample, 64 * 1024).decode("utf-8", "replace").strip()
        verified = verify(text, snapshot=found, at=at)
        codes = [f.code.name for f in verified.verdict.findings if f.code is not Code.NO_RULES]
        own = verified.signer is not None and verified.signer.participant == code
        yield _row(f"sample {number}", own and not codes, ", ".join(codes) or "authentic")


def _as_if_active(current: view.View, code: str, domain: str) -> Snapshot:
    one = current.participants[code]
    tried = {code: one._replace(domains=one.domains | {domain})}
    return compiled(current._replace(participants=tried))


def _row(check: str, passed: bool, found: str) -> dict[str, object]:
    return {"check": check, "passed": passed, "found": found}
