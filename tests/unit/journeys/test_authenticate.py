"""Which signer made the signature: every one with the kid is asked, and the list decides."""

from __future__ import annotations

import pytest

from pratique.authenticate import authenticate, read
from pratique.crypto.algorithms import Checker
from pratique.errors import DocumentRefused
from pratique.findings import Code, Finding
from pratique.formats import Envelope
from pratique.snapshot import Snapshot
from pratique.terms import Algorithm
from pratique.trust.signer import TrustList
from tools import measure
from tools.vectors import content, keys
from tools.vectors.layers import claims, text

SNAPSHOT = measure.snapshot()
CLAIMS = claims(content.vaccinated())


def envelope(**how: object) -> Envelope:
    found = read(text(CLAIMS, **how))
    assert isinstance(found, Envelope)
    return found


def test_nothing_is_read_of_no_text() -> None:
    assert read("") == Finding(Code.TEXT_EMPTY)


@pytest.mark.parametrize("other", ["H", "HC1", "hc1:", " HC1:", "SHC:", "\ud800"])
def test_an_unknown_prefix_is_told(other: str) -> None:
    assert read(other) == Finding(Code.PREFIX_UNKNOWN)


def test_a_finding_of_the_text_is_handed_on() -> None:
    damaged = Finding(Code.BASE45_INVALID)
    assert authenticate(damaged, SNAPSHOT) is damaged


@pytest.mark.parametrize("by", ["utopia", "freedonia", "ruritania", "brobdingnag"])
def test_the_signer_whose_key_signed_is_found(by: str) -> None:
    found = authenticate(envelope(by=by), SNAPSHOT)
    assert isinstance(found, list)
    assert [signer.participant for signer in found] == [keys.SIGNERS[by].participant]


@pytest.mark.parametrize("by", ["shared-utopia", "shared-arcadia", "shared-ruritania"])
def test_of_signers_that_share_a_kid_the_one_that_signed_is_found(by: str) -> None:
    found = authenticate(envelope(by=by), SNAPSHOT)
    assert isinstance(found, list)
    assert [signer.public_key for signer in found] == [keys.public_key(keys.SIGNERS[by].key)]


def test_every_record_of_the_key_is_found() -> None:
    found = authenticate(envelope(by="twice-dcc"), SNAPSHOT)
    assert isinstance(found, list)
    assert [signer.domain for signer in found] == ["DCC", "DDCC"]


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"kid": b"\0" * 8}, Code.SIGNER_UNKNOWN),
        ({"kid": b""}, Code.SIGNER_UNKNOWN),
        ({"alg": -35}, Code.ALGORITHM_REFUSED),
        ({"alg": 0}, Code.ALGORITHM_REFUSED),
        ({"key": "stranger"}, Code.SIGNATURE_INVALID),
        ({"by": "misfit"}, Code.SIGNER_UNREADABLE),
        # A shared kid: of what was tried, the gravest is told.
        ({"by": "shared-utopia", "key": "stranger"}, Code.SIGNATURE_INVALID),
        ({"by": "shared-utopia", "alg": -37}, Code.ALGORITHM_REFUSED),
    ],
)
def test_why_there_is_none_is_told(how: dict[str, object], code: Code) -> None:
    assert authenticate(envelope(**how), SNAPSHOT) == Finding(code)


def only_utopia(_algorithm: Algorithm, spki: bytes) -> Checker:
    if spki != keys.public_key("utopia"):
        raise DocumentRefused("key-unreadable", "a public key cannot be read")
    return lambda _signature, _message: False


@pytest.mark.parametrize("thumbprint", ["0" * 64, "f" * 64])
def test_a_signer_that_cannot_be_read_leaves_the_question_open(thumbprint: str) -> None:
    """Two share a kid, one cannot be used: the signature may be its, so nothing is proved."""
    utopia = next(s for s in SNAPSHOT.trust if s.kid == keys.SIGNERS["utopia"].kid)
    unread = utopia._replace(public_key=b"?", thumbprint=thumbprint)
    held = Snapshot(
        number=1, created=0, environment=SNAPSHOT.environment, trust=TrustList([utopia, unread]),
        primitive=only_utopia,
    )  # fmt: skip
    assert authenticate(envelope(), held) == Finding(Code.SIGNER_UNREADABLE)
