"""Show what was found: in words at a desk or to a holder, as JSON to a program. Front ends only print it.

    Verification -> lines | as_json          HealthCode -> health_code | row | health_code_as_json
    text, unverified -> layers               Signer -> signer_as_json -> table

1. The desk sees name, birth date, colour and reasons; what is attested only the holder asks for.
2. The word and the sign say what the colour says; the colour alone says nothing.
3. JSON follows `docs/reference/pratique-verification-1.schema.json` and `pratique-health-code-1.schema.json`.
4. A text that is inspected is not verified: no signer is asked, and a layer that cannot be read is named.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from pratique import formats, text
from pratique.authenticate import HealthCode, Help, read
from pratique.crypto import cbor
from pratique.crypto.cose import Envelope
from pratique.findings import Code, Colour, Finding, Severity, Step
from pratique.formats import Sealed, base45, hcert, shapes, wrapping
from pratique.formats.fields import strangers_json
from pratique.model import KINDS, HealthCertificate, Moment, Person, Precision
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Result
from pratique.snapshot import Snapshot
from pratique.terms import ALL_KINDS, COSE_ALGORITHMS, Kind, Scheme, SignerState
from pratique.text import plural, printable, rfc3339
from pratique.trust.signer import LIST_ENDS, Signer
from pratique.verification import Verification

# A verification.

FORMAT = "pratique-verification-1"

SIGNS = {
    Colour.GREEN: ("✔ GREEN", "entry rules met", "green"),
    Colour.AMBER: ("▲ AMBER", "check by hand", "yellow"),
    Colour.RED: ("✖ RED", "not accepted", "red"),
}
UNREAD = ("? NOT READ", "scan again", "cyan")
"""What is shown where nothing could be read: no colour of a verdict."""
_SGR = {"red": 31, "green": 32, "yellow": 33, "cyan": 36}
"""Colours of a terminal (ECMA-48 §8.3.117)."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_OF_A_RULE = {Code.RULE_FAILED, Code.RULE_OPEN}
_APPEALED = {Code.REVOKED, Code.SIGNER_WITHDRAWN, Code.PARTICIPANT_SUSPENDED}
_FOR_THE_DESK = {Code.CLOCK_LEEWAY}
"""Notes that ask the desk for something."""
TOLD_WITH_WHERE = {Code.NO_RULES_YET, Code.RULES_ENDED, Code.RULES_FOR_REGIONS_ONLY}
_WITHOUT_RULES = TOLD_WITH_WHERE | {
    Code.NO_RULES, Code.NO_RULES_FOR_COUNTRY, Code.NO_RULE_FOR_KIND
}  # fmt: skip
BY_HAND = (
    "compare name and birth date with the travel document, "
    "and what is attested with the entry rules"
)
SHOWN_ON = "to see what is attested, ask the holder and add --show-content"


SCHEMES: dict[str, tuple[str, str]] = {
    Scheme.SHC: ("SMART Health Card", "a directory's snapshot, or the issuer's jwks.json"),
    Scheme.NZCP: ("NZ COVID Pass", "the issuer's DID document"),
    Scheme.CH_LIGHT: ("Swiss certificate light", "the list of keys with use l"),
    Scheme.VDS_NC: ("ICAO seal (VDS-NC)", "the state's CSCA certificate, or a master list"),
    Scheme.TWO_D_DOC: ("French 2D-DOC", "the list of keys by CA and certificate"),
    Scheme.DIVOC: ("DIVOC certificate", "the issuer's key, with its verification method"),
}
"""Scheme -> what its texts are called, and what its keys are imported from."""


class Advice(NamedTuple):
    """What would help where the rules do not let it pass, and the language of their sentences.

    `unaccepted` are the codes of its vaccines that the rules refuse as such.
    """

    helps: tuple[Help, ...] = ()
    language: str = "en"
    unaccepted: tuple[str, ...] = ()


_NO_ADVICE = Advice()


