"""What a wallet keeps, how it is locked, and how it gets to another device."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pratique.snapshot import Snapshot
from tests.browser.conftest import NOW, PATIENCE, Post, expect, served
from tests.browser.engines import ARGUMENTS, CHROMIUM
from tests.browser.wallet import PASSPHRASE, Wallet
from tests.steps import until

CANARY = "BLOGGS"
"""A name in the travellers' certificates that stands nowhere in the site."""


@pytest.fixture
def wallet(page: Any, site: str) -> Wallet:
    """Return a wallet that was just made."""
    return Wallet(page, site).visit().make()


# ----------------------------------------------------------------------------------------------------
# Locks.


def test_a_wallet_opens_with_its_passphrase_alone(wallet: Wallet, post: Post) -> None:
    wallet.add(post.texts["vaccination"])
    wallet.card()
    wallet.page.click("#lock")
    wallet.page.locator("#locked:not([hidden])").wait_for()
    # Nothing of it stays in the page.
    assert CANARY not in wallet.page.content().upper()
    wallet.unlock("four plain invented wrong words")
    wallet.page.locator("#unlock-error").get_by_text("does not open").wait_for()
    expect(wallet.page.locator("#open")).to_be_hidden()
    wallet.unlock()
    wallet.opened()
    person = wallet.card().locator("xpath=..")
    expect(person).to_contain_text(CANARY, ignore_case=True, use_inner_text=True)


@pytest.mark.parametrize(
    ("passphrase", "again", "words"),
    [("short", "short", "too short"), (PASSPHRASE, "another one altogether", "differ")],
)
def test_a_passphrase_that_will_not_do_is_told(
    page: Any, site: str, passphrase: str, again: str, words: str
) -> None:
    wallet = Wallet(page, site).visit()
    page.fill("#create-passphrase", passphrase)
    page.fill("#create-again", again)
    page.locator("#create-form button").click()
    page.locator("#create-error").get_by_text(words).wait_for()
    expect(wallet.page.locator("#open")).to_be_hidden()


@pytest.fixture
def authenticator(context: Any, page: Any) -> str:
    """Give the browser a passkey device with a PRF, such as phones and laptops have built in."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal",
        "hasResidentKey": True, "hasUserVerification": True, "hasPrf": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    added = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.authenticator = session, added["authenticatorId"]
    return str(added["authenticatorId"])


def test_a_passkey_makes_and_opens_a_wallet(
    authenticator: str, page: Any, site: str, post: Post
) -> None:
    wallet = Wallet(page, site).visit()
    page.locator("#create-passkey button").click()
    wallet.opened()
    wallet.add(post.texts["vaccination"])
    page.reload()
    page.locator("#unlock-passkey button").click()
    wallet.opened()
    wallet.card()
    session, identifier = page.authenticator
    page.click("#lock")
    session.send(
        "WebAuthn.setUserVerified", {"authenticatorId": identifier, "isUserVerified": False}
    )
    page.locator("#unlock-passkey button").click()
    page.locator("#unlock-error").get_by_text("passkey").wait_for()
    expect(page.locator("#open")).to_be_hidden()


def test_a_passphrase_is_changed_and_the_old_one_opens_no_more(wallet: Wallet) -> None:
    page = wallet.page
    wallet.go("keep")
    page.click("#add-passphrase")
    page.fill("#asking-current", PASSPHRASE)
    page.fill("#asking-passphrase", "quite another passphrase")
    page.fill("#asking-again", "quite another passphrase")
    page.click("#asking-go")
    expect(page.locator("#asking")).to_be_hidden()
    page.click("#lock")
    wallet.unlock(PASSPHRASE)
    page.locator("#unlock-error").get_by_text("does not open").wait_for()
    wallet.unlock("quite another passphrase")
    wallet.opened()


def test_a_wallet_out_of_sight_locks_by_itself(page: Any, site: str, post: Post) -> None:
    wallet = Wallet(page, site).visit().make()
    wallet.add(post.texts["vaccination"])
    wallet.card()
    seen(page, False)
    page.clock.set_fixed_time(NOW + timedelta(minutes=1))
    seen(page, True)
    # It is open still, and goes on: a locked one would have been emptied at once, and have no menu.
    wallet.go("keep")
    wallet.go("cards")
    wallet.card()
    seen(page, False)
    page.clock.set_fixed_time(NOW + timedelta(minutes=3, seconds=1))
    seen(page, True)
    page.locator("#locked:not([hidden])").wait_for()
    assert CANARY not in page.content().upper()


def seen(page: Any, shown: bool) -> None:
    """Bring the page into sight, or out of it."""
    page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        not shown,
    )


def test_everything_is_deleted_after_one_question(wallet: Wallet, post: Post) -> None:
    page = wallet.page
    wallet.add(post.texts["vaccination"])
    wallet.go("keep")
    page.click("#delete")
    page.locator("#asking .close").click()
    expect(page.locator("#asking")).to_be_hidden()
    expect(page.locator("#open")).to_be_visible()
    page.click("#delete")
    page.click("#asking-go")
    page.locator("#create:not([hidden])").wait_for()
    assert CANARY not in page.content().upper()
    assert stored(page) == []
    page.reload()
    page.locator("#create:not([hidden])").wait_for()


def stored(page: Any) -> list[str]:
    """Return the keys of whatever the wallet has in the browser's database."""
    keys: list[str] = page.evaluate(
        """() => new Promise((resolve) => {
            const opening = indexedDB.open("pratique-wallet");
            opening.onsuccess = () => {
                const base = opening.result;
                if (!base.objectStoreNames.contains("sealed")) { base.close(); resolve([]); return; }
                const asking = base.transaction("sealed").objectStore("sealed").getAllKeys();
                asking.onsuccess = () => { base.close(); resolve(asking.result); };
            };
        })"""
    )
    return keys


