"""From a network to a snapshot: who is believed, for what, and what each destination asks.

    View -> compiled -> Snapshot(trust, ruleset, revocations, roll)

1. A participant is heard about itself only: signers within its countries, rules of its countries,
   revocations under its own signers' kids.
2. What one participant has published wrongly is left out and told as its problem; nobody else is
   touched.
3. The same network makes the same snapshot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from pratique import strict_json
from pratique.crypto import x509
from pratique.errors import DocumentRefused, code_of
from pratique.network import client, metadata, participants
from pratique.network.participants import Participant
from pratique.network.view import Role, View, published_sets
from pratique.revocation.revocations import Revocations
from pratique.revocation.tag_list import TagList
from pratique.rules import documents
from pratique.rules.documents import RuleDocument
from pratique.rules.ruleset import MOST_RULES, Rule, Ruleset, RuleType
from pratique.snapshot import Snapshot, Source
from pratique.trust import countries, publication
from pratique.trust.registry import SUSPENSIONS, VALUE_SETS, ParticipantState, Registry
from pratique.trust.signer import CONTRADICTED, Signer, TrustList

# ----------------------------------------------------------------------------------------------------
# What one participant of a network says, as far as it may.
#
#     Participant, its role's files -> heard -> Said(signers, rules, choices, lists, problem)
#
# 1. It is heard about itself only: signers within its countries, rules of its countries, revocations under
#    its own signers' kids.
# 2. A part that is wrong is left out, and told as a problem; the others are still heard.
# 3. Where no edition of it can be read, what it has once withdrawn or revoked is so still.


_NOTHING = publication.SignerPublication((), frozenset())
_UNHEARD = Ruleset()


class Publication(NamedTuple):
    """What one participant says.

    `problem` is the code of why a part could not be heard, `about_rules` that of its rules or choices, and
    `about_schemes` that of its keys of other schemes, which puts nothing else of it in doubt.
    """

    signers: publication.SignerPublication = _NOTHING
    ruleset: Ruleset = _UNHEARD
    choices: participants.Choices | None = None
    lists: tuple[TagList, ...] = ()
    problem: str = ""
    about_rules: str = ""
    scheme_keys: tuple[Signer, ...] = ()
    about_schemes: str = ""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return its rules."""
        return self.ruleset.rules


def heard(view: View, one: Participant, role: Role, sets: dict[str, list[str]]) -> Publication:
    """Hear one participant; `sets` are the network's value sets."""
    said, files, code = Publication(), role.files, one.code
    # In this order, each on its own: what is sound before a fault, and after it, is still heard.
    for read in (_signers, _rules, _choices, _lists):
        try:
            said = read(said, view, one, files, sets)
        except Exception as error:  # noqa: BLE001 - whatever it raises stays with its participant
            said = said._replace(problem=said.problem or code_of(error))
            if read in {_rules, _choices}:
                said = said._replace(about_rules=said.about_rules or code_of(error))
    said = _scheme_keys(said, view, one, files)
    if role.remembered:
        said = _remembered(said, code, role.remembered)
    if role.version and f"{code}/{metadata.SIGNERS}" not in files:
        said = said._replace(problem=said.problem or "signers-missing")
    return said


def _remembered(said: Publication, code: str, files: Mapping[str, bytes]) -> Publication:
    try:
        data = files.get(f"{code}/{metadata.SIGNERS}")
        gone = () if data is None else publication.parts(data).withdrawn
        withdrawn = frozenset(x509.read(one.certificate).thumbprint for one in gone)
        return said._replace(
            signers=publication.SignerPublication((), withdrawn),
            lists=tuple(client.lists(code, files)),
        )
    except Exception:  # noqa: BLE001 - whatever it raises stays with its participant
        return said


_Files = Mapping[str, bytes]
_Sets = dict[str, list[str]]


def _signers(
    said: Publication, view: View, one: Participant, files: _Files, _: _Sets
) -> Publication:
    data = files.get(f"{one.code}/{metadata.SIGNERS}")
    bounds = one.bounds(view.board.environment)
    return said if data is None else said._replace(signers=publication.read(data, bounds))


def _scheme_keys(
    said: Publication, view: View, participant: Participant, files: _Files
) -> Publication:
    # A fault costs these keys alone: who carries a card of another scheme meets a desk that does not know its issuer.
    data = files.get(f"{participant.code}/{metadata.SCHEME_KEYS}")
    if data is None:
        return said
    from pratique.trust import scheme_keys  # noqa: PLC0415 - most participants publish none

    try:
        keys = scheme_keys.published(data, participant.bounds(view.board.environment))
    except Exception as error:  # noqa: BLE001 - whatever it raises stays with its participant
        return said._replace(about_schemes=code_of(error))
    return said._replace(scheme_keys=keys.signers)


