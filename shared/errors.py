"""Every error the platform raises on purpose, and what follows from each.

    GuanjiaError
    ├── Rejected          the caller's fault: answered 4xx as problem+json, changes nothing
    │   ├── Invalid         422  a field is missing, malformed or not accepted here
    │   ├── Unauthorised    401  no token, or one that is expired or forged
    │   ├── Forbidden       403  the person is known but may not do this (policy.toml)
    │   ├── NotFound        404  no such thing, or it belongs to another property
    │   ├── Conflict        409  the thing is not in a state that allows this
    │   ├── Stale           412  If-Match names an older version
    │   ├── Gone            410  it was there, and has expired or was removed
    │   ├── TooLarge        413  over a stated limit
    │   ├── Unsupported     415  a body of a kind that is not understood here
    │   ├── WrongChecksum   460  the body is not what its checksum says (tus 1.0)
    │   └── TooMany         429  over a stated rate; never for an emergency
    ├── Busy              routine work is refused for a moment: 503 with Retry-After; never an emergency
    ├── Transient         the world is down: the same unit is tried again, nothing is parked
    ├── Poison            this event can never succeed: it is parked with its stream
    └── Bug               our own mistake: parked like poison, and an alarm is raised

Any exception that is not in this tree is treated as a Bug.
"""

from __future__ import annotations

from typing import ClassVar


class GuanjiaError(Exception):
    """Root of the tree above."""


class Rejected(GuanjiaError):
    """A business "no": `kind` is the stable last part of the problem type, `field` what to correct."""

    status: ClassVar[int] = 400

    def __init__(
        self, kind: str, detail: str, *, field: str | None = None, accepted: str | None = None
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.field = field
        self.accepted = accepted


def demand(refusal: Rejected | None) -> None:
    """Raise the "no" that a rule answered; None is its "yes"."""
    if refusal is not None:
        raise refusal


class Invalid(Rejected):
    """A field is missing, malformed or not accepted here."""

    status = 422


class Unauthorised(Rejected):
    """No token, or one that is expired or forged."""

    status = 401


class Forbidden(Rejected):
    """The policy does not let this role do this."""

    status = 403


class NotFound(Rejected):
    """No such thing in this property."""

    status = 404


class Conflict(Rejected):
    """The thing is not in a state that allows this."""

    status = 409


class Stale(Rejected):
    """If-Match names an older version of the thing."""

    status = 412


class TooLarge(Rejected):
    """Over a stated limit of size or count."""

    status = 413


class Gone(Rejected):
    """It was there, and has expired or was removed."""

    status = 410


class Unsupported(Rejected):
    """A body of a kind that is not understood here."""

    status = 415


class WrongChecksum(Rejected):
    """The body is not what its checksum says; the status is that of tus 1.0."""

    status = 460


class TooMany(Rejected):
    """Over a stated rate."""

    status = 429


class Busy(GuanjiaError):
    """A bounded queue is full; `retry_after_seconds` says when to come again."""

    def __init__(self, retry_after_seconds: int = 1) -> None:
        super().__init__("the service is busy; try again shortly")
        self.retry_after_seconds = retry_after_seconds


class Transient(GuanjiaError):
    """The world is down (database, broker, gateway): try the same thing again."""


class Poison(GuanjiaError):
    """This event can never succeed; the reason is kept with the parked row."""


class Bug(GuanjiaError):
    """A broken promise of our own code."""
