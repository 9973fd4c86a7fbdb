"""Act's part: those inside who would cheat. Four seats with both online keys; one state against another."""

from __future__ import annotations

import json
import shutil

from demo import forgery
from demo.borders import verdict
from demo.cast import ARCADIA, FREEDONIA, NOBODY, UTOPIA
from demo.founding import THRESHOLD, Authority
from demo.joining import WORK, Homes
from demo.serving import served
from demo.stage import Stage
from pratique import strict_json


def seats(stage: Stage, authority: Authority, homes: Homes) -> None:
    """Have four seats with both online keys give a state other keys."""
    some = tuple(range(1, THRESHOLD))
    title = "Four seats, with both online keys, give Utopia keys of their own"
    with stage.step(title, "authority publish · sync") as found:
        draft = forgery.other_keys(authority, UTOPIA.code, stage.folder / "coup.proposal")
        authority.sign(draft, *some)
        code, why = stage.refused("proposal-unsigned", lambda: authority.publish(draft))
        found(f"published as it should be: {code}", why)
        folder = forgery.announced(authority, draft, stage.folder / "coup")
        with served(folder) as url:
            code, why = stage.refused("log-unproven", lambda: synced(stage, homes, url))
        found(f"announced by hand with the online keys, at a border: {code}", why)


def state(stage: Stage, authority: Authority, homes: Homes) -> None:
    """Have a state sign for another one."""
    with stage.step("Freedonia signs an edition of Utopia", "participant sign · send") as found:
        out = stage.folder / "for-another.proposal"
        mine = homes.of(FREEDONIA, "keys")
        known = ("--repository", authority.folder)
        # A draft that Utopia could make: its next edition, not signed by anybody yet.
        forgery.edition(authority, UTOPIA.code, out)
        words = ("participant", "sign", out, "--yes", *known)
        key = f"file:{mine}/keys/role-1.pem"
        code, why = stage.refused("key-not-asked", lambda: stage.run(*words, "--key", key))
        found(f"with the command: {code}", why)
        uris = [f"file:keys/role-{number}.pem" for number in (1, 2, 3)]
        out.write_bytes(forgery.signed_by_hand(out, uris, mine))
        send = ("participant", "send", out, "--to", homes.url)
        code, why = stage.refused("proposal-unsigned", lambda: stage.run(*send))
        found(f"by hand, with all three of its keys, at the server: {code}", why)
    with stage.step("Freedonia signs a certificate as if it were Utopia", "verify TEXT") as found:
        text = _as_utopia(stage, homes)
        seen = verdict(stage, homes, ARCADIA, text)
        stage.must(seen == ("red", "COUNTRY_WRONG"), f"a border says {seen}")
        found(f"at a border: refused, ✖ RED {seen[1]}")


def synced(stage: Stage, homes: Homes, url: str, *more: object) -> dict[str, object]:
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
