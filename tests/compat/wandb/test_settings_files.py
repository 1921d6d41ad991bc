"""Files with settings, and what settings say of git."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from compat.wandb.faces import Face, run_script

from vcs_track.compat.wandb.term import be_silent
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from vcs_track.porcelain.run_view import RunView

__all__: list[str] = []

_COMMIT = "0123456789abcdef0123456789abcdef01234567"
_TELL = "print(run.project, run.entity, run.settings.mode)\n"


@pytest.fixture(autouse=True)
def of_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of the user, which is none of whoever runs the tests."""
    path = tmp_path / "config" / "settings"
    path.parent.mkdir()
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(path.parent))
    return path


def of_folder(folder: Path, text: str) -> None:
    """Write the file of a project."""
    (folder / "wandb").mkdir(parents=True, exist_ok=True)
    (folder / "wandb" / "settings").write_text(text)


def told(face: Face, folder: Path, begin: str = "run = wandb.init()\n") -> list[str]:
    """Return project, entity and mode of a run that a script starts."""
    return run_script(face, begin + _TELL, folder).stdout.split()


class TestPlaces:
    def test_both(self, face: Face, tmp_path: Path, of_user: Path) -> None:
        """The file of the project is heard before that of the user.

        Seen to fail when they are read the other way round.
        """
        of_user.write_text("[default]\nproject = theirs\nentity = me\nmode = offline\n")
        of_folder(tmp_path, "[default]\nproject = here\n")

        assert ["here", "me", "offline"] == told(face, tmp_path)

    @pytest.mark.parametrize(
        "begin",
        [
            "import os; os.environ['WANDB_PROJECT'] = 'said'\nrun = wandb.init(mode='offline')\n",
            "run = wandb.init(mode='offline', settings=wandb.Settings(project='said'))\n",
            "run = wandb.init(mode='offline', project='said')\n",
        ],
    )
    def test_come_last(self, face: Face, tmp_path: Path, begin: str) -> None:
        """A variable, a setting and an argument are heard before a file."""
        of_folder(tmp_path, "[default]\nproject = here\nentity = me\n")

        assert ["said", "me", "offline"] == told(face, tmp_path, begin)

    @pytest.mark.parametrize(
        "begin",
        [
            "run = wandb.init(dir='sub', mode='offline')\n",
            "import os; os.environ['WANDB_DIR'] = 'sub'\nrun = wandb.init(mode='offline')\n",
        ],
    )
    def test_folder_of_the_runs(self, face: Face, tmp_path: Path, begin: str) -> None:
        """That of the current folder counts wherever runs go; one beside the runs does too."""
        of_folder(tmp_path, "[default]\nproject = here\nentity = me\n")
        first = told(face, tmp_path, begin)
        of_folder(tmp_path / "sub", "[default]\nproject = below\n")

        assert ["here", "me", "offline"] == first
        if face.name == "ours":
            assert ["below", "me", "offline"] == told(face, tmp_path, begin)

    def test_reading(self, ours: Face) -> None:
        """``Api()`` knows project and entity from there, too."""
        of_folder(Path(), "[default]\nproject = here\nentity = me\n")
        ours.wandb.init().finish()
        found = ours.wandb.Api().settings

        assert ("me", "here") == (found["entity"], found["project"])


