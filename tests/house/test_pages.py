"""The pages and the code tell the same story."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vcs_track import errors

__all__: list[str] = []

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (".ci", "benchmarks", "docs", "tests", "vcs_track")
SKIPPED = {"__pycache__", "_build"}

# Places of one machine, in pieces so that this file does not match itself.
PRIVATE = re.compile(
    "|".join([r"\.\./" + "shared", r"(?<![\w.-])\." + "library", r"(?<![\w.~}-])/" + "work/"])
)


def text_files() -> list[Path]:
    """Return every file of the project that holds text."""
    files = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        files += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [
        path
        for path in sorted(files)
        if not SKIPPED & set(path.relative_to(ROOT).parts) and b"\0" not in path.read_bytes()
    ]


@pytest.mark.parametrize("name", errors.__all__)
def test_error_is_on_the_page_of_errors(name: str) -> None:
    """Each error stands in the table of ``docs/errors.md`` with its exit code."""
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    exit_code = getattr(errors, name).exit_code

    assert re.search(rf"^\| `{name}` \| {exit_code} \|", page, re.MULTILINE)


def test_no_file_names_a_place_of_one_machine() -> None:
    """The project speaks of itself alone: no paths of the machine it was written on."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in text_files()
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if PRIVATE.search(line)
    ]

    assert [] == found


@pytest.mark.parametrize("line", ["see ../" + "shared/x", "/" + "work/main", "cd ." + "library"])
def test_probe_sees_a_place_of_one_machine(line: str) -> None:
    """The rule above can fail."""
    assert PRIVATE.search(line)
