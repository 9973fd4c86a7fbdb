"""Two clients of one repository in a folder: ours with its files, and python-tuf's `Updater`.

    folder -> fetch -> Sync -> held.zip             folder -> LocalFetcher -> Updater -> its own folders

1. Both read each file from the same folder, check all of it, and keep it on the same disk.
2. The updater is asked for every target, since it fetches a participant's metadata only for one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from securesystemslib.signer import Signature, SSlibKey
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

from pratique.network.client import Sync
from pratique.network.view import Files
from pratique.store import http, network

Way = Callable[[], object]


def ways(folder: str, files: Files, anchor: bytes) -> dict[str, Way]:
    """Write the repository, and return each client's first sync, and its next with nothing new."""
    base = Path(folder) / "repository"
    for name, data in files.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_bytes(data)
    paths = _paths(files)
    number = itertools.count()

    def fresh() -> Path:
        return Path(folder) / f"home-{next(number)}"

    ours, theirs = fresh(), fresh()
    _ours(base, ours, anchor)
    _theirs(base, theirs, anchor, paths)
    return {
        "first sync, with its files": lambda: _ours(base, fresh(), anchor),
        "  ngclient.Updater": lambda: _theirs(base, fresh(), anchor, paths),
        "nothing changed, with its files": lambda: _ours(base, ours, anchor),
        "  ngclient.Updater, nothing changed": lambda: _theirs(base, theirs, anchor, paths),
    }


def counted(way: Way) -> int:
    """Count the signatures of metadata that a way checks."""
    with _counting() as count:
        way()
    return count[0]


@contextmanager
def _counting() -> Iterator[list[int]]:
    count, check = [0], SSlibKey.verify_signature

    def counting(key: SSlibKey, signature: Signature, data: bytes) -> None:
        count[0] += 1
        check(key, signature, data)

    with mock.patch.object(SSlibKey, "verify_signature", counting):
        yield count


def _ours(base: Path, home: Path, anchor: bytes) -> None:
    network.begin(home, anchor)
    kept = network.load_held(home)
    assert kept is not None
    get, arriving = http.opened(str(base)), home / network.ARRIVING
    run = Sync(kept.files, anchor=kept.anchor, at=datetime.now(UTC))
    while wanted := run.wanted():
        for name, data in http.fetched(get, wanted, arriving):
            run.receive(name, data)
    network.save_held(home, run.outcome().files, str(base))


class LocalFetcher(FetcherInterface):
    """Hand on the files of a folder."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = Path(url.removeprefix("file://"))
        if not path.is_file():
            raise DownloadHTTPError("there is no such file", 404)
        return iter([path.read_bytes()])


def _theirs(base: Path, home: Path, anchor: bytes, paths: list[str]) -> None:
    metadata, targets = home / "metadata", home / "targets"
    metadata.mkdir(parents=True, exist_ok=True)
    targets.mkdir(exist_ok=True)
    updater = Updater(
        str(metadata), f"file://{base}/metadata", str(targets), f"file://{base}/targets",
        LocalFetcher(), bootstrap=anchor,
    )  # fmt: skip
    updater.refresh()
    for path in paths:
        info = updater.get_targetinfo(path)
        if info is None:
            raise RuntimeError(f"{path} is not there")
        if updater.find_cached_target(info) is None:
            updater.download_target(info)


def _paths(files: Files) -> list[str]:
    """Return the paths of targets, whose files are named by digest."""
    found = set()
    for name in files:
        if name.startswith("targets/"):
            folder, _, own = name.removeprefix("targets/").partition("/")
            found.add(f"{folder}/{own.partition('.')[2]}")
    return sorted(found)
