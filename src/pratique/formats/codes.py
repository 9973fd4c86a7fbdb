"""What the codes of other systems are in the DCC's value sets: one table for every format and for intake.

    system, code        -> Vaccine | disease | test type | result, as in the DCC; None: not known
    free text, Scheme   -> Vaccine

1. Never a guess. A code for a class of vaccines, or for two makers' products, gives what it surely says (the
   disease, the platform) and names the fields that it leaves open (`Vaccine.unmapped`), with the reason.
2. Backwards is not forwards: WHO writes "other vaccine" for products that have no code of their own, so such a
   code names no product. Only codes of one product alone give that product.
3. A reason is made of a system and a code that stand in these tables: a closed vocabulary, never a stranger's text.
4. A product determines its manufacturer and its platform, as in the EU's value sets (`MADE`). Nobody else does.

Sources: EU eHealth Network, "Value Sets for EU Digital COVID Certificates" (2022-11, 2023-01); CVX: CDC, "COVID-19
vaccine related codes"; ICD-11 and SNOMED CT: WHO's DDCC concept maps; ATC: WHOCC; LOINC: "SARS-CoV-2 and COVID-19
related LOINC terms". No source that we know of says which product a GTIN is: none is known here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from pratique.terms import Scheme

COVID = "840539006"
YELLOW_FEVER = "1D47"
POLIO = "1C81"
NAAT, RAPID = "LP6464-4", "LP217198-3"
DETECTED, NOT_DETECTED = "260373001", "260415000"

MRNA, VECTOR, WHOLE = "1119349007", "29061000087103", "1157024006"
SPIKE, DNA, PARTICLE = "1162643001", "1187593009", "30141000087107"
ANTIGEN, ANY, ANY_ATC = "1119305005", "28531000087107", "J07BX03"
COARSE = frozenset({ANTIGEN, ANY, ANY_ATC})
"""Prophylaxis codes that name no platform, and so contradict no product; met for every product in early certificates."""

_UNNAMED = ("mp", "ma")
_UNSAID = ("vp", "mp", "ma")


def _list(codes: str) -> list[str]:
    return codes.split()


class Vaccine(NamedTuple):
    """What a code or a name of a vaccine says in the DCC's value sets.

    Attributes:
        disease, prophylaxis, product, manufacturer: codes of `tg`, `vp`, `mp`, `ma`; None where it is not said.
        unmapped: those of these fields that the code leaves open, for `Vaccination.unmapped`.
        reason: why, for a finding's `where` ("CVX 210"); "" if nothing is left open.
        only: products of the value set of which it is one, where none is named; None: any of its platform.
    """

    disease: str | None
    prophylaxis: str | None
    product: str | None
    manufacturer: str | None
    unmapped: tuple[str, ...] = ()
    reason: str = ""
    only: frozenset[str] | None = None


# Product of the EU's value set -> marketing authorisation holder, platform. "" is one that we are not sure of.
MADE: Mapping[str, tuple[str, str]] = MappingProxyType({
    "EU/1/20/1528": ("ORG-100030215", MRNA),
    "EU/1/20/1507": ("ORG-100031184", MRNA),
    "EU/1/21/1529": ("ORG-100001699", VECTOR),
    "EU/1/20/1525": ("ORG-100001417", VECTOR),
    "EU/1/21/1618": ("ORG-100032020", SPIKE),
    "EU/1/21/1624": ("ORG-100036422", WHOLE),
    "EU/1/21/1580": ("ORG-100000788", SPIKE),
    "CVnCoV": ("ORG-100006270", MRNA),
    "NVX-CoV2373": ("ORG-100032020", SPIKE),
    "Vidprevtyn": ("ORG-100000788", SPIKE),
    "VLA2001": ("ORG-100036422", WHOLE),
    "AZD2816": ("ORG-100001699", VECTOR),
    "Sputnik-V": ("Gamaleya-Research-Institute", VECTOR),
    "Sputnik-Light": ("Gamaleya-Research-Institute", VECTOR),
    "Sputnik-M": ("Gamaleya-Research-Institute", VECTOR),
    "Convidecia": ("ORG-100013793", VECTOR),
    # Peptides: of the value set's codes only that of any antigen fits them, and whoever writes them says which.
    "EpiVacCorona": ("Vector-Institute", ""),
    "EpiVacCorona-N": ("Vector-Institute", ""),
    "BBIBP-CorV": ("ORG-100020693", WHOLE),
    "Inactivated-SARS-CoV-2-Vero-Cell": ("", WHOLE),
    "CoronaVac": ("Sinovac-Biotech", WHOLE),
    "Covaxin": ("Bharat-Biotech", WHOLE),
    "Covishield": ("ORG-100001981", VECTOR),
    "Covovax": ("ORG-100001981", SPIKE),
    "Covid-19-recombinant": ("Fiocruz", VECTOR),
    "R-COVI": ("ORG-100007893", VECTOR),
    "CoviVac": ("Chumakov-Federal-Scientific-Center", WHOLE),
    "Hayat-Vax": ("ORG-100023050", WHOLE),
    "Abdala": ("CIGB", ""),
    "WIBP-CorV": ("Sinopharm-WIBP", WHOLE),
    "MVC-COV1901": ("ORG-100033914", SPIKE),
    "Covid-19-adsorvida-inativada": ("Instituto-Butantan", WHOLE),
    "NVSI-06-08": ("NVSI", ""),
    "YS-SC2-010": ("Yisheng-Biopharma", ""),
    "SCTV01C": ("ORG-100026614", ""),
    "Covifenz": ("ORG-100008549", PARTICLE),
    "Soberana-02": ("Finlay-Institute", ""),
    "Soberana-Plus": ("Finlay-Institute", ""),
})  # fmt: skip

_COMIRNATY, _SPIKEVAX, _VAXZEVRIA, _JCOVDEN = "EU/1/20/1528", "EU/1/20/1507", "EU/1/21/1529", "EU/1/20/1525"  # fmt: skip
_NUVAXOVID = "EU/1/21/1618"

_EU_UK = frozenset(
    _list("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK GB")
)
_SHARED: dict[tuple[str, str], tuple[str, str, frozenset[str]]] = {
    # Vaxzevria and Covishield (also R-COVI, Covid-19-recombinant): only the first was given in the EU and the UK.
    ("CVX", "210"): (_VAXZEVRIA, VECTOR, _EU_UK),
    # Nuvaxovid and Covovax: only the first was given there, nor was Covovax where CVX is a national system.
    ("CVX", "211"): (_NUVAXOVID, SPIKE, _EU_UK | {"US", "CA", "AU", "NZ", "JP"}),
    ("ICD-11", "XM9T65"): (_NUVAXOVID, SPIKE, _EU_UK | {"US", "CA", "AU", "NZ", "JP"}),
    ("SNOMED", "34921000087108"): (_NUVAXOVID, SPIKE, _EU_UK | {"US", "CA", "AU", "NZ", "JP"}),
}
"""Codes of two makers' products -> the one that it is of an issuer of these countries, and their platform."""

