"""What every part of a catalogue file is: strict and frozen, so that a misspelt key stops the start."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Base of all sections: frozen, nothing extra."""

    model_config = ConfigDict(frozen=True, extra="forbid")
