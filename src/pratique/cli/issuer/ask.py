"""Ask a clerk for one record, column by column, until it can be issued.

kind -> its columns -> intake.accept -> what is refused is asked again
"""

from __future__ import annotations

import sys
from datetime import date

import click

from pratique.cli.issuer.desk import Desk
from pratique.intake.accept import Reading, accept
from pratique.terms import Kind

PERSON = ("surname", "forename", "birth_date")
OWN: dict[str, tuple[str, ...]] = {
    Kind.VACCINATION: ("product", "dose", "doses", "given_on", "lot"),
    Kind.TEST: ("test_type", "test_name", "sampled_at", "result"),
    Kind.RECOVERY: ("first_positive_on", "valid_from", "valid_until"),
    Kind.EXEMPTION: ("disease", "valid_from", "valid_until"),
}
YELLOW_BOOKLET = ("sex", "nationality", "product", "given_on", "lot", "site")
HINTS = {
    "birth_date": "YYYY, YYYY-MM or YYYY-MM-DD",
    "given_on": "YYYY-MM-DD",
    "first_positive_on": "YYYY-MM-DD",
    "valid_from": "YYYY-MM-DD",
    "valid_until": "YYYY-MM-DD",
    "sampled_at": "2026-01-31T12:00:00Z",
    "product": "the vaccine's code, as EU/1/20/1528",
    "lot": "as on the vial; without it a recall cannot find it",
    "site": "where it was given",
    "disease": "code; empty for COVID-19",
    "test_type": "LP6464-4 NAAT, LP217198-3 antigen",
    "test_name": "of a NAAT; may be empty",
    "result": "260415000 not detected, 260373001 detected",
    "sex": "M, F or X",
    "nationality": "three letters",
    "dose": "this one's number",
    "doses": "of how many",
}


def record(desk: Desk, known: dict[str, str], *, at: date) -> Reading:
    """Ask for whatever is not known yet, and for what is refused once more."""
    row = dict(known)
    if "kind" not in row and "domain" not in row and sys.stdin.isatty():
        row["kind"] = click.prompt(
            "What is attested", type=click.Choice([kind.value for kind in Kind]), err=True
        )
    yellow = row.get("domain", "").upper() == "ICVP"
    own = YELLOW_BOOKLET if yellow else OWN.get(row.get("kind", ""), ())
    for column in (*PERSON, *own):
        if column not in row:
            row[column] = _ask(column)
    while True:
        (reading, *_) = accept(
            row, desk.catalogue, at=at, country=desk.country, authority=desk.authority
        )
        again = {r.column: r.code for r in reading.remarks if r.code.refuses and r.column}
        if reading.record is not None or not again or not sys.stdin.isatty():
            return reading
        for column, code in again.items():
            click.echo(f"{column}: {code.meaning}; {code.next_step}", err=True)
            row[column] = _ask(column)


def _ask(column: str) -> str:
    if not sys.stdin.isatty():
        # A script is told what is missing, and not left waiting for an answer.
        return ""
    hint = f" ({HINTS[column]})" if column in HINTS else ""
    answer: str = click.prompt(
        column.replace("_", " ") + hint, default="", show_default=False, err=True
    )
    return answer.strip()
