"""The files with settings that the commands of wandb write.

``wandb/settings`` belongs to a project, ``~/.config/wandb/settings`` to a user. Both are texts
with a section ``[default]``; the first is heard before the second, and variables before both.
That of a project is looked for in the current folder, and where the folders of runs are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from vcs_track import environ
from vcs_track.compat.wandb.folder import home_of
from vcs_track.compat.wandb.settings import Settings
from vcs_track.compat.wandb.term import termwarn
from vcs_track.errors import VcsTrackError
from vcs_track.plumbing import fsio

__all__ = ["surroundings"]

_NAME: Final = "settings"
_SECTION: Final = "default"
_VARIABLE: Final = "WANDB_CONFIG_DIR"
_LARGEST: Final = 1 << 20
# A key is a secret, and the others say where the files are.
_LEFT_OUT: Final = ("api_key", "root_dir", "settings_system", "settings_workspace")


def surroundings(root: str | Path | None = None) -> Settings:
    r"""Return what variables and files say.

    A file that cannot be read, and a value that cannot be used, is said and left out.

    Args:
        root: The folder in which the folder ``wandb`` of the runs is. Default: what
            ``WANDB_DIR`` names, else the current one.

    Raises:
        UsageError: If a variable cannot be used.

    Example:
        >>> import os, tempfile
        >>> from pathlib import Path
        >>> from vcs_track.compat.wandb.settings_files import surroundings
        >>> home = Path(tempfile.mkdtemp())
        >>> (home / "wandb").mkdir()
        >>> _ = (home / "wandb/settings").write_text("[default]\nproject = penguins\n")
        >>> surroundings(home).project
        'penguins'
    """
    said = Settings.of_environment()
    homes = (home_of(None), home_of(str(root) if root else said.root_dir))
    found = Settings()
    for path in dict.fromkeys((_of_user(), *(home / _NAME for home in homes))):
        if path is not None:
            _take(found, path)
    found.update(said)
    return found


def _of_user() -> Path | None:
    told = environ.prefixed(_VARIABLE).get(_VARIABLE)
    try:
        return (Path(told) if told else Path("~/.config/wandb")).expanduser() / _NAME
    except RuntimeError:
        return None  # a process of nobody's


def _take(found: Settings, path: Path) -> None:
    for key, value in _read(path).items():
        name = key.strip().lower()
        if name in _LEFT_OUT:
            continue
        if name not in found:
            termwarn(f"'{name:.40}' in '{path}' is no setting, and is left out", repeat=False)
            continue
        try:
            setattr(found, name, value)
        except VcsTrackError as error:
            termwarn(f"'{name}' in '{path}' is left out: {error.message}", repeat=False)


def _read(path: Path) -> dict[str, str]:
    try:
        if not path.is_file():
            return {}
        text = fsio.read_start(path, _LARGEST).decode()
    except (OSError, ValueError) as error:
        termwarn(f"'{path}' cannot be read: {error}", repeat=False)
        return {}
    from configparser import ConfigParser, Error

    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except Error as error:
        why = str(error).partition("\n")[0]
        termwarn(f"'{path}' is no file of settings: {why}", repeat=False)
        return {}
    return dict(parser.items(_SECTION)) if parser.has_section(_SECTION) else {}
