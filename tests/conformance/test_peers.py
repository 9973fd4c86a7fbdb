"""What we issue, libraries that others wrote accept: signature, certificate and claims."""

from __future__ import annotations

import json
import os
import zlib
from typing import Any, NamedTuple

import cbor2
import pytest

from benchmarks import peers
from pratique.crypto import keys, x509, x509_write
from pratique.crypto.x509_write import Authority, Subject
from pratique.formats import Envelope, base45, hcert
from pratique.issue import context_of, sign
from pratique.terms import Algorithm, Environment
from tests import issuers
from tests.journeys.test_issue import Memory

ALGORITHMS = {
    "cwt": (Algorithm.ES256, Algorithm.PS256, Algorithm.ES384),
    # Of version 0.4.0, PS256 is "Unknown algorithm, -37".
    "dcc-utils": (Algorithm.ES256,),
}


class Issued(NamedTuple):
    """A certificate, who vouches for its key, and what it is to say."""

    text: str
    kid: bytes
    signer: bytes
    claims: Any
    surname: str


def issued(algorithm: Algorithm) -> list[Issued]:
    """Issue one of each kind with a key that a signing CA of this algorithm's time certified."""
    sca, key = keys.generate(Algorithm.ES256), keys.generate(algorithm)
    name = Subject("XXU signing CA", "Ministry of Health of Utopia", "XU", Environment.PRODUCTION)
    at = issuers.AT - 3600
    by = Authority(x509_write.signing_ca(sca, name, at=at, serial=1), sca)
    subject = name._replace(common_name="XXU document signer", serial="a")
    der = x509_write.document_signer(key.public_key, subject, by=by, at=at, serial=2)
    found = x509.read(der)
    shard = issuers.shard()._replace(
        kid=found.kid, thumbprint=found.thumbprint, algorithm=algorithm, not_after=found.not_after
    )
    made = []
    for record in issuers.RECORDS.values():
        context = context_of(record, shard, at=issuers.AT, work=issuers.WORK)
        signed = sign(
            record, request=os.urandom(32), shard=shard, key=key, register=Memory(), context=context
        )
        envelope = hcert.unwrap(signed.text)
        assert isinstance(envelope, Envelope)
        claims = as_json(cbor2.loads(envelope.payload))
        made.append(Issued(signed.text, found.kid, der, claims, record.person.surname or ""))
    return made


def as_json(value: Any) -> Any:
    """Write claims as peers do: keys as texts, bytes in hexadecimal."""
    return json.loads(json.dumps(value, default=bytes.hex))


def read(peer: str, texts: list[str], of: Issued) -> list[Any]:
    try:
        return peers.read(peer, texts, {of.kid: of.signer})
    except peers.Absent as error:
        pytest.skip(f"{peer} cannot be had here: {error}")


def changed(text: str, place: int) -> str:
    """Flip one bit of the signed message: at a place from its start, or from its end."""
    packed = base45.decode(text[4:])
    assert packed is not None
    message = bytearray(zlib.decompress(packed))
    message[place] ^= 1
    return "HC1:" + base45.encode(zlib.compress(bytes(message)))


@pytest.mark.parametrize(
    ("peer", "algorithm"), [(peer, one) for peer, known in ALGORITHMS.items() for one in known]
)
def test_a_peer_accepts_what_we_issue_and_reads_the_same_claims(
    peer: str, algorithm: Algorithm
) -> None:
    made = issued(algorithm)
    assert len(made) == len(issuers.RECORDS) == 5
    found = read(peer, [one.text for one in made], made[0])
    for one, claims in zip(made, found, strict=True):
        assert claims == one.claims
        assert one.surname in str(claims)


@pytest.mark.parametrize("peer", ALGORITHMS)
def test_a_peer_refuses_what_was_changed_and_who_is_unknown(peer: str) -> None:
    """The control: it does look at the signature."""
    made, other = issued(Algorithm.ES256), issued(Algorithm.ES256)[0]
    message = zlib.decompress(bytes(base45.decode(made[0].text[4:]) or b""))
    texts = [
        made[0].text,
        changed(made[0].text, message.index(b"Bloggs")),
        changed(made[0].text, len(message) - 1),
        other.text,
    ]
    found = read(peer, texts, made[0])
    assert [claims is not None for claims in found] == [True, False, False, False]


@pytest.mark.parametrize("peer", ALGORITHMS)
def test_a_peer_holds_the_key_to_its_certificate(peer: str) -> None:
    """The control: under another signer's certificate with the same kid nothing is accepted."""
    made, other = issued(Algorithm.ES256)[0], issued(Algorithm.ES256)[0]
    assert read(peer, [made.text], made._replace(signer=other.signer)) == [None]
