"""Makes `docs/settings.md`: every setting by section, with default and limits, from shared/settings*.py."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from annotated_types import BaseMetadata
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from shared import settings, settings_attachments
from shared.settings import Settings
from tools.docs.markdown import GENERATED, page, table

_SECTION = re.compile(r"    # --- (.+?) -+$")
MODULES = (settings, settings_attachments)
_FIELD = re.compile(r"    (\w+): ")
_SYMBOLS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "min_length": "length ≥", "max_length": "length ≤"}


def render() -> str:
    """The whole document."""
    lines = [
        GENERATED,
        "",
        "# Settings",
        "",
        "Environment variables of every service process, read once when it starts. A wrong value stops it",
        "with a line that names the variable. What `guanjia up` reads besides (ports of the stores, data",
        "folder) is in [operations.md](operations.md).",
        "",
    ]
    for section, names in sections():
        rows = [_row(name, Settings.model_fields[name]) for name in names]
        lines += [f"## {section}", "", *table(("variable", "default", "limits", "meaning"), rows)]
    return page(lines)


def sections() -> Iterator[tuple[str, list[str]]]:
    """The headings of the modules and the fields below each, in order."""
    section, names = "", list[str]()
    source = "".join(map(inspect.getsource, MODULES))
    for line in source.splitlines():
        heading, field = _SECTION.match(line), _FIELD.match(line)
        if heading:
            if names:
                yield section, names
            section, names = heading[1], []
        elif field and section and field[1] in Settings.model_fields and field[1] not in names:
            names.append(field[1])
    yield section, names


def _row(name: str, field: FieldInfo) -> tuple[str, str, str, str]:
    return f"`{name.upper()}`", _default(field.default), _limits(field), field.description or ""


def _default(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "*made at the first start, or none*"
    if value is None or value == "":
        return "*none*"
    if isinstance(value, tuple):
        return f"`[{', '.join(f'{chr(34)}{part}{chr(34)}' for part in value)}]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _limits(field: FieldInfo) -> str:
    """Numbers and lengths, or the words that are accepted."""
    words = re.findall(r"'([^']+)'", str(field.annotation)) if "Literal" in str(field.annotation) else []
    found = [f"`{word}`" for word in words]
    for limit in field.metadata:
        if isinstance(limit, BaseMetadata):
            found += [
                f"{symbol} {getattr(limit, key)}" for key, symbol in _SYMBOLS.items() if hasattr(limit, key)
            ]
    return ", ".join(found)
