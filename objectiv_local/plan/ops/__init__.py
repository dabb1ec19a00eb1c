"""The catalog of operations: the only place that defines the meaning of an operation, one module per topic.

Type checks, passes, the function reference, the generated tests and the completeness check of each dialect read it. An
operation is declared by its name, its signatures, one or two sentences that define its meaning, and the properties that
passes use (see :class:`Op`).
"""

from __future__ import annotations

from objectiv_local.plan.ops import aggregates, arithmetic, intervals, json, logic, text, time, windows
from objectiv_local.plan.ops.operation import Op
from objectiv_local.plan.ops.signatures import result_type
from objectiv_local.plan.ops.type_rules import ORDERED_TYPES, castable, casts, common_type, is_ordered

OPS: dict[str, Op] = {
    op.name: op for topic in (arithmetic, logic, text, time, json, intervals, aggregates, windows) for op in topic.OPERATIONS
}

__all__ = ["OPS", "ORDERED_TYPES", "Op", "castable", "casts", "common_type", "is_ordered", "result_type"]