def lines(
    label: str,
    remark: str,
    found: Verification,
    *,
    inspect: bool,
    appeal: str = "",
    advice: Advice = _NO_ADVICE,
) -> Iterator[str]:
    """Yield the lines that a person reads."""
    sign, words, colour = UNREAD if found.unread else SIGNS[found.verdict.colour]
    yield f"{_styled(sign, colour)}  {words}   {printable(label)}"
    if remark:
        yield f"  note   {remark}"
    if found.certificate is not None:
        person = found.certificate.person
        yield from _name(person)
        yield f"  born   {in_words(person.birth_date)}"
    yield from _scheme(found)
    if found.signer is not None:
        countries = ", ".join(sorted(found.signer.countries)) or "no country"
        name = found.signer.name or found.signer.participant or found.signer.issuer or countries
        yield f"  signed by {printable(name)} ({countries})"
    for finding in found.verdict.findings:
        # Of a scanner that is set wrongly the desk must hear: only there it can be put right.
        to_tell = finding.code in _FOR_THE_DESK or finding.code.step is Step.TEXT
        if finding.code.severity is not Severity.NOTE or inspect or to_tell:
            yield from reason(finding)
            yield from _sentence(finding, found, advice.language)
    yield from _rules_behind(found, advice.language)
    yield from _ways_in_words(advice.helps, advice.unaccepted)
    for line in by_hand(found, inspect=inspect):
        yield f"  by hand: {line}"
    if appeal:
        yield f"  appeal to {printable(appeal)}"
    if inspect and found.certificate is not None:
        yield "  content, for the holder only:"
        yield from content_lines(content(found.certificate))


def _styled(text: str, colour: str) -> str:
    return f"\x1b[{_SGR[colour]}m\x1b[1m{text}\x1b[0m"


def _name(person: Person) -> Iterator[str]:
    yield f"  name   {printable(person.display_name())}"
    if line := person.line():
        parts = ", ".join(
            part
            for part, said in (
                ("family name", person.surname_icao), ("given names", person.forename_icao)
            )
            if said
        )  # fmt: skip
        # What is compared with the travel document stands apart: no terminal turns it around beside
        # letters that run to the left.
        yield f"  A-Z    {printable(line)}   ({parts})"
    elif person.surname and person.forename:
        yield f"  family name   {printable(person.surname)}"
        yield f"  given names   {printable(person.forename)}"


def _scheme(verification: Verification) -> Iterator[str]:
    """Yield the lines that say what a card beside HCERT is, and how much it states."""
    if verification.signer is not None and verification.signer.domain in SCHEMES:
        yield f"  format {SCHEMES[verification.signer.domain][0]}"
        if verification.certificate is not None:
            yield f"  states {_states(verification.certificate)}"


def _states(certificate: HealthCertificate) -> str:
    """Say how many events of which kind a certificate states; neither their dates nor what they were."""
    counts = Counter(KINDS[type(entry)] for entry in certificate.entries)
    if set(counts) == {Kind.PASS}:
        return "no vaccination, test or recovery: it is a pass"
    return " and ".join(plural(count, kind.value) for kind, count in sorted(counts.items()))


def _sentence(finding: Finding, found: Verification, language: str) -> Iterator[str]:
    for outcome in found.outcomes:
        if finding.where == outcome.rule.identifier and finding.code in _OF_A_RULE:
            yield f"    the rule: {rule_says(outcome.rule, language)}"


def _rules_behind(found: Verification, language: str) -> Iterator[str]:
    # Where a second certificate is asked for, the rules that want it are not findings of their own.
    if all(finding.code is not Code.SECOND_CERTIFICATE for finding in found.verdict.findings):
        return
    for outcome in found.outcomes:
        if outcome.result is not Result.PASSED:
            name = outcome.rule.identifier
            yield f"  {outcome.result.value:<6} {name}  {rule_says(outcome.rule, language)}"


def rule_says(rule: Rule, language: str) -> str:
    """Return a rule's own sentence in a language, in English, or one that is made of its logic."""
    spoken = dict(rule.descriptions)
    said = spoken.get(language) or spoken.get("en")
    if said is None:
        from pratique.rules.explain import sentence  # noqa: PLC0415 - where nobody described it

        said = sentence(rule)
    return printable(said)


