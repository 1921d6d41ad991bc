"""``vcs-track import wandb``: folders that wandb left become runs."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cli.program import vcs
from compat.wandb import offline
from compat.wandb.faces import OURS, REAL, run_script
from crash import sources

import vcs_track
from vcs_track.compat.wandb.history import rows
from vcs_track.compat.wandb.importing import import_folder
from vcs_track.errors import InvalidValueError, VcsTrackError

if TYPE_CHECKING:
    from vcs_track import Repository, RunView

__all__: list[str] = []

HOME = Path("old/wandb")
SLOWLY = """
import sys, time
data = sys.stdin.buffer.read()
with open(sys.argv[1], "ab", buffering=0) as log:
    for at in range(0, len(data), 997):
        log.write(data[at : at + 997])
        time.sleep(0.005)
"""
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return vcs_track.init(tmp_path)


def taken(repo: Repository, *records: bytes, **how: Any) -> RunView:
    """Write a run, take it in, and return it."""
    offline.write(HOME, *records, **how)
    done = import_folder(repo, HOME)
    return repo.run((done.new or done.updated)[-1])


def logged(view: RunView) -> list[dict[str, Any]]:
    own = ("_timestamp", "_runtime")
    return [
        {key: value for key, value in row.to_dict().items() if key not in own}
        for row in rows(view)
    ]


class TestRows:
    def test_today(self, repo: Repository) -> None:
        """Rows of today come back nested, with their steps and times."""
        given: list[dict[str, Any]] = [
            {"loss": 0.5, "d": {"x": 1, "y": {"z": 2}}, "a.b": 3},
            {"loss": math.inf},
        ]
        view = taken(repo, offline.run(), *offline.history(*given), offline.ended())
        found = rows(view)

        assert [{**given[0], "_step": 0}, {**given[1], "_step": 1}] == logged(view)
        assert [offline.BEGIN + 0.5, offline.BEGIN + 1.5] == [row.wall for row in found]
        assert [0.5, 1.5] == [row.runtime for row in found]

    def test_of_0_10(self, repo: Repository) -> None:
        """Rows of 0.10 have their step among the values, and dictionaries as they are."""
        given = {"loss": 0.5, "d": {"x": 1}, "text": "a"}
        view = taken(repo, offline.run(), offline.old_row(0, **given), offline.old_row(7, loss=1))

        assert [{**given, "_step": 0}, {"loss": 1, "_step": 7}] == logged(view)

    def test_odd_values(self, repo: Repository) -> None:
        """NaN, None, texts, lists and integers of any length are kept."""
        given: dict[str, Any] = {"n": None, "t": "é", "l": [1, [2, None]], "big": 1 << 62, "e": {}}
        view = taken(repo, offline.run(), offline.row(0, **given, nan=math.nan))
        (found,) = logged(view)

        assert math.isnan(found.pop("nan"))
        assert {**given, "_step": 0} == found

    def test_definitions_count(self, repo: Repository) -> None:
        """Defined metrics show in the summary what they show when they are logged.

        Seen to fail when the definitions were taken in behind the rows.
        """
        view = taken(
            repo, offline.run(), offline.metric("acc", "", 1, 2), offline.metric("v/*", "ep"),
            *offline.history({"acc": 3}, {"acc": 1, "v/x": 5}), offline.ended(),
        )  # fmt: skip

        assert {"min": 1, "max": 3} == view.summary["acc"]
        assert {"acc": 1, "v/x": 5, "ep": 0, "_step": 1} == logged(view)[1]

    def test_steps_that_were_over_are_counted(self, repo: Repository) -> None:
        """A row whose step was over is left out and said, never put elsewhere."""
        offline.write(HOME, offline.run(), offline.row(5, a=1), offline.row(3, a=2))
        done = import_folder(repo, HOME)

        assert [{"a": 1, "_step": 5}] == logged(repo.run(done.new[0]))
        assert any("1 rows with a step that was over" in note for note in done.notes)

    def test_same_as_logged(self, ours: Any, repo: Repository) -> None:
        """A run that is imported is the run that logging makes."""
        steps = [{"loss": 1 / (n + 1), "d": {"x": n}} for n in range(10)]
        run = ours.init(config={"lr": 0.1, "net": {"depth": 3}})
        for step in steps:
            run.log(step)
        run.summary["best"] = 3
        run.finish()
        view = taken(
            repo, offline.run(config={"lr": 0.1, "net": {"depth": 3}}),
            *offline.history(*steps), offline.summary(**steps[-1], best=3, _step=9),
            offline.ended(),
        )  # fmt: skip
        native = repo.run(run.id)

        assert logged(native) == logged(view)
        assert native.hparams == view.hparams
        assert native.summary == view.summary
        assert native.status == view.status


class TestFacts:
    def test_what_a_run_is(self, repo: Repository) -> None:
        """The last word on name, project, tags and notes counts; times are those of then."""
        said: dict[str, Any] = {
            "project": "p", "group": "g", "job_type": "t", "notes": "n", "tags": ("a", "b"),
            "config": {"lr": 0.1, "_wandb": {}},
        }  # fmt: skip
        view = taken(
            repo, offline.run(name="old", **said), offline.config(lr=0.2, more=[1]),
            offline.run(name="new", **said), offline.config(lr=0.2), offline.ended(3),
        )  # fmt: skip
        m = view.manifest
        assert m.exit is not None

        assert ("abc", "new", "p", "g", "t", "n") == (
            view.id, view.name, m.project, m.group, m.job_type, view.note,
        )  # fmt: skip
        assert ["a", "b"] == view.tags
        assert {"lr": 0.2, "more": [1]} == view.hparams
        assert ("failed", 3) == (view.status, m.exit["code"])
        assert offline.BEGIN == m.created_us / 1e6

    def test_a_killed_run_has_crashed(self, repo: Repository) -> None:
        """Without a record of its end a run has crashed, and has what was written."""
        view = taken(repo, offline.run(), offline.row(0, a=1))

        assert "crashed" == view.status
        assert [{"a": 1, "_step": 0}] == logged(view)

    def test_console(self, repo: Repository) -> None:
        """The pieces of the console output are two whole texts."""
        pieces = [(1, "one"), (2, "err"), (1, "\n"), (1, "two\n")]
        view = taken(repo, offline.run(), *(offline.output(*piece) for piece in pieces))

        found = {item.name: item.text for item in view.media() if item.kind == "console"}

        assert {"stdout": "one\ntwo\n", "stderr": "err"} == found

    def test_samples_of_the_machine(self, repo: Repository) -> None:
        """Samples are apart from the rows, at their own times; odd values are left out."""
        view = taken(
            repo, offline.run(project="p"), offline.row(0, a=1),
            offline.stats(1, cpu=5, gpu="none"), offline.stats(2, **{"cpu": 7.5, "system.x": 1}),
            offline.row(1, a=2), offline.ended(),
        )  # fmt: skip
        from vcs_track.compat.wandb.history import system_rows

        assert [{"a": 1, "_step": 0}, {"a": 2, "_step": 1}] == logged(view)
        assert [
            {"system.cpu": 5, "_timestamp": offline.BEGIN + 1, "_runtime": 1},
            {"system.cpu": 7.5, "system.x": 1, "_timestamp": offline.BEGIN + 2, "_runtime": 2},
        ] == system_rows(view)

    def test_summary_by_hand(self, repo: Repository) -> None:
        """What the rows do not add up to was set by hand; what was deleted stays away."""
        view = taken(
            repo, offline.run(), *offline.history({"a": 1, "b": 2, "c": 1.0}),
            offline.summary(a=9, best=3, c=1, _step=0), offline.ended(),
        )  # fmt: skip
        face = view.faces["wandb"]

        assert {"a": 9, "best": 3, "c": 1.0} == {
            key: value for key, value in view.summary.items() if key != "b"
        }
        assert [["a"], ["best"]] == face["by_hand"]
        assert [["b"]] == face["removed"]

    def test_a_late_summary_is_not_by_hand(self, repo: Repository) -> None:
        """The summary of a killed run may be of an earlier row: the rows count then."""
        view = taken(
            repo, offline.run(), offline.row(0, a=1), offline.summary(a=1, x=5, _step=0),
            offline.row(1, a=2),
        )  # fmt: skip

        assert {"a": 2, "x": 5} == view.summary

    def test_synced(self, repo: Repository) -> None:
        """Of a run that was sent, summary, configuration and files are taken."""
        files = HOME / "run-20240101_120000-xyz" / "files"
        files.mkdir(parents=True)
        (files / "config.yaml").write_text("wandb_version: 1\nlr:\n  desc: null\n  value: 0.1\n")
        (files / "wandb-summary.json").write_text('{"loss": NaN, "_step": 3}')
        (files / "wandb-metadata.json").write_text(
            '{"startedAt": "2024-01-01T12:00:00Z", "program": "train.py", "args": ["--lr"]}'
        )
        (files / "model.pt").write_bytes(b"weights")
        done = import_folder(repo, HOME)
        view = repo.run(done.new[0])

        assert ("xyz", {"lr": 0.1}, "finished") == (view.id, view.hparams, view.status)
        assert math.isnan(view.summary["loss"])
        assert ["train.py", "--lr"] == view.command["argv"]
        assert "2024-01-01T12:00:00+00:00" == view.created.isoformat()
        assert b"weights" in [item.data for item in view.media() if item.name == "model.pt"]


class TestFiles:
    def test_media_are_bytes(self, repo: Repository) -> None:
        """An image of a row becomes an image of the store, and its record stays in the row."""
        folder = offline.write(HOME, b"")
        path = "media/images/i_0_a.png"
        (folder / "files/media/images").mkdir(parents=True)
        (folder / "files" / path).write_bytes(PNG)
        digest = hashlib.sha256(PNG).hexdigest()
        record = {"_type": "image-file", "path": path, "sha256": digest, "size": len(PNG)}
        view = taken(repo, offline.run(), offline.row(0, val={"i": record}), offline.ended())
        (item,) = [item for item in view.media() if item.kind == "image"]

        assert (PNG, path, 0, "val.i") == (item.data, item.name, item.step, item.tag)
        assert [{"val": {"i": record}, "_step": 0}] == logged(view)

    def test_what_is_not_what_was_logged_is_said(self, repo: Repository) -> None:
        """A file with other bytes than the row says is kept, and the difference said."""
        folder = offline.write(
            HOME, offline.run(),
            offline.row(0, h={"_type": "html-file", "path": "h.html", "sha256": "0" * 64}),
            offline.row(1, h={"_type": "html-file", "path": "gone.html"}),
        )  # fmt: skip
        (folder / "files/h.html").write_text("x")
        done = import_folder(repo, HOME)

        assert any("'h.html' is not the one that was logged" in note for note in done.notes)
        assert any("'gone.html' is not there" in note for note in done.notes)

    @pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "link", "a\0b", "x" * 5000])
    def test_a_record_cannot_reach_out(self, repo: Repository, name: str) -> None:
        """A path that leads out of the folder of the run is not read.

        Seen to fail without the look at where the path ends.
        """
        folder = offline.write(
            HOME, offline.run(), offline.row(0, h={"_type": "html-file", "path": name})
        )
        (folder / "secret").write_text("secret")
        (folder / "files/link").symlink_to((folder / "secret").resolve())
        done = import_folder(repo, HOME)

        assert [] == [m.name for m in repo.run(done.new[0]).media() if m.data == b"secret"]
        assert any("is not there" in n or "cannot be read" in n for n in done.notes)

    def test_saved_files(self, repo: Repository) -> None:
        """Links of ``save`` are followed; links that the run did not make are not."""
        folder = offline.write(HOME, offline.run(), offline.files("a.txt", "g*.txt", "x.txt"))
        Path("a.txt").write_text("mine")
        Path("g1.txt").write_text("glob")
        for name, target in (("a.txt", "a.txt"), ("g1.txt", "g1.txt"), ("o", "a.txt")):
            (folder / "files" / name).symlink_to(Path(target).resolve())
        (folder / "files/x.txt").symlink_to("nowhere")
        done = import_folder(repo, HOME)
        view = repo.run(done.new[0])

        assert {"a.txt": b"mine", "g1.txt": b"glob"} == {m.name: m.data for m in view.media()}
        assert any("'o' is a link that the run did not make" in note for note in done.notes)
        assert any("'x.txt' is gone: it was a link to 'nowhere'" in note for note in done.notes)

    def test_artifacts(self, repo: Repository) -> None:
        """Artifacts have their files, aliases and digest; lost bytes are said."""
        Path("staged").write_bytes(b"abc")
        md5 = base64.b64encode(hashlib.md5(b"abc").digest()).decode()
        there = str(Path("staged").resolve())
        offline.write(
            HOME, offline.run(project="p"),
            offline.artifact("sound", ("x/a", md5, there)),
            offline.artifact("lost", ("a", md5, there), ("b", "AAAA", there)),
            offline.artifact("bad", ("../a", md5, there)),
        )  # fmt: skip
        done = import_folder(repo, HOME)
        from vcs_track.compat.wandb.artifacts.checks import parse
        from vcs_track.compat.wandb.artifacts.inventory import Inventory

        inventory = Inventory.of(repo)
        found = inventory.find(parse("sound:best"), "", "p").document.manifest.entries
        lost = inventory.find(parse("lost:v0"), "", "p").document.manifest.entries

        assert ["x/a"] == list(found)
        assert (3, md5, None) == (found["x/a"].size, found["x/a"].digest, found["x/a"].ref)
        assert f"file://{there}" == lost["b"].ref
        assert any("artifact 'lost': 1 of 2 files" in note for note in done.notes)
        assert any("artifact 'bad' is left out" in note for note in done.notes)


class TestUsed:
    def test_becomes_an_input(self, repo: Repository) -> None:
        """A version that is here is linked, and is an input; a second import changes nothing."""
        Path("staged").write_bytes(b"abc")
        md5 = base64.b64encode(hashlib.md5(b"abc").digest()).decode()
        there = str(Path("staged").resolve())
        offline.write(
            HOME, offline.run("maker", project="p"),
            offline.artifact("set", ("a", md5, there)), run_id="maker",
        )  # fmt: skip
        offline.write(
            HOME, offline.run("user", project="p"), offline.used("set:v0"), run_id="user", day=2
        )
        done = import_folder(repo, HOME)
        again = import_folder(repo, HOME)
        user, maker = repo.run("user"), repo.run("maker")

        assert [] == done.notes
        assert ([], []) == (again.new, again.updated)
        assert [("artifact/set", 3)] == [(one.name, one.size) for one in user.inputs]
        assert user.inputs[0].oid in {item.oid for item in maker.media()}
        assert ["set:v0"] == [one.name for one in _api_run("user").used_artifacts()]

    def test_of_an_earlier_import(self, repo: Repository) -> None:
        """A version that an earlier import brought is found too, also by a run that grew."""
        made = offline.artifact("set", ("a", "AAAA", "/nowhere"))
        taken(repo, offline.run("maker", project="p"), made, run_id="maker")
        facts = offline.run("user", project="p")
        taken(repo, facts, offline.used("set:v0"), run_id="user", day=2)
        taken(repo, facts, offline.used("set:v0"), offline.row(0, a=1), run_id="user", day=2)

        assert ["set:v0"] == [one.name for one in _api_run("user").used_artifacts()]
        assert [] == repo.run("user").inputs

    @pytest.mark.parametrize(
        ("name", "kind"), [("set:v7", "data"), ("other:v0", "data"), ("set:v0", "model"), ("", "")]
    )
    def test_not_here(self, repo: Repository, name: str, kind: str) -> None:
        """What is not here is said and kept by its name, and links to nothing else.

        Seen to fail when the type is not compared.
        """
        made = offline.artifact("set", ("a", "AAAA", "/nowhere"))
        taken(repo, offline.run("maker", project="p"), made, run_id="maker")
        facts = offline.run("user", project="p")
        offline.write(HOME, facts, offline.used(name, kind), run_id="user", day=2)
        done = import_folder(repo, HOME)

        assert any("which it used, is not here" in note for note in done.notes)
        assert [{"name": name, "type": kind}] == repo.run("user").faces["wandb"]["used"]
        assert [] == _api_run("user").used_artifacts()


def _api_run(run_id: str) -> Any:
    from vcs_track.compat import wandb

    return wandb.Api().run(f"p/{run_id}")


class TestAgain:
    def test_changes_nothing(self, repo: Repository) -> None:
        """A second import finds every run as it is."""
        offline.write(HOME, offline.run(), offline.row(0, a=1), offline.ended())
        offline.write(HOME, offline.run("two"), offline.row(0, a=1), run_id="two")
        first = import_folder(repo, HOME)
        states = {run.id: run.manifest for run in repo.runs()}
        done = import_folder(repo, Path("old"))

        assert sorted(first.new) == sorted(done.known)
        assert ([], []) == (done.new, done.updated)
        assert states == {run.id: run.manifest for run in repo.runs()}

    def test_a_run_that_grew(self, repo: Repository) -> None:
        """A live run is taken in as far as it is, and as a whole when it has ended.

        Seen to fail when the old points were not taken away.
        """
        records = [offline.run(name="n"), offline.row(0, a=1)]
        view = taken(repo, *records)
        repo.edit(view.id, notes="of the user")
        offline.write(HOME, *records, offline.row(1, a=2), offline.ended())
        done = import_folder(repo, HOME)
        view = repo.run(done.updated[0])

        assert "finished" == view.status
        assert [{"a": 1, "_step": 0}, {"a": 2, "_step": 1}] == logged(view)
        assert [1, 2] == view.series("a").value
        assert "of the user" == view.note

    def test_a_run_that_is_being_written(self, repo: Repository) -> None:
        """Each import has the rows so far, in order, and the last one has them all."""
        records = [offline.run(), *offline.history(*({"a": n} for n in range(3000)))]
        log = offline.write(HOME, *records, offline.ended()) / "run-abc.wandb"
        whole = log.read_bytes()
        log.write_bytes(whole[:100])
        writer = subprocess.Popen([sys.executable, "-c", SLOWLY, log], stdin=subprocess.PIPE)
        assert writer.stdin is not None
        counts, going_on = [], True
        writer.stdin.write(whole[100:])
        writer.stdin.close()
        while going_on:
            going_on = writer.poll() is None
            import_folder(repo, HOME)
            found = repo.run("abc").series("a").value if repo.run("abc").series_tags else []
            assert [*range(len(found))] == found
            counts.append(len(found))

        assert sorted(counts) == counts
        assert counts[0] < counts[-1] == 3000
        assert "finished" == repo.run("abc").status

    def test_one_id_in_two_folders(self, repo: Repository) -> None:
        """Offline wandb begins a resumed run anew: both are there, each as it was."""
        offline.write(HOME, offline.run(), offline.row(0, a=1))
        offline.write(HOME, offline.run(), offline.row(0, a=2), day=2)
        done = import_folder(repo, HOME)
        again = import_folder(repo, HOME)

        assert ["abc", "abc--2"] == done.new == again.known
        assert [[1], [2]] == [repo.run(run).series("a").value for run in done.new]

    def test_a_removed_run_stays_so(self, repo: Repository) -> None:
        """A run that was removed here does not come back."""
        view = taken(repo, offline.run(), offline.row(0, a=1))
        repo.remove([view.id])
        done = import_folder(repo, HOME)

        assert (["abc"], []) == (done.removed, done.new)
        assert [] == list(repo.runs())


class TestDamage:
    def test_any_length_of_a_file(self, repo: Repository) -> None:
        """A file that ends anywhere is read as far as it goes."""
        records = [offline.run(), *offline.history(*({"a": n} for n in range(5)))]
        log = offline.write(HOME, *records) / "run-abc.wandb"
        whole, counts = log.read_bytes(), []
        for length in range(len(whole), 60, -37):
            log.write_bytes(whole[:length])
            done = import_folder(repo, HOME)
            counts.append(len(logged(repo.run((done.new or done.updated)[0]))))

        assert 5 == counts[0]
        assert sorted(counts, reverse=True) == counts
        assert 0 in counts

    def test_a_bad_block_costs_no_other(self, repo: Repository) -> None:
        """What is behind a damaged block is read."""
        many = [{"a": n, "pad": "x" * 1000} for n in range(100)]
        log = offline.write(HOME, offline.run(), *offline.history(*many)) / "run-abc.wandb"
        data = bytearray(log.read_bytes())
        data[40_000] ^= 1
        log.write_bytes(data)
        done = import_folder(repo, HOME)
        found = repo.run(done.new[0]).series("a").value

        assert (0, 99) == (found[0], found[-1])
        assert 60 < len(found) < 100
        assert any("1 damaged blocks" in note for note in done.notes)

    def test_no_run(self, repo: Repository) -> None:
        """A folder without runs is an error; an empty file is said and passed over."""
        Path("empty").mkdir()
        log = offline.write(HOME) / "run-abc.wandb"
        log.write_bytes(log.read_bytes()[:7])
        done = import_folder(repo, HOME)

        assert ([], 1) == (done.new, len(done.notes))
        for wrong in ("empty", "none"):
            with pytest.raises(InvalidValueError):
                import_folder(repo, Path(wrong))

    def test_any_folder_above(self, repo: Repository) -> None:
        """Runs are found in folders of any name, and not in what a run has saved.

        Seen to fail when folders named ``logs`` were passed over.
        """
        made = offline.write(Path("logs/tmp/wandb"), offline.run(), offline.row(0, a=1))
        shutil.copytree(made, "kept")
        Path("kept").rename(made / "files" / "offline-run-20240101_120000-kept")

        assert ["abc"] == import_folder(repo, Path()).new

    def test_odd_texts(self, repo: Repository) -> None:
        """Names that the store refuses are made printable, and nothing is lost."""
        view = taken(
            repo, offline.run("a/../b c", name="x\n\x1b[31m", tags=("\x00", "t" * 300)),
            offline.row(0, **{"a//b": 1, " ": 2, "": 3, "\u202e": 4}), offline.config(**{"\n": 1}),
            run_id="odd",
        )  # fmt: skip

        assert {"a//b": 1, " ": 2, "": 3, "\u202e": 4, "_step": 0} == logged(view)[0]
        assert view.name.isprintable()
        assert view.id.replace("-", "").replace("_", "").isalnum()


class TestDisk:
    @pytest.mark.parametrize("what", ["model.pt", "h.html", "staged"])
    def test_what_cannot_be_read_now_comes_the_next_time(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch, what: str
    ) -> None:
        """An error of the disk is an error of the import, which leaves nothing out silently.

        Seen to fail when such a file was passed over with a note, and was known from then on.
        """
        sources.offline_runs(Path.cwd())
        plain = os.open

        def refuse(path: Any, *more: Any, **options: Any) -> int:
            if Path(path).name == what:
                raise OSError(errno.EIO, "no")
            return plain(path, *more, **options)

        with monkeypatch.context() as patch:
            patch.setattr(os, "open", refuse)
            with pytest.raises(VcsTrackError):
                import_folder(repo, Path("wandb"))
        before = len(repo.runs())
        done = import_folder(repo, Path("wandb"))
        kept = {item.data for item in repo.run("abc").media()}

        assert (0, ["abc"], []) == (before, done.new, done.notes)
        assert {b"weights", b"<b>", b"abc"} <= kept


class TestCommand:
    def test_new_known_and_dry(self, repo: Repository) -> None:
        """The command says what came, what was there, and what would come."""
        offline.write(HOME, offline.run(name="n"), offline.row(0, a=1))
        dry = vcs("import", "--dry-run", "--json", "wandb", str(HOME))
        first = vcs("import", "wandb", str(HOME))
        second = vcs("import", "--json", "wandb", str(HOME))

        assert ["abc"] == json.loads(dry.stdout)["new"]
        assert "new     abc n (crashed)" in first.stdout
        assert "known" == json.loads(second.stdout)["change"]

    def test_refused(self, repo: Repository) -> None:
        """A folder without runs is a clear error with exit code 2."""
        done = vcs("import", "wandb", ".", code=2)

        assert "there is no run of wandb" in done.stderr

    def test_misspelt(self, repo: Repository) -> None:
        """A tool that is misspelt is told its name."""
        done = vcs("import", "wnadb", ".", code=2)

        assert "there is no tool or bundle 'wnadb'" in done.stderr
        assert "did you mean 'wandb'" in done.stderr


STORY = """
run = wandb.init(project="p", name="n", id="{id}", tags=["a", "b"], notes="x", mode="offline",
                 config={{"lr": 0.1, "net": {{"depth": 3}}, "names": ["a", None]}})
