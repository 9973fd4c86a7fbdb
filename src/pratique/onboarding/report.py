"""What a governance check has found, for a machine and for a person.

Finding, ... -> Row of each file -> Report -> as_json | lines
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused
from pratique.strict_json import array
from pratique.terms import Environment

# ----------------------------------------------------------------------------------------------------
# What a governance check can find: data only. One row is one code, with its words for a person.
#
# 1. `upstream` are the checks that the network's authority runs on what it is sent, by its own names for
#    them; a report's set of these can be compared with the authority's. All others go beyond.
# 2. A code is stable. An error means: do not send it. A warning means: it may be sent, and think of it.


class CheckSeverity(StrEnum):
    """What a finding means for the dossier."""

    ERROR = "error"
    WARNING = "warning"


class DossierCheck(NamedTuple):
    """One thing that is checked.

    Attributes:
        severity: error or warning.
        upstream: whether the network's authority runs it too.
        says: what is wrong, with places for numbers.
        advice: what to do.
    """

    severity: CheckSeverity
    upstream: bool
    says: str
    advice: str


def _upstream(
    says: str, advice: str, severity: CheckSeverity = CheckSeverity.ERROR
) -> DossierCheck:
    return DossierCheck(severity, True, says, advice)


def _beyond(says: str, advice: str, severity: CheckSeverity = CheckSeverity.ERROR) -> DossierCheck:
    return DossierCheck(severity, False, says, advice)


CHECKS: dict[str, DossierCheck] = {
    "valid_pem": _upstream(
        "there is no X.509 certificate in it that can be read",
        "put the certificate in as PEM, from -----BEGIN CERTIFICATE----- on",
    ),
    "ext_parse": _upstream(
        "its extensions are not written as RFC 5280 wants them, so that strict programs refuse it",
        "make it again; often it has a path length without CA:TRUE, or an empty extended key usage",
    ),
    "validity_30d_now": _upstream(
        "{told}, and 30 days are asked for",
        "make a new certificate, with a new key",
    ),
    "validity_min": _upstream(
        "it lives {days} days, and {limit} are the least for its role",
        "make it again with a longer life",
    ),
    "validity_max": _upstream(
        "it lives {days} days, and {limit} are the most for its role",
        "make the next one with a shorter life",
        CheckSeverity.WARNING,
    ),
    "key_length": _upstream(
        "its key has {bits} bits, and {limit} are the least for its kind",
        "make a new key: P-256, or RSA with 3072 bits",
    ),
    "sig_alg": _upstream(
        "it is signed with an algorithm that the network does not take",
        "sign it with ECDSA and SHA-256 or SHA-384, or with RSA and SHA-256",
    ),
    "key_usage": _upstream(
        "its key usage does not fit its role: {wanted}",
        "make it again with the key usage of its role",
    ),
    "eku_client": _upstream(
        "its extended key usage does not name client authentication",
        "make it again with 1.3.6.1.5.5.7.3.2",
    ),
    "basic_constraints": _upstream(
        "it is no signing CA by its basic constraints, or may have CAs below it",
        "make it again with CA:TRUE and path length 0",
    ),
    "country_flag": _upstream(
        "its subject's C is {found}, and that of {participant} is {wanted}",
        "make it again with exactly that C",
    ),
    "ec_parameters": _beyond(
        "its key spells out a curve instead of naming it",
        "make a new key with a named curve: P-256",
    ),
    "rsa_exponent": _beyond(
        "its RSA key has a small or even exponent",
        "make a new key with exponent 65537",
    ),
    "rsa_modulus": _beyond(
        "its RSA key can be taken apart, or is no RSA key at all",
        "make a new key, elsewhere, and find out what has made this one",
    ),
    "rsa_roca": _beyond(
        "its RSA key comes from a chip whose keys can be broken (CVE-2017-15361)",
        "make a new key outside that chip, and use the chip no more",
    ),
    "key_two_roles": _beyond(
        "its key is also the key of {other}",
        "each role has a key of its own: make a new one",
    ),
    "key_again": _beyond(
        "its key was in another certificate of the same role before",
        "make a new key with every new certificate",
        CheckSeverity.WARNING,
    ),
    "key_other_environment": _beyond(
        "its key is known from the {other} environment",
        "a key belongs to one environment: make a new one",
    ),
    "key_other_participant": _beyond(
        "its key is known as a key of {other}",
        "make a new key, and find out who else holds this one",
    ),
    "tls_chain": _beyond(
        "the chain from it over TLS/CA.pem does not come to a root",
        "put the root and all intermediates of its issuer into TLS/CA.pem",
    ),
    "dsc_chain": _beyond(
        "none of its participant's signing CAs has issued it: verifiers would answer SCA_UNKNOWN",
        "add the signing CA's certificate, or have it issued by that one",
    ),
    "dsc_self_signed": _beyond(
        "it has signed itself, and none of its participant's signing CAs has: verifiers would answer SIGNER_SELF_SIGNED",
        "have its key certified by the signing CA, and hand that certificate in",
    ),
    "sca_unfit": _beyond(
        "the signing CA above it {why}: verifiers would answer SCA_UNFIT",
        "have it issued by a signing CA of the participant's own that is made by the network's template",
    ),
    "sca_not_yet": _beyond(
        "the signing CA that has issued it begins {days} days from now: until then verifiers would answer SCA_NOT_YET",
        "publish it when its signing CA has begun",
        CheckSeverity.WARNING,
    ),
    "outlives_issuer": _beyond(
        "it ends {days} days after the certificate that issued it",
        "make it again, to end with its issuer at the latest",
    ),
    "several_certificates": _beyond(
        "there are {count} certificates in it, where one is due",
        "leave one in; a second signing CA gets a file of its own, SCA_1.pem",
    ),
    "private_key": _beyond(
        "there is a private key in it, which is nobody's but its owner's",
        "take it out; if the dossier has been anywhere, make new keys and use this one no more",
    ),
    "key_unread": _beyond(
        "no verifier here can check what its key signs: {why}",
        "make a new key: P-256, or RSA with 3072 bits and exponent 65537",
    ),
    "key_unusual": _beyond(
        "programs of this network cannot read its key: {why}",
        "make a new key with a curve that is named P-256, P-384 or P-521",
        CheckSeverity.WARNING,
    ),
    "certificate_unread": _beyond(
        "it was not looked at: certificates are read from files that end in .pem, in the folder of their role",
        "write it as PEM under that name, for example SCA/SCA.pem",
    ),
    "file_unread": _beyond(
        "it was not looked at: it is no file of a dossier",
        "take it out, or put it into the folder of its role if it is a certificate",
        CheckSeverity.WARNING,
    ),
    "sca_missing": _beyond(
        "no signing CA is there, so nothing that it has issued can be judged",
        "add SCA/SCA.pem, unless it was handed in before",
        CheckSeverity.WARNING,
    ),
    "application_unread": _beyond(
        "it is not laid out as an application",
        "write it anew: pratique participant apply",
    ),
    "application_differs": _beyond(
        "its {what} is {found}, and {wanted} was asked about",
        "check it under its own code and environment, or have it written anew",
    ),
    "country_foreign": _beyond(
        "it applies to sign for {country}, which is not {participant}'s own",
        "is there an agreement with that country? if not, take it out of the application",
        CheckSeverity.WARNING,
    ),
    "domain_unknown": _beyond(
        "it applies for a domain that no verifier here knows",
        "name domains by their codes: DCC, DDCC, ICVP",
        CheckSeverity.WARNING,
    ),
    "test_mark": _beyond(
        "it says that it belongs to the test environment",
        "send it to the test environment, and make another key for production",
    ),
    "file_missing": _beyond("it is missing", "add it"),
    "test_participant": _beyond(
        "{participant} is a test state, and has no place in production",
        "send it to the test environment",
    ),
    "participant_new": _beyond(
        "the code {participant} is in no list that is known here: the seats decide on that {kind}",
        "is it the code that the network has agreed on? compare it with the letter",
        CheckSeverity.WARNING,
    ),
    "participant_unknown": _beyond(
        "the code {participant} is not known here",
        "name the participant by the three letters of its folder; of an organisation or a territory that is new, "
        "say so: --kind, or name the network that lists it: --repository",
    ),
}
"""Code -> what it means."""
UPSTREAM = frozenset(code for code, check in CHECKS.items() if check.upstream)


# ----------------------------------------------------------------------------------------------------
# Keys that were seen before, and where: so that none serves twice.
#
#     pratique-known-keys-1 | pratique-governance-1 -> read -> KnownKey, ...
#
# 1. Digests only: who holds the file learns which keys are in use, and not one of them.
# 2. A report of an earlier check is such a file too: it holds the keys that it was about.


FORMATS = ("pratique-known-keys-1", "pratique-governance-1")


class KnownKey(NamedTuple):
    """A key, and where it was seen.

    Attributes:
        key: SHA-256 of the public key, hex.
        certificate: SHA-256 of the certificate that it was in, hex.
    """

    key: str
    participant: str
    environment: Environment
    role: str
    certificate: str


def read(data: bytes) -> tuple[KnownKey, ...]:
    """Read a file of known keys; DocumentRefused `known-keys-malformed`."""
    found = strict_json.parse(data)
    try:
        if not isinstance(found, dict) or found["format"] not in FORMATS:
            raise ValueError("format")
        return tuple(strict_json.read(KnownKey, row) for row in array(found["keys"]))
    except (TypeError, ValueError, KeyError) as error:
        raise DocumentRefused(
            "known-keys-malformed",
            "it is no list of known keys",
            f"name one of format {FORMATS[0]}, or the JSON report of an earlier check",
        ) from error


def as_json(keys: Iterable[KnownKey]) -> dict[str, Any]:
    """Return what a file of known keys holds."""
    return {"format": FORMATS[0], "keys": [strict_json.write(key) for key in sorted(set(keys))]}


FORMAT = "pratique-governance-1"


@dataclass(frozen=True, slots=True)
class DossierFinding:
    """One thing that is wrong.

    Attributes:
        code: of `codes.CHECKS`.
        says: what is wrong, for a person.
    """

    code: str
    says: str

    @property
    def severity(self) -> CheckSeverity:
        """Error or warning."""
        return CHECKS[self.code].severity

    @property
    def upstream(self) -> bool:
        """Whether the network's authority would find it too."""
        return CHECKS[self.code].upstream

    @property
    def advice(self) -> str:
        """What to do."""
        return CHECKS[self.code].advice


