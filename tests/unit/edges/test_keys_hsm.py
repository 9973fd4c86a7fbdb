"""A key in a device, on a real SoftHSM2: made there, never out of it, one login a process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest

from pratique.crypto import algorithms, chain, x509, x509_write
from pratique.errors import ExtraMissing, PratiqueError
from pratique.store.keys import adopt_key, check_places, make_key, open_key
from pratique.terms import Algorithm, Environment
from tests.steps import LONGEST

pkcs11 = pytest.importorskip("pkcs11", reason="the extra 'hsm' is not installed")
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
MODULE = next((path for path in MODULES if Path(path).exists()), "")
if not MODULE or not shutil.which("softhsm2-util"):
    pytest.skip("SoftHSM2 is not installed (Debian: softhsm2)", allow_module_level=True)

PIN = "73519042"
HERE = Path()


def pin(uri: str) -> str:
    assert uri == "pkcs11:token=utopia"
    return PIN


def uri(key: str, slot: str = "utopia") -> str:
    return f"pkcs11:token={slot};object={key}?module-path={MODULE}"


@pytest.fixture(scope="module", autouse=True)
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Initialise one device; the library reads its place once a process."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "objects").mkdir()
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder}/objects\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(conf)
    for label in ("utopia", "twin", "twin"):
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "9"*8],
            check=True, capture_output=True,
        )  # fmt: skip
    return folder


def code(act: Callable[[], object]) -> str:
    with pytest.raises(PratiqueError) as caught:
        act()
    assert PIN not in "".join(traceback.format_exception(caught.value))
    return caught.value.code


def test_a_wrong_pin_is_said_and_tried_once() -> None:
    # First in this file: the slot is not logged in yet.
    asked = []

    def wrong(uri: str) -> str:
        asked.append(uri)
        return "00000000"

    assert code(lambda: open_key(uri("any"), folder=HERE, secret=wrong)) == "hsm-pin"
    assert code(lambda: open_key(uri("any"), folder=HERE, secret=lambda _: "")) == "hsm-pin"
    assert asked == ["pkcs11:token=utopia"]


@pytest.mark.parametrize(("algorithm", "size"), [("ES256", 64), ("ES384", 96)])
def test_what_a_device_signs_is_good(algorithm: str, size: int) -> None:
    where = uri(f"key%20{algorithm}")
    made = make_key(where, folder=HERE, secret=pin, algorithm=Algorithm(algorithm))
    opened = open_key(where, folder=HERE, secret=pin)
    assert (opened.algorithm, opened.public_key) == (Algorithm(algorithm), made.public_key)
    check = algorithms.load(opened.algorithm, opened.public_key)
    for number in range(50):
        signature = opened.sign(b"%d" % number)
        assert len(signature) == size
        assert check(signature, b"%d" % number)


def test_the_private_key_never_leaves_the_device() -> None:
    key = make_key(uri("kept"), folder=HERE, secret=pin)
    private = key._private  # type: ignore[attr-defined]
    assert private[pkcs11.Attribute.SENSITIVE]
    assert not private[pkcs11.Attribute.EXTRACTABLE]
    assert private[pkcs11.Attribute.NEVER_EXTRACTABLE]
    with pytest.raises(pkcs11.AttributeSensitive):
        private[pkcs11.Attribute.VALUE]
    assert "utopia" not in repr(key)


def test_a_pin_is_asked_for_once() -> None:
    make_key(uri("once"), folder=HERE, secret=pin)

    def asked(_: str) -> str:
        raise AssertionError("asked again")

    open_key(uri("once"), folder=HERE, secret=asked)


def test_a_key_in_a_device_is_never_overwritten() -> None:
    before = make_key(uri("first"), folder=HERE, secret=pin).public_key
    make = lambda: make_key(uri("first"), folder=HERE, secret=pin)  # noqa: E731
    assert code(make) == "key-exists"
    assert open_key(uri("first"), folder=HERE, secret=pin).public_key == before


def test_what_is_missing_has_a_stable_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(where: str) -> Callable[[], object]:
        return lambda: open_key(where, folder=HERE, secret=pin)

    monkeypatch.delenv("PKCS11_MODULE", raising=False)
    assert code(opened(uri("absent"))) == "hsm-key-missing"
    assert code(opened(uri("any", "nowhere"))) == "hsm-slot-missing"
    assert code(opened(uri("any", "twin"))) == "hsm-slot-ambiguous"
    assert code(opened("hsm:utopia/any?module=/nowhere.so")) == "hsm-module-missing"
    assert code(opened("hsm:utopia/any")) == "hsm-module-unnamed"
    for odd in ("hsm:", "hsm:utopia", "hsm:/key", "hsm:a/b/c", "hsm:utopia/key?pin=1234"):
        assert code(opened(odd)) == "key-uri"
    rsa = lambda: make_key(uri("rsa"), folder=HERE, secret=pin, algorithm=Algorithm.PS256)  # noqa: E731
    assert code(rsa) == "key-algorithm"


def test_the_earlier_form_of_a_uri_names_the_same_key() -> None:
    made = make_key(uri("earlier"), folder=HERE, secret=pin)
    found = open_key(f"hsm:utopia/earlier?module={MODULE}", folder=HERE, secret=pin)
    assert found.public_key == made.public_key


def test_a_token_is_told_by_whatever_tells_it() -> None:
    made = make_key(uri("told"), folder=HERE, secret=pin)
    (twin, _) = pkcs11.lib(MODULE).get_tokens(token_label="twin")
    token = pkcs11.lib(MODULE).get_token(token_label="utopia")
    serial, slot = token.serial.decode(), token.slot.slot_id
    for place in (
        f"model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial={serial};token=utopia",
        f"serial={serial}",
        f"slot-id={slot}",
    ):
        key = f"pkcs11:{place};object=told;type=private?module-path={MODULE}"
        opened = open_key(key, folder=HERE, secret=lambda _: PIN)
        assert opened.public_key == made.public_key
    # Of two of one label the serial tells which; the other's key is not taken for it.
    other = f"pkcs11:token=twin;serial={twin.serial.decode()};object=told?module-path={MODULE}"
    assert code(lambda: open_key(other, folder=HERE, secret=lambda _: PIN)) == "hsm-key-missing"
    wrong = f"pkcs11:token=utopia;model=other;object=told?module-path={MODULE}"
    assert code(lambda: open_key(wrong, folder=HERE, secret=pin)) == "hsm-slot-missing"


def test_a_key_is_told_by_its_id_too() -> None:
    def named(key: str) -> str:
        return f"pkcs11:token=utopia;{key}?module-path={MODULE}"

    one, two = (
        make_key(named(f"object=same-{number};id=%F0%0{number}"), folder=HERE, secret=pin)
        for number in (1, 2)
    )
    assert open_key(named("id=%F0%01"), folder=HERE, secret=pin).public_key == one.public_key
    assert open_key(named("id=%F0%02"), folder=HERE, secret=pin).public_key == two.public_key
    both = named("object=same-1;id=%F0%02")
    assert code(lambda: open_key(both, folder=HERE, secret=pin)) == "hsm-key-missing"
    assert code(lambda: make_key(named("id=%F0%03"), folder=HERE, secret=pin)) == "key-uri"


def test_the_module_may_be_named_by_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PKCS11_MODULE", MODULE)
    made = make_key("hsm:utopia/by-variable", folder=HERE, secret=pin)
    assert open_key(uri("by-variable"), folder=HERE, secret=pin).public_key == made.public_key


def test_without_the_extra_it_says_which() -> None:
    script = (
        "import sys; sys.modules['pkcs11'] = None\n"
        "from pathlib import Path\n"
        "from pratique.store.keys import open_key\n"
        "open_key('hsm:a/b?module=c', folder=Path(), secret=str)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )
    assert ExtraMissing.__name__ in done.stderr
    assert "pratique[hsm]" not in done.stdout
    assert "needs the extra 'hsm'" in done.stderr


def signed(where: str) -> bytes:
    return open_key(where, folder=HERE, secret=pin).sign(b"message")


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_opens_its_own(method: str) -> None:
    where = uri(f"for-{method}")
    key = make_key(where, folder=HERE, secret=pin)
    check = algorithms.load(key.algorithm, key.public_key)
    with ProcessPoolExecutor(1, mp_context=get_context(method)) as pool:
        for _ in range(3):
            assert check(pool.submit(signed, where).result(timeout=LONGEST), b"message")
        assert check(key.sign(b"message"), b"message")
    assert check(key.sign(b"message"), b"message")


def test_a_forked_process_does_not_sign_with_its_parents_session() -> None:
    key = make_key(uri("parent"), folder=HERE, secret=pin)
    reading, writing = os.pipe()
    if not (child := os.fork()):
        try:
            key.sign(b"message")
        except PratiqueError as error:
            os.write(writing, error.code.encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 100) == b"hsm-forked"


def test_threads_share_a_session() -> None:
    key = make_key(uri("threads"), folder=HERE, secret=pin)
    check = algorithms.load(key.algorithm, key.public_key)
    with ThreadPoolExecutor(4) as pool:
        messages = [b"%d" % number for number in range(400)]
        for message, signature in zip(messages, pool.map(key.sign, messages), strict=True):
            assert check(signature, message)


def test_a_device_signs_x509_that_openssl_believes(tmp_path: Path) -> None:
    key = make_key(uri("sca"), folder=HERE, secret=pin)
    document = make_key(uri("dsc"), folder=HERE, secret=pin)
    subject = x509_write.Subject("SCA", "Ministry", "XU", Environment.TEST)
    at = 1_800_000_000
    sca = x509_write.signing_ca(key, subject, at=at, serial=1)
    dsc = x509_write.document_signer(
        document.public_key,
        subject._replace(common_name="DSC"),
        by=x509_write.Authority(sca, key),
        at=at,
        serial=2,
    )
    assert chain.issued_by(x509.read(dsc), x509.read(sca)) is True
    assert x509.read(dsc).public_key == document.public_key
    if openssl := shutil.which("openssl"):
        for name, der in (("sca", sca), ("dsc", dsc)):
            (tmp_path / name).write_bytes(x509_write.to_pem(der))
        command = [openssl, "verify", "-attime", str(at), "-x509_strict", "-CAfile"]
        done = subprocess.run(
            [*command, str(tmp_path / "sca"), str(tmp_path / "dsc")],
            check=False,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr


def generated(label: str, **private: object) -> None:
    """Make a key pair as the device's own tool does, with attributes of the private half."""
    make_key(uri(f"{label}-login"), folder=HERE, secret=pin)
    token = pkcs11.lib(MODULE).get_token(token_label="utopia")
    with token.open(rw=True) as session:
        curve = {pkcs11.Attribute.EC_PARAMS: bytes.fromhex("06082a8648ce3d030107")}
        session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True).generate_keypair(
            id=label.encode(), label=label, store=True,
            capabilities=pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,
            private_template={pkcs11.Attribute[name]: value for name, value in private.items()},
        )  # fmt: skip


