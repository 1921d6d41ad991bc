"""The rows on tables, starts and identity of DeepBoard's table of behaviour."""

from __future__ import annotations

import hashlib
import io
import os
import shlex
import sqlite3
import subprocess
import sys
from datetime import datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import pytest

import vcs_track

if TYPE_CHECKING:
    from compat.deepboard.faces import Face

__all__: list[str] = []


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *args], check=True, capture_output=True, text=True
    )
    return done.stdout


def commit(folder: Path, **files: str) -> None:
    if not (folder / ".git").exists():
        git(folder, "init", "-q")
        git(folder, "config", "user.name", "A Tester")
        git(folder, "config", "user.email", "tester@example.org")
    for name, text in files.items():
        (folder / name).write_text(text)
        git(folder, "add", name)
    git(folder, "commit", "-qm", "work")


def failed(table: Any, **options: Any) -> Any:
    writer = table.new_run("exp", **options)
    writer.set_status("failed")
    return writer


class TestConstructor:
    def test_defaults(self, face: Face) -> None:
        """The path is result_table.db, the action WARN, and the columns are the default ones."""
        table = face.ResultTable()
        expected = ("experiment", "config", "config_hash", "cli", "comment", "tag")

        assert "result_table.db" == PurePath(table.db_path).name
        assert face.NoCommitAction.WARN is table.nocommit_action
        assert expected == tuple(table.unique_columns) == tuple(table.DEFAULT_UNIQUE_COLS)

    def test_enum(self, face: Face) -> None:
        """The three actions have values that equal their names."""
        found = {action.name: action.value for action in face.NoCommitAction}

        assert {"NOP": "NOP", "WARN": "WARN", "RAISE": "RAISE"} == found

    def test_missing_folder(self, face: Face) -> None:
        """A path in a folder that is not there is an OperationalError."""
        with pytest.raises(sqlite3.OperationalError):
            face.table("nowhere/table.db")

    def test_garbage(self, face: Face) -> None:
        """A file that is something else is a DatabaseError, and stays as it is."""
        Path("table.db").write_bytes(b"not a database" * 100)

        with pytest.raises(sqlite3.DatabaseError):
            face.table()
        assert b"not a database" * 100 == Path("table.db").read_bytes()

    def test_empty_file(self, face: Face) -> None:
        """An empty file, and a table in memory, are RuntimeErrors."""
        Path("table.db").write_bytes(b"")

        with pytest.raises(RuntimeError):
            face.table()
        with pytest.raises(RuntimeError):
            face.table(":memory:")

    def test_unknown_column(self, face: Face) -> None:
        """A column that cannot tell runs apart is a ValueError, and nothing is made."""
        with pytest.raises(ValueError, match="status"):
            face.table(unique_columns=("experiment", "status"))
        assert not Path("table.db").exists()

    def test_columns_are_kept(self, face: Face) -> None:
        """A table opened again has its columns; their order is no matter, others are refused."""
        face.table(unique_columns=("experiment", "cli"))

        assert {"experiment", "cli"} == set(face.table().unique_columns)
        face.table(unique_columns=("cli", "experiment"))
        with pytest.raises(RuntimeError):
            face.table(unique_columns=("experiment",))

    def test_a_database_is_refused_with_a_hint(self, ours: Face) -> None:
        """A real database is not touched, and the hint is the command that imports it."""
        db = sqlite3.connect("real.db")
        db.execute("CREATE TABLE x(y)")
        db.commit()
        db.close()
        before = Path("real.db").read_bytes()
        with pytest.raises(RuntimeError) as caught:
            ours.table("real.db")

        assert "vcs-track import deepboard" in getattr(caught.value, "hint", "")
        assert before == Path("real.db").read_bytes()

    def test_the_store(self, ours: Face, tmp_path: Path) -> None:
        """Runs lie in .runs beside the path; in git at the top; no file has the name of the path."""
        ours.started()
        (tmp_path / "repo" / "sub").mkdir(parents=True)
        commit(tmp_path / "repo", a="1")
        ours.table("repo/sub/table.db")

        assert (tmp_path / ".runs").is_dir()
        assert not (tmp_path / "table.db").exists()

    def test_two_tables_of_a_store_are_apart(self, ours: Face) -> None:
        """Each path has its own runs and numbers; a folder has all of them."""
        Path("sub").mkdir()
        for path in ("a.db", "b.db", "sub/a.db"):
            writer = ours.table(path).new_run(path)
            writer.write_result()
        with vcs_track.start_run("native", hparams={"lr": {"max": 1}}) as run:
            run.add_scalar("x", 1.0)
        everything = ours.table(".")

        assert [[1], [1], [1]] == [ours.table(p).runs for p in ("a.db", "b.db", "sub/a.db")]
        assert [1, 2, 3, 4] == everything.runs
        found = [everything.get_experiment_raw(n)["experiment"] for n in everything.runs]
        assert ["a.db", "b.db", "sub/a.db", "native"] == found
        assert ({"lr.max": 1}, 1) == (
            everything.load_run(4).get_hparams(), len(everything.load_run(4)["x"]),
        )  # fmt: skip

    def test_a_path_is_absolute(self, ours: Face, tmp_path: Path) -> None:
        """Another current folder changes nothing; the original looks for the file there."""
        table, writer = ours.started()
        (tmp_path / "sub").mkdir()
        os.chdir(tmp_path / "sub")
        writer.add_scalar("x", 1.0)

        assert ([1], 1) == (table.runs, len(table.load_run(1)["x"]))
        assert not (tmp_path / "sub" / ".runs").exists()

    @pytest.mark.parametrize("path", ["a\0.db", 5, None])
    def test_no_path(self, ours: Face, path: Any) -> None:
        """What is no path is refused."""
        with pytest.raises((ValueError, TypeError)):
            ours.table(path)


