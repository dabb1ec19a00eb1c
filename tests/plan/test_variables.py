"""Variables get their values: in expressions, in conditions of joins, and in queries within expressions."""

from __future__ import annotations

from plan.events import events

from objectiv_local.plan.explain import explain
from objectiv_local.plan.expr import InQuery, Variable, call, literal
from objectiv_local.plan.nodes import Extend, Filter, Join
from objectiv_local.plan.variables import set_variables, variables
from objectiv_local.types import INT64

MOST = Variable("most", 2, INT64)


def test_a_variable_becomes_its_value():
    plan = events()
    few = Filter(plan, call("le", plan.column("k"), MOST))
    assert (
        f"{explain(few)}\nbecomes\n{explain(set_variables(few))}"
        == """\
2 Filter: le(k, most=2) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
2 Filter: le(k, 2) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_variables_in_conditions_of_joins_and_in_queries():
    plan = events()
    columns = (("event_id", "left", ("event_id", "event_id")), ("k", "left", ("k", "k")))
    met = Join(plan, plan, "inner", (("user_id", "user_id"),), columns, condition=call("le", literal(1), MOST))
    few = Filter(plan, call("le", plan.column("k"), MOST))
    asked = Filter(met, InQuery(met.column("k"), few, "k"))
    assert variables(asked) == [MOST]
    done = set_variables(asked)
    assert variables(done) == []
    assert "most" not in explain(done)


def test_two_variables_of_one_name_and_two_values_keep_them():
    plan = events()
    other = Variable("most", 2.5, literal(2.5).type)
    both = Extend(plan, (("a", call("add", plan.column("k"), MOST)), ("b", call("add", plan.column("k"), other))))
    assert "a = add(k, 2), b = add(k as float64, 2.5)" in explain(set_variables(both))


def test_a_plan_without_variables_stays():
    plan = Filter(events(), call("gt", events().column("k"), literal(2)))
    assert set_variables(plan) is plan
