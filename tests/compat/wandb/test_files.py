"""Files of a run: saved, found in its folder, restored."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from compat.wandb.faces import Face, run_script

from vcs_track.compat.wandb import saved

if TYPE_CHECKING:
    from vcs_track.porcelain.run_view import RunView

__all__: list[str] = []


def make(*names: str) -> None:
    """Write files whose content is their name."""
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name)


def view_of(run: Any) -> RunView:
    """Return what the store has of a run."""
    import vcs_track

    return vcs_track.open().run(run.id)


def kept(run: Any) -> dict[str, bytes]:
    """Return the files of a run, the newest of each name."""
    return {item.name or "": item.data for item in view_of(run).media("file")}


def relative(run: Any, found: Any) -> list[str]:
    """Return the paths that ``save`` gave, below the folder of the run."""
    return [Path(path).relative_to(run.dir).as_posix() for path in found]


class TestSave:
    def test_relative_pattern(self, face: Face) -> None:
        """A relative pattern keeps the folders; what it means is returned sorted."""
        make("sub/b.txt", "sub/a.txt", "sub/c.bin")
        run = face.init()
        found = run.save("sub/*.txt")

        assert ["sub/a.txt", "sub/b.txt"] == relative(run, found)
        assert "sub/a.txt" == Path(found[0]).read_text()

    def test_bytes_are_stored_at_once(self, ours: Face) -> None:
        """The bytes are in the store when the call returns; there a link to the file is made.

        Seen to fail when files are stored at the end.
        """
        make("a.txt")
        run = ours.init()
        run.save("a.txt")
        Path("a.txt").unlink()

        assert {"a.txt": b"a.txt"} == kept(run)

    def test_no_match(self, face: Face) -> None:
        """A pattern that means nothing gives an empty list."""
        assert [] == face.init().save("*.nothing")

    def test_base_path(self, face: Face) -> None:
        """``base_path`` is left out of the names."""
        make("sub/deep/a.txt")
        run = face.init()

        assert ["deep/a.txt"] == relative(run, run.save("sub/deep/*", base_path="sub"))

    def test_outside_of_the_base(self, face: Face) -> None:
        """What is not below the base is a ValueError."""
        make("sub/a.txt", "b.txt")
        run = face.init()

        with pytest.raises(ValueError, match="Glob may not walk above the base path"):
            run.save("b.txt", base_path="sub")
        with pytest.raises(ValueError, match="Glob may not walk above the base path"):
            run.save("../*.txt")

    def test_absolute(self, face: Face, tmp_path: Path) -> None:
        """Of an absolute path the last folder stays."""
        make("sub/deep/a.txt")
        run = face.init()

        assert ["deep/a.txt"] == relative(run, run.save(str(tmp_path / "sub/deep/a.txt")))

    @pytest.mark.parametrize("policy", ["later", "", None])
    def test_bad_policy(self, face: Face, policy: Any) -> None:
        """Another policy is a ValueError."""
        make("a.txt")
        run = face.init()

        with pytest.raises(ValueError, match=r"polic"):
            run.save("a.txt", policy=policy)

    @pytest.mark.parametrize("url", ["gs://bucket/a", "s3://bucket/a"])
    def test_cloud(self, face: Face, url: str) -> None:
        """Files of a cloud are not fetched."""
        assert [] == face.init().save(url)

    @pytest.mark.parametrize("given", [b"a.txt", Path("a.txt")], ids=["bytes", "path"])
    def test_other_texts(self, face: Face, given: Any) -> None:
        """Bytes and paths are taken."""
        make("a.txt")
        run = face.init()

        assert ["a.txt"] == relative(run, run.save(given))

    def test_number(self, face: Face) -> None:
        """A number is no path: a TypeError."""
        run = face.init()

        with pytest.raises((TypeError, ValueError)):
            run.save(3)

    def test_nothing(self, ours: Face) -> None:
        """Without an argument it returns True, as in 0.10."""
        assert ours.init().save() is True

    def test_folder(self, ours: Face) -> None:
        """A folder is stored with all that is in it; there it is an error."""
        make("sub/a.txt", "sub/deep/b.txt")
        run = ours.init()
        run.save("sub")

        assert {"sub/a.txt", "sub/deep/b.txt"} == kept(run).keys()

    def test_in_the_folder_of_the_run(self, face: Face) -> None:
        """A relative pattern means files in the folder of the run too."""
        run = face.init()
        Path(run.dir, "model.h5").write_text("m")

        assert ["model.h5"] == relative(run, run.save("*.h5"))

    @pytest.mark.parametrize(
        ("policy", "expected"), [("live", b"new"), ("end", b"new"), ("now", b"a.txt")]
    )
    def test_policies(self, ours: Face, policy: str, expected: bytes) -> None:
        """What changes after the call is stored again at the end, unless the policy is now."""
        make("a.txt")
        run = ours.init()
        run.save("a.txt", policy=policy)
        _written("b.txt", "new").replace("a.txt")
        run.finish()

        assert expected == kept(run)["a.txt"]

    def test_unchanged_file_is_stored_once(self, ours: Face) -> None:
        """A file that did not change has one version."""
        make("a.txt")
        run = ours.init()
        run.save("a.txt")
        run.finish()

        assert 1 == len(view_of(run).media("file"))

    def test_file_that_is_gone_at_the_end(self, ours: Face) -> None:
        """What was stored stays, also when the file is gone at the end."""
        make("a.txt")
        run = ours.init()
        run.save("a.txt", policy="end")
        Path("a.txt").unlink()
        run.finish()

        assert {"a.txt": b"a.txt"} == kept(run)

    def test_change_that_cannot_be_stored(
        self, ours: Face, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What was stored stays, and it is said that the last state is not.

        Seen to fail when only new files were told.
        """
        monkeypatch.setenv("WANDB_SILENT", "false")
        make("a.bin")
        run = ours.init()
        run.save("a.bin", policy="end")
        os.truncate("a.bin", 3 << 30)
        run.finish()

        assert {"a.bin": b"a.bin"} == {
            name: data for name, data in kept(run).items() if "a." in name
        }
        assert "'a.bin' is kept as it was before: " in capsys.readouterr().err


