"""``vcs-track import deepboard``: real databases become runs."""

from __future__ import annotations

import errno
import json
import math
import random
import sqlite3
import struct
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cli.program import vcs
from compat.deepboard.databases import add, make
from compat.deepboard.faces import OURS, REAL
from crash.tap import Call, tapped
from PIL import Image

import vcs_track
from vcs_track.compat.deepboard.importer import import_database
from vcs_track.errors import CorruptError, InvalidValueError, StorageError

if TYPE_CHECKING:
    from vcs_track import Repository

__all__: list[str] = []

LITTLE = (7).to_bytes(8, "little")


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return vcs_track.init(tmp_path)


def point(run: int, **row: Any) -> dict[str, Any]:
    return {
        "run_id": run, "epoch": 0, "step": 1, "split": "", "label": "x", "value": 1.0,
        "wall_time": 0.0, "run_rep": 0, **row,
    }  # fmt: skip


def table_of(path: Path) -> Any:
    """Return the table of an imported database, which is moved away first."""
    path.rename(path.with_suffix(".old"))
    return OURS.table(str(path))


class TestImport:
    def test_facts(self, repo: Repository, tmp_path: Path) -> None:
        """A run comes with its number, facts, labels, start, end and status."""
        path = make(
            tmp_path / "t.db",
            {
                "config": "c.yml", "config_hash": "ab", "comment": "c", "note": "n", "tag": "t",
                "color": "00ff00", "status": "failed", "commit_hash": "abcdef0", "diff": "+1\n",
            },
        )  # fmt: skip
        add(path, "ConfigFile", {"run_id": 1, "file_content": "a: 1\n"})
        done = import_database(repo, path)
        (run,) = repo.runs()
        table = table_of(path)
        raw = table.get_experiment_raw(1)

        assert ([run.id], [], [], []) == (done.new, done.updated, done.known, done.notes)
        assert ("exp", "failed", ["t"]) == (run.name, run.status, run.tags)
        assert 0.5 == run.duration
        assert {
            "run_id": 1, "experiment": "exp", "config": "c.yml", "config_hash": "ab",
            "cli": "lr=0.1", "command": "train.py", "comment": "c", "note": "n", "tag": "t",
            "color": "00ff00", "start": "2025-03-01T12:00:00.250000", "status": "failed",
            "commit_hash": "abcdef0", "diff": "+1\n", "hidden": 0,
        } == raw  # fmt: skip
        assert "a: 1\n" == table.get_config(1)

    def test_points(self, repo: Repository, tmp_path: Path) -> None:
        """NULL is NaN, bytes of numpy are numbers, repetitions and seconds are kept."""
        path = make(tmp_path / "t.db", {})
        add(
            path, "Logs", point(1, value=None, step=LITTLE, epoch=LITTLE, wall_time=1.5),
            point(1, value=2.0, step=-3, wall_time=2.25, run_rep=4), point(1, step=2.0),
        )  # fmt: skip
        import_database(repo, path)
        found = table_of(path).load_run(1)
        first, second, third = found["x"]

        assert math.isnan(first.value)
        assert [(7, 7, 1.5, 0), (2, 0, 0.0, 0), (-3, 0, 2.25, 4)] == [
            (p.step, p.epoch, p.wall_time, p.run_rep) for p in (first, second, third)
        ]
        assert [0.5] == [p.wall_time for p in found["Train/loss"]]

    def test_values(self, repo: Repository, tmp_path: Path) -> None:
        """Hyperparameters and results keep their types; bytes of numpy are numbers."""
        path = make(tmp_path / "t.db", {})
        given = {
            "i": 3, "f": 0.5, "s": "x", "none": None, "i8": LITTLE, "b": b"\1",
            "f4": struct.pack("<f", 0.25), "i4": struct.pack("<i", 9), "raw": b"abc",
        }  # fmt: skip
        rows = [{"run_id": 1, "metric": k, "value": v, "is_hparam": 1} for k, v in given.items()]
        add(path, "Results", *rows, {"run_id": 1, "metric": "acc", "value": 0.9, "is_hparam": 0})
        import_database(repo, path)
        (run,) = repo.runs()

        assert {
            "i": 3, "f": 0.5, "s": "x", "none": None, "i8": 7, "b": True, "f4": 0.25, "i4": 9,
            "raw": b"abc",
        } == run.hparams  # fmt: skip
        assert {"acc": 0.9} == run.results

    def test_media(self, repo: Repository, tmp_path: Path) -> None:
        """Images, figures, texts and fragments come byte for byte; junk harms nothing."""
        path = make(tmp_path / "t.db", {})
        Image.new("L", (2, 2), 5).save("i.png")
        png = Path("i.png").read_bytes()
        item = {"run_id": 1, "step": 3, "epoch": None, "run_rep": 0, "tag": "t"}
        add(
            path, "Images", {**item, "img_type": "IMAGE", "image": png},
            {**item, "img_type": "PLOT", "image": png}, {**item, "img_type": "IMAGE", "image": b"junk"},
        )  # fmt: skip
        add(
            path, "Fragments", {**item, "fragment_type": "RAW", "fragment": "a\0b"},
            {**item, "fragment_type": "HTML", "fragment": "<b>"},
            {**item, "fragment_type": "RAW", "fragment": b"\xff"},
        )  # fmt: skip
        import_database(repo, path)
        found = table_of(path).load_run(1)
        images = [i["image"] for i in found.get_images(step=3, tag="t")]

        assert [png, b"junk"] == [item.data for item in repo.run("@").get_images()]
        assert (5, b"junk") == (images[0].getpixel((0, 0)), images[1])
        assert 1 == len(found.get_figures())
        assert ["a\0b", b"\xff"] == [i["fragment"] for i in found.get_text()]
        assert ["<b>"] == [i["fragment"] for i in found.get_fragment()]

    def test_the_table(self, repo: Repository, tmp_path: Path) -> None:
        """Hidden runs, the debug run, columns and what tells runs apart come too."""
        path = make(tmp_path / "t.db", {}, {"hidden": 1, "cli": "lr=1"})
        add(path, "Experiments", {
            "run_id": -1, "experiment": "dbg", "start": "2025-03-02T00:00:00", "status": "running",
            "hidden": 0,
        })  # fmt: skip
        add(path, "ResultDisplay", {
            "Name": "acc", "display_order": 3, "alias": "Accuracy", "is_hparam": 0,
        })  # fmt: skip
        add(path, "Meta", {"key": "unique_columns", "value": "experiment, cli"})
        import_database(repo, path)
        table = table_of(path)

        assert ([-1, 1, 2], [2]) == (table.runs, table.get_hidden_runs())
        assert (3, "Accuracy", False) == table.result_columns["acc"]
        assert {"experiment", "cli"} == set(table.unique_columns)
        with pytest.raises(RuntimeError, match="run 1"):
            table.new_run("exp", cli={"lr": 0.1})

    def test_old_versions(self, repo: Repository, tmp_path: Path) -> None:
        """A database of the first versions has fewer columns, and its configs in a folder."""
        path = make(tmp_path / "t.db", {"config": "x/c.yml"}, old=True)
        add(path, "Results", {"run_id": 1, "metric": "acc", "value": 0.9})
        (tmp_path / "configs").mkdir()
        (tmp_path / "configs" / "1.yml").write_text("a: 1")
        import_database(repo, path)
        table = table_of(path)

        assert ({"acc": 0.9}, "a: 1") == (repo.run("@").results, table.get_config(1))

    def test_nothing_is_written_to_it(self, repo: Repository, tmp_path: Path) -> None:
        """The database stays byte for byte, and nothing appears beside it."""
        folder = tmp_path / "other"
        folder.mkdir()
        path = make(folder / "t.db", {})
        before, stat = path.read_bytes(), path.stat().st_mtime_ns
        path.chmod(0o444)
        import_database(repo, path)

        assert (before, stat, ["t.db"]) == (
            path.read_bytes(), path.stat().st_mtime_ns, [one.name for one in folder.iterdir()],
        )  # fmt: skip