class TestFacts:
    def test_raw(self, face: Face) -> None:
        """A run has fifteen facts, as text and numbers."""
        table, _ = face.started(cli={"lr": 0.1, "b": "x y"}, comment="c", tag="t")
        raw = table.get_experiment_raw(1)
        start = datetime.fromisoformat(raw.pop("start"))

        assert {
            "run_id": 1, "experiment": "exp", "config": None, "config_hash": None,
            "cli": "lr=0.1 b=x y", "command": shlex.join(sys.argv), "comment": "c", "note": "",
            "tag": "t", "color": None, "status": "running", "commit_hash": None, "diff": None,
            "hidden": 0,
        } == raw  # fmt: skip
        assert abs((datetime.now() - start).total_seconds()) < 60  # noqa: DTZ005

    def test_unknown_run(self, face: Face) -> None:
        """The facts of an unknown run are a TypeError, its configuration a RuntimeError."""
        table = face.table()

        with pytest.raises(TypeError):
            table.get_experiment_raw(1)
        with pytest.raises(RuntimeError):
            table.get_config(1)

    @pytest.mark.parametrize("cli", [None, {}])
    def test_empty(self, face: Face, cli: Any) -> None:
        """No arguments and no comment are empty texts."""
        table, _ = face.started(cli=cli)
        raw = table.get_experiment_raw(1)

        assert ("", "") == (raw["cli"], raw["comment"])

    def test_config(self, face: Face) -> None:
        """A file is kept with its path and hash, as it was then."""
        Path("c.yml").write_text("a: é\n")
        table, _ = face.started(configfile="c.yml")
        Path("c.yml").write_text("b: 2\n")
        raw = table.get_experiment_raw(1)

        assert ("c.yml", hashlib.sha256("a: é\n".encode()).hexdigest()) == (
            raw["config"], raw["config_hash"],
        )  # fmt: skip
        assert "a: é\n" == table.get_config(1)

    @pytest.mark.parametrize(
        ("file", "kept"), [(io.StringIO("a: 1"), "a: 1"), (io.BytesIO(b"\xff\0"), b"\xff\0")]
    )
    def test_open_file(self, face: Face, file: Any, kept: Any) -> None:
        """An open file is read and rewound; it has no path; bytes come back as bytes."""
        file.seek(0)
        table, _ = face.started(configfile=file)
        raw = table.get_experiment_raw(1)
        data = kept.encode() if isinstance(kept, str) else kept

        assert (None, hashlib.sha256(data).hexdigest()) == (raw["config"], raw["config_hash"])
        assert kept == table.get_config(1)
        if face.name == "ours":  # the original leaves it at its end
            assert kept == file.read()

    def test_no_config(self, face: Face) -> None:
        """A run without a configuration has None."""
        table, _ = face.started()

        assert table.get_config(1) is None

    def test_missing_file(self, face: Face) -> None:
        """A file that is not there is a FileNotFoundError, and starts no run."""
        table = face.table()

        with pytest.raises(FileNotFoundError):
            table.new_run("exp", "nowhere.yml")
        assert [] == list(table.runs)

    def test_a_file_that_is_no_text(self, face: Face) -> None:
        """A path whose bytes are no UTF-8 is a UnicodeDecodeError."""
        Path("c.bin").write_bytes(b"\xff\xfe")

        with pytest.raises(UnicodeDecodeError):
            face.table().new_run("exp", "c.bin")

    @pytest.mark.parametrize("name", ["flush_each", "keep_each"])
    def test_counts(self, ours: Face, name: str) -> None:
        """A count of zero is a ValueError, and leaves no run behind as the original does."""
        table = ours.table()
        for bad in (0, -1):
            with pytest.raises(ValueError, match=name):
                table.new_run("exp", **{name: bad})

        assert [] == table.runs
        assert 1 == table.new_run("exp").run_id

    def test_load_config(self, ours: Face) -> None:
        """The earlier names of get_config and get_experiment_raw work too."""
        table, _ = ours.started(configfile=io.StringIO("x"))

        assert "x" == table.load_config(1)
        assert "exp" == table.fetch_experiment(1)["experiment"]

    def test_file_hash(self, face: Face) -> None:
        """A file is hashed by its path or open, with any hash that Python has."""
        Path("c.yml").write_bytes(b"abc")
        table = face.ResultTable

        assert hashlib.sha256(b"abc").hexdigest() == table.get_file_hash("c.yml")
        assert hashlib.md5(b"abc").hexdigest() == table.get_file_hash("c.yml", "md5")
        assert hashlib.sha256(b"abc").hexdigest() == table.get_file_hash(io.BytesIO(b"abc"))


