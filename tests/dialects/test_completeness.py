"""Each dialect covers every operation: how it is written, or why it is not supported."""

from __future__ import annotations

import pytest

from objectiv_local.dialects import dialect_named, names
from objectiv_local.plan.ops import OPS


@pytest.mark.parametrize("name", names())
def test_every_operation_is_written_or_refused_with_a_reason(name):
    dialect = dialect_named(name)
    written = dialect.scalar.keys() | dialect.aggregate.keys()
    assert OPS.keys() - written - dialect.unsupported.keys() == set()
    assert written - OPS.keys() == set()
    assert all(len(reason) > 20 for reason in dialect.unsupported.values())
    kinds = {op.name: op.kind for op in OPS.values()}
    assert all(kinds[op] == "scalar" for op in dialect.scalar)
    assert all(kinds[op] != "scalar" for op in dialect.aggregate)


@pytest.mark.parametrize("name", names())
def test_operations_of_a_dialect_that_repeat_an_operand_exist(name):
    assert dialect_named(name).repeats <= OPS.keys()
