"""Which sentences the source says to callers, and where it says them so that nobody can translate them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("shared", "services", "tools/importing")
SAYING = {"say", "listed", "word", "words", "either", "as_is", "told_as"}
REFUSALS = {
    *(
        "Rejected",
        "Invalid",
        "Unauthorised",
        "Forbidden",
        "NotFound",
        "Conflict",
        "Stale",
        "TooLarge",
        "Gone",
    ),
    *("Unsupported", "WrongChecksum", "TooMany", "Unfit", "problem"),
}
TEXTS = {"problem": (2,), "Unfit": (1, 2)}
"""Which arguments are read by people; elsewhere the second, and always `detail` and `accepted`."""
KEYWORDS = {"detail", "accepted"}


@dataclass
class Found:
    """The templates, and the places to correct."""

    templates: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


def collect(root: Path = ROOT) -> Found:
    """All sentences of the source."""
    found = Found()
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            _Module(
                path.relative_to(root).as_posix(), ast.parse(path.read_text(encoding="utf-8")), found
            ).read()
    return found


class _Module:
    def __init__(self, name: str, tree: ast.Module, found: Found) -> None:
        self._name = name
        self._tree = tree
        self._found = found

    def read(self) -> None:
        """Every call of the module, with the function it stands in."""
        for node, scopes in _walk(self._tree, (self._tree,)):
            if not isinstance(node, ast.Call):
                continue
            name = _called(node)
            if name == "say":
                self._say(node)
            elif name in REFUSALS:
                for text in _texts(node, name):
                    self._text(text, scopes)

    def _say(self, call: ast.Call) -> None:
        template = call.args[0] if call.args else None
        if self._name == "shared/texts/packed.py":
            return
        if not (isinstance(template, ast.Constant) and isinstance(template.value, str)):
            self._wrong(call, "say() takes its template as one literal")
            return
        self._found.templates.add(template.value)

    def _text(self, node: ast.expr, scopes: tuple[ast.AST, ...]) -> None:
        """A text of a refusal: a literal, something said, or a name for one of these."""
        match node:
            case ast.Constant(value=str() as sentence):
                if sentence:
                    self._found.templates.add(sentence)
            case ast.Constant(value=None):
                pass
            case ast.IfExp(body=one, orelse=other):
                self._text(one, scopes)
                self._text(other, scopes)
            case ast.BoolOp(values=values):
                for value in values:
                    self._text(value, scopes)
            case ast.Call() if _called(node) in SAYING:
                pass
            case ast.Name(id=name):
                self._named(node, name, scopes)
            case ast.Subscript(value=ast.Attribute(attr="args")):
                pass  # what an error of ours was raised with
            case ast.Subscript(value=value):
                self._text(value, scopes)
            case ast.Call(func=ast.Attribute(value=ast.Dict() as value, attr="get"), args=[_, default]):
                self._text(value, scopes)
                self._text(default, scopes)
            case ast.Dict(values=values):
                for value in values:
                    self._text(value, scopes)
            case ast.Attribute(attr="detail" | "accepted"):
                pass  # a refusal that is passed on
            case ast.Call() if not _joins(node):
                pass  # a function of ours, which says it
            case _:
                self._wrong(node, f"`{ast.unparse(node)}` cannot be translated: use say()")

    def _named(self, node: ast.expr, name: str, scopes: tuple[ast.AST, ...]) -> None:
        """A local name: each value it is given must be such a text itself."""
        for value in (v for scope in scopes for v in _given(scope, name)):
            self._text(value, scopes)

    def _wrong(self, node: ast.AST, why: str) -> None:
        self._found.wrong.append(f"{self._name}:{getattr(node, 'lineno', 0)}: {why}")


def _walk(node: ast.AST, scopes: tuple[ast.AST, ...]) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    for child in ast.iter_child_nodes(node):
        inner = (*scopes, child) if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else scopes
        yield child, inner
        yield from _walk(child, inner)


def _joins(call: ast.Call) -> bool:
    """Whether the call makes a string out of others: `", ".join(...)`, `str(...)`."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else _called(call)
    return name in {"join", "format", "str", "isoformat", "strftime", "replace", "lower"}


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _texts(call: ast.Call, name: str) -> Iterator[ast.expr]:
    yield from (call.args[i] for i in TEXTS.get(name, (1,)) if i < len(call.args))
    yield from (k.value for k in call.keywords if k.arg in KEYWORDS)


def _given(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """What a name is set to directly in this scope (a module, or a function)."""
    nodes = scope.body if isinstance(scope, ast.Module) else ast.walk(scope)
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                yield value
            case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value) if found == name:
                yield value
            case ast.Assign(targets=[ast.Tuple(elts=elts)], value=ast.Tuple(elts=values)):
                pairs = zip(elts, values, strict=True)
                yield from (v for e, v in pairs if isinstance(e, ast.Name) and e.id == name)
            case _:
                pass
