"""Several clients, processes and lives of one experiment; what the store has of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from compat.crayon.faces import Face
from compat.crayon.servers import ServerProcess, ask, serving

import vcs_track
from vcs_track.compat.crayon import CrayonClient, archive
from vcs_track.compat.crayon.experiments import Experiments
from vcs_track.compat.crayon.refusals import RefusedError

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = "from vcs_track.compat.crayon import CrayonClient\nclient = CrayonClient('.')\n"


def script(folder: Path, text: str, *, status: int | None = 0) -> str:
    """Run *text* with a client of *folder* as a program of its own; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", _HEAD + text], cwd=folder, capture_output=True, text=True,
        timeout=100,
    )  # fmt: skip
    assert status is None or done.returncode == status, done.stderr
    return done.stdout


class TestProcesses:
    def test_kill_loses_nothing(self, tmp_path: Path) -> None:
        """Each call that returned survives `kill -9`, and the experiment goes on."""
        script(
            tmp_path,
            "import os\nfoo = client.create_experiment('foo')\n"
            "for value in range(100): foo.add_scalar_value('x', value / 3)\n"
            "foo.add_histogram_value('h', [1.0], tobuild=True)\n"
            "os.kill(os.getpid(), 9)\n",
            status=-9,
        )
        foo = CrayonClient(tmp_path).open_experiment("foo")
        foo.add_scalar_value("x", 9.0)

        rows = foo.get_scalar_values("x")
        assert [*(value / 3 for value in range(100)), 9.0] == [row[2] for row in rows]
        assert list(range(101)) == [row[1] for row in rows]
        assert 1 == len(foo.get_histogram_values("h"))

    def test_other_process_sees_and_adds_while_it_is_written(self, tmp_path: Path) -> None:
        """Two programs write one experiment, and each reads what the other wrote."""
        foo = CrayonClient(tmp_path).create_experiment("foo")
        foo.add_scalar_value("x", 1.0)
        said = script(
            tmp_path,
            "foo = client.open_experiment('foo')\nprint(foo.scalar_steps['x'])\n"
            "foo.add_scalar_value('x', 2.0)\nprint([r[2] for r in foo.get_scalar_values('x')])\n"
            "foo.add_scalar_value('y', 3.0)\n",
        )
        foo.add_scalar_value("x", 4.0)

        assert ["1", "[1.0, 2.0]"] == said.splitlines()
        assert [1.0, 2.0, 4.0] == sorted(row[2] for row in foo.get_scalar_values("x"))
        assert ["x", "y"] == sorted(foo.get_scalar_names())

    def test_name_is_given_once_among_processes(self, tmp_path: Path) -> None:
        """Of programs that make one name at once one succeeds."""
        vcs_track.init(tmp_path)
        text = (
            "import sys\nsys.stdin.read()\n"
            "try: client.create_experiment('foo')\nexcept ValueError: print('taken')\n"
            "else: print('made')\n"
        )
        started = [
            subprocess.Popen(
                [sys.executable, "-c", _HEAD + text], cwd=tmp_path, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True,
            )
            for _ in range(4)
        ]  # fmt: skip
        for each in started:
            assert each.stdin is not None
            each.stdin.close()
        said = []
        for each in started:
            assert each.stdout is not None
            said.append(each.stdout.read().strip())
            each.stdout.close()
            each.wait(60)

        assert ["made", "taken", "taken", "taken"] == sorted(said)
        assert ["foo"] == CrayonClient(tmp_path).get_experiment_names()

    def test_removed_by_another_process(self, tmp_path: Path) -> None:
        """A writer learns soon that its experiment was removed; the name is free meanwhile."""
        foo = CrayonClient(tmp_path).create_experiment("foo")
        foo.add_scalar_value("x", 1.0)
        script(tmp_path, "client.remove_experiment('foo')\nclient.create_experiment('foo')")
        with pytest.raises(ValueError, match="does not exist"):
            foo.get_scalar_values("x")  # the new one has no data
        CrayonClient(tmp_path).remove_experiment("foo")
        time.sleep(0.15)

        with pytest.raises(ValueError, match="Unknown experiment name 'foo'"):
            foo.add_scalar_value("x", 2.0)

    def test_removal_waits_for_the_last_writer(self, tmp_path: Path) -> None:
        """A run whose name was taken from it is removed when nobody writes to it any more."""
        writer = subprocess.Popen(
            [sys.executable, "-c", _HEAD + "client.create_experiment('foo')\nprint(1, flush=True)\n"
             "import sys\nsys.stdin.read()"],
            cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert writer.stdout is not None
        writer.stdout.readline()
        client = CrayonClient(tmp_path)
        client.remove_experiment("foo")
        repo = vcs_track.open(tmp_path)
        assert ([], ["running"]) == (
            client.get_experiment_names(), [run.status for run in repo.runs()],
        )  # fmt: skip
        writer.communicate(b"", timeout=60)

        assert [] == client.get_experiment_names()
        assert ([], ["foo"]) == (list(repo.runs()), [run.name for run in repo.removed()])

    def test_exact_archive_has_all_or_is_refused(self, tmp_path: Path) -> None:
        """While another program writes, exact data would lack what it has not sealed yet."""
        repo = vcs_track.init(tmp_path)
        here, there = Experiments(repo), Experiments(repo)
        here.create("foo")
        there.add_scalar("foo", "x", [1, 0, 0.1])
        with pytest.raises(RefusedError, match="while another program writes to it"):
            archive.packed(here, "foo", exact=True)
        there.close()
        archive.restore(here, "bar", archive.packed(here, "foo", exact=True))

        assert [[1.0, 0, 0.1]] == here.scalars("bar", "x")
        here.close()

    def test_forked_child_writes_too(self, tmp_path: Path) -> None:
        """A child that was forked writes to its parent's experiment."""
        said = script(
            tmp_path,
            "import os\nfoo = client.create_experiment('foo')\nfoo.add_scalar_value('x', 1.0)\n"
            "if not (pid := os.fork()):\n    foo.add_scalar_value('x', 2.0)\n    os._exit(0)\n"
            "os.waitpid(pid, 0)\nfoo.add_scalar_value('x', 3.0)\n"
            "print(sorted(r[2] for r in foo.get_scalar_values('x')))\n",
        )

        assert "[1.0, 2.0, 3.0]\n" == said

    def test_wrapped_program_makes_experiments_of_its_own(self, tmp_path: Path) -> None:
        """Under 'vcs-track run' an experiment is another run than that of the program."""
        vcs_track.init(tmp_path)
        text = _HEAD + "for n in 'ab': client.create_experiment(n).add_scalar_value('x', 1.0)"
        command = [sys.executable, "-m", "vcs_track", "run", sys.executable, "-c", text]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)

        assert ["a", "b"] == sorted(CrayonClient(tmp_path).get_experiment_names())
        assert 3 == len(vcs_track.open(tmp_path).runs())

    def test_disabled_mode_does_not_break_what_is_read_back(self, tmp_path: Path) -> None:
        """A script reads what it wrote, so it is written in every mode."""
        done = subprocess.run(
            [sys.executable, "-c", _HEAD + "foo = client.create_experiment('foo')\n"
             "foo.add_scalar_value('x', 1.0)\nprint(len(foo.get_scalar_values('x')))"],
            cwd=tmp_path, capture_output=True, text=True, timeout=60,
            env={**os.environ, "VCS_TRACK_MODE": "disabled"},
        )  # fmt: skip

        assert "1\n" == done.stdout, done.stderr


