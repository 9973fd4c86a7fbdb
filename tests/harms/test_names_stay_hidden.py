"""Harm: a name reaches a log, a warning, a traceback or a screen that it was not meant for.

A canary stands in every field of a certificate. Nothing that is said anywhere may hold it: except
what is asked for by name, which is how a desk sees whom it has before it.
"""

from __future__ import annotations

import io
import logging
import pprint
import sys
import traceback
import typing
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pratique import authenticate, formats, model, verification
from pratique.crypto import cbor, cose
from pratique.formats import Envelope, base45, dcc, ddcc, fields, hcert, icvp
from pratique.snapshot import Snapshot
from tools import measure, mutate
from tools.vectors import content, keys
from tools.vectors.layers import claims, text

CANARY = "QZXKVJQ"
NOBODY: dict[str, str] = {}
HELD = measure.snapshot()
AT = datetime.fromtimestamp(keys.NOON, UTC)
PATH = (
    cbor, cose, formats, base45, hcert, dcc, ddcc, fields, icvp, authenticate, verification,
)  # fmt: skip


def marked(value: Any) -> Any:
    """Put the canary into every text of a content, but those that decide how it is read."""
    if isinstance(value, dict):
        return {
            k: v if k in ("ver", "v", "tt") and isinstance(v, str) else marked(v)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [marked(v) for v in value]
    return f"{value}{CANARY}" if isinstance(value, str) else value


CONTENTS = {
    "plain": (
        1,
        content.vaccinated(nam=content.name(fn=CANARY, gn=CANARY, fnt=CANARY, gnt=CANARY)),
    ),
    "dose": (1, marked(content.vaccinated())),
    "test": (1, marked(content.dcc("t", content.result()))),
    "recovery": (1, marked(content.dcc("r", content.illness()))),
    "exemption": (-7, marked(content.dcc("e", content.exemption()))),
    "ddcc": (3, marked(content.ddcc_dose())),
    "ddcc-test": (4, marked(content.ddcc_result())),
    **{f"icvp-{shape}": (-6, marked(content.icvp(shape))) for shape in "abcd"},
    "unknown": (CANARY, marked(content.vaccinated())),
    "wrong-type": (1, {**content.vaccinated(), "dob": [CANARY], "nam": {"fn": {CANARY: CANARY}}}),
}
TEXTS = {
    name: text(claims(made, claim=claim, iss=f"XU{CANARY}", exp=CANARY))
    if name != "plain" else text(claims(made, claim=claim))
    for name, (claim, made) in CONTENTS.items()
}  # fmt: skip


def everything_said(made: object) -> str:
    """Say a value in every way in which a value is said by accident."""
    seen = io.StringIO()
    pprint.pprint(made, stream=seen)
    said = [repr(made), str(made), f"{made}", f"{made!r:>90}", "{}".format(made), seen.getvalue()]  # noqa: UP032
    said += [repr([made]), repr({"x": made}), "%s" % (made,), repr((made,)), ascii(made)]
    return "\n".join(said)


def objects(made: str) -> Iterator[object]:
    """Every object that has a name of its own on the way of a text."""
    envelope = authenticate.read(made)
    assert isinstance(envelope, Envelope)
    signers = authenticate.authenticate(envelope, HELD)
    decoded = formats.decode(envelope.payload)
    found = verification.verify(made, snapshot=HELD, at=AT)
    yield from (envelope, signers, decoded, found, found.verdict, *found.verdict.findings, HELD)
    yield fields.FieldReader({"n": CANARY}, "", [])
    certificate = decoded.certificate
    if certificate is not None:
        yield from (certificate, certificate.person, certificate.entries, *certificate.entries)
        yield from (
            value
            for entry in certificate.entries
            for value in entry
            if isinstance(value, model.Moment)
        )
        yield certificate.person.birth_date


@pytest.mark.parametrize("name", TEXTS)
def test_no_object_on_the_way_says_a_name(name: str) -> None:
    for made in objects(TEXTS[name]):
        assert CANARY not in everything_said(made), type(made).__name__


def test_the_canary_is_there_to_be_found() -> None:
    for name, made in TEXTS.items():
        envelope = authenticate.read(made)
        assert isinstance(envelope, Envelope)
        assert CANARY.encode() in envelope.payload, name
    plain = verification.verify(TEXTS["plain"], snapshot=HELD, at=AT).certificate
    assert plain is not None
    assert CANARY in plain.person.display_name()
    assert CANARY in str(plain.payload)


def types_of_model() -> list[type[tuple[Any, ...]]]:
    return [t for t in vars(model).values() if isinstance(t, type) and hasattr(t, "_fields")]


@pytest.mark.parametrize("kind", types_of_model(), ids=lambda kind: str(kind.__name__))
def test_every_type_of_the_model_hides_what_it_holds(kind: type[tuple[Any, ...]]) -> None:
    hints = typing.get_type_hints(kind)
    assert hints
    made = kind(*[CANARY] * len(hints))
    assert CANARY not in everything_said(made)
    assert kind.__name__ in repr(made)


class Forced(Exception):
    """An error that is forced to happen in the middle of things."""


def stages() -> list[tuple[str, Any, str]]:
    return [
        (f"{module.__name__.removeprefix('pratique.')}.{name}", module, name)
        for module in PATH
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("__") and not isinstance(value, type)
        and str(getattr(value, "__module__", "")).startswith("pratique")
    ]  # fmt: skip


class Spoken(logging.Handler):
    """Keeps every record of every logger."""

    def __init__(self) -> None:
        super().__init__(0)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record) + repr(record.args) + repr(record.__dict__))


