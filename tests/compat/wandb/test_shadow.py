"""Being imported as ``wandb``: ``install()`` and ``vcs-track exec``."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cli.program import PROGRAM, vcs

import vcs_track
from vcs_track.compat.wandb import mirror, shadow
from vcs_track.compat.wandb.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__: list[str] = []

HOME = "vcs_track.compat.wandb"
LISTED = (
    "errors", "env", "util", "data_types", "plot", "plots", "wandb_run", "sdk", "sdk.wandb_run",
    "sdk.wandb_config", "sdk.wandb_summary", "sdk.wandb_settings", "sdk.lib", "sdk.lib.runid",
    "sdk.lib.config_util", "sdk.lib.telemetry", "sdk.lib.disabled", "sdk.data_types.image",
    "sdk.data_types.table", "apis", "apis.public", "integration", "integration.keras",
    "integration.lightgbm", "integration.xgboost", "integration.sb3", "integration.torch",
    "keras", "sklearn", "sdk.artifacts.exceptions",
)  # fmt: skip


@pytest.fixture
def theirs() -> Iterator[dict[str, Any]]:
    """Take away what the original has put into this process, if it is installed."""
    there = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_wandb(name)}
    yield there
    shadow.uninstall()
    sys.modules.update(there)


@pytest.fixture
def wandb(theirs: dict[str, Any]) -> Any:
    del theirs
    return shadow.install()


def _is_wandb(name: str) -> bool:
    return name == "wandb" or name.startswith("wandb.")


class TestInstall:
    def test_wandb_is_ours(self, wandb: Any) -> None:
        """``import wandb`` gives the interface itself, and no second one."""
        assert wandb is import_module("wandb") is import_module(HOME)
        assert HOME == wandb.__name__ == vars(wandb)["__spec__"].name

    def test_who_looks_for_it_finds_it(self, wandb: Any) -> None:
        """The spec is there, as transformers asks for it, before and after an import."""
        del sys.modules["wandb"]
        assert importlib.util.find_spec("wandb") is not None
        assert wandb is import_module("wandb")
        assert importlib.util.find_spec("wandb") is not None
        assert importlib.util.find_spec("wandb.nothing") is None

    def test_version(self, wandb: Any) -> None:
        """Lightning is told of a version, as ``importlib.metadata`` gives it."""
        assert wandb.__version__ == importlib.metadata.version("wandb")
        assert (0, 12, 10) < tuple(
            map(int, importlib.metadata.version("wandb").partition("+")[0].split("."))
        )
        assert "wandb" in {one.metadata["Name"] for one in importlib.metadata.distributions()}

    @pytest.mark.parametrize("name", LISTED)
    def test_modules(self, wandb: Any, name: str) -> None:
        """Each module that libraries import is there, the same by each of its names."""
        del wandb
        found = import_module(f"wandb.{name}")

        assert mirror.module(name) is found
        if name in mirror.SAME or name in mirror.MADE:
            assert import_module(f"{HOME}.{name}") is found

    def test_classes_are_one(self, wandb: Any) -> None:
        """What a library catches or asks for is what the interface raises and makes.

        Seen to fail when modules of the package were left to Python's own finder, which made
        them a second time.
        """
        errors = import_module(f"{HOME}.errors")
        names = (
            ("wandb.sdk.lib.config_util", "ConfigError", errors.ConfigError),
            ("wandb.errors", "CommError", wandb.CommError),
            ("wandb.wandb_run", "Run", wandb.Run), ("wandb.sdk.wandb_run", "Run", wandb.Run),
            ("wandb.sdk", "Run", wandb.Run), ("wandb.run_config", "Config", wandb.Config),
            ("wandb.sdk.data_types.image", "Image", wandb.Image),
            ("wandb.sdk.artifacts.exceptions", "ArtifactNotLoggedError",
             errors.ArtifactNotLoggedError),
            ("wandb.sdk.lib", "RunDisabled", import_module(f"{HOME}.noop").NoopRun),
        )  # fmt: skip

        for module, name, ours in names:
            assert getattr(import_module(module), name) is ours

    def test_specs_stay(self, wandb: Any) -> None:
        """A module that is imported by wandb's name keeps its own."""
        del wandb
        found = import_module("wandb.sdk.wandb_run")

        assert f"{HOME}.run" == found.__name__ == found.__spec__.name  # type: ignore[union-attr]

    def test_what_is_nowhere(self, wandb: Any) -> None:
        """A module or a name that nobody has is missing in the usual way."""
        for name in ("wandb.nothing", "wandb.sdk.nothing", "wandb.sdk.lib.runid.x"):
            with pytest.raises(ModuleNotFoundError):
                import_module(name)
        with pytest.raises(AttributeError):
            _ = wandb.sdk.lib.nothing
        with pytest.raises(ImportError):
            exec("from wandb.sdk import nothing")

    def test_telemetry(self, wandb: Any) -> None:
        """Notes of features are taken, and kept nowhere."""
        with import_module("wandb.sdk.lib.telemetry").context(run=None) as told:
            told.feature.keras = True
        assert callable(wandb.sdk.lib.runid.generate_id)

    def test_twice_and_back(self, theirs: dict[str, Any]) -> None:
        """A second call changes nothing; taking back leaves no trace."""
        del theirs
        before = list(sys.meta_path)
        assert shadow.install() is shadow.install()
        assert len(before) + 1 == len(sys.meta_path)
        import_module("wandb.sdk.lib.runid")
        shadow.uninstall()

        assert before == sys.meta_path
        assert [] == [name for name in sys.modules if _is_wandb(name)]

    def test_the_original_is_not_replaced(self, theirs: dict[str, Any]) -> None:
        """Where wandb itself is imported already, it stays, and that is an error."""
        del theirs
        sys.modules["wandb"] = other = type(sys)("wandb")
        with pytest.raises(UsageError):
            shadow.install()

        assert sys.modules.pop("wandb") is other
        assert not shadow.is_installed()

    def test_never_by_itself(self) -> None:
        """Importing the interface does not make it wandb."""
        script = (
            f"import sys; n = len(sys.meta_path); import {HOME} as w; w.sdk; w.env\n"
            "assert 'wandb' not in sys.modules and len(sys.meta_path) == n"
        )
        done = subprocess.run([sys.executable, "-c", script], check=False)

        assert 0 == done.returncode

    def test_env(self, wandb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """A project that is set for later runs is theirs."""
        monkeypatch.setenv("WANDB_PROJECT", "old")
        monkeypatch.setenv("WANDB_ENTITY", "old")
        wandb.env.set_project("p1")
        wandb.env.set_entity("e1")
        given: dict[str, str] = {}
        wandb.env.set_project("p2", given)
        run = wandb.init()
        run.finish()

        assert ("p1", "e1", {"WANDB_PROJECT": "p2"}) == (run.project, run.entity, given)


SCRIPT = """
import sys, importlib.metadata
import wandb
from wandb.sdk.lib.config_util import ConfigError
assert wandb.__name__ == "vcs_track.compat.wandb"
wandb.init(project="p", name="inside", config={"lr": 0.1})
try:
    wandb.config.lr = 0.2
except ConfigError:
    wandb.log({"loss": 0.5})
print(importlib.metadata.version("wandb"), *sys.argv[1:])
sys.exit(5)
"""


class TestExec:
    def test_a_script_logs_here(self, tmp_path: Path) -> None:
        """A script that imports wandb makes a run here, and its exit code is ours."""
        repo = vcs_track.init(tmp_path)
        Path("train.py").write_text(SCRIPT)
        done = vcs("exec", "--", sys.executable, "train.py", "-C", "--json", code=5)
        (run,) = repo.runs()

        assert "0.31.0+vcs_track -C --json\n" == done.stdout
        assert ("inside", "failed", [0.5]) == (run.name, run.status, run.series("loss").value)

    def test_children_too(self, tmp_path: Path) -> None:
        """A program that it starts has the same wandb."""
        vcs_track.init(tmp_path)
        inner = "import wandb; print(wandb.__name__)"
        outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
        done = vcs("exec", sys.executable, "-c", outer)

        assert f"{HOME}\n" == done.stdout

    def test_the_users_own_file_is_executed(self, tmp_path: Path) -> None:
        """Another ``sitecustomize`` on the path does what it would have done.

        Seen to fail when ours did not go on to the next one.
        """
        Path("sitecustomize.py").write_text("import builtins; builtins.of_the_user = 1")
        path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
        script = "import wandb, sitecustomize; print(of_the_user, sitecustomize.__file__)"
        done = subprocess.run(
            [*PROGRAM, "exec", sys.executable, "-c", script], check=True, text=True,
            capture_output=True, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip

        assert f"1 {tmp_path / 'sitecustomize.py'}\n" == done.stdout

    def test_a_python_without_us_says_so(self, tmp_path: Path) -> None:
        """Where vcs_track is missing the program is told, and goes on."""
        del tmp_path
        site = Path(shadow.__file__).parent / "site"
        done = subprocess.run(
            [sys.executable, "-S", "-c", "import sitecustomize; print('on')"], check=True,
            capture_output=True, text=True, env={"PYTHONPATH": str(site)}, cwd="/",
        )  # fmt: skip

        assert "on\n" == done.stdout
        assert "this Python has no vcs_track" in done.stderr

    def test_no_program(self) -> None:
        """A program that is not there has the exit code of a shell."""
        assert "not found" in vcs("exec", "--", "no-such-program", code=127).stderr
        assert 2 == vcs("exec", code=2).returncode
