"""Programs that are known to go wrong: by what an engine says of them, or by what is in them.

Such programs are generated and not compared; each kind has a spec of its own that fails as expected. The goal is that
nothing stands here.
"""

from __future__ import annotations

from objectiv_local.plan.expr import Call, walk
from objectiv_local.plan.nodes import Aggregate, Extend, Node, topological
from objectiv_local.plan.rewrite import required

KNOWN_ERRORS = (
    "Invalid LIST argument during lambda function binding",  # duckdb: elements of a JSON array that is the constant NULL
    "cannot get array length of a",  # postgres: the last elements of a JSON constant that is no array
    "input has type unknown", "(unknown) is not unique",  # postgres: a text constant over a window, or first of it
    "window expressions cannot be volatile",  # duckdb: a window by what is parsed from text
    "there is no column",  # a join whose key is pruned
    "ORDER BY non-integer literal has no effect",  # duckdb: first or last in the order of a constant
)


def is_known_error(error: Exception) -> bool:
    return any(text in str(error) for text in KNOWN_ERRORS)


def is_known(plan: Node) -> bool:
    """Return whether a plan holds a step that nothing reads, or a negation of a negation."""
    negations = (part for node in topological(plan) for expr in node.exprs() for part in walk(expr)
                 if isinstance(part, Call) and part.op == "neg")
    if any(isinstance(part.args[0], Call) and part.args[0].op == "neg" for part in negations):
        return True
    steps = topological(plan)
    needed = required(steps, plan)
    return any((isinstance(node, Extend) and needed[node].isdisjoint(name for name, _ in node.columns))
               or (isinstance(node, Aggregate) and not node.keys and not needed[node]) for node in steps)