def _written(name: str, text: str) -> Path:
    Path(name).write_text(text)
    return Path(name)


_QUICK = (
    "import os, sys, time\nfrom pathlib import Path\n"
    "from vcs_track.compat.wandb import saved\n"
    "sys.modules['vcs_track.compat.wandb.run']._LOOK = 0.1\nsaved._SETTLED = 0.05\n"
    "run = wandb.init(project='p', id='r')\n"
)


class TestLive:
    @pytest.mark.parametrize(
        ("policy", "kept"), [("live", b"second"), ("end", b"first"), ("now", b"first")]
    )
    def test_kill(self, ours: Face, tmp_path: Path, policy: str, kept: bytes) -> None:
        """What is saved live is stored again when it changes, and survives ``kill -9``.

        Seen to fail when nobody looks before the end.
        """
        text = _QUICK + (
            "Path('a.txt').write_text('first')\n"
            f"run.save('a.txt', policy='{policy}')\n"
            "Path('a.txt').write_text('second')\n"
            "before, until = run._saved_files._saved, time.monotonic() + 20\n"
            f"live = {policy == 'live'}\n"
            "while live and before['a.txt'].stamp[1] == 5 and time.monotonic() < until:\n"
            "    time.sleep(0.05)\n"
            "time.sleep(0.5)\nos.kill(os.getpid(), 9)\n"
        )
        run_script(ours, text, tmp_path, status=-9)

        assert kept == _stored("a.txt")

    def test_forked_child(self, ours: Face, tmp_path: Path) -> None:
        """A forked child does not look: its parent does."""
        text = _QUICK + (
            "Path('a.txt').write_text('first')\nrun.save('a.txt')\npid = os.fork()\n"
            "if not pid:\n    time.sleep(0.5)\n    os._exit(0)\n"
            "os.waitpid(pid, 0)\nimport threading\n"
            "Path('a.txt').write_text('second')\n"
        )
        run_script(ours, text, tmp_path)

        import vcs_track

        assert 1 == len(vcs_track.open().run("r").manifest.writers)
        assert b"second" == _stored("a.txt")

    def test_thread_ends_with_the_run(self, ours: Face) -> None:
        """After the end nothing looks any more."""
        run = ours.init()
        during = _threads()
        run.finish()

        assert (1, 0) == (during, _threads())

    @pytest.mark.parametrize(
        ("size", "since", "age", "due"),
        [
            (10, 0, 1, True), (10, 0, 0.1, False), (10, 2, 0.1, True),
            (1 << 17, 20, 1, False), (1 << 17, 31, 1, True),
            (50 << 20, 200, 1, False), (50 << 20, 301, 1, True), (50 << 20, 301, 0.1, False),
            (2 << 30, 1100, 1, False), (2 << 30, 1201, 1, True),
        ],
    )  # fmt: skip
    def test_long_files_are_stored_more_seldom(
        self, size: int, since: float, age: float, due: bool
    ) -> None:
        """The longer a file, the longer the wait; one that is being written waits twice."""
        found = saved._Saved(Path("x"), (0, 0), again=True, at=time.monotonic() - since, live=True)

        assert due == saved._is_due(found, (int((time.time() - age) * 1e9), size))


def _stored(name: str) -> bytes:
    import vcs_track

    return [one for one in vcs_track.open().run("r").media("file") if one.name == name][-1].data


def _threads() -> int:
    return sum(thread.name == "vcs-track-run" for thread in threading.enumerate())


