"""The errors of the wandb interface.

Where two eras of wandb raise two types for one fault, ours is both of them.
"""

from __future__ import annotations

from vcs_track.errors import VcsTrackError

__all__ = [
    "ArtifactFinalizedError",
    "ArtifactNotLoggedError",
    "ArtifactStatusError",
    "AuthenticationError",
    "BadTypeError",
    "BadValueError",
    "CommError",
    "ConfigError",
    "ConfigTypeError",
    "Error",
    "LogDataError",
    "MissingFrameworkError",
    "MissingKeyError",
    "MissingNameError",
    "RunNotFoundError",
    "UnsupportedError",
    "UsageError",
    "UsageValueError",
    "WaitTimeoutError",
]


class Error(VcsTrackError):
    """The root of wandb's errors.

    Example:
        >>> from vcs_track.compat import wandb
        >>> try:
        ...     wandb.log({"loss": 0.5})
        ... except wandb.Error as error:
        ...     print(error)
        You must call wandb.init() before wandb.log()
    """

    exit_code = 2


class CommError(Error):
    """What was asked of the store is not there."""


class AuthenticationError(CommError):
    """Never raised: nobody has to log in."""


class UsageError(Error):
    """A call that makes no sense here."""


class UnsupportedError(UsageError):
    """A call that needs wandb's server."""


class UsageValueError(UsageError, ValueError):
    """A value that cannot be used."""


class BadValueError(Error, ValueError):
    """A value that wandb reports as a ValueError."""


class BadTypeError(Error, TypeError, ValueError):
    """An argument of the wrong type: TypeError today, ValueError in 0.10."""


class LogDataError(Error, ValueError, TypeError):
    """What cannot be logged: ValueError in 0.10, TypeError today."""


class ConfigError(Error):
    """A setting that must not change, or a file that cannot be read."""


class ConfigTypeError(ConfigError, TypeError, ValueError):
    """What cannot be in a configuration."""


class MissingFrameworkError(Error, ImportError):
    """A framework that a call is for is not installed."""


class MissingNameError(Error, AttributeError):
    """An attribute that is not there."""


class MissingKeyError(Error, KeyError, AttributeError):
    """A value of the summary that is not there."""


class RunNotFoundError(CommError, UsageError, ValueError):
    """A run that the store has not got."""


class WaitTimeoutError(Error):
    """Something took longer than it might."""


class ArtifactStatusError(Error, AttributeError):
    """An artifact is not in the state that a call needs."""


class ArtifactNotLoggedError(ArtifactStatusError):
    """An artifact has no version yet."""


class ArtifactFinalizedError(ArtifactStatusError):
    """An artifact has a version, and can no longer change."""
