"""Reads what a chart draws from its specification."""

from __future__ import annotations

import json
import re


def layers(chart):
    """Return the layers of a chart in drawing order, each with its filtered rows."""
    spec = chart.to_dict()
    found = []
    _walk(spec, spec.get("data"), {}, spec["datasets"], found)
    return found


def _walk(part, data, encoding, datasets, found):
    data, encoding = part.get("data", data), {**encoding, **part.get("encoding", {})}
    for inner in (*part.get("layer", ()), *part.get("hconcat", ())):
        _walk(inner, data, encoding, datasets, found)
    if "mark" in part:
        rows = datasets[data["name"]]
        for step in part.get("transform", ()):
            rows = [row for row in rows if _holds(step["filter"], row)]
        mark = part["mark"]
        found.append({"mark": mark["type"], "look": mark, "encoding": encoding, "rows": rows})


def _holds(test, row):
    if isinstance(test, dict):
        return row[test["field"]] in (test["oneOf"] if "oneOf" in test else [test["equal"]])
    valid = re.findall(r"isValid\(datum\.(\w+)\)", test)
    if valid:
        return all(row[name] is not None for name in valid)
    left, sign, right = re.fullmatch(r"datum\.(\w+) (>=|<|>) (\S+)", test).groups()
    one, other = row[left], row[right.removeprefix("datum.")] if right.startswith("datum.") else float(right)
    return {">=": one >= other, "<": one < other, ">": one > other}[sign]


def marks(chart, mark):
    """Return the rows of the first layer of a mark."""
    return next(each["rows"] for each in layers(chart) if each["mark"] == mark)


def values(rows, *names):
    """Return some values of each row."""
    return [row[names[0]] if len(names) == 1 else tuple(row[name] for name in names) for row in rows]


def title(chart):
    """Return the title and the note of a chart."""
    found = chart.to_dict().get("title")
    return (found["text"], found.get("subtitle", "")) if isinstance(found, dict) else (found or "", "")


def axis_titles(chart):
    """Return the titles of both axes."""
    encodings = [each["encoding"] for each in layers(chart)]
    return tuple(
        next((each[name]["title"] for each in encodings if each.get(name, {}).get("title")), None) for name in ("x", "y")
    )


def rendered(chart, capfd):
    """Return a chart as a Vega-Lite specification, after rendering it without warnings or invalid JSON values."""
    import vl_convert

    text = json.dumps(chart.to_dict(), allow_nan=False)
    capfd.readouterr()
    svg = vl_convert.vegalite_to_svg(text, show_warnings=True)
    assert capfd.readouterr().err == ""
    return svg