class TestGit:
    def test_clean(self, face: Face, tmp_path: Path) -> None:
        """A clean work tree: seven digits of the commit, and no difference."""
        commit(tmp_path, a="1\n")
        (tmp_path / ".git" / "info" / "exclude").write_text("*.db\n.runs\n")
        table, _ = face.started()
        raw = table.get_experiment_raw(1)

        assert git(tmp_path, "rev-parse", "--short", "HEAD").strip() == raw["commit_hash"]
        assert "" == raw["diff"]

    @pytest.mark.parametrize("staged", [False, True])
    def test_dirty(self, face: Face, tmp_path: Path, staged: bool) -> None:
        """Changes are kept, staged or not, and warned of; WARN, RAISE and NOP say how."""
        commit(tmp_path, a="1\n")
        (tmp_path / "a").write_text("2\n")
        if staged:
            git(tmp_path, "add", "a")
        actions = face.NoCommitAction
        with pytest.warns(RuntimeWarning):
            face.table(nocommit_action=actions.WARN).new_run("exp")

        assert "+2" in face.table().get_experiment_raw(1)["diff"]
        for disable in (False, True):
            with pytest.raises(RuntimeError):
                face.table(nocommit_action=actions.RAISE).new_run("other", disable=disable)
        assert 2 == face.table().new_run("third").run_id

    def test_untracked_files_are_no_change(self, face: Face, tmp_path: Path) -> None:
        """A file that git does not know is no reason to refuse."""
        commit(tmp_path, a="1\n")
        (tmp_path / "b").write_text("2\n")
        table = face.ResultTable("table.db", face.NoCommitAction.RAISE)

        assert 1 == table.new_run("exp").run_id

    def test_debug_runs_look_at_nothing(self, face: Face, tmp_path: Path) -> None:
        """A debug run has neither commit nor difference, and is never refused."""
        commit(tmp_path, a="1\n")
        (tmp_path / "a").write_text("2\n")
        table = face.ResultTable("table.db", face.NoCommitAction.RAISE)
        table.new_debug_run("exp")
        raw = table.get_experiment_raw(-1)

        assert (None, None) == (raw["commit_hash"], raw["diff"])

    def test_the_difference_can_be_applied(self, ours: Face, tmp_path: Path) -> None:
        """``git apply`` takes what is kept, blanks at the end and binary files included.

        The original strips it, and git calls that corrupt.
        """
        commit(tmp_path, a="1\n", b="x\n")
        (tmp_path / "a").write_text("1\n \n")
        (tmp_path / "b").write_bytes(bytes(range(256)))
        table, _ = ours.started()
        (tmp_path / "p.patch").write_text(table.get_experiment_raw(1)["diff"])
        git(tmp_path, "checkout", "-q", "--", "a", "b")
        git(tmp_path, "apply", "p.patch")

        assert ("1\n \n", bytes(range(256))) == (
            (tmp_path / "a").read_text(), (tmp_path / "b").read_bytes(),
        )  # fmt: skip


