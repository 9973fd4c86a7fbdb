"""A participant's commands."""

from __future__ import annotations

import base64
import io
import json
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click

from pratique.cli import issuer as cli_issuer
from pratique.cli import options, propose, sync
from pratique.cli.authority import WAITS
from pratique.errors import DocumentRefused, UsageError
from pratique.network import client, metadata, participants, proposal, view
from pratique.network.participants import ParticipantKind
from pratique.network.view import Memory, value_sets
from pratique.onboarding import checks, report
from pratique.onboarding.checks import Listed
from pratique.parties import authority
from pratique.parties import cards as parties_cards
from pratique.parties import issuer as parties_issuer
from pratique.parties import participant as parties_participant
from pratique.parties import renewal as parties_renewal
from pratique.parties.issuer_keys import Makes
from pratique.parties.participant import make_owned, make_role, own_ca
from pratique.parties.renewal import write_application
from pratique.store import files as store_files
from pratique.store import http, sources
from pratique.store.keys import Secret, is_at_hand, open_key
from pratique.terms import Environment
from pratique.text import as_json, printable
from pratique.trust import renewal
from pratique.trust.renewal import ROLES

# ----------------------------------------------------------------------------------------------------
# `pratique participant check`: is the dossier fit to be sent?
#
# FOLDER -> edges.dossier -> governance check -> text | JSON
#
# 1. Without a network to ask, the tables here say who somebody is, and the dossier's own application. With one,
#    its list of participants decides.
# 2. Exit: 0 nothing is wrong (warnings allowed), 1 an error was found.


LONGEST = 400


@click.command()
@click.argument(
    "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="FOLDER"
)
@click.option("--code", required=True, metavar="XXX", help="The participant's three letters.")
@click.option(
    "--environment",
    type=click.Choice([environment.value for environment in Environment]),
    default=Environment.PRODUCTION.value,
    show_default=True,
    help="The environment that the dossier is for.",
)
@click.option(
    "--known",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Keys seen before: a list of them, or the JSON report of an earlier check. Repeatable.",
)
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in ParticipantKind]),
    help="What the participant is, if no table here knows its code [default: as the application says].",
)
@click.option(
    "--repository",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="A network: its own list of participants decides on codes and countries.",
)
@options.at
@options.output_format
def check(
    *,
    folder: Path,
    code: str,
    environment: str,
    known: tuple[Path, ...],
    kind: str | None,
    repository: Path | None,
    at: datetime | None,
    output_format: str,
) -> int:
    """Check the key material in FOLDER as the network's authority will, and beyond.

    FOLDER holds SCA/, UP/ and TLS/ with certificates as PEM, for one domain or for several. Nothing
    is sent anywhere, and no private key belongs in it.
    """
    report = checks.check(
        sources.read(folder),
        participant=code,
        environment=Environment(environment),
        at=options.now_or(at),
        known=[key for path in known for key in _known(path)],
        listed=_listed(repository, code.strip().upper(), kind),
    )
    if output_format == "json":
        click.echo(as_json(report.as_json(), indent=1))
    else:
        for line in report.lines():
            click.echo(printable(line, LONGEST))
    return 1 if report.errors else 0


def _listed(repository: Path | None, code: str, kind: str | None) -> Listed:
    if repository is None:
        return Listed(kind)
    from pratique.parties import authority  # noqa: PLC0415 - reads the network's metadata

    found = authority.known(repository, None)
    one = None if found is None else found.participants.get(code)
    return Listed(kind) if one is None else Listed(one.kind.value, one.countries, one.subject)


def _known(path: Path) -> tuple[report.KnownKey, ...]:
    try:
        return report.read(sources.read_bytes(path))
    except DocumentRefused as error:
        raise DocumentRefused(error.code, f"{path}: {error.message}", error.hint) from error


# ----------------------------------------------------------------------------------------------------
# `pratique participant init`: all keys that a participant needs, by the network's templates.
#
# code, country, name -> SCA, upload, TLS and role keys -> participant.json -> what to do next


MOST_KEYS, LONGEST_NAME = 15, 64


@click.command()
@click.option(
    "--code", required=True, help="Your code in the network: three capital letters, mostly."
)
@click.option("--country", "countries", multiple=True, required=True, metavar="XU",
              help="A country that you sign for; the first is your certificates' C. Repeatable.")  # fmt: skip
