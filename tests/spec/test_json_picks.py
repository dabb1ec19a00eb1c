"""What is made of JSON in one operation: names of places, some members, values by a schema."""

from __future__ import annotations

import pytest
from reference import Json
from spec.specs import Spec, op, rowwise

from objectiv_local.plan.expr import call, literal
from objectiv_local.types import JSON, STRING

#: How a place in a product is named.
PLACE = ("_type", "id", " Context", ": ", " located at ", " => ")
PICKS = [
    rowwise(
        "json_type: of each",
        {"a": JSON},
        op("json_type"),
        STRING,
        [
            (Json({"a": 1}), "object"),
            (Json([]), "array"),
            (Json("x"), "string"),
            (Json(1), "number"),
            (Json(1.5), "number"),
            (Json(-3), "number"),
            (Json(10**30), "number"),
            (Json(True), "boolean"),
            (Json(None), "null"),
            (None, None),
        ],
    ),
    rowwise(
        "json_path_name: of places",
        {"a": JSON},
        lambda a: call("json_path_name", a, *map(literal, PLACE)),
        STRING,
        [
            (
                Json(
                    [
                        {"_type": "RootLocationContext", "id": "home"},
                        {"_type": "NavigationContext", "id": "top"},
                        {"_type": "LinkContext", "id": "logo"},
                    ]
                ),
                "Link: logo located at Root Location: home => Navigation: top",
            ),
            (Json([{"_type": "WebDocumentContext", "id": "#document"}]), "Web Document: #document"),
            # Those without a type or an id have no name.
            (Json([{"id": "x"}, {"_type": "LinkContext"}]), None),
            (Json([{"id": "x"}, {"_type": "LinkContext", "id": "y"}]), "Link: y"),
            (Json([{"_type": "AContext", "id": 1}, 5, {"_type": "BContext", "id": ""}]), "BContext:  located at AContext: 1"),
            (Json([]), None),
            (Json({"id": 1}), None),
            (None, None),
            # Only a word of its own is left out.
            (Json([{"_type": "ContextualMenuContext", "id": "é\"'"}]), "Contextual Menu: é\"'"),
            (Json([{"_type": "Context", "id": "a"}]), "Context: a"),
            (Json([{"_type": "HTMLContext", "id": "a"}]), "HTMLContext: a"),
            (Json([{"_type": "aBcDContext", "id": "a"}]), "a Bc DContext: a"),
        ],
    ),
    rowwise(
        "json_path_name: by other keys and words",
        {"a": JSON},
        lambda a: call("json_path_name", a, *map(literal, ("it's", "$.a", "'", "{} ", " \\1 ", "%s"))),
        STRING,
        [
            (Json([{"it's": "aB", "$.a": "x"}, {"it's": "it'sDone", "$.a": "y"}]), "its Done{} y \\1 a B{} x"),
            (
                Json([{"it's": "a", "$.a": 1}, {"it's": "b", "$.a": 2}, {"it's": True, "$.a": [3]}]),
                "true{} [3] \\1 a{} 1%sb{} 2",
            ),
        ],
    ),
    rowwise(
        "json_path_name: without words",
        {"a": JSON},
        lambda a: call("json_path_name", a, *map(literal, ("t", "t", *[""] * 4))),
        STRING,
        [(Json([{"t": ""}, {"t": "b"}]), "bb"), (Json([{"t": "a"}, {"t": "b"}, {"t": ""}]), "aabb"), (Json([{"t": ""}]), "")],
    ),
    rowwise(
        "json_pick: some members",
        {"a": JSON},
        lambda a: call("json_pick", a, literal(["_type", "id"])),
        JSON,
        [
            (
                Json([{"_type": "LinkContext", "id": "logo", "href": "/"}, {"id": 1}, 3]),
                Json([{"_type": "LinkContext", "id": "logo"}, {"id": 1}, {}]),
            ),
            (Json([{"_type": None, "id": "a"}, []]), Json([{"id": "a"}, {}])),
            # What is null within a member stays.
            (
                Json([{"_type": [{"a": None}], "id": {"b": None, "c": [None]}}]),
                Json([{"_type": [{"a": None}], "id": {"b": None, "c": [None]}}]),
            ),
            (Json([]), Json([])),
            (Json("x"), Json([])),
            (None, Json([])),
        ],
    ),
    rowwise(
        "json_pick: no members",
        {"a": JSON},
        lambda a: call("json_pick", a, literal([])),
        JSON,
        [(Json([{"a": 1}, 2, None]), Json([{}, {}, {}])), (Json([]), Json([])), (None, Json([]))],
    ),
    rowwise(
        "json_pick: some members, of the first element",
        {"a": JSON},
        lambda a: call("json_index", call("json_pick", a, literal(["id"])), literal(0)),
        JSON,
        [(Json([{"id": 1, "x": 2}, 2]), Json({"id": 1})), (Json([]), None), (None, None)],
    ),
    rowwise(
        "json_pick: no members, of the first element",
        {"a": JSON},
        lambda a: call("json_index", call("json_pick", a, literal([])), literal(0)),
        JSON,
        [(Json([{"a": 1}, 2, None]), Json({})), (Json([]), None), (None, None)],
    ),
    rowwise(
        "json_pick: members of any name",
        {"a": JSON},
        lambda a: call("json_pick", a, literal(["", "*", "it's", "$.x", "0", "it's"])),
        JSON,
        [
            (
                Json([{"": 1, "*": [], "it's": {}, "$.x": "é", "0": True, "x": 2}, ["a"]]),
                Json([{"": 1, "*": [], "it's": {}, "$.x": "é", "0": True}, {}]),
            )
        ],
    ),
    rowwise(
        "json_data: of described values",
        {"a": JSON},
        lambda a: call("json_data", a, literal("data"), literal("schema"), literal("LinkContext")),
        JSON,
        [
            (
                Json(
                    [
                        {"schema": "iglu:x/LinkContext/1-0-0", "data": {"id": 1}},
                        {"schema": "iglu:x/Other/1-0-0", "data": 2},
                        {"schema": "LinkContext"},
                        {"data": 3},
                        4,
                        None,
                    ]
                ),
                Json([{"id": 1}, None]),
            ),
            (Json([]), Json([])),
            (Json({"schema": "LinkContext", "data": 1}), Json([])),
            (None, Json([])),
        ],
    ),
    rowwise(
        "json_data: of any schema",
        {"a": JSON},
        lambda a: call("json_data", a, literal("data"), literal("schema"), literal("")),
        JSON,
        [(Json([{"schema": "", "data": "x"}, {"schema": None, "data": 1}, {"schema": 5, "data": [1]}]), Json(["x", [1]]))],
    ),
    rowwise(
        "json_data: by keys of any name",
        {"a": JSON},
        lambda a: call("json_data", a, literal("$.a"), literal("it's"), literal("'")),
        JSON,
        [(Json([{"it's": "'", "$.a": 1}, {"it's": '"', "$.a": 2}, {"it's": ["'"]}]), Json([1, None]))],
    ),
    rowwise(
        "json_index_text: elements",
        {"a": JSON},
        lambda a: call("json_index_text", a, literal(1)),
        STRING,
        [
            (Json(["x", "y"]), "y"),
            (Json([1, 2]), "2"),
            (Json([1, None]), None),
            (Json([1]), None),
            (Json({"1": 2}), None),
            (Json([0, True]), "true"),
            (None, None),
        ],
    ),
    rowwise(
        "json_index_text: from the end",
        {"a": JSON},
        lambda a: call("json_index_text", a, literal(-1)),
        STRING,
        [(Json(["x", "y"]), "y"), (Json([]), None)],
    ),
]

SPECS: list[Spec] = PICKS


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_json_picks(engine, spec):
    engine.check(spec)
