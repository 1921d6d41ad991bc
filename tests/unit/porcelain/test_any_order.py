"""Edits, removals, restorings, undos and redos in any order, beside a plain model."""

from __future__ import annotations

import shutil
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import vcs_track
from vcs_track.errors import InvalidValueError

NAMES = ("a", "b", "c")
some = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)

Runs = dict[str, dict[str, Any]]


class Keeping(RuleBasedStateMachine):
    """A repository of three runs, and what a user believes of them.

    What can be undone is modelled as whole pictures: an undo shows the picture before the last
    command, a redo the one behind it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.repo = vcs_track.init(self.folder).with_defaults(capture_git=False)
        self.runs: Runs = {}
        self.hidden: Runs = {}
        self.past: list[tuple[Runs, Runs]] = []
        self.future: list[tuple[Runs, Runs]] = []

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _did(self) -> None:
        """Note the picture before a command."""
        self.past.append((deepcopy(self.runs), deepcopy(self.hidden)))
        self.future.clear()

    def _visible(self, runs: list[str]) -> list[str]:
        return [run for run in runs if run in self.runs]

    @initialize()
    def begin(self) -> None:
        for name in NAMES:
            self.repo.start_run(name, id=name).finish()
            self.runs[name] = {"note": None, "tags": set(), "status": "finished"}

    @rule(runs=some, note=st.sampled_from(["x", "y"]))
    def note(self, runs: list[str], note: str) -> None:
        chosen = self._visible(runs)
        # A command that changes nothing moves nothing, and there is nothing to undo.
        if any(self.runs[run]["note"] != note for run in chosen):
            self._did()
        self.repo.note(chosen, note)
        for run in chosen:
            self.runs[run]["note"] = note

    @rule(runs=some, tag=st.sampled_from(["t", "u"]), gone=st.booleans())
    def tag(self, runs: list[str], tag: str, gone: bool) -> None:
        chosen = self._visible(runs)
        if any((tag in self.runs[run]["tags"]) is gone for run in chosen):
            self._did()
        (self.repo.untag if gone else self.repo.tag)(chosen, tag)
        for run in chosen:
            tags = self.runs[run]["tags"]
            tags.discard(tag) if gone else tags.add(tag)

    @rule(runs=some)
    def remove(self, runs: list[str]) -> None:
        chosen = self._visible(runs)
        if chosen:
            self._did()
        self.repo.remove(chosen)
        for run in chosen:
            self.hidden[run] = self.runs.pop(run)

    @rule(runs=some)
    def restore(self, runs: list[str]) -> None:
        chosen = [run for run in runs if run in self.hidden]
        if chosen:
            self._did()
        self.repo.restore_removed(chosen)
        for run in chosen:
            self.runs[run] = self.hidden.pop(run)

    @rule(count=st.integers(1, 3))
    def undo(self, count: int) -> None:
        if count > len(self.past):
            try:
                self.repo.undo(count)
            except InvalidValueError:
                return
            raise AssertionError("there was nothing to undo")
        self.repo.undo(count)
        for _ in range(count):
            self.future.append((self.runs, self.hidden))
            self.runs, self.hidden = self.past.pop()

    @rule()
    def redo(self) -> None:
        if not self.future:
            try:
                self.repo.redo()
            except InvalidValueError:
                return
            raise AssertionError("there was nothing to redo")
        self.repo.redo()
        self.past.append((self.runs, self.hidden))
        self.runs, self.hidden = self.future.pop()

    @rule()
    def come_back_later(self) -> None:
        """A new process finds the same."""
        self.repo = vcs_track.open(self.folder).with_defaults(capture_git=False)

    @rule()
    def clean_up(self) -> None:
        """A clean-up takes nothing that may be brought back yet."""
        self.repo.gc()

    @invariant()
    def all_is_as_believed(self) -> None:
        found = {
            run.id: {"note": run.note, "tags": set(run.tags), "status": run.status}
            for run in self.repo.runs()
        }
        assert self.runs == found
        assert set(self.hidden) == {run.id for run in self.repo.removed()}
        assert all(run.here for run in self.repo.removed())

    @invariant()
    def every_run_has_one_head(self) -> None:
        assert all(len(heads) == 1 for heads in self.repo.store.home.heads().values())


TestKeeping = Keeping.TestCase
TestKeeping.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestKeeping.__doc__ = """What is visible, removed and undone is what the user believes.

Seen to fail when a new command did not end redo, and when undone states came back with a
restored run.
"""
