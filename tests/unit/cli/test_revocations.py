"""`pratique revocations`: what is held only grows, a refused file adds nothing, no tag is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pratique.cli.main import pratique
from pratique.errors import DocumentRefused, PratiqueError, UsageError
from pratique.revocation.foreign import HashType, Key, batches, bloom
from pratique.revocation.tag_list import TagList, make, tag
from pratique.store import sources
from tests.unit.made import make as made
from tools import measure
from tools.vectors import content, keys
from tools.vectors.layers import claims, text

KID = b"\1\2\3\4\5\6\7\x08"
ENTRY = bytes(range(16))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRATIQUE_HOME", str(tmp_path / "home"))
    return tmp_path


def run(*words: str | Path, group: str = "revocations") -> Result:
    result = CliRunner().invoke(pratique, [group, *map(str, words)], standalone_mode=False)
    if isinstance(result.exception, PratiqueError):
        raise result.exception
    return result


def revoking(tags: set[int], version: int = 1, **changes: Any) -> TagList:
    head: dict[str, Any] = {
        "participant": "XXU", "kid": KID, "width": 24, "created": 1_767_225_600 + version,
        "expires": 1_767_830_400,
    }  # fmt: skip
    return TagList.build(tags, version=version, **(head | changes))


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


ONE, TWO, THREE = revoking({77_777}), revoking({77_777, 5}, 2), revoking({77_777, 5, 6}, 3)


def held(folder: Path) -> bytes:
    return sources.snapshot_path(folder / "home").read_bytes()


def shown(*words: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(run("show", "--format", "json", *words).output)[
        "revocations"
    ]
    return rows


def test_a_list_its_deltas_and_batches_are_imported_at_once(folder: Path) -> None:
    (batch,) = batches(Key("XA", None, HashType.UCI), 9, [ENTRY])
    done = run(
        "import",
        put(folder, "b.delta", make(TWO, THREE).to_bytes()),
        put(folder, "a.delta", make(ONE, TWO).to_bytes()),
        put(folder, "list", ONE.to_bytes()),
        put(folder, "batch.json", json.dumps([batch.document()]).encode()),
    )
    assert done.stdout.splitlines()[-1].startswith(
        "1 list with 3 revocations, 1 foreign entry, 0 approximate lists in snapshot 1"
    )
    mine, foreign = shown("--at", "2026-01-02T00:00:03Z")
    assert mine == {
        "kind": "list", "participant": "XXU", "kid": "AQIDBAUGBwg=", "count": 3, "version": 3,
        "created": "2026-01-01T00:00:03Z", "expires": "2026-01-08T00:00:00Z", "age_hours": 24,
        "expired": False,
    }  # fmt: skip
    assert (foreign["participant"], foreign["kid"], foreign["of"]) == ("XA", "UNKNOWN_KID", "UCI")


def test_nothing_that_is_shown_names_a_certificate(folder: Path) -> None:
    (batch,) = batches(Key("XA", KID, HashType.UCI), 9, [ENTRY])
    data = json.dumps(batch.document()).encode()
    run("import", put(folder, "list", ONE.to_bytes()), put(folder, "batch.json", data))
    told = run("show").output + run("show", "--format", "json").output + repr(shown())
    secrets = ["77777", hex(77_777)[2:], ENTRY.hex(), batch.document()["entries"][0]["hash"]]
    assert not [secret for secret in secrets if secret in told]
    # Positive control: the batch's own file does name it.
    assert secrets[-1] in data.decode()


def test_a_list_out_of_date_says_so(folder: Path) -> None:
    run("import", put(folder, "list", ONE.to_bytes()))
    lines = run("show", "--at", "2026-01-08T00:00:01Z").output.splitlines()
    assert lines[0].endswith("version 1, 168 hours old, out of date since 2026-01-08T00:00:00Z")


BAD: dict[str, tuple[bytes, str]] = {
    "older": (ONE.to_bytes(), "revocation-rollback"),
    "lossy": (revoking({5}, 4).to_bytes(), "revocation-removed"),
    "damaged": (THREE.to_bytes()[:-1], "revocation-malformed"),
    "gap": (make(THREE, revoking({77_777, 5, 6, 7}, 4)).to_bytes(), "revocation-gap"),
    "json": (b"{}", "batch-malformed"),
    "text": (b"no list", "revocation-unknown"),
    "no JSON": (b"{no list", "json-unreadable"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_refused_file_changes_nothing(folder: Path, name: str) -> None:
    run("import", put(folder, "held", TWO.to_bytes()))
    before = held(folder)
    data, code = BAD[name]
    with pytest.raises(DocumentRefused) as caught:
        run("import", put(folder, f"{name}.bad", data))
    assert caught.value.code == code
    assert f"{name}.bad: " in caught.value.message
    assert held(folder) == before


def test_each_refused_file_is_named_and_the_good_ones_are_taken(folder: Path) -> None:
    run("import", put(folder, "held", TWO.to_bytes()))
    good = put(folder, "a-good", revoking({1}, kid=b"other").to_bytes())
    others = [put(folder, f"{name}.bad", data) for name, (data, _) in BAD.items()]
    done = run("import", others[0], good, *others[1:])
    assert done.return_value == 3
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == len(BAD)
    assert all(any(f"{name}.bad: " in line for line in errors) for name in BAD)
    assert {(row["version"], row["count"]) for row in shown()} == {(2, 2), (1, 1)}


def test_a_folder_is_read_file_by_file(folder: Path) -> None:
    inside = folder / "lists"
    inside.mkdir()
    for name, each in (("2", TWO), ("1", ONE), (".hidden", THREE)):
        put(inside, name, each.to_bytes())
    run("import", inside)
    assert shown()[0]["version"] == 2


def test_a_list_for_anothers_key_is_refused(folder: Path) -> None:
    run("import", put(folder, "ca.pem", made(["FR"]).pem), group="trust")
    (signer,) = json.loads(run("show", "--format", "json", group="trust").output)["signers"]
    kid = sources.load_snapshot(folder / "home")
    assert kid is not None
    (own,) = kid.trust
    with pytest.raises(DocumentRefused) as caught:
        run("import", put(folder, "x", revoking({1}, kid=own.kid).to_bytes()))
    assert caught.value.code == "revocation-participant"
    run("import", put(folder, "y", revoking({1}, kid=own.kid, participant="FR").to_bytes()))
    assert shown()[0]["kid"] == signer["kid"]


def test_importing_signers_takes_no_revocation_back(folder: Path) -> None:
    run("import", put(folder, "list", TWO.to_bytes()))
    signer = put(folder, "ca.pem", made(["FR"]).pem)
    for words in (("import", signer), ("import", "--replace", signer)):
        run(*words, group="trust")
        assert shown()[0]["version"] == 2


def test_an_approximate_list_is_told_what_it_is(folder: Path) -> None:
    path = put(folder, "filter", bloom([ENTRY], 256, 3))
    with pytest.raises(UsageError) as caught:
        run("import", path, "--form", "BLOOMFILTER")
    assert caught.value.code == "slice-unnamed"
    named = ("--country", "XA", "--hash-type", "UCI", "--kid", "AQIDBAUGBwg=")
    run("import", path, "--form", "BLOOMFILTER", *named)
    (row,) = shown()
    assert (row["kind"], row["participant"], row["count"]) == ("slice", "XA", 1)
    assert "approximate: BLOOMFILTER" in run("show").output


def test_nothing_held_is_told(folder: Path) -> None:
    assert not sources.snapshot_path(folder / "home").exists()
    assert run("show").output.startswith("0 lists with 0 revocations")


def test_naming_other_signers_does_not_take_back_what_was_revoked(folder: Path) -> None:
    certificate = text(claims(content.vaccinated({"ci": "URN:UVCI:01:XU:1"})))
    own = keys.SIGNERS["utopia"].kid
    listed = revoking({tag(own, "URN:UVCI:01:XU:1", 24)}, kid=own, expires=keys.END)
    trust = put(folder, "signers", measure.snapshot().replace(revocations=None).to_bytes())
    words = ("--trust", trust, "--at", "2026-06-01T12:00:00Z", certificate)
    assert "REVOKED" not in run(*words, group="verify").output
    run("import", put(folder, "list", listed.to_bytes()))
    assert "REVOKED" in run(*words, group="verify").output
