"""Act's step: some of Arcadia's certificates on paper (extra `pdf`)."""

from __future__ import annotations

from demo.cast import ARCADIA, PRINTED
from demo.joining import Homes
from demo.stage import Stage
from pratique.errors import ExtraMissing


def play(stage: Stage, homes: Homes) -> None:
    """Print certificates into the folder of results."""
    texts = homes.texts(ARCADIA)
    stage.out.mkdir(exist_ok=True)
    trust = ("--trust", homes.of(ARCADIA, "issuer/certificates"), "--environment", "test")
    with stage.step("Arcadia prints some", "issuer print TEXT --variant a4|card|large") as found:
        try:
            for name, number, variant in PRINTED:
                out = stage.out / f"{name}.pdf"
                form = ("--out", out, "--variant", variant)
                stage.run("issuer", "print", texts[number], *form, *trust, *stage.when)
                stage.made.append(out)
        except ExtraMissing as error:
            found(f"left out: {error.message}")
            return
        size = sum((stage.out / f"{name}.pdf").stat().st_size for name, _, _ in PRINTED)
        found(", ".join(name for name, _, _ in PRINTED), size=size)