# ----------------------------------------------------------------------------------------------------
# Without a network.


def test_a_wallet_opens_and_answers_with_the_network_gone(
    page: Any, post: Post, put: Callable[[Snapshot], Path]
) -> None:
    with served(put(post.held)) as site:
        wallet = Wallet(page, site).visit().make()
        wallet.add(post.texts["vaccination"])
        wallet.card()
        # The map is of what is fetched only when it is needed: the page has had it kept.
        until(lambda: page.evaluate(KEPT))
    # The server is gone. What the browser says of that is no fault of the page.
    page.reload()
    page.locator("#locked:not([hidden])").wait_for()
    wallet.unlock()
    wallet.opened()
    wallet.card()
    wallet.go("trips")
    wallet.ask(post.place, "2026-11-25", "09:30", "UTC")
    page.locator("article.trip").get_by_text("Entry rules met").first.wait_for()
    wallet.go("everywhere")
    page.locator("#everywhere-form button").click()
    page.locator("#map svg.map").wait_for()
    page.complaints = [line for line in page.complaints if "ERR_CONNECTION_REFUSED" not in line]


KEPT = """async () => {
    for (const name of await caches.keys()) {
        const files = await (await caches.open(name)).keys();
        if (files.some(({ url }) => /\\/map-[0-9a-f]{12}/.test(url)) && files.some(({ url }) => /age\\.worker-/.test(url))) return true;
    }
    return false;
}"""


def test_a_newer_edition_waits_until_the_wallet_is_locked(wallet: Wallet, post: Post) -> None:
    page = wallet.page
    wallet.add(post.texts["vaccination"])
    wallet.card()
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    # From the second visit on the page comes from what is kept.
    page.reload()
    page.locator("#locked:not([hidden])").wait_for()
    wallet.unlock()
    wallet.opened()
    wallet.card()
    page.evaluate("window.sameDocument = true")
    page.evaluate(NOTE_LEAVING)
    # Another page takes a newer edition. This one hears it, and stays as it is while it is open.
    page.evaluate("navigator.serviceWorker.dispatchEvent(new Event('controllerchange'))")
    assert page.evaluate(LEAVING) is None
    expect(page.locator("#open")).to_be_visible()
    page.click("#lock")
    page.wait_for_function("window.sameDocument === undefined")
    # The control: that it leaves is noted as it begins to.
    assert page.evaluate(LEAVING) == "reload"


NOTE_LEAVING = "navigation.addEventListener('navigate', ({ navigationType }) => sessionStorage.setItem('leaving', navigationType))"
LEAVING = "sessionStorage.getItem('leaving')"


# ----------------------------------------------------------------------------------------------------
# The disk.


