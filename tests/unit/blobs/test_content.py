"""What an uploaded file really is, and what is left of it: kinds, metadata, hostile and broken files."""

from __future__ import annotations

import asyncio
import io
import random
import struct
import zlib

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat

from shared.blobs.content import Cleaned, Rules, Unfit, clean
from shared.blobs.jpeg import without_metadata
from shared.blobs.sandbox import Bounds, Sandbox
from shared.errors import Busy
from shared.settings import Settings
from tests import sample_files as files
from tests.waiting import PATIENCE_SECONDS

ALL = ("image/jpeg", "image/png", "image/webp", "application/pdf")
RULES = Rules(ALL, 50_000_000, 100)
SECRETS = (files.OWNER.encode(), files.CAMERA.encode(), b"Exif", b"http://ns.adobe.com/xap", b"xmpmeta")


def opened(cleaned: Cleaned) -> Image.Image:
    return Image.open(io.BytesIO(cleaned.data))


def left_is_red(image: Image.Image) -> bool:
    red, green, _ = image.convert("RGB").getpixel((image.width // 4, image.height // 2))  # type: ignore[misc]
    return bool(red > 200 and green < 60)


def refused(data: bytes, rules: Rules = RULES) -> Unfit:
    with pytest.raises(Unfit) as caught:
        clean(data, rules)
    return caught.value


def test_a_photograph_loses_its_place_camera_and_author() -> None:
    sent = files.photo()
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(0x8825)[2] == files.LATITUDE
    assert all(secret in sent for secret in SECRETS)
    kept = clean(sent, RULES)
    assert (kept.media_type, kept.width, kept.height) == ("image/jpeg", 640, 480)
    assert [secret for secret in SECRETS if secret in kept.data] == []
    image = opened(kept)
    assert dict(image.getexif()) == {}
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert left_is_red(image)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_stands_upright_whichever_way_the_telephone_was_held(orientation: int) -> None:
    sent = files.encoded(files.drawing(), "JPEG", exif=files.exif(orientation))
    wanted = ImageOps.exif_transpose(Image.open(io.BytesIO(sent)))
    kept = opened(clean(sent, RULES))
    assert kept.size == wanted.size
    for at in ((5, 5), (wanted.width - 5, 5), (5, wanted.height - 5), (wanted.width - 5, wanted.height - 5)):
        pairs = zip(kept.getpixel(at), wanted.getpixel(at), strict=True)  # type: ignore[arg-type]
        assert all(abs(one - other) < 12 for one, other in pairs), at


def test_a_photograph_that_needs_no_turn_loses_nothing_one_could_see() -> None:
    scene = files.noise((40, 25), 7).resize((640, 400), Image.Resampling.BICUBIC)
    sent = files.encoded(scene, "JPEG", quality=70, exif=files.exif())
    before, kept = Image.open(io.BytesIO(sent)), opened(clean(sent, RULES))
    assert kept.quantization == before.quantization  # type: ignore[attr-defined]
    difference = ImageStat.Stat(ImageChops.difference(before, kept)).mean
    assert max(difference) < 1, "of 255"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_pictures_lose_their_metadata_too(kind: str) -> None:
    sent = files.encoded(files.drawing(), kind, exif=files.exif(6))
    assert files.OWNER.encode() in sent
    kept = clean(sent, RULES)
    assert kept.media_type == f"image/{kind.lower()}"
    assert (kept.width, kept.height) == (480, 640)
    assert [secret for secret in SECRETS if secret in kept.data] == []
    assert dict(opened(kept).getexif()) == {}


def test_a_signature_keeps_its_see_through_ground_and_loses_its_text() -> None:
    kept = clean(files.signature(), Rules(("image/png",), 1_000_000, 1))
    assert [secret for secret in SECRETS if secret in kept.data] == []
    image = opened(kept)
    assert image.mode == "RGBA"
    assert image.getpixel((1, 1)) == (0, 0, 0, 0)
    assert image.getpixel((20, 100)) == (0, 0, 120, 255)


def test_colours_survive_the_loss_of_their_profile() -> None:
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, wide, b"no profile at all"):
        kept = opened(clean(files.encoded(files.drawing(), "PNG", icc_profile=profile), RULES))
        assert "icc_profile" not in kept.info
        assert left_is_red(kept)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_png_of_any_mode_is_taken(mode: str) -> None:
    image = Image.new(mode, (40, 30)) if mode == "I;16" else files.drawing((40, 30)).convert(mode)
    assert opened(clean(files.encoded(image, "PNG"), RULES)).size == (40, 30)


def test_a_jpeg_for_printing_is_taken_as_one_for_screens() -> None:
    kept = opened(clean(files.encoded(files.drawing().convert("CMYK"), "JPEG"), RULES))
    assert kept.mode == "RGB"
    assert left_is_red(kept)


def test_of_a_photograph_with_others_behind_it_the_first_is_kept() -> None:
    """Telephones put a preview or a map of distances behind the photograph (MPO)."""
    both = [files.drawing(), files.noise((64, 48), 3)]
    sent = files.encoded(both[0], "MPO", save_all=True, append_images=both[1:], exif=files.exif())
    kept = clean(sent, RULES)
    assert (kept.media_type, kept.width) == ("image/jpeg", 640)
    assert len(kept.data) < len(files.encoded(both[0], "JPEG", quality=95)) + 2_000
    assert [secret for secret in SECRETS if secret in kept.data] == []


def test_what_was_appended_to_a_picture_is_gone() -> None:
    kept = clean(files.photo() + b"PK\x03\x04 a program", RULES)
    assert b"a program" not in kept.data


def test_a_scan_loses_author_programs_files_and_the_place_in_its_photographs() -> None:
    sent = files.scan()
    assert b"OpenAction" in sent
    kept = clean(sent, RULES)
    assert (kept.media_type, kept.pages) == ("application/pdf", 2)
    assert [secret for secret in SECRETS if secret in kept.data] == []
    with pikepdf.open(io.BytesIO(kept.data)) as pdf:
        assert "/Info" not in pdf.trailer
        assert set(pdf.Root.keys()) == {"/Type", "/Pages"}
        everything = b"".join(
            one.read_raw_bytes() for one in pdf.objects if isinstance(one, pikepdf.Stream)
        ) + b"".join(one.unparse() for one in pdf.objects)
        assert [secret for secret in (*SECRETS, b"JavaScript") if secret in everything] == []
        [picture] = pdf.pages[0].get_images().values()
        assert left_is_red(pikepdf.PdfImage(picture).as_pil_image())


@pytest.mark.parametrize(
    ("data", "kind", "says"),
    [
        (b"", "file-empty", "empty"),
        (files.heic(), "file-heic", "JPEG or PNG"),
        (files.SVG, "file-svg", "PNG"),
        (files.SVG_WITH_SCRIPT, "file-svg", "programs"),
        (files.locked(), "file-encrypted", "password"),
        (files.photo()[:-3_000], "file-broken", "whole"),
        (files.signature()[:-200], "file-broken", "whole"),
        (files.scan()[:200], "file-broken", "whole"),
        (b"MZ" + b"\0" * 200, "file-type-not-accepted", "not accepted"),
        (b"<html><body>hello</body></html>", "file-type-not-accepted", "not accepted"),
        (files.encoded(files.drawing(), "GIF"), "file-type-not-accepted", "not accepted"),
        (files.encoded(files.drawing(), "TIFF"), "file-type-not-accepted", "not accepted"),
    ],
)
def test_what_is_refused_is_refused_with_what_to_do(data: bytes, kind: str, says: str) -> None:
    found = refused(data)
    assert (found.kind, says in found.detail) == (kind, True), found.detail
    assert "JPEG" in found.accepted
    assert "PDF" in found.accepted


def test_each_class_has_its_own_kinds_of_file() -> None:
    png_only = Rules(("image/png",), 1_000_000, 1)
    assert refused(files.photo(), png_only).accepted == "PNG"
    assert refused(files.scan(), png_only).kind == "file-type-not-accepted"


def test_a_moving_picture_is_refused() -> None:
    frames = [files.drawing((20, 20)), files.noise((20, 20), 1)]
    for kind in ("PNG", "WEBP"):
        sent = files.encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert refused(sent).kind == "picture-moves"


def bomb(width: int, height: int) -> bytes:
    """A PNG of some hundred bytes that says it unfolds to so many pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_pixel_bomb_is_refused_before_it_unfolds() -> None:
    found = refused(bomb(60_000, 60_000))
    assert (found.kind, "60000 x 60000" in found.detail) == ("picture-too-large", True)
    just = files.encoded(files.drawing((100, 100)), "PNG")
    assert clean(just, Rules(ALL, 10_000, 1)).width == 100
    assert refused(just, Rules(ALL, 9_999, 1)).kind == "picture-too-large"


def test_a_pdf_has_a_bounded_number_of_pages() -> None:
    assert clean(files.scan(2), Rules(ALL, 1, 2)).pages == 2
    assert refused(files.scan(3), Rules(ALL, 1, 2)).kind == "pdf-pages"


def test_whatever_bytes_come_they_are_cleaned_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    for good in (files.photo(), files.signature(), files.scan(1), files.encoded(files.drawing(), "WEBP")):
        for _ in range(15):
            torn = bytearray(good)
            for _ in range(chance.randint(1, 20)):
                torn[chance.randrange(len(torn))] = chance.randrange(256)
            try:
                kept = clean(bytes(torn[: chance.randint(1, len(torn))]), RULES)
            except Unfit:
                continue
            assert kept.media_type in ALL
            assert files.LATITUDE not in Image.Exif().values()


def test_a_jpeg_that_is_none_is_left_as_it_is() -> None:
    for data in (b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\xff", b"nothing", b"\xff\xd8\xff\xe1\x00\x50short"):
        assert without_metadata(data) == data


async def test_the_process_that_looks_gives_the_same_answers() -> None:
    sandbox = Sandbox(Bounds(int(PATIENCE_SECONDS), memory_mib=1_024, at_once_max=2, waiting_max=4))
    async with sandbox.turn():
        assert await sandbox.clean(files.photo(6), RULES) == clean(files.photo(6), RULES)
        with pytest.raises(Unfit, match="HEIC"):
            await sandbox.clean(files.heic(), RULES)


async def test_a_file_that_takes_too_much_memory_or_time_is_given_up() -> None:
    large = files.encoded(Image.new("RGB", (7_000, 7_000)), "PNG")
    tight = Sandbox(Bounds(int(PATIENCE_SECONDS), memory_mib=150, at_once_max=1, waiting_max=1))
    with pytest.raises(Unfit) as caught:
        await tight.clean(large, RULES)
    assert caught.value.kind == "file-too-costly"
    hurried = Sandbox(Bounds(seconds=0, memory_mib=1_024, at_once_max=1, waiting_max=1))
    with pytest.raises(Unfit) as caught:
        await hurried.clean(large, RULES)
    assert caught.value.kind == "file-too-costly"


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGBA")])
async def test_the_largest_picture_that_is_accepted_fits_into_the_bounds(kind: str, mode: str) -> None:
    bounds = Bounds(int(PATIENCE_SECONDS), Settings().attachment_check_memory_mib, 1, 1)
    image = Image.new(mode, (8_160, 6_120), "green")
    sent = files.encoded(image, kind, exif=files.exif(6), **({"compress_level": 1} if kind == "PNG" else {}))
    kept = await Sandbox(bounds).clean(sent, Rules(ALL, Settings().attachment_pixels_max, 1))
    assert (kept.width, kept.height) == (6_120, 8_160)


async def test_looks_are_bounded_and_the_rest_is_told_to_come_again() -> None:
    sandbox = Sandbox(Bounds(seconds=3, memory_mib=256, at_once_max=1, waiting_max=1))

    async def look() -> None:
        async with sandbox.turn():
            pass

    async with sandbox.turn():
        second = asyncio.create_task(look())
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            async with sandbox.turn():
                pass
    await second
