"""Where the cost of a verification lies beside its signature check: each stage over the whole corpus, a way of its own.

    corpus -> what each stage is given, ready -> {name: way} -> µs, and steps of the interpreter

1. A stage by itself finds its code in the nearest caches: what stages take in turn is more than their sum.
2. Steps are bytecodes that Python executes for a text. They repeat to the last one; what native code does is in none.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from benchmarks.corpus import Corpus
from benchmarks.ways import BARE, BATCH, Way, bare, batch
from pratique import formats
from pratique.authenticate import authenticate, conclude_one, contents_of, read
from pratique.crypto import cbor, cose
from pratique.formats import base45, dcc
from pratique.verification import epoch, opened

PART = 64
"""Texts that are measured at a time."""


def stages(corpus: Corpus) -> dict[str, Way]:
    """Return each stage of the batch call, beside the bare check and the whole."""
    texts, held, at = corpus.texts, corpus.snapshot, epoch(corpus.at)
    found = [opened(text, held) for text in texts]
    packed = [base45.decode(text[4:]) or b"" for text in texts]
    messages = list(map(zlib.decompress, packed))
    payloads = [one.message.payload for one in found if isinstance(one.message, cose.Envelope)]
    read_ones = [one for one, _ in map(formats.decode, payloads) if one is not None]
    claims = [(one.payload, one.issuer, one.issued_at, one.expires_at) for one in read_ones]
    plain = [one for one in claims if dcc.read(*one) is not None]
    return {
        BARE: bare(corpus),
        BATCH: batch(corpus),
        "text to message": _each(read, texts),
        "  Base45": _each(lambda text: base45.decode(text[4:]), texts),
        "  inflate": _each(lambda data: zlib.decompressobj().decompress(data, 16384), packed),
        "  COSE message": _each(cose.sign1, messages),
        "signature, with look-up": _each(lambda one: authenticate(one.message, held), found),
        "payload": _each(lambda one: contents_of(one.message, one.signers), found),
        "  CBOR": _each(cbor.loads, payloads),
        "  fields, where nothing is odd": _each(lambda one: dcc.read(*one), plain),
        "checks and verdict": _each(
            lambda one: conclude_one(one.message, one.signers, held, at, one.contents), found
        ),
    }


def _each(step: Callable[[Any], object], given: Iterable[Any]) -> Way:
    def run() -> None:
        for one in given:
            step(one)

    return run


def steps(way: Way) -> int:
    """Count the bytecodes that a way executes."""
    count = 0

    def counted(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        count += event == "opcode"
        return counted

    before = sys.gettrace()
    sys.settrace(counted)
    try:
        way()
    finally:
        sys.settrace(before)
    return count
