"""Series of uuids."""

from __future__ import annotations

from objectiv_local.frame.handles import series_class
from objectiv_local.frame.series.base import Series


@series_class("uuid")
class SeriesUuid(Series):
    """Series of uuids; text when fetched. They compare with text and with ``uuid.UUID``."""

    __slots__ = ()
