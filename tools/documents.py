"""Damage the documents of a network, and hand each to its reader.

    an invented network -> Kind(valid documents, reader) -> damage, by bytes or by structure
        -> read, or DocumentRefused; anything else is a fault

1. A reader raises its declared refusal and nothing else, whatever bytes a stranger hands in.
2. Two in three are damaged by structure, so that the damage gets behind the parser; a third of what keys
   sign is signed again behind the damage, as a hostile participant would.
3. The same seed makes the same damage, and the same counts but for keys, which are made anew.
"""

from __future__ import annotations

import base64
import json
import random
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tuf.api.metadata import Metadata

from pratique import strict_json
from pratique.compile import compiled
from pratique.crypto import jose, keys, spki, x509, x509_write
from pratique.errors import DocumentRefused
from pratique.impact import summary
from pratique.network import metadata, monitor, participants, proposal, trusted, view
from pratique.onboarding import checks, dossier, report
from pratique.revocation import foreign, tag_list
from pratique.rules import documents
from pratique.rules.documents import arrived
from pratique.rules.ruleset import Ruleset
from pratique.snapshot import Snapshot
from pratique.terms import Environment, Scheme
from pratique.tlog import checkpoint, note, tiles, witness
from pratique.trust import countries, did, lists, publication, scheme_keys
from tests import networks
from tests.logs import LoggedAuthority
from tests.travellers import rule

Damage = Callable[[bytes, random.Random], bytes]


class Kind(NamedTuple):
    """One kind of document: valid ones, what reads it, and who signs it again.

    Attributes:
        name: of the kind.
        valid: documents that are read.
        read: raises DocumentRefused, or nothing.
        sign: signs damaged bytes again; None where nobody does, or where there is no signature.
        often: how often it is damaged, beside the others: what takes long comes less often.
    """

    name: str
    valid: tuple[bytes, ...]
    read: Callable[[bytes], object]
    sign: Callable[[bytes], bytes] | None = None
    often: int = 20


class Seen(NamedTuple):
    """What came of damaged documents.

    Attributes:
        read, refused: how many, by kind.
        faults: kind, the bytes, and what was raised.
    """

    read: Counter[str]
    refused: Counter[str]
    faults: list[tuple[str, bytes, str]]


def run(kinds: list[Kind], count: int, seed: int) -> Iterator[Seen]:
    """Damage `count` documents, each kind as often as it says; yield what has come of them so far."""
    seen = Seen(Counter(), Counter(), [])
    turns = [kind for turn in range(20) for kind in kinds if turn < kind.often]
    for number in range(count):
        kind = turns[number % len(turns)]
        of = random.Random(seed * 1_000_003 + number)  # noqa: S311 - damage, no secret
        data = damaged(of.choice(kind.valid), of)
        if kind.sign is not None and of.random() < 1 / 3:
            data = kind.sign(data)
        try:
            kind.read(data)
            seen.read[kind.name] += 1
        except DocumentRefused:
            seen.refused[kind.name] += 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            seen.faults.append((kind.name, data, traceback.format_exc()))
        yield seen


# Damage


def damaged(data: bytes, of: random.Random) -> bytes:
    """Damage a document once or a few times: its bytes, its lines, or its structure if it is JSON."""
    how = of.randrange(3)
    if how and data[:1] in {b"{", b"["}:
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            return _bytes(data, of)
        for _ in range(1 + of.randrange(3)):
            found = _edited(found, of)
        try:
            return json.dumps(found, indent=of.choice([None, 1])).encode()
        except (ValueError, RecursionError):
            return _bytes(data, of)
    if how == 1 and data.count(b"\n") > 1 and data.isascii():
        return _lines(data, of)
    for _ in range(1 + of.randrange(3)):
        data = _bytes(data, of)
    return data


_PIECES = [
    b"", b"\0", b"\xff", b"\xc3", b"{", b"}", b"[" * 600, b"]", b'"', b"\\u0000", b"\\ud800", b"NaN",
    b"1e999", b"-0", b"9" * 400, b"null", b"true", b"\n", b"\n\n", b"+", b"=", b" ", b"\xe2\x80\xae",
    b"{}", b"-1", b'"format":1,', b"\x7f" * 70, bytes(32),
]  # fmt: skip


