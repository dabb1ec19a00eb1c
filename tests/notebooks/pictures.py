"""Pictures of charts made small: PNG of few colors, as a stored notebook should not weigh more than its program."""

from __future__ import annotations

import struct
import zlib

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def palette(png: bytes) -> bytes:
    """Return an opaque picture of 8-bit RGBA as one with a palette of its 256 most frequent colors.

    Other colors become the nearest of these; they are the few pixels at the edges of lines and letters.
    """
    pixels = _pixels(png).astype(np.int64)
    codes = (pixels[..., 0] << 16) | (pixels[..., 1] << 8) | pixels[..., 2]
    found, places, counts = np.unique(codes, return_inverse=True, return_counts=True)
    kept = found[np.sort(np.argsort(-counts, kind="stable")[:256])]
    colors, all_colors = (np.stack([each >> 16, (each >> 8) & 255, each & 255], axis=1) for each in (kept, found))
    nearest = np.concatenate(
        [
            ((part[:, None] - colors) ** 2).sum(axis=2).argmin(axis=1)
            for part in np.array_split(all_colors, len(found) // 1000 + 1)
        ]
    )
    places = nearest[places].reshape(codes.shape)
    height, width = places.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each row begins with its filter, which is none
    rows[:, 1:] = places
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (
        (b"IHDR", header),
        (b"PLTE", colors.astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _pixels(png: bytes) -> np.ndarray:
    """Return the pixels of a picture of 8-bit RGBA, on white."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert (depth, kind, png[28]) == (8, 6, 0), "not 8-bit RGBA without interlacing"
    data, at = b"", len(_SIGNATURE)
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if name == b"IDAT" else b""
        at += 12 + length
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, 1 + 4 * width)
    out, above = np.empty((height, width, 4), np.uint8), np.zeros((width, 4), np.uint8)
    for number, row in enumerate(rows):
        above = out[number] = _unfiltered(int(row[0]), row[1:].reshape(width, 4), above)
    alpha = out[..., 3:].astype(np.uint16)
    return ((out[..., :3] * alpha + 255 * (255 - alpha)) // 255).astype(np.uint8)


def _unfiltered(kind: int, row: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Return the bytes of a row, of which PNG stores the difference to a prediction."""
    if kind == 0:
        return row
    if kind == 1:
        return np.cumsum(row, axis=0, dtype=np.uint8)
    if kind == 2:
        return row + above
    predict = _average if kind == 3 else _paeth
    channels = []
    for differences, upper in zip(row.T.tolist(), above.T.tolist(), strict=True):
        left = corner = 0
        values = []
        for difference, up in zip(differences, upper, strict=True):
            left = (difference + predict(left, up, corner)) & 255
            corner = up
            values.append(left)
        channels.append(values)
    return np.array(channels, np.uint8).T


def _average(left: int, up: int, _corner: int) -> int:
    return (left + up) // 2


def _paeth(left: int, up: int, corner: int) -> int:
    toward = left + up - corner
    return min((abs(toward - left), 0, left), (abs(toward - up), 1, up), (abs(toward - corner), 2, corner))[2]
