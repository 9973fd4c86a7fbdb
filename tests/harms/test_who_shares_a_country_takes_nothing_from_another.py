"""Two participants that may sign for one country: neither takes back what the other has signed."""

from __future__ import annotations

import pytest

from pratique.compile import merged
from pratique.revocation import tag_list
from pratique.revocation.revocations import Revocations
from pratique.snapshot import Snapshot
from pratique.terms import Environment
from pratique.trust.signer import TrustList
from pratique.verification import verify
from tests.networks import AT, HOUR, WIDTH, Authority, State, Verifier, codes


def two() -> tuple[Authority, State, State]:
    """Return an authority and two participants with the country XA; "XXA" is how the first is spelled in tables."""
    authority, named, other = Authority(), State("XXA"), State("XXM", country="XA")
    authority.admit(named, other)
    named.publish()
    other.publish()
    return authority, named, other


def synced(authority: Authority) -> Snapshot:
    verifier = Verifier(authority.anchor)
    verifier.sync(authority.files)
    return verifier.snapshot()


@pytest.mark.parametrize("swapped", [False, True])
def test_a_participant_that_lists_anothers_signer_revokes_nothing_of_it(swapped: bool) -> None:
    authority, named, other = two()
    attacker, victim = (other, named) if swapped else (named, other)
    text = victim.issue()
    kid, tag = victim.tags[text]
    attacker.signers.append(victim.signers[0])
    attacker.publish()
    attacker.revoke_tags(kid, {tag})
    attacker.publish()
    found = verify(text, snapshot=synced(authority), at=AT + HOUR)
    assert codes(found) == ["NO_RULES"]
    # The control: the victim's own list takes it back.
    victim.revoke(text)
    victim.publish()
    assert "REVOKED" in codes(verify(text, snapshot=synced(authority), at=AT + HOUR))


@pytest.mark.parametrize("reason", ["key-compromise", "key-lost", "superseded"])
def test_nor_does_it_withdraw_anothers_signer(reason: str) -> None:
    authority, attacker, victim = two()
    text = victim.issue()
    attacker.signers.append(victim.signers[0])
    attacker.withdrawn[1] = reason
    attacker.publish()
    assert codes(verify(text, snapshot=synced(authority), at=AT + HOUR)) == ["NO_RULES"]
    victim.withdrawn[0] = reason
    victim.publish()
    assert "SIGNER_WITHDRAWN" in codes(verify(text, snapshot=synced(authority), at=AT + HOUR))


@pytest.mark.parametrize(
    ("name", "found"), [("XXA", "NO_RULES"), ("XA", "NO_RULES"), ("XXM", "REVOKED")]
)
def test_an_imported_list_counts_for_its_own_participants_signers(name: str, found: str) -> None:
    authority, _, victim = two()
    text = victim.issue()
    kid, tag = victim.tags[text]
    now = int(AT.timestamp())
    one = tag_list.TagList.build(
        [tag], participant=name, kid=kid, width=WIDTH, version=1, created=now, expires=now + 86_400
    )
    imported = Snapshot(
        number=1, created=0, environment=Environment.TEST, trust=TrustList(), revocations=Revocations([one]),
    )  # fmt: skip
    after = verify(text, snapshot=merged(synced(authority), imported), at=AT + HOUR)
    assert codes(after) == [found]
