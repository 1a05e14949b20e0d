"""The house's own rules, read off the source.

Size of modules, who asks for the time, who makes ids, no float in money.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES_MAX = 300
SERVICES = ("intake", "dispatch", "billing", "notify")
SAME_FILES = ("handlers", "consumers", "api", "repository", "app", "README", "domain")
CLOCKS = {"shared/clock.py"}
ID_MAKERS = {"shared/ids.py"}


def modules(*packages: str) -> Iterator[Path]:
    """All Python files of these packages."""
    for package in packages:
        yield from (p for p in sorted((ROOT / package).rglob("*.py")) if "__pycache__" not in p.parts)


def name_of(path: Path) -> str:
    """The path from the root."""
    return path.relative_to(ROOT).as_posix()


def calls(path: Path) -> Iterator[str]:
    """Dotted names of everything called in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_modules_stay_under_300_lines() -> None:
    long = {
        name_of(p): n
        for p in modules("shared", "services", "tools", "tests")
        if (n := len(p.read_text(encoding="utf-8").splitlines())) > LINES_MAX
    }
    assert long == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name_of(p)
        for p in modules("shared", "services", "tools")
        if p.name != "__init__.py" and not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_only_the_clock_asks_for_the_time() -> None:
    asking = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
    found = [
        name_of(p)
        for p in modules("shared", "services")
        if name_of(p) not in CLOCKS and asking & set(calls(p))
    ]
    assert found == []


def test_only_ids_makes_ids() -> None:
    made = {"uuid.uuid4", "uuid4", "uuid.uuid1", "uuid.uuid5", "ObjectId", "uuid_utils.uuid7"}
    found = [
        name_of(p)
        for p in modules("shared", "services")
        if name_of(p) not in ID_MAKERS and made & set(calls(p))
    ]
    assert found == []


@pytest.mark.parametrize("package", ["services/billing", "shared/money.py"])
def test_money_is_never_a_float(package: str) -> None:
    files = [ROOT / package] if package.endswith(".py") else list(modules(package))
    for path in files:
        names = {
            n.id for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Name)
        }
        assert "float" not in names, name_of(path)


@pytest.mark.parametrize("service", SERVICES)
def test_services_have_the_same_files(service: str) -> None:
    there = {path.stem for path in (ROOT / "services" / service).iterdir()}
    assert set(SAME_FILES) <= there


@pytest.mark.parametrize("service", SERVICES)
def test_only_the_repository_names_collections(service: str) -> None:
    """Elsewhere a collection is reached through a function of the repository."""
    for path in modules(f"services/{service}"):
        if path.stem in {"repository"} or "repository" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith((".db", "_db")):
                assert not isinstance(node.slice, ast.Constant), f"{name_of(path)}:{node.lineno}"


def test_the_map_names_only_what_exists() -> None:
    text = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w./-]+/[\w./-]+)`", text))
    missing = [path for path in named if not (ROOT / path).exists()]
    assert missing == []
    assert len(named) > 30


@pytest.mark.parametrize("folder", ["docs", "docs/architecture", "docs/decisions"])
def test_every_page_is_listed_where_its_folder_begins(folder: str) -> None:
    listed = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    pages = {path.name for path in (ROOT / folder).glob("*.md")} - {"README.md"}
    assert {page for page in pages if f"]({page})" not in listed} == set()


def test_every_link_of_a_page_leads_somewhere() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "services").glob("*/README.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{name_of(page)}: {target}"


# Bounds of the machine and of the hand, no rule of a handbook: a handbook's number stands in the catalogue.
TECHNICAL = {
    "services/dispatch/domain/leave.py: KEPT",
    "services/dispatch/domain/leave.py: PLANNED_AHEAD",
    "services/dispatch/domain/onsite.py: WRITTEN_DOWN_WITHIN",
    "services/dispatch/domain/rain.py: CLOCKS_DIFFER",
    "services/intake/domain/day.py: LAST_MINUTE",
}
CALENDAR = {"timedelta(0)", "timedelta(days=1)", "timedelta(days=7)"}  # nothing, the next day, the next week


def _numbered(node: ast.AST) -> Iterator[str]:
    """The timedeltas of a literal number inside a piece of source."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("timedelta"):
            values = [*call.args, *(keyword.value for keyword in call.keywords)]
            if any(isinstance(value, ast.Constant) for value in values):
                yield ast.unparse(call)


def test_no_rule_of_time_stands_in_the_code() -> None:
    found = set()
    for path in modules(*(f"services/{service}/domain" for service in SERVICES)):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if set(_numbered(node)) - CALENDAR:
                named = isinstance(node, ast.Assign | ast.AnnAssign)
                what = ast.unparse(node).partition(" =")[0] if named else getattr(node, "name", "?")
                found.add(f"{name_of(path)}: {what}")
    assert found == TECHNICAL
