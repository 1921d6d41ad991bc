"""The rows on logging and using artifacts of wandb's table of behaviour.

The original answers most of this only with a server, so what is tested is ours.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from compat.wandb.faces import run_script

import vcs_track
from vcs_track.compat.wandb.artifacts.inventory import Inventory
from vcs_track.errors import VcsTrackError
from vcs_track.formats import canonical
from vcs_track.plumbing.content import content_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from compat.wandb.faces import Face

__all__: list[str] = []


def made(face: Face, text: str = "hi", name: str = "data", kind: str = "dataset") -> Any:
    """Return an artifact with one file."""
    artifact = face.wandb.Artifact(name, kind)
    with artifact.new_file("a.txt") as file:
        file.write(text)
    return artifact


def logged(face: Face, text: str = "hi", **given: Any) -> Any:
    """Return an artifact that the open run, or one of its own, logged."""
    run = face.wandb.run or face.init()
    aliases = given.pop("aliases", None)
    return run.log_artifact(made(face, text, **given), aliases=aliases)


class TestLogging:
    def test_returns_the_artifact(self, face: Face) -> None:
        """What is logged comes back, the very object."""
        artifact = made(face)

        assert artifact is face.init().log_artifact(artifact)

    def test_paths(self, face: Face) -> None:
        """A path is enough; name and type are made."""
        Path("d/sub").mkdir(parents=True)
        Path("d/a.txt").write_text("hi")
        Path("d/sub/b.txt").write_text("yo")
        run = face.init()
        file, folder = run.log_artifact("d/a.txt"), run.log_artifact("d")

        assert ["unspecified"] * 2 == [file.type, folder.type]
        assert ["a.txt"] == list(file.manifest.entries)
        assert ["a.txt", "sub/b.txt"] == sorted(folder.manifest.entries)
        assert file.source_name.startswith(f"run-{run.id}-a.txt")

    @pytest.mark.parametrize(
        ("given", "kind"), [("nope", ValueError), (3, TypeError), ("a\0b", ValueError)]
    )
    def test_refused(self, face: Face, given: Any, kind: type[Exception]) -> None:
        """What is no artifact and no path is refused."""
        run = face.init()

        with pytest.raises(kind):
            run.log_artifact(given)

    @pytest.mark.parametrize(
        "given", [{"aliases": ["a/b"]}, {"aliases": "a:b"}, {"tags": ["a/b"]}]
    )
    def test_wrong_words(self, face: Face, given: dict[str, Any]) -> None:
        """Aliases have no slash and no colon, tags only letters and a few signs."""
        run = face.init()
        artifact = made(face)

        with pytest.raises(ValueError, match=r"Aliases|tag"):
            run.log_artifact(artifact, **given)
        assert artifact.is_draft()

    def test_after_the_end(self, face: Face) -> None:
        """A finished run logs nothing."""
        run = face.init()
        run.finish()

        with pytest.raises(face.wandb.Error, match="is finished"):
            run.log_artifact(made(face))
        with pytest.raises(face.wandb.Error):
            face.wandb.log_artifact(made(face))

    def test_changes_are_over(self, face: Face) -> None:
        """What is logged does not change."""
        artifact = face.init().log_artifact(made(face))

        with pytest.raises(AttributeError, match="finalized"):
            artifact.add_reference("abc://x", name="x")

    def test_is_known_at_once(self, ours: Face) -> None:
        """All that only a server says there is known when the call returns."""
        artifact = logged(ours, aliases=["best"])

        assert ("data:v0", "v0", "p/data:v0", "COMMITTED") == (
            artifact.name, artifact.version, artifact.qualified_name, artifact.state,
        )  # fmt: skip
        assert ["best", "latest"] == artifact.aliases
        assert ("", "p", 1, False) == (
            artifact.entity, artifact.project, artifact.file_count, artifact.is_draft(),
        )  # fmt: skip
        assert artifact is artifact.wait()
        assert artifact.logged_by().id == vcs_track.open().run("@").id

    def test_bytes_are_in_the_store(self, ours: Face) -> None:
        """The bytes are files of the run, and every other part of the program sees them."""
        artifact = logged(ours)
        ours.wandb.finish()
        items = vcs_track.open().run("@").media(kind="file")

        assert b"hi" in [item.data for item in items]
        assert artifact.commit_hash in [item.oid for item in items]
        assert all(
            item.name is not None and item.name.startswith("artifact/data/") for item in items
        )

    def test_survives_a_kill(self, ours: Face, tmp_path: Path) -> None:
        """What a returned call logged is there after the process was killed.

        Seen to fail when the event was kept for the end of the run.
        """
        text = (
            "import os, signal\n"
            "run = wandb.init(project='p')\n"
            "artifact = wandb.Artifact('data', 'dataset')\n"
            "with artifact.new_file('a.txt') as file: file.write('hi')\n"
            "run.log_artifact(artifact, aliases=['best'])\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        run_script(ours, text, tmp_path, status=-9)
        shutil.rmtree(".runs/local/tables", ignore_errors=True)
        found = ours.init().use_artifact("data:best")

        assert "hi" == Path(found.file()).read_text()

    def test_survives_a_child(self, ours: Face, tmp_path: Path) -> None:
        """A forked child that ends takes nothing of what the parent has yet to log.

        Seen to fail when the child removed the copies.
        """
        text = (
            "import os, sys\n"
            "artifact = wandb.Artifact('data', 'dataset')\n"
            "with artifact.new_file('a.txt') as file: file.write('hi')\n"
            "if os.fork() == 0: sys.exit(0)\n"
            "os.wait()\n"
            "run = wandb.init(project='p')\n"
            "print(open(run.log_artifact(artifact).file()).read())\n"
        )

        assert "hi\n" == run_script(ours, text, tmp_path).stdout

    @pytest.mark.parametrize(
        ("policy", "words"), [("mutable", "TMPDIR"), ("immutable", "is it full")]
    )
    def test_full_disk(self, ours: Face, tmp_path: Path, policy: str, words: str) -> None:
        """A disk that refuses is an error with a hint; nothing was logged, and it may be again."""
        text = (
            "import os, resource, signal, warnings\n"
            "warnings.simplefilter('ignore')\n"
            "with open('big', 'wb') as file: file.write(os.urandom(3 << 20))\n"
            "run = wandb.init(project='p')\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "most = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, most[1]))\n"
            "artifact = wandb.Artifact('data', 't')\n"
            "try:\n"
            f"    artifact.add_file('big', policy={policy!r})\n"
            "    run.log_artifact(artifact)\n"
            "except wandb.Error as error: print(error.hint)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, most)\n"
            "assert artifact.is_draft()\n"
            "artifact.add_file('big')\n"
            "print(run.log_artifact(artifact).name)\n"
        )
        done = run_script(ours, text, tmp_path).stdout.splitlines()

        assert words in done[0]
        assert "data:v0" == done[1]

    def test_large_files(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file that is too large for one object is kept in parts, and comes back whole."""
        from vcs_track.compat.wandb.artifacts import storing

        monkeypatch.setattr(storing, "PART", (1 << 20) + 5)
        for size in (0, (1 << 20) + 5, 3 * (1 << 20)):
            data = os.urandom(size)
            Path("big").write_bytes(data)
            for policy in ("mutable", "immutable"):
                artifact = ours.wandb.Artifact(f"big-{policy}", "t")
                artifact.add_file("big", policy=policy)
                run = ours.wandb.run or ours.init()
                run.log_artifact(artifact)
                draft = artifact.new_draft()
                with draft.new_file("more") as file:
                    file.write("more")
                run.log_artifact(draft)
                run.finish()
                found = ours.init().use_artifact(f"big-{policy}")
                out = Path(found.download(f"out-{size}-{policy}"))
                found.verify(out)

                assert data == (out / "big").read_bytes()
                assert ["big", "more"] == sorted(os.listdir(out))  # noqa: PTH208 -- names alone

    def test_leaves_nothing_behind(self, ours: Face, tmp_path: Path) -> None:
        """Copies of files go when they are logged, and at the end of the process."""
        text = (
            "import os, tempfile\n"
            "there = lambda: [n for n in os.listdir(tempfile.gettempdir()) if 'artifact' in n]\n"
            "artifacts = [wandb.Artifact(name, 'dataset') for name in ('a', 'b')]\n"
            "for artifact in artifacts:\n"
            "    with artifact.new_file('a.txt') as file: file.write('hi')\n"
            "print(len(there()))\n"
            "wandb.init(project='p').log_artifact(artifacts[0])\n"
            "print(len(there()))\n"
        )
        (tmp_path / "tmp").mkdir()
        text = f"import os\nos.environ['TMPDIR'] = {str(tmp_path / 'tmp')!r}\n" + text
        done = run_script(ours, text, tmp_path)

        assert ["2", "1"] == done.stdout.split()
        assert [] == os.listdir("tmp")  # noqa: PTH208 -- names alone


