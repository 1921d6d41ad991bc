"""Tests of ``vcs_track.porcelain.inputs`` and ``vcs_track.plumbing.content``."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import vcs_track
from vcs_track.errors import CorruptError, InvalidTypeError, InvalidValueError, RunSealedError
from vcs_track.formats.manifest import decode_run
from vcs_track.formats.oid import object_format
from vcs_track.plumbing.content import content_of

if TYPE_CHECKING:
    from vcs_track import Repository

SHA = object_format("sha256")


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository without git."""
    return vcs_track.init(tmp_path).with_defaults(capture_git=False)


def written(path: Path, data: bytes = b"1,2\n") -> Path:
    """Write a file that nobody has touched for a while."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (1e9, 1e9))
    return path


def names(run: vcs_track.RunView) -> dict[str, tuple[str, bool]]:
    """Return id and start of each input."""
    return {one.name: (one.oid, one.start) for one in run.inputs}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class TestDeclared:
    def test_at_the_start_and_later(self, repo: Repository) -> None:
        """Inputs are in the run, live and sealed, and those of the start are told apart."""
        early, late = written(repo.root / "a.csv", b"a"), written(repo.root / "sub/b.csv", b"b")
        with repo.start_run("r", id="r", inputs=[early]) as run:
            oid = run.add_input(str(late))
            live = names(repo.run("r"))
        wanted = {"a.csv": (sha(b"a"), True), "sub/b.csv": (sha(b"b"), False)}

        assert sha(b"b") == oid
        assert wanted == live
        assert wanted == names(repo.run("r"))

    def test_is_hashed_and_not_stored(self, repo: Repository) -> None:
        """The bytes of an input are in no pack, and nothing misses them."""
        with repo.start_run("r", inputs=[written(repo.root / "a.csv", b"a" * 5000)]) as run:
            run.add_input(written(repo.root / "b.csv", b"b" * 5000))

        assert sha(b"a" * 5000) not in repo.store.home.objects
        assert repo.fsck().ok

    def test_names_can_be_given(self, repo: Repository, tmp_path: Path) -> None:
        """A name stands for the path; what lies elsewhere has its last part for a name."""
        away = written(tmp_path.parent / f"{tmp_path.name}-away" / "x.csv")
        with repo.start_run("r", inputs={"train": written(repo.root / "a.csv")}) as run:
            run.add_input(away)
            run.add_input(away, name="again")

        assert ["again", "train", "x.csv"] == [one.name for one in repo.run("r").inputs]

    def test_names_of_any_bytes(self, repo: Repository) -> None:
        """A name that is not UTF-8, or would break a line, is spelled out."""
        paths = [
            written(Path(os.fsdecode(os.fsencode(repo.root) + name)))
            for name in (b"/n\xe4me.csv", b"/a\nb")
        ]
        with repo.start_run("r", inputs=paths):
            pass

        assert ["a\\nb", "n\\xe4me.csv"] == [one.name for one in repo.run("r").inputs]

    def test_the_ids_are_those_of_the_repository(self, tmp_path: Path) -> None:
        """In a repository of xxh128 an input has such an id too."""
        repo = vcs_track.init(tmp_path, "xxh128").with_defaults(capture_git=False)
        with repo.start_run("r", inputs=[written(tmp_path / "a", b"abc")]):
            pass

        assert ["x1-06b05ab6733a618578af5f94892f3950"] == [o.oid for o in repo.run("r").inputs]

    def test_a_second_content_of_a_name_is_kept_beside_the_first(self, repo: Repository) -> None:
        """A file that changed while the run went on is there twice, and never three times."""
        path = written(repo.root / "a.csv", b"old")
        with repo.start_run("r", id="r", inputs=[path]) as run:
            written(path, b"new")
            run.add_input(path)
            run.add_input(path)

        assert {
            "a.csv": (sha(b"old"), True), "a.csv~2": (sha(b"new"), False)
        } == names(repo.run("r"))  # fmt: skip

    def test_disabled_does_nothing(self, repo: Repository) -> None:
        """A run that records nothing looks at no file."""
        with repo.start_run(mode="disabled", inputs=["nowhere"]) as run:
            oid = run.add_input("nowhere")

        assert "" == oid
        assert 0 == len(repo.runs())


class TestRefused:
    @pytest.mark.parametrize("what", ["nowhere", "pipe", "a\0b", ""])
    def test_at_the_start_there_is_no_run(self, repo: Repository, what: str) -> None:
        """What is no file and no folder is a clear error, and no run was made."""
        os.mkfifo(repo.root / "pipe")
        path = f"{repo.root}/{what}" if what else ""
        with pytest.raises(InvalidValueError, match=r"no such|no file|null|empty"):
            repo.start_run("r", inputs=[path])

        assert 0 == len(repo.runs())
        assert [] == list((repo.path / "local" / "live").iterdir())

    def test_later_nothing_is_recorded(self, repo: Repository) -> None:
        """The run goes on without the input that could not be read."""
        with repo.start_run("r") as run:
            with pytest.raises(InvalidValueError, match="cannot read input"):
                run.add_input(repo.root / "nowhere")
            with pytest.raises(InvalidTypeError):
                run.add_input(3)  # type: ignore[arg-type]
            run.add_scalar("loss", 1.0)
        view = repo.run("r")

        assert ([], "finished", []) == (view.inputs, view.status, list(view.manifest.gaps))

    @pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
    def test_a_file_that_may_not_be_read(self, repo: Repository) -> None:
        """The reason is told, also for a file inside a folder."""
        written(repo.root / "data" / "a").chmod(0)
        for path in (repo.root / "data", repo.root / "data" / "a"):
            with pytest.raises(InvalidValueError, match="permission denied"):
                repo.start_run("r", inputs=[path])

    @pytest.mark.parametrize("inputs", [3, {"a": 3}, [None]])
    def test_other_types(self, repo: Repository, inputs: Any) -> None:
        """What is no path is refused by its type."""
        with pytest.raises(InvalidTypeError):
            repo.start_run("r", inputs=inputs)

    def test_two_contents_of_one_name(self, repo: Repository, tmp_path: Path) -> None:
        """Two files outside the top with one last part must be named."""
        away = tmp_path.parent / f"{tmp_path.name}-away"
        paths = [written(away / "1" / "x", b"1"), written(away / "2" / "x", b"2")]
        with pytest.raises(InvalidValueError, match="two inputs have the name 'x'"):
            repo.start_run("r", inputs=paths)

    def test_after_the_end(self, repo: Repository) -> None:
        """A run that has ended reads nothing more."""
        with repo.start_run("r") as run:
            pass
        with pytest.raises(RunSealedError):
            run.add_input(written(repo.root / "a"))

    def test_a_file_that_changes_while_it_is_read(self, tmp_path: Path) -> None:
        """A folder one of whose files grows with every look is refused, never half hashed.

        Seen to fail when the folder was walked once only.
        """
        first, _ = written(tmp_path / "data" / "a"), written(tmp_path / "data" / "b")

        def grow(done: int, total: int) -> None:
            with first.open("ab") as file:
                file.write(b"more")

        with pytest.raises(InvalidValueError, match="changes while it is read"):
            content_of(tmp_path / "data", SHA, grow)

    def test_a_file_that_settles_is_taken(self, tmp_path: Path) -> None:
        """One change in between is met by another look."""
        path = written(tmp_path / "data" / "a", b"old")
        todo = [b"new"]

        def change(done: int, total: int) -> None:
            if todo:
                path.write_bytes(todo.pop())

        found = content_of(tmp_path / "data", SHA, change)
        assert content_of(tmp_path / "data", SHA) == found


class TestContent:
    def test_of_a_folder_is_its_listing(self, tmp_path: Path) -> None:
        """Anybody can compute it: paths and ids, links as links, sorted by bytes."""
        top = tmp_path / "data"
        written(top / "b" / "x", b"x")
        written(top / "a", b"a")
        (top / "link").symlink_to("../nowhere")
        (top / "empty").mkdir()
        for hidden in (".git", ".runs", "b/.runs"):
            written(top / hidden / "config", b"secret")
        listing = {
            "@": "folder/1",
            "files": [
                {"o": sha(b"a"), "p": "a"}, {"o": sha(b"x"), "p": "b/x"},
                {"l": "../nowhere", "p": "link"},
            ],
        }  # fmt: skip
        found = content_of(top, SHA)

        assert (sha(json.dumps(listing, separators=(",", ":"), sort_keys=True).encode()), 2, 3) == (
            found.oid, found.size, found.files,
        )  # fmt: skip

    @pytest.mark.parametrize("change", ["content", "name", "link", "more", "less"])
    def test_of_a_folder_changes_with_it(self, tmp_path: Path, change: str) -> None:
        """Whatever changes in a folder changes its id; a touch does not."""
        top = tmp_path / "data"
        path = written(top / "a", b"1")
        (top / "link").symlink_to("a")
        before = content_of(top, SHA)
        path.touch()
        touched = content_of(top, SHA)
        if change == "content":
            path.write_bytes(b"2")
        elif change == "name":
            path.rename(top / "c")
        elif change == "link":
            (top / "link").unlink()
            (top / "link").symlink_to("b")
        elif change == "more":
            written(top / "sub" / "new")
        else:
            path.unlink()

        assert before == touched
        assert before.oid != content_of(top, SHA).oid

    def test_a_link_is_followed(self, tmp_path: Path) -> None:
        """The input is what is read; its name is what it is called."""
        target = written(tmp_path / "v3.csv", b"three")
        (tmp_path / "data.csv").symlink_to(target)

        assert sha(b"three") == content_of(tmp_path / "data.csv", SHA).oid

    def test_is_read_again_when_its_time_was_set_back(self, tmp_path: Path) -> None:
        """Same length and same time of change do not make it the same file.

        Seen to fail when the time of the change of the inode was not looked at.
        """
        path = written(tmp_path / "a", b"old")
        before = content_of(path, SHA)
        with path.open("r+b") as file:
            file.write(b"new")
        os.utime(path, (1e9, 1e9))

        assert (sha(b"old"), sha(b"new")) == (before.oid, content_of(path, SHA).oid)

    def test_progress_counts_bytes(self, tmp_path: Path) -> None:
        """The callback ends at the number of bytes in all."""
        written(tmp_path / "data" / "a", bytes(10))
        written(tmp_path / "data" / "b", bytes(20))
        told: list[tuple[int, int]] = []
        content_of(tmp_path / "data", SHA, lambda done, total: told.append((done, total)))

        assert [(10, 30), (30, 30)] == told


class TestKept:
    def test_kill_9_keeps_it(self, repo: Repository) -> None:
        """A call that returned survives the death of the process."""
        written(repo.root / "a.csv", b"a")
        written(repo.root / "b.csv", b"b")
        script = (
            "import os, signal, vcs_track\n"
            "run = vcs_track.start_run('r', id='r', inputs=['a.csv'], hparams={'lr': 1})\n"
            "run.add_input('b.csv')\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        done = subprocess.run([sys.executable, "-c", script], cwd=repo.root, check=False)
        repo.recover()
        view = repo.run("r")

        assert -signal.SIGKILL == done.returncode
        assert "crashed" == view.status
        assert {"a.csv": (sha(b"a"), True), "b.csv": (sha(b"b"), False)} == names(view)

    def test_a_resumed_run_adds_to_them(self, repo: Repository) -> None:
        """What was declared at the first start stays so; what a later start names is later."""
        paths = [written(repo.root / name, name.encode()) for name in "ab"]
        with repo.start_run("r", id="r", inputs=[paths[0]], hparams={"lr": 1}):
            pass
        started = repo.run("r").command["hparams"]
        with repo.start_run(id="r", resume="must", inputs=paths, hparams={"lr": 2}) as run:
            run.add_input(written(repo.root / "c", b"c"))
        view = repo.run("r")

        assert {
            "a": (sha(b"a"), True), "b": (sha(b"b"), False), "c": (sha(b"c"), False)
        } == names(view)  # fmt: skip
        assert ({"lr": 2}, started) == (view.hparams, view.command["hparams"])

    def test_writers_add_to_one_run(self, repo: Repository) -> None:
        """A process that joins names its own; those of all are in the run."""
        for name in "abc":
            written(repo.root / name, name.encode())
        with repo.start_run("r", id="r", inputs=[repo.root / "a"]) as run:
            script = (
                "import vcs_track\n"
                "with vcs_track.start_run(id='r', inputs=['a', 'b'], hparams={'lr': 2}) as run:\n"
                "    run.add_input('c')\n"
            )
            subprocess.run([sys.executable, "-c", script], cwd=repo.root, check=True)
            run.add_input(repo.root / "c")
        view = repo.run("r")

        assert {
            "a": (sha(b"a"), True), "b": (sha(b"b"), False), "c": (sha(b"c"), False)
        } == names(view)  # fmt: skip
        assert ({"lr": 2}, None) == (view.hparams, view.command["hparams"])

    def test_of_a_long_run_that_is_sealed_in_parts(self, repo: Repository) -> None:
        """The next journal of a process adds to what the last one said."""
        paths = [written(repo.root / name, name.encode()) for name in "abc"]
        with repo.start_run("r", id="r", inputs=[paths[0]], hparams={"lr": 1}) as run:
            run.add_input(paths[1])
            run._relay.hand_over()
            run._relay.sync()
            run.add_input(paths[2])
        view = repo.run("r")

        assert {
            "a": (sha(b"a"), True), "b": (sha(b"b"), False), "c": (sha(b"c"), False)
        } == names(view)  # fmt: skip
        assert view.manifest.hparams == view.command["hparams"]

    def test_two_clones_that_went_on_keep_both(self, repo: Repository) -> None:
        """Heads that are merged have the inputs of both sides."""
        from dataclasses import replace

        from vcs_track.plumbing.memory_objects import MemoryObjects
        from vcs_track.porcelain.heads import current

        with repo.start_run("r", id="r", inputs=[written(repo.root / "a", b"a")]):
            pass
        base = repo.run("r").manifest
        objects = MemoryObjects(SHA)
        first = objects.add(base.encode())
        heads = []
        for n, name in enumerate("bc", 1):
            inputs = {
                **(base.command or {})["inputs"],
                name: {"o": sha(name.encode()), "size": 1, "start": False},
            }
            command = {**(base.command or {}), "inputs": inputs}
            state = replace(base, command=command, parents=(first,), time_us=base.time_us + n)
            heads.append(objects.add(state.encode()))
        merged = current(heads, objects)

        assert ["a", "b", "c"] == sorted((merged.command or {})["inputs"])

    @pytest.mark.parametrize(
        "inputs",
        [[], {"a": 1}, {"a": {"o": "x", "size": 1}}, {"a": {"o": sha(b""), "size": "1"}}],
        ids=str,
    )
    def test_a_manifest_with_inputs_that_are_none_is_refused(
        self, repo: Repository, inputs: object
    ) -> None:
        """Bytes of strangers are checked before anything relies on them."""
        with repo.start_run("r"):
            pass
        body = json.loads(repo.run("r").manifest.encode())
        body["command"]["inputs"] = inputs
        with pytest.raises(CorruptError, match="command"):
            decode_run(json.dumps(body).encode())


class TestHparamsOfTheStart:
    def test_stay_when_others_come(self, repo: Repository) -> None:
        """Later hyperparameters change the run's, and not those that it started with."""
        with repo.start_run("a", hparams={"lr": 1}) as run:
            run.add_hparams(found=3)
        with repo.start_run("b", hparams={"lr": 1}):
            pass
        first, second = repo.run("a"), repo.run("b")

        assert second.manifest.hparams == second.command["hparams"] == first.command["hparams"]
        assert first.manifest.hparams != first.command["hparams"]

    def test_travel_and_are_kept(self, repo: Repository, tmp_path: Path) -> None:
        """A bundle has them, and no clean-up takes them: the run manifest names the object."""
        with repo.start_run("a", id="a", hparams={"lr": 1}) as run:
            run.add_hparams(found=3)
        started = repo.run("a").command["hparams"]
        repo.export("a", tmp_path / "a.zip")
        other = vcs_track.init(tmp_path / "other")
        other.import_(tmp_path / "a.zip")

        assert started in other.store.home.objects
        assert other.fsck().ok

    def test_none_are_none(self, repo: Repository) -> None:
        """A run that started without has null there, whatever came later."""
        with repo.start_run("a") as run:
            run.add_hparams(lr=1)

        assert (None, True) == (
            repo.run("a").command["hparams"], "hparams" in repo.run("a").command
        )  # fmt: skip