_SHARERS = {
    _VAXZEVRIA: frozenset({_VAXZEVRIA, "Covishield", "R-COVI", "Covid-19-recombinant"}),
    _NUVAXOVID: frozenset({_NUVAXOVID, "Covovax", "NVX-CoV2373"}),
}
"""Product of a code of `_SHARED` -> all that have this code; they are made under one licence."""

_PRODUCTS: dict[tuple[str, str], str] = {
    # The bivalent ones (300-302, 520; 229, 230, 519) are under the authorisation of the first.
    **{("CVX", code): _COMIRNATY for code in _list("208 217 218 219 300 301 302 520")},
    **{("CVX", code): _SPIKEVAX for code in _list("207 221 227 228 229 230 519")},
    ("CVX", "212"): _JCOVDEN, ("CVX", "518"): "EU/1/21/1624", ("CVX", "521"): "EU/1/21/1580",
    ("CVX", "502"): "Covaxin", ("CVX", "503"): "CoviVac", ("CVX", "504"): "Sputnik-Light",
    ("CVX", "505"): "Sputnik-V", ("CVX", "506"): "Convidecia", ("CVX", "509"): "EpiVacCorona",
    ("CVX", "510"): "BBIBP-CorV", ("CVX", "511"): "CoronaVac", ("CVX", "512"): "Covifenz",
    ("CVX", "515"): "MVC-COV1901",
    ("ICD-11", "XM8NQ0"): _COMIRNATY, ("ICD-11", "XM3DT5"): _SPIKEVAX, ("ICD-11", "XM4YL8"): _VAXZEVRIA,
    ("ICD-11", "XM97T2"): "Covishield", ("ICD-11", "XM6QV1"): _JCOVDEN, ("ICD-11", "XM1G90"): "Covaxin",
    ("ICD-11", "XM85P5"): "CoviVac", ("ICD-11", "XM8866"): "BBIBP-CorV", ("ICD-11", "XM7HT3"): "CoronaVac",
    ("ICD-11", "XM5QM6"): "Sputnik-Light", ("ICD-11", "XM5ZJ4"): "Sputnik-V", ("ICD-11", "XM1AG7"): "Convidecia",
    ("ICD-11", "XM6SZ8"): "EpiVacCorona", ("ICD-11", "XM3SK8"): "EpiVacCorona-N",
    ("ICD-11", "XM4EC8"): "MVC-COV1901", ("ICD-11", "XM9FQ7"): "Hayat-Vax", ("ICD-11", "XM1AU2"): "WIBP-CorV",
    ("ICD-11", "XM3PG0"): "Soberana-02", ("ICD-11", "XM0RV9"): "Soberana-Plus",
    ("SNOMED", "28581000087106"): _COMIRNATY, ("SNOMED", "28571000087109"): _SPIKEVAX,
    ("SNOMED", "28761000087108"): _VAXZEVRIA, ("SNOMED", "28961000087105"): "Covishield",
    ("SNOMED", "28951000087107"): _JCOVDEN, ("SNOMED", "33211000087105"): "Covaxin",
    ("SNOMED", "31311000087104"): "CoronaVac", ("SNOMED", "31301000087101"): "BBIBP-CorV",
    ("SNOMED", "31341000087103"): "Sputnik-V",
}  # fmt: skip
"""Codes of one product alone."""

