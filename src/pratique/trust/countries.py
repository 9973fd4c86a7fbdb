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

from pratique.trust import country_codes as data

STATE, TERRITORY, ORGANISATION, TEST_STATE = "state", "territory", "organisation", "test state"
"""What a participant may be."""


@cache
def _spellings() -> dict[str, str]:
    words = data.ISO_3166.split()
    alpha2 = {code: code for code in words[::2]}
    alpha3 = dict(zip(words[1::2], words[::2], strict=True))
    test_states = {f"X{letter}": f"X{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    test_states |= {f"X{code}": code for code in test_states}
    virtual = {code: code for code in data.VIRTUAL.values()} | data.VIRTUAL
    organisations = {code: code for code in data.ORGANISATIONS}
    return test_states | virtual | organisations | alpha2 | alpha3 | data.OTHER_SPELLINGS


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
    several = [one for one in data.COLLISIONS.get(own, ()) if one not in data.ORGANISATIONS]
    if wanted in several:
        # The other one's C is the same, and it is another.
        return frozenset({wanted} if len(several) > 1 else {own})
    return frozenset(several if len(several) > 1 else {own})


def seated(text: str) -> frozenset[str]:
    """Return whose seat it is that the bearer of a code holds: a territory's is its state's."""
    return frozenset(_states().get(one, one) for one in bearers(text))


@cache
def _states() -> dict[str, str]:
    return {one: state for state, listed in data.ADMINISTERED_BY.items() for one in listed}


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
    return None if found in data.ORGANISATIONS else found


@cache
def spellings(countries: frozenset[str]) -> frozenset[str]:
    """Return every spelling that means one of these countries: "XU" and "XXU", "PT" and "PRT"."""
    return countries | {text for text, meant in _spellings().items() if meant in countries}


def may_sign_for(participant: str) -> frozenset[str]:
    """Return the countries under whose name a participant may sign; empty if it is not known."""
    own = code(participant)
    if own is None:
        return frozenset()
    if own in data.ORGANISATIONS:
        return frozenset(data.ORGANISATIONS[own])
    return frozenset({own, *data.SIGNS_ALSO_FOR.get(own, ())})


def subject(participant: str) -> str | None:
    """Return the one C that a participant's X.509 certificates carry; None if it is not known."""
    own = code(participant)
    return None if own is None else data.SUBJECTS.get(own, own)


def kind(participant: str) -> str | None:
    """Return what a participant is, by its code of three letters; None if it is not known.

    Two letters are not enough: XK is a test state's C, and Kosovo's.
    """
    text = participant.strip().upper()
    own = code(text)
    if own is None or len(text) != 3:
        return None
    if own in data.ORGANISATIONS:
        return ORGANISATION
    if text in data.VIRTUAL or text[:2] == "XX":
        return TEST_STATE
    return TERRITORY if own in data.TERRITORIES.split() else STATE
