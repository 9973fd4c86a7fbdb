"""Acts: five states join, and each publishes who signs for it, its rules, and what it has revoked.

keys -> dossier -> check -> records -> admitted -> edition -> self-test -> active
"""

from __future__ import annotations

import csv
from pathlib import Path

from demo.cast import ARCADIA, COLUMNS, EARLIER, PRINTED, STATES, State, people
from demo.network import Authority
from demo.stage import Stage, listed
from pratique.errors import ExtraMissing

WORK = ("--site", "harbour-clinic", "--operator", "op-17")
CODES = tuple(state.code for state in STATES)


class Homes:
    """Where a state keeps what: one folder each, on its own machines."""

    def __init__(self, stage: Stage, url: str, root: Path) -> None:
        self.stage, self.url, self.root = stage, url, root

    def of(self, state: State, what: str) -> Path:
        """Return a folder of a state: "keys", "dossier", "issuer", "issued", "lists", "office", "post"."""
        return self.stage.folder / state.code / what

    def texts(self, state: State, batch: str = "issued") -> list[str]:
        """Return the certificates that a state has issued, in the order of its people."""
        found: dict[int, str] = {}
        for path in self.of(state, batch).glob("certificates-*.csv"):
            with path.open(encoding="utf-8") as file:
                found |= {int(row["row"]): row["text"] for row in csv.DictReader(file)}
        return [found[row] for row in sorted(found)]

    def sync(self, state: State, where: str = "post") -> dict[str, object]:
        """Sync a state's border post, or its office, from where it publishes."""
        words = ("--root", self.root, "--home", self.of(state, where))
        return self.stage.json("sync", self.url, *words, *self.stage.when)

    def publish(self, state: State, *words: object) -> None:
        """Sign a state's next edition with two of its three keys, and hand it in at the server."""
        self.sync(state, "office")
        where = ("--participant", self.of(state, "keys"), "--home", self.of(state, "office"))
        self.stage.run("participant", "publish", *words, "--to", self.url, *where, *self.stage.when)

    def recall(self, state: State, lot: str) -> str:
        """Take a lot back, for good, and write the state's lists; say how many it were."""
        recall = ("--reason", "product-recall", "--lot", lot, "--by", "supervisor", "--yes")
        issuer = ("--issuer", self.of(state, "issuer"))
        said = self.stage.run("issuer", "revoke", *recall, *issuer, *self.stage.when)
        self.lists(state)
        return said[-2]

    def lists(self, state: State) -> None:
        """Write a state's revocation lists."""
        out = ("--out", self.of(state, "lists"), "--issuer", self.of(state, "issuer"))
        self.stage.run("issuer", "publish-revocations", *out, *self.stage.when)


def join(stage: Stage, authority: Authority, homes: Homes) -> None:
    """Have five states join."""
    stage.act(
        "Five states join",
        "A state brings its own keys. The authority gets the public ones, checks them, and keeps a",
        "signed record of every step. None of it is about a person.",
    )
    command = "participant init --code XXA --country XA --name ..."
    with stage.step(
        "Each makes its signing CA, and three keys that speak for it", command
    ) as found:
        for state in STATES:
            _init(stage, homes, state)
        found(f"{listed([f'{s.name} ({s.code})' for s in STATES])}: two of three keys must sign")
    reports = _checked(stage, homes)
    evidence = {
        "keys-submitted": "dossier/application.json",
        "anchor-signed": "dossier/SCA/SCA.pem",
    }
    steps = ("letter-received", "identity-proven", "keys-submitted", "qa-passed", "anchor-signed")
    with stage.step("A seat records each step", "authority onboard DIR XXA qa-passed --key URI --evidence FILE") as found:  # fmt: skip
        for state in STATES:
            for step in steps:
                shown = [homes.of(state, evidence[step])] if step in evidence else []
                shown += [reports[state.code]] if step == "qa-passed" else []
                authority.record(state.code, step, 1, *shown)
        found(f"{len(STATES) * len(steps)} signed records; of a document only its digest is kept")
    with stage.step("Five seats admit them", "authority propose admit DIR DOSSIER...") as found:
        dossiers = [homes.of(state, "dossier") for state in STATES]
        found(*authority.decide((1, 2, 3, 4, 5), "admit", *dossiers))
        for code in CODES:
            authority.record(code, "admitted", 2)


def _init(stage: Stage, homes: Homes, state: State) -> None:
    who = ("--code", state.code, "--country", state.country, "--name", f"Ministry of Health of {state.name}")  # fmt: skip
    how = ("--environment", "test", "--contact", f"appeals.{state.name.lower()}.example")
    stage.run("participant", "init", *who, *how, "--participant", homes.of(state, "keys"), *stage.when)  # fmt: skip


