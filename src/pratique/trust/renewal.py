"""What a participant has to make anew, and when: decided from dates, before anything is made.

    Owned, ... · role keys · Shard, ... -> planned -> Planned, ...

    | of          | successor is made           | it begins                    | the old one              |
    |-------------|-----------------------------|------------------------------|--------------------------|
    | signing CA  | 45 days before its use ends | at once                      | vouches until its end    |
    | upload, TLS | 45 days before its end      | at once                      | good until its end       |
    | signer      | 45 days before its use ends | 14 days later, or at its end | verified until its end   |
    | role keys   | 45 days before two years    | when the seats have signed   | counts until they say so |

1. Nothing is made twice: what has a successor already is not planned again.
2. A signer begins to sign only when every verifier whose data is not too old has it: an edition that
   nobody has fetched yet would make its first certificates unknown. Where the old one cannot sign for
   so long, it begins when that one ends, or at once.
3. The plan is all that will happen: whoever carries it out makes these and no others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from pratique.crypto import x509_write
from pratique.trust.issuer import DAY, Shard, ShardState, SigningCa

SCA, UPLOAD, TLS = ROLES = "sca", "upload", "tls"
WORDS = {SCA: "signing CA", UPLOAD: "upload key", TLS: "TLS key"}
LEAST = 30
"""Days before the end at which a successor is there at the latest: the network's checks ask for them."""
WITHIN = 45
"""Days before the end from which it is made: whoever runs this every week is never later than `LEAST`."""
LEAD_IN = 14 * DAY
ROLE_USE = 730 * DAY
"""How long role keys speak for a participant."""
_LIVES = {SCA: x509_write.SCA_LIFE, UPLOAD: x509_write.UPLOAD_LIFE, TLS: x509_write.TLS_LIFE}
_USES = {**_LIVES, SCA: x509_write.SCA_USE}
_SUFFIX = re.compile(r"-\d{4}-\d{2}(-[a-z])?$")
_STEM = re.compile(
    r"(?P<head>(file:([^?]*/)?|hsm:[^/?]*/))(?P<stem>[^/?]+?)(?P<tail>(\.pem)?(\?.*)?)"
)
_TOKEN_STEM = re.compile(
    r"(?P<head>pkcs11:([^?]*;)?object=)(?P<stem>[^;?]+)(?P<tail>(;[^?]*)?(\?.*)?)"
)
_ID = re.compile(r"(?<=[:;])id=[^;?]*;|;id=[^;?]*")


class Owned(NamedTuple):
    """A key with a certificate that a participant has beside its signers.

    Attributes:
        role: SCA, UPLOAD or TLS.
        label: of its certificate's file.
        key: the key's URI.
        thumbprint: SHA-256 of its certificate's DER, hex.
        not_before, not_after: of its certificate; seconds since the epoch, both inclusive.
        use_until: until when its key is to sign; of a signing CA sooner than `not_after`.
    """

    role: str
    label: str
    key: str
    thumbprint: str
    not_before: int
    not_after: int
    use_until: int

    def as_signing_ca(self) -> SigningCa:
        """Return it as an issuer notes its signing CA."""
        return SigningCa(self.key, self.thumbprint, self.not_before, self.not_after, self.use_until)


class Planned(NamedTuple):
    """One thing to make.

    Attributes:
        what: "signing CA", "upload key", "TLS key", "role key" or "document signer".
        label, key: of its files.
        replaces: label of the old one.
        begins, signs_until, ends: of the new one; seconds since the epoch.
        old_ends: until when the old one stays good; None if somebody else decides that.
    """

    what: str
    label: str
    key: str
    replaces: str
    begins: int
    signs_until: int
    ends: int
    old_ends: int | None


def newest(owned: Iterable[Owned], role: str) -> Owned:
    """Return the one of a role that is in use: the newest."""
    return max((one for one in owned if one.role == role), key=lambda one: one.not_before)


def planned(
    owned: Sequence[Owned], *, at: int, within: int = WITHIN, taken: Iterable[str] = ()
) -> list[Planned]:
    """Plan successors of the signing CA, the upload and the TLS key.

    Args:
        owned: what the participant has.
        at: now; seconds since the epoch.
        within: days before the end from which a successor is made.
        taken: names of files that are there, also an interrupted command's.
    """
    found, names = [], set(taken)
    for role in ROLES:
        old = newest(owned, role)
        # A signing CA that is kept elsewhere is renewed there.
        if old.use_until - at > within * DAY or not old.key:
            continue
        label, key = successor(old.key, role, at, names)
        names.add(label)
        use, life = _USES[role], _LIVES[role]
        found.append(
            Planned(WORDS[role], label, key, old.label, at, at + use, at + life, old.not_after)
        )
    return found


def planned_role_keys(
    uris: Iterable[str], *, since: int, at: int, within: int = WITHIN, taken: Iterable[str] = ()
) -> list[Planned]:
    """Plan successors of the role keys at hand; a key that is elsewhere has no URI and is not planned."""
    if since + ROLE_USE - at > within * DAY:
        return []
    found, names = [], set(taken)
    for old in uris:
        match = _stem(old)
        stem = match["stem"] if match else "role"
        label, key = successor(old, _SUFFIX.sub("", stem), at, names)
        names.add(label)
        end = at + ROLE_USE
        found.append(Planned("role key", label, key, stem, at, end, end, None))
    return found


def begins(old: Shard, *, at: int, count: int = 0) -> int:
    """Return when the successor of a shard begins to sign."""
    if old.state(at, count) is not ShardState.LIVE:
        return at
    return max(at, min(at + LEAD_IN, old.use_until))


def signer_ends(begins: int, authority_ends: int) -> tuple[int, int]:
    """Return until when a new signer signs, and until when it is verified: nothing outlives its issuer."""
    end = min(begins + x509_write.DSC_LIFE, authority_ends)
    return min(begins + x509_write.DSC_USE, end), end


def successor(uri: str, name: str, at: int, taken: Iterable[str]) -> tuple[str, str]:
    """Return label and URI of a key beside an old one: its name, the month, and a letter if need be."""
    month = datetime.fromtimestamp(at, UTC).strftime("%Y-%m")
    names = set(taken)
    suffixes = ("", *(f"-{chr(code)}" for code in range(ord("b"), ord("z") + 1)))
    label = next(found for s in suffixes if (found := f"{name}-{month}{s}") not in names)
    match = _stem(uri)
    if match is None:
        return label, f"file:keys/{label}.pem"
    return (
        label,
        f"{match['head']}{_SUFFIX.sub('', match['stem'])}{label[len(name) :]}{match['tail']}",
    )


def _stem(uri: str) -> re.Match[str] | None:
    # Another key in the same token has another id.
    return _TOKEN_STEM.fullmatch(_ID.sub("", uri)) or _STEM.fullmatch(uri)
