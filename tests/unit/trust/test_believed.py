"""Of a participant's folder that is believed for which an anchor vouches, in its role, and nothing else."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from pratique.crypto import keys, x509, x509_write
from pratique.crypto.x509_write import Authority, Subject
from pratique.errors import UsageError
from pratique.onboarding import anchors as onboarding_anchors
from pratique.onboarding import dossier
from pratique.onboarding.anchors import FolderFile, anchored, vouched
from pratique.terms import Environment

AT = datetime(2026, 11, 22, tzinfo=UTC)
START = int(AT.timestamp())
MINISTRY = Subject("Utopia", "Ministry of Health", "XU", Environment.TEST)
SCA_KEY, UP_KEY, TLS_KEY, DSC_KEY, OWN_KEY = (keys.generate() for _ in range(5))
SCA = x509_write.signing_ca(SCA_KEY, MINISTRY, at=START, serial=1)
ABOVE = Authority(SCA, SCA_KEY)
DSC = x509_write.document_signer(
    DSC_KEY.public_key, MINISTRY._replace(serial="1"), by=ABOVE, at=START, serial=3
)
TLS = x509_write.tls_client(TLS_KEY, MINISTRY, at=START, serial=2)
UP = x509_write.upload_signer(UP_KEY, MINISTRY, at=START, serial=4)
ANCHOR = Authority(
    x509_write.upload_signer(OWN_KEY, MINISTRY._replace(country="XA"), at=START, serial=9), OWN_KEY
)
OTHER = Authority(
    x509_write.upload_signer(UP_KEY, MINISTRY._replace(country="XA"), at=START, serial=8), UP_KEY
)
THUMBPRINT = x509.read(ANCHOR.certificate).thumbprint


def word(name: str) -> str:
    folder, _, file = name.rpartition("/")
    return f"{folder}/signed/TNG_TA.signed.{file.removesuffix('.pem')}.json"


def signed(files: dict[str, bytes], by: Authority = ANCHOR) -> dict[str, bytes]:
    """Put each certificate into the folder, with what an anchor signs for it."""
    found = {name: x509_write.to_pem(der) for name, der in files.items()}
    return found | {word(name): vouched(der, by) for name, der in files.items()}


GOOD = signed({"SCA/SCA.pem": SCA, "TLS/TLS.pem": TLS, "UP/UP.pem": UP}) | {
    "DSC/DSC.pem": x509_write.to_pem(DSC), "TLS/CA.pem": x509_write.to_pem(TLS), "README.md": b"?",
}  # fmt: skip


def armour(der: bytes) -> bytes:
    """Write as PEM what may be no certificate."""
    body = base64.b64encode(der)
    return b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----\n"


def told(
    files: dict[str, bytes],
    participant: str = "XXU",
    anchors: tuple[bytes, ...] = (),
    at: datetime = AT,
) -> tuple[FolderFile, ...]:
    held = anchors or (ANCHOR.certificate,)
    return onboarding_anchors.believed(files, participant=participant, anchors=held, at=at)


def why(files: dict[str, bytes], participant: str = "XXU") -> dict[str, str]:
    return {row.name: row.why for row in told(files, participant)}


def test_what_an_anchor_vouches_for_is_believed_and_what_that_has_issued() -> None:
    rows = told(GOOD)
    assert [(row.name, row.role, row.why, row.anchor, row.word) for row in rows] == [
        ("DSC/DSC.pem", "DSC", "", "", ""),
        ("SCA/SCA.pem", "SCA", "", THUMBPRINT, word("SCA/SCA.pem")),
        ("TLS/TLS.pem", "TLS", "", THUMBPRINT, word("TLS/TLS.pem")),
        ("UP/UP.pem", "UP", "", THUMBPRINT, word("UP/UP.pem")),
    ]
    found = [row.certificate.record.thumbprint for row in rows if row.certificate]
    assert found == [x509.read(one).thumbprint for one in (DSC, SCA, TLS, UP)]


@pytest.mark.parametrize("folder", ["DECA", "DESC", "DCC/SCA"])
def test_each_role_of_the_anchors_is_looked_at(folder: str) -> None:
    assert why(signed({f"{folder}/A.pem": SCA})) == {f"{folder}/A.pem": ""}


def test_what_is_believed_is_handed_on_byte_by_byte_and_nothing_else() -> None:
    rows = told(GOOD)
    assert onboarding_anchors.handed_on(GOOD, rows) == {
        k: d for k, d in GOOD.items() if k != "README.md"
    }
    # By another name than the anchor gave its file, it gets the anchor's.
    odd = {name: d for name, d in GOOD.items() if name != word("UP/UP.pem")}
    odd["else/signed/x.json"] = GOOD[word("UP/UP.pem")]
    assert onboarding_anchors.handed_on(odd, told(odd)) == onboarding_anchors.handed_on(GOOD, rows)
    # What is not believed stays where it is, and takes along neither its word nor its CA.
    bad = GOOD | {"TLS/TLS.pem": b"?", "SCA/SCA.pem": GOOD["UP/UP.pem"]}
    handed = onboarding_anchors.handed_on(bad, told(bad))
    assert handed.keys() == {"UP/UP.pem", word("UP/UP.pem")}


@pytest.mark.parametrize(
    ("above", "is_handed_on"), [(TLS, True), (SCA, False), (UP, False), (b"?", False)]
)
def test_the_ca_beside_a_tls_certificate_comes_along_if_it_has_issued_it(
    above: bytes, is_handed_on: bool
) -> None:
    files = GOOD | {"TLS/CA.pem": armour(above)}
    handed = onboarding_anchors.handed_on(files, told(files))
    assert ("TLS/CA.pem" in handed) is is_handed_on
    # Beside the certificates of other roles the same file means nothing.
    files = GOOD | {"DSC/CA.pem": x509_write.to_pem(SCA)}
    assert "DSC/CA.pem" not in onboarding_anchors.handed_on(files, told(files))


def test_a_ca_that_stands_anywhere_among_those_of_its_file_has_issued_it() -> None:
    leaf = x509_write.document_signer(
        TLS_KEY.public_key, MINISTRY._replace(serial="2"), by=ABOVE, at=START, serial=6
    )
    (row,) = told(signed({"TLS/TLS.pem": TLS}))
    certificate = dossier.read({"TLS/TLS.pem": x509_write.to_pem(leaf)})[0].first
    row = row._replace(certificate=certificate)
    up, sca = x509_write.to_pem(UP), x509_write.to_pem(SCA)
    # One that has not issued itself, and lies there as its own CA, is what lies there.
    assert "TLS/CA.pem" in onboarding_anchors.handed_on(
        GOOD | {"TLS/CA.pem": x509_write.to_pem(leaf)}, [row]
    )
    for pem, is_handed_on in (
        (up + sca, True),
        (up, False),
        (up * 15 + sca, True),
        (up * 16 + sca, False),
    ):
        files = GOOD | {"TLS/CA.pem": pem}
        assert ("TLS/CA.pem" in onboarding_anchors.handed_on(files, [row])) is is_handed_on


@pytest.mark.parametrize("name", ["SCA/SCA.pem", "TLS/TLS.pem", "UP/UP.pem"])
def test_without_the_anchors_word_a_certificate_is_not_believed(name: str) -> None:
    alone = {each: data for each, data in GOOD.items() if each != word(name)}
    expected = {"DSC/DSC.pem": "", "SCA/SCA.pem": "", "TLS/TLS.pem": "", "UP/UP.pem": ""}
    expected |= {name: "not-anchored"}
    if name == "SCA/SCA.pem":
        expected["DSC/DSC.pem"] = "issuer-unknown"
    assert why(alone) == expected
    # Why the anchor's own file was refused is told where it is looked for.
    for data, code in (
        (
            vouched({"SCA": SCA, "TLS": TLS, "UP": UP}[name.partition("/")[0]], OTHER),
            "anchor-unknown",
        ),
        (b"{}", "anchored-malformed"),
        (b"?", "json-unreadable"),
    ):
        assert why(GOOD | {word(name): data}) == expected | {name: code}
        moved = alone | {f"else/signed/{name.split('/')[1]}.json": data}
        assert why(moved) == expected


@pytest.mark.parametrize(
    ("place", "is_found"),
    [
        ("signed/x.json", True),
        ("a/b/signed/x.json", True),
        ("x.json", False),
        ("signed/a/x.json", False),
        ("signed/x.txt", False),
        ("unsigned/x.json", False),
    ],
)
def test_an_anchors_word_lies_in_a_folder_of_its_name(place: str, is_found: bool) -> None:
    files = {"UP/UP.pem": GOOD["UP/UP.pem"], place: GOOD[word("UP/UP.pem")]}
    (row,) = told(files)
    assert (row.why, row.word) == (("", place) if is_found else ("not-anchored", ""))


@pytest.mark.parametrize(
    ("name", "der", "participant", "code"),
    [
        ("UP/UP.pem", SCA, "XXU", "key_usage"),
        ("TLS/TLS.pem", UP, "XXU", "eku_client"),
        ("SCA/SCA.pem", UP, "XXU", "basic_constraints"),
        ("UP/UP.pem", UP, "XXA", "country_flag"),
        ("SCA/SCA.pem", UP, "XXA", "basic_constraints"),
    ],
)
def test_a_certificate_is_believed_in_its_role_and_for_its_participant(
    name: str, der: bytes, participant: str, code: str
) -> None:
    (row,) = told(signed({name: der}), participant)
    assert (row.why, row.anchor) == (code, THUMBPRINT)


def test_what_speaks_against_a_certificate_but_not_against_its_role_is_not_asked_here() -> None:
    """One that has ended is believed, and told to have ended by whoever uses it."""
    later = AT + timedelta(days=760)
    files = {"UP/UP.pem": x509_write.to_pem(UP)}
    new = Authority(
        x509_write.upload_signer(OWN_KEY, MINISTRY, at=int(later.timestamp()), serial=9), OWN_KEY
    )
    files[word("UP/UP.pem")] = vouched(UP, new)
    (row,) = told(files, anchors=(new.certificate,), at=later + timedelta(days=1))
    assert row.certificate is not None
    assert row.certificate.record.not_after < later.timestamp()
    assert row.why == ""


def test_a_document_signer_is_its_participants_and_a_signing_cas() -> None:
    assert why(GOOD, participant="XXA")["DSC/DSC.pem"] == "issuer-unknown"
    # Whoever is above may be believed in, and the signer be unfit.
    stranger = x509_write.signing_ca(UP_KEY, MINISTRY, at=START, serial=1)
    for der, code in ((SCA, "key_usage"), (UP, "issuer-unknown"), (stranger, "issuer-unknown")):
        assert why(GOOD | {"DSC/DSC.pem": x509_write.to_pem(der)})["DSC/DSC.pem"] == code
    # It needs a signing CA: what was issued by a key of another role was issued by nobody.
    moved = {name.replace("SCA", "DECA"): data for name, data in GOOD.items()}
    assert why(moved)["DSC/DSC.pem"] == "issuer-unknown"
    assert why(moved)["DECA/DECA.pem"] == ""


@pytest.mark.parametrize("name", ["SCA/SCA.pem", "DSC/DSC.pem"])
def test_what_cannot_be_read_is_told(name: str) -> None:
    for data in (b"", armour(b"?")):
        rows = {row.name: row for row in told(GOOD | {name: data})}
        assert rows[name] == FolderFile(name, name[:3], "unreadable")


def test_an_anchor_signs_for_a_certificate_that_names_a_country() -> None:
    data = vouched(UP, ANCHOR)
    assert data.endswith(b"}\n")
    assert b'\n "country": "XU"' in data
    assert json.loads(data)["certificateThumbprint"] == x509.read(UP).thumbprint
    assert anchored(data, [ANCHOR.certificate], at=AT) == (UP, "XU", THUMBPRINT)
    with pytest.raises(UsageError) as caught:
        vouched(b"?", ANCHOR)
    assert caught.value.code == "country-missing"