class TestVersions:
    def test_numbers(self, ours: Face) -> None:
        """Each content that differs from the latest is the next version."""
        found = [logged(ours, text).version for text in ("a", "b", "b", "a")]

        assert ["v0", "v1", "v1", "v2"] == found

    def test_aliases_move(self, ours: Face) -> None:
        """An alias stands for one version; ``latest`` is the one that was logged last."""
        first = logged(ours, "a", aliases=["best", "first"])
        second = logged(ours, "b", aliases="best")
        run = ours.wandb.run

        assert ["best", "latest"] == second.aliases
        assert ["first"] == run.use_artifact("data:v0").aliases
        assert [second.name, first.name, second.name] == [
            run.use_artifact(name).name for name in ("data:best", "data:first", "data")
        ]

    def test_same_content_from_another_run(self, ours: Face) -> None:
        """Two runs that log the same bytes have one version; its aliases grow."""
        logged(ours, "a", aliases=["one"])
        ours.wandb.finish()
        again = logged(ours, "a", aliases=["two"])

        assert ("v0", ["one", "two", "latest"]) == (again.version, again.aliases)

    def test_another_type(self, ours: Face) -> None:
        """One name has one type."""
        logged(ours)

        with pytest.raises(ValueError, match="already exists with type 'dataset'"):
            logged(ours, "b", kind="model")
        assert 1 == len(ours.wandb.run.use_artifact("data").manifest)

    def test_projects_are_apart(self, ours: Face) -> None:
        """Each project counts for itself, and can be asked from another."""
        logged(ours, "a")
        ours.wandb.finish()
        run = ours.wandb.init(project="q")
        other = logged(ours, "b")

        assert "v0" == other.version
        assert "a" == Path(run.use_artifact("p/data:latest").file("p")).read_text()
        assert "b" == Path(run.use_artifact("data:latest").file("q")).read_text()

    def test_an_entity_does_not_stand_in_the_way(self, ours: Face) -> None:
        """A script that names its team finds what was logged without one."""
        logged(ours)

        assert "data:v0" == ours.wandb.run.use_artifact("team/p/data:latest").name

    def test_of_several_processes(self, ours: Face, tmp_path: Path) -> None:
        """Processes that log at the same time are told numbers that stay theirs.

        Seen to fail when they did not wait for one another.
        """
        ours.init().finish()
        text = (
            "import sys, vcs_track.compat.wandb as wandb\n"
            "run = wandb.init(project='p')\n"
            "for n in range(8):\n"
            "    artifact = wandb.Artifact('data', 'dataset')\n"
            "    with artifact.new_file('a') as file: file.write(f'{sys.argv[1]} {n}')\n"
            "    print(run.log_artifact(artifact).name, artifact.digest)\n"
        )
        Path("script.py").write_text(text)
        started = [
            subprocess.Popen(
                [sys.executable, "script.py", str(n)], cwd=tmp_path, stdout=subprocess.PIPE,
                text=True,
            )
            for n in range(3)
        ]  # fmt: skip
        told = [
            line.split()
            for one in started
            for line in one.communicate(timeout=100)[0].splitlines()
        ]
        run = ours.init()

        assert {f"data:v{n}" for n in range(24)} == {name for name, _ in told}
        assert told == [[name, run.use_artifact(name).digest] for name, _ in told]

    def test_from_two_clones(self, ours: Face, tmp_path: Path) -> None:
        """Versions that two repositories gave one number are both there when these meet."""
        for name in ("one", "two"):
            Path(name).mkdir()
            os.chdir(name)
            vcs_track.init()
            logged(ours, name)
            ours.wandb.finish()
            os.chdir(tmp_path)
        vcs_track.open("two").export("@", "two.zip")
        os.chdir("one")
        vcs_track.open().import_(tmp_path / "two.zip")
        run = ours.init()

        assert ["one", "two"] == [
            Path(run.use_artifact(f"data:v{n}").file(f"out{n}")).read_text() for n in range(2)
        ]
        assert "data:v1" == run.use_artifact("data:latest").name

    def test_ledger_can_go(self, ours: Face) -> None:
        """What the runs say is enough: a lost ledger is made again."""
        logged(ours, "a", aliases=["first"])
        logged(ours, "b")
        ours.wandb.finish()
        text = (
            "run = wandb.init(project='p')\n"
            "print(run.use_artifact('data:first').name, run.use_artifact('data').name)\n"
        )
        shutil.rmtree(".runs/local/tables")
        done = run_script(ours, text, Path.cwd())

        assert "data:v0 data:v1\n" == done.stdout

    def test_removed_run(self, ours: Face) -> None:
        """What a removed run logged is gone with it, and back with it."""
        logged(ours, "a")
        run_id = vcs_track.open().run("@").id
        ours.wandb.finish()
        vcs_track.open().remove(run_id)
        run = ours.init()

        with pytest.raises(ours.wandb.CommError, match="not found"):
            run.use_artifact("data")
        vcs_track.open().restore_removed(run_id)
        assert "data:v0" == run.use_artifact("data").name


