"""Invented countries of a network that have an upload key, and publish what it signs.

Country("XXA") -> parties() for a gateway, contents() with uploads.json for the network
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from pratique.crypto import cms, x509_write
from pratique.crypto.keys import SoftwareKey
from pratique.crypto.x509_write import Subject
from pratique.gateway import uploads
from pratique.gateway.mailbox import CertificateGroup, Mailbox, Party
from pratique.gateway.projection import Projection, PublishedNetwork
from pratique.network.view import View
from pratique.terms import Environment
from tests.networks import AT, State, key

NOW = int(AT.timestamp())


class Country(State):
    """A state of the network that has an upload key, and publishes what that signs."""

    def __init__(self, code: str, *, signers: int = 2) -> None:
        super().__init__(code, signers=signers)
        self.upload_key = key(f"{code} upload")
        self.upload = self.upload_of(self.upload_key)
        self.has_uploads = True
        self.signed: dict[bytes, bytes] = {}

    def upload_of(self, own: SoftwareKey) -> bytes:
        subject = Subject(f"{self.code} UP", "Ministry", self.country, Environment.TEST)
        return x509_write.upload_signer(own, subject, at=NOW - 86_400, serial=77)

    def parties(self) -> list[Party]:
        return [
            Party(self.country, group, sha256(der).hexdigest(), der, b"by the anchor", 1)
            for group, der in (
                (CertificateGroup.UPLOAD, self.upload),
                (CertificateGroup.CSCA, self.ca),
            )
        ]

    def by_upload_key(self, content: bytes, *, detached: bool = False) -> bytes:
        return cms.sign(content, certificate=self.upload, key=self.upload_key, detached=detached)

    def contents(self) -> dict[str, bytes]:
        files = super().contents()
        if self.has_uploads:
            published = files[f"{self.code}/signers.json"], files.get(f"{self.code}/rules.json")
            before = files_before(self)
            drafted = uploads.drafted(self.code, self.country, published, before, {self.upload})
            listed = drafted.signed(
                lambda content, bare: self.by_upload_key(content, detached=bare)
            )
            files[f"{self.code}/uploads.json"] = uploads.write(listed)
        return files


def project(network: View, box: Mailbox, *, at: int) -> Projection:
    """Show what a network publishes, of all countries in one transaction."""
    published = PublishedNetwork(network, at=at)
    return published.all_of(
        published.shown(country, box, at=at) for country in published.countries(box)
    )


def files_before(state: Country) -> Iterable[uploads.UploadList]:
    role = state.authority.view.roles.get(state.code)
    data = None if role is None else role.files.get(f"{state.code}/uploads.json")
    return [] if data is None else [uploads.read(data, state.code)]
