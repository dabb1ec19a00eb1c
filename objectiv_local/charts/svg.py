"""Charts as static SVG, for pages without scripts."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final
from xml.etree import ElementTree

from objectiv_local.arguments import checked
from objectiv_local.charts.library import check_chart, vl_convert
from objectiv_local.charts.theme import INK, JOINER

_SVG: Final = "http://www.w3.org/2000/svg"
#: Attributes without a visible effect.
_UNSEEN: Final = (
    "class",
    "pointer-events",
    "role",
    "aria-roledescription",
    "aria-hidden",
    "aria-label",
    "font-family",
    "stroke-miterlimit",
)
#: Suffixes of keys whose values are colors; ``ink`` is the column of a heat map with colors.
_COLOR_KEYS: Final = ("color", "fill", "stroke", "ink")
_REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")


@checked
def svg(chart: Any) -> str:
    """Return an altair chart as SVG text: static, without scripts, fonts or external references.

    The background is transparent, and text takes the color of the text around the SVG, so that it fits light and dark pages.
    The same chart always gives the same text, and a page can contain several charts. The title of the chart becomes the
    ``<title>`` that screen readers read.

    Raises InvalidType for anything but an altair chart, such as a plotly figure, and NotSupported without the extra ``plot``.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> svg(hub.trend(hub.events(), by="week").plot())[:5]
    '<svg '
    """
    check_chart(chart, "svg")
    spec = _recolored(chart.to_dict())
    config = spec.setdefault("config", {})
    # Omits the descriptions of all marks, which are half of the text: a table beside the chart says more.
    config |= {"background": None, "aria": False}
    # Labels are measured in Arial; in a wider font of the page, they would otherwise overlap the title of the axis.
    config["axisY"] = {**config.get("axisY", {}), "titlePadding": 18}
    spec.pop("background", None)
    drawn = vl_convert().vegalite_to_svg(spec, show_warnings=False)
    root = ElementTree.fromstring(drawn)  # noqa: S314
    _clean(root)
    _share_gradients(root)
    _name_apart(root)
    root.attrib |= {"role": "img", "font-family": "system-ui, sans-serif"}
    title = _text(spec.get("title"))
    if title:
        title = title.replace(f"<{JOINER}", "<")
        root.set("aria-label", title)
        named = ElementTree.Element(f"{{{_SVG}}}title")
        named.text = title
        root.insert(0, named)
    for element in root.iter():
        if element.text:
            # As text of an SVG element, it cannot end a script.
            element.text = element.text.replace(f"<{JOINER}", "<")
    ElementTree.register_namespace("", _SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _recolored(part: Any, key: str = "") -> Any:
    """Return a part of a specification in which the color of text is replaced by that of the page."""
    if isinstance(part, dict):
        return {name: _recolored(value, name) for name, value in part.items()}
    if isinstance(part, list):
        return [_recolored(each) for each in part]
    return "currentColor" if part == INK and key.lower().endswith(_COLOR_KEYS) else part


def _text(title: Any) -> str:
    """Return the text of the title of a specification."""
    if isinstance(title, dict):
        return ". ".join(filter(None, (_text(title.get("text")), _text(title.get("subtitle")))))
    return " ".join(map(str, title)) if isinstance(title, list) else str(title or "")


def _clean(element: ElementTree.Element) -> None:
    """Remove invisible parts from an element."""
    for child in list(element):
        tag = child.tag.rpartition("}")[2]
        is_hidden = (
            child.get("display") == "none"
            or child.get("opacity") == "0"
            or (tag == "path" and child.get("d") in ("", "M0,0h0v0h0Z"))
        )
        is_empty = tag == "path" and child.get("class") == "background" and not (child.get("stroke") or child.get("fill"))
        if is_hidden or is_empty:
            element.remove(child)
            continue
        _clean(child)
        if tag == "g" and not len(child):
            element.remove(child)
    for name in _UNSEEN:
        element.attrib.pop(name, None)
    for name in ("opacity", "stroke-width"):
        if element.get(name) == "1":
            del element.attrib[name]


def _share_gradients(root: ElementTree.Element) -> None:
    """Keep one of several identical gradients: Vega writes one for each mark that has stripes."""
    first: dict[str, str] = {}
    same: dict[str, str] = {}
    for parent in list(root.iter()):
        for child in [each for each in parent if each.tag.endswith("Gradient")]:
            name = child.attrib.pop("id")
            kept = first.setdefault(ElementTree.tostring(child, encoding="unicode"), name)
            if kept == name:
                child.set("id", name)
            else:
                same[name] = kept
                parent.remove(child)
    _rename(root, same)


def _name_apart(root: ElementTree.Element) -> None:
    """Rename the elements that others refer to, so that names are unique in a page and the same for every rendering."""
    names = {
        element.attrib["id"]: f"part{number}"
        for number, element in enumerate(element for element in root.iter() if "id" in element.attrib)
    }
    _rename(root, names)
    prefix = hashlib.sha256(ElementTree.tostring(root)).hexdigest()[:8]
    _rename(root, {name: f"{prefix}-{name}" for name in names.values()})


def _rename(root: ElementTree.Element, names: dict[str, str]) -> None:
    for element in root.iter():
        if element.get("id") in names:
            element.set("id", names[element.attrib["id"]])
        for name, value in element.attrib.items():
            if "url(#" in value:
                element.set(name, _REFERENCE.sub(lambda found: f"url(#{names.get(found[1], found[1])})", value))
