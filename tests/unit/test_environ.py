"""Settings come from two places, in one order, and typos are told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vcs_track.environ import Settings, columns, force_color, no_color, read, serve_token
from vcs_track.errors import InvalidValueError, StorageError


def project(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def ours(text: str) -> str:
    return f'[project]\nname = "x"\n[tool.vcs-track]\n{text}\n'


class TestDefaults:
    def test_nothing_set(self, tmp_path: Path) -> None:
        """Without file and variables every setting has its default."""
        assert Settings() == read(tmp_path, {})

    def test_process_environment_is_the_default(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without a mapping the variables of the process count."""
        monkeypatch.setenv("VCS_TRACK_PROJECT", "mine")

        assert "mine" == read(tmp_path).project


class TestVariables:
    def test_every_variable(self, tmp_path: Path) -> None:
        """Each variable sets its field, in the field's type."""
        given = {
            "VCS_TRACK_DIR": str(tmp_path / "a" / ".." / "b"),
            "VCS_TRACK_MODE": "disabled",
            "VCS_TRACK_PROJECT": "p",
            "VCS_TRACK_NAME": "n",
            "VCS_TRACK_RUN_ID": "abc",
            "VCS_TRACK_GROUP": "g",
            "VCS_TRACK_JOB_TYPE": "j",
            "VCS_TRACK_TAGS": "a, b,,a",
            "VCS_TRACK_NOTES": "some, words",
            "VCS_TRACK_RESUME": "must",
            "VCS_TRACK_RANK": "3",
            "VCS_TRACK_SILENT": "True",
            "VCS_TRACK_STRICT": "on",
            "VCS_TRACK_DISABLE_GIT": "1",
            "VCS_TRACK_DISABLE_CODE": "yes",
            "VCS_TRACK_CODE_LARGEST": "500 KB",
            "VCS_TRACK_CODE_MOST": "7MiB",
            "VCS_TRACK_COMMIT_LARGEST": "1 GB",
            "VCS_TRACK_INCLUDE_IGNORED": "conf/*.local",
            "VCS_TRACK_SYNC_INTERVAL": "0.25",
            "VCS_TRACK_OBJECT_FORMAT": "xxh128",
            "VCS_TRACK_JOURNAL_ENGINE": "pwrite",
        }
        expected = Settings(
            tmp_path / "b", "disabled", "p", "n", "abc", "g", "j", ("a", "b"), "some, words",
            "must", 3, silent=True, strict=True, capture_git=False, capture_code=False,
            code_largest=512_000, code_most=7 << 20, include_ignored=("conf/*.local",),
            commit_largest=1 << 30,
            sync_interval=0.25, object_format="xxh128", journal_engine="pwrite",
        )  # fmt: skip

        assert expected == read(tmp_path, given)

    def test_empty_is_not_set(self, tmp_path: Path) -> None:
        """An empty variable neither sets nor overrides anything."""
        project(tmp_path, ours("silent = true"))

        assert read(tmp_path, {"VCS_TRACK_SILENT": "", "VCS_TRACK_MODE": " "}).silent

    def test_switching_off_can_be_switched_off(self, tmp_path: Path) -> None:
        """A disabling variable set to 0 wins over the file."""
        project(tmp_path, ours("capture_git = false"))

        assert read(tmp_path, {"VCS_TRACK_DISABLE_GIT": "0"}).capture_git

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("MODE", "off"),
            ("SILENT", "maybe"),
            ("SYNC_INTERVAL", "0"),
            ("SYNC_INTERVAL", "-1"),
            ("SYNC_INTERVAL", "nan"),
            ("SYNC_INTERVAL", "1e999"),
            ("SYNC_INTERVAL", "soon"),
            ("OBJECT_FORMAT", "sha1"),
            ("JOURNAL_ENGINE", "MMAP"),
        ],
    )
    def test_bad_value_names_variable_and_value(
        self, tmp_path: Path, name: str, value: str
    ) -> None:
        """A value that cannot be used is told with its variable."""
        with pytest.raises(InvalidValueError, match=f"'VCS_TRACK_{name}' is '{value}', expected"):
            read(tmp_path, {f"VCS_TRACK_{name}": value})

    def test_near_value_is_offered(self, tmp_path: Path) -> None:
        """A typo in a choice gets the choice that was meant."""
        with pytest.raises(InvalidValueError) as caught:
            read(tmp_path, {"VCS_TRACK_MODE": "disable"})

        assert "did you mean 'disabled'?" == caught.value.hint


