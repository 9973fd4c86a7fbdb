"""Claims and content that are signed, and not as they should be."""

from __future__ import annotations

import math
from typing import Any

from tools.vectors import content, keys
from tools.vectors.cases import GOOD, Case, Cases, Outcome, amber, facts, red
from tools.vectors.good import VACCINATED, WHO
from tools.vectors.layers import cbor, claims, text

ABSENT = content.ABSENT
NOTED = amber("NO_RULES", "SCHEMA_DEVIATION")
UNREAD = amber("DATE_UNREADABLE", "NO_RULES", "SCHEMA_DEVIATION")


def claims_cases() -> Cases:
    """Make the cases of `claims`."""
    good = content.vaccinated()
    invalid = red("CLAIMS_INVALID")
    rows: list[tuple[str, str, str, object, Outcome]] = [
        ("list", "a list instead of claims", "RFC 8392 §3: a map", [1, 2], invalid),
        ("null", "null instead of claims", "RFC 8392 §3: a map", cbor(None), invalid),
        ("empty", "no claims at all", "HCERT §3.1", {}, invalid),
        ("no-certificate", "no claim -260", "HCERT §3.3: the certificate is there", {1: "XU", 4: keys.EXPIRES, 6: keys.ISSUED}, invalid),
        ("certificate-list", "claim -260 is a list", "HCERT §3.3: a map", {**claims(good), -260: [good]}, invalid),
        ("certificate-empty", "claim -260 is empty", "it attests nothing", {**claims(good), -260: {}}, invalid),
        ("content-list", "the DCC is a list", "eu-dcc-schema: a map", claims([good]), red("FIELD_TYPE")),
        ("content-null", "the DCC is null", "eu-dcc-schema: a map", claims(None), red("FIELD_TYPE")),
        ("unknown", "a kind of content that is not known", "it is signed; what it says is for a person to read", claims(good, claim=2), amber("CLAIM_UNKNOWN")),
        ("unknown-text", "content under a text", "it is signed; what it says is for a person to read", claims(good, claim="dcc"), amber("CLAIM_UNKNOWN")),
        ("two-contents", "a DCC and a DDCC in one certificate", "a certificate attests one kind of thing: which one would be shown?", {**claims(good), -260: {1: good, 3: content.ddcc_dose()}}, red("GROUPS_SEVERAL")),
        ("issuer-number", "the issuer is a number", "RFC 8392 §3.1.1: a text", claims(good, iss=49), NOTED),
        ("ignored", "a claim that is not known", "RFC 8392 §3: it is let be, and named", {**claims(good), 99: 1}, amber("CLAIM_IGNORED", "NO_RULES")),
    ]  # fmt: skip
    for name, title, why, payload, expected in rows:
        seen = VACCINATED if expected is NOTED or name == "ignored" else None
        yield Case(f"claims/{name}", title, why, text(payload), expected, facts=seen)


def content_cases() -> Cases:
    """Make the cases of `content`."""
    for name, title, why, made, expected in (
        *_groups(), *_fields(), *_dates(), *_contradictions(), *_others(),
    ):  # fmt: skip
        content_ = made["content"] if "claim" in made else made
        payload = claims(content_, claim=made.get("claim", 1))
        seen = facts("vaccination", **WHO) if expected in (NOTED, UNREAD) else None
        yield Case(
            f"content/{name}", title, why, text(payload), expected, facts=made.get("facts", seen)
        )


Row = tuple[str, str, str, dict[str, Any], Outcome]


