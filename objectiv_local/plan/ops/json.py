"""JSON objects and arrays. Lists and structs are JSON too."""

from __future__ import annotations

from objectiv_local.plan.ops.operation import scalar

OPERATIONS = (
    scalar(
        "json_get", "json string! -> json", meaning="The member of an object under a key; NULL if there is none.", total=True
    ),
    scalar(
        "json_get_text",
        "json string! -> string",
        meaning="The member of an object under a key as a string without quotes; NULL if there is none or it is null.",
        total=True,
    ),
    scalar(
        "json_index",
        "json int64! -> json",
        meaning="The element of an array at a position, counted from the end if negative; NULL if out of range.",
        total=True,
    ),
    scalar(
        "json_slice",
        "json any!? any!? -> =1",
        meaning="The elements of an array from start to stop. A bound is a position, as in Python, or an object: the "
        "first element that contains all its members. A stop position is excluded, a stop object included. An "
        "object that is not found, NULL, and a value that is not an array result in an empty array.",
        total=True,
        answers_null=True,
    ),
    scalar(
        "json_filter",
        "json json! -> =1",
        meaning="The elements of an array that contain all members of an object; an empty array for NULL and for a value that "
        "is not an array.",
        total=True,
        answers_null=True,
    ),
    scalar(
        "json_has",
        "json json! -> bool",
        meaning="Whether an array has an element that contains all members of an object; false for NULL and for a value that "
        "is not an array.",
        total=True,
        answers_null=True,
    ),
    scalar(
        "json_length",
        "json -> int64",
        meaning="The number of elements of an array; NULL for a value that is not an array.",
        total=True,
    ),
    scalar(
        "json_contains",
        "json any! -> bool",
        meaning="Whether an array has a string, number, bool or null (given as JSON) as an element; NULL for NULL, "
        "false for other JSON values.",
        total=True,
    ),
    scalar(
        "json_equal",
        "json json! -> bool",
        meaning="Whether a JSON value equals a constant: objects with the same members in any order, arrays with the same "
        "elements in the same order, numbers of the same value; NULL for NULL.",
        total=True,
    ),
    scalar(
        "json_index_text",
        "json int64! -> string",
        meaning="The element of an array at a position as a string without quotes; NULL if out of range or null.",
        total=True,
    ),
    scalar(
        "json_text",
        "json -> string",
        meaning="A JSON value as text, and a JSON string without its quotes; NULL for null and for NULL.",
        total=True,
    ),
    scalar(
        "json_type",
        "json -> string",
        meaning="The type of a JSON value: object, array, string, number, boolean or null; NULL for NULL.",
        total=True,
    ),
    scalar(
        "json_integer",
        "json -> int64",
        meaning="The value of a JSON number that is whole and fits in 64 bits; NULL for anything else. A number with a "
        "fraction or an exponent, such as 1e2, is read as a float and has to have at most 15 digits.",
        total=True,
    ),
    scalar(
        "json_range",
        "int64 -> json",
        meaning="The integers from 0 up to but not including a number, as an array; empty for 0 and negative numbers.",
    ),
    scalar(
        "json_path_name",
        "json string! string! string! string! string! string! -> string",
        meaning="A readable name for an array of objects, outermost first. The title of an object is its member "
        "under the first key in words (with a space before each capital after a lower-case letter, and every "
        "occurrence of the third string removed), the fourth string, and its member under the second key. The name "
        "is the title of the innermost object and, if the others have titles, the fifth string and their titles, "
        "separated by the sixth. An object without one of the members has no title; NULL if that is the "
        "innermost, for an empty array and for a value that is not an array.",
        total=True,
        costly="name",
    ),
    scalar(
        "json_pick",
        "json json! -> =1",
        meaning="The elements of an array, reduced to non-null members whose keys are in another array; an "
        "empty object for an element that is not an object, an empty array for NULL and for a value that is not an array.",
        total=True,
        answers_null=True,
    ),
    scalar(
        "json_data",
        "json string! string! string! -> json",
        meaning="The members under the first key of those objects of an array whose member under the second key, as a string, "
        "contains the third string; an empty array for NULL and for a value that is not an array.",
        total=True,
        answers_null=True,
    ),
)
