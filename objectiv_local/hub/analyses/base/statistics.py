"""scipy.stats, which provides the tests and distributions of analyses."""

from __future__ import annotations

from types import ModuleType

from objectiv_local.errors import NotSupported


def scipy_stats() -> ModuleType:
    """Return scipy.stats. Raises NotSupported if it is not installed."""
    try:
        from scipy import stats
    except ImportError:
        raise NotSupported("scipy is not installed", hint="pip install 'objectiv-local[ml]'") from None
    module: ModuleType = stats
    return module
