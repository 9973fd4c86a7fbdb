"""A gateway's mailbox in memory: what a store must do, in its simplest form.

    Box() -> box.ask(request) -> WireAnswer     one transaction: refused or failed, nothing of it stays

1. Every method does what `mailbox.Mailbox` says, by going through everything: a store's own tests can hold the two
   against each other.
2. `box.ask` does what a server does: find the route, answer, and keep what a status below 400 has changed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence

from pratique.gateway import endpoints
from pratique.gateway.call import Settings
from pratique.gateway.mailbox import (
    TOLD,
    AuditRow,
    CertificateGroup,
    Mailbox,
    Party,
    Reference,
    StoredBatch,
    StoredEntry,
    StoredRule,
    ValueSet,
)
from pratique.gateway.wire import WireAnswer, WireRequest


class Box:
    """Implements `Mailbox`; its lists may be looked into."""

    def __init__(self, parties: Iterable[Party] = (), settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.all_parties: list[Party] = []
        self.all_entries: list[StoredEntry] = []
        self.all_rules: list[StoredRule] = []
        self.all_batches: list[StoredBatch] = []
        self.all_value_sets: dict[str, ValueSet] = {}
        self.all_references: dict[str, Reference] = {}
        self.used: dict[str, int] = {}
        self.audited: list[AuditRow] = []
        self.last = self.latest = 0
        self.numbers = 0
        for party in parties:
            self.add_party(party)

    def ask(self, request: WireRequest) -> WireAnswer:
        """Answer a request as a server does, in one transaction."""
        route = endpoints.find(request.method, request.path)
        if isinstance(route, WireAnswer):
            return route
        mailbox: Mailbox = self
        before = {name: copy.copy(value) for name, value in vars(self).items()}
        kept = False
        try:
            answer = endpoints.answer(request, route, mailbox, self.settings)
            kept = answer.status < 400
        finally:
            if not kept:
                vars(self).update(before)
        if not route.writes:
            assert vars(self) == before, "a read has left a trace"
        return answer

    # Reading

    def party(self, thumbprint: str, country: str, group: CertificateGroup) -> Party | None:
        wanted = thumbprint, country, group
        for party in self.all_parties:
            if (party.thumbprint, party.country, party.group) == wanted:
                return party
        return None

    def parties(
        self,
        *,
        country: str | None = None,
        groups: Iterable[CertificateGroup] = (),
        since: int | None = None,
    ) -> Sequence[Party]:
        groups = set(groups)
        return sorted(
            (
                party
                for party in self.all_parties
                if country in {None, party.country}
                and (not groups or party.group in groups)
                and (since is None or party.created >= since)
            ),
            key=lambda party: (party.thumbprint, party.country, party.group),
        )

    def countries(self) -> Sequence[str]:
        return sorted({party.country for party in self.all_parties})

    def uploading(self) -> Sequence[str]:
        of_rules = {rule.country for rule in self.all_rules}
        return sorted(of_rules | {entry.country for entry in self.entries()})

    def entries(
        self,
        *,
        country: str | None = None,
        groups: Iterable[CertificateGroup] = (),
        domain: str | None = None,
        since: int | None = None,
        shown_to: str | None = None,
        after: StoredEntry | None = None,
        skip: int = 0,
        most: int | None = None,
    ) -> Sequence[StoredEntry]:
        groups = set(groups)
        rows = sorted(
            (
                entry
                for entry in self.all_entries
                if country in {None, entry.country}
                and (not groups or entry.group in groups)
                and domain in {None, entry.domain}
                and (shown_to in {None, entry.country} or entry.is_published)
                and (
                    entry.deleted is None
                    if since is None
                    else max(entry.created, entry.deleted or 0) >= since
                )
            ),
            key=_place,
        )
        if after is not None:
            rows = [entry for entry in rows if _place(entry) > _place(after)]
        return rows[skip:] if most is None else rows[skip : skip + most]

    def entry(self, number: int) -> StoredEntry | None:
        for entry in self.all_entries:
            if entry.number == number and entry.deleted is None:
                return entry
        return None

    def entry_of(self, thumbprint: str, country: str) -> StoredEntry | None:
        for entry in self.entries(country=country):
            if entry.thumbprint == thumbprint:
                return entry
        return None

    def has_kid(self, kid: str, country: str) -> bool:
        return any(entry.kid == kid for entry in self.entries(country=country))

    def rules(self, country: str) -> Sequence[StoredRule]:
        own = (rule for rule in self.all_rules if rule.country == country)
        return sorted(own, key=lambda rule: (rule.created, rule.number), reverse=True)

    def rule(self, number: int) -> StoredRule | None:
        return next((rule for rule in self.all_rules if rule.number == number), None)

    def batches(self, since: int, most: int) -> Sequence[StoredBatch]:
        changed = (
            batch._replace(message="") for batch in self.all_batches if batch.changed > since
        )
        return sorted(changed, key=lambda batch: batch.changed)[:most]

    def batch(self, identifier: str) -> StoredBatch | None:
        return next((batch for batch in self.all_batches if batch.identifier == identifier), None)

    def batch_numbered(self, number: int) -> StoredBatch | None:
        for batch in self.all_batches:
            if batch.number == number and not batch.is_deleted:
                return batch
        return None

    def batches_of(self, country: str) -> Iterator[StoredBatch]:
        live = [b for b in self.all_batches if b.country == country and not b.is_deleted]
        yield from sorted(live, key=lambda batch: batch.changed)

    def live_entries(self, country: str) -> int:
        return len(self.entries(country=country))

    def live_batches(self, country: str) -> int:
        return sum(1 for _ in self.batches_of(country))

    def value_sets(self) -> Sequence[str]:
        return sorted(self.all_value_sets)

    def value_set(self, identifier: str) -> ValueSet | None:
        return self.all_value_sets.get(identifier)

    def references(self, country: str | None = None) -> Sequence[Reference]:
        rows = (self.all_references[name] for name in sorted(self.all_references))
        return [row for row in rows if country in {None, row.country}]

    def reference(self, identifier: str) -> Reference | None:
        return self.all_references.get(identifier)

    def was_used(self, digest: str) -> bool:
        return digest in self.used

    # Writing

    def instant(self, at: int) -> int:
        self.last = max(at, self.last + 1)
        return self.last

    def moment(self, at: int) -> int:
        self.latest = max(at, self.latest)
        return self.latest

    def add_party(self, party: Party) -> None:
        self.remove_party(party.thumbprint, party.country, party.group)
        self.all_parties = [*self.all_parties, party]

    def remove_party(self, thumbprint: str, country: str, group: CertificateGroup) -> None:
        party = self.party(thumbprint, country, group)
        self.all_parties = [one for one in self.all_parties if one is not party]

    def add_entry(self, entry: StoredEntry) -> int:
        wanted = entry.thumbprint, entry.country
        assert self.entry_of(*wanted) is None
        others = [one for one in self.all_entries if (one.thumbprint, one.country) != wanted]
        self.all_entries = [*others, entry._replace(number=self._number())]
        return self.numbers

    def change_entry(self, entry: StoredEntry) -> None:
        assert self.entry(entry.number) is not None
        self.all_entries = [
            entry if one.number == entry.number else one for one in self.all_entries
        ]

    def delete_entry(self, number: int, at: int) -> None:
        assert self.entry(number) is not None
        self.all_entries = [
            one._replace(deleted=at, message="") if one.number == number else one
            for one in self.all_entries
        ]

    def add_rule(self, rule: StoredRule) -> int:
        self.all_rules = [*self.all_rules, rule._replace(number=self._number())]
        return self.numbers

    def change_rule(self, rule: StoredRule) -> None:
        assert self.rule(rule.number) is not None
        self.all_rules = [rule if one.number == rule.number else one for one in self.all_rules]

    def delete_rules(self, country: str, identifier: str) -> int:
        wanted = country, identifier
        left = [rule for rule in self.all_rules if (rule.country, rule.identifier) != wanted]
        count = len(self.all_rules) - len(left)
        self.all_rules = left
        return count

    def add_batch(self, batch: StoredBatch) -> int:
        assert self.batch(batch.identifier) is None
        self.all_batches = [*self.all_batches, batch._replace(number=self._number())]
        return self.numbers

    def change_batch(self, batch: StoredBatch) -> None:
        assert self.batch_numbered(batch.number) is not None
        self.all_batches = [
            batch if one.number == batch.number else one for one in self.all_batches
        ]

    def delete_batch(self, identifier: str, at: int) -> None:
        self.all_batches = [
            one._replace(is_deleted=True, message="", changed=at)
            if one.identifier == identifier
            else one
            for one in self.all_batches
        ]

    def put_value_set(self, value_set: ValueSet) -> None:
        self.all_value_sets = {**self.all_value_sets, value_set.identifier: value_set}

    def add_reference(self, reference: Reference) -> None:
        self.all_references = {**self.all_references, reference.identifier: reference}

    def delete_reference(self, identifier: str) -> None:
        self.all_references = {
            name: row for name, row in self.all_references.items() if name != identifier
        }

    def use(self, digest: str, at: int) -> None:
        self.used = {**self.used, digest: at}

    def audit(self, row: AuditRow) -> None:
        self.audited = [*self.audited, row]

    def purge(self, at: int) -> int:
        ended = [b for b in self.all_batches if not b.is_deleted and b.expires <= at]
        for batch in ended:
            self.delete_batch(batch.identifier, self.instant(at))
        entries = [e for e in self.all_entries if e.deleted is None or e.deleted >= at - TOLD]
        batches = [b for b in self.all_batches if not b.is_deleted or b.changed >= at - TOLD]
        forgotten = len(self.all_entries) - len(entries) + len(self.all_batches) - len(batches)
        self.all_entries, self.all_batches = entries, batches
        return len(ended) + forgotten

    def _number(self) -> int:
        self.numbers += 1
        return self.numbers


def _place(entry: StoredEntry) -> tuple[str, str, str]:
    return entry.kid, entry.thumbprint, entry.country