def by_hand(found: Verification, *, inspect: bool) -> tuple[str, ...]:
    """Return what to look at where no rules decide; empty where they do, or nothing is authentic."""
    codes = {finding.code for finding in found.verdict.findings}
    if found.certificate is None or found.verdict.colour is not Colour.AMBER:
        return ()
    if not codes & _WITHOUT_RULES:
        return ()
    return (BY_HAND,) if inspect else (BY_HAND, SHOWN_ON)


def appeal_of(found: Verification, snapshot: Snapshot) -> str:
    """Return where the holder may appeal against what the issuer or the network holds against it."""
    if snapshot.roll is None or found.signer is None:
        return ""
    member = snapshot.roll.members.get(found.signer.participant)
    against = any(finding.code in _APPEALED for finding in found.verdict.findings)
    return member.contact if member is not None and against else ""


def reason(finding: Finding) -> Iterator[str]:
    """Yield a finding in words: what it means, and what to do next."""
    where = f" ({printable(finding.where)})" if finding.where else ""
    yield f"  {finding.code.name}{where}: {finding.code.meaning}"
    if (step := _next_of(finding)) != "nothing":
        yield f"    next: {step}"


def _next_of(finding: Finding) -> str:
    """Say what to do next; where a scheme's key is not held, what to import."""
    if finding.code is Code.SIGNER_UNKNOWN and finding.where in SCHEMES:
        name, source = SCHEMES[finding.where]
        return f"import keys of the format {name} ({source}), or check by hand"
    if finding.code is Code.FORMAT_NOT_READ and finding.where == shapes.LINK:
        return "ask for the card itself: a link is not opened here"
    return finding.code.next_step


def as_json(
    label: str,
    remark: str,
    found: Verification,
    *,
    inspect: bool,
    appeal: str = "",
    advice: Advice = _NO_ADVICE,
) -> dict[str, Any]:
    """Return one result as the schema describes it."""
    row: dict[str, Any] = {
        "source": label,
        "colour": found.verdict.colour.value,
        "read": not found.unread,
        "findings": [
            {
                "code": finding.code.name,
                "step": finding.code.step.value,
                "weight": finding.code.severity.value,
                "where": finding.where,
                "meaning": finding.code.meaning,
                "next": _next_of(finding),
            }
            for finding in found.verdict.findings
        ],
        "steps": {step.value: outcome for step, outcome in found.verdict.steps().items()},
    }
    if remark:
        row["remark"] = remark
    if found.certificate is not None:
        person = found.certificate.person
        row["person"] = _person(person)
    if found.signer is not None:
        row["signer"] = {
            "participant": found.signer.participant,
            "countries": sorted(found.signer.countries),
            "kid": found.signer.kid.hex(),
            "environment": found.signer.environment.value,
        }
        if found.signer.name:
            row["signer"]["name"] = found.signer.name
    if found.certificate is not None and found.certificate.domain in SCHEMES:
        row["scheme"] = found.certificate.domain
        row["states"] = [KINDS[type(entry)].value for entry in found.certificate.entries]
    if found.outcomes:
        row["rules"] = [
            {
                "rule": outcome.rule.name,
                "result": outcome.result.value,
                "reason": outcome.reason,
                "says": rule_says(outcome.rule, advice.language),
            }
            for outcome in found.outcomes
        ]
        row["what_would_help"] = [_way_as_json(way) for way in advice.helps]
        row["vaccines_not_accepted"] = _vaccines_as_json(advice.unaccepted)
    if steps := by_hand(found, inspect=inspect):
        row["by_hand"] = list(steps)
    if appeal:
        row["appeal"] = appeal
    if inspect and found.certificate is not None:
        row["content"] = content(found.certificate)
    return row


