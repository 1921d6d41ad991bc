"""What a run's environment was, and what of it is nobody's business."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import vcs_track
from vcs_track.porcelain import machine
from vcs_track.porcelain.machine import describe, redact_argv


class TestDescribe:
    def test_is_plain_json(self) -> None:
        """The description survives JSON unchanged, odd bytes included."""
        found = describe({"A": "x\udcff"}, argv=["a\udcff"])

        assert found == json.loads(json.dumps(found))
        assert ({"A": "x\ufffd"}, ["a\ufffd"]) == (found["variables"], found["command"])
        assert json.dumps(found, ensure_ascii=False).encode("utf-8")

    def test_names_this_python_and_machine(self) -> None:
        """Version, executable, processors and packages are those of this process."""
        found = describe({})
        python, packages = found["python"], found["packages"]
        assert isinstance(python, dict)
        assert isinstance(packages, dict)

        assert f"{sys.version_info[0]}.{sys.version_info[1]}." in python["version"]
        assert (sys.executable, os.cpu_count()) == (python["executable"], found["cpus"])
        assert pytest.__version__ == packages["pytest"]

    def test_result_is_the_callers_own(self) -> None:
        """Changing one description changes no other."""
        first = describe({})
        for value in first.values():
            if isinstance(value, dict):
                value.clear()
            elif isinstance(value, list):
                value.append("changed")

        assert describe({})["packages"]
        assert describe({})["python"]
        assert "changed" not in str(describe({}))

    def test_folder_is_relative_to_the_work_tree(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The current folder is kept relative to the root, or not at all."""
        (tmp_path / "a/b").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / "a/b")

        assert "a/b" == describe({}, root=tmp_path)["cwd"]
        assert "." == describe({}, root=tmp_path / "a/b")["cwd"]
        assert describe({}, root=tmp_path / "other")["cwd"] is None
        assert describe({})["cwd"] is None

    def test_default_command_is_how_python_was_started(self) -> None:
        """Without arguments the whole command line is kept, masked."""
        code = (
            "from vcs_track.porcelain.machine import describe;print(describe({})['command'][-3:])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, "x", "--token", "abc"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip

        assert "['x', '--token', '***']" == done.stdout.strip()

    def test_loads_nothing_heavy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """No module that reads metadata, starts processes or asks the network is loaded."""
        code = (
            "import sys; from vcs_track.porcelain.machine import describe; describe({});"
            "heavy = {'importlib.metadata', 'platform', 'subprocess', 'socket', 'json'};"
            "sys.exit(str(heavy & sys.modules.keys()) if heavy & sys.modules.keys() else 0)"
        )
        # -S leaves site-packages out, where the package may be.
        monkeypatch.setenv("PYTHONPATH", str(Path(vcs_track.__file__).parents[1]))
        done = subprocess.run([sys.executable, "-S", "-c", code], check=False, capture_output=True)

        assert (0, b"") == (done.returncode, done.stderr)


class TestPackages:
    @pytest.fixture
    def site(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        folder = tmp_path / "site"
        folder.mkdir()
        monkeypatch.setattr(sys, "path", [str(tmp_path / "none"), str(folder)])
        return folder

    def packages(self) -> object:
        return describe({})["packages"]

    def test_names_and_versions_of_metadata_folders(self, site: Path) -> None:
        """Wheels and eggs are listed under their normal name; pip's left-overs are not."""
        for name in (
            "Foo_Bar.baz-1.2+cu118.dist-info", "old-0.9-py3.11.egg-info", "plain-3.egg-info",
            "~oo-1.0.dist-info", "foo", "foo-1.0.txt",
        ):  # fmt: skip
            (site / name).mkdir()

        assert {"foo-bar-baz": "1.2+cu118", "old": "0.9", "plain": "3"} == self.packages()

    def test_development_installation(self, site: Path) -> None:
        """Without a version in the name it is read from the metadata."""
        (site / "mine.egg-info").mkdir()
        (site / "mine.egg-info/PKG-INFO").write_text("Name: mine\nVersion: 0.1.dev2\n\nText\n")
        (site / "torn.egg-info").mkdir()

        assert {"mine": "0.1.dev2", "torn": ""} == self.packages()

    def test_first_on_the_path_wins(self, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of two versions the one that would be imported is listed."""
        (site / "x-1.dist-info").mkdir()
        (site / "before").mkdir()
        (site / "before/x-2.dist-info").mkdir()
        monkeypatch.setattr(sys, "path", [str(site / "before"), str(site)])

        assert {"x": "2"} == self.packages()

    def test_path_entries_that_are_no_folders(
        self, site: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Zip files, missing folders and the empty entry are no trouble."""
        (site / "x.zip").write_bytes(b"PK")
        (site / "here-1.dist-info").mkdir()
        monkeypatch.chdir(site)
        monkeypatch.setattr(sys, "path", [str(site / "x.zip"), "/nowhere", ""])

        assert {"here": "1"} == self.packages()


class TestGpus:
    def test_names_from_the_drivers_files(self, tmp_path: Path) -> None:
        """One name a card, in the order of their slots."""
        for slot, name in (("0000:81:00.0", "Tesla T4"), ("0000:01:00.0", "NVIDIA A100-SXM4")):
            (tmp_path / slot).mkdir()
            (tmp_path / slot / "information").write_text(
                f"Model: \t\t {name}\nIRQ:   \t\t 1\nGPU UUID: \t GPU-x\n"
            )

        assert ("NVIDIA A100-SXM4", "Tesla T4") == machine._gpus(tmp_path)

    def test_no_driver(self, tmp_path: Path) -> None:
        """Without the driver there are no names, and no trouble."""
        assert () == machine._gpus(tmp_path / "none")


class TestRedactArgv:
    @pytest.mark.parametrize(
        ("argv", "expected"),
        [
            (["--token=abc"], ["--token=***"]),
            (["--hub_token=a=b c"], ["--hub_token=***"]),
            (["--password", "X", "y"], ["--password", "***", "y"]),
            (["--password", "-X-"], ["--password", "***"]),
            (["--password", "--verbose"], ["--password", "--verbose"]),
            (["-apiKey", "x"], ["-apiKey", "***"]),
            (["--api-key", "x"], ["--api-key", "***"]),
            (["WANDB_API_KEY=x,y z"], ["WANDB_API_KEY=***"]),
            (["AWS_SECRET_ACCESS_KEY=x"], ["AWS_SECRET_ACCESS_KEY=***"]),
            (["MYTOKEN=x"], ["MYTOKEN=***"]),
            (["logger.wandb.api_key=x"], ["logger.wandb.api_key=***"]),
            (["++cfg/password=x"], ["++cfg/password=***"]),
            (["https://me:pw@h/x?a=1&access_token=t&b=2"],
             ["https://***@h/x?a=1&access_token=***&b=2"]),
            (['{"lr": 0.1, "api_key": "a, b", "n": 3}'], ['{"lr": 0.1, "api_key": "***", "n": 3}']),
            (["sh", "-c", "cd a; API_KEY=x python t.py --password 'a b' --lr 1"],
             ["sh", "-c", "cd a; API_KEY=*** python t.py --password *** --lr 1"]),
            (["-H", "Authorization: Bearer abc.def"], ["-H", "Authorization: ***"]),
            (["x", "hf_" + "a" * 34], ["x", "***"]),
            (["--x=ghp_" + "a" * 36], ["--x=***"]),
        ],
    )  # fmt: skip
    def test_secrets_are_masked(self, argv: list[str], expected: list[str]) -> None:
        """What is named or shaped like a secret is masked, and only that."""
        assert expected == redact_argv(argv)

    @pytest.mark.parametrize(
        "argv",
        [
            ["--max-tokens", "100"], ["--tokenizer=gpt2"], ["--key-frames", "3"],
            ["--lr=0.1", "--note", "basic model: good"], ["data/a b.csv"], ["--monkey=1"],
            ["--author", "me"], ["https://host/a@b:c"], ["-"], ["--"], [""], ["a=b=c"],
        ],
    )  # fmt: skip
    def test_everything_else_stays(self, argv: list[str]) -> None:
        """Ordinary arguments stay as they were typed."""
        assert argv == redact_argv(argv)

    def test_long_arguments_are_cut(self) -> None:
        """A program given by '-c' does not fill the manifest."""
        (kept,) = redact_argv(["x" * 10_000])

        assert (4096, "x\N{HORIZONTAL ELLIPSIS}") == (len(kept), kept[-2:])
