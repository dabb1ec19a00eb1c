"""Analyses that fetch counts when they are created, because SQL cannot compute their result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Node, frame_of
from objectiv_local.hub.analyses.base.analysis import Analysis, Definition
from objectiv_local.hub.analyses.base.scope import Scope


class Fetched(Analysis):
    """An analysis with the query of the counts that its frame is computed from."""

    _has_query = False

    def __init__(
        self,
        name: str,
        frame: DataFrame,
        scope: Scope,
        definition: Definition,
        members: Node | Callable[[Mapping[str, Any]], Node],
        counts: Node,
        cells: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(name, frame, scope, definition, members, cells)
        self._counts = counts

    def view_sql(self, dialect: str | None = None) -> str:
        """Return the SQL of the counts, for its own or another dialect."""
        return frame_of(self._scope.state_over(self._counts), list(self._counts.types)).view_sql(dialect=dialect)
