"""A desk's day: counts and outliers, keys and what ends when, the register's health, its backup; and the day's end.

    register -> audit, health · keys -> list · backup.json -> when the last copy was made
    day.ending -> what the end will forget, what goes on after it
    day.end -> what was remembered is forgotten -> LastAnswer: the desk's process is replaced by one that has seen nobody

1. Operators stand under their pseudonyms; of holders the register knows nothing, and nothing is shown.
2. A backup is noted beside the keys when it was made: a reminder that asks nobody is none.

Apart because a desk's kinds of work are pages of their own, and `desk_service.py` is the table that everybody adds to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused
from pratique.parties import desk_files, desk_issuing, issuer_keys, issuing
from pratique.parties.desk import DeskAct, DeskCall, LastAnswer, Right
from pratique.parties.issuing import IssuingSession
from pratique.store import files
from pratique.store.register import health as register_health
from pratique.store.register.health import RegisterHealth
from pratique.text import rfc3339

BACKUP, FORMAT = "backup.json", "pratique-backup-1"
DAY = 86_400
BACKUP_DUE = DAY
"""Seconds after which a backup is asked for."""
LISTS_DUE = 3 * DAY
"""Seconds after which new revocation lists are asked for, even if nothing was revoked: verifiers doubt old ones."""
MAX_SIZE = 4096


class BackupNote(NamedTuple):
    """When the register was last copied, and how many certificates and revoked ones the copy knows."""

    at: int
    certificates: int
    revoked: int

    def knows(self, found: RegisterHealth) -> bool:
        """Say whether the copy knows all that the register does: of both there is only ever more."""
        return (self.certificates, self.revoked) == (found.certificates, found.revoked)


def back_up(session: IssuingSession, folder: Path, out: Path | None, *, at: int) -> BackupNote:
    """Copy the register to a file, and note it; with no file, note that its server has.

    Raises:
        UsageError, Unreadable: `backup-…`.
    """
    if out is None:
        copied = register_health.health(session.register)
    else:
        # Counted in the copy: others write meanwhile.
        copied = register_health.back_up(session.register, out)
    note = BackupNote(at, copied.certificates, copied.revoked)
    with files.usable(folder / BACKUP):
        files.replace(folder / BACKUP, strict_json.dump(note, FORMAT))
    return note


def last_backup(folder: Path) -> BackupNote | None:
    """Return the note of the last backup; None without one, and where it cannot be read."""

    def refused(why: str) -> DocumentRefused:
        return DocumentRefused("backup-malformed", f"{BACKUP}: {why}")

    try:
        data = files.read(folder / BACKUP, MAX_SIZE)
        return strict_json.document(data, BackupNote, FORMAT, refused)
    except (OSError, DocumentRefused):
        return None


def _show(call: DeskCall) -> dict[str, Any]:
    """Return the day: work, acts, keys, the register's health, and what is due."""
    session, folder = call.desk.session, call.desk.place.folder
    audit = issuing.audit(session)
    at = datetime.fromtimestamp(call.at, UTC)
    keys = issuer_keys.key_list(
        session.issuer, at=at, counts=session.register.read(lambda each: each.counts())
    )
    found = register_health.health(session.register)
    note = last_backup(folder)
    shown = ("label", "state", "days_to_sign", "days_to_be_verified", "issued", "planned")
    return {
        "at": rfc3339(at),
        "work": [
            {**tally._asdict(), "marks": [mark.name for mark in audit.marks.get((tally.site, tally.operator), ())]}
            for tally in audit.tallies
        ],
        "acts": [
            {**act._asdict(), "at": _instant(act.at)}
            for act in sorted(audit.acts, key=lambda act: act.at, reverse=True)[:50]
        ],
        "doubles": len(audit.doubles),
        "keys": [{name: row[name] for name in shown} | {"due": row["label"] in keys.due} for row in keys.rows],
        "register": {**found._asdict(), "listed_at": _instant(found.listed_at)},
        "backup": {
            "at": _instant(None if note is None else note.at),
            "behind": found.certificates - (0 if note is None else note.certificates),
        },
        "due": _due(call.at, found, note, has_lost=bool(session.lost())),
    }  # fmt: skip


def _due(at: int, found: RegisterHealth, note: BackupNote | None, *, has_lost: bool) -> list[str]:
    """Return what is to be done, the most urgent first."""
    behind = found.certificates and (note is None or not note.knows(found))
    listed = found.listed_at
    return [
        name
        for name, holds in (
            ("unsound", not found.is_sound),
            ("old_copy", has_lost),
            ("backup", behind and (note is None or at - note.at >= BACKUP_DUE)),
            ("lists", found.unlisted or (found.certificates and (listed is None or at - listed >= LISTS_DUE))),
        )
        if holds
    ]  # fmt: skip


def _instant(seconds: int | None) -> str:
    return "" if seconds is None else rfc3339(datetime.fromtimestamp(seconds, UTC))


def _ending(call: DeskCall) -> dict[str, Any]:
    """Return what the day's end will forget, and what is not finished; nothing is changed."""
    phase, begun = desk_files.unfinished(call.desk.place)
    return {"given": desk_issuing.remembered(call.desk), "file": phase, "begun": begun}


def _end(call: DeskCall) -> LastAnswer:
    """Forget the day, and have the desk start anew."""
    desk_issuing.forget_day(call.desk)
    return LastAnswer({"ended": True})


ACTS: Mapping[str, DeskAct] = {
    "day.show": DeskAct(Right.AUDIT, _show),
    "day.ending": DeskAct(Right.AUDIT, _ending),
    "day.end": DeskAct(Right.AUDIT, _end),
}
"""What a page may ask for, by name: POST /api/NAME."""
