"""Harm: a key that a state lists for one kind of document vouches for another.

A key for links to records (PH4H), or of a trial of another document, signs a vaccination: at the desk it
would look like any other. What a list states of a key's domain bounds it, whatever kind of list it is.
"""

from __future__ import annotations

import base64
import json

import pytest

from pratique.crypto import keys, spki, x509
from pratique.findings import Colour
from pratique.rules import documents
from pratique.rules.ruleset import Destination, Ruleset
from pratique.snapshot import Snapshot
from pratique.terms import Environment
from pratique.trust import did, lists, publication
from pratique.trust.certificates import collect
from pratique.trust.signer import Signer, TrustList
from pratique.verification import verify
from tests import issuers
from tests.networks import AT, HOUR, Authority, State, Verifier, codes
from tests.travellers import rule

TEST = Environment.TEST
RECORDS = {"DCC": issuers.RECORDS["vaccination"], "ICVP": issuers.RECORDS["icvp"]}
ALL_IN = documents.write(rule("VR-XB-0001", {"===": [1, 1]}))
SPEAKS = {
    ("DCC", "DCC"),
    ("DDCC", "DCC"),
    ("ICVP", "ICVP"),
    ("DICVP", "ICVP"),
    ("RACSEL-DDVC", "ICVP"),
}
LISTED = ["DCC", "DDCC", "ICVP", "DICVP", "RACSEL-DDVC", "PH4H", "IPS-PILGRIMAGE", "SOMETHING"]


def expected(listed: str, signed: str) -> tuple[Colour, bool]:
    speaks = (listed, signed) in SPEAKS
    return (Colour.GREEN if speaks else Colour.AMBER), not speaks


@pytest.mark.parametrize("listed", LISTED)
def test_in_a_network(listed: str) -> None:
    authority, issuer, place = Authority(), State("XXA"), State("XXB")
    issuer.participant = issuer.participant._replace(domains=frozenset({listed}))
    document = publication.write(
        "XXA",
        TEST,
        [issuer.ca],
        [publication.PublishedSigner(one, listed) for one in issuer.signers],
    )
    authority.admit(issuer, place)
    authority.publish(issuer.draft({"XXA/signers.json": document}), issuer.roles[:2])
    place.rules = [ALL_IN]
    place.publish()
    border = Verifier(authority.anchor)
    border.sync(authority.files)
    for signed, record in RECORDS.items():
        found = border.verify(issuer.issue(record), place="XB")
        assert (found.verdict.colour, "DOMAIN_WRONG" in codes(found)) == expected(listed, signed)


@pytest.mark.parametrize("listed", LISTED)
def test_in_a_did_list(listed: str) -> None:
    pytest.importorskip("pyld", reason="the extra 'did' is not installed")
    issuer, publisher = State("XXA"), keys.generate()
    by = did.Publisher(
        "did:web:trust.example",
        publisher,
        "did:web:trust.example#k",
        "2026-11-22T00:00:00Z",
        "n",
        TEST,
    )
    entry = did.Entry("XXA", listed, did.DSC, (issuer.signers[0], issuer.ca))
    tree = did.tree([entry], by)
    key = spki.PublicKey(publisher.algorithm, publisher.public_key)
    reading = lists.read_source(tree["v2/trustlist/did.json"], proof_key=key)
    held = snapshot(*collect([reading], environment=TEST))
    for signed, record in RECORDS.items():
        found = verify(issuer.issue(record), snapshot=held, at=AT + HOUR, place=Destination("XB"))
        assert (found.verdict.colour, "DOMAIN_WRONG" in codes(found)) == expected(listed, signed)
    assert Snapshot.from_bytes(held.to_bytes()) == held


def test_a_key_whose_source_states_no_domain_is_as_before() -> None:
    issuer = State("XXA")
    der = issuer.signers[0]
    record = x509.read(der)
    rows = [{"kid": "AAAAAAAAAAA=", "rawData": base64.b64encode(der).decode()}]
    for source in (der, json.dumps(rows).encode()):
        held = snapshot(*collect([lists.read_source(source)], environment=TEST, country="XA"))
        (signer,) = held.trust
        assert (signer.bound, signer.public_key) == (False, record.public_key)
        moved = snapshot(signer._replace(kid=record.kid))
        for each in RECORDS.values():
            found = verify(
                issuer.issue(each), snapshot=moved, at=AT + HOUR, place=Destination("XB")
            )
            assert found.verdict.colour is Colour.GREEN, codes(found)