def test_the_disk_holds_ciphertext_only(
    browser: Any, site: str, post: Post, tmp_path: Path
) -> None:
    text = post.texts["vaccination"]
    canaries = [CANARY, "Bloggs", text, text[40:72]]
    with profile(browser, tmp_path / "profile") as context:
        page = context.new_page()
        page.clock.set_fixed_time(NOW)
        wallet = Wallet(page, site).visit().make()
        wallet.add(text)
        wallet.card()
        wallet.go("trips")
        wallet.ask(post.place, "2026-11-25", "09:30", "UTC")
        page.locator("article.trip").wait_for()
        assert stored(page) == ["passphrase", "wallet"]
        assert page.evaluate("Object.keys(localStorage)") in ([], ["pratique.language"])
        assert page.evaluate("Object.keys(sessionStorage)") == []
    assert on_disk(tmp_path / "profile", canaries) == set()
    # Control: the same text, written without the vault, is seen.
    with profile(browser, tmp_path / "profile") as context:
        page = context.new_page()
        page.goto(f"{site}/wallet.html")
        page.evaluate(
            """(text) => new Promise((resolve) => {
                const opening = indexedDB.open("control");
                opening.onupgradeneeded = () => opening.result.createObjectStore("plain");
                opening.onsuccess = () => {
                    const writing = opening.result.transaction("plain", "readwrite", { durability: "strict" });
                    writing.objectStore("plain").put({ name: "BLOGGS", text }, 1);
                    writing.oncomplete = () => resolve();
                };
            })""",
            text,
        )
    assert {CANARY, text[40:72]} <= on_disk(tmp_path / "profile", canaries)


def profile(browser: Any, folder: Path) -> Any:
    """Open a browser whose profile lies on the disk."""
    context = browser.browser_type.launch_persistent_context(
        folder, executable_path=CHROMIUM, args=ARGUMENTS
    )
    context.set_default_timeout(PATIENCE)
    return context


def on_disk(folder: Path, canaries: list[str]) -> set[str]:
    """Return which texts stand in any file below a folder, in one byte a letter or in two."""
    spellings = {
        (canary, spelled)
        for canary in canaries
        for spelled in (canary.encode(), canary.encode("utf-16-le"))
    }
    return {
        canary
        for file in folder.rglob("*")
        if file.is_file() and not file.is_symlink()
        for data in [file.read_bytes()]
        for canary, spelled in spellings
        if spelled in data
    }


def test_the_disk_tells_neither_how_many_cards_there_are_nor_what_changed(
    wallet: Wallet, post: Post
) -> None:
    documents = [sealed(wallet.page)]
    for name in ("vaccination", "ann", "anne", "recovery"):
        wallet.add(post.texts[name])
        documents.append(sealed(wallet.page))
    assert stored(wallet.page) == ["passphrase", "wallet"]
    assert len({len(document["sealed"]) for document in documents}) == 1
    # A nonce that came twice under one key would give both texts away.
    assert len({tuple(document["nonce"]) for document in documents}) == len(documents)


def sealed(page: Any) -> dict[str, list[int]]:
    """Return the sealed document and its nonce, as they lie in the database."""
    document: dict[str, list[int]] = page.evaluate(
        """() => new Promise((resolve) => {
            const opening = indexedDB.open("pratique-wallet");
            opening.onsuccess = () => {
                const asking = opening.result.transaction("sealed").objectStore("sealed").get("wallet");
                asking.onsuccess = () => {
                    const { sealed, nonce } = asking.result;
                    opening.result.close();
                    resolve({ sealed: [...sealed], nonce: [...nonce] });
                };
            };
        })"""
    )
    return document


# ----------------------------------------------------------------------------------------------------
# Backup.


@pytest.fixture
def pyrage() -> Any:
    """Return another program of age's, by which files are opened and made."""
    return pytest.importorskip("pyrage", reason="pyrage is not here: tools/site")


def test_a_backup_is_opened_by_another_age_and_brings_the_wallet_back(
    wallet: Wallet, post: Post, tmp_path: Path, pyrage: Any
) -> None:
    wallet.add(post.texts["vaccination"], post.texts["test"])
    expect(wallet.page.locator("#remind")).to_be_visible()
    wallet.go("trips")
    wallet.ask(post.place, "2026-11-25", "09:30", "UTC")
    wallet.go("keep")
    file = wallet.back_up(tmp_path / "wallet.age")
    expect(wallet.page.locator("#remind")).to_be_hidden()
    document = json.loads(pyrage.passphrase.decrypt(file, "another handful of words"))
    assert document["format"] == "pratique-wallet-backup-1"
    assert [card["texts"] for card in document["cards"]] == [
        [post.texts["vaccination"]],
        [post.texts["test"]],
    ]
    # On a device where nothing is left.
    wallet.page.click("#delete")
    wallet.page.click("#asking-go")
    wallet.page.locator("#create:not([hidden])").wait_for()
    wallet.make("yet another passphrase")
    wallet.go("keep")
    wallet.restore(tmp_path / "wallet.age", "not the right one")
    wallet.page.locator("#asking-error").get_by_text("another").wait_for()
    wallet.page.fill("#asking-passphrase", "another handful of words")
    wallet.page.click("#asking-go")
    wallet.page.locator("#notice").get_by_text("2 added").wait_for()
    wallet.go("cards")
    wallet.card(1)
    wallet.go("trips")
    wallet.page.locator("article.trip").wait_for()


