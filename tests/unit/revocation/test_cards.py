"""Lists of revoked SMART Health Cards: whose they are, what they revoke, and what they cannot clear."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.crypto import algorithms, jose, keys
from pratique.errors import DocumentRefused, PratiqueError
from pratique.findings import Code
from pratique.parties import trust, verifier
from pratique.revocation import cards
from pratique.revocation.cards import RidList
from pratique.revocation.revocations import Revocations, from_rows, to_rows
from pratique.snapshot import Snapshot
from pratique.store import sources
from pratique.terms import Environment, Scheme
from pratique.trust.lists import StoreName
from pratique.trust.signer import TrustList
from tests.schemes import shc

ISSUER, KID = "https://cards.example/issuer", "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s"
KEY = (ISSUER, KID)


def document(*rids: Any, **changes: Any) -> dict[str, Any]:
    return {"kid": KID, "method": "rid", "ctr": 1, "rids": list(rids), **changes}


def read(*rids: Any, **changes: Any) -> RidList:
    return cards.read(document(*rids, **changes), ISSUER)


def test_a_list_is_read() -> None:
    found = read("FKDIxsTCGlU", "vwAjHdarZuc.1687450765")
    assert found.key == KEY
    assert found[2:] == (1, 0, True, {"FKDIxsTCGlU": None, "vwAjHdarZuc": 1687450765})
    assert found.find("FKDIxsTCGlU", None) is Code.REVOKED
    assert found.find("vwAjHdarZuc", 1687450764) is Code.REVOKED
    assert found.find("vwAjHdarZuc", 1687450765) is None
    assert found.find("vwAjHdarZuc", None) is Code.REVOCATION_UNCONFIRMED
    assert found.find("vwAjHdarZu", None) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"rids": ["abc", "abc"]},
        {"rids": ["abc", "abc.5"]},
        {"rids": ["a" * 25]},
        {"rids": ["a b"]},
        {"rids": ["ä"]},
        {"rids": [""]},
        {"rids": ["a.b"]},
        {"rids": ["a.1.2"]},
        {"rids": ["a.1.5"]},
        {"rids": [f"a.{10**12}"]},
        {"rids": [7]},
        {"rids": None},
        {"rids": {"abc": 1}},
        {"method": "ctr"},
        {"method": None},
        {"ctr": None},
        {"ctr": "one"},
        {"ctr": True},
        {"ctr": -1},
        {"ctr": 10**12},
    ],
)
def test_a_list_that_is_not_read_whole_clears_no_card(changes: dict[str, Any]) -> None:
    found = cards.read(document("held", **changes), ISSUER)
    assert not found.whole
    assert found.find("other", 1) is Code.REVOCATION_UNCONFIRMED


def test_what_can_be_read_of_a_damaged_list_revokes() -> None:
    found = read("good", "not good", "twice.5", "twice.9")
    assert found.find("good", 1) is Code.REVOKED
    assert found.find("twice", 8) is Code.REVOKED
    assert read("twice.5", "twice").find("twice", 9) is Code.REVOKED


@pytest.mark.parametrize("kid", [None, "", 7, "k" * 2000])
def test_a_list_of_no_key_is_refused(kid: object) -> None:
    with pytest.raises(DocumentRefused) as caught:
        cards.read(document(kid=kid), ISSUER)
    assert caught.value.code == "cards-malformed"


def test_a_number_may_be_a_text() -> None:
    # The Northwest Territories' lists.
    assert read(ctr="7").version == 7
    assert read(ctr="7").whole


def test_a_list_behind_the_one_that_its_key_set_names_clears_no_card() -> None:
    (stated,) = cards.of_keys(ISSUER, [{"kid": KID, "crlVersion": 2}, {"kid": "other"}, 7])
    assert stated.find("abc", 1) is Code.REVOCATION_LIST_EXPIRED
    assert read("abc").joined(stated).find("abc", 1) is Code.REVOKED
    assert read("abc").joined(stated).find("def", 1) is Code.REVOCATION_LIST_EXPIRED
    for newer in (2, 3):
        assert stated.joined(read("abc", ctr=newer)).find("def", 1) is None


def test_a_list_longer_than_any_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "MOST_ENTRIES", 2)
    assert read("a", "b").whole
    found = read("a", "b", "c")
    assert (found.whole, set(found.entries)) == (False, {"a", "b"})


def test_a_key_without_a_name_states_no_list() -> None:
    rows = [{"kid": kid, "crlVersion": 1} for kid in (None, 7, "", "k" * 2000)]
    assert list(cards.of_keys(ISSUER, rows)) == []


def test_what_is_held_only_grows() -> None:
    held = Revocations().with_cards([read("abc", "old.5")])
    later = held.with_cards([read("def", "old.3", ctr=2)])
    for rid in ("abc", "def"):
        assert later.of_card(KEY, rid, 9) is Code.REVOKED
    assert later.of_card(KEY, "old", 4) is Code.REVOKED
    assert later.cards[KEY].version == 2
    earlier = later.with_cards([read(ctr=1)])
    assert earlier == later


def test_a_later_list_that_is_whole_makes_good_a_damaged_one() -> None:
    damaged, whole = read("a b", ctr=1), read("abc", ctr=2)
    assert damaged.joined(whole).whole
    assert whole.joined(damaged).whole
    assert not read("abc", ctr=1).joined(read("a b", ctr=2)).whole
    # Got again, and read whole this time.
    assert damaged.joined(read("abc", ctr=1)).whole


def test_a_directory_holds_lists_of_its_issuers() -> None:
    directory = {
        "issuerInfo": [
            {"issuer": {"iss": ISSUER}, "keys": [{"kid": KID, "crlVersion": 1}], "crls": [document("abc")]},
            {"issuer": {"iss": "https://other.example"}, "keys": [], "crls": [document("def"), 7, {"kid": 1, "rids": []}]},
            {"issuer": {}}, 7, {"issuer": {"iss": 7}, "crls": [document("xyz")]}, {"issuer": {"iss": ISSUER}, "crls": 1},
        ]
    }  # fmt: skip
    held = Revocations().with_cards(cards.of_directory(directory))
    assert set(held.cards) == {KEY, ("https://other.example", KID)}
    assert held.of_card(KEY, "abc", 1) is Code.REVOKED
    assert held.of_card(KEY, "def", 1) is None
    assert cards.of_directory([]) == cards.of_directory({"issuerInfo": 1}) == ()


def test_they_are_kept_as_they_are() -> None:
    held = Revocations().with_cards(
        [read("abc", "def.5"), cards.read(document("x y"), "https://b.example")]
    )
    rows = to_rows(held)
    assert rows is not None
    assert from_rows(rows) == held
    assert bool(held)
    assert held != Revocations()
    assert hash(held) == hash(from_rows(rows))
    assert from_rows(rows).with_others(Revocations()) == held
    assert Revocations().with_others(held) == held


def test_snapshots_of_before_stay_the_bytes_that_they_were() -> None:
    assert to_rows(Revocations()) == {"lists": [], "batches": [], "slices": []}


@pytest.mark.parametrize("entries", [["a", "a"], ["a", "a.5"], ["a b"], ["b", "a"]])
def test_rows_that_no_snapshot_writes_are_refused(entries: list[str]) -> None:
    row = [ISSUER, KID, 1, 0, True, entries]
    with pytest.raises(ValueError):  # noqa: PT011 - its reader turns whatever it is into a refusal
        from_rows({"lists": [], "batches": [], "slices": [], "cards": [row]})


# Importing them.

AT = datetime(2023, 7, 1, tzinfo=UTC)


def file(folder: Path, content: object, name: str = "crl.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(content))
    return path


def hold(home: Path, *issuers: str) -> None:
    key = keys.generate()
    signers = [shc.signer(key, issuer=issuer)._replace(kid=KID.encode()) for issuer in issuers]
    snapshot = Snapshot(
        number=1, created=0, environment=Environment.PRODUCTION, trust=TrustList(signers)
    )
    sources.save_snapshot(sources.home(home), snapshot)


def test_a_list_is_of_whoevers_key_is_held(tmp_path: Path) -> None:
    home = tmp_path / "home"
    hold(home, ISSUER)
    done = trust.import_revocations(home, [file(tmp_path, document("abc"))], at=AT)
    assert done.lines[1].startswith(
        "0 lists with 0 revocations, 0 foreign entries, 0 approximate lists, 1 list of SMART"
    )
    held = verifier.imported(home)
    assert held.revocations is not None
    assert held.revocations.of_card(KEY, "abc", 1) is Code.REVOKED
    (row,) = trust.rows(held.revocations, 0)
    assert (row["kind"], row["participant"], row["count"], row["of"]) == (
        "cards",
        ISSUER,
        1,
        "version 1",
    )


@pytest.mark.parametrize("issuers", [(), (ISSUER, "https://other.example")])
def test_a_list_of_nobody_in_particular_is_refused(
    tmp_path: Path, issuers: tuple[str, ...]
) -> None:
    home, path = tmp_path / "home", file(tmp_path, document("abc"))
    hold(home, *issuers)
    with pytest.raises(PratiqueError) as caught:
        trust.import_revocations(home, [path], at=AT)
    assert caught.value.code == "revocation-issuer"
    assert trust.import_revocations(home, [path], at=AT, issuer=ISSUER).errors == ()


def test_a_list_that_clears_nobody_is_told_of(tmp_path: Path) -> None:
    home, directory = tmp_path / "home", {
        "issuerInfo": [{"issuer": {"iss": ISSUER}, "keys": [{"kid": KID, "crlVersion": 2}], "crls": [document("abc")]}]
    }  # fmt: skip
    done = trust.import_revocations(home, [file(tmp_path, directory)], at=AT)
    assert any("older than its key set says" in note for note in done.notes)
    done = trust.import_revocations(
        home, [file(tmp_path, document("a b"))], at=AT, issuer="https://b.example"
    )
    assert any("could not be read whole" in note for note in done.notes)


def test_keys_bring_their_revocations_along(tmp_path: Path) -> None:
    key = keys.generate()
    public = algorithms.read_der(key.public_key)
    kid = jose.thumbprint(public)
    jwk = {**jose.write_jwk(public), "kid": kid, "use": "sig", "alg": "ES256", "crlVersion": 1}
    directory = {
        "issuerInfo": [{"issuer": {"iss": ISSUER}, "keys": [jwk], "crls": [document("abc", kid=kid)]}]
    }  # fmt: skip
    trust.import_signers(tmp_path / "a", [file(tmp_path, directory)], at=AT)
    held = verifier.imported(tmp_path / "a").revocations
    assert held is not None
    assert held.of_card((ISSUER, kid), "abc", 1) is Code.REVOKED
    path = file(tmp_path, {"keys": [jwk]}, "jwks.json")
    trust.import_signers(tmp_path / "b", [path], at=AT, store=StoreName(Scheme.SHC, ISSUER))
    held = verifier.imported(tmp_path / "b").revocations
    assert held is not None
    assert held.of_card((ISSUER, kid), "abc", 1) is Code.REVOCATION_LIST_EXPIRED


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["kid", "rids", "ctr", "method", "iss", "issuer", "keys", "crls", "crlVersion"]), inner),
    max_leaves=12,
)  # fmt: skip


@given(odd)
def test_no_document_raises_but_for_its_refusal(value: Any) -> None:
    cards.of_directory(value)
    cards.of_directory({"issuerInfo": [value]})
    cards.of_directory({"issuerInfo": [{"issuer": {"iss": "a"}, "keys": value, "crls": [value]}]})
    with contextlib.suppress(DocumentRefused):
        cards.read(value, ISSUER)
    if isinstance(value, dict):
        found = cards.read({**value, "kid": KID}, ISSUER)
        assert from_rows(to_rows(Revocations().with_cards([found]))).cards == {KEY: found}