class TestFile:
    def test_keys_with_either_dash(self, tmp_path: Path) -> None:
        """Keys are written with dashes or underscores, values in TOML's own types."""
        project(
            tmp_path,
            ours('job-type = "j"\nsync_interval = 2\ntags = ["a", "b"]\ncapture-code = false'),
        )
        expected = Settings(job_type="j", sync_interval=2.0, tags=("a", "b"), capture_code=False)

        assert expected == read(tmp_path, {})

    def test_variable_wins(self, tmp_path: Path) -> None:
        """A variable overrides the file, the rest of the file stays."""
        project(tmp_path, ours('project = "file"\ngroup = "file"'))
        settings = read(tmp_path, {"VCS_TRACK_PROJECT": "variable"})

        assert ("variable", "file") == (settings.project, settings.group)

    def test_nearest_file_with_our_table(self, tmp_path: Path) -> None:
        """Upward from the folder, files without our table are passed over, broken ones too."""
        project(tmp_path, ours('project = "top"'))
        project(tmp_path / "a", ours('project = "near"'))
        project(tmp_path / "a/b", "[project]\nname = 'vcs-track-user'\n")
        project(tmp_path / "a/b/c", "not [ toml")

        assert "near" == read(tmp_path / "a/b/c/d", {}).project

    @pytest.mark.parametrize("kind", ["folder", "file"])
    def test_search_stops_at_the_git_root(self, tmp_path: Path, kind: str) -> None:
        """A file above the work tree says nothing about it; one at its top does."""
        project(tmp_path, ours('project = "above"'))
        for name in ("bare", "own"):
            (tmp_path / name / "src").mkdir(parents=True)
            mark = tmp_path / name / ".git"
            mark.mkdir() if kind == "folder" else mark.write_text("gitdir: x")
        project(tmp_path / "own", ours('project = "own"'))

        assert read(tmp_path / "bare/src", {}).project is None
        assert "own" == read(tmp_path / "own/src", {}).project

    def test_dir_is_relative_to_the_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A folder in the file starts at the file, one in a variable at the current folder."""
        project(tmp_path, ours('dir = "../runs"'))
        (tmp_path / "sub").mkdir()
        monkeypatch.chdir(tmp_path / "sub")

        assert tmp_path.parent / "runs" == read(tmp_path / "sub", {}).dir
        assert tmp_path / "sub/here" == read(tmp_path, {"VCS_TRACK_DIR": "here"}).dir
        assert Path("~").expanduser() / "x" == read(tmp_path, {"VCS_TRACK_DIR": "~/x"}).dir

    def test_folder_of_a_user_who_is_not(self, tmp_path: Path) -> None:
        """A home folder that does not exist is a bad value, not a folder called '~x'."""
        with pytest.raises(InvalidValueError, match="'VCS_TRACK_DIR' is '~no-such-user/x'"):
            read(tmp_path, {"VCS_TRACK_DIR": "~no-such-user/x"})

    def test_current_folder_was_deleted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In a folder that is gone the variables still count."""
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        try:
            gone.rmdir()
        except OSError:
            pytest.skip("this system keeps folders that are in use")

        assert "p" == read(environ={"VCS_TRACK_PROJECT": "p"}).project

    def test_unknown_key_names_file_key_and_nearest(self, tmp_path: Path) -> None:
        """A typo in the file is an error that says what was meant."""
        project(tmp_path, ours('projct = "x"'))

        with pytest.raises(InvalidValueError) as caught:
            read(tmp_path, {})
        assert (
            f"'{tmp_path / 'pyproject.toml'}' has an unknown key 'tool.vcs-track.projct'"
            == caught.value.message
        )
        assert "did you mean 'project'?" == caught.value.hint

    def test_unknown_key_with_nothing_near(self, tmp_path: Path) -> None:
        """Without a near key the hint lists them all."""
        project(tmp_path, ours("zzz = 1"))

        with pytest.raises(InvalidValueError) as caught:
            read(tmp_path, {})
        assert "capture_code, capture_git, code_largest" in caught.value.hint

    @pytest.mark.parametrize("key", ["name", "run_id", "run-id"])
    def test_keys_of_one_run_do_not_belong_in_a_file(self, tmp_path: Path, key: str) -> None:
        """What names a single run is refused in the file of all."""
        project(tmp_path, ours(f'{key} = "x"'))

        with pytest.raises(InvalidValueError) as caught:
            read(tmp_path, {})
        assert f"VCS_TRACK_{key.replace('-', '_').upper()}" in caught.value.hint

    @pytest.mark.parametrize(
        "line",
        ['silent = "perhaps"', "tags = [1]", "tags = 3", "project = 5", "sync-interval = true",
         "sync-interval = inf", 'mode = "on"', "env = {}", "dir = false"],
    )  # fmt: skip
    def test_bad_value_names_file_and_key(self, tmp_path: Path, line: str) -> None:
        """A value of the wrong type or range is told with file and key."""
        project(tmp_path, ours(line))

        with pytest.raises(InvalidValueError, match="expected") as caught:
            read(tmp_path, {})
        assert f"'tool.vcs-track.{line.split(' ')[0]}' in '{tmp_path}" in str(caught.value)

    def test_not_toml_and_not_a_table(self, tmp_path: Path) -> None:
        """A broken file that speaks of us is an error, not a silence."""
        project(tmp_path / "a", "[tool.vcs-track\n")
        project(tmp_path / "b", '[tool]\nvcs-track = "x"\n')
        (tmp_path / "c").mkdir()
        (tmp_path / "c/pyproject.toml").write_bytes(b"[tool.vcs-track]\nnotes = '\xff'\n")

        for name, words in (("a", "not valid TOML"), ("b", "not a table"), ("c", "not valid")):
            with pytest.raises(InvalidValueError, match=words):
                read(tmp_path / name, {})

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
    def test_unreadable_file(self, tmp_path: Path) -> None:
        """A file that may not be read is an error of ours, with the path."""
        file = project(tmp_path, ours("")) / "pyproject.toml"
        file.chmod(0)

        with pytest.raises(StorageError, match="cannot be read"):
            read(tmp_path, {})

    def test_folder_called_pyproject_is_no_file(self, tmp_path: Path) -> None:
        """A folder of that name is passed over."""
        (tmp_path / "pyproject.toml").mkdir()

        assert Settings() == read(tmp_path, {})