class TestInTheStore:
    def test_experiment_is_a_run(self, tmp_path: Path) -> None:
        """What a script logs has its name, its code and its points in the store."""
        script(
            tmp_path,
            "foo = client.create_experiment('my run')\nfoo.add_scalar_value('train/loss', 0.5)\n",
        )
        run = vcs_track.open(tmp_path).run("my run")

        assert ("finished", {"crayon": {"name": "my run"}}) == (run.status, run.faces)
        assert [0.5] == run.series("train/loss").value
        assert [] == list(vcs_track.open(tmp_path).fsck().problems)

    @pytest.mark.parametrize("name", ["\0\n", "x" * 900, "  ", "a/../b"])
    def test_odd_names_have_a_printable_one(self, tmp_path: Path, name: str) -> None:
        """The display name is printable; the name itself stands in the place of the API."""
        CrayonClient(tmp_path).create_experiment(name)
        (run,) = vcs_track.open(tmp_path).runs()

        assert run.name.isprintable()
        assert len(run.name) <= 250
        assert {"crayon": {"name": name}} == run.faces

    def test_removed_one_is_kept_until_a_clean_up(self, tmp_path: Path) -> None:
        """Removal hides; our own command brings the run back, under its name or beside."""
        client = CrayonClient(tmp_path)
        client.create_experiment("foo").add_scalar_value("x", 1.0, wall_time=1)
        client.remove_experiment("foo")
        repo = vcs_track.open(tmp_path)
        (removed,) = repo.removed()
        assert ([], "foo") == (list(repo.runs()), removed.name)

        repo.restore_removed(removed.id)
        assert ["foo"] == client.get_experiment_names()
        assert [[1.0, 0, 1.0]] == client.open_experiment("foo").get_scalar_values("x")

    def test_one_brought_back_does_not_take_a_name(self, tmp_path: Path) -> None:
        """A name that was given again stays where it is."""
        client = CrayonClient(tmp_path)
        for value in (1.0, 2.0):
            client.create_experiment("foo").add_scalar_value("x", value, wall_time=1)
            if value == 1.0:
                client.remove_experiment("foo")
        repo = vcs_track.open(tmp_path)
        (removed,) = repo.removed()
        repo.restore_removed(removed.id)

        assert ["foo", f"foo ({removed.id})"] == sorted(client.get_experiment_names())
        assert [[1.0, 0, 2.0]] == client.open_experiment("foo").get_scalar_values("x")
        found = client.open_experiment(f"foo ({removed.id})").get_scalar_values("x")
        assert [[1.0, 0, 1.0]] == found

    def test_run_that_rm_removed_is_gone_here_too(self, tmp_path: Path) -> None:
        """What our own command removes is no experiment any more, and its name is free."""
        script(tmp_path, "client.create_experiment('foo').add_scalar_value('x', 1.0)")
        client = CrayonClient(tmp_path)
        foo = client.open_experiment("foo")
        vcs_track.open(tmp_path).remove("foo")

        assert [] == client.get_experiment_names()
        with pytest.raises(ValueError, match="Unknown experiment name"):
            foo.get_scalar_values("x")
        assert [] == client.create_experiment("foo").get_scalar_names()

    def test_experiments_travel_in_bundles(self, tmp_path: Path) -> None:
        """Who imports a bundle has its experiments; runs of other interfaces are none."""
        here, there = tmp_path / "here", tmp_path / "there"
        for folder in (here, there):
            folder.mkdir()
        script(here, "client.create_experiment('a/b').add_scalar_value('x', 1.0, wall_time=1)")
        repo = vcs_track.open(here)
        repo.start_run("other", capture_code=False).finish()
        bundle = repo.export(repo.runs(), tmp_path / "bundle.zip")
        client = CrayonClient(there)
        assert [] == client.get_experiment_names()
        vcs_track.open(there).import_(bundle)

        assert ["a/b"] == client.get_experiment_names()
        assert [[1.0, 0, 1.0]] == client.open_experiment("a/b").get_scalar_values("x")

    def test_lost_table_is_made_again(self, tmp_path: Path) -> None:
        """The table of names can be deleted."""
        script(tmp_path, "client.create_experiment('foo').add_scalar_value('x', 1.0)")
        for path in (tmp_path / ".runs/local/tables/crayon").iterdir():
            path.unlink()

        assert "['foo']\n" == script(tmp_path, "print(client.get_experiment_names())")

    def test_damaged_line_of_the_table_is_passed(self, tmp_path: Path) -> None:
        """What somebody wrote into the table takes nothing else along."""
        script(tmp_path, "client.create_experiment('foo').add_scalar_value('x', 1.0)")
        (path,) = (tmp_path / ".runs/local/tables/crayon").glob("*.jsonl")
        path.write_bytes(b'{"run":5}\n{"gone":[]}\n{"others":3}\nnoise\n' + path.read_bytes())

        assert "['foo']\n" == script(tmp_path, "print(client.get_experiment_names())")