def _person(person: Person) -> dict[str, str]:
    born = person.birth_date
    parts = {
        name: getattr(person, name)
        for name in ("surname", "forename", "surname_icao", "forename_icao")
    }
    return {
        "name": person.display_name(),
        **{name: part for name, part in parts.items() if part},
        "birth_date": born.text() if born is not None else "",
    }


def document(rows: list[dict[str, Any]], snapshot: Snapshot, at: datetime) -> dict[str, Any]:
    """Return the whole JSON document."""
    return {
        "format": FORMAT,
        "at": at.isoformat(),
        "snapshot": {
            "number": snapshot.number,
            "created": rfc3339(snapshot.created),
            "environment": snapshot.environment.value,
        },
        "results": rows,
    }


def content(certificate: HealthCertificate) -> dict[str, Any]:
    """Return all that a certificate says, for its holder; of another format than the DCC, what rules see of it too."""
    from pratique.assess import dcc_form  # noqa: PLC0415 - where the holder asks for it

    shown = {
        "domain": certificate.domain,
        "version": certificate.version,
        "kind": certificate.kind.value,
        "issuer": certificate.issuer,
        "issued_at": instant_show(certificate.issued_at),
        "expires_at": instant_show(certificate.expires_at),
        "person": _said(certificate.person._asdict()),
        "entries": [
            {name: value for name, value in _said(entry._asdict()).items() if name != "unmapped"}
            for entry in certificate.entries
        ],
    }
    form = dcc_form(certificate)
    return {**shown, "as_dcc": form} if form else shown


def content_lines(shown: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a certificate's content."""
    for name, value in _flat(shown):
        yield f"    {name}: {printable(str(value))}"


def instant_show(seconds: int | None) -> str | None:
    """Write seconds since the epoch as RFC 3339; None where there are none."""
    return None if seconds is None else rfc3339(seconds)


def in_words(moment: Moment | None) -> str:
    """Write a date with its month in letters, as precisely as it is known."""
    if moment is None:
        return "not stated"
    first = moment.first
    if moment.precision is Precision.YEAR:
        return f"{first.year} (year only)"
    if moment.precision is Precision.MONTH:
        return f"{MONTHS[first.month - 1]} {first.year} (month only)"
    return f"{first.day} {MONTHS[first.month - 1]} {first.year}"


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.text()
        if isinstance(value, Moment)
        else list(value)
        if name == _UNMAPPED
        else value
        for name, value in fields.items()
        if value is not None and (name != _UNMAPPED or value)
    }


_UNMAPPED = "unmapped"
"""Said where there are any: every entry has the field."""


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from _flat(inner, f"{name} {number}")
    elif value is not None:
        yield name, value


# A health code.

HEALTH_CODE_FORMAT = "pratique-health-code-1"


