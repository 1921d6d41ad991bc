"""A disk that is full: training goes on, what fits in memory is kept, the rest is counted.

The disks are real and small; with ``-m slow`` the same is done on ext4.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli.program import vcs
from crash.disks import KB, MB, fill, mounted
from crash.killing import KINDS

import vcs_track
from vcs_track.errors import StorageError
from vcs_track.plumbing.journal import JournalReader
from vcs_track.porcelain import writer
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vcs_track import RunView

ENGINES = ["mmap", "pwrite"]
PNG = KINDS["image"].item(0)
SIZES = {"tmpfs": 2 * MB, "ext4": 24 * MB}

HEAD = f"""
import json, os, random, sys, time, warnings
from pathlib import Path
from tempfile import NamedTemporaryFile
sys.path.insert(0, {str(Path(__file__).resolve().parents[1])!r})
from crash.disks import KB, MB, fill
import vcs_track
from vcs_track.errors import StorageError
from vcs_track.plumbing import journal
from vcs_track.porcelain import writer
journal._RETRY_SECONDS = 0.01
here, engine = Path.cwd(), sys.argv[1]
repo = vcs_track.open().with_defaults(capture_git=False, journal_engine=engine)
def log(n):
    run.add_scalar("loss", n / 2, n)
    if n % 10 == 0:
        run.add_scalars({{"a": float(n), "b": -float(n)}}, n)
    if n % 100 == 0:
        run.add_text(f"text {{n}}", tag="t")
"""
START = "run = repo.start_run('r', id='r')\n"


@pytest.fixture(params=["tmpfs", pytest.param("ext4", marks=pytest.mark.slow)])
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Return a folder on a small disk, with a repository."""
    with mounted(tmp_path, request.param, SIZES[request.param]) as folder:
        vcs_track.init(folder)
        yield folder