class TestServer:
    def test_restart_goes_on_with_everything(self, tmp_path: Path) -> None:
        """Killed or stopped, a server that starts again has all of it."""
        expected: list[float] = []
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            with ServerProcess(tmp_path) as server:
                client = CrayonClient("http://127.0.0.1", server.port)
                foo = (
                    client.open_experiment("foo") if expected else client.create_experiment("foo")
                )
                for _ in range(20):
                    foo.add_scalar_value("x", len(expected) / 3)
                    expected.append(len(expected) / 3)
                code = server.end(number)
            assert (-9 if number == signal.SIGKILL else 0) == code

        with ServerProcess(tmp_path) as server:
            rows = CrayonClient("http://127.0.0.1", server.port).open_experiment("foo")
            found = rows.get_scalar_values("x")
        assert expected == [value for _, _, value in found]
        assert list(range(80)) == [step for _, step, _ in found]

    def test_stop_seals_the_runs(self, tmp_path: Path) -> None:
        """After SIGTERM every run has ended, and none is live."""
        with ServerProcess(tmp_path) as server:
            client = CrayonClient("http://127.0.0.1", server.port)
            for name in ("a", "b"):
                client.create_experiment(name).add_scalar_value("x", 1.0)
            assert 0 == server.end(signal.SIGTERM)

        assert ["finished"] * 2 == [run.status for run in vcs_track.open(tmp_path).runs()]
        assert [] == list((tmp_path / ".runs/local/live").iterdir())

    def test_runs_of_clients_have_no_code_of_the_server(self, tmp_path: Path) -> None:
        """The server's own command line and code are none of its clients'."""
        with serving(tmp_path) as url:
            ask(url, "POST", "/data", b'"foo"', "application/json")
        with serving(tmp_path) as url:
            ask(url, "POST", "/data/scalars?xp=foo&name=x", b"[1,2,3]", "application/json")
        run = vcs_track.open(tmp_path).run("foo")

        assert (None, {}, {}) == (run.code, run.git, run.command)

    def test_idle_experiments_are_closed(self, tmp_path: Path, monkeypatch: Any) -> None:
        """Of very many experiments few are open at a time, and none loses a point."""
        from vcs_track.compat.crayon import experiments as module

        monkeypatch.setattr(module, "_MOST_OPEN", 3)
        found = Experiments(vcs_track.init(tmp_path), of_others=True)
        for name in "abcdefgh":
            found.create(name)
        for value in range(3):
            for name in "abcdefgh":
                found.add_scalar(name, "x", [1, value, value])

        live = list((tmp_path / ".runs/local/live").iterdir())
        assert len(live) <= 3
        for name in "abcdefgh":
            assert [[1.0, v, v] for v in range(3)] == found.scalars(name, "x")
        found.close()

    def test_text_is_that_of_the_points(self, tmp_path: Path) -> None:
        """The text that is kept of a series follows its points when several writers end.

        Seen to fail when it outlived the columns that it was made of.
        """
        repo = vcs_track.init(tmp_path)
        first, second, reader = (Experiments(repo, of_others=True) for _ in range(3))
        first.create("foo")
        for turn in range(3):
            first.add_scalar("foo", "x", [1, turn, 1])
            second.add_scalar("foo", "x", [1, turn, 2])
            assert json.loads(reader.scalars_text("foo", "x")) == reader.scalars("foo", "x")
        second.close()
        assert json.loads(reader.scalars_text("foo", "x")) == reader.scalars("foo", "x")
        first.close()

        rows = reader.scalars("foo", "x")
        assert rows == json.loads(reader.scalars_text("foo", "x"))
        for writer in (1.0, 2.0):
            assert [0, 1, 2] == [step for _, step, value in rows if value == writer]

    def test_threads_of_many_clients(self, tmp_path: Path) -> None:
        """Clients in several threads lose nothing, and each one's points keep their order."""
        with serving(tmp_path) as url:
            face = Face("served", tmp_path, url)
            face.experiment()
            failed: list[BaseException] = []

            def work(number: int) -> None:
                try:
                    foo = face.client().open_experiment("foo")
                    for value in range(100):
                        foo.add_scalar_value("shared", number * 1000 + value)
                        foo.add_scalar_value(f"own {number}", value)
                        if value % 25 == 0:
                            assert value + 1 == len(foo.get_scalar_values(f"own {number}"))
                except BaseException as error:  # noqa: BLE001 -- whatever a thread meets
                    failed.append(error)

            threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            values = [
                row[2] for row in face.client().open_experiment("foo").get_scalar_values("shared")
            ]

        assert [] == failed
        assert 400 == len(values)
        for number in range(4):
            mine = [v for v in values if v // 1000 == number]
            assert sorted(mine) == mine

    def test_create_and_remove_in_threads(self, tmp_path: Path) -> None:
        """Making, filling and removing at once ends in what was there last, not in a lock."""
        found = Experiments(vcs_track.init(tmp_path), of_others=True)
        failed: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for turn in range(8):
                    name = f"{number} {turn % 2}"
                    found.create(name)
                    found.add_scalar(name, "x", [1, 0, number])
                    assert [[1.0, 0, float(number)]] == found.scalars(name, "x")
                    found.names()
                    found.remove(name)
            except BaseException as error:  # noqa: BLE001 -- whatever a thread meets
                failed.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert ([], []) == (failed, found.names())
        assert not any(thread.is_alive() for thread in threads)
        found.close()


class Hammer:
    """Four clients that write and read while their server is killed again and again.

    Attributes:
        acknowledged: The values whose call returned, by series.
        missing: What a reader did not find that had been acknowledged.
        kills: How often the server was killed.
    """

    def __init__(self, folder: Path, seconds: float, pause: float) -> None:
        self.acknowledged: dict[str, list[float]] = {f"x{n}": [] for n in range(4)}
        self.missing: list[str] = []
        self.kills = 0
        server = ServerProcess(folder)
        self._port = server.port
        CrayonClient("http://127.0.0.1", self._port).create_experiment("foo")
        self._until = time.monotonic() + seconds
        threads = [threading.Thread(target=self._work, args=(n,)) for n in self.acknowledged]
        for thread in threads:
            thread.start()
        try:
            while time.monotonic() < self._until - pause:
                time.sleep(pause)
                server.end(signal.SIGKILL)
                self.kills += 1
                server = ServerProcess(folder, self._port)
            for thread in threads:
                thread.join(60)
        finally:
            server.__exit__()

    def _connected(self) -> Any:
        while True:
            try:
                return CrayonClient("http://127.0.0.1", self._port).open_experiment("foo")
            except (OSError, ValueError):
                time.sleep(0.02)

    def _work(self, name: str) -> None:
        foo, value, done = self._connected(), 0, self.acknowledged[name]
        while time.monotonic() < self._until:
            value += 1
            try:
                foo.add_scalar_value(name, value, step=value)
                done.append(float(value))
                if value % 50 == 0:
                    kept = {row[2] for row in foo.get_scalar_values(name)}
                    self.missing += [f"{name} {each}" for each in done if each not in kept]
            except OSError:
                foo = self._connected()


def _check_hammered(folder: Path, hammer: Hammer) -> None:
    assert [] == hammer.missing
    foo = CrayonClient(folder).open_experiment("foo")
    for name, wanted in hammer.acknowledged.items():
        rows = foo.get_scalar_values(name)
        kept = [row[2] for row in rows]

        assert wanted
        assert set(wanted) <= set(kept)
        assert len(kept) == len(set(kept))
        assert sorted(kept) == kept
        assert all(step == value for _, step, value in rows)


def test_nothing_is_lost_across_kills(tmp_path: Path) -> None:
    """Four clients write and read while the server is killed: no point is lost or doubled."""
    hammer = Hammer(tmp_path, 6.0, 1.5)

    assert hammer.kills >= 2
    _check_hammered(tmp_path, hammer)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nothing_is_lost_across_kills_for_a_minute(tmp_path: Path) -> None:
    """The same for 60 seconds."""
    hammer = Hammer(tmp_path, 60.0, 5.0)

    assert hammer.kills >= 8
    _check_hammered(tmp_path, hammer)
