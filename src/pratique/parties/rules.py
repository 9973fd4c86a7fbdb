"""Rules in files: read, built of a form, and held beside the signers.

    FILE... -> JSON -> every rule in it, unread | Rule, value sets          POLICY.toml -> read_policy -> build -> lint
    FILE... -> store.sources.rules_arrived -> a next edition of trust/snapshot.json -> what is OPEN, and why

1. A file is read up to a limit; an error names the file.
2. What is built is checked before it is shown: a form never makes rules that `rules check` refuses.
3. A file that holds nothing of ours is refused, and told by its name; the others are taken.
4. A rule that cannot be asked is held OPEN: it makes AMBER what it concerns, and is told. By default that is so too
   for a rule that reads more than the closed list of variables.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pratique import errors, strict_json
from pratique.errors import DocumentRefused, PratiqueError
from pratique.parties import verifier
from pratique.parties.trust import Imported
from pratique.rules import documents
from pratique.rules.build import build as built
from pratique.rules.documents import ImportedRules, RuleDocument
from pratique.rules.evaluator import refusal
from pratique.rules.lint import Terms, lint
from pratique.rules.policy import read_policy
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Ruleset
from pratique.store import sources as store_sources
from pratique.text import plural, printable

LIMIT = 8 * 1024 * 1024
"""Bytes of one file of rules; the largest real ruleset has 0.2 MB with its tests."""
MISSING = "value-set-missing"


def parsed(path: Path) -> object:
    """Read a file of JSON."""
    try:
        return strict_json.parse(store_sources.read_bytes(path, LIMIT))
    except DocumentRefused as error:
        raise DocumentRefused(error.code, f"{path.name}: {error.message}", error.hint) from error


def written(paths: Iterable[Path]) -> list[object]:
    """Return every rule of some files as it is written there, wrong or not."""
    found: list[object] = []
    for path in paths:
        document = parsed(path)
        if isinstance(document, dict) and isinstance(document.get("rules"), list):
            document = document["rules"]
        found += document if isinstance(document, list) else [document]
    return found


def read(paths: Iterable[Path]) -> tuple[Rule, ...]:
    """Read the rules of some files; DocumentRefused where one cannot be read."""
    found: list[Rule] = []
    for path in paths:
        listed = written([path])
        try:
            found += documents.read(listed).rules
        except DocumentRefused as error:
            message = f"{path.name}: {error.message}"
            raise DocumentRefused(error.code, message, error.hint) from error
    return tuple(found)


def sets_read(path: Path | None) -> RuleDocument:
    """Read value sets, and their editions where they are dated; none where no file is named."""
    return RuleDocument() if path is None else documents.read(parsed(path))


def sets_from(path: Path | None) -> dict[str, list[str]]:
    """Read value sets, in their newest edition; none where no file is named."""
    return {name: list(codes) for name, codes in sets_read(path).value_sets.items()}


def build(path: Path) -> list[dict[str, Any]]:
    """Turn a form into rules; DocumentRefused where they could not be published."""
    try:
        form = tomllib.loads(store_sources.read_bytes(path, LIMIT).decode())
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
    return rules


def import_rules(
    home: Path | None,
    sources: Iterable[Path],
    *,
    at: datetime,
    compatible: bool = False,
    replace: bool = False,
) -> Imported:
    """Hold destinations' rules and value sets of files and folders beside the signers.

    Args:
        home: the folder of what was synced and imported.
        sources: what to read.
        at: when.
        compatible: ask rules that read more than the closed list of variables.
        replace: forget the rules that were imported before.
    """
    folder = store_sources.home(home)
    earlier = verifier.imported(home)
    arrived = (
        part if isinstance(part, PratiqueError) else (path, part)
        for path, part in store_sources.rules_arrived(sources)
    )
    read, refused = errors.parted(arrived)
    found = documents.together(part for _, part in read)
    held = earlier.ruleset
    before = RuleDocument() if replace else RuleDocument(held.rules, held.value_sets, held.editions)
    rules, value_sets, editions = documents.beside(before, found)
    ruleset = Ruleset(
        rules,
        value_sets,
        compatible=compatible or (held.compatible and not replace),
        hold_open=True,
        editions=editions,
    )
    snapshot = earlier.replace(
        number=earlier.number + 1, created=int(at.timestamp()), ruleset=ruleset
    )
    path = store_sources.save_snapshot(folder, snapshot)
    of = ", ".join(ruleset.countries) or "no country"
    lines = (
        f"{plural(len(found.rules), 'rule')} and {plural(len(found.value_sets), 'value set')} read",
        f"{plural(len(rules), 'rule')} of {of} in snapshot {snapshot.number}: {path}",
    )
    notes = list(_open(read, found, ruleset))
    is_open = bool(notes)
    return Imported(
        lines, tuple(printable(note, 1_000) for note in (*notes, *_hints(notes, found, ruleset))),
        tuple(refused), is_open,
    )  # fmt: skip


def _open(
    read: list[tuple[Path, ImportedRules]], found: ImportedRules, ruleset: Ruleset
) -> Iterator[str]:
    """Yield which rules cannot be asked, or were left out, and why."""
    for path, part in read:
        for remark in part.remarks:
            issue = remark.issue
            yield (
                f"{'open' if remark.held else 'left out'}: {path.name}: {remark.name}: "
                f"{issue.where or 'it'}: {issue.message} [{issue.code}]"
            )
    own = {id(remark) for _, part in read for remark in part.remarks}
    for remark in found.remarks:
        if id(remark) not in own:
            yield f"open: {remark.name}: {remark.issue.message} [{remark.issue.code}]"
    # What is good in itself, and cannot be asked here.
    new = set(map(id, found.rules))
    for rule in ruleset.rules:
        code = ruleset.unasked(rule)
        if rule.fault or id(rule) not in new or code in {"", MISSING}:
            continue
        beyond = refusal(rule, compatible=ruleset.compatible)
        why = (
            f"{beyond.where}: {beyond.message}" if beyond else "it is for another engine or schema"
        )
        yield f"open: {rule.name}: {why} [{code}]"


def _hints(notes: list[str], found: ImportedRules, ruleset: Ruleset) -> Iterator[str]:
    new = set(map(id, found.rules))
    lacking = {
        rule.name for rule in ruleset.rules if id(rule) in new and ruleset.unasked(rule) == MISSING
    }
    if lacking:
        yield f"note: open until their value sets are held: {', '.join(sorted(lacking))}"
    if count := sum(note.startswith("open") for note in notes):
        which = "1 rule is open: AMBER for all that it concerns"
        if count > 1:
            which = f"{count} rules are open: AMBER for all that they concern"
        yield f"{which}, until the file is mended and imported again"
        yield "hint: pratique rules check FILE"
    if any(not rule.fault and ruleset.unasked(rule) == "rule-variable" for rule in ruleset.rules):
        yield "hint: --allow-extra-variables asks existing rules that read more than the list"
