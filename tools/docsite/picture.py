"""Draws the picture of the home page, for light and for dark pages: `python -m tools.docsite.picture`."""

from __future__ import annotations

import re
from pathlib import Path

import objectiv_local as ol

ASSETS = Path(__file__).parents[2] / "docs" / "assets"
#: The color of the text on each kind of page, and room for fonts that are wider than the one that the chart was laid out with.
COLORS, ROOM = {"light": "#24292f", "dark": "#e6edf3"}, 30


def main() -> None:
    """Write both pictures."""
    hub = ol.ModelHub()
    retention = hub.retention(hub.events(), by="week", start_date="2022-01-31", end_date="2022-04-04", periods=9)
    svg = ol.charts.svg(retention.plot(title="Weekly retention of the sample events", width=480, height=280))
    svg = re.sub(r'(width="|viewBox="0 0 )(\d+)', lambda found: f"{found[1]}{int(found[2]) + ROOM}", svg, count=2)
    for name, color in COLORS.items():
        (ASSETS / f"retention-{name}.svg").write_text(svg.replace("<svg ", f'<svg color="{color}" ', 1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
