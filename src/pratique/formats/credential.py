"""Verifiable credentials of DIVOC: which statements a document makes, and what in it makes none.

    JSON document -> contexts known? -> each member by its term -> statements (RDF), and what is not among them

1. A context is never fetched: an exact name in a closed table stands for terms that are written here, in our own
   words (W3C Verifiable Credentials 1.0 §B.1; DIVOC vaccination context v1, v2). Tests hold them to the files.
2. The signature covers the statements, not the text. A member that no term defines makes none: it is left out here
   as JSON-LD leaves it out, and told (`Stated.unsigned`). Whoever reads the document refuses it then.
3. JSON-LD has many ways of saying one thing: keywords, full and shortened addresses as names, lists, values as
   objects, one node in two places. None of them is in a certificate; each is refused before anything is hashed.
   So each document that is read here makes other statements than any other, but for 4.
4. The contexts give one address to several terms (batch, vaccine and manufacturer are all "id"): the statements do
   not say which of them is which. `ALIKE` names them, and who reads them has to bear it in mind.

Apart because a document of JSON-LD is one thing, and the certificate that one holds is another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, NamedTuple

from pratique.findings import Code, Finding
from pratique.formats.rdf import TYPE, Statement, Term, literal

_SCHEMA, _CRED = "https://schema.org/", "https://www.w3.org/2018/credentials#"
_PREFIXES = {"schema", "vac", "cred", "sec", "xsd"}
"""Terms with which the contexts shorten addresses."""
FIRST_CONTEXT = "https://www.w3.org/2018/credentials/v1"
# The contexts mean it to stand for an address, of which JSON-LD 1.1 makes no prefix (§9.3): names begin with it as it is.
_VAC = "vac:"
_COWIN = "https://cowin.gov.in/credentials/vaccination/"
CONTEXTS: Mapping[str, str] = {
    f"{_COWIN}v1": "v1",
    f"{_COWIN}v2": "v2",
    "https://divoc.dev/credentials/vaccination/v1": "v1",
    "https://divoc.dev/credentials/vaccination/v2": "v2",
    "https://pedulilindungi.id/credentials/vaccination/v2": "v2",
}
"""Name of a vaccination context, to the letter -> which of the two it is. Which host it names is not signed."""
MOST_ENTRIES = 16
"""Entries of evidence; certificates have one."""


class Node(NamedTuple):
    """What an object of a document may say.

    Attributes:
        types: terms of its `type`, all of which it must name; none where it has no type.
        values: term -> address, of texts and numbers.
        instants: term -> address, of texts that are instants (xsd:dateTime).
        links: term -> address, of the names of other nodes.
        nodes: term -> address and what the object there may say.
        named: its `id` is its name; else it has none.
    """

    types: Mapping[str, str] = {}
    values: Mapping[str, str] = {}
    instants: Mapping[str, str] = {}
    links: Mapping[str, str] = {}
    nodes: Mapping[str, tuple[str, Any]] = {}
    named: bool = True


def _schema(terms: str) -> dict[str, str]:
    """Return terms, each with its name in schema.org behind a colon, where it is another."""
    pairs = (term.partition(":") for term in terms.split())
    return {term: f"{_SCHEMA}{other or term}" for term, _, other in pairs}


def _credential(version: str) -> Node:
    address = Node(
        values={
            **_schema("streetAddress addressRegion postalCode addressCountry"),
            "streetAddress2": f"{_VAC}addressLine2", "city": f"{_VAC}city", "district": f"{_VAC}district",
        }
    )  # fmt: skip
    own = {"person": "", "vaccination": ""}
    if version == "v2":
        own = {"person": "dob:date", "vaccination": "icd11Code:id prophylaxis:name"}
    at = (f"{_SCHEMA}PostalAddress", address)
    person = Node(
        types={"Person": f"{_SCHEMA}Person"},
        values=_schema(f"refId:id uhid:id name age:Number gender sex:gender nationality {own['person']}"),
        nodes={"address": at},
    )  # fmt: skip
    # Its context makes a value of a verifier's `id`.
    verifier = Node(values=_schema("id name sign-image:image"), named=False)
    facility = Node(values=_schema("name seal-image:image"), nodes={"address": at})
    vaccination = Node(
        types={"Vaccination": f"{_VAC}Vaccination"},
        values=_schema(
            "certificateId:id batch:id vaccine:id manufacturer:id feedbackUrl:url infoUrl:url date "
            f"effectiveStart:date effectiveUntil:date dose:doseValue totalDoses:doseValue {own['vaccination']}"
        ),
        nodes={
            "verifier": (f"{_VAC}verifier", verifier),
            "facility": (f"{_VAC}Facility", facility),
        },
    )
    return Node(
        types={
            "VerifiableCredential": f"{_CRED}VerifiableCredential",
            "ProofOfVaccinationCredential": f"{_SCHEMA}ProofOfVaccinationCredential",
        },
        values={"nonTransferable": f"{_VAC}nonTransferable"},
        instants={
            term: f"{_CRED}{term}"
            for term in ("issuanceDate", "expirationDate", "validFrom", "validUntil")
        },
        links={"issuer": f"{_CRED}issuer"},
        nodes={
            "credentialSubject": (f"{_CRED}credentialSubject", person),
            "evidence": (f"{_CRED}evidence", vaccination),
        },
    )


CREDENTIALS: Mapping[str, Node] = {version: _credential(version) for version in ("v1", "v2")}

ALIKE: tuple[frozenset[str], ...] = (
    frozenset({"certificateId", "batch", "vaccine", "manufacturer", "icd11Code"}),
    frozenset({"date", "effectiveStart", "effectiveUntil"}),
    frozenset({"dose", "totalDoses"}),
    frozenset({"feedbackUrl", "infoUrl"}),
    frozenset({"refId", "uhid"}),
    frozenset({"gender", "sex"}),
)
"""Terms of one object that have one address: whoever changes them round changes no statement."""


class Stated(NamedTuple):
    """What a document states, and the members that state nothing, by names that are known here."""

    statements: tuple[Statement, ...]
    unsigned: tuple[str, ...]

    def __repr__(self) -> str:
        return "<Stated: not shown>"


def stated(document: Mapping[str, Any]) -> Stated | Finding:
    """Return what a document without its proof states.

    Returns:
        The statements; or CONTEXT_UNKNOWN, TERM_REFUSED or JSON_LIMITS, with the member.
    """
    version = _version(document.get("@context"))
    if version is None:
        return Finding(Code.CONTEXT_UNKNOWN, "@context")
    walk = _Stating()
    inner = {name: value for name, value in document.items() if name not in {"@context", "proof"}}
    try:
        walk.node(inner, CREDENTIALS[version], "")
    except _Refused as refused:
        return refused.finding
    return Stated(tuple(walk.statements), tuple(dict.fromkeys(walk.unsigned)))


def _version(contexts: object) -> str | None:
    """Tell which vaccination context a document names, after W3C's; None if it names another or writes its own."""
    if not isinstance(contexts, list) or len(contexts) != 2 or contexts[0] != FIRST_CONTEXT:
        return None
    return CONTEXTS.get(contexts[1]) if isinstance(contexts[1], str) else None