wandb.define_metric("val/*", step_metric="epoch")
wandb.define_metric("acc", summary="min,max")
for i in range(30):
    wandb.log({{"loss": 1 / (i + 1), "acc": i % 7, "d": {{"x": i, "y": {{"z": i / 2}}}}, "a.b": i}})
wandb.log({{"val/loss": float("nan"), "epoch": 1, "text": "t", "on": True, "none": None}})
wandb.log({{"val/loss": 2.5, "l": [1, 2, [3]], "inf": float("-inf")}}, step=50)
wandb.log({{"a": 1}}, commit=False)
wandb.log({{"b": 2}})
wandb.config.update({{"late": 5}})
wandb.summary["best"] = 3
wandb.log({{"t": wandb.Html("<b>x</b>"), "h": wandb.Histogram([1, 2, 3], num_bins=4)}})
print("said")
run.finish(exit_code=2)
"""


@pytest.mark.compat
@pytest.mark.skipif(find_spec("wandb") is None, reason="wandb is not installed")
class TestReal:
    def test_the_history_is_that_of_logging_here(self, tmp_path: Path) -> None:
        """One script, run with real wandb and imported, and run here: one history."""
        folders = {face.name: tmp_path / face.name for face in (OURS, REAL)}
        for face in (OURS, REAL):
            folders[face.name].mkdir()
            vcs_track.init(folders[face.name])
            run_script(face, STORY.format(id="same"), folders[face.name], status=None)
        theirs = vcs_track.open(folders["real"])
        done = import_folder(theirs, folders["real"])
        imported = theirs.run(done.new[0])
        native = vcs_track.open(folders["ours"]).run("same")

        assert [] == done.notes
        assert _plain(logged(native)) == _plain(logged(imported))
        assert native.hparams == imported.hparams
        known = {k: v for k, v in imported.summary.items() if not k.startswith("system/")}
        assert _plain(native.summary) == _plain(known)
        for fact in ("name", "note", "tags", "status"):
            assert getattr(native, fact) == getattr(imported, fact)
        shutil.rmtree(folders["real"] / "wandb")
        assert "said" in "".join(m.text for m in imported.media() if m.kind == "console")


def _plain(value: Any) -> str:
    """Return *value* as text in which what two versions of wandb write otherwise is left out."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if key not in ("path", "sha256", "size")}
        return str({key: _plain(kept[key]) for key in sorted(kept)})
    return str([_plain(one) for one in value]) if isinstance(value, list) else repr(value)


def test_nothing_is_written_to_the_folder(repo: Repository) -> None:
    """The folder of wandb is only read."""
    offline.write(HOME, offline.run(), offline.row(0, a=1), offline.ended())
    before = sorted((str(path), path.stat().st_mtime_ns) for path in HOME.rglob("*"))
    for path in (*HOME.rglob("*"), HOME):
        Path(path).chmod(0o500 if path.is_dir() else 0o400)
    import_folder(repo, HOME)
    after = sorted((str(path), path.stat().st_mtime_ns) for path in HOME.rglob("*"))
    for path in (HOME, *HOME.rglob("*")):
        Path(path).chmod(0o700)

    assert before == after
