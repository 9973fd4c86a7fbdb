"""The pages ask the browser to note nothing that is typed into them, and to send nothing of them elsewhere."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from tests.conftest import ROOT

PAGES = ("border", "desk", "manifest", "wallet")
"""Those that show or ask for something of a person."""
_VOID = frozenset({"input", "meta", "link", "br", "img"})
_ASKS = frozenset({"input", "textarea", "select"})
_OWN_WORDS = frozenset({"new-password", "current-password"})
"""Of a holder's own wallet, whose passphrase may be kept by who keeps passphrases."""


class _Page(HTMLParser):
    """Notes the attributes of a page's root and body, what it tells translators, and its fields that may be noted."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._forms: list[bool] = []
        self.root: dict[str, str | None] = {}
        self.body: dict[str, str | None] = {}
        self.said: set[tuple[str | None, str | None]] = set()
        self.noted: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag in {"html", "body"}:
            (self.root if tag == "html" else self.body).update(has)
        if tag == "meta":
            self.said.add((has.get("name"), has.get("content")))
        if tag == "form":
            self._forms.append(has.get("autocomplete") == "off")
        is_off = has.get("autocomplete") in {"off", *_OWN_WORDS} or any(self._forms)
        if tag in _ASKS and has.get("type") not in {"checkbox", "radio"} and not is_off:
            self.noted.append(has.get("id") or has.get("data-part"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._forms.pop()


def read(name: str) -> str:
    return (ROOT / "web/src" / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_no_text_goes_to_who_translates_spells_or_suggests(name: str) -> None:
    """Browsers offer to translate, to spell and to write on, and send a page's text to their makers for it."""
    page = _Page(read(name))
    assert page.root["translate"] == "no"
    assert ("google", "notranslate") in page.said
    assert page.body["spellcheck"] == page.body["writingsuggestions"] == "false"
    assert 'spellcheck="true"' not in read(name)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_that_is_typed_or_chosen_is_noted_for_the_next_start(name: str) -> None:
    """The name of a file that is handed in may be somebody's: it is a field, too."""
    assert _Page(read(name)).noted == []
    # The control.
    field = '<input type="file" data-part="planted">'
    assert _Page(read(name).replace("</body>", f"{field}</body>")).noted == ["planted"]
