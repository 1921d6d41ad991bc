"""Tests of ``vcs-track bisect``: real programs in work trees of their own."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli.program import started, vcs
from work_trees.lineage import Lineage
from work_trees.places import everything

if TYPE_CHECKING:
    from cli.conftest import Program

TRAIN = """\
import sys, vcs_track
from pathlib import Path
from model import ACC
print("training", ACC)
if "slow" in sys.argv:
    Path(sys.argv[2]).write_text("ready")
    import time; time.sleep(60)
if "data" in sys.argv:
    print(Path("data/x.txt").read_text())
with vcs_track.start_run(hparams={"acc": ACC}) as run:
    run.set_summary(acc=ACC)
"""
BISECT = ("bisect", "summary.acc", "--min", "0.8", "--good", "main~5", "--bad", "main")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lineage:
    """Make the commits once: the fourth of six is the first bad one."""
    line = Lineage(tmp_path_factory.mktemp("made") / "work")
    (line.root / "train.py").write_text(TRAIN)
    (line.root / ".gitignore").write_text("__pycache__/\ndata/\n")
    for n in range(6):
        line.commit(f"ACC = {0.9 if n < 3 else 0.5}  # {n}\n", name=f"version {n}", author="Ada")
    return line


@pytest.fixture
def line(made: Lineage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lineage:
    """Work in a copy of them."""
    line = made.copied_to(tmp_path / "work")
    monkeypatch.chdir(line.root)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)  # the program imports what is beside it
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return line


def state(line: Lineage) -> dict[str, object]:
    """Return what of the user's must stay as it is."""
    return {
        name: value
        for name, value in everything(line.root).items()
        if not name.startswith((".runs", ".git/objects")) and name != ".git/packed-refs"
    }


def leftovers() -> list[Path]:
    return list(Path(tempfile.gettempdir()).iterdir())