class TestRecordedVariables:
    def test_allow_list(self, tmp_path: Path) -> None:
        """Known variables are recorded, strangers are not."""
        given = {"CUDA_VISIBLE_DEVICES": "0,1", "SLURM_JOB_ID": "7", "HOME": "/home/me"}

        assert {"CUDA_VISIBLE_DEVICES": "0,1", "SLURM_JOB_ID": "7"} == read(
            tmp_path, given
        ).variables

    def test_names_added_in_the_file(self, tmp_path: Path) -> None:
        """Patterns in the file add variables; case counts."""
        project(tmp_path, ours('env = ["MY_*", "ONE"]'))
        given = {"MY_A": "1", "my_b": "2", "ONE": "3", "ONE_MORE": "4"}

        assert {"MY_A": "1", "ONE": "3"} == read(tmp_path, given).variables

    @pytest.mark.parametrize(
        "name",
        ["MY_API_KEY", "MY_TOKEN", "my_token", "MY_SECRET_ID", "MY_PASSWORD", "MY_CREDENTIALS"],
    )
    def test_secrets_never(self, tmp_path: Path, name: str) -> None:
        """A name that sounds like a secret is not recorded, whatever was asked for."""
        project(tmp_path, ours(f'env = ["*", "{name}"]'))

        assert {"FINE": "1"} == read(tmp_path, {name: "s", "FINE": "1"}).variables

    def test_values_are_text_without_users_of_urls(self, tmp_path: Path) -> None:
        """Users in URLs are masked, and bytes that are no UTF-8 become U+FFFD."""
        given = {"VCS_TRACK_ENV": "DB,RAW", "DB": "pg://me:s@h/x", "RAW": "a\udcff"}

        assert {"DB": "pg://***@h/x", "RAW": "a\ufffd"} == read(tmp_path, given).variables


