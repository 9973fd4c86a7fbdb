"""Which country does a text mean, and whom may a participant sign for?

    iss | subject C | participant code -> code(text) -> "FR" | None
                                       -> may_sign_for(code) -> {"FR", "GP", ...}

1. A participant is not an ISO country: states, territories, organisations and test states have
   codes of two and of three letters. The mapping is data: `trust.country_codes`.
2. A text that is not known means nothing: None, never a guess.
"""

from __future__ import annotations

from functools import cache

from pratique.trust import country_codes as data


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