def run_program(folder: Path, body: str, engine: str = "auto") -> tuple[str, str]:
    """Run a program to its end, which must be a normal one; return its output."""
    done = subprocess.run(
        [sys.executable, "-c", HEAD + body, engine],
        cwd=folder, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr  # a negative one would be SIGBUS
    return done.stdout, done.stderr


def counts(run: RunView) -> tuple[int, int, int]:
    """Return how many of the points, rows and texts of ``log`` are there: the first of them."""
    points, a, b = (run.series(tag) for tag in ("loss", "a", "b"))
    texts = [m.text for m in run.get_text(tag="t")]

    assert [n / 2 for n in range(len(points))] == points.value
    assert [10.0 * n for n in range(len(a))] == a.value
    assert [-10.0 * n for n in range(len(a))] == b.value
    assert [f"text {100 * n}" for n in range(len(texts))] == texts
    return len(points), len(a), len(texts)


def opened(disk: Path) -> list[str]:
    """Return what this process has open on *disk*; runs of other tests may still end."""
    found = []
    for fd in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the folder itself, while it is listed
            found.append(str(fd.readlink()))
    return sorted(path for path in found if path.startswith(f"{disk}/"))


@pytest.mark.parametrize("engine", ENGINES)
class TestBothEngines:
    def test_training_goes_on(self, disk: Path, engine: str) -> None:
        """A disk that stays full ends no program; one warning says so, and the gap is shown.

        Seen to fail when the file was extended without a reservation: the process died of
        SIGBUS. And when what found no room was not counted.
        """
        body = START + "fill(here, 500 * KB)\nfor n in range(20_000): log(n)\n"
        _, err = run_program(disk, body, engine)
        (disk / "filler").unlink()
        run = vcs_track.open(disk).run("r")
        points, rows, texts = counts(run)
        (gap,) = run.to_dict()["gaps"]
        lost = (20_000 - points) + (2000 - rows) + (200 - texts)

        assert "finished" == run.status
        assert 0 < points < 20_000
        assert lost <= gap["lost"] <= 2 * lost + 6  # a row has two parts, the end some of its own
        assert "no space left on device" == gap["why"]
        assert 1 == err.count("training goes on")
        assert "no space left on device" in vcs("-C", disk, "show", "r").stdout

    @pytest.mark.parametrize("long", [False, True], ids=["one journal", "many journals"])
    def test_one_that_empties_again(self, disk: Path, engine: str, long: bool) -> None:
        """What found no room waits in memory, and is written when there is room again.

        Seen to fail when what found no room was forgotten.
        """
        body = (
            "for n in range(8000): log(n)\nos.unlink('filler')\ntime.sleep(0.02)\n"
            "for n in range(8000, 8100): log(n)\nrun.finish()\n"
        )
        small = "writer._LONG = 64 * KB\nrepo = repo.with_defaults(sync_interval=0.005)\n"
        body = small * long + START + "fill(here, 100 * KB)\n" + body
        _, err = run_program(disk, body, engine)
        run = vcs_track.open(disk).run("r")

        assert (8100, 810, 81) == counts(run)
        assert "finished" == run.status
        assert {0} == {gap["lost"] for gap in run.manifest.gaps}
        assert "training goes on" in err

    def test_strict(self, disk: Path, engine: str) -> None:
        """A strict run raises at once, says what to do, and has everything that was accepted.

        Seen to fail when an item that was not stored lost the hint.
        """
        body = (
            "repo = repo.with_defaults(strict=True)\n" + START + "fill(here, 500 * KB)\n"
            "try:\n    for n in range(20_000): log(n)\n"
            "except StorageError as error: print(json.dumps([n, str(error), error.hint]))\n"
            "os.unlink('filler')\nrun.finish()\n"
        )
        out, _ = run_program(disk, body, engine)
        accepted, said, hint = json.loads(out)
        points, rows, texts = counts(vcs_track.open(disk).run("r"))

        # Which call meets the end of the disk first depends on what was logged before.
        assert said.endswith("cannot write the journal: no space left on device")
        assert "free some disk space" in hint
        assert 0 < accepted <= points <= accepted + 1
        assert -(-accepted // 10) <= rows
        assert -(-accepted // 100) <= texts


class TestSealing:
    def test_later(self, disk: Path) -> None:
        """A run that finds no room to be sealed in is kept, and sealed when there is room."""
        body = (
            START + "for n in range(1500): log(n)\nfill(here)\n"
            "try: run.finish()\nexcept StorageError as error: print(error.hint)\n"
        )
        out, _ = run_program(disk, body)
        before = vcs_track.open(disk)
        (disk / "filler").unlink()
        kept = live_runs(before.store)
        repo = vcs_track.open(disk)

        assert "free some disk space and try again\n" == out
        assert ["r"] == kept
        assert "no space left" in str(before.store.skipped["run r"])
        assert (1500, 150, 15) == counts(repo.run("r"))
        assert "finished" == repo.run("r").status
        assert [] == [*repo.store.layout.tmp.iterdir()]
        assert repo.fsck().ok


class TestMedia:
    def test_later_ones_are_kept(self, disk: Path) -> None:
        """An image or file that finds no room is lost, and said to be; no other is.

        Seen to fail when the spool was not rewound behind what it could not write.
        """
        body = (
            START + "chance, kept = random.Random(1), []\nfill(here, 700 * KB)\n"
            "for n in range(24):\n"
            "    if n == 18: os.unlink('filler')\n"
            "    data = PNG + chance.randbytes(40_000)\n"
            "    with warnings.catch_warnings(record=True) as caught, NamedTemporaryFile() as file:\n"
            "        warnings.simplefilter('always')\n"
            "        if n % 3:\n"
            "            run.add_image(data, tag=str(n))\n"
            "        else:\n"
            "            file.write(data * (1 + 29 * (n == 6)))\n"
            "            file.flush()\n"
            "            run.add_file(file.name, name=str(n))\n"
            "    kept += [n] * (not caught)\n"
            "run.finish()\nprint(json.dumps(kept))\n"
        )
        out, _ = run_program(disk, f"PNG = {PNG!r}\n" + body)
        kept = json.loads(out)
        run = vcs_track.open(disk).run("r")
        chance = random.Random(1)
        logged = [PNG + chance.randbytes(40_000) for _ in range(24)]
        logged[6] *= 30  # is stored block by block
        found = {int(m.tag or m.name or ""): m.data for m in run.media()}

        assert [] == [n for n, data in found.items() if data != logged[n]]
        assert {*kept} <= {*found}
        assert {0, 1, *range(18, 24)} <= {*kept} < {*range(24)}
        assert 6 not in kept
        assert [] == [gap for gap in run.manifest.gaps if "blob" in gap]


class TestStarting:
    @pytest.mark.parametrize("disk", ["tmpfs"], indirect=True)  # it has exactly what is left
    def test_leaves_nothing_behind(self, disk: Path) -> None:
        """A run that cannot be started is refused, and leaves no file and nothing open."""
        repo = vcs_track.open(disk).with_defaults(capture_git=False)
        filler = fill(disk, 40 * KB)  # for the folder and the header
        before = opened(disk)
        with pytest.raises(StorageError, match="no space left on device"):
            repo.start_run("r", id="r")

        assert before == opened(disk)
        assert [] == [*repo.store.layout.live.iterdir()]
        filler.unlink()
        repo.start_run("r", id="r").finish()
        assert "finished" == repo.run("r").status

    def test_a_next_journal(self, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A long run without room for a next journal tries again, and leaves nothing behind."""
        monkeypatch.setattr(writer, "_LONG", 64 * KB)
        repo = vcs_track.open(disk).with_defaults(capture_git=False, sync_interval=0)
        run = repo.start_run("r", id="r")
        run.add_scalar("loss", 0.5)
        filler = fill(disk)
        before, names = opened(disk), sorted(run.path.iterdir())
        for _ in range(10):
            run._relay.sync()

        assert (before, names) == (opened(disk), sorted(run.path.iterdir()))
        filler.unlink()
        run.add_scalar("loss", 0.25)
        run.finish()
        assert [0.5, 0.25] == repo.run("r").series("loss").value

    @pytest.mark.parametrize("disk", ["tmpfs"], indirect=True)  # it has exactly what is left
    def test_a_next_journal_does_not_cost_what_waits(
        self, disk: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where there is room for a next journal but not for more of this one, nothing is lost."""
        monkeypatch.setattr(writer, "_LONG", 64 * KB)
        repo = vcs_track.open(disk).with_defaults(
            capture_git=False, sync_interval=0, journal_engine="mmap"
        )
        run = repo.start_run("r", id="r")
        filler = fill(disk, 170 * KB)  # 64 for this one, 106 are left
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for n in range(6000):
                run.add_scalar("loss", n / 2, n)
        run._relay.sync()
        filler.unlink()
        run.finish()
        view = repo.run("r")

        assert [n / 2 for n in range(6000)] == view.series("loss").value
        assert {0} == {gap["lost"] for gap in view.manifest.gaps}

    @pytest.mark.parametrize("disk", ["tmpfs"], indirect=True)
    def test_a_journal_that_is_left_then(self, disk: Path) -> None:
        """A journal that is closed on a full disk, and had everything, tells of no loss."""
        repo = vcs_track.open(disk).with_defaults(
            capture_git=False, sync_interval=0, journal_engine="pwrite"
        )
        run = repo.start_run("r", id="r")
        run.add_scalar("loss", 0.5)
        while run._relay.writer.journal.size % (4 * KB):  # until its last page is full
            run.add_scalar("loss", 0.5)
        run._relay.hand_over()
        filler = fill(disk)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run._relay.sync()
            assert run._relay._sealer is not None
            run._relay._sealer.join()
        filler.unlink()
        run.finish()

        assert {0} >= {gap["lost"] for gap in repo.run("r").manifest.gaps}


class TestGrowth:
    def test_what_is_refused_is_given_back(self, disk: Path) -> None:
        """A file that cannot grow keeps nothing of the room that it was refused.

        Seen to fail on ext4 when a refused reservation was left as it was.
        """
        body = (
            "file = journal.JournalWriter(here / 'j', run='r', writer='w', mapped=True)\n"
            "warnings.simplefilter('ignore')\nfill(here, 700 * KB)\n"
            "for n in range(30_000): file.point(257, n, float(n))\n"
            "print(file.size)\nos.unlink('filler')\nprint(file.settle())\nfile.close()\n"
        )
        size, lost = map(int, run_program(disk, body)[0].split())
        reader = JournalReader(disk / "j")

        assert size in (64 * KB << n for n in range(4))  # it had these sizes on its way
        assert 0 == lost
        assert [*map(float, range(30_000))] == [record.value for record in reader.records()]
