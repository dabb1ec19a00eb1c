"""Reports: the analyses of an event frame as one HTML file, which opens offline and needs no script."""

from objectiv_local.report.report import Report, report

__all__ = ["Report", "report"]
