"""Invented participants' folders, as WHO keeps them: CODE/onboarding/DOMAIN/GROUP, and what the anchor signed.

certificates(world, "XA") -> {"DCC/UP/UP.pem": ...}     written(world, folder, codes) -> folder of folders
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pratique.crypto import x509, x509_write
from pratique.crypto.keys import SoftwareKey
from pratique.crypto.x509_write import Authority
from pratique.onboarding.anchors import vouched
from tests.gateway_world import ONBOARDED, Keyed, World

NAMES = {"XA": "XXA", "XB": "XXB", "XC": "XXC", "DX": "DXX", "DE": "DEU"}
"""Folders' names; the second and the last are the codes of real and invented states, `DXX` is nobody's."""


def authority(anchor: Keyed) -> Authority:
    """Return a trust anchor that signs."""
    return Authority(anchor.der, SoftwareKey(anchor.key))


def signed(ders: Mapping[str, bytes], by: Authority) -> dict[str, bytes]:
    """Return the files of certificates, by name within a folder, with what an anchor signs for each."""
    files = {}
    for name, der in ders.items():
        folder, _, file = name.rpartition("/")
        files[name] = x509_write.to_pem(der)
        word = f"{folder}/signed/TNG_TA.signed.{file.removesuffix('.pem')}.json"
        files[word] = vouched(der, by)
    return files


def certificates(world: World, code: str, domain: str = "DCC") -> dict[str, bytes]:
    """Return the certificates of a country's folder."""
    state = world.state(code)
    return {
        f"{domain}/SCA/SCA.pem": state.authority.der,
        f"{domain}/UP/UP.pem": state.upload.der,
        f"{domain}/UP/UP_2.pem": state.upload_again.der,
        f"{domain}/TLS/TLS.pem": state.tls.der,
    }


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a participant's folder."""
    for name, data in files.items():
        path = folder / "onboarding" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def written(world: World, folder: Path, codes: Iterable[str] = ONBOARDED) -> Path:
    """Write the folders of countries; return the folder of them all."""
    by = authority(world.anchor)
    for code in codes:
        put(folder / NAMES[code], signed(certificates(world, code), by))
    return folder


def anchor_file(world: World, folder: Path) -> Path:
    """Write the trust anchor's certificate."""
    path = folder / f"TA-{x509.read(world.anchor.der).thumbprint[:8]}.pem"
    path.write_bytes(world.anchor.pem)
    return path
