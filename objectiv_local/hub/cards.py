"""Metabase cards: the SQL of a frame, with the settings of its card."""

from __future__ import annotations

from collections.abc import Mapping

from objectiv_local.errors import InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import check_aligned, state_of
from objectiv_local.hub.analyses.base.analysis import Analysis
from objectiv_local.hub.analyses.base.fetched import Fetched
from objectiv_local.hub.checks import require

#: Settings of a card, by the model that it shows.
PRESETS: dict[str, dict[str, object]] = {
    "default": {"display": "bar", "name": "Table", "description": "Made by objectiv_local"},
    "unique_users": {"display": "line", "name": "Unique users", "description": "Number of distinct users"},
    "unique_sessions": {"display": "bar", "name": "Unique sessions", "description": "Number of distinct sessions"},
}
_SETTINGS = ("display", "name", "description", "dimensions", "metrics", "result_metadata")


#: The display of an analysis and the columns that it shows; other analyses get one bar per value of the first column.
_ANALYSES: dict[str, tuple[str, tuple[str, ...]]] = {
    "trend": ("line", ("value",)),
    "active_users": ("line", ("daily", "weekly", "monthly")),
    "lifecycle": ("bar", ("new", "returning", "resurrecting", "dormant")),
    "funnel": ("bar", ("users",)),
    "drivers": ("bar", ("phi",)),
    "impact": ("bar", ("score",)),
    "attribution": ("bar", ("credit",)),
    # Charts of these would have one bar per user, or several dimensions, which Metabase cannot draw from SQL.
    **dict.fromkeys(("cohort", "sessions", "rfm", "quality", "properties", "paths", "retention", "experiment"), ("table", ())),
}
_FIXED = "The numbers were computed when the card was created and do not change."


def to_metabase(
    data: DataFrame | Series | Analysis, model_type: str | None = None, config: Mapping[str, object] | None = None
) -> dict[str, str]:
    """Put the SQL of a frame or an analysis on a Metabase dashboard as a card, and return the URLs of both.

    ``model_type`` is a preset for the look of the card: ``unique_users``, ``unique_sessions`` or ``default``. ``config``
    overrides settings of the card: display, name, description, dimensions (by default the index), metrics (by default the
    columns). The card of an analysis gets its name, its definition as the description, and a suitable display. If there is a
    card with the same name and description, it is updated.

    The server and the login come from the environment: METABASE_URL, METABASE_USERNAME, METABASE_PASSWORD,
    METABASE_DATABASE_ID, METABASE_DASHBOARD_ID, METABASE_COLLECTION_ID, METABASE_WEB_URL.

    Raises ConnectionFailed if the server refuses the request or does not answer within 30 seconds, and InvalidValue for
    unknown settings.
    """
    # Loads the HTTP client, which few users need.
    from objectiv_local.hub.metabase import Metabase

    if isinstance(data, Analysis):
        frame, config = data.frame, {**({} if model_type else _of_analysis(data)), **(config or {})}
    else:
        frame = data.to_frame() if isinstance(data, Series) else require(data, "to_metabase")
    if frame.engine is not None:
        check_aligned(state_of(frame).plan, frame.engine)
    settings = card_settings(frame, model_type, config)
    return Metabase().add_update_card(frame.view_sql(), settings)


def card_settings(frame: DataFrame, model_type: str | None, config: Mapping[str, object] | None) -> dict[str, object]:
    """Return the settings of the card of a frame."""
    if model_type is not None and model_type not in PRESETS:
        raise InvalidValue(f"unknown preset {model_type!r}", hint=near(str(model_type), PRESETS))
    if config is not None and not isinstance(config, Mapping):
        raise InvalidType(
            f"config has to be a dict of settings, not {config!r}", hint="for instance config={'name': 'Daily users'}"
        )
    for name in config or {}:
        if name not in _SETTINGS:
            raise InvalidValue(f"a card has no setting {name!r}", hint=near(str(name), _SETTINGS))
    own = {"dimensions": frame.index_columns, "metrics": frame.data_columns, "result_metadata": []}
    return {**PRESETS[model_type or "default"], **own, **(config or {})}


def _of_analysis(analysis: Analysis) -> dict[str, object]:
    """Return the settings of the card of an analysis."""
    columns = analysis.frame.data_columns
    display, metrics = _ANALYSES.get(analysis.name, ("bar", tuple(columns[:1])))
    return {
        "display": display,
        "name": analysis.name.replace("_", " ").capitalize(),
        "description": f"{analysis.rule_text}\n{_FIXED}" if isinstance(analysis, Fetched) else analysis.rule_text,
        "metrics": [name for name in metrics if name in columns] or columns,
    }