def _rules(
    said: Publication, _view: View, one: Participant, files: _Files, sets: _Sets
) -> Publication:
    data = files.get(f"{one.code}/{metadata.RULES}")
    if data is None:
        return said
    rules = documents.read(strict_json.parse(data, most=strict_json.OF_ONE)).rules
    if len(rules) > MOST_RULES:
        raise DocumentRefused("rules-too-many", f"{one.code} would keep every check busy")
    if any(rule.country not in one.countries for rule in rules):
        raise DocumentRefused("rules-foreign", f"{one.code} publishes another destination's rules")
    # Made once here, so that a rule that is refused is its own participant's problem.
    found = Ruleset(rules, sets)
    if found.is_costly:
        raise DocumentRefused("rules-costly", f"{one.code} would keep every check busy")
    return said._replace(ruleset=found)


def _choices(
    said: Publication, _view: View, one: Participant, files: _Files, sets: _Sets
) -> Publication:
    data = files.get(f"{one.code}/{metadata.CHOICES}")
    return said if data is None else said._replace(choices=participants.read(data, sets))


def _lists(
    said: Publication, _view: View, one: Participant, files: _Files, _: _Sets
) -> Publication:
    own = {signer.kid for signer in said.signers.unjudged}
    # One of a key that nobody lists any more takes nothing away.
    found = (each for each in client.lists(one.code, files) if each.head.kid in own)
    return said._replace(lists=tuple(found))


def compiled(view: View) -> Snapshot:
    """Return the snapshot of a network."""
    published, unread = _sets(view)
    sets = dict(published.value_sets)
    said = {
        code: heard(view, participant, view.roles.get(code, Role()), sets)
        for code, participant in sorted(view.participants.items())
    }
    trunk = view.trusted
    return Snapshot(
        number=trunk.snapshot.version,
        created=int(view.published.timestamp()),
        environment=view.board.environment,
        trust=TrustList(
            (
                s
                for statement in said.values()
                for s in (*statement.signers.unjudged, *statement.scheme_keys)
            ),
            apart=True,
            judges={code: statement.signers.judge for code, statement in said.items()},
        ),
        sources=(Source(view.board.network, f"root {trunk.root.version}"),),
        ruleset=Ruleset(
            (r for statement in said.values() for r in statement.rules),
            sets,
            editions=published.editions,
            like=[statement.ruleset for statement in said.values()],
        ),
        revocations=Revocations(each for statement in said.values() for each in statement.lists),
        roll=_roll(view, said, unread),
    )


def _sets(view: View) -> tuple[RuleDocument, str]:
    """Return the network's value sets, and the code of why they could not be read, or nothing."""
    try:
        return published_sets(view), ""
    except DocumentRefused as error:
        # Whoever publishes refuses it. Here a rule that looks into a set is open then, and all start.
        return RuleDocument(), error.code


def merged(network: Snapshot, imported: Snapshot) -> Snapshot:
    """Return a network's snapshot with what was imported beside it: signers of the same environment.

    A key that both know is the network's, under whatever kid, certificate or name it was imported, and so
    are a country's rules. What either has revoked or withdrawn is so.
    """
    # Rules and revocations are of no environment. Signers are.
    if network.environment is not imported.environment and len(imported.trust):
        raise DocumentRefused(
            "environment-differs",
            f"the network is for {network.environment}, what was imported is for "
            f"{imported.environment}",
            "use another home folder for one of them",
        )
    trust, roll = together(network, imported)
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
        trust=trust,
        ruleset=Ruleset(
            (*network.ruleset.rules, *rules),
            sets,
            compatible=imported.ruleset.compatible,
            hold_open=True,
            editions=editions,
            like=() if imported.ruleset.compatible else (network.ruleset,),
        ),
        revocations=_together(network, imported),
        roll=roll,
        sources=(*network.sources, *imported.sources),
    )


