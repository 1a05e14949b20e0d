"""Files as events of other services than intake name them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.ids import ID_PATTERN

GivenKind = Literal["photo", "scan", "signature"]


class GivenFile(BaseModel):
    """A file intake keeps, as it is named with a step: id, SHA-256 and class (`kind`), never its bytes."""

    model_config = ConfigDict(frozen=True)
    id: Annotated[str, Field(pattern=ID_PATTERN, max_length=64)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", max_length=64)]
    kind: GivenKind
