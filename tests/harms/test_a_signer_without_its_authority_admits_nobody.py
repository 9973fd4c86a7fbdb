"""A signer that no signing CA of its participant stands above: nobody enters by what it has signed.

Whoever can put one certificate into a participant's list, or has one made by another CA, has a key that signs;
the chain from the signer to its signing CA is what shows that it is not the participant's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509 as library

from pratique.crypto import x509_write
from pratique.crypto.x509_write import Subject
from pratique.findings import Colour
from pratique.rules.documents import write
from pratique.terms import Environment
from pratique.trust import expiry
from tests.networks import AT, HOUR, Authority, State, Verifier, codes, key
from tests.travellers import rule
from tests.unit.made import Made, make

WHEN = int(AT.timestamp()) - 86_400
YEAR = 365 * 86_400


def issuer(name: str, country: str = "XA", at: int = WHEN) -> tuple[bytes, Made]:
    """Return a signing CA by the network's template, and the same to sign odd certificates with."""
    subject = Subject(name, "Ministry", country, Environment.TEST)
    der = x509_write.signing_ca(key(name), subject, at=at, serial=1)
    return der, of(der, name)


def of(der: bytes, name: str) -> Made:
    private: Any = x509_write.private(key(name))[0]
    return Made(library.load_der_x509_certificate(der), private)


def signer(by: Made | None = None, **changes: Any) -> bytes:
    """Return a certificate over the key that the state's certificates are signed with."""
    private: Any = x509_write.private(key("XXA dsc 0"))[0]
    return make(["XA"], key=private, by=by, start=AT.replace(month=11, day=20), **changes).der


def unknown(state: State) -> None:
    state.signers = [signer(issuer("mallory's")[1])]


def by_itself(state: State) -> None:
    state.signers = [signer()]


def wrong(state: State) -> None:
    _, forger = issuer("a namesake")
    own = of(state.ca, "XXA sca")
    state.signers = [signer(Made(own.certificate, forger.key), names_issuer=False)]


def foreign(state: State) -> None:
    state.ca, by = issuer("another state's", "XB")
    state.signers = [signer(by)]


def blind(state: State) -> None:
    by = make(["XA"], ca=True, name="SCA", raw=[("2.5.29.15", b"\x03\x02\x00\x80", True)])
    state.ca, state.signers = by.der, [signer(by)]


def early(state: State) -> None:
    state.ca, by = issuer("next year's", at=WHEN + YEAR)
    state.signers = [signer(by)]


def below(state: State) -> None:
    above = make(["XA"], ca=True, name="root")
    by = make(["XA"], ca=True, name="SCA", by=above)
    state.ca, state.signers = by.der, [signer(by)]
    state.more = [above.der]


def constrained(state: State) -> None:
    by = make(["XA"], ca=True, name="SCA", raw=[("1.2.3.4", b"\x05\x00", True)])
    state.ca, state.signers = by.der, [signer(by)]


def ended(state: State) -> None:
    end = AT.replace(month=11, day=21)
    by = make(["XA"], ca=True, name="SCA", raw=[("1.2.3.4", b"\x05\x00", True)], end=end)
    state.ca, state.signers = by.der, [signer(by)]


def of_a_service(state: State) -> None:
    state.signers = [signer(of(state.ca, "XXA sca"), eku=["1.3.6.1.5.5.7.3.9"])]


def of_a_ca(state: State) -> None:
    by = make(["XA"], ca=True, name="signer and CA", raw=[("2.5.29.15", b"\x03\x02\x00\x04", True)])
    private: Any = x509_write.private(key("XXA dsc 0"))[0]
    made = make(["XA"], key=private, by=by, ca=True, raw=[("2.5.29.15", b"\x03\x02\x00\x04", True)])
    state.ca, state.signers = by.der, [made.der]


FAULTS: dict[str, tuple[Callable[[State], None], str, str]] = {
    "nobody onboarded it": (unknown, "SCA_UNKNOWN", "issued by a signing CA"),
    "it signed itself": (by_itself, "SIGNER_SELF_SIGNED", "has signed itself"),
    "a wrong signature, no key named": (wrong, "SCA_UNFIT", "it names"),
    "another country's": (foreign, "SCA_UNFIT", "another country"),
    "without keyCertSign": (blind, "SCA_UNFIT", "may not sign certificates"),
    "not in use yet": (early, "SCA_NOT_YET", "has begun"),
    "below one that allows none": (below, "SCA_UNFIT", "stand below"),
    "with critical constraints": (constrained, "SCA_UNFIT", "cannot be judged"),
    "ended, with critical constraints": (ended, "SCA_DEAD", "signing CA has ended"),
    "a key that answers for a PKI": (of_a_service, "SIGNER_UNREADABLE", "is for signing documents"),
    "a key that signs certificates": (of_a_ca, "SIGNER_UNREADABLE", "is for signing documents"),
}


def network(change: Callable[[State], None] | None = None) -> tuple[Verifier, str]:
    authority, state = Authority(), State("XXA")
    authority.admit(state)
    state.rules = [write(rule("GR-XA-0001", {"===": [1, 1]}))]
    if change is not None:
        change(state)
    state.publish()
    text = state.issue()
    verifier = Verifier(authority.anchor)
    verifier.sync(authority.files)
    return verifier, text


def test_the_control_whoever_has_a_signer_in_order_enters() -> None:
    verifier, text = network()
    assert verifier.verify(text, place="XA").verdict.colour is Colour.GREEN


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_chain_is_named_and_admits_nobody(fault: str) -> None:
    change, code, why = FAULTS[fault]
    verifier, text = network(change)
    found = verifier.verify(text, place="XA")
    assert found.verdict.colour is Colour.AMBER
    assert code in codes(found)
    assert "NO_RULES" in codes(verifier.verify(text))
    # Whoever watches the network sees it before a traveller does.
    snapshot, at = verifier.snapshot(), int((AT + HOUR).timestamp())
    (row,) = expiry.of_signers(snapshot.trust, at=at, roll=snapshot.roll)
    assert any(why in expiry.says(strand) for strand in row.strands)