def together(network: Snapshot, imported: Snapshot) -> tuple[TrustList, Registry]:
    """Return a network's signers with imported ones beside them, and what is said against them.

    The strictest word on a public key counts, whoever says it and under whatever name it is listed in one key
    store: of a scheme's issuer, or of HCERT.
    """
    assert network.roll is not None
    roll = strictest(network.roll, imported.roll)
    gone = {s for s in imported.trust if s.thumbprint in roll.withdrawn_of(s.participant)}
    listed: dict[tuple[object, ...], list[Signer]] = defaultdict(list)
    for signer in network.trust.unjudged():
        listed[signer.public_key, signer.store].append(signer)
    own = {
        other: [record for record in listed[other.public_key, other.store] if record.may_be(other)]
        if other.public_key
        else []
        for other in imported.trust
    }
    signers = {signer: signer for signer in network.trust.unjudged()}
    withdrawn: dict[str, set[str]] = defaultdict(set)
    for other, record in ((other, record) for other, records in own.items() for record in records):
        if other in gone:
            withdrawn[record.participant].add(record.thumbprint)
        elif record.thumbprint in roll.withdrawn_of(record.participant) and not other.reason:
            # Withdrawn as stolen, and in an old list as if nothing had happened.
            signers[record] = record.noted(CONTRADICTED)
    # The network's record holds under whatever kid, certificate or name the key was imported.
    stand = [*signers.values()]
    stand += [
        signers[record]._replace(kid=o.kid) for o, records in own.items() for record in records
    ]
    codes = {countries.code(code) or code: code for code in roll.members}
    codes |= {code: code for code in roll.members}
    for other in (other for other, records in own.items() if not records):
        # Where its own certificate names another country than those that list the key in the network,
        # nobody here can tell whose it is.
        shared = bool(other.public_key) and bool(listed[other.public_key, other.store])
        record = other.noted(CONTRADICTED) if shared else other
        name = countries.code(other.participant) or other.participant
        code = codes.get(other.participant) or codes.get(name)
        # Suspended, lapsed, not to be read: so is what its participant is known by elsewhere.
        stand.append(record if code is None or other in gone else record._replace(participant=code))
    members = {
        code: member._replace(withdrawn=member.withdrawn | withdrawn[code])
        for code, member in roll.members.items()
    }
    trust = TrustList(stand, apart=True, judges=network.trust.judges)
    return trust, roll._replace(members=members)


def strictest(one: Registry, other: Registry | None) -> Registry:
    """Return what two editions or two networks have against signers; the first one's word in all else."""
    if other is None:
        return one
    members = {**other.members, **one.members}
    for code in one.members.keys() & other.members.keys():
        suspensions = {*one.members[code].suspensions, *other.members[code].suspensions}
        members[code] = one.members[code]._replace(
            suspensions=tuple(sorted(suspensions)),
            withdrawn=one.members[code].withdrawn | other.members[code].withdrawn,
        )
    return one._replace(members=members, floor=max(one.floor, other.floor))


def _together(network: Snapshot, imported: Snapshot) -> Revocations | None:
    own, other = network.revocations, imported.revocations
    if not isinstance(own, Revocations) or not isinstance(other, Revocations):
        found = own or other
        return found if isinstance(found, Revocations) else None
    return own.with_others(other)


def _roll(view: View, said: Mapping[str, Publication], sets_problem: str) -> Registry:
    members = {}
    for code, one in view.participants.items():
        role = view.roles.get(code, Role())
        members[code] = ParticipantState(
            expires=None if role.expires is None else int(role.expires.timestamp()),
            problem=role.problem or said[code].problem,
            suspensions=tuple(s for whose, s in view.suspensions if whose == code),
            withdrawn=said[code].signers.withdrawn,
            contact=one.contact,
            schemes=said[code].about_schemes,
        )
    chosen = [
        (place, said[code].choices)
        for code, one in view.participants.items()
        for place in sorted(one.countries)
    ]
    return Registry(
        published=int(view.published.timestamp()),
        members=members,
        freshness={place: made.freshness for place, made in chosen if made is not None},
        choices={place: made.value_sets for place, made in chosen if made and made.value_sets},
        floor=int(view.proven.floor.timestamp()) if view.proven else 0,
        speakers=_speakers(view, said, RuleType.ACCEPTANCE),
        voiding=_speakers(view, said, RuleType.INVALIDATION),
        unread={
            what: why
            for what, why in ((SUSPENSIONS, view.suspend.problem), (VALUE_SETS, sets_problem))
            if why
        },
    )


def _speakers(
    view: View, said: Mapping[str, Publication], kind: RuleType
) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for code, one in sorted(view.participants.items()):
        own, role = said[code], view.roles.get(code, Role())
        why = role.problem or own.about_rules
        # What could not be read may hold rules for each of its countries, whatever an earlier edition held.
        wide = why or (kind is RuleType.ACCEPTANCE and own.choices is not None)
        spoken = {rule.country for rule in own.rules if rule.type is kind}
        for country in one.countries if wide else spoken:
            found.setdefault(country, {})[code] = why
    return found