class TestUsing:
    def test_names(self, ours: Face) -> None:
        """A version is named by alias, number, nothing or digest."""
        artifact = logged(ours, aliases=["best"])
        run = ours.wandb.run

        for name in ("data", "data:latest", "data:v0", "data:best", artifact.digest, "p/data:v0"):
            assert artifact.id == run.use_artifact(name).id

    @pytest.mark.parametrize("name", ["data:nope", "data:v7", "nope", "q/data", "data:v0:x"])
    def test_missing(self, ours: Face, name: str) -> None:
        """What is not there is a CommError and a ValueError, and the hint has what is."""
        logged(ours)

        with pytest.raises(ours.wandb.CommError) as caught:
            ours.wandb.run.use_artifact(name)
        assert isinstance(caught.value, ValueError)
        assert isinstance(caught.value, VcsTrackError)
        assert caught.value.hint

    @pytest.mark.parametrize("name", ["", ":", "a/b/c/d:x", "data:", "a b"])
    def test_no_name(self, ours: Face, name: str) -> None:
        """What is no name is a ValueError."""
        run = ours.init()

        with pytest.raises(ValueError, match=r"[Nn]ame"):
            run.use_artifact(name)

    def test_wrong_type(self, ours: Face) -> None:
        """A type that is asked for must be the one it has."""
        logged(ours)

        with pytest.raises(ValueError, match="does not match"):
            ours.wandb.run.use_artifact("data", type="model")
        assert ours.wandb.run.use_artifact("data", type="dataset")

    def test_draft(self, ours: Face) -> None:
        """An artifact that is not logged is logged by its use."""
        artifact = ours.init().use_artifact(made(ours), aliases="x")

        assert ("data:v0", ["x", "latest"]) == (artifact.name, artifact.aliases)

    def test_is_remembered(self, ours: Face) -> None:
        """A version knows which runs used it, each once."""
        artifact = logged(ours)
        ours.wandb.finish()
        run = ours.init()
        for _ in range(2):
            run.use_artifact("data")
        run.finish()

        assert [vcs_track.open().run("@").id] == [one.id for one in artifact.used_by()]

    @pytest.mark.parametrize("files", [["a.txt"], ["a.txt", "sub/b c.txt", "é"]])
    def test_is_an_input(self, ours: Face, files: list[str]) -> None:
        """What a run used is an input of it, known by a copy of the files."""
        artifact = ours.wandb.Artifact("data", "dataset")
        for name in reversed(files):
            with artifact.new_file(name) as file:
                file.write(name)
        ours.init().log_artifact(artifact)
        ours.wandb.finish()
        run = ours.init()
        folder = Path(run.use_artifact("data").download())
        run.finish()
        repo = vcs_track.open()
        copy = folder if len(files) > 1 else folder / files[0]
        found = [one.name for one in repo.run("@").inputs]

        assert ["artifact/data"] == found
        assert content_of(copy, repo.store.format).oid == repo.run("@").inputs[0].oid

    def test_differs_from_run_to_run(self, ours: Face) -> None:
        """Two runs that used two versions differ in their input."""
        for text in ("a", "b"):
            logged(ours, text).wait()
            ours.wandb.finish()
            run = ours.init()
            run.use_artifact("data")
            run.finish()
        changes = vcs_track.open().diff("@{-2}", "@")

        assert ["artifact/data"] == [one.name for one in changes if one.kind == "input"]

    def test_from_another_process(self, ours: Face, tmp_path: Path) -> None:
        """Another program gets what this one logged, while its run goes on."""
        logged(ours, aliases=["best"])
        text = (
            "run = wandb.init(project='p')\n"
            "print(open(run.use_artifact('data:best').file()).read())\n"
        )

        assert "hi\n" == run_script(ours, text, tmp_path).stdout


