"""The commands of the steps at the door and inside (P016, P017)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from services.dispatch.domain import bodies, onsite_bodies
from services.dispatch.domain.commands import WorkCommand
from services.dispatch.domain.flow import Action


class RingBell(WorkCommand):
    """The bell was rung; again not before the minutes of the rule are over."""

    NAME: ClassVar[str] = "dispatch.ring_bell"
    body: bodies.NoteBody


class ShowForm(WorkCommand):
    """The service form was shown, and confirmed or not."""

    NAME: ClassVar[str] = "dispatch.show_form"
    body: onsite_bodies.FormBody


class EnterHome(WorkCommand):
    """They go in."""

    NAME: ClassVar[str] = "dispatch.enter_home"
    body: onsite_bodies.EnterBody


class LeaveSite(WorkCommand):
    """The technician leaves and will come again."""

    NAME: ClassVar[str] = "dispatch.leave_site"
    body: bodies.ReasonBody


class TellLate(WorkCommand):
    """The owner was called: we are late, and this is the new time."""

    NAME: ClassVar[str] = "dispatch.tell_late"
    body: onsite_bodies.LateBody


class WaitForOwner(WorkCommand):
    """Nothing can be done until the owner does something."""

    NAME: ClassVar[str] = "dispatch.wait_for_owner"
    body: bodies.ReasonBody


class AddHelper(WorkCommand):
    """A second technician joins."""

    NAME: ClassVar[str] = "dispatch.add_helper"
    body: onsite_bodies.HelperBody


class CleanSite(WorkCommand):
    """The place is clean."""

    NAME: ClassVar[str] = "dispatch.clean_site"
    body: bodies.NoteBody


class RedoWork(WorkCommand):
    """The owner is not satisfied on the spot; the same people go on."""

    NAME: ClassVar[str] = "dispatch.redo_work"
    body: bodies.ReasonBody


ONSITE_ACTIONS: Mapping[Action, type[WorkCommand]] = {
    "ring": RingBell,
    "show-form": ShowForm,
    "enter": EnterHome,
    "leave": LeaveSite,
    "late": TellLate,
    "wait-owner": WaitForOwner,
    "add-helper": AddHelper,
    "clean": CleanSite,
    "redo": RedoWork,
}