def _groups() -> list[Row]:
    dcc, dose, result = content.dcc, content.dose, content.result
    one_kind = "eu-dcc-schema: exactly one group; two readers could show two"
    return [
        ("group-missing", "nothing is attested", one_kind, dcc("v", dose(), v=ABSENT), red("GROUP_MISSING")),
        ("group-empty", "the group of doses is empty", one_kind, dcc("v"), red("GROUP_MISSING", "SCHEMA_DEVIATION")),
        ("test-positive", "an authentic test with a positive result", "it is authentic, and the opposite of what a desk takes a test for", dcc("t", result(tr="260373001")), amber("NO_RULES", "TEST_POSITIVE")),
        ("groups-two", "a dose and a test", one_kind, dcc("v", dose(), t=[result()]), red("GROUPS_SEVERAL")),
        ("group-null", "a dose, and a group of tests that is null", "met in real certificates", dcc("v", dose(), t=None, r=[]), NOTED),
        ("group-map", "the group of doses is one map", "eu-dcc-schema: a list", dcc("v", v=dose()), red("FIELD_TYPE")),
        ("group-texts", "the group of doses holds a text", "eu-dcc-schema: maps", dcc("v", "a dose"), red("FIELD_TYPE")),
        ("group-long", "two doses in one certificate", "eu-dcc-schema 1.3: one; earlier ones were met with more", dcc("v", dose(), dose(dn=1)), NOTED),
        ("icvp-list-empty", "a yellow booklet without a dose", "smart-icvp REQ-CC-03: one dose", {"content": content.icvp("a", v=[]), "claim": -6}, red("GROUP_MISSING")),
        ("icvp-list-two", "a yellow booklet with two doses", "smart-icvp REQ-CC-03: one dose", {"content": content.icvp("a", v=[{}, {}]), "claim": -6}, red("GROUPS_SEVERAL")),
        ("icvp-missing", "a yellow booklet that attests nothing", "smart-icvp REQ-CC-03: one dose", {"content": content.icvp("c", v=ABSENT), "claim": -6}, red("GROUP_MISSING")),
        ("icvp-text", "a yellow booklet whose dose is a text", "smart-icvp: a map", {"content": content.icvp("d", vx="x"), "claim": -6}, red("FIELD_TYPE")),
    ]  # fmt: skip


def _fields() -> list[Row]:
    dcc, dose, name = content.dcc, content.dose, content.name
    rows: list[Row] = [
        ("name-missing", "no name group", "eu-dcc-schema: nam is required", dcc("v", dose(), nam=ABSENT), red("NAME_MISSING")),
        ("name-empty", "every name is empty", "a certificate of nobody fits anybody", dcc("v", dose(), nam=name(fn="", gn="", fnt="", gnt="")), red("NAME_MISSING")),
        ("name-text", "the name is a text", "eu-dcc-schema: a map", dcc("v", dose(), nam="Testina"), red("NAME_MISSING")),
        ("name-icao-only", "the transliteration only", "eu-dcc-schema 1.3: fn may be absent", {"content": dcc("v", dose(), nam={"fnt": "SAMPLEOVA"}), "claim": 1, "facts": facts("vaccination", name="SAMPLEOVA", birth_date=WHO["birth_date"])}, amber("NO_RULES")),
        ("name-icao-missing", "no transliteration", "eu-dcc-schema: fnt is required", dcc("v", dose(), nam={"fn": "Sampleová", "gn": "Testina"}), NOTED),
        ("name-icao-odd", "a transliteration in lower case", "ICAO 9303-3 §4.6: A to Z and <", dcc("v", dose(), nam=name(fnt="Sampleova")), NOTED),
        ("name-long", "a name of 81 characters", "eu-dcc-schema 1.3: 80", {"content": dcc("v", dose(), nam=name(gn="a" * 81)), "claim": 1, "facts": facts("vaccination", birth_date=WHO["birth_date"])}, NOTED),
        ("birth-missing", "no birth date", "eu-dcc-schema: dob is required", dcc("v", dose(), dob=ABSENT), red("FIELD_MISSING")),
        ("version-missing", "no version", "eu-dcc-schema: ver is required", dcc("v", dose(), ver=ABSENT), red("FIELD_MISSING", "SCHEMA_DEVIATION")),
        ("version-odd", "a version that is none", "eu-dcc-schema: three numbers", dcc("v", dose(), ver="1.3"), NOTED),
        ("version-future", "version 2.0.0", "what another version means is not known", dcc("v", dose(), ver="2.0.0"), amber("NO_RULES", "VERSION_UNKNOWN")),
        ("doses-float", "the number of doses is 2.0", "met in real certificates", dcc("v", dose(sd=2.0)), NOTED),
        ("doses-half", "the number of doses is 1.5", "eu-dcc-schema: a whole number", dcc("v", dose(sd=1.5)), red("FIELD_TYPE")),
        ("doses-text", "the number of doses is a text", "eu-dcc-schema: a number", dcc("v", dose(dn="2")), red("FIELD_TYPE")),
        ("doses-true", "the number of doses is true", "eu-dcc-schema: a number", dcc("v", dose(dn=True)), red("FIELD_TYPE")),
        ("doses-zero", "the number of doses is 0", "eu-dcc-schema: at least 1; 0 of 0 must not count as complete", {"content": dcc("v", dose(dn=0)), "claim": 1, "facts": VACCINATED}, amber("NO_RULES", "DOSES_BELOW_ONE")),
        ("issuer-long", "the issuing body's name has 81 characters", "eu-dcc-schema 1.3: 80", dcc("v", dose(**{"is": "M" * 81})), NOTED),
    ]  # fmt: skip
    for group, entry in (("v", dose()), ("r", content.illness()), ("e", content.exemption())):
        for field in {"v": ("tg", "vp", "dn", "dt", "co"), "r": ("fr", "du"), "e": ("tg",)}[group]:
            gone = {key: value for key, value in entry.items() if key != field}
            rows.append((f"{group}-{field}-missing", f"{group}.{field} is missing", "eu-dcc-schema: it is required", dcc(group, gone), red("FIELD_MISSING")))  # fmt: skip
    for field in ("tg", "tt", "sc", "tr", "co", "is", "ci"):
        gone = {key: value for key, value in content.result().items() if key != field}
        rows.append((f"t-{field}-missing", f"t.{field} is missing", "eu-dcc-schema: it is required", dcc("t", gone), red("FIELD_MISSING")))  # fmt: skip
    rows.append(("v-vp-number", "v.vp is a number", "eu-dcc-schema: a text", dcc("v", dose(vp=1)), red("FIELD_TYPE")))  # fmt: skip
    return rows


