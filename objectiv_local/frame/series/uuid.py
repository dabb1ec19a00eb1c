"""Series of UUIDs."""

from __future__ import annotations

from objectiv_local.frame.handles import series_class
from objectiv_local.frame.series.base import Series


@series_class("uuid")
class SeriesUuid(Series):
    """Series of UUIDs; strings when fetched. They can be compared with strings and with ``uuid.UUID``."""

    __slots__ = ()
