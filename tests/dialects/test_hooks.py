"""The hooks of a dialect: each one changes the statement in its own places, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from objectiv_local.dialects import dialect_named, lower
from objectiv_local.dialects.dialect import Dialect, Unnested
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.printer import Printer
from objectiv_local.dialects.sql.tree import Name, Template, Windowed, case, func
from objectiv_local.plan.expr import Column, InQuery, Ordering, ScalarQuery, aggregation, call, literal, over
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, GroupingSets, Join, Limit, Select, Sort, Source, Unnest, Values
from objectiv_local.plan.passes import rewritten
from objectiv_local.plan.relation import AS_DECLARED, Relation
from objectiv_local.types import BOOL, FLOAT64, INT64, JSON, STRING

USER, HITS, STACK, WEB = Column("User", STRING), Column("hits", INT64), Column("stack", JSON), Column("is_web", BOOL)
EVENTS = Source(
    Relation("table", ("web", "Events")),
    (
        ("User", "User", "VARCHAR", STRING),
        ("hits", "hits", "BIGINT", INT64),
        ("stack", "stack", "JSON", JSON),
        ("is_web", "is_web", "BOOLEAN", BOOL),
    ),
    None,
    1,
    "events",
)


class Toy(Dialect):
    """A dialect that overrides everything that it can."""

    def text(self, value):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def aggregated(self, function):
        return replace(function, name="toy_" + function.name) if function.order else function

    def windowed(self, function, partition, order, frame):
        if function.where is not None:
            function = replace(function, args=(case((function.where, function.args[0])),), where=None)
        return Windowed(function, partition, order, frame)

    def result(self, sql, type_):
        return func("to_json", sql) if type_ == JSON else sql

    def unnested(self, array, alias):
        return Unnested(
            Template(f"LATERAL VIEW posexplode({{}}) {alias} AS place, value", (array,)),
            Name("value", alias),
            Name("place", alias),
        )

    def grouping_level(self, keys, sets):
        return func("grouping_id", *keys)


TOY = Toy(
    **{field: getattr(dialect_named("duckdb"), field) for field in Dialect.__dataclass_fields__}
    | {
        "name": "toy",
        "quote": "`",
        "nulls_last": None,
        "fence": None,
        "types": dialect_named("duckdb").types | {"float64": "DOUBLE", "int64": "BIGINT", "int32": "INT", "string": "STRING"},
    }
)


def sql(plan, dialect=TOY):
    return lower(rewritten(plan), dialect).sql


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        # Names are quoted with the character of the dialect, and string literals are written by it.
        (Select(EVENTS, (("x", call("concat", USER, literal("\\it's"))),)), "`User` || '\\\\it\\'s' AS x\nFROM web.`Events`"),
        # Types have the dialect's names, in casts and in constants.
        (Select(EVENTS, (("x", call("truediv", HITS, literal(2))),)), "hits::DOUBLE / 2"),
        (Select(EVENTS, (("x", literal(2)), ("y", literal(None, FLOAT64)))), "SELECT 2::BIGINT AS x, NULL::DOUBLE AS y"),
        (Select(EVENTS, (("x", call("repeat", USER, literal(2))),)), "repeat(`User`, 2::INT) AS x"),
        (Values((("x", INT64),), (), None, "none"), "SELECT NULL::BIGINT WHERE FALSE"),
        (Source(Relation("table", ("data",)), (("x", "x", AS_DECLARED, STRING),), None, 1, ""), "SELECT x::STRING AS x"),
        # The position of NULL is written in every order.
        (Sort(Select(EVENTS, (("hits", HITS),)), (Ordering(HITS),)), "ORDER BY hits NULLS LAST"),
        (Sort(Select(EVENTS, (("hits", HITS),)), (Ordering(HITS, False, False),)), "ORDER BY hits DESC NULLS FIRST"),
        # An aggregate is changed once its order and filter are known, and a window gets no filter.
        (
            Aggregate(EVENTS, (), (("x", aggregation("first", HITS, order=(Ordering(USER),), where=WEB)),)),
            "toy_first(\n    hits\n    ORDER BY `User` NULLS LAST, hits NULLS LAST, is_web NULLS LAST\n  ) FILTER",
        ),
        (
            Aggregate(EVENTS, (), (("x", aggregation("sum_or_null", HITS, where=WEB)),)),
            "sum(hits) FILTER (WHERE is_web)::BIGINT AS x",
        ),
        (
            Select(EVENTS, (("x", over(aggregation("sum_or_null", HITS, where=WEB), (USER,))),)),
            "sum(CASE WHEN is_web THEN hits END) OVER (PARTITION BY `User`)::BIGINT AS x",
        ),
        # JSON is converted at the end of the statement, and is unchanged inside it.
        (Select(Limit(EVENTS, (), 5), (("stack", STACK),)), "SELECT to_json(stack) AS stack"),
        (Unnest(EVENTS, STACK, "item", "place"), "LATERAL VIEW posexplode(l.stack) element AS place, value"),
        (
            GroupingSets(EVENTS, (("User", USER),), ((0,), ()), (("n", aggregation("size")),), "level"),
            "grouping_id(`User`) AS level",
        ),
    ],
)
def test_a_hook_is_used(plan, expected):
    found = sql(plan)
    assert expected in found, found


def test_inner_steps_keep_json_as_it_is():
    plan = Extend(Limit(EVENTS, (Ordering(HITS),), 5), (("first", call("json_index", STACK, literal(0))),))
    found = sql(Extend(plan, (("n", over(aggregation("count", Column("first", JSON)), (USER,))),)))
    inner, _, outer = found.rpartition("SELECT")
    assert "to_json" not in inner
    assert outer.count("to_json(") == 2


def test_a_fence_is_that_of_the_dialect():
    twice = Extend(EVENTS, (("kind", call("json_get_text", call("json_index", STACK, literal(0)), literal("id"))),))
    twice = Extend(twice, (("a", call("lower", Column("kind", STRING))), ("b", call("upper", Column("kind", STRING)))))
    postgres = dialect_named("postgres")
    assert "OFFSET 0" in sql(twice, postgres)
    assert "\n  FENCE\n" in sql(twice, replace(postgres, fence="FENCE"))
    assert "FENCE" not in sql(twice, replace(postgres, fence=None))


def test_groups_that_cost_much_are_kept_for_a_join_where_the_dialect_says_so():
    postgres = dialect_named("postgres")
    key = (("user", USER),)
    first = Aggregate(EVENTS, key, (("x", aggregation("first", HITS, order=(Ordering(HITS),))),), "firsts")
    total = Aggregate(EVENTS, key, (("x", aggregation("sum_or_null", HITS)),), "totals")

    def joined(groups):
        return Join(EVENTS, groups, "left", (("User", "user"),), (("x", "right", ("x", "x")),))

    assert "firsts AS MATERIALIZED (" in sql(joined(first), postgres)
    assert "firsts AS KEPT (" in sql(joined(first), replace(postgres, keeps="KEPT"))
    assert "firsts AS (" in sql(joined(first), replace(postgres, keeps=None))
    assert "firsts AS (" in sql(joined(first))
    assert "totals AS (" in sql(joined(total), postgres)
    assert "totals AS MATERIALIZED (" in sql(joined(total), replace(postgres, sorts=frozenset({"sum_or_null"})))


def test_a_total_is_kept_for_all_that_read_it():
    postgres = dialect_named("postgres")
    total = Aggregate(EVENTS, (), (("most", aggregation("max", HITS)),), "total")
    share = Extend(EVENTS, (("rest", call("sub", ScalarQuery(total, "most"), HITS)),))
    assert "total AS MATERIALIZED (" in sql(share, postgres)
    assert "total AS (" in sql(share, replace(postgres, keeps=None))
    # The rows of an IN become a join, because the planner knows more about its inputs.
    users = Aggregate(EVENTS, (("User", USER),), (), "users")
    assert "users AS (" in sql(Filter(EVENTS, InQuery(USER, users, "User")), postgres)


def test_constants_of_the_tree_are_printed_by_the_dialect():
    printed = tree.cast(tree.text("a\\"), "thing")
    assert Printer(TOY).flat(printed) == "'a\\\\'::thing"
    assert Printer(dialect_named("postgres")).flat(printed) == "'a\\'::thing"


def test_a_filter_stays_out_of_a_constant_that_is_its_own_answer():
    constant = call("lower", literal("A"))
    found = sql(Aggregate(EVENTS, (), (("x", aggregation("quantile_disc", constant, literal(0.5), where=WEB)),)))
    assert "count(*) FILTER (WHERE is_web) > 0 THEN lower('A')" in " ".join(found.split())


def test_a_part_of_a_program_has_the_steps_that_its_order_reads():
    """In a program that is run in parts, a step that only ORDER BY reads is written as well."""
    top = Aggregate(EVENTS, (), (("most", aggregation("max", HITS)),), "top")
    kept = []

    def store(node, statement):
        kept.append(statement)
        columns = tuple((name, name, "BIGINT", type_) for name, type_ in statement.schema)
        return Source(Relation("table", (f"part_{len(kept)}",)), columns, None, 1, "part")

    rows = Select(Limit(EVENTS, (Ordering(HITS),), 5), (("hits", HITS),))
    for step in range(4):
        rows = Limit(rows, (Ordering(HITS, step % 2 == 0),), 5)
    away = call("abs", call("sub", HITS, ScalarQuery(top, "most")))
    short = replace(dialect_named("duckdb"), most_steps=1)
    found = lower(Sort(rows, (Ordering(away),)), short, store).sql
    assert kept
    assert "top AS (" in found
    assert "FROM top" in found


def test_a_step_that_only_reads_a_table_is_read_again():
    postgres = dialect_named("postgres")

    def read_twice(kept):
        largest = (("most", aggregation("max", kept.column("Hits"))),)
        counts = Aggregate(kept, (("User", kept.column("User")),), largest, "counts")
        most = Aggregate(kept, (), largest, "most")
        return Extend(counts, (("share", call("sub", ScalarQuery(most, "most"), counts.column("most"))),))

    named = (("User", USER), ("Hits", HITS))
    known = Select(Filter(EVENTS, call("not_null", USER)), named, "known")
    assert "known AS NOT KEPT (" in sql(read_twice(known), replace(postgres, reads_again="NOT KEPT"))
    assert "known AS (" in sql(read_twice(known), replace(postgres, reads_again=None))
    # Steps that keep few rows, or compute something from JSON, are computed once.
    few = Select(Filter(EVENTS, call("gt", HITS, literal(5))), named, "few")
    assert "few AS (" in sql(read_twice(few), replace(postgres, reads_again="NOT KEPT"))
    parsed = Select(EVENTS, (("User", USER), ("Hits", call("json_length", STACK))), "parsed")
    assert "parsed AS (" in sql(read_twice(parsed), replace(postgres, reads_again="NOT KEPT"))
