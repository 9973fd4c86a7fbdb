"""Everything that is judged on both sides: kit, collections of others, mutated texts, networks, several certificates.

    kit, corpora, generator, invented networks -> Question(snapshot, texts, place, zone, at, code), ... -> JSON

1. Each question has its own snapshot and its own clock; equal snapshots are written once.
2. The same seed makes the same questions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from unittest.mock import patch

from conformance import certificates, schemes
from pratique import verification
from pratique.parties import conformance, verifier
from pratique.rules import documents
from pratique.rules.ruleset import Ruleset
from pratique.snapshot import Snapshot
from tests import issuers
from tests.browser import keyed
from tests.networks import AT, Authority, State, Verifier
from tests.travellers import rule
from tools import measure, mutate
from tools.vectors import keys

SEED = 20261129
MUTATED = 1_300
"""Hostile texts, most of them signed anew: at least 1,200 are asked for."""
COUNTRIES = ("FR", "FI", "IE", "EU", "HR", "LU", "NL")
ZONES = ("UTC", "Europe/Paris", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia")
HOUR, DAY = 3_600, 86_400


class Question(NamedTuple):
    """What is asked of the engine.

    Attributes:
        origin: which collection it is from.
        snapshot: what is held.
        texts: the certificates.
        place: country and region, or None: verified without rules.
        zone: of the port of entry.
        at: seconds since the epoch.
        code: whether the health code is asked, with all its dates.
    """

    origin: str
    snapshot: Snapshot
    texts: tuple[str, ...]
    at: int
    place: tuple[str, str | None] | None = None
    zone: str = "UTC"
    code: bool = False

    def row(self) -> dict[str, Any]:
        """Return it for `spelt`, without the snapshot."""
        return {
            "texts": list(self.texts), "place": self.place, "zone": self.zone, "at": self.at, "code": self.code,
        }  # fmt: skip


def every(corpora: Path | None) -> list[Question]:
    """Return all questions; without the collections of others where they are not there."""
    found = [*of_kit(), *of_keys(), *of_networks(), *of_several()]
    if corpora is not None:
        found += [*of_corpora(corpora), *of_mutated(real_rules(corpora))]
    else:
        found += of_mutated({})
    return found


def of_kit() -> Iterator[Question]:
    """Ask every vector of the kit at its clock, with what its verifier holds."""
    for path in sorted((keys.KIT / "cases").iterdir()):
        for row in json.loads(path.read_text(encoding="utf-8"))["cases"]:
            held = conformance.snapshot_of(row, keys.KIT / "signers.json")
            at = int(datetime.fromisoformat(row["clock"]).timestamp())
            yield Question("kit", held, (row["text"],), at)
            yield Question("kit", held, (row["text"],), at, ("XU", None), "Asia/Kolkata")


def of_keys() -> Iterator[Question]:
    """Ask texts of keys of every kind and size, and signatures on the edge."""
    for edge in keyed.edges():
        yield Question("keys", edge.snapshot, (edge.text,), keys.NOON)


# Collections of others: what their readers ask of `verify` is asked here too.

_BY_TEXT = ("dcc-qr", "dcc-layered", "icvp", "who-ddcc")
_SCHEMES = (
    "shc-case", "shc-jws", "shc-part", "nzcp", "2d-doc", "divoc", "vds-nc", "ch-light", "nl-coronacheck", "shl",
)  # fmt: skip


def of_corpora(corpora: Path) -> Iterator[Question]:
    """Ask each case of the collections, with its own trust and clock."""
    kinds = conformance.cases_of(corpora)
    heard: list[Question] = []

    def verify(text: str, *, snapshot: Snapshot, at: datetime) -> Any:
        heard.append(Question("corpora", snapshot, (text,), int(at.timestamp())))
        return verification.verify(text, snapshot=snapshot, at=at)

    def verified(inputs: Iterable[str], snapshot: Snapshot, at: datetime) -> Any:
        for item, outcome in verifier.verified(inputs, snapshot, at):
            if item.text is not None:
                heard.append(Question("corpora", snapshot, (item.text,), int(at.timestamp())))
            yield item, outcome

    with patch.object(certificates, "verify", verify), patch.object(schemes, "verified", verified):
        for kind in (*_BY_TEXT, *_SCHEMES):
            conformance.run(kind, kinds.get(kind, []), corpora)
    return iter(heard)


def real_rules(corpora: Path) -> dict[str, Ruleset]:
    """Return the rules of seven destinations, as they were published."""
    (sets,) = json.loads((corpora / "business-rules/valuesets.json").read_bytes()).values()
    return {
        country: Ruleset(
            documents.read(json.loads((corpora / f"business-rules/{country}.json").read_bytes())).rules,
            sets,
            compatible=True,
        )
        for country in COUNTRIES
    }  # fmt: skip


# Mutated texts.


def of_mutated(rulesets: dict[str, Ruleset]) -> Iterator[Question]:
    """Ask hostile texts without rules, and with those of each destination; of some, the whole health code."""
    draw = Random(SEED)
    held = measure.snapshot()
    seeds = mutate.seeds(mutate.kit_texts())
    snapshots = {country: held.replace(ruleset=rules) for country, rules in rulesets.items()}
    for number, hostile in enumerate(mutate.hostile(seeds, MUTATED, SEED)):
        at = keys.NOON + draw.choice((0, 0, HOUR, -HOUR, 30 * DAY, -400 * DAY, 400 * DAY))
        zone = draw.choice(ZONES)
        yield Question("mutated", held, (hostile.text,), at)
        for country, snapshot in snapshots.items():
            place = (country, None)
            yield Question("mutated", snapshot, (hostile.text,), at, place, zone, number % 12 == 0)


# Several certificates of one person, and of several.


def of_several() -> Iterator[Question]:
    """Ask two to four certificates together: of one person, of alike names, of others, some of them damaged."""
    authority, state = Authority(), State("XXA")
    state.rules = _rules("XA")
    authority.admit(state)
    state.publish()
    held = _synced(authority)
    draw = Random(SEED)
    people = [issuers.JO, *(issuers.JO._replace(**other) for other in _OTHERS)]
    texts = [
        state.issue(record._replace(person=person), nth=10 * number + nth)
        for number, person in enumerate(people)
        for nth, record in enumerate(issuers.RECORDS.values())
    ]
    now = int(AT.timestamp())
    for number in range(120):
        shown = draw.sample(texts, draw.choice((2, 2, 3, 4)))
        if number % 5 == 0:
            shown[-1] = shown[-1][:-9] + shown[-1][-8:]
        if number % 7 == 0:
            shown.append(shown[0])
        at = now + draw.randrange(-20 * DAY, 200 * DAY)
        yield Question(
            "several", held, tuple(shown), at, ("XA", None), draw.choice(ZONES), code=True
        )


_OTHERS: tuple[dict[str, Any], ...] = (
    {"forename": "Joe"},
    {"surname": "Blöggs"},
    {"birth_date": None},
    {"forename": "Ann"},
)


# Networks: a roll, its age, revocations, suspensions, withdrawn keys.


def of_networks() -> Iterator[Question]:
    """Ask certificates of a network at every age of what is held, revoked, suspended and withdrawn ones among them."""
    authority = Authority()
    states = [State(f"XX{letter}", signers=2) for letter in "ABC"]
    for state in states:
        state.rules = _rules(state.country)
    authority.admit(*states)
    texts = [
        state.issue(record, number % 2, nth=number)
        for state in states
        for number, record in enumerate(issuers.RECORDS.values())
    ]
    for state in states:
        state.publish()
    first = _synced(authority)
    states[0].revoke(texts[0], texts[3])
    states[1].withdrawn[1] = "key-compromise"
    for state in states[:2]:
        state.publish()
    authority.suspend("XXC", authority.seats[:3])
    second = _synced(authority)
    now = int(AT.timestamp())
    ages = (-HOUR, 0, HOUR, 2 * DAY, 3 * DAY + 1, 8 * DAY, 15 * DAY, 31 * DAY, 400 * DAY)
    for held in (first, second):
        for text in texts:
            for age in ages:
                yield Question("networks", held, (text,), now + age)
                for country in ("XA", "XC", "XZ"):
                    yield Question(
                        "networks", held, (text,), now + age, (country, None), "Europe/Paris", code=True
                    )  # fmt: skip


def _rules(country: str) -> list[dict[str, Any]]:
    complete = {">=": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]}
    young = {"not-after": [{"plusTime": [{"var": "external.validationClock"}, 0, "day"]},
                           {"plusTime": [{"var": "payload.v.0.dt"}, 270, "day"]}]}  # fmt: skip
    fresh = {"not-after": [{"plusTime": [{"var": "external.validationClock"}, 0, "hour"]},
                           {"plusTime": [{"var": "payload.t.0.sc"}, 72, "hour"]}]}  # fmt: skip
    return [
        documents.write(rule(f"VR-{country}-0001", complete)),
        documents.write(rule(f"VR-{country}-0002", young)),
        documents.write(rule(f"TR-{country}-0001", fresh)),
        documents.write(rule(f"RR-{country}-0001", {"===": [1, 1]})),
        documents.write(rule(f"ER-{country}-0001", {"===": [1, 1]})),
    ]


def _synced(authority: Authority) -> Snapshot:
    post = Verifier(authority.anchor)
    post.sync(authority.files)
    return post.snapshot()
