"""An invented network whose root asks for a log, its log in memory, its witnesses and its monitors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pratique.crypto.keys import Ed25519Key
from pratique.errors import DocumentRefused
from pratique.network import logged, metadata, monitor, proposal, view
from pratique.network.logged import Proven
from pratique.network.monitor import Log, MonitorState, PublicationRecord
from pratique.network.proposal import Proposal
from pratique.tlog import witness
from pratique.tlog.checkpoint import Checkpoint, Proof, signed
from pratique.tlog.merkle import consistency, inclusion, root
from pratique.tlog.note import Note, read_signatures
from pratique.tlog.tiles import Tiles, grown
from pratique.tlog.witness import CosignatureRequest, LastCosigned, RefusedRequest, Witness
from tests.networks import AT, Authority, State, Verifier
from tests.unit.log import seen

WITNESSES, QUORUM = 7, 5


class Memory(dict[str, LastCosigned]):
    """What a witness holds, in memory."""

    def __init__(self, held: Mapping[str, LastCosigned] | None = None) -> None:
        super().__init__(held or {})
        self.kept: list[RefusedRequest] = []

    def held(self, origin: str) -> LastCosigned:
        return self.get(origin, LastCosigned())

    def refuse(self, origin: str, refused: RefusedRequest) -> None:
        del origin
        self.kept.append(refused)

    def swap(self, origin: str, before: LastCosigned, after: LastCosigned) -> bool:
        if self.held(origin) != before:
            return False
        self[origin] = after
        return True


class LogInMemory:
    """A log: its tiles, its witnesses."""

    def __init__(self, count: int = WITNESSES, needed: int = QUORUM) -> None:
        self.quorum = seen.quorum(count, needed)
        self.files: dict[str, bytes] = {}
        self.size = 0
        logs = {seen.ORIGIN: self.quorum.log}
        self.witnesses = [Witness(w.name, seen.key(w.name), logs) for w in self.quorum.witnesses]
        self.memories = [Memory() for _ in self.witnesses]
        self.note: Note = self.checkpoint()

    @property
    def key(self) -> Ed25519Key:
        return seen.key(seen.ORIGIN)

    def append(self, leaves: Iterable[bytes]) -> list[int]:
        """Take leaves; return their places."""
        listed = list(leaves)
        self.files |= grown(self.files.get, self.size, listed)
        first, self.size = self.size, self.size + len(listed)
        return list(range(first, self.size))

    def tree(self) -> Tiles:
        return Tiles(self.files.get, self.size)

    def checkpoint(self) -> Note:
        return signed(Checkpoint(seen.ORIGIN, self.size, root(self.tree(), self.size)), self.key)

    def cosign(self, at: datetime, who: Iterable[int] = range(WITNESSES)) -> Note:
        """Have witnesses cosign the newest checkpoint."""
        note = self.checkpoint()
        for number in who:
            memory = self.memories[number]
            old = memory.held(seen.ORIGIN).size
            path = consistency(self.tree(), old, self.size)
            request = CosignatureRequest.from_bytes(CosignatureRequest(old, path, note).to_bytes())
            seconds = int(at.timestamp())
            lines = witness.cosigned(request, self.witnesses[number], memory, at=seconds)
            note = note.with_signatures(*read_signatures(lines))
        self.note = note
        return note

    def proof(self, number: int) -> bytes:
        path = inclusion(self.tree(), number, self.size)
        return Proof(number, path, self.note).to_bytes()

    def since(self, start: int) -> list[bytes]:
        return self.between(start, self.size)

    def between(self, start: int, end: int) -> list[bytes]:
        return Tiles(self.files.get, end).entries(start, end)


class LoggedAuthority(Authority):
    """An authority that has all it publishes logged; its first root asks for it."""

    def __init__(self, at: datetime = AT) -> None:
        self.log = LogInMemory()
        super().__init__(at=at)

    def signed(self, drafted: Proposal, by: Iterable[object] | None = None) -> Proposal:
        root = drafted.metadata.get("root")
        if root is not None and root.signed.version == 1 and not root.signatures:
            logged.adopt(drafted.metadata, self.log.quorum)
        return super().signed(drafted, by)  # type: ignore[arg-type]

    def accept(self, signed: Proposal) -> None:
        before = dict(self.files)
        super().accept(signed)
        self.enter({n: d for n, d in self.files.items() if before.get(n) != d})

    def accept_unlogged(self, signed: Proposal) -> None:
        """Publish beside the log, with whatever proof there is."""
        super().accept(signed)

    def enter(self, written: Mapping[str, bytes], who: Iterable[int] = range(WITNESSES)) -> None:
        """Have what was written logged and cosigned, and the proofs written."""
        leaves = logged.leaves(written)
        places = self.log.append(one.to_bytes() for one in leaves)
        self.log.cosign(self.now, who)
        for one, number in zip(leaves, places, strict=True):
            if one.role[0] in {"root", "snapshot"}:
                self.files[logged.proof_name(one.name)] = self.log.proof(number)


class CarefulVerifier(Verifier):
    """A border post that uses nothing that is not proven."""

    proven: Proven | None = None

    def take(self, files: Mapping[str, bytes], at: datetime = AT) -> str:
        """Sync; return the code of a refusal, or nothing."""
        before = dict(self.held)
        try:
            self.proven = self.sync(files, at).view.proven
        except DocumentRefused as error:
            self.held = before
            return error.code
        return ""


class Watching:
    """A participant's monitor."""

    def __init__(self, state: State, authority: LoggedAuthority) -> None:
        self.state, self.authority = state, authority
        ids = frozenset(metadata.keyid(key.public_key) for key in state.roles)
        self.record = PublicationRecord(state.code, state.participant.countries, (ids,), 2)
        self.watched = MonitorState()

    def publish(self) -> None:
        drafted = self.state.draft()
        self.record = self.record.with_edition(drafted.metadata[self.state.code])
        self.authority.publish(drafted, self.state.roles[:2])

    def look(
        self,
        note: Note | None = None,
        files: Mapping[str, bytes] | None = None,
        at: datetime | None = None,
        log: LogInMemory | None = None,
    ) -> list[str]:
        """Look at what is new; return the codes of the alarms."""
        shown = self.authority.files if files is None else files
        log = log or self.authority.log
        came = Log((note or log.note).to_bytes(), log.between, shown.get)
        current = view.read(shown, self.authority.anchor, proven=False)
        found = monitor.watched(
            self.record, current, came, self.watched, at=at or self.authority.now
        )
        self.watched = MonitorState.from_bytes(found.watched.to_bytes())
        self.told = [one.told() for one in found.alarms]
        return [one.code for one in found.alarms]


def swapped(authority: Authority, code: str, thief: State) -> Proposal:
    """Draft what a colluding majority would sign: another's keys for a participant."""
    current = authority.view
    stolen = {code: thief.role_keys()}
    return proposal.targets(current, authority.now, f"nothing to see in {code}", members=stolen)
