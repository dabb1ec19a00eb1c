"""Features of entities from events: at points in time, by location, and by sequences of locations."""

from objectiv_local.ml.features.definition import Features, Label

__all__ = ["Features", "Label"]
