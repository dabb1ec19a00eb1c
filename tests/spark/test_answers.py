"""Models, analyses and estimators return the same on Spark as on DuckDB.

Their other tests also run on Spark if the variable ``OBJECTIV_TEST_EVERYWHERE`` is set, which takes hours.
"""

from __future__ import annotations

import pandas as pd
import pyarrow.parquet as pq
import pytest
from frame.frames import opened
from hub.analyses.every import ASKED
from hub.analyses.fixture import fixture
from hub.every_model import made
from hub.tables import arrow
from hub.test_states import EVENTS, EVERY
from ml.against import over
from ml.scoring import test_sql as scoring
from ml.test_engines_agree import EXACT

from objectiv_local import ModelHub, connect, ml

pytestmark = pytest.mark.usefixtures("unparsed")


def plain(value):
    """Return a value for comparison: floats with nine digits."""
    return float(f"{value:.9g}") if isinstance(value, float) else value


def rows(found):
    """Return the rows of a result in their own order, and its dtypes."""
    table = found.to_pandas() if not isinstance(found, pd.DataFrame) else found
    table = table.to_frame() if isinstance(table, pd.Series) else table
    kinds = table.dtypes.astype(str).tolist()
    table = table.reset_index() if any(table.index.names) else table
    return kinds, list(table.columns), sorted(str([plain(value) for value in row]) for row in table.to_numpy().tolist())


@pytest.mark.parametrize("asked", ASKED)
def test_analyses(asked):
    one, other = (ASKED[asked](fixture(engine)).to_arrow() for engine in ("duckdb", "spark"))
    assert one.schema == other.schema
    found = [[[*map(plain, row.values())] for row in table.to_pylist()] for table in (one, other)]
    assert found[0] == found[1]


def test_users_of_a_cell():
    one, other = (ASKED["funnel"](fixture(engine)).users(step=2).to_arrow() for engine in ("duckdb", "spark"))
    assert one.num_rows == ASKED["funnel"](fixture("duckdb")).to_pandas().loc[2, "users"]
    assert one.equals(other)


def started(target, table):
    """Return a hub with a conversion, and the event frame over a table."""
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    frame = hub.get_objectiv_dataframe(db_url=target, table_name=table)
    return made(hub, frame), frame


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """Return the hub and the event frame on each engine, over one Parquet directory."""
    directory = tmp_path_factory.mktemp("events")
    directory.chmod(0o755)
    pq.write_table(arrow(EVENTS), directory / "events.parquet")
    return {
        "duckdb": started(connect(str(directory / "events.parquet")), "data"),
        "spark": started(opened("spark"), str(directory)),
    }


@pytest.mark.parametrize("name", EVERY)
def test_models(frames, name):
    one, other = (rows(EVERY[name](*frames[engine])) for engine in ("duckdb", "spark"))
    assert one == other


@pytest.mark.parametrize(("estimator", "columns"), EXACT)
@pytest.mark.filterwarnings("ignore:Bins whose width|Feature . is constant")
def test_fitted_state_is_the_same_to_the_last_bit(estimator, columns):
    columns = {name: columns[name] for name in columns if name != "member"}
    fitted = [ml.spec(type(estimator)(**estimator.get_params()).fit(over(each, columns))) for each in ("duckdb", "spark")]
    assert fitted[0] == fitted[1]


@pytest.mark.parametrize("name", ["logistic", "multinomial", "forest", "histogram", "boosting_several", "kmeans", "gaussian"])
def test_scores_are_those_of_scikit_learn(name):
    """A model that was fitted anywhere is scored on the cluster."""
    scoring.test_answers_are_those_of_scikit_learn("spark", name)
