"""Lay certificates out and print them, as the commands ask: languages, words, names, contact, fonts.

options -> Press -> pdf(certificate, text) -> bytes
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from pratique.errors import UsageError
from pratique.findings import Code, Weight, refuses
from pratique.formats import Envelope, hcert
from pratique.intake.catalogue import Catalogue
from pratique.model import HealthCertificate, silent
from pratique.parties import issuer as parties_issuer
from pratique.parties.inputs import Item
from pratique.parties.verifier import held
from pratique.sheet import Wording, sheet
from pratique.snapshot import Snapshot
from pratique.store import pdf
from pratique.store import sources as store_sources
from pratique.store.pdf import wording
from pratique.verification import verify

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


def _on_stderr(note: str) -> None:
    click.echo(note, err=True)


@silent
class Press(NamedTuple):
    """All that printing needs but the certificate."""

    wordings: tuple[Wording, ...]
    variant: str
    contact: str
    names: Mapping[str, str]
    makers: Mapping[str, str]
    fonts: tuple[Path, ...]

    def pdf(self, certificate: HealthCertificate, text: str) -> bytes:
        """Return the PDF of a certificate whose signature was checked."""
        made = sheet(
            certificate, text, wordings=self.wordings, contact=self.contact, names=self.names,
            makers=self.makers,
        )  # fmt: skip
        return pdf.render(made, variant=self.variant, folders=self.fonts)

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
    catalogue: Catalogue | None = None,
    say: Callable[[str], None] = _on_stderr,
) -> Press:
    """Make ready to print; a language whose script no font here can write is left out and told.

    Args:
        catalogue: what names products and makers; what comes with Pratique if not given.

    Raises:
        UsageError: `language-unknown`; `font-missing` for a language that was asked for.
    """
    own = {found.language: found for found in (_read(path, say) for path in words)}
    tags = languages or (*own, *(tag for tag in wording.LANGUAGES if tag not in own))
    shown = []
    for tag in dict.fromkeys(tags):
        each = own.get(tag) or wording.builtin(tag)
        if pdf.printable(each, fonts):
            shown.append(each)
        elif tag in languages or tag in own:
            raise UsageError(
                "font-missing",
                f"no font here can write the language {tag}, and no boxes are printed",
                "tools/fonts fetches fonts from Debian's; or name a folder of fonts with --fonts",
            )
        else:
            told = (
                f"note: no font here can write {tag}: it is left out; see tools/fonts and --fonts"
            )
            say(told)
    known = catalogue or Catalogue.builtin()
    products = known.product_of.values()
    makers = {each.code: each.manufacturer for each in products if each.manufacturer}
    return Press(tuple(shown), variant, contact, _names(known), makers, tuple(fonts))


def as_json(found: Press, words: Sequence[Path]) -> dict[str, Any]:
    """Return what a press is asked for, so that another process makes the same one (`of_json`)."""
    return {
        "variant": found.variant,
        "languages": [wording.language for wording in found.wordings],
        "words": [str(path.absolute()) for path in words],
        "contact": found.contact,
        "fonts": [str(path.absolute()) for path in found.fonts],
    }


def of_json(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `press` that `as_json` kept."""
    return {
        **asked,
        "words": tuple(map(Path, asked["words"])),
        "fonts": tuple(map(Path, asked["fonts"])),
    }


def _read(path: Path, say: Callable[[str], None]) -> Wording:
    found = wording.read(store_sources.read_bytes(path))
    if found.lacking:
        lacking = ", ".join(found.lacking)
        say(f"note: {found.wording.language} stays English in: {lacking}")
    return found.wording


def _names(catalogue: Catalogue) -> dict[str, str]:
    known = {code: product.display for code, product in catalogue.product_of.items()}
    for values in catalogue.sets.values():
        known |= {code: value.display for code, value in values.items()}
    return {code: display for code, display in known.items() if display}


# ----------------------------------------------------------------------------------------------------
# Which certificates a clerk may put on paper: what somebody who is believed here signed.
#
#     --trust | the issuer's own keys | the imported trust list -> Snapshot -> verify -> certificate | why not
#
# 1. What is taken back is not printed: by the lists that the snapshot holds, and by the issuer's own
#    register, whether its newest list is published or not.


def snapshot_of(
    sources: tuple[Path, ...],
    environment: str,
    home: Path | None,
    issuer_folder: Path | None,
    at: datetime,
    *,
    register: str | None = None,
) -> Snapshot:
    """Return whom to believe: --trust, else the issuer's own keys, else the imported trust list."""
    folder = parties_issuer.folder(issuer_folder, store_sources.home())
    if sources or not (folder / parties_issuer.DOCUMENT).exists():
        return held(sources, environment, home, at)
    issuer = parties_issuer.load(folder)
    own = store_sources.trust_from([folder / "certificates"], at=at, environment=issuer.environment)
    taken_back = parties_issuer.revocations(folder, register, issuer.shards, at=int(at.timestamp()))
    return own.snapshot if taken_back is None else own.snapshot.replace(revocations=taken_back)


def authentic(
    item: Item, number: int, snapshot: Snapshot, at: datetime
) -> HealthCertificate | None:
    """Return what a text attests, or say why it is not put on paper."""
    if item.text is None or item.finding is not None:
        code = Code.INPUT_UNREADABLE if item.finding is None else item.finding.code
        why = item.remark or f"{code.name}: {code.meaning}"
        click.echo(f"error: certificate {number} is not printed: {why}", err=True)
        return None
    found = verify(item.text, snapshot=snapshot, at=at)
    refused = found.certificate is None or refuses(found.verdict.findings)
    weights = {Weight.FAULT, Weight.DOUBT} if refused else {Weight.DOUBT}
    # Nobody's rules are asked here: that they are not is no news.
    codes = [
        f"{finding.code.name}: {finding.code.meaning}"
        for finding in found.verdict.findings
        if finding.code.weight in weights and finding.code is not Code.NO_RULES
    ]
    for told in codes:
        what = "error: certificate %d is not printed" if refused else "note: certificate %d"
        click.echo(f"{what % number}: {told}", err=True)
    return None if refused else found.certificate
