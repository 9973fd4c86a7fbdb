"""The story of one certificate: issued in Utopia, shown at a border, and all that may befall it.

Testina was vaccinated in Utopia. Utopia's key signs her certificate; a border post holds the signers
of all states, and no connection.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.authenticate import LEEWAY
from pratique.errors import UsageError
from pratique.findings import Colour
from pratique.snapshot import Snapshot
from pratique.terms import Environment, Kind
from pratique.trust.signer import Signer, TrustList
from pratique.verification import Verification, verify, verify_many
from tests.unit.test_snapshot import signers as any_signer
from tools import measure, mutate
from tools.vectors import content, keys
from tools.vectors.layers import claims, hc1, pack, signed, text

BORDER = measure.snapshot()
TODAY = datetime.fromtimestamp(keys.NOON, UTC)
CLAIMS = claims(content.vaccinated())
HERS = text(CLAIMS)


def shown(made: str, at: datetime = TODAY, border: Snapshot = BORDER) -> Verification:
    return verify(made, snapshot=border, at=at)


def codes(found: Verification) -> list[str]:
    return [finding.code.name for finding in found.verdict.findings]


def with_signers(*signers: Signer, environment: Environment = Environment.PRODUCTION) -> Snapshot:
    return Snapshot(number=1, created=0, environment=environment, trust=TrustList(signers))


def test_it_is_authentic_and_in_force_and_her_name_and_birth_date_are_seen() -> None:
    found = shown(HERS)
    assert found.verdict.colour is Colour.AMBER
    assert codes(found) == ["NO_RULES"]
    assert found.certificate is not None
    assert found.certificate.person.display_name() == "Sampleová Testina"
    assert found.certificate.person.birth_date is not None
    assert found.certificate.person.birth_date.text() == "1984-02-29"
    assert found.certificate.kind is Kind.VACCINATION
    assert found.signer is not None
    assert found.signer.participant == "XXU"


def test_a_bad_scan_is_told_apart_from_a_forgery() -> None:
    assert codes(shown(HERS[:202])) == ["COMPRESSION_INVALID"]
    assert codes(shown(text(CLAIMS, key="stranger"))) == ["SIGNATURE_INVALID"]


def test_a_better_name_written_over_hers_is_refused() -> None:
    altered = signed(CLAIMS).replace("Sampleová".encode(), b"Impostorx!")
    found = shown(hc1(pack(altered)))
    assert codes(found) == ["SIGNATURE_INVALID"]
    assert found.certificate is None


def test_it_ends_with_the_second_that_it_says() -> None:
    last = datetime.fromtimestamp(keys.EXPIRES, UTC)
    assert codes(shown(HERS, last)) == ["NO_RULES"]
    assert codes(shown(HERS, last + timedelta(seconds=0.999))) == ["NO_RULES"]
    assert codes(shown(HERS, last + timedelta(seconds=1))) == ["EXPIRED"]


def test_it_begins_with_the_second_that_it_says() -> None:
    first = datetime.fromtimestamp(keys.ISSUED, UTC)
    assert codes(shown(HERS, first)) == ["NO_RULES"]
    early = first - timedelta(seconds=LEEWAY)
    assert codes(shown(HERS, first - timedelta(microseconds=1))) == ["CLOCK_LEEWAY", "NO_RULES"]
    assert codes(shown(HERS, early)) == ["CLOCK_LEEWAY", "NO_RULES"]
    assert codes(shown(HERS, early - timedelta(microseconds=1))) == ["NOT_YET_VALID"]


def test_a_second_before_1970_is_that_second_and_no_later_one() -> None:
    made = text(claims(content.vaccinated(), iat=0))
    before = datetime(1970, 1, 1, tzinfo=UTC) - timedelta(seconds=LEEWAY + 0.5)
    assert "NOT_YET_VALID" in codes(shown(made, before))
    assert "NOT_YET_VALID" not in codes(shown(made, before + timedelta(seconds=0.5)))


def test_a_border_that_was_never_told_of_utopia_does_not_refuse_her() -> None:
    found = shown(HERS, border=with_signers())
    assert codes(found) == ["SIGNER_UNKNOWN"]
    assert found.verdict.colour is Colour.AMBER


def test_arcadia_cannot_write_one_in_utopia_s_name() -> None:
    assert codes(shown(text(CLAIMS, by="arcadia"))) == ["COUNTRY_WRONG"]


def test_arcadia_cannot_take_hers_away_by_listing_a_key_under_the_same_kid() -> None:
    utopia = next(s for s in BORDER.trust if s.kid == keys.SIGNERS["utopia"].kid)
    arcadia = next(s for s in BORDER.trust if s.countries == {"XA"})
    for thumbprint in ("0" * 64, "f" * 64):
        twin = arcadia._replace(kid=utopia.kid, thumbprint=thumbprint)
        assert codes(shown(HERS, border=with_signers(utopia, twin))) == ["NO_RULES"]


def test_the_twin_of_its_signature_is_the_same_certificate() -> None:
    def twin(message: bytes) -> bytes:
        made = keys.sign("utopia", message)
        other = keys.P256_ORDER - int.from_bytes(made[32:], "big")
        return made[:32] + other.to_bytes(32, "big")

    assert text(CLAIMS, sign=twin) != HERS
    assert shown(text(CLAIMS, sign=twin)) == shown(HERS)


def test_a_family_s_certificates_keep_their_order_however_many_are_read_at_once() -> None:
    texts = [HERS, "", text(CLAIMS, key="stranger"), HERS[:90], text(CLAIMS, by="arcadia")] * 3
    alone = [shown(made) for made in texts]
    for at_once in (1, 2, 4, 5, 15, 64):
        together = list(verify_many(texts, snapshot=BORDER, at=TODAY, at_once=at_once))
        assert together == alone
    assert list(verify_many(texts, snapshot=BORDER, at=TODAY)) == alone
    assert list(verify_many([], snapshot=BORDER, at=TODAY)) == []


def test_of_a_queue_without_end_only_a_few_wait() -> None:
    taken = 0

    def queue() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield HERS

    found = list(islice(verify_many(queue(), snapshot=BORDER, at=TODAY, at_once=8), 9))
    assert len(found) == 9
    assert taken == 16


def test_an_instant_without_a_zone_is_no_instant() -> None:
    naive = TODAY.replace(tzinfo=None)
    for ask in (
        lambda: verify(HERS, snapshot=BORDER, at=naive),
        lambda: list(verify_many([HERS], snapshot=BORDER, at=naive)),
    ):
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.code == "instant-naive"
        assert caught.value.message == "the instant has no time zone"
        assert caught.value.hint == "give one, as in 2026-01-31T12:00:00Z"


@given(st.integers(-24 * 60 + 1, 24 * 60 - 1))
def test_the_same_instant_in_any_zone_is_the_same(minutes: int) -> None:
    elsewhere = TODAY.astimezone(timezone(timedelta(minutes=minutes)))
    assert shown(HERS, elsewhere) == shown(HERS)


@given(
    st.text()
    | st.text().map("HC1:".__add__)
    | st.text(alphabet=mutate.CHARACTERS).map("HC1:".__add__)
)
def test_no_text_at_all_raises(anything: str) -> None:
    assert shown(anything).verdict.colour is not Colour.GREEN


@given(st.lists(any_signer, max_size=4))
def test_more_signers_of_other_keys_change_nothing(others: list[Signer]) -> None:
    more = with_signers(*BORDER.trust, *others)
    for made in (HERS, text(CLAIMS, key="stranger"), text(CLAIMS, by="arcadia"), HERS[:90]):
        assert shown(made, border=more) == shown(made)


SAY = """
import sys
from datetime import UTC, datetime
from pratique.verification import verify
from tools import measure
from tools.vectors import keys
at = datetime.fromtimestamp(keys.NOON, UTC)
for line in sys.stdin.read().split("\\0"):
    found = verify(line, snapshot=measure.snapshot(), at=at)
    print(found.verdict.colour, [(f.code.name, f.where) for f in found.verdict.findings])
"""


@pytest.mark.parametrize(
    "machine",
    [
        {"TZ": "Pacific/Kiritimati"}, {"TZ": "Etc/GMT+12"}, {"TZ": "nowhere"},
        {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}, {"LC_ALL": "C", "PYTHONUTF8": "0"},
        {"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "4294967295"}, {"PYTHONOPTIMIZE": "2"},
    ],
    ids=str,
)  # fmt: skip
def test_the_machine_s_own_settings_change_nothing(machine: dict[str, str]) -> None:
    texts = [made for made in mutate.kit_texts() if made.isascii() and "\0" not in made]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)} | machine
    done = subprocess.run(
        [sys.executable, "-c", SAY], input="\0".join(texts), capture_output=True, text=True,
        env=env, check=True, encoding="ascii",
    )  # fmt: skip
    here = [
        f"{found.verdict.colour} {[(f.code.name, f.where) for f in found.verdict.findings]}"
        for found in map(shown, texts)
    ]
    assert done.stdout.splitlines() == here
