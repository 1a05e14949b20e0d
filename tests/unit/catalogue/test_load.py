"""How the files are read: merged in order, validated, versioned, and refused with the file and the key."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from shared.catalogue.load import FOLDER, Catalogue, CatalogueError, version_of
from shared.errors import Invalid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped files that a test may spoil."""
    copy = tmp_path / "catalogue"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copy


def edit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_procedure_file_names_a_source_in_a_handbook() -> None:
    for procedure in Catalogue.shipped().procedures.values():
        assert procedure.source, procedure.id
        assert all(line.split("_")[0] in {"000", "001", "002", "003", "004"} for line in procedure.source)


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("procedures/car-hire.toml", "[dispatch]\n", "[dispatch]\ncolour = 1\n", "dispatch.colour"),
        ("procedures/car-hire.toml", "deposit_percent = 10", "deposit_percent = 110", "deposit_percent"),
        ("procedures/car-hire.toml", 'flow = "errand"', 'flow = "flight"', "dispatch.flow"),
        ("procedures/car-hire.toml", 'id = "car-hire"', 'id = "car"', "procedures/car-hire.toml: id"),
        ("procedures/car-hire.toml", 'id = "car-hire"', "id = ", "car-hire.toml"),
        ("procedures/repair-indoor.toml", 'extends = "repair-report"', 'extends = "nothing"', "extends"),
        (
            "procedures/repair-indoor.toml",
            'extends = "repair-report"',
            'extends = "repair-indoor"',
            "extends",
        ),
        (
            "profiles/villa.toml",
            '"repair.payment" = "door"',
            '"repair.payment" = "bank"',
            "one of desk, door",
        ),
        ("profiles/villa.toml", '"slip.name"', '"slip.colour"', "settings.slip.colour"),
        ("profiles/villa.toml", '"car-hire",', '"car-hire", "dragon",', "no procedure dragon"),
        ("profiles/villa.toml", 'id = "villa"', 'id = "palace"', "profiles/villa.toml: id"),
        (
            "settings.toml",
            "default = 24\nminimum = 1\nblank = 6",
            "default = 0\nminimum = 1\nblank = 6",
            "default",
        ),
        ("settings.toml", ".variants.desk.", ".variants.shop.", "variants: not a choice: shop"),
        ("defaults.toml", "[notices]", "[noises]", "noises"),
    ],
)
def test_a_wrong_file_is_refused_by_name_and_key(
    folder: Path, file: str, old: str, new: str, named: str
) -> None:
    edit(folder, file, old, new)
    with pytest.raises(CatalogueError, match=named.replace(".", r"\.")):
        Catalogue.read(folder)


@pytest.mark.parametrize("name", ["repair-report", "car-hire"])
def test_a_shipped_procedure_states_its_numbers_itself(name: str) -> None:
    table = tomllib.loads((FOLDER / f"procedures/{name}.toml").read_text(encoding="utf-8"))
    limits = {"slip_within_minutes", "slip_late_days", "emergency_due_minutes"}
    assert limits | {"urgent_due_hours", "general_due_days", "signatures"} <= set(table["dispatch"])
    assert {"payer", "collected_by", "quote_valid_hours", "public_area_free"} <= set(table["billing"])


def test_an_overlay_is_validated_like_a_file(folder: Path) -> None:
    with (folder / "profiles/villa.toml").open("a", encoding="utf-8") as file:
        file.write("\n[overlay.car-hire.billing]\ndeposit_percent = 20\n")
    assert Catalogue.read(folder).procedure("car-hire", "villa").billing.deposit_percent == 20  # type: ignore[union-attr]
    with (folder / "profiles/villa.toml").open("a", encoding="utf-8") as file:
        file.write("colour = 1\n")
    with pytest.raises(CatalogueError, match=r"profiles/villa\.toml: billing\.colour"):
        Catalogue.read(folder)


def test_an_overlay_cannot_rename_a_procedure(folder: Path) -> None:
    with (folder / "profiles/villa.toml").open("a", encoding="utf-8") as file:
        file.write('\n[overlay.car-hire]\nid = "repair-report"\n')
    with pytest.raises(CatalogueError, match="the id cannot be changed"):
        Catalogue.read(folder)


def test_what_a_profile_changes_in_a_base_holds_in_what_extends_it() -> None:
    villa = Catalogue.shipped().procedure("repair-indoor", "villa")
    assert villa.dispatch is not None
    assert villa.billing is not None
    assert villa.dispatch.modes == "collect"
    assert "cs_officer" in villa.billing.collected_by


def test_the_version_is_of_the_content_and_of_nothing_else(folder: Path) -> None:
    shipped = Catalogue.shipped().procedure("car-hire", "villa")
    assert shipped.version == version_of(shipped)
    assert Catalogue.read(folder).procedure("car-hire", "villa").version == shipped.version
    edit(folder, "procedures/car-hire.toml", "# P066", "# (a comment more) P066")
    assert Catalogue.read(folder).procedure("car-hire", "villa").version == shipped.version
    edit(folder, "procedures/car-hire.toml", "deposit_percent = 10", "deposit_percent = 15")
    assert Catalogue.read(folder).procedure("car-hire", "villa").version != shipped.version


