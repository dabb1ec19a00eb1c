"""Programs whose plans have single rows, conditions of merges and variables, with each optional pass turned off."""

from __future__ import annotations

from frame.frames import load, on_every_engine, plain

from objectiv_local import to_datetime
from objectiv_local.dialects import compile_plan
from objectiv_local.frame.zones import in_zones_of
from objectiv_local.plan.nodes import Select, Sort
from objectiv_local.plan.passes import PASSES

DATA = {"g": ["a", "b", "a", None], "x": [3, 1, 2, 5], "y": [1, 2, 3, 4]}


def programs(df, other):
    """Return frames, with columns to sort their rows by."""
    df, least = df.create_variable("least", 2)
    one = df.sort_values("x")[:1]
    one["n"] = one.x.window_row_number(one.window())
    totals = df.groupby("g").x.sum()
    return [
        (df[df.x > df.x[1]], ["y"]),
        (df.assign(z=df.x - one.x * one.n + totals["a"]), ["y"]),
        (df[df.groupby("g").x.transform("max") > one.x], ["y"]),
        ((df[df.x >= least].groupby("g").y.sum() / totals["a"]).to_frame(), ["g"]),
        (df.merge(other, on=[lambda a, b: a.x + least <= b.x, "g"]), ["y_x", "y_y"]),
        (df.merge(other, left_on="x", right_on="x", how="outer"), ["x"]),
        (df.groupby("g")[["x"]].describe(), ["g", "x"]),
        (other.assign(w=df.x[2] > one.y), ["y"]),
        (df.sort_values("y").groupby("g")[["x", "y"]].shift(), ["_index_row"]),
        (df.assign(before=df.sort_values("y").groupby("g").x.cumsum(), place=df.groupby("g").x.rank()), ["y"]),
        (df[df.sort_values("y").groupby("g").cumcount() == 0].groupby("g").agg(n=("x", "max")), ["g"]),
        (df.assign(parts=(df.g + "-b").str.split("-"))[["parts", "y"]].explode("parts"), ["y", "parts"]),
        (df.assign(parts=df.g.str.split("a")).explode("parts").groupby("parts").y.sum().to_frame(), ["parts"]),
        (df[["x", "y"]].corr(), ["__column"]),
        # Engines add floats in the order in which rows arrive, which moves the last digit of a correlation.
        (df.assign(r=df.x.corr(df.y, "spearman").round(12)), ["y"]),
        (df.sample(3), ["y"]),
        (df.sample(frac=0.6)[["y"]].isna(), ["_index_row"]),
        (df.pivot_table("x", "y", "g", "sum"), ["y"]),
        # The clocks of this zone are corrected by a CASE on some engines; midnights, and what is shown twice.
        (
            df.assign(at=to_datetime(df.x * 3_600 + 1_793_512_800, unit="s")).assign(
                day=lambda df: df["at"].dt.tz_convert("America/Winnipeg").dt.date,
                back=lambda df: df["at"].dt.tz_convert("America/Winnipeg").dt.tz_localize("America/Winnipeg", ambiguous=True),
                week=lambda df: (
                    df["at"].dt.tz_localize("Europe/Amsterdam", False, "NaT").dt.date_trunc("week", week_start="sunday")
                ),
            ),
            ["y"],
        ),
        (
            df.assign(at=to_datetime(df.x * 3_600 + 1_793_512_800, unit="s"))
            .assign(day=lambda df: df["at"].dt.tz_convert("America/Winnipeg").dt.strftime("%H"))
            .groupby("day")
            .y.sum()
            .to_frame(),
            ["day"],
        ),
    ]


@on_every_engine
def test_the_answers_stay(engine):
    df, other = load(engine, DATA), load(engine, {"g": ["a", "b"], "x": [4, 3], "y": [1, 2]})
    optional = [name for name, _, required in PASSES if not required]
    pruning = tuple(name for name in optional if name.startswith("prune"))
    changed = set()
    for frame, order in programs(df, other):
        names = [*frame.index_columns, *frame.data_columns]
        state = frame.sort_values(order)._state
        plan = Select(Sort(state.plan, state.order), tuple((name, state.plan.column(name)) for name in names))
        plan = in_zones_of(plan, state.engine)
        whole = compile_plan(plan, state.dialect)
        wanted = rows(state.engine, whole)
        kept = frame.materialize().sort_values(order)._state
        assert rows(state.engine, kept.statement(names)) == wanted
        assert len(wanted) > 1
        for off in (*((name,) for name in optional), pruning, tuple(optional)):
            statement = compile_plan(plan, state.dialect, without=off)
            if statement.sql != whole.sql:
                changed.add(off)
                assert rows(state.engine, statement) == wanted, off
    assert changed >= {pruning, ("label first",), tuple(optional)}, "the passes have something to do"


def rows(engine, statement):
    return [plain(row.values()) for row in engine.arrow(statement.sql, statement.schema).to_pylist()]
