"""Texts of every scheme, as a desk hands them in: by argument, file, standard input, table and picture."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pratique import describe, verification
from pratique.cli.main import pratique
from pratique.crypto.algorithms import load
from pratique.parties import verifier
from pratique.snapshot import Snapshot
from pratique.terms import Environment
from pratique.trust.signer import TrustList
from tests.schemes import nzcp, shc
from tests.unit.formats.test_shapes import (
    ALIKE,
    CARD,
    DIVOC,
    DOC,
    JWS,
    KEY,
    LIGHT,
    OTHER_JWS,
    PASS,
    SEAL,
    ZIP,
    folded,
)

AT = "2022-02-10"
NOBODYS = Snapshot(number=1, created=0, environment=Environment.PRODUCTION, trust=TrustList())
NAMES = {
    "SHC": CARD, "NZCP": PASS, "CH-LIGHT": LIGHT, "VDS-NC": SEAL, "2D-DOC": DOC,
}  # fmt: skip


def run(*words: str | Path, given: bytes = b"") -> Result:
    return CliRunner().invoke(
        pratique, [str(word) for word in words], input=given, standalone_mode=False
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(verifier, "snapshot", lambda _home: NOBODYS)
    return tmp_path / "home"


def verify(home: Path, *inputs: str | Path, given: bytes = b"") -> Result:
    return run("verify", *inputs, "--at", AT, "--home", home, given=given)


def marks(done: Result) -> list[str]:
    """Return the sign of each outcome."""
    return [line[0] for line in done.stdout.splitlines() if line[:1] in set("✔▲✖?")]


def pictured(content: str | bytes, kind: str = "QRCode") -> bytes:
    zxing = pytest.importorskip("zxingcpp", reason="the extra 'scan' is not installed")
    images = pytest.importorskip("PIL.Image")
    code = zxing.create_barcode(content, getattr(zxing.BarcodeFormat, kind))
    view = memoryview(zxing.write_barcode_to_image(code, scale=4, add_quiet_zones=True))
    assert view.shape is not None
    buffer = io.BytesIO()
    images.frombytes("L", (view.shape[1], view.shape[0]), bytes(view)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("scheme", NAMES)
def test_a_text_is_named_amber_with_what_to_import_on_each_way_in(
    scheme: str, home: Path, tmp_path: Path
) -> None:
    text = NAMES[scheme]
    file = tmp_path / "handed-in"
    file.write_bytes(text.encode() + b"\r\n")
    ways = [
        verify(home, text),
        verify(home, file),
        verify(home, "-", given=text.encode() + b"\n"),
        verify(home, f" {text}\n"),
    ]
    picture = tmp_path / "code.png"
    picture.write_bytes(pictured(text, "DataMatrix" if scheme == "2D-DOC" else "QRCode"))
    ways.append(verify(home, picture))
    table = tmp_path / "table.csv"
    quoted = text.replace('"', '""')
    table.write_bytes(f'row,text\r\n7,"{quoted}"\r\n'.encode())
    ways.append(verify(home, table))
    for done in ways:
        assert done.return_value == 3, done.stdout
        assert marks(done) == ["▲"]
        assert f"SIGNER_UNKNOWN ({scheme})" in done.stdout
        assert "next: import keys of the format" in done.stdout


def test_a_seal_that_is_laid_out_over_lines_is_one_on_each_way_in(
    home: Path, tmp_path: Path
) -> None:
    laid_out = json.dumps(json.loads(SEAL), indent=2)
    file = tmp_path / "seal.json"
    file.write_text(laid_out)
    for done in (
        verify(home, laid_out),
        verify(home, file),
        verify(home, "-", given=laid_out.encode()),
    ):
        assert marks(done) == ["▲"]
        assert "SIGNER_UNKNOWN (VDS-NC)" in done.stdout


def test_an_archive_is_read_by_its_bytes(home: Path, tmp_path: Path) -> None:
    file, picture = tmp_path / "certificate.zip", tmp_path / "code.png"
    file.write_bytes(ZIP)
    picture.write_bytes(pictured(ZIP))
    outcomes = [
        verify(home, DIVOC),
        verify(home, file),
        verify(home, picture),
        verify(home, "-", given=ZIP),
    ]
    assert len({done.stdout.partition("\n")[2] for done in outcomes}) == 1
    assert "FILE_NOT_READ" not in outcomes[0].stdout


def test_each_card_of_a_file_is_judged_alone(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "two.smart-health-card"
    file.write_text(json.dumps({"verifiableCredential": [JWS, OTHER_JWS]}))
    done = verify(home, file)
    assert marks(done) == ["▲", "▲"]
    assert "two.smart-health-card#1" in done.stdout
    assert "two.smart-health-card#2" in done.stdout


def test_chunks_come_from_anywhere_in_any_order(home: Path, tmp_path: Path) -> None:
    first, second, third = shc.chunks(JWS, 3)
    file, picture = tmp_path / "b.txt", tmp_path / "c.png"
    file.write_text(f"{second}\n")
    picture.write_bytes(pictured(third))
    done = verify(home, picture, "-", file, given=first.encode() + b"\n")
    assert marks(done) == ["▲"]
    assert "line 1 + b.txt + c.png" in done.stdout
    assert "SIGNER_UNKNOWN (SHC)" in done.stdout


def test_chunks_that_are_missing_are_told_at_the_end(home: Path) -> None:
    first, second, _ = shc.chunks(JWS, 3)
    done = verify(home, first, LIGHT)
    assert marks(done) == ["▲", "?"]
    assert "PARTS_MISSING (1 of 3 read)" in done.stdout
    assert done.return_value == 4
    assert "PARTS_MISSING (2 of 3 read)" in verify(home, first, second).stdout
    assert "PARTS_MISSING (2 of 3 read)" in verify(home, f"{second}\n{first}").stdout


def test_mixed_chunks_of_two_cards_refuse_nobody(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust = TrustList([shc.signer(KEY)])
    known = Snapshot(
        number=1, created=0, environment=Environment.PRODUCTION, trust=trust, primitive=load
    )
    monkeypatch.setattr(verifier, "snapshot", lambda _home: known)
    pieces = []
    for card in (CARD, shc.numeric(ALIKE)):
        # The last chunk is of the signature alone.
        pieces.append((f"shc:/1/2/{card[5:-120]}", f"shc:/2/2/{card[-120:]}"))
    (a, b), (c, d) = pieces
    picture = tmp_path / "d.png"
    picture.write_bytes(pictured(d))
    for mixed in ([a, picture], [f"{a}\n{d}"]):
        done = verify(home, *mixed)
        assert marks(done) == ["?"]
        assert "PARTS_CONFLICT (signature)" in done.stdout
    assert marks(verify(home, a, d, c, b)) == ["?", "?"]
    # The positive controls: each card's own chunks, and the same in one code.
    assert marks(verify(home, a, b, c, picture)) == ["▲", "▲"]
    done = verify(home, CARD[:-120] + d.rpartition("/")[2])
    assert marks(done) == ["✖"]
    assert "SIGNATURE_INVALID" in done.stdout


def test_chunks_in_one_picture_are_one_card(home: Path, tmp_path: Path) -> None:
    images = pytest.importorskip("PIL.Image")
    pieces = [images.open(io.BytesIO(pictured(chunk))) for chunk in shc.chunks(JWS, 2)]
    sheet = images.new(
        "L", (sum(piece.width for piece in pieces) + 40, max(p.height for p in pieces)), 255
    )
    sheet.paste(pieces[1], (0, 0))
    sheet.paste(pieces[0], (pieces[1].width + 40, 0))
    path = tmp_path / "sheet.png"
    sheet.save(path)
    done = verify(home, path)
    assert marks(done) == ["▲"]
    assert "different certificates" not in done.stdout


def test_lines_of_standard_input_are_told_one_by_one(home: Path) -> None:
    lines = [CARD, DOC, SEAL, *shc.chunks(OTHER_JWS, 2), LIGHT, folded(PASS), "", JWS]
    done = verify(home, "-", given="\n".join(lines).encode())
    assert marks(done) == ["▲"] * 7
    for number in (1, 2, 3, 6, 7):
        assert f"line {number}\n" in done.stdout
    assert "line 4 + line 5" in done.stdout


def test_a_file_that_is_named_like_a_text_is_a_file(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NL2:SCAN", "DC04FR000001", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"):
        Path(name).write_text(CARD)
        assert "SIGNER_UNKNOWN (SHC)" in verify(home, name).stdout
        Path(name).unlink()
        assert "SIGNER_UNKNOWN" not in verify(home, name).stdout


def test_no_link_and_no_manifest_is_followed(home: Path) -> None:
    for text in (
        "shlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnIn0",
        "https://viewer.example/x#shlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnIn0",
        '{"files": [{"contentType": "application/smart-health-card", "location": "https://a.example"}]}',
    ):
        done = verify(home, text)
        assert done.return_value == 3
        assert "FORMAT_NOT_READ (SMART Health Link)" in done.stdout
        assert "a link is not opened here" in done.stdout


@pytest.mark.parametrize("scheme", NAMES)
def test_inspect_shows_the_layers_and_believes_none(scheme: str) -> None:
    done = run("inspect", NAMES[scheme])
    assert done.return_value == 0
    assert done.stdout.startswith("\x1b[1mUNVERIFIED") or done.stdout.startswith("UNVERIFIED")
    assert f"scheme: {scheme}" in done.stdout
    assert "claims:" in done.stdout


def test_inspect_says_which_chunk_it_is() -> None:
    assert "part: 2 of 3" in run("inspect", shc.chunks(JWS, 3)[1]).stdout


def test_a_key_that_is_held_says_who_signed_and_what_is_stated() -> None:
    signers = TrustList([shc.signer(KEY), nzcp.signer(KEY)])
    snapshot = Snapshot(number=1, created=0, environment=Environment.PRODUCTION, trust=signers)
    at = datetime(2022, 2, 10, tzinfo=UTC)
    shown: dict[str, str] = {}
    row: dict[str, Any] = {}
    for text in (CARD, PASS):
        found = verification.verify(text, snapshot=snapshot, at=at)
        shown[text] = "\n".join(describe.lines("x", "", found, inspect=False))
        row[text] = describe.as_json("x", "", found, inspect=True)
    assert "format SMART Health Card\n  states 1 vaccination\n" in shown[CARD]
    assert "signed by Example Health" in shown[CARD]
    assert row[CARD]["signer"]["name"] == "Example Health"
    assert (row[CARD]["scheme"], row[CARD]["states"]) == ("SHC", ["vaccination"])
    assert "states no vaccination, test or recovery: it is a pass" in shown[PASS]
    assert (row[PASS]["scheme"], row[PASS]["states"]) == ("NZCP", ["pass"])
