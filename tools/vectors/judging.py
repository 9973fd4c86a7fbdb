"""Authentic certificates that differ from a good one in one thing that a signer or a clock bars."""

from __future__ import annotations

import math
from typing import Any

from tools.vectors import content, keys
from tools.vectors.cases import GOOD, Case, Cases, Outcome, amber, facts, red
from tools.vectors.good import VACCINATED, WHO, WHO_WHOLE
from tools.vectors.layers import claims, text

ISSUED, EXPIRES, NOON, DAY = keys.ISSUED, keys.EXPIRES, keys.NOON, keys.DAY


def _claimed(**claim: Any) -> str:
    return text(claims(content.vaccinated(), **claim))


def _used_from(not_before: object) -> str:
    return _claimed(**{"5": not_before})


def validity_cases() -> Cases:
    """Make the cases of `validity`: `iat`, `exp` and the clock."""
    inclusive = "exp is inclusive (RFC 8392 §3.1.4 with RFC 7519 §4.1.4: on or after is refused; HCERT verifiers accept the second itself)"
    future = "a certificate of the future is forged, or this clock is wrong"
    plain = _claimed()
    rows: list[tuple[str, str, str, str, int, Outcome]] = [
        ("expires-now", "the clock is exp", inclusive, plain, EXPIRES, GOOD),
        ("expired", "one second after exp", inclusive, plain, EXPIRES + 1, red("EXPIRED")),
        ("issued-now", "the clock is iat", "iat is inclusive", plain, ISSUED, GOOD),
        ("issued-future", "five minutes and a second before iat", future, plain, ISSUED - 301, red("NOT_YET_VALID")),
        ("issued-leeway", "five minutes before iat", "clocks differ by that much; a peer allows it", plain, ISSUED - 300, amber("CLOCK_LEEWAY", "NO_RULES")),
        ("not-before", "nbf is the clock", "RFC 8392 §3.1.5: it is inclusive", _used_from(NOON), NOON, GOOD),
        ("not-before-leeway", "five minutes before nbf", "RFC 8392 §3.1.5 with RFC 7519 §4.1.5: some small leeway", _used_from(NOON + 300), NOON, amber("CLOCK_LEEWAY", "NO_RULES")),
        ("not-before-future", "five minutes and a second before nbf", "RFC 8392 §3.1.5: not accepted before", _used_from(NOON + 301), NOON, red("NOT_YET_VALID")),
        ("not-before-text", "nbf is a text", "RFC 8392 §2: a number", _used_from("2026-01-01"), NOON, red("INSTANT_UNREADABLE")),
        ("one-second", "iat, exp and the clock are one instant", "both ends are inclusive", _claimed(iat=NOON, exp=NOON), NOON, GOOD),
        ("expires-before-issue", "exp is one second before iat", "no such certificate was ever in force", _claimed(iat=NOON, exp=NOON - 1), NOON, red("EXPIRED", "EXPIRES_BEFORE_ISSUE")),
        ("expires-before-issue-later", "exp before iat, checked after both", "each fault is told", _claimed(iat=NOON, exp=NOON - DAY), NOON + DAY, red("EXPIRED", "EXPIRES_BEFORE_ISSUE")),
        ("expiry-missing", "no exp", "HCERT §3.1: there is one", _claimed(exp=None), NOON, amber("EXPIRY_MISSING", "NO_RULES")),
        ("issue-missing", "no iat", "HCERT §3.1: there is one", _claimed(iat=None), NOON, amber("ISSUED_MISSING", "NO_RULES")),
        ("both-missing", "neither iat nor exp", "HCERT §3.1: there are both", _claimed(iat=None, exp=None), NOON, amber("EXPIRY_MISSING", "ISSUED_MISSING", "NO_RULES")),
        ("issue-missing-expired", "no iat, one second after exp", "what is missing excuses nothing", _claimed(iat=None), EXPIRES + 1, red("EXPIRED", "ISSUED_MISSING")),
        ("expiry-missing-future", "no exp, five minutes and a second before iat", "what is missing excuses nothing", _claimed(exp=None), ISSUED - 301, red("EXPIRY_MISSING", "NOT_YET_VALID")),
        ("expiry-nan", "exp is NaN", "met in a real code; not a number is not a time", _claimed(exp=math.nan), NOON, red("EXPIRY_MISSING", "INSTANT_UNREADABLE")),
        ("expiry-infinite", "exp is infinity", "for ever is not a time", _claimed(exp=math.inf), NOON, red("EXPIRY_MISSING", "INSTANT_UNREADABLE")),
        ("expiry-text", "exp is a text", "RFC 8392 §2: a number", _claimed(exp="2027-03-01"), NOON, red("EXPIRY_MISSING", "INSTANT_UNREADABLE")),
        ("expiry-true", "exp is true", "RFC 8392 §2: a number", _claimed(exp=True), NOON, red("EXPIRY_MISSING", "INSTANT_UNREADABLE")),
        ("issue-nan", "iat is NaN", "not a number is not a time", _claimed(iat=math.nan), NOON, red("INSTANT_UNREADABLE", "ISSUED_MISSING")),
        ("expiry-float", "exp is a float", "RFC 8392 §2 allows a fraction; the second it lies in decides", _claimed(exp=EXPIRES + 0.5), EXPIRES, amber("INSTANT_FRACTION", "NO_RULES")),
        ("expiry-float-over", "exp is a float, one second ago", "RFC 8392 §2; its second is over", _claimed(exp=EXPIRES + 0.5), EXPIRES + 1, red("EXPIRED", "INSTANT_FRACTION")),
        ("expiry-milliseconds", "exp is in milliseconds", "met in real codes", _claimed(exp=EXPIRES * 1000), NOON, amber("INSTANT_MILLISECONDS", "NO_RULES")),
        ("expiry-milliseconds-over", "exp is in milliseconds, and over", "met in real codes", _claimed(exp=EXPIRES * 1000 + 999), EXPIRES + 1, red("EXPIRED", "INSTANT_MILLISECONDS")),
        ("expiry-microseconds", "exp is in microseconds", "no unit that is met", _claimed(exp=EXPIRES * 1_000_000), NOON, red("EXPIRY_MISSING", "INSTANT_MILLISECONDS", "INSTANT_UNREADABLE")),
        ("expiry-huge", "exp is 2^63", "a number is not yet a time", _claimed(exp=2**63), NOON, red("EXPIRY_MISSING", "INSTANT_MILLISECONDS", "INSTANT_UNREADABLE")),
        ("expiry-5138", "exp is the last instant that is read as seconds", "the year 5138; one more is milliseconds", _claimed(exp=99_999_999_999), NOON, red("EXPIRES_AFTER_SIGNER")),
        ("expiry-1973", "exp is the first instant that is read as milliseconds", "100000000000 ms lie in 1973", _claimed(exp=100_000_000_000), NOON, red("EXPIRED", "EXPIRES_BEFORE_ISSUE", "INSTANT_MILLISECONDS")),
        ("issue-negative", "iat is negative", "before 1970 no key signed", _claimed(iat=-1), NOON, red("ISSUED_BEFORE_SIGNER")),
        ("issue-lowest", "iat is -2^63", "before 1970 no key signed", _claimed(iat=-(2**63)), NOON, red("ISSUED_BEFORE_SIGNER")),
        ("issue-zero", "iat is 0", "0 is a time, not a missing one", _claimed(iat=0), NOON, red("ISSUED_BEFORE_SIGNER")),
        ("expiry-zero", "exp is 0", "0 is a time, not a missing one", _claimed(exp=0), NOON, red("EXPIRED", "EXPIRES_BEFORE_ISSUE")),
    ]  # fmt: skip
    for name, title, why, text_, clock, expected in rows:
        seen = VACCINATED if expected.colour == "amber" else None
        yield Case(f"validity/{name}", title, why, text_, expected, clock, facts=seen)