def test_a_key_of_two_domains_is_listed_twice() -> None:
    issuer = State("XXA")
    der = issuer.signers[0]
    listed = publication.write(
        "XXA",
        TEST,
        [issuer.ca],
        [publication.PublishedSigner(der, "DCC"), publication.PublishedSigner(der, "ICVP")],
    )
    bounds = publication.Bounds("XXA", frozenset({"XA"}), "XA", frozenset({"DCC", "ICVP"}), TEST)
    held = snapshot(*publication.read(listed, bounds).signers)
    for record in RECORDS.values():
        found = verify(issuer.issue(record), snapshot=held, at=AT + HOUR, place=Destination("XB"))
        assert found.verdict.colour is Colour.GREEN


def test_what_was_bound_once_stays_bound() -> None:
    """The same key again, from a source that says less of it, takes no bound off."""
    issuer = State("XXA")
    bounds = publication.Bounds("XXA", frozenset({"XA"}), "XA", frozenset({"DCC"}), TEST)
    document = publication.write(
        "XXA", TEST, [issuer.ca], [publication.PublishedSigner(issuer.signers[0], "DCC")]
    )
    (bound,) = publication.read(document, bounds).signers
    held = TrustList([bound]).merge([bound._replace(bound=False)])
    assert [signer.bound for signer in held] == [True]


def test_a_list_whose_time_is_over_lets_nobody_in() -> None:
    """What was signed for a time only is not believed for ever, whoever keeps serving it."""
    pytest.importorskip("pyld", reason="the extra 'did' is not installed")
    issuer, publisher = State("XXA"), keys.generate()
    ends = (AT + HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")
    by = did.Publisher(
        "did:web:trust.example", publisher, "did:web:trust.example#k", "2026-11-22T00:00:00Z", "n",
        TEST, ends,
    )  # fmt: skip
    entry = did.Entry("XXA", "DCC", did.DSC, (issuer.signers[0], issuer.ca))
    data = did.tree([entry], by)["v2/trustlist/did.json"]
    key = spki.PublicKey(publisher.algorithm, publisher.public_key)
    held = snapshot(*collect([lists.read_source(data, proof_key=key)], environment=TEST))
    for when, expected in ((AT + HOUR, []), (AT + 2 * HOUR, ["SIGNER_LIST_EXPIRED"])):
        found = verify(issuer.issue(), snapshot=held, at=when, place=Destination("XB"))
        assert codes(found) == expected
        assert found.verdict.colour is (Colour.AMBER if expected else Colour.GREEN)


def snapshot(*signers: Signer) -> Snapshot:
    rules = Ruleset([documents.read([ALL_IN]).rules[0]])
    return Snapshot(number=1, created=0, environment=TEST, trust=TrustList(signers), ruleset=rules)


def test_a_key_that_is_listed_alone_signs_for_no_more_than_its_certificate() -> None:
    """The attack: the key of a PH4H signer, imported from a list that states no domain."""
    issuer = State("XXA")
    record = x509.read(issuer.signers[0])
    bounds = publication.Bounds("XXA", frozenset({"XA"}), "XA", frozenset({"PH4H"}), TEST)
    listed = publication.PublishedSigner(issuer.signers[0], "PH4H")
    (bound,) = publication.read(
        publication.write("XXA", TEST, [issuer.ca], [listed]), bounds
    ).signers
    kid = base64.b64encode(record.kid).decode()
    rows = [{"kid": kid, "publicKey": base64.b64encode(record.public_key).decode()}]
    bare = collect([lists.read_source(json.dumps(rows).encode())], environment=TEST, country="XA")
    for held, colour in ((bare, Colour.GREEN), ((bound, *bare), Colour.AMBER)):
        found = verify(
            issuer.issue(), snapshot=snapshot(*held), at=AT + HOUR, place=Destination("XB")
        )
        assert found.verdict.colour is colour, codes(found)
