"""Nobody alters a proven DID list without its key: what still verifies reads the same.

A list with a good proof -> random edits of its JSON -> refused, or the same signers, environment and names.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pratique.crypto.jose import good_detached_jws
from pratique.errors import DocumentRefused
from pratique.terms import Environment
from pratique.trust import did
from pratique.trust.certificates import collect
from tests.unit.trust import test_did as lists
from tests.unit.trust.test_did import Document, document, jwk, method, prove

pytest.importorskip("pyld", reason="the extra 'did' is not installed")

EDITS = 600
STRANGER = method("stranger", jwk(lists.STRANGER))


def reads(found: Document) -> object:
    """Return all that a reader takes from a list."""
    reading = did.read(found, proof_key=lists.ROOT_KEY)
    signers = [sorted(map(repr, collect([reading], environment=each))) for each in Environment]
    authorities = sorted(one.thumbprint for one in reading.authorities)
    return signers, authorities, reading[3:]


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each place of a document as (container, name or number)."""
    names = list(node) if isinstance(node, dict) else range(len(node))
    for name in names:
        yield node, name
        if isinstance(node[name], dict | list):
            yield from places(node[name])


def spelled(text: str, of: random.Random) -> object:
    """Spell a text otherwise, as JSON-LD might take for the same."""
    iri, hash_, name = text.partition("#")
    return of.choice([
        "", "#" + name, f"./{text}", f"{iri}?#{name}", text.lower(), text.upper(), f" {text}",
        f"{text}\u200b", f"_:{name or iri}", f"proof:{text}", f"{iri}/../{iri}{hash_}{name}",
        f"https://smart.who.int/trust/ValueSet-Domains-DEV.jsonld#{name}", [text], [text, text],
        {"@id": text}, {"@value": text}, {"@set": [text]}, {"@list": [text]}, {"code": text},
        {"@value": text, "@language": "en"}, {"@id": text, "@graph": []}, None, True, 1, {}, [],
    ])  # fmt: skip


NAMES = [
    "@id", "@type", "@context", "@graph", "@reverse", "@included", "@base", "@vocab", "@language",
    "@nest", "id", "type", "proof", "domain", "participant", "keyusage", "expires", "controller",
    "publicKeyJwk", "assertionMethod", "note", "code", "service",
]  # fmt: skip
CONTEXTS = [*did.CONTEXTS, {"@base": "did:web:x"}, {"domain": None}, "https://x.example"]


def edit(found: Document, of: random.Random) -> None:
    """Change one thing."""
    held = list(places(found))
    node, name = of.choice(held)
    methods = found.get("verificationMethod")
    match of.randrange(9):
        case 0:
            del node[name]
        case 1 if isinstance(node[name], str):
            node[name] = spelled(node[name], of)
        case 2 if isinstance(node, dict):
            node[of.choice(NAMES)] = copy.deepcopy(of.choice(held)[0])
        case 3 if isinstance(node, dict):
            node[of.choice(NAMES)] = copy.deepcopy(
                of.choice(["x", "#DCC", {}, [], STRANGER, *CONTEXTS])
            )
        case 4 if isinstance(found.get("@context"), list):
            found["@context"].insert(of.randrange(4), of.choice(CONTEXTS))
        case 5 if isinstance(found.get("@context"), list) and found["@context"]:
            found["@context"][of.randrange(len(found["@context"]))] = of.choice(CONTEXTS)
        case 6 if isinstance(methods, list) and methods:
            # A key again, of fewer or of other members.
            again = copy.deepcopy(of.choice(methods))
            if isinstance(again, dict):
                for gone in of.sample(sorted(again), of.randrange(len(again))):
                    del again[gone]
                again |= of.choice([{}, {"id": "x"}, {"publicKeyJwk": STRANGER["publicKeyJwk"]}])
            methods.insert(of.randrange(3), again)
        case 7 if isinstance(methods, list):
            of.shuffle(methods)
        case _:
            methods_of = [node for node, _ in held if isinstance(node, list)]
            if methods_of:
                of.choice(methods_of).append(
                    copy.deepcopy(of.choice([STRANGER, STRANGER["id"], "x", {}]))
                )


def proven() -> list[Document]:
    """Return lists with a good proof: with codes, of an end, and without a code."""
    signer = method("leaf", jwk(lists.LEAF, lists.CA))
    other = method("other", jwk(lists.STRANGER))
    bare = {name: other[name] for name in ("id", "type", "controller", "publicKeyJwk")}
    return [
        prove(document(signer, method("ca", jwk(lists.CA), "SCA"))),
        prove(document(signer, bare), expires="2026-12-31T00:00:00Z"),
        prove(document(bare)),
    ]


