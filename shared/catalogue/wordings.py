"""Reads `wordings.toml`: what owners and staff are told; checked when read, not when a message goes out."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Literal

from pydantic import ValidationError

from shared.catalogue.load import CatalogueError
from shared.catalogue.section import Section
from shared.events.registry import event_class

FILE = Path(__file__).with_name("wordings.toml")
TEXT_LENGTH_MAX = 500  # characters of a whole text message, wording and values
SUBJECT_LENGTH_MAX = 120
Language = Literal["zh", "en"]


class Variable(Section):
    """A value a wording may name: its meaning, and where it is cut. `context`: not a field of the event."""

    means: str
    length_max: int
    context: bool = False


class Wording(Section):
    """One language of a template. A text message is the text; a mail has the subject too.

    `sms_template`: the provider's id of this wording. Until it is `sms_approved` there, the next channel is
    used (ruling J26).
    """

    subject: str
    text: str
    sms_template: str = ""
    sms_approved: bool = True


class Template(Section):
    """One notice, for one event and one audience, in both languages."""

    event: str
    audience: Literal["owner", "staff"]
    zh: Wording
    en: Wording

    def wording(self, language: Language) -> Wording:
        """The wording in that language."""
        return self.zh if language == "zh" else self.en


class _File(Section):
    variables: dict[str, Variable]
    templates: dict[str, Template]


class Wordings:
    """All templates and the variables they may use."""

    def __init__(self, variables: Mapping[str, Variable], templates: Mapping[str, Template]) -> None:
        self.variables = variables
        self.templates = templates
        for name, template in templates.items():
            _check(name, template, variables)

    @classmethod
    def shipped(cls) -> Wordings:
        """The wordings that are part of this release; read once per process."""
        return _shipped()

    @classmethod
    def read(cls, text: str) -> Wordings:
        """From the text of a wordings file. Raises CatalogueError: which template and what is wrong."""
        try:
            file = _File.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise CatalogueError(f"wordings.toml: cannot be read: {error}") from error
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            raise CatalogueError(f"wordings.toml: {key}: {first['msg']}") from error
        return cls(file.variables, file.templates)

    def template(self, name: str) -> Template:
        """The template of that name, which a notice of the catalogue names. Raises KeyError."""
        return self.templates[name]

    def cut(self, values: Mapping[str, str]) -> dict[str, str]:
        """The values as long as their variables allow; a shortened one ends with an ellipsis."""
        return {name: _cut(value, self.variables.get(name)) for name, value in values.items()}


@cache
def _shipped() -> Wordings:
    return Wordings.read(FILE.read_text(encoding="utf-8"))


def names_in(text: str) -> tuple[str, ...]:
    """The variables of a wording in their order. Raises ValueError on anything but a plain `{name}`."""
    names = []
    for _, name, spec, conversion in Formatter().parse(text):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(f"{{{name}}} must be a plain name")
        names.append(name)
    return tuple(names)


def _check(name: str, template: Template, variables: Mapping[str, Variable]) -> None:
    event = event_class(template.event)
    if event is None:
        raise CatalogueError(f"wordings.toml: {name}: event: there is no event {template.event}")
    fields = set(event.model_fields) - {"personal", "personal_key"}
    known = {v for v, variable in variables.items() if variable.context or v in fields}
    for language in ("zh", "en"):
        wording = template.zh if language == "zh" else template.en
        where = f"wordings.toml: {name}.{language}"
        for part, limit in ((wording.subject, SUBJECT_LENGTH_MAX), (wording.text, TEXT_LENGTH_MAX)):
            length = _length_max(part, known, variables, where)
            if not part.strip() or length > limit:
                raise CatalogueError(f"{where}: {length} characters with its values; accepted: 1 to {limit}")


def _length_max(text: str, known: set[str], variables: Mapping[str, Variable], where: str) -> int:
    try:
        names = names_in(text)
    except ValueError as error:
        raise CatalogueError(f"{where}: {error}") from error
    if strange := [n for n in names if n not in known]:
        accepted = ", ".join(sorted(known))
        raise CatalogueError(f"{where}: {{{strange[0]}}} is not known with this event; accepted: {accepted}")
    literal = sum(len(part) for part, _, _, _ in Formatter().parse(text))
    return literal + sum(variables[n].length_max for n in names)


def _cut(value: str, variable: Variable | None) -> str:
    if variable is None or len(value) <= variable.length_max:
        return value
    return value[: variable.length_max - 1] + "…"
