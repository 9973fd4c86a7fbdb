"""What a DIVOC document states, held to another's reader of JSON-LD and to the contexts' own files."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pratique.findings import Code, Finding
from pratique.formats import credential, divoc, rdf
from pratique.formats.credential import CREDENTIALS, Node
from tests.schemes import divoc as made

FILES = {
    "v1": "11eafc61c2eae88e158be2c68b7115d5fd67687fe54d63d5f1260c463a65bc10",
    "v2": "1ddc3b343c5cb3683201315726a78ddcd85f06f867bc35d560c94b0d41b5099b",
    "w3c": "8524322c2d539564f48540d263faa528a216d3de94f2bcb350a493ca720345f6",
    "security-v1": "abaf97e107d1925503c433dcaf3ffd2831697cacc1ed2a293e1bc8030d5bcb47",
    "security-v2": "611bd81151d5efe53ec9aed78f5a813e577287bc9451ee26d6879b1b8b46bc3b",
}
"""SHA-256 of the contexts' files: what is written in `credential` is held to these, and to no others."""
SECURITY = "https://w3id.org/security/"
Document = dict[str, Any]
SOME = settings(max_examples=80, phases=[Phase.generate])


@pytest.fixture(scope="module")
def contexts(corpora: Path) -> dict[str, Any]:
    """Find the contexts' files by their digests; name of a context -> file."""
    folder = corpora / "spec" / "jsonld-contexts"
    found = {hashlib.sha256(f.read_bytes()).hexdigest(): f for f in folder.iterdir()}
    files = {name: json.loads(found[digest].read_bytes()) for name, digest in FILES.items()}
    return {
        credential.FIRST_CONTEXT: files["w3c"],
        f"{SECURITY}v1": files["security-v1"],
        f"{SECURITY}v2": files["security-v2"],
        **{url: files[version] for url, version in credential.CONTEXTS.items()},
    }


class Pyld:
    """Another reader of JSON-LD, with the contexts' files, and with nothing else to be had."""

    def __init__(self, contexts: dict[str, Any]) -> None:
        self.jsonld = pytest.importorskip("pyld.jsonld")
        self.contexts = contexts

    def load(self, url: str, _options: object = None) -> Document:
        """Return a context as PyLD asks for it."""
        document = self.contexts[url]
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": document,
        }

    def canonical(self, document: Document) -> str:
        """Return a document's canonical form."""
        wanted = {
            "algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": self.load,
        }  # fmt: skip
        return str(self.jsonld.normalize(document, wanted))

    def is_unsigned(self, document: Document) -> bool:
        """Tell by a vocabulary of last resort whether no context defines a member or a type."""
        asked = {**document, "@context": [*document["@context"], {"@vocab": "urn:unsigned:"}]}
        expanded = self.jsonld.expand(asked, {"documentLoader": self.load})
        return "urn:unsigned:" in json.dumps(expanded)


@pytest.fixture(scope="module")
def pyld(contexts: dict[str, Any]) -> Pyld:
    """Return it."""
    return Pyld(contexts)


def ours(document: Document) -> str:
    """Return the canonical form of what a document states."""
    found = credential.stated(document)
    assert isinstance(found, credential.Stated)
    form = rdf.canonical(found.statements)
    assert form is not None
    return form


# Tabs are left out: the signers' software leaves them as they are, PyLD writes \t.
TEXTS = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\t"), max_size=6
) | st.sampled_from(["", "IN", "COVISHIELD", 'a"b\\', "x\ny\r"])
VALUES = TEXTS | st.integers(-(1 << 53), 1 << 53) | st.booleans() | st.none()
NAMES = st.integers(0, 10**6).map("did:arcadia:{}".format)


def objects(shape: Node) -> st.SearchStrategy[Document]:
    """Generate objects of a shape; each with its types."""
    members: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(shape.values, VALUES)
    members |= dict.fromkeys(shape.instants, TEXTS)
    members |= dict.fromkeys(shape.links, NAMES)
    for term, (_, inner) in shape.nodes.items():
        one = objects(inner)
        members[term] = st.lists(one, max_size=3) | one if term == "evidence" else one
    always: dict[str, st.SearchStrategy[Any]] = {}
    if shape.types:
        always["type"] = st.just(list(shape.types))
    if shape.named:
        members["id"] = NAMES
    return st.fixed_dictionaries(always, optional=members)


DOCUMENTS = st.sampled_from(sorted(credential.CONTEXTS)).flatmap(
    lambda url: objects(CREDENTIALS[credential.CONTEXTS[url]]).map(
        lambda document: {"@context": [credential.FIRST_CONTEXT, url], **document}
    )
)


@SOME
@given(DOCUMENTS)
def test_a_document_states_what_json_ld_says_it_does(pyld: Pyld, document: Document) -> None:
    found = credential.stated(document)
    if isinstance(found, Finding):
        # Two objects of one name.
        assert found.code is Code.TERM_REFUSED
        return
    assert found.unsigned == ()
    assert ours(document) == pyld.canonical(document)


STRANGE = st.sampled_from(
    [
        "passport",
        "dob",
        "icd11Code",
        "testType",
        "name",
        "dose",
        "proofOf",
        "",
        "age",
        "type2",
        "#x",
    ]
)


def nodes(value: Any) -> Iterator[Document]:
    """Yield every object in a document."""
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from nodes(one)