def survivors(count: int, read: Callable[[Document], object]) -> tuple[int, list[Document]]:
    """Return how many lists are still read after a few edits, and those that are read otherwise."""
    held, otherwise = 0, []
    for original in proven():
        expected = read(original)
        for number in range(count // 3):
            of = random.Random(number)
            found = copy.deepcopy(original)
            for _ in range(of.randrange(1, 3)):
                edit(found, of)
                found = copy.deepcopy(found)
            try:
                seen = read(found)
            except DocumentRefused:
                continue
            held += 1
            if seen != expected:
                otherwise.append(found)
    return held, otherwise


def test_what_still_verifies_after_edits_reads_the_same() -> None:
    held, otherwise = survivors(EDITS, reads)
    assert otherwise == []
    assert held > EDITS // 100  # methods in another order, and members


def test_the_edits_find_what_a_proof_alone_does_not_see(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a check of the proof that compares nothing lets some of the edits pass."""

    def proof_alone(found: Document, key: Any) -> None:
        proof = dict(found["proof"])
        rest = {name: value for name, value in found.items() if name != "proof"}
        jws = proof.pop("jws")
        if not good_detached_jws(key, jws, did.proof_hash(rest, proof)):
            raise DocumentRefused("proof-wrong", "")

    monkeypatch.setattr(did, "check", proof_alone)

    def read(found: Document) -> object:
        try:
            return reads(found)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DocumentRefused("odd", "") from error

    _, otherwise = survivors(120, read)
    assert otherwise


@pytest.mark.parametrize("shape", ["_shaped_method", "_shaped_proof"])
def test_what_is_read_is_compared_with_what_is_covered_beside_the_shape(
    shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shape that was forgotten is no hole: the statements that are read are compared as well."""
    monkeypatch.setattr(did, shape, lambda found: None)

    def read(found: Document) -> object:
        try:
            return reads(found)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DocumentRefused("odd", "") from error

    assert survivors(180, read)[1] == []


def test_the_environment_is_what_the_proof_covers() -> None:
    """Where no code hangs on the context, it is not covered: the list's own name says it, or nothing."""
    bare = proven()[2]
    assert did.read(bare, proof_key=lists.ROOT_KEY).environment is Environment.TEST
    bare["@context"][2] = lists.PRODUCTION_CONTEXT
    assert did.read(bare, proof_key=lists.ROOT_KEY).environment is Environment.TEST
    elsewhere = document(bare["verificationMethod"][0])
    elsewhere["id"] = "did:web:trust.example"
    found = prove(elsewhere)
    found["@context"][2] = lists.PRODUCTION_CONTEXT
    assert did.read(found, proof_key=lists.ROOT_KEY).environment is None


def test_a_list_whose_name_and_context_differ_is_a_test_list() -> None:
    found = document()
    found["@context"][2] = lists.PRODUCTION_CONTEXT
    assert did.read(found).environment is Environment.TEST
    assert did.read(prove(found), proof_key=lists.ROOT_KEY).environment is Environment.TEST


def test_two_keys_of_one_name_are_refused_though_their_publisher_has_proven_them() -> None:
    """The statements tell not which key has which participant: whoever serves it could exchange them."""
    one = method("leaf", jwk(lists.LEAF))
    other = {**one, "publicKeyJwk": jwk(lists.STRANGER), "participant": {"code": "#AUT"}}
    with pytest.raises(DocumentRefused, match="one id"):
        did.read(prove(document(one, other)), proof_key=lists.ROOT_KEY)


def test_an_entry_that_drops_out_of_what_is_covered_is_refused() -> None:
    """Also where the publisher made the slip: its signer would be read, and anyone could add one."""
    for slip in ({"id": "leaf"}, {"controller": ""}, {"participant": {"code": "DEU"}}):
        found = document({**method("leaf", jwk(lists.LEAF)), **slip})
        with pytest.raises(DocumentRefused, match="relied on"):
            did.read(prove(found), proof_key=lists.ROOT_KEY)


def test_the_dates_of_a_proof_are_read() -> None:
    found = did.read(prove(document(), expires="2026-12-01T00:00:00Z"), proof_key=lists.ROOT_KEY)
    assert (found.created, found.expires) == (1_795_305_600, 1_796_083_200)
    with pytest.raises(DocumentRefused, match="instant"):
        did.read({**document(), "proof": {"expires": "tomorrow"}})
