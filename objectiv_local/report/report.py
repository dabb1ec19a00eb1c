"""The report: the analyses of an event frame, and the resulting file."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import objectiv_local
from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.export import replacing
from objectiv_local.hub.analyses.base.calendar import checked_period
from objectiv_local.hub.analyses.base.scope import Scope, scope_of
from objectiv_local.hub.modelhub import ModelHub
from objectiv_local.report.events import copy_of, in_range
from objectiv_local.report.page import Page, html, jinja
from objectiv_local.report.parts import Section, take_shared_rules
from objectiv_local.report.sections import Questions, sections_of
from objectiv_local.report.tables import moment, number


@checked
@dataclass(frozen=True, slots=True)
class Report:
    """A report. ``html`` is a document that opens offline, without scripts or network requests."""

    title: str
    html: str
    sections: tuple[Section, ...]

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the document to a file in UTF-8, atomically, and return its path.

        Raises InvalidValue for a file that exists, unless ``overwrite``, and if the path is a directory; TableNotFound for a
        directory that does not exist; DataInvalid for a file that cannot be written.
        """
        target = Path(os.path.expanduser(path))  # noqa: PTH111 - pathlib raises for an unknown user
        check_file(target, overwrite=overwrite)
        with replacing(path) as file:
            file.write(self.html.encode())
        return target

    def __repr__(self) -> str:
        return f"<Report {self.title!r}: {len(self.sections)} sections, {len(self.html.encode()):,} bytes>"


def check_file(path: Path, *, overwrite: bool) -> None:
    """Raise InvalidValue for a file that exists, unless it may be replaced."""
    if os.path.exists(path) and not overwrite:  # noqa: PTH110 - pathlib raises for a name that is too long
        raise InvalidValue(f"{str(path)!r} exists", hint="pass overwrite=True to replace it")


def report(
    hub: ModelHub,
    events: DataFrame,
    *,
    title: str = "Product analytics",
    start: object = None,
    end: object = None,
    by: str | None = None,
    funnel: Sequence[object] | Mapping[str, object] | None = None,
    conversion: object = None,
) -> Report:
    """Return a report on an event frame; see :meth:`ModelHub.report`."""
    jinja()
    if by is not None:
        checked_period(by)
    if not title.strip():
        raise InvalidValue("title of report is empty", hint="leave it out, or give a title")
    scope = scope_of(hub._settings, events, "report", start=start, end=end)  # noqa: SLF001 - of one package
    # Invalid arguments raise here; what the data lack is explained in the document.
    if funnel is not None:
        hub.funnel(events, funnel, start=start, end=end)
    if conversion is not None:
        hub.trend(events, where=conversion, start=start, end=end)
    with copy_of(events, [funnel, conversion]) as copied:
        first, last = _moments(scope, copied)
        count = len(in_range(copied, scope.start, scope.end))
        questions = Questions(hub, by or _period(first, last), start, end, scope.start, scope.end, funnel, conversion)
        sections = sections_of(questions, events, copied)
    notes = take_shared_rules(sections)
    about = [
        ("Events", number(count)),
        ("First event", _shown(first)),
        ("Last event", _shown(last)),
        ("Periods", f"{questions.by}s"),
        ("Time zone", hub.time_zone),
        ("Written by", f"objectiv_local {objectiv_local.__version__}"),
    ]
    return Report(title, html(Page(title, about, notes, sections)), tuple(sections))


def _moments(scope: Scope, events: DataFrame) -> tuple[datetime.datetime | None, datetime.datetime | None]:
    ranged = in_range(events, scope.start, scope.end).moment
    return ranged.min().value, ranged.max().value


def _period(first: datetime.datetime | None, last: datetime.datetime | None) -> str:
    """Return the period that divides the time between two moments into a readable number of periods."""
    days = 0 if first is None or last is None else (last - first).days
    return next((by for by, most in (("day", 35), ("week", 240), ("month", 1_200), ("quarter", 3_600)) if days <= most), "year")


def _shown(value: Any) -> str:
    return "none" if value is None else f"{moment(value)} UTC"
