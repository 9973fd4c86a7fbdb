"""Harm: a list that takes certificates back becomes a switch, misses its twins, or names people.

Italy used its list to suspend people who had tested positive, and let certificates of a revoked key be
valid again the next day (2021). Zhengzhou turned 1,317 codes red, and back (2022).
"""

from __future__ import annotations

import inspect
import random
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest

from pratique.errors import DocumentRefused
from pratique.revocation import revocations, tag_list
from pratique.revocation.revocations import Revocations
from pratique.revocation.tag_list import TagList, tag
from pratique.snapshot import Snapshot
from pratique.terms import Environment, Step
from pratique.trust.signer import Signer, TrustList
from pratique.verification import verify, verify_many
from tools import measure
from tools.vectors import content, keys
from tools.vectors.layers import KID, UNTAGGED, cbor, claims, hc1, pack, signed, text

AT = datetime.fromtimestamp(keys.NOON, UTC)
UCI, OTHER = "URN:UVCI:01:XU:TAKEN-BACK", "URN:UVCI:01:XU:IN-FORCE"
OWN_KID, WIDTH = keys.SIGNERS["utopia"].kid, 24
ORDER = keys.P256_ORDER


def revoking(tags: set[int], version: int = 1, kid: bytes = OWN_KID) -> TagList:
    return TagList.build(
        tags, participant="XXU", kid=kid, width=WIDTH, version=version,
        created=keys.NOON - 10 + version, expires=keys.END,
    )  # fmt: skip


PLAIN = measure.snapshot().replace(revocations=None)
HELD = PLAIN.replace(revocations=Revocations([revoking({tag(OWN_KID, UCI, WIDTH), 7})]))


def codes(made: str, snapshot: Snapshot = HELD) -> list[str]:
    found = verify(made, snapshot=snapshot, at=AT)
    (again,) = verify_many([made], snapshot=snapshot, at=AT)
    assert again == found
    return [finding.code.name for finding in found.verdict.findings]