def _bytes(data: bytes, of: random.Random) -> bytes:
    place = of.randrange(len(data) + 1)
    length = of.choice([1, 1, 2, 4, 16, 200])
    match of.randrange(6):
        case 0:
            return data[:place] + bytes([of.randrange(256)]) + data[place + 1 :]
        case 1:
            return data[:place] + data[place + length :]
        case 2:
            return data[:place] + data[place : place + length] * 2 + data[place + length :]
        case 3:
            return data[:place]
        case 4:
            return data[:place] + of.choice(_PIECES) + data[place:]
        case _:
            return data[:place] + of.choice(_PIECES) + data[place + length :]


def _lines(data: bytes, of: random.Random) -> bytes:
    lines = data.split(b"\n")
    place, other = of.randrange(len(lines)), of.randrange(len(lines))
    match of.randrange(5):
        case 0:
            del lines[place]
        case 1:
            lines.insert(other, lines[place])
        case 2:
            lines[place], lines[other] = lines[other], lines[place]
        case 3:
            lines[place] = of.choice(_PIECES)
        case _:
            lines[place] = _bytes(lines[place], of)
    return b"\n".join(lines)


def _deep(depth: int) -> object:
    found: object = []
    for _ in range(depth):
        found = [found]
    return found


_VALUES: list[object] = [
    None, True, False, 0, -1, 1, 1.5, -0.0, 2**53, 2**64, 10**40, 1e308, "", "\0", "\ud800", "x" * 300,
    "\u202e", "2026-11-22T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "9999-12-31", "P100000000Y", "#", "AA==", "../x", "did:web:x", [], {}, [[]], {"": {}}, [None] * 40,
    {"==": [1, 1]}, {"var": ""}, {"if": []}, {"plusTime": [{"var": "payload.v.0.dt"}, 10**9, "year"]},
    _deep(30), _deep(400),
]  # fmt: skip


def _edited(found: Any, of: random.Random) -> Any:
    places = list(_places(found))
    if not places:
        return of.choice(_VALUES)
    node, name = of.choice(places)
    match of.randrange(7):
        case 0:
            del node[name]
        case 1 | 2:
            node[name] = json.loads(json.dumps(of.choice(_VALUES)))
        case 3:
            other, which = of.choice(places)
            node[name] = json.loads(json.dumps(other[which]))
        case 4 if isinstance(node, list):
            node.insert(of.randrange(len(node) + 1), json.loads(json.dumps(node[name])))
        case 5 if isinstance(node, dict):
            node[of.choice(["", "x", "format", "id", "\u0130", str(name).upper()])] = node[name]
        case _ if isinstance(node[name], str):
            text = node[name]
            node[name] = of.choice(
                [text[:-1], text + "x", text.upper(), f" {text}", text * 3, text[::-1], f"{text}\0"]
            )
        case _:
            node[name] = [node[name]]
    return found


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        for name in (
            list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        ):
            yield one, name
            waiting.append(one[name])


# The documents


def kinds() -> list[Kind]:
    """Make an invented network, and return each kind of document in it with its reader."""
    authority = LoggedAuthority()
    state = networks.State("XXA", signers=2)
    state.rules = [
        documents.write(rule("VR-XA-0001", {"===": [1, 1]})),
        documents.write(rule("VR-XA-0002", {">": [{"var": "payload.v.0.dn"}, 1]})),
    ]
    state.choices = json.dumps(
        {"format": participants.FORMAT, "value_sets": {"covid-19-lab-result": ["260415000"]},
         "freshness_hours": {"old": 48, "too_old": 168}}
    ).encode()  # fmt: skip
    authority.admit(state)
    text = state.issue()
    state.revoke(text)
    state.publish()
    first = state.contents()
    state.revoke(state.issue(nth=1))
    state.withdrawn[1] = "superseded"
    state.publish()
    authority.suspend("XXA", authority.seats[:3])
    return [
        *_metadata(authority, state), *_published(authority, state, first), *_of_log(authority),
        *_trust_lists(state), *_of_joining(authority, state),
    ]  # fmt: skip


