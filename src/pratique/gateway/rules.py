"""/rules: a country's acceptance and invalidation rules, as its upload key signs them.

    POST   CMS 0x260 -> upload key 0x230 -> JSON, schema 0x200 -> prefix 0x250 -> country 403 0x210 -> version 0x220
           -> times 0x240 -> room 0x200 -> remarks (compatible: kept; strict: 0x200) -> 201
    DELETE CMS 0x260 -> upload key 0x230 -> identifier 0x250 -> country 403 0x210 -> there 404 0x270 -> 204
    GET    versions of an identifier that begin later, and the newest that has begun; newest upload first
    GET /remarks/rules/{cc}    what is to be said against them: codes of `rules.lint`

1. The schema is dgc-gateway's `validation-rule.schema.json`, and closed: a member that it does not know is refused.
2. A version is three numbers: 1.0.10 follows upon 1.0.9. They may be of any length, so they are never made numbers.
3. A version vanishes in the second in which its successor begins. What has ended stays listed: whoever asks is told
   that there was a rule.
4. A deletion is of all versions; 1.0.0 may come again, and in the very message that was uploaded before: clients sign
   with RSA, twice within a second, and the same comes out. A rule's times bound for how long that can be repeated.
5. The logic is not checked, as in the originals, whose suites upload what is no CertLogic; what is to be said against it
   is kept and published. How long the linter looks at a rule is bounded: `rules.certlogic` counts its parts first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.gateway import message
from pratique.gateway.call import Call
from pratique.gateway.mailbox import Mailbox, MailboxReading, StoredRule
from pratique.gateway.wire import RULE, Profile, Refusal, WireAnswer, written
from pratique.rules.lint import AHEAD, LIFETIME, NOTICE, Terms, diagnosed
from pratique.rules.rule import RuleType, instant
from pratique.text import rfc3339

LONGEST_VERSION = 30
"""Characters; dgc-gateway's column has no room for more."""
SHORTEST_DESCRIPTION = 20

_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_LANGUAGE = re.compile(r"[a-z]{2}(-[a-z]{2})?")
_INSTANT = re.compile(
    r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]([-+][0-2][0-9]:[0-5][0-9]|Z)"
)
_PREFIXES = {"General": "GR", "Test": "TR", "Vaccination": "VR", "Recovery": "RR"}

Order = tuple[tuple[int, str], ...]


def order(version: str) -> Order:
    """Return what sorts versions as the numbers that they are made of."""
    plain = (part.lstrip("0") for part in version.split("."))
    return tuple((len(part), part) for part in plain)


def visible(versions: Sequence[StoredRule], at: int) -> list[StoredRule]:
    """Return which versions of one identifier are listed at an instant, in the order given."""
    begun = [rule for rule in versions if rule.valid_from <= at]
    newest = max(begun, key=lambda rule: order(rule.version), default=None)
    return [rule for rule in versions if rule.valid_from > at or rule is newest]


def fits(document: Mapping[str, Any]) -> bool:
    """Tell whether a rule that is published elsewhere is of the wire's schema."""
    members = document.keys()
    return _SCHEMA.keys() - _OPTIONAL <= members <= _SCHEMA.keys() and all(
        _SCHEMA[name](value) for name, value in document.items()
    )