def malleated(message: bytes) -> bytes:
    signature = keys.sign("utopia", message)
    return signature[:32] + (ORDER - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")


def twins(uci: str) -> dict[str, str]:
    made = claims(content.vaccinated({"ci": uci}))
    stored = zlib.compressobj(0)
    return {
        "itself": text(made),
        "malleated": text(made, sign=malleated),
        "recompressed": hc1(zlib.compress(signed(made), 1)),
        "stored": hc1(stored.compress(signed(made)) + stored.flush()),
        "untagged": hc1(pack(signed(made, tag=UNTAGGED))),
        "more in the open header": text(made, unprotected={99: "x" * 40}),
        "kid moved": text(made, protected=cbor({1: -7}), unprotected={KID: OWN_KID}),
        "kid twice": text(made, unprotected={KID: b"another"}),
    }


@pytest.mark.parametrize("name", twins(UCI))
def test_a_twin_of_what_was_revoked_is_revoked(name: str) -> None:
    assert "REVOKED" in codes(twins(UCI)[name])
    assert text(claims(content.vaccinated({"ci": UCI}))) == twins(UCI)["itself"]


@pytest.mark.parametrize("name", twins(OTHER))
def test_a_twin_of_what_is_in_force_is_in_force(name: str) -> None:
    # Control: the twins are read, and what makes them red is the list alone.
    assert set(codes(twins(OTHER)[name])) <= {"NO_RULES", "KID_UNPROTECTED"}
    assert set(codes(twins(UCI)[name], PLAIN)) <= {"NO_RULES", "KID_UNPROTECTED"}


def test_twins_are_different_texts_of_one_certificate() -> None:
    assert len(set(twins(UCI).values())) == len(twins(UCI))


def test_a_key_that_is_listed_under_another_kid_does_not_shake_its_list_off() -> None:
    (own,) = PLAIN.trust.signers_for(OWN_KID)
    again = own._replace(kid=b"again")
    trust = TrustList([*PLAIN.trust, again])
    moved = text(
        claims(content.vaccinated({"ci": UCI})),
        protected=cbor({1: -7}), unprotected={KID: b"again"},
    )  # fmt: skip
    both = HELD.replace(trust=trust)
    assert "REVOKED" in codes(moved, both)
    assert "REVOKED" not in codes(moved, both.replace(revocations=None))


def test_revoked_is_not_the_same_as_not_meeting_rules() -> None:
    found = verify(twins(UCI)["itself"], snapshot=HELD, at=AT)
    assert found.verdict.steps()[Step.REVOCATION] == "fault"
    assert found.verdict.steps()[Step.RULES] == "passed"


def test_there_is_no_way_to_take_a_revocation_back() -> None:
    words = (
        "remov",
        "delete",
        "drop",
        "undo",
        "restore",
        "unrevoke",
        "discard",
        "without",
        "clear",
    )
    names = [
        name
        for module in (revocations, tag_list, tag_list)
        for _, part in inspect.getmembers(module, inspect.isclass)
        for name in (*vars(part), part.__name__)
        if part.__module__ == module.__name__
    ]
    assert "with_list" in names
    assert [name for name in names if any(word in name.lower() for word in words)] == []


def test_over_random_histories_nothing_held_is_ever_lost() -> None:
    # A publisher who tries everything: later lists, older ones, lists that lack tags, deltas of any two.
    draw = random.Random(20211027)
    for _ in range(1_000):
        history = [revoking({1})]
        for version in range(2, 6):
            tags = set(history[-1].tags()) | {draw.randrange(1 << WIDTH) for _ in range(2)}
            if draw.random() < 0.3:
                tags.pop()
            history.append(revoking(tags, version))
        mine = Revocations([history[0]])
        for _ in range(6):
            before = set(mine.lists[OWN_KID, "XXU"].tags())
            mine = offered(mine, draw.choice(history))
            after = mine.lists[OWN_KID, "XXU"]
            assert before <= set(after.tags())


def offered(mine: Revocations, later: TagList) -> Revocations:
    try:
        return mine.with_list(later)
    except DocumentRefused:
        return mine


def test_a_list_without_the_check_would_lose_tags() -> None:
    # Positive control: the same histories do hold lists that would take something back.
    lossy = revoking({2}, version=2)
    mine = Revocations([revoking({1})])
    assert set(Revocations([*mine.lists.values(), lossy]).lists[OWN_KID, "XXU"].tags()) == {2}
    with pytest.raises(DocumentRefused) as caught:
        mine.with_list(lossy)
    assert caught.value.code == "revocation-removed"


def test_who_holds_a_list_cannot_find_out_who_is_on_it() -> None:
    # 2^20 guessed identifiers against 2^12 tags of 24 bits: hits are as many as chance makes.
    draw = random.Random(3)
    secret = [f"URN:UVCI:01:XU:{draw.getrandbits(80):020X}" for _ in range(1 << 12)]
    published = revoking({tag(OWN_KID, uci, WIDTH) for uci in secret})
    guesses = {tag(OWN_KID, f"URN:UVCI:01:XU:{number:020X}", WIDTH) for number in range(1 << 20)}
    share = len(published) / (1 << WIDTH)
    expected = len(guesses) * share
    hits = len(published.contains_many(guesses))
    assert abs(hits - expected) < 6 * expected**0.5
    # Positive control: whoever knows the identifiers sees every one of them.
    assert len(published.contains_many({tag(OWN_KID, uci, WIDTH) for uci in secret})) == len(
        published
    )


def test_a_list_holds_no_reason_and_no_date_of_a_certificate() -> None:
    head: Any = HELD.revocations
    (found,) = head.lists.values()
    assert set(found.head._fields) == {
        "participant", "kid", "width", "version", "created", "expires",
    }  # fmt: skip


def test_nobody_revokes_for_another() -> None:
    (own,) = PLAIN.trust.signers_for(OWN_KID)
    assert isinstance(own, Signer)
    assert own.environment is Environment.PRODUCTION
    foreign = TagList.build(
        [tag(OWN_KID, UCI, WIDTH)], participant="XXA", kid=OWN_KID, width=WIDTH, version=1,
        created=1, expires=keys.END,
    )  # fmt: skip
    assert codes(twins(UCI)["itself"], PLAIN.replace(revocations=Revocations([foreign]))) == [
        "NO_RULES"
    ]
