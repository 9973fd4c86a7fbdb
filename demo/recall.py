"""Acts: a lot is recalled, a signing key is stolen; a state is suspended."""

from __future__ import annotations

import shutil
from pathlib import Path

from demo.borders import SIGNS, everywhere, together, verdict
from demo.cast import (
    ARCADIA,
    KEPT,
    KEPT_ROW,
    NOBODY,
    RECALLED,
    RECALLED_ROW,
    STATES,
    SYLVANIA,
    UTOPIA,
    people,
)
from demo.founding import SUSPEND, Authority
from demo.joining import WORK, Homes, issue_rows
from demo.stage import Stage

THIEF = "thief"
Seen = dict[str, tuple[str, str]]


def play(stage: Stage, homes: Homes) -> None:
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
