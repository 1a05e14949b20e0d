"""The generated documents are those of today's code and catalogue."""

from __future__ import annotations

from pathlib import Path

from shared.catalogue.load import Catalogue
from shared.settings import Settings
from tools.docs import catalogue, events, settings

DOCS = Path(__file__).parents[2] / "docs"
AGAIN = "run `python -m tools.docs`"


def test_the_catalogue_page_is_of_today() -> None:
    assert (DOCS / "catalogue.md").read_text(encoding="utf-8") == catalogue.render(Catalogue.shipped()), AGAIN


def test_the_events_page_is_of_today() -> None:
    assert (DOCS / "events.md").read_text(encoding="utf-8") == events.render(events.readers()), AGAIN


def test_the_settings_page_is_of_today_and_complete() -> None:
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == settings.render(), AGAIN
    listed = [name for _, names in settings.sections() for name in names]
    assert listed == list(Settings.model_fields), "every setting belongs to a section, once"
    assert all(field.description for field in Settings.model_fields.values())


def test_the_catalogue_page_names_every_source_and_number_of_a_procedure() -> None:
    page = catalogue.render(Catalogue.shipped())
    for procedure in Catalogue.shipped().procedures.values():
        assert f"## {procedure.id}\n" in page
        for source in procedure.source:
            assert source in page


def test_the_events_page_marks_what_is_personal() -> None:
    page = events.render({})
    assert "| `personal.phone` | text | no | personal |" in page
    assert "| `request_id` | text | yes |  |" in page