class TestBadFiles:
    @pytest.mark.parametrize(
        "content",
        [b"no section\n", b"[default\n", b"\xff\xfe", b"[default]\nmode = loud\nproject = p2\n"],
    )
    def test_is_said_and_left_out(
        self, ours: Face, content: bytes, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A file that cannot be used is named; the run starts without it."""
        be_silent(False)
        of_folder(Path(), "")
        Path("wandb/settings").write_bytes(content)
        run = ours.wandb.init(settings={"silent": False}, entity="me")
        run.finish()

        assert "me" == run.entity
        assert "uncategorized" == run.project or b"p2" in content
        assert "wandb/settings'" in capsys.readouterr().err

    def test_unknown_setting(self, ours: Face, capsys: pytest.CaptureFixture[str]) -> None:
        """A name that is no setting is said, and the others are heard."""
        be_silent(False)
        of_folder(Path(), "[default]\ncolour = red\nproject = here\n")
        run = ours.wandb.init(settings={"silent": False})
        run.finish()

        assert "here" == run.project
        assert "'colour'" in capsys.readouterr().err

    def test_another_section(self, ours: Face) -> None:
        """Another section is no business of ours."""
        of_folder(Path(), "[other]\nproject = here\n")

        assert "uncategorized" == ours.wandb.init().project

    def test_percent_sign(self, ours: Face) -> None:
        """A value is what is written, percent signs too."""
        of_folder(Path(), "[default]\nentity = 100%(x)s\n")

        assert "100%(x)s" == ours.wandb.init().entity

    def test_no_secret(self, ours: Face, tmp_path: Path) -> None:
        """A key in a file is nowhere afterwards, in the code neither.

        Seen to fail when it is taken as any other setting, and when the file is captured.
        """
        of_folder(tmp_path, "[default]\napi_key = 5ecre7\nentity = me\n")
        (tmp_path / "settings").write_text("a file of the project\n")
        text = "run = wandb.init(id='r')\nprint(run.settings.to_dict(), run.settings.api_key)"
        done = run_script(ours, text, tmp_path)

        import vcs_track

        kept = {file.path.decode() for file in vcs_track.open().code("r").files}
        assert "'entity': 'me'" in done.stdout
        assert "5ecre7" not in done.stdout
        assert {"script.py", "settings"} <= kept
        assert "wandb/settings" not in kept


def recorded(ours: Face, **given: Any) -> RunView:
    """Return the run that ``init`` starts and ends."""
    import vcs_track

    run = ours.init(id="r", **given)
    run.finish()
    return vcs_track.open().run("r")


class TestGit:
    def test_no_repository(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """Outside of git, commit and remote are what the variables say; a password is not."""
        monkeypatch.setenv("WANDB_GIT_COMMIT", _COMMIT.upper())
        monkeypatch.setenv("WANDB_GIT_REMOTE_URL", "https://me:secret@example.org/a.git")
        found = recorded(ours)

        assert _COMMIT == found.git["commit"]
        assert "https://example.org/a.git" == found.git["remote"]
        assert "secret" not in str(found.faces)
        assert _COMMIT == ours.wandb.Api().run("p/r").metadata["git"]["commit"]

    def test_git_is_not_asked(self, ours: Face, repository: str) -> None:
        """With git switched off it is what the settings say."""
        found = recorded(ours, settings={"disable_git": True, "git_commit": _COMMIT})

        assert {"commit": _COMMIT} == found.git

    def test_git_is_asked(self, ours: Face, repository: str) -> None:
        """Where git answers, its answer is recorded, and the setting beside it."""
        found = recorded(ours, settings={"git_commit": _COMMIT})

        assert repository == found.git["commit"]
        assert {"commit": _COMMIT} == found.faces["wandb"]["git"]

    def test_no_whole_id(self, ours: Face, capsys: pytest.CaptureFixture[str]) -> None:
        """A part of an id is kept beside, with a word: a link takes all of it."""
        found = recorded(ours, settings={"git_commit": "0123abc", "silent": False})

        assert "commit" not in found.git
        assert {"commit": "0123abc"} == found.faces["wandb"]["git"]
        assert "'0123abc'" in capsys.readouterr().err

    def test_of_the_store(self) -> None:
        """``start_run`` takes it, and refuses what is no commit."""
        import vcs_track

        repo = vcs_track.init(".")
        for bad in ({"commit": "abc"}, {"branch": "main"}, {"commit": 3}):
            with pytest.raises(InvalidValueError):
                repo.start_run("r", git=bad)  # type: ignore[arg-type]
        repo.start_run("r", git={"commit": _COMMIT}, capture_code=False).finish()

        assert 1 == len(repo.runs())
        assert [_COMMIT] == [run.git["commit"] for run in repo.runs(f"git.commit = {_COMMIT}")]


@pytest.fixture
def repository() -> str:
    """Make the current folder a repository of git; return its commit."""

    def git(*args: str) -> str:
        done = subprocess.run(["git", *args], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init")
    Path("a.py").write_text("a = 1\n")
    git("add", "a.py")
    git("commit", "-m", "a")
    return git("rev-parse", "HEAD")
