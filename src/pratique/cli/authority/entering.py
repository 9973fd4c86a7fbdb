"""Enter an edition into the log, have the witnesses see it, and put it in force.

    prepared -> waiting.zip -> leaves -> head -> witnesses -> proofs -> repository -> timestamp

1. What waits is on the disk before the log has it: whoever was interrupted goes on where it was, and no
   version stands in the log twice.
2. Until enough witnesses have seen it the old edition is in force, and its timestamp is renewed.
3. A witness that cannot be asked is told by name, and asked again next time.
4. Where so many witnesses have seen another tree that no quorum is left, it is told that waiting is in vain.
5. What is in the log once has to be published: a root that nobody's new witness would see is not entered.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pratique.cli.authority import asking, log_home, place
from pratique.edges.keys import Secret
from pratique.edges.network import repository, waiting
from pratique.errors import UsageError
from pratique.journeys import publish
from pratique.log import note, quorum
from pratique.network import announce, entry, names, trusted


class Entered(NamedTuple):
    """What came of it.

    Attributes:
        files: what is in force now, by name; none where nothing waited, or it waits on.
        lacking: by how many have seen it, the witnesses whose cosignatures may still come.
        problems: by witness, why it did not cosign.
        is_forked: whether so many have seen another tree of the log that there will never be enough.
    """

    files: Mapping[str, bytes] = {}
    lacking: Mapping[str, tuple[str, ...]] = {}
    problems: Mapping[str, asking.Problem] = {}
    is_forked: bool = False

    def told(self) -> list[str]:
        """Say what it waits for."""
        lines = [f"{seen}; missing: {', '.join(left)}" for seen, left in self.lacking.items()]
        lines += [f"witness {name}: {one.why}" for name, one in sorted(self.problems.items())]
        if self.is_forked:
            # A witness could lie; so many of them would have to that they could stop the network anyhow.
            lines.append(
                "it will never be: this log is a copy, or an older one, and the witnesses follow the other"
            )
            lines.append('see "This log is a copy" in docs/how-to/authority.md')
        return lines


def finish(folder: Path, secret: Secret, at: datetime) -> Entered:
    """Bring what waits one step further, to its end if it can be; the repository is locked.

    Raises:
        DocumentRefused: `log-…`: the log on the disk is not what was signed.
        UsageError: `log-none`, `log-key-differs`.
    """
    made, there = waiting.load(folder), repository.Repository(place.repository_of(folder))
    if not made:
        return Entered()
    quorums, home = asked(made, there), log_home.load(folder)
    own = log_home.opened(place.repository_of(folder), home.own)
    online = place.online_keys(folder, secret, entry.newer_root(made))
    key = log_home.key(folder, secret)
    if {one.log for one in quorums} != {home.own}:
        raise UsageError(
            "log-key-differs",
            f"{folder}: the root asks for another log than the one here",
            f"restore {log_home.FILE} and {log_home.KEY} from their copies",
        )
    leaves, size = entry.entries(made), own.size()
    # Entered by a call that was interrupted: a version is entered once.
    first = size - len(leaves)
    if first < 0 or own.tree().entries(first, size) != leaves:
        own.append(leaves, key)
    problems = asking.ask(own, home, quorums)
    head = own.head()
    assert head is not None
    lacking = entry.lacking(head, quorums)
    if lacking:
        return Entered({}, lacking, problems, _is_forked(quorums, head, problems))
    again = {}
    if names.TIMESTAMP_FILE in there:
        again = entry.proof_again(made, announce.in_force(there), own.tree(), head, quorums)
    found = entry.ordered({**made, **entry.proofs(made, own.tree(), head, quorums)})
    repository.write(place.repository_of(folder), {**again, **found})
    # Between the two: monitors look for what the checkpoint counts, and for what the timestamp announces.
    own.publish(head)
    announced = publish.announced(there, found, online, at=at)
    repository.write(place.repository_of(folder), announced)
    waiting.clear(folder)
    return Entered({**found, **announced}, {}, problems)


def _is_forked(
    quorums: tuple[quorum.Quorum, ...], head: note.Note, problems: Mapping[str, asking.Problem]
) -> bool:
    """Tell whether a quorum can never be had: too many have seen another tree."""
    forked = {name for name, one in problems.items() if one.forked}
    return any(
        sum(w.name not in forked or head.body_of(w) is not None for w in one.witnesses) < one.needed
        for one in quorums
    )


def try_new(folder: Path, made: Mapping[str, bytes]) -> None:
    """See to it that a root's new witnesses answer, before it is in the log and there is no way back.

    They are shown the log as it is.

    Raises:
        UsageError: `witnesses-silent`.
    """
    there, home = repository.Repository(place.repository_of(folder)), log_home.load(folder)
    own = log_home.opened(place.repository_of(folder), home.own)
    newer = asked(made, there)[1:]
    if not newer or own.head() is None:
        return
    problems = asking.ask(own, home, newer)
    head = own.head()
    assert head is not None
    if lacking := entry.lacking(head, newer):
        said = "; ".join(Entered({}, lacking, problems).told())
        raise UsageError(
            "witnesses-silent",
            f"the next root's witnesses do not answer, and nothing was changed: {said}",
            "are their keys and addresses right? for those that are reached by hand alone: --unseen",
        )


def asked(made: Mapping[str, bytes], there: repository.Repository) -> tuple[quorum.Quorum, ...]:
    """Return the quorums that must see an edition before it is in force; none without a log."""
    if names.TIMESTAMP_FILE not in there:
        return entry.asked(made, None)
    found = trusted.Trusted(there[publish.ANCHOR])
    while (name := names.metadata("root", found.root.version + 1)) in there and name not in made:
        # One of those that wait, written by a call that was interrupted, is not in force yet.
        found.take_root(there[name], held=True)
    return entry.asked(made, found.root)
