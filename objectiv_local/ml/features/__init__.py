"""Features of entities from events: at moments, by location, and by sequences of locations."""

from objectiv_local.ml.features.definition import Features, Label

__all__ = ["Features", "Label"]
