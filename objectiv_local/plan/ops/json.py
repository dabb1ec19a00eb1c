"""Objects and arrays of JSON. Lists and structs are JSON too."""

from __future__ import annotations

from objectiv_local.plan.ops.operation import scalar

OPERATIONS = (
    scalar("json_get", "json string! -> json", meaning="The member of an object under a key; NULL if there is none.",
           total=True),
    scalar("json_get_text", "json string! -> string",
           meaning="The member of an object under a key as text, without quotes; NULL if there is none or if it is null.",
           total=True),
    scalar("json_index", "json int64! -> json",
           meaning="The element of an array at a position, counted from the end if negative; NULL if there is none.",
           total=True),
    scalar("json_slice", "json any!? any!? -> =1",
           meaning="The elements of an array from start to stop. A bound is a position, as in Python, or an object: the "
                   "first element that contains all its members. A stop position is excluded, a stop object included. An "
                   "object that is not found, NULL and what is not an array give an empty array.", total=True),
    scalar("json_filter", "json json! -> =1",
           meaning="The elements of an array that contain all members of an object; an empty array for NULL and for what "
                   "is not an array.", total=True),
    scalar("json_has", "json json! -> bool",
           meaning="Whether an array has an element that contains all members of an object; false for NULL and for what "
                   "is not an array.", total=True),
    scalar("json_length", "json -> int64", meaning="The number of elements of an array; NULL for what is not an array.",
           total=True),
    scalar("json_contains", "json any! -> bool",
           meaning="Whether an array has a string, number, bool or null (given as JSON) as an element; NULL for NULL, "
                   "false for other JSON values.", total=True),
    scalar("json_equal", "json json! -> bool",
           meaning="Whether a JSON value equals a constant: objects with the same members in any order, arrays with the same "
                   "elements in the same order, numbers of the same value; NULL for NULL.", total=True),
    scalar("json_index_text", "json int64! -> string",
           meaning="The element of an array at a position as text, without quotes; NULL if there is none or if it is null.",
           total=True),
    scalar("json_type", "json -> string",
           meaning="The type of a JSON value: object, array, string, number, boolean or null; NULL for NULL.", total=True),
    scalar("json_integer", "json -> int64",
           meaning="The value of a JSON number that is whole and fits in 64 bits; NULL for anything else. A number with a "
                   "fraction or an exponent, such as 1e2, is read as a float and has to have at most 15 digits.", total=True),
    scalar("json_path_name", "json -> string",
           meaning="The name of a path of objects from the outermost to the innermost: the _type of each in words, without "
                   "Context, and its id, as in 'Link: logo located at Root Location: home => Navigation: top'. An object "
                   "without one of them is left out; NULL where that is the innermost, for an empty array and for what is "
                   "no array.",
           total=True, costly=True),
    scalar("json_path_features", "json -> =1",
           meaning="The elements of an array with their members _type and id only, those that are not null; an empty array "
                   "for NULL and for what is not an array."),
    scalar("json_data", "json string! -> json",
           meaning="The members data of those objects of an array whose member schema, as text, contains a text; an empty "
                   "array for NULL and for what is not an array."),
)
