"""Who may work at an issuer's desk: pseudonyms, what each may do, and how each is known.

    pseudonym, rights, passphrase | certificate -> OperatorRow -> ISSUER/operators.json
    pseudonym, passphrase -> scrypt -> is it the one that is kept? -> Operator
    SHA-256 of a client's certificate -> Operator

1. No passphrase is kept: scrypt's output is, with a salt of its own. Who is unknown costs as much time as who is wrong.
2. The file is read at each request, so that whoever is taken out of it is out at once.
3. A certificate is known by its digest, whoever signed it; its end is kept beside it, since not every server in front
   hands a certificate on whole.
4. Who changes the file holds the issuer's folder.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from pathlib import Path
from typing import NamedTuple

from pratique import strict_json
from pratique.crypto import keys, x509
from pratique.errors import DocumentRefused, UsageError
from pratique.issue import code
from pratique.model import silent
from pratique.parties import issuer as issuer_folder
from pratique.parties.desk import Operator, Right
from pratique.store import files, sources
from pratique.strict_json import Hex

DOCUMENT, FORMAT = "operators.json", "pratique-operators-1"
MAX_SIZE = 1024 * 1024
SHORTEST = 10
"""Characters of a passphrase."""
FEWEST = 5
"""Different ones among them."""
_PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
MOST = 1000
"""Operators of one desk."""


@silent
class OperatorRow(NamedTuple):
    """An operator as it is kept.

    Attributes:
        may: its rights.
        salt, cost, digest: of its passphrase, by scrypt.
        certificate: SHA-256 of its TLS client certificate, in hex; "" where it has none.
        until: when that ends, seconds since the epoch.
    """

    pseudonym: str
    may: frozenset[Right]
    salt: Hex
    cost: int
    digest: Hex
    certificate: str = ""
    until: int = 0

    @property
    def operator(self) -> Operator:
        """Return whom the desk knows."""
        return Operator(self.pseudonym, self.may)


@silent
class OperatorList(NamedTuple):
    """All who may work at the desk."""

    operators: tuple[OperatorRow, ...] = ()

    def named(self, pseudonym: str) -> OperatorRow | None:
        """Return the operator of a pseudonym."""
        return next((row for row in self.operators if row.pseudonym == pseudonym), None)

    def verified(self, pseudonym: str, passphrase: str) -> Operator | None:
        """Return the operator whose passphrase it is; None if nobody's."""
        row = self.named(pseudonym) or _NOBODY
        said = keys.passphrase_digest(passphrase or " ", row.salt, row.cost or keys.COST)
        return row.operator if hmac.compare_digest(said, row.digest) else None

    def certified(self, certificate: str, at: int) -> Operator | None:
        """Return the operator whose TLS client certificate has this digest, and has not ended."""
        rows = (row for row in self.operators if row.certificate and row.until >= at)
        return next((row.operator for row in rows if row.certificate == certificate), None)


_NOBODY = OperatorRow("", frozenset(), bytes(16), 0, b"")


def load(folder: Path) -> OperatorList:
    """Return who may work at the desk of an issuer's folder; nobody where there is no list yet.

    Raises:
        DocumentRefused: `operators-malformed`. Unreadable: `file-unusable`.
    """
    path = folder / DOCUMENT
    with files.usable(path):
        try:
            data = files.read(path, MAX_SIZE)
        except FileNotFoundError:
            return OperatorList()

    def refused(why: str) -> DocumentRefused:
        return DocumentRefused(
            "operators-malformed", f"{path}: {why}", "make it anew: pratique desk operator add"
        )

    listed = strict_json.document(data, OperatorList, FORMAT, refused)
    if not all(_PSEUDONYM.fullmatch(row.pseudonym) for row in listed.operators):
        # Typed into the file itself, somebody's name would stay in the register for years.
        raise refused("a pseudonym in it has blanks or other signs that none has")
    return listed


def add(
    folder: Path,
    pseudonym: str,
    rights: frozenset[Right],
    passphrase: str,
    certificate: Path | None,
) -> Operator:
    """Let somebody work at the desk, or change what is known of whoever does.

    Args:
        folder: the issuer's.
        pseudonym: never a name.
        rights: what it may do.
        passphrase: by which it signs in, and confirms what two have to.
        certificate: PEM of its TLS client certificate.

    Raises:
        UsageError: `code-name`, `code-unreadable`, `pseudonym-signs`, `rights-missing`, `passphrase-weak`,
            `operator-similar`, `certificate-taken`, `operators-many`.
    """
    known = code(pseudonym, "a pseudonym")
    if not _PSEUDONYM.fullmatch(known):
        raise UsageError(
            "pseudonym-signs",
            "a pseudonym at a desk has the letters a to z, digits and . _ - alone",
            "letters of other scripts look alike, and a + stands between two people: write op-17",
        )
    if not rights:
        raise UsageError("rights-missing", "an operator may do something", "--may issue,revoke")
    _check_strength(known, passphrase)
    digest, until = ("", 0) if certificate is None else _certificate(certificate)
    salt = os.urandom(16)
    row = OperatorRow(
        known, rights, salt, keys.COST, keys.passphrase_digest(passphrase, salt, keys.COST), digest, until,
    )  # fmt: skip
    issuer_folder.load(folder)
    with issuer_folder.locked(folder):
        others = [each for each in load(folder).operators if each.pseudonym != known]
        if any(each.pseudonym.casefold() == known.casefold() for each in others):
            raise UsageError(
                "operator-similar",
                "another operator's pseudonym differs from it in capitals alone",
                "take one that nobody mistakes",
            )
        if digest and any(each.certificate == digest for each in others):
            raise UsageError(
                "certificate-taken",
                "this certificate is another operator's",
                "each has a certificate of its own",
            )
        if len(others) >= MOST:
            raise UsageError("operators-many", f"there are {MOST} operators already")
        _save(folder, OperatorList((*others, row)))
    return row.operator


def remove(folder: Path, pseudonym: str) -> None:
    """Let somebody work at the desk no more, from the next request on; UsageError `operator-unknown`."""
    issuer_folder.load(folder)
    with issuer_folder.locked(folder):
        known = load(folder)
        if known.named(pseudonym) is None:
            raise UsageError(
                "operator-unknown",
                "there is no operator of this pseudonym",
                "see them: pratique desk operator list",
            )
        rows = tuple(row for row in known.operators if row.pseudonym != pseudonym)
        _save(folder, OperatorList(rows))


def _save(folder: Path, operators: OperatorList) -> None:
    ordered = tuple(sorted(operators.operators, key=lambda row: row.pseudonym))
    with files.usable(folder / DOCUMENT):
        files.replace(folder / DOCUMENT, strict_json.dump(OperatorList(ordered), FORMAT))


def _check_strength(pseudonym: str, passphrase: str) -> None:
    folded = passphrase.casefold()
    if (
        len(passphrase) < SHORTEST
        or len(set(folded)) < FEWEST
        or folded.strip() in {pseudonym.casefold(), pseudonym.casefold() * 2}
    ):
        raise UsageError(
            "passphrase-weak",
            f"the passphrase has fewer than {SHORTEST} characters, or fewer than {FEWEST} different ones",
            "take four words that have nothing to do with each other",
        )


def _certificate(path: Path) -> tuple[str, int]:
    (der, *more) = sources.certificates(path)
    if more:
        raise UsageError(
            "certificate-several",
            f"{path}: there is more than one certificate in it",
            "name the operator's own alone",
        )
    return hashlib.sha256(der).hexdigest(), x509.read(der).not_after
