"""Tests of ``vcs_track.cli.diff_text``."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

import vcs_track
from vcs_track.cli import diff_text, render
from vcs_track.porcelain.diff import (
    KINDS,
    Blob,
    Change,
    CodeChange,
    CodeFile,
    CommandChange,
    Course,
    Diff,
    EnvChange,
    FileChange,
    HparamChange,
    IdentityChange,
    InputChange,
    LabelChange,
    MediaChange,
    ResultChange,
    SeriesChange,
    SummaryChange,
    TextChange,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track import Repository

__all__: list[str] = []

TEXT = st.text("ab 1\n\t'é高🚀\x1b,", max_size=50)
VALUE = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.lists(TEXT, max_size=3)
NUMBER = st.floats() | st.integers()
BLOB = st.builds(Blob, st.just("x1-" + "0" * 32), st.integers(0, 10**9), st.just("text/plain"))
BLOBS = st.tuples(BLOB)
STEP = st.integers(0, 10**9)
COURSE = st.builds(Course, STEP, NUMBER, NUMBER, NUMBER, NUMBER, STEP, STEP)
FILE = st.builds(CodeFile, st.just("100644"), st.just("0" * 40))
COUNT = st.none() | STEP


def changed(kind: Callable[..., Change], side: Any, **more: Any) -> st.SearchStrategy[Change]:
    return st.builds(kind, TEXT, st.just("changed"), side, side, **more)


CHANGES = st.lists(
    changed(IdentityChange, VALUE) | changed(HparamChange, VALUE) | changed(SummaryChange, NUMBER)
    | changed(ResultChange, VALUE) | changed(MediaChange, BLOBS) | changed(TextChange, BLOBS)
    | changed(FileChange, BLOBS) | changed(InputChange, BLOB) | changed(EnvChange, VALUE)
    | changed(CommandChange, VALUE) | changed(LabelChange, VALUE)
    | changed(CodeChange, FILE, added=COUNT, removed=COUNT)
    | changed(SeriesChange, COURSE, parts_at=COUNT, gap=st.none() | NUMBER, gap_at=COUNT,
              area=st.none() | NUMBER)
    | st.builds(HparamChange, TEXT, st.just("added"), st.none(), VALUE)
    | st.builds(ResultChange, TEXT, st.just("removed"), VALUE, st.none()),
    min_size=1, max_size=6,
)  # fmt: skip


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repo = vcs_track.init(tmp_path_factory.mktemp("runs"))
    for name in ("a", "実験 🚀 with a name that is longer than most names of runs are"):
        repo.start_run(name).finish()
    return repo


class TestWidth:
    @settings(max_examples=200)
    @given(st.sampled_from([20, 40, 41, 59, 60, 80, 200]), CHANGES)
    def test_no_line_is_longer(self, repo: Repository, width: int, changes: list[Change]) -> None:
        """Whatever differs, no line is longer than the screen, and none drives it.

        Seen to fail when a row that spans both columns was not cut.
        """
        ordered = tuple(sorted(changes, key=lambda change: KINDS.index(change.kind)))
        old, new = repo.run("@{-1}"), repo.run("@")
        out = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out):
            patch.setenv("COLUMNS", str(width))
            diff_text.draw(Diff(old, new, ordered))
        lines = out.getvalue().split("\n")

        assert max(map(render.width_of, lines)) <= width
        assert "\x1b" not in out.getvalue()
        assert lines == [line.rstrip(" ") for line in lines]