class TestTerminal:
    @pytest.mark.parametrize(
        ("given", "none", "forced"),
        [
            ({}, False, False),
            ({"NO_COLOR": "1"}, True, False),
            ({"NO_COLOR": ""}, False, False),
            ({"FORCE_COLOR": "1"}, False, True),
            ({"FORCE_COLOR": "0"}, False, False),
            ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
            ({"TERM": "dumb"}, True, False),
            ({"TERM": "dumb", "FORCE_COLOR": "3"}, False, True),
        ],
    )
    def test_colour(self, given: dict[str, str], none: bool, forced: bool) -> None:
        """NO_COLOR wins over FORCE_COLOR, which wins over a dumb terminal."""
        assert (none, forced) == (no_color(given), force_color(given))

    @pytest.mark.parametrize(
        ("written", "width"), [("80", 80), (" 9 ", 9), ("0", None), ("-5", None), ("", None),
                               ("1e3", None), ("\u0663", None), ("9" * 50, None)],
    )  # fmt: skip
    def test_columns(self, written: str, width: int | None) -> None:
        """Only a sensible number is a width."""
        assert width == columns({"COLUMNS": written})


class TestRank:
    @pytest.mark.parametrize(
        ("given", "rank"),
        [
            ({"RANK": "3", "WORLD_SIZE": "4"}, 3),
            ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"}, 1),
            ({"PMI_RANK": "1", "PMI_SIZE": "2"}, 1),
            ({"SLURM_PROCID": "0", "SLURM_NTASKS": "8"}, 0),
            ({"VCS_TRACK_RANK": "7", "RANK": "3", "WORLD_SIZE": "4"}, 7),
            ({"RANK": "0", "WORLD_SIZE": "1"}, None),
            ({"RANK": "admiral", "WORLD_SIZE": "4"}, None),
            ({"RANK": "3", "WORLD_SIZE": "many"}, None),
            ({"SLURM_PROCID": "0"}, None),
        ],
    )
    def test_the_launcher_says_it(
        self, tmp_path: Path, given: dict[str, str], rank: int | None
    ) -> None:
        """A launcher of several processes gives each its rank; others' variables do not."""
        assert rank == read(tmp_path, given).rank

    def test_our_own_must_be_a_number(self, tmp_path: Path) -> None:
        """A rank that somebody set for us is not guessed."""
        with pytest.raises(InvalidValueError, match="whole number"):
            read(tmp_path, {"VCS_TRACK_RANK": "first"})


class TestServeToken:
    def test_variable_has_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The token of a server is in one variable, and an empty one is none."""
        found = []
        for value in ("", "s3cret"):
            monkeypatch.setenv("VCS_TRACK_SERVE_TOKEN", value)
            found.append(serve_token())

        assert [None, "s3cret"] == found