class TestContents:
    def test_entries(self, ours: Face) -> None:
        """A file is asked for by its name."""
        artifact = logged(ours)
        entry = artifact.get_path("a.txt")

        assert (2, "a.txt") == (entry.size, entry.path)
        assert "hi" == Path(entry.download("out")).read_text()
        assert entry.ref_url().startswith("wandb-artifact://")
        with pytest.raises(KeyError):
            artifact.get_entry("nope")
        with pytest.raises(ValueError, match="no reference"):
            entry.ref_target()

    def test_values(self, ours: Face) -> None:
        """Values come back as they were added."""
        wandb = ours.wandb
        image = wandb.Image(
            np.eye(3), caption="c", classes=[{"id": 1, "name": "cat"}],
            boxes={"b": {"box_data": [], "class_labels": {1: "cat"}}},
            masks={"m": {"mask_data": np.eye(3), "class_labels": {1: "cat"}}},
        )  # fmt: skip
        table = wandb.Table(columns=["n", "image"], data=[[1, image]])
        values = {
            "image": image, "table": table, "page": wandb.Html("x"), "h": wandb.Histogram([1, 2]),
            "sound": wandb.Audio([0.0, 0.5], sample_rate=2, caption="s"),
            "scene": wandb.Object3D(np.zeros((2, 3))),
        }  # fmt: skip
        artifact = wandb.Artifact("values", "t")
        for name, value in values.items():
            artifact.add(value, name)
        ours.init().log_artifact(artifact)
        ours.wandb.finish()
        found = ours.init().use_artifact("values")
        again = {name: found.get(name) for name in values}

        assert values == again
        assert {1: "cat"} == again["table"].data[0][1]._masks["m"].class_labels
        assert found.get("nope") is None

    def test_joined(self, ours: Face) -> None:
        """Tables that are joined come back joined, and parts as one table."""
        wandb = ours.wandb
        artifact = wandb.Artifact("tables", "t")
        for name, rows in (("x", [[1, "a"]]), ("y", [[1, "b"]])):
            artifact.add(wandb.Table(columns=["id", name], data=rows), f"parts/{name}")
        artifact.add(wandb.JoinedTable("parts/x.table.json", "parts/y.table.json", "id"), "joined")
        artifact.add(wandb.data_types.PartitionedTable("parts"), "all")
        found = ours.init().log_artifact(artifact)

        assert [(0, [1, "a", "b"])] == list(found.get("joined").iterrows())
        assert [(0, [1, "a"]), (1, [1, "b"])] == list(found.get("all").iterrows())

    def test_of_a_stranger(self, ours: Face) -> None:
        """A value that names itself, or is none, is an error and not a loop."""
        artifact = ours.wandb.Artifact("odd", "t")
        itself = {
            "_type": "table",
            "columns": ["a"],
            "data": [[{"_type": "table-file", "path": "x.table.json"}]],
        }
        for name, body in (("x.table.json", itself), ("y.html-file.json", {"_type": "zz"})):
            with artifact.new_file(name, "wb") as file:
                file.write(canonical.dumps(body))
        found = ours.init().log_artifact(artifact)

        for name in ("x", "y"):
            with pytest.raises(VcsTrackError):
                found.get(name)


