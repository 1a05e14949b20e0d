"""Reads the catalogue: procedure files, settings and profiles become resolved procedures with a version each.

All files are read, merged and validated once, when a process starts. A procedure is resolved for a profile in
this order, the later winning: the file it extends, that file's changes by the profile, its own file, its own
changes by the profile.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from shared.catalogue.model import Notice, NotifyRules, Procedure
from shared.catalogue.profile import Profile, Setting
from shared.catalogue.section import Section
from shared.errors import Invalid
from shared.texts.say import listed

FOLDER = Path(__file__).parent
Table = dict[str, object]
SettingValue = str | int | bool
S = TypeVar("S", bound=Section)


class CatalogueError(ValueError):
    """A catalogue file is wrong; names the file, the key and what was found. The process must not start."""


class Catalogue:
    """All procedures of all profiles, and every version a request may have been opened under."""

    def __init__(
        self,
        files: Mapping[str, Table],
        settings: Mapping[str, Setting],
        profiles: Mapping[str, Table],
        defaults: NotifyRules,
    ) -> None:
        self.settings = settings
        self.default_notices: Mapping[str, tuple[Notice, ...]] = defaults.notices
        self._own = tuple(name for name, setting in settings.items() if setting.own)
        self._files = files
        self._profiles = {name: _profile(name, table, settings) for name, table in profiles.items()}
        base = {name: _procedure(_merged(name, files, {}), f"procedures/{name}.toml") for name in files}
        self.procedures: Mapping[str, Procedure] = dict(sorted(base.items(), key=lambda item: item[1].number))
        self._resolved = {
            (name, p.id): self._resolve(name, p) for p in self._profiles.values() for name in p.procedures
        }
        self._versions = {procedure.version: procedure for procedure in self._resolved.values()}

    @classmethod
    def shipped(cls) -> Catalogue:
        """The catalogue that is part of this release; read once per process."""
        return _shipped()

    @classmethod
    def read(cls, folder: Path) -> Catalogue:
        """A catalogue from a folder of the same shape as this package's. Raises CatalogueError."""
        settings = {name: _settings_row(name, row) for name, row in _toml(folder / "settings.toml").items()}
        defaults = _valid(NotifyRules, _toml(folder / "defaults.toml"), "defaults.toml")
        return cls(_folder(folder / "procedures"), settings, _folder(folder / "profiles"), defaults)

    def profile(self, profile_id: str) -> Profile:
        """One profile. Raises Invalid naming the field `profile`."""
        found = self._profiles.get(profile_id)
        if found is None:
            accepted = listed(sorted(self._profiles))
            raise Invalid("unknown-profile", "There is no such profile.", field="profile", accepted=accepted)
        return found

    @property
    def profiles(self) -> Mapping[str, Profile]:
        """All profiles by id."""
        return self._profiles

    def procedure(self, procedure_id: str, profile: str) -> Procedure:
        """A procedure as this profile runs it. Raises Invalid naming the field `procedure`."""
        runs = self.profile(profile).procedures
        if procedure_id not in runs:
            accepted = listed(sorted(runs))
            detail = "This property runs no such procedure."
            raise Invalid("unknown-procedure", detail, field="procedure", accepted=accepted)
        return self._resolved[procedure_id, profile]

    def at(self, version: str) -> Procedure:
        """The rules a request was opened under, also those of an earlier release that were remembered.

        Raises Invalid.
        """
        found = self._versions.get(version)
        if found is None:
            raise Invalid(
                "unknown-catalogue-version", "These rules are not known here.", field="catalogue_version"
            )
        return found

    def at_or_current(self, version: str, procedure_id: str, profile: str) -> Procedure:
        """As `at`, but the current rules where the version is lost.

        For an emergency, which nothing may hold up (ruling J17).
        """
        return self._versions.get(version) or self.procedure(procedure_id, profile)

    def at_or_shipped(self, version: str, procedure_id: str) -> Procedure | None:
        """As `at`, but the procedure as shipped where the version is lost: a read never fails for that."""
        return self._versions.get(version) or self.procedures.get(procedure_id)

    def check_settings(self, own: Mapping[str, SettingValue]) -> None:
        """Refuse settings a property may not have.

        Unknown, malformed, or a switch that its profile decides. Raises Invalid.
        """
        for name, value in own.items():
            known = self.settings.get(name)
            field = f"settings.{name}"
            if known is None:
                accepted = listed(sorted(n for n, s in self.settings.items() if s.own or not s.variants))
                raise Invalid("unknown-setting", "There is no such setting.", field=field, accepted=accepted)
            if known.variants and not known.own:
                raise Invalid(
                    "profile-setting",
                    "This is decided by the profile.",
                    field=field,
                    accepted="another profile",
                )
            if not known.accepts(value):
                raise Invalid(
                    "setting-value", "This value is not accepted.", field=field, accepted=known.accepted()
                )

    def chosen(self, procedure: Procedure, own: Mapping[str, SettingValue]) -> Procedure:
        """The procedure as it runs in a property that decides some switches for itself."""
        changes = [self.settings[name].variants[str(own[name])] for name in self._own if name in own]
        if not changes:
            return procedure
        table: Table = procedure.model_dump()
        for name in reversed(list(_chain(procedure.id, self._files))):
            for change in changes:
                table = _deep(table, change.get(name, {}))
        return Procedure.model_validate(table)

    @property
    def opened_versions(self) -> Mapping[str, Table]:
        """Every version a request can be opened under now, as JSON-ready documents for storing.

        See `remember`.
        """
        return {version: procedure.model_dump(mode="json") for version, procedure in self._versions.items()}

    def remember(self, stored: Mapping[str, Mapping[str, object]]) -> list[str]:
        """Take in versions stored by earlier releases: requests opened under them are finished under them.

        Returns those this release cannot read (a newer one stored them and was taken back).
        """
        unreadable: list[str] = []
        for version, document in stored.items():
            if version in self._versions:
                continue
            try:
                self._versions[version] = _valid(Procedure, dict(document), f"stored version {version}")
            except CatalogueError:
                unreadable.append(version)
        return unreadable

    def _resolve(self, procedure_id: str, profile: Profile) -> Procedure:
        if procedure_id not in self._files:
            raise CatalogueError(
                f"profiles/{profile.id}.toml: procedures: there is no procedure {procedure_id}"
            )
        table = _merged(procedure_id, self._files, _changes(profile, self.settings))
        procedure = _procedure(
            table, f"procedures/{procedure_id}.toml as changed by profiles/{profile.id}.toml"
        )
        if procedure.id != procedure_id:
            raise CatalogueError(
                f"profiles/{profile.id}.toml: overlay.{procedure_id}: the id cannot be changed"
            )
        return procedure