def key_validity_cases() -> Cases:
    """Make the cases of `key-validity`: the signer's life."""
    start, end = keys.START, keys.END
    before = "HCERT §3.3.5: issued not before the key's notBefore"
    after = "HCERT §3.3.6: in force no longer than the key's notAfter"
    dead = "the signing CA is over; who renews or withdraws its signers?"

    def by(signer: str, dt: str = "2026-02-20", **claim: Any) -> str:
        return text(claims(content.vaccinated({"dt": dt}), **claim), by=signer)

    rows: list[tuple[str, str, str, str, int, Outcome]] = [
        ("issued-at-start", "iat is the key's notBefore", before, by("utopia", dt="2025-12-20", iat=start), NOON, GOOD),
        ("issued-before", "iat is one second before the key's notBefore", before, by("utopia", iat=start - 1), NOON, red("ISSUED_BEFORE_SIGNER")),
        ("expires-at-end", "exp is the key's notAfter", after, by("utopia", exp=end), NOON, GOOD),
        ("expires-after", "exp is one second after the key's notAfter", after, by("utopia", exp=end + 1), NOON, red("EXPIRES_AFTER_SIGNER")),
        ("last-second", "exp, the key's notAfter and the clock are one instant", "both are inclusive", by("utopia", exp=end), end, GOOD),
        ("first-second", "iat, the key's notBefore and the clock are one instant", "both are inclusive", by("utopia", dt="2025-12-20", iat=start), start, GOOD),
        ("over", "the key's time is over, exp is missing", "a key that is over vouches for nothing any more", by("over", exp=None), NOON, red("EXPIRY_MISSING", "SIGNER_EXPIRED")),
        ("over-with-certificate", "the key's and the certificate's time ended together", "each fault is told", by("over", exp=NOON - DAY), NOON, red("EXPIRED", "SIGNER_EXPIRED")),
        ("over-before-certificate", "the key's time is over, the certificate's is not", after, by("over"), NOON, red("EXPIRES_AFTER_SIGNER", "SIGNER_EXPIRED")),
        ("future", "the key is not in use yet", "a key that leaked before its time", by("future", iat=NOON + DAY, exp=NOON + 2 * DAY), NOON, red("NOT_YET_VALID", "SIGNER_NOT_YET")),
        ("future-issued", "the key is not in use yet, and has issued already", before, by("future"), NOON, red("ISSUED_BEFORE_SIGNER", "SIGNER_NOT_YET")),
        ("future-undated", "the key is not in use yet, iat is missing", "what is missing excuses nothing", by("future", iat=None), NOON, red("ISSUED_MISSING", "SIGNER_NOT_YET")),
        ("sca-dead", "the signing CA's time is over", dead, by("sca-dead"), NOON, amber("NO_RULES", "SCA_DEAD")),
        ("sca-alive", "the clock is the signing CA's notAfter", "it is inclusive", by("sca-alive"), NOON, GOOD),
        ("sca-over", "one second after the signing CA's notAfter", dead, by("sca-alive"), NOON + 1, amber("NO_RULES", "SCA_DEAD")),
    ]  # fmt: skip
    for name, title, why, text_, clock, expected in rows:
        seen = VACCINATED if expected.colour == "amber" else None
        yield Case(f"key-validity/{name}", title, why, text_, expected, clock, facts=seen)


