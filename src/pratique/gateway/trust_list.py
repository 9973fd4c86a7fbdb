"""What every caller may read of certificates: the trust list in the EU's form and in WHO's, and the countries.

    GET /trustList[/{type}[/{cc}]]   parties and document signers, by kid and thumbprint
        page, pagesize               a page of it          If-Modified-Since   what is new, and what is gone
    GET /trustList/certificate       parties and signers of every group and domain, WHO's form
    GET /countrylist

1. Nothing is signed here. A party comes with the anchor's CMS as it was onboarded, a signer with its upload key's CMS
   without the content.
2. The EU's form has signers of the domain DCC and the group DSC only: its clients take each for one of theirs.
3. A signer that is gone is told of in a delta only, without certificate and signature, for as long as the store
   keeps its row. Its certificate uploaded again takes its place.
4. A page is cut by the store: pages neither repeat nor skip, and a list of any length costs no more than its page.
   Parties are few, and all of them are read.
5. Strict profile: of others, only what their own keys have published.
6. That the anchor has signed a party was checked when it was loaded. A row whose digest differs is left out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from heapq import merge
from typing import Any, NamedTuple

from pratique.gateway.call import Call
from pratique.gateway.mailbox import CertificateGroup, MailboxReading, Party, StoredEntry
from pratique.gateway.wire import Profile, Refusal, WireAnswer, kid_of, listed, written
from pratique.strict_json import loads
from pratique.text import rfc3339

PAGE_SIZE = 100
"""Of /trustList, if only a page is asked for."""
READ_AT_ONCE = 500
"""Entries that are read from the store at a time."""
TYPES = (
    CertificateGroup.AUTHENTICATION, CertificateGroup.UPLOAD, CertificateGroup.CSCA, CertificateGroup.TRUSTANCHOR, CertificateGroup.DECA, CertificateGroup.DSC, CertificateGroup.DESC,
)  # fmt: skip
"""Types of /trustList; DESC is one to ask for, and none that it has."""
_OF_ENTRIES = {
    CertificateGroup.DSC,
    CertificateGroup.DESC,
    CertificateGroup.SIGN,
    CertificateGroup.AUTH,
    CertificateGroup.CUSTOM,
}
_DOMAIN = "DCC"
_COUNTRY_SIZE = 2


class _ListQuery(NamedTuple):
    """What of the list is asked for."""

    groups: tuple[CertificateGroup, ...]
    country: str | None
    since: int | None
    shown_to: str | None


class _PageCut(NamedTuple):
    first: int
    size: int


def country_list(call: Call, box: MailboxReading) -> WireAnswer:
    """Answer GET /countrylist."""
    del call
    return written(list(box.countries()))


def trust_list(call: Call, box: MailboxReading) -> WireAnswer:
    """Answer GET /trustList, /trustList/{type}, /trustList/{type}/{cc}."""
    asked = _asked(call)
    page = _page(call)
    parties = _parties(asked, box)
    if asked.groups and CertificateGroup.DSC not in asked.groups:
        rows: Iterable[Party | StoredEntry] = parties
        if page is not None:
            rows = parties[page.first : page.first + page.size]
    elif page is None:
        rows = merge(parties, pages(_entries(asked, box)), key=_order)
    else:
        rows = _cut(parties, page, _entries(asked, box))
    return listed(_listed(row) for row in rows)


def certificates(call: Call, box: MailboxReading) -> WireAnswer:
    """Answer GET /trustList/certificate: values of a parameter that nobody knows match nothing."""
    wanted = call.request.parameters()
    groups, countries, domains = (
        {part for value in wanted.get(name, ()) for part in value.split(",") if part}
        for name in ("group", "country", "domain")
    )

    def is_wanted(row: Party | StoredEntry) -> bool:
        return (
            (not groups or row.group in groups)
            and (not countries or row.country in countries)
            and (not domains or row.domain in domains)
        )

    entries = pages(partial(box.entries, shown_to=shown_to(call)))
    rows: Iterable[Party | StoredEntry] = merge(
        sorted(box.parties(), key=_order), entries, key=_order
    )
    return listed(_certificate(row) for row in rows if is_wanted(row))


def pages(read: Callable[..., Sequence[StoredEntry]]) -> Iterator[StoredEntry]:
    """Yield all that `MailboxReading.entries` returns, and hold one page of it at a time.

    Args:
        read: it, called with `after` and `most`.
    """
    last: StoredEntry | None = None
    while page := read(after=last, most=READ_AT_ONCE):
        yield from page
        last = page[-1]


def shown_to(call: Call) -> str | None:
    """Return to whom entries are shown, as `MailboxReading.entries` takes it: in the compatible profile to everybody."""
    return call.country if call.settings.profile is Profile.STRICT else None


def _asked(call: Call) -> _ListQuery:
    kind, country = (*call.rest, "", "")[:2]
    if kind and kind.upper() not in TYPES:
        raise Refusal(400, "0x001", "there is no such type of certificate", ", ".join(TYPES))
    # str.isalpha takes letters of all scripts; a path has but ASCII.
    if country and not (len(country) == _COUNTRY_SIZE and country.isalpha()):
        raise Refusal(400, "0x001", "a country has two letters")
    groups = (CertificateGroup(kind.upper()),) if kind else ()
    return _ListQuery(groups, country.upper() or None, call.request.since(), shown_to(call))


def _page(call: Call) -> _PageCut | None:
    """Return the page that is asked for, None for everything; what is missing or negative takes its default."""
    number, size = call.request.number("page"), call.request.number("pagesize")
    if size == 0:
        raise Refusal(400, "0x001", "a page has one entry at least")
    if (number is None or number < 0) and (size is None or size < 0):
        return None
    number = 0 if number is None or number < 0 else number
    size = PAGE_SIZE if size is None or size < 0 else size
    return _PageCut(number * size, size)


def _parties(asked: _ListQuery, box: MailboxReading) -> list[Party]:
    groups = [group for group in asked.groups if group not in _OF_ENTRIES]
    if asked.groups and not groups:
        return []
    rows = box.parties(country=asked.country, groups=groups, since=asked.since)
    whole = (row for row in rows if hashlib.sha256(row.certificate).hexdigest() == row.thumbprint)
    return sorted(whole, key=_order)


def _entries(asked: _ListQuery, box: MailboxReading) -> Callable[..., Sequence[StoredEntry]]:
    """Return what reads a page of the entries that are asked for."""
    return partial(
        box.entries,
        country=asked.country,
        groups=[CertificateGroup.DSC],
        domain=_DOMAIN,
        since=asked.since,
        shown_to=asked.shown_to,
    )


def _cut(
    parties: list[Party], page: _PageCut, read: Callable[..., Sequence[StoredEntry]]
) -> list[Party | StoredEntry]:
    """Return a page of parties and entries in one order, and read no more entries than could stand on it."""
    # At most all parties stand before an entry: the entries that are skipped are before the page, wherever the
    # parties are. Of those before the first entry read the place is not known, but that it is before the page is.
    skip = max(0, page.first - len(parties))
    entries = read(skip=skip, most=page.size + len(parties))
    merged: list[Party | StoredEntry] = [*parties, *entries]
    merged.sort(key=_order)
    return merged[page.first - skip : page.first - skip + page.size]


def _order(row: Party | StoredEntry) -> tuple[str, str]:
    return (row.kid if isinstance(row, StoredEntry) else kid_of(row.thumbprint)), row.thumbprint


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _listed(row: Party | StoredEntry) -> dict[str, str | None]:
    is_gone = isinstance(row, StoredEntry) and row.deleted is not None
    return {
        "kid": _order(row)[0],
        "timestamp": rfc3339(row.created),
        "country": row.country,
        "certificateType": row.group.value,
        "thumbprint": row.thumbprint,
        "signature": None if is_gone else _base64(row.signature),
        "rawData": None if is_gone else _base64(row.certificate),
    }


def _certificate(row: Party | StoredEntry) -> dict[str, Any]:
    properties = row.properties if isinstance(row, StoredEntry) else ""
    return {
        "kid": _order(row)[0],
        "group": row.group.value,
        "country": row.country,
        "certificate": _base64(row.certificate),
        "signature": _base64(row.signature),
        "properties": loads(properties.encode()) if properties else {},
        "domain": row.domain,
    }
