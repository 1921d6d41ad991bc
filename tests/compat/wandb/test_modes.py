"""Disabled runs, variables, settings, alerts, words for a server."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from compat.wandb.faces import Face

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__: list[str] = []


class TestDisabled:
    @pytest.fixture(autouse=True)
    def _elsewhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)

    def test_what_it_says(self, face: Face) -> None:
        """It has an id of its own, and what it was not given is a dummy."""
        run = face.wandb.init(mode="disabled")
        name, path = run.name, run.path

        assert f"dummy-{run.id}" == name
        assert f"dummy/dummy/{run.id}" == path
        assert ("dummy", "dummy", None, 0, ()) == (
            run.project, run.entity, run.url, run.step, tuple(run.tags),
        )  # fmt: skip
        assert run.disabled is True
        assert not Path(run.dir).exists()

    def test_what_it_was_given(self, face: Face) -> None:
        """Labels that it was given are shown."""
        run = face.init(mode="disabled", id="i", name="x", tags=["t"], entity="e", notes="n")

        assert ("i", "x", ("t",), "e/p/i", "n") == (
            run.id, run.name, run.tags, run.path, run.notes,
        )  # fmt: skip

    def test_log_sets_the_summary(self, face: Face) -> None:
        """What is logged stands in the summary."""
        run = face.init(mode="disabled")
        run.log({"a": 1})
        run.log({"a": 2, "b": object})

        assert 2 == run.summary["a"] == run.summary.a
        assert 0 == run.step

    def test_calls_do_nothing(self, face: Face) -> None:
        """Each call returns at once."""
        run = face.init(mode="disabled")

        assert run.save("x") is False
        assert (None, None, None) == (
            run.alert("t", "x"), run.restore("a"), run.use_artifact("a"),
        )  # fmt: skip
        artifact = run.log_artifact("a")
        assert artifact.wait() is artifact.anything is artifact

    def test_config_keeps_its_rules(self, face: Face) -> None:
        """The configuration works, and refuses to change."""
        run = face.init(mode="disabled", config={"a": 1})
        run.config.update({"b": 2})

        with pytest.raises(face.wandb.Error, match="Attempted to change"):
            run.config.a = 5
        assert {"a": 1, "b": 2} == dict(run.config)

    def test_log_after_finish_is_silent(self, face: Face) -> None:
        """Nothing is said about calls after the end."""
        run = face.init(mode="disabled")
        run.finish()
        run.log({"a": 1})

        assert face.wandb.run is None

    def test_with(self, ours: Face) -> None:
        """After ``with`` there is no run; there it stays."""
        with ours.init(mode="disabled"):
            pass

        assert ours.wandb.run is None

    def test_module_functions(self, face: Face) -> None:
        """The functions of the module work on it."""
        face.init(mode="disabled")
        face.wandb.log({"a": 1})
        face.wandb.define_metric("a")
        face.wandb.watch(None)

        assert 1 == face.wandb.run.summary["a"]

    def test_writes_nothing(self, ours: Face, tmp_path: Path) -> None:
        """No file is made."""
        with ours.init(mode="disabled", config={"a": 1}) as run:
            run.log({"a": 1})
            run.name = "x"

        assert [] == list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("name", "value"),
        [("WANDB_MODE", "disabled"), ("WANDB_DISABLED", "true"), ("VCS_TRACK_MODE", "disabled")],
    )
    def test_variables(
        self, ours: Face, name: str, value: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Three variables say so; real wandb reads the first."""
        monkeypatch.setenv(name, value)

        assert ours.init().disabled is True

    def test_argument_wins(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """An argument wins over the variable."""
        monkeypatch.setenv("WANDB_MODE", "disabled")

        assert ours.init(mode="online").disabled is False

    def test_is_a_run(self, face: Face) -> None:
        """It is an instance of Run."""
        run = face.init(mode="disabled")

        assert isinstance(run, face.wandb.Run)


class TestVariables:
    def test_labels(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each label has its variable."""
        for word, value in {
            "PROJECT": "p2", "ENTITY": "e", "RUN_ID": "r2", "NAME": "n", "NOTES": "note",
            "RUN_GROUP": "g", "JOB_TYPE": "j", "TAGS": "a,b , c",
        }.items():  # fmt: skip
            monkeypatch.setenv(f"WANDB_{word}", value)
        run = ours.wandb.init()

        assert ("p2", "e", "r2", "n", "note", "g", "j", ("a", "b", "c")) == (
            run.project, run.entity, run.id, run.name, run.notes, run.group, run.job_type,
            run.tags,
        )  # fmt: skip
        assert "e/p2/r2" == run.path

    def test_read_at_each_init(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """Variables are read at each ``init``: scripts change them between folds."""
        monkeypatch.setenv("WANDB_RUN_GROUP", "one")
        ours.init().finish()
        monkeypatch.setenv("WANDB_RUN_GROUP", "two")

        assert "two" == ours.init().group

    def test_folder(self, ours: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """``WANDB_DIR`` is where the folder ``wandb`` is, or ``.wandb`` where that is there."""
        (tmp_path / "x" / ".wandb").mkdir(parents=True)
        monkeypatch.setenv("WANDB_DIR", str(tmp_path / "x"))

        assert tmp_path / "x" / ".wandb" == Path(ours.init().dir).parent.parent

    def test_sweep(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """``WANDB_SWEEP_ID`` is the sweep of the run."""
        monkeypatch.setenv("WANDB_SWEEP_ID", "s1")

        assert "s1" == ours.init().sweep_id

    @pytest.mark.parametrize("word", ["API_KEY", "BASE_URL", "START_METHOD", "_SERVICE_WAIT"])
    def test_of_the_server(self, ours: Face, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Variables for a server have no effect."""
        monkeypatch.setenv(f"WANDB_{word}", "x")

        assert ours.init() is ours.wandb.run

    def test_bad_value(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """A value that cannot be used is a UsageError, and nothing starts."""
        monkeypatch.setenv("WANDB_MODE", "onlin")

        with pytest.raises(ours.wandb.UsageError, match="Invalid mode"):
            ours.init()

    def test_no_code(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """``WANDB_DISABLE_GIT`` keeps git out of it."""
        import subprocess

        import vcs_track

        subprocess.run(["git", "init", "-q"], check=True)
        monkeypatch.setenv("WANDB_DISABLE_GIT", "true")
        run = ours.init()
        run.finish()

        assert {} == vcs_track.open().run(run.id).git


class TestSettings:
    def test_values_are_converted(self, face: Face) -> None:
        """Texts become truth values."""
        settings = face.wandb.Settings(silent="true", run_name="n")

        assert settings.silent is True
        assert "n" == settings.run_name

    def test_dictionary(self, face: Face) -> None:
        """``init`` takes a dictionary of settings too."""
        run = face.init(settings={"run_name": "n", "run_tags": ["a"]})

        assert ("n", ("a",)) == (run.name, run.tags)

    @pytest.mark.parametrize(
        "given",
        [{"_disable_stats": True}, {"start_method": "thread"}, {"console": "off"}, {"nope": 1}],
        ids=str,
    )
    def test_names_of_all_eras(self, ours: Face, given: Mapping[str, Any]) -> None:
        """Names of any era are accepted; unknown ones with a word, where real wandb refuses."""
        settings = ours.wandb.Settings(**given)
        run = ours.init(settings=settings)

        assert list(given.values()) == [getattr(settings, name) for name in given]
        assert run is ours.wandb.run

    def test_other_prefix(self, ours: Face) -> None:
        """``_name`` and ``x_name`` are one setting."""
        assert ours.wandb.Settings(x_disable_stats=True)._disable_stats is True

    def test_bad_settings(self, ours: Face) -> None:
        """Anything but Settings and a dictionary is refused."""
        with pytest.raises(ValueError, match="settings must be"):
            ours.init(settings=[1])

    def test_no_key_is_shown(self, ours: Face) -> None:
        """The text of settings has no key of the user's in it."""
        assert "secret" not in repr(ours.wandb.Settings(api_key="secret"))

    def test_silent(self, ours: Face, capsys: pytest.CaptureFixture[str]) -> None:
        """A silent run says nothing."""
        run = ours.init()
        run.log({"a": 1}, step=3)
        run.log({"a": 1}, step=1)
        run.alert("t", "x")
        run.finish()
        said = capsys.readouterr()

        assert ("", "") == (said.out, said.err)


class TestAlerts:
    @pytest.mark.parametrize("level", ["info", "FATAL", 3])
    def test_bad_level(self, face: Face, level: Any) -> None:
        """Another level is a ValueError, small letters too."""
        run = face.init()

        with pytest.raises(ValueError):  # noqa: PT011 -- two implementations, two messages
            run.alert("t", "x", level=level)

    @pytest.mark.parametrize("wait", ["5", [1]])
    def test_bad_time(self, face: Face, wait: Any) -> None:
        """A time that is none is an error."""
        run = face.init()

        with pytest.raises((TypeError, ValueError)):
            run.alert("t", "x", wait_duration=wait)

    @pytest.mark.parametrize("wait", [None, 0, 5, 5.5, timedelta(seconds=5)])
    def test_times(self, face: Face, wait: Any) -> None:
        """Seconds, a timedelta and nothing are fine."""
        run = face.init()

        assert run.alert("t", "x", face.wandb.AlertLevel.WARN, wait) is None

    def test_kept_with_the_run(self, ours: Face, capsys: pytest.CaptureFixture[str]) -> None:
        """Each alert is kept; the same title is said once in its time.

        Seen to fail when nobody remembers what was said.
        """
        import vcs_track

        run = ours.init(settings={"silent": False})
        capsys.readouterr()
        run.alert("low", "acc 0.1", level="ERROR")
        run.alert("low", "acc 0.0", level="ERROR")
        run.alert("other", "x")
        said = capsys.readouterr().err
        found = [
            (item.text, item.meta["title"], item.meta["level"], item.meta["suppressed"])
            for item in vcs_track.open().run(run.id).media("text", tag="alert")
        ]

        assert [
            ("acc 0.1", "low", "ERROR", False),
            ("acc 0.0", "low", "ERROR", True),
            ("x", "other", "INFO", False),
        ] == found
        assert ["wandb: ERROR low: acc 0.1", "wandb: INFO other: x"] == said.splitlines()
        assert [] == ours.rows(run)


class TestServerWords:
    def test_login(self, ours: Face) -> None:
        """Nobody has to log in."""
        assert ours.wandb.login(key="x", relogin=True) is True
        assert ours.wandb.api.api_key is None

    def test_setup_and_teardown(self, ours: Face) -> None:
        """There is nothing to set up; ``teardown`` ends the open runs."""
        ours.wandb.setup()
        ours.init()
        ours.init(reinit="create_new")
        ours.wandb.teardown()

        assert ours.wandb.run is None

    def test_require(self, ours: Face) -> None:
        """Features that wandb has had are there, others never were."""
        assert ours.wandb.require("service") is None
        with pytest.raises(ours.wandb.errors.UnsupportedError, match="names no feature"):
            ours.wandb.require("telepathy")

    @pytest.mark.parametrize("name", ["controller", "launch", "docker"])
    def test_refused(self, ours: Face, name: str) -> None:
        """What needs a server says what to use instead; it is a UsageError too."""
        with pytest.raises(ours.wandb.UsageError, match="needs wandb's server") as found:
            getattr(ours.wandb, name)("x")
        assert found.value.hint

    def test_recorded(self, ours: Face) -> None:
        """What a server would be told is kept with the run."""
        import vcs_track

        run = ours.init()
        run.mark_preempting()
        run.pin_config_keys(["lr"])
        run.write_logs("a line")
        run._add_singleton("boxes", "k", {"1": "cat"})
        run.finish()
        view = vcs_track.open().run(run.id)
        found = view.faces["wandb"]

        assert (True, ["lr"]) == (found["preempting"], found["pinned"])
        assert {"boxes": {"k": {"1": "cat"}}} == found["singletons"]
        assert {} == dict(run.config)

    def test_terminal(self, ours: Face, capsys: pytest.CaptureFixture[str]) -> None:
        """``termlog`` and its kin write to standard error, and once where asked."""
        ours.init(settings={"silent": False}).finish()
        capsys.readouterr()
        ours.wandb.termlog("a")
        ours.wandb.termwarn("once only", repeat=False)
        ours.wandb.termwarn("once only", repeat=False)
        ours.wandb.termerror("c")

        assert ["wandb: a", "wandb: WARNING once only", "wandb: ERROR c"] == (
            capsys.readouterr().err.splitlines()
        )


class TestErrors:
    @pytest.mark.parametrize(
        ("name", "parents"),
        [
            ("Error", (Exception,)),
            ("CommError", ("Error",)),
            ("UsageError", ("Error",)),
            ("AuthenticationError", ("CommError",)),
            ("UnsupportedError", ("UsageError",)),
        ],
    )
    def test_tree(self, face: Face, name: str, parents: tuple[Any, ...]) -> None:
        """The classes of errors have the parents that they have there."""
        errors = face.wandb.errors
        found = getattr(errors, name)
        wanted = [getattr(errors, one) if isinstance(one, str) else one for one in parents]

        assert all(issubclass(found, one) for one in wanted)

    def test_at_the_top(self, face: Face) -> None:
        """Three of them are names of the module."""
        assert face.wandb.Error is face.wandb.errors.Error
        assert face.wandb.UsageError is face.wandb.errors.UsageError
        assert face.wandb.CommError is face.wandb.errors.CommError

    def test_ours_are_of_our_tree(self, ours: Face) -> None:
        """All are errors of vcs-track, with a hint."""
        from vcs_track.errors import VcsTrackError

        with pytest.raises(VcsTrackError) as found:
            ours.wandb.log([1])
        assert isinstance(found.value, ours.wandb.Error)
