"""PDF: opened, freed of metadata, programs and attached files, and written anew.

Older versions of the document that lie in the file, and whatever no page refers to, are left behind.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pikepdf
from pikepdf import Name

from shared.blobs.content import PDF, Cleaned, Rules, Unfit
from shared.blobs.jpeg import without_metadata
from shared.texts.say import say

_OF_ROOT = (
    Name.Metadata,
    Name.OpenAction,
    Name.AA,
    Name.AF,
    Name.Names,
    Name.AcroForm,
    Name.Outlines,
    Name.PieceInfo,
    Name.Collection,
    Name.Perms,
    Name.StructTreeRoot,
)
_OF_ANY = (Name.Metadata, Name.PieceInfo, Name.LastModified, Name.AA, Name.AF)
_OF_ANNOTATION = (Name.A, Name.AA, Name.PA, Name.T, Name.Popup)
_DEAD_ANNOTATIONS = {
    "/Text",
    "/Link",
    "/Stamp",
    "/FreeText",
    "/Ink",
    "/Line",
    "/Square",
    "/Circle",
    "/Highlight",
}
"""Annotations that only show something; all others can act or carry files and are dropped."""


def clean_pdf(data: bytes, rules: Rules, accepted: str) -> Cleaned:
    """The document without metadata. Raises Unfit."""
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            if pdf.is_encrypted:
                raise _locked(accepted)
            pages = len(pdf.pages)
            if not 1 <= pages <= rules.pages_max:
                raise Unfit(
                    "pdf-pages",
                    say("The PDF has {pages} pages.", pages=pages),
                    say("a PDF of 1 to {most} pages", most=rules.pages_max),
                )
            _strip(pdf)
            out = io.BytesIO()
            pdf.save(out, deterministic_id=True)
    except (Unfit, MemoryError):
        raise
    except pikepdf.PasswordError as error:
        raise _locked(accepted) from error
    except Exception as error:  # whatever a hostile document makes the library raise
        raise Unfit(
            "file-broken",
            "The PDF is broken or did not arrive whole; send it again.",
            say("a whole {types}", types=accepted),
        ) from error
    return Cleaned(PDF, out.getvalue(), pages=pages)


def _strip(pdf: pikepdf.Pdf) -> None:
    _drop(pdf.Root, _OF_ROOT)
    _drop(pdf.trailer, (Name.Info,))
    for page in pdf.pages:
        _strip_annotations(page.obj)
    for found in pdf.objects:
        if isinstance(found, pikepdf.Dictionary | pikepdf.Stream):
            _drop(found, _OF_ANY)
        if isinstance(found, pikepdf.Stream):
            _strip_picture(found)


def _drop(found: Any, names: Sequence[Any]) -> None:
    for name in names:
        if name in found:
            del found[name]


def _strip_annotations(page: Any) -> None:
    annotations = page.get(Name.Annots)
    if annotations is None:
        return
    kept = [one for one in annotations if str(one.get(Name.Subtype, "")) in _DEAD_ANNOTATIONS]
    for one in kept:
        _drop(one, _OF_ANNOTATION)
    page[Name.Annots] = pikepdf.Array(kept)


def _strip_picture(stream: pikepdf.Stream) -> None:
    """A scanned page is often a photograph as the camera made it, with the place in it."""
    filters = stream.get(Name.Filter)
    if isinstance(filters, pikepdf.Array):
        filters = filters[0] if len(filters) == 1 else None
    if stream.get(Name.Subtype) != Name.Image or filters != Name.DCTDecode:
        return
    raw = stream.read_raw_bytes()
    bare = without_metadata(raw)
    if bare != raw:
        stream.write(bare, filter=Name.DCTDecode)


def _locked(accepted: str) -> Unfit:
    without = say("{types}, without a password", types=accepted)
    return Unfit("file-encrypted", "The PDF is locked with a password.", without)
