"""What the synced network publishes, on the wire: its signers and rules come, and go again, as their participants say.

    View, at -> Published; country, Mailbox -> shown -> entries, rules, tombstones -> Projection(how many, who is left out and why)

    | in the network, signed by the participant's k keys | in the gateway                 | becomes                     |
    |----------------------------------------------------|--------------------------------|-----------------------------|
    | published, with its upload key's signature         | nothing                        | published, with that        |
    | published                                          | the back end's own upload      | the same, published         |
    | published                                          | taken back by the back end     | left out, and named         |
    | withdrawn, and published by nobody of its country  | whatever came of it            | a tombstone, for good       |
    | not, or no more; of a signer: suspended            | published                      | a tombstone; of a rule none |
    | not; of a signer: nobody of its country suspended  | the back end's own upload      | the same                    |

1. Nothing is signed here. What is shown carries the signature of an upload key that the gateway's trust anchor vouches for,
   and which was checked anew; a signer is issued by one of its country's signing CAs. Who lacks that is named.
2. A second run over the same network writes nothing.
3. What its own back end took back does not come back by itself: the network may lag, and a stolen key must not wait.
   That is noted for ever, since a tombstone lasts 14 days.
4. A country's own keys of the network outrank its upload key: what they have withdrawn goes, whoever uploaded it, and is not
   taken again. On the wire a country is one: whoever speaks for its C, in the network or by an upload key, takes it off.
5. Where somebody's newest cannot be read, or nobody knows who is suspended, nothing comes and what is there stays.
6. Rules of a suspended participant stay: they say who enters its country, and its signers do not. In the network it is so too.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from pratique.crypto import x509
from pratique.errors import DocumentRefused
from pratique.gateway import remarks, uploads
from pratique.gateway.mailbox import (
    AuditRow,
    CertificateGroup,
    Mailbox,
    MailboxReading,
    StoredEntry,
    StoredRule,
)
from pratique.gateway.rules import deletion_mark
from pratique.gateway.signers import is_issued, withdrawal_mark
from pratique.gateway.uploads import SignedRule, UploadList
from pratique.gateway.wire import kid_of
from pratique.network import metadata
from pratique.network.participants import Participant
from pratique.network.view import View
from pratique.rules.rule import Rule
from pratique.trust import publication

SET_ASIDE = "set-aside"
"""Remark of an entry that was taken out here, and not by its back end: it may come again."""
WIRE_DOMAIN = "DCC"
"""What a certificate that is listed for several domains is shown for: /trustList has this one alone."""

WORDS = {
    "suspended": "it is suspended",
    "nothing-published": "it has published nothing",
    "lapsed": "what it has published has ended; it stays as it is",
    "unreadable": "it cannot be read; what is here stays as it is",
    "in-doubt": "its newest, or who is suspended, is not known; nothing new comes of it",
    "no-upload-certificate": "no upload certificate of its country is onboarded",
    "no-uploads": "it publishes no signatures of its upload key",
    "domain": "it is not active for that domain",
    "country": "it is of another country",
    "environment": "it is a key of tests, and the network is none",
    "not-signed": "no onboarded upload key has signed it",
    "not-issued": "no onboarded signing CA of its country has issued it",
    "taken-back": "its own back end has taken it back: withdraw it in the network too, or upload it again",
    "other-group": "its back end has uploaded it for another use",
    "kid-taken": "another signer of its country has its kid",
    "no-form": "the wire has no form for it",
    "rule-differs": "its back end has uploaded another text of that version",
}
"""Why something of a participant is left out, or as it was; in words."""


class Unshown(NamedTuple):
    """What is not on the wire: whose, which ("" for all of it), and why (a key of `WORDS`)."""

    participant: str
    what: str
    why: str

    def __str__(self) -> str:
        """Say it."""
        return f"{self.participant}{f', {self.what}' if self.what else ''}: {WORDS[self.why]}"


class Projection(NamedTuple):
    """What came of it.

    Attributes:
        added: signers and rules that are on the wire now, and were not.
        confirmed: uploads of back ends that are published now, or whose signature was made anew.
        removed: that are on the wire no more.
        left_out: what is not on the wire, in the order of the participants.
    """

    added: int = 0
    confirmed: int = 0
    removed: int = 0
    left_out: tuple[Unshown, ...] = ()


class _Statement(NamedTuple):
    """What a participant has published, as far as it counts now; None where it cannot be read.

    Attributes:
        signers: certificate (DER) and domain, by thumbprint.
        listed: what its upload key has signed of it.
        gone: what it has withdrawn.
        is_doubtful: there may be something newer.
        is_suspended: none of its signers counts.
    """

    code: str
    signers: Mapping[str, tuple[bytes, str]] | None
    rules: Sequence[Rule] | None
    listed: UploadList
    gone: _Withdrawn
    is_doubtful: bool
    is_suspended: bool


class _Withdrawn(NamedTuple):
    """What was withdrawn for good: thumbprints, and the keys of which that is said, in whatever certificate."""

    thumbprints: frozenset[str] = frozenset()
    keys: frozenset[bytes] = frozenset()


class PublishedNetwork:
    """What a network publishes, read once and shown country by country: each may be a transaction of its own.

    What was checked once is not checked again: where a country was rehearsed in an `Unkept`, its transaction is short.
    """

    def __init__(self, network: View, *, at: int) -> None:
        """Read it.

        Args:
            network: as it was synced.
            at: now, seconds since the epoch.
        """
        reader = _Statements(network, at)
        self._by_country: dict[str, list[_Statement]] = defaultdict(list)
        for _, participant in sorted(network.participants.items()):
            statement = reader.statement(participant)
            self._by_country[participant.subject] += [] if statement is None else [statement]
        self._left_out, self._checks = reader.left_out, _Checks(at)

    def countries(self, box: MailboxReading) -> list[str]:
        """Return the countries that something is to be shown of, or may be there of."""
        return sorted({*self._by_country, *box.countries(), *box.uploading()})

    def shown(self, country: str, box: Mailbox, *, at: int) -> Projection:
        """Show what is published of a country, and take out what is not."""
        statements = self._by_country.get(country, [])
        return _Country(country, box, at, self._checks).shown(statements)

    def all_of(self, countries: Iterable[Projection]) -> Projection:
        """Put what came of each country together with what was left out before."""
        whole = Projection(left_out=tuple(self._left_out))
        for each in countries:
            whole = Projection(
                whole.added + each.added,
                whole.confirmed + each.confirmed,
                whole.removed + each.removed,
                whole.left_out + each.left_out,
            )
        return whole._replace(left_out=tuple(sorted(set(whole.left_out))))


class Unkept:
    """A mailbox that keeps nothing: it reads what is there, and notes whether anything would have been written."""

    def __init__(self, box: MailboxReading) -> None:
        self._box, self.is_changed = box, False

    def __getattr__(self, name: str) -> Any:
        """Return the method of a reading; one that changes nothing where it is none."""
        if hasattr(MailboxReading, name):
            return getattr(self._box, name)

        def change(*_: object) -> int:
            self.is_changed = True
            return 0

        return change


class _Checks:
    """What certificates and signatures are, each looked at once, at one instant."""

    def __init__(self, at: int) -> None:
        self.record, self.is_issued = cache(x509.read), cache(is_issued)
        self.is_signed, self.rule_in = cache(uploads.is_signed), cache(uploads.rule_in)
        self.remarks = cache(partial(remarks.of_signer, at=at))


# ----------------------------------------------------------------------------------------------------
# What participants have published, each on its own.


class _Statements:
    """Reads participants of a network, and notes what of them does not count."""

    def __init__(self, network: View, at: int) -> None:
        self._network, self._at = network, at
        self.left_out = list[Unshown]()

    def statement(self, participant: Participant) -> _Statement | None:
        """Return what a participant has published; None where there is nothing."""
        code, role = participant.code, self._network.roles.get(participant.code)
        if role is None or f"{code}/{metadata.SIGNERS}" not in role.files:
            self._leave_out(code, "nothing-published")
            return None
        is_doubtful = bool(role.problem or self._network.suspend.problem)
        if is_doubtful:
            self._leave_out(code, "in-doubt")
        elif role.expires is not None and role.expires.timestamp() <= self._at:
            self._leave_out(code, "lapsed")
        rules = self._rules(code, role.files.get(f"{code}/{metadata.RULES}"))
        listed = self._uploads(code, role.files.get(f"{code}/{metadata.UPLOADS}"))
        signers, gone = self._signers(participant, role.files[f"{code}/{metadata.SIGNERS}"])
        is_suspended = any(
            whose == code and s.since <= self._at < s.until
            for whose, s in self._network.suspensions
        )
        if is_suspended:
            self._leave_out(code, "suspended")
            signers = {}
        return _Statement(code, signers, rules, listed, gone, is_doubtful, is_suspended)

    def _leave_out(self, code: str, why: str, what: str = "") -> None:
        self.left_out.append(Unshown(code, what, why))

    def _uploads(self, code: str, data: bytes | None) -> UploadList:
        try:
            if data is not None:
                return uploads.read(data, code)
            self._leave_out(code, "no-uploads")
        except DocumentRefused:
            self._leave_out(code, "no-uploads")
        return UploadList(code)

    def _signers(
        self, participant: Participant, data: bytes
    ) -> tuple[Mapping[str, tuple[bytes, str]] | None, _Withdrawn]:
        try:
            counted = publication.read(data, participant.bounds(self._network.board.environment))
        except DocumentRefused:
            self._leave_out(participant.code, "unreadable", "signers")
            return None, _Withdrawn()
        for name, why in counted.left_out:
            self._leave_out(participant.code, why, _signer(name))
        live = {(each.thumbprint, each.domain) for each in counted.unjudged}
        signers: dict[str, tuple[bytes, str]] = {}
        listed = publication.parts(data)
        for row in listed.signers:
            name = x509.read(row.certificate).thumbprint
            # Withdrawn is a stolen key in each of its certificates, and not in the listed one alone.
            if name in counted.withdrawn or (name, row.domain) not in live:
                continue
            if name not in signers or row.domain == WIRE_DOMAIN:
                signers[name] = row.certificate, row.domain
        return signers, _Withdrawn(counted.withdrawn, publication.stolen(listed.withdrawn))

    def _rules(self, code: str, data: bytes | None) -> tuple[Rule, ...] | None:
        try:
            return uploads.rules_of(data)
        except DocumentRefused:
            self._leave_out(code, "unreadable", "rules")
            return None


def _signer(thumbprint: str) -> str:
    return f"signer with kid {thumbprint[:16]}"


# ----------------------------------------------------------------------------------------------------
# One country of the gateway.


class _Country:
    """A country's rows, and the certificates by which its signatures are checked."""

    def __init__(self, country: str, box: Mailbox, at: int, checks: _Checks) -> None:
        self._country, self._box, self._at, self._checks = country, box, at, checks
        self._added = self._confirmed = self._removed = 0
        self._left_out = list[Unshown]()
        uploading = box.parties(country=country, groups=(CertificateGroup.UPLOAD,))
        issuing = box.parties(country=country, groups=(CertificateGroup.CSCA,))
        self._keys = frozenset(party.certificate for party in uploading)
        self._authorities = tuple(party.certificate for party in issuing)

    def shown(self, statements: Sequence[_Statement]) -> Projection:
        """Show what is published, and take out what is not."""
        if statements and not self._keys:
            self._left_out += [
                Unshown(each.code, "", "no-upload-certificate") for each in statements
            ]
            statements = []
        self._show_signers(statements)
        self._show_rules(statements)
        return Projection(self._added, self._confirmed, self._removed, tuple(self._left_out))

    def _audit(self, act: str, digest: str) -> None:
        self._box.audit(AuditRow(self._at, self._country, act, digest))

    # Signers.

    def _show_signers(self, statements: Sequence[_Statement]) -> None:
        rows = {row.thumbprint: row for row in self._box.entries(country=self._country, since=0)}
        shown = set[str]()
        for each in statements:
            for name, (der, domain) in sorted((each.signers or {}).items()):
                if name in shown:
                    continue
                why = self._show_signer(each, der, domain, rows.get(name))
                if why:
                    self._left_out.append(Unshown(each.code, _signer(name), why))
                else:
                    shown.add(name)
        gone = self._withdrawn(statements)
        is_whole = all(each.signers is not None for each in statements)
        is_suspended = bool(statements) and all(each.is_suspended for each in statements)
        for name, row in rows.items():
            if row.deleted is not None or name in shown:
                continue
            is_gone = name in gone.thumbprints
            if gone.keys and not is_gone:
                is_gone = self._checks.record(row.certificate).public_key in gone.keys
            is_unsaid = (
                is_whole
                and row.group is CertificateGroup.DSC
                and (row.is_published or is_suspended)
            )
            if is_gone or is_unsaid:
                self._remove(row)

    def _withdrawn(self, statements: Sequence[_Statement]) -> _Withdrawn:
        """Return what is withdrawn and published by nobody of the country, and see to it that no upload brings it back."""
        if any(each.signers is None for each in statements):
            return _Withdrawn()
        published = {
            name: self._checks.record(der).public_key
            for each in statements
            for name, (der, _) in (each.signers or {}).items()
        }
        thumbprints = {name for each in statements for name in each.gone.thumbprints}
        keys = {key for each in statements for key in each.gone.keys}
        gone = _Withdrawn(
            frozenset(thumbprints - published.keys()), frozenset(keys - {*published.values()})
        )
        digests = {*gone.thumbprints, *(hashlib.sha256(key).hexdigest() for key in gone.keys)}
        for mark in sorted(withdrawal_mark(self._country, digest) for digest in digests):
            if not self._box.was_used(mark):
                self._box.use(mark, self._at)
        return gone

    def _show_signer(
        self, each: _Statement, der: bytes, domain: str, row: StoredEntry | None
    ) -> str:
        """Show a signer; return why it is not shown, or ""."""
        record = self._checks.record(der)
        if record.countries != (self._country,):
            return "country"
        if not self._checks.is_issued(record, self._authorities):
            return "not-issued"
        live = row if row is not None and row.deleted is None else None
        if live is not None and live.group is not CertificateGroup.DSC:
            return "other-group"
        signature = self._signature(each, der, live)
        if signature is None:
            return "not-signed"
        if live is not None:
            self._confirm(live, signature)
            return ""
        if self._was_taken_back(record.thumbprint, row):
            return "taken-back"
        if each.is_doubtful:
            return "in-doubt"
        kid = kid_of(record.thumbprint)
        if self._box.has_kid(kid, self._country):
            return "kid-taken"
        against = self._checks.remarks(der, CertificateGroup.DSC, self._authorities)
        self._box.add_entry(
            StoredEntry(
                number=0, country=self._country, group=CertificateGroup.DSC, domain=domain, kid=kid,
                thumbprint=record.thumbprint, certificate=der, signature=signature, message="",
                created=self._box.moment(self._at), remarks=against, is_published=True,
            )
        )  # fmt: skip
        self._audit("network-publish", record.thumbprint)
        self._added += 1
        return ""

    def _signature(self, each: _Statement, der: bytes, live: StoredEntry | None) -> bytes | None:
        """Return a signature of an upload key that is onboarded now: what is there, or what is published."""
        thumbprint = self._checks.record(der).thumbprint
        own = [] if live is None else [live.signature]
        own += [row.signature for row in each.listed.signers if row.thumbprint == thumbprint]
        good = (row for row in own if self._checks.is_signed(der, row, self._keys))
        return next(good, None)

    def _confirm(self, live: StoredEntry, signature: bytes) -> None:
        message = live.message if signature == live.signature else ""
        wanted = live._replace(is_published=True, signature=signature, message=message)
        if wanted != live:
            # A delta tells of it: others may not have seen it, or hold a signature that is none any more.
            self._box.change_entry(wanted._replace(created=self._box.moment(self._at)))
            self._audit("network-publish", live.thumbprint)
            self._confirmed += 1

    def _was_taken_back(self, thumbprint: str, row: StoredEntry | None) -> bool:
        """Tell whether a signer's own back end has deleted it; a tombstone of it is noted for ever."""
        mark = hashlib.sha256(f"taken back {self._country} {thumbprint}".encode()).hexdigest()
        if self._box.was_used(mark):
            return True
        if row is None or row.group is not CertificateGroup.DSC or SET_ASIDE in row.remarks:
            return False
        self._box.use(mark, self._at)
        return True

    def _remove(self, row: StoredEntry) -> None:
        remarks = (*(code for code in row.remarks if code != SET_ASIDE), SET_ASIDE)
        # It stays marked as published: others saw it, and are to be told that it is gone.
        self._box.change_entry(row._replace(remarks=remarks))
        self._box.delete_entry(row.number, self._box.moment(self._at))
        self._audit("network-withdraw", row.thumbprint)
        self._removed += 1

    # Rules.

    def _show_rules(self, statements: Sequence[_Statement]) -> None:
        rows = self._box.rules(self._country)
        stored = [(row, self._checks.rule_in(row.message, self._keys)) for row in rows]
        shown = set[int]()
        for each in statements:
            messages = [self._checks.rule_in(text, self._keys) for text in each.listed.rules]
            signed = [row for row in messages if row is not None]
            for rule in each.rules or ():
                own = [row for row in stored if _is_version(rule, *row)]
                why = self._show_rule(each, rule, own, signed)
                if why != "not-signed":
                    shown |= {row.number for row, _ in own}
                if why:
                    self._left_out.append(Unshown(each.code, f"rule {rule.name}", why))
        if any(each.rules is None for each in statements):
            return
        gone = {row.number for row in rows if row.is_published} - shown
        for identifier in sorted({row.identifier for row in rows if row.number in gone}):
            self._remove_rules(
                identifier, [row for row in rows if row.identifier == identifier], gone
            )

    def _show_rule(
        self,
        each: _Statement,
        rule: Rule,
        own: Sequence[tuple[StoredRule, SignedRule | None]],
        signed: Sequence[SignedRule],
    ) -> str:
        """Show a rule; return why it is not shown, or ""."""
        if uploads.wire_rule(rule, self._country) is None:
            return "no-form"
        published = next((row for row in signed if row.rule == rule), None)
        for row, there in own:
            if there is None and published is None:
                return "not-signed"
            if there is not None and there.rule != rule:
                return "rule-differs"
            chosen = there or published
            if chosen is not None:
                self._confirm_rule(row, chosen)
            return ""
        if published is None:
            return "not-signed"
        if self._box.was_used(
            deletion_mark(self._country, published.rule.identifier, published.version)
        ):
            return "taken-back"
        if each.is_doubtful:
            return "in-doubt"
        self._box.add_rule(
            StoredRule(
                number=0, country=self._country, identifier=rule.identifier,
                version=published.version, valid_from=rule.valid_from, valid_to=rule.valid_to,
                message=published.message, created=self._box.moment(self._at), is_published=True,
            )
        )  # fmt: skip
        self._audit("network-publish", published.mark)
        self._added += 1
        return ""

    def _confirm_rule(self, row: StoredRule, chosen: SignedRule) -> None:
        wanted = row._replace(is_published=True, message=chosen.message)
        if wanted == row:
            return
        self._box.change_rule(wanted)
        self._audit("network-publish", chosen.mark)
        self._confirmed += 1

    def _remove_rules(self, identifier: str, rows: Sequence[StoredRule], gone: set[int]) -> None:
        # Versions go together: those that stay are put back as they were, the oldest first.
        self._box.delete_rules(self._country, identifier)
        for row in sorted(rows, key=lambda kept: kept.created):
            if row.number not in gone:
                self._box.add_rule(row._replace(number=0))
                continue
            digest = hashlib.sha256(row.message.encode()).hexdigest()
            self._audit("network-withdraw", digest)
            self._removed += 1


def _is_version(rule: Rule, row: StoredRule, there: SignedRule | None) -> bool:
    """Tell whether a row is of a rule's identifier and version, however that is spelled."""
    if row.identifier != rule.identifier:
        return False
    number = row.version if there is None else ".".join(map(str, there.rule.version))
    return number == ".".join(map(str, rule.version))
