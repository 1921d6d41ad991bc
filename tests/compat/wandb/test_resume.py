"""Going on with runs: after their end, from a step on, in another one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from compat.wandb.faces import Face, run_script

__all__: list[str] = []


def first_part(ours: Face, **given: Any) -> None:
    """Make a run ``r`` of four rows."""
    given = {"id": "r", "config": {"lr": 0.1}, "tags": ["b", "a"], **given}
    with ours.init(notes="n", name="first", group="g", **given) as run:
        for step in range(4):
            run.log({"loss": float(step), "word": f"w{step}", "d": {"x": step}})
        run.summary["best"] = 7


class TestWithoutResume:
    def test_same_id_is_a_new_run(self, ours: Face) -> None:
        """An id that is used again gives a new run; the earlier one is kept.

        Seen to fail when the store's run is gone on with.
        """
        import vcs_track

        first_part(ours)
        with ours.init(id="r") as run:
            run.log({"loss": 9.0})

        assert ("r", 1, False) == (run.id, run.step, run.resumed)
        assert ["r--2", "r"] == [view.id for view in vcs_track.open().runs()]
        assert [0.0, 1.0, 2.0, 3.0] == vcs_track.open().run("r").series("loss").value

    def test_id_of_an_open_run(self, ours: Face) -> None:
        """An id that is open in this process is an error."""
        ours.init(id="r")

        with pytest.raises(ours.wandb.Error, match="open already"):
            ours.init(id="r", reinit="create_new")


class TestAllow:
    @pytest.mark.parametrize("word", ["allow", "must"])
    def test_goes_on(self, ours: Face, word: str) -> None:
        """Configuration, summary, labels and steps are those of the end."""
        first_part(ours)
        run = ours.init(id="r", resume=word)

        assert (True, 4, 4) == (run.resumed, run.step, run.starting_step)
        assert {"lr": 0.1} == dict(run.config)
        assert ("first", "n", ("b", "a"), "g") == (run.name, run.notes, run.tags, run.group)
        assert (3.0, "w3", 3, 7) == (
            run.summary["loss"], run.summary["word"], run.summary["d"]["x"], run.summary["best"],
        )  # fmt: skip

    def test_rows_are_added(self, ours: Face) -> None:
        """New rows follow the old ones."""
        first_part(ours)
        with ours.init(id="r", resume="allow") as run:
            run.log({"loss": 9.0})
        rows = ours.rows(run)

        assert [0, 1, 2, 3, 4] == [row["_step"] for row in rows]
        assert {"loss": 9.0, "_step": 4} == rows[-1]

    def test_lower_step_is_dropped(self, ours: Face) -> None:
        """Steps before the end are gone."""
        first_part(ours)
        with ours.init(id="r", resume="allow") as run:
            run.log({"loss": 9.0}, step=2)
            run.log({"loss": 8.0}, step=6)

        assert [0, 1, 2, 3, 6] == [row["_step"] for row in ours.rows(run)]

    def test_what_is_passed_replaces(self, ours: Face) -> None:
        """Labels that are passed replace the old ones, the configuration is merged."""
        first_part(ours)
        run = ours.init(id="r", resume="allow", name="x", tags=["c"], config={"lr": 0.2, "k": 1})

        assert ("x", ("c",), "n") == (run.name, run.tags, run.notes)
        assert {"lr": 0.2, "k": 1} == dict(run.config)

    def test_runtime_goes_on(self, ours: Face) -> None:
        """The time that the run was going on does not begin anew, nor count the pause."""
        import vcs_track
        from vcs_track.compat.wandb.history import rows

        with ours.init(id="r") as run:
            run.log({"a": 1, "_timestamp": run.start_time + 1000})
        with ours.init(id="r", resume="allow") as run:
            run.log({"a": 1})
            shown = run.summary["_runtime"]
        times = [row.runtime for row in rows(vcs_track.open().run("r"))]

        assert 999.9 < times[0] < 1000.1
        assert times[0] - 0.1 < times[1] < 1060
        assert 999.9 < shown < 1060

    def test_by_hand_stands_on(self, ours: Face) -> None:
        """A value set by hand stands in the next process too."""
        first_part(ours)
        with ours.init(id="r", resume="must") as run:
            run.log({"best": 1})

        assert 7 == run.summary["best"]

    def test_definitions_stand_on(self, ours: Face) -> None:
        """Definitions of metrics are those of the first process, over all values."""
        with ours.init(id="r") as run:
            run.define_metric("loss", summary="min")
            run.log({"loss": 1.0})
        with ours.init(id="r", resume="must") as run:
            run.log({"loss": 5.0})

        assert {"min": 1.0} == dict(run.summary["loss"])

    def test_key_becomes_a_number(self, ours: Face) -> None:
        """A key that was a text is a number later: the store's summary says the number."""
        import vcs_track

        with ours.init(id="r") as run:
            run.log({"a": "x"})
        with ours.init(id="r", resume="must") as run:
            run.log({"a": 5})

        assert {"a": 5} == vcs_track.open().run("r").summary

    def test_names_of_series_stand_on(self, ours: Face) -> None:
        """Keys that share a printed name stay apart in the next process."""
        with ours.init(id="r") as run:
            run.log({"a.b": 1})
        with ours.init(id="r", resume="must") as run:
            run.log({"a": {"b": 2}})
        with ours.init(id="r", resume="must") as run:
            run.log({"a": {"b": 3}, "a.b": 4})

        assert [
            {"a.b": 1, "_step": 0},
            {"a": {"b": 2}, "_step": 1},
            {"a": {"b": 3}, "a.b": 4, "_step": 2},
        ] == ours.rows(run)

    def test_allow_starts(self, ours: Face) -> None:
        """``allow`` starts a run that is not there."""
        run = ours.init(id="r", resume="allow")

        assert ("r", False, 0) == (run.id, run.resumed, run.step)

    def test_after_a_kill(self, ours: Face, tmp_path: Path) -> None:
        """A run whose process was killed is gone on with where its rows end."""
        text = """
import os
run = wandb.init(project="p", id="r", config={"a": 1})
for step in range(5):
    run.log({"x": step})
run.log({"lost": 1}, commit=False)
os.kill(os.getpid(), 9)
"""
        run_script(ours, text, tmp_path, status=-9)
        run = ours.init(id="r", resume="must")

        assert (5, {"a": 1}) == (run.step, dict(run.config))
        assert 4 == run.summary["x"]