def _contradictions() -> list[Row]:
    # Issued on 2026-03-01, judged on 2026-06-01.
    slip = "a contradiction proves a mistake, not whose: a person looks"
    own = "what it says of its own validity is no rule, and is not passed over"
    found: list[Row] = []
    for name, title, born, given, codes in (
        ("born-after-issue", "the holder is born after the issue", "2026-05-01", "2026-02-20", ("BORN_AFTER_ISSUE", "EVENT_BEFORE_BIRTH")),
        ("event-before-birth", "the dose lies before the birth", "2026-02-25", "2026-02-20", ("EVENT_BEFORE_BIRTH",)),
        ("event-after-issue", "the dose lies after the issue", "1984-02-29", "2026-03-05", ("EVENT_AFTER_ISSUE",)),
    ):  # fmt: skip
        made = {
            "content": content.vaccinated({"dt": given}, dob=born),
            "claim": 1,
            "facts": facts("vaccination", **{**WHO, "birth_date": born}),
        }
        found.append((name, title, slip, made, amber(*codes, "NO_RULES")))
    for name, title, changes, code in (
        ("stated-over", "a recovery whose last day was yesterday", {"du": "2026-05-31"}, "STATED_VALIDITY_OVER"),
        ("stated-not-begun", "a recovery whose first day is tomorrow", {"df": "2026-06-02"}, "STATED_VALIDITY_NOT_BEGUN"),
    ):  # fmt: skip
        made = {
            "content": content.dcc("r", content.illness(**changes)),
            "claim": 1,
            "facts": facts("recovery", **WHO),
        }
        found.append((name, title, own, made, amber(code, "NO_RULES")))
    return found


