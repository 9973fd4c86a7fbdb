"""The one table of routes, and what each request passes on its way to its endpoint.

    find(method, path) -> Route | Answer (404, 405)
    answer(request, route, box, settings) -> caller 401 -> role 403 -> Content-Type 415 -> endpoint -> Answer

1. Names of endpoints are taken in any case: clients write /trustList, people /trustlist. What stands behind them
   reaches the endpoint as it was written; only a certificate's type and country are taken in any case too.
2. A path is made of letters, digits and `-._~`, its parts are neither empty nor dots, and one "/" may end it. All
   others are not found: no API path needs more, and whatever is in front may read more into it.
3. `answer` raises for nothing that a stranger sends. A status of 400 and more: whoever calls it keeps nothing of
   the transaction. What is kept is audited in the same transaction.
4. A row of `ROUTES`: method, name, how many parts may follow (least, most), the endpoint, and for what writes
   `writes=True`; a role and the types of body that are taken, where there are any. For a path the longest name wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from pratique.gateway import (
    batches,
    caller,
    migration,
    references,
    remarks,
    rules,
    signers,
    trust_list,
)
from pratique.gateway.call import Call, Settings
from pratique.gateway.mailbox import AuditRow, CallerRole, Mailbox, MailboxReading, Party
from pratique.gateway.wire import CMS, CMS_TEXT, JSON, Refusal, WireAnswer, WireRequest

LONGEST_PATH = 500
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+/?")


class Route(NamedTuple):
    """An endpoint and how it is reached.

    Attributes:
        method: GET, POST or DELETE; GET answers HEAD too.
        name: the path in lower case: "/trustlist".
        parts: how many more there may be behind it: the least, the most.
        endpoint: (Call, Reading or Mailbox) -> WireAnswer.
        writes: whether it needs a writing transaction.
        role: that the caller's TLS certificate must have.
        media: types of body that it takes; none: it looks at no body's type.
        rest: the parts behind the name, as they stand in the path; empty in the table.
    """

    method: str
    name: str
    parts: tuple[int, int]
    endpoint: Callable[[Call, Any], WireAnswer]
    writes: bool = False
    role: CallerRole | None = None
    media: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()


_NONE, _ONE = (0, 0), (1, 1)
_SIGNED = (CMS,)
_SIGNED_TEXT = (CMS, CMS_TEXT)

ROUTES: tuple[Route, ...] = (
    Route("GET", "/trustlist", (0, 2), trust_list.trust_list),
    Route("GET", "/trustlist/certificate", _NONE, trust_list.certificates),
    Route("GET", "/countrylist", _NONE, trust_list.country_list),
    Route("GET", "/remarks", _NONE, remarks.remarks),
    Route("POST", "/signercertificate", _NONE, signers.upload, writes=True, media=_SIGNED),
    Route("DELETE", "/signercertificate", _NONE, signers.delete, writes=True, media=_SIGNED),
    Route("POST", "/signercertificate/delete", _NONE, signers.delete, writes=True, media=_SIGNED),
    Route("POST", "/trustedcertificate", _NONE, signers.upload_trusted, writes=True, media=(JSON,)),
    Route("DELETE", "/trustedcertificate", _NONE, signers.delete, writes=True, media=_SIGNED),
    Route("POST", "/trustedcertificate/delete", _NONE, signers.delete, writes=True, media=_SIGNED),
    Route("GET", "/rules", _ONE, rules.listed),
    Route("POST", "/rules", _NONE, rules.upload, writes=True, media=_SIGNED_TEXT),
    Route("DELETE", "/rules", _NONE, rules.delete, writes=True, media=_SIGNED_TEXT),
    Route("POST", "/rules/delete", _NONE, rules.delete, writes=True, media=_SIGNED_TEXT),
    Route("GET", "/remarks/rules", _ONE, rules.remarks),
    Route("GET", "/revocation-list", _NONE, batches.listed, role=CallerRole.READER),
    Route("GET", "/revocation-list", _ONE, batches.fetch, role=CallerRole.READER),
    Route("POST", "/revocation-list", _NONE, batches.upload, True, CallerRole.UPLOADER, _SIGNED_TEXT),
    Route("DELETE", "/revocation-list", _NONE, batches.delete, True, CallerRole.DELETER, _SIGNED_TEXT),
    Route("POST", "/revocation-list/delete", _NONE, batches.delete, True, CallerRole.DELETER, _SIGNED_TEXT),
    Route("GET", "/cms-migration", _NONE, migration.own),
    Route("POST", "/cms-migration", _NONE, migration.migrate, writes=True, media=(JSON,)),
    Route("POST", "/trust/reference", _NONE, references.upload, writes=True, media=_SIGNED_TEXT),
    Route("DELETE", "/trust/reference", _NONE, references.delete, writes=True, media=_SIGNED_TEXT),
    Route("GET", "/trust/reference", _ONE, references.fetch),
    Route("GET", "/trustlist/references", _NONE, references.references),
    Route("GET", "/trustlist/issuers", _NONE, references.issuers),
    Route("GET", "/valuesets", _NONE, references.value_sets),
    Route("GET", "/valuesets", _ONE, references.value_set),
)  # fmt: skip


def find(method: str, path: str) -> Route | WireAnswer:
    """Return the route of a request, or why there is none.

    Args:
        method: upper case.
        path: without the query, as it came.
    """
    if len(path) > LONGEST_PATH or not _PATH.fullmatch(path):
        return _MISSING
    parts = path.strip("/").split("/")
    if not all(part.strip(".") for part in parts):
        return _MISSING
    fitting = [route for row in ROUTES if (route := _fitted(row, parts)) is not None]
    if not fitting:
        return _MISSING
    longest = max(route.name.count("/") for route in fitting)
    here = [route for route in fitting if route.name.count("/") == longest]
    wanted = "GET" if method == "HEAD" else method
    # /rules/delete is POST's name, and to GET a country's: the method chooses first.
    for route in sorted(fitting, key=lambda each: -each.name.count("/")):
        if route.method == wanted:
            return route
    methods = {route.method for route in here}
    allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    refused = Refusal(405, "0x000", "the method is not one of this path").answer
    return refused._replace(headers=(("Allow", allowed),))


def answer(
    request: WireRequest, route: Route, box: MailboxReading, settings: Settings
) -> WireAnswer:
    """Answer a request.

    Args:
        request: of the path and method that `route` was found for.
        route: as `find` returns it.
        box: of a writing transaction (`Mailbox`) if the route writes.
        settings: the gateway's.
    """
    try:
        party = _admitted(request, route, box, settings)
        said = route.endpoint(Call(request, party, settings, route.rest), box)
    except Refusal as refusal:
        return refusal.answer
    if said.act:
        # Only what writes has an act, and for what writes a Mailbox was handed in.
        mailbox = cast("Mailbox", box)
        mailbox.audit(AuditRow(request.at, party.country, said.act, said.digest))
    return said


def turned_away(
    request: WireRequest, route: Route, box: MailboxReading, settings: Settings
) -> WireAnswer | None:
    """Return the answer to whoever may not use the route at all; None for a caller who may.

    Asked in a reading transaction before a writing one is begun: otherwise strangers could keep the one writer busy.
    """
    try:
        _admitted(request, route, box, settings)
    except Refusal as refusal:
        return refusal.answer
    return None


def _admitted(request: WireRequest, route: Route, box: MailboxReading, settings: Settings) -> Party:
    party = caller.identify(request, box, settings.profile)
    if route.role is not None and route.role not in party.roles:
        raise Refusal(403, "0x403", "the client certificate lacks a role", route.role)
    # RFC 9110 §8.3.1: parameters may follow upon the type, which is of any case.
    media = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if route.media and media not in route.media:
        raise Refusal(415, "0x000", "the type of body is not one of this path")
    return party


_MISSING = Refusal(404, "0x000", "there is no such path").answer


def _fitted(row: Route, parts: list[str]) -> Route | None:
    """Return the row with the parts behind its name, if the path is one of its."""
    names = row.name.strip("/").split("/")
    least, most = row.parts
    if [part.lower() for part in parts[: len(names)]] != names:
        return None
    rest = tuple(parts[len(names) :])
    return row._replace(rest=rest) if least <= len(rest) <= most else None
