"""Kinds of rows in the stream of touches and conversions, as conditions over its columns."""

from __future__ import annotations

from objectiv_local.frame.authoring import Expr, Node, call, case, literal


def is_touch(plan: Node) -> Expr:
    """Return whether a row is a touch."""
    return call("eq", plan.column("change"), literal(1))


def is_expiry(plan: Node) -> Expr:
    """Return whether a row is the expiry of a touch."""
    return call("eq", plan.column("change"), literal(-1))


def is_conversion(plan: Node) -> Expr:
    """Return whether a row is a conversion."""
    return call("eq", plan.column("change"), literal(0))


def has_touches(plan: Node) -> Expr:
    """Return whether any touch is open at a row."""
    return call("gt", plan.column("open"), literal(0))


def opens_label(plan: Node) -> Expr:
    """Return whether a row is the touch from which its label starts to count."""
    return call("and", is_touch(plan), call("eq", plan.column("open_label"), literal(1)))


def closes_label(plan: Node) -> Expr:
    """Return whether a row is the expiry from which its label no longer counts."""
    return call("and", is_expiry(plan), call("eq", plan.column("open_label"), literal(0)))


def flag(condition: Expr) -> Expr:
    """Return 1 if a condition is true, else 0."""
    return case([(condition, literal(1))], literal(0))
