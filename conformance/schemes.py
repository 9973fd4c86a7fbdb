"""Cases of the schemes beside HCERT, by text and by picture, through the program's own front door.

    case -> its files -> parties.inputs -> verify with exactly the case's trust -> compared with what it expects

1. `judge` says what is asked of a reader: `must` agree; `may` answer either way, and never fail; `recognise` the
   format by its name, without a verdict; `no`: it is not a verifier's matter.
2. `accept` is genuine, by a key of exactly the trust that the case names, in force at its clock, not revoked, with
   at least one usable event (or the pass itself). What a country's rules would say is not asked.
3. An unsigned stage (claims, FHIR bundle) is signed with a key made for it, so that all but the signature is judged
   by the same code as any other text.
4. What a case does not state is not judged.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from conformance import clock, trusted
from pratique.authenticate import Verification
from pratique.crypto import keys
from pratique.errors import DocumentRefused
from pratique.findings import Code, Colour, Severity, Step
from pratique.formats import codes
from pratique.model import Entry, HealthCertificate, Test, Vaccination
from pratique.parties.conformance import ConformanceResult
from pratique.parties.inputs import Item
from pratique.parties.verifier import Check, verified
from pratique.snapshot import Snapshot
from pratique.store.sources import read_bytes
from pratique.terms import Kind
from pratique.trust import countries

EITHER = "either answer is right"
NO_MATTER = "it is not a verifier's matter"
Case = dict[str, Any]


class _Judged(NamedTuple):
    """What came of one code of a case."""

    item: Item
    found: Verification

    @property
    def codes(self) -> set[Code]:
        return {finding.code for finding in self.found.verdict.findings}

    def accepted(self) -> bool:
        """Tell whether it is accepted, whatever a destination's rules would say of it."""
        doubts = {
            finding.code
            for finding in self.found.verdict.findings
            if finding.code.severity is not Severity.NOTE and finding.code.step is not Step.RULES
        }
        return bool(self.events()) and not doubts - {Code.TEST_POSITIVE}

    def events(self) -> tuple[Entry, ...]:
        """Return what is usable of it: a test without a result is none."""
        entries = () if self.found.certificate is None else self.found.certificate.entries
        return tuple(one for one in entries if not isinstance(one, Test) or one.result is not None)

    def is_of_other_content(self) -> bool:
        """Tell whether it is genuine, and holds nothing that travel is about: a card of blood counts, say."""
        doubts = {
            finding.code
            for finding in self.found.verdict.findings
            if finding.code.severity is not Severity.NOTE
        }
        return self.found.signer is not None and doubts == {Code.NO_EVENT}


def certificate(case: Case, root: Path) -> ConformanceResult:
    """A certificate of a scheme: one code, several parts of one, or a file of several."""
    asked = case.get("judge", "must")
    if asked == "no":
        return ConformanceResult(False, "", NO_MATTER)
    try:
        outcomes = _outcomes(case, root)
    except DocumentRefused as error:
        return ConformanceResult(False, "", f"its keys cannot be used: {error.code}")
    unforeseen = [one for one in outcomes if Code.UNFORESEEN in one.codes]
    if unforeseen:
        return ConformanceResult(False, _shown(unforeseen))
    if asked == "may":
        return ConformanceResult(False, "", EITHER)
    unread = {_named(one) for one in outcomes}
    if asked == "must" and unread and "" not in unread:
        return ConformanceResult(False, "", f"not read here: {', '.join(sorted(unread))}")
    wrong = _misnamed(outcomes) if asked == "recognise" else _unlike(case, outcomes)
    return ConformanceResult(
        not wrong, f"{'; '.join(wrong)}: {_shown(outcomes)}" if wrong else "as expected"
    )


def _outcomes(case: Case, root: Path) -> list[_Judged]:
    at = clock(case)
    if case.get("format") in _UNSIGNED:
        text, snapshot = _signed_here(
            _UNSIGNED[case["format"]](read_bytes(root / case["files"][0]), case)
        )
        item = Item("unsigned stage", text)
        return [_Judged(item, Check(snapshot, at).judge(item))]
    paths = [str(root / name) for name in codes_of(case)]
    return [_Judged(*one) for one in verified(paths, trusted.snapshot_of(case, root), at)]


def codes_of(case: Case) -> list[str]:
    """Return the files of a case that hold a code: not its keys, and not what is only unpacked from one."""
    beside = case.get("trust") or ""
    return [
        name for name in case["files"] if name not in beside and not name.endswith(".unpacked.json")
    ]


# Unsigned stages of a SMART Health Card.

