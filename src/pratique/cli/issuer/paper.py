"""Lay certificates out and print them, as the commands ask: languages, words, names, contact, fonts.

options -> Press -> pdf(certificate, text) -> bytes
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from pratique.edges import files, paper
from pratique.edges.paper import wording
from pratique.errors import UsageError
from pratique.formats import Envelope, hcert
from pratique.intake.catalogue import Catalogue
from pratique.journeys.print import Wording, sheet
from pratique.model import HealthCertificate, silent

Command = TypeVar("Command", bound=Callable[..., Any])
VARIANTS = ("a4", "card", "large")
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def paper_options(command: Command) -> Command:
    """Add --language, --words, --contact and --fonts."""
    language = click.option(
        "--language", "languages", multiple=True, metavar="TAG",
        help=f"Language of a leaf, the holder's own first [default: {', '.join(wording.LANGUAGES)}].",
    )  # fmt: skip
    words = click.option(
        "--words", multiple=True, type=_FILE, metavar="FILE",
        help="Words of a further language, the participant's own, as TOML. It comes first.",
    )  # fmt: skip
    contact = click.option(
        "--contact", default="", help="Where mistakes are corrected [default: the issuing body]."
    )
    fonts = click.option(
        "--fonts", multiple=True, type=click.Path(path_type=Path, exists=True, file_okay=False),
        metavar="DIR", help="Folder of more fonts. Repeatable.",
    )  # fmt: skip
    return language(words(contact(fonts(command))))


@silent
class Press(NamedTuple):
    """All that printing needs but the certificate."""

    wordings: tuple[Wording, ...]
    variant: str
    contact: str
    names: Mapping[str, str]
    fonts: tuple[Path, ...]

    def pdf(self, certificate: HealthCertificate, text: str) -> bytes:
        """Return the PDF of a certificate whose signature was checked."""
        made = sheet(
            certificate, text, wordings=self.wordings, contact=self.contact, names=self.names
        )
        return paper.render(made, variant=self.variant, folders=self.fonts)

    def own(self, text: str) -> bytes:
        """Return the PDF of a text that was signed a moment ago, in this process."""
        envelope = hcert.unwrap(text)
        assert isinstance(envelope, Envelope)
        certificate = hcert.decode(envelope.payload).certificate
        assert certificate is not None
        return self.pdf(certificate, text)


def press(
    *,
    variant: str,
    languages: Sequence[str] = (),
    words: Sequence[Path] = (),
    contact: str = "",
    fonts: Sequence[Path] = (),
) -> Press:
    """Make ready to print; a language whose script no font here can write is left out and told."""
    own = []
    for path in words:
        found = wording.read(files.read_bytes(path))
        if found.lacking:
            click.echo(
                f"note: {path.name} lacks {len(found.lacking)} labels, which stay English", err=True
            )
        own.append(found.wording)
    wanted = [wording.builtin(tag) for tag in languages or wording.LANGUAGES]
    shown = [*own]
    for each in wanted:
        if paper.printable(each, fonts):
            shown.append(each)
        elif languages:
            raise UsageError(
                "font-missing",
                f"no font here can write the language {each.language}",
                "tools/fonts fetches one for Chinese; or name a folder of fonts with --fonts",
            )
        else:
            click.echo(
                f"note: no font here can write {each.language}: it is left out; see --fonts",
                err=True,
            )
    catalogue = Catalogue.builtin()
    names = {
        code: value.display
        for values in catalogue.sets.values()
        for code, value in values.items()
        if value.display
    }
    names |= {
        code: product.display for code, product in catalogue.product_of.items() if product.display
    }
    return Press(tuple(shown), variant, contact, names, tuple(fonts))