class TestMustAndNever:
    def test_must(self, ours: Face) -> None:
        """``must`` demands that the run is there: a UsageError and a CommError."""
        with pytest.raises(ours.wandb.UsageError, match="there is no run 'r'"):
            ours.init(id="r", resume="must")
        with pytest.raises(ours.wandb.CommError, match="there is no run 'r'"):
            ours.init(id="r", resume="must")
        assert not Path("wandb").exists()

    def test_never(self, ours: Face) -> None:
        """``never`` demands that it is not."""
        first_part(ours)

        with pytest.raises(ours.wandb.UsageError, match="there is a run 'r'"):
            ours.init(id="r", resume="never")

    def test_variable(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """``WANDB_RESUME`` and ``WANDB_RUN_ID`` say the same."""
        first_part(ours)
        monkeypatch.setenv("WANDB_RESUME", "must")
        monkeypatch.setenv("WANDB_RUN_ID", "r")

        assert 4 == ours.init().step


class TestAuto:
    def test_goes_on_with_what_failed(self, ours: Face) -> None:
        """``auto`` goes on with the run that did not end well."""
        first = ours.init(resume="auto")
        first.log({"a": 1})
        first.finish(exit_code=1)
        left = json.loads(Path("wandb/wandb-resume.json").read_text())
        second = ours.init(resume=True)

        assert {"run_id": first.id} == left
        assert (first.id, 1, True) == (second.id, second.step, second.resumed)

    def test_starts_anew_after_success(self, ours: Face) -> None:
        """After a good end it starts a new one."""
        first = ours.init(resume="auto")
        first.finish()
        second = ours.init(resume="auto")

        assert first.id != second.id

    def test_damaged_file(self, ours: Face) -> None:
        """A file that says nothing useful is no reason to fail."""
        Path("wandb").mkdir()
        Path("wandb/wandb-resume.json").write_text("{")

        assert 8 == len(ours.init(resume="auto").id)


class TestFromAStep:
    def test_fork(self, ours: Face) -> None:
        """``fork_from`` begins another run with the rows up to a step."""
        first_part(ours)
        with ours.init(fork_from="r?_step=1") as run:
            run.log({"loss": 50.0})

        assert "r" != run.id
        assert {"lr": 0.1} == dict(run.config)
        assert [
            {"loss": 0.0, "word": "w0", "d": {"x": 0}, "_step": 0},
            {"loss": 1.0, "word": "w1", "d": {"x": 1}, "_step": 1},
            {"loss": 50.0, "_step": 2},
        ] == ours.rows(run)

    def test_fork_leaves_the_first_alone(self, ours: Face) -> None:
        """The first run stays as it was."""
        import vcs_track

        first_part(ours)
        before = vcs_track.open().run("r").heads
        ours.init(fork_from="r?_step=1").finish()

        assert before == vcs_track.open().run("r").heads

    def test_fork_keeps_times(self, ours: Face) -> None:
        """The copied rows have the times of the old ones."""
        import vcs_track
        from vcs_track.compat.wandb.history import rows

        first_part(ours)
        with ours.init(id="f", fork_from="r?_step=2"):
            pass
        repo = vcs_track.open()

        assert [r.wall for r in rows(repo.run("r"))][:3] == [r.wall for r in rows(repo.run("f"))]

    def test_resume_from(self, ours: Face) -> None:
        """``resume_from`` goes on with the id from a step on, and forgets nothing."""
        import vcs_track

        first_part(ours)
        with ours.init(resume_from="r?_step=1") as run:
            run.log({"loss": 50.0})

        assert ("r", True, "first") == (run.id, run.resumed, run.name)
        assert [0, 1, 2] == [row["_step"] for row in ours.rows(run)]
        assert 4 == len(vcs_track.open().run("r").series("loss"))

    def test_files_come_along(self, ours: Face) -> None:
        """Files of the first run can be restored in the copy."""
        Path("ck.pt").write_text("1")
        with ours.init(id="r") as run:
            run.save("ck.pt")
            run.log({"a": 1})
        with ours.init(fork_from="r?_step=0") as run, run.restore("ck.pt", root="out") as file:
            assert "1" == file.read()

    def test_unknown_run(self, ours: Face) -> None:
        """A run that is not there is an Error."""
        with pytest.raises(ours.wandb.Error, match="there is no run 'r'"):
            ours.init(fork_from="r?_step=1")


def test_two_processes_with_one_id(ours: Face, tmp_path: Path) -> None:
    """A process that takes the id of a run that goes on adds to it, with steps of its own."""
    import vcs_track

    run = ours.init(id="r")
    run.log({"a": 1})
    text = "with wandb.init(project='p', id='r') as run:\n    run.log({'b': 2}, step=0)\n"
    run_script(ours, text, tmp_path)
    run.log({"a": 2})
    run.finish()

    assert [{"a": 1, "b": 2, "_step": 0}, {"a": 2, "_step": 1}] == ours.rows(run)
    assert "finished" == vcs_track.open().run("r").status
