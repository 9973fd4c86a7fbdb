"""The page of a network, made by the command as cron makes it: of a mirror, of what was synced, of trust lists."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pratique.cli.main import pratique
from pratique.crypto import x509
from pratique.errors import DocumentRefused, PratiqueError, Unreadable
from pratique.network import overview
from pratique.network.overview import NetworkPage
from pratique.store import files, network, policy_data
from tests import policy_lab
from tests.networks import AT, DAY, State
from tests.shown_networks import LEFT, laid_out, made_for, shown_network
from tests.unit.impact.test_world import small

FILES = {"index.html", "network.json", "endings.ics", "policy.ics"}
ENDED = 17
"""Of 33: as it is with the published list of the world's network."""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRATIQUE_DATA_DIR", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return laid_out(shown_network(), tmp_path_factory.mktemp("mirror") / "net")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return policy_lab.written(tmp_path_factory.mktemp("data") / "data", small())


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the data of the policy lab away."""
    monkeypatch.setattr(policy_data, "is_installed", lambda: False)


def run(out: Path, *words: str | Path, days: float = 0) -> Result:
    at = (AT + timedelta(hours=1, days=days)).isoformat()
    told = ["network", "page", "--out", str(out), "--at", at, *map(str, words)]
    result = CliRunner().invoke(pratique, told)
    if isinstance(result.exception, PratiqueError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def page(out: Path) -> NetworkPage:
    return overview.from_bytes((out / "network.json").read_bytes())


def states(found: NetworkPage, number: int = 0) -> dict[str, str]:
    return {row.participant: row.state.value for row in found.lists[number].rows}


def test_a_mirrors_page_shows_who_ends_soon_who_is_suspended_and_who_has_ended(
    mirror: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "www" / "page"
    said = run(out, "--repository", mirror, "--data", data).output
    assert {path.name for path in out.iterdir()} == FILES
    assert "Within 90 days 2 end." in said
    assert states(page(out)) == {
        "XXA": "expiring", "XXB": "live", "XXC": "suspended", "XXD": "live", "XXE": "lapsed", "network": "live",
    }  # fmt: skip
    text = (out / "index.html").read_text()
    assert f"in {LEFT - 1} days" in text
    assert "keys-stolen" in text
    ends = (AT + LEFT * DAY).strftime("%Y%m%d")
    assert f"DTSTART;VALUE=DATE:{ends}" in (out / "endings.ics").read_text()
    assert "BEGIN:VEVENT" in (out / "policy.ics").read_text(), "rules end in 2027"
    document = json.loads((out / "network.json").read_bytes())
    assert document["recognition"]["format"] == "pratique-policy-matrix-1"
    assert document["policy"]["format"] == "pratique-policy-calendar-1"
    assert all((path.stat().st_mode & 0o777) == 0o644 for path in out.iterdir())


def test_what_was_synced_makes_the_same_page(data: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    authority = shown_network()
    network.begin(network.folder_of(home), authority.anchor)
    held = {name: authority.files[name] for name in authority.files if network.NAME.fullmatch(name)}
    network.save_held(network.folder_of(home), held, "https://elsewhere.example/secret-path")
    run(tmp_path / "held", "--data", data)
    made = page(tmp_path / "held")
    assert states(made)["XXC"] == "suspended"
    assert made.network is not None
    assert made.network.log is not None
    # Where it was fetched from, and where anything lies here, is nobody's business.
    for path in (tmp_path / "held").iterdir():
        assert b"secret-path" not in path.read_bytes()
        assert str(tmp_path).encode() not in path.read_bytes()


def test_the_same_network_at_the_same_instant_is_the_same_bytes(
    mirror: Path, data: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        run(tmp_path / name, "--repository", mirror, "--data", data)
    for name in FILES:
        first, second = ((tmp_path / part / name).read_bytes() for part in ("one", "two"))
        assert first == second, name
    run(tmp_path / "two", "--repository", mirror, "--data", data, days=1)
    assert (tmp_path / "one/index.html").read_bytes() != (tmp_path / "two/index.html").read_bytes()


@pytest.mark.usefixtures("bare")
def test_without_the_labs_data_the_page_says_what_it_lacks(
    mirror: Path, data: Path, tmp_path: Path
) -> None:
    said = run(tmp_path / "out", "--repository", mirror)
    assert "not installed" in said.stderr
    text = (tmp_path / "out/index.html").read_text()
    assert "the extra policy" in text
    assert "<figure" not in text
    assert page(tmp_path / "out").recognition is None
    # What an earlier run has made of rules would speak on.
    run(tmp_path / "out", "--repository", mirror, "--data", data)
    assert (tmp_path / "out/policy.ics").exists()
    run(tmp_path / "out", "--repository", mirror)
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES - {"policy.ics"}


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(("days", "freshness"), [(0, "fresh"), (3, "old"), (8, "too-old")])
def test_old_data_are_shown_as_old(mirror: Path, tmp_path: Path, days: int, freshness: str) -> None:
    run(tmp_path / "out", "--repository", mirror, days=days)
    found = page(tmp_path / "out").network
    assert found is not None
    assert found.freshness == freshness
    says = "The network has said nothing since" in (tmp_path / "out/index.html").read_text()
    assert says is (freshness != "fresh")


@pytest.mark.usefixtures("bare")
def test_a_disk_that_is_full_leaves_the_page_as_it_was(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    run(out, "--repository", mirror)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    drafted, room = files._draft, [2]

    def full(path: Path, content: bytes, mode: int) -> Path:
        room[0] -= 1
        if room[0] < 0:
            raise OSError(28, "No space left on device")
        return drafted(path, content, mode)

    monkeypatch.setattr(files, "_draft", full)
    with pytest.raises(Unreadable):
        run(out, "--repository", mirror, days=1)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    # The control: with room for all of it, all of it is another.
    room[0] = 4
    run(out, "--repository", mirror, days=1)
    assert all((out / name).read_bytes() != data for name, data in before.items())


@pytest.mark.usefixtures("bare")
def test_what_somebody_else_keeps_in_the_folder_stays(mirror: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/robots.txt").write_text("mine")
    run(tmp_path / "out", "--repository", mirror)
    assert (tmp_path / "out/robots.txt").read_text() == "mine"


def test_where_nothing_was_synced_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as caught:
        run(tmp_path / "out")
    assert caught.value.code == "no-trust-list"
    assert not (tmp_path / "out").exists()


def trust_list(folder: Path, participants: int, ended: int) -> Path:
    """Write a list of kid and certificate: of so many participants, so many have only signers that have ended."""
    folder.mkdir()
    rows = []
    for number in range(participants):
        country = f"X{chr(65 + number % 26)}"
        state = State(f"XX{chr(65 + number)}", country, at=made_for(-10 if number < ended else 400))
        for der, kind in ((state.ca, "CSCA"), (state.signers[0], "DSC")):
            kid = base64.b64encode(x509.read(der).kid).decode()
            raw = base64.b64encode(der).decode()
            rows.append({"kid": kid, "country": f"C{number}", "rawData": raw, "certificateType": kind})  # fmt: skip
    path = folder / "list.json"
    path.write_text(json.dumps({"certificates": rows}))
    return path


@pytest.mark.usefixtures("bare")
def test_a_list_of_which_half_has_ended_says_so_and_names_them(tmp_path: Path) -> None:
    named = trust_list(tmp_path / "lists", 33, ENDED)
    said = run(tmp_path / "out", "--gdhcn", named).output
    assert "33 participants, 16 of them live or expiring; 17 of them have only signers that have ended" in said  # fmt: skip
    found = page(tmp_path / "out")
    assert found.network is None
    assert set(states(found).values()) == {"lapsed", "live"}
    text = (tmp_path / "out/index.html").read_text()
    assert (
        "of 33 participants, 17 of them have only signers that have ended: <code>C0</code>" in text
    )
    assert str(tmp_path) not in text
    assert len(found.lists[0].sha256) == 64


@pytest.mark.usefixtures("bare")
def test_lists_stand_beside_the_network_and_their_ends_in_one_calendar(
    mirror: Path, tmp_path: Path
) -> None:
    lists = [trust_list(tmp_path / str(number), 2, 1) for number in (1, 2)]
    run(tmp_path / "out", "--repository", mirror, "--gdhcn", lists[0], "--gdhcn", lists[1])
    found = page(tmp_path / "out")
    assert [listed.is_network for listed in found.lists] == [True, False, False]
    calendar = (tmp_path / "out/endings.ics").read_text()
    uids = [line for line in calendar.splitlines() if line.startswith("UID:")]
    assert len(uids) == len(set(uids)) > 4
    # Both files have one name, and both lists' ends are there.
    assert calendar.count("C0 DCC: lapsed since") == 2


@pytest.mark.usefixtures("bare")
def test_a_file_that_is_no_list_is_refused_and_the_page_stays(mirror: Path, tmp_path: Path) -> None:
    run(tmp_path / "out", "--repository", mirror)
    before = (tmp_path / "out/index.html").read_bytes()
    (tmp_path / "odd.json").write_text('{"hello": 1}')
    with pytest.raises(DocumentRefused):
        run(tmp_path / "out", "--repository", mirror, "--gdhcn", tmp_path / "odd.json", days=1)
    assert (tmp_path / "out/index.html").read_bytes() == before


@pytest.mark.usefixtures("bare")
def test_the_published_list_of_whos_network_is_shown(corpora: Path, tmp_path: Path) -> None:
    run(tmp_path / "out", "--gdhcn", corpora / "tng-trustlist/dev")
    (listed,) = page(tmp_path / "out").lists
    assert listed.name == "did:web:tng-cdn-dev.who.int:v2:trustlist"
    assert (listed.participants, len(listed.only_ended), len(listed.without)) == (58, 11, 12)
    assert "SGP" in listed.only_ended
    text = (tmp_path / "out/index.html").read_text()
    assert "11 of them have only signers that have ended" in text
    assert "signed <time>2026-08-22" in text
