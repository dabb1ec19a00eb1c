"""Charts of plain tables, drawn by altair: data in, a chart out. What the charts of frames and analyses have in common.

A chart is data, a Vega-Lite specification: notebooks draw it, ``chart.save("chart.html")`` writes a page, ``"chart.png"`` a
picture, and :func:`svg` returns static SVG for a page of your own. Charts need the extra ``plot``.
"""

from objectiv_local.charts.svg import svg

__all__ = ["svg"]
