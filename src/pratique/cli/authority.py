"""The authority's commands."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from tuf.api.metadata import Root

from pratique.cli import options, propose
from pratique.compile import compiled
from pratique.errors import DocumentRefused, PratiqueError, UsageError
from pratique.findings import Code
from pratique.network import logged, metadata, proposal, view
from pratique.network import publish as network_publish
from pratique.network.metadata import Seat, is_region
from pratique.network.view import Role, View
from pratique.onboarding import steps
from pratique.onboarding.checks import DOMAINS
from pratique.parties import authority, cards
from pratique.parties import log as parties_log
from pratique.snapshot import Snapshot
from pratique.store import files, network, server, sources
from pratique.store.keys import Secret, adopt_key, make_key, make_log_key, open_key
from pratique.terms import SignerState
from pratique.text import as_json, printable
from pratique.tlog.note import MAX_NOTE, NOTE, NoteKey
from pratique.trust.countries import WHO_REGIONS
from pratique.trust.signer import Signer
from pratique.verification import verify

# ----------------------------------------------------------------------------------------------------
# `pratique authority publish` and `refresh`: write the next edition, the timestamp last.
#
# Exit: 0 it is in force · 1 it never will be: the witnesses have seen another tree of the log · 3 it waits for its
# witnesses, and nobody can say yet.


IN_FORCE, FORKED, WAITS = 0, 1, 3


@click.command()
@authority.folder
@click.argument("proposals", nargs=-1, required=True, metavar="PROPOSAL...", type=propose.FILE)
@click.option("--unseen", is_flag=True,
              help="Enter a root into the log before its new witnesses have answered here.")  # fmt: skip
@options.at
@options.secret_files
def publish(
    *,
    folder: Path,
    proposals: tuple[Path, ...],
    unseen: bool,
    at: datetime | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> int:
    """Publish one proposal: several copies of it may be named, each with other signatures."""
    copies = [propose.load(path) for path in proposals]
    there = network.Repository(authority.repository_of(folder))
    found = proposal.merged(copies, authority.read_view(there) if len(copies) > 1 else None)
    secret, title = options.secrets(password_file, pin_file), printable(found.title)
    came = published(folder, found, secret, options.now_or(at), unseen=unseen)
    if came.is_forked:
        click.echo(f"{title}: is not published")
    elif came.lacking:
        click.echo(f"{title}: waits for its witnesses, and is published when they have seen it")
        click.echo(f"then, or to ask them again: pratique authority refresh {folder}")
    elif came.files:
        click.echo(f"{title}: {len(came.files)} files, {sum(map(len, came.files.values()))} bytes")
    else:
        # An interrupted call may be made again, and is no second edition.
        click.echo(f"{title}: published already")
    return _tell(came)


@click.command()
@authority.folder
@options.at
@options.secret_files
def refresh(
    *, folder: Path, at: datetime | None, password_file: Path | None, pin_file: Path | None
) -> int:
    """Sign a new timestamp, so that verifiers know that nothing is held back from them."""
    return tell(refreshed(folder, options.secrets(password_file, pin_file), options.now_or(at)))


def tell(came: parties_log.Entered) -> int:
    """Say what a refreshing came to; return the exit code."""
    if came.files:
        found = [name for name in came.files if name.startswith("metadata/")]
        click.echo(f"published anew: {', '.join(found)}")
    return _tell(came)


def _tell(came: parties_log.Entered) -> int:
    for line in came.told():
        click.echo(printable(line))
    if came.is_forked:
        return FORKED
    return WAITS if came.lacking else IN_FORCE


def published(
    folder: Path,
    found: proposal.Proposal,
    secret: Secret,
    at: datetime,
    *,
    unseen: bool = False,
) -> parties_log.Entered:
    """Publish a proposal in the authority's folder, or have it wait for its witnesses.

    Args:
        folder: the authority's.
        found: what is to be published.
        secret: opens the keys.
        at: now.
        unseen: whether a root is entered into the log that its new witnesses may never see.

    Raises:
        UsageError: `edition-waiting`: another edition waits, and this one would follow upon it;
            `witnesses-silent`.
    """
    authority.require(folder)
    where = authority.repository_of(folder)
    with network.repository_lock(where):
        came, waits = parties_log.finish(folder, secret, at), network.load_waiting(folder)
        if network_publish.is_among(waits, found) or network_publish.is_among(came.files, found):
            return came
        if waits:
            own = {metadata.metadata(role, version) for role, version in found.versions().items()}
            what = "another edition of that version" if own & waits.keys() else "another edition"
            raise UsageError(
                "edition-waiting",
                f"this was not taken, for {what} waits for its witnesses: {'; '.join(came.told())}",
                "try again when they have seen it; the authority asks them by: pratique authority refresh",
            )
        newer = found.metadata.get(Root.type)
        online = authority.online_keys(folder, secret, None if newer is None else newer.signed)
        made = network_publish.prepared(network.Repository(where), found, online, at=at)
        if not unseen and made and parties_log.asked(made, network.Repository(where)):
            parties_log.try_new(folder, made)
        return _entered(folder, made, online, secret, at)


def refreshed(folder: Path, secret: Secret, at: datetime) -> parties_log.Entered:
    """Sign a new timestamp in the authority's folder; first bring what waits one step further."""
    authority.require(folder)
    where = authority.repository_of(folder)
    with network.repository_lock(where):
        there = network.Repository(where)
        try:
            came = parties_log.finish(folder, secret, at)
        except PratiqueError:
            # A key or a file of the log is lost: the network would run out while it is looked for.
            with suppress(PratiqueError):
                online = authority.online_keys(folder, secret)
                network.write(where, network_publish.timed(there, online, at=at))
            raise
        if came.lacking and metadata.TIMESTAMP_FILE not in there:
            return came
        # Read once, for both: a large network takes its time.
        current = authority.current(folder)
        online = authority.online_keys(folder, secret, current.root)
        # What has waited for days may end soon, or have ended.
        made = {} if came.lacking else network_publish.relisted(current, online, at=at)
        if made:
            again = _entered(folder, made, online, secret, at)
            came = again._replace(files={**came.files, **again.files})
        if came.files:
            return came
        timed = network_publish.timed(there, online, at=at)
        network.write(where, timed)
        return came._replace(files=timed)


