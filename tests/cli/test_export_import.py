"""``vcs-track export`` and ``import``: runs travel as a zip."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest
from cli.program import make_project, make_run, vcs

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

__all__: list[str] = []


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return vcs_track.init(folder)


@pytest.fixture
def other(tmp_path: Path) -> Repository:
    folder = tmp_path / "there"
    folder.mkdir()
    return vcs_track.init(folder)


class TestExport:
    def test_default_name(self, repo: Repository) -> None:
        """One run is written to its name and id; the path is what stdout says."""
        run = make_run(repo, "val/ü b")
        done = vcs("export", run)

        assert f"val-ü-b-{run}.zip\n" == done.stdout
        assert zipfile.is_zipfile(repo.root / f"val-ü-b-{run}.zip")

    def test_all(self, repo: Repository) -> None:
        """``--all`` takes every sealed run, and names the live ones that it leaves out."""
        make_run(repo, "one"), make_run(repo, "two")
        with repo.start_run("going") as run:
            done = vcs("export", "--all", "-o", "all.zip", "--json")
        found = json.loads(done.stdout)

        assert 2 == len(found["runs"])
        assert ("all.zip", (repo.root / "all.zip").stat().st_size) == (
            found["path"],
            found["bytes"],
        )
        assert f"left out, still running: {run.id}\n" == done.stderr

    def test_zip_checks_with_stock_tools(self, repo: Repository) -> None:
        """Any unzip opens it, and each object is named by the SHA-256 of its bytes."""
        make_run(repo, "one")
        found = json.loads(vcs("export", "one", "-o", "x.zip", "--json").stdout)
        if shutil.which("unzip"):
            subprocess.run(["unzip", "-tq", "x.zip"], check=True, capture_output=True)
        with zipfile.ZipFile("x.zip") as bundle:
            names = [name for name in bundle.namelist() if name.startswith("objects/")]
            hashes = [f"objects/{hashlib.sha256(bundle.read(n)).hexdigest()}" for n in names]

        assert names == hashes
        assert found["objects"] == len(names) > 0

    def test_keeps_what_exists(self, repo: Repository) -> None:
        """A file that is there is replaced only with ``--force``."""
        make_run(repo, "one")
        target = repo.root / "x.zip"
        target.write_text("mine")
        done = vcs("export", "one", "-o", "x.zip", code=2)
        kept = target.read_text()
        vcs("export", "one", "-o", "x.zip", "--force")

        assert "error: 'x.zip' exists" in done.stderr
        assert "mine" == kept
        assert zipfile.is_zipfile(target)

    @pytest.mark.parametrize("args", [("--all",), ("-w", "lr = 1"), ("--range", "HEAD")])
    def test_runs_are_named_or_chosen(self, repo: Repository, args: tuple[str, ...]) -> None:
        """Runs that are named and a choice among all of them exclude each other."""
        make_run(repo, "one")

        assert "name runs, or choose them" in vcs("export", "one", *args, code=2).stderr

    def test_without_names_all_go_along(self, repo: Repository) -> None:
        """Every sealed run is exported where none is named; without any there is nothing."""
        empty = vcs("export", "-o", "x.zip", code=2)
        for name in ("one", "two"):
            make_run(repo, name)
        found = json.loads(vcs("export", "-o", "x.zip", "--json").stdout)

        assert "there are no runs to export" in empty.stderr
        assert sorted(run.id for run in repo.runs()) == found["runs"]

    def test_a_filter_chooses(self, repo: Repository) -> None:
        """Only runs that match go along; where none does nothing is written."""
        make_run(repo, "one", lr=0.1)
        run = make_run(repo, "two", lr=0.01)
        found = json.loads(vcs("export", "-w", "lr < 0.05", "-o", "x.zip", "--json").stdout)
        nothing = vcs("export", "-w", "lr > 5", "-o", "y.zip", code=2)

        assert [run] == found["runs"]
        assert "no run matches" in nothing.stderr

    def test_commits_choose(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of a range of git those runs go along that were made at its commits."""
        repo = make_project(tmp_path / "p")
        monkeypatch.chdir(repo.root)
        make_run(repo, "old")
        (repo.root / "new.py").write_text("new")
        for command in (["add", "new.py"], ["commit", "--quiet", "-m", "next"]):
            subprocess.run(["git", *command], check=True, timeout=60)
        run = make_run(repo, "new")
        found = json.loads(vcs("export", "--range", "HEAD~1..", "-o", "x.zip", "--json").stdout)

        assert [run] == found["runs"]

    def test_bad_runs(self, repo: Repository) -> None:
        """An unknown run and a live one are refused, and no zip is left."""
        with repo.start_run("going"):
            vcs("export", "going", "-o", "x.zip", code=2)
        vcs("export", "nobody", "-o", "x.zip", code=11)

        assert [] == list(repo.root.glob("*.zip*"))

    def test_damaged_run(self, repo: Repository) -> None:
        """A damaged object is named, and no zip is left."""
        make_run(repo, "one")
        for pack in (repo.path / "local" / "packs").iterdir():
            data = bytearray(pack.read_bytes())
            # Longer than a header, so that the bytes of an object are hit.
            at = len(data) // 3
            data[at : at + 300] = bytes(byte ^ 255 for byte in data[at : at + 300])
            pack.chmod(0o644)
            pack.write_bytes(data)
        done = vcs("export", "--all", "-o", "x.zip", code=None)

        assert 12 == done.returncode
        assert [] == list(repo.root.glob("*.zip*"))