def told_while(act: Callable[[], object]) -> str:
    """Gather all that is logged, warned, printed or raised while something is done."""
    spoken, root = Spoken(), logging.getLogger()
    before = root.level, sys.stdout, sys.stderr
    root.addHandler(spoken)
    root.setLevel(0)
    printed = io.StringIO()
    sys.stdout = sys.stderr = printed
    raised = ""
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                act()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
                raised = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)
    finally:
        root.removeHandler(spoken)
        root.setLevel(before[0])
        sys.stdout, sys.stderr = before[1:]
    said = [*spoken.said, *(str(w.message) for w in warned), printed.getvalue(), raised]
    return "\n".join(said)


def check_all() -> None:
    """Verify every marked text, as fresh as on the first day."""
    fresh = Snapshot(number=1, created=0, environment=HELD.environment, trust=HELD.trust)
    errors = []
    for made in TEXTS.values():
        try:
            verification.verify(made, snapshot=fresh, at=AT)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
            errors.append(error)
    if errors:
        raise ExceptionGroup("while verifying", errors)


@pytest.mark.parametrize(
    ("module", "name"), [s[1:] for s in stages()], ids=[s[0] for s in stages()]
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_error_in_any_stage_says_no_name(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, when: str
) -> None:
    real = getattr(module, name)

    def broken(*given: Any, **more: Any) -> Any:
        if when == "after":
            real(*given, **more)
        raise Forced(name)

    monkeypatch.setattr(module, name, broken)
    assert CANARY not in told_while(check_all)


def test_stages_are_forced_to_err_on_the_whole_way(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {name for name, _, _ in stages()}
    for name in ("formats.hcert.unwrap", "authenticate.conclude_one", "crypto.cbor.loads",
                 "formats.dcc.lenient", "formats.fields.moment", "authenticate.check_country"):  # fmt: skip
        assert name in names

    def broken(*_: Any) -> Any:
        raise Forced("here")

    monkeypatch.setattr(fields, "moment", broken)
    assert "Forced: here" in told_while(check_all)


def test_a_check_says_nothing_at_all() -> None:
    def many() -> None:
        for made in [*TEXTS.values(), *mutate.kit_texts()]:
            verification.verify(made, snapshot=HELD, at=AT)

    assert told_while(many).strip() == ""


@pytest.mark.parametrize(
    "leak",
    [
        lambda name: logging.getLogger("anything").debug("read %s", name),
        lambda name: warnings.warn(f"odd: {name}", UserWarning, stacklevel=1),
        print,
        lambda name: sys.stderr.write(f"{name} seen"),
        lambda name: NOBODY[name],
        int,
    ],
    ids=["log", "warning", "print", "stderr", "key", "value"],
)  # fmt: skip
def test_a_planted_leak_is_caught(leak: Callable[[str], object]) -> None:
    assert CANARY in told_while(lambda: leak(CANARY))


def test_a_leak_planted_in_a_stage_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def leaking(read: str) -> Any:
        raise ValueError(f"cannot read {read}")

    monkeypatch.setattr(fields, "moment", leaking)
    assert CANARY in told_while(check_all)


def test_a_planted_context_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error raised while another is handled tells that one too."""

    def leaking(read: str) -> Any:
        try:
            return NOBODY[read]
        except KeyError:
            raise Forced("quiet") from None

    def chained(read: str) -> Any:
        try:
            return NOBODY[read]
        except KeyError as error:
            raise Forced("chained") from error

    monkeypatch.setattr(fields, "moment", leaking)
    assert CANARY not in told_while(check_all)
    monkeypatch.setattr(fields, "moment", chained)
    assert CANARY in told_while(check_all)


class Open(typing.NamedTuple):
    """A type that forgot to hide."""

    name: str


def test_a_type_that_forgot_to_hide_is_caught() -> None:
    assert CANARY in everything_said(Open(CANARY))
