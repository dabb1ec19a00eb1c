"""The model hub: product analytics models over event frames."""

from __future__ import annotations

from objectiv_local.hub.modelhub import ModelHub
from objectiv_local.hub.series import SeriesGlobalContext, SeriesGlobalContexts, SeriesLocationStack

__all__ = ["ModelHub", "SeriesGlobalContext", "SeriesGlobalContexts", "SeriesLocationStack"]
