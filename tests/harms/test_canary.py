"""The scanner finds whoever is there, in every way in which somebody could be there, and nobody else."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import random
import zipfile
import zlib
from base64 import b32encode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import issuers
from tests.harms import canary

PEOPLE = canary.people(300)
SCANNER = canary.Scanner(PEOPLE)
ONE = PEOPLE[217]
NAME = f"{ONE.surname} {ONE.forename}".encode()
NOISE = random.Random(20261122).randbytes(1 << 13)

WAYS: dict[str, Callable[[], bytes]] = {
    "letters": lambda: NAME,
    "lower case": NAME.lower,
    "mixed case": lambda: NAME.title().swapcase(),
    "UTF-16-LE": lambda: NAME.decode().encode("utf-16-le"),
    "UTF-16-BE": lambda: NAME.decode().encode("utf-16-be"),
    "UTF-32-BE": lambda: NAME.decode().encode("utf-32-be"),
    "backwards": lambda: NAME[::-1],
    "hex": lambda: NAME.hex().encode(),
    "HEX": lambda: NAME.hex().upper().encode(),
    "hex with gaps": lambda: NAME.hex(" ").encode(),
    "Base64": lambda: b64encode(NAME),
    "Base64, 1 before": lambda: b64encode(b"x" + NAME),
    "Base64, 2 before": lambda: b64encode(b"xy" + NAME.lower()),
    "Base64 of JSON": lambda: urlsafe_b64encode(b'{"nam":{"fn":"%s"}}' % NAME.title()),
    "zlib": lambda: zlib.compress(NAME),
    "zlib, fast": lambda: zlib.compress(NAME, 1),
    "gzip": lambda: gzip.compress(NAME),
    "gzip in zlib in Base64": lambda: b64encode(zlib.compress(gzip.compress(NAME * 9))),
    "a zip archive": lambda: _archived(NAME * 3),
    "damaged zlib": lambda: zlib.compress(NAME + NOISE)[:4000],
    "Base45": lambda: canary.base45(NAME),
    "Base45, 1 before": lambda: canary.base45(b"x" + NAME),
    "a certificate": lambda: b"HC1:" + canary.base45(zlib.compress(NOISE[:80] + NAME + NOISE[80:99])),
    "a birth date, UTF-16": lambda: ONE.birth_date.encode("utf-16-le"),
    "a birth date": ONE.birth_date.encode,
    "a document": ONE.document.encode,
    "SHA-256": lambda: hashlib.sha256(_joined("|")).digest(),
    "SHA-256, half": lambda: hashlib.sha256(_joined("|")).digest()[:16],
    "SHA-256, hex": lambda: hashlib.sha256(_joined("|")).hexdigest().encode(),
    "SHA-256, Base64": lambda: b64encode(hashlib.sha256(_joined(" ")).digest()),
    "SHA-256, Base64, 1 before": lambda: b64encode(b"x" + hashlib.sha256(_joined(" ")).digest()),
    "MD5": lambda: hashlib.md5(_joined("").lower(), usedforsecurity=False).digest(),
    "MD5, hex": lambda: hashlib.md5(ONE.document.encode()).hexdigest().upper().encode(),
}  # fmt: skip


def _joined(mark: str) -> bytes:
    return mark.join((ONE.surname, ONE.forename, ONE.birth_date)).encode()


def _archived(data: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("certificates.csv", data)
    return written.getvalue()


@pytest.mark.parametrize("way", WAYS)
def test_somebody_is_found_wherever_they_stand(way: str) -> None:
    made = WAYS[way]()
    for place in (0, 1, 7, 4242, len(NOISE)):
        assert SCANNER.scan(NOISE[:place] + b"\n" + made + b"\n" + NOISE[place:]), place


def test_a_real_certificate_is_found(tmp_path: Path) -> None:
    from tests.journeys.test_issue import issued

    person = issuers.JO._replace(surname=ONE.surname, forename=ONE.forename)
    text = issued(issuers.RECORDS["vaccination"]._replace(person=person)).text
    (tmp_path / "kept.txt").write_text(f"row 1: {text}\n")
    found = SCANNER.scan_files(canary.files_of(tmp_path), under=tmp_path)
    assert list(found) == ["kept.txt"]
    assert found["kept.txt"] >= {"Base45 > letters"}


def test_nobody_is_found_in_noise() -> None:
    assert SCANNER.scan(random.Random(7).randbytes(8 << 20)) == set()
    assert SCANNER.scan(b64encode(NOISE) + b32encode(NOISE) + NOISE.hex().encode()) == set()
    assert SCANNER.scan(b"") == set()


def test_somebody_else_is_not_found() -> None:
    assert SCANNER.scan(b"Bloggs Jo 1980-02-03" + hashlib.sha256(b"Bloggs").digest()) == set()


def test_a_file_that_is_gone_was_not_scanned(tmp_path: Path) -> None:
    gone = [tmp_path / "server.log"]
    with pytest.raises(FileNotFoundError):
        SCANNER.scan_files(gone, under=tmp_path)
    with pytest.raises(FileNotFoundError):
        SCANNER.scan_files(gone, under=tmp_path, may_go={"pg_internal.init"})
    assert SCANNER.scan_files(gone, under=tmp_path, may_go={"server.log"}) == {}


def test_a_file_is_found_by_its_name(tmp_path: Path) -> None:
    (tmp_path / f"{ONE.surname}.pdf").write_bytes(os.urandom(9))
    found = SCANNER.scan_files(canary.files_of(tmp_path), under=tmp_path)
    assert list(found.values()) == [{"file name > letters"}]
