"""What the desk itself takes to its end, without a slip: complaints, inquiries, messages for a colleague,
and the steps that belong to any case (a difficult issue, a question to a department). The numbers are in
the files.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.catalogue.section import Section

Process = Literal["", "complaint", "inquiry", "relay"]


class ComplaintRules(Section):
    """How long what may take, counted from receipt (domain §8.3.12), and who may answer for it (P034)."""

    answer_within_hours: int = Field(ge=1)  # first answer to the owner; an interim one counts (§8.3.16)
    press_after_hours: int = Field(ge=0)  # from then on the desk may press; 0: at once (P035)
    responsible_roles: tuple[str, ...]  # who may be made responsible
    superior_roles: tuple[str, ...]  # supervisor or above: to whom it is reported the same day


class InquiryRules(Section):
    """A question that cannot be answered at once is answered within so many hours (P010)."""

    deferred_within_hours: int = Field(ge=1)
    superior_roles: tuple[str, ...]  # who may give an answer that is not among the approved ones


class RelayRules(Section):
    """A message for a colleague stays open until he acknowledges it; after so long he is reminded (P002)."""

    remind_after_minutes: int = Field(ge=1)


class DifficultRules(Section):
    """A difficult issue: a superior calls the owner in person within so many hours (P037)."""

    call_within_hours: int = Field(ge=1)
    superior_roles: tuple[str, ...]


class IssueRules(Section):
    """A question the office cannot solve: the department answers within so many calendar days (P038)."""

    department_within_days: int = Field(ge=1)
    written_severities: tuple[str, ...]  # these need a written report; the others may go by telephone


class DeskRules(Section):
    """The one section that a procedure of the desk fills in."""

    complaint: ComplaintRules | None = None
    inquiry: InquiryRules | None = None
    relay: RelayRules | None = None
    difficult: DifficultRules | None = None
    issue: IssueRules | None = None

    @property
    def process(self) -> Process:
        """Which process a request of this procedure has of its own; empty for a mere step of others."""
        if self.complaint:
            return "complaint"
        if self.inquiry:
            return "inquiry"
        return "relay" if self.relay else ""
