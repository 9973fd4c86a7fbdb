"""What one participant of a network says, as far as it may.

    Participant, its role's files -> heard -> Said(signers, rules, choices, lists, problem)

1. It is heard about itself only: signers within its countries, rules of its countries, revocations under
   its own signers' kids.
2. A part that is wrong is left out, and told as a problem; the others are still heard.
3. Where no edition of it can be read, what it has once withdrawn or revoked is so still.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pratique.crypto import x509
from pratique.errors import DocumentRefused, code_of
from pratique.network import choices, follows, names
from pratique.network.participants import Participant
from pratique.network.view import Role, View
from pratique.revocation.tag_list import TagList
from pratique.rules import documents
from pratique.rules.ruleset import Rule, Ruleset, RuleType
from pratique.trust import announced, json_text

MOST_RULES = 256
"""Rules of a participant: each is read at every start. Of seven real destinations the most is 17."""
MOST_STEPS = {RuleType.ACCEPTANCE: 4_096, RuleType.INVALIDATION: 512}
"""Steps that a participant's rules of a type may take at one check. Of seven real destinations the most
is 428. An issuer's own Invalidation rules are asked at every border, wherever what it issued is shown."""
MOST_PARTS = 8_192
"""Steps of all rules of a participant, whatever they are about: real ones have 577 at most."""
_NOTHING = announced.Announced((), frozenset())
_UNHEARD = Ruleset()


class Said(NamedTuple):
    """What one participant says.

    `problem` is the code of why a part could not be heard, `about_rules` that of its rules or choices.
    """

    signers: announced.Announced = _NOTHING
    ruleset: Ruleset = _UNHEARD
    choices: choices.Choices | None = None
    lists: tuple[TagList, ...] = ()
    problem: str = ""
    about_rules: str = ""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return its rules."""
        return self.ruleset.rules


def value_sets(view: View) -> dict[str, list[str]]:
    """Return the value sets that the authority publishes, in their newest editions."""
    return dict(published_sets(view).value_sets)


def published_sets(view: View) -> documents.Published:
    """Return the value sets that the authority publishes."""
    data = view.files.get(names.VALUE_SETS)
    return documents.Published() if data is None else documents.read(json_text.parse(data))


def heard(view: View, one: Participant, role: Role, sets: dict[str, list[str]]) -> Said:
    """Hear one participant; `sets` are the network's value sets."""
    said, files, code = Said(), role.files, one.code
    # In this order, each on its own: what is sound before a fault, and after it, is still heard.
    for read in (_signers, _rules, _choices, _lists):
        try:
            said = read(said, view, one, files, sets)
        except Exception as error:  # noqa: BLE001 - whatever it raises stays with its participant
            said = said._replace(problem=said.problem or code_of(error))
            if read in {_rules, _choices}:
                said = said._replace(about_rules=said.about_rules or code_of(error))
    if role.remembered:
        said = _remembered(said, code, role.remembered)
    if role.version and f"{code}/{names.SIGNERS}" not in files:
        said = said._replace(problem=said.problem or "signers-missing")
    return said


def _remembered(said: Said, code: str, files: Mapping[str, bytes]) -> Said:
    try:
        data = files.get(f"{code}/{names.SIGNERS}")
        gone = () if data is None else announced.parts(data).withdrawn
        withdrawn = frozenset(x509.read(one.certificate).thumbprint for one in gone)
        return said._replace(
            signers=announced.Announced((), withdrawn), lists=tuple(follows.lists(code, files))
        )
    except Exception:  # noqa: BLE001 - whatever it raises stays with its participant
        return said


_Files = Mapping[str, bytes]
_Sets = dict[str, list[str]]


def _signers(said: Said, view: View, one: Participant, files: _Files, _: _Sets) -> Said:
    data = files.get(f"{one.code}/{names.SIGNERS}")
    bounds = announced.Bounds(
        one.code, one.countries, one.subject, one.domains, view.board.environment
    )
    return said if data is None else said._replace(signers=announced.read(data, bounds))


def _rules(said: Said, _view: View, one: Participant, files: _Files, sets: _Sets) -> Said:
    data = files.get(f"{one.code}/{names.RULES}")
    if data is None:
        return said
    rules = documents.read(json_text.parse(data, most=json_text.OF_ONE)).rules
    if len(rules) > MOST_RULES:
        raise DocumentRefused("rules-too-many", f"{one.code} would keep every check busy")
    if any(rule.country not in one.countries for rule in rules):
        raise DocumentRefused("rules-foreign", f"{one.code} publishes another destination's rules")
    # Made once here, so that a rule that is refused is its own participant's problem.
    found = Ruleset(rules, sets)
    busy = any(found.busiest(kind) > most for kind, most in MOST_STEPS.items())
    if busy or found.steps(found.rules) > MOST_PARTS:
        raise DocumentRefused("rules-costly", f"{one.code} would keep every check busy")
    return said._replace(ruleset=found)


def _choices(said: Said, _view: View, one: Participant, files: _Files, sets: _Sets) -> Said:
    data = files.get(f"{one.code}/{names.CHOICES}")
    return said if data is None else said._replace(choices=choices.read(data, sets))


def _lists(said: Said, _view: View, one: Participant, files: _Files, _: _Sets) -> Said:
    own = {signer.kid for signer in said.signers.unjudged}
    # One of a key that nobody lists any more takes nothing away.
    found = (each for each in follows.lists(one.code, files) if each.head.kid in own)
    return said._replace(lists=tuple(found))