def test_a_key_that_wants_its_pin_each_time_is_given_it_each_time() -> None:
    generated("piv", ALWAYS_AUTHENTICATE=True)
    asked = []

    def told(name: str) -> str:
        asked.append(name)
        return pin(name)

    key = adopt_key(uri("piv"), folder=HERE, secret=told)
    before = len(asked)
    check = algorithms.load(key.algorithm, key.public_key)
    assert all(check(key.sign(b"%d" % number), b"%d" % number) for number in range(3))
    assert len(asked) == before + 3


def test_a_key_without_its_public_half_is_told_as_such() -> None:
    generated("half")
    token = pkcs11.lib(MODULE).get_token(token_label="utopia")
    with token.open(rw=True) as session:
        wanted = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PUBLIC_KEY, pkcs11.Attribute.LABEL: "half",
        }  # fmt: skip
        for one in list(session.get_objects(wanted)):
            one.destroy()
    assert code(lambda: open_key(uri("half"), folder=HERE, secret=pin)) == "hsm-public-missing"


def test_halves_of_two_keys_are_found_out_by_a_trial() -> None:
    made = make_key(uri("two-a"), folder=HERE, secret=pin)
    other = make_key(uri("two-b"), folder=HERE, secret=pin)
    token = pkcs11.lib(MODULE).get_token(token_label="utopia")
    with token.open(rw=True) as session:
        for label, rename in (("two-a", "two-a-gone"), ("two-b", "two-a")):
            wanted = {
                pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PUBLIC_KEY,
                pkcs11.Attribute.LABEL: label,
            }
            (public,) = session.get_objects(wanted)
            public[pkcs11.Attribute.LABEL] = rename
    assert made.public_key != other.public_key
    assert code(lambda: adopt_key(uri("two-a"), folder=HERE, secret=pin)) == "key-trial"


def test_devices_are_seen_before_a_key_is_made() -> None:
    places = (uri("seen"), uri("seen", slot="nosuch"))
    ask = partial(check_places, places, folder=HERE, secret=pin, existing=False)
    assert code(ask) == "hsm-slot-missing"
    assert code(lambda: open_key(uri("seen"), folder=HERE, secret=pin)) == "hsm-key-missing"
    make_key(uri("seen"), folder=HERE, secret=pin)
    ask = partial(check_places, [uri("seen")], folder=HERE, secret=pin)
    assert code(partial(ask, existing=False)) == "key-exists"
    ask(existing=True)


def test_a_key_that_is_there_is_adopted_only_if_asked() -> None:
    before = make_key(uri("mine"), folder=HERE, secret=pin).public_key
    adopted = make_key(uri("mine"), folder=HERE, secret=pin, existing=True)
    assert adopted.public_key == before
    other = partial(make_key, uri("mine"), folder=HERE, secret=pin, existing=True)
    assert code(lambda: other(algorithm=Algorithm.ES384)) == "key-algorithm"
