"""Signatures that are wrong, and signers that cannot be told or are not the right ones."""

from __future__ import annotations

from collections.abc import Callable

from tools.vectors import content, keys
from tools.vectors.cases import GOOD, Case, Cases, Outcome, amber, facts, red
from tools.vectors.good import VACCINATED, WHO
from tools.vectors.layers import KID, Sign, cbor, claims, hc1, pack, signed, text

CLAIMS = claims(content.vaccinated())
ARCADIAN = claims(content.vaccinated({"co": "XA"}), iss="XA")
RURITANIAN = claims(content.vaccinated({"co": "XR"}), iss="XR")


def signature_cases() -> Cases:
    """Make the cases of `signature`."""
    for name, title, why, text_ in _altered():
        yield Case(f"signature/{name}", title, why, text_, red("SIGNATURE_INVALID"))
    yield Case(
        "signature/malleable", "the twin (r, n-s) of formats/vaccination",
        "ECDSA: whoever sees a signature can make its twin. It verifies, and must: nothing (above "
        "all no revocation) may know a certificate by its signature. The outcome is its twin's",
        text(CLAIMS, sign=_numbers(lambda r, s: (r, keys.P256_ORDER - s))), GOOD, facts=VACCINATED,
    )  # fmt: skip
    for name, alg, by in (
        ("es384", -35, "utopia"), ("ps256", -37, "utopia"), ("rs256", -257, "utopia"),
        ("hs256", 5, "utopia"), ("eddsa", -8, "utopia"), ("none", 0, "utopia"),
        ("es256-for-ps256", -7, "freedonia"), ("es256-for-es384", -7, "ruritania"),
    ):  # fmt: skip
        yield Case(
            f"signature/algorithm-{name}", f"the header names algorithm {alg}, which is not the signer's",
            "algorithm confusion: the signer's record says which algorithm, never the text",
            text(CLAIMS, by=by, alg=alg), red("ALGORITHM_REFUSED"),
        )  # fmt: skip
    kid = keys.SIGNERS["utopia"].kid
    for name, header in (("missing", cbor({KID: kid})), ("text", cbor({1: "ES256", KID: kid}))):
        yield Case(
            f"signature/algorithm-{name}", f"the algorithm is {name}",
            "RFC 9052 §3.1; HCERT §2.2: it is named, as a number",
            text(CLAIMS, protected=header), red("ALGORITHM_REFUSED"),
        )  # fmt: skip
    elsewhere = cbor({1: -35, KID: kid})
    yield Case(
        "signature/algorithm-two", "the protected header names ES384, the unprotected one ES256",
        "the protected header takes precedence", text(CLAIMS, protected=elsewhere, unprotected={1: -7}),
        red("ALGORITHM_REFUSED"),
    )  # fmt: skip


def _numbers(change: Callable[[int, int], tuple[int, int]]) -> Sign:
    def sign(message: bytes) -> bytes:
        made = keys.sign("utopia", message)
        r, s = change(int.from_bytes(made[:32], "big"), int.from_bytes(made[32:], "big"))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return sign


def _altered() -> list[tuple[str, str, str, str]]:
    order, good = keys.P256_ORDER, signed(CLAIMS)
    later = good.replace(b"2026-02-20", b"2026-02-26")
    unprotected_alg = text(
        CLAIMS,
        protected=cbor({KID: keys.SIGNERS["utopia"].kid, 1: -7, 3: 0}),
        sign=lambda _m: keys.sign("utopia", b"other header"),
    )
    short = cbor(claims(content.LINK, claim=5))

    def wide(data: bytes) -> bytes:
        return data.replace(b"\x58" + bytes([len(short)]), b"\x59\0" + bytes([len(short)]), 1)

    lengthened = wide(signed(short, sign=lambda message: keys.sign("utopia", wide(message))))
    rows: list[tuple[str, str, Sign]] = [
        ("bit", "one bit of the signature differs", lambda m: keys.sign("utopia", m)[:-1] + bytes([keys.sign("utopia", m)[-1] ^ 1])),
        ("der", "the signature is DER instead of r and s", lambda m: keys.sign_der("utopia", m)),
        ("r-zero", "r is zero", _numbers(lambda r, s: (0, s))),
        ("s-zero", "s is zero", _numbers(lambda r, s: (r, 0))),
        ("both-zero", "r and s are zero", _numbers(lambda r, s: (0, 0))),
        ("r-order", "r is the order of the curve", _numbers(lambda r, s: (order, s))),
        ("s-order", "s is the order of the curve", _numbers(lambda r, s: (r, order))),
        ("swapped", "s and r", _numbers(lambda r, s: (s, r))),
        ("short", "the last byte is missing", lambda m: keys.sign("utopia", m)[:-1]),
        ("long", "a byte too many", lambda m: keys.sign("utopia", m) + b"\0"),
        ("padded", "r and s with a leading zero each", lambda m: b"\0" + keys.sign("utopia", m)[:32] + b"\0" + keys.sign("utopia", m)[32:]),
        ("digest", "the message was digested with SHA-384", lambda m: keys.sign("utopia", m, 384)),
        ("payload-only", "the payload alone was signed", lambda _m: keys.sign("utopia", cbor(CLAIMS))),
        ("replayed", "the signature of another certificate", lambda _m: keys.sign("utopia", b"another")),
    ]  # fmt: skip
    why = "RFC 9053 §2.1: a signature is r and s of fixed length, over the Sig_structure"
    return [
        *((name, title, why, text(CLAIMS, sign=sign)) for name, title, sign in rows),
        ("wrong-key", "the kid of a known signer, the key of a stranger", "a kid is a hint and proves nothing", text(CLAIMS, key="stranger")),
        ("kid-of-another", "Arcadia's kid on what Utopia's key signed", "a kid is a hint and proves nothing", text(CLAIMS, kid=keys.SIGNERS["arcadia"].kid)),
        ("altered", "the date of the dose was altered after signing", "what a signature is for", hc1(pack(later))),
        ("header", "the signature covers another header", "the header is part of what is signed", unprotected_alg),
        ("length", "what was signed has a length that takes two bytes where one is enough", "RFC 9052 §9: what is signed is in its shortest form", hc1(pack(lengthened))),
        ("pss-bit", "one bit of an RSA signature differs", "RFC 8230 §2", text(CLAIMS, by="freedonia", sign=lambda m: bytes(255) + b"\1")),
    ]  # fmt: skip


