"""The engines that a spec runs on, and known differences as strict expected failures."""

from __future__ import annotations

import pytest
from spec.differences import DIFFERENCES
from spec.opened import NAMES, opened


@pytest.fixture(params=NAMES)
def engine(request):
    """Return an engine; a spec runs on each."""
    spec = request.node.callspec.params["spec"]
    reason = DIFFERENCES.get((spec.name, request.param.rstrip("0123456789")))
    if reason is not None:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    return opened(request.param)
