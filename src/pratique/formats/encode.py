"""Write what is to be signed: a person and one event become a payload.

    Person, Entry -> content -> (claim, fields) -> payload -> CBOR -> hcert.encode

1. One payload attests one event (smart-icvp REQ-CC-03; DCC 1.3.3 allows one entry).
2. The order of the fields is fixed, so that the same content makes the same bytes.
3. Nothing is checked here but what cannot be written: see `intake.examine`.
"""

from __future__ import annotations

from typing import Any

from pratique.crypto.cbor import dumps
from pratique.formats import hcert, icvp
from pratique.model import Entry, Exemption, Moment, Person, Precision, Recovery, Test, Vaccination

DCC_VERSION = "1.3.3"
EXEMPTION_VERSION = DCC_VERSION
"""Whose forms of names and dates it has; under 1.0.0 a birth year alone would be a deviation."""
ICVP_VERSION = "1"


def payload(
    domain: str,
    person: Person,
    entry: Entry,
    identifier: str,
    *,
    issuer: str,
    issued_at: int,
    expires_at: int,
) -> bytes:
    """Return the CWT of one event.

    Args:
        domain: "DCC" or "ICVP"; an exemption's is "DCC".
        identifier: the certificate's own; whatever `entry` has is not written.
        issuer: ISO 3166-1 alpha-2 code of the issuing country.
        issued_at, expires_at: seconds since the epoch.
    """
    claims: dict[int, Any] = {
        hcert.ISSUER: issuer,
        hcert.ISSUED: issued_at,
        hcert.EXPIRES: expires_at,
    }
    if domain == icvp.DOMAIN and isinstance(entry, Vaccination):
        claims[hcert.IDENTIFIER] = identifier.encode()
        claims[hcert.HCERT] = {hcert.ICVP: _icvp(person, entry)}
    elif isinstance(entry, Exemption):
        claims[hcert.HCERT] = {
            hcert.EXEMPTION: _dcc(person, "e", _exemption(entry, identifier), EXEMPTION_VERSION)
        }
    else:
        group, fields = _GROUPS[type(entry)]
        claims[hcert.HCERT] = {
            hcert.DCC: _dcc(person, group, fields(entry, identifier), DCC_VERSION)
        }
    return dumps(claims)


def _dcc(person: Person, group: str, fields: dict[str, Any], version: str) -> dict[str, Any]:
    surname, forename, surname_icao, forename_icao, born = person[:5]
    name = {"fn": surname, "fnt": surname_icao, "gn": forename, "gnt": forename_icao}
    if None in name.values():
        name = {key: text for key, text in name.items() if text is not None}
    return {
        "ver": version,
        "nam": name,
        "dob": born.text() if born is not None else "",
        group: [fields],
    }


def _vaccination(dose: Vaccination, identifier: str) -> dict[str, Any]:
    return {
        "tg": dose.disease, "vp": dose.prophylaxis, "mp": dose.product, "ma": dose.manufacturer,
        "dn": dose.dose, "sd": dose.doses, "dt": _day(dose.given), "co": dose.country,
        "is": dose.authority, "ci": identifier,
    }  # fmt: skip


def _test(test: Test, identifier: str) -> dict[str, Any]:
    fields = {
        "tg": test.disease, "tt": test.test_type, "nm": test.name, "ma": test.device,
        "sc": _instant(test.sampled), "tr": test.result, "tc": test.site, "co": test.country,
        "is": test.authority, "ci": identifier,
    }  # fmt: skip
    return {key: value for key, value in fields.items() if value is not None}


def _recovery(illness: Recovery, identifier: str) -> dict[str, Any]:
    return {
        "tg": illness.disease, "fr": _day(illness.first_positive), "co": illness.country,
        "is": illness.authority, "df": _day(illness.valid_from), "du": _day(illness.valid_until),
        "ci": identifier,
    }  # fmt: skip


def _exemption(exemption: Exemption, identifier: str) -> dict[str, Any]:
    return {
        "tg": exemption.disease, "df": _day(exemption.valid_from),
        "du": _day(exemption.valid_until), "co": exemption.country, "is": exemption.authority,
        "ci": identifier,
    }  # fmt: skip


_GROUPS: dict[type, tuple[str, Any]] = {
    Vaccination: ("v", _vaccination),
    Test: ("t", _test),
    Recovery: ("r", _recovery),
}


def _icvp(person: Person, dose: Vaccination) -> dict[str, Any]:
    # Shape d (smart-icvp, model ICVPMin).
    given = {"vp": dose.product, "dv": _day(dose.given), "cn": dose.clinician,
             "is": dose.authority, "bo": dose.lot}  # fmt: skip
    fields = {
        "n": person.display_name(), "dob": _day(person.birth_date), "s": person.sex,
        "nt": person.nationality, "id": person.identifier, "dt": person.identifier_type,
        "gn": person.guardian, "v": ICVP_VERSION,
        "vx": {key: value for key, value in given.items() if value is not None},
    }  # fmt: skip
    return {key: value for key, value in fields.items() if value is not None}


def _day(moment: Moment | None) -> str | None:
    return moment.first.isoformat()[:10] if moment is not None else None


def _instant(moment: Moment | None) -> str | None:
    if moment is None:
        return None
    text = moment.text()
    if moment.precision is Precision.INSTANT:
        return text[:-6] + "Z" if text.endswith("+00:00") else text
    return f"{text}T00:00:00Z"
