"""Reports: the most common analyses of an event frame as one HTML file, which opens offline without scripts."""

from objectiv_local.report.report import Report, report

__all__ = ["Report", "report"]