class _Refused(Exception):
    def __init__(self, where: str, code: Code = Code.TERM_REFUSED) -> None:
        self.finding = Finding(code, where)
        super().__init__(where)


class _Stating:
    """Goes through a document once, and writes down what it states."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.unsigned: list[str] = []
        self.names: set[str] = set()
        self.numbers = count()

    def node(self, members: Mapping[str, Any], shape: Node, where: str) -> Term | None:
        """Write down what an object states; return what it is called, None if its name is no address."""
        for member in members:
            if member.startswith("@") or ":" in member:
                raise _Refused(where.rstrip(".") or "credential")
        subject = self.name(members, shape, where)
        missing = shape.types.keys() - set(self.types(members.get("type"), shape, where))
        if missing:
            # Without its type none of its terms is defined.
            self.leave_out(where, "type")
            return subject
        for address in shape.types.values():
            self.say(subject, TYPE, f"<{address}>")
        for member, value in members.items():
            if value is not None and member not in _HANDLED[shape.named]:
                self.member(subject, member, value, shape, where)
        return subject

    def member(
        self, subject: Term | None, member: str, value: Any, shape: Node, where: str
    ) -> None:
        place = f"{where}{member}"
        if member in shape.values:
            if not isinstance(value, str | int):
                raise _Refused(place)
            self.say(subject, f"<{shape.values[member]}>", literal(value))
        elif member in shape.instants:
            if not isinstance(value, str):
                raise _Refused(place)
            self.say(subject, f"<{shape.instants[member]}>", literal(value, "dateTime"))
        elif member in shape.links:
            self.say(subject, f"<{shape.links[member]}>", self.address(value, place))
        elif member in shape.nodes:
            address, inner = shape.nodes[member]
            for item, at in _objects(value, place, several=member == "evidence"):
                self.say(subject, f"<{address}>", self.node(item, inner, f"{at}."))
        else:
            self.leave_out(where, member)

    def name(self, members: Mapping[str, Any], shape: Node, where: str) -> Term | None:
        name = members.get("id") if shape.named else None
        if name is None:
            return next(self.numbers)
        term = self.address(name, f"{where}id")
        if term in self.names:
            # The attack: one object of a document taken apart into two of one name, which states the same.
            raise _Refused(f"{where}id")
        if term is not None:
            self.names.add(term)
        return term

    def address(self, value: Any, place: str) -> str | None:
        if not isinstance(value, str) or value.startswith("@"):
            raise _Refused(place)
        if ":" not in value:
            # Relative to nothing: all that is said of such a node falls out of what is signed.
            self.unsigned.append(place)
            return None
        if not is_address(value):
            raise _Refused(place)
        return f"<{value}>"

    def types(self, value: Any, shape: Node, where: str) -> Iterator[str]:
        for kind in value if isinstance(value, list) else [] if value is None else [value]:
            if not isinstance(kind, str) or kind.startswith("@") or ":" in kind:
                raise _Refused(f"{where}type")
            if kind not in shape.types:
                self.leave_out(where, "type")
            yield kind

    def say(self, subject: Term | None, predicate: str, value: Term | None) -> None:
        if subject is not None and value is not None:
            self.statements.append(Statement(subject, predicate, value))

    def leave_out(self, where: str, member: str) -> None:
        # A name that no context has is a stranger's text: it is not shown.
        known = f"{where}{member}" if member in _KNOWN else where.rstrip(".")
        self.unsigned.append(known or "credential")


_ADDRESS = re.compile(r'([A-Za-z][A-Za-z0-9+.-]*):[^<>"\\\x00-\x1f\x7f]*')
"""What N-Quads can hold as it stands; the signers' software wrote blanks too ("did:Passport No:…")."""
_HANDLED = {True: {"id", "type"}, False: {"type"}}


def _objects(value: Any, place: str, *, several: bool) -> Iterator[tuple[Mapping[str, Any], str]]:
    if several and isinstance(value, list):
        if len(value) > MOST_ENTRIES:
            raise _Refused(place, Code.JSON_LIMITS)
        rows = [(item, f"{place}[{at}]") for at, item in enumerate(value)]
    else:
        rows = [(value, place)]
    for item, at in rows:
        if not isinstance(item, dict):
            raise _Refused(at)
        yield item, at


def _terms(shape: Node) -> Iterator[str]:
    yield from (*shape.values, *shape.instants, *shape.links, *shape.nodes)
    for _, inner in shape.nodes.values():
        yield from _terms(inner)


_KNOWN = {"id", "type", *(term for shape in CREDENTIALS.values() for term in _terms(shape))}


def is_address(text: str) -> bool:
    """Tell whether a text is a full address or name (IRI) that stands in a statement as it is written."""
    match = _ADDRESS.fullmatch(text)
    return match is not None and match[1] not in _PREFIXES
