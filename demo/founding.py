"""Act: an authority of nine seats, none of which can act alone; its first root, signed seat by seat."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

from demo import watching
from demo.cast import NETWORK, SEATS
from demo.stage import Stage, listed
from pratique.rules import policy

THRESHOLD, SUSPEND = 5, 3


class Authority:
    """The authority's folder, and its seats'.

    Attributes:
        folder: of the secretariat: the repository, the online keys, the records of onboarding.
        root: the first root, as a hand that you trust gives it.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage, self.folder = stage, stage.folder / "authority"
        self.root = self.folder / "repository/metadata/1.root.json"

    def seat(self, number: int) -> str:
        """Return where a seat's key lies, on its own machine."""
        return f"file:{self.stage.folder}/seat-{number}/key.pem"

    def sign(self, proposal: Path, *seats: int) -> None:
        """Have seats sign a proposal, each with its own key."""
        known = ("--yes", "--repository", self.folder)
        for number in seats:
            self.stage.run("authority", "sign", proposal, "--key", self.seat(number), *known)

    def publish(self, proposal: Path) -> list[str]:
        """Publish a proposal."""
        return self.stage.run("authority", "publish", self.folder, proposal, *self.stage.when)

    def decide(self, seats: tuple[int, ...], *words: object) -> list[str]:
        """Draft what some seats are to sign, have them sign it, and publish it."""
        out = self.stage.folder / "draft.proposal"
        what, *rest = words
        said = ("authority", "propose", what, self.folder, *rest, "--out", out, *self.stage.when)
        self.stage.run(*said)
        self.sign(out, *seats)
        return self.publish(out)

    def record(self, code: str, step: str, by: int, *evidence: Path, domain: str = "") -> None:
        """Record a step of a participant's onboarding, signed by a seat."""
        of = ("--domain", domain) if domain else ()
        shown = [word for path in evidence for word in ("--evidence", path)]
        say = ("authority", "onboard", self.folder, code, step, "--key", self.seat(by))
        self.stage.run(*say, *shown, *of, *self.stage.when)


def play(stage: Stage, stack: ExitStack) -> Authority:
    """Found the network; its witnesses are served until the stack ends."""
    stage.act(
        "An authority of nine seats",
        "Nobody owns the network. It takes five seats of nine to change anything, three to suspend",
        "somebody for two weeks at most, and no region may have more than two.",
    )
    made, cards = Authority(stage), []
    example = "authority seat seat-1 --holder XXA --region NORTH"
    with stage.step("Nine seats make their keys, each on its own machine", example) as found:
        for number, (holder, region) in enumerate(SEATS, 1):
            folder = stage.folder / f"seat-{number}"
            folder.mkdir()
            cards.append(folder / "card.json")
            who = ("--holder", holder, "--region", region, "--key", made.seat(number))
            stage.run("authority", "seat", f"seat-{number}", *who, "--out", cards[-1])
        regions = list(dict.fromkeys(region for _, region in SEATS))
        found(f"held by {listed([holder for holder, _ in SEATS])}",
              f"of {len(regions)} regions: {listed(regions)}")  # fmt: skip
    witnesses = watching.begin(stage, made.folder, stack)
    _init(stage, made, cards, witnesses)
    _first_root(stage, made)
    return made


def _init(stage: Stage, made: Authority, cards: list[Path], witnesses: list[str]) -> None:
    command = f'authority init DIR --network "{NETWORK}" --seat CARD... --witness KEY...'
    with stage.step("The secretariat drafts the first root", command) as found:
        sets = stage.folder / "sets.json"
        sets.write_text(json.dumps(policy.STAND_INS))
        seats = [word for card in cards for word in ("--seat", card)]
        words = ("--network", NETWORK, "--environment", "test", "--value-sets", sets, *seats)
        asked = [word for key in witnesses for word in ("--witness", key)]
        said = stage.run("authority", "init", made.folder, *words, *asked, *stage.when)
        found(said[0].rpartition(":")[0], said[1], f"{len(policy.STAND_INS)} value sets")


def _first_root(stage: Stage, made: Authority) -> None:
    proposal = made.folder / "root-1.proposal"
    with stage.step("The seats sign it, one by one", "authority sign PROPOSAL --key URI") as found:
        made.sign(proposal, 1, 2, 3, 4)
        code, why = stage.refused("proposal-unsigned", lambda: made.publish(proposal))
        found(f"after four signatures: {code}", why)
        made.sign(proposal, 5)
        (line,) = made.publish(proposal)
        size = sum(path.stat().st_size for path in made.root.parent.parent.rglob("*.json"))
        found(f"after the fifth: {line}", size=size)
