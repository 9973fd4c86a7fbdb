"""The demo's third part: a state begins to issue, prints, and takes a lot back.

    issuer init -> issue --from -> print -> a border verifies -> revoke --lot -> lists -> delta -> border

1. Every step is the command that stands before it, run now: nothing is shown that was not found.
2. Utopia and its people are invented, and its keys are thrown away; the PDFs stay in the folder.
"""

from __future__ import annotations

import csv
import io
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli.main import pratique

PEOPLE = 4000
SURNAMES = (
    "Sample",
    "Specimen",
    "Example",
    "Muster",
    "Ejemplo",
    "Образцов",
    "Δείγμα",
    "نموذج",
    "样本",
)
FORENAMES = ("Ada", "Grace", "Alan", "Noor", "Wei", "Iris", "Omar")
RECALLED, KEPT = "LOT-BAD", "LOT-GOOD"
COLUMNS = (
    "kind", "domain", "surname", "forename", "birth_date", "sex", "nationality", "product", "dose",
    "doses", "given_on", "lot", "site", "test_type", "test_name", "sampled_at", "result",
    "first_positive_on", "disease", "valid_from", "valid_until",
)  # fmt: skip
WORK = ("--site", "harbour-clinic", "--operator", "op-17")


def lines(demo: Path) -> Iterator[str]:
    """Yield what is found, and leave PDFs in `demo`."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _Utopia(Path(folder), demo).steps()


class _Utopia:
    """The state, its border, and their folders."""

    def __init__(self, folder: Path, demo: Path) -> None:
        self.folder, self.demo = folder, demo
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.issuer, self.border = folder / "issuer", folder / "border"
        (folder / "password").write_text(secrets.token_hex(16))

    def steps(self) -> Iterator[str]:
        desk = ("--issuer", str(self.issuer), "--password-file", str(self.folder / "password"))
        who = ("--country", "XU", "--participant", "XXU", "--name", "Ministry of Health of Utopia")
        said = self._run("issuer", "init", *who, "--shards", "2", *desk)
        yield from _shown("issuer init --country XU --shards 2", [said[0].partition(": ")[0]])
        self._people()
        source, out = str(self.folder / "people.csv"), str(self.folder / "issued")
        said = self._run("issuer", "issue", "--from", source, "--out", out, *WORK, *desk)
        yield from _shown(
            "issuer issue --from people.csv --out issued", [said[0].partition(":")[0]]
        )
        yield from self._printed(desk)
        self._run("trust", "import", str(self.issuer / "certificates"), *self._home())
        yield from self._published(desk, "the border takes the first lists")
        recalled, kept = self._two(Path(out))
        yield from self._judged(recalled, kept)
        recall = ("--reason", "product-recall", "--lot", RECALLED, "--by", "supervisor")
        said = self._run("issuer", "revoke", *recall, "--yes", *desk[:2])
        yield from _shown(" ".join(("issuer revoke", *recall)), [said[-2]])
        yield from self._published(desk, "the border takes the deltas", delta=True)
        yield from self._judged(recalled, kept)

    def _run(self, *words: str) -> list[str]:
        out, told = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(told):
            pratique.main(list(words), prog_name="pratique", standalone_mode=False)
        return out.getvalue().splitlines()

    def _home(self) -> tuple[str, ...]:
        return "--home", str(self.border)

    def _people(self) -> None:
        day = self.now.date().isoformat()
        year = self.now.year
        with (self.folder / "people.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            for number in range(PEOPLE):
                name = {
                    "surname": SURNAMES[number % len(SURNAMES)],
                    "forename": FORENAMES[number % len(FORENAMES)],
                    "birth_date": f"{1940 + number % 60}-0{1 + number % 9}",
                }
                writer.writerow(name | self._event(number, day, year))

    def _event(self, number: int, day: str, year: int) -> dict[str, str]:
        covid = "840539006"
        if number == 1:
            return {"kind": "test", "test_type": "LP6464-4", "test_name": "Invented PCR",
                    "sampled_at": f"{day}T00:01:00Z", "result": "260415000"}  # fmt: skip
        if number == 2:
            return {"kind": "recovery", "disease": covid, "first_positive_on": f"{year - 1}-06-01",
                    "valid_from": f"{year - 1}-06-12", "valid_until": f"{year - 1}-11-28"}  # fmt: skip
        if number == 3:
            return {"kind": "exemption", "disease": covid, "valid_from": f"{year}-01-01",
                    "valid_until": f"{year}-12-31"}  # fmt: skip
        if number == 4:
            return {"kind": "vaccination", "domain": "ICVP", "sex": "female", "nationality": "XXU",
                    "birth_date": "1984-02-29", "given_on": f"{year - 1}-03-15", "lot": "YF-9",
                    "product": "YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0",
                    "site": "Harbour clinic"}  # fmt: skip
        return {"kind": "vaccination", "product": "EU/1/20/1528", "dose": "2", "doses": "2",
                "given_on": f"{year - 1}-10-01", "lot": RECALLED if number % 2 else KEPT}  # fmt: skip

    def _printed(self, desk: tuple[str, ...]) -> Iterator[str]:
        texts = self._texts(self.folder / "issued")
        self.demo.mkdir(exist_ok=True)
        shown = [("vaccination", 0, "a4"), ("vaccination-card", 0, "card"),
                 ("vaccination-large", 0, "large"), ("test", 1, "a4"), ("recovery", 2, "a4"),
                 ("exemption", 3, "a4"), ("yellow-fever", 4, "a4"), ("arabic", 7, "a4"),
                 ("chinese", 8, "a4")]  # fmt: skip
        sources = ("--trust", str(self.issuer / "certificates"))
        for name, number, variant in shown:
            out = self.demo / f"{name}.pdf"
            self._run("issuer", "print", texts[number + 2], "--out", str(out), "--variant", variant,
                      *sources)  # fmt: skip
        names = ", ".join(name for name, _, _ in shown)
        yield from _shown("issuer print TEXT --variant a4|card|large", [f"{self.demo}/: {names}"])

    def _texts(self, folder: Path) -> dict[int, str]:
        found: dict[int, str] = {}
        for path in folder.glob("certificates-*.csv"):
            with path.open(encoding="utf-8") as file:
                found |= {int(row["row"]): row["text"] for row in csv.DictReader(file)}
        return found

    def _two(self, folder: Path) -> tuple[str, str]:
        texts = self._texts(folder)
        return texts[7 + 2], texts[8 + 2]

    def _published(self, desk: tuple[str, ...], what: str, *, delta: bool = False) -> Iterator[str]:
        lists = self.folder / "lists"
        self._run("issuer", "lists", "--out", str(lists), *desk[:2])
        files = sorted(lists.glob("*.delta" if delta else "*.tags"))
        self._run("revocations", "import", *map(str, files), *self._home())
        size = sum(path.stat().st_size for path in files)
        yield from _shown(
            "issuer lists --out lists", [f"{size} bytes for {len(files)} keys: {what}"]
        )

    def _judged(self, recalled: str, kept: str) -> Iterator[str]:
        found = []
        for lot, text in ((RECALLED, recalled), (KEPT, kept)):
            said = self._run("verify", text, *self._home())
            code = next(
                (line.strip() for line in said if line.startswith("  ") and ": " in line), ""
            )
            found.append(f"{said[0].split('  ')[0]:<8} of {lot}: {code.partition(':')[0]}")
        yield from _shown("verify TEXT, at the border, offline", found)


def _shown(command: str, found: list[str]) -> Iterator[str]:
    yield f"  {click.style(f'$ pratique {command}', bold=True)}"
    for line in found:
        yield f"      {line}"
