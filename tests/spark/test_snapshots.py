"""Snapshots opened on Spark: the rows, types and answers of the same snapshot opened on this machine."""

from __future__ import annotations

import shutil

import duckdb
import pandas as pd
import postgres_server
import pytest
import spark_server
from sklearn.ensemble import HistGradientBoostingClassifier
from snapshot.sources import content
from snapshot.test_rows import many

import objectiv_local as ol
from objectiv_local import DataFrame, connect, ml, sample, snapshot
from objectiv_local.errors import DataInvalid, InvalidValue, NotSupported, TableNotFound

HUB = ol.ModelHub()


@pytest.fixture(scope="module")
def engine():
    with connect(spark_server.session_url(), new=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    """The path of a snapshot of sample events, which the server can read."""
    path = tmp_path_factory.mktemp("events") / "events"
    for each in path.parents:
        if "pytest" in str(each):
            each.chmod(0o755)
    HUB.events(sample.path(), end="2022-01-20").snapshot(path)
    return path


def test_values_of_every_type(engine, tmp_path):
    many("duckdb").snapshot(tmp_path / "many", time="at")
    local, there = snapshot.open(tmp_path / "many"), snapshot.open(tmp_path / "many", on=engine)
    assert content(there) == content(local)
    assert there.dtypes == local.dtypes
    assert there.index_columns == ["row"]
    assert there.sort_index().to_arrow().schema == local.sort_index().to_arrow().schema


def test_an_event_frame(engine, events):
    local, there = HUB.events(events), HUB.events(engine, table_name=str(events))
    assert content(there) == content(local)
    assert content(snapshot.open(f"{events}/", on=engine)) == content(local)
    plain = [name for name, dtype in local.dtypes.items() if name not in ("location_stack", "stack_event_types")]
    assert ml.fingerprint(there[plain]) == ml.fingerprint(local[plain])
    for model in (HUB.active_users, HUB.agg.unique_users):
        expected, found = model(local).to_pandas(), model(there).to_pandas()
        assert len(expected) > 0
        (pd.testing.assert_series_equal if isinstance(expected, pd.Series) else pd.testing.assert_frame_equal)(found, expected)


def test_days_are_those_of_the_hub(engine, events):
    tokyo = ol.ModelHub(time_zone="Asia/Tokyo")
    local, there = (
        frame.day.value_counts().to_pandas() for frame in (tokyo.events(events), tokyo.events(engine, table_name=str(events)))
    )
    assert there.to_dict() == local.to_dict() != HUB.events(events).day.value_counts().to_pandas().to_dict()


def test_a_model_of_the_local_snapshot_scores_there(engine, events):
    def features(frame):
        users = frame.groupby("user_id").agg(hits=("session_hit_number", "max"), sessions=("session_id", "nunique"))
        users["many"] = users.sessions > 1
        return users

    local, there = features(snapshot.open(events)), features(snapshot.open(events, on=engine))
    trees = HistGradientBoostingClassifier(max_iter=5, random_state=0).fit(
        *ml.xy(local, "many", features=["hits"], container="pandas")
    )
    expected, found = (ml.score(trees, frame, method="predict_proba").to_pandas().sort_index() for frame in (local, there))
    assert expected.probability_True.nunique() > 1
    # The exponential function of Java differs from that of C in the last digit.
    pd.testing.assert_frame_equal(found, expected, rtol=1e-14)


def test_a_lost_session_opens_the_files_again(events):
    with connect(spark_server.session_url(), new=True) as engine:
        there = snapshot.open(events, on=engine)
        engine._session.stop()
        assert len(there) == len(snapshot.open(events))
        # The views of files are no tables of the user.
        assert not {"snapshot", "snapshot_2"} & {*engine.tables()}


def test_paths_with_characters_of_patterns(engine, events, tmp_path):
    for name in ("a[1]", "a{1,2}", "a*", "a?b"):
        shutil.copytree(events, tmp_path / name)
        assert len(snapshot.open(tmp_path / name, on=engine)) == len(snapshot.open(events)), name


def test_what_is_no_snapshot(engine, events, tmp_path):
    with pytest.raises(TableNotFound, match=r"is not a snapshot: it has no manifest\.json"):
        snapshot.open(tmp_path, on=engine)
    with pytest.raises(InvalidValue, match="cannot be a directory"):
        snapshot.open("/", on=engine)
    with pytest.raises(DataInvalid, match=r"is a snapshot, not a table\nhint: open it with objectiv_local\.snapshot\.open"):
        DataFrame.from_table(engine, str(events), "event_id")
    with pytest.raises(InvalidValue, match="start cannot be set for a snapshot"):
        HUB.events(engine, table_name=str(events), start="2022-01-10")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "manifest.json").write_text('{"format":')
    with pytest.raises(DataInvalid, match=r"the manifest of '.*damaged' cannot be read"):
        snapshot.open(tmp_path / "damaged", on=engine)
    assert not snapshot.is_snapshot(tmp_path / "damaged", on=engine)
    assert snapshot.is_snapshot(events, on=engine)


def test_a_missing_file_is_an_error(engine, events, tmp_path):
    shutil.copytree(events, tmp_path / "copy")
    next(tmp_path.glob("copy/v*/rows/*/*.parquet")).unlink()
    with pytest.raises(TableNotFound, match=r"rows\.parquet"):
        snapshot.open(tmp_path / "copy", on=engine)


def test_other_connections(events):
    with duckdb.connect() as connection:
        there = snapshot.open(events, on=connection)
        assert content(there) == content(snapshot.open(events))
        assert content(HUB.events(connection, table_name=str(events))) == content(there)
    with pytest.raises(NotSupported, match=r"Postgres.* cannot read the files of a snapshot\nhint: omit `on`"):
        snapshot.open(events, on=postgres_server.session_url())