class TestImport:
    def test_brings_the_run(self, repo: Repository, other: Repository) -> None:
        """A run arrives with its id, parameters and points."""
        run = make_run(repo, "one", lr=0.1)
        vcs("export", run, "-o", "x.zip")
        done = vcs("-C", other.root, "import", repo.root / "x.zip")
        found = vcs_track.open(other.root).run(run)

        assert f"new     {run} one (finished)\n" == done.stdout
        assert ({"lr": 0.1}, [1.0, 0.5, 1 / 3]) == (found.hparams, found.series("loss").value)

    def test_second_time_changes_nothing(self, repo: Repository, other: Repository) -> None:
        """A known run is said to be known; an edited one is updated."""
        run = make_run(repo, "one")
        vcs("export", run, "-o", "x.zip")
        vcs("-C", other.root, "import", repo.root / "x.zip")
        again = vcs("-C", other.root, "import", "--json", repo.root / "x.zip")
        repo.edit(run, notes="good")
        vcs("export", run, "-o", "y.zip")
        edited = vcs("-C", other.root, "import", "--json", repo.root / "y.zip")

        assert ["known", "updated"] == [json.loads(d.stdout)["change"] for d in (again, edited)]
        assert "good" == vcs_track.open(other.root).run(run).to_dict()["note"]

    def test_several_files(self, repo: Repository, other: Repository) -> None:
        """Each FILE is taken in."""
        for name in ("one", "two"):
            make_run(repo, name)
            vcs("export", name, "-o", f"{name}.zip")
        done = vcs("-C", other.root, "import", repo.root / "one.zip", repo.root / "two.zip")

        assert 2 == done.stdout.count("new ")

    @pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + bytes(18)])
    def test_what_is_no_bundle(self, repo: Repository, content: bytes) -> None:
        """Other files are refused as such, and nothing changes."""
        (repo.root / "x.zip").write_bytes(content)
        done = vcs("import", "x.zip", code=12)

        assert "'x.zip' is not a bundle of vcs-track" in done.stderr
        assert 0 == len(vcs_track.open(repo.root).runs())

    def test_damaged_bundle(self, repo: Repository, other: Repository) -> None:
        """One changed bit anywhere among the objects refuses the whole bundle."""
        make_run(repo, "one")
        vcs("export", "one", "-o", "x.zip")
        data = bytearray((repo.root / "x.zip").read_bytes())
        data[len(data) // 2] ^= 1
        (repo.root / "x.zip").write_bytes(data)
        vcs("-C", other.root, "import", repo.root / "x.zip", code=12)

        assert 0 == len(vcs_track.open(other.root).runs())

    def test_missing_file(self, repo: Repository) -> None:
        """A file that is not there is wrong usage."""
        assert "there is no bundle 'nothing.zip'" in vcs("import", "nothing.zip", code=2).stderr

    def test_other_object_format(self, repo: Repository, tmp_path: Path) -> None:
        """A bundle of another object format is refused with the way out."""
        (tmp_path / "fast").mkdir()
        fast = vcs_track.init(tmp_path / "fast", object_format="xxh128")
        make_run(fast, "one")
        vcs("-C", fast.root, "export", "one", "-o", "x.zip")
        done = vcs("import", fast.root / "x.zip", code=2)

        assert "--object-format xxh128" in done.stderr
