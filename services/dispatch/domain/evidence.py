"""Photographs, scans and drawn signatures given with a step: named by id, hash and class, never their bytes.

Intake owns the bytes and tells of each file it has kept. What contradicts that is refused. A file intake has
not told of yet is taken and shown as awaited: no step waits for another service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.errors import Conflict, Forbidden, Invalid, TooLarge
from shared.events.files import GivenFile
from shared.texts.say import say

CopyStatus = Literal["stored", "removed", "gone"]
GivenState = Literal["stored", "removed", "gone", "awaited", "contradicted"]
Whose = Literal["", "own", "owner"]
SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class AttachmentCopy:
    """What intake told of a file: its request, who added it, and whether it is still there."""

    property_id: str
    id: str
    version: int = 0
    request_id: str = ""
    kind: str = ""
    sha256: str = ""
    added_by: str = ""
    status: CopyStatus = "stored"


@dataclass(frozen=True, slots=True)
class Given:
    """A file given with a step. `whose`: a drawn signature is the owner's or that of who took the step."""

    id: str
    sha256: str
    kind: str
    step: str
    by: str
    given_at: datetime
    whose: Whose = ""


@dataclass(frozen=True, slots=True)
class Giving:
    """Who gives files with which step. `whose` is empty where nothing is signed."""

    request_id: str
    step: str
    by: str
    at: datetime
    whose: Whose = ""


Copies = Mapping[str, AttachmentCopy]


def given(before: Sequence[Given], files: Sequence[GivenFile], giving: Giving, copies: Copies) -> list[Given]:
    """The files as they stand on the slip from now on. Raises Invalid, Conflict or Forbidden."""
    had, found = {one.id for one in before}, []
    for n, file in enumerate(files):
        field = f"attachments.{n}.id"
        if file.id in had:
            raise Conflict(
                "attachment-given",
                "This file was given with an earlier step, or twice.",
                field=field,
                accepted="each file once",
            )
        had.add(file.id)
        _check_class(file, giving, n)
        copy = copies.get(file.id)
        if copy is not None:
            _check_copy(file, giving, copy, n)
        whose: Whose = giving.whose if file.kind == SIGNATURE else ""
        found.append(Given(file.id, file.sha256, file.kind, giving.step, giving.by, giving.at, whose))
    return found


def check_room(before: Sequence[Given], files: Sequence[GivenFile], most: int) -> None:
    """Raises TooLarge when the slip has all the files it may have."""
    if len(before) + len(files) > most:
        raise TooLarge(
            "too-many-attachments",
            say("This slip already has {count} files.", count=len(before)),
            field="attachments",
            accepted=say("at most {most} files of one slip", most=most),
        )


def _check_class(file: GivenFile, giving: Giving, n: int) -> None:
    if file.kind == SIGNATURE and not giving.whose:
        raise Invalid(
            "nothing-signed",
            "Nobody signs with this step.",
            field=f"attachments.{n}.kind",
            accepted="photo or scan",
        )


def _check_copy(file: GivenFile, giving: Giving, copy: AttachmentCopy, n: int) -> None:
    if copy.request_id != giving.request_id:
        raise Invalid(
            "attachment-elsewhere",
            "This file belongs to another request.",
            field=f"attachments.{n}.id",
            accepted="a file that was added to this request",
        )
    if copy.status != "stored":
        raise Conflict(
            "attachment-removed",
            "This file is no longer there.",
            field=f"attachments.{n}.id",
            accepted="a file that is still there",
        )
    for name in ("kind", "sha256"):
        if getattr(file, name) != getattr(copy, name):
            raise Invalid(
                "attachment-differs",
                "This is not what was uploaded under that id.",
                field=f"attachments.{n}.{name}",
                accepted=getattr(copy, name),
            )
    if file.kind == SIGNATURE and giving.whose == "own" and copy.added_by != giving.by:
        raise Forbidden(
            "signature-of-another",
            "Somebody else drew this signature; everybody signs himself.",
            field=f"attachments.{n}.id",
            accepted=say("a signature that {who} has drawn and uploaded", who=giving.by),
        )


def state_of(one: Given, request_id: str, copies: Copies) -> GivenState:
    """What is known of a given file by now. Contradicted: intake told of it later, and it is another one."""
    copy = copies.get(one.id)
    if copy is None:
        return "awaited"
    right = (copy.request_id, copy.kind, copy.sha256) == (request_id, one.kind, one.sha256)
    drawn = one.whose != "own" or copy.added_by == one.by
    return copy.status if right and drawn else "contradicted"


def unconfirmed(files: Sequence[Given], request_id: str, copies: Copies) -> bool:
    """Whether intake has not told of one of these files, or has told otherwise."""
    states = (state_of(one, request_id, copies) for one in files)
    return any(state in ("awaited", "contradicted") for state in states)


def drawn_mark(files: Sequence[GivenFile]) -> str:
    """A drawn signature as the mark that stands on the form; empty if there is none."""
    return next((file.id for file in files if file.kind == SIGNATURE), "")


def check_owner_mark(mark: str, field: str) -> None:
    """Raises Invalid where the owner has neither written nor drawn his mark."""
    if not mark:
        raise Invalid(
            "owner-mark",
            "The owner's signature is missing.",
            field=field,
            accepted="what stands on the form, or a drawn signature among the attachments",
        )
