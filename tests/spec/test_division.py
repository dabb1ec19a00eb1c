"""Division: IEEE division, and Python's floor division and modulo."""

from __future__ import annotations

import pytest
from spec.specs import Spec, fails, inf, nan, op, rowwise, span

from objectiv_local.plan.expr import call, literal
from objectiv_local.types import FLOAT64, INT64, INT64_MAX, INT64_MIN, TIMEDELTA

INTS = {"a": INT64, "b": INT64}
FLOATS = {"a": FLOAT64, "b": FLOAT64}
TRUEDIV = [
    rowwise(
        "truediv: integers",
        INTS,
        op("truediv"),
        FLOAT64,
        [
            (7, 2, 3.5),
            (-7, 2, -3.5),
            (6, 3, 2.0),
            (7, -2, -3.5),
            (-7, -2, 3.5),
            (1, 3, 1 / 3),
            (None, 2, None),
            (1, None, None),
        ],
    ),
    rowwise(
        "truediv: integers by zero", INTS, op("truediv"), FLOAT64, [(1, 0, inf), (-1, 0, -inf), (0, 0, nan), (None, 0, None)]
    ),
    rowwise(
        "truediv: floats",
        FLOATS,
        op("truediv"),
        FLOAT64,
        [(7.5, 2.0, 3.75), (1.0, inf, 0.0), (inf, inf, nan), (nan, 2.0, nan), (2.0, nan, nan), (None, 1.0, None)],
    ),
    rowwise(
        "truediv: floats by zero",
        FLOATS,
        op("truediv"),
        FLOAT64,
        [
            (1.0, 0.0, inf),
            (-1.0, 0.0, -inf),
            (0.0, 0.0, nan),
            (nan, 0.0, nan),
            (inf, 0.0, inf),
            (-inf, 0.0, -inf),
            (None, 0.0, None),
            (0.0, None, None),
        ],
    ),
    rowwise(
        "truediv: floats by negative zero",
        FLOATS,
        op("truediv"),
        FLOAT64,
        [(1.0, -0.0, -inf), (-1.0, -0.0, inf), (0.0, -0.0, nan), (inf, -0.0, -inf), (None, -0.0, None), (nan, -0.0, nan)],
    ),
    rowwise(
        "truediv: a constant by zeros",
        {"a": FLOAT64},
        lambda a: call("truediv", literal(-2.0), a),
        FLOAT64,
        [(0.0, -inf), (-0.0, inf), (4.0, -0.5), (None, None)],
    ),
    rowwise(
        "truediv: an integer by zeros", {"a": INT64, "b": FLOAT64}, op("truediv"), FLOAT64, [(3, -0.0, -inf), (3, 0.0, inf)]
    ),
    rowwise(
        "truediv: a float by an integer", {"a": FLOAT64, "b": INT64}, op("truediv"), FLOAT64, [(7.5, 2, 3.75), (1.0, 0, inf)]
    ),
    rowwise(
        "truediv: by a constant",
        {"a": INT64},
        lambda a: call("truediv", a, literal(2)),
        FLOAT64,
        [(7, 3.5), (-1, -0.5), (None, None)],
    ),
    rowwise(
        "truediv: by the constant zero",
        {"a": INT64},
        lambda a: call("truediv", a, literal(0)),
        FLOAT64,
        [(7, inf), (-1, -inf), (0, nan), (None, None)],
    ),
    rowwise(
        "truediv: of a constant",
        {"a": INT64},
        lambda a: call("truediv", literal(1), a),
        FLOAT64,
        [(4, 0.25), (0, inf), (None, None)],
    ),
    *(
        rowwise(
            f"truediv: of the constant {value}",
            {"b": FLOAT64},
            lambda b, value=value: call("truediv", literal(value), b),
            FLOAT64,
            [(0.0, found), (nan, nan), (None, None), (2.0, value / 2)],
        )
        for value, found in ((1.0, inf), (-1.0, -inf), (0.0, nan), (nan, nan), (inf, inf))
    ),
    rowwise(
        "truediv: durations",
        {"a": TIMEDELTA, "b": TIMEDELTA},
        op("truediv"),
        FLOAT64,
        [
            (span(hours=1), span(minutes=30), 2.0),
            (span(seconds=-1), span(seconds=3), -1 / 3),
            (span(1), span(), inf),
            (span(-1), span(), -inf),
            (span(), span(), nan),
            (None, span(1), None),
            (span(1), None, None),
        ],
    ),
]
RATIO = [
    rowwise(
        "ratio: integers",
        INTS,
        op("ratio"),
        FLOAT64,
        [
            (1, 4, 0.25),
            (-3, 2, -1.5),
            (0, 5, 0.0),
            (5, 0, None),
            (0, 0, None),
            (None, 2, None),
            (2, None, None),
            (INT64_MAX, 1, 2.0**63),
            (INT64_MIN, -1, 2.0**63),
            (1, INT64_MAX, 2.0**-63),
        ],
    )
]
FLOORDIV = [
    rowwise(
        "floordiv: integers",
        INTS,
        op("floordiv"),
        INT64,
        [
            (-7, -2, 3),
            (-7, 2, -4),
            (6, 3, 2),
            (7, -2, -4),
            (7, 2, 3),
            (-6, 3, -2),
            (0, 5, 0),
            (1, 2, 0),
            (-1, 2, -1),
            (5, 0, None),
            (0, 0, None),
            (None, 2, None),
            (2, None, None),
        ],
    ),
    rowwise(
        "floordiv: integers at the edge",
        INTS,
        op("floordiv"),
        INT64,
        [
            (INT64_MIN, 3, -3074457345618258603),
            (INT64_MIN, 1, INT64_MIN),
            (INT64_MAX, -1, -INT64_MAX),
            (INT64_MIN, INT64_MAX, -2),
            (INT64_MAX, INT64_MIN, -1),
            (INT64_MIN, INT64_MIN, 1),
            (2**53 + 1, 1, 2**53 + 1),
            (INT64_MAX, 2, 2**62 - 1),
        ],
    ),
    rowwise(
        "floordiv: by a constant",
        {"a": INT64},
        lambda a: call("floordiv", a, literal(2)),
        INT64,
        [(-7, -4), (7, 3), (-6, -3), (0, 0), (-1, -1), (INT64_MIN, -(2**62)), (None, None)],
    ),
    rowwise(
        "floordiv: the least integer by a constant",
        {"a": INT64},
        lambda a: call("floordiv", a, literal(3)),
        INT64,
        [(INT64_MIN, -3074457345618258603), (-1, -1)],
    ),
    rowwise(
        "floordiv: by a large constant",
        {"a": INT64},
        lambda a: call("floordiv", a, literal(INT64_MAX)),
        INT64,
        [(INT64_MAX - 1, 0), (-1, -1), (INT64_MIN, -2), (INT64_MAX, 1)],
    ),
    rowwise(
        "floordiv: by a negative constant",
        {"a": INT64},
        lambda a: call("floordiv", a, literal(-2)),
        INT64,
        [(-7, 3), (7, -4), (6, -3), (1, -1), (None, None)],
    ),
    rowwise(
        "floordiv: by the constant zero", {"a": INT64}, lambda a: call("floordiv", a, literal(0)), INT64, [(7, None), (0, None)]
    ),
    rowwise(
        "floordiv: of a constant",
        {"a": INT64},
        lambda a: call("floordiv", literal(-7), a),
        INT64,
        [(2, -4), (0, None), (None, None)],
    ),
    rowwise(
        "floordiv: floats",
        FLOATS,
        op("floordiv"),
        FLOAT64,
        [
            (-7.5, 2.0, -4.0),
            (7.5, 2.0, 3.0),
            (5.0, 2.0, 2.0),
            (7.5, -2.0, -4.0),
            (0.0, 2.0, 0.0),
            (nan, 2.0, nan),
            (2.0, nan, nan),
            (1.0, 0.0, None),
            (nan, 0.0, None),
            (1.0, -0.0, None),
            (None, 2.0, None),
            (1.0, None, None),
        ],
    ),
    rowwise(
        "floordiv: a float by an integer",
        {"a": FLOAT64, "b": INT64},
        op("floordiv"),
        FLOAT64,
        [(7.5, -2, -4.0), (7.5, 0, None)],
    ),
    rowwise(
        "floordiv: floats by a constant",
        {"a": FLOAT64},
        lambda a: call("floordiv", a, literal(2)),
        FLOAT64,
        [(-7.5, -4.0), (7.5, 3.0), (None, None)],
    ),
    fails("floordiv: the least integer by minus one", INTS, op("floordiv"), (INT64_MIN, -1)),
    fails(
        "floordiv: the least integer by the constant minus one",
        {"a": INT64},
        lambda a: call("floordiv", a, literal(-1)),
        (INT64_MIN,),
    ),
]
MOD = [
    rowwise(
        "mod: integers",
        INTS,
        op("mod"),
        INT64,
        [
            (-7, -2, -1),
            (-7, 2, 1),
            (6, 3, 0),
            (7, -2, -1),
            (7, 2, 1),
            (-6, 3, 0),
            (0, 5, 0),
            (5, 0, None),
            (0, 0, None),
            (None, 2, None),
            (2, None, None),
        ],
    ),
    rowwise(
        "mod: integers at the edge",
        INTS,
        op("mod"),
        INT64,
        [
            (INT64_MIN, 3, 1),
            (INT64_MAX, -1, 0),
            (INT64_MIN, INT64_MAX, INT64_MAX - 1),
            (INT64_MAX, INT64_MIN, -1),
            (-1, INT64_MAX, INT64_MAX - 1),
            (INT64_MAX - 1, INT64_MAX, INT64_MAX - 1),
        ],
    ),
    rowwise("mod: the least integer by minus one", INTS, op("mod"), INT64, [(INT64_MIN, -1, 0)]),
    rowwise(
        "mod: by the constant minus one",
        {"a": INT64},
        lambda a: call("mod", a, literal(-1)),
        INT64,
        [(INT64_MIN, 0), (INT64_MAX, 0), (None, None)],
    ),
    rowwise(
        "mod: by a constant",
        {"a": INT64},
        lambda a: call("mod", a, literal(3)),
        INT64,
        [(-7, 2), (7, 1), (-6, 0), (0, 0), (INT64_MIN, 1), (INT64_MAX, 1), (None, None)],
    ),
    rowwise(
        "mod: by a large constant",
        {"a": INT64},
        lambda a: call("mod", a, literal(INT64_MAX)),
        INT64,
        [(INT64_MAX - 1, INT64_MAX - 1), (-1, INT64_MAX - 1), (INT64_MIN, INT64_MAX - 1)],
    ),
    rowwise(
        "mod: by a negative constant",
        {"a": INT64},
        lambda a: call("mod", a, literal(-3)),
        INT64,
        [(-7, -1), (7, -2), (6, 0), (None, None)],
    ),
    rowwise("mod: by the constant zero", {"a": INT64}, lambda a: call("mod", a, literal(0)), INT64, [(7, None)]),
    rowwise(
        "mod: floats",
        FLOATS,
        op("mod"),
        FLOAT64,
        [
            (-7.5, 2.0, 0.5),
            (7.5, -2.0, -0.5),
            (5.5, 2.0, 1.5),
            (-5.5, -2.0, -1.5),
            (6.0, 2.0, 0.0),
            (nan, 2.0, nan),
            (2.0, nan, nan),
            (1.0, 0.0, None),
            (nan, 0.0, None),
            (None, 2.0, None),
            (1.0, None, None),
        ],
    ),
    rowwise("mod: an integer by a float", {"a": INT64, "b": FLOAT64}, op("mod"), FLOAT64, [(-7, 2.5, 0.5)]),
    rowwise(
        "mod: floats by a constant",
        {"a": FLOAT64},
        lambda a: call("mod", a, literal(2.0)),
        FLOAT64,
        [(-7.5, 0.5), (7.5, 1.5), (None, None)],
    ),
]

SPECS: list[Spec] = TRUEDIV + RATIO + FLOORDIV + MOD


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_division(spec, engine):
    engine.check(spec)