class TestAgain:
    def test_changes_nothing(self, repo: Repository, tmp_path: Path) -> None:
        """A second import, of a copy elsewhere too, changes nothing.

        Seen to fail when the id was made of the path.
        """
        path = make(tmp_path / "t.db", {}, {"cli": "b"})
        first = import_database(repo, path)
        before = {run.id: run.heads for run in repo.runs()}
        (tmp_path / "sub").mkdir()
        copy = tmp_path / "sub" / "copy.db"
        copy.write_bytes(path.read_bytes())
        second, third = import_database(repo, path), import_database(repo, copy)

        assert sorted(first.new) == sorted(second.known) == sorted(third.known)
        assert before == {run.id: run.heads for run in repo.runs()}

    def test_takes_what_is_new(self, repo: Repository, tmp_path: Path) -> None:
        """A run that grew gets its new points, values and labels; what was here stays.

        Seen to fail when points were taken from the beginning again.
        """
        path = make(tmp_path / "t.db", {"status": "running"})
        import_database(repo, path)
        before = repo.run("@").status
        repo.edit("@", color="123456")
        add(path, "Logs", point(1, step=5, value=5.0), point(1, step=6, value=6.0, run_rep=1))
        add(path, "Results", {"run_id": 1, "metric": "acc", "value": 0.9, "is_hparam": 0})
        db = sqlite3.connect(path)
        with db:
            db.execute("UPDATE Experiments SET status='finished', note='n'")
        db.close()
        done = import_database(repo, path)
        (run,) = repo.runs()

        assert ("crashed", "finished") == (before, run.status)
        assert ([], [run.id]) == (done.new, done.updated)
        assert ([1.0], [5.0, 6.0]) == (run.series("Train/loss").value, run.series("x").value)
        assert (0.9, "n", "123456") == (
            run.results["acc"], run.manifest.notes, run.manifest.color,
        )  # fmt: skip
        assert [run.id] == import_database(repo, path).known


