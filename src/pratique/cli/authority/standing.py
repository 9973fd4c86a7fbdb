"""`pratique authority status`: the seats, the participants, and what ends when. All computed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pratique.cli import options
from pratique.cli.authority import place
from pratique.cli.safe import as_json, printable
from pratique.journeys import onboard
from pratique.network import logged, names
from pratique.network.view import Role, View
from pratique.snapshot.of_network import compiled
from pratique.terms import SignerState
from pratique.trust.signer import Signer


@click.command("status")
@place.folder
@options.at
@options.output_format
def standing(*, folder: Path, at: datetime | None, output_format: str) -> None:
    """Show the seats, every participant's state, and what ends when."""
    instant, current = options.now_or(at), place.current(folder)
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
        ends[names.SUSPEND] = current.suspend.expires.isoformat()
    return ends


def _participants(folder: Path, current: View, at: datetime) -> Iterator[dict[str, Any]]:
    found, now = compiled(current), int(at.timestamp())
    seats = place.seated(folder, current)
    assert found.roll is not None
    for code, one in sorted(current.participants.items()):
        role, member = current.roles[code], found.roll.members[code]
        own = [
            signer
            for signer in found.trust
            if signer.participant == code and signer.thumbprint not in member.withdrawn
        ]
        live = [signer for signer in own if signer.state(now) is SignerState.LIVE]
        state = onboard.state(
            place.records(folder, code, current, seats),
            ends=_end(role, live, at),
            suspensions=member.suspensions,
            at=at,
        )
        records = place.records_path(folder, code)
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
