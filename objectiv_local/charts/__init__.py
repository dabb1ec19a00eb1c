"""Charts of plain tables, drawn by altair: the building blocks that the charts of frames and analyses have in common.

A chart is a Vega-Lite specification. Notebooks draw it, ``chart.save("chart.html")`` writes a page and ``"chart.png"`` an
image, :func:`svg` returns static SVG for a page of your own, and :func:`side_by_side` combines several charts into one. Charts
need the extra ``plot``.
"""

from objectiv_local.charts.combining import side_by_side
from objectiv_local.charts.svg import svg

__all__ = ["side_by_side", "svg"]
