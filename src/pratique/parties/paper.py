"""Print certificates: laid out in several languages, after each was verified.

    Paper, value sets -> Renderer -> pdf(certificate, text) -> bytes
    items -> verify -> all of them good -> certificate-0001.pdf, ...

1. What is printed is authentic and in force: a forged or run-out text is not put on paper, and beside
   one nothing is: a pile of sheets has no gap that nobody noticed.
2. Whom to believe: --trust, else the issuer's own keys, else the imported trust list. What is revoked is not
   printed: by the lists that the snapshot holds, and by the issuer's own register, whether its newest list is
   published or not.
3. Neither a file's name nor a PDF's metadata tells whose certificate it is. Files are their owner's alone.
4. In a folder no sheet takes another's place; a file that is named is written anew.
5. A sheet that cannot be set, for a script without a font, costs itself only and is told by number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pratique.errors import UsageError
from pratique.findings import Code, Severity, refuses
from pratique.formats import Envelope, hcert
from pratique.intake.catalogue import Catalogue
from pratique.model import HealthCertificate, silent
from pratique.parties import issuer as issuer_folder
from pratique.parties.inputs import Item
from pratique.parties.verifier import held
from pratique.sheet import Sheet, Wording, sheet
from pratique.snapshot import Snapshot
from pratique.store import files, pdf, sources
from pratique.store.pdf import wording
from pratique.text import Notice
from pratique.verification import verify

LAYOUTS = ("a4", "card", "large")
Say = Callable[[Notice], None]


class Paper(NamedTuple):
    """How sheets are to look.

    Attributes:
        languages: of the leaves, the holder's own first; empty for those of the translations and of Pratique.
        translations: words of further languages, the participant's own.
        contact: where mistakes are corrected; empty for the issuing body.
        fonts: folders of more fonts.
        emblem: the issuer's emblem or logo, SVG or PNG.
    """

    layout: str
    languages: tuple[str, ...] = ()
    translations: tuple[Path, ...] = ()
    contact: str = ""
    fonts: tuple[Path, ...] = ()
    emblem: Path | None = None


@silent
class Renderer(NamedTuple):
    """All that printing needs but the certificate."""

    paper: Paper
    wordings: tuple[Wording, ...]
    names: Mapping[str, str]
    makers: Mapping[str, str]
    emblem: pdf.Emblem | None = None

    def pdf(self, certificate: HealthCertificate, text: str) -> bytes:
        """Return the PDF of a certificate whose signature was checked."""
        look = self.paper
        laid_out = self._laid_out(certificate, text)
        return pdf.render(laid_out, variant=look.layout, folders=look.fonts, shown=self.emblem)

    def own(self, text: str) -> bytes:
        """Return the PDF of a text that was signed a moment ago, in this process."""
        return self.pdf(decoded(text), text)

    def own_pages(self, text: str) -> list[bytes]:
        """Return the pages of such a text as drawings (SVG), for a browser that prints them."""
        look, laid_out = self.paper, self._laid_out(decoded(text), text)
        return pdf.pages(laid_out, variant=look.layout, folders=look.fonts, shown=self.emblem)

    def _laid_out(self, certificate: HealthCertificate, text: str) -> Sheet:
        return sheet(
            certificate, text, wordings=self.wordings, contact=self.paper.contact, names=self.names,
            makers=self.makers,
        )  # fmt: skip


def decoded(text: str) -> HealthCertificate:
    """Return what a text says that was signed a moment ago, in this process."""
    envelope = hcert.unwrap(text)
    assert isinstance(envelope, Envelope)
    certificate = hcert.decode(envelope.payload).certificate
    assert certificate is not None
    return certificate


def renderer(paper: Paper, catalogue: Catalogue | None = None, *, note: Say) -> Renderer:
    """Make ready to print; a language whose script no font here can write is left out, with a note.

    Args:
        catalogue: what names products and makers; what comes with Pratique if not given.

    Raises:
        UsageError: `language-unknown`; `font-missing` for a language that was asked for.
        DocumentRefused: `words-refused`, `emblem-refused`.
    """
    own = {words.language: words for words in (_read(path, note) for path in paper.translations)}
    tags = paper.languages or (*own, *(tag for tag in wording.LANGUAGES if tag not in own))
    shown = []
    for tag in dict.fromkeys(tags):
        each = own.get(tag) or wording.builtin(tag)
        if pdf.printable(each, paper.fonts):
            shown.append(each)
        elif tag in paper.languages or tag in own:
            raise UsageError(
                "font-missing",
                f"no font here can write the language {tag}, and no boxes are printed",
                "install fonts for it (the handbook's page Print names them), or name a folder with --fonts",
            )
        else:
            note(
                Notice(
                    "language_left_out",
                    "no font here can write {language}: it is left out; "
                    "install fonts for it, or name a folder with --fonts",
                    language=tag,
                )
            )
    known = catalogue or Catalogue.builtin()
    products = known.product_of.values()
    makers = {each.code: each.manufacturer for each in products if each.manufacturer}
    emblem = None if paper.emblem is None else pdf.emblem_of(sources.read_bytes(paper.emblem))
    return Renderer(paper, tuple(shown), _names(known), makers, emblem)


def as_json(renderer: Renderer) -> dict[str, Any]:
    """Return what a renderer is asked for, so that another process makes the same one (`of_json`)."""
    paper = renderer.paper
    return {
        "variant": paper.layout,
        "languages": [wording.language for wording in renderer.wordings],
        "words": [str(path.absolute()) for path in paper.translations],
        "contact": paper.contact,
        "fonts": [str(path.absolute()) for path in paper.fonts],
        "emblem": None if paper.emblem is None else str(paper.emblem.absolute()),
    }


def of_json(row: Mapping[str, Any]) -> Paper:
    """Return what `as_json` kept."""
    # A job that an earlier release began knows of no emblem.
    emblem = row.get("emblem")
    return Paper(
        row["variant"], tuple(row["languages"]), tuple(map(Path, row["words"])), row["contact"],
        tuple(map(Path, row["fonts"])), None if emblem is None else Path(emblem),
    )  # fmt: skip


def _read(path: Path, note: Say) -> Wording:
    words = wording.read(sources.read_bytes(path))
    if words.lacking:
        lacking = ", ".join(words.lacking)
        text = "{language} stays English in: {lacking}"
        note(Notice("words_lacking", text, language=words.wording.language, lacking=lacking))
    return words.wording


def _names(catalogue: Catalogue) -> dict[str, str]:
    known = {code: product.display for code, product in catalogue.product_of.items()}
    for values in catalogue.sets.values():
        known |= {code: value.display for code, value in values.items()}
    return {code: display for code, display in known.items() if display}


class Trusted(NamedTuple):
    """Whom to believe: sources that were named, the environment that they may not tell, the home folder."""

    sources: tuple[Path, ...] = ()
    environment: str = "production"
    home: Path | None = None


def snapshot_of(
    trusted: Trusted, folder: Path, at: datetime, *, register: str | None = None
) -> Snapshot:
    """Return whom to believe: --trust, else the issuer's own keys, else the imported trust list."""
    if trusted.sources or not (folder / issuer_folder.DOCUMENT).exists():
        return held(trusted.sources, trusted.environment, trusted.home, at)
    issuer = issuer_folder.load(folder)
    own = sources.trust_from([folder / "certificates"], at=at, environment=issuer.environment)
    revoked = issuer_folder.revocations(folder, register, issuer.shards, at=int(at.timestamp()))
    return own.snapshot if revoked is None else own.snapshot.replace(revocations=revoked)