def upload(call: Call, box: Mailbox) -> WireAnswer:
    """Take a version of a rule."""
    uploaded = _uploaded(call, box)
    document = _document(uploaded.content)
    _check_owner(document, call.country)
    own = box.rules(call.country)
    versions = [rule for rule in own if rule.identifier == document["Identifier"]]
    newest = max(versions, key=lambda rule: order(rule.version), default=None)
    if newest and order(document["Version"]) <= order(newest.version):
        raise Refusal(400, "0x220", "the version is not newer than the newest uploaded one")
    begins, ends = instant(document["ValidFrom"]) or 0, instant(document["ValidTo"]) or 0
    if why := _untimely(document["Type"], begins, ends, call.at):
        raise Refusal(400, "0x240", why)
    if newest and begins < newest.valid_from:
        raise Refusal(400, "0x240", "it begins before the newest uploaded version does")
    message.check_room(uploaded, len(own), call.settings.most_rules, "0x200")
    diagnostics, _ = diagnosed(document, Terms())
    errors = [remark.code for remark in diagnostics if remark.error]
    if errors and call.settings.profile is Profile.STRICT:
        raise Refusal(400, "0x200", "the rule must not be published so", errors[0])
    rule = StoredRule(
        number=0,
        country=call.country,
        identifier=document["Identifier"],
        version=document["Version"],
        valid_from=begins,
        valid_to=ends,
        message=uploaded.text,
        created=box.moment(call.at),
        remarks=tuple(dict.fromkeys(remark.code for remark in diagnostics)),
    )
    box.add_rule(rule)
    return WireAnswer(
        201, act="rule-upload", digest=hashlib.sha256(uploaded.text.encode()).hexdigest()
    )


def delete(call: Call, box: Mailbox) -> WireAnswer:
    """Delete all versions of a rule."""
    identifier = message.text_of(_uploaded(call, box))
    parts = identifier.split("-")
    if len(parts) != 3:
        raise Refusal(400, "0x250", "it is no identifier of a rule")
    if parts[1] != call.country:
        raise Refusal(403, "0x210", "the rule is another country's")
    # What no rule can be called is not there, and no database is asked for it: PostgreSQL knows no U+0000.
    if not RULE.fullmatch(identifier):
        raise Refusal(404, "0x270", "there is no such rule")
    gone = [row.version for row in box.rules(call.country) if row.identifier == identifier]
    if not box.delete_rules(call.country, identifier):
        raise Refusal(404, "0x270", "there is no such rule")
    for version in gone:
        # The network may publish it still: it is not to come back from there by itself (`projection`).
        box.use(deletion_mark(call.country, identifier, version), call.at)
    return WireAnswer(
        204, act="rule-delete", digest=hashlib.sha256(identifier.encode()).hexdigest()
    )


def deletion_mark(country: str, identifier: str, version: str) -> str:
    """Return what is noted as used where a country's back end has deleted a version of a rule, however that is spelled."""
    number = ".".join(part.lstrip("0") or "0" for part in version.split("."))
    return hashlib.sha256(f"taken back {country} {identifier} {number}".encode()).hexdigest()


def listed(call: Call, box: MailboxReading) -> WireAnswer:
    """Answer with a country's rules."""
    shown = _shown(call, box)
    return written({name: list(map(_row, versions)) for name, versions in shown.items()})


def remarks(call: Call, box: MailboxReading) -> WireAnswer:
    """Answer with what is to be said against a country's rules."""
    return written(
        [
            {"identifier": name, "version": rule.version, "remarks": list(rule.remarks)}
            for name, versions in _shown(call, box).items()
            for rule in versions
            if rule.remarks
        ]
    )


def _shown(call: Call, box: MailboxReading) -> dict[str, list[StoredRule]]:
    """Return the versions of each identifier that the caller may see, by identifier."""
    (country,) = call.rest
    if len(country) != 2:
        raise Refusal(400, "0x001", "a country has two letters")
    country = country.upper()
    is_strict = call.settings.profile is Profile.STRICT and country != call.country
    by_identifier: dict[str, list[StoredRule]] = {}
    for rule in box.rules(country):
        if rule.is_published or not is_strict:
            by_identifier.setdefault(rule.identifier, []).append(rule)
    return {name: visible(by_identifier[name], call.at) for name in sorted(by_identifier)}


def _row(rule: StoredRule) -> dict[str, str]:
    return {
        "version": rule.version,
        "validFrom": rfc3339(rule.valid_from),
        "validTo": rfc3339(rule.valid_to),
        "cms": rule.message,
    }


