"""How processes end, and what that makes of their runs. Real processes, real signals."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import vcs_track
from vcs_track.porcelain import seal


def script(folder: Path, body: str) -> subprocess.Popen[str]:
    """Start a program that logs to the repository in *folder*."""
    head = (
        "import os, signal, sys, threading, time\nimport vcs_track\n"
        "repo = vcs_track.open()\nrun = repo.start_run('r', id='r')\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", head + body], cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def run_script(folder: Path, body: str) -> tuple[int, str]:
    """Run such a program to its end; return exit code and stderr."""
    child = script(folder, body)
    _, err = child.communicate(timeout=60)
    return child.returncode, err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a repository."""
    vcs_track.init(tmp_path)
    return tmp_path


LOG = "for n in range(100): run.add_scalar('loss', n / 2, n)\n"
# Python sees a signal between two of its steps: one that comes just before a long sleep waits for
# the end of it.
NAPS = "for _ in range(600): time.sleep(0.1)\n"


class TestNormalEndings:
    def test_exit_without_finish_is_finished(self, folder: Path) -> None:
        """A program that just ends has sealed its run."""
        assert (0, "") == run_script(folder, LOG)
        view = vcs_track.open(folder).run("r")

        assert ("finished", 100) == (view.status, len(view.series("loss")))
        assert [] == seal.live_runs(vcs_track.open(folder).store)

    def test_uncaught_exception_is_failed_with_its_traceback(self, folder: Path) -> None:
        """An exception fails the run, keeps every point, and is still printed."""
        code, err = run_script(folder, LOG + "1 / 0\n")
        view = vcs_track.open(folder).run("r")

        assert (1, "failed", 100) == (code, view.status, len(view.series("loss")))
        assert "ZeroDivisionError" in err
        assert "ZeroDivisionError" in (view.manifest.exit or {})["error"]

    def test_exception_in_the_body_is_failed_and_raised_again(self, folder: Path) -> None:
        """The context manager does not swallow the exception."""
        code, err = run_script(folder, "with run:\n    run.add_scalar('a', 1.0)\n    1 / 0\n")

        assert (1, "failed") == (code, vcs_track.open(folder).run("r").status)
        assert "ZeroDivisionError" in err

    def test_ctrl_c_is_killed(self, folder: Path) -> None:
        """SIGINT that nobody handles makes the run killed."""
        child = script(folder, LOG + "print('ready', flush=True)\n" + NAPS)
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=30)
        view = vcs_track.open(folder).run("r")

        assert ("killed", signal.SIGINT) == (view.status, (view.manifest.exit or {})["signal"])

    def test_sigterm_is_killed_and_the_process_dies_of_it(self, folder: Path) -> None:
        """SIGTERM seals the run, then ends the process as it would without us."""
        child = script(folder, LOG + "print('ready', flush=True)\n" + NAPS)
        assert child.stdout is not None
        child.stdout.readline()
        child.terminate()
        child.communicate(timeout=30)
        view = vcs_track.open(folder).run("r")

        assert (-signal.SIGTERM, "killed", 100) == (
            child.returncode, view.status, len(view.series("loss")),
        )  # fmt: skip

    def test_a_handler_of_the_user_stays(self, folder: Path) -> None:
        """A SIGTERM handler that was there before the run is not replaced."""
        child = subprocess.run(
            [sys.executable, "-c",
             "import os, signal, vcs_track\n"
             "signal.signal(signal.SIGTERM, lambda *a: print('mine'))\n"
             "run = vcs_track.open().start_run('r')\n"
             "os.kill(os.getpid(), signal.SIGTERM)\n"],
            cwd=folder, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip

        assert "mine\n" == child.stdout

    def test_sys_exit_in_the_body(self, folder: Path) -> None:
        """sys.exit(3) inside the body is a failure with code 3, sys.exit() is none."""
        assert 3 == run_script(folder, "with run:\n    sys.exit(3)\n")[0]

        view = vcs_track.open(folder).run("r")
        assert ("failed", 3) == (view.status, (view.manifest.exit or {})["code"])


class TestSuddenDeath:
    def test_kill_9_is_recovered_as_crashed_with_every_point(self, folder: Path) -> None:
        """The next open seals the run of a killed process; each accepted point is there."""
        body = (
            "n = 0\nwhile True:\n    run.add_scalar('loss', float(n), n)\n    n += 1\n"
            "    if n % 1000 == 0: print(n, flush=True)\n"
        )
        child = script(folder, body)
        assert child.stdout is not None
        accepted = [int(child.stdout.readline()) for _ in range(20)][-1]
        child.kill()
        child.communicate()
        view = vcs_track.open(folder).run("r")
        values = view.series("loss").value

        assert "crashed" == view.status
        assert len(values) >= accepted
        assert list(map(float, range(len(values)))) == values

    def test_kill_9_keeps_images_and_texts(self, folder: Path) -> None:
        """Media whose call returned are in the recovered run, byte for byte."""
        child = script(
            folder,
            "from PIL import Image\nimport io\nout = io.BytesIO()\n"
            "Image.effect_noise((64, 64), 50).save(out, 'PNG')\nopen('x.png', 'wb').write(out.getvalue())\n"
            "run.add_image(out.getvalue(), step=1, tag='im')\nrun.add_text('hello', tag='t')\n"
            "run.add_file('x.png')\nos.kill(os.getpid(), signal.SIGKILL)\n",
        )
        child.communicate(timeout=60)
        view = vcs_track.open(folder).run("r")
        original = (folder / "x.png").read_bytes()

        assert [original, original] == [m.data for m in (*view.get_images(), *view.get_files())]
        assert ["hello"] == [m.text for m in view.get_text()]

    def test_sealing_killed_at_any_point_can_be_repeated(self, folder: Path) -> None:
        """Killing finish() at random moments loses nothing and repeats to one state."""
        body = (
            "for n in range(20000): run.add_scalar('loss', float(n), n)\n"
            "run.add_text('hello', tag='t')\nprint('ready', flush=True)\nrun.finish()\n"
        )
        for trial in range(6):
            child = script(folder, body)
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(0.004 * trial)
            child.kill()
            child.communicate()
            repo = vcs_track.open(folder)
            view = repo.run("r")

            assert 20_000 == len(view.series("loss"))
            assert 1 == len(view.get_text())
            assert repo.fsck().ok
            for head in repo.store.home.head_folder.of("r"):
                repo.store.home.head_folder.path("r", head).unlink()


class TestForks:
    def test_a_forked_child_logs_to_the_same_run(self, folder: Path) -> None:
        """Points of parent and child are all there, and none twice."""
        body = (
            "run.add_scalar('parent', 1.0, 0)\npid = os.fork()\n"
            "if pid == 0:\n"
            "    for n in range(50): run.add_scalar('child', float(n), n)\n"
            "    os._exit(0)\n"
            "os.waitpid(pid, 0)\nrun.add_scalar('parent', 2.0, 1)\n"
        )
        assert 0 == run_script(folder, body)[0]
        view = vcs_track.open(folder).run("r")

        assert ([1.0, 2.0], 50) == (view.series("parent").value, len(view.series("child")))
        assert "finished" == view.status

    def test_a_child_that_exits_normally_does_not_end_the_run(self, folder: Path) -> None:
        """A forked child that runs to its end leaves the run to its parent."""
        body = (
            "pid = os.fork()\nif pid == 0:\n    run.add_scalar('child', 1.0)\n    sys.exit(0)\n"
            "os.waitpid(pid, 0)\nassert run.status == 'running'\nrun.add_scalar('parent', 2.0)\n"
        )
        assert (0, "") == run_script(folder, body)

        assert ["child", "parent"] == vcs_track.open(folder).run("r").series_tags

    def test_multiprocessing_workers(self, folder: Path) -> None:
        """Workers of a pool log beside the main process."""
        body = (
            "import multiprocessing as mp\n"
            "def work(n): run.add_scalar(f'w{n}', float(n), 0)\n"
            "with mp.get_context('fork').Pool(3) as pool: pool.map(work, range(6))\n"
        )
        assert 0 == run_script(folder, body)[0]

        assert [f"w{n}" for n in range(6)] == vcs_track.open(folder).run("r").series_tags


class TestManyWriters:
    def test_processes_join_by_id(self, folder: Path) -> None:
        """Four processes that start the same id write one run."""
        body = (
            "open(f'here-{os.getpid()}', 'w').close()\n"
            "while len([n for n in os.listdir() if n.startswith('here-')]) < 4: time.sleep(0.01)\n"
            "for n in range(200): run.add_scalar(f'rank{os.getpid()}', float(n), n)\n"
        )
        children = [script(folder, body) for _ in range(4)]
        errors = [child.communicate(timeout=60)[1] for child in children]
        repo = vcs_track.open(folder)
        view = repo.run("r")

        assert [""] * 4 == errors
        assert [200] * 4 == [len(view.series(tag)) for tag in view.series_tags]
        assert ("finished", 1) == (view.status, len(repo.runs()))

    def test_eight_first_starts_at_once(self, tmp_path: Path) -> None:
        """Eight processes that start where there is no repository all succeed."""
        body = (
            "import vcs_track\nwith vcs_track.start_run() as run:\n    run.add_scalar('a', 1.0)\n"
        )
        children = [
            subprocess.Popen([sys.executable, "-c", body], cwd=tmp_path, stderr=subprocess.PIPE)
            for _ in range(8)
        ]
        errors = [child.communicate(timeout=60)[1] for child in children]

        assert [b""] * 8 == errors
        assert 8 == len(vcs_track.open(tmp_path).runs(where="status = finished"))

    def test_a_live_run_is_not_recovered(self, folder: Path) -> None:
        """Opening the repository leaves the run of a living process alone and shows it."""
        child = script(folder, LOG + "print('ready', flush=True)\n" + NAPS)
        assert child.stdout is not None
        child.stdout.readline()
        view = vcs_track.open(folder).run("r")
        child.kill()
        child.communicate()

        assert ("running", 49.5) == (view.status, view.summary["loss"])
        assert "crashed" == vcs_track.open(folder).run("r").status


class TestFullDisk:
    def test_what_is_lost_is_counted_and_the_end_is_known(self, tmp_path: Path) -> None:
        """A disk that stays full costs points, says how many, and not the status."""
        disk = tmp_path / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("mounting a tmpfs needs root")
        try:
            vcs_track.init(disk)
            (disk / "filler").write_bytes(bytes(2_800_000))
            code, err = run_script(disk, "for n in range(30000): run.add_scalar('a', 0.5, n)\n")
            view = vcs_track.open(disk).run("r")
            kept, gaps = len(view.series("a")), view.to_dict()["gaps"]
            (gap,) = [gap for gap in gaps if "writer" in gap]  # the code has no room either
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)

        assert (0, "finished") == (code, view.status)
        assert "no space left" in err
        assert 0 < kept < 30_000
        # The frames of the end are lost too: the status, and the slot that seals.
        assert kept + gap["lost"] in range(30_000, 30_006)