def _metadata(authority: LoggedAuthority, state: networks.State) -> list[Kind]:
    files, anchor = authority.files, authority.anchor
    found = view.read(files, anchor)

    def named(role: str) -> tuple[bytes, ...]:
        return tuple(
            d
            for n, d in sorted(files.items())
            if n.endswith((f".{role}.json", f"/{role}.json")) or n == f"{role}.json"
        )

    def signer(*with_keys: keys.SigningKey) -> Callable[[bytes], bytes]:
        def sign(data: bytes) -> bytes:
            try:
                made: Metadata[Any] = Metadata.from_bytes(data)
                made.signatures.clear()
                for one in with_keys:
                    metadata.sign(made, one)
                return bytes(made.to_bytes())
            except Exception:  # noqa: BLE001 - what cannot be read cannot be signed either
                return data

        return sign

    def whole(role: str) -> Callable[[bytes], object]:
        name = {"timestamp": metadata.TIMESTAMP_FILE}.get(role) or max(
            n for n in files if n.endswith(f".{role}.json")
        )
        return lambda data: view.read({**files, name: data}, anchor)

    seats, online = authority.seats[:5], authority.online
    second: Metadata[Any] = Metadata.from_bytes(anchor)
    second.signed.version = 2
    second.signatures.clear()
    for seat in seats:
        metadata.sign(second, seat)
    next_root = (bytes(second.to_bytes()),)
    return [
        Kind("anchor", named("root"), trusted.Trusted, signer(*seats), 2),
        Kind("root", next_root, lambda d: trusted.Trusted(anchor).take_root(d), signer(*seats), 1),
        Kind("timestamp", named("timestamp"), whole("timestamp"), signer(online.timestamp), 1),
        Kind("snapshot", named("snapshot")[-1:], whole("snapshot"), signer(online.snapshot), 1),
        Kind("targets", named("targets")[-1:], whole("targets"), signer(*seats), 1),
        Kind("role", named("XXA"), lambda d: found.trusted.earlier_role("XXA", d), signer(*state.roles[:2])),
        Kind("suspend role", named(metadata.SUSPEND),
             lambda d: found.trusted.earlier_role(metadata.SUSPEND, d), signer(*authority.seats[:3])),
        Kind("metadata as monitors read it", named("XXA"), monitor.read),
    ]  # fmt: skip