class TestDownload:
    def test_default_folder(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """Files go to a folder of the version, or where the environment says."""
        artifact = logged(ours)

        assert "artifacts/data:v0" == artifact.download()
        assert "hi" == Path("artifacts/data:v0/a.txt").read_text()
        monkeypatch.setenv("WANDB_ARTIFACT_DIR", "elsewhere")
        assert "elsewhere/data:v0" == artifact.download()

    def test_other_files_stay(self, ours: Face) -> None:
        """Other files stay; a file of the artifact that differs is written again."""
        artifact = logged(ours)
        Path("out").mkdir()
        Path("out/mine").write_text("mine")
        Path("out/a.txt").write_text("other")
        artifact.download("out")

        assert ("mine", "hi") == (Path("out/mine").read_text(), Path("out/a.txt").read_text())

    def test_prefix(self, ours: Face) -> None:
        """Only files that begin so, when asked."""
        artifact = ours.wandb.Artifact("n", "t")
        for name in ("a/x", "b/x"):
            with artifact.new_file(name) as file:
                file.write(name)
        ours.init().log_artifact(artifact).download("out", path_prefix="b/")

        assert ["b"] == os.listdir("out")  # noqa: PTH208 -- names alone

    def test_no_links_into_the_store(self, ours: Face) -> None:
        """Writing to a file that came out changes nothing that is stored."""
        artifact = logged(ours)
        Path(artifact.file()).write_text("changed")

        assert "hi" == Path(artifact.file("again")).read_text()

    def test_one_file(self, ours: Face) -> None:
        """Only an artifact of one file is a file."""
        artifact = ours.wandb.Artifact("n", "t")

        ours.init().log_artifact(artifact)
        with pytest.raises(ValueError, match="no file"):
            artifact.file()

    def test_checkout(self, ours: Face) -> None:
        """A folder that is checked out has nothing else; that is what it is for."""
        artifact = logged(ours)
        Path("out/sub").mkdir(parents=True)
        Path("out/sub/mine").write_text("mine")
        artifact.checkout("out")

        assert [Path("out/a.txt")] == list(Path("out").rglob("*"))

    def test_checkout_spares_what_is_outside(self, ours: Face) -> None:
        """A link in the folder goes; what it leads to stays.

        Seen to fail when links were followed.
        """
        artifact = logged(ours)
        Path("precious").mkdir()
        Path("precious/x").write_text("x")
        Path("out").mkdir()
        Path("out/link").symlink_to(Path("precious").absolute())
        artifact.checkout("out")

        assert "x" == Path("precious/x").read_text()

    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda: Path("out/a.txt").write_text("no"), "Digest mismatch"),
            (lambda: Path("out/b.txt").write_text("no"), "not a member"),
            (lambda: Path("out/a.txt").unlink(), "missing"),
        ],
    )
    def test_verify(self, ours: Face, spoil: Callable[[], Any], words: str) -> None:
        """A folder that holds anything else is found out."""
        artifact = logged(ours)
        artifact.download("out")
        artifact.verify("out")
        spoil()

        with pytest.raises(ValueError, match=words):
            artifact.verify("out")

    def test_references(self, ours: Face) -> None:
        """A file that was referred to comes from its place, if it is still that file."""
        Path("x.txt").write_text("x")
        artifact = ours.wandb.Artifact("n", "t")
        artifact.add_reference(f"file://{Path('x.txt').absolute()}")
        artifact.add_reference("s3://b/y.txt")
        ours.init().log_artifact(artifact)

        assert "x" == Path(artifact.get_entry("x.txt").download("out")).read_text()
        with pytest.raises(ValueError, match="never fetched"):
            artifact.download("out2")
        artifact.download("out3", allow_missing_references=True)
        assert ["x.txt"] == os.listdir("out3")  # noqa: PTH208 -- names alone
        Path("x.txt").write_text("y")
        with pytest.raises(ValueError, match="has changed"):
            artifact.get_entry("x.txt").download("out4")

    def test_hostile_names(self, ours: Face) -> None:
        """A version of a stranger whose files lead elsewhere is refused, and writes nothing."""
        from vcs_track.compat.wandb.artifacts.document import Document
        from vcs_track.compat.wandb.artifacts.entry import ArtifactManifestEntry

        oid = "0" * 64
        for path in ("../x", "/tmp/x", "a/../../x"):
            document = Document("n", "t", entries=[ArtifactManifestEntry(path, "d", oid=oid)])

            with pytest.raises(VcsTrackError, match="Invalid artifact path"):
                Document.decode(document.encode())


