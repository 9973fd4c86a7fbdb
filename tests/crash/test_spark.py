"""On a cluster of two real workers: the same bytes, whoever is lost meanwhile, and nobody in its files.

Skipped where there is no Spark: tools/spark installs it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pyarrow as arrow
import pytest
from pyarrow import parquet

from pratique.store import columnar as store_columnar
from tests import clusters, columns
from tests.clusters import Cluster
from tests.harms.canary import Scanner, people
from tests.steps import until

ROWS = 12
"""Of a part: few, so that there are many to be in the midst of."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    clusters.present()
    with clusters.cluster(tmp_path_factory.mktemp("cluster") / "spark") as made:
        yield made


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return columns.write(tmp_path_factory.mktemp("columns") / "in.parquet", columns.KIT[:480])


@pytest.fixture(scope="module")
def whole(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the parts as one process of this machine makes them."""
    out = tmp_path_factory.mktemp("whole") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_columnar, "planned", store_columnar.planned)
        columns.pieces_of(ROWS)
        columns.work(source, out)
    return columns.parts(out)


def words(cluster: Cluster, source: Path, out: Path) -> list[str]:
    return ["tests.columns", str(source), str(out), cluster.address, str(ROWS)]


def test_two_workers_make_the_same_bytes(
    cluster: Cluster, source: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    cluster.run(*words(cluster, source, tmp_path / "out"))
    assert columns.parts(tmp_path / "out") == whole
    # Both have taken part: each has had an executor.
    for name in ("worker-0", "worker-1"):
        assert list((cluster.folder / name).glob("app-*/*/stderr"))


def test_a_killed_driver_goes_on_and_makes_the_same_bytes(
    cluster: Cluster, source: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    driver = cluster.begin(*words(cluster, source, out))
    until(lambda: driver.poll() is not None or len(columns.parts(out)) > 2)
    os.killpg(driver.pid, signal.SIGKILL)
    driver.wait()
    assert len(columns.parts(out)) < len(whole), "there was nothing left to be killed"
    cluster.run(*words(cluster, source, out))
    assert columns.parts(out) == whole
    assert not list(out.glob(".part-*"))


def test_a_cluster_that_is_not_there_is_told(source: Path, tmp_path: Path) -> None:
    clusters.present()
    made = Cluster(tmp_path / "none")
    ran = made.run(
        "pratique", "verify", str(source), "--out", str(tmp_path / "out"), "--engine", "spark",
        "--address", "no://such.cluster", "--trust", str(_trust(tmp_path)), check=False,
    )  # fmt: skip
    assert ran.returncode == 4
    assert "error: Spark could not be started, or its cluster could not be reached" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_cluster_of_sparks_own_settings_needs_no_address(
    cluster: Cluster, source: Path, tmp_path: Path
) -> None:
    words = (
        "pratique", "verify", str(source), "--out", str(tmp_path / "out"), "--engine", "spark",
        "--trust", str(_trust(tmp_path)),
    )  # fmt: skip
    settings = tmp_path / "settings"
    settings.mkdir()
    own = {**cluster.environment, "SPARK_CONF_DIR": str(settings)}
    ran = cluster.run(*words, check=False, environment=own)
    assert "error: no cluster is named" in ran.stderr
    # Its own options of Java hold beside ours.
    said = settings / "spark-defaults.conf"
    said.write_text(
        f"spark.master {cluster.address}\nspark.executor.extraJavaOptions -XX:+UseSerialGC\n"
    )
    ran = cluster.run(*words, check=False, environment=own)
    assert "480 rows" in ran.stdout
    options = _options_of_executors(cluster)
    assert any("-XX:TieredStopAtLevel=1" in each and "-XX:+UseSerialGC" in each for each in options)


def _options_of_executors(cluster: Cluster) -> list[str]:
    logs = [
        log
        for name in ("worker-0", "worker-1")
        for log in (cluster.folder / name).glob("app-*/*/stderr")
    ]
    return [log.read_text(errors="replace").partition("\n")[0] for log in logs]


def _trust(folder: Path) -> Path:
    path = folder / "trust.json"
    path.write_bytes(columns.TRUST.to_bytes())
    return path


# What a cluster writes.


INVENTED = people(400)
SCANNER = Scanner(INVENTED)


def seen(folder: Path) -> dict[str, set[str]]:
    return SCANNER.scan_files(
        (path for path in folder.rglob("*") if path.is_file()), under=folder, deep=1
    )


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a file in which each row names somebody."""
    path = tmp_path_factory.mktemp("named") / "in.parquet"
    names = [f"{one.surname} {one.forename} {one.birth_date}" for one in INVENTED]
    texts = [columns.KIT[number % len(columns.KIT)] + name for number, name in enumerate(names)]
    parquet.write_table(arrow.table({"ref": names, "text": texts}), path)
    return path


def test_nobody_is_in_what_a_cluster_writes(cluster: Cluster, named: Path, tmp_path: Path) -> None:
    kept = cluster.folder.parent / "kept"
    with clusters.retained(cluster.folder, kept):
        cluster.run(*words(cluster, named, tmp_path / "out"))
    assert seen(cluster.folder) == {}
    assert seen(kept) == {}
    assert len(list(kept.iterdir())) > 4
    # They are where the user has asked for them.
    assert seen(tmp_path / "out")


def test_rows_in_an_engine_would_be_seen(cluster: Cluster, named: Path, tmp_path: Path) -> None:
    """The control: the same scan sees rows that go through the engine, in its log and on its disk."""
    lines = tmp_path / "lines.txt"
    lines.write_text("\n".join(parquet.read_table(named)["ref"].to_pylist()))
    kept = tmp_path / "kept"
    with clusters.retained(cluster.folder, kept):
        cluster.run("tests.spark_rows", cluster.address, str(lines))
    leaks = seen(kept)
    assert any(name.endswith("stderr") for name in leaks)
    assert any("rdd_" in name for name in leaks)


def test_what_an_engine_spills_all_the_same_is_encrypted(
    cluster: Cluster, named: Path, tmp_path: Path
) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("\n".join(parquet.read_table(named)["ref"].to_pylist()))
    kept = tmp_path / "kept"
    with clusters.retained(cluster.folder, kept):
        cluster.run("tests.spark_rows", cluster.address, str(lines), "encrypted")
    written = [path for path in kept.iterdir() if "rdd_" in path.name]
    assert sum(path.stat().st_size for path in written) > 1000
    assert seen(kept).keys() <= {path.name for path in kept.iterdir() if "stderr" in path.name}


# Last, since a worker is gone then.


def test_a_lost_worker_loses_nothing(
    cluster: Cluster, source: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    driver = cluster.begin(*words(cluster, source, out))
    until(lambda: driver.poll() is not None or len(columns.parts(out)) > 2)
    cluster.lose(0)
    assert len(columns.parts(out)) < len(whole), "there was nothing left to be lost"
    assert driver.wait() == 0
    assert columns.parts(out) == whole
    cluster.add()
