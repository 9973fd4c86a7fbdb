"""Codes of countries and of participants: data only. Facts of ISO 3166-1 and of the network.

country_codes -> trust.countries -> "which country does this text mean?"
"""

from __future__ import annotations

from typing import Final

ISO_3166: Final = """
AF AFG AX ALA AL ALB DZ DZA AS ASM AD AND AO AGO AI AIA AQ ATA AG ATG AR ARG AM ARM AW ABW AU AUS
AT AUT AZ AZE BS BHS BH BHR BD BGD BB BRB BY BLR BE BEL BZ BLZ BJ BEN BM BMU BT BTN BO BOL BQ BES
BA BIH BW BWA BV BVT BR BRA IO IOT BN BRN BG BGR BF BFA BI BDI CV CPV KH KHM CM CMR CA CAN KY CYM
CF CAF TD TCD CL CHL CN CHN CX CXR CC CCK CO COL KM COM CG COG CD COD CK COK CR CRI CI CIV HR HRV
CU CUB CW CUW CY CYP CZ CZE DK DNK DJ DJI DM DMA DO DOM EC ECU EG EGY SV SLV GQ GNQ ER ERI EE EST
SZ SWZ ET ETH FK FLK FO FRO FJ FJI FI FIN FR FRA GF GUF PF PYF TF ATF GA GAB GM GMB GE GEO DE DEU
GH GHA GI GIB GR GRC GL GRL GD GRD GP GLP GU GUM GT GTM GG GGY GN GIN GW GNB GY GUY HT HTI HM HMD
VA VAT HN HND HK HKG HU HUN IS ISL IN IND ID IDN IR IRN IQ IRQ IE IRL IM IMN IL ISR IT ITA JM JAM
JP JPN JE JEY JO JOR KZ KAZ KE KEN KI KIR KP PRK KR KOR KW KWT KG KGZ LA LAO LV LVA LB LBN LS LSO
LR LBR LY LBY LI LIE LT LTU LU LUX MO MAC MG MDG MW MWI MY MYS MV MDV ML MLI MT MLT MH MHL MQ MTQ
MR MRT MU MUS YT MYT MX MEX FM FSM MD MDA MC MCO MN MNG ME MNE MS MSR MA MAR MZ MOZ MM MMR NA NAM
NR NRU NP NPL NL NLD NC NCL NZ NZL NI NIC NE NER NG NGA NU NIU NF NFK MK MKD MP MNP NO NOR OM OMN
PK PAK PW PLW PS PSE PA PAN PG PNG PY PRY PE PER PH PHL PN PCN PL POL PT PRT PR PRI QA QAT RE REU
RO ROU RU RUS RW RWA BL BLM SH SHN KN KNA LC LCA MF MAF PM SPM VC VCT WS WSM SM SMR ST STP SA SAU
SN SEN RS SRB SC SYC SL SLE SG SGP SX SXM SK SVK SI SVN SB SLB SO SOM ZA ZAF GS SGS SS SSD ES ESP
LK LKA SD SDN SR SUR SJ SJM SE SWE CH CHE SY SYR TW TWN TJ TJK TZ TZA TH THA TL TLS TG TGO TK TKL
TO TON TT TTO TN TUN TR TUR TM TKM TC TCA TV TUV UG UGA UA UKR AE ARE GB GBR US USA UM UMI UY URY
UZ UZB VU VUT VE VEN VN VNM VG VGB VI VIR WF WLF EH ESH YE YEM ZM ZMB ZW ZWE
"""
"""Alpha-2 and alpha-3 of ISO 3166-1 by turns."""

OTHER_SPELLINGS: Final = {
    # User-assigned or reserved codes in use for a country.
    "XKX": "XK",
    "EL": "GR",
    "UK": "GB",
    # `iss` of real certificates that is no code at all.
    "CNAM": "FR",
    "CH BAG": "CH",
}

VIRTUAL: Final = {
    # Test states, by the country code that their certificates carry. XX? -> X? for every letter is a
    # rule, in trust.countries. XYK is one too: its papers say "test country", so it is not Kosovo.
    "XCL": "XL",
    "XML": "XM",
    "XYK": "YK",
}

ORGANISATIONS: Final = {
    # IOM has no code of its own and writes C=IO, the ISO code of the British Indian Ocean
    # Territory. Participant IOM may sign for both spellings; the territory's own code is IOT,
    # which may sign for IO only. Nobody lives there to be issued anything: the collision is kept,
    # and kept visible.
    "IOM": ("IOM", "IO"),
    # The authority of the network.
    "WHO": ("WHO",),
    # EUE is ICAO 9303-3's code for the European Union; EU is reserved for it in ISO 3166-1.
    "EUE": ("EUE",),
}
"""Participants that are organisations, and the codes that they may sign for."""

SUBJECTS: Final = {
    # WHO's trust anchors write the country of its seat.
    "WHO": "CH",
    "IOM": "IO",
    "EUE": "EU",
}
"""C of the X.509 certificates of organisations: always another's, or nobody's, country code."""

COLLISIONS: Final = {
    "IO": ("IOM", "IOT"),
    "XK": ("XXK", "XKX"),
    "XL": ("XCL", "XXL"),
    "XM": ("XML", "XXM"),
    "CH": ("WHO", "CHE"),
}
"""One C, two participants: a C alone never says who somebody is. XKX is Kosovo, XXK a test state."""

TERRITORIES: Final = """
AI AQ AS AW AX BL BM BQ BV CC CW CX EH FK FO GF GG GI GL GP GS GU HK HM IM IO JE KY MF MO MP MQ MS NC
NF PF PM PN PR RE SH SJ SX TC TF TK TW UM VG VI WF XK YT
"""
"""Codes whose bearers are neither members nor observers of the UN, nor members of WHO.

Said of papers, not of peoples: it tells which document a participant's mandate rests on.
"""

SIGNS_ALSO_FOR: Final = {
    # Seen: GB's keys under iss GG, GI and JE. The others are how these states issue.
    "GB": ("GG", "GI", "IM", "JE"),
    "FR": ("BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"),
    "NL": ("AW", "BQ", "CW", "SX"),
    "NZ": ("CK", "NU", "TK"),
    "DK": ("FO", "GL"),
    "FI": ("AX",),
    "NO": ("SJ",),
}
"""Territories whose name a state's own keys may sign under, besides its own."""

ADMINISTERED_BY: Final = {
    "AU": ("CC", "CX", "HM", "NF"),
    "CN": ("HK", "MO"),
    "DK": ("FO", "GL"),
    "FI": ("AX",),
    "FR": ("BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"),
    "GB": (
        "AI", "BM", "FK", "GG", "GI", "GS", "IM", "IO", "JE", "KY", "MS", "PN", "SH", "TC", "VG",
    ),
    "NL": ("AW", "BQ", "CW", "SX"),
    "NO": ("BV", "SJ"),
    "NZ": ("TK",),
    "US": ("AS", "GU", "MP", "PR", "UM", "VI"),
}  # fmt: skip
"""Territories that have a code of their own, by the state that answers for them (remarks of ISO 3166-1).

Where seats are counted, theirs are that state's.
"""

WHO_REGIONS: Final = ("AFR", "AMR", "EMR", "EUR", "SEAR", "WPR")
"""The six regions of the World Health Organization."""
