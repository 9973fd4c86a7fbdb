"""From a network to a snapshot: who is believed, for what, and what each destination asks.

    View -> compiled -> Snapshot(trust, ruleset, revocations, roll)

1. A participant is heard about itself only: signers within its countries, rules of its countries,
   revocations under its own signers' kids.
2. What one participant has published wrongly is left out and told as its problem; nobody else is
   touched.
3. The same network makes the same snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping

from pratique.errors import DocumentRefused
from pratique.network.view import Role, View
from pratique.revocation.held import Revocations
from pratique.rules.documents import Published
from pratique.rules.ruleset import Build, Ruleset
from pratique.snapshot import Snapshot, Source
from pratique.snapshot.heard import Said, heard, published_sets
from pratique.trust.roll import SUSPENSIONS, VALUE_SETS, Member, Roll
from pratique.trust.store import TrustList


def compiled(view: View, *, build: Build | None = None) -> Snapshot:
    """Return the snapshot of a network; `build` as for `Ruleset`."""
    published, unread = _sets(view)
    sets = dict(published.value_sets)
    said = {
        code: heard(view, one, view.roles.get(code, Role()), sets)
        for code, one in sorted(view.participants.items())
    }
    trunk = view.trusted
    return Snapshot(
        number=trunk.snapshot.version,
        created=int(view.published.timestamp()),
        environment=view.board.environment,
        trust=TrustList((s for one in said.values() for s in one.signers.signers), apart=True),
        sources=(Source(view.board.network, f"root {trunk.root.version}"),),
        ruleset=Ruleset(
            (r for one in said.values() for r in one.rules),
            sets,
            build=build,
            editions=published.editions,
        ),
        revocations=Revocations(each for one in said.values() for each in one.lists),
        roll=_roll(view, said, unread),
    )


def _sets(view: View) -> tuple[Published, str]:
    """Return the network's value sets, and the code of why they could not be read, or nothing."""
    try:
        return published_sets(view), ""
    except DocumentRefused as error:
        # Whoever publishes refuses it. Here a rule that looks into a set is open then, and all start.
        return Published(), error.code


def merged(network: Snapshot, imported: Snapshot) -> Snapshot:
    """Return a network's snapshot with what was imported beside it: signers of the same environment.

    A signer that both know is the network's, and so are a country's rules.
    """
    # Rules and revocations are of no environment. Signers are.
    if network.environment is not imported.environment and len(imported.trust):
        raise DocumentRefused(
            "environment-differs",
            f"the network is for {network.environment}, what was imported is for "
            f"{imported.environment}",
            "use another home folder for one of them",
        )
    own = {signer.thumbprint for signer in network.trust}
    others = (signer for signer in imported.trust if signer.thumbprint not in own)
    # Where a destination speaks for itself, what was imported of it before is not its word.
    speaking = {rule.country for rule in network.ruleset.rules}
    rules = (r for r in imported.ruleset.rules if r.country not in speaking)
    sets = {**imported.ruleset.value_sets, **network.ruleset.value_sets}
    editions = {
        name: dated
        for name, dated in imported.ruleset.editions.items()
        if name not in network.ruleset.value_sets
    } | network.ruleset.editions
    return network.replace(
        trust=network.trust.merge(others),
        ruleset=Ruleset(
            (*network.ruleset.rules, *rules),
            sets,
            compatible=imported.ruleset.compatible,
            hold_open=True,
            editions=editions,
        ),
        revocations=_together(network, imported),
        sources=(*network.sources, *imported.sources),
    )


def _together(network: Snapshot, imported: Snapshot) -> Revocations | None:
    own, other = network.revocations, imported.revocations
    if not isinstance(own, Revocations) or not isinstance(other, Revocations):
        found = own or other
        return found if isinstance(found, Revocations) else None
    lists = {**other.lists, **own.lists}
    return Revocations(lists.values(), other.exact, other.slices)


def _roll(view: View, said: Mapping[str, Said], sets_problem: str) -> Roll:
    members = {}
    for code, one in view.participants.items():
        role = view.roles.get(code, Role())
        members[code] = Member(
            expires=None if role.expires is None else int(role.expires.timestamp()),
            problem=role.problem or said[code].problem,
            suspensions=tuple(s for whose, s in view.suspensions if whose == code),
            withdrawn=said[code].signers.withdrawn,
            contact=one.contact,
        )
    chosen = [
        (place, said[code].choices)
        for code, one in view.participants.items()
        for place in sorted(one.countries)
    ]
    return Roll(
        published=int(view.published.timestamp()),
        members=members,
        freshness={place: made.freshness for place, made in chosen if made is not None},
        choices={place: made.value_sets for place, made in chosen if made and made.value_sets},
        floor=int(view.proven.floor.timestamp()) if view.proven else 0,
        speakers=_speakers(view, said, members),
        unread={
            what: why
            for what, why in ((SUSPENSIONS, view.suspend.problem), (VALUE_SETS, sets_problem))
            if why
        },
    )


def _speakers(
    view: View, said: Mapping[str, Said], members: Mapping[str, Member]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for code, one in sorted(view.participants.items()):
        # What could not be read may hold rules, whatever an earlier edition has held.
        spoken = {rule.country for rule in said[code].rules}
        whole = members[code].problem or said[code].choices is not None
        for country in sorted(one.countries if whole else spoken):
            found.setdefault(country, []).append(code)
    return {country: tuple(codes) for country, codes in sorted(found.items())}
