"""The passes over a plan, in order: each returns a plan with the same result that is faster or easier to read.

``set_variables`` and ``complete_orders`` are required: variables need a value when a plan is compiled, and without complete
orders a result may depend on the order in which an engine happens to read rows. Every other pass can be omitted without
changing any result, which a test verifies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from objectiv_local.plan.casting import group_before_casting
from objectiv_local.plan.combine import combine_aggregates
from objectiv_local.plan.dimensions import compute_on_dimensions
from objectiv_local.plan.distinct import distinct_once
from objectiv_local.plan.early import aggregate_early, windows_before_labels
from objectiv_local.plan.late import read_late
from objectiv_local.plan.narrow import narrow_early
from objectiv_local.plan.nodes import Node, Select
from objectiv_local.plan.numbers import number_locally
from objectiv_local.plan.rewrite import complete_orders, prune
from objectiv_local.plan.simplify import drop_single_row_windows, label_first, simplify
from objectiv_local.plan.sorting import divide_other_rows, sort_some_rows
from objectiv_local.plan.storing import use_stored
from objectiv_local.plan.unions import flatten_unions
from objectiv_local.plan.variables import set_variables
from objectiv_local.plan.within import count_within

Pass = Callable[[Node], Node]

#: (name, pass, whether it is required).
PASSES: tuple[tuple[str, Pass, bool], ...] = (
    ("set variables", set_variables, True),
    ("complete orders", complete_orders, True),
    ("simplify expressions", simplify, False),
    ("combine aggregates", combine_aggregates, False),
    ("label first", label_first, False),
    ("flatten unions", flatten_unions, False),
    ("use stored columns", use_stored, False),
    ("compute on dimensions", compute_on_dimensions, False),
    ("prune columns", prune, False),
    ("windows before labels", windows_before_labels, False),
    ("aggregate early", aggregate_early, False),
    ("count within", count_within, False),
    ("drop single-row windows", drop_single_row_windows, False),
    ("group before casting", group_before_casting, False),
    ("number locally", number_locally, False),
    ("prune local numbers", prune, False),
    ("narrow rows early", narrow_early, False),
    ("read JSON late", read_late, False),
    ("sort some rows", sort_some_rows, False),
    ("divide other rows", divide_other_rows, False),
    ("distinct once", distinct_once, False),
    ("prune named columns", prune, False),
)


def rewritten(root: Node, without: Iterable[str] = ()) -> Node:
    """Return ``root`` after all passes except the optional ones named in ``without``."""
    skipped = set(without)
    columns = list(root.types)
    for name, pass_, is_required in PASSES:
        if is_required or name not in skipped:
            root = pass_(root)
    if list(root.types) != columns:
        # A column that is replaced may have moved after the others.
        root = Select(root, tuple((name, root.column(name)) for name in columns))
    return root
