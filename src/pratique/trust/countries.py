"""Which country does a text mean, and whom may a participant sign for?

    iss | subject C | participant code -> code(text) -> "FR" | None
                                       -> may_sign_for(code) -> {"FR", "GP", ...}
                     participant code -> kind(code), subject(code) -> "state", "FR"

1. A participant is not an ISO country: states, territories, organisations and test states have
   codes of two and of three letters. The mapping is data: `trust.country_codes`.
2. A text that is not known means nothing: None, never a guess.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

from pratique.errors import UsageError

# ----------------------------------------------------------------------------------------------------
# Codes of countries and of participants: data only. Facts of ISO 3166-1 and of the network.
#
# country_codes -> trust.countries -> "which country does this text mean?"


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


STATE, TERRITORY, ORGANISATION, TEST_STATE = "state", "territory", "organisation", "test state"
"""What a participant may be."""


@cache
def _spellings() -> dict[str, str]:
    words = ISO_3166.split()
    alpha2 = {code: code for code in words[::2]}
    alpha3 = dict(zip(words[1::2], words[::2], strict=True))
    test_states = {f"X{letter}": f"X{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    test_states |= {f"X{code}": code for code in test_states}
    virtual = {code: code for code in VIRTUAL.values()} | VIRTUAL
    organisations = {code: code for code in ORGANISATIONS}
    return test_states | virtual | organisations | alpha2 | alpha3 | OTHER_SPELLINGS


def code(text: str) -> str | None:
    """Return the country that an `iss`, a subject's C or a list's field means; None if unknown.

    Two letters of ISO 3166-1, of the network's test states ("XJ"), or an organisation's ("IOM").
    """
    return _spellings().get(text.strip().upper())


def folded(text: str) -> str:
    """Return a code as it is compared: in capital letters, of one width, without what is not seen."""
    shown = unicodedata.normalize("NFKC", text)
    return "".join(c for c in shown if c.isalnum()).upper()


def bearers(text: str) -> frozenset[str]:
    """Return who may be meant by a participant's or a seat's code, under one name each; empty if unknown.

    "FR" and "FRA" are one, and so are "GR" and "EL". Kosovo (XKX) and the test state XXK are two with one
    C; who writes "XK" alone may be either.
    """
    wanted = folded(text)
    own = code(wanted)
    if own is None:
        return frozenset()
    several = [one for one in COLLISIONS.get(own, ()) if one not in ORGANISATIONS]
    if wanted in several:
        # The other one's C is the same, and it is another.
        return frozenset({wanted} if len(several) > 1 else {own})
    return frozenset(several if len(several) > 1 else {own})


def seated(text: str) -> frozenset[str]:
    """Return whose seat it is that the bearer of a code holds: a territory's is its state's."""
    return frozenset(_states().get(one, one) for one in bearers(text))


@cache
def _states() -> dict[str, str]:
    return {one: state for state, listed in ADMINISTERED_BY.items() for one in listed}


@cache
def alpha2() -> tuple[str, ...]:
    """Return the codes of two letters that mean a country: the value set `country-2-codes`."""
    return tuple(sorted({code for code in _spellings().values() if len(code) == 2}))


def place(text: str) -> str | None:
    """Return the country that a traveller may go to, by its code of two or three letters, or None.

    An organisation is nobody's destination, and `iss` that is no code is no spelling of one.
    """
    wanted = text.strip().upper()
    found = (
        code(wanted) if wanted.isascii() and wanted.isalpha() and len(wanted) in {2, 3} else None
    )
    return None if found in ORGANISATIONS else found


@cache
def spellings(countries: frozenset[str]) -> frozenset[str]:
    """Return every spelling that means one of these countries: "XU" and "XXU", "PT" and "PRT"."""
    return countries | {text for text, meant in _spellings().items() if meant in countries}


def may_sign_for(participant: str) -> frozenset[str]:
    """Return the countries under whose name a participant may sign; empty if it is not known."""
    own = code(participant)
    if own is None:
        return frozenset()
    if own in ORGANISATIONS:
        return frozenset(ORGANISATIONS[own])
    return frozenset({own, *SIGNS_ALSO_FOR.get(own, ())})


def subject(participant: str) -> str | None:
    """Return the one C that a participant's X.509 certificates carry; None if it is not known."""
    own = code(participant)
    return None if own is None else SUBJECTS.get(own, own)