_CLASSES: dict[tuple[str, str], str] = {
    **{("SNOMED", code): code for code in (MRNA, VECTOR, WHOLE, SPIKE, DNA, PARTICLE, ANTIGEN, ANY)},
    # Of products that the EU's value set does not have.
    **{("CVX", code): WHOLE for code in ("501", "516")},
    **{("CVX", code): SPIKE for code in ("507", "508", "513", "517", "225", "226")},
    ("CVX", "514"): DNA,
    # Not said which; 308-313 are of the season 2023/24, and which are whose stands in no source held here.
    **{("CVX", code): ANY for code in _list("213 500 308 309 310 311 312 313")},
    ("ATC", "J07BN01"): MRNA, ("ATC", "J07BN02"): VECTOR, ("ATC", "J07BN03"): WHOLE,
    ("ATC", "J07BN04"): SPIKE, ("ATC", "J07BX03"): ANY_ATC,
    ("ICD-11", "XM68M6"): ANY, ("ICD-11", "XM0GQ8"): MRNA, ("ICD-11", "XM9QW8"): VECTOR,
    ("ICD-11", "XM1NL1"): WHOLE, ("ICD-11", "XM9TQ1"): WHOLE, ("ICD-11", "XM5JC5"): SPIKE,
    ("ICD-11", "XM6AT1"): DNA, ("ICD-11", "XM52P3"): DNA, ("ICD-11", "XM1J92"): PARTICLE,
    # "Other", a vector that replicates, a virus that is attenuated: the value set has no platform for them.
    ("ICD-11", "XM3CT4"): ANY, ("ICD-11", "XM0CX4"): ANY, ("ICD-11", "XM5DF6"): ANY,
}  # fmt: skip
"""Codes of a class of vaccines, or of a product that the EU's value set has not."""

_NO_CLASSES = frozenset(
    {*_CLASSES} & {("CVX", str(code)) for code in range(1000)} - {("CVX", "213"), ("CVX", "500")}
    | {("ICD-11", code) for code in ("XM3CT4", "XM0CX4", "XM5DF6")}
)
"""Those of a product, or of products that the value set has not: no product of the value set is one of them."""
_ALL: dict[str, str] = {
    **{product: platform for product, (_, platform) in MADE.items()},
    **{
        platform: platform
        for platform in (MRNA, VECTOR, WHOLE, SPIKE, DNA, PARTICLE, *sorted(COARSE))
    },
    **{f"{system} {code}": _CLASSES[system, code] for system, code in sorted(_NO_CLASSES)},
}
"""What a code can mean, and of which platform it is: a product, one without a code here, any other of a platform."""
_NO_PRODUCT = {("ICD-11", "XM0CX4"), ("ICD-11", "XM5DF6")}
"""Those that no product of the value set is of, though their platform does not say so."""

