"""Signing in at an issuer's desk: tokens, passphrases, sessions that end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pratique.errors import DocumentRefused, UsageError
from pratique.parties import desk_operators, desk_service
from pratique.parties.desk import DeskAct, DeskCall, Right
from tests import ceremonies, issuing_desks
from tests.issuing_desks import CLERK, PASSPHRASES, SECOND, Client, OpenDesk

WRONG = "walrus copper evening tra"


def _who(call: DeskCall) -> dict[str, Any]:
    return {"who": call.operator.pseudonym}


def _second(call: DeskCall) -> dict[str, Any]:
    return {"who": call.desk.verified(call.asked["pseudonym"], call.asked["passphrase"]).pseudonym}


ACTS = {
    "who": DeskAct(Right.ISSUE, _who),
    "second": DeskAct(Right.REVOKE, _second),
    "audit": DeskAct(Right.AUDIT, _who),
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[OpenDesk]:
    with issuing_desks.serving(tmp_path, acts=ACTS, idle=600) as opened:
        yield opened


def entry(
    token: str, pseudonym: str = CLERK, passphrase: str = PASSPHRASES[CLERK]
) -> dict[str, Any]:
    return {"token": token, "pseudonym": pseudonym, "passphrase": passphrase}


def test_who_signs_in_is_known_from_then_on(desk: OpenDesk) -> None:
    assert desk.client().good("who") == {"who": CLERK}
    assert desk.client(SECOND).good("who") == {"who": SECOND}


def test_the_page_is_told_of_the_desk_and_of_the_operators_rights(desk: OpenDesk) -> None:
    about = desk.client().about
    assert about["operator"] == {"pseudonym": CLERK, "rights": ["issue", "revoke"]}
    assert about["site"] == "harbour"
    assert (about["country"], about["participant"], about["environment"]) == ("XU", "XXU", "test")
    assert about["layouts"] == ["a4", "card", "large"]
    assert about["idle"] == 600
    assert "en" in about["languages"]


def test_a_token_is_used_once(desk: OpenDesk) -> None:
    token, anybody = desk.sign_in.draw_token(), Client(desk.port)
    assert anybody.ask("session", entry(token)).status == 200
    assert anybody.refused("session", entry(token)) == "token-unknown"


@pytest.mark.parametrize("token", ["", "x", "A" * 43, 7, None, ["x"]])
def test_without_a_token_no_passphrase_is_looked_at(desk: OpenDesk, token: Any) -> None:
    # Neither a wrong one nor the right one is told apart from the other.
    for passphrase in (WRONG, PASSPHRASES[CLERK]) * desk_service.MOST_WRONG:
        asked = entry(token, passphrase=passphrase)
        assert Client(desk.port).refused("session", asked) == "token-unknown"
    # What would have counted is not locked.
    desk.client()


@pytest.mark.parametrize(
    ("pseudonym", "passphrase"), [(CLERK, WRONG), (CLERK, ""), ("", ""), ("op-99", PASSPHRASES[CLERK]), (SECOND, PASSPHRASES[CLERK])],
)  # fmt: skip
def test_a_wrong_passphrase_says_nothing_of_what_was_wrong_and_leaves_the_token(
    desk: OpenDesk, pseudonym: str, passphrase: str
) -> None:
    token, anybody = desk.sign_in.draw_token(), Client(desk.port)
    reply = anybody.ask("session", entry(token, pseudonym, passphrase))
    assert (reply.status, reply.document["code"]) == (400, "operator-unknown")
    assert passphrase == "" or passphrase.encode() not in reply.body
    assert anybody.ask("session", entry(token)).status == 200


def test_after_five_wrong_ones_even_the_right_passphrase_waits_for_the_terminal(
    desk: OpenDesk,
) -> None:
    before, token, anybody = desk.client(), desk.sign_in.draw_token(), Client(desk.port)
    for _ in range(desk_service.MOST_WRONG):
        assert anybody.refused("session", entry(token, passphrase=WRONG)) == "operator-unknown"
    assert anybody.refused("session", entry(token)) == "token-unknown"
    asked = {"pseudonym": SECOND, "passphrase": PASSPHRASES[SECOND]}
    assert before.refused("second", asked) == "desk-locked"
    assert [line for line in desk.told if "wrong" in line]
    # Whoever works goes on, and a new address opens it again.
    assert before.good("who") == {"who": CLERK}
    desk.client()
    assert before.good("second", asked) == {"who": SECOND}


def test_the_second_persons_passphrase_is_not_guessed_from_within_either(desk: OpenDesk) -> None:
    clerk = desk.client()
    said = [
        clerk.refused("second", {"pseudonym": SECOND, "passphrase": f"{WRONG} {number}"})
        for number in range(desk_service.MOST_WRONG + 1)
    ]
    assert said == ["operator-unknown"] * desk_service.MOST_WRONG + ["desk-locked"]


def test_signing_in_between_guesses_gives_no_more_of_them(desk: OpenDesk) -> None:
    """An insider guesses the second person's passphrase, and takes the count back with her own."""
    clerk, looked_at = desk.client(), 0
    for number in range(4 * desk_service.MOST_WRONG):
        guess = {"pseudonym": SECOND, "passphrase": f"{WRONG} {number}"}
        if clerk.refused("second", guess) != "operator-unknown":
            break
        looked_at += 1
        clerk.ask("session.end")
        said = clerk.ask("session", entry(clerk.session))
        if said.status == 200:
            clerk = Client(desk.port, said.document["session"])
    assert looked_at <= desk_service.MOST_WRONG
    assert [line for line in desk.told if "wrong" in line]


