"""Writes docs/catalogue.md, events.md, settings.md and the event snapshots; run from the project's root."""

from __future__ import annotations

import sys
from pathlib import Path

from shared.catalogue.load import Catalogue
from tools.docs import catalogue, contracts, events, settings

DOCS = Path("docs")


def main() -> int:
    """Write everything; 1 if an event changed so that it needs a new version."""
    DOCS.mkdir(exist_ok=True)
    (DOCS / "catalogue.md").write_text(catalogue.render(Catalogue.shipped()), encoding="utf-8")
    (DOCS / "events.md").write_text(events.render(events.readers()), encoding="utf-8")
    (DOCS / "settings.md").write_text(settings.render(), encoding="utf-8")
    refused = contracts.write()
    for sentence in refused:
        print(sentence, file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
