"""The open analytics taxonomy: its event and context types, and their JSON."""

from __future__ import annotations

import json

_PARENTS = {
    "AbstractEvent": "",
    "InteractiveEvent": "AbstractEvent",
    "PressEvent": "InteractiveEvent",
    "InputChangeEvent": "InteractiveEvent",
    "NonInteractiveEvent": "AbstractEvent",
    "ApplicationLoadedEvent": "NonInteractiveEvent",
    "SuccessEvent": "NonInteractiveEvent",
    "FailureEvent": "NonInteractiveEvent",
    "VisibleEvent": "NonInteractiveEvent",
    "HiddenEvent": "NonInteractiveEvent",
    "MediaEvent": "NonInteractiveEvent",
    "MediaLoadEvent": "MediaEvent",
    "MediaStartEvent": "MediaEvent",
    "MediaPauseEvent": "MediaEvent",
    "MediaStopEvent": "MediaEvent",
    "AbstractContext": "",
    "AbstractGlobalContext": "AbstractContext",
    "ApplicationContext": "AbstractGlobalContext",
    "CookieIdContext": "AbstractGlobalContext",
    "HttpContext": "AbstractGlobalContext",
    "IdentityContext": "AbstractGlobalContext",
    "InputValueContext": "AbstractGlobalContext",
    "LocaleContext": "AbstractGlobalContext",
    "MarketingContext": "AbstractGlobalContext",
    "PathContext": "AbstractGlobalContext",
    "SessionContext": "AbstractGlobalContext",
    "AbstractLocationContext": "AbstractContext",
    "RootLocationContext": "AbstractLocationContext",
    "ContentContext": "AbstractLocationContext",
    "NavigationContext": "AbstractLocationContext",
    "OverlayContext": "AbstractLocationContext",
    "ExpandableContext": "AbstractLocationContext",
    "MediaPlayerContext": "AbstractLocationContext",
    "InputContext": "AbstractLocationContext",
    "PressableContext": "AbstractLocationContext",
    "LinkContext": "PressableContext",
}


def lineage(kind: str) -> tuple[str, ...]:
    """Return ``kind`` after all its parents, most general first, as a collector stores it in ``_types``.

    >>> lineage("PressEvent")
    ('AbstractEvent', 'InteractiveEvent', 'PressEvent')
    """
    names: list[str] = []
    while kind:
        names.append(kind)
        kind = _PARENTS[kind]
    return tuple(reversed(names))


def text(value: object) -> str:
    """Return ``value`` as compact JSON, with non-ASCII characters unescaped.

    >>> text({"id": "é"})
    '{"id":"é"}'
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def context(kind: str, id_: str, **properties: str | int | None) -> str:
    """Return a location or global context as JSON text.

    >>> context("LocaleContext", "nl")
    '{"_type":"LocaleContext","id":"nl","_types":["AbstractContext","AbstractGlobalContext","LocaleContext"]}'
    """
    return text({"_type": kind, "id": id_, "_types": lineage(kind), **properties})