class TestLoggedTables:
    """wandb makes an artifact of each table in a row."""

    def test_come_back(self, ours: Face) -> None:
        """A table of a row is found as ``run-<id>-<key>``, with the images in it."""
        wandb = ours.wandb
        run = ours.init(id="an-id")
        for n in range(2):
            table = wandb.Table(columns=["n", "image"], data=[[n, wandb.Image(np.eye(3))]])
            run.log({"my-table": table, "x": 1})
        run.finish()
        found = [
            ours.init().use_artifact(f"run-an-id-my-table:{name}") for name in ("v0", "latest")
        ]

        assert [0, 1] == [artifact.get("my-table").data[0][0] for artifact in found]
        assert (3, 3) == found[0].get("my-table").data[0][1].image.size
        assert [("run_table", "v0", []), ("run_table", "v1", ["latest"])] == [
            (artifact.type, artifact.version, artifact.aliases) for artifact in found
        ]

    def test_odd_keys(self, ours: Face) -> None:
        """Signs that a name cannot have are left out of it."""
        run = ours.init(id="one")
        run.log({"a/b c": ours.wandb.Table(columns=["n"], data=[[1]])})
        artifact = run.use_artifact("run-one-abc")

        assert [[1]] == artifact.get("a/b c").data
        assert "n" in Path(artifact.download(), "a", "b c.table.json").read_text()

    @pytest.mark.parametrize("name", ["run-one-x", "run-two-t", "run-one-t:v7", "run-one", "run-"])
    def test_missing(self, ours: Face, name: str) -> None:
        """What was not logged is not there."""
        run = ours.init(id="one")
        run.log({"t": ours.wandb.Table(columns=["n"], data=[[1]])})

        with pytest.raises(ours.wandb.CommError):
            run.use_artifact(name)

    def test_has_no_names(self, ours: Face) -> None:
        """It is no artifact, and takes no alias."""
        run = ours.init(id="one")
        run.log({"t": ours.wandb.Table(columns=["n"], data=[[1]])})
        artifact = run.use_artifact("run-one-t")
        artifact.aliases.append("best")

        with pytest.raises(ValueError, match="a table that a run logged"):
            artifact.save()


class TestStrangers:
    """Runs may come from anybody, and so may what they say of artifacts."""

    GOOD: ClassVar[dict[str, Any]] = {
        "op": "log", "at": 1, "entity": "", "project": "p", "name": "data", "type": "t",
        "digest": "d", "doc": "0" * 64, "version": 0, "who": "x",
    }  # fmt: skip

    @pytest.mark.parametrize(
        "odd",
        [
            {"name": "../../x"}, {"name": ".."}, {"name": "a/b"}, {"name": 3}, {"at": -1},
            {"at": "x"}, {"at": 2**60}, {"version": -1}, {"version": "v0"}, {"version": 2**60},
            {"doc": "../x"}, {"aliases": "x"}, {"aliases": [3]}, {"op": "zz"}, {"op": None},
            {"op": "link", "of": "x", "to": 3}, {"op": "unlink", "of": "x", "to": {"name": 3}}, {"op": "link", "of": "x", "to": {"name": 3}},
            {"op": "describe", "of": "x", "metadata": 3}, {"op": "alias", "of": 3},
            {"op": "describe", "of": "x", "description": 3},
        ],
    )  # fmt: skip
    def test_odd_events(self, ours: Face, odd: dict[str, Any]) -> None:
        """What makes no sense, or would lead elsewhere, is left out; the rest is there.

        Seen to fail when names were not checked: a checkout would have emptied other folders.
        """
        run = vcs_track.init().start_run("stranger", capture_code=False)
        run.set_face("wandb.artifacts", bad={**self.GOOD, **odd}, text="x", number=3)
        run.finish()
        artifact = logged(ours)
        there = Inventory.of(vcs_track.open()).collections()

        assert [("data", 1)] == [(place.name, len(one.stages)) for place, one in there.items()]
        assert artifact.id == ours.wandb.run.use_artifact("data").id

    def test_missing_bytes(self, ours: Face) -> None:
        """A version whose bytes are nowhere is an error that says so."""
        run = vcs_track.init().start_run("stranger", capture_code=False, project="p")
        run.set_face("wandb.artifacts", one=self.GOOD)
        run.finish()

        with pytest.raises(VcsTrackError):
            ours.init().use_artifact("data")

    @pytest.mark.parametrize("name", [".", "..", "..."])
    def test_no_folder(self, ours: Face, name: str) -> None:
        """A name of dots would be another folder: refused, though the original takes it."""
        with pytest.raises(ValueError, match="Invalid name"):
            ours.wandb.Artifact(name, "t")