@cache
def _shipped() -> Catalogue:
    return Catalogue.read(FOLDER)


def version_of(procedure: Procedure) -> str:
    """SHA-256 over the canonical JSON of all that the procedure says."""
    content = procedure.model_dump(mode="json", exclude={"version"})
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _procedure(table: Table, where: str) -> Procedure:
    procedure = _valid(Procedure, table, where)
    return procedure.model_copy(update={"version": version_of(procedure)})


def _profile(profile_id: str, table: Table, settings: Mapping[str, Setting]) -> Profile:
    where = f"profiles/{profile_id}.toml"
    profile = _valid(Profile, table, where)
    if profile.id != profile_id:
        raise CatalogueError(f"{where}: id: must be the file's name, not {profile.id}")
    for name, value in profile.settings.items():
        known = settings.get(name)
        if known is None:
            raise CatalogueError(f"{where}: settings.{name}: there is no such setting")
        if not known.accepts(value):
            raise CatalogueError(f"{where}: settings.{name}: must be {known.accepted()}")
    complete = {name: profile.settings.get(name, setting.default) for name, setting in settings.items()}
    unconfirmed = tuple(name for name in settings if name not in profile.settings)
    return profile.model_copy(update={"settings": complete, "unconfirmed": unconfirmed})


def _settings_row(name: str, row: object) -> Setting:
    table = {**row, "name": name} if isinstance(row, dict) else {"name": name}
    setting = _valid(Setting, table, f"settings.toml: {name}")
    if not setting.accepts(setting.default):
        raise CatalogueError(f"settings.toml: {name}: default: must be {setting.accepted()}")
    if strange := set(setting.variants) - set(setting.choices):
        raise CatalogueError(f"settings.toml: {name}: variants: not a choice: {', '.join(sorted(strange))}")
    return setting


def _changes(profile: Profile, settings: Mapping[str, Setting]) -> dict[str, Table]:
    """What a profile changes, per procedure: first by its switches, then by its own overlay."""
    changes: dict[str, Table] = {}
    for name, setting in settings.items():
        for procedure_id, change in setting.variants.get(str(profile.settings[name]), {}).items():
            changes[procedure_id] = _deep(changes.get(procedure_id, {}), change)
    for procedure_id, change in profile.overlay.items():
        changes[procedure_id] = _deep(changes.get(procedure_id, {}), change)
    return changes


def _merged(procedure_id: str, files: Mapping[str, Table], changes: Mapping[str, Table]) -> Table:
    merged: Table = {}
    for name in reversed(list(_chain(procedure_id, files))):
        merged = _deep(_deep(merged, files[name]), changes.get(name, {}))
    return merged


def _chain(procedure_id: str, files: Mapping[str, Table]) -> Iterator[str]:
    seen: set[str] = set()
    while procedure_id:
        if procedure_id in seen or procedure_id not in files:
            raise CatalogueError(f"procedures/{procedure_id}.toml: extends: missing, or extends itself")
        yield procedure_id
        seen.add(procedure_id)
        procedure_id = str(files[procedure_id].get("extends", ""))


def _deep(under: Mapping[str, object], over: Mapping[str, object]) -> Table:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _deep(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _folder(folder: Path) -> dict[str, Table]:
    tables = {path.stem: _toml(path) for path in sorted(folder.glob("*.toml"))}
    for name, table in tables.items():
        if table.get("id") != name:
            raise CatalogueError(f"{folder.name}/{name}.toml: id: must be the file's name")
    return tables


def _toml(path: Path) -> Table:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"{path.name}: cannot be read: {error}") from error


def _valid(kind: type[S], table: Mapping[str, object], where: str) -> S:
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise CatalogueError(f"{where}: {key}: {first['msg']}") from error