def kind(participant: str) -> str | None:
    """Return what a participant is, by its code of three letters; None if it is not known.

    Two letters are not enough: XK is a test state's C, and Kosovo's.
    """
    text = participant.strip().upper()
    own = code(text)
    if own is None or len(text) != 3:
        return None
    if own in ORGANISATIONS:
        return ORGANISATION
    if text in VIRTUAL or text[:2] == "XX":
        return TEST_STATE
    return TERRITORY if own in TERRITORIES.split() else STATE


# ----------------------------------------------------------------------------------------------------
# English names of countries: only for "did you mean DE?", where somebody wrote a name for a code.
#
#     "Germany" -> like -> "DE"
#
# 1. A name is never taken for its code: it is suggested, and whoever wrote it decides.


NAMES: Final = """
AF Afghanistan|AX Aland Islands|AL Albania|DZ Algeria|AS American Samoa|AD Andorra|AO Angola|AI Anguilla
AQ Antarctica|AG Antigua and Barbuda|AR Argentina|AM Armenia|AW Aruba|AU Australia|AT Austria
AZ Azerbaijan|BS Bahamas|BH Bahrain|BD Bangladesh|BB Barbados|BY Belarus|BE Belgium|BZ Belize|BJ Benin
BM Bermuda|BT Bhutan|BO Bolivia|BQ Bonaire|BA Bosnia and Herzegovina|BW Botswana|BV Bouvet Island
BR Brazil|IO British Indian Ocean Territory|BN Brunei|BN Brunei Darussalam|BG Bulgaria|BF Burkina Faso
BI Burundi|CV Cabo Verde|CV Cape Verde|KH Cambodia|CM Cameroon|CA Canada|KY Cayman Islands
CF Central African Republic|TD Chad|CL Chile|CN China|CX Christmas Island|CC Cocos Islands|CO Colombia
KM Comoros|CG Congo|CD Democratic Republic of the Congo|CK Cook Islands|CR Costa Rica|CI Ivory Coast
CI Cote d'Ivoire|HR Croatia|CU Cuba|CW Curacao|CY Cyprus|CZ Czechia|CZ Czech Republic|DK Denmark
DJ Djibouti|DM Dominica|DO Dominican Republic|EC Ecuador|EG Egypt|SV El Salvador|GQ Equatorial Guinea
ER Eritrea|EE Estonia|SZ Eswatini|SZ Swaziland|ET Ethiopia|FK Falkland Islands|FO Faroe Islands|FJ Fiji
FI Finland|FR France|GF French Guiana|PF French Polynesia|TF French Southern Territories|GA Gabon
GM Gambia|GE Georgia|DE Germany|GH Ghana|GI Gibraltar|GR Greece|GL Greenland|GD Grenada|GP Guadeloupe
GU Guam|GT Guatemala|GG Guernsey|GN Guinea|GW Guinea-Bissau|GY Guyana|HT Haiti
HM Heard Island and McDonald Islands|VA Holy See|VA Vatican|HN Honduras|HK Hong Kong|HU Hungary
IS Iceland|IN India|ID Indonesia|IR Iran|IQ Iraq|IE Ireland|IM Isle of Man|IL Israel|IT Italy|JM Jamaica
JP Japan|JE Jersey|JO Jordan|KZ Kazakhstan|KE Kenya|KI Kiribati|KP North Korea|KR South Korea|KR Korea
XK Kosovo|KW Kuwait|KG Kyrgyzstan|LA Laos|LV Latvia|LB Lebanon|LS Lesotho|LR Liberia|LY Libya
LI Liechtenstein|LT Lithuania|LU Luxembourg|MO Macao|MO Macau|MG Madagascar|MW Malawi|MY Malaysia
MV Maldives|ML Mali|MT Malta|MH Marshall Islands|MQ Martinique|MR Mauritania|MU Mauritius|YT Mayotte
MX Mexico|FM Micronesia|MD Moldova|MC Monaco|MN Mongolia|ME Montenegro|MS Montserrat|MA Morocco
MZ Mozambique|MM Myanmar|MM Burma|NA Namibia|NR Nauru|NP Nepal|NL Netherlands|NL The Netherlands
NL Holland|NC New Caledonia|NZ New Zealand|NI Nicaragua|NE Niger|NG Nigeria|NU Niue|NF Norfolk Island
MK North Macedonia|MK Macedonia|MP Northern Mariana Islands|NO Norway|OM Oman|PK Pakistan|PW Palau
PS Palestine|PA Panama|PG Papua New Guinea|PY Paraguay|PE Peru|PH Philippines|PN Pitcairn|PL Poland
PT Portugal|PR Puerto Rico|QA Qatar|RE Reunion|RO Romania|RU Russia|RU Russian Federation|RW Rwanda
BL Saint Barthelemy|SH Saint Helena|KN Saint Kitts and Nevis|LC Saint Lucia|MF Saint Martin
PM Saint Pierre and Miquelon|VC Saint Vincent and the Grenadines|WS Samoa|SM San Marino
ST Sao Tome and Principe|SA Saudi Arabia|SN Senegal|RS Serbia|SC Seychelles|SL Sierra Leone|SG Singapore
SX Sint Maarten|SK Slovakia|SI Slovenia|SB Solomon Islands|SO Somalia|ZA South Africa
GS South Georgia and the South Sandwich Islands|SS South Sudan|ES Spain|LK Sri Lanka|SD Sudan|SR Suriname
SJ Svalbard and Jan Mayen|SE Sweden|CH Switzerland|SY Syria|TW Taiwan|TJ Tajikistan|TZ Tanzania
TH Thailand|TL Timor-Leste|TL East Timor|TG Togo|TK Tokelau|TO Tonga|TT Trinidad and Tobago|TN Tunisia
TR Turkey|TR Türkiye|TM Turkmenistan|TC Turks and Caicos Islands|TV Tuvalu|UG Uganda|UA Ukraine
AE United Arab Emirates|GB United Kingdom|GB Great Britain|GB Britain|GB England|GB Scotland|GB Wales
US United States|US United States of America|US America|UM United States Minor Outlying Islands
UY Uruguay|UZ Uzbekistan|VU Vanuatu|VE Venezuela|VN Vietnam|VN Viet Nam|VG British Virgin Islands
VI US Virgin Islands|WF Wallis and Futuna|EH Western Sahara|YE Yemen|ZM Zambia|ZW Zimbabwe
"""
"""Code and English short name (ISO 3166-1, shortened as people write them)."""

LIKENESS: Final = 0.75
"""From here on two names are a slip of the pen apart; below it a suggestion would be a guess."""


@cache
def _by_name() -> dict[str, str]:
    rows = (row.partition(" ") for row in NAMES.strip().replace("\n", "|").split("|"))
    return {name.casefold(): code for code, _, name in rows}


def like(text: str) -> str | None:
    """Return the code whose country's English name a text is, or nearly is; None if there is none."""
    from difflib import get_close_matches  # noqa: PLC0415 - a check starts fast

    wanted = " ".join(text[:100].casefold().split())
    found = get_close_matches(wanted, _by_name(), n=1, cutoff=LIKENESS)
    return _by_name()[found[0]] if found else None


def no_country(option: str, code: str, text: str) -> UsageError:
    """Say that an option's text is no country's code, and which one may be meant."""
    meant = like(text)
    letters = "write two letters, or three: DE or DEU"
    return UsageError(
        code,
        f"{option} is no country's code",
        letters if meant is None else f"did you mean {meant}? {letters}",
    )
