"""Every action on a work order with the command behind it: the last part of its path, and its body."""

from __future__ import annotations

from collections.abc import Mapping

from services.dispatch.domain.commands import BASIC_ACTIONS, WorkCommand
from services.dispatch.domain.flow import Action
from services.dispatch.domain.onsite_commands import ONSITE_ACTIONS
from services.dispatch.domain.side_commands import SIDE_ACTIONS
from services.dispatch.domain.slip_commands import SLIP_ACTIONS

ACTIONS: Mapping[Action, type[WorkCommand]] = {
    **BASIC_ACTIONS,
    **ONSITE_ACTIONS,
    **SIDE_ACTIONS,
    **SLIP_ACTIONS,
}