_STAGE = "https://stage.invalid/issuer"


def _claims(data: bytes, _case: Case) -> bytes:
    return data


def _around_bundle(data: bytes, case: Case) -> bytes:
    # The bundle stays the bytes that it is: a parser here must not mend what is wrong with them.
    head = {"iss": _STAGE, "nbf": clock(case).timestamp() - 1}
    credential = (
        b'"vc":{"type":["https://smarthealth.cards#health-card"],"credentialSubject":'
        b'{"fhirVersion":"4.0.1","fhirBundle":%b}}}' % data
    )
    return json.dumps(head, separators=(",", ":")).encode()[:-1] + b"," + credential


_UNSIGNED: dict[str, Callable[[bytes, Case], bytes]] = {
    "jwspayload": _claims,
    "fhirbundle": _around_bundle,
}
"""Format of a case whose content is not signed -> the claims that it comes to."""


def _signed_here(claims: bytes) -> tuple[str, Snapshot]:
    """Return a card of these claims, and what a verifier holds who knows its issuer."""
    key = keys.generate()
    kid = trusted.thumbprint(key.public_key)
    try:
        issuer = json.loads(claims)["iss"]
    except (ValueError, KeyError, TypeError):
        issuer = _STAGE
    packer = zlib.compressobj(wbits=-15)
    header = json.dumps({"alg": "ES256", "zip": "DEF", "kid": kid}, separators=(",", ":"))
    signed = (
        _base64url(header.encode()) + "." + _base64url(packer.compress(claims) + packer.flush())
    )
    text = f"{signed}.{_base64url(key.sign(signed.encode()))}"
    return text, trusted.of_card(issuer, kid, key.public_key)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


# What a case expects, member by member.


def _misnamed(outcomes: list[_Judged]) -> list[str]:
    """Say where a format is not named, or is given a verdict: nothing about it is proven."""
    if not outcomes:
        return ["nothing was read"]
    return [
        "it is not named"
        for one in outcomes
        if one.found.verdict.colour is not Colour.AMBER or not _named(one)
    ]


def _named(one: _Judged) -> str:
    """Return the name of a format that is known and not read; "" where it is read, or not known."""
    return next(
        (
            finding.where
            for finding in one.found.verdict.findings
            if finding.code is Code.FORMAT_NOT_READ
        ),
        "",
    )


def _unlike(case: Case, outcomes: list[_Judged]) -> list[str]:
    expected = case["expected"]
    accepted = [one for one in outcomes if one.accepted() or _agreed_empty(case, one)]
    wrong = [
        f"{name} is otherwise"
        for name, check in _OF_ALL.items()
        if name in expected and not check(expected[name], outcomes)
    ]
    if expected.get("accept"):
        if not accepted or len(accepted) != len(outcomes):
            return [*wrong, f"{len(accepted)} of {len(outcomes)} accepted"]
        certificates = _certificates(accepted)
        wrong += [
            f"{name} is otherwise"
            for name, fits in _OF_CONTENT.items()
            if name in expected and not fits(expected[name], certificates)
        ]
    elif any(one.accepted() for one in outcomes):
        wrong.append("accepted")
    return wrong


def _agreed_empty(case: Case, one: _Judged) -> bool:
    # SMART Health Cards are of any laboratory value. Where a case says nothing of events, genuine is what it asks.
    states_events = {"entries", "cvx", "loinc", "dates"} & case["expected"].keys()
    return case["kind"].startswith("shc") and not states_events and one.is_of_other_content()


def _certificates(outcomes: Iterable[_Judged]) -> list[HealthCertificate]:
    """Return what was read, each text once: a case may have one code as text and as picture."""
    once = {one.item.text: one.found.certificate for one in outcomes}
    return [certificate for certificate in once.values() if certificate is not None]


def _signature(expected: bool | None, outcomes: list[_Judged]) -> bool:
    # A genuine signature may never be reached: what is refused before it is refused for a reason of its own.
    if expected:
        return not any(Code.SIGNATURE_INVALID in one.codes for one in outcomes)
    return not any(one.found.signer is not None for one in outcomes)


def _read(expected: bool, outcomes: list[_Judged]) -> bool:
    # What is read may be refused for all that; what is not read has no signer either.
    return expected or not any(one.found.signer is not None for one in outcomes)


def _why(expected: str, outcomes: list[_Judged]) -> bool:
    code = _REASONS.get(expected)
    return code is None or all(code in one.codes for one in outcomes)


