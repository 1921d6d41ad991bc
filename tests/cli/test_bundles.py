"""Bundles on the command line: read where they are, foretold, verified, signed."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
import zipfile
from typing import TYPE_CHECKING

import pytest
from cli.program import make_project, make_run, on_terminal, read_terminal, started, vcs

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Work in a repository with two runs, and their bundle ``x.zip``."""
    repo = make_project(tmp_path / "here")
    (repo.root / "train.py").write_text("print('hello')\n")
    monkeypatch.chdir(repo.root)
    make_run(repo, "one", lr=0.1), make_run(repo, "two", lr=0.01)
    vcs("export", "-o", "x.zip")
    return repo


@pytest.fixture
def away(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Work in a folder that is no repository and has the bundle."""
    folder = tmp_path / "away"
    folder.mkdir()
    shutil.move(repo.root / "x.zip", folder)
    monkeypatch.chdir(folder)
    return repo


class TestReadInPlace:
    def test_what_shows_runs_takes_a_bundle(self, away: Repository) -> None:
        """Outside of any repository a bundle shows what it holds, as the repository does."""
        there = ["-C", str(away.root)]
        pairs: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
            (("select", "x.zip", "-w", "lr < 0.05"), (*there, "select", "-w", "lr < 0.05")),
            (("ls", "x.zip", "--json"), (*there, "ls", "--json")),
            (("query", "x.zip", "--csv"), (*there, "query", "--csv")),
            (("show", "x.zip:one", "--json"), (*there, "show", "one", "--json")),
            (("log", "x.zip:two", "--json"), (*there, "log", "two", "--json")),
            (("plot", "x.zip:one", "two", "loss"), (*there, "plot", "one", "two", "loss")),
            (("plot", "x.zip:one"), (*there, "plot", "one")),
            (("code", "x.zip:one", "train.py"), (*there, "code", "one", "train.py")),
            (("code", "x.zip:two"), (*there, "code", "two")),
            (("diff", "x.zip:one", "two"), (*there, "diff", "one", "two")),
        ]
        for here, other in pairs:
            assert vcs(*other).stdout == vcs(*here).stdout != "", here

    def test_every_run_is_in_the_log(self, away: Repository) -> None:
        """The log of a bundle alone has its runs, newest first."""
        rows = [json.loads(line) for line in vcs("log", "x.zip", "--json").stdout.splitlines()]

        assert [run.id for run in away.runs()] == [row["id"] for row in rows]

    def test_within_git_its_log_has_commits(self, repo: Repository) -> None:
        """Inside the git repository the runs of a bundle stand at their commits."""
        shown = vcs("log", "x.zip").stdout

        assert "start" in shown
        assert ("one" in shown, "two" in shown) == (True, True)

    def test_another_folder(self, away: Repository, tmp_path: Path) -> None:
        """With -C a bundle is looked for there."""
        assert away.run("one").id in vcs("-C", tmp_path, "show", "away/x.zip:one").stdout
        assert "lr" in vcs("-C", tmp_path, "diff", "away/x.zip:one", "away/x.zip:two").stdout

    def test_runs_of_a_bundle_beside_a_repository(self, repo: Repository) -> None:
        """Inside a repository a bundle is read, not the repository, and nothing changes."""
        make_run(repo, "three")
        before = sorted(path for path in repo.path.rglob("*"))

        assert 2 == len(vcs("select", "x.zip").stdout.split())
        assert 3 == len(vcs("select").stdout.split())
        assert "three" in vcs("diff", "x.zip:one", "three").stdout
        assert set(before) == {p for p in repo.path.rglob("*") if "index" not in p.name} | {
            p for p in before if "index" in p.name
        }

    def test_bad_names(self, away: Repository) -> None:
        """No such bundle, no such run, several runs, and runs of two places are told apart."""
        assert "there is no bundle 'y.zip'" in vcs("show", "y.zip:one", code=2).stderr
        assert "no run matches 'nobody'" in vcs("show", "x.zip:nobody", code=11).stderr
        assert "'x.zip' has 2 runs" in vcs("show", "x.zip", code=2).stderr
        assert "there is no bundle 'y.zip'" in vcs("ls", "y.zip", code=2).stderr
        (away.root / "odd.zip").write_text("odd")
        odd = vcs("-C", away.root, "ls", "odd.zip", code=12)
        assert "'odd.zip' is not a bundle" in odd.stderr

    def test_the_only_run_needs_no_name(self, repo: Repository) -> None:
        """A bundle of one run stands for it."""
        run = make_run(repo, "alone")
        vcs("export", "alone", "-o", "alone.zip")

        assert run in vcs("show", "alone.zip").stdout

    def test_a_run_that_is_called_like_a_bundle(self, repo: Repository) -> None:
        """Where there is no such file, the run of that name is meant."""
        run = make_run(repo, "y.zip:one")

        assert run in vcs("show", "y.zip:one").stdout


class TestExport:
    def test_part_of_it(self, repo: Repository, tmp_path: Path) -> None:
        """What a bundle has is left out; the import says what it needs, then takes it."""
        vcs("export", "one", "-o", "base.zip")
        vcs("export", "--since", "base.zip", "-o", "part.zip")
        vcs_track.init(tmp_path)
        refused = vcs("-C", tmp_path, "import", "here/part.zip", code=11)
        vcs("-C", tmp_path, "import", "here/base.zip", "here/part.zip")

        assert f"of run {repo.run('one').id}" in refused.stderr
        assert "hint: import 'base.zip' first" in refused.stderr
        assert 2 == len(vcs_track.open(tmp_path).runs())

    def test_plain_folders(self, repo: Repository) -> None:
        """They are made where nothing is, and named on stdout."""
        done = vcs("export", "--tree", "out", "one")
        again = vcs("export", "--tree", "out", "one", code=2)
        wrong = vcs("export", "--tree", "out2", "-o", "x.zip", "one", code=2)

        assert "out\n" == done.stdout
        assert (repo.root / "out" / f"one-{repo.run('one').id}" / "run.json").is_file()
        assert "there is something in 'out'" in again.stderr
        assert "--tree goes with" in wrong.stderr

    def test_out_of_a_bundle(self, away: Repository) -> None:
        """Folders, or a smaller bundle, are made of a bundle where there is no repository."""
        vcs("export", "--tree", "out", "x.zip")
        small = json.loads(
            vcs("export", "-w", "lr < 0.05", "-o", "y.zip", "x.zip", "--json").stdout
        )
        one = json.loads(vcs("export", "-o", "z.zip", "x.zip:one", "--json").stdout)
        ids = {run.name: run.id for run in away.runs()}

        assert 2 == len(vcs("select", "x.zip").stdout.split())
        assert ([ids["two"]], [ids["one"]]) == (small["runs"], one["runs"])

    def test_progress_has_rate_and_time_left(self, repo: Repository) -> None:
        """On a terminal a bar shows bytes, rate and time."""
        process, terminal = on_terminal("export", "-o", "y.zip")
        shown = read_terminal(terminal)

        assert 0 == process.wait(60)
        assert b"Exporting" in shown
        assert b"B/s" in shown or b"bytes/s" in shown or b"/s" in shown

    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
    def test_an_export_that_is_killed(self, repo: Repository, how: signal.Signals) -> None:
        """What stood under the name is there as it was, at whatever moment it ends."""
        with repo.start_run("large") as run:
            for step in range(8):
                run.add_histogram("h", list(range(20_000)), list(range(20_001)), step=step)
        before = (repo.root / "x.zip").read_bytes()
        for delay in (0.15, 0.3, 0.45, 0.6):
            process = started("export", "--force", "-o", "x.zip")
            time.sleep(delay)
            process.send_signal(how)
            process.communicate(timeout=60)
            content = (repo.root / "x.zip").read_bytes()

            assert content == before or zipfile.ZipFile(repo.root / "x.zip").testzip() is None
            if how == signal.SIGINT and process.returncode:
                assert [] == list(repo.root.glob("*~"))


class TestDryRun:
    def test_says_what_would_come(self, repo: Repository, tmp_path: Path) -> None:
        """As text and as JSON, and nothing comes."""
        there = vcs_track.init(tmp_path)
        text = vcs("-C", tmp_path, "import", "--dry-run", "here/x.zip").stdout
        (row,) = vcs(
            "-C", tmp_path, "import", "--dry-run", "here/x.zip", "--json"
        ).stdout.splitlines()
        found = json.loads(row)
        none = len(there.runs())
        vcs("-C", tmp_path, "import", "here/x.zip")
        again = json.loads(
            vcs("-C", tmp_path, "import", "--dry-run", "here/x.zip", "--json").stdout
        )

        ids = sorted(run.id for run in repo.runs())
        assert (0, ids, [], []) == (none, found["new"], found["updated"], found["known"])
        assert f"would take in {found['objects']} new objects, {found['bytes']:,} bytes" in text
        assert f"new     {repo.run('one').id} one" in text
        assert ([], ids, 0, 0) == tuple(again[k] for k in ("new", "known", "objects", "bytes"))


class TestVerify:
    def test_one_line_a_file(self, away: Repository) -> None:
        """Good and damaged files get their lines, the exit code tells of the worst."""
        with zipfile.ZipFile("x.zip") as archive:
            content = archive.namelist()
        with open("x.zip", "rb") as file, open("cut.zip", "wb") as cut:  # noqa: PTH123 -- short
            cut.write(file.read()[:-40])
        good = vcs("verify", "x.zip")
        both = vcs("verify", "cut.zip", "x.zip", code=12)
        rows = [json.loads(line) for line in
                vcs("verify", "x.zip", "cut.zip", "--json", code=12).stdout.splitlines()]  # fmt: skip
        objects = sum(name.startswith("objects/") for name in content)

        assert f"good     x.zip: 2 runs, {objects} objects" in good.stdout
        assert both.stdout.splitlines()[0].startswith("damaged  cut.zip: ")
        assert good.stdout == both.stdout.splitlines(keepends=True)[1]
        assert [(True, 2), (False, 0)] == [(row["ok"], row["runs"]) for row in rows]
        assert rows[0]["root"] in good.stdout
        assert "there is no bundle" in vcs("verify", "y.zip", code=2).stderr

    def test_signatures(self, away: Repository) -> None:
        """Unsigned, signed by nobody known, and signed by somebody allowed."""
        if not shutil.which("ssh-keygen"):
            pytest.skip("there is no ssh-keygen here")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key"], check=True)
        unsigned = vcs("verify", "--signatures", "x.zip", code=1)
        signed = vcs("sign", "--key", "key", "x.zip")
        unknown = vcs("verify", "--signatures", "x.zip", code=1)
        with open("key.pub", encoding="ascii") as file:  # noqa: PTH123 -- short
            public = file.read()
        with open("allowed", "w", encoding="ascii") as file:  # noqa: PTH123 -- short
            file.write(f"ann {public}")
        good = vcs("verify", "--allowed-signers", "allowed", "x.zip")
        twice = vcs("sign", "--key", "key", "x.zip", code=2)

        assert "x.zip.sig\n" == signed.stdout
        assert unsigned.stdout.endswith(", not signed\n")
        assert "nobody vouches for" in unknown.stdout
        assert ", signed by ann (ED25519 key SHA256:" in good.stdout
        assert "'x.zip.sig' exists" in twice.stderr