_OTHER_DISEASES: dict[tuple[str, str], str] = {
    (system, code): disease
    for disease, cvx, icd in (
        (YELLOW_FEVER, "37 183 184", "XM0N24 XM3418"),
        # Combined vaccines too: a rule about polio asks whether it is against polio.
        (POLIO, "02 10 89 110 120 146",
            "XM0N50 XM0KZ1 XM79H3 XM0VX8 XM5V19 XM01H1 XM09Q7 XM0LT9 XM1LX9 XM21E6 XM84S1 XM8AW1 XM9JP8"),
        ("1F03", "05 03 04 94", "XM28X5 XM8L15 XM8TF3 XM21H2 XM4AJ8 XM9439"),
        ("1C1C", "114 136 147 203", "XM2WV4 XM2EH7 XM2AR0"),
        ("1A00", "26 174", "XM29K4"),
        ("1A07", "25", "XM8BU8"),
        ("1C82", "18 90 175 176 40", ""),
        ("1C85", "39 129 134", "XM0LB5"),
        ("1E71", "75 105 206", "XM95R0"),
    )
    for system, codes in (("CVX", cvx), ("ICD-11", icd))
    for code in codes.split()
}  # fmt: skip
"""Vaccines against other diseases: none of these codes names a product that WHO prequalified."""

SYSTEMS: Mapping[str, str] = MappingProxyType({
    "http://hl7.org/fhir/sid/cvx": "CVX",
    "http://snomed.info/sct": "SNOMED",
    "http://www.whocc.no/atc": "ATC",
    "http://id.who.int/icd/release/11/mms": "ICD-11",
    "http://id.who.int/icd11/mms": "ICD-11",
    "https://id.who.int/icd/release/11/mms": "ICD-11",
    "https://www.gs1.org/gtin": "GTIN",
    "http://www.gs1.org/gtin": "GTIN",
    "http://loinc.org": "LOINC",
    "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation": "HL7",
})  # fmt: skip
"""URI of a code system in FHIR, without a slash at its end -> as it is called here."""


def vaccine(system: str, code: str, *, countries: frozenset[str] = frozenset()) -> Vaccine | None:
    """Return what a code says of a vaccine; None if it is not known at all.

    Args:
        system: "CVX", "SNOMED", "ATC", "ICD-11", "GTIN" or "EU" (codes of `mp` and of `vp`).
        code: as written; a CVX code of one digit may lack its zero.
        countries: ISO 3166-1 alpha-2, for which the issuer may sign: all of them count.
    """
    code = code.rjust(2, "0") if system == "CVX" else code
    key, reason = (system, code), f"{system} {code}"
    if shared := _SHARED.get(key):
        product, platform, only = shared
        if countries and countries <= only:
            return of_product(product)
        return Vaccine(COVID, platform, None, None, _UNNAMED, reason, _SHARERS[product])
    product = code if system == "EU" and code in MADE else _PRODUCTS.get(key, "")
    if product:
        return of_product(product)
    prophylaxis = _CLASSES.get(key)
    if system == "EU":
        prophylaxis = code if code == ANY_ATC or ("SNOMED", code) in _CLASSES else None
    if prophylaxis is not None:
        return _class(prophylaxis, reason, frozenset() if key in _NO_PRODUCT else None)
    if other := _OTHER_DISEASES.get(key):
        return Vaccine(other, None, None, None, _UNSAID, reason)
    # Ebola: of its disease no code stands in the tables.
    if key in {("CVX", "204"), ("ICD-11", "XM7P50")}:
        return Vaccine(None, None, None, None, ("tg", *_UNSAID), reason)
    return None


