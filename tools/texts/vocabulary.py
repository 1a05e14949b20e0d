"""What the translators' file has besides the sentences: kinds of refused fields, titles, names of codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core.core_schema import ErrorType

from services.billing.domain.account import WorkState
from services.billing.domain.deposit import DepositStatus
from services.billing.domain.payment import Method, Purpose
from services.billing.domain.quote import QuoteStatus
from services.dispatch.domain.callback import Result
from services.dispatch.domain.parties import PartyKind
from services.dispatch.domain.wording import ACTION
from services.dispatch.handlers.copies import CopyName
from services.intake.domain.complaint import State
from services.intake.domain.request import Status
from services.notify.domain.message import STATES
from shared.catalogue.channels import channels
from shared.catalogue.load import Catalogue
from shared.catalogue.model import HQ_DUTY
from shared.errors import Rejected
from shared.events.dispatch import WorkKind
from shared.events.dispatch_callbacks import CallbackKind, CallbackProblem
from shared.events.intake import AttachmentKind, Outcome, Urgency
from shared.events.intake_complaints import Grade, Severity
from shared.policy import Policy
from tools.importing.convert import Reason

KINDS = (
    *(WorkState, DepositStatus, Method, Purpose, QuoteStatus, Result, PartyKind, CopyName, State, Status),
    *(CallbackProblem, AttachmentKind, Urgency, Grade, Severity, Reason),
    *(WorkKind, CallbackKind, Outcome),  # of reports
)
PLAIN = {
    *("asked", "agreed", "approved", "refused", "open", "used", "void"),  # leave, swaps, numbers on paper
    *("currency", "training"),  # what is fixed when a property is opened
    *("account", "answerversion", "attachment", "complaint", "contact", "deposit", "difficulty", "inquiry"),
    *("payment", "person", "property", "quote", "request", "standardanswer", "unit"),  # what paths name
    *("butler", "engineering", "customer_service", "environment", "security", "unassigned"),  # departments
}
CHOSEN = {"areas", "categories", "choices", "signatures", "superior_roles", "responsible_roles"}
"""Names of what the catalogue offers to choose from."""

OF_PYTHON = {
    *("no_such_attribute", "json_type", "needs_python_object", "recursion_loop", "recursion_depth_exceeded"),
    *("frozen_field", "frozen_instance", "invalid_key", "get_attribute_error", "model_attributes_type"),
    *("dataclass_exact_type", "named_tuple_type", "default_factory_not_called", "iterable_type"),
    *("iteration_error", "frozen_dict_type", "ordered_dict_type", "counter_type", "mapping_type"),
    *("deque_type", "set_item_not_hashable", "bytes_type", "bytes_too_short", "bytes_too_long"),
    *("bytes_invalid_encoding", "value_error", "assertion_error", "missing_sentinel_error", "ellipsis_error"),
    *("datetime_object_invalid", "time_delta_type", "time_delta_parsing", "frozen_set_type"),
    *("is_instance_of", "is_subclass_of", "callable_type", "arguments_type", "missing_argument"),
    *("unexpected_keyword_argument", "missing_keyword_only_argument", "unexpected_positional_argument"),
    *("missing_positional_only_argument", "multiple_argument_values", "fraction_type", "fraction_parsing"),
    *("complex_type", "complex_str_parsing"),
}
"""Errors of pydantic that no JSON body or query can cause here, or whose sentence is our own validator's."""


def field_types() -> set[str]:
    """The kinds of refused fields (context `field`)."""
    return set(get_args(ErrorType)) - OF_PYTHON


def statuses() -> set[str]:
    """The HTTP statuses of problems (context `title`)."""
    return {str(kind.status) for kind in _refusals(Rejected)} | {"405", "500", "503"}


def _refusals(kind: type[Rejected]) -> Iterator[type[Rejected]]:
    yield kind
    for other in kind.__subclasses__():
        yield from _refusals(other)


def codes() -> set[str]:
    """Codes that refusals name (context `word`): states, roles, kinds, choices of the catalogue."""
    found = {code for kind in KINDS for code in _values(kind)} | set(ACTION) | set(STATES) | PLAIN
    found |= set(Policy.shipped().roles) | {HQ_DUTY} | set(channels())
    for procedure in Catalogue.shipped().procedures.values():
        found |= _chosen(procedure)
    return {code.lower() for code in found if code}


def _values(kind: Any) -> Iterator[str]:
    """The values of a Literal, or of a union of some."""
    for value in get_args(kind):
        if isinstance(value, str):
            yield value
        else:
            yield from _values(value)


def _chosen(thing: object, name: str = "") -> set[str]:
    """What the catalogue offers to choose from, wherever it stands in a procedure."""
    match thing:
        case BaseModel():
            parts = [(getattr(thing, field), field) for field in type(thing).model_fields]
        case Mapping():
            parts = [(value, str(key)) for key, value in thing.items()]
        case tuple() | list() | frozenset():
            parts = [(value, name) for value in thing]
        case str() if name in CHOSEN:
            return {thing}
        case _:
            return set()
    return {code for part, field in parts for code in _chosen(part, field)}