class TestIdentity:
    @pytest.mark.parametrize(
        "change",
        [
            {"experiment_name": "other"}, {"cli": {"b": 2}}, {"cli": {"b": 1, "a": 1}},
            {"comment": "c"}, {"tag": "t"}, {"configfile": "d.yml"}, {"configfile": "./c.yml"},
        ],
    )  # fmt: skip
    def test_something_else_is_new(self, face: Face, change: Any) -> None:
        """Each column, the order of arguments and the spelling of a path make a run another."""
        for name in ("c.yml", "d.yml"):
            Path(name).write_text("x")
        first = {"experiment_name": "e", "configfile": "c.yml", "cli": {"a": 1, "b": 1}}
        table = face.table()
        table.new_run(**first)

        assert 2 == table.new_run(**{**first, **change}).run_id

    def test_the_same_is_refused(self, face: Face) -> None:
        """The same configuration is a RuntimeError that names the run."""
        Path("c.yml").write_text("x")
        table, _ = face.started(configfile="c.yml")

        with pytest.raises(RuntimeError, match="1"):
            table.new_run("exp", "c.yml")
        Path("c.yml").write_text("y")
        assert 2 == table.new_run("exp", "c.yml").run_id

    def test_without_a_config_too(self, ours: Face) -> None:
        """Without a configuration file too, as DeepBoard's documentation says.

        There NULL never equals NULL, so that it is never found. Seen to fail when a missing
        configuration equalled no other.
        """
        table, _ = ours.started()

        with pytest.raises(RuntimeError, match="run 1"):
            table.new_run("exp")
        with pytest.raises(RuntimeError, match="run 1"):
            ours.table().new_run("exp")

    def test_hidden_runs_do_not_count(self, face: Face) -> None:
        """A configuration of a hidden run is run again, under a new number."""
        Path("c.yml").write_text("x")
        table, _ = face.started(configfile="c.yml")
        table.hide_run(1)

        assert 2 == table.new_run("exp", "c.yml").run_id

    def test_own_columns(self, face: Face) -> None:
        """With other columns only those tell runs apart."""
        table = face.table(unique_columns=("experiment",))
        table.new_run("exp", comment="a")

        with pytest.raises(RuntimeError):
            table.new_run("exp", comment="b")
        assert 2 == table.new_run("other", comment="a").run_id

    def test_a_failed_run_is_repeated(self, ours: Face) -> None:
        """A failed run may be repeated: the number goes to the new one, the old one stays.

        The original refuses it since 0.3.0, and wiped it before.
        """
        table = ours.table()
        old = failed(table)
        old.add_scalar("x", 1.0)
        old.write_result()
        old.set_status("failed")
        new = table.new_run("exp")
        new.write_result(acc=1)

        assert (1, [1], []) == (new.run_id, table.runs, new.scalars)
        assert [["x"], []] == sorted(
            (run.series_tags for run in vcs_track.open().runs()), reverse=True
        )

    def test_the_tag_failed_is_a_tag(self, ours: Face) -> None:
        """A finished run whose tag is the word is not wiped, as the original does."""
        table = ours.table()
        writer = table.new_run("exp", tag="failed")
        writer.write_result()

        with pytest.raises(RuntimeError):
            table.new_run("exp", tag="failed")

    def test_a_new_tag_counts(self, face: Face) -> None:
        """The tag of a run as it is now tells runs apart."""
        Path("c.yml").write_text("x")
        table, writer = face.started(configfile="c.yml")
        writer.set_tag("t")

        assert 2 == table.new_run("exp", "c.yml").run_id
        with pytest.raises(RuntimeError):
            table.new_run("exp", "c.yml", tag="t")


