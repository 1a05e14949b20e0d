"""What the translators' file has besides the sentences: kinds of refused fields, titles, names of codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from pydantic_core.core_schema import ErrorType

from shared.errors import Rejected

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
