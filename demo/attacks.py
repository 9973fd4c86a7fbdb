"""Acts: those who would cheat, and with which code each is refused.

    a minority of the seats, a state, a server · a majority, who may change anything, and cannot do it unseen

1. All that they need is given to them: keys are used as they are, and by hand where no command of ours would
   do it. What refuses them is what every border runs.
2. What borders hold stays as it was.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import timedelta
from pathlib import Path

from demo.borders import SIGNS, verdict
from demo.cast import ARCADIA, FREEDONIA, NOBODY, STATES, UTOPIA, State
from demo.network import THRESHOLD, Authority, served
from demo.stage import Stage
from demo.states import WORK, Homes
from pratique import strict_json
from pratique.crypto import keys
from pratique.network import logged, proposal, publish, view
from pratique.network import metadata as network_metadata
from pratique.parties import authority_home, proposals
from pratique.store import network
from pratique.store.keys import open_key
from pratique.terms import Algorithm


def _online(authority: Authority) -> publish.OnlineKeys:
    """Open the keys that are kept online."""
    return authority_home.online_keys(authority.folder, Stage.secret)


def _other_keys(authority: Authority, code: str, out: Path) -> Path:
    """Draft a list of participants in which a state has keys of our own making."""
    current, at = authority_home.current(authority.folder), authority.stage.at
    ours = proposal.RoleKeys(tuple(keys.generate(Algorithm.ES256).public_key for _ in range(3)), 2)
    drafted = proposal.targets(current, at, f"other keys for {code}", members={code: ours})
    out.write_bytes(proposal.to_bytes(drafted))
    return out


def _edition(authority: Authority, code: str, out: Path) -> Path:
    """Draft a state's next edition, the same as its last."""
    current = authority_home.current(authority.folder)
    drafted = proposal.role(current, authority.stage.at, code, current.roles[code].files)
    out.write_bytes(proposal.to_bytes(drafted))
    return out


def _signed_by_hand(file: Path, uris: list[str], folder: Path) -> bytes:
    """Add signatures to a proposal, whoever it asks for."""
    found = proposals.load(file)
    for uri in uris:
        key = open_key(uri, folder=folder, secret=Stage.secret)
        for metadata in found.metadata.values():
            network_metadata.sign(metadata, key)
    return proposal.to_bytes(found)


def _announced(authority: Authority, file: Path, folder: Path) -> Path:
    """Put a proposal into a copy of the repository, and announce it with both online keys."""
    shutil.copytree(proposals.repository_of(authority.folder), folder)
    found, current = proposals.load(file), authority_home.current(authority.folder)
    for path, data in found.files.items():
        _write(folder, network_metadata.target(path, hashlib.sha256(data).hexdigest()), data)
    for role, metadata in found.metadata.items():
        _write(
            folder, network_metadata.metadata(role, metadata.signed.version), metadata.to_bytes()
        )
    _announce(authority, current, found.versions(), folder)
    return folder


def _announce(
    authority: Authority, current: view.View, versions: dict[str, int], folder: Path
) -> None:
    at, both, there = authority.stage.at, _online(authority), network.Repository(folder)
    meta = dict(current.trusted.snapshot.meta)
    meta |= {f"{role}.json": logged.described(there, role, v) for role, v in versions.items()}
    made = publish.listed(current.trusted.snapshot, meta, both, at)
    for name, data in {**made, **publish.timestamp(there, made, both, at)}.items():
        _write(folder, name, data)


