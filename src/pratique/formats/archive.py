"""A zip archive that holds one file, and can be read in one way only (PKWARE APPNOTE 6.3).

    bytes -> end of directory -> the one directory entry -> its local header -> content -> bytes | Finding

1. A reader goes by the directory at the end, or by the headers at the beginning: both must say the same, and
   nothing may stand before, between or behind. Two readers then see one file.
2. One file of one name, stored or deflated: no path, no second entry, no encryption, no split, no Zip64.
3. What it unpacks to is bounded while it is unpacked; what the archive says of sizes is only compared.
4. What a scanner may have broken is damage; an archive that is whole and still says two things is refused.

Apart because it is a file format of its own; `divoc` has a document's content to read. The standard library's reader opens files, and
believes the directory alone.
"""

from __future__ import annotations

import zlib
from struct import Struct
from typing import NamedTuple

from pratique.findings import Code, Finding

_STORED, _DEFLATED = 0, 8
_DESCRIBED = 0x0008
"""Flag: checksum and sizes stand behind the content, and zeros before it."""
_HARMLESS = _DESCRIBED | 0x0006 | 0x0800
"""Flags that change nothing that is read: those, how hard it was packed, and names in UTF-8."""

_LOCAL = Struct("<4s5H3I2H")
_ENTRY = Struct("<4s6H3I5H2I")
_END = Struct("<4s4H2IH")
_DESCRIPTOR = Struct("<4s3I")
_LOCAL_SIGN, _ENTRY_SIGN, _END_SIGN = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_DESCRIPTOR_SIGN = b"PK\x07\x08"


class _Sizes(NamedTuple):
    """What the directory says of the entry."""

    flags: int
    method: int
    checksum: int
    packed: int
    unpacked: int


def only_file(data: bytes, name: str, *, longest: int) -> bytes | Finding:
    """Return the content of an archive's one file.

    Args:
        data: the archive.
        name: of the file, which must be exactly this.
        longest: bytes that it may unpack to.

    Returns:
        Its content; COMPRESSION_INVALID for damage, COMPRESSION_BOMB, or ARCHIVE_REFUSED with what is wrong
        ("entries", "name", "encryption", "method", "headers", "gaps").
    """
    at = len(data) - _END.size
    if at < 0 or data[:4] != _LOCAL_SIGN:
        return Finding(Code.COMPRESSION_INVALID)
    if data[at : at + 4] != _END_SIGN:
        # Something behind the end, or an end that a scanner has cut off.
        behind = _END_SIGN in data[: at + len(_END_SIGN) - 1]
        return _refused("gaps") if behind else Finding(Code.COMPRESSION_INVALID)
    _, disk, directory_disk, here, entries, size, start, comment = _END.unpack_from(data, at)
    if (disk, directory_disk, here, entries) != (0, 0, 1, 1):
        return _refused("entries")
    if comment or start + size != at or size < _ENTRY.size:
        return _refused("gaps")
    sizes = _entry(data, start, size, name.encode())
    if isinstance(sizes, Finding):
        return sizes
    return _content(data[:start], name.encode(), sizes, longest)


def _entry(data: bytes, start: int, size: int, name: bytes) -> _Sizes | Finding:
    """Read the directory's one entry."""
    (sign, _, _, flags, method, _, _, checksum, packed, unpacked, named, extra, comment, disk, _, _, offset) = (
        _ENTRY.unpack_from(data, start)
    )  # fmt: skip
    if sign != _ENTRY_SIGN or size != _ENTRY.size + named + extra + comment:
        return _refused("headers")
    if data[start + _ENTRY.size : start + _ENTRY.size + named] != name:
        return _refused("name")
    if flags & ~_HARMLESS:
        return _refused("encryption")
    if method not in {_STORED, _DEFLATED}:
        return _refused("method")
    if disk or offset:
        return _refused("headers")
    return _Sizes(flags, method, checksum, packed, unpacked)


def _content(data: bytes, name: bytes, sizes: _Sizes, longest: int) -> bytes | Finding:
    """Unpack what stands before the directory, where its own header says what the directory does."""
    if len(data) < _LOCAL.size:
        return _refused("headers")
    _, _, flags, method, _, _, checksum, packed, unpacked, named, extra = _LOCAL.unpack_from(data)
    begin = _LOCAL.size + named + extra
    if data[_LOCAL.size : _LOCAL.size + named] != name:
        return _refused("name")
    described = bool(flags & _DESCRIBED)
    stated = (checksum, packed, unpacked)
    listed = (sizes.checksum, sizes.packed, sizes.unpacked)
    if (flags, method) != (sizes.flags, sizes.method):
        return _refused("headers")
    if stated != listed and not (described and stated == (0, 0, 0)):
        return _refused("headers")
    end = begin + sizes.packed
    behind = _DESCRIPTOR.pack(_DESCRIPTOR_SIGN, *listed) if described else b""
    # A descriptor may lack its sign (APPNOTE 4.3.9.3).
    if data[end:] not in {behind, behind[4:]} or end > len(data):
        return _refused("gaps")
    return _unpacked(data[begin:end], sizes, longest)


def _unpacked(packed: bytes, sizes: _Sizes, longest: int) -> bytes | Finding:
    if sizes.method == _STORED:
        content = packed
    else:
        inflate = zlib.decompressobj(wbits=-15)
        try:
            content = inflate.decompress(packed, longest + 1)
        except zlib.error:
            return Finding(Code.COMPRESSION_INVALID)
        if len(content) <= longest and not inflate.eof:
            return Finding(Code.COMPRESSION_INVALID)
        if inflate.unused_data:
            return Finding(Code.COMPRESSION_TRAILING)
    if len(content) > longest:
        return Finding(Code.COMPRESSION_BOMB)
    if (len(content), zlib.crc32(content)) != (sizes.unpacked, sizes.checksum):
        return Finding(Code.COMPRESSION_INVALID)
    return content


def _refused(what: str) -> Finding:
    return Finding(Code.ARCHIVE_REFUSED, what)
