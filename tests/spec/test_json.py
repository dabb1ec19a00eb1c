"""JSON: members, elements, and slices by position or by the first element that contains an object."""

from __future__ import annotations

import pytest
from reference import Json
from spec.specs import Spec, op, rowwise

from objectiv_local.plan.expr import call, literal
from objectiv_local.types import BOOL, INT64, JSON, STRING, Type

DOC = {"a": JSON}
STACK = Type("json", "stack")
# Keys that an engine might read as a path, a wildcard, a position or the end of its text.
KEYS = ["a", "_type", "$.a", "$", "/a", "/", "*", "", "#", "a b", "a.b", 'a"b', "a\\b", "a'b", "é", "0", "-1", "[0]", "A", "%s"]
ALL_KEYS = Json({key: f"value {i}" for i, key in enumerate(KEYS)} | {"": "empty"})


def keyed(name: str, doc: Json, key: str):
    return rowwise(
        f"{name}: the key {key!r}",
        DOC,
        lambda a: call(name, a, literal(key)),
        STRING if name == "json_get_text" else JSON,
        [(doc, doc.value[key] if name == "json_get_text" else Json(doc.value[key])), (Json({"b": 1}), None), (None, None)],
    )


GET = [
    rowwise(
        "json_get: a member",
        DOC,
        lambda a: call("json_get", a, literal("x")),
        JSON,
        [
            (Json({"x": 1}), Json(1)),
            (Json({"x": "y"}), Json("y")),
            (Json({"x": [1, {"z": None}]}), Json([1, {"z": None}])),
            (Json({"x": False}), Json(False)),
            (Json({"x": {}}), Json({})),
            (Json({"x": 1.5}), Json(1.5)),
        ],
    ),
    rowwise(
        "json_get: the member null is JSON's null",
        DOC,
        lambda a: call("json_get", a, literal("x")),
        JSON,
        [(Json({"x": None}), Json(None))],
    ),
    rowwise(
        "json_get: no member",
        DOC,
        lambda a: call("json_get", a, literal("x")),
        JSON,
        [
            (Json({}), None),
            (Json({"y": {"x": 1}}), None),
            (Json([{"x": 1}]), None),
            (Json(1), None),
            (Json("x"), None),
            (Json(None), None),
            (None, None),
        ],
    ),
    rowwise(
        "json_get: a number is not the position in an array",
        DOC,
        lambda a: call("json_get", a, literal("0")),
        JSON,
        [(Json([5]), None), (Json({"0": 5}), Json(5))],
    ),
    rowwise(
        "json_get: a member of a member",
        DOC,
        lambda a: call("json_get", call("json_get", a, literal("x")), literal("y")),
        JSON,
        [(Json({"x": {"y": 2}}), Json(2)), (Json({"x": 2}), None)],
    ),
    rowwise(
        "json_get_text: a member",
        DOC,
        lambda a: call("json_get_text", a, literal("x")),
        STRING,
        [
            (Json({"x": "y"}), "y"),
            (Json({"x": 1}), "1"),
            (Json({"x": -12345678901}), "-12345678901"),
            (Json({"x": 1.5}), "1.5"),
            (Json({"x": True}), "true"),
            (Json({"x": 'it\'s "é" \\ 😀\n'}), 'it\'s "é" \\ 😀\n'),
            (Json({"x": ""}), ""),
            (Json({"x": "null"}), "null"),
            (Json({"x": []}), "[]"),
            (Json({"x": {}}), "{}"),
        ],
    ),
    rowwise(
        "json_get_text: an array or object is compact",
        DOC,
        lambda a: call("json_get_text", a, literal("x")),
        STRING,
        [(Json({"x": [1, 2]}), "[1,2]"), (Json({"x": {"y": [True, None]}}), '{"y":[true,null]}')],
    ),
    rowwise(
        "json_text: without quotes",
        DOC,
        lambda a: call("json_text", a),
        STRING,
        [
            (Json("a 'b' \"c\""), "a 'b' \"c\""),
            (Json(""), ""),
            (Json(12), "12"),
            (Json(-1.5), "-1.5"),
            (Json(True), "true"),
            (Json(False), "false"),
            (Json(None), None),
            (None, None),
            (Json([]), "[]"),
            (Json({}), "{}"),
            (Json("null"), "null"),
        ],
    ),
    rowwise(
        "json_text: of an element and of a member",
        DOC,
        lambda a: call("json_text", call("json_index", call("json_get", a, literal("x")), literal(0))),
        STRING,
        [(Json({"x": ["y"]}), "y"), (Json({"x": [None]}), None), (Json({"x": "y"}), None), (Json({}), None)],
    ),
    rowwise(
        "json_text: compared",
        DOC,
        lambda a: call("eq", call("json_text", a), literal("1")),
        BOOL,
        [(Json("1"), True), (Json(1), True), (Json("2"), False), (Json(None), None)],
    ),
    rowwise(
        "json_get_text: no member or null",
        DOC,
        lambda a: call("json_get_text", a, literal("x")),
        STRING,
        [
            (Json({"x": None}), None),
            (Json({}), None),
            (Json([{"x": 1}]), None),
            (Json("x"), None),
            (Json(None), None),
            (None, None),
        ],
    ),
    rowwise(
        "json_get_text: compared",
        DOC,
        lambda a: call("eq", call("json_get_text", a, literal("x")), literal("y")),
        BOOL,
        [(Json({"x": "y"}), True), (Json({"x": "z"}), False), (Json({}), None)],
    ),
    *(keyed("json_get", ALL_KEYS, key) for key in KEYS),
    *(keyed("json_get_text", ALL_KEYS, key) for key in KEYS),
]
ABC = Json(["a", "b", "c"])
INDEX = [
    rowwise(
        f"json_index: {position}",
        DOC,
        lambda a, position=position: call("json_index", a, literal(position)),
        JSON,
        [
            (ABC, expected),
            (Json([]), None),
            (Json({"0": 1, "-1": 2}), None),
            (Json("abc"), None),
            (Json(5), None),
            (Json(None), None),
            (None, None),
        ],
    )
    for position, expected in {0: Json("a"), 2: Json("c"), 3: None, -1: Json("c"), -3: Json("a"), -4: None}.items()
] + [
    rowwise(
        "json_index: an element of any kind",
        DOC,
        lambda a: call("json_index", a, literal(1)),
        JSON,
        [
            (Json([1, None]), Json(None)),
            (Json([1, {"x": [2]}]), Json({"x": [2]})),
            (Json([1, [2]]), Json([2])),
            (Json([1, "é"]), Json("é")),
        ],
    ),
    rowwise(
        "json_index: then a member",
        DOC,
        lambda a: call("json_get_text", call("json_index", a, literal(-1)), literal("id")),
        STRING,
        [(Json([{"id": "x"}, {"id": "y"}]), "y"), (Json([]), None)],
    ),
]
ROOT = {"_type": "RootLocationContext", "id": "home"}
NAV = {"_type": "NavigationContext", "id": "nav"}
LINK_A = {"_type": "LinkContext", "id": "a", "x": 1}
LINK_B = {"_type": "LinkContext", "id": "b"}
PATH = [ROOT, NAV, LINK_A, LINK_B]
# The bounds, and what they leave of PATH.
SLICES = [
    (1, 3, [NAV, LINK_A]),
    (-2, None, [LINK_A, LINK_B]),
    (None, -1, [ROOT, NAV, LINK_A]),
    (0, 99, PATH),
    (3, 1, []),
    (-99, 2, [ROOT, NAV]),
    (None, None, PATH),
    (None, 2, [ROOT, NAV]),
    (2, None, [LINK_A, LINK_B]),
    (-3, -1, [NAV, LINK_A]),
    (1, -1, [NAV, LINK_A]),
    (9, None, []),
    (None, 0, []),
    ({"_type": "LinkContext"}, None, [LINK_A, LINK_B]),
    (None, {"id": "nav"}, [ROOT, NAV]),
    ({"id": "nav"}, {"_type": "LinkContext", "id": "a"}, [NAV, LINK_A]),
    ({"id": "zz"}, None, []),
    (None, {"id": "zz"}, []),
    ({"id": "zz"}, {"id": "zz"}, []),
    ({"id": "nav"}, {"id": "home"}, []),
    ({"id": "nav"}, {"id": "nav"}, [NAV]),
    (1, {"id": "a"}, [NAV, LINK_A]),
    (3, {"id": "a"}, []),
    ({"id": "nav"}, 3, [NAV, LINK_A]),
    ({"id": "nav"}, -1, [NAV, LINK_A]),
    (-3, {"id": "a"}, [NAV, LINK_A]),
    ({"x": 1}, None, [LINK_A, LINK_B]),
    ({"x": "1"}, None, []),
    ({"_type": "LinkContext", "id": "home"}, None, []),
]


