"""Codes that rules speak of: products by their names, and stand-ins for value sets that are not at hand.

    "Comirnaty" -> EU/1/20/1528        WHO_EUL -> products

1. Codes are those of the EU's value sets (eHealth Network); names are for people and are no keys.
2. A stand-in serves to try rules out. No verdict about a person is ever built on one.
"""

from __future__ import annotations

DISEASE = "840539006"
NAAT, RAPID = "LP6464-4", "LP217198-3"
NOT_DETECTED, DETECTED = "260415000", "260373001"
DEVICES = "covid-19-lab-test-manufacturer-and-name"

PRODUCTS = {
    "EU/1/20/1528": "Comirnaty",
    "EU/1/20/1507": "Spikevax",
    "EU/1/21/1529": "Vaxzevria",
    "EU/1/20/1525": "Jcovden",
    "EU/1/21/1618": "Nuvaxovid",
    "EU/1/21/1624": "Valneva",
    "Covishield": "Covishield",
    "Covovax": "Covovax",
    "Covaxin": "Covaxin",
    "BBIBP-CorV": "BBIBP-CorV",
    "CoronaVac": "CoronaVac",
    "Convidecia": "Convidecia",
    "Sputnik-V": "Sputnik V",
    "Abdala": "Abdala",
    "Hayat-Vax": "Hayat-Vax",
    "Covid-19-recombinant": "Covid-19 (recombinant)",
    "Sputnik-Light": "Sputnik Light",
    "Vidprevtyn": "VidPrevtyn Beta",
}
"""Product code -> name (value set vaccines-covid-19-names)."""

OTHER_NAMES = {
    "BioNTech": "EU/1/20/1528",
    "Pfizer": "EU/1/20/1528",
    "Moderna": "EU/1/20/1507",
    "AstraZeneca": "EU/1/21/1529",
    "Janssen": "EU/1/20/1525",
    "Novavax": "EU/1/21/1618",
    "VLA2001": "EU/1/21/1624",
    "Sinopharm": "BBIBP-CorV",
    "Sinovac": "CoronaVac",
}
"""Names in use that are not the product's own."""

WHO_EUL = (
    "EU/1/20/1528", "EU/1/21/1529", "Covishield", "EU/1/20/1525", "EU/1/20/1507", "BBIBP-CorV",
    "CoronaVac", "Covaxin", "Covovax", "EU/1/21/1618", "Convidecia",
)  # fmt: skip
"""WHO emergency use listing, in the order of listing: 2020-12-31 to 2022-05-19."""

TEST_TYPES = {"naat": NAAT, "rapid": RAPID}
RESULTS = {"not detected": NOT_DETECTED, "detected": DETECTED}

STAND_INS: dict[str, list[str]] = {
    "disease-agent-targeted": [DISEASE],
    "covid-19-lab-test-type": [NAAT, RAPID],
    "covid-19-lab-result": [NOT_DETECTED, DETECTED],
    "vaccines-covid-19-names": list(PRODUCTS),
    "sct-vaccines-covid-19": ["1119349007", "1119305005", "J07BX03"],
    "vaccines-covid-19-auth-holders": ["ORG-100030215", "ORG-100031184", "ORG-100001699"],
    DEVICES: ["1232", "1304"],
    "country-2-codes": ["AT", "DE", "FR", "XU"],
}
"""Value set -> a few codes of it."""


def product_code(text: str) -> str | None:
    """Return the code of a product that is named, or whose code it is; None if it is not known."""
    known = {name.casefold(): code for code, name in PRODUCTS.items()}
    known |= {name.casefold(): code for name, code in OTHER_NAMES.items()}
    known |= {code.casefold(): code for code in PRODUCTS}
    return known.get(text.strip().casefold())


def product_name(code: str) -> str:
    """Return a product's name, or the code where there is none."""
    return PRODUCTS.get(code, code)