class TestNumbers:
    def test_count_from_one(self, face: Face) -> None:
        """Runs are numbered from 1, in the order of their starts."""
        table = face.table()
        found = [table.new_run("exp", comment=str(n)).run_id for n in range(3)]

        assert ([1, 2, 3], [1, 2, 3]) == (found, sorted(table.runs))

    def test_debug(self, face: Face) -> None:
        """The debug run is -1, and the next one takes its place."""
        table = face.table()
        numbers = []
        for value in (1.0, 2.0):
            writer = table.new_debug_run("exp")
            numbers.append(writer.run_id)
            writer.add_scalar("x", value)
            writer.add_hparams(**{f"p{value:.0f}": value})
            writer.write_result()
        table.new_run("exp", comment="c")

        assert [-1, -1] == numbers
        assert [-1, 1] == sorted(table.runs)
        assert [2.0] == [point.value for point in table.load_run(-1)["x"]]
        assert {"p2": 2.0} == table.load_run(-1).get_hparams()

    def test_earlier_debug_runs_stay(self, ours: Face) -> None:
        """They have no number any more, and are in the repository."""
        table = ours.table()
        for _ in range(3):
            table.new_debug_run("exp").write_result()

        assert ([-1], 3) == (table.runs, len(vcs_track.open().runs()))

    def test_debug_and_disabled(self, face: Face) -> None:
        """A disabled debug run is -1, and nothing is written."""
        table = face.table()
        writer = table.new_debug_run("exp", disable=True)

        assert (-1, []) == (writer.run_id, list(table.runs))

    def test_hide_and_show(self, face: Face) -> None:
        """Hiding is a flag; unknown numbers are ignored."""
        table = face.table()
        for n in range(2):
            table.new_run("exp", comment=str(n))
        table.hide_run(1)
        table.hide_run(99)
        hidden = list(table.get_hidden_runs()), table.get_experiment_raw(1)["hidden"]
        rows = [row[0] for row in table.get_results().data]
        table.show_run(1)

        assert (([1], 1), [2]) == (hidden, rows)
        assert ([], 0) == (list(table.get_hidden_runs()), table.get_experiment_raw(1)["hidden"])

    def test_survive_a_bundle(self, ours: Face, tmp_path: Path) -> None:
        """Runs of a bundle keep their number where it is free, else they get the next.

        Seen to fail when numbers were given in the order of the starts alone.
        """
        for n in range(3):
            writer = ours.table().new_run("there", comment=str(n))
            writer.add_scalar("n", n)
            writer.write_result()
        bundle = vcs_track.open().export(
            [run.id for run in vcs_track.open().runs()], tmp_path / "all.zip"
        )
        here = tmp_path / "here"
        here.mkdir()
        vcs_track.init(here)
        os.chdir(here)
        table, writer = ours.started()
        writer.write_result()
        vcs_track.open().import_(bundle)

        assert [1, 2, 3, 4] == table.runs
        assert [1, 2, 0] == [table.load_run(n)["n"][0].value for n in (2, 3, 4)]
        with pytest.raises(RuntimeError, match="run 3"):
            table.new_run("there", comment="2")

    def test_a_lost_register_is_made_again(self, ours: Face) -> None:
        """Numbers come back from the runs; a redone and a debug run find their places."""
        table = ours.table()
        failed(table).write_result()
        table.load_run(1).set_status("failed")
        table.new_run("exp").write_result(acc=1)
        table.new_run("exp", comment="two").write_result(acc=2)
        table.new_debug_run("exp").write_result(acc=3)
        for path in Path(".runs/local/tables/deepboard").iterdir():
            path.unlink()
        again = ours.table()

        assert [-1, 1, 2] == again.runs
        assert [3, 1, 2] == [row[-1] for row in again.get_results().data]


class TestWarning:
    def test_points_at_the_script(self, ours: Face, tmp_path: Path) -> None:
        """The warning about changes names the line of the script that starts the run.

        Seen to fail with the level of the caller's caller.
        """
        commit(tmp_path, a="1\n")
        (tmp_path / "a").write_text("2\n")
        table = ours.ResultTable("table.db")
        with pytest.warns(RuntimeWarning, match="not committed") as caught:
            table.new_run("exp")

        assert [__file__] == [one.filename for one in caught]
