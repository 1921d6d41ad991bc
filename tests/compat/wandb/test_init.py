"""The arguments of ``init``, and what a run says of itself."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from compat.wandb.faces import Face, run_script

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__: list[str] = []


class TestProject:
    @pytest.mark.parametrize("sign", list("/\\#?%:"))
    def test_bad_sign(self, face: Face, sign: str) -> None:
        """Some signs cannot be in the name of a project."""
        with pytest.raises(face.wandb.UsageError, match="nvalid project name"):
            face.init(project=f"a{sign}b")
        assert face.wandb.run is None

    def test_too_long(self, face: Face) -> None:
        """Nor can it have more than 128 characters."""
        face.init(project="x" * 128).finish()

        with pytest.raises(face.wandb.UsageError, match="128 characters"):
            face.init(project="x" * 129)

    def test_outside_git(self, face: Face) -> None:
        """Without a name and outside git the project is ``uncategorized``."""
        assert "uncategorized" == face.wandb.init().project

    def test_in_git(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """In git it is the folder of the repository, with the folder below it."""
        subprocess.run(["git", "init", "-q", "nets"], check=True)
        Path("nets/a/b").mkdir(parents=True)
        monkeypatch.chdir("nets")
        first = ours.wandb.init()
        first.finish()
        monkeypatch.chdir("a/b")

        assert "nets" == first.project
        assert "nets-a_b" == ours.wandb.init().project

    def test_known_to_the_store(self, ours: Face) -> None:
        """Project, group, type, tags and notes are labels of the run."""
        import vcs_track

        run = ours.init(project="q", group="g", job_type="j", tags=["b", "a"], notes="n", name="x")
        view = vcs_track.open().run(run.id)
        found = view.manifest

        assert ("q", "g", "j", "n") == (found.project, found.group, found.job_type, found.notes)
        assert (["a", "b"], "x") == (view.tags, view.name)


class TestId:
    @pytest.mark.parametrize("run_id", ["", " a", "a ", *(f"a{sign}" for sign in ":;,#?/'")])
    def test_bad_id(self, face: Face, run_id: str) -> None:
        """Ids with blanks at an end, or one of some signs, are a UsageError."""
        with pytest.raises(face.wandb.UsageError, match=r"[Rr]un [iI][dD]"):
            face.init(id=run_id)

    def test_new_id(self, face: Face) -> None:
        """A new id has eight lower-case letters and digits."""
        run = face.init()

        assert 8 == len(run.id)
        assert run.id.isalnum()
        assert run.id == run.id.lower()

    @pytest.mark.parametrize("run_id", ["my run", "v1.0", "ü", "x" * 100, "_a", "a--2"])
    def test_id_that_the_store_has_no_name_for(self, ours: Face, run_id: str) -> None:
        """Any id that wandb takes works, and is found again."""
        run = ours.init(id=run_id)
        run.log({"a": 1})
        run.finish()
        again = ours.init(id=run_id, resume="must")

        assert run_id == again.id
        assert 1 == again.step

    def test_ids_do_not_collide(self, ours: Face) -> None:
        """An id that looks like the second run of another one is its own."""
        for run_id in ("a", "a", "a--2"):
            with ours.init(id=run_id) as run:
                run.log({"x": run_id})

        again = ours.init(id="a--2", resume="must")
        assert "a--2" == again.summary["x"]


class TestLabels:
    def test_tags_are_a_tuple(self, face: Face) -> None:
        """Tags keep their order."""
        assert ("b", "a") == face.init(tags=["b", "a"]).tags

    def test_no_tags(self, face: Face) -> None:
        """Without tags there is an empty tuple."""
        assert () == face.init().tags

    def test_text_is_one_tag(self, ours: Face) -> None:
        """One text is one tag; there it is a tag for each letter."""
        assert ("abc",) == ours.init(tags="abc").tags

    @pytest.mark.parametrize("tag", ["", "x" * 65])
    def test_bad_tag(self, face: Face, tag: str) -> None:
        """A tag has 1 to 64 characters."""
        with pytest.raises(ValueError, match=r"[Tt]ag"):
            face.init(tags=[tag])

    def test_setting_tags(self, face: Face) -> None:
        """Tags can be set later, as any sequence; bad ones change nothing."""
        run = face.init(tags=["a"])
        run.tags += ("b",)
        both = run.tags
        run.tags = ["c", "d"]
        run.tags = [""]

        assert ("a", "b") == both
        assert ("c", "d") == run.tags

    def test_setting_name_and_notes(self, face: Face) -> None:
        """Name and notes can be set later."""
        run = face.init(name="first", notes="n")
        before = run.name, run.notes
        run.name = "second"
        run.notes = "m"

        assert ("first", "n") == before
        assert ("second", "m") == (run.name, run.notes)

    def test_labels_reach_the_store(self, ours: Face) -> None:
        """What is set later is in the store at once."""
        import vcs_track

        run = ours.init()
        run.name, run.notes, run.tags = "second", "m", ["z"]
        view = vcs_track.open().run(run.id)

        assert ("second", "m", ["z"]) == (view.name, view.note, view.tags)

    def test_defaults(self, face: Face) -> None:
        """Without a group, a type and notes they are empty and None."""
        run = face.init()

        assert ("", "", None) == (run.group, run.job_type, run.notes)

    def test_name_is_made(self, ours: Face) -> None:
        """Without a name there are two words and a number; offline there is none there."""
        first, second, number = ours.init().name.split("-")

        assert first.isalpha()
        assert second.isalpha()
        assert "1" == number

    @pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", "a\u202eb"])
    def test_name_with_control_characters(self, ours: Face, name: str) -> None:
        """Names that would play tricks on a terminal are refused."""
        with pytest.raises(ours.wandb.UsageError, match="control characters"):
            ours.init(name=name)


class TestAttributes:
    def test_path(self, face: Face) -> None:
        """The path has what is there of entity, project and id."""
        run = face.init(id="x1")

        assert "p/x1" == run.path

    def test_fixed(self, face: Face) -> None:
        """What a new run says of itself."""
        run = face.init()

        assert (0, 0, False, None, "p") == (
            run.step, run.starting_step, run.resumed, run.sweep_id, run.project,
        )  # fmt: skip
        assert 1.7e9 < run.start_time
        assert run.disabled is False
        assert run.url is None
        assert run.display() is False

    def test_old_names(self, ours: Face) -> None:
        """What wandb has dropped goes on to work."""
        run = ours.init()

        assert "p" == run.project_name()
        assert (None, None, None) == (run.get_url(), run.get_project_url(), run.get_sweep_url())
        assert (None, None) == (run.project_url, run.sweep_url)
        assert "run" == run.mode

    def test_offline(self, face: Face) -> None:
        """``offline`` tells what was asked for."""
        run = face.init(mode="offline")

        assert run.offline is True
        assert "offline-run-" in run.dir

    def test_folder(self, face: Face) -> None:
        """The folder is there from the start, below ``wandb``."""
        run = face.init(id="abc")
        folder = Path(run.dir)

        assert folder.is_dir()
        assert "files" == folder.name
        assert folder.parent.name.endswith("-abc")
        assert "wandb" == folder.parent.parent.name

    def test_folder_elsewhere(self, face: Face, tmp_path: Path) -> None:
        """``dir`` says where the folder ``wandb`` is."""
        (tmp_path / "out").mkdir()
        run = face.init(dir=str(tmp_path / "out"))

        assert tmp_path / "out" / "wandb" == Path(run.dir).parent.parent

    def test_folder_is_no_code(self, ours: Face) -> None:
        """Git does not see the folders of runs, so they are no part of any run's code."""
        subprocess.run(["git", "init", "-q"], check=True)
        Path("train.py").write_text("")
        ours.init().finish()
        found = subprocess.run(
            ["git", "status", "--porcelain"], check=True, capture_output=True, text=True
        ).stdout

        assert "?? train.py\n" == found

    def test_status(self, face: Face) -> None:
        """Nothing waits to be sent."""
        found = face.init().status()

        assert (0, 0, None) == (
            found.sync_items_total, found.sync_items_pending, found.sync_time,
        )  # fmt: skip

    def test_history_of_old_scripts(self, ours: Face) -> None:
        """``run.history`` takes rows and gives them back."""
        run = ours.init()
        run.history.add({"a": 1})
        run.log({"a": 2})

        assert [1, 2] == [row["a"] for row in run.history]
        assert 2 == run.history._step

    def test_words_of_frameworks(self, face: Face) -> None:
        """What Trainer, Lightning and torch call is there."""
        run = face.init()

        assert run._label(code="x") is None
        assert run._settings is not None
        assert run._attach_id is not None

    def test_html(self, ours: Face) -> None:
        """The HTML of a run escapes its name."""
        assert "&lt;b&gt;" in ours.init(name="<b>").to_html()