def _entered(
    folder: Path,
    made: Mapping[str, bytes],
    online: network_publish.OnlineKeys,
    secret: Secret,
    at: datetime,
) -> parties_log.Entered:
    where = authority.repository_of(folder)
    if made and parties_log.asked(made, network.Repository(where)):
        network.save_waiting(folder, made)
        return parties_log.finish(folder, secret, at)
    if not made:
        return parties_log.Entered()
    network.write(where, made)
    announced = network_publish.announced(network.Repository(where), made, online, at=at)
    network.write(where, announced)
    return parties_log.Entered({**made, **announced})


# ----------------------------------------------------------------------------------------------------
# `pratique authority log`: the log's key, its witnesses, and cosignatures that are carried by hand.
#
#     init -> KEY for the witnesses · witness NAME URL · show · request -> a witness -> add
#
# 1. `publish` and `refresh` ask every witness whose address is noted here; `request` and `add` are for one
#    that is reached by mail or on a stick.
# 2. The log's key can be lost or stolen: then the network begins anew, from another anchor. Keep a copy.


@click.group()
def log() -> None:
    """Keep the log in which all that is published stands."""


@log.command()
@authority.folder
@click.option("--name", required=True, metavar="ORIGIN",
              help="Of the log, as an address without https://: log.example.org/network")  # fmt: skip
@options.secret_files
def init(*, folder: Path, name: str, password_file: Path | None, pin_file: Path | None) -> None:
    """Make the log's key, before the network or for its next root; print the key for witnesses."""
    if (folder / parties_log.FILE).exists():
        raise UsageError("log-exists", f"{folder}: there is a log already")
    # Before a key is made.
    if not NoteKey.is_name(name):
        raise UsageError("log-unnamed", "--name is empty, too long, or has blanks or a + in it")
    folder.mkdir(parents=True, exist_ok=True)
    secret = options.secrets(password_file, pin_file, new=True)
    try:
        key = make_log_key(
            folder / parties_log.KEY, lambda: secret("file:"), f"key of the log {name}\n"
        )
    except UsageError as error:
        if error.code != "key-exists":
            raise
        # Of a call that was interrupted, or of a log whose log.json is lost: there is one key.
        key = parties_log.log_key(folder, secret)
    own = NoteKey(name, NOTE, key.public_key)
    parties_log.save(folder, parties_log.Home(own, {}))
    click.echo(own.to_text())


