"""What the names of the module mean before, during and after a run."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import TYPE_CHECKING, Any

import pytest
from compat.wandb.faces import Face, run_script

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []

_CALLS = {
    "log": ({"a": 1},),
    "save": ("x",),
    "define_metric": ("x",),
    "watch": (None,),
    "use_artifact": ("a",),
    "log_artifact": ("a",),
}


class TestBefore:
    @pytest.mark.parametrize("name", _CALLS)
    def test_functions_of_a_run_refuse(self, face: Face, name: str) -> None:
        """Without a run they raise wandb's Error, which names init and the function."""
        with pytest.raises(
            face.wandb.Error, match=r"You must call wandb.init\(\) before"
        ) as found:
            getattr(face.wandb, name)(*_CALLS[name])

        assert f"wandb.{name}" in str(found.value)

    def test_alert_refuses(self, ours: Face) -> None:
        """So does ``alert``, also after a run; there it speaks of the run that ended."""
        ours.init().finish()

        with pytest.raises(ours.wandb.Error, match=r"before wandb.alert"):
            ours.wandb.alert("t", "x")

    @pytest.mark.parametrize("name", ["config", "summary"])
    def test_config_and_summary_refuse(self, face: Face, name: str) -> None:
        """Reading and writing them, by attribute and by item, raises wandb's Error."""
        found = getattr(face.wandb, name)

        with pytest.raises(face.wandb.Error, match="before"):
            _ = found.lr
        with pytest.raises(face.wandb.Error, match="before"):
            found.lr = 1
        with pytest.raises(face.wandb.Error, match="before"):
            _ = found["lr"]
        with pytest.raises(face.wandb.Error, match="before"):
            found["lr"] = 1

    def test_there_is_no_run(self, face: Face) -> None:
        """``wandb.run`` is None, and finishing is harmless."""
        face.wandb.finish()

        assert face.wandb.run is None

    def test_restore_needs_a_run(self, face: Face) -> None:
        """``restore`` without a run says that it needs a path: a ValueError."""
        with pytest.raises(ValueError, match="run_path required"):
            face.wandb.restore("a.txt")


