"""What the kit's certificates attest: invented people, in every form that is read.

    dose(dt="2026-02-30") -> {"tg": ..., ...} -> dcc("v", ...) -> {"ver": ..., "nam": ..., "v": [...]}

1. Every person is invented. The codes of diseases and products are public value sets.
2. `ABSENT` leaves a field out.
"""

from __future__ import annotations

from typing import Any

ABSENT = object()
Fields = dict[str, Any]


def changed(fields: Fields, changes: Fields) -> Fields:
    """Replace, add or (with ABSENT) leave out fields, keeping the order."""
    return {key: value for key, value in (fields | changes).items() if value is not ABSENT}


def name(**changes: Any) -> Fields:
    """Write a name group."""
    fields = {"fn": "Sampleová", "gn": "Testina", "fnt": "SAMPLEOVA", "gnt": "TESTINA"}
    return changed(fields, changes)


def dcc(group: str, *entries: object, **changes: Any) -> Fields:
    """Write an EU DCC with one group of entries."""
    fields = {"ver": "1.3.0", "nam": name(), "dob": "1984-02-29", group: list(entries)}
    return changed(fields, changes)


def dose(**changes: Any) -> Fields:
    """Write a vaccination entry."""
    fields = {
        "tg": "840539006", "vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215",
        "dn": 2, "sd": 2, "dt": "2026-02-20", "co": "XU", "is": "Ministry of Health of Utopia",
        "ci": "URN:UVCI:01:XU:7F3A9C51D2#E",
    }  # fmt: skip
    return changed(fields, changes)


def result(**changes: Any) -> Fields:
    """Write a test entry."""
    fields = {
        "tg": "840539006", "tt": "LP6464-4", "nm": "Sample NAAT", "sc": "2026-02-28T09:30:00Z",
        "tr": "260415000", "tc": "Harbour Test Site", "co": "XU",
        "is": "Ministry of Health of Utopia", "ci": "URN:UVCI:01:XU:11BC20E7A4#K",
    }  # fmt: skip
    return changed(fields, changes)


def illness(**changes: Any) -> Fields:
    """Write a recovery entry."""
    fields = {
        "tg": "840539006", "fr": "2026-01-10", "co": "XU", "is": "Ministry of Health of Utopia",
        "df": "2026-01-21", "du": "2026-07-09", "ci": "URN:UVCI:01:XU:90DD6E31B8#3",
    }  # fmt: skip
    return changed(fields, changes)


def exemption(**changes: Any) -> Fields:
    """Write an exemption entry in Pratique's profile."""
    fields = {
        "tg": "840539006", "df": "2026-02-01", "du": "2027-02-01", "co": "XU",
        "is": "Ministry of Health of Utopia", "ci": "URN:UVCI:01:XU:5A0E77C3F9#W",
    }  # fmt: skip
    return changed(fields, changes)


def vaccinated(dose_changes: Fields | None = None, **changes: Any) -> Fields:
    """Write the kit's usual certificate: one dose."""
    return dcc("v", dose(**(dose_changes or {})), **changes)


def ddcc_dose(**changes: Any) -> Fields:
    """Write WHO DDCC:VS fields, coded values as {code, system}."""
    fields = {
        "name": "Testina Sampleová", "birthDate": "1984-02-29", "sex": {"code": "female"},
        "identifier": "XU-000-TEST", "vaccine": {"code": "XM1NL1", "system": "http://id.who.int/icd11/mms"},
        "brand": {"code": "XM4YL8"}, "manufacturer": {"code": "ORG-100030215"}, "dose": 1,
        "total_doses": 2, "date": "2026-02-20", "country": {"code": "XU"}, "pha": "wA69g8VD512TfTTdkTNSsG",
        "lot": "LOT-0001", "centre": "Harbour Clinic", "disease": {"code": "RA01"},
        "hcid": "XU-1234567890", "version": "RC-2-draft",
    }  # fmt: skip
    return changed(fields, changes)


def ddcc_result(**changes: Any) -> Fields:
    """Write WHO DDCC:TR fields, the result in its own group."""
    fields = {
        "name": "Testina Sampleová", "birthDate": "1984-02-29", "hcid": "XU-1234567891",
        "version": "RC-2-draft",
        "test": {
            "pathogen": {"code": "XN109"}, "type": {"code": "94558-4"}, "brand": {"code": "Sample"},
            "date": "2026-02-28T09:30:00Z", "result": {"code": "260415000"},
            "centre": "Harbour Test Site", "country": {"code": "XU"},
        },
    }  # fmt: skip
    return changed(fields, changes)


def icvp(shape: str, **changes: Any) -> Fields:
    """Write WHO's digital yellow booklet in one of its four published shapes."""
    person: Fields = {
        "n": "Testina Sampleová", "dob": "1984-02-29", "s": "female",
        **({"nt": "UTO", "id": "TEST123456"} if shape in "ab" else {"ntl": "UTO", "nid": "TEST123456"}),
    }  # fmt: skip
    common: Fields = {"vp": "YellowFeverProductd2c75a15ed309658b3968519ddb31690", "bo": "LOT-0002"}
    more: Fields = {"vls": "2026-01-25", "vle": "2086-01-25", "cn": "Harbour Clinic"}
    if shape in "ac":
        one = common | {"dt": "2026-01-15", "tg": "1D47", "mp": "Sample YF", "ma": "Sample Works"}
        fields: Fields = person | {"v": [one | more] if shape == "a" else one | more}
    else:
        date: Fields = (
            {"dt": "2026-01-15"} if shape == "b" else {"dv": "2026-01-15", "is": "Dr. Sample"}
        )
        fields = person | {"v": "1.0.0", "vx": common | date | more}
    return changed(fields, changes)


LINK = [{"u": "shlink://eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnLyJ9"}]
"""Claim 5, a Verifiable Health Link: where documents would be, never what they say."""
