"""Find a code by a name that people use: of a product, a disease, a test, a country.

    catalogue, words -> suggestions -> narrowed("biontec") -> [Suggestion(code, name), ...], the likeliest first

1. Accents, capitals, blanks and signs make no difference: "j & j" finds what "J&J" is a name of.
2. The likeliest first: the very name, then what begins so, then any word that does, then any part of it. Where
   nothing does, what is spelled nearly so.
3. What is no longer in use is not offered; typed as a code it is read, and doubted, as in any other row.

Apart because intake itself never searches: a form does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from pratique.intake.catalogue import DISEASES_OF, Catalogue
from pratique.rules.products import PRODUCTS

LONGEST = 80
"""Characters that are searched for."""

MOST = 8
"""Suggestions at once."""

# What people say and write for a product, beside its names in `rules.products`: short forms, and other scripts.
_CALLED: Mapping[str, tuple[str, ...]] = {
    "EU/1/20/1528": ("BNT162b2", "Pfizer-BioNTech", "فايزر", "辉瑞", "复必泰", "Пфайзер", "फाइज़र"),
    "EU/1/20/1507": ("mRNA-1273", "موديرنا", "莫德纳", "Модерна", "मॉडर्ना"),
    "EU/1/21/1529": ("AZ", "Oxford", "ChAdOx1", "AZD1222", "أسترازينيكا", "阿斯利康", "АстраЗенека"),
    "EU/1/20/1525": ("J&J", "JJ", "Johnson & Johnson", "Ad26.COV2.S", "جونسون", "杨森", "强生", "Янссен"),
    "EU/1/21/1618": ("NVX", "نوفافاكس"),
    "Covishield": ("AZ", "Serum Institute", "SII", "कोविशील्ड"),
    "Covaxin": ("Bharat", "BBV152", "कोवैक्सीन"),
    "CoronaVac": ("سينوفاك", "科兴", "克尔来福"),
    "BBIBP-CorV": ("Covilo", "سينوفارم", "国药", "众爱可维"),
    "Convidecia": ("CanSino", "康希诺"),
    "Sputnik-V": ("Gam-COVID-Vac", "سبوتنيك", "Спутник V", "Гам-КОВИД-Вак"),
    "Sputnik-Light": ("Спутник Лайт",),
}  # fmt: skip
_SEPARATORS = re.compile(r"[\W_]+")


class Suggestion(NamedTuple):
    """A code that may be meant.

    Attributes:
        name: as the form shows it.
        beside: what tells it from others of a like name: its maker.
        others: what else it is called.
    """

    code: str
    name: str
    beside: str = ""
    others: tuple[str, ...] = ()


def products(catalogue: Catalogue, domain: str) -> tuple[Suggestion, ...]:
    """Return the vaccines in use of a data format, in the catalogue's order."""
    makers = catalogue.sets.get("manufacturer", {})
    offered = {product.code: product for product in catalogue.products(domain)}
    found = []
    for code in catalogue.codes("product") if domain == "DCC" else tuple(offered):
        product, facts = offered.get(code), PRODUCTS.get(code)
        shown = catalogue.sets["product"].get(code) if domain == "DCC" else None
        display = product.display if product else shown.display if shown else ""
        maker = product.manufacturer if product else ""
        beside = makers[maker].display if maker in makers else maker
        others = (display, code, *(facts.other_names if facts else ()), *_CALLED.get(code, ()))
        found.append(Suggestion(code, facts.name if facts else display or code, beside, others))
    return tuple(found)


def coded(
    codes: Iterable[str], names: Mapping[str, str], others: Sequence[Mapping[str, str]] = ()
) -> tuple[Suggestion, ...]:
    """Return codes with their names in the form's language; `others` are their names in other languages."""
    return tuple(
        Suggestion(
            code, names.get(code) or code, "", (code, *filter(None, (each.get(code) for each in others)))
        )
        for code in codes
    )  # fmt: skip


def diseases(catalogue: Catalogue, domain: str) -> tuple[str, ...]:
    """Return the codes of diseases in use that a data format may attest."""
    of_others = {code for name, codes in DISEASES_OF.items() if name != domain for code in codes}
    return tuple(code for code in catalogue.codes("disease") if code not in of_others)


def narrowed(
    offered: Sequence[Suggestion], text: str, *, most: int = MOST
) -> tuple[Suggestion, ...]:
    """Return those that a text may mean, the likeliest first; the first ones of all if there is no text."""
    wanted = _spelled(text[:LONGEST])
    if not wanted or len(text) > LONGEST:
        return () if len(text) > LONGEST or text.strip() else tuple(offered[:most])
    offers = []
    for place, each in enumerate(offered):
        near = min(
            _nearness(wanted, _words(name)) for name in (each.name, each.beside, *each.others)
        )
        if near < _NOT:
            offers.append((near, place, each))
    if offers:
        return tuple(each for _, _, each in sorted(offers)[:most])
    return _nearly(offered, "".join(wanted))[:most]


_NOT = 5


def _nearness(wanted: tuple[str, ...], name: tuple[str, ...]) -> int:
    whole, joined = "".join(wanted), "".join(name)
    if not joined:
        return _NOT
    if joined == whole:
        return 0
    if joined.startswith(whole):
        return 1
    if all(any(word.startswith(part) for word in name) for part in wanted):
        return 2
    # A single letter is a part of nearly everything.
    return 3 if len(whole) > 1 and whole in joined else _NOT


def _nearly(offered: Sequence[Suggestion], whole: str) -> tuple[Suggestion, ...]:
    """Return what is spelled nearly so: "cominarty"."""
    from difflib import get_close_matches  # noqa: PLC0415 - for misspellings only

    spelled: dict[str, Suggestion] = {}
    for each in offered:
        for name in (each.name, *each.others):
            for word in ("".join(_words(name)), *_words(name)):
                spelled.setdefault(word, each)
    near = get_close_matches(whole, spelled, n=MOST, cutoff=0.75) if len(whole) > 3 else []
    return tuple(dict.fromkeys(spelled[word] for word in near))


def _spelled(name: str) -> tuple[str, ...]:
    marked = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(sign for sign in marked if not unicodedata.combining(sign))
    return tuple(word for word in _SEPARATORS.split(plain) if word)


_words = lru_cache(maxsize=8192)(_spelled)
"""For names of codes; never for what was typed, which may be a person's name in the wrong field."""