@SOME
@given(DOCUMENTS, STRANGE, VALUES | st.just({}), st.integers(0, 4))
def test_a_member_is_unsigned_where_json_ld_s_sentinel_says_so(
    pyld: Pyld, document: Document, member: str, value: Any, place: int
) -> None:
    every = list(nodes(document))
    every[place % len(every)].setdefault(member, value)
    found = credential.stated(document)
    if isinstance(found, Finding):
        assert found.code is Code.TERM_REFUSED
    elif ours(document) == pyld.canonical(document):
        assert bool(found.unsigned) == pyld.is_unsigned(document)
    else:
        # A term that some object has by its place in JSON-LD, and none in a certificate: no signature fits.
        assert found.unsigned
        assert not pyld.is_unsigned(document)


def test_an_object_without_its_type_states_nothing(pyld: Pyld) -> None:
    for place in ("credentialSubject", "evidence"):
        document = made.document()
        one = document[place] if place == "credentialSubject" else document[place][0]
        del one["type"]
        found = credential.stated(document)
        assert isinstance(found, credential.Stated)
        assert found.unsigned
        assert pyld.is_unsigned(document)
        assert ours(document) == pyld.canonical(document)


@pytest.mark.parametrize("name", ["2342343334", "A1234567", "", "#x", "vaccine/1"])
def test_what_is_said_of_a_name_that_is_no_address_is_not_signed(name: str) -> None:
    document = made.document(credentialSubject=made.person(id=name))
    found = credential.stated(document)
    assert isinstance(found, credential.Stated)
    assert found.unsigned == ("credentialSubject.id",)
    # The signers' software (jsonld.js) has no base that it would be relative to, and drops it. PyLD 3.3 makes one up.
    assert "Jo Bloggs" not in ours(document)
    assert "None" not in ours(document)


@pytest.mark.parametrize("kind", ["RsaSignature2018", "Ed25519Signature2018"])
def test_a_proof_states_what_json_ld_says_it_does(pyld: Pyld, kind: str) -> None:
    proof = {
        "type": kind, "created": "2021-12-11T10:00:00Z", "verificationMethod": "did:arcadia#1",
        "proofPurpose": "assertionMethod",
    }  # fmt: skip
    form = rdf.canonical(divoc._options(proof))
    assert form == pyld.canonical({**proof, "@context": f"{SECURITY}v2"})


def test_terms_of_one_address_are_all_told() -> None:
    def groups(shape: Node) -> Iterator[frozenset[str]]:
        terms: dict[str, set[str]] = defaultdict(set)
        for term, address in {**shape.values, **shape.instants, **shape.links}.items():
            terms[address].add(term)
        for term, (address, inner) in shape.nodes.items():
            terms[address].add(term)
            yield from groups(inner)
        yield from (frozenset(found) for found in terms.values() if len(found) > 1)

    assert set(groups(CREDENTIALS["v2"])) == set(credential.ALIKE)
    for group in groups(CREDENTIALS["v1"]):
        assert any(group <= known for known in credential.ALIKE)


def test_each_context_s_terms_are_those_of_its_file(contexts: dict[str, Any]) -> None:
    def terms(value: Any) -> Iterator[str]:
        for term, meaning in value.items():
            if not term.startswith("@") and meaning not in ("@id", "@type"):
                yield term
            if isinstance(meaning, dict):
                yield from terms(meaning.get("@context", {}))

    def own(shape: Node) -> Iterator[str]:
        yield from (*shape.types, *shape.values, *shape.nodes)
        for _, inner in shape.nodes.values():
            yield from own(inner)

    of_w3c = {"VerifiableCredential", "credentialSubject", "evidence"}
    for url, version in credential.CONTEXTS.items():
        named = set(terms(contexts[url]["@context"])) - {"schema", "vac"}
        assert set(own(CREDENTIALS[version])) - of_w3c == named


# ----------------------------------------------------------------------------------------------------
# The canonical form.


GRAPHS = st.lists(
    st.builds(
        rdf.Statement,
        st.integers(0, 5) | st.just("<urn:x>"),
        st.sampled_from(["<urn:p>", "<urn:q>"]),
        st.integers(0, 5) | st.sampled_from(["<urn:x>", '"a"']),
        # Of a node linked to itself the specification does not say how often it counts; a tree has none.
    ).filter(lambda one: one.subject != one.object),
    max_size=12,
)


@SOME
@given(GRAPHS)
def test_any_graph_s_form_is_that_of_another_program(graph: list[rdf.Statement]) -> None:
    jsonld = pytest.importorskip("pyld.jsonld")
    lines = "".join(
        "{} {} {} .\n".format(*(f"_:n{end}" if isinstance(end, int) else end for end in one))
        for one in graph
    )
    wanted = {
        "algorithm": "URDNA2015", "inputFormat": "application/n-quads", "format": "application/n-quads",
    }  # fmt: skip
    form = rdf.canonical(graph)
    if form is not None:
        assert form == jsonld.normalize(lines, wanted)


@given(GRAPHS, st.permutations(range(6)))
def test_numbers_and_order_of_what_has_no_name_do_not_matter(
    graph: list[rdf.Statement], order: list[int]
) -> None:
    turned = [
        rdf.Statement(
            order[one.subject] if isinstance(one.subject, int) else one.subject,
            one.predicate,
            order[one.object] if isinstance(one.object, int) else one.object,
        )
        for one in reversed(graph)
    ]
    assert rdf.canonical(turned) == rdf.canonical(graph)


def test_a_graph_made_to_take_for_ever_has_no_form() -> None:
    # Twelve nodes, each linked to each: every order of them is alike.
    poisoned = [rdf.Statement(a, "<urn:p>", b) for a in range(12) for b in range(12) if a != b]
    assert rdf.canonical(poisoned) is None
