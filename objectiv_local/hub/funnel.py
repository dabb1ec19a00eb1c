"""Funnel discovery: the paths that users take through locations."""

from __future__ import annotations

from objectiv_local.arguments import checked
from objectiv_local.hub.methods import Offers, method
from objectiv_local.hub.models import paths, sankey


@checked
class FunnelDiscovery(Offers):
    """Paths of consecutive locations: what users do, step by step."""

    _place = "hub.get_funnel_discovery()"
    #: The column with the number of the converting step; the misspelled name is kept for compatibility.
    CONVERSTION_STEP_COLUMN = paths.CONVERSION_STEP
    CONVERSION_STEP_COLUMN = paths.CONVERSION_STEP

    get_navigation_paths = method(paths.get_navigation_paths)
    plot_sankey_diagram = method(sankey.plot_sankey_diagram)
