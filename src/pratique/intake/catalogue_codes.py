"""The codes that are known without loading anything. Codes are facts; a published value set replaces them.

1. Diseases, tests, results and products: EU eHealth Network, "Value Sets for EU Digital COVID
   Certificates"; SNOMED CT, LOINC and EMA identifiers as written there.
2. Yellow fever and polio: ICD-11. WHO's product identifiers come from its ICVP catalogue; only those
   that are known for certain stand here, a catalogue file adds the others.
3. A blank prophylaxis is one that we are not sure of: the clerk fills it in.
"""

from __future__ import annotations

from datetime import date

COVID = "840539006"
YELLOW_FEVER = "1D47"
POLIO = "1C81"

DISEASES = {COVID: "COVID-19", YELLOW_FEVER: "Yellow fever", POLIO: "Poliomyelitis"}
DISEASES_OF = {"DCC": (COVID,), "ICVP": (YELLOW_FEVER, POLIO)}

NAAT, RAPID = "LP6464-4", "LP217198-3"
TEST_TYPES = {
    NAAT: "Nucleic acid amplification with probe detection",
    RAPID: "Rapid immunoassay",
}
DETECTED, NOT_DETECTED = "260373001", "260415000"
RESULTS = {NOT_DETECTED: "Not detected", DETECTED: "Detected"}

MRNA, VECTOR, WHOLE = "1119349007", "29061000087103", "1157024006"
SPIKE, PARTICLE = "1162643001", "1187593009"
PROPHYLAXIS = {
    "1119305005": "SARS-CoV-2 antigen vaccine",
    MRNA: "SARS-CoV-2 mRNA vaccine",
    "J07BX03": "covid-19 vaccines",
    WHOLE: "Inactivated whole SARS-CoV-2 antigen vaccine",
    SPIKE: "SARS-CoV-2 recombinant spike protein antigen vaccine",
    PARTICLE: "SARS-CoV-2 virus-like particle antigen vaccine",
    "28531000087107": "COVID-19 vaccine",
    VECTOR: "COVID-19 non-replicating viral vector vaccine",
    "30141000087107": "COVID-19 antigen vaccine",
}
COARSE_PROPHYLAXIS = frozenset({"1119305005", "J07BX03", "28531000087107", "30141000087107"})
"""Names no platform, and so contradicts no product; met for every product in early certificates."""

MANUFACTURERS = {
    "ORG-100001699": "AstraZeneca AB",
    "ORG-100030215": "Biontech Manufacturing GmbH",
    "ORG-100001417": "Janssen-Cilag International",
    "ORG-100031184": "Moderna Biotech Spain S.L.",
    "ORG-100006270": "Curevac AG",
    "ORG-100013793": "CanSino Biologics",
    "ORG-100020693": "China Sinopharm International Corp. - Beijing location",
    "ORG-100010771": "Sinopharm Weiqida Europe Pharmaceutical s.r.o. - Prague location",
    "ORG-100024420": "Sinopharm Zhijun (Shenzhen) Pharmaceutical Co. Ltd. - Shenzhen location",
    "ORG-100032020": "Novavax CZ a.s.",
    "Gamaleya-Research-Institute": "Gamaleya Research Institute",
    "Vector-Institute": "Vector Institute",
    "Sinovac-Biotech": "Sinovac Biotech",
    "Bharat-Biotech": "Bharat Biotech",
    "ORG-100001981": "Serum Institute Of India Private Limited",
    "Fiocruz": "Fiocruz",
    "ORG-100007893": "R-Pharm CJSC",
    "Chumakov-Federal-Scientific-Center": "Chumakov Federal Scientific Center",
    "ORG-100023050": "Gulf Pharmaceutical Industries",
    "CIGB": "Center for Genetic Engineering and Biotechnology (CIGB)",
    "Sinopharm-WIBP": "Sinopharm - Wuhan Institute of Biological Products",
    "ORG-100033914": "Medigen Vaccine Biologics Corporation",
    "ORG-100000788": "Sanofi Pasteur",
    "ORG-100036422": "Valneva France",
    "Instituto-Butantan": "Instituto Butantan",
    "NVSI": "National Vaccine and Serum Institute, China",
    "Yisheng-Biopharma": "Yisheng Biopharma",
    "ORG-100026614": "Sinocelltech Ltd.",
    "ORG-100008549": "Medicago Inc.",
    "Finlay-Institute": "Finlay Institute of Vaccines",
}