@log.command()
@authority.folder
@click.argument("name")
@click.argument("url")
def witness(*, folder: Path, name: str, url: str) -> None:
    """Note at which web address witness NAME is asked."""
    if not url.startswith(("http://", "https://")):
        raise UsageError(
            "url-unfit", f"{url} is no web address", "https://…, as the witness serves it"
        )
    found = parties_log.load(folder)
    parties_log.save(folder, found._replace(witnesses={**found.witnesses, name: url}))
    click.echo(f"{printable(name)} is asked at {printable(url)}")


@log.command()
@authority.folder
def show(*, folder: Path) -> None:
    """Show the log: its key, how many leaves, what waits for whom."""
    found = parties_log.load(folder)
    own, waits = (
        parties_log.opened(authority.repository_of(folder), found.own),
        network.load_waiting(folder),
    )
    click.echo(found.own.to_text())
    head, quorums = (
        own.head(),
        parties_log.asked(waits, network.Repository(authority.repository_of(folder))),
    )
    click.echo(f"{own.size()} leaves")
    for one in quorums:
        for key in one.witnesses:
            has = head is not None and head.body_of(key) is not None
            at = printable(found.witnesses.get(key.name, "asked by hand"))
            click.echo(
                f"  {printable(key.name)}: {'has' if has else 'has not'} seen the last; {at}"
            )
    if waits:
        click.echo(f"{len(waits)} files wait for their witnesses")


@log.command()
@authority.folder
@click.option("--seen", default=0, show_default=True, metavar="LEAVES",
              help="What the witness has seen last: pratique witness show")  # fmt: skip
def request(*, folder: Path, seen: int) -> None:
    """Print the request to a witness that is asked by hand."""
    own = parties_log.opened(authority.repository_of(folder), parties_log.load(folder).own)
    sys.stdout.buffer.write(parties_log.request(own, seen))


@log.command()
@authority.folder
@click.argument("answers", nargs=-1, required=True, metavar="FILE...",
                type=click.Path(path_type=Path, exists=True, dir_okay=False))  # fmt: skip
