"""Files as people send them: photographs with a place in them, scans, and what is refused."""

from __future__ import annotations

import io
import random
from typing import Any

import pikepdf
from pikepdf import Dictionary, Name
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

OWNER = "Wang Xiaoming"
CAMERA = "SecretCam 9"
LATITUDE = (30.0, 15.0, 36.7)


def exif(orientation: int = 1) -> Image.Exif:
    """What a telephone writes into a photograph: camera, author, the way it was held, and where."""
    found = Image.Exif()
    found[0x010F] = CAMERA
    found[0x013B] = OWNER
    found[0x0112] = orientation
    found.get_ifd(0x8825).update({1: "N", 2: LATITUDE, 3: "E", 4: (120.0, 9.0, 0.0)})
    return found


def drawing(size: tuple[int, int] = (640, 480), mode: str = "RGB") -> Image.Image:
    """Something to see, with a red left half so that it is known which way is up."""
    image = Image.new(mode, size, "white")
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2 - 1, size[1]), fill="red" if mode != "L" else 90)
    return image


def noise(size: tuple[int, int], seed: int) -> Image.Image:
    """A picture that cannot be compressed."""
    return Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The picture as a file."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo(orientation: int = 1, size: tuple[int, int] = (640, 480)) -> bytes:
    """A JPEG with EXIF, GPS, XMP and a comment."""
    return encoded(
        drawing(size),
        "JPEG",
        exif=exif(orientation),
        xmp=f"<x:xmpmeta><dc:creator>{OWNER}</dc:creator></x:xmpmeta>".encode(),
        comment=OWNER.encode(),
        quality=90,
    )


def signature() -> bytes:
    """A drawn signature: a PNG with a see-through ground, and text it should not carry."""
    image = Image.new("RGBA", (400, 150), (0, 0, 0, 0))
    ImageDraw.Draw(image).line([(20, 100), (120, 40), (200, 120), (360, 60)], fill=(0, 0, 120, 255), width=4)
    text = PngInfo()
    text.add_text("Author", OWNER)
    text.add_itxt("XML:com.adobe.xmp", f"<rdf>{OWNER}</rdf>")
    return encoded(image, "PNG", pnginfo=text, exif=exif())


def scan(pages: int = 2, **save: Any) -> bytes:
    """A PDF as a scanner app makes it: the camera's JPEG inside, an author, a program, an attached file."""
    with pikepdf.new() as pdf:
        for _ in range(pages):
            picture = pdf.make_stream(
                photo(),
                Type=Name.XObject,
                Subtype=Name.Image,
                Width=640,
                Height=480,
                ColorSpace=Name.DeviceRGB,
                BitsPerComponent=8,
                Filter=Name.DCTDecode,
            )
            picture[Name.Metadata] = pdf.make_stream(OWNER.encode())
            page = pdf.add_blank_page(page_size=(640, 480))
            page.Contents = pdf.make_stream(b"640 0 0 480 0 0 cm /Scan Do")
            page.Resources = Dictionary(XObject=Dictionary(Scan=picture))
            act = Dictionary(S=Name.JavaScript, JS="app.alert(1)")
            page.Annots = pdf.make_indirect(
                [Dictionary(Type=Name.Annot, Subtype=Name.Link, A=act, Rect=[0, 0, 9, 9])]
            )
        pdf.docinfo[Name.Author] = OWNER
        with pdf.open_metadata() as metadata:
            metadata["dc:creator"] = [OWNER]
        pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS="app.alert(2)")
        pdf.attachments["list.txt"] = OWNER.encode()
        out = io.BytesIO()
        pdf.save(out, **save)
        return out.getvalue()


def locked() -> bytes:
    """A PDF that opens with a password only."""
    return scan(encryption=pikepdf.Encryption(user="secret", owner="more"))


def heic() -> bytes:
    """The beginning of a telephone's own format."""
    return b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic" + b"\x00" * 400


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'
SVG_WITH_SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg" onload="steal()"><script>steal()</script></svg>'