# Product, display, manufacturer, prophylaxis, shortest interval in days between the doses of its
# primary course (the product information's or WHO SAGE's recommended schedule; 0: none is known here).
PRODUCTS = (
    ("EU/1/20/1528", "Comirnaty", "ORG-100030215", MRNA, 21),
    ("EU/1/20/1507", "Spikevax", "ORG-100031184", MRNA, 28),
    ("EU/1/21/1529", "Vaxzevria", "ORG-100001699", VECTOR, 28),
    ("EU/1/20/1525", "Jcovden", "ORG-100001417", VECTOR, 0),
    ("EU/1/21/1618", "Nuvaxovid", "ORG-100032020", SPIKE, 21),
    ("EU/1/21/1624", "COVID-19 Vaccine Valneva", "ORG-100036422", WHOLE, 28),
    ("EU/1/21/1580", "VidPrevtyn Beta", "ORG-100000788", SPIKE, 0),
    ("CVnCoV", "CVnCoV", "ORG-100006270", MRNA, 0),
    ("NVX-CoV2373", "NVX-CoV2373", "ORG-100032020", SPIKE, 21),
    ("Vidprevtyn", "Vidprevtyn", "ORG-100000788", SPIKE, 0),
    ("VLA2001", "VLA2001", "ORG-100036422", WHOLE, 28),
    ("AZD2816", "AZD2816", "ORG-100001699", VECTOR, 0),
    ("Sputnik-V", "Sputnik V", "Gamaleya-Research-Institute", VECTOR, 21),
    ("Sputnik-Light", "Sputnik Light", "Gamaleya-Research-Institute", VECTOR, 0),
    ("Sputnik-M", "Sputnik M", "Gamaleya-Research-Institute", VECTOR, 0),
    ("Convidecia", "Convidecia", "ORG-100013793", VECTOR, 0),
    ("EpiVacCorona", "EpiVacCorona", "Vector-Institute", "", 0),
    ("EpiVacCorona-N", "EpiVacCorona-N", "Vector-Institute", "", 0),
    ("BBIBP-CorV", "BBIBP-CorV", "ORG-100020693", WHOLE, 21),
    ("Inactivated-SARS-CoV-2-Vero-Cell", "Inactivated SARS-CoV-2 (Vero Cell)", "", WHOLE, 0),
    ("CoronaVac", "CoronaVac", "Sinovac-Biotech", WHOLE, 14),
    ("Covaxin", "Covaxin", "Bharat-Biotech", WHOLE, 28),
    ("Covishield", "Covishield", "ORG-100001981", VECTOR, 28),
    ("Covovax", "Covovax", "ORG-100001981", SPIKE, 21),
    ("Covid-19-recombinant", "Covid-19 (recombinant)", "Fiocruz", VECTOR, 28),
    ("R-COVI", "R-COVI", "ORG-100007893", VECTOR, 0),
    ("CoviVac", "CoviVac", "Chumakov-Federal-Scientific-Center", WHOLE, 0),
    ("Hayat-Vax", "Hayat-Vax", "ORG-100023050", WHOLE, 21),
    ("Abdala", "Abdala", "CIGB", "", 0),
    ("WIBP-CorV", "WIBP-CorV", "Sinopharm-WIBP", WHOLE, 0),
    ("MVC-COV1901", "MVC COVID-19 vaccine", "ORG-100033914", SPIKE, 0),
    ("Covid-19-adsorvida-inativada", "Vacina adsorvida covid-19 (inativada)", "Instituto-Butantan", WHOLE, 14),
    ("NVSI-06-08", "NVSI-06-08", "NVSI", "", 0),
    ("YS-SC2-010", "YS-SC2-010", "Yisheng-Biopharma", "", 0),
    ("SCTV01C", "SCTV01C", "ORG-100026614", "", 0),
    ("Covifenz", "Covifenz", "ORG-100008549", PARTICLE, 21),
    ("Soberana-02", "Soberana 02", "Finlay-Institute", "", 0),
    ("Soberana-Plus", "Soberana Plus", "Finlay-Institute", "", 0),
)  # fmt: skip

ICVP_PRODUCTS = (
    ("YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0", "STAMARIL", YELLOW_FEVER, "Sanofi Pasteur"),
)  # fmt: skip

EARLIEST = {COVID: "2020-03-16", YELLOW_FEVER: "1937-01-01", POLIO: "1955-01-01"}
"""Disease -> the first day on which anybody was given any vaccine against it."""

KNOWN_SINCE = {COVID: date(2019, 12, 1)}
"""Disease -> the day before which nobody can have been found to have it, where it is that young."""

# ISO 3166-1 alpha-2 and XK, as in the EU's value set country-2-codes.
_COUNTRIES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV"
    " BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES"
    " ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE"
    " IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY"
    " MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU"
    " NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM"
    " SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE"
    " VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)

COUNTRIES = tuple(_COUNTRIES.split())
_FREE_Q = [f"Q{letter}" for letter in "MNOPQRSTUVWXYZ"]
OWN_COUNTRIES = frozenset({"AA", "ZZ", *_FREE_Q, *(f"X{chr(n)}" for n in range(65, 91))})
"""ISO 3166-1 §8.1.3: codes that are free for own use: specimens, and participants without a code."""
