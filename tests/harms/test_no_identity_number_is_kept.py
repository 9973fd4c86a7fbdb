"""Harm: a certificate of India gives its holder's national identity number away.

It is in the code that is shown, as everybody's eyes and cameras see it. Nothing here says it again.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import pickle
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest

from pratique import describe
from pratique.authenticate import read
from pratique.decision import decide
from pratique.formats import Decoded, Sealed, divoc
from pratique.parties.inputs import of_text
from pratique.parties.verifier import Check
from pratique.rules.ruleset import Destination
from pratique.text import as_json
from tools import measure
from tools.vectors import keys
from tools.vectors.foreign import credential, proven
from tools.vectors.foreign import divoc as written

NUMBER = "999911112222"
AT = datetime.fromtimestamp(keys.NOON, UTC)
FORMS = [f"did:in.gov.uidai.aadhaar:{NUMBER}", f"did:in.gov.nid:{NUMBER}", f"urn:x:{NUMBER}"]
BARE = NUMBER
"""It is no name of a node: nothing that is said of its holder is signed then, and all of it is refused."""


def certificate(form: str) -> str:
    return written(proven(credential(sub={"id": form, "refId": NUMBER, "uhid": NUMBER})))


def said(shown: str, caplog: pytest.LogCaptureFixture) -> str:
    """Return all that is said of a certificate, at a desk and to its holder, in every form that there is."""
    held = measure.snapshot()
    check = Check(held, AT, inspect=True)
    out: list[Any] = []
    with caplog.at_level(logging.DEBUG):
        for item in of_text(shown, "text"):
            found = check.judge(item)
            out += [
                repr(item),
                repr(found),
                str(found.verdict),
                check.row(item, found),
                *check.lines(item, found),
            ]
            if found.certificate is None:
                continue
            out += [
                repr(found.certificate),
                repr(found.certificate.person),
                repr(found.certificate.entries),
            ]
            content = describe.content(found.certificate)
            out += [content, *describe.content_lines(content)]
            out += [found.certificate.payload, [list(part) for part in found.certificate.entries]]
            out.append(list(found.certificate.person))
            out.append(repr(decide([found], snapshot=held, place=Destination("XU"), at=AT)))
            # What is sent to another process, or kept: only what the types hold.
            out.append(pickle.dumps(found.certificate).decode("latin-1"))
    return as_json([one if isinstance(one, str) else str(one) for one in out]) + caplog.text


@pytest.mark.parametrize("form", [*FORMS, BARE])
def test_the_number_is_said_nowhere(form: str, caplog: pytest.LogCaptureFixture) -> None:
    everything = said(certificate(form), caplog)
    assert ("Sampleov" in everything) is (form != BARE)
    assert NUMBER not in everything


def test_the_number_is_in_what_is_read() -> None:
    archive = base64.b64decode(certificate(FORMS[0])[4:])
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert NUMBER in opened.read("certificate.json").decode()


def test_one_that_is_kept_would_be_seen(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    decode = divoc.decode

    def keeping(sealed: Sealed, countries: frozenset[str]) -> Decoded:
        found = decode(sealed, countries)
        assert found.certificate is not None
        person = found.certificate.person._replace(identifier=NUMBER)
        return found._replace(certificate=found.certificate._replace(person=person))

    monkeypatch.setattr(divoc, "decode", keeping)
    assert NUMBER in said(certificate(FORMS[0]), caplog)


def test_a_text_that_is_taken_apart_shows_nothing() -> None:
    sealed = read(certificate(FORMS[0]))
    assert isinstance(sealed, Sealed)
    assert NUMBER not in repr(sealed)


def test_a_passport_number_is_kept_from_its_own_form() -> None:
    shown = written(proven(credential(sub={"id": "did:in.gov.passport:XB0000007"})))
    (item,) = of_text(shown, "text")
    found = Check(measure.snapshot(), AT).judge(item)
    assert found.certificate is not None
    assert found.certificate.person.identifier == "XB0000007"
    assert json.dumps(list(map(str, found.verdict.findings))).count("XB0000007") == 0
