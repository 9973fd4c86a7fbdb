"""Facts of the COVID-19 vaccines: one table, for the form, the courses, the catalogue and the policy lab.

    PRODUCTS[code] -> name, doses of the primary course, days from which it had a code and WHO's listing
    MADE[code]     -> its maker, and its platform
    floor(day)     -> the codes that WHO had listed or prequalified by a day

1. Codes are those of the EU's value set vaccines-covid-19-names. `x-…` is ours, for a product without a code
   there: no certificate of the EU's format carries it.
2. Days stand as they are published (ISO 8601), and are compared as texts: nothing is parsed at import.
3. A fact of a product stands here and nowhere else. Its maker and platform as certificates of 2021 and 2022 have them
   stand here too (`MADE`); as formats read them today, in `formats.codes.MADE`, which a test compares with it. The
   shortest interval between two doses is the catalogue's.

Sources: EU eHealth Network (codes, names, editions of the value sets); WHO, status documents and tables of the
emergency use listing (2021-06 to 2022-12), and WHO's ICVP catalogue (prequalification). Doses of a primary course
are those of the product information. Each is compared with the data of the policy lab by a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple


class ProductFacts(NamedTuple):
    """What is known of a vaccine; "" where there is no such day.

    Attributes:
        name: what people call it: its display in the EU's value set, but where `display` says otherwise.
        doses: of the primary course.
        code_since: day of the first edition of the EU's value set with the code; before it, no certificate has it.
        listed: day of WHO's emergency use listing, of the first site.
        prequalified: day of WHO's prequalification.
        other_names: names in use that are not its own, and codes that it had before it was authorised.
        display: its display in the EU's value set, where that is not its name.
    """

    name: str
    doses: int
    code_since: str = ""
    listed: str = ""
    prequalified: str = ""
    other_names: tuple[str, ...] = ()
    display: str = ""

    @property
    def on_list_since(self) -> str:
        """Return the first day of WHO's emergency use listing or prequalification; "" where there is none."""
        return min(filter(None, (self.listed, self.prequalified)), default="")


PRODUCTS: Mapping[str, ProductFacts] = MappingProxyType({
    "EU/1/20/1528": ProductFacts("Comirnaty", 2, "2021-06-16", "2020-12-31", "2024-10-09", ("BioNTech", "Pfizer")),
    "EU/1/20/1507": ProductFacts("Spikevax", 2, "2021-06-16", "2021-04-30", "", ("Moderna",)),
    "EU/1/21/1529": ProductFacts("Vaxzevria", 2, "2021-06-16", "2021-02-15", "", ("AstraZeneca",)),
    "EU/1/20/1525": ProductFacts("Jcovden", 1, "2021-06-16", "2021-03-12", "", ("Janssen",)),
    "EU/1/21/1618": ProductFacts("Nuvaxovid", 2, "2022-01-17", "2021-12-20", "", ("Novavax",)),
    "EU/1/21/1624": ProductFacts("Valneva", 2, "2022-09-15", "", "", ("VLA2001",), "COVID-19 Vaccine Valneva"),
    "EU/1/21/1580": ProductFacts("VidPrevtyn Beta", 1, "2022-12-01", "", "", ("Vidprevtyn",)),
    "EU/1/22/1709": ProductFacts("Bimervax", 1, "2023-05-23", "", "2023-10-09"),
    "Covishield": ProductFacts("Covishield", 2, "2021-07-20", "2021-02-15"),
    "Covid-19-recombinant": ProductFacts("Covid-19 (recombinant)", 2, "2021-10-11"),
    "R-COVI": ProductFacts("R-COVI", 2, "2021-10-11"),
    "Covovax": ProductFacts("Covovax", 2, "2022-01-31", "2021-12-17"),
    "Covaxin": ProductFacts("Covaxin", 2, "2021-06-16", "2021-11-03"),
    "BBIBP-CorV": ProductFacts("BBIBP-CorV", 2, "2021-06-16", "2021-05-07", "", ("Sinopharm",)),
    "WIBP-CorV": ProductFacts("WIBP-CorV", 2, "2021-11-17"),
    "CoronaVac": ProductFacts("CoronaVac", 2, "2021-06-16", "2021-06-01", "", ("Sinovac",)),
    "Covid-19-adsorvida-inativada": ProductFacts("Vacina adsorvida covid-19 (inativada)", 2, "2022-03-17"),
    "Convidecia": ProductFacts("Convidecia", 1, "2021-06-16", "2022-05-19"),
    "Sputnik-V": ProductFacts("Sputnik V", 2, "2021-06-16"),
    "Sputnik-Light": ProductFacts("Sputnik Light", 1, "2021-10-21"),
    "Sputnik-M": ProductFacts("Sputnik M", 2, "2022-01-31"),
    "EpiVacCorona": ProductFacts("EpiVacCorona", 2, "2021-06-16"),
    "CoviVac": ProductFacts("CoviVac", 2, "2021-10-21"),
    "Hayat-Vax": ProductFacts("Hayat-Vax", 2, "2021-10-21"),
    "Abdala": ProductFacts("Abdala", 3, "2021-11-17"),
    "Soberana-02": ProductFacts("Soberana 02", 2, "2022-07-07"),
    "Soberana-Plus": ProductFacts("Soberana Plus", 1, "2022-07-07"),
    "MVC-COV1901": ProductFacts("MVC COVID-19 vaccine", 2, "2021-12-02"),
    "x-zifivax": ProductFacts("Zifivax", 3, "", "", "", ("ZF2001",)),
    "x-qazvac": ProductFacts("QazVac", 2),
    "x-covidful": ProductFacts("Covidful", 2),
    "x-kconvac": ProductFacts("LV-SMENP-DC", 2),
    "x-coviran": ProductFacts("COVIran Barakat", 2),
    "x-turkovac": ProductFacts("Turkovac", 2),
    "x-zycov-d": ProductFacts("ZyCoV-D", 3),
    "x-corbevax": ProductFacts("Corbevax", 2),
    "x-skycovione": ProductFacts("SKYCovione", 2, "", "2023-06-19"),
})  # fmt: skip
"""Product code -> its facts. No end of a listing is known of any of them."""