class TestLabels:
    def test_aliases(self, ours: Face) -> None:
        """Aliases, tags, description and metadata change by assignment and ``save``."""
        logged(ours, aliases=["old"])
        ours.wandb.finish()
        artifact = ours.init().use_artifact("data")
        artifact.aliases.append("prod")
        artifact.aliases.remove("old")
        artifact.tags = ["good one"]
        artifact.description = "words"
        artifact.metadata["n"] = 1
        artifact.save()
        ours.wandb.finish()
        again = ours.init().use_artifact("data:prod")

        assert ({"latest", "prod"}, ["good one"]) == (set(again.aliases), again.tags)
        assert ("words", {"n": 1}) == (again.description, again.metadata)
        with pytest.raises(ours.wandb.CommError):
            ours.wandb.run.use_artifact("data:old")

    def test_change_after_the_end(self, ours: Face) -> None:
        """What is said of a version after its run ended stands in the run.

        Seen to fail when only the ledger had it.
        """
        artifact = logged(ours)
        ours.wandb.finish()
        artifact.aliases.append("prod")
        artifact.save()
        shutil.rmtree(".runs/local/tables")
        text = "run = wandb.init(project='p')\nprint(run.use_artifact('data:prod').name)\n"

        assert "data:v0\n" == run_script(ours, text, Path.cwd()).stdout

    def test_change_while_it_runs(self, ours: Face, tmp_path: Path) -> None:
        """What another process says of a version stands in the run that goes on."""
        logged(ours)
        text = (
            "run = wandb.init(project='p')\n"
            "artifact = run.use_artifact('data')\n"
            "artifact.aliases.append('prod')\n"
            "artifact.save()\n"
        )
        run_script(ours, text, tmp_path)

        assert ["latest", "prod"] == ours.wandb.run.use_artifact("data:prod").aliases
        ours.wandb.finish()
        shutil.rmtree(".runs/local/tables")
        text = "run = wandb.init(project='p')\nprint(run.use_artifact('data:prod').name)\n"
        assert "data:v0\n" == run_script(ours, text, tmp_path).stdout

    def test_wrong_alias(self, ours: Face) -> None:
        """An alias that cannot be used is refused, and nothing changes."""
        artifact = logged(ours)
        artifact.aliases.append("a/b")

        with pytest.raises(ValueError, match="Aliases"):
            artifact.save()
        assert ["latest"] == ours.wandb.run.use_artifact("data").aliases

    def test_logged_again(self, ours: Face) -> None:
        """A version that is logged again gets more aliases."""
        artifact = logged(ours)
        ours.wandb.run.log_artifact(artifact, aliases=["best"])

        assert "best" in ours.wandb.run.use_artifact("data").aliases

    def test_delete(self, ours: Face) -> None:
        """A version can be taken away; one with aliases only when told so."""
        logged(ours, "a")
        second = logged(ours, "b", aliases=["best"])

        with pytest.raises(ValueError, match="has the aliases"):
            second.delete()
        second.delete(delete_aliases=True)
        assert "data:v0" == ours.wandb.run.use_artifact("data").name
        assert "v2" == logged(ours, "c").version

    def test_draft_of_a_version(self, ours: Face) -> None:
        """A new draft has the files of the version, and may get more; its run has all bytes.

        Seen to fail when only new files were stored: a clean-up or a bundle would lose the rest.
        """
        logged(ours, "a")
        ours.wandb.finish()
        run = ours.init()
        draft = run.use_artifact("data").new_draft()
        with draft.new_file("b.txt") as file:
            file.write("b")
        run.log_artifact(draft)
        run.finish()
        oids = {item.oid for item in vcs_track.open().run("@").media(kind="file")}

        assert ["a.txt", "b.txt"] == sorted(draft.manifest.entries)
        assert oids >= {entry.oid for entry in draft.manifest.entries.values()}
        assert "a" == Path(draft.get_entry("a.txt").download("out")).read_text()

    def test_incremental(self, ours: Face) -> None:
        """An artifact that adds to the latest has its files too."""
        logged(ours, "a")
        more = ours.wandb.Artifact("data", "dataset", incremental=True)
        with more.new_file("b.txt") as file:
            file.write("b")
        ours.wandb.run.log_artifact(more)

        assert ["a.txt", "b.txt"] == sorted(ours.wandb.run.use_artifact("data").manifest.entries)

    def test_file_of_another(self, ours: Face) -> None:
        """A file of one artifact can be one of another; its bytes are kept with both."""
        first = logged(ours)
        second = ours.wandb.Artifact("other", "t")
        second.add_reference(first.get_entry("a.txt"), name="copy.txt")
        ours.wandb.run.log_artifact(second)

        assert "hi" == Path(second.file()).read_text()


