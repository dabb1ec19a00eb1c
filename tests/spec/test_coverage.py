"""Everything in the catalog has a spec."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from reference.scalars import NULL_AWARE
from spec.differences import DIFFERENCES
from spec.specs import Fails, Spec

from objectiv_local.plan import nodes, ops
from objectiv_local.plan.expr import (
    Aggregation,
    Call,
    Case,
    Cast,
    Expr,
    InQuery,
    Literal,
    Over,
    ScalarQuery,
    never_raises,
    walk,
)
from objectiv_local.plan.ops.signatures import match


def collected() -> list[Spec]:
    specs: list[Spec] = []
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.name != Path(__file__).name:
            found = importlib.util.spec_from_file_location(f"spec_of_{path.stem}", path)
            assert found is not None
            assert found.loader is not None
            module = importlib.util.module_from_spec(found)
            found.loader.exec_module(module)
            specs += module.SPECS
    return specs


SPECS = collected()
ANSWERED = [spec for spec in SPECS if not isinstance(spec.expected, Fails)]


def steps(specs: list[Spec]) -> list[nodes.Node]:
    return [node for spec in specs for node in nodes.topological(spec.plan)]


def expressions(specs: list[Spec]) -> list[Expr]:
    found: list[Expr] = []
    for node in steps(specs):
        for expr in node.exprs():
            for part in walk(expr):
                found.append(part)
                if isinstance(part, Over):
                    found.append(part.call)
    return found


PARTS = expressions(ANSWERED)


def signature(part: Call | Aggregation) -> tuple[str, str]:
    types = tuple(arg.type for arg in part.args)
    constants = tuple(isinstance(arg, Literal) for arg in part.args)
    text = next(text for text in ops.OPS[part.op].signatures if match(ops.OPS[part.op], text, types, constants))
    return part.op, text


def test_every_signature_of_every_operation_has_a_spec():
    wanted = {(op.name, text) for op in ops.OPS.values() for text in op.signatures}
    assert wanted - {signature(part) for part in PARTS if isinstance(part, Call | Aggregation)} == set()


def test_every_operation_that_can_be_computed_over_a_window_has_a_spec_there():
    wanted = {op.name for op in ops.OPS.values() if op.windowed}
    assert wanted - {part.call.op for part in PARTS if isinstance(part, Over)} == set()


def test_every_type_of_a_value_that_is_compared_has_a_spec():
    wanted = {
        (op.name, type_.name)
        for op in ops.OPS.values()
        for text in op.signatures
        if text.split()[0] in ("T", "V")
        for type_ in ops.ORDERED_TYPES
    }
    found = {(part.op, part.args[0].type.name) for part in PARTS if isinstance(part, Call | Aggregation) and part.args}
    assert wanted - found == set()


def test_every_cast_has_a_spec():
    found = {(part.arg.type.name, part.type.name) for part in PARTS if isinstance(part, Cast)}
    assert {(source.name, target.name) for source, target in ops.casts()} - found == set()


def test_every_cast_of_text_has_a_spec_of_what_does_not_parse():
    failing = expressions([spec for spec in SPECS if isinstance(spec.expected, Fails)])
    found = {part.type.name for part in failing if isinstance(part, Cast) and part.arg.type.name == "string"}
    assert {target.name for source, target in ops.casts() if source.name == "string"} - found == set()


def test_every_step_has_a_spec():
    wanted = {
        kind
        for kind in vars(nodes).values()
        if isinstance(kind, type) and issubclass(kind, nodes.Node) and not kind.__name__.startswith("_")
    }
    # A stored relation is not a literal table; the tests of the engines cover those.
    assert wanted - {type(node) for node in steps(ANSWERED)} == {nodes.Node, nodes.Source}


def test_every_kind_of_expression_has_a_spec():
    assert {Case, Cast, Call, Aggregation, Over, ScalarQuery, InQuery} - {type(part) for part in PARTS} == set()


def test_names_are_unique():
    names = [spec.name for spec in SPECS]
    assert sorted(names) == sorted(set(names))


def test_differences_name_specs():
    assert {name for name, _ in DIFFERENCES} - {spec.name for spec in SPECS} == set()


def test_operations_that_may_answer_null_are_known_as_such():
    assert {op.name for op in ops.OPS.values() if op.answers_null} == NULL_AWARE.keys()


def test_what_never_raises_has_no_spec_in_which_it_does():
    failing = [spec for spec in SPECS if isinstance(spec.expected, Fails)]
    assert failing
    for spec in failing:
        exprs = [expr for node in nodes.topological(spec.plan) for expr in node.exprs()]
        assert not all(map(never_raises, exprs)), spec
