"""Acts: five border posts fetch the network once, and check on without any.

One sync tells them all of a recall, of a theft, and of a suspension.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demo.cast import (
    ARCADIA,
    BY_COUNTRY,
    FREEDONIA,
    KEPT,
    KEPT_ROW,
    NOBODY,
    RECALLED,
    RECALLED_ROW,
    RURITANIA,
    STATES,
    SYLVANIA,
    UTOPIA,
    State,
    people,
)
from demo.network import SUSPEND, Authority
from demo.stage import Stage, shortened
from demo.states import WORK, Homes, issue_rows
from pratique import strict_json

SIGNS = {"green": "✔ GREEN", "amber": "▲ AMBER", "red": "✖ RED"}
QUIET = {"NO_RULES"}
PATIENCE = 600
"""Seconds that the offline check may take: a machine may have other work."""
REFUSING = Path(__file__).with_name("offline.py")


def fetch(stage: Stage, homes: Homes) -> None:
    """Have five posts sync over HTTP."""
    stage.act(
        "Five border posts fetch the network",
        "One root, from a hand that they trust; all else over plain HTTP from a server that they",
        "need not trust. Each asks for the same files, whatever was scanned there.",
    )
    together(stage, homes, "The first sync", f"sync {homes.url} --root root.json")
    with stage.step("What each holds now, in one file") as found:
        held = [homes.of(state, "post") / "network/held.zip" for state in STATES]
        digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in held}
        stage.must(len(digests) == 1, "they do not hold the same")
        size = held[0].stat().st_size
        found(
            "the same, to the byte: signers, rules, value sets and lists of five states", size=size
        )


def together(stage: Stage, homes: Homes, title: str, command: str = "sync") -> None:
    """Have every state's post sync once."""
    with stage.step(title, command) as found:
        came, took = [], []
        for state in STATES:
            begun = time.perf_counter()
            came.append(int(str(homes.sync(state)["bytes"])))
            took.append(time.perf_counter() - begun)
        each = f"{min(came):,} to {max(came):,}" if min(came) != max(came) else f"{came[0]:,}"
        found(f"{len(came)} posts; to each came {each} bytes, in {max(took):.2f} s at most",
              size=sum(came))  # fmt: skip


def verdict(stage: Stage, homes: Homes, post: State, text: str, to: str = "") -> tuple[str, str]:
    """Return what a post makes of a certificate: a colour, and the codes of what it found."""
    place = ("--to", to) if to else ()
    where = ("--home", homes.of(post, "post"))
    (row,) = stage.json("verify", text, *place, *where, *stage.when)["results"]
    codes = [f["code"] for f in row["findings"] if f["weight"] != "note"]
    return row["colour"], ", ".join(code for code in codes if code not in QUIET)


def everywhere(stage: Stage, homes: Homes, text: str) -> set[tuple[str, str]]:
    """Return what the posts of all states make of a certificate."""
    return {verdict(stage, homes, post, text) for post in STATES}


def offline(stage: Stage, homes: Homes) -> None:
    """Check with every socket refused."""
    stage.act(
        "A border without a network",
        "The check runs in a process of its own, in which an audit hook ends whatever asks for a",
        "socket. First the hook is tried: a connection is refused.",
    )
    texts = [text for state in STATES for text in homes.texts(state)]
    file = stage.folder / "queue.txt"
    file.write_text("\n".join(texts) + "\n")
    command = "verify QUEUE --to XF --format jsonl   (offline, in Freedonia)"
    with stage.step(f"A queue of {len(texts)} travellers", command) as found:
        words = ["verify", file, "--to", FREEDONIA.country, "--home", homes.of(FREEDONIA, "post"),
                 "--format", "jsonl", *stage.when]  # fmt: skip
        done = _offline(words)
        head, *rows = done.stdout.splitlines() or [""]
        stage.must(head == "refused: socket.connect", f"a socket was not refused: {done.stderr}")
        counts = dict.fromkeys(SIGNS, 0)
        for row in (strict_json.loads(row.encode()) for row in rows):
            counts[row["colour"]] += 1
        stage.must(sum(counts.values()) == len(texts), "not every traveller got a verdict")
        found(f"a connection that was tried: {head}",
              ", ".join(f"{count} {SIGNS[colour]}" for colour, count in counts.items()))  # fmt: skip