_REASONS = {
    "signature": Code.SIGNATURE_INVALID,
    "expired": Code.EXPIRED,
    "not yet valid": Code.NOT_YET_VALID,
}
"""Reasons that say in one word what is wrong; others are for people."""

_OF_ALL: dict[str, Callable[[Any, list[_Judged]], bool]] = {
    "signature_valid": _signature,
    "decode": _read,
    "reason": _why,
    "revoked": lambda expected, outcomes: all(
        (Code.REVOKED in one.codes) is expected for one in outcomes
    ),
    # No event may come of it, whatever else is said.
    "entries": lambda expected, outcomes: (
        bool(expected) or not any(one.found.certificate is not None for one in outcomes)
    ),
    "incomplete": lambda expected, outcomes: all(
        (Code.PARTS_MISSING in one.codes) is expected for one in outcomes
    ),
}


def _entries(certificates: list[HealthCertificate]) -> list[Entry]:
    return [entry for certificate in certificates for entry in certificate.entries]


def _doses(certificates: list[HealthCertificate]) -> list[Vaccination]:
    return [entry for entry in _entries(certificates) if isinstance(entry, Vaccination)]


def _tests(certificates: list[HealthCertificate]) -> list[Test]:
    return [entry for entry in _entries(certificates) if isinstance(entry, Test)]


def _person(expected: dict[str, str], certificates: list[HealthCertificate]) -> bool:
    for certificate in certificates:
        birth = certificate.person.birth_date
        seen = {
            "family": certificate.person.surname,
            "given": certificate.person.forename,
            "dob": None if birth is None else birth.text(),
            "name": certificate.person.display_name(),
            "sex": certificate.person.sex,
        }
        if any(seen.get(name, said) != said for name, said in expected.items()):
            return False
    return True


def _cvx(expected: list[str], certificates: list[HealthCertificate]) -> bool:
    for certificate in certificates:
        issuer = (
            frozenset()
            if certificate.issuer is None
            else countries.may_sign_for(certificate.issuer)
        )
        known = [codes.vaccine("CVX", code, countries=issuer) for code in expected]
        if [one and one.product for one in known] == [
            dose.product for dose in _doses([certificate])
        ]:
            return True
    return False


def _loinc(expected: str | list[str], certificates: list[HealthCertificate]) -> bool:
    named = [expected] if isinstance(expected, str) else expected
    return [_type(code) for code in named] == [test.test_type for test in _tests(certificates)]


def _type(code: str) -> str | None:
    return codes.test_type(code) or codes.test_type(f"{code[:-1]}-{code[-1]}")


def _result(expected: str, certificates: list[HealthCertificate]) -> bool:
    return all(test.result == _RESULTS.get(expected, expected) for test in _tests(certificates))


_RESULTS = {"N": "260415000", "P": "260373001"}


def _days(certificates: list[HealthCertificate]) -> list[str]:
    return [dose.given.text()[:10] for dose in _doses(certificates) if dose.given is not None]


def _sampled(expected: str, certificates: list[HealthCertificate]) -> bool:
    said = [test.sampled.text() for test in _tests(certificates) if test.sampled is not None]
    return bool(said) and all(
        text.startswith(expected) or expected.startswith(text) for text in said
    )


_KINDS = {
    "L1": Kind.VACCINATION, "B2": Kind.TEST, "icao.vacc": Kind.VACCINATION, "icao.test": Kind.TEST,
}  # fmt: skip

_OF_CONTENT: dict[str, Callable[[Any, list[HealthCertificate]], bool]] = {
    "entries": lambda expected, seen: len(_entries(seen)) == expected,
    "person": _person,
    "cvx": _cvx,
    "loinc": _loinc,
    "result": _result,
    "dates": lambda expected, seen: _days(seen) == expected,
    "date": lambda expected, seen: _days(seen) == [expected],
    "dose": lambda expected, seen: all(dose.dose == expected for dose in _doses(seen)),
    "total": lambda expected, seen: all(dose.doses == expected for dose in _doses(seen)),
    "sampled": _sampled,
    "type": lambda expected, seen: all(one.kind is _KINDS.get(expected, one.kind) for one in seen),
    "chains_to": lambda expected, seen: all(
        one.issuer is not None
        and countries.may_sign_for(one.issuer) & countries.may_sign_for(expected)
        for one in seen
    ),
}
"""Member of what is expected -> whether what was read of the accepted codes agrees."""


def _shown(outcomes: Iterable[_Judged]) -> str:
    return " | ".join(
        ", ".join(
            f"{finding.code.name} {finding.where}".strip() for finding in one.found.verdict.findings
        )
        for one in outcomes
    )