def agreed(
    coded: Iterable[tuple[str, str]], *, countries: frozenset[str] = frozenset()
) -> Vaccine | None:
    """Return what several codes say of one vaccine; None if none of them is known.

    The one that says most counts if all that are known fit it, as the code of a class fits what is in that class.
    Otherwise some of them are wrong, nobody knows which, and only a disease that all of them name is left.

    Args:
        coded: system and code, as for `vaccine`. One that is not known takes nothing from the others.
        countries: as for `vaccine`.
    """
    known = [(vaccine(system, code, countries=countries), system, code) for system, code in coded]
    said = [(meant, system, code) for meant, system, code in known if meant is not None]
    if not said:
        return None
    if len({meant.disease for meant, _, _ in said}) > 1:
        return Vaccine(None, None, None, None, ("tg", *_UNSAID))
    if not frozenset.intersection(*(_may_be(*row) for row in said)):
        return Vaccine(said[0][0].disease, None, None, None, _UNSAID)
    return min((meant for meant, _, _ in said), key=lambda meant: len(meant.unmapped))


def _may_be(meant: Vaccine, system: str, code: str) -> frozenset[str]:
    """Return which of `_ALL` a code of this meaning may stand for."""
    key = (system, code)
    if meant.product is not None:
        return frozenset({meant.product})
    if shared := _SHARED.get(key):
        return _SHARERS[shared[0]]
    if meant.disease != COVID:
        return frozenset({meant.disease or ""})
    if key in _NO_CLASSES:
        return frozenset({f"{system} {code}"})
    is_any = meant.prophylaxis in COARSE
    return frozenset(name for name in _ALL if is_any or _ALL[name] == meant.prophylaxis)


def of_any(code: str | None) -> Vaccine | None:
    """Return what a code says whose system is not told: those of one system have no form of another's."""
    said = (vaccine(system, code) for system in ("EU", "ICD-11", "SNOMED", "ATC", "CVX") if code)
    return next((product for product in said if product is not None), None)


def of_product(product: str) -> Vaccine:
    """Return what follows from a product of the EU's value set (a key of `MADE`)."""
    manufacturer, platform = MADE[product]
    missing = tuple(name for name, value in (("vp", platform), ("ma", manufacturer)) if not value)
    reason = f"EU {product}" if missing else ""
    return Vaccine(COVID, platform or None, product, manufacturer or None, missing, reason)


def contradict(a: Vaccine, b: Vaccine) -> bool:
    """Tell whether no one vaccine is both. What says less, and fits, contradicts nothing."""
    if a.disease != b.disease:
        return True
    platforms = {a.prophylaxis, b.prophylaxis} - COARSE - {None}
    products = {a.product, b.product} - {None}
    if len(platforms) > 1 or len(products) > 1:
        return True
    if any(not MADE[product][1] for product in products if product) and platforms - {SPIKE}:
        # A platform that is not sure is of proteins; it is neither of these.
        return True
    return any(one.only is not None and not products <= one.only for one in (a, b)) or (
        a.only is not None and b.only is not None and not a.only & b.only
    )


def contradicted(*said: Vaccine) -> Vaccine:
    """Return what is left where statements about one vaccine contradict each other: the disease, if all say it."""
    diseases = {one.disease for one in said}
    disease = diseases.pop() if len(diseases) == 1 else None
    return Vaccine(disease, None, None, None, _UNSAID if disease else ("tg", *_UNSAID))


def _class(prophylaxis: str, reason: str, only: frozenset[str] | None = None) -> Vaccine:
    # What a code for any vaccine leaves open is the platform too: whoever wrote a DCC of it knew it.
    unmapped = _UNSAID if prophylaxis in COARSE else _UNNAMED
    return Vaccine(COVID, prophylaxis, None, None, unmapped, reason, only)


# ----------------------------------------------------------------------------------------------------
# Names of vaccines in free texts.

