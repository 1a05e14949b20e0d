"""The commands around missing material, undone slips, other people's matters and notices (P024-P029)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from services.dispatch.domain import bodies, side_bodies
from services.dispatch.domain.commands import WorkCommand
from services.dispatch.domain.flow import Action
from shared.kernel.unit import Command


class LackMaterial(WorkCommand):
    """Material is missing."""

    NAME: ClassVar[str] = "dispatch.lack_material"
    body: side_bodies.MissingBody


class ReportMaterial(WorkCommand):
    """The department head reports missing material to the office."""

    NAME: ClassVar[str] = "dispatch.report_material"
    body: bodies.NoteBody


class FilePurchase(WorkCommand):
    """The office files the purchase slip."""

    NAME: ClassVar[str] = "dispatch.file_purchase"
    body: bodies.NoteBody


class RecordBought(WorkCommand):
    """The buyer has bought it."""

    NAME: ClassVar[str] = "dispatch.record_bought"
    body: bodies.NoteBody


class RecordUnobtainable(WorkCommand):
    """The buyer could not get it, and explains."""

    NAME: ClassVar[str] = "dispatch.record_unobtainable"
    body: side_bodies.UnobtainableBody


class ReturnUndone(WorkCommand):
    """The slip comes back without its work done."""

    NAME: ClassVar[str] = "dispatch.return_undone"
    body: bodies.ReasonBody


class SignUndone(WorkCommand):
    """The head of the department signs a slip that comes back undone."""

    NAME: ClassVar[str] = "dispatch.sign_undone"
    body: bodies.NoteBody


class CarryOn(WorkCommand):
    """The head of the department, or a supervisor, sends the slip back to work."""

    NAME: ClassVar[str] = "dispatch.carry_on"
    body: bodies.ReasonBody


class PassUndone(WorkCommand):
    """The office passes an undone slip to customer service."""

    NAME: ClassVar[str] = "dispatch.pass_undone"
    body: bodies.NoteBody


class TellUndone(WorkCommand):
    """Customer service has told the owner that it was not done."""

    NAME: ClassVar[str] = "dispatch.tell_undone"
    body: bodies.ReasonBody


class ReportOutside(WorkCommand):
    """The problem belongs to the developer or an outside unit."""

    NAME: ClassVar[str] = "dispatch.report_outside"
    body: side_bodies.OutsideBody


class TransferWork(WorkCommand):
    """The matter goes to the developer or an outside unit."""

    NAME: ClassVar[str] = "dispatch.transfer_work"
    body: side_bodies.TransferBody


class FollowUp(WorkCommand):
    """The party was asked how far it is."""

    NAME: ClassVar[str] = "dispatch.follow_up"
    body: side_bodies.FollowBody


class SetSolution(WorkCommand):
    """The supervisor has agreed on a solution with the party."""

    NAME: ClassVar[str] = "dispatch.set_solution"
    body: side_bodies.SolutionBody


class TellSolution(WorkCommand):
    """Customer service has told the owner of the solution."""

    NAME: ClassVar[str] = "dispatch.tell_solution"
    body: bodies.NoteBody


class FinishOutside(WorkCommand):
    """The party is done; nobody is charged."""

    NAME: ClassVar[str] = "dispatch.finish_outside"
    body: bodies.NoteBody


class SignNotice(WorkCommand):
    """The supervisor signs a repair notice; only now is the trade told."""

    NAME: ClassVar[str] = "dispatch.sign_notice"
    body: side_bodies.NoticeBody


SIDE_ACTIONS: Mapping[Action, type[WorkCommand]] = {
    "lack-material": LackMaterial,
    "report-material": ReportMaterial,
    "file-purchase": FilePurchase,
    "bought": RecordBought,
    "unobtainable": RecordUnobtainable,
    "return-undone": ReturnUndone,
    "sign-undone": SignUndone,
    "carry-on": CarryOn,
    "pass-undone": PassUndone,
    "tell-undone": TellUndone,
    "report-outside": ReportOutside,
    "transfer": TransferWork,
    "follow-up": FollowUp,
    "set-solution": SetSolution,
    "tell-solution": TellSolution,
    "finish-outside": FinishOutside,
    "sign-notice": SignNotice,
}


class CheckMaterial(Command):
    """Timer: has the department head reported the missing material?"""

    NAME: ClassVar[str] = "dispatch.check_material"
    work_order_id: str
    due_at: datetime


class CheckReturn(Command):
    """Timer: is the slip back?"""

    NAME: ClassVar[str] = "dispatch.check_return"
    work_order_id: str
    due_at: datetime


class CheckFiles(Command):
    """Timer: has intake told of the files that were given?"""

    NAME: ClassVar[str] = "dispatch.check_files"
    work_order_id: str
    due_at: datetime


class CheckParty(Command):
    """Timer: has the party answered?"""

    NAME: ClassVar[str] = "dispatch.check_party"
    work_order_id: str
    due_at: datetime