class TestDuring:
    def test_module_speaks_of_the_run(self, face: Face) -> None:
        """``wandb.run`` and ``wandb.config`` are those of the run."""
        run = face.init()

        assert run is face.wandb.run
        assert run.config is face.wandb.config

    def test_second_init_returns_the_same_run(self, face: Face) -> None:
        """A second ``init`` returns the open run, and ignores its arguments."""
        run = face.init(config={"a": 1})
        again = face.init(config={"b": 2}, name="other")

        assert again is run
        assert {"a": 1} == dict(run.config)

    @pytest.mark.parametrize("word", [True, "finish_previous"])
    def test_reinit_finishes_the_first(self, face: Face, word: Any) -> None:
        """``reinit=True`` ends the open run and gives a new one."""
        first = face.init()
        second = face.init(reinit=word)

        assert second is not first
        assert face.wandb.run is second
        with pytest.raises(face.wandb.UsageError, match="is finished"):
            first.log({"a": 1})

    @pytest.mark.parametrize("word", [False, "return_previous"])
    def test_reinit_returns_the_first(self, face: Face, word: Any) -> None:
        """``reinit=False`` gives the open run."""
        first = face.init()

        assert face.init(reinit=word) is first

    def test_create_new_leaves_the_module_at_the_first(self, face: Face) -> None:
        """With ``create_new`` two runs are open, and the module speaks of the first."""
        first = face.init()
        second = face.init(reinit="create_new")
        face.wandb.log({"a": 1})
        second.log({"b": 2})
        current = face.wandb.run
        second.finish()
        first.finish()

        assert current is first
        assert [{"a": 1, "_step": 0}] == face.rows(first)
        assert [{"b": 2, "_step": 0}] == face.rows(second)

    def test_assigning_to_config_sets_values(
        self, ours: Face, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """``wandb.config = {...}`` after ``init`` reaches the run, with a word; there it is lost.

        Seen to fail when the module has no class of its own.
        """
        run = ours.init(config={"lr": 0.1}, settings={"silent": False})
        ours.wandb.config = {"lr": 0.2, "depth": 3}

        assert {"lr": 0.2, "depth": 3} == dict(run.config)
        assert run.config is ours.wandb.config
        assert "wandb.config.update()" in capsys.readouterr().err

    def test_threads_lose_nothing(self, face: Face) -> None:
        """Four threads log 200 rows each: the step is 800, and so many rows are there."""
        run = face.init()

        def work() -> None:
            for number in range(200):
                run.log({"a": number})

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        steps = run.step
        run.finish()

        assert 800 == steps
        assert 800 == len(face.rows(run))


class TestAfter:
    @pytest.mark.parametrize("name", ["log", "save", "alert", "define_metric", "status"])
    def test_calls_refuse(self, face: Face, name: str) -> None:
        """A run that was kept after its end refuses with UsageError, whatever the arguments."""
        run = face.init()
        run.finish()

        with pytest.raises(face.wandb.UsageError, match=rf"Run \({run.id}\) is finished"):
            getattr(run, name)(*{**_CALLS, "alert": ("t", "x")}.get(name, ()))

    @pytest.mark.parametrize("name", ["name", "notes", "tags"])
    def test_assignments_refuse(self, face: Face, name: str) -> None:
        """So do assignments to its labels."""
        run = face.init()
        run.finish()

        with pytest.raises(face.wandb.UsageError, match="is finished"):
            setattr(run, name, ("a",) if name == "tags" else "a")

    def test_config_refuses_and_stays(self, ours: Face) -> None:
        """Writing the configuration raises, and changes nothing; there it changes in memory."""
        run = ours.init(config={"a": 1})
        run.finish()

        with pytest.raises(ours.wandb.UsageError, match="is finished"):
            run.config.update({"a": 2}, allow_val_change=True)
        assert 1 == run.config.a

    def test_summary_refuses(self, ours: Face) -> None:
        """Writing the summary raises too."""
        run = ours.init()
        run.finish()

        with pytest.raises(ours.wandb.UsageError, match="is finished"):
            run.summary["a"] = 1
        with pytest.raises(ours.wandb.UsageError, match="is finished"):
            del run.summary["a"]

    def test_config_can_be_read(self, face: Face) -> None:
        """Reading the configuration goes on to work."""
        run = face.init(config={"a": 1})
        run.finish()

        assert 1 == run.config["a"]

    def test_summary_can_be_read(self, ours: Face) -> None:
        """The summary is what was stored; there it is empty."""
        run = ours.init()
        run.log({"a": 1})
        run.finish()

        assert 1 == run.summary["a"]

    def test_module_is_as_before(self, face: Face) -> None:
        """The module refuses again, and ``finish`` is harmless."""
        face.init()
        face.wandb.finish()
        face.wandb.finish()

        assert face.wandb.run is None
        with pytest.raises(face.wandb.Error, match="before"):
            face.wandb.log({"a": 1})

    def test_finish_twice(self, face: Face) -> None:
        """Finishing a run again does nothing."""
        run = face.init()
        run.finish()
        run.finish()

        assert face.wandb.run is None

    def test_id_can_be_used_again(self, face: Face) -> None:
        """A new run may have the id of one that ended."""
        face.init(id="same").finish()
        run = face.init(id="same")

        assert "same" == run.id


class TestRunObject:
    def test_with_finishes(self, face: Face) -> None:
        """``with init()`` ends the run with the block."""
        with face.init() as run:
            run.log({"a": 1})

        assert face.wandb.run is None

    def test_unknown_attribute_is_refused(self, face: Face) -> None:
        """A run takes no attributes that it does not know."""
        run = face.init()

        with pytest.raises(Exception, match="Attribute foo is not supported on Run object"):
            run.foo = 1

    @pytest.mark.parametrize("name", ["step", "group", "project", "id"])
    def test_fixed_attributes_stay(self, face: Face, name: str) -> None:
        """What cannot be set raises AttributeError."""
        run = face.init()

        with pytest.raises(AttributeError):
            setattr(run, name, 1)

    def test_deep_copy_is_the_run(self, face: Face) -> None:
        """A deep copy of the run is the run itself."""
        run = face.init()

        assert copy.deepcopy(run) is run

    def test_pickle_is_the_open_run(self, ours: Face) -> None:
        """In one process a pickled run is the open run; loggers of frameworks are pickled."""
        run = ours.init()
        packed = pickle.dumps(run)

        assert pickle.loads(packed) is run


def test_settings_are_not_changed(ours: Face) -> None:
    """``init`` leaves the Settings that it was given alone: two runs can share them.

    There id and name of the first run leak into the second.
    """
    settings = ours.wandb.Settings(silent=True)
    first = ours.init(settings=settings, id="one", name="n")
    first.finish()
    second = ours.init(settings=settings)

    assert "one" != second.id
    assert settings.run_id is None


def test_forked_child_logs_to_the_run(face: Face, tmp_path: Path) -> None:
    """A forked child can log; nothing is damaged, and the parent's rows are all there."""
    text = """
import os
run = wandb.init(project="p", id="forked")
run.log({"a": 1})
child = os.fork()
if not child:
    run.log({"b": 2})
    os._exit(0)
os.waitpid(child, 0)
run.log({"a": 3}, step=5)
run.finish()
"""
    run_script(face, text, tmp_path)

    if face.name == "ours":
        import vcs_track
        from vcs_track.compat.wandb.history import rows

        view = vcs_track.open().run("forked")
        found = [(row.step, row.leaves) for row in rows(view)]
        assert [(0, {("a",): 1}), (1, {("b",): 2}), (5, {("a",): 3})] == found
        assert "finished" == view.status
        assert [] == view.to_dict()["gaps"]