def contact_of(folder: Path) -> str:
    """Return where an issuer's holders turn to; empty where there is no issuer."""
    if not (folder / issuer_folder.DOCUMENT).exists():
        return ""
    return issuer_folder.load(folder).contact


class Printed(NamedTuple):
    """What became of one certificate: its file, or why it is not printed."""

    number: int
    path: Path | None = None
    error: UsageError | None = None


@silent
class Checked(NamedTuple):
    """A text, what it attests, or None; and why it is not put on paper, or what is doubted of it."""

    text: str
    certificate: HealthCertificate | None
    remarks: tuple[str, ...] = ()


def check_all(items: Sequence[Item], out: Path, snapshot: Snapshot, at: datetime) -> list[Checked]:
    """Verify what is to be printed into a folder, or into the file of one; UsageError `out-one`."""
    if _is_file(out) and len(items) != 1:
        raise UsageError(
            "out-one",
            f"there are {len(items)} certificates for one file",
            "name a folder with --out",
        )
    return [_checked(item, snapshot, at) for item in items]


def _is_file(out: Path) -> bool:
    return out.suffix.lower() == ".pdf"


def _checked(item: Item, snapshot: Snapshot, at: datetime) -> Checked:
    if item.text is None or item.finding is not None:
        code = Code.INPUT_UNREADABLE if item.finding is None else item.finding.code
        return Checked("", None, (item.remark or f"{code.name}: {code.meaning}",))
    verified = verify(item.text, snapshot=snapshot, at=at)
    refused = verified.certificate is None or refuses(verified.verdict.findings)
    severities = {Severity.ERROR, Severity.WARNING} if refused else {Severity.WARNING}
    # Nobody's rules are asked here: that they are not is no news.
    remarks = tuple(
        f"{finding.code.name}: {finding.code.meaning}"
        for finding in verified.verdict.findings
        if finding.code.severity in severities and finding.code is not Code.NO_RULES
    )
    return Checked(item.text, None if refused else verified.certificate, remarks)


def print_all(certificates: Sequence[Checked], ready: Renderer, out: Path) -> Iterator[Printed]:
    """Print certificates, all of them authentic, one after the other."""
    single = _is_file(out)
    (out.parent if single else out).mkdir(mode=0o700, parents=True, exist_ok=True)
    for number, (text, certificate, _) in enumerate(certificates, 1):
        assert certificate is not None
        try:
            data = ready.pdf(certificate, text)
        except UsageError as error:
            # A name that no font here can write costs its own sheet; the gap is told of.
            if len(certificates) == 1:
                raise
            yield Printed(number, error=error)
            continue
        path = out if single else out / f"certificate-{number:04d}.pdf"
        try:
            (files.replace if single else files.create)(path, data)
        except FileExistsError as error:
            raise UsageError(
                "out-taken",
                f"{path.name} is in that folder already",
                "name another folder with --out",
            ) from error
        yield Printed(number, path)
