"""Make `examples/`: the X.509 certificate of an invented state, and two travellers' codes.

    vectors/keys/TEST-ONLY-utopia.pem -> utopia.pem (X.509) -> its kid -> traveller.txt, traveller.png
    the key of Utopia's SMART Health Cards -> scheme-keys.json, card.txt

1. All of it is for tests: the private key is published, the people are invented.
2. The same key makes the same files: serial number, dates and signatures are fixed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import zxingcpp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from PIL import Image

from tools.vectors import cards, content, foreign, keys
from tools.vectors.layers import ALGORITHM, KID, cbor, claims, cose, hc1, pack

FOLDER = Path(__file__).resolve().parents[1] / "examples"
MODULE, QUIET = 4, 4


def certificate() -> x509.Certificate:
    """Return Utopia's document signer certificate, signed by itself."""
    key = load_pem_private_key((keys.KIT / "keys/TEST-ONLY-utopia.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "XU"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Utopia TEST ONLY"),
        ]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.fromtimestamp(keys.START, UTC))
        .not_valid_after(datetime.fromtimestamp(keys.END, UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )


def texts(signer: x509.Certificate) -> dict[str, str]:
    """Return the travellers' texts: one vaccinated, one tested."""
    kid = hashlib.sha256(signer.public_bytes(Encoding.DER)).digest()[:8]
    protected = cbor({ALGORITHM: keys.COSE["ES256"], KID: kid})
    payloads = {
        "traveller": claims(content.vaccinated()),
        "tested": claims(content.dcc("t", content.result())),
    }
    return {
        name: hc1(pack(cose(cbor(payload), key="utopia", protected=protected)))
        for name, payload in payloads.items()
    }


def scheme_keys() -> bytes:
    """Write the key of Utopia's SMART Health Cards in this program's own form."""
    signer = keys.SIGNERS["utopia-cards"]
    row = {
        "scheme": "SHC",
        "issuer": signer.issuer,
        "kid": signer.kid.decode(),
        "algorithm": "ES256",
        "public_key": base64.b64encode(keys.public_key(signer.key)).decode(),
        "name": "Ministry of Health of Utopia",
    }
    document = {"format": "pratique-scheme-keys-1", "environment": "production", "keys": [row]}
    return json.dumps(document, indent=1).encode() + b"\n"


def picture(text: str) -> Image.Image:
    """Draw the QR code of a text."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="Q")
    return Image.fromarray(code.to_image(scale=MODULE, add_quiet_zones=True))


def main() -> None:
    """Write the files; with --check, say whether they are as they would be written."""
    signer = certificate()
    found = texts(signer)
    files = {"utopia.pem": signer.public_bytes(Encoding.PEM)}
    found["card"] = foreign.numeric(foreign.jws(cards.CARD))
    files |= {f"{name}.txt": f"{text}\n".encode() for name, text in found.items()}
    files["scheme-keys.json"] = scheme_keys()
    if "--check" in sys.argv:
        stale = [name for name, data in files.items() if (FOLDER / name).read_bytes() != data]
        raise SystemExit(f"error: stale: {', '.join(stale)}" if stale else 0)
    FOLDER.mkdir(exist_ok=True)
    for name, data in files.items():
        (FOLDER / name).write_bytes(data)
    picture(found["traveller"]).save(FOLDER / "traveller.png", optimize=True)


if __name__ == "__main__":
    main()