def test_a_file_of_another_age_is_opened(
    wallet: Wallet, post: Post, tmp_path: Path, pyrage: Any
) -> None:
    document = {"format": "pratique-wallet-backup-1", "cards": [{"texts": [post.texts["test"]]}]}
    file = tmp_path / "made.age"
    file.write_bytes(pyrage.passphrase.encrypt(json.dumps(document).encode(), "made elsewhere"))
    wallet.go("keep")
    wallet.restore(file, "made elsewhere")
    wallet.page.locator("#notice").get_by_text("1 added").wait_for()
    wallet.go("cards")
    wallet.card()


@pytest.mark.parametrize(
    "document",
    [
        b"not JSON",
        b'{"format": "something-else", "cards": []}',
        b'{"format": "pratique-wallet-backup-1", "cards": [{"texts": []}]}',
    ],
)
def test_a_file_that_is_no_backup_changes_nothing(
    wallet: Wallet, tmp_path: Path, pyrage: Any, document: bytes
) -> None:
    file = tmp_path / "made.age"
    file.write_bytes(pyrage.passphrase.encrypt(document, "made elsewhere"))
    wallet.go("keep")
    wallet.restore(file, "made elsewhere")
    wallet.page.locator("#asking-error").get_by_text("no backup").wait_for()
    wallet.page.locator("#asking .close").click()
    wallet.go("cards")
    expect(wallet.page.locator("article.card")).to_have_count(0)


# ----------------------------------------------------------------------------------------------------
# From one screen to another.

CAMERA = """
    const picture = document.createElement("canvas");
    picture.width = picture.height = 900;
    const brush = picture.getContext("2d");
    let held = null;
    setInterval(() => {
        brush.fillStyle = "white";
        brush.fillRect(0, 0, 900, 900);
        if (held) brush.drawImage(held, 50, 50, 800, 800);
    }, 100);
    navigator.mediaDevices.getUserMedia = async () => picture.captureStream(15);
    window.showToCamera = async (base64) => {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        held = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    };
"""
"""A camera before which pictures are held: what it sees is what the test took from another screen."""


@pytest.fixture
def receiver(browser: Any, site: str) -> Iterator[Wallet]:
    """Return a wallet on another device, with a camera."""
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    context.set_default_timeout(PATIENCE)
    context.add_init_script(CAMERA)
    page = context.new_page()
    page.clock.set_fixed_time(NOW)
    yield Wallet(page, site).visit().make("the other device's words")
    context.close()


def test_a_wallet_moves_by_codes_that_change(wallet: Wallet, receiver: Wallet, post: Post) -> None:
    sender = wallet.page
    wallet.add(post.texts["vaccination"], post.texts["test"], post.texts["ann"])
    wallet.go("keep")
    sender.click("#transfer-send")
    sender.locator("#sending-go:not([disabled])").wait_for()
    shown = sender.locator("#sending-code")
    expect(shown).to_have_text(re.compile(r"\b(\w-?){12}$"), use_inner_text=True)
    code = shown.inner_text().split()[-1]
    sender.click("#sending-go")
    # Once the frames run, the code that opens them is not on the screen.
    sender.locator("#sending-frame svg").wait_for()
    expect(sender.locator("#sending")).not_to_contain_text(code, use_inner_text=True)
    sender.click("#sending-pause")
    receiver.go("keep")
    receiver.page.click("#transfer-receive")
    receiver.page.locator("#receiving video").wait_for()
    part = sender.locator("#sending-part")
    expect(part).to_have_text(re.compile(r"\b([2-9]|\d\d+)$"), use_inner_text=True)
    count = int(part.inner_text().split()[-1])
    # A frame of another transfer comes between, the first is lost, and comes round again.
    for turn in range(count + 1):
        if turn:
            frame = sender.locator("#sending-frame svg").screenshot()
            receiver.page.evaluate(
                "picture => showToCamera(picture)", base64.b64encode(frame).decode()
            )
            if turn < count:
                have = f"{turn} of {count}"
                receiver.page.locator("#receiving-state").get_by_text(have).wait_for()
        sender.click("#sending-next")
    receiver.page.locator("#asking-passphrase").wait_for()
    receiver.page.fill("#asking-passphrase", code.lower().replace("-", " "))
    receiver.page.click("#asking-go")
    receiver.page.locator("#notice").get_by_text("arrived").wait_for()
    receiver.go("cards")
    receiver.card(2)
    people = receiver.page.locator("#people")
    expect(people).to_contain_text(CANARY, ignore_case=True, use_inner_text=True)