def usage_cases() -> Cases:
    """Make the cases of `usage`: each kind signed by each key."""
    contents = {
        "vaccination": content.vaccinated(),
        "test": content.dcc("t", content.result()),
        "recovery": content.dcc("r", content.illness()),
        "exemption": content.dcc("e", content.exemption()),
    }
    why = "HCERT §3.3.1.1: a key signs only what its extended key usage names"
    for usage in ("vaccination", "test", "recovery"):
        for kind, made in contents.items():
            right = kind == usage
            yield Case(
                f"usage/{usage}-signs-{kind}", f"a key for {usage} only signs a {kind}", why,
                text(claims(made), by=f"utopia-{usage}"), GOOD if right else red("USAGE_WRONG"),
                facts=facts(kind, **WHO) if right else None,
            )  # fmt: skip
    swiss = content.result(tt="medicalExemption", nm=content.ABSENT)
    rows: list[tuple[str, str, dict[str, Any], int, str]] = [
        ("test-signs-exemption-ch", "a key for tests signs an exemption in a test's clothes", content.dcc("t", swiss), 1, "utopia-test"),
        ("test-signs-ddcc", "a key for tests signs a DDCC vaccination", content.ddcc_dose(), 3, "utopia-test"),
        ("vaccination-signs-ddcc-test", "a key for vaccinations signs a DDCC test", content.ddcc_result(), 4, "utopia-vaccination"),
        ("test-signs-icvp", "a key for tests signs a yellow booklet", content.icvp("d"), -6, "utopia-test"),
    ]  # fmt: skip
    for name, title, made, claim, by in rows:
        payload = claims(made, claim=claim)
        yield Case(f"usage/{name}", title, why, text(payload, by=by), red("USAGE_WRONG"))
    yield Case(
        "usage/unreadable", "the signer's own certificate could not be read",
        "what could not be read never widens a limit, and proves no fault either",
        text(claims(content.vaccinated({"co": "XE"}), iss="XE"), by="unreadable"),
        amber("NO_RULES", "SIGNER_UNREADABLE"), facts=facts("vaccination", signer="XXE", **WHO),
    )  # fmt: skip


