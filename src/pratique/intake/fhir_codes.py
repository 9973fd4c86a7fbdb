"""Codes by which health records name vaccines, tests and results, and what they are here.

1. Only what names one product alone is taken for that product. A code for a whole type of vaccine
   fills in the type, and the product stays a question for the clerk.
2. CVX: CDC/IIS "COVID-19 vaccine related codes". LOINC: "SARS-CoV-2 and COVID-19 related LOINC terms".
   ATC: WHOCC, J07BN and J07BX03. Others than these can be mapped before they are handed in.
"""

from __future__ import annotations

from pratique.intake.catalogue_codes import (
    COVID,
    DETECTED,
    MRNA,
    NAAT,
    NOT_DETECTED,
    POLIO,
    RAPID,
    SPIKE,
    VECTOR,
    WHOLE,
    YELLOW_FEVER,
)

CVX = "http://hl7.org/fhir/sid/cvx"
SNOMED = "http://snomed.info/sct"
ATC = "http://www.whocc.no/atc"
LOINC = "http://loinc.org"

_COMIRNATY, _SPIKEVAX = "EU/1/20/1528", "EU/1/20/1507"

PRODUCTS: dict[tuple[str, str], str] = {
    **{(CVX, code): _COMIRNATY for code in ("208", "217", "218", "219")},
    **{(CVX, code): _SPIKEVAX for code in ("207", "221", "228")},
    (CVX, "210"): "EU/1/21/1529",
    (CVX, "211"): "EU/1/21/1618",
    (CVX, "212"): "EU/1/20/1525",
    (CVX, "502"): "Covaxin",
    (CVX, "503"): "CoviVac",
    (CVX, "504"): "Sputnik-Light",
    (CVX, "505"): "Sputnik-V",
    (CVX, "506"): "Convidecia",
    (CVX, "509"): "EpiVacCorona",
    (CVX, "510"): "BBIBP-CorV",
    (CVX, "511"): "CoronaVac",
}

PROPHYLAXIS: dict[tuple[str, str], str] = {
    (ATC, "J07BN01"): MRNA,
    (ATC, "J07BN02"): VECTOR,
    (ATC, "J07BN03"): WHOLE,
    (ATC, "J07BN04"): SPIKE,
    (ATC, "J07BX03"): "J07BX03",
}
"""SNOMED CT codes of the value set are their own."""

DISEASES: dict[tuple[str, str], str] = {
    (SNOMED, "840539006"): COVID,
    (SNOMED, "16541001"): YELLOW_FEVER,
    (SNOMED, "398102009"): POLIO,
}
"""Diseases by SNOMED CT; ICD-11 codes are the value set's own."""

TESTS: dict[tuple[str, str], str] = {
    **{(LOINC, code): NAAT for code in ("94500-6", "94309-2", "94759-8", "94845-5", "LP6464-4")},
    **{(LOINC, code): RAPID for code in ("94558-4", "97097-0", "LP217198-3")},
}

_V2_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"

RESULTS: dict[tuple[str, str], str] = {
    (SNOMED, DETECTED): DETECTED,
    (SNOMED, NOT_DETECTED): NOT_DETECTED,
    (SNOMED, "10828004"): DETECTED,
    (SNOMED, "260385009"): NOT_DETECTED,
    (LOINC, "LA11882-0"): DETECTED,
    (LOINC, "LA11883-8"): NOT_DETECTED,
    (LOINC, "LA6576-8"): DETECTED,
    (LOINC, "LA6577-6"): NOT_DETECTED,
    (_V2_INTERPRETATION, "POS"): DETECTED,
    (_V2_INTERPRETATION, "NEG"): NOT_DETECTED,
}