def _dates() -> list[Row]:
    why = "a date that cannot be read is not guessed"
    rows: list[Row] = []
    for name, written in (
        ("none", "yesterday"), ("no-such-day", "2026-02-30"), ("week", "2026-W08-5"),
        ("compact", "20260220"), ("swapped", "20-02-2026"), ("empty", ""), ("five", "12026-02-20"),
        ("arabic", "\u0662\u0660\u0662\u0666-02-20"), ("day-of-no-month", "2026-00-20"),
    ):  # fmt: skip
        expected = (
            amber("DATE_UNREADABLE", "NO_RULES")
            if name in ("no-such-day", "day-of-no-month")
            else UNREAD
        )
        made = {"content": content.vaccinated({"dt": written}), "claim": 1, "facts": VACCINATED}
        rows.append((f"date-{name}", f"the date of the dose is {written!r}", why, made, expected))
    for name, written in (
        ("instant", "2026-02-20T00:00:00Z"), ("instant-no-zone", "2026-02-20T00:00:00"),
        ("month", "2026-02"), ("month-zero", "2026-00"), ("blank", "2026-02-20 09:30"),
    ):  # fmt: skip
        rows.append((f"date-{name}", f"the date of the dose is {written!r}", "met in real certificates: read, and noted", content.vaccinated({"dt": written}), NOTED))  # fmt: skip
    tested = facts("test", **WHO)
    for name, written, expected in (
        ("zone-hours", "2026-02-28T09:30:00+02", GOOD), ("zone-compact", "2026-02-28T09:30:00+0200", GOOD),
        ("zone", "2026-02-28T09:30:00+02:00", GOOD), ("fraction", "2026-02-28T09:30:00.123456789Z", GOOD),
        ("leap-second", "2026-02-28T23:59:60Z", amber("DATE_UNREADABLE", "NO_RULES")),
        ("day", "2026-02-28", NOTED), ("hour-25", "2026-02-28T25:00:00Z", amber("DATE_UNREADABLE", "NO_RULES")),
    ):  # fmt: skip
        made = {
            "content": content.dcc("t", content.result(sc=written)),
            "claim": 1,
            "facts": tested,
        }
        rows.append((f"sampled-{name}", f"the test's instant is {written!r}", "met in real certificates, or a boundary", made, expected))  # fmt: skip
    rows.append(("birth-month-zero", "the birth date is '1963-00'", "met: a month that is not known", {"content": content.vaccinated(dob="1963-00"), "claim": 1, "facts": facts("vaccination", name=WHO["name"], birth_date="1963")}, amber("NO_RULES")))  # fmt: skip
    rows.append(("birth-unread", "the birth date is 'unknown'", why, {"content": content.vaccinated(dob="unknown"), "claim": 1, "facts": facts("vaccination", name=WHO["name"], birth_date=None)}, UNREAD))  # fmt: skip
    rows.append(("birth-nan", "the birth date is not a text but NaN", "eu-dcc-schema: a text", content.vaccinated(dob=math.nan), red("FIELD_TYPE")))  # fmt: skip
    return rows


def _others() -> list[Row]:
    ddcc, icvp = content.ddcc_dose, content.icvp

    def who(made: dict[str, Any], claim: int) -> dict[str, Any]:
        return {"content": made, "claim": claim}

    rows: list[Row] = [
        ("ddcc-name-missing", "a DDCC without a name", "WHO DDCC: name is required", who(ddcc(name=ABSENT), 3), red("FIELD_MISSING", "NAME_MISSING")),
        ("ddcc-name-empty", "a DDCC whose name is empty", "a certificate of nobody fits anybody", who(ddcc(name=""), 3), red("NAME_MISSING")),
        ("ddcc-test-name-missing", "a DDCC test without a name", "WHO DDCC: name is required", who(content.ddcc_result(name=ABSENT), 4), red("FIELD_MISSING", "NAME_MISSING")),
        ("icvp-name-missing", "a yellow booklet without a name", "smart-icvp: n is required", who(icvp("d", n=ABSENT), -6), red("FIELD_MISSING", "NAME_MISSING")),
        ("icvp-birth-missing", "a yellow booklet without a birth date", "smart-icvp: dob is required", who(icvp("d", dob=ABSENT), -6), red("FIELD_MISSING")),
        ("exemption-name-missing", "an exemption of nobody", "eu-dcc-schema: nam is required", who(content.dcc("e", content.exemption(), nam=ABSENT), -7), red("NAME_MISSING")),
    ]  # fmt: skip
    for field in ("vaccine", "dose", "date", "country"):
        rows.append((f"ddcc-{field}-missing", f"a DDCC without {field}", "WHO DDCC: it is required", who(ddcc(**{field: ABSENT}), 3), red("FIELD_MISSING")))  # fmt: skip
    for field in ("pathogen", "type", "date", "result", "country"):
        fields = content.ddcc_result()
        fields["test"] = {key: value for key, value in fields["test"].items() if key != field}
        rows.append((f"ddcc-test-{field}-missing", f"a DDCC test without {field}", "WHO DDCC: it is required", who(fields, 4), red("FIELD_MISSING")))  # fmt: skip
    for field in ("vp", "dv"):
        fields = icvp("d")
        fields["vx"] = {key: value for key, value in fields["vx"].items() if key != field}
        rows.append((f"icvp-{field}-missing", f"a yellow booklet without {field}", "smart-icvp: it is required", who(fields, -6), red("FIELD_MISSING")))  # fmt: skip
    return rows