class TestHostile:
    def test_left_over(self, repo: Repository, tmp_path: Path) -> None:
        """What cannot be kept is quoted in a text and counted; all else is there."""
        path = make(tmp_path / "t.db", {})
        bad: list[dict[str, Any]] = [
            {"step": "abc"}, {"step": 1.5}, {"run_rep": -1}, {"run_rep": "x"}, {"value": "many"},
            {"label": "y" * 300}, {"step": None}, {"step": b"abc"},
        ]  # fmt: skip
        add(path, "Logs", *(point(1, **row) for row in bad), point(1, run_rep=2**31 - 1))
        done = import_database(repo, path)
        (run,) = repo.runs()

        assert f"run 1: {len(bad)} values" in done.notes[0]
        assert len(bad) == len(run.get_text(tag="deepboard/left-over")[0].text.splitlines())
        assert 1 == len(run.series("x"))

    @pytest.mark.parametrize("seed", range(25))
    def test_any_types_anywhere(self, repo: Repository, tmp_path: Path, seed: int) -> None:
        """Whatever stands in any cell, an import ends well, and the runs are sound."""
        rng = random.Random(seed)
        pool: list[Any] = [
            None, 0, 1, -1, 2**62, 0.5, 1e308, math.inf, "", "a", "../../x", "\0", "\ud7ff", "9" * 400,
            b"", b"\xff" * 3, LITTLE, "x" * 70_000, "\u202e", -5.5, "2025-01-01", "1e5",
        ]  # fmt: skip
        path = make(tmp_path / "t.db", {}, {"cli": "b"})
        db = sqlite3.connect(path)
        with db:
            for table in (
                "Experiments",
                "Logs",
                "Results",
                "Images",
                "Fragments",
                "ResultDisplay",
            ):
                names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
                for _ in range(6):
                    row = {
                        n: rng.choice(pool) for n in names if n not in ("run_id", "id_", "Name")
                    }
                    if "id_" in names:
                        row["run_id"] = rng.choice([1, 2, 3, None, "x", -1])
                    elif "Name" in names:
                        row["Name"] = rng.choice(["acc", "\0", "x" * 400]) + str(rng.random())
                    marks = ", ".join("?" * len(row))
                    keys = ", ".join(row)
                    db.execute(f"INSERT INTO {table} ({keys}) VALUES ({marks})", [*row.values()])
        db.close()
        done = import_database(repo, path)
        table = table_of(path)

        assert 8 == len(done.new)
        assert 8 == len(table.get_results(show_hidden=True).data)
        assert [] == repo.fsck().problems
        for number in table.runs:
            found = table.load_run(number)
            assert found.status in ("running", "finished", "failed")
            assert all(found[tag] for tag in found.scalars)

    def test_a_view_is_no_table(self, repo: Repository, tmp_path: Path) -> None:
        """A view that never ends is not asked: its rows would be a stranger's program."""
        path = make(tmp_path / "t.db", {})
        db = sqlite3.connect(path)
        with db:
            db.execute("DROP TABLE Logs")
            db.execute(
                "CREATE VIEW Logs AS WITH RECURSIVE c(id_) AS (SELECT 1 UNION ALL SELECT id_+1"
                " FROM c) SELECT id_, 1 run_id, 0 epoch, id_ step, '' split, 'x' label, 1.0 value,"
                " 0.0 wall_time, 0 run_rep FROM c"
            )
        db.close()
        import_database(repo, path)

        assert [] == repo.run("@").series_tags

    @pytest.mark.parametrize("cut", [0, 10, 3000, 20_000])
    def test_a_damaged_file_changes_nothing(
        self, repo: Repository, tmp_path: Path, cut: int
    ) -> None:
        """A file that is cut off, or something else, is refused, and nothing is left behind."""
        path = make(tmp_path / "t.db", {})
        path.write_bytes(path.read_bytes()[:cut])
        with pytest.raises((CorruptError, InvalidValueError)):
            import_database(repo, path)

        assert (0, []) == (len(repo.runs()), [*(repo.path / "local" / "tmp").iterdir()])

    def test_another_database(self, repo: Repository, tmp_path: Path) -> None:
        """A database of something else is refused."""
        db = sqlite3.connect(tmp_path / "t.db")
        db.execute("CREATE TABLE x(y)")
        db.close()

        with pytest.raises(InvalidValueError, match="no database of DeepBoard"):
            import_database(repo, tmp_path / "t.db")