class TestLinks:
    def test_link(self, ours: Face) -> None:
        """A version that is linked is found by the other name."""
        artifact = logged(ours)
        run = ours.wandb.run
        run.link_artifact(artifact, "registry/best", aliases=["prod"])

        assert {artifact.id} == {
            run.use_artifact(name).id for name in ("registry/best", "registry/best:prod")
        }

    def test_next_link(self, ours: Face) -> None:
        """The link that was made last counts."""
        first, second = logged(ours, "a"), logged(ours, "b")
        first.link("registry/best")
        second.link("registry/best")

        assert second.id == ours.wandb.run.use_artifact("registry/best").id

    def test_a_link_is_taken_back(self, ours: Face) -> None:
        """What was linked is no longer found by the other name; the version stays.

        Seen to fail when a link that was made again stayed taken back.
        """
        artifact = logged(ours)
        there = artifact.link("registry/best", aliases=["prod"])
        api = ours.wandb.Api()

        assert (False, True, True) == (
            artifact.is_link, there.is_link, api.artifact("registry/best").is_link,
        )  # fmt: skip
        assert [artifact.id] == [one.id for one in artifact.linked_artifacts]
        assert not there.source_artifact.is_link
        with pytest.raises(ValueError, match="not a linked artifact"):
            artifact.unlink()
        api.artifact("registry/best:prod").unlink()
        assert [] == artifact.linked_artifacts
        assert not api.artifact_exists("registry/best")
        assert api.artifact_exists(artifact.qualified_name)
        ours.wandb.run.link_artifact(artifact, "registry/best")
        assert api.artifact_exists("registry/best")

    def test_an_earlier_link_comes_back(self, ours: Face) -> None:
        """When the last link is taken back the one before it counts again."""
        first, second = logged(ours, "a"), logged(ours, "b")
        first.link("registry/best")
        second.link("registry/best").unlink()

        assert first.id == ours.wandb.run.use_artifact("registry/best").id

    def test_no_time_to_live(self, ours: Face) -> None:
        """An artifact lives as long as its run; another time to live says what to do instead."""
        artifact = logged(ours)
        artifact.ttl = None

        assert artifact.ttl is None
        with pytest.raises(ours.wandb.errors.UnsupportedError):
            artifact.ttl = timedelta(days=1)

    def test_models(self, ours: Face) -> None:
        """Models have short ways of their own."""
        Path("m.pt").write_text("m")
        run = ours.init()
        run.log_model("m.pt", "mine")
        run.link_model("m.pt", "public", name="other")

        assert "m" == Path(run.use_model("mine:latest")).read_text()
        assert "other:v0" == run.use_artifact("model-registry/public").name

    def test_no_model(self, ours: Face) -> None:
        """What is no model is not used as one."""
        logged(ours)

        with pytest.raises(AssertionError, match="model"):
            ours.wandb.run.use_model("data")

    def test_registry_name(self, face: Face) -> None:
        """The name in the registry has no slash."""
        Path("m.pt").write_text("m")
        run = face.init()

        with pytest.raises(AssertionError):
            run.link_model("m.pt", "a/b")

    @pytest.mark.parametrize("name", ["upsert_artifact", "finish_artifact"])
    def test_shared(self, face: Face, name: str) -> None:
        """What several runs fill together needs a group or an id."""
        run = face.init()

        with pytest.raises(TypeError, match="group"):
            getattr(run, name)(made(face))

    def test_shared_parts(self, ours: Face) -> None:
        """Each run of a group adds its part."""
        for name in ("a", "b"):
            run = ours.wandb.init(project="p", group="g")
            part = ours.wandb.Artifact("data", "dataset")
            with part.new_file(name) as file:
                file.write(name)
            run.upsert_artifact(part)
            run.finish()

        assert ["a", "b"] == sorted(ours.init().use_artifact("data").manifest.entries)
