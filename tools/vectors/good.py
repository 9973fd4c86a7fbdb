"""Good certificates: every kind, every form, every algorithm, several states."""

from __future__ import annotations

from typing import Any

from tools.vectors import content, keys
from tools.vectors.cases import GOOD, Case, Cases, Outcome, amber, facts
from tools.vectors.layers import CWT_TAGGED, KID, UNTAGGED, cbor, claims, hc1, pack, signed, text

WHO = {"name": "Sampleová Testina", "birth_date": "1984-02-29"}
WHO_WHOLE = WHO | {"name": "Testina Sampleová"}
"""WHO's forms write the whole name in one field."""
VACCINATED = facts("vaccination", **WHO)


def _good(  # noqa: PLR0917 - a row of a table
    name: str, title: str, why: str, text: str, seen: dict[str, Any], expected: Outcome = GOOD
) -> Case:
    return Case(f"formats/{name}", title, why, text, expected, facts=seen)


def cases() -> Cases:
    """Make the cases of `formats`."""
    yield from _kinds()
    yield from _exemptions()
    yield from _who()
    yield from _envelopes()
    yield from _states()


def _kinds() -> Cases:
    dcc, dose = content.dcc, content.dose
    plain = "EU DCC, eHealth Network HCERT specification 1.3 and eu-dcc-schema 1.3.0"
    yield _good(
        "vaccination", "a vaccination", plain, text(claims(content.vaccinated())), VACCINATED
    )
    yield _good(
        "test", "a test", plain, text(claims(dcc("t", content.result()))), facts("test", **WHO)
    )
    rapid = content.result(tt="LP217198-3", nm=content.ABSENT, ma="1232")
    yield _good(
        "test-rapid", "a rapid test, named by its device", plain,
        text(claims(dcc("t", rapid))), facts("test", **WHO),
    )  # fmt: skip
    yield _good(
        "recovery", "a recovery", plain, text(claims(dcc("r", content.illness()))),
        facts("recovery", **WHO),
    )  # fmt: skip
    yield _good(
        "version-1.0.0", "a vaccination of the first schema", "eu-dcc-schema 1.0.0 is still met",
        text(claims(dcc("v", dose(), ver="1.0.0"))), VACCINATED,
    )  # fmt: skip
    for birth in ("1984", "1984-02", ""):
        yield _good(
            f"birth-date-{len(birth)}", f"the birth date is {birth or 'empty'!r}",
            "eu-dcc-schema 1.3.0 allows a year, a month or nothing: not everybody knows the day",
            text(claims(dcc("v", dose(), dob=birth))),
            facts("vaccination", name=WHO["name"], birth_date=birth or None),
        )  # fmt: skip
    yield _good(
        "several-codes", "claim -260 holds a kind of content that is not known, beside a DCC",
        "WHO may add claims; what is known is read, and a person looks at the rest",
        text({**claims(content.vaccinated()), -260: {1: content.vaccinated(), 99: {}}}), VACCINATED,
        amber("CLAIM_UNKNOWN", "NO_RULES"),
    )  # fmt: skip


def _exemptions() -> Cases:
    dcc, exempt = content.dcc, content.exemption
    seen = facts("exemption", **WHO)
    yield _good(
        "exemption", "an exemption in Pratique's profile, as a group of the DCC",
        "an exempt person needs a code like everybody's", text(claims(dcc("e", exempt()))), seen,
    )  # fmt: skip
    yield _good(
        "exemption-claim", "an exemption under its own claim -7", "Pratique's profile",
        text(claims(dcc("e", exempt()), claim=-7)), seen,
    )  # fmt: skip
    italian = exempt(ci=content.ABSENT, cu="01XU5A0E77C3F9W")
    yield _good(
        "exemption-it", "an exemption as Italy wrote it: group e, the id in cu",
        "a national form that is met", text(claims(dcc("e", italian))), seen,
    )  # fmt: skip
    austrian = exempt(df=content.ABSENT, vf="2026-02-01")
    yield _good(
        "exemption-at", "an exemption as Austria wrote it: group ve", "a national form that is met",
        text(claims(dcc("ve", austrian))), seen,
    )  # fmt: skip
    swiss = content.result(tt="medicalExemption", nm=content.ABSENT, sc="2026-02-28T00:00:00Z")
    yield _good(
        "exemption-ch", "an exemption as Switzerland wrote it: a test of type medicalExemption",
        "a national form that is met; it attests no test", text(claims(dcc("t", swiss))), seen,
    )  # fmt: skip


