"""Brings `shared/texts/zh.po` up to date with the source and names what is left to translate."""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from tools.texts.collect import ROOT, collect
from tools.texts.vocabulary import codes, field_types, statuses

PO = ROOT / "shared" / "texts" / "zh.po"
HEADER = """\
# Chinese for what a caller is refused with. Keep the places in braces; the sentence may order them anew.
# Without context: sentences of the source. `field`: kinds of pydantic's errors. `title`: HTTP statuses.
# `word`: names of codes. `python -m tools.texts` keeps the list of entries in step with the source.
msgid ""
msgstr ""
"Language: zh\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""


def wanted() -> set[tuple[str, str]]:
    """Every entry the file must have: context and English template."""
    entries = {("", template) for template in collect().templates}
    entries |= {("field", kind) for kind in field_types()}
    entries |= {("word", code) for code in codes()}
    return entries | {("title", status) for status in statuses()}


def main(path: Path = PO) -> int:
    """Write the file; 1 while something in it is not translated."""
    with path.open("rb") as file:
        before = read_po(file, locale="zh")
    after = Catalog(locale="zh")
    missing = []
    for context, template in sorted(wanted()):
        old = before.get(template, context or None)
        told = str(old.string) if old is not None else ""
        after.add(template, told, context=context or None)
        if not told:
            missing.append(template)
    with path.open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, after, width=0, omit_header=True)
    for template in missing:
        print(f"not translated: {template}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