def country_cases() -> Cases:
    """Make the cases of `country`: who signs for whom."""
    forged = "codes forged in 2021 were signed by one state's key and named other states"
    unmapped = "met: an issuer's name that is no code; the country of the event is compared"
    wrong, abroad = red("COUNTRY_WRONG"), amber("EVENT_ABROAD", "NO_RULES")
    nobody = amber("NO_RULES", "SIGNER_WITHOUT_COUNTRY")
    unnamed = amber("ISSUER_UNMAPPED", "NO_RULES")
    rows: list[tuple[str, str, str, str | None, str, str, Outcome]] = [
        ("wrong", "Utopia's key signs as Arcadia", forged, "XA", "XA", "utopia", wrong),
        ("wrong-issuer", "Utopia's key signs as Arcadia, the dose was in Utopia", forged, "XA", "XU", "utopia", wrong),
        ("reverse", "Arcadia's key signs as Utopia", forged, "XU", "XU", "arcadia", wrong),
        ("real", "Utopia's key signs as a state of this world", forged, "AT", "AT", "utopia", wrong),
        ("abroad", "the dose was in Arcadia", "lawful: a state may write down what was done abroad", "XU", "XA", "utopia", abroad),
        ("abroad-lower", "the country of the dose is written in lower case", "met; upper case is asked for", "XU", "xu", "utopia", amber("NO_RULES", "SCHEMA_DEVIATION")),
        ("islands", "Utopia's key for its islands signs as the islands", "a state may sign for its territories", "XI", "XI", "utopia-islands", GOOD),
        ("islands-home", "the same key signs as Utopia", "a state may sign for its territories", "XU", "XU", "utopia-islands", GOOD),
        ("islands-wrong", "Utopia's other key signs as the islands", "a key is bound to what its record says", "XI", "XI", "utopia", wrong),
        ("islands-event", "Utopia issues, the dose was on the islands", "both are the key's", "XU", "XI", "utopia-islands", GOOD),
        ("unmapped", "the issuer is a ministry's name", unmapped, "Ministry of Health", "XU", "utopia", unnamed),
        ("unmapped-foreign", "the issuer is a ministry's name, the dose was in Arcadia", unmapped, "Ministry of Health", "XA", "utopia", red("COUNTRY_WRONG", "ISSUER_UNMAPPED")),
        ("missing", "no issuer", "HCERT §3.1: there is one; the country of the event is compared", None, "XU", "utopia", GOOD),
        ("missing-foreign", "no issuer, the dose was in Arcadia", forged, None, "XA", "utopia", wrong),
        ("empty", "the issuer is empty", "as if it were missing", "", "XU", "utopia", GOOD),
        ("empty-foreign", "the issuer is empty, the dose was in Arcadia", forged, "", "XA", "utopia", wrong),
        ("spaced", "the issuer is written with a blank, in lower case", "met; it means the same", "xu ", "XU", "utopia", GOOD),
        ("nowhere", "the signer is bound to no country", "nothing can be compared, and nothing is taken on trust", "XU", "XU", "nowhere", nobody),
    ]  # fmt: skip
    for name, title, why, iss, co, by, expected in rows:
        seen = None if expected.colour == "red" else facts(
            "vaccination", signer=keys.SIGNERS[by].participant, **WHO
        )  # fmt: skip
        made = text(claims(content.vaccinated({"co": co}), iss=iss), by=by)
        yield Case(f"country/{name}", title, why, made, expected, facts=seen)
    unsaid = "a key that may name no country could name any"
    compared: list[tuple[str, str, str, dict[str, Any], str | None, Outcome]] = [
        ("icvp", "a yellow booklet: its issuer is compared, for its dose has no country", "smart-icvp has no country of the event", content.icvp("d"), "XU", GOOD),
        ("icvp-unsaid", "a yellow booklet without an issuer: no country is named", unsaid, content.icvp("d"), None, amber("COUNTRY_MISSING", "NO_RULES")),
        ("icvp-unmapped", "a yellow booklet of a ministry: no country is named", unsaid, content.icvp("d"), "Ministry of Health", amber("COUNTRY_MISSING", "ISSUER_UNMAPPED", "NO_RULES")),
    ]  # fmt: skip
    for name, title, why, booklet, iss, expected in compared:
        yield Case(
            f"country/{name}", title, why, text(claims(booklet, claim=-6, iss=iss)), expected,
            facts=facts("vaccination", domain="ICVP", **WHO_WHOLE),
        )  # fmt: skip
    exempt = content.dcc("e", content.exemption(co=content.ABSENT))
    yield Case(
        "country/exemption-unsaid", "an exemption without issuer and country", unsaid,
        text(claims(exempt, iss=None)), amber("COUNTRY_MISSING", "NO_RULES"),
        facts=facts("exemption", **WHO),
    )  # fmt: skip
    two = content.dcc("v", content.dose(), content.dose(co="XA"))
    yield Case(
        "country/abroad-second", "the second of two doses was in Arcadia", "every entry counts",
        text(claims(two)), amber("EVENT_ABROAD", "NO_RULES", "SCHEMA_DEVIATION"), facts=VACCINATED,
    )  # fmt: skip
    yield Case(
        "country/ddcc-wrong", "a DDCC: Utopia's key signs as Arcadia", forged,
        text(claims(content.ddcc_dose(), claim=3, iss="XA")), wrong,
    )  # fmt: skip
    yield Case(
        "country/icvp-wrong", "a yellow booklet: Utopia's key signs as Arcadia", forged,
        text(claims(content.icvp("d"), claim=-6, iss="XA")), wrong,
    )  # fmt: skip


def environment_cases() -> Cases:
    """Make the cases of `environment`: specimens and what is in earnest."""
    specimen = text(claims(content.vaccinated()), by="utopia-specimen")
    earnest = text(claims(content.vaccinated()))
    why = "a test key is in many hands; what it signs proves nothing"
    rows = [
        ("specimen", "a test key, where production is asked", specimen, "production", red("ENVIRONMENT_WRONG")),
        ("specimen-at-test", "a test key, where tests are made", specimen, "test", GOOD),
        ("earnest-at-test", "a production key, where tests are made", earnest, "test", red("ENVIRONMENT_WRONG")),
    ]  # fmt: skip
    for name, title, text_, environment, expected in rows:
        seen = VACCINATED if expected is GOOD else None
        yield Case(
            f"environment/{name}", title, why, text_, expected, environment=environment, facts=seen
        )
