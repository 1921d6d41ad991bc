"""What needs wandb's server: fixed answers, or an error that says what to use instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn

from vcs_track.compat.wandb.errors import UnsupportedError
from vcs_track.compat.wandb.settings_files import surroundings
from vcs_track.compat.wandb.term import termwarn

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "REFUSED", "Account", "Setup", "ensure_configured", "login", "refuser", "require", "setup",
    "teardown",
]  # fmt: skip

_FEATURES: Final = ("service", "core", "nexus", "legacy-service", "report-editing", "artifacts")
# Names of the module that only a server has, and what to do without one.
REFUSED: Final = {
    "controller": "wandb.agent() runs a sweep here by itself",
    "docker": "run the image by its own name; the machine is recorded with the run",
    "jupyter": "cells are recorded with the run by themselves",
    "launch": "start the script; 'vcs-track rerun' repeats a run",
    "sacred": "call wandb.log() from an observer of your own",
    "sagemaker_auth": "nobody has to log in",
}  # fmt: skip


def login(
    anonymous: Any = None, key: Any = None, relogin: Any = None, host: Any = None,
    force: Any = None, timeout: Any = None, verify: Any = False, referrer: Any = None,
    **more: Any,
) -> Literal[True]:  # fmt: skip
    """Return True: nobody has to log in; arguments are not looked at."""
    del anonymous, key, relogin, host, force, timeout, verify, referrer, more
    return True


class Setup:
    """What is there once for a process: its settings.

    Attributes:
        settings: What variables and files say.
    """

    def __init__(self, settings: Any = None) -> None:
        self.settings = surroundings()
        self.settings.update(settings)


def setup(settings: Any = None) -> Setup:
    """Return the settings of the process: there is nothing to set up."""
    return Setup(settings)


def teardown(exit_code: int | None = None) -> None:
    """End the open runs.

    Args:
        exit_code: As for :meth:`Run.finish`.
    """
    from vcs_track.compat.wandb.state import active

    for run in active():
        run.finish(exit_code)


def ensure_configured() -> None:
    """Do nothing: there is nothing to configure."""


def require(requirement: Any = None, experiment: Any = None) -> None:
    """Take note that a feature of wandb is wanted.

    Args:
        requirement: Its name, or several.
        experiment: The older word for it.

    Raises:
        UnsupportedError: If there was never such a feature.
    """
    wanted = requirement or experiment
    for name in [wanted] if isinstance(wanted, str) else list(wanted or ()):
        if str(name).partition("@")[0] not in _FEATURES:
            raise UnsupportedError(
                f"require({name!r}) names no feature", hint=f"there are {', '.join(_FEATURES)}"
            )
        termwarn(f"wandb.require({name!r}) has no effect", repeat=False)


def refuser(name: str) -> Callable[..., NoReturn]:
    """Return what stands for the function *name*, which needs a server."""

    def refused(*args: object, **kwargs: object) -> NoReturn:
        del args, kwargs
        raise UnsupportedError(f"wandb.{name} needs wandb's server", hint=REFUSED[name])

    refused.__name__ = refused.__qualname__ = name
    refused.__doc__ = f"Raise: {REFUSED[name]}."
    return refused


class Account:
    """Stands for ``wandb.api``: there is no account.

    Attributes:
        api_key: None.
        default_entity: An empty text.
    """

    api_key: Final = None
    default_entity: Final = ""

    @property
    def is_authenticated(self) -> bool:
        """True: nothing is asked for."""
        return True

    def settings(self, key: str | None = None, section: str | None = None) -> Any:
        """Return the settings of the process, or one of them."""
        del section
        found = surroundings()
        return found.to_dict() if key is None else found.get(key)

    def set_setting(
        self, key: str, value: Any, globally: bool = False, persist: bool = False
    ) -> None:
        """Do nothing: variables and arguments say how a run is started."""
        del key, value, globally, persist
