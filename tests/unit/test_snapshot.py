"""A snapshot is the same bytes for the same content, and refused whole if it is anything else."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.crypto import algorithms, x509
from pratique.errors import DocumentRefused
from pratique.findings import Code
from pratique.revocation.revocations import Revocations
from pratique.revocation.tag_list import TagList, tag
from pratique.snapshot import Snapshot, Source
from pratique.terms import ALL_KINDS, Algorithm, Environment, Kind
from pratique.trust.certificates import Listed, signer
from pratique.trust.registry import ParticipantState, Registry
from pratique.trust.signer import Signer, TrustList
from tests.unit.made import TEST, make

codes = st.text("ABCXYZ", min_size=2, max_size=3)
seconds = st.integers(0, 253_402_300_799)
signers = st.builds(
    Signer,
    kid=st.binary(min_size=1, max_size=16),
    participant=codes,
    countries=st.frozensets(codes),
    algorithm=st.sampled_from(Algorithm),
    public_key=st.binary(max_size=64),
    usages=st.frozensets(st.sampled_from(Kind)),
    not_before=seconds,
    not_after=seconds,
    environment=st.sampled_from(Environment),
    domain=st.sampled_from(["DCC", "ICVP"]),
    thumbprint=st.text("0123456789abcdef", min_size=64, max_size=64),
    sca_not_after=st.none() | seconds,
    notes=st.tuples() | st.tuples(st.text(max_size=8)),
    reason=st.sampled_from(["", "eku-unreadable"]),
)


def snapshot(*held: Signer, **changes: Any) -> Snapshot:
    values: dict[str, Any] = {
        "number": 7,
        "created": 1_700_000_000,
        "environment": Environment.PRODUCTION,
        "trust": TrustList(held),
        "sources": (Source("list.json", "ab" * 32),),
    }
    return Snapshot(**(values | changes))


def real_signer() -> Signer:
    listed = Listed(x509.read(make(["DE"], eku=[TEST]).der))
    return signer(listed, environment=Environment.PRODUCTION)


@given(st.lists(signers, max_size=5))
def test_what_was_written_is_read_again(held: list[Signer]) -> None:
    written = snapshot(*held).to_bytes()
    assert Snapshot.from_bytes(written) == snapshot(*held)
    assert Snapshot.from_bytes(written).to_bytes() == written


@given(st.permutations([real_signer() for _ in range(3)]))
def test_the_same_content_makes_the_same_bytes(held: list[Signer]) -> None:
    assert snapshot(*held).to_bytes() == snapshot(*reversed(held)).to_bytes()


def test_an_empty_snapshot_is_one() -> None:
    assert len(Snapshot.from_bytes(snapshot().to_bytes()).trust) == 0


def refusal(data: bytes) -> DocumentRefused:
    with pytest.raises(DocumentRefused) as caught:
        Snapshot.from_bytes(data)
    return caught.value


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b'{"format": 1}', b'{"format": "other"}'])
def test_what_is_no_snapshot_is_refused(data: bytes) -> None:
    assert refusal(data).code in {"snapshot-malformed", "json-unreadable"}


def test_a_snapshot_of_another_version_says_so_and_what_to_do() -> None:
    later = snapshot().to_bytes().replace(b"pratique-snapshot-1", b"pratique-snapshot-2")
    assert refusal(later).code == "snapshot-version"
    assert refusal(later).hint


WRONG: dict[str, list[Any]] = {
    "number": ["7", 7.0, True, None],
    "created": ["now", None],
    "environment": ["PRODUCTION", 1, None, []],
    "sources": [None, [["name"]], [[1, 2]], ["xy"]],
    "signers": [None, {}, [None], [{}], [[]], ["x"]],
    "revocations": [[], {}, "x", {"lists": [1], "batches": [], "slices": []}],
}
WRONG_SIGNER: dict[str, list[Any]] = {
    "kid": [7, "not base64!", None],
    "participant": [7, None],
    "countries": ["DE", [1], None, [[]]],
    "algorithm": ["none", None, {}],
    "public_key": ["ä", 7],
    "usages": [["flight"], "test", [[]], None],
    "not_before": ["0", 1.5, True, None],
    "not_after": [None],
    "environment": [None, "dev"],
    "domain": [None],
    "thumbprint": [1],
    "sca_not_after": ["x", False],
    "notes": ["x", [1]],
    "reason": [None],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in WRONG.items() for v in vs])
def test_a_member_of_the_wrong_kind_is_refused(name: str, value: object) -> None:
    found = json.loads(snapshot(real_signer()).to_bytes())
    found[name] = value
    assert refusal(json.dumps(found).encode()).code == "snapshot-malformed"


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in WRONG_SIGNER.items() for v in vs])
def test_a_signers_member_of_the_wrong_kind_is_refused(name: str, value: object) -> None:
    found = json.loads(snapshot(real_signer()).to_bytes())
    found["signers"][0][name] = value
    assert refusal(json.dumps(found).encode()).code == "snapshot-malformed"


@pytest.mark.parametrize("in_signer", [True, False])
@pytest.mark.parametrize("too_many", [True, False])
def test_a_member_too_many_or_too_few_is_refused(in_signer: bool, too_many: bool) -> None:
    found = json.loads(snapshot(real_signer()).to_bytes())
    part = found["signers"][0] if in_signer else found
    if too_many:
        part["x"] = 1
    else:
        part.popitem()
    assert refusal(json.dumps(found).encode()).code == "snapshot-malformed"


def test_a_signer_that_is_there_twice_is_refused() -> None:
    found = json.loads(snapshot(real_signer()).to_bytes())
    found["signers"].append({**found["signers"][0], "usages": sorted(ALL_KINDS)})
    assert refusal(json.dumps(found).encode()).code == "snapshot-malformed"


@given(st.data())
def test_damage_is_refused_or_is_a_snapshot_and_nothing_else(data: st.DataObject) -> None:
    octets = bytearray(WRITTEN)
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] = data.draw(st.integers(0, 255))
    try:
        found = Snapshot.from_bytes(bytes(octets))
    except DocumentRefused:
        return
    assert isinstance(found, Snapshot)


WRITTEN = snapshot(real_signer()).to_bytes()


def test_a_snapshot_does_not_change() -> None:
    with pytest.raises(AttributeError):
        snapshot().number = 8


def test_each_key_is_loaded_once_and_only_when_asked_for() -> None:
    loaded: list[bytes] = []

    def load(algorithm: Algorithm, spki: bytes) -> algorithms.Checker:
        loaded.append(spki)
        return algorithms.load(algorithm, spki)

    one, other = real_signer(), real_signer()
    held = Snapshot.from_bytes(snapshot(one, other).to_bytes(), primitive=load)
    assert loaded == []
    check = held.checker(one)
    assert check is not None
    assert check is held.checker(one)
    assert loaded == [one.public_key]
    assert not check(b"\0" * 64, b"message")


def test_a_key_that_cannot_be_used_has_no_check() -> None:
    held = snapshot()
    assert held.checker(real_signer()._replace(public_key=b"")) is None
    assert held.checker(real_signer()._replace(algorithm=Algorithm.PS256)) is None


def revoking(kid: bytes, participant: str) -> Revocations:
    tags = [tag(kid, "URN:UVCI:1", 20)]
    head: dict[str, Any] = {"participant": participant, "kid": kid, "width": 20, "version": 1}
    return Revocations([TagList.build(tags, created=1, expires=9, **head)])


def asked(held: Snapshot, by: Signer, identifier: str = "URN:UVCI:1") -> Code | None:
    return held.revoked(by, identifiers=(identifier,), issuer="DE", signature=bytes(64), at=5)


def test_revocations_are_part_of_a_snapshot_and_are_kept() -> None:
    one = real_signer()
    held = snapshot(one, revocations=revoking(one.kid, one.participant))
    read = Snapshot.from_bytes(held.to_bytes())
    assert read == held
    assert read.to_bytes() == held.to_bytes()
    assert held != snapshot(one)
    for kept in (held, read, held.with_primitive(algorithms.load), read.replace(number=9)):
        assert asked(kept, one) is Code.REVOKED
        assert asked(kept, one, "URN:UVCI:2") is None
    assert asked(snapshot(one), one) is None


def test_no_revocations_are_none() -> None:
    assert snapshot(revocations=Revocations()) == snapshot()
    assert snapshot(revocations=Revocations()).revocations is None


def test_a_key_that_is_listed_twice_is_asked_about_under_both_kids() -> None:
    one = real_signer()
    again, foreign = one._replace(kid=b"other"), one._replace(kid=b"third", participant="FR")
    held = snapshot(one, again, foreign, revocations=revoking(one.kid, one.participant))
    assert asked(held, again) is Code.REVOKED
    # The same key under another participant's name: what it signed is what was taken back.
    assert asked(held, foreign) is Code.REVOKED
    abroad = foreign._replace(countries=frozenset({"FR"}))
    assert asked(snapshot(one, abroad, revocations=held.revocations), abroad) is None


def test_a_member_of_a_network_revokes_for_itself_alone() -> None:
    one = real_signer()
    other = one._replace(participant="FR")
    trust = TrustList([one, other], apart=True)
    roll = Registry(0, {"DE": ParticipantState(None), "FR": ParticipantState(None)})
    held = snapshot(trust=trust, roll=roll, revocations=revoking(one.kid, "DE"))
    assert asked(held, one) is Code.REVOKED
    assert asked(held, other) is None


def test_without_revocations_nothing_of_theirs_is_loaded() -> None:
    code = (
        "import sys; from pratique.verification import verify; from pratique.snapshot import Snapshot; "
        "Snapshot.from_bytes(sys.stdin.buffer.read()); "
        "sys.exit(any(n.startswith('pratique.revocation.') "
        "for n in sys.modules))"
    )
    for held, expected in ((snapshot(), 0), (snapshot(revocations=revoking(b"k", "DE")), 1)):
        done = subprocess.run([sys.executable, "-c", code], input=held.to_bytes(), check=False)
        assert done.returncode == expected


def test_reading_a_snapshot_loads_no_x509_code() -> None:
    code = (
        "import sys; from pratique.snapshot import Snapshot; "
        "Snapshot.from_bytes(sys.stdin.buffer.read()); "
        "none = ('cryptography', 'pratique.crypto.', 'pyld', 'pydantic'); "
        "sys.exit(any(n.startswith(none) for n in sys.modules if n != 'pratique.strict_json'))"
    )
    done = subprocess.run([sys.executable, "-c", code], input=WRITTEN, check=False)
    assert done.returncode == 0
