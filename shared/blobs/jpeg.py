"""JPEG segments: metadata taken out of a picture without touching the picture itself."""

from __future__ import annotations

_SOI, _SOS, _EOI = 0xD8, 0xDA, 0xD9
_KEPT_APP = {0xE0, 0xE2, 0xEE}
"""JFIF (resolution), ICC (colours) and Adobe (how colours are coded): needed to show it rightly."""
_COMMENT = 0xFE


def without_metadata(data: bytes) -> bytes:
    """The JPEG without EXIF, XMP, IPTC and comments; as it was, if it is not a well-formed JPEG."""
    if data[:2] != b"\xff\xd8":
        return data
    kept, at = bytearray(data[:2]), 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in {_SOS, _EOI}:
            return bytes(kept + data[at:])
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data):
            break
        metadata = marker == _COMMENT or (0xE0 <= marker <= 0xEF and marker not in _KEPT_APP)
        if not metadata:
            kept += data[at:end]
        at = end
    return data
