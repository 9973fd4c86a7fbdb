"""Harm: a preview gives away a certificate. In 2021, forged codes came out of previews that signed.

1. The journey cannot reach a key or an envelope: a contract in pyproject.toml.
2. The command shows texts of fields: it works where there is no key at all, and the register stays empty.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from pratique.intake import rows as intake_rows
from pratique.intake.rows import Preview
from pratique.store.register.register import Transaction, open_register
from tests import issuers
from tests.harms.bureau import AT, DOSE, WORK, Bureau, rows
from tests.harms.canary import people

SIGNED = re.compile(r"HC1:|[0-9A-Z $%*+\-./:]{100,}|[0-9a-f]{64,}|[A-Za-z0-9+/_-]{80,}")
"""What a signature could stand in: a certificate's text, or many bytes in hexadecimal or Base64."""


def test_a_preview_is_fields_and_nothing_else() -> None:
    assert Preview._fields == ("fields",)
    for record in issuers.RECORDS.values():
        for name, text in intake_rows.preview(record).fields:
            assert len(name) < 30
            assert not SIGNED.search(text)


def test_the_command_shows_no_signature_and_needs_no_key(tmp_path: Path) -> None:
    box = Bureau(tmp_path / "box")
    words = [f"{name}={value}" for name, value in DOSE.items()]
    words += ["surname=Bloggs", "forename=Jo", "birth_date=1980-02-03"]
    signed = box.run("issuer", "issue", *words, *WORK, asked=True)
    assert SIGNED.search(signed), "the control: a certificate would be seen"
    shutil.rmtree(box.folder / "issuer" / "keys")
    del box.environment["PRATIQUE_KEY_PASSWORD"]
    source = box.given("people.csv", rows(people(20)))
    shown = box.run("issuer", "preview", *words, "--at", AT, asked=True)
    shown += box.run("issuer", "preview", "--from", str(source), "--at", AT, asked=True)
    assert shown.count("record ") == 21
    assert "BLOGGS" in shown
    assert not SIGNED.search(shown)
    box.run("issuer", "issue", *words, *WORK, code=4)
    register = open_register(f"sqlite:///{box.folder}/issuer/register.sqlite")
    assert sum(register.read(Transaction.counts).values()) == 1
    register.close()
