"""Reads `guide.toml`: the services a property may offer, and how its service guide is given out (P015)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from shared.catalogue.section import Section

FILE = Path(__file__).with_name("guide.toml")
Class = Literal["public", "special", "commissioned"]
Paid = Literal["covered", "free", "paid", "cost", "unstated"]
Provider = Literal["own", "partner", "none", "unstated"]


class Named(Section):
    """What has a name in both languages and a source."""

    zh: str
    en: str
    source: str


class Service(Named):
    """One service (domain §6). `procedure`: what the desk opens for it, if it is one of ours."""

    kind: Class
    group: str = ""
    paid: Paid
    provider: Provider
    procedure: str = ""


class Way(Named):
    """A way to distribute the guide. `once`: not again for the same edition."""

    tells_owners: bool = False
    once: bool = False


class Guidance(Section):
    """The whole file."""

    kinds: dict[Class, Named]
    ways: dict[str, Way]
    contents: dict[str, Named]
    services: dict[str, Service]


@cache
def guidance() -> Guidance:
    """All of it, as shipped; read once per process."""
    return Guidance.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8")))


def services() -> Mapping[str, Service]:
    """Every service by its id."""
    return guidance().services
