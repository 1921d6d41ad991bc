"""Rules for each module of the package that no linter knows."""

from __future__ import annotations

import ast
import importlib
from importlib.util import find_spec
from pathlib import Path

import pytest

__all__: list[str] = []

SPEC = find_spec("vcs_track")
assert SPEC is not None
assert SPEC.origin is not None
PACKAGE = Path(SPEC.origin).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

LINES = 500
PUBLIC_METHODS = 25
FIRST_LINE = 72

# Classes that may be wider, each with its reason.
WIDE_CLASSES = {
    "Run": "every verb of logging is a method of the run, as in the tools that people come from",
}

Documented = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def name_of(module: Path) -> str:
    return module.relative_to(PACKAGE.parent).as_posix()


def dotted(module: Path) -> str:
    return ".".join(module.relative_to(PACKAGE.parent).with_suffix("").parts)


def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def is_public(name: str) -> bool:
    return not name.startswith("_")


def decorators(node: Documented) -> set[str]:
    return {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}


def assigned_names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    else:
        return []
    return [
        each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)
    ]


def defined_names(tree: ast.Module) -> set[str]:
    """Return the public names that the module itself makes."""
    names: set[str] = set()
    for node in tree.body:
        names.update(assigned_names(node))
        if isinstance(node, Documented):
            names.add(node.name)
    return {name for name in names if is_public(name)}


def imported_names(tree: ast.Module) -> set[str]:
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def declared_all(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if "__all__" in assigned_names(node):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            assert node.value is not None
            return list(ast.literal_eval(node.value))
    return None


def public_definitions(tree: ast.Module) -> list[tuple[str, Documented]]:
    """Return what a reader can call: functions, classes and the methods of these."""
    found: list[tuple[str, Documented]] = []
    for node in tree.body:
        if not isinstance(node, Documented) or not is_public(node.name):
            continue
        if "overload" in decorators(node):  # its implementation has the docstring
            continue
        found.append((node.name, node))
        if isinstance(node, ast.ClassDef):
            found += [(f"{node.name}.{each.name}", each) for each in public_methods(node)]
    return found


def public_methods(node: ast.ClassDef) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        each
        for each in node.body
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        and is_public(each.name)
        # These share the docstring of their getter, implementation or parent.
        and not decorators(each) & {"setter", "deleter", "overload", "override"}
    ]


@pytest.mark.parametrize("module", MODULES, ids=name_of)
class TestModule:
    def test_says_what_it_is(self, module: Path) -> None:
        """Each module opens with a docstring."""
        docstring = ast.get_docstring(tree_of(module))

        assert docstring

    def test_is_short(self, module: Path) -> None:
        """A module that grows beyond 500 lines holds two nouns and is split."""
        lines = len(module.read_text(encoding="utf-8").splitlines())

        assert lines <= LINES, f"{lines} lines"

    def test_has_all(self, module: Path) -> None:
        """Each module lists its public names once (ruff sorts them)."""
        names = declared_all(tree_of(module))

        assert names is not None
        assert len(set(names)) == len(names)

    def test_all_is_exact(self, module: Path) -> None:
        """``__all__`` holds all that the module defines, and nothing from nowhere."""
        tree = tree_of(module)
        names = set(declared_all(tree) or ())
        # What was moved to a file of its own may still be offered where it was.
        names -= imported_names(tree)
        if module.name == "__init__.py":
            names = {name for name in names if not name.startswith("__")}

        assert defined_names(tree) == names

    def test_public_names_are_documented(self, module: Path) -> None:
        """Each public class, function and method has a docstring."""
        silent = [
            f"{name} (line {node.lineno})"
            for name, node in public_definitions(tree_of(module))
            if not ast.get_docstring(node)
        ]

        assert [] == silent

    def test_first_lines_are_short(self, module: Path) -> None:
        """The first line of a public docstring has at most 72 characters."""
        long = [
            f"{name} (line {node.lineno})"
            for name, node in public_definitions(tree_of(module))
            if len((ast.get_docstring(node) or "").partition("\n")[0]) > FIRST_LINE
        ]

        assert [] == long

    def test_classes_are_narrow(self, module: Path) -> None:
        """A class has at most 25 public methods, or stands in the list with its reason."""
        wide = [
            node.name
            for node in ast.walk(tree_of(module))
            if isinstance(node, ast.ClassDef)
            and len(public_methods(node)) > PUBLIC_METHODS
            and node.name not in WIDE_CLASSES
        ]

        assert [] == wide


def test_names_of_the_package_resolve() -> None:
    """Each name in ``vcs_track.__all__`` can be reached, though it is loaded late."""
    package = importlib.import_module("vcs_track")
    missing = [name for name in package.__all__ if not hasattr(package, name)]

    assert [] == missing


@pytest.mark.parametrize("module", [m for m in MODULES if m.name != "__main__.py"], ids=name_of)
def test_module_imports_alone(module: Path) -> None:
    """Each module can be imported by its name, and its ``__all__`` resolves."""
    loaded = importlib.import_module(dotted(module).removesuffix(".__init__"))
    missing = [name for name in loaded.__all__ if not hasattr(loaded, name)]

    assert [] == missing
