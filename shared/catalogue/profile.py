"""The shape of the property-wide settings and of the profiles that decide them (domain §8.1, §8.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from shared.catalogue.section import Section
from shared.texts.say import Said, listed, say

Currency = Literal["CNY", "HKD", "USD", "EUR"]


class Setting(Section):
    """One switch between handbooks (domain §8.2) or one blank in them (§8.1), valid for a whole property.

    `blank` is the row of §8.1. `variants` gives, per choice, what it changes in which procedure. `sources`
    says which handbook wants which choice. `own`: a property may choose for itself, against its profile.
    """

    name: str
    default: str | int | bool
    explains: str
    blank: int = 0
    choices: tuple[str, ...] = ()
    pattern: str = ""  # of a text, as a whole
    example: str = ""
    minimum: int | None = None
    maximum: int | None = None
    sources: dict[str, str] = {}
    variants: dict[str, dict[str, dict[str, object]]] = {}
    own: bool = False

    def accepted(self) -> Said:
        """What a value must be, in words for the person who typed another."""
        if self.choices:
            return say("one of {choices}", choices=listed(self.choices))
        if isinstance(self.default, bool):
            return say("true or false")
        if isinstance(self.default, int):
            least = 0 if self.minimum is None else self.minimum
            if self.maximum is None:
                return say("a whole number, at least {least}", least=least)
            most = self.maximum
            return say("a whole number, at least {least} and at most {most}", least=least, most=most)
        if self.pattern:
            return say("text such as {example}", example=self.example)
        return say("text of at most 500 characters")

    def accepts(self, value: str | int | bool) -> bool:
        """Whether a property may set this value."""
        if type(value) is not type(self.default):
            return False
        if isinstance(value, str):
            return value in self.choices if self.choices else self._accepts_text(value)
        if isinstance(value, bool):
            return True
        return (self.minimum or 0) <= value and (self.maximum is None or value <= self.maximum)

    def _accepts_text(self, value: str) -> bool:
        return len(value) <= 500 and (not self.pattern or re.fullmatch(self.pattern, value) is not None)


class Profile(Section):
    """What the handbooks of a property bind it to: property-wide settings and overlays (ruling J29).

    A file's `settings` are only what its handbooks decide. Once read, `settings` is complete and
    `unconfirmed` names those that run on our default (domain §8.1).
    """

    id: str
    title_zh: str
    title_en: str
    source: tuple[str, ...]
    currency: Currency = "CNY"
    settings: dict[str, str | int | bool] = {}
    unconfirmed: tuple[str, ...] = ()
    procedures: tuple[str, ...]
    overlay: dict[str, dict[str, object]] = {}

    @property
    def quiet_from(self) -> str:
        """When quiet hours begin, as wall time, unless a property sets its own."""
        return str(self.settings["quiet.from"])

    @property
    def quiet_until(self) -> str:
        """When quiet hours end, as wall time, unless a property sets its own."""
        return str(self.settings["quiet.until"])

    def quiet_hours(self, own: Mapping[str, str | int | bool]) -> tuple[str, str]:
        """From and until, as wall times, in a property that has set some of its own."""
        settings = self.settings_with(own)
        return str(settings["quiet.from"]), str(settings["quiet.until"])

    def settings_with(self, own: Mapping[str, str | int | bool]) -> dict[str, str | int | bool]:
        """The settings of a property of this profile that has set some of its own."""
        return {**self.settings, **own}

    def unconfirmed_with(self, own: Mapping[str, str | int | bool]) -> tuple[str, ...]:
        """What still runs on our default in a property that has set some of its own."""
        return tuple(name for name in self.unconfirmed if name not in own)