class TestFolder:
    def test_contents_are_kept_at_the_end(self, ours: Face) -> None:
        """What a script writes to the folder of the run is kept at the end, without a call."""
        run = ours.init()
        Path(run.dir, "sub").mkdir()
        Path(run.dir, "sub", "a.txt").write_text("x")
        run.finish()

        assert {"sub/a.txt": b"x"} == kept(run)

    def test_ignored(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """``WANDB_IGNORE_GLOBS`` leaves files out."""
        monkeypatch.setenv("WANDB_IGNORE_GLOBS", "*.tmp,sub/*")
        run = ours.init()
        for name in ("a.tmp", "b.txt"):
            Path(run.dir, name).write_text("x")
        run.finish()

        assert ["b.txt"] == list(kept(run))

    def test_name_that_cannot_be_kept(self, ours: Face) -> None:
        """A file whose name is no text is left out, and the run ends all the same."""
        run = ours.init()
        Path(run.dir, "a\nb").write_text("x")
        Path(run.dir, "c").write_text("x")
        run.finish()

        assert ["c"] == list(kept(run))
        assert "finished" == view_of(run).status


class TestRestore:
    def test_text(self, ours: Face) -> None:
        """A file of an earlier process comes back, open as text."""
        make("a.txt")
        with ours.init(id="r") as run:
            run.save("a.txt")
        again = ours.init(id="r", resume="must")
        with again.restore("a.txt") as file:
            found = file.read()

        assert "a.txt" == found
        assert Path(again.dir, "a.txt") == Path(file.name)

    def test_binary(self, ours: Face) -> None:
        """What is no text is opened as bytes."""
        Path("a.bin").write_bytes(b"\xff\x00\xfe")
        with ours.init(id="r") as run:
            run.save("a.bin")
        found = ours.wandb.restore("a.bin", run_path="p/r")

        with found:
            assert b"\xff\x00\xfe" == found.read()

    def test_long_text_with_letters_of_several_bytes(self, ours: Face) -> None:
        """A text is one, also where the part that is looked at ends inside a letter."""
        Path("a.txt").write_text("a" + "ü" * 70_000, encoding="utf-8")
        with ours.init(id="r") as run:
            run.save("a.txt")
        found = ours.wandb.restore("a.txt", run_path="r")

        with found:
            assert "a" + "ü" * 70_000 == found.read()

    def test_before_a_run_to_the_current_folder(self, ours: Face) -> None:
        """Without a run the file goes to the current folder, or where it is said."""
        make("a.txt")
        with ours.init(id="r") as run:
            run.save("a.txt")
        Path("a.txt").unlink()
        ours.wandb.restore("a.txt", run_path="e/p/r").close()
        ours.wandb.restore("a.txt", run_path="r", root="out").close()

        assert Path("a.txt").is_file()
        assert Path("out/a.txt").is_file()

    def test_file_that_is_there(self, ours: Face) -> None:
        """A file that is there stays, unless it is to be replaced."""
        make("a.txt")
        with ours.init(id="r") as run:
            run.save("a.txt")
        Path("a.txt").write_text("changed")
        with ours.wandb.restore("a.txt", "r") as file:
            kept_text = file.read()
        with ours.wandb.restore("a.txt", "r", replace=True) as file:
            replaced = file.read()

        assert ("changed", "a.txt") == (kept_text, replaced)

    def test_newest_version(self, ours: Face) -> None:
        """Of several versions the newest comes."""
        run = ours.init()
        for text in ("1", "2"):
            Path("a.txt").write_text(text)
            run.save("a.txt", policy="now")
        with run.restore("a.txt", replace=True, root="out") as file:
            found = file.read()

        assert "2" == found

    def test_unknown_file(self, ours: Face) -> None:
        """A file that the run has not got is None."""
        assert ours.init().restore("nope.txt") is None

    @pytest.mark.parametrize("path", ["nope", "p/nope", "other/r", "a/b/c/d"])
    def test_unknown_run(self, ours: Face, path: str) -> None:
        """A run that is not there, or in another project, is a CommError and a ValueError."""
        ours.init(id="r").finish()

        with pytest.raises(ours.wandb.CommError, match="there is no run"):
            ours.wandb.restore("a.txt", run_path=path)
        with pytest.raises(ValueError, match="there is no run"):
            ours.wandb.restore("a.txt", run_path=path)

    @pytest.mark.parametrize("name", ["../a.txt", "/etc/passwd", "a/../../b", "", "a\0b"])
    def test_name_that_leads_elsewhere(self, ours: Face, name: str) -> None:
        """A name cannot lead out of the folder.

        Seen to fail when names are joined as they are.
        """
        ours.init(id="r").finish()

        with pytest.raises(ValueError, match="no name of a file"):
            ours.wandb.restore(name, run_path="r")