def _who() -> Cases:
    ddcc = {"domain": "DDCC", **WHO_WHOLE}
    yield _good(
        "ddcc-vaccination", "WHO DDCC:VS under claim 3", "WHO DDCC, core data set of vaccination",
        text(claims(content.ddcc_dose(), claim=3)), facts("vaccination", **ddcc),
    )  # fmt: skip
    yield _good(
        "ddcc-test", "WHO DDCC:TR under claim 4", "WHO DDCC, core data set of test results",
        text(claims(content.ddcc_result(), claim=4)), facts("test", **ddcc),
    )  # fmt: skip
    first = claims(content.ddcc_dose()) | dict(content.ddcc_dose(country="XU"))
    del first[-260]
    yield _good(
        "ddcc-first", "a first-generation WHO code: the fields are claims themselves",
        "met in WHO's test material", text(first), facts("vaccination", **ddcc),
    )  # fmt: skip
    for shape, told in (("a", "v is a list"), ("b", "vx.dt"), ("c", "v is a map"), ("d", "vx.dv")):
        yield _good(
            f"icvp-{shape}", f"WHO's digital yellow booklet, shape {shape}: {told}",
            "smart-icvp published four shapes of claim -6",
            text(claims(content.icvp(shape), claim=-6)),
            facts("vaccination", domain="ICVP", **WHO_WHOLE),
        )  # fmt: skip
    yield _good(
        "icvp-version", "a yellow booklet of a template version that is not known",
        "smart-icvp: a version that is not known makes it ambiguous, not refused",
        text(claims(content.icvp("d", v="7.0"), claim=-6)),
        facts("vaccination", domain="ICVP", **WHO_WHOLE), amber("NO_RULES", "VERSION_UNKNOWN"),
    )  # fmt: skip
    linked = claims(content.LINK, claim=5)
    yield Case(
        "formats/link", "a Verifiable Health Link under claim 5",
        "a link says where documents are: following it would tell its owner who is checked where",
        text(linked), amber("LINK_NOT_FOLLOWED"),
    )  # fmt: skip
    texts: dict[object, object] = {"1": "XU", "4": keys.EXPIRES * 1000, "6": keys.ISSUED * 1000}
    yield Case(
        "formats/link-text-keys", "a link whose claim keys are text and whose instants are milliseconds",
        "so written by a national connectathon's issuer", text(texts | {"-260": {"5": content.LINK}}),
        amber("CLAIM_KEY_TEXT", "INSTANT_MILLISECONDS", "LINK_NOT_FOLLOWED"),
    )  # fmt: skip
    yield _good(
        "text-keys", "a vaccination whose claim keys are text and whose instants are milliseconds",
        "what is met with links may be met with content",
        text(texts | {"-260": {"1": content.vaccinated()}}), VACCINATED,
        amber("CLAIM_KEY_TEXT", "INSTANT_MILLISECONDS", "NO_RULES"),
    )  # fmt: skip