class TestArguments:
    def test_unknown_argument(self, face: Face) -> None:
        """An argument that nobody knows is a TypeError."""
        with pytest.raises(TypeError):
            face.wandb.init(proj="p")

    @pytest.mark.parametrize(
        "given",
        [{"anonymous": "allow"}, {"force": True}, {"magic": True}, {"save_code": True}],
        ids=str,
    )
    def test_accepted(self, ours: Face, given: dict[str, Any]) -> None:
        """Arguments that only wandb's server knows are accepted."""
        assert ours.init(**given) is ours.wandb.run

    @pytest.mark.parametrize("mode", ["ofline", "", 3])
    def test_bad_mode(self, ours: Face, mode: Any) -> None:
        """An unknown mode is a UsageError and a ValueError."""
        with pytest.raises(ours.wandb.UsageError, match="Invalid mode"):
            ours.init(mode=mode)
        with pytest.raises(ValueError, match="Invalid mode"):
            ours.init(mode=mode)

    @pytest.mark.parametrize("mode", ["online", "offline", "dryrun", "run", "shared"])
    def test_modes_that_write(self, ours: Face, mode: str) -> None:
        """All modes but disabled write to the store."""
        import vcs_track

        with ours.init(mode=mode) as run:
            run.log({"a": 1})

        assert {"a": 1} == vcs_track.open().run(run.id).summary

    @pytest.mark.parametrize(
        "given",
        [
            {"resume": "allow", "fork_from": "a?_step=1"},
            {"resume_from": "a?_step=1", "fork_from": "a?_step=1"},
            {"resume": "sometimes"},
            {"reinit": "maybe"},
            {"fork_from": "a"},
            {"fork_from": "a?_step=x"},
            {"notes": "n", "entity": 3},
        ],
        ids=str,
    )
    def test_what_makes_no_sense(self, ours: Face, given: dict[str, Any]) -> None:
        """Arguments that exclude each other, or cannot be read, start nothing."""
        with pytest.raises(ValueError):  # noqa: PT011 -- each has words of its own
            ours.init(**given)
        assert ours.wandb.run is None
        assert not Path("wandb").exists()

    def test_argument_before_setting_before_variable(
        self, face: Face, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An argument wins over a setting."""
        settings = face.wandb.Settings(run_name="setting", run_notes="setting")
        run = face.init(settings=settings, name="argument")

        assert ("argument", "setting") == (run.name, run.notes)

    @pytest.mark.skipif(bool(find_spec("gymnasium") or find_spec("gym")), reason="it is installed")
    def test_gym_is_missing(self, face: Face) -> None:
        """Without gymnasium there are no videos to log, and no run begins."""
        with pytest.raises(face.wandb.Error, match="gymnasium"):
            face.init(monitor_gym=True)

        assert face.wandb.run is None

    @pytest.mark.skipif(
        bool(find_spec("tensorboard") or find_spec("tensorboardX")), reason="it is installed"
    )
    def test_tensorboard_is_missing(self, ours: Face) -> None:
        """Without TensorBoard there is nothing to sync."""
        with pytest.raises(ours.wandb.Error, match="sync_tensorboard needs the package"):
            ours.init(sync_tensorboard=True)

    def test_order_of_the_seed(self, ours: Face) -> None:
        """The first arguments by position are those of 0.10."""
        run = ours.wandb.init("train", None, {"a": 1}, "proj")

        assert ("train", "proj", {"a": 1}) == (run.job_type, run.project, dict(run.config))


def test_save_code(ours: Face, tmp_path: Path) -> None:
    """``save_code`` keeps the script as a file."""
    import vcs_track

    run_script(ours, "wandb.init(project='p', id='s', save_code=True).finish()", tmp_path)
    item = vcs_track.open().run("s").media("file")[0]

    assert "code/script.py" == item.name
    assert b"save_code=True" in item.data


def test_in_a_sweep(face: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the agent of a sweep told its run stands over what the script says.

    Seen to fail when the argument stood.
    """
    for name, value in (("SWEEP_ID", "swp"), ("RUN_ID", "rid"), ("PROJECT", "told")):
        monkeypatch.setenv(f"WANDB_{name}", value)
    text = (
        "run = wandb.init(project='said', id='mine', name='n')\n"
        "print('RUN', run.project, run.id, run.name, run.sweep_id)\nrun.finish()\n"
    )
    monkeypatch.delenv("WANDB_SILENT")
    done = run_script(face, text, tmp_path)

    assert "RUN told rid n swp" in done.stdout
    assert "Ignoring project 'said' when running a sweep." in done.stderr
    assert "Ignoring run_id 'mine' when running a sweep." in done.stderr


CODE = """
run = wandb.init(project="a b", settings={"silent": True})
art = run.log_code("src")
print(art.name.partition(":")[0], art.type, *sorted(art.manifest.entries), sep="|")
art = run.log_code("src", name="all", include_fn=lambda path: path.endswith(".txt"))
print(art.name.partition(":")[0], art.type, *sorted(art.manifest.entries), sep="|")
print(run.log_code("src", exclude_fn=lambda path, root: bool(path and root)), run.log_code(None))
run.finish()
"""


def test_log_code(face: Face, tmp_path: Path) -> None:
    """``log_code`` logs an artifact of code: Python files, or what a function chooses.

    Seen to fail when files of all names were taken.
    """
    Path("src/sub").mkdir(parents=True)
    Path("src/wandb").mkdir(parents=True)
    names = ("a.py", "b.txt", "sub/c.py", "requirements.txt", "Dockerfile.gpu", "wandb/d.py")
    for name in names:
        Path("src", name).write_text("x")
    said = run_script(face, CODE, tmp_path).stdout.splitlines()

    assert [
        "source-a_b-script.py|code|Dockerfile.gpu|a.py|requirements.txt|sub/c.py",
        "all|code|b.txt|requirements.txt", "None None",
    ] == said  # fmt: skip


def test_logged_code_is_stored_once(ours: Face) -> None:
    """Code of two runs is one version, with its bytes; a name that is reserved is only here."""
    Path("a.py").write_text("x = 1")
    ours.init().log_code(name="source-p-mine")
    ours.wandb.finish()
    run = ours.init()
    art = run.log_code(name="source-p-mine")
    run.finish()

    assert ("v0", "x = 1") == (art.version, Path(art.download("out"), "a.py").read_text())
    assert ["source-p-mine:v0"] == [
        one.name for one in ours.wandb.Api().run(run.id).logged_artifacts()
    ]
    with pytest.raises(ValueError, match="reserved"):
        ours.wandb.Artifact("source-p-mine", "code")
    with ours.init() as other, pytest.raises(ValueError, match="name"):
        other.log_code(name="a/b")


def test_unwritable_folder(ours: Face, tmp_path: Path) -> None:
    """Where no folder can be made, a temporary one is taken, and the run goes on."""
    Path("file").write_text("")
    run = ours.init(dir="file")
    run.log({"a": 1})

    assert Path(run.dir).is_dir()
    assert tmp_path not in Path(run.dir).parents


def test_importing_loads_little(tmp_path: Path) -> None:
    """The module loads neither numpy nor what asks the store, and the package not the module."""
    text = (
        "import sys, vcs_track; before = 'vcs_track.compat' in sys.modules\n"
        "import vcs_track.compat.wandb\n"
        "heavy = {'numpy', 'git', 'PIL', 'sqlite3', 'click', 'rich', 'pandas'} & set(sys.modules)\n"
        "print(before, sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)

    assert "False []\n" == done.stdout


def test_folder_of_the_user_is_not_hidden(ours: Face) -> None:
    """A folder ``wandb`` that was there stays what it is for git; the run's own is hidden."""
    subprocess.run(["git", "init", "-q"], check=True)
    Path("wandb").mkdir()
    Path("wandb/mine.py").write_text("")
    ours.init().finish()
    found = subprocess.run(
        ["git", "status", "--porcelain", "-uall"], check=True, capture_output=True, text=True
    ).stdout

    assert "?? wandb/mine.py\n" == found


@pytest.mark.parametrize(
    "given", [{"config": {"a\nb": 1}}, {"name": "x" * 300}], ids=["key", "name"]
)
def test_what_the_store_refuses(ours: Face, given: dict[str, Any]) -> None:
    """What the store has no place for is a UsageError, and leaves no run and no folder."""
    import vcs_track

    with pytest.raises(ours.wandb.UsageError):
        ours.init(**given)
    assert ours.wandb.run is None
    assert not Path("wandb").exists()
    assert [] == [*vcs_track.open().runs()]


@pytest.mark.filterwarnings("ignore:Attempting to work in a virtualenv")
class TestNotebook:
    @pytest.fixture(autouse=True)
    def _notebook(self) -> Iterator[None]:
        """Be a notebook: a shell of IPython that has a kernel."""
        from IPython.core.interactiveshell import InteractiveShell

        shell: Any = InteractiveShell.instance()
        shell.kernel = object()
        yield
        InteractiveShell.clear_instance()

    def test_second_init_is_a_new_run(self, ours: Face) -> None:
        """In a notebook a second ``init`` ends the first run."""
        first = ours.init()

        assert ours.init() is not first

    def test_values_may_change(self, ours: Face) -> None:
        """And values of the configuration may change."""
        run = ours.init(config={"a": 1})
        run.config.a = 2

        assert 2 == run.config.a