class TestCommand:
    def test_says_what_it_did(self, repo: Repository, tmp_path: Path) -> None:
        """Each run is a line on stdout; with --json an object."""
        make(tmp_path / "t.db", {})
        first, second = (
            vcs("import", "deepboard", "t.db"),
            vcs("import", "deepboard", "t.db", "--json"),
        )
        run = repo.run("@").id

        assert f"new     {run} exp (finished)\n" == first.stdout
        assert "took in 1 run of 't.db'\n" == first.stderr
        assert ("known", run) == (
            json.loads(second.stdout)["change"],
            json.loads(second.stdout)["id"],
        )

    def test_dry_run(self, repo: Repository, tmp_path: Path) -> None:
        """With --dry-run the runs are named, and nothing is stored."""
        make(tmp_path / "t.db", {}, {"cli": "b", "experiment": "other"})
        done = vcs("import", "--dry-run", "deepboard", "t.db")

        assert ["new", "new"] == [line.split()[0] for line in done.stdout.splitlines()]
        assert ["exp", "other"] == [line.split()[2] for line in done.stdout.splitlines()]
        assert 0 == len(repo.runs())

    def test_a_removed_run_stays_away(self, repo: Repository, tmp_path: Path) -> None:
        """A run that was removed here does not come back by another import.

        Seen to fail without the question whether it was removed.
        """
        path = make(tmp_path / "t.db", {})
        (run,) = import_database(repo, path).new
        repo.remove(run)
        done = vcs("import", "deepboard", "t.db")

        assert ("", 0) == (done.stdout, len(repo.runs()))
        assert f"rm --restore {run}" in done.stderr

    def test_a_disk_that_does_not_tell_what_was_removed(
        self, repo: Repository, tmp_path: Path
    ) -> None:
        """The error is ours, also before anything is written.

        Seen to fail when only what writes told errors of the disk as ours.
        """
        make(tmp_path / "t.db", {})

        def react(call: Call) -> Any:
            if call.name == "listdir" and "removed" in str(call.args[0]):
                raise OSError(errno.EIO, "input/output error")
            return call.perform()

        with (
            tapped(react),
            pytest.raises(StorageError, match=r"cannot import '.*t\.db': input/output error"),
        ):
            import_database(repo, tmp_path / "t.db")

    def test_a_zip_of_that_name(self, repo: Repository, tmp_path: Path) -> None:
        """A bundle called deepboard is taken in as ./deepboard; the word alone is no file."""
        repo.start_run("a").finish()
        repo.export("@", tmp_path / "deepboard")
        done, alone = vcs("import", "./deepboard"), vcs("import", "deepboard", code=2)

        assert zipfile.is_zipfile("deepboard")
        assert "known" == done.stdout.split()[0]
        assert "./deepboard" in alone.stderr

    @pytest.mark.parametrize(("content", "code"), [(None, 2), (b"", 2), (b"x" * 5000, 12)])
    def test_exit_codes(
        self, repo: Repository, tmp_path: Path, content: bytes | None, code: int
    ) -> None:
        """No such file and another database are 2, a damaged one is 12."""
        if content is not None:
            (tmp_path / "t.db").write_bytes(content)

        done = vcs("import", "deepboard", "t.db", code=code)

        assert "" == done.stdout