def _uploaded(call: Call, box: MailboxReading) -> message.Uploaded:
    uploaded = message.read(call.request.body, bad_signature="0x260")
    if message.uploader(uploaded, call, box) is None:
        raise Refusal(400, "0x230", "the signer is no upload certificate of the caller's country")
    return uploaded


def _document(content: bytes) -> dict[str, Any]:
    """Read a rule, of the schema and nothing beside it; Refusal `0x200` names the member, never its value."""
    try:
        row = strict_json.strangers(content, longest=len(content), deepest=strict_json.DEPTH)
        document = strict_json.members(row, _SCHEMA.keys(), _OPTIONAL)
    except strict_json.Misfit as error:
        known = error.member if error.member in _SCHEMA else ""
        raise Refusal(400, "0x200", "the rule does not have the schema's members", known) from None
    except ValueError:
        raise Refusal(400, "0x200", "the rule is no JSON that is read in one way only") from None
    for name, value in document.items():
        if not _SCHEMA[name](value):
            raise Refusal(400, "0x200", "the rule is not of the schema", name)
    return document


def _check_owner(document: Mapping[str, Any], country: str) -> None:
    prefix, named, _ = document["Identifier"].split("-")
    is_invalidation = document["Type"] == RuleType.INVALIDATION
    if prefix != ("IR" if is_invalidation else _PREFIXES[document["CertificateType"]]):
        raise Refusal(
            400, "0x250", "the identifier's letters do not fit type and kind of certificate"
        )
    if not country == named == document["Country"]:
        raise Refusal(403, "0x210", "the rule is another country's")


def _untimely(kind: str, begins: int, ends: int, at: int) -> str:
    """Return what is wrong with a rule's times; empty if nothing is."""
    if ends <= begins:
        return "it ends before it begins"
    if begins > at + AHEAD:
        return "it begins later than in 14 days"
    if kind == RuleType.ACCEPTANCE and begins < at + NOTICE:
        return "an acceptance rule begins in 48 hours at the earliest"
    if begins < at:
        return "it begins in the past"
    return "it is in force for less than 72 hours" if ends < begins + LIFETIME else ""


# ----------------------------------------------------------------------------------------------------
# The schema: what each member must be.

Check = Callable[[Any], bool]


def _like(pattern: re.Pattern[str], longest: int = 100) -> Check:
    return lambda value: (
        type(value) is str and len(value) <= longest and pattern.fullmatch(value) is not None
    )


def _one_of(*values: str) -> Check:
    return lambda value: type(value) is str and value in values


def _is_text(value: Any) -> bool:
    return type(value) is str


def _are_fields(value: Any) -> bool:
    return type(value) is list and bool(value) and all(map(_is_text, value))


class _Description(NamedTuple):
    lang: str
    desc: str


def _are_descriptions(value: Any) -> bool:
    try:
        rows = [strict_json.read(_Description, row) for row in strict_json.array(value)]
    except (ValueError, TypeError):
        return False
    return any(row.lang == "en" for row in rows) and all(
        _LANGUAGE.fullmatch(row.lang) and len(row.desc) >= SHORTEST_DESCRIPTION for row in rows
    )


def _is_instant(value: Any) -> bool:
    # The pattern lets the 39th of a 19th month pass, which is no instant.
    return _like(_INSTANT)(value) and instant(value) is not None


_SCHEMA: Mapping[str, Check] = {
    "AffectedFields": _are_fields,
    "CertificateType": _one_of(*_PREFIXES),
    "Country": _like(re.compile("[A-Z]{2}")),
    "Description": _are_descriptions,
    "Engine": _is_text,
    "EngineVersion": _like(_VERSION),
    "Identifier": _like(RULE),
    "Logic": lambda value: type(value) is dict and bool(value),
    "Region": _like(re.compile("[A-Z0-9]{0,5}")),
    "SchemaVersion": _like(_VERSION),
    "Type": _one_of(*RuleType),
    "ValidFrom": _is_instant,
    "ValidTo": _is_instant,
    "Version": _like(_VERSION, LONGEST_VERSION),
}
_OPTIONAL = frozenset({"Region"})
