"""The files: what ``generate`` and the command write, what they refuse, and the bundled sample."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from objectiv_local import sample
from objectiv_local.errors import DataInvalid, InvalidType, InvalidValue, TableNotFound
from objectiv_local.sample.__main__ import main
from objectiv_local.sample.render import SCHEMA, Renderer

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the generator fail after some batches."""
    make, calls = Renderer.batch, []

    def batch(self: Renderer, rows: object) -> pa.RecordBatch:
        calls.append(rows)
        if len(calls) > 5:
            raise OSError("disk full")
        return make(self, rows)

    monkeypatch.setattr(Renderer, "batch", batch)


def test_file_holds_the_events_of_the_stream(tmp_path: Path) -> None:
    written = sample.generate(tmp_path / "events.parquet", events=5_000, seed=3)
    expected = pa.Table.from_batches(sample.batches(events=5_000, seed=3))
    assert pq.read_table(written).combine_chunks().equals(expected.combine_chunks())


def test_file_has_row_groups_of_bounded_size(tmp_path: Path) -> None:
    metadata = pq.read_metadata(sample.generate(tmp_path / "events.parquet", events=20_000))
    rows = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert rows == [16_384, 3_616]


def test_file_is_readable_by_duckdb(tmp_path: Path) -> None:
    written = sample.generate(str(tmp_path / "events.parquet"), events=2_000)
    found = duckdb.sql(f"""
        select count(*), count(distinct event_id), bool_and(json_valid(value)), bool_and(day = moment::date)
        from read_parquet('{written}')
    """).fetchall()
    assert found == [(2_000, 2_000, True, True)]


def test_existing_file_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "events.parquet"
    target.write_text("precious")
    with pytest.raises(InvalidValue, match="exists already\nhint: overwrite=True replaces it"):
        sample.generate(target, events=10)
    assert target.read_text() == "precious"


def test_overwrite_replaces_the_file(tmp_path: Path) -> None:
    target = tmp_path / "events.parquet"
    target.write_text("not precious")
    sample.generate(target, events=10, overwrite=True)
    assert pq.read_table(target).num_rows == 10


@pytest.mark.usefixtures("broken")
def test_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="disk full"):
        sample.generate(tmp_path / "events.parquet", events=30_000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("broken")
def test_failure_keeps_the_file_that_was_there(tmp_path: Path) -> None:
    target = tmp_path / "events.parquet"
    target.write_text("precious")
    with pytest.raises(OSError, match="disk full"):
        sample.generate(target, events=30_000, overwrite=True)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("events.parquet", "precious")]


def test_directory_is_refused_as_path(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="is a directory"):
        sample.generate(tmp_path, events=10, overwrite=True)


def test_missing_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="does not exist\nhint: create"):
        sample.generate(tmp_path / "nowhere" / "events.parquet", events=10)


@pytest.mark.parametrize(
    ("argument", "error"),
    [({"events": 0}, InvalidValue), ({"compression_level": 23}, InvalidValue), ({"days": "92"}, InvalidType)],
)
def test_bad_argument_writes_nothing(tmp_path: Path, argument: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error, match="hint: "):
        sample.generate(tmp_path / "events.parquet", **argument)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_command_writes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "events.parquet"
    assert main(["--events", "1000", "--out", str(target), "--seed", "7", "--days", "10"]) == 0
    assert capsys.readouterr().out.startswith(f"1,000 events written to {target} (")
    expected = pa.Table.from_batches(sample.batches(events=1_000, seed=7, days=10))
    assert pq.read_table(target).equals(expected)


def test_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "events.parquet"
    assert main(["--events", "0", "--out", str(target)]) == 1
    assert capsys.readouterr().err.startswith("error: events is 0\nhint: ")
    assert not target.exists()


def test_bundled_sample_is_what_the_generator_makes() -> None:
    made = pa.Table.from_batches(sample.batches())
    assert pq.read_table(sample.path()).cast(SCHEMA).combine_chunks().equals(made.combine_chunks())


def test_bundled_sample_is_small() -> None:
    assert sample.path().stat().st_size <= 2_000_000


def test_packaged_sample_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = (tmp_path / "packaged.parquet", tmp_path / "repository.parquet")
    monkeypatch.setattr(sample, "_PLACES", places)
    places[1].touch()
    assert sample.path() == places[1]
    places[0].touch()
    assert sample.path() == places[0]


def test_missing_sample_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "_PLACES", (tmp_path / "a", tmp_path / "b"))
    with pytest.raises(TableNotFound, match="neither at"):
        sample.path()


def test_import_loads_no_heavy_package() -> None:
    code = (
        "import objectiv_local.sample, sys; "
        "print([name for name in ('numpy', 'pyarrow', 'pandas', 'duckdb') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with pytest.raises(DataInvalid, match=r"events\.parquet' cannot be written: File too large"):
            sample.generate(tmp_path / "events.parquet", events=100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())
