"""Addresses without their passwords, keys and tokens, for messages."""

from __future__ import annotations

import re

HIDDEN = "***"

#: Words that mark the name of a secret value.
_NAME = r"[\w-]*(?:passw|pwd|secret|token|credential|signature|api_?key|access_?key|private_?key)[\w-]*"

_VALUE = r"""(?:'(?:[^'\\]|\\.)*'?|"[^"]*"?|[^\s;&#]+)"""

#: Parts of an address up to this length are not hidden, because they may be ordinary words of a message.
_SHORTEST = 3

_QUERY = re.compile(r"(?s)(://[^?]*)\?.*")
_PAIR = re.compile(rf"(?i)\b({_NAME}\s*[=:]\s*){_VALUE}")


def without_secrets(target: str) -> str:
    """Return a target of ``connect`` without its secrets, even if it cannot be parsed.

    >>> without_secrets("https://me:hunter2@example.com/a.parquet?X-Amz-Signature=abc")
    'https://***@example.com/a.parquet?***'
    >>> without_secrets("host=db password='a b' dbname=events")
    'host=db password=*** dbname=events'
    """
    target = _QUERY.sub(rf"\1?{HIDDEN}", target)
    # Up to the last @: a password may contain an unescaped one.
    scheme = re.match(r"\s*(?:[\w+.-]+:)+//?", target)
    start = scheme.end() if scheme is not None else 0
    end = target.rfind("@")
    if end >= start and (scheme is not None or ":" in target[:end]) and "=" not in target[:start]:
        target = target[:start] + HIDDEN + target[end:]
    return _PAIR.sub(rf"\1{HIDDEN}", target)


def hide(address: str, message: str) -> str:
    """Return a driver message without the secrets of its address."""
    message = message.replace(address, without_secrets(address))
    for part in _secret_parts(address):
        message = message.replace(part, HIDDEN)
    return message


def _secret_parts(address: str) -> list[str]:
    found = re.findall(r"(?s)://(.*)@", address) + re.findall(r"(?s)\?(.*)", address)
    parts = {part for each in found for part in (each, *re.split(r"[&:;=]", each)) if len(part) > _SHORTEST}
    return sorted(parts, key=len, reverse=True)
