"""What importing the package loads, and from where."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import vcs_track

__all__: list[str] = []

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("PIL", "click", "git", "numpy", "rich", "sqlite3")


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a fresh interpreter holds after *statement*."""
    script = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


class TestBareImport:
    def test_loads_no_heavy_package(self) -> None:
        """``import vcs_track`` costs a script next to nothing: the rest is loaded when used."""
        loaded = loaded_by("import vcs_track")

        assert set() == loaded & set(HEAVY)

    def test_probe_sees_a_heavy_package(self) -> None:
        """The probe above can fail: it finds a package that was loaded."""
        loaded = loaded_by("import sqlite3")

        assert "sqlite3" in loaded


class TestAsking:
    def test_loads_nothing_that_writes(self, tmp_path: Path) -> None:
        """A filter over a repository loads neither what logs and moves runs nor git."""
        repo = vcs_track.init(tmp_path)
        repo.start_run("a", hparams={"lr": 0.1}).finish()
        loaded = loaded_by(
            "import vcs_track\n"
            f"repo = vcs_track.open({str(tmp_path)!r})\n"
            "assert [run.name for run in repo.runs('lr > 0', '-lr')] == ['a']\n"
        )

        assert "sqlite3" in loaded
        assert set() == loaded & {
            "vcs_track.plumbing.gitlink", "vcs_track.porcelain.bundle", "vcs_track.porcelain.gc",
            "vcs_track.porcelain.restore", "vcs_track.porcelain.run", "subprocess", "shutil",
        }  # fmt: skip


@pytest.mark.skipif(
    "VCS_TRACK_TEST_INSTALLED" not in os.environ, reason="the tree may be tested outside of CI"
)
def test_the_installed_package_is_tested() -> None:
    """In CI the tests import the built wheel, so that a file missing from it is seen."""
    spec = find_spec("vcs_track")

    assert spec is not None
    assert spec.origin is not None
    assert not Path(spec.origin).resolve().is_relative_to(ROOT)


def test_every_file_of_the_package_is_in_it() -> None:
    """The package that is tested has each file that the tree has."""
    spec = find_spec("vcs_track")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    tree = ROOT / "vcs_track"
    missing = [
        path.relative_to(tree).as_posix()
        for path in sorted(tree.rglob("*"))
        if path.is_file()
        and "__pycache__" not in path.parts
        and not (package / path.relative_to(tree)).is_file()
    ]

    assert [] == missing