def test_a_request_is_finished_under_the_version_it_was_opened_under(folder: Path) -> None:
    old = Catalogue.read(folder)
    stored = old.opened_versions
    opened_under = old.procedure("car-hire", "villa").version
    edit(folder, "procedures/car-hire.toml", "deposit_percent = 10", "deposit_percent = 15")
    new = Catalogue.read(folder)
    with pytest.raises(Invalid):
        new.at(opened_under)
    new.remember(stored)
    assert new.at(opened_under) == old.procedure("car-hire", "villa")
    assert new.procedure("car-hire", "villa").billing.deposit_percent == 15  # type: ignore[union-attr]


def test_an_emergency_goes_on_under_the_current_rules_when_its_version_is_lost() -> None:
    catalogue = Catalogue.shipped()
    current = catalogue.procedure("repair-report", "tower")
    assert catalogue.at_or_current("lost", "repair-report", "tower") == current
    assert catalogue.at_or_current(current.version, "repair-report", "tower") == current


def test_an_unknown_procedure_or_profile_is_refused_with_what_is_accepted() -> None:
    catalogue = Catalogue.shipped()
    with pytest.raises(Invalid) as refused:
        catalogue.procedure("car-hire", "garden")
    assert refused.value.field == "procedure"
    runs = sorted(catalogue.profile("garden").procedures)
    assert refused.value.accepted == ", ".join(runs)
    assert "car-hire" not in runs
    with pytest.raises(Invalid) as refused:
        catalogue.procedure("repair-report", "castle")
    assert (refused.value.field, refused.value.accepted) == ("profile", "garden, tower, villa")


@pytest.mark.parametrize(
    ("own", "field"),
    [
        ({"no.such": 1}, "settings.no.such"),
        ({"repair.payment": "door"}, "settings.repair.payment"),
        ({"callback.leak_days": 0}, "settings.callback.leak_days"),
        ({"callback.leak_days": "3"}, "settings.callback.leak_days"),
        ({"callback.leak_days": True}, "settings.callback.leak_days"),
        ({"mail.proxy_allowed": 1}, "settings.mail.proxy_allowed"),
        ({"retention.start": "never"}, "settings.retention.start"),
        ({"company.name": "x" * 501}, "settings.company.name"),
        ({"quiet.from": "24:00"}, "settings.quiet.from"),
        ({"quiet.from": "9:00"}, "settings.quiet.from"),
        ({"quiet.until": ""}, "settings.quiet.until"),
        ({"quiet.until": "08:00\n"}, "settings.quiet.until"),
        ({"dispatch.mode": "pigeon"}, "settings.dispatch.mode"),
        ({"dispatch.collect_minutes": 0}, "settings.dispatch.collect_minutes"),
    ],
)
def test_a_property_may_not_set_what_is_unknown_malformed_or_its_profiles(
    own: dict[str, str | int | bool], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        Catalogue.shipped().check_settings(own)
    assert refused.value.field == field
    assert refused.value.accepted


def test_a_property_may_fill_in_the_blanks() -> None:
    catalogue = Catalogue.shipped()
    own: dict[str, str | int | bool] = {"callback.leak_days": 5, "property.phones.hotline": "4008001234"}
    catalogue.check_settings(own)
    garden = catalogue.profile("garden")
    assert garden.settings_with(own)["callback.leak_days"] == 5
    assert "callback.leak_days" in garden.unconfirmed
    assert "callback.leak_days" not in garden.unconfirmed_with(own)


def test_p027_a_property_may_choose_how_its_slips_reach_the_trade() -> None:
    catalogue = Catalogue.shipped()
    own: dict[str, str | int | bool] = {"dispatch.mode": "radio"}
    catalogue.check_settings(own)
    repair = catalogue.procedure("repair-indoor", "villa")
    help = catalogue.procedure("general-help", "villa")
    assert repair.dispatch is not None
    assert help.dispatch is not None
    chosen = catalogue.chosen(repair, own)
    assert chosen.dispatch == repair.dispatch.model_copy(update={"modes": "radio"})
    assert catalogue.chosen(help, own) == help, "no slip that is collected"
    assert catalogue.chosen(repair, {"callback.leak_days": 5}) is repair


def test_a_read_finds_some_rules_whatever_the_version() -> None:
    catalogue = Catalogue.shipped()
    shipped = catalogue.procedures["repair-report"]
    own = catalogue.procedure("repair-report", "tower")
    assert catalogue.at_or_shipped("lost", "repair-report") == shipped
    assert catalogue.at_or_shipped(own.version, "repair-report") == own
    assert catalogue.at_or_shipped("lost", "no-such-procedure") is None


def test_a_stored_version_this_release_cannot_read_stays_unknown_and_stops_nothing() -> None:
    catalogue = Catalogue.read(FOLDER)
    readable = dict(Catalogue.shipped().opened_versions[catalogue.procedure("car-hire", "villa").version])
    newer = {**readable, "hologram": True}
    assert catalogue.remember({"newer": newer, "older": readable}) == ["newer"]
    assert catalogue.at("older").id == "car-hire"
    with pytest.raises(Invalid):
        catalogue.at("newer")
