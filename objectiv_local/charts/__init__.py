"""Charts of plain tables, drawn by altair: data in, a chart out. What the charts of frames and analyses have in common.

A chart is data, a Vega-Lite specification: notebooks draw it, ``chart.save("chart.html")`` writes a page, ``"chart.png"`` a
picture, :func:`svg` returns static SVG for a page of your own, and :func:`side_by_side` puts several charts into one. Charts
need the extra ``plot``.
"""

from objectiv_local.charts.combining import side_by_side
from objectiv_local.charts.svg import svg

__all__ = ["side_by_side", "svg"]
