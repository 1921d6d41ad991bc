"""Nothing that was read is ever executed: no part of the package has the means."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import vcs_track

__all__: list[str] = []

PACKAGE = Path(vcs_track.__file__).parent
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)

# Modules that make code, or objects of any class, out of bytes; and one that trusts names in a zip.
MODULES = {
    "pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml",
    "code", "codeop", "runpy", "imp", "ctypes", "zipfile", "tarfile", "xmlrpc", "zipimport",
}  # fmt: skip
# The first makes no objects of any class, and reads only what children of the same program send;
# the second becomes the program that its user names, without a shell.
ALLOWED = {
    "plumbing/workers.py": {"import marshal"},
    "cli/commands/exec_.py": {"os.execvp"},
}
CALLS = {"eval", "exec", "compile", "__import__", "breakpoint", "input"}
METHODS = {
    ("os", "system"), ("os", "popen"), ("os", "execv"), ("os", "execve"), ("os", "execvp"),
    ("os", "spawnl"), ("os", "spawnv"), ("os", "startfile"), ("pty", "spawn"),
    ("builtins", "eval"), ("builtins", "exec"), ("subprocess", "getoutput"),
    ("subprocess", "getstatusoutput"), ("numpy", "load"), ("np", "load"), ("torch", "load"),
    ("shutil", "unpack_archive"), ("webbrowser", "open"),
}  # fmt: skip


def offences(source: str) -> list[str]:
    """Return what in *source* could execute what was read."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        found += [f"import {name}" for name in names if name.partition(".")[0] in MODULES]
        if isinstance(node, ast.Call):
            found += _of_call(node)
        found += _of_member(node)
    return found


def _of_member(node: ast.AST) -> list[str]:
    if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
        return []
    return [f"{node.value.id}.{node.attr}"] * ((node.value.id, node.attr) in METHODS)


def _of_call(node: ast.Call) -> list[str]:
    found = []
    if isinstance(node.func, ast.Name) and node.func.id in CALLS:
        found.append(node.func.id)
    for keyword in node.keywords:
        is_off = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        if keyword.arg in ("shell", "allow_pickle") and not is_off:
            found.append(f"{keyword.arg}=")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_can_be_executed(path: Path) -> None:
    """No file of the package unpickles, evaluates, asks a shell, or unpacks an archive by names."""
    allowed = ALLOWED.get(path.relative_to(PACKAGE).as_posix(), set())

    assert allowed == set(offences(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from pickle import loads", "def f():\n    import yaml", "eval('1')",
        "import subprocess\nsubprocess.run('x', shell=True)", "import os\nos.system('x')",
        "import numpy as np\nnp.load('x', allow_pickle=True)", "from zipfile import ZipFile",
        "run = exec\nexec('1')",
    ],
)  # fmt: skip
def test_the_rule_sees_what_it_forbids(source: str) -> None:
    """Each of these is found: the rule above can fail."""
    assert offences(source)