def _checked(stage: Stage, homes: Homes) -> dict[str, Path]:
    reports = {}
    with stage.step("Their dossiers are checked", "participant check DOSSIER --code XXA") as found:
        for state in STATES:
            dossier = homes.of(state, "dossier")
            stage.run("participant", "apply", "--out", dossier, "--participant", homes.of(state, "keys"))  # fmt: skip
            who = ("--code", state.code, "--environment", "test")
            lines = stage.run("participant", "check", dossier, *who, *stage.when)
            found(lines[-1])
            reports[state.code] = homes.of(state, "report.txt")
            reports[state.code].write_text("\n".join(lines))
    return reports


def issue(stage: Stage, homes: Homes) -> None:
    """Have the states issue certificates."""
    command = "issuer issue --from people.csv --out issued"
    with stage.step("They make small signing keys, and issue certificates", command) as found:
        for state in STATES:
            who = ("--country", state.country, "--participant", state.code, "--name", state.name)
            how = ("--environment", "test", "--keys", 2, "--signing-ca", homes.of(state, "keys"))
            stage.run("issuer", "init", *who, *how, "--issuer", homes.of(state, "issuer"), *stage.when)  # fmt: skip
            said = issue_rows(stage, homes, state, people(state, stage.at), "issued")
            found(f"{state.name:<10} {said}")
        found(f"{'':<10} {homes.recall(ARCADIA, EARLIER)}: an earlier lot, {EARLIER}")


def issue_rows(
    stage: Stage, homes: Homes, state: State, rows: list[dict[str, str]], batch: str, *more: str
) -> str:
    """Issue certificates for rows of people, and say what came of it."""
    source = homes.of(state, f"{batch}.csv")
    with source.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    # One process: a second one takes longer to start than so few rows take to sign.
    job = ("--from", source, "--out", homes.of(state, batch), "--workers", 1, *WORK, *more)
    said = stage.run("issuer", "issue", *job, "--issuer", homes.of(state, "issuer"), *stage.when)
    return said[0].partition(":")[0]


def publish(stage: Stage, authority: Authority, homes: Homes) -> None:
    """Have the states publish, pass their self-tests, and become active."""
    with stage.step("Each writes its entry rules as a form", "rules build policies/arcadia.toml") as found:  # fmt: skip
        for state in STATES:
            lines = stage.run("rules", "build", stage.examples / state.policy)
            homes.of(state, "rules.json").write_text("\n".join(lines), encoding="utf-8")
            count = sum(line.startswith('  "Identifier"') for line in lines)
            found(f"{state.name:<10} {count} rules of {state.policy}")
    command = "participant publish --signers CERTIFICATES --rules FILE --lists DIR --to URL"
    with stage.step("Each signs its first edition, and hands it in", command) as found:
        for state in STATES:
            homes.lists(state)
            what = ("--signers", homes.of(state, "issuer/certificates"), "--rules",
                    homes.of(state, "rules.json"), "--lists", homes.of(state, "lists"))  # fmt: skip
            homes.publish(state, *what)
        size = sum(p.stat().st_size for code in CODES
                   for p in (authority.folder / "repository/targets" / code).iterdir())  # fmt: skip
        found("the server has checked the signatures, and published all five", size=size)
    _self_tests(stage, authority, homes)
    with stage.step("Five seats make them active", "authority propose activate DIR XXA --domain DCC") as found:  # fmt: skip
        for code in CODES:
            found(*authority.decide((2, 4, 6, 7, 9), "activate", code, "--domain", "DCC"))
            authority.record(code, "active", 2)


def _self_tests(stage: Stage, authority: Authority, homes: Homes) -> None:
    with stage.step("Samples of each are tried", "authority self-test DIR XXA SAMPLE") as found:
        checks = 0
        for state in STATES:
            authority.record(state.code, "self-test-running", 2)
            sample, report = homes.of(state, "sample.txt"), homes.of(state, "self-test.json")
            sample.write_text(homes.texts(state)[0])
            words = (authority.folder, state.code, sample, "--out", report)
            lines = stage.run("authority", "self-test", *words, *stage.when)
            checks += sum(line.startswith("passed") for line in lines)
            authority.record(state.code, "self-test-passed", 2, report, domain="DCC")
        found(f"{checks} checks passed, none failed")


def print_some(stage: Stage, homes: Homes) -> None:
    """Print certificates into the folder of results."""
    texts = homes.texts(ARCADIA)
    stage.out.mkdir(exist_ok=True)
    trust = ("--trust", homes.of(ARCADIA, "issuer/certificates"), "--environment", "test")
    with stage.step("Arcadia prints some", "issuer print TEXT --layout a4|card|large") as found:
        try:
            for name, number, variant in PRINTED:
                out = stage.out / f"{name}.pdf"
                form = ("--out", out, "--layout", variant)
                stage.run("issuer", "print", texts[number], *form, *trust, *stage.when)
                stage.made.append(out)
        except ExtraMissing as error:
            found(f"left out: {error.message}")
            return
        size = sum((stage.out / f"{name}.pdf").stat().st_size for name, _, _ in PRINTED)
        found(", ".join(name for name, _, _ in PRINTED), size=size)