def _write(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _four_seats(stage: Stage, authority: Authority, homes: Homes) -> None:
    """Have four seats with both online keys give a state other keys."""
    some = tuple(range(1, THRESHOLD))
    title = "Four seats, with both online keys, give Utopia keys of their own"
    with stage.step(title, "authority publish · sync") as found:
        draft = _other_keys(authority, UTOPIA.code, stage.folder / "coup.proposal")
        authority.sign(draft, *some)
        code, why = stage.refused("proposal-unsigned", lambda: authority.publish(draft))
        found(f"published as it should be: {code}", why)
        folder = _announced(authority, draft, stage.folder / "coup")
        with served(folder) as url:
            code, why = stage.refused("log-unproven", lambda: _synced(stage, homes, url))
        found(f"announced by hand with the online keys, at a border: {code}", why)


def _one_state(stage: Stage, authority: Authority, homes: Homes) -> None:
    """Have a state sign for another one."""
    with stage.step("Freedonia signs an edition of Utopia", "participant sign · send") as found:
        out = stage.folder / "for-another.proposal"
        mine = homes.of(FREEDONIA, "keys")
        known = ("--repository", authority.folder)
        # A draft that Utopia could make: its next edition, not signed by anybody yet.
        _edition(authority, UTOPIA.code, out)
        words = ("participant", "sign", out, "--yes", *known)
        key = f"file:{mine}/keys/role-1.pem"
        code, why = stage.refused("key-not-asked", lambda: stage.run(*words, "--key", key))
        found(f"with the command: {code}", why)
        uris = [f"file:keys/role-{number}.pem" for number in (1, 2, 3)]
        out.write_bytes(_signed_by_hand(out, uris, mine))
        send = ("participant", "send", out, "--to", homes.url)
        code, why = stage.refused("proposal-unsigned", lambda: stage.run(*send))
        found(f"by hand, with all three of its keys, at the server: {code}", why)
    with stage.step("Freedonia signs a certificate as if it were Utopia", "verify TEXT") as found:
        text = _as_utopia(stage, homes)
        seen = verdict(stage, homes, ARCADIA, text)
        stage.must(seen == ("red", "COUNTRY_WRONG"), f"a border says {seen}")
        found(f"at a border: refused, ✖ RED {seen[1]}")


def _synced(stage: Stage, homes: Homes, url: str, *more: object) -> dict[str, object]:
    """Sync Arcadia's border post from some server."""
    where = ("--home", homes.of(ARCADIA, "post"))
    return stage.json("sync", url, *where, *(more or stage.when))


def _as_utopia(stage: Stage, homes: Homes) -> str:
    issuer, copy = homes.of(FREEDONIA, "issuer"), homes.of(FREEDONIA, "as-utopia")
    shutil.copytree(issuer, copy)
    document = copy / "issuer.json"
    told = strict_json.loads(document.read_bytes())
    told["country"] = UTOPIA.country
    for shard in told["shards"]:
        shard["country"] = UTOPIA.country
    document.write_text(json.dumps(told))
    return stage.run("issuer", "issue", *NOBODY, *WORK, "--yes", "--issuer", copy, *stage.when)[-1]


def minority(stage: Stage, authority: Authority, homes: Homes, older: Path) -> None:
    """Try to cheat; `older` is a copy of the repository of an earlier hour."""
    stage.act(
        "Those who would cheat",
        "A minority of the seats, a state, and a server. All that they need is given to them: real",
        "keys, real files. What refuses them is what every border runs.",
    )
    held = _held(homes)
    _four_seats(stage, authority, homes)
    _one_state(stage, authority, homes)
    _server(stage, authority, homes, older)
    with stage.step("What the borders held before it all, they hold now") as found:
        stage.must(_held(homes) == held, "something was changed")
        found("to the byte")


def copied(authority: Authority, to: Path) -> Path:
    """Copy the repository as it is now: what a server that means ill can always keep."""
    shutil.copytree(authority.folder / "repository", to)
    return to


def _server(stage: Stage, authority: Authority, homes: Homes, older: Path) -> None:
    with stage.step("A server hands out the edition of an earlier hour", "sync") as found:
        with served(older) as url:
            said = stage.refused("network-rollback", lambda: _synced(stage, homes, url))
        found("rollback, to before the lot was recalled: " + said[0], said[1])
    with stage.step("A server hands out the same edition for ever", "sync, three days on") as found:
        later = ("--at", (stage.at + timedelta(days=3)).isoformat())
        with served(copied(authority, stage.folder / "frozen")) as url:
            said = stage.refused("network-expired", lambda: _synced(stage, homes, url, *later))  # fmt: skip
        found("freeze: " + said[0], said[1])
    _swapped_list(stage, authority, homes)
    _swapped_file(stage, authority, homes)


def _swapped_list(stage: Stage, authority: Authority, homes: Homes) -> None:
    with stage.step("A server swaps the list of participants", "sync, of a new post") as found:
        folder = copied(authority, stage.folder / "swapped-list")
        for path in (folder / "targets/network").glob("*.participants.json"):
            path.write_bytes(path.read_bytes().replace(b"XXU", b"XXV"))
        with served(folder) as url:
            home = stage.folder / "post-2"
            where = ("--root", homes.root, "--home", home)
            said = stage.refused("network-differs", lambda: stage.run("sync", url, *where, *stage.when))  # fmt: skip
        found(*said)


def _swapped_file(stage: Stage, authority: Authority, homes: Homes) -> None:
    with stage.step("A server swaps one state's signers", "sync, of a new post") as found:
        folder = copied(authority, stage.folder / "swapped-file")
        for path in (folder / "targets" / UTOPIA.code).glob("*.signers.json"):
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        home = stage.folder / "post-3"
        with served(folder) as url:
            said = stage.json("sync", url, "--root", homes.root, "--home", home, *stage.when)
        code = said["problems"].get(UTOPIA.code, "")
        stage.must(code == "network-incomplete", f"problems: {said['problems']}")
        found(f"refused, {code}: that state is in doubt there, and no other")
        for state in (UTOPIA, STATES[0]):
            text = homes.texts(state)[0]
            (row,) = stage.json("verify", text, "--home", home, *stage.when)["results"]
            codes = [f["code"] for f in row["findings"]]
            found(f"{SIGNS[row['colour']]:<8} {state.name}'s traveller there: {', '.join(codes)}")


def _held(homes: Homes) -> list[str]:
    files = (homes.of(state, "post") / "network/held.zip" for state in STATES)
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


OURS, THEIRS = (1, 2, 3, 4, 5), (5, 6, 7, 8, 9)


def majority(stage: Stage, authority: Authority, homes: Homes) -> None:
    """Have five seats of nine give a state other keys."""
    stage.act(
        "A majority that would cheat",
        "Five seats of nine are enough to change anything, and no signature stands in their way. But",
        "what no log holds no border believes, and what the log holds every state can see.",
    )
    command = "monitor URL   (a line of cron, at every ministry)"
    with stage.step("Before: what five ministries' monitors see", command) as found:
        for state in STATES:
            code, lines = _monitored(stage, homes, state)
            stage.must(code == 0, f"{state.name} is told {lines}")
        found("nothing: its keys, rules and lists are what each has published")
    draft = _other_keys(authority, UTOPIA.code, stage.folder / "majority.proposal")
    authority.sign(draft, *OURS)
    with stage.step("Five seats give Utopia keys of their own, beside the log", "sync") as found:
        folder = _announced(authority, draft, stage.folder / "beside")
        with served(folder) as url:
            said = stage.refused("log-unproven", lambda: _synced(stage, homes, url))
        found("signed by enough, announced with the online keys, at a border: " + said[0], said[1])
    with stage.step("They publish it as it should be, through the log", "authority publish") as found:  # fmt: skip
        found(*authority.publish(draft))
    with stage.step("What Utopia's monitor sees on the next checkpoint", command) as found:
        code, lines = _monitored(stage, homes, UTOPIA)
        swapped = any("key-swapped" in line for line in lines)
        stage.must(code == 1 and swapped, f"it ended with {code}: {lines}")
        found(*lines)
    _put_right(stage, authority, homes)


def _put_right(stage: Stage, authority: Authority, homes: Homes) -> None:
    command = f"authority propose rekey DIR DOSSIER   (of {UTOPIA.name})"
    with stage.step("Five others, who are told of it, give Utopia its own keys again", command) as found:  # fmt: skip
        for step in ("keys-submitted", "qa-passed"):
            authority.record(UTOPIA.code, step, 6)
        found(*authority.decide(THEIRS, "rekey", homes.of(UTOPIA, "dossier")))
        for step in ("anchor-signed", "renewed"):
            authority.record(UTOPIA.code, step, 6)
        code, lines = _monitored(stage, homes, UTOPIA)
        stage.must(code == 0, f"Utopia is told {lines}")
        problems = _synced(stage, homes, homes.url)["problems"]
        stage.must(not problems, f"at a border: {problems}")
        found("Utopia's monitor sees nothing more, and a border believes Utopia as before")


def _monitored(stage: Stage, homes: Homes, state: State) -> tuple[int, list[str]]:
    homes.sync(state, "office")
    where = ("--participant", homes.of(state, "keys"), "--home", homes.of(state, "office"))
    found = stage.said("monitor", homes.url, *where, *stage.when)
    return found.code, found.lines