@pytest.mark.compat
@pytest.mark.skipif(find_spec("deepboard") is None, reason="deepboard is not installed")
@pytest.mark.filterwarnings("ignore")
def test_of_the_real_package(repo: Repository, tmp_path: Path) -> None:
    """What the real package wrote reads through our face as through its own."""
    real = REAL.table("t.db")
    writer = real.new_run("exp", cli={"lr": 0.1}, comment="c", tag="t")
    for n in range(25):
        writer.add_scalar("Train/loss", 1 / (n + 1), epoch=n // 5)
        writer.add_scalar("acc", n)
    writer.new_repetition()
    writer.add_scalar("acc", 7.0)
    writer.add_text("hi", tag="a")
    writer.add_image(Image.new("RGB", (3, 2), (1, 2, 3)))
    writer.add_hparams(lr=0.1, name="x")
    writer.set_note("n")
    writer.write_result(acc=0.9)
    real.new_run("two", comment="d")
    real.hide_run(2)
    real.hide_column("comment")

    def seen(table: Any) -> list[Any]:
        found = table.load_run(1)
        return [
            table.get_results(show_hidden=True).data[0], table.get_experiment_raw(1),
            [[str(p) for p in found[tag]] for tag in sorted(found.scalars)],
            found.get_hparams(), found.get_text(), found.get_repetitions(),
            [(i["step"], i["image"].tobytes()) for i in found.get_images()],
            sorted(table.runs), table.get_hidden_runs(),
        ]  # fmt: skip

    expected = seen(real)
    import_database(repo, tmp_path / "t.db")

    assert expected == seen(table_of(tmp_path / "t.db"))