@click.option("--name", required=True, help="Organisation that the X.509 certificates name.")
@click.option("--kind", type=click.Choice([kind.value for kind in participants.ParticipantKind]),
              default=participants.ParticipantKind.STATE.value, show_default=True)  # fmt: skip
@click.option("--domain", "domains", multiple=True, default=("DCC",), show_default=True,
              help="What you apply for: DCC, ICVP. Repeatable.")  # fmt: skip
@click.option(
    "--contact", default="", help="Where a holder may appeal: a page, or an office's address."
)
@click.option("--environment", type=click.Choice([e.value for e in Environment]),
              default=Environment.PRODUCTION.value, show_default=True)  # fmt: skip
@click.option("--role-key", "uris", multiple=True, metavar="URI",
              help="Where a key that speaks for you is made [default: three files]. Repeatable.")  # fmt: skip
@click.option("--role-card", "role_cards", multiple=True, metavar="PEM",
              type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Public key of a hand elsewhere: PEM, or a card of a seat's form. Repeatable.")  # fmt: skip
@click.option("--signing-ca-certificate", "ca_path", metavar="PEM",
              type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Your state's CSCA, which is kept elsewhere, instead of a signing CA made here.")  # fmt: skip
@click.option("--threshold", type=click.IntRange(2, MOST_KEYS), default=2, show_default=True,
              help="How many of those keys must sign.")  # fmt: skip
@parties_participant.option
@options.secret_files
@options.at
def init(
    *,
    code: str,
    countries: tuple[str, ...],
    name: str,
    kind: str,
    domains: tuple[str, ...],
    contact: str,
    environment: str,
    uris: tuple[str, ...],
    role_cards: tuple[Path, ...],
    threshold: int,
    ca_path: Path | None,
    folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> None:
    """Make the keys of a participant: signing CA, upload, TLS, and those that speak for it."""
    if not metadata.is_participants(code):
        raise UsageError(
            "participant-unfit", "--code has capital letters", "for example PRT or IOM"
        )
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise UsageError("name-unfit", f"--name has 1 to {LONGEST_NAME} characters")
    where = parties_participant.folder_of(folder)
    secret = options.secrets(password_file, pin_file, new=True)
    instant = int(options.now_or(at).timestamp())
    participant = participants.Participant(
        code, participants.ParticipantKind(kind), name, frozenset(countries), countries[0],
        frozenset(domains), contact,
    )  # fmt: skip
    given = tuple((parties_cards.read_key(card), "") for card in role_cards)
    wanted = uris or (() if given else tuple(f"file:keys/role-{n}.pem" for n in (1, 2, 3)))
    if not threshold <= len(wanted) + len(given) <= MOST_KEYS:
        raise UsageError(
            "threshold-unfit",
            f"{threshold} of {len(wanted) + len(given)} keys cannot sign",
            f"name from {threshold} to {MOST_KEYS} keys with --role-key and --role-card",
        )
    if len({*wanted, *(pem for pem, _ in given)}) < len(wanted) + len(given):
        raise UsageError("role-key-double", "a key is named twice", "each is another hand's")
    with parties_participant.new(where) as filled:
        task = Makes(filled, code, countries[0], name, Environment(environment), instant, secret)
        made_here = (
            ROLES
            if ca_path is None
            else [role for role in ROLES if role != parties_participant.SCA]
        )
        owned = tuple(make_owned(task, role, role, f"file:keys/{role}.pem") for role in made_here)
        if ca_path is not None:
            owned = (own_ca(task, sources.read_bytes(ca_path), countries), *owned)
        made = tuple((make_role(task, uri), uri) for uri in wanted)
        found = parties_participant.Home(
            participant, Environment(environment), owned, (*made, *given), threshold, instant
        )
        parties_participant.save(filled, found)
    _tell(where, found)


def _tell(folder: Path, found: parties_participant.Home) -> None:
    one = found.participant
    click.echo(
        f"{one.code} ({one.kind}) signs for {', '.join(sorted(one.countries))}, "
        f"{found.environment}: {folder}"
    )
    click.echo(f"signing CA SHA-256 {found.sca.thumbprint}")
    for pem, uri in found.role_keys:
        click.echo(f"role key {metadata.keyid(metadata.from_pem(pem))}  {uri or 'elsewhere'}")
    click.echo(f"{found.threshold} of {len(found.role_keys)} of them must sign what you publish")
    if found.threshold == len(found.role_keys):
        click.echo(
            "mind: all of them must sign: with one lost key you publish nothing, and revoke nothing, until the seats "
            "let others in",
            err=True,
        )
    click.echo("next")
    click.echo("  give each role key to another hand, on another machine")
    click.echo("  pratique participant apply --out DIR   writes what you hand in")
    click.echo(
        f"  pratique participant check DIR --code {one.code} --environment {found.environment}"
    )
    making = "pratique issuer init --signing-ca"
    making += f" {folder}" if found.sca.key else "-certificate PEM"
    click.echo(f"  {making}   makes keys that sign certificates")


# ----------------------------------------------------------------------------------------------------
# `pratique participant leave`: take everything along, and say so with k-of-n keys.
#
#     what is published, certificates, public keys -> FILE.zip          notice -> leave.json, signed
#
# 1. Nobody's leave is needed to go, and nothing stays behind that the participant needs elsewhere.
# 2. A notice names the network that is left: it says nothing of another one, in which the same keys speak.


FORMAT = "pratique-leave-1"
PREFIX = b"pratique-leave-1\n"


@click.command()
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE"
)
@authority.repository
@authority.home
@parties_participant.option
@options.secret_files
@options.at
def leave(
    *,
    out: Path,
    repository: Path | None,
    home: Path | None,
    folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> None:
    """Export all that is published and public of this participant, with a signed notice of leaving."""
    where = parties_participant.folder_of(folder)
    own = parties_participant.load_home(where)
    code = own.participant.code
    current = authority.known(repository, home)
    published = {} if current is None or code not in current.roles else current.roles[code].files
    notice = {}
    if current is None:
        click.echo(
            "note: no network is known here to be named, so no notice was signed: sync first, or --repository",
            err=True,
        )
    else:
        secret = options.secrets(password_file, pin_file)
        notice["leave.json"] = _notice(own, where, current, secret, options.now_or(at))
    found = {
        **notice,
        parties_participant.HOME_FILE: sources.read_bytes(where / parties_participant.HOME_FILE),
        **{f"published/{path}": data for path, data in published.items()},
        **{
            f"certificates/{p.name}": sources.read_bytes(p)
            for p in (where / "certificates").glob("*.pem")
        },
    }
    store_files.write(out, _packed(found))
    if not published:
        click.echo(
            "note: nothing that you published is known here, and in it: sync first", err=True
        )
    click.echo(f"{len(found)} files: {out}")
    click.echo("the private keys stay where they are: they are yours")
    if current is not None:
        click.echo(
            f"its leave.json is for {printable(str(current.board.name))}, and no other network"
        )
        click.echo(
            "hand it to the authority, which lets you go: pratique authority propose withdraw"
        )


def _notice(
    own: parties_participant.Home, folder: Path, current: view.View, secret: Secret, at: datetime
) -> bytes:
    code = own.participant.code
    if own.environment is not current.board.environment:
        raise UsageError(
            "environment-differs",
            f"{code}'s keys here are for {own.environment}, and the network is {current.board.name}",
            "name the folder of the keys for it: --participant DIR",
        )
    told = {
        "participant": code,
        "at": at.astimezone(UTC).isoformat(),
        **current.board.name.to_field(),
    }
    message = PREFIX + json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    speaking = [uri for _, uri in own.speaking(current)]
    here = [uri for uri in speaking if is_at_hand(uri, folder=folder)][: own.threshold]
    if len(here) < own.threshold:
        raise UsageError(
            "keys-elsewhere",
            f"{own.threshold} role keys must sign the notice, {len(here)} are here",
            "tell the authority by letter; nobody's leave is needed to go",
        )
    signed = [open_key(uri, folder=folder, secret=secret) for uri in here]
    signatures = {
        metadata.keyid(key.public_key): base64.b64encode(key.sign(message)).decode()
        for key in signed
    }
    return json.dumps({"format": FORMAT, **told, "signatures": signatures}, indent=1).encode()


def _packed(found: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(found):
            # What is named by a ZipInfo is stored as it is, unless that is said for each.
            one = zipfile.ZipInfo(name, datetime(1980, 1, 1, tzinfo=UTC).timetuple()[:6])
            archive.writestr(one, found[name], compress_type=zipfile.ZIP_DEFLATED)
    return packed.getvalue()


# ----------------------------------------------------------------------------------------------------
# `pratique participant send`: hand a signed proposal in.
#
# PROPOSAL -> POST URL/proposals | a file in a folder
#
# Exit: 0 it is published, or lies in the folder · 3 it waits for the log's witnesses, and nobody can say yet.


@click.command()
@click.argument(
    "file", metavar="PROPOSAL", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--to", "target", required=True, metavar="URL|DIR", help="Where to hand it in.")
def send(*, file: Path, target: str) -> int:
    """Hand in a PROPOSAL that enough hands have signed."""
    return said([submitted_parts(target, file.name, sources.read_bytes(file, http.UPLOAD_LARGEST))])


class Waits(str):
    """A line which says that an edition was taken and waits for its witnesses."""

    __slots__ = ()


def said(lines: Iterable[str]) -> int:
    """Print lines as they come; return the exit code: 3 if one of them says that an edition waits."""
    waits = False
    for line in lines:
        click.echo(line)
        waits = waits or isinstance(line, Waits)
    return WAITS if waits else 0


def submitted_parts(target: str, name: str, data: bytes) -> str:
    """Hand a proposal in, and say what came of it."""
    if target.startswith(("http://", "https://")):
        taken = http.sent(target, data)
        if taken.waits:
            return Waits(
                f"taken, and published when its witnesses have seen it: {printable(taken.title)}"
            )
        return f"published: {printable(taken.title)}"
    folder = Path(target)
    if not folder.is_dir():
        raise UsageError(
            "target-unknown",
            f"{target}: there is no such folder",
            "name a folder that is there, or a web address: https://…",
        )
    path = folder / name
    store_files.write(path, data)
    return f"handed in: {path}"


# ----------------------------------------------------------------------------------------------------
# `pratique participant publish`: sign the next edition of what a participant says, and hand it in.
#
#     signers, rules, choices, revocation lists, over what is published -> Proposal -> signed -> --to
#
# 1. What is not named stays as it is published.
# 2. With fewer keys here than must sign, the proposal is write_application for the other hands.
# 3. Nothing is taken back: a list that lacks what is published, or a signer that was withdrawn, is refused
#    here before anybody sees it.
# 4. A withdrawal is for good: key and reason are named, a person at a terminal is asked, and the key signs no
#    more where its issuer's folder is at hand.


PATH = click.Path(path_type=Path, exists=True)


@click.command()
@click.option("--signers", multiple=True, type=PATH, metavar="PATH",
              help="Document signers' certificates: files, or an issuer's 'certificates'. Repeatable.")  # fmt: skip
@click.option("--domain", default="DCC", show_default=True, help="Of those signers.")
@click.option("--withdraw", multiple=True, type=PATH, metavar="PEM",
              help="A signer that is withdrawn, for good. Repeatable.")  # fmt: skip
@click.option(
    "--reason", type=click.Choice(parties_participant.REASONS), help="Why it is withdrawn; with --withdraw.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="Do not ask before a withdrawal.")
@click.option("--dry-run", is_flag=True, help="Say what would be published, and do nothing.")
@click.option("--rules", multiple=True, type=PATH, metavar="PATH", help="Entry rules. Repeatable.")
@click.option("--choices", type=propose.FILE, metavar="FILE",
              help="Codes of value sets that you recognise, and how old data may be.")  # fmt: skip
@click.option("--lists", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
              help="What `pratique issuer lists` has write_application.")  # fmt: skip
@click.option("--to", "target", metavar="URL|DIR", help="Where to hand it in.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Where to write the proposal [default: CODE-VERSION.proposal].")  # fmt: skip
@authority.repository
@authority.home
@parties_participant.option
@options.secret_files
@options.at
def publish(
    *,
    signers: tuple[Path, ...],
    domain: str,
    withdraw: tuple[Path, ...],
    reason: str | None,
    yes: bool,
    dry_run: bool,
    rules: tuple[Path, ...],
    choices: Path | None,
    lists: Path | None,
    target: str | None,
    out: Path | None,
    repository: Path | None,
    home: Path | None,
    folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> int:
    """Publish signers, rules, choices and revocation lists; without any, confirm what is published."""
    where = parties_participant.folder_of(folder)
    own = parties_participant.load_home(where)
    instant = options.now_or(at)
    files, current = _current(repository, home, target, instant)
    held, is_first = _held(own, files, current)
    if is_first and not signers:
        raise UsageError("signers-missing", "no signer is named", "name --signers PATH")
    if withdraw and reason is None:
        raise UsageError(
            "reason-missing", "it is not said why the signer is withdrawn",
            f"name the --reason: {', '.join(parties_participant.REASONS)}",
        )  # fmt: skip
    wanted = parties_participant.Wanted(
        signers, domain, withdraw, reason or "", rules, choices, lists
    )
    made = parties_participant.made(where, own, held, wanted, sets=value_sets(current), at=instant)
    for doubt in parties_participant.doubted(own, made, instant):
        click.echo(f"note: {doubt}", err=True)
    for record in parties_participant.withdrawn(withdraw):
        click.echo(
            f"withdraws the signer with kid {record.kid.hex()} ({reason}): at each next sync all that it "
            f"has ever signed is RED, for good\n  SHA-256 {record.thumbprint}"
        )
    if dry_run:
        drafted = proposal.role(current, instant, own.participant.code, made)
        for line in (*propose.told(drafted, current), "nothing was done"):
            click.echo(line)
        return 0
    if withdraw:
        # In a script the reason that was named stands for the answer: a stolen key must not wait.
        if not yes and sys.stdin.isatty():
            options.confirm("this cannot be undone; withdraw?")
        for line in retired(withdraw, int(instant.timestamp())):
            click.echo(line)
    secret = options.secrets(password_file, pin_file)
    lines = published_parts(Edition(where, own, current, held, made, instant), secret, target, out)
    return said(lines)


def retired(withdraw: tuple[Path, ...], at: int) -> Iterator[str]:
    """Retire the withdrawn keys where their issuer's folder is at hand; say which, or that it is to be done."""
    gone = {record.thumbprint: record for record in parties_participant.withdrawn(withdraw)}
    beside = {path.resolve().parent.parent for path in withdraw}
    beside |= {path.resolve().parent for path in withdraw if path.is_dir()}
    for folder in sorted({*beside, cli_issuer.folder_named(None).resolve()}):
        if not (folder / parties_issuer.DOCUMENT).is_file():
            continue
        with parties_issuer.locked(folder):
            issuer = parties_issuer.load(folder)
            for shard in issuer.shards:
                if gone.pop(shard.thumbprint, None) is None:
                    continue
                if shard.retired is None:
                    issuer = issuer.replace(shard._replace(retired=at))
                    yield f"{shard.label} signs no more: it is retired in {folder}"
            parties_issuer.save(folder, issuer)
    for record in gone.values():
        yield (
            f"take the key with kid {record.kid.hex()} out of use where it signs: "
            "pratique issuer keys retire LABEL"
        )


class Edition(NamedTuple):
    """A participant's next edition: whose, over which network, the files before it and its own, by path, and when."""

    folder: Path
    own: parties_participant.Home
    current: view.View
    held: dict[str, bytes]
    files: dict[str, bytes]
    at: datetime


def published_parts(
    edition: Edition, secret: Secret, target: str | None, out: Path | None
) -> Iterator[str]:
    """Sign an edition with the keys here, and hand it in or write it for the other hands; say so."""
    own, current, code = edition.own, edition.current, edition.own.participant.code
    if own.environment is not current.board.environment:
        raise UsageError(
            "environment-differs",
            f"{code}'s keys here are for {own.environment}, and the network is {current.board.name}",
            "name the folder of the keys for it: --participant DIR",
        )
    client.check(code, edition.held, edition.files, published=int(current.published.timestamp()))
    drafted = proposal.role(current, edition.at, code, edition.files)
    speaking = own.speaking(current)
    # Keys that do not speak for it are tried all the same: the refusal tells what is to be done.
    known = [uri for _, uri in speaking or own.role_keys]
    # A key file that was given to another hand is signed with there.
    here = [uri for uri in known if is_at_hand(uri, folder=edition.folder)][: own.threshold]
    parties_participant.sign(edition.folder, here, secret, drafted, current)
    yield from propose.told(drafted, current)
    parties_participant.note(edition.folder, drafted)
    path = out or Path(f"{code}-{drafted.versions()[code]}.proposal")
    if target is None or len(here) < own.threshold:
        store_files.write(path, proposal.to_bytes(drafted))
        yield f"proposal: {path}"
        if len(here) < own.threshold:
            yield f"the other hands: pratique participant sign {path} --key URI"
        yield f"then: pratique participant send {path} --to URL"
    if target is not None and len(here) >= own.threshold:
        yield submitted_parts(target, path.name, proposal.to_bytes(drafted))


def _current(
    repository: Path | None, home: Path | None, target: str | None, at: datetime
) -> tuple[Mapping[str, bytes], view.View]:
    if repository is None and target is not None and target.startswith(("http://", "https://")):
        # What is handed in follows upon what is there now, also after a call that was interrupted.
        sync.brought(home, target, at)
    found = authority.known_files(repository, home)
    if found is None:
        raise UsageError(
            "no-network",
            "no network is known here",
            "pratique sync SOURCE --root root.json, or name one with --repository",
        )
    return found[0], view.read(*found)


def _held(
    own: parties_participant.Home, files: Mapping[str, bytes], current: view.View
) -> tuple[dict[str, bytes], bool]:
    """Return what is published, by path; and whether its keys have not published anything yet."""
    code = own.participant.code
    role = current.roles.get(code)
    if role is None or role.version:
        return ({} if role is None else dict(role.files)), False
    return parties_participant.taken_back(own, Memory(files).of(code)), True


# ----------------------------------------------------------------------------------------------------
# `pratique participant renew`: every key that ends soon gets its successor, in one command.
#
#     dates -> plan -> keys, certificates -> next edition, dossier -> what other hands have to do
#
# 1. Doing it twice makes nothing twice; interrupted, the same command goes on where it was.
# 2. --dry-run opens no key, writes nothing, and says exactly what would be made.
# 3. What is old stays valid and published until its own end.
# 4. The network that is known here must be newer than this participant's last edition: sync first.


CARD = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be made, and change nothing.")
@click.option("--within", type=click.IntRange(renewal.LEAST, 730), default=renewal.WITHIN,
              show_default=True, metavar="DAYS", help="Renew what ends within so many days.")  # fmt: skip
@click.option("--issuer", "issuers", multiple=True, metavar="DIR",
              type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="An issuer whose keys your signing CA issues [default: PRATIQUE_ISSUER, or 'issuer' in PRATIQUE_HOME]. Repeatable.")  # fmt: skip
@click.option(
    "--register", envvar="PRATIQUE_REGISTER", metavar="URL", help="The issuers' register."
)
@click.option("--role-card", "cards", multiple=True, type=CARD, metavar="PEM",
              help="New public key of a hand elsewhere, in place of its old one. Repeatable.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Where to write what you hand in [default: 'dossier' in your folder].")  # fmt: skip
@click.option("--to", "target", metavar="URL|DIR", help="Where to hand the next edition in.")
@authority.repository
@authority.home
@parties_participant.option
@options.secret_files
@options.at
def renew(
    *,
    dry_run: bool,
    within: int,
    issuers: tuple[Path, ...],
    register: str | None,
    cards: tuple[Path, ...],
    out: Path | None,
    target: str | None,
    repository: Path | None,
    home: Path | None,
    folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> int:
    """Make a successor of every key that ends soon, and prepare what other hands have to do."""
    where = parties_participant.folder_of(folder)
    found = parties_participant.load_home(where)
    pems = tuple(parties_cards.read_key(card) for card in cards)
    asked = parties_renewal.Asked(
        where, issuers or _own_issuer(home), register, pems, options.now_or(at), within
    )
    known = parties_renewal.Known(authority.known(repository, home), repository, home)
    if dry_run:
        parties_renewal.check_cards(asked, found)
        for line in _forecast(asked, found, known):
            click.echo(line)
        return 0
    if (now := parties_renewal.settled(found, known)) != found:
        with parties_issuer.locked(where):
            parties_participant.save(where, now)
        click.echo("the network listens to your new role keys alone: the old ones may be destroyed")
    secret = options.secrets(password_file, pin_file)
    parties_renewal.carry_out(asked, secret)
    found = parties_participant.load_home(where)
    steps = [*_edition(asked, found, known, secret, target), *_dossier(asked, found, known, out)]
    ended = said((*steps, *_notes(asked, found)))
    if not steps:
        click.echo(f"nothing ends within {within} days, and nothing waits for other hands")
    return ended


def _own_issuer(home: Path | None) -> tuple[Path, ...]:
    found = parties_issuer.folder(_named(), sources.home(home))
    return (found,) if (found / parties_issuer.DOCUMENT).exists() else ()


def _named() -> Path | None:
    import os  # noqa: PLC0415 - the one variable that is another command's option

    told = os.environ.get("PRATIQUE_ISSUER")
    return Path(told) if told else None


def _forecast(
    asked: parties_renewal.Asked, found: parties_participant.Home, known: parties_renewal.Known
) -> Iterator[str]:
    wanted = parties_renewal.plan(asked, found)
    for one in wanted.all():
        yield f"would make {parties_renewal.told(one)}"
    if not wanted.all():
        yield f"would make nothing: no key ends within {asked.within} days"
    if any(signers for _, signers in wanted.signers) or parties_renewal.unpublished(
        asked, found, known
    ):
        yield f"would write the next edition: {found.threshold} role keys must sign it"
    if wanted.owned or wanted.roles or parties_renewal.is_renewed(found):
        yield "would write a dossier for the authority"
    if wanted.roles or found.coming:
        yield "would leave to the seats: new role keys beside the old, then without them"
    yield "nothing was changed"


def _edition(
    asked: parties_renewal.Asked,
    found: parties_participant.Home,
    known: parties_renewal.Known,
    secret: Secret,
    target: str | None,
) -> Iterator[str]:
    due = parties_renewal.unpublished(asked, found, known)
    if not due and not parties_renewal.awaits_edition(found, known):
        return
    if known.current is None:
        yield "sync, and give this command again: the new signers are not published yet"
        return
    held = parties_renewal.published(found, known.current)
    made = parties_renewal.next_edition(asked, found, held, due)
    edition = Edition(asked.folder, found, known.current, held, made, asked.at)
    yield from published_parts(edition, secret, target, None)


def _dossier(
    asked: parties_renewal.Asked,
    found: parties_participant.Home,
    known: parties_renewal.Known,
    out: Path | None,
) -> Iterator[str]:
    if not parties_renewal.is_renewed(found):
        return
    place_ = out or asked.folder / "dossier"
    new = list(parties_renewal.dossier(asked, found, known, place_))
    code = found.participant.code
    if new:
        count = "1 file of it is" if len(new) == 1 else f"{len(new)} files of it are"
        yield f"hand in {place_}: {count} new"
        yield f"  check it first: pratique participant check {place_} --code {code} --environment {found.environment}"
    if found.coming:
        yield "the seats have to sign; they check, record the steps, and propose"
        yield f"  pratique authority propose rekey NET {place_} --out FILE"
    for pem, uri in parties_renewal.overdue(asked, found):
        key = metadata.keyid(metadata.from_pem(pem))
        where = f"elsewhere, and was {uri}" if uri else "elsewhere"
        yield f"role key {key} is {where}: its hand makes a new one, and you name it: --role-card PEM"


def _notes(asked: parties_renewal.Asked, found: parties_participant.Home) -> Iterator[str]:
    for name in parties_renewal.unused(asked.folder, found):
        yield f"note: {name} is in no document; an interrupted command has left it, or a hand has"


# ----------------------------------------------------------------------------------------------------
# `pratique participant apply`: the dossier to hand in. Public keys and certificates only.
#
# participant.json, certificates -> DIR/application.json, SCA/SCA.pem, UP/UP.pem, TLS/TLS.pem, TLS/CA.pem


@click.command()
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), metavar="DIR"
)
@parties_participant.option
@options.at
def apply(*, out: Path, folder: Path | None, at: datetime | None) -> None:
    """Write the dossier that the authority checks; a letter goes with it by hand."""
    where = parties_participant.folder_of(folder)
    if out.exists() and any(out.iterdir()):
        raise UsageError(
            "folder-filled", f"{out}: there is something already", "name another folder with --out"
        )
    found = parties_participant.load_home(where)
    for path in write_application(where, found, found.public_keys(), out, options.now_or(at)):
        click.echo(f"{path}")
    for_whom = f"--code {found.participant.code} --environment {found.environment}"
    click.echo(f"check it: pratique participant check {out} {for_whom}")
