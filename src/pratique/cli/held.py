"""What is held in a home folder: the network that was synced, and what was imported beside it.

    network/held.zip -> checked anew from its anchor -> Snapshot, merged with trust/snapshot.json

1. What lies on the disk is checked at every start as if it had just come; nothing is believed for its
   place.
2. A folder that was never synced loads nothing of the network's code.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import click

from pratique.edges import files
from pratique.errors import DocumentRefused, PratiqueError
from pratique.snapshot import Snapshot
from pratique.terms import Environment
from pratique.trust.roll import Member
from pratique.trust.signer import Signer
from pratique.trust.store import TrustList

ANCHOR = Path("network") / "anchor.json"


def imported(home: Path | None) -> Snapshot:
    """Return what was imported, so that more can be added to it: of the network's environment, if any.

    What is added must stand beside what was synced: of two environments no check could be made.
    """
    folder = files.home(home)
    named = environment(folder)
    found = files.load_snapshot(folder)
    if found is None:
        return Snapshot(
            number=0, created=0, environment=named or Environment.PRODUCTION, trust=TrustList()
        )
    return fitting(found, named)


def fitting(found: Snapshot, named: Environment | None) -> Snapshot:
    """Return what was imported, of a network's environment; DocumentRefused where it cannot be."""
    if named is None or named is found.environment:
        return found
    # Rules and revocations are of no environment. Signers are.
    if not len(found.trust):
        return found.replace(environment=named)
    raise DocumentRefused(
        "environment-differs",
        f"the network that was synced is for {named}, the signers that were imported are for "
        f"{found.environment}",
        "use another home folder for one of them, or forget the signers: "
        "pratique trust import SOURCE --replace",
    )


def environment(folder: Path) -> Environment | None:
    """Return the environment of the network that was synced into a home folder; None without one."""
    if not (folder / ANCHOR).exists():
        return None
    from pratique.edges.network import held  # noqa: PLC0415 - rule 2
    from pratique.network import names, view  # noqa: PLC0415 - rule 2

    kept = held.load(held.folder_of(folder))
    if kept is None or names.TIMESTAMP_FILE not in kept.files:
        return None
    return view.read(kept.files, kept.anchor).board.environment


def snapshot(home: Path | None) -> Snapshot | None:
    """Return what a check uses; None if nothing was synced or imported yet."""
    folder = files.home(home)
    imported = files.load_snapshot(folder)
    if not (folder / ANCHOR).exists():
        return imported
    from pratique.edges.network import held  # noqa: PLC0415 - rule 2
    from pratique.network import names, view  # noqa: PLC0415 - rule 2
    from pratique.snapshot.of_network import compiled, merged  # noqa: PLC0415 - rule 2

    kept = held.load(held.folder_of(folder))
    if kept is None or names.TIMESTAMP_FILE not in kept.files:
        return imported
    synced = compiled(view.read(kept.files, kept.anchor))
    return synced if imported is None else merged(synced, imported)


class Said(NamedTuple):
    """What a network says of a participant, and the keys that it has published there, by domain."""

    member: Member
    signers: tuple[Signer, ...]


def member(participant: str, environment: Environment, home: Path | None = None) -> Member | None:
    """Return how it is with a participant in the network that was synced here; None where none says so."""
    found = said_of(participant, environment, home)
    return None if found is None else found.member


def said_of(participant: str, environment: Environment, home: Path | None = None) -> Said | None:
    """Return what the network that was synced here says of a participant; None where none does.

    What cannot be read here stops nobody from issuing: it is told, and the answer is None.
    """
    if not (files.home(home) / ANCHOR).exists():
        return None
    try:
        kept = snapshot(home)
    except PratiqueError as error:
        click.echo(
            f"note: whether keys were withdrawn or {participant} suspended is not known: "
            f"{error.message}",
            err=True,
        )
        return None
    if kept is None or kept.roll is None or kept.environment is not environment:
        return None
    found = kept.roll.members.get(participant)
    if found is None:
        return None
    own = (one for one in kept.trust if one.participant == participant and one.bound)
    return Said(found, tuple(own))