def bound(value):
    return literal(value, None if value is not None else INT64)


SLICE = [
    rowwise(
        f"json_slice: [{'' if start is None else start}:{'' if stop is None else stop}]",
        DOC,
        lambda a, start=start, stop=stop: call("json_slice", a, bound(start), bound(stop)),
        JSON,
        [
            (Json(PATH), Json(expected)),
            (Json([]), Json([])),
            (None, Json([])),
            (Json(None), Json([])),
            (Json({"id": "nav"}), Json([])),
            (Json("nav"), Json([])),
            (Json(3), Json([])),
        ],
    )
    for start, stop, expected in SLICES
] + [
    rowwise(
        "json_slice: keeps the label",
        {"a": STACK},
        lambda a: call("json_slice", a, literal(1), bound(None)),
        STACK,
        [(Json(PATH), Json(PATH[1:]))],
    ),
    rowwise(
        "json_slice: elements of every kind",
        DOC,
        lambda a: call("json_slice", a, literal(1), bound(None)),
        JSON,
        [(Json([0, None, "é", 1.5, True, [1, {}], {"x": None}]), Json([None, "é", 1.5, True, [1, {}], {"x": None}]))],
    ),
    rowwise(
        "json_slice: elements that are no objects contain nothing",
        DOC,
        lambda a: call("json_slice", a, literal({"id": "x"}), bound(None)),
        JSON,
        [(Json([1, "id", None, ["id", "x"], [{"id": "x"}], {"id": "x"}, 2]), Json([{"id": "x"}, 2]))],
    ),
    rowwise(
        "json_slice: of a slice",
        DOC,
        lambda a: call("json_slice", call("json_slice", a, literal(1), bound(None)), bound(None), literal(-1)),
        JSON,
        [(Json(PATH), Json([NAV, LINK_A]))],
    ),
    rowwise(
        "json_slice: the first element that contains the object",
        DOC,
        lambda a: call("json_slice", a, literal({"k": 1}), literal({"k": 1})),
        JSON,
        [(Json([{"k": 0}, {"k": 1, "n": 1}, {"k": 1, "n": 2}]), Json([{"k": 1, "n": 1}]))],
    ),
]
# An object, and which of the elements contain all its members.
ELEMENTS = [
    {"id": "x", "n": 1},
    {"id": "x", "n": 2},
    {"id": "y", "n": 1.0},
    {"n": "1"},
    {"n": True},
    {"n": None},
    {},
    1,
    "id",
    None,
    [{"id": "x"}],
    {"m": {"id": "x"}},
    {"m": [1, 2]},
    {"q": 'it\'s "é" \\'},
    {"$.a": 1, "a b": "c"},
]
MATCHES = [
    ({"id": "x"}, [0, 1]),
    ({"id": "x", "n": 2}, [1]),
    ({"n": 1}, [0, 2]),
    ({"n": "1"}, [3]),
    ({"n": True}, [4]),
    ({"n": None}, [5]),
    ({"m": {"id": "x"}}, [11]),
    ({"q": 'it\'s "é" \\'}, [13]),
    ({"$.a": 1, "a b": "c"}, [14]),
    ({"id": "zz"}, []),
    ({"zz": None}, []),
    ({}, [0, 1, 2, 3, 4, 5, 6, 11, 12, 13, 14]),
]
FILTER = [
    rowwise(
        f"json_filter: {members}",
        DOC,
        lambda a, members=members: call("json_filter", a, literal(members)),
        JSON,
        [
            (Json(ELEMENTS), Json([ELEMENTS[i] for i in found])),
            (Json([]), Json([])),
            (None, Json([])),
            (Json(None), Json([])),
            (Json({"id": "x"}), Json([])),
            (Json("x"), Json([])),
        ],
    )
    for members, found in MATCHES
] + [
    rowwise(
        "json_filter: keeps the label",
        {"a": STACK},
        lambda a: call("json_filter", a, literal({"id": "nav"})),
        STACK,
        [(Json(PATH), Json([NAV]))],
    ),
    rowwise(
        "json_filter: of what another left",
        DOC,
        lambda a: call("json_filter", call("json_filter", a, literal({"_type": "LinkContext"})), literal({"id": "b"})),
        JSON,
        [(Json(PATH), Json([LINK_B])), (Json([LINK_A, NAV]), Json([])), (None, Json([]))],
    ),
    rowwise(
        "json_filter: twice by one member",
        DOC,
        lambda a: call("json_filter", call("json_filter", a, literal({"id": "a"})), literal({"id": "b"})),
        JSON,
        [(Json(PATH), Json([])), (None, Json([]))],
    ),
    rowwise(
        "json_filter: how many are left",
        DOC,
        lambda a: call("json_length", call("json_filter", a, literal({"_type": "LinkContext"}))),
        INT64,
        [(Json(PATH), 2), (None, 0)],
    ),
]
HAS = [
    rowwise(
        f"json_has: {members}",
        DOC,
        lambda a, members=members: call("json_has", a, literal(members)),
        BOOL,
        [
            (Json(ELEMENTS), bool(found)),
            (Json([]), False),
            (None, False),
            (Json(None), False),
            (Json({"id": "x"}), False),
            (Json("x"), False),
        ],
    )
    for members, found in MATCHES
] + [
    # An object within the object is contained as the object itself is: it may have more members.
    rowwise(
        "json_has: a member that is an object contains all members too",
        DOC,
        lambda a: call("json_has", a, literal({"m": {"x": 1}})),
        BOOL,
        [
            (Json([{"m": {"x": 1}}]), True),
            (Json([{"m": {"x": 1, "y": 2}}]), True),
            (Json([{"m": {"y": 2}}]), False),
            (Json([{"m": [{"x": 1}]}]), False),
            (Json([{"m": 1}]), False),
            (Json([{"x": 1}]), False),
        ],
    ),
    rowwise(
        "json_has: an empty object within the object",
        DOC,
        lambda a: call("json_has", a, literal({"m": {}})),
        BOOL,
        [
            (Json([{"m": {"x": 1}}]), True),
            (Json([{"m": {}}]), True),
            (Json([{"m": []}]), False),
            (Json([{"m": None}]), False),
            (Json([{}]), False),
        ],
    ),
    rowwise(
        "json_has: the order of members means nothing",
        DOC,
        lambda a: call("json_has", a, literal({"m": {"x": 1, "y": 2}})),
        BOOL,
        [(Json([{"m": {"y": 2, "x": 1}}]), True)],
    ),
]
LENGTH = [
    rowwise(
        "json_length: of arrays",
        DOC,
        op("json_length"),
        INT64,
        [
            (Json(PATH), 4),
            (Json([]), 0),
            (Json([None]), 1),
            (Json([[1, 2]]), 1),
            (Json({"a": 1}), None),
            (Json("abc"), None),
            (Json(3), None),
            (Json(None), None),
            (None, None),
        ],
    )
]
RANGE = [
    rowwise(
        "json_range: from 0",
        {"n": INT64},
        op("json_range"),
        JSON,
        [(3, Json([0, 1, 2])), (1, Json([0])), (0, Json([])), (-2, Json([])), (None, None)],
    )
]

SPECS: list[Spec] = GET + INDEX + SLICE + FILTER + HAS + LENGTH + RANGE


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_json(spec, engine):
    engine.check(spec)
