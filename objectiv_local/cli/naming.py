"""Errors about arguments of methods, rewritten in terms of command-line options."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager

from objectiv_local.errors import ObjectivError


@contextmanager
def in_options(options: Mapping[str, str], method: str = "") -> Generator[None]:
    """Raise errors of the block again, with the names of arguments replaced by those of options.

    A message starts with the name of the argument, optionally followed by the method. A hint may contain a value for it.

    >>> with in_options({"window": "--window"}, "funnel"):
    ...     raise ObjectivError("window of funnel is too long", hint="for instance window=7")
    Traceback (most recent call last):
    objectiv_local.errors.ObjectivError: --window is too long
    hint: for instance --window 7
    """
    try:
        yield
    except ObjectivError as error:
        names = "|".join(sorted(map(re.escape, options), key=len, reverse=True))
        found = re.match(rf"({names})(?: of {method})?(?=:? )", error.what) if names else None
        if found is None:
            raise
        what = options[found[1]] + error.what[found.end() :]
        hint = (
            None
            if error.hint is None
            else re.sub(rf"\b({names})=(\([^)]*\)|'[^']*'|\"[^\"]*\"|\w+)", lambda match: _typed(options, match), error.hint)
        )
        failure = type(error)(what, hint=hint)
        failure.__cause__ = error
    else:
        return
    raise failure


def _typed(options: Mapping[str, str], match: re.Match[str]) -> str:
    parts = re.findall(r"[^\s'\",()]+", match[2])
    return f"{options[match[1]]} {','.join(parts)}"