MRNA, VECTOR, ANTIGEN = "1119349007", "J07BX03", "1119305005"
MADE: Mapping[str, tuple[str, str]] = MappingProxyType({
    "EU/1/20/1528": ("ORG-100030215", MRNA), "EU/1/20/1507": ("ORG-100031184", MRNA),
    "EU/1/21/1529": ("ORG-100001699", VECTOR), "EU/1/20/1525": ("ORG-100001417", VECTOR),
    "EU/1/21/1618": ("ORG-100032020", ANTIGEN), "EU/1/21/1624": ("ORG-100036422", ANTIGEN),
    "EU/1/21/1580": ("ORG-100000788", ANTIGEN), "EU/1/22/1709": ("ORG-100036914", ANTIGEN),
    "Covishield": ("ORG-100001981", VECTOR), "Covid-19-recombinant": ("Fiocruz", VECTOR),
    "R-COVI": ("ORG-100007893", VECTOR), "Covovax": ("ORG-100001981", ANTIGEN),
    "Covaxin": ("Bharat-Biotech", ANTIGEN), "BBIBP-CorV": ("ORG-100020693", ANTIGEN),
    "WIBP-CorV": ("Sinopharm-WIBP", ANTIGEN), "CoronaVac": ("Sinovac-Biotech", ANTIGEN),
    "Covid-19-adsorvida-inativada": ("Instituto-Butantan", ANTIGEN), "Convidecia": ("ORG-100013793", VECTOR),
    "Sputnik-V": ("Gamaleya-Research-Institute", VECTOR), "Sputnik-Light": ("Gamaleya-Research-Institute", VECTOR),
    "Sputnik-M": ("Gamaleya-Research-Institute", VECTOR), "EpiVacCorona": ("Vector-Institute", ANTIGEN),
    "CoviVac": ("Chumakov-Federal-Scientific-Center", ANTIGEN), "Hayat-Vax": ("ORG-100023050", ANTIGEN),
    "Abdala": ("CIGB", ANTIGEN), "Soberana-02": ("Finlay-Institute", ANTIGEN),
    "Soberana-Plus": ("Finlay-Institute", ANTIGEN), "MVC-COV1901": ("ORG-100033914", ANTIGEN),
})  # fmt: skip
"""Product -> its maker, and its platform as certificates of 2021 and 2022 have it."""


def product_name(code: str) -> str:
    """Return a product's name, or the code where there is none."""
    return PRODUCTS[code].name if code in PRODUCTS else code


def floor(day: date) -> tuple[str, ...]:
    """Return the codes of the products that WHO had listed for emergency use or prequalified by a day."""
    until = day.isoformat()
    return tuple(
        code
        for code, facts in PRODUCTS.items()
        if facts.on_list_since and facts.on_list_since <= until
    )