def _published(
    authority: LoggedAuthority, state: networks.State, first: dict[str, bytes]
) -> list[Kind]:
    found = view.read(authority.files, authority.anchor)
    own = {**state.contents(), **found.roles["XXA"].files}
    one = found.participants["XXA"]
    bounds = publication.Bounds(one.code, one.countries, one.subject, one.domains, Environment.TEST)
    sets = {"covid-19-lab-result": ["260415000", "260373001"]}

    def ends(end: str) -> tuple[bytes, ...]:
        return tuple(data for path, data in sorted(own.items()) if path.endswith(end))

    before = next(data for path, data in sorted(first.items()) if path.endswith(".tags"))

    def rules(data: bytes) -> object:
        read = documents.read(strict_json.parse(data))
        return Ruleset(read.rules, sets).rules

    def standing(name: str) -> Callable[[bytes], object]:
        # As everybody's status shows it: nothing at all is refused there.
        def ask(data: bytes) -> object:
            both = {path: own[f"XXA/{path}"] for path in (metadata.IMPACT, metadata.RULES)}
            impact, rules = {**both, name: data}.values()
            published = documents.RuleDocument(value_sets=sets)
            return summary.standing(impact, rules, published, at=networks.AT)

        return ask

    def lists(data: bytes) -> object:
        held = tag_list.TagList.from_bytes(before)
        return tag_list.apply(held, tag_list.Delta.from_bytes(data))

    def compiled_with(path: str) -> Callable[[bytes], object]:
        # What one participant says stays its own problem: nothing at all is refused here.
        return lambda data: compiled(
            found._replace(roles={"XXA": found.roles["XXA"]._replace(files={**own, path: data})})
        )

    snapshot = compiled(found).to_bytes()
    batch = {
        "country": "XA", "expires": "2027-01-01T00:00:00Z", "kid": "AAAAAAAAAAA=",
        "hashType": "SIGNATURE", "entries": [{"hash": "A" * 22 + "=="}],
    }  # fmt: skip
    return [
        Kind("signers", ends("signers.json"), lambda d: publication.read(d, bounds)),
        Kind("rules", ends("rules.json"), rules),
        Kind("rules of others", ends("rules.json"),
             lambda d: arrived(strict_json.parse(d), countries.place)),
        Kind("summaries of rules", ends("impact.json"), summary.read),
        Kind("a summary beside its rules", ends("impact.json"), standing(metadata.IMPACT), often=1),
        Kind("rules beside their summary", ends("rules.json"), standing(metadata.RULES), often=1),
        Kind("value sets", (networks.VALUE_SETS,), lambda d: documents.read(strict_json.parse(d))),
        Kind("choices", ends("choices.json"), lambda d: participants.read(d, sets)),
        Kind("revocations", ends(".tags"), lambda d: tag_list.TagList.from_bytes(d).tags()),
        Kind("deltas", ends(".delta"), lists),
        Kind("batches of hashes", (json.dumps(batch).encode(),),
             lambda d: foreign.read(strict_json.parse(d))),
        Kind("participants", (found.files[metadata.PARTICIPANTS],), participants.read_participants),
        Kind("suspensions", (found.suspend.files[metadata.SUSPENSIONS],), participants.read_suspensions),
        Kind("a participant's edition", ends("signers.json"), compiled_with("XXA/signers.json"), often=2),
        Kind("snapshot of all", (snapshot,), Snapshot.from_bytes),
    ]  # fmt: skip


def _of_log(authority: LoggedAuthority) -> list[Kind]:
    log, quorum = authority.log, authority.log.quorum
    proofs = (log.proof(0),)
    leaf = log.between(0, log.size)[0]
    request = witness.CosignatureRequest(log.size, (), log.note).to_bytes()
    kept = [(path, data) for path, data in sorted(log.files.items()) if tiles.is_path(path)]
    return [
        Kind("notes", (log.note.to_bytes(),),
             lambda d: checkpoint.opened(note.Note.from_bytes(d), quorum.log)),
        Kind("proofs", proofs, lambda d: checkpoint.check_proof(checkpoint.Proof.from_bytes(d), leaf, quorum)),
        Kind("requests to witnesses", (request,), witness.CosignatureRequest.from_bytes),
        Kind("tiles of leaves", (tiles.pack([leaf] * 3),), lambda d: tiles.unpack(d, 3)),
        Kind("paths of tiles", tuple(path.encode() for path, _ in kept),
             lambda d: tiles.Tile.from_path(d.decode("latin-1"))),
        Kind("keys of notes", (quorum.log.to_text().encode(), quorum.witnesses[0].to_text().encode()),
             lambda d: note.NoteKey.from_text(d.decode("latin-1"))),
    ]  # fmt: skip


def _of_schemes(key: spki.PublicKey) -> Iterator[bytes]:
    """Yield lists of keys of schemes beside HCERT, in each form that names itself."""
    rows = [
        scheme_keys.SchemeKey(scheme, "https://a.example", "AAAA", key.algorithm, key.spki)
        for scheme in Scheme
        if scheme is not Scheme.SHC
    ]
    yield scheme_keys.write(Environment.TEST, rows)
    jwk = jose.write_jwk(key)
    card = {**jwk, "kid": jose.thumbprint(key), "use": "sig", "alg": "ES256"}
    issuer = {"iss": "https://a.example", "name": "A"}
    did_web = "did:web:nzcp.identity.health.nz"
    method = {
        "id": f"{did_web}#k",
        "controller": did_web,
        "type": "JsonWebKey2020",
        "publicKeyJwk": jwk,
    }
    found: list[object] = [
        {
            "directory": "d",
            "time": "2026-01-01T00:00:00Z",
            "issuerInfo": [{"issuer": issuer, "keys": [card]}],
        },
        {"id": did_web, "verificationMethod": [method], "assertionMethod": [f"{did_web}#k"]},
        {"keys": [{"ca": "FR03", "id": "AV01", "documents": ["L1"], "spki": json_b64(key.spki)}]},
    ]
    yield from (json.dumps(one).encode() for one in found)