@options.at
@options.secret_files
def add(
    *,
    folder: Path,
    answers: tuple[Path, ...],
    at: datetime | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> int:
    """Put under the checkpoint what witnesses have answered; publish what waits, if that is enough."""
    own = parties_log.opened(authority.repository_of(folder), parties_log.load(folder).own)
    known = _witnesses(folder)
    for path in answers:
        body = sources.read_bytes(path, MAX_NOTE)
        name = body.decode("utf-8", "replace").removeprefix("\N{EM DASH} ").partition(" ")[0]
        if name not in known:
            raise DocumentRefused(
                "witness-unknown",
                f"{path}: it is of no witness of this log",
                "see who they are: pratique authority log show DIR",
            )
        with network.repository_lock(authority.repository_of(folder)):
            # Put under another head than it was checked with, it would spoil that for all.
            try:
                own.cosign(parties_log.believed(own, known[name], body))
            except DocumentRefused as error:
                raise DocumentRefused(error.code, f"{path}: {error.message}", error.hint) from error
        click.echo(f"{printable(name)} has seen it")
    secret = options.secrets(password_file, pin_file)
    return tell(refreshed(folder, secret, options.now_or(at)))


def _witnesses(folder: Path) -> Mapping[str, NoteKey]:
    there = network.Repository(authority.repository_of(folder))
    return {
        w.name: w
        for one in parties_log.asked(network.load_waiting(folder), there)
        for w in one.witnesses
    }


# ----------------------------------------------------------------------------------------------------
# `pratique authority onboard`: record a step of a participant's onboarding, signed by a seat.


@click.command()
@authority.folder
@click.argument("code")
@click.argument("step", required=False, type=click.Choice([step.value for step in steps.Step]))
@click.option("--key", "uri", metavar="URI", help="The key of the seat that says so.")
@click.option("--evidence", multiple=True, metavar="FILE",
              type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="A document that shows it; its digest is kept, and nothing else. Repeatable.")  # fmt: skip
@click.option("--domain", default="", help="For which domain, where the step is for one.")
@options.at
@options.secret_files
def onboard(
    *,
    folder: Path,
    code: str,
    step: str | None,
    uri: str | None,
    evidence: tuple[Path, ...],
    domain: str,
    at: datetime | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Record that CODE has reached STEP; without STEP show the records, and what may follow."""
    path = authority.records_path(folder, code)
    if step is None:
        current = authority.current(folder)
        click.echo(f"network {printable(str(current.board.name))}")
        for line in told(authority.records(folder, code, current)):
            click.echo(line)
        return
    if uri is None:
        raise click.UsageError("a step is signed by a seat: name its key with --key")
    key = open_key(uri, folder=Path.cwd(), secret=options.secrets(password_file, pin_file))
    shown = [sources.read_bytes(document) for document in evidence]
    _check_domain(step, domain)
    steps.check_evidence(steps.Step(step), shown, participant=code, domain=domain)
    authority.current(folder)
    with network.repository_lock(authority.repository_of(folder)):
        current = authority.current(folder)
        seats, own = authority.seated(folder, current), metadata.keyid(key.public_key)
        # A seat that went has said what it said, and says nothing more.
        if current.board.seat_of(own) is None:
            raise UsageError(
                "seat-unknown",
                "the key is of no seat that there is now",
                "name a seat's key: --key",
            )
        seat, records = seats[own], authority.records(folder, code, current, seats)
        if records and _is_same(records[-1], step, domain, seat.name, shown):
            click.echo(f"{code}: {step}, recorded already")
            return
        one = steps.recorded(
            records, steps.Step(step), participant=code, at=options.now_or(at).astimezone(UTC),
            seat=seat, key=key, evidence=shown, domain=domain,
        )  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        files.replace(path, b"".join(record.to_line() for record in (*records, one)))
    count = len(one.evidence)
    shown_so = f"{count} {'document' if count == 1 else 'documents'} shown"
    click.echo(f"network {printable(str(current.board.name))}")
    click.echo(f"{code}: {one.step}, said by {one.by}, {shown_so}")


def _check_domain(step: str, domain: str) -> None:
    if domain and domain not in DOMAINS:
        raise UsageError(
            "domain-unknown", f"--domain: {printable(domain)} is no domain that is known here",
            f"one of {', '.join(sorted(DOMAINS))}",
        )  # fmt: skip
    if not domain and step == steps.Step.SELF_TEST_PASSED:
        raise UsageError(
            "domain-missing",
            "a self-test is for one domain, and none is named",
            "say for which it was passed: --domain DCC",
        )


def _is_same(last: steps.Record, step: str, domain: str, seat: str, shown: list[bytes]) -> bool:
    digests = tuple(hashlib.sha256(document).hexdigest() for document in shown)
    return (last.step.value, last.domain, last.by, last.evidence) == (step, domain, seat, digests)


def told(records: tuple[steps.Record, ...]) -> Iterator[str]:
    """Say what was recorded, and what may follow."""
    for one in records:
        domain = f" ({one.domain})" if one.domain else ""
        yield f"{one.at}  {one.step}{domain}, said by {one.by}"
        for digest in one.evidence:
            yield f"    shown: SHA-256 {digest}"
    following = steps.FOLLOWING[records[-1].step if records else None]
    yield f"next may be: {', '.join(following)}"


# ----------------------------------------------------------------------------------------------------
# `pratique authority seat`: a seat's key, made on the seat's own machine, and its card.


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


@click.command()
@click.argument("name")
@click.option(
    "--holder", required=True, help="Code of the state or organisation that holds it: XUA."
)
@click.option("--region", required=True, help="Region that the holder belongs to: AFR.")
@click.option("--key", "uri", metavar="URI", help="Where the key is made [default: file:NAME.pem].")
@click.option("--existing", is_flag=True, help="The key is there already: only write the card.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="The card [default: NAME.json].")  # fmt: skip
@options.secret_files
def seat(
    *,
    name: str,
    holder: str,
    region: str,
    uri: str | None,
    existing: bool,
    out: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Make the key of seat NAME, here and nowhere else, and write the card to hand in."""
    _check(name, holder, region)
    where = uri or f"file:{name}.pem"
    secret = options.secrets(password_file, pin_file, new=not existing)
    here = Path.cwd()
    if existing:
        key = adopt_key(where, folder=here, secret=secret)
    else:
        note = (
            f"Private key of {name} ({holder}). Encrypted; keep a copy, and the password apart.\n\n"
        )
        key = make_key(where, folder=here, secret=secret, note=note)
    own = metadata.public(key.public_key).keyid
    path = out or here / f"{name}.json"
    card = cards.write_seat(Seat(name, holder, region, own), key.public_key)
    files.write(path, card)
    click.echo(f"{name} of {holder}, region {region}, key {own}: {path}")
    click.echo("hand the card to the secretariat, and read the key's identifier out to it")


def _check(name: str, holder: str, region: str) -> None:
    # Before the key is made: a card that no board takes would be found out at the ceremony.
    if not _NAME.fullmatch(name) or name == metadata.SUSPEND:
        raise UsageError(
            "seat-name", "a seat's name has letters, digits, - and _ only", "for example seat-1"
        )
    if not metadata.is_participants(holder):
        raise UsageError(
            "seat-holder", "--holder is no code", "for example XUA, in capital letters"
        )
    if not is_region(region):
        raise UsageError(
            "seat-region",
            "--region is no code",
            f"{', '.join(WHO_REGIONS)}; where a whole network is invented for a test, others like NORTH",
        )


# ----------------------------------------------------------------------------------------------------
# `pratique authority self-test`: try what a participant has published, before it is active.
#
#     CODE's edition, samples -> signers read -> each sample verified -> a report, whose digest is evidence
#
# 1. Samples are specimens. No sample's content is shown or kept: the report names codes of findings only.
# 2. It is made as a verifier will make it, but for the domain, which is not active yet.


FORMAT = "pratique-self-test-1"
PASSED, FAILED = 0, 1


@click.command("self-test")
@authority.folder
@click.argument("code")
@click.argument("samples", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False),
                metavar="SAMPLE...")  # fmt: skip
@click.option("--domain", default="DCC", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write the report there, as evidence.")  # fmt: skip
@options.at
def self_test(
    *,
    folder: Path,
    code: str,
    samples: tuple[Path, ...],
    domain: str,
    out: Path | None,
    at: datetime | None,
) -> int:
    """Try what CODE has published: each SAMPLE, a file of one certificate's text, must be authentic."""
    instant = options.now_or(at)
    rows = list(_tried(authority.current(folder), code, domain, samples, instant))
    passed = all(row["passed"] for row in rows)
    report = {"format": FORMAT, "participant": code, "domain": domain, "at": instant.isoformat(),
              "passed": passed, "checks": rows}  # fmt: skip
    if out is not None:
        files.write(out, json.dumps(report, indent=1).encode() + b"\n")
    for row in rows:
        click.echo(f"{'passed' if row['passed'] else 'FAILED'}  {row['check']}: {row['found']}")
    return PASSED if passed else FAILED


def _tried(
    current: view.View, code: str, domain: str, samples: tuple[Path, ...], at: datetime
) -> Iterator[dict[str, object]]:
    if code not in current.participants:
        raise UsageError(
            "participant-unknown",
            f"there is no participant {code}",
            "see: pratique authority status DIR",
        )
    role = current.roles[code]
    yield _row("has published", bool(role.version), f"edition {role.version}")
    yield _row("its edition holds", not role.problem, role.problem or "it does")
    path = f"{code}/{metadata.SIGNERS}"
    yield _row("names its signers", path in role.files, path)
    found = _as_if_active(current, code, domain)
    assert found.roll is not None
    problem = found.roll.members[code].problem
    yield _row("can be read", not problem, problem or "it can")
    live = [s for s in found.trust if s.participant == code and not s.reason]
    yield _row("signers are usable", bool(live), f"{len(live)} of {len(found.trust)}")
    yield _row("samples were handed in", bool(samples), f"{len(samples)}")
    for number, sample in enumerate(samples, 1):
        text = sources.read_bytes(sample, 64 * 1024).decode("utf-8", "replace").strip()
        verified = verify(text, snapshot=found, at=at)
        codes = [f.code.name for f in verified.verdict.findings if f.code is not Code.NO_RULES]
        own = verified.signer is not None and verified.signer.participant == code
        yield _row(f"sample {number}", own and not codes, ", ".join(codes) or "authentic")


def _as_if_active(current: view.View, code: str, domain: str) -> Snapshot:
    one = current.participants[code]
    tried = {code: one._replace(domains=one.domains | {domain})}
    return compiled(current._replace(participants=tried))


def _row(check: str, passed: bool, found: str) -> dict[str, object]:
    return {"check": check, "passed": passed, "found": found}


# ----------------------------------------------------------------------------------------------------
# `pratique authority serve`: hand out the repository; with --accept, take editions in too.
#
#     GET the files · POST /proposals -> checked by its signatures -> published -> the answer
#
# 1. Nothing is written of who asks for what.
# 2. With --accept the online keys are in this process. What ran out while it was off is signed anew before it
#    serves, and the timestamp by the hour: who asks in that hour would be refused by its own clock.
# 3. It says that it serves when the address is its own, and not before. Exit: 4 if it cannot listen there.


MOST = 400_000
"""Values in a proposal that comes from a stranger: 2,000 participants of six keys each are half of them."""


@click.command()
@authority.folder
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8017, show_default=True, type=click.IntRange(1, 65535))
@click.option("--accept", is_flag=True, help="Take signed proposals, and publish them.")
@click.option("--refresh-minutes", default=60, show_default=True, type=click.IntRange(1, 24 * 60),
              help="How often the timestamp is signed anew, with --accept.")  # fmt: skip
@options.secret_files
def serve(
    *,
    folder: Path,
    host: str,
    port: int,
    accept: bool,
    refresh_minutes: int,
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Serve the repository in DIR. Any static web server does as well, for reading."""
    served, take = authority.repository_of(folder), None
    secret = options.secrets(password_file, pin_file)
    if accept:
        authority.online_keys(folder, secret)
    listening = server.bound(host, port)
    if accept:
        lock = threading.Lock()
        _refresh(folder, secret, lock)

        def take(data: bytes) -> dict[str, object]:
            with lock:
                return taken(folder, data, secret, datetime.now(UTC))

        _keep_fresh(folder, secret, lock, refresh_minutes * 60)
    click.echo(f"serving {served} on http://{host}:{port}", err=True)
    server.serve_network(server.network_application(served, take), listening)


def taken(folder: Path, data: bytes, secret: Secret, at: datetime) -> dict[str, object]:
    """Publish a proposal that was handed in; return the answer."""
    found = proposal.from_bytes(data, most=MOST)
    network_publish.check_known(network.Repository(authority.repository_of(folder)), found)
    came = published(folder, found, secret, at)
    return {"published": found.title, "files": sorted(came.files), "waits": bool(came.lacking)}


def _keep_fresh(folder: Path, secret: Secret, lock: threading.Lock, seconds: float) -> None:
    def again() -> None:
        try:
            _refresh(folder, secret, lock)
        finally:
            _after(seconds, again)

    _after(seconds, again)


def _refresh(folder: Path, secret: Secret, lock: threading.Lock) -> None:
    try:
        with lock:
            came = refreshed(folder, secret, datetime.now(UTC))
        for line in came.told():
            click.echo(f"note: {printable(line)}", err=True)
    except PratiqueError as error:
        # Told, and tried again next time: what is published stays, and grows old visibly.
        click.echo(f"error: {printable(error.message)}", err=True)


def _after(seconds: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


# ----------------------------------------------------------------------------------------------------
# `pratique authority status`: the seats, the participants, and what ends when. All computed.


@click.command("status")
@authority.folder
@options.at
@options.output_format
def standing(*, folder: Path, at: datetime | None, output_format: str) -> None:
    """Show the seats, every participant's state, and what ends when."""
    instant, current = options.now_or(at), authority.current(folder)
    rows = list(_participants(folder, current, instant))
    if output_format == "json":
        found = {
            "at": instant.isoformat(), "network": current.board.network,
            "board": current.board.to_field(), "ends": _ends(current), "participants": rows,
        }  # fmt: skip
        click.echo(as_json(found, indent=1, sort_keys=True))
        return
    board = current.board
    click.echo(
        f"{board.network}, {board.environment}: {board.threshold} of {len(board.seats)} seats, "
        f"{board.suspend_threshold} to suspend, at most {board.per_region} a region"
    )
    for line in board.breaches():
        click.echo(
            f"mind: {printable(line)}; propose another root: pratique authority propose seats"
        )
    asked = logged.policy_of(current.root)
    if asked is not None:
        click.echo(
            f"log {asked.log.name}: {asked.needed} of {len(asked.witnesses)} witnesses see what is "
            f"published, {', '.join(witness.name for witness in asked.witnesses)}"
        )
    for seat in board.seats:
        click.echo(
            printable(f"  {seat.name:<10} {seat.holder:<5} {seat.region:<6} key {seat.keyid}")
        )
    for what, end in _ends(current).items():
        click.echo(f"{what:<12} until {end}")
    for row in rows:
        active = ", ".join(row["domains"]) or "nothing yet"
        edition = "nothing published"
        if row["edition"]:
            edition = f"edition {row['edition']} until {row['until']}"
        click.echo(
            f"{row['participant']:<6} {row['state']:<18} {row['signers_live']} of {row['signers']} "
            f"signers live, active for {active}, {edition}"
            + (f"; {row['problem']}" if row["problem"] else "")
            + ("" if row["recorded"] else "; its records are not here: put onboarding/ back")
        )


def _ends(current: View) -> dict[str, str]:
    trunk = current.trusted
    found = {"root": trunk.root, "targets": trunk.targets, "snapshot": trunk.snapshot,
             "timestamp": trunk.timestamp}  # fmt: skip
    ends = {name: signed.expires.isoformat() for name, signed in found.items()}
    if current.suspend.expires is not None:
        ends[metadata.SUSPEND] = current.suspend.expires.isoformat()
    return ends


def _participants(folder: Path, current: View, at: datetime) -> Iterator[dict[str, Any]]:
    found, now = compiled(current), int(at.timestamp())
    seats = authority.seated(folder, current)
    assert found.roll is not None
    for code, one in sorted(current.participants.items()):
        role, member = current.roles[code], found.roll.members[code]
        own = [
            signer
            for signer in found.trust
            if signer.participant == code and signer.thumbprint not in member.withdrawn
        ]
        live = [signer for signer in own if signer.state(now) is SignerState.LIVE]
        state = steps.state(
            authority.records(folder, code, current, seats),
            ends=_end(role, live, at),
            suspensions=member.suspensions,
            at=at,
        )
        records = authority.records_path(folder, code)
        yield {
            "recorded": records.exists(),
            "participant": code, "name": one.name, "kind": one.kind.value, "state": state,
            "domains": sorted(one.domains), "signers": len(own), "signers_live": len(live),
            "edition": role.version, "problem": member.problem,
            "until": role.expires.isoformat() if role.expires else "",
        }  # fmt: skip


def _end(role: Role, live: list[Signer], at: datetime) -> datetime | None:
    """Return until when a participant serves; None before it has published anything."""
    if role.expires is None:
        return None
    if not live:
        return at
    # An edition lasts days and is made again by a clock: its end is no news before it is there.
    last = datetime.fromtimestamp(max(signer.not_after for signer in live), UTC)
    return min(last, role.expires) if role.expires <= at else last