def test_a_clerk_who_mistypes_her_own_locks_nobody_out(desk: OpenDesk) -> None:
    clerk = desk.client()
    for _ in range(2 * desk_service.MOST_WRONG):
        clerk.good("session.end")
        wrong = entry(clerk.session, passphrase=WRONG)
        assert clerk.refused("session", wrong) == "operator-unknown"
        unknown = entry(clerk.session, "op-71", WRONG)
        assert clerk.refused("session", unknown) == "operator-unknown"
        again = clerk.good("session", entry(clerk.session))
        clerk = Client(desk.port, again["session"])


def test_no_pseudonym_looks_like_anothers_or_like_two(tmp_path: Path) -> None:
    folder = issuing_desks.issuer_of(tmp_path / "issuer").folder
    rights, passphrase = frozenset({Right.REVOKE}), PASSPHRASES[CLERK] + "!"
    alike = (
        "\u043ep-17",  # CYRILLIC SMALL LETTER O
        "op-1\uff17",  # FULLWIDTH DIGIT SEVEN
        "op\u201017",  # HYPHEN
        f"{CLERK}+{SECOND}",
    )
    for pseudonym in alike:
        with pytest.raises(UsageError) as error:
            desk_operators.add(folder, pseudonym, rights, passphrase, None)
        assert error.value.code == "pseudonym-signs"
        assert pseudonym not in str(error.value)
    for pseudonym in ("OP-17", "Op-17"):
        with pytest.raises(UsageError) as error:
            desk_operators.add(folder, pseudonym, rights, passphrase, None)
        assert error.value.code == "operator-similar"
    assert desk_operators.add(folder, "op-171", rights, passphrase, None).pseudonym == "op-171"


NAMES = (
    "Jane Doe",
    "jane@clinic.example",
    "jane\tdoe",
    "jane\u00a0doe",
    "jane\u2003doe",
    "jane\ndoe",
)
"""Blanks and @ are in names and addresses, which are personal data, also of staff."""
REFUSED = [*((name, "code-name") for name in NAMES), ("op-17+op-23", "pseudonym-signs"), ("op/17", "pseudonym-signs"),
           ("-41", "pseudonym-signs"), ("", "code-unreadable"), ("x" * 81, "code-unreadable")]  # fmt: skip


@pytest.mark.parametrize(("pseudonym", "code"), REFUSED, ids=range(len(REFUSED)))
def test_a_name_is_no_pseudonym_for_the_command_nor_for_whoever_calls_it(
    tmp_path: Path, pseudonym: str, code: str
) -> None:
    folder = issuing_desks.issuer_of(tmp_path / "issuer").folder
    before = (folder / desk_operators.DOCUMENT).read_bytes()
    with pytest.raises(UsageError) as error:
        desk_operators.add(folder, pseudonym, frozenset({Right.ISSUE}), PASSPHRASES[CLERK], None)
    assert error.value.code == code
    desk = ceremonies.Desk(tmp_path)
    asked = ("desk", "operator", "add", "--may", "issue", "--", pseudonym)
    said = desk.refused(*asked, PRATIQUE_DESK_PASSPHRASE=PASSPHRASES[CLERK])
    assert (said.code, said.exit_code) == (code, 2)
    for each in (error.value, said):
        assert not pseudonym or pseudonym not in f"{each.message}{each.hint}"
    assert (folder / desk_operators.DOCUMENT).read_bytes() == before
    # The control: a code is taken by both.
    desk_operators.add(folder, "op-41", frozenset({Right.ISSUE}), PASSPHRASES[CLERK], None)
    said_of = desk.run(
        "desk", "operator", "add", "--may", "issue", "op-42", PRATIQUE_DESK_PASSPHRASE=PASSPHRASES[CLERK]
    )  # fmt: skip
    assert said_of == "op-42 may issue\n"


