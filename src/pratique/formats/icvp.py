"""WHO's digital yellow booklet (International Certificate of Vaccination or Prophylaxis), claim -6.

    {n, dob, ..., v | vx} -> shape a | b | c | d -> HealthCertificate

1. Four shapes were published; which one it is, is told by its keys:
   `v` a list: a (early draft) · `v` an object: c (test codes of WHO's validator)
   · `vx.dt`: b · `vx.dv`: d (smart-icvp, model ICVPMin).
2. One signed payload attests one dose (smart-icvp REQ-CC-03).
3. A template version that is not known makes it ambiguous, not refused (smart-icvp).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.findings import Code, Finding
from pratique.formats.fields import CwtClaims, FieldReader, names_somebody
from pratique.model import HealthCertificate, Person, Vaccination
from pratique.terms import Kind

DOMAIN = "ICVP"

_DISEASES = (("YellowFever", "1D47"), ("Polio", "1C81"))
"""Start of a WHO product identifier -> ICD-11 code of the disease it protects from."""

_TEMPLATES = ("0", "1")


def lenient(
    fields: Mapping[Any, Any], claims: CwtClaims, findings: list[Finding]
) -> HealthCertificate | None:
    """Read an ICVP of any of the four shapes; None if it attests nothing that can be read."""
    top = FieldReader(fields, "", findings)
    found = _dose_of(top)
    name = top.text("n", required=True)
    if name is None or not names_somebody(name):
        top.note(Code.NAME_MISSING, "n")
        return None
    if found is None:
        return None
    version, dose = found
    birth = top.day("dob", required=True)
    person = Person(
        name,
        None,
        None,
        None,
        birth,
        sex=top.text("s"),
        nationality=top.text("nt" if "nt" in fields else "ntl"),
        identifier=top.text("id" if "id" in fields else "nid"),
        identifier_type=top.text("dt" if "dt" in fields else "ndt"),
        guardian=top.text("gn"),
    )
    return HealthCertificate(DOMAIN, version, Kind.VACCINATION, person, (dose,), *claims, fields)


def _dose_of(top: FieldReader) -> tuple[str, Vaccination] | None:
    doses, template = top.group.get("vx"), top.group.get("v")
    if doses is not None:
        version = str(template)[:8] if type(template) in (str, int, float) else ""
        if version.split(".")[0] not in _TEMPLATES:
            top.note(Code.VERSION_UNKNOWN, "v")
        return _dose(top, "vx", doses, version)
    if isinstance(template, list | tuple):
        if len(template) != 1:
            top.note(Code.GROUPS_SEVERAL if template else Code.GROUP_MISSING, "v")
            return None
        return _dose(top, "v", template[0], "a")
    return _dose(top, "v", template, "c")


def _dose(
    top: FieldReader, name: str, group: object, version: str
) -> tuple[str, Vaccination] | None:
    if not isinstance(group, Mapping):
        top.note(Code.GROUP_MISSING if group is None else Code.FIELD_TYPE, name)
        return None
    dose = FieldReader(group, f"{name}.", top.findings)
    product = dose.text("vp", required=True)
    disease = dose.text("tg") or next(
        (code for start, code in _DISEASES if (product or "").startswith(start)), None
    )
    # Where no `mp` stands beside it, `vp` is WHO's identifier of the very product.
    named = "mp" in group
    return version, Vaccination(
        disease,
        product if named else None,
        dose.text("mp") if named else product,
        dose.text("ma"),
        None,
        None,
        dose.day("dv" if "dv" in group else "dt", required=True),
        None,
        dose.text("is"),
        None,
        lot=dose.text("bo"),
        valid_from=dose.day("vls"),
        valid_until=dose.day("vle"),
        # Of all four shapes: the clinician's name (WHO's own test codes say "Vacunador"). No shape names the centre.
        clinician=dose.text("cn"),
    )