def signer_cases() -> Cases:
    """Make the cases of `signer`."""
    unknown, unread = amber("SIGNER_UNKNOWN"), amber("SIGNER_UNREADABLE")
    shared = (
        "two signers may share a kid, by chance or by malice: each is tried, and bound to its own"
    )
    known = keys.SIGNERS["utopia"].kid
    rows: list[tuple[str, str, str, str, Outcome]] = [
        ("unknown", "a kid that is in no list", "the list here may be old: a person looks", text(CLAIMS, kid=b"\0" * 8), unknown),
        ("unknown-key", "a kid and a key that are in no list", "the list here may be old: a person looks", text(CLAIMS, kid=b"\1" * 8, key="stranger"), unknown),
        ("kid-missing", "no kid at all", "HCERT §2.3: there is one", text(CLAIMS, protected=cbor({1: -7})), unknown),
        ("kid-text", "the kid is a text", "RFC 9052 §3.1: bytes", text(CLAIMS, protected=cbor({1: -7, 4: known.hex()})), unknown),
        ("kid-empty", "the kid is empty", "nobody has the empty kid", text(CLAIMS, protected=cbor({1: -7, 4: b""})), unknown),
        ("kid-short", "the kid without its last byte", "a kid is compared whole", text(CLAIMS, kid=known[:-1]), unknown),
        ("kid-protected-unknown", "the protected kid is in no list, the unprotected one is", "HCERT §2.3: the protected header takes precedence", text(CLAIMS, kid=b"\0" * 8, unprotected={4: known}), unknown),
        ("kid-unprotected-unknown", "a kid that is in no list, in the unprotected header", "the list here may be old: a person looks", text(CLAIMS, protected=cbor({1: -7}), unprotected={4: b"\0" * 8}), amber("KID_UNPROTECTED", "SIGNER_UNKNOWN")),
        ("own-key", "the text brings its own key (x5chain, x5u) for its own kid", "a certificate never chooses its signer", text(CLAIMS, kid=b"\1" * 8, key="stranger", unprotected={33: keys.public_key("stranger"), 35: "https://example.org/key"}), unknown),
        ("own-key-known-kid", "the text brings its own key for a known kid", "a certificate never chooses its signer", text(CLAIMS, key="stranger", unprotected={33: keys.public_key("stranger")}), red("SIGNATURE_INVALID")),
        ("misfit", "the list holds an EC key where its algorithm asks for RSA", "a key that cannot be used proves and disproves nothing", text(CLAIMS, by="misfit"), unread),
        ("weak", "the list holds a key on a curve that no signature is believed of (secp256k1)", "a key that is not used here proves and disproves nothing, and the reason is told", text(CLAIMS, by="weak"), amber("SIGNER_WEAK")),
        ("shared-wrong", "a shared kid, and none of its keys", shared, text(CLAIMS, by="shared-utopia", key="stranger"), red("SIGNATURE_INVALID")),
        ("shared-wrong-algorithm", "a shared kid, and an algorithm of none of its keys", shared, text(CLAIMS, by="shared-utopia", alg=-37), red("ALGORITHM_REFUSED")),
        ("shared-foreign", "a shared kid: Arcadia's key signs for Utopia", shared, text(CLAIMS, by="shared-arcadia"), red("COUNTRY_WRONG")),
    ]  # fmt: skip
    for name, title, why, text_, expected in rows:
        yield Case(f"signer/{name}", title, why, text_, expected)
    for by, made, state in (
        ("shared-utopia", CLAIMS, "XXU"), ("shared-arcadia", ARCADIAN, "XXA"),
        ("shared-ruritania", RURITANIAN, "XXR"),
    ):  # fmt: skip
        yield Case(
            f"signer/{by}", f"a shared kid: what {state} signed for itself", shared,
            text(made, by=by), GOOD, facts=facts("vaccination", signer=state, **WHO),
        )  # fmt: skip
    once = claims(content.dcc("t", content.result(co="XS")), iss="XS")
    yield Case(
        "signer/listed-twice", "one key, listed once for vaccinations and once for tests",
        "each record that verifies is judged, and the kindest counts: nobody can take a record away "
        "by adding one", text(once, by="twice-ddcc"), GOOD,
        facts=facts("test", signer="XXS", **WHO),
    )  # fmt: skip