@pytest.mark.parametrize("name", ["Jane Doe", "jane@clinic.example", "op-17+op-23", ""])
def test_a_name_that_was_written_into_the_list_by_hand_signs_nothing(
    desk: OpenDesk, name: str
) -> None:
    clerk, path = desk.client(), desk.place.folder / desk_operators.DOCUMENT
    assert clerk.good("who") == {"who": CLERK}
    path.write_text(path.read_text().replace(f'"{SECOND}"', json.dumps(name)))
    with pytest.raises(DocumentRefused) as error:
        desk_operators.load(desk.place.folder)
    assert error.value.code == "operators-malformed"
    assert not name or name not in str(error.value)
    # Nobody works on by a list that cannot be told.
    assert clerk.ask("who").status in {400, 401}


def test_nobody_signs_in_by_a_name(desk: OpenDesk) -> None:
    for name in NAMES:
        asked = entry(desk.sign_in.draw_token(), name)
        said = Client(desk.port).ask("session", asked)
        assert said.document["code"] == "operator-unknown"
        assert name not in said.body.decode()


def test_a_session_ends_when_nothing_is_asked_for_a_while(desk: OpenDesk) -> None:
    clerk = desk.client()
    for _ in range(5):
        desk.clock.at += 599
        assert clerk.ask("who").status == 200
    desk.clock.at += 601
    # Its page is told that the session stands for a token: an address need not be asked for.
    reply = clerk.ask("who")
    assert (reply.status, reply.document["code"]) == (401, "session-over")
    assert clerk.ask("session", entry(clerk.session)).status == 200
    reply = clerk.ask("who")
    assert (reply.status, reply.document["code"]) == (401, "signed-out")
    assert Client(desk.port, "A" * 43).refused("who") == "signed-out"


def test_an_ended_session_stands_for_a_token_once_and_never_without_the_passphrase(
    desk: OpenDesk,
) -> None:
    clerk = desk.client()
    clerk.good("session.end")
    assert clerk.ask("who").status == 401
    assert clerk.refused("session", entry(clerk.session, passphrase=WRONG)) == "operator-unknown"
    again = clerk.good("session", entry(clerk.session))
    assert Client(desk.port, again["session"]).good("who") == {"who": CLERK}
    assert clerk.refused("session", entry(clerk.session)) == "token-unknown"
    assert clerk.ask("who").status == 401


def test_a_live_session_is_no_token(desk: OpenDesk) -> None:
    clerk = desk.client()
    assert clerk.refused("session", entry(clerk.session)) == "token-unknown"


def test_who_is_taken_out_is_out_at_once_and_who_loses_a_right_too(desk: OpenDesk) -> None:
    clerk, second, folder = desk.client(), desk.client(SECOND), desk.place.folder
    desk_operators.remove(folder, CLERK)
    assert clerk.ask("who").status == 401
    desk_operators.add(folder, SECOND, frozenset({Right.AUDIT}), PASSPHRASES[SECOND], None)
    assert second.ask("who").status == 403
    assert second.good("audit") == {"who": SECOND}


def test_what_an_operator_may_not_is_refused_before_the_body_is_read(desk: OpenDesk) -> None:
    clerk = desk.client()
    headers = {"Content-Type": "application/json", "Content-Length": "250000"}
    # Its body never comes.
    assert clerk.post("audit", b"", headers).status == 403


def test_neither_tokens_nor_sessions_nor_passphrases_are_told(desk: OpenDesk) -> None:
    clerk = desk.client()
    clerk.refused("session", entry("x" * 43))
    shown = repr((desk.answers, desk.sign_in, desk_operators.load(desk.place.folder))) + "".join(
        desk.told
    )
    kept = (desk.place.folder / desk_operators.DOCUMENT).read_text()
    for secret in (clerk.session, *PASSPHRASES.values()):
        assert secret not in shown
        assert secret not in kept
    assert CLERK in kept