# What a word of a text surely is. The maker's name alone is its only vaccine's in France, which gave no other;
# elsewhere it says the platform.
_BRANDS = {
    "comirnaty": _COMIRNATY, "spikevax": _SPIKEVAX, "vaxzevria": _VAXZEVRIA, "jcovden": _JCOVDEN,
    "nuvaxovid": _NUVAXOVID, "covishield": "Covishield", "covovax": "Covovax", "covaxin": "Covaxin",
    "coronavac": "CoronaVac", "convidecia": "Convidecia", "covifenz": "Covifenz",
}  # fmt: skip
_MAKERS = {
    "pfizer": (_COMIRNATY, MRNA), "biontech": (_COMIRNATY, MRNA), "moderna": (_SPIKEVAX, MRNA),
    "astrazeneca": (_VAXZEVRIA, VECTOR), "janssen": (_JCOVDEN, VECTOR),
}  # fmt: skip
_WHOLE_NAMES = {
    re.sub(r"[^a-z0-9]", "", product.lower()): product for product in MADE if "/" not in product
}
_IN_FRANCE = frozenset({"pfizer", "moderna", "astrazeneca", "janssen"})
_BESIDE_MAKERS = frozenset(_list(
    # The disease, the kind of vaccine and of text, in the languages of cards that were seen.
    "covid 19 covid19 sars cov 2 sarscov2 cov2 ncov ncov19 coronavirus corona virus disease vaccine vaccines vaccin vacuna "
    "vacina vaccino impfstoff vaccination mrna rna arn arnm messager nucleoside modified recombinant adenovirus vector "
    "suspension solution concentrate dispersion for of injection the by and de la le contre against anti monovalent "
    "bivalent original omicron ba 1 4 5 xbb adult adults adulte pediatric paediatric pediatrique children "
    # Doses, substances and what companies are called besides their name.
    "dose doses 3 1st 2nd 3rd first second third booster rappel primary bnt162b2 1273 azd1222 chadox1 s "
    "takeda fosun oxford university johnson j cilag international manufacturing belgium europe spain biotech us canada "
    "uk limited ltd inc ag se gmbh ab nv n v bv plc sl l switzerland sweden pharma pharmaceutical pharmaceuticals company co corp"
))  # fmt: skip
"""Words that make no other vaccine of a maker's name. Makers of these have vaccines against other diseases too."""
_AD26 = re.compile(r"ad26\W?cov2(?:\W?s)?\b", re.ASCII)
"""Of Janssen's; "Ad26" alone is in its vaccine against Ebola too."""


def named(text: str, scheme: Scheme) -> Vaccine | None:
    """Return what a vaccine's name in a card of a scheme says; None if it is not known at all.

    Two names of different vaccines in one text name neither. A maker's name is believed where no word beside it
    could be another vaccine's: "Prevenar 13 (Pfizer)" is known no more than "Prevenar 13".
    """
    if len(text) > 200:
        return None
    words = re.findall(r"[^\W_]+", _AD26.sub("cov2", text.casefold()))
    if whole := _WHOLE_NAMES.get("".join(words)):
        return of_product(whole)
    brands = {_BRANDS[word] for word in words if word in _BRANDS}
    makers = {word for word in words if word in _MAKERS}
    meant = {_MAKERS[word][0] for word in makers}
    if len(brands) == 1:
        (brand,) = brands
        # "COVISHIELD (AstraZeneca)" is Covishield: its maker has it under licence.
        under_licence = brand == "Covishield" and meant == {_VAXZEVRIA}
        return of_product(brand) if meant <= brands or under_licence else None
    if brands or len(meant) != 1 or not makers | _BESIDE_MAKERS >= set(words):
        return None
    (product,) = meant
    if scheme is Scheme.TWO_D_DOC and makers & _IN_FRANCE:
        return of_product(product)
    holder = MADE[product][0]
    only = _SHARERS.get(product, frozenset()) | {
        code for code, (by, _) in MADE.items() if by == holder
    }
    return _class(MADE[product][1], "the maker's name alone", only)


def is_maker_alone(text: str) -> bool:
    """Tell whether a text names makers, and neither a brand nor the disease."""
    words = re.findall(r"[^\W_]+", text.casefold())
    return any(word in _MAKERS for word in words) and not any(
        word in _BRANDS or word.startswith(("covid", "sars", "ncov", "cov2")) for word in words
    )


# ----------------------------------------------------------------------------------------------------
# Diseases, tests and results.

_DISEASES: dict[tuple[str, str], str] = {
    ("SNOMED", COVID): COVID,
    ("SNOMED", "16541001"): YELLOW_FEVER,
    ("SNOMED", "398102009"): POLIO,
    ("ICD-11", "RA01"): COVID,
    ("ICD-11", "RA01.0"): COVID,
    ("TEXT", "COVID-19"): COVID,
    **{("ICD-11", code): code for code in {*_OTHER_DISEASES.values(), "1F02", "1D80"}},
}