def _offline(words: list[object]) -> subprocess.CompletedProcess[str]:
    # By its file: the folder that this was started in may be another.
    run = [sys.executable, "-P", str(REFUSING), *map(str, words)]
    return subprocess.run(run, capture_output=True, text=True, check=False, timeout=PATIENCE)


def matrix(stage: Stage, homes: Homes) -> None:
    """Show where one traveller may go, and what would help."""
    stage.act(
        "Where may Ada go, and why not elsewhere?",
        "Computed on her own device, from her certificates and public rules; nobody is asked.",
    )
    vaccinated = homes.texts(UTOPIA)[0]
    (tested,) = homes.texts(RURITANIA)[1:2]
    home = homes.of(UTOPIA, "post")
    rows = {}
    for title, given in (
        ("With Utopia's certificate of a course of Valneva", [vaccinated]),
        ("With a laboratory test of yesterday beside it, made in Ruritania", [vaccinated, tested]),
    ):
        with stage.step(title, f"decide {'TEXT ' * len(given)}--all-destinations") as found:
            said = stage.json(
                "decide", *given, "--all-destinations", "--data-dir", home, "--at", stage.when[1]
            )
            rows[title] = {one["destination"]["country"]: one for one in said["results"]}
            for country, one in sorted(rows[title].items()):
                found(*_row(country, one))


def _row(country: str, one: dict[str, Any]) -> Iterator[str]:
    name, sign = BY_COUNTRY[country].name, SIGNS[one["colour"]]
    yield f"{name:<10} {sign:<8} {why(one, 68)}".rstrip()
    for way in one["what_would_help"][:1]:
        yield f"{'':<10} {'':<8} would help: {way['says']}"


def why(one: dict[str, Any], longest: int) -> str:
    """Say why a destination does not say green; from `decide`'s JSON."""
    if one["colour"] == "green":
        return ""
    failed = [rule["says"].rstrip(".") for rule in one["rules"] if rule["result"] == "failed"]
    named = [": ".join(filter(None, (f["code"], f["where"]))) for f in one["because"]]
    return shortened(failed[0] if failed else ", ".join(named), longest)


THIEF = "thief"
Seen = dict[str, tuple[str, str]]


def recall(stage: Stage, homes: Homes) -> None:
    """Recall a lot, withdraw a stolen key, and sync once."""
    stage.act(
        "A lot is recalled, and a signing key is stolen",
        "Both are announced by the state that it happened to, and by nobody else. Verifiers are not",
        "asked, and nobody's phone is switched: one sync, and every border knows.",
    )
    forged, honest = _stolen(stage, homes)
    lots = homes.texts(ARCADIA)
    cases = {
        f"of {RECALLED}, Arcadia": lots[RECALLED_ROW],
        f"of {KEPT}, Arcadia": lots[KEPT_ROW],
        "forged with the stolen key, Utopia": forged,
        "of the same key, but honest, Utopia": honest,
        "of Utopia's other key": homes.texts(UTOPIA)[0],
    }
    seen = [_seen(stage, homes, "Before: all five borders; the colour by Sylvania's rules", cases)]
    stage.must(all(colour == "green" and not codes for colour, codes in seen[0].values()),
               f"before the sync: {seen[0]}")  # fmt: skip
    _recalled(stage, homes)
    _withdrawn(stage, homes)
    together(stage, homes, "One sync of each border")
    seen.append(
        _seen(stage, homes, "After: all five borders; the colour by Sylvania's rules", cases)
    )
    expected = ["REVOKED", "", "SIGNER_WITHDRAWN", "SIGNER_WITHDRAWN", ""]
    found = [codes for _, codes in seen[1].values()]
    closed = [colour == "red" for colour, _ in seen[1].values()]
    stage.must(
        found == expected and closed == list(map(bool, expected)), f"after the sync: {found}"
    )


def _stolen(stage: Stage, homes: Homes) -> tuple[str, str]:
    issuer, stolen = homes.of(UTOPIA, "issuer"), homes.of(UTOPIA, THIEF)
    label = sorted(p.stem for p in (issuer / "certificates").glob("2*.pem"))[-1]
    with stage.step(f"A thief has copied Utopia's key {label}, and signs with it") as found:
        rows = people(UTOPIA, stage.at)[10:22]
        said = issue_rows(stage, homes, UTOPIA, rows, "by-the-key", "--shard", label)
        found(f"honestly signed with that key: {said}")
        shutil.copytree(issuer, stolen)
        how = ("--shard", label, "--yes", "--issuer", stolen)
        forged = stage.run("issuer", "issue", *NOBODY, *WORK, *how, *stage.when)[-1]
        found("forged: a certificate of a person who does not exist; its signature is real")
    return forged, homes.texts(UTOPIA, "by-the-key")[0]