def _envelopes() -> Cases:
    payload = cbor(claims(content.vaccinated()))
    yield _good(
        "untagged", "a COSE_Sign1 without its tag", "RFC 9052 §2: the tag may be absent",
        text(payload, tag=UNTAGGED), VACCINATED,
    )  # fmt: skip
    yield _good(
        "cwt-tag", "tags 61 and 18: a CWT over a COSE_Sign1", "RFC 8392 §6",
        text(payload, tag=CWT_TAGGED), VACCINATED,
    )  # fmt: skip
    kid = keys.SIGNERS["utopia"].kid
    unprotected = text(payload, protected=cbor({1: -7}), unprotected={KID: kid})
    yield _good(
        "kid-unprotected", "the kid is in the unprotected header only",
        "HCERT §2.3 allows it: a kid is a hint, and needs no signature", unprotected, VACCINATED,
        amber("KID_UNPROTECTED", "NO_RULES"),
    )  # fmt: skip
    yield _good(
        "kid-twice", "the kid is in both headers and differs: the protected one is right",
        "HCERT §2.3: the protected header takes precedence",
        text(payload, unprotected={KID: keys.SIGNERS["arcadia"].kid}), VACCINATED,
    )  # fmt: skip
    header = cbor({KID: kid, 1: -7})
    yield _good(
        "kid-first", "the kid stands before the algorithm", "a map has no order (RFC 8949 §3.1)",
        text(payload, protected=header), VACCINATED,
    )  # fmt: skip
    bare = text(payload, protected=b"", unprotected={1: -7, KID: kid})
    yield _good(
        "header-empty", "the protected header is empty, both hints are outside",
        "RFC 9052 §3: an empty map may be written as an empty string", bare, VACCINATED,
        amber("KID_UNPROTECTED", "NO_RULES"),
    )  # fmt: skip
    wired = text(payload, protected=b"\xa0", unprotected={1: -7, KID: kid})
    yield _good(
        "header-empty-map", "the protected header is the empty map a0 on the wire",
        "RFC 9052 §4.4: it counts as the empty string in what is signed", wired, VACCINATED,
        amber("KID_UNPROTECTED", "NO_RULES"),
    )  # fmt: skip
    long = signed(payload).replace(
        b"\x59" + len(payload).to_bytes(2, "big"), b"\x5a" + len(payload).to_bytes(4, "big"), 1
    )
    short = cbor(claims(content.LINK, claim=5))
    wide = signed(short).replace(b"\x58" + bytes([len(short)]), b"\x59\0" + bytes([len(short)]), 1)
    yield Case(
        "formats/length-two", "the payload's length takes two bytes where one is enough",
        "RFC 9052 §9: what is signed is encoded anew, in its shortest form; the wire may differ",
        hc1(pack(wide)), amber("LINK_NOT_FOLLOWED"),
    )  # fmt: skip
    yield _good(
        "length-long", "the payload's length is written longer than it needs to be",
        "RFC 9052 §9: what is signed is encoded anew, in its shortest form; the wire may differ",
        hc1(pack(long)), VACCINATED,
    )  # fmt: skip


def _states() -> Cases:
    mixed = claims(content.vaccinated({"co": "XE"}), iss="XE")
    yield _good(
        "curve-digest", "ES384 with a key on P-256",
        "RFC 9053 §2.1 binds the digest to the algorithm's name, and leaves the curve to the key",
        text(mixed, by="mixed", sign=lambda message: keys.sign("erewhon-2", message, 384)),
        facts("vaccination", signer="XXE", **WHO),
    )  # fmt: skip
    for by, code, algorithm in (
        ("freedonia", "XF", "PS256"), ("ruritania", "XR", "ES384"), ("brobdingnag", "XB", "ES512"),
        ("arcadia", "XA", "ES256"),
    ):  # fmt: skip
        yield _good(
            by, f"a vaccination signed with {algorithm}, by another state",
            "each signer has one algorithm, and its record says which",
            text(claims(content.vaccinated({"co": code}), iss=code), by=by),
            facts("vaccination", signer=f"X{code}", **WHO),
        )  # fmt: skip
    yield _good(
        "alpha-3", "the issuer is named by the participant's code of three letters",
        "WHO's network names its test states XXA to XXZ, certificates XA to XZ",
        text(claims(content.vaccinated({"co": "XXU"}), iss="XXU")), VACCINATED,
    )  # fmt: skip
