"""What was synced, as lists of keys and certificates: for forms that are not ours.

    View -> Listing: (participant, domain, usage, chain), ...

1. Withdrawn and ended signers are left out, and so is a participant that is suspended now: another form has no
   word for either, and who reads it would believe them. Written again after the suspension, they are back.
2. A signing CA is listed under every domain of the signers that it has issued.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pratique.crypto import chain, x509
from pratique.crypto.signing import SigningKey
from pratique.errors import DocumentRefused
from pratique.network import names
from pratique.network.view import View
from pratique.trust import announced, did_write
from pratique.trust.did_write import DSC, SCA, Entry
from pratique.trust.roll import Suspension


def entries(view: View, *, at: int) -> Iterator[Entry]:
    """Yield the keys of all participants that live at `at`, signers and their signing CAs."""
    out = suspended(view, at=at)
    for code, one in sorted(view.participants.items()):
        if code in out:
            continue
        data = view.roles[code].files.get(f"{code}/{names.SIGNERS}")
        if data is None or view.roles[code].problem:
            continue
        told = announced.parts(data)
        cas = {ca: x509.read(ca) for ca in told.authorities if x509.read(ca).not_after >= at}
        for signer in told.live:
            record = x509.read(signer.certificate)
            if signer.domain not in one.domains or record.not_after < at:
                continue
            issuers = [
                der
                for der, ca in cas.items()
                if chain.may_have_issued(ca, record) and chain.issued_by(record, ca)
            ]
            if did_write.is_writable(signer.certificate):
                yield Entry(code, signer.domain, DSC, (signer.certificate, *issuers[:1]))
            for ca in issuers:
                yield Entry(code, signer.domain, SCA, (ca,))


def suspended(view: View, *, at: int) -> dict[str, Suspension]:
    """Return the suspensions in force at `at`, by participant's code.

    Raises:
        DocumentRefused: `suspensions-unknown`: whoever carried the files may have left one out.
    """
    if view.suspend.problem:
        raise DocumentRefused(
            "suspensions-unknown",
            f"who is suspended is not known here: {view.suspend.problem}",
            "sync again; what is written without it would bring a suspended participant back",
        )
    return {code: one for code, one in view.suspensions if one.since <= at < one.until}


def documents(
    view: View, key: SigningKey, named: tuple[str, str], nonce: str, at: datetime
) -> dict[str, bytes]:
    """Return the tree of DID documents; `named` are the host's name and the key's."""
    created = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    host, method = named
    by = did_write.Publisher(host, key, method, created, nonce, view.board.environment)
    return did_write.tree(entries(view, at=int(at.timestamp())), by)


def kid(certificate: bytes) -> str:
    """Return the kid of a certificate, hex: a name for its file."""
    return x509.read(certificate).kid.hex()
