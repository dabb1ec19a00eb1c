"""Parentheses as needed for precedence, quotes as needed for names, and aliases for names that engines confuse."""

from __future__ import annotations

import pytest

from objectiv_local.dialects import dialect_named
from objectiv_local.dialects.dialect import float_literal
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.names import stand_ins
from objectiv_local.dialects.sql.printer import Printer, indented
from objectiv_local.dialects.sql.tree import Raw, binary, cast, is_null, negated, number, text

DUCKDB = dialect_named("duckdb")
A, B, C = Raw("a"), Raw("b"), Raw("c")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (binary("*", binary("+", A, B), C), "(a + b) * c"),
        (binary("+", A, binary("*", B, C)), "a + b * c"),
        (binary("-", A, binary("-", B, C)), "a - (b - c)"),
        (binary("-", binary("-", A, B), C), "a - b - c"),
        (binary("AND", A, binary("AND", B, C)), "a AND b AND c"),
        (binary("AND", binary("OR", A, B), C), "(a OR b) AND c"),
        (binary("=", binary("=", A, B), C), "(a = b) = c"),
        (negated(binary("OR", A, B)), "NOT (a OR b)"),
        (negated(binary("=", A, B)), "NOT a = b"),
        (is_null(binary("=", A, B)), "(a = b) IS NULL"),
        (cast(binary("+", A, B), "text"), "(a + b)::text"),
        (cast(cast(A, "text"), "text"), "a::text"),
        (binary("=", binary("->>", A, text("k")), text("it's")), "(a ->> 'k') = 'it''s'"),
        (binary("-", A, number(-1)), "a - -1"),
        (cast(number(-1), "text"), "(-1)::text"),
        (tree.Prefix("-", tree.Prefix("-", A, tree.NEGATE), tree.NEGATE), "-(-a)"),
        (cast(tree.at_utc(A), "date"), "(a AT TIME ZONE 'UTC')::date"),
        (tree.at_utc(cast(A, "timestamptz")), "a::timestamptz AT TIME ZONE 'UTC'"),
        (tree.at_utc(binary("+", A, B)), "(a + b) AT TIME ZONE 'UTC'"),
        (binary("-", tree.at_utc(A), tree.at_utc(B)), "a AT TIME ZONE 'UTC' - b AT TIME ZONE 'UTC'"),
        (is_null(tree.at_utc(A)), "a AT TIME ZONE 'UTC' IS NULL"),
        (cast(tree.collated(A, ' COLLATE "C"'), "uuid"), '(a COLLATE "C")::uuid'),
        (tree.collated(binary("||", A, B), ' COLLATE "C"'), '(a || b) COLLATE "C"'),
        (float_literal(0.1), "0.1::float8"),
        (float_literal(-1e-7), "'-1e-07'::float8"),
        (float_literal(float("nan")), "'NaN'::float8"),
    ],
)
def test_text(sql, expected):
    assert Printer(DUCKDB).flat(sql) == expected


def test_names():
    assert [DUCKDB.identifier(name) for name in ("moment", "day", "user", "select", "Ab", 'q"', "1a", "naïve", "least")] == [
        "moment",
        "day",
        '"user"',
        '"select"',
        '"Ab"',
        '"q"""',
        '"1a"',
        '"naïve"',
        '"least"',
    ]
    assert stand_ins(["a", "A", "é" * 32, "é" * 31, "x\n"]) == {
        "a": "a",
        "A": "a_2",
        "é" * 32: "column",
        "é" * 31: "é" * 31,
        "x\n": "x",
    }


def test_lines_within_text_are_not_indented():
    assert indented("SELECT 'a\nb', \"c\nd\"\nFROM t") == "  SELECT 'a\nb', \"c\nd\"\n  FROM t"