def _seen(stage: Stage, homes: Homes, title: str, cases: dict[str, str]) -> Seen:
    found: Seen = {}
    with stage.step(title, "verify TEXT, and with --to XS") as told:
        for what, text in cases.items():
            seen = everywhere(stage, homes, text)
            stage.must(len(seen) == 1, f"the borders differ about one {what}: {seen}")
            ((_, codes),) = seen
            colour, asked = verdict(stage, homes, SYLVANIA, text, SYLVANIA.country)
            stage.must(asked == codes, f"Sylvania's rules say {asked} of one {what}")
            found[what] = colour, codes
            told(f"{SIGNS[colour]:<8} {what:<36} {codes or 'authentic and in force'}")
    return found


def _recalled(stage: Stage, homes: Homes) -> None:
    recall = ("--reason", "product-recall", "--lot", RECALLED, "--by", "supervisor")
    lists = homes.of(ARCADIA, "lists")
    with stage.step("Arcadia recalls the lot", " ".join(("issuer revoke", *recall))) as found:
        said = homes.recall(ARCADIA, RECALLED)
        homes.publish(ARCADIA, "--lists", lists)
        sizes = {kind: sum(p.stat().st_size for p in lists.glob(f"*.{kind}")) for kind in ("tags", "delta")}  # fmt: skip
        found(said, f"the whole list {sizes['tags']:,} bytes, what is new of it "
              f"{sizes['delta']:,} bytes: tags of certificates, and no names", size=sizes["delta"])  # fmt: skip


def _withdrawn(stage: Stage, homes: Homes) -> None:
    certificate = sorted(homes.of(UTOPIA, "issuer/certificates").glob("2*.pem"))[-1]
    command = "participant publish --withdraw KEY.pem --reason key-compromise --to URL"
    with stage.step("Utopia withdraws the key", command) as found:
        homes.publish(UTOPIA, "--withdraw", certificate, "--reason", "key-compromise")
        found("two of Utopia's three keys have signed it; the authority was not asked")


def suspend(stage: Stage, authority: Authority, homes: Homes) -> None:
    """Suspend a state, and show what its traveller sees."""
    stage.act(
        "A state is suspended",
        "Sylvania has lost sight of its keys. Three seats may suspend it, for two weeks at most; it",
        "ends by itself, and its own people are told why. AMBER, and not RED: they have done nothing.",
    )
    text, draft = homes.texts(SYLVANIA)[0], stage.folder / "suspend.proposal"
    command = "authority propose suspend DIR XXS --reason keys-lost"
    with stage.step("Seats suspend Sylvania", command) as found:
        before = verdict(stage, homes, ARCADIA, text, ARCADIA.country)
        why = ("--reason", "keys-lost", "--out", draft)
        stage.run("authority", "propose", "suspend", authority.folder, SYLVANIA.code, *why, *stage.when)  # fmt: skip
        authority.sign(draft, *range(1, SUSPEND))
        code, told = stage.refused("proposal-unsigned", lambda: authority.publish(draft))
        found(f"after two signatures: {code}", told)
        authority.sign(draft, SUSPEND)
        found(f"after the third: {authority.publish(draft)[0]}")
    together(stage, homes, "One sync of each border")
    with stage.step("What Sylvania's traveller sees in Arcadia", "verify TEXT --to XA") as found:
        after = verdict(stage, homes, ARCADIA, text, ARCADIA.country)
        stage.must(before[0] == "green" and after == ("amber", "PARTICIPANT_SUSPENDED"), f"{before} {after}")  # fmt: skip
        found(f"before {SIGNS[before[0]]}, now:", *_shown(stage, homes.of(ARCADIA, "post"), text))
    with stage.step("What the others' travellers see of it") as found:
        others = {state.name: everywhere(stage, homes, homes.texts(state)[0])
                  for state in STATES if state is not SYLVANIA}  # fmt: skip
        stage.must(all(seen == {("amber", "")} for seen in others.values()), f"{others}")
        found(f"nothing: {', '.join(others)} are as they were")


def _shown(stage: Stage, home: Path, text: str) -> list[str]:
    said = stage.said("verify", text, "--to", ARCADIA.country, "--home", home, *stage.when)
    return said.lines