def _trust_lists(state: networks.State) -> list[Kind]:
    key = keys.generate()
    by = did.Publisher(
        "did:web:trust.example", key, "did:web:trust.example#k", "2026-11-22T00:00:00Z", "n",
        Environment.TEST, "2027-01-01T00:00:00Z",
    )  # fmt: skip
    entries = [did.Entry("XXA", "DCC", did.DSC, (der, state.ca)) for der in state.signers]
    listed = tuple(did.tree(entries, by).values())[:4]
    public = spki.PublicKey(key.algorithm, key.public_key)
    encoded = [json_b64(der) for der in state.signers]
    spkis = [json_b64(x509.read(der).public_key) for der in state.signers]
    kid_lists: list[object] = [
        [{"kid": "AAAAAAAAAAA=", "certificate": one} for one in encoded],
        {"certificates": [{"kid": "AAAAAAAAAAA=", "country": "XA", "rawData": one} for one in encoded]},
        [{"kid": "AAAAAAAAAAA=", "publicKey": one} for one in spkis],
        {"eu_keys": {"AAAAAAAAAAA=": [{"subjectPk": spkis[0], "keyUsage": ["v"]}]}},
        {"AAAAAAAAAAA=": encoded[0]},
    ]  # fmt: skip
    own_key = json.dumps(jose.write_jwk(public)).encode()
    pem = x509_write.to_pem(state.signers[0]) + x509_write.to_pem(state.ca)
    return [
        Kind("DID lists", listed, lists.read_source, often=8),
        Kind("DID lists with a proof key", listed, lambda d: lists.read_source(d, proof_key=public), often=8),
        Kind("keys of schemes", tuple(_of_schemes(public)), lists.read_source, often=4),
        Kind("kid lists", tuple(json.dumps(one).encode() for one in kid_lists), lists.read_source),
        Kind("X.509 certificates", (pem, state.signers[0]), lists.read_source),
        Kind("proof keys", (own_key, x509_write.to_pem(state.ca)), lists.read_proof_key),
    ]  # fmt: skip


def _of_joining(authority: LoggedAuthority, state: networks.State) -> list[Kind]:
    drafted = state.draft()
    handed = proposal.to_bytes(drafted)
    held = monitor.PublicationRecord(
        "XXA", frozenset({"XA"}), (frozenset({"ab" * 32}),), 2, {1: ("cd" * 32,)}
    ).to_bytes()
    watched = monitor.MonitorState(3, (bytes(32), bytes(32))).to_bytes()
    one = report.KnownKey("ab" * 32, "XXA", Environment.TEST, "DSC", "cd" * 32)
    keys_known = json.dumps(report.as_json([one])).encode()
    application = json.dumps(
        {
            "participant": "XXA",
            "keys": [],
            "threshold": 2,
            "domains": ["DCC"],
            "environment": "test",
        }
    ).encode()
    pem = x509_write.to_pem(state.ca)

    def proposed(data: bytes) -> object:
        read = proposal.from_bytes(data)
        return proposal.network_of(read), proposal.needs(read, authority.view)

    return [
        Kind("proposals", (handed,), proposed, often=1),
        Kind("records", (held,), monitor.PublicationRecord.from_bytes),
        Kind("what was watched", (watched,), monitor.MonitorState.from_bytes),
        Kind("known keys", (keys_known,), report.read),
        Kind("applications", (application,), checks.read),
        Kind("dossiers", (pem,), lambda d: dossier.read({"XXA/SCA/a.pem": d})),
    ]  # fmt: skip


def json_b64(data: bytes) -> str:
    """Write octets as JSON lists hold them."""
    return base64.b64encode(data).decode()
