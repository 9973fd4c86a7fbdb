"""`pratique rules build`: rules from a form.

    POLICY.toml -> read_policy -> build -> a list of rules, as JSON

1. What is built is checked before it is shown: a form never makes rules that `rules check` refuses.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import click

from pratique.cli import rules_files
from pratique.cli.safe import as_json
from pratique.edges import files
from pratique.errors import DocumentRefused
from pratique.rules.build import build as built
from pratique.rules.lint import Terms, lint
from pratique.rules.policy import read_policy


@click.command()
@click.argument("path", metavar="POLICY.toml", type=rules_files.FILE)
def build(*, path: Path) -> None:
    """Turn a form into rules, and print them as JSON."""
    try:
        form = tomllib.loads(files.read_bytes(path, rules_files.LIMIT).decode())
    except (ValueError, RecursionError) as error:
        raise DocumentRefused("policy-unreadable", f"{path.name}: it is not TOML") from error
    policy = read_policy(form)
    rules = built(policy)
    report = lint(rules, Terms(reason=policy.reason))
    if report.errors:
        first = next(remark for remark in report.remarks if remark.error)
        raise DocumentRefused(
            "policy-refused", f"what the form says cannot be published: {first.message}"
        )
    click.echo(as_json(rules, indent=1))