class TestMeasured:
    def test_found(self, line: Lineage) -> None:
        """Each step, then the first bad commit with its author, both runs and what differs."""
        before = state(line)
        done = vcs(*BISECT, "--", sys.executable, "train.py")
        steps = [row.split()[:4] for row in done.stdout.splitlines() if " new)" in row]

        assert {"good": "version 2", "bad": "version 3"}.items() <= {
            term: f"{word} {n}" for term, _, word, n in steps
        }.items()
        first = line.git("rev-parse", "main~2")
        assert f"first bad commit  {first}\n  version 3  Ada\n" in done.stdout
        assert "hparams  acc 0.9 -> 0.5" in done.stdout
        assert "training 0.9" in done.stderr
        assert before == state(line)
        assert [] == leftovers()
        assert len(steps) == len(line.repo.runs())
        assert all("bisect" in run.tags for run in line.repo.runs())

    def test_a_second_time_nothing_is_run(self, line: Lineage) -> None:
        """The runs that were made are verdicts from then on."""
        vcs(*BISECT, "--", sys.executable, "train.py")
        count = len(line.repo.runs())
        done = vcs(*BISECT, "--json", "--", "false")

        assert count == len(line.repo.runs())
        assert '"first_bad":"' + line.git("rev-parse", "main~2") in done.stdout

    def test_where_the_user_stands(self, line: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
        """From a folder below, the program runs in the same folder of the other tree."""
        (line.root / "sub").mkdir()
        monkeypatch.chdir(line.root / "sub")
        done = vcs(*BISECT, "--", sys.executable, "../train.py")

        assert "first bad commit" in done.stdout

    def test_link(self, line: Lineage) -> None:
        """What git ignores, such as data, is linked where it is asked for, and is not code.

        Seen to fail when a link was new code to git, which ignores folders only.
        """
        (line.root / "data").mkdir()
        (line.root / "data" / "x.txt").write_text("the data")
        without = vcs(*BISECT, "--", sys.executable, "train.py", "data", code=None)
        done = vcs(*BISECT, "--link", "data", "--", sys.executable, "train.py", "data")
        again = vcs(*BISECT)

        assert (3, True) == (without.returncode, "the run failed" in without.stdout)
        assert "first bad commit" in done.stdout
        assert "first bad commit" in again.stdout
        assert "the data" == (line.root / "data" / "x.txt").read_text()

    def test_a_program_that_fails(self, line: Lineage) -> None:
        """A commit whose program fails is skipped, and what may be it is told with 3."""
        done = vcs(*BISECT, "--", "false", code=3)

        assert "skip" in done.stdout
        assert "one of these is the first bad commit" in done.stdout
        assert "some commits could not be tested" in done.stderr
        assert [] == leftovers()


class TestEnded:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_gently(self, line: Lineage, tmp_path: Path, number: signal.Signals) -> None:
        """Ctrl-C, or the end of a job, leaves nothing behind, and 130.

        Seen to fail for the end of a job, which ended the program at once.
        """
        before = state(line)
        process = started(*BISECT, "--", sys.executable, "train.py", "slow", tmp_path / "ready")
        wait_for(tmp_path / "ready")
        process.send_signal(number)
        _, talk = process.communicate(timeout=60)

        assert 130 == process.returncode, talk
        assert before == state(line)
        assert [] == leftovers()
        assert "killed" == line.repo.run("@").status

    def test_killed(self, line: Lineage, tmp_path: Path) -> None:
        """What nobody could clean up, the next bisection does."""
        before = state(line)
        process = started(*BISECT, "--", sys.executable, "train.py", "slow", tmp_path / "ready")
        wait_for(tmp_path / "ready")
        process.kill()
        process.communicate(timeout=60)
        left = leftovers()
        done = vcs(*BISECT, "--", sys.executable, "train.py")

        assert 1 == len(left)
        assert "first bad commit" in done.stdout
        assert before == state(line)
        assert [] == leftovers()


class TestRefused:
    @pytest.mark.parametrize(
        ("args", "words"),
        [
            (["--good", "main~5", "--bad", "main"], "--min X or --max X"),
            (["--min", "0.8", "--good", "main", "--bad", "main~5"], "swap --good and --bad"),
            (["--min", "0.8", "--good", "main", "--bad", "main"], "are one commit"),
            (["--min", "0.8", "--good", "main~5"], "--bad"),
            (["--min", "0.8", "--good", "main~5", "--bad", "main", "--", "no-such"], "not found"),
            (
                [
                    "--min",
                    "0.8",
                    "--good",
                    "main~5",
                    "--bad",
                    "main",
                    "--link",
                    "no",
                    "--",
                    "true",
                ],
                "there is no 'no'",
            ),
            (
                [
                    "--min",
                    "0.8",
                    "--good",
                    "main~5",
                    "--bad",
                    "main",
                    "--link",
                    "model.py",
                    "--",
                    "true",
                ],
                "is part of the code",
            ),
        ],
    )
    def test_wrong_usage(self, line: Lineage, args: list[str], words: str) -> None:
        """What cannot be meant is refused with 2 before anything is started."""
        line.run("other", acc=0.5)
        done = vcs("bisect", "summary.acc", *args, code=2)

        assert words in done.stderr
        assert 1 == len(line.repo.runs())

    def test_unknown_commit(self, line: Lineage, program: Program) -> None:
        """A typo in a commit is told, with 1."""
        line.run("other", acc=0.5)
        result = program("bisect", "acc", "--min", "0.8", "--good", "maim", "--bad", "main")

        assert (1, True) == (result.code, "maim" in result.err)


def test_json(line: Lineage, program: Program) -> None:
    """One step is one line, and the end is the last."""
    for back in (3, 2):
        line.git("checkout", "-q", f"main~{back}")
        line.run(f"back{back}", acc=0.9 if back == 3 else 0.5)
    line.git("checkout", "-q", "main")
    rows = program(*BISECT, "--json").rows

    assert ["bad", "good"] == sorted(row["verdict"] for row in rows[:-1])
    assert (line.git("rev-parse", "main~2"), "back2", "back3") == (
        rows[-1]["first_bad"], rows[-1]["bad"], rows[-1]["good"],
    )  # fmt: skip


def wait_for(path: Path) -> None:
    """Wait until a program says that it is there."""
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, f"no {path}"
        time.sleep(0.05)
