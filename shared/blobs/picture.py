"""Pictures: decoded to the last pixel, turned upright, brought to sRGB, and encoded anew without metadata."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageCms, ImageFile, UnidentifiedImageError
from PIL.ExifTags import Base
from PIL.Image import Transpose

from shared.blobs.content import IMAGES, Cleaned, Rules, Unfit
from shared.texts.say import say

Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before anything is decoded
ImageFile.LOAD_TRUNCATED_IMAGES = False
JPEG_QUALITY, WEBP_QUALITY, WEBP_EFFORT = 92, 92, 2
_MEDIA_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
_JPEG_MODES = {"L", "RGB"}


def clean_picture(data: bytes, rules: Rules, accepted: str) -> Cleaned | None:
    """The picture without metadata; None if it is no picture of ours. Raises Unfit."""
    try:
        image = Image.open(io.BytesIO(data), formats=tuple(IMAGES.values()))
    except UnidentifiedImageError:
        return None
    except MemoryError:
        raise
    except Exception as error:  # the header of a hostile picture can make a decoder raise anything
        raise _broken(accepted) from error
    media_type = _MEDIA_TYPES.get(image.format or "", "")
    if media_type not in rules.media_types:
        raise Unfit("file-type-not-accepted", "This kind of picture is not accepted here.", accepted)
    if image.width * image.height > rules.pixels_max:
        raise Unfit(
            "picture-too-large",
            say("The picture has {width} x {height} pixels.", width=image.width, height=image.height),
            say("a picture of at most {most} pixels", most=rules.pixels_max),
        )
    if media_type != "image/jpeg" and getattr(image, "is_animated", False):
        still = say("one still picture: {types}", types=accepted)
        raise Unfit("picture-moves", "Moving pictures are not accepted.", still)
    try:
        upright, encoded = _encoded(image, media_type, data)
    except MemoryError:
        raise
    except Exception as error:
        raise _broken(accepted) from error
    return Cleaned(media_type, encoded, upright.width, upright.height)


def _encoded(image: Image.Image, media_type: str, data: bytes) -> tuple[Image.Image, bytes]:
    image.load()
    profile = image.info.get("icc_profile")
    turn = _TURNS.get(_orientation(image))
    out = io.BytesIO()
    if image.format == "JPEG" and image.mode in _JPEG_MODES and turn is None and not profile:
        image.info.clear()  # with the quantisation of the original: nothing to be seen is lost
        image.save(out, "JPEG", quality="keep", comment=b"")
        return image, out.getvalue()
    upright = image if turn is None else image.transpose(turn)
    plain = _plain(_in_srgb(upright, profile), media_type)
    plain.save(out, IMAGES[media_type], **_options(media_type, data))
    return plain, out.getvalue()


def _orientation(image: Image.Image) -> int:
    """How the camera was held (EXIF 2.3, 4.6.4 A); damaged metadata does not spoil a picture."""
    try:
        return int(image.getexif().get(Base.Orientation, 1))
    except Exception:
        return 1


def _plain(image: Image.Image, media_type: str) -> Image.Image:
    """Pixels only, in a mode the format can hold."""
    if media_type == "image/jpeg" and image.mode not in _JPEG_MODES:
        image = image.convert("RGB")
    transparency = image.info.get("transparency") if media_type == "image/png" else None
    image.info = {} if transparency is None else {"transparency": transparency}
    return image


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours of a profile brought to sRGB, since it is dropped itself; a broken one is ignored."""
    if not profile or image.mode not in {"RGB", "RGBA"}:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return image if converted is None else converted


def _options(media_type: str, data: bytes) -> dict[str, Any]:
    if media_type == "image/jpeg":
        return {"quality": JPEG_QUALITY}
    if media_type == "image/webp":
        return {"quality": WEBP_QUALITY, "method": WEBP_EFFORT, "lossless": data[12:16] == b"VP8L"}
    return {}


def _broken(accepted: str) -> Unfit:
    return Unfit(
        "file-broken",
        "The picture is broken or did not arrive whole; send it again.",
        say("a whole {types}", types=accepted),
    )
