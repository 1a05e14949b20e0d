"""The shipped mapping against the real file: 1,000 calls of a city, every one of them accounted for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.catalogue.channels import channels
from shared.catalogue.load import Catalogue
from tools.importing.engine import DryRun, Job, run_import
from tools.importing.mapping import Mapping, load_mapping
from tools.importing.progress import open_progress

FILE = Path(__file__).parents[4] / "shared" / "data" / "nyc311_2018_2019.csv"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
here = pytest.mark.skipif(not FILE.exists(), reason="the city's calls are not beside the project")


@pytest.fixture
def mapping() -> Mapping:
    return load_mapping("nyc311")


def test_every_rule_names_what_the_catalogue_knows(mapping: Mapping) -> None:
    catalogue = Catalogue.shipped()
    for rule in mapping.rules:
        intake = catalogue.procedures[rule.procedure].intake
        assert intake is not None
        assert rule.category in intake.categories
        assert rule.area in intake.areas
        lists = {"emergency": intake.emergency_list, "urgent": intake.urgent_list, "general": ()}
        assert rule.urgency
        listed = {item.id for item in lists[rule.urgency]}
        assert rule.hazard in (listed or {""})
    assert {channel for channel in mapping.channels.values() if channel} <= set(channels())


@here
@pytest.mark.parametrize("mode", ["history", "live", "replay"])
async def test_all_thousand_rows_are_accounted_for(tmp_path: Path, mapping: Mapping, mode: str) -> None:
    job = Job(FILE, mapping, "training", mode, NOW)  # type: ignore[arg-type]
    account = await run_import(job, DryRun(), open_progress(tmp_path, mode), lambda _: None)
    assert account.imported + account.skipped.total() == 1_000
    assert account.imported > 0


@here
async def test_what_becomes_of_the_city_s_calls(tmp_path: Path, mapping: Mapping) -> None:
    job = Job(FILE, mapping, "training", "history", NOW)
    account = await run_import(job, DryRun(), open_progress(tmp_path, "a"), lambda _: None)
    assert account.skipped == {"unknown category": 713}
    assert account.unknown_categories["Illegal Parking / Posted Parking Sign Violation"] == 33
    assert account.not_supplied["name"] == account.not_supplied["phone"] == account.imported