def finding(code: str, **values: object) -> DossierFinding:
    """Make a finding, with the numbers that its words have places for."""
    return DossierFinding(code, CHECKS[code].says.format(**values))


@dataclass(frozen=True, slots=True)
class FileReport:
    """One certificate file, there or missing.

    Attributes:
        name: within the dossier.
        role: what its certificate is for.
        certificate: SHA-256 of the first certificate, hex; empty if there is none to read.
        key: SHA-256 of its public key, hex.
        not_after: its end, seconds since the epoch; 0 if unknown.
        is_there: whether there is such a file.
    """

    name: str
    role: str
    certificate: str = ""
    key: str = ""
    not_after: int = 0
    is_there: bool = True
    findings: tuple[DossierFinding, ...] = ()

    @property
    def upstream_failed(self) -> frozenset[str]:
        """The codes that the network's authority would find."""
        return frozenset(one.code for one in self.findings if one.upstream)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a dossier.

    Attributes:
        rows: one of each certificate file, and of each that is missing.
        findings: on the dossier as a whole.
        keys: the keys in it, in the form in which a later check is told of them.
    """

    participant: str
    environment: Environment
    at: datetime
    rows: tuple[FileReport, ...]
    findings: tuple[DossierFinding, ...]
    keys: tuple[KnownKey, ...]

    def all(self) -> Iterator[DossierFinding]:
        """Go through every finding."""
        yield from self.findings
        for row in self.rows:
            yield from row.findings

    @property
    def errors(self) -> int:
        """How many findings are errors: with none, the dossier may be sent."""
        return sum(one.severity is CheckSeverity.ERROR for one in self.all())

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return sum(one.severity is CheckSeverity.WARNING for one in self.all())

    def as_json(self) -> dict[str, Any]:
        """Return what JSON holds of it."""
        return {
            "format": FORMAT,
            "participant": self.participant,
            "environment": self.environment.value,
            "at": self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "errors": self.errors,
            "warnings": self.warnings,
            "findings": [_as_json(one) for one in self.findings],
            "files": [
                {
                    "name": row.name,
                    "role": row.role,
                    "certificate": row.certificate,
                    "notAfter": _day(row.not_after),
                    "upstream": sorted(row.upstream_failed),
                    "findings": [_as_json(one) for one in row.findings],
                }
                for row in self.rows
            ],
            "keys": [key._asdict() for key in self.keys],
        }

    def lines(self) -> Iterator[str]:
        """Tell it to a person."""
        for one in self.findings:
            yield from _told(one, "")
        for row in self.rows:
            end = f", until {_day(row.not_after)}" if row.not_after else ""
            yield f"{row.name}{end}" + ("" if row.findings else ": nothing is wrong")
            for one in row.findings:
                yield from _told(one, "  ")
        yield (
            f"{self.participant}, {self.environment} environment: {_count(len(self.rows), 'file')}, "
            f"{_count(self.errors, 'error')}, {_count(self.warnings, 'warning')}"
        )


def _told(one: DossierFinding, indent: str) -> Iterator[str]:
    yield f"{indent}{one.severity:<7}  {one.says} [{one.code}]"
    yield f"{indent}         {one.advice}"


def _as_json(one: DossierFinding) -> dict[str, Any]:
    return {
        "code": one.code,
        "severity": one.severity.value,
        "upstream": one.upstream,
        "message": one.says,
        "advice": one.advice,
    }


def _day(seconds: int) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d") if seconds else None


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
