"""English names of countries: only for "did you mean DE?", where somebody wrote a name for a code.

    "Germany" -> like -> "DE"

1. A name is never taken for its code: it is suggested, and whoever wrote it decides.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import Final

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
    wanted = " ".join(text[:100].casefold().split())
    found = get_close_matches(wanted, _by_name(), n=1, cutoff=LIKENESS)
    return _by_name()[found[0]] if found else None