def health_code(
    code: HealthCode, language: str, at: datetime, labels: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Yield the lines of a health code; `labels` names the certificates that findings count."""
    sign, words, colour = SIGNS[code.colour]
    when = f"{at:%Y-%m-%d %H:%M %Z}".rstrip()
    yield f"{_styled(sign, colour)}  {words}   {_place(code)}, {when}"
    described = {outcome.rule.identifier for outcome in code.outcomes}
    for finding in code.because:
        if finding.where not in described:
            # Which of the papers in hand is meant: its number alone is hard to find among files.
            label = (labels or {}).get(finding.where)
            named = finding if label is None else Finding(finding.code, f"{finding.where}: {label}")
            yield from reason(named)
    for outcome in code.outcomes:
        yield f"  {outcome.result.value:<6} {outcome.rule.identifier}  {rule_says(outcome.rule, language)}"
    if code.colour is Colour.GREEN:
        first, last = (
            "further notice"
            if second is None
            else f"{datetime.fromtimestamp(second, at.tzinfo):%Y-%m-%d %H:%M:%S %Z}".rstrip()
            for second in (code.from_, code.until)
        )
        yield f"  green from {first} until {last}"
    yield from _ways_in_words(code.what_would_help, code.unaccepted)
    yield f"  rules of snapshot {code.snapshot}"


def health_code_row(code: HealthCode) -> str:
    """Return a health code as one line of a table of destinations."""
    sign, _, colour = SIGNS[code.colour]
    reasons = ", ".join(
        dict.fromkeys(
            _briefly(finding)
            for finding in code.because
            if finding.code.severity is not Severity.NOTE
        )
    )
    helps = f"   would help: {code.what_would_help[0].sentence}" if code.what_would_help else ""
    return f"{_place(code):<6} {_styled(f'{sign:<8}', colour)} {reasons}{helps}"


def _place(code: HealthCode) -> str:
    return printable(code.place.text)


def _briefly(finding: Finding) -> str:
    if finding.code.step is Step.NETWORK or finding.code in TOLD_WITH_WHERE:
        return f"{finding.code.name} ({finding.where})" if finding.where else finding.code.name
    if finding.code in {Code.RULE_FAILED, Code.RULE_OPEN}:
        return finding.where
    return finding.code.name


def health_code_as_json(
    code: HealthCode, language: str, zone: tzinfo, labels: Mapping[str, str]
) -> dict[str, Any]:
    """Return a health code as the schema describes it."""

    def instant(second: int | None) -> str | None:
        return None if second is None else datetime.fromtimestamp(second, zone).isoformat()

    return {
        "destination": {"country": code.place.country, "region": code.place.region},
        "at": instant(code.at),
        "snapshot": code.snapshot,
        "colour": code.colour.value,
        "because": [
            {
                "code": finding.code.name,
                "where": finding.where,
                "meaning": finding.code.meaning,
                **({"source": labels[finding.where]} if finding.where in labels else {}),
            }
            for finding in code.because
        ],
        "rules": [
            {
                "rule": outcome.rule.name,
                "result": outcome.result.value,
                "reason": outcome.reason,
                "says": rule_says(outcome.rule, language),
            }
            for outcome in code.outcomes
        ],
        "green_from": instant(code.from_),
        "green_until": instant(code.until),
        "what_would_help": [_way_as_json(way) for way in code.what_would_help],
        "vaccines_not_accepted": _vaccines_as_json(code.unaccepted),
    }


def _way_as_json(way: Help) -> dict[str, Any]:
    row: dict[str, Any] = {"code": way.code, "says": way.sentence, "takes": way.effort._asdict()}
    if way.products:
        row["vaccines"] = _vaccines_as_json(way.products)
    return row


def _vaccines_as_json(codes: Iterable[str]) -> list[dict[str, str]]:
    from pratique.rules.products import product_name  # noqa: PLC0415 - only where rules are asked

    return [{"code": code, "name": product_name(code)} for code in codes]


def _ways_in_words(helps: Sequence[Help], unaccepted: Sequence[str]) -> Iterator[str]:
    if unaccepted:
        names = ", ".join(vaccine["name"] for vaccine in _vaccines_as_json(unaccepted))
        yield f"  its vaccine is not accepted here: {printable(names)}"
    for number, way in enumerate(helps):
        why = f" (the cheapest: it takes {_takes(way)})" if unaccepted and not number else ""
        yield f"  would help: {way.sentence}{why}"


def _takes(way: Help) -> str:
    """Say what a way takes, and which of a test and a dose it does without."""
    effort = way.effort
    parts = [
        plural(count, noun)
        for count, noun in ((effort.tests, "test"), (effort.doses, "dose"), (effort.documents, "document"))
        if count
    ]  # fmt: skip
    if effort.days:
        parts.append(f"{plural(effort.days, 'day')} of waiting")
    without = [
        noun for count, noun in ((effort.tests, "test"), (effort.doses, "dose")) if not count
    ]
    return ", ".join((*parts, *(f"no {noun}" for noun in without)))


# A text, unverified.

UNVERIFIED = "UNVERIFIED: anybody could have written this"
CLAIM_NAMES = {1: "iss", 4: "exp", 6: "iat", -260: "hcert"}


def layers(text: str) -> dict[str, Any]:
    """Take a text apart as far as it goes."""
    if text[: len(hcert.PREFIX)] != hcert.PREFIX:
        return _other_layers(text)
    shown: dict[str, Any] = {"prefix": text[:4], "characters": len(text)}
    packed = base45.decode(text[4:])
    if packed is not None:
        shown["compressed_bytes"] = len(packed)
    envelope = read(text)
    if not isinstance(envelope, Envelope):
        return shown | ({"stopped": briefly(envelope)} if isinstance(envelope, Finding) else {})
    assert packed is not None
    shown["message_bytes"] = len(zlib.decompressobj().decompress(bytes(packed), hcert.MAX_UNPACKED))
    algorithm = envelope.algorithm
    shown["algorithm"] = f"{COSE_ALGORITHMS.get(algorithm or 0, 'unknown')} ({algorithm})"
    if envelope.kid is not None:
        shown["kid"] = base64.b64encode(envelope.kid).decode()
        shown["kid_header"] = "protected" if envelope.kid_protected else "unprotected"
    shown["signature_bytes"] = len(envelope.signature)
    shown["payload_bytes"] = len(envelope.payload)
    claims = cbor.loads(envelope.payload)
    if isinstance(claims, Code):
        return shown | {"stopped": briefly(Finding(claims, "payload"))}
    decoded = hcert.decode(envelope.payload)
    return shown | {
        "claims": plain(_named(claims)),
        "reads_as": decoded.certificate.kind.value if decoded.certificate else "nothing known",
        "findings": [briefly(finding) for finding in decoded.findings],
    }


def _other_layers(text: str) -> dict[str, Any]:
    name = shapes.name_of(text)
    shown: dict[str, Any] = {"format": name or "nothing known", "characters": len(text)}
    if wrapping.is_part(text):
        number, count = text.split("/")[1:3]
        shown["part"] = f"{number} of {count}"
    sealed = read(text)
    if not isinstance(sealed, Sealed):
        return shown | ({"stopped": briefly(sealed)} if isinstance(sealed, Finding) else {})
    decoded = formats.reader_of(sealed.scheme).decode(sealed, frozenset())
    certificate = decoded.certificate
    seal = {"certificate_bytes": len(sealed.certificate)} if sealed.certificate else {}
    kid = {"kid": _kid(sealed.kid)} if sealed.kid else {}
    return shown | {
        "format": SCHEMES[sealed.scheme][0],
        "scheme": sealed.scheme.value,
        "issuer": sealed.issuer,
        **kid,
        "algorithm": "the key's" if sealed.algorithm is None else sealed.algorithm.value,
        **seal,
        "signature_bytes": len(sealed.signature),
        "payload_bytes": len(sealed.payload),
        "claims": plain(_named(_content(sealed, certificate))),
        "reads_as": _states(certificate) if certificate is not None else "nothing known",
        "findings": [briefly(finding) for finding in (*sealed.notes, *decoded.findings)],
    }


def _kid(kid: bytes) -> str:
    # Most schemes name their keys by a text.
    try:
        text = kid.decode("ascii")
    except UnicodeDecodeError:
        text = ""
    return text if text.isprintable() and text else base64.b64encode(kid).decode()


def _content(sealed: Sealed, certificate: HealthCertificate | None) -> object:
    if certificate is not None:
        return certificate.payload
    if sealed.scheme is Scheme.DIVOC:
        # It may hold a national identity number, which its reader leaves out.
        return None
    claims = strangers_json(sealed.payload)
    return cbor.loads(sealed.payload) if isinstance(claims, Code) else claims


def plain(value: Any) -> Any:
    """Return a CBOR value as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes):
        return f"h'{value.hex()}'"
    if isinstance(value, float) and value - value != 0:
        return str(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _named(claims: object) -> object:
    if not isinstance(claims, Mapping):
        return claims
    named: dict[str, object] = {}
    for key, value in claims.items():
        name = CLAIM_NAMES.get(key) if type(key) is int else None
        label = f"{name} ({key})" if name else str(key)
        known_instant = name in {"exp", "iat"} and type(value) is int
        named[label] = f"{value} = {instant_show(value)}" if known_instant else value
    return named


def briefly(finding: Finding) -> str:
    """Return a finding in one line."""
    where = f" ({finding.where})" if finding.where else ""
    return f"{finding.code.name}{where}: {finding.code.meaning}"


def layer_lines(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that show a text's layers."""
    yield f"\x1b[1m{UNVERIFIED}\x1b[0m"
    for name, value in row.items():
        if name == "claims":
            yield "  claims:"
            document = json.dumps(value, indent=2, ensure_ascii=False)
            yield from (f"    {printable(line)}" for line in document.splitlines())
        elif isinstance(value, list):
            yield from (f"  {name}: {printable(str(inner))}" for inner in value)
        else:
            yield f"  {name}: {printable(str(value))}"


# Signers.

HEADERS = ("KID", "PARTICIPANT", "SIGNS FOR", "USAGE", "VALID FROM", "VALID TO", "STATE", "REASON")


def signer_as_json(signer: Signer, at: int) -> dict[str, object]:
    """Say all about a signer that a person or a script may want to know."""
    return {
        "kid": base64.b64encode(signer.kid).decode(),
        "participant": signer.participant,
        "countries": sorted(signer.countries),
        "usages": sorted(signer.usages),
        "not_before": rfc3339(signer.not_before),
        "not_after": rfc3339(signer.not_after),
        "environment": signer.environment.value,
        "domain": signer.domain,
        **_of_scheme(signer),
        "algorithm": signer.algorithm.value,
        "thumbprint": signer.thumbprint,
        "state": signer.state(at).value,
        "reason": _reason(signer, at),
        "notes": list(signer.notes),
    }


def _of_scheme(signer: Signer) -> dict[str, object]:
    """Say by which names a key of a scheme beside HCERT is found; nothing of any other."""
    if not signer.issuer:
        return {}
    return {
        "scheme": signer.domain,
        "issuer": signer.issuer,
        "name": signer.name,
        "kid_text": signer.kid_text,
    }


def _reason(signer: Signer, at: int) -> str:
    state = signer.state(at)
    if state in {SignerState.UNREADABLE, SignerState.WEAK}:
        return signer.reason
    if state is SignerState.NOT_YET:
        return f"from {rfc3339(signer.not_before)}"
    if state is SignerState.EXPIRED:
        return f"since {rfc3339(signer.not_after)}"
    if state is SignerState.SCA_DEAD:
        what = "list" if LIST_ENDS in signer.notes else "SCA"
        return f"{what} ended {rfc3339(signer.sca_not_after or 0)}"
    if state is SignerState.SCA_NOT_YET:
        return f"SCA from {rfc3339(signer.sca_not_before or 0)}"
    return signer.reason


def table(rows: list[dict[str, object]]) -> Iterator[str]:
    """Yield the lines of the table of described signers; with their names in their schemes, where there are any."""
    if not any("scheme" in row for row in rows):
        return text.table([HEADERS, *map(_cells, rows)])
    wide = (
        (*(str(row.get(name) or "-") for name in SCHEME_HEADERS.values()), *_cells(row))
        for row in rows
    )
    return text.table([(*SCHEME_HEADERS, *HEADERS), *wide])


SCHEME_HEADERS = {"SCHEME": "scheme", "ISSUER": "issuer", "NAME": "name"}


def _cells(row: dict[str, object]) -> tuple[str, ...]:
    def joined(name: str) -> str:
        values = row[name]
        return ",".join(map(str, values)) if isinstance(values, list) and values else "-"

    notes = f"({joined('notes')})" if row["notes"] else ""
    return (
        str(row.get("kid_text", row["kid"])),
        str(row["participant"]) or "-",
        joined("countries"),
        "any" if row["usages"] == sorted(ALL_KINDS) else joined("usages"),
        str(row["not_before"])[:10],
        str(row["not_after"])[:10],
        str(row["state"]),
        f"{row['reason']} {notes}".strip(),
    )