def disease(system: str, code: str) -> str | None:
    """Return a disease as the DCC's `tg` and WHO's certificates write it; None if it is not known.

    `system` is "SNOMED", "ICD-11" or "TEXT" (which is "COVID-19" and no other text).
    """
    return _DISEASES.get((system, code.strip()))


def disease_of_any(code: str | None) -> str | None:
    """Return a disease whose system is not told in the DCC's terms; what is not known stays as it is written."""
    return None if code is None else disease("SNOMED", code) or disease("ICD-11", code) or code


_TEST_TYPES = {
    **dict.fromkeys(
        _list("LP6464-4 94500-6 94309-2 94759-8 94845-5 94533-7 94534-5 94559-2 94565-9 95406-5 95409-9 95423-0 "
            "95425-5 95608-6 95609-4"), NAAT),
    **dict.fromkeys(_list("LP217198-3 94558-4 97097-0 95209-3"), RAPID),
}  # fmt: skip
_ANTIBODIES = frozenset(
    _list("94507-1 94508-9 94547-7 94562-6 94563-4 94564-2 94661-6 94761-4 94762-2 95416-4 95542-7")
)


def loinc(text: str) -> str:
    """Return a LOINC code with its hyphen, which French 2D-DOC leaves out, at times with the check digit.

    "945006" is 94500-6, "94309" is 94309-2. Only codes of these tables are restored; others stay as they are.
    """
    known = [*_TEST_TYPES, *_ANTIBODIES]
    meant = {code for code in known if text in (code.replace("-", ""), code.partition("-")[0])}
    return meant.pop() if len(meant) == 1 else text


def test_type(code: str) -> str | None:
    """Return the DCC's `tt` of a LOINC code; None if it is no test for the virus that is known."""
    return _TEST_TYPES.get(code)


def test_named(text: str) -> str | None:
    """Return the DCC's `tt` of a test's name in VDS-NC (`tc`) or DIVOC (`testType`): the exact ones only."""
    return _TEST_NAMES.get(re.sub(r"\s", "", text.casefold()))


_TEST_NAMES = {
    "molecular(pcr)": NAAT,
    "rt-pcr": NAAT,
    "rtpcr": NAAT,
    "pcr": NAAT,
    "antigen": RAPID,
    "rapidantigentest": RAPID,
}


_SEROLOGY = re.compile(
    r"antibod|serolog|sérolog|immun[oe]?glob|anticorp|anticuerp|antik[oö]rper|\big[agm]|\bab\b|\banti[\s-]?(?:s|n|spike|sars)\b"
)


def is_serology(text: str) -> bool:
    """Tell whether a test's name has a word of those for antibodies, whatever stands beside it."""
    return _SEROLOGY.search(unicodedata.normalize("NFKC", text).casefold()) is not None


def is_antibody(code: str) -> bool:
    """Tell whether a LOINC code is a test for antibodies: no proof of an infection, nor of none."""
    return code in _ANTIBODIES


_RESULTS: dict[tuple[str, str], str] = {
    ("SNOMED", DETECTED): DETECTED, ("SNOMED", NOT_DETECTED): NOT_DETECTED,
    ("SNOMED", "10828004"): DETECTED, ("SNOMED", "260385009"): NOT_DETECTED,
    ("LOINC", "LA11882-0"): DETECTED, ("LOINC", "LA11883-8"): NOT_DETECTED,
    ("LOINC", "LA6576-8"): DETECTED, ("LOINC", "LA6577-6"): NOT_DETECTED,
    ("HL7", "POS"): DETECTED, ("HL7", "NEG"): NOT_DETECTED,
    ("2D-DOC", "P"): DETECTED, ("2D-DOC", "N"): NOT_DETECTED,
    ("TEXT", "positive"): DETECTED, ("TEXT", "negative"): NOT_DETECTED,
    ("TEXT", "detected"): DETECTED, ("TEXT", "not detected"): NOT_DETECTED,
}  # fmt: skip


def result(system: str, code_or_text: str) -> str | None:
    """Return the DCC's `tr`; None for what is neither detected nor not detected, or is not known.

    `system` is "SNOMED", "LOINC", "HL7" (v3 ObservationInterpretation), "2D-DOC" or "TEXT".
    """
    key = " ".join(code_or_text.casefold().split()) if system == "TEXT" else code_or_text
    return _RESULTS.get((system, key))
