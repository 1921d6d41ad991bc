"""Classes of frameworks, found when needed; and the run that is logged to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from types import new_class
from typing import TYPE_CHECKING, Any, Self, TypeVar

from vcs_track.compat.wandb.errors import Error, MissingFrameworkError
from vcs_track.compat.wandb.state import current

if TYPE_CHECKING:
    from vcs_track.compat.wandb.run import Run

__all__ = ["Borrower", "needed", "running"]

_Kind = TypeVar("_Kind", bound="Borrower")


def running(what: str) -> Run:
    """Return the run that is logged to.

    Args:
        what: Who asks, for the message.

    Raises:
        Error: If there is none.
    """
    run = current()
    if run is None:
        raise Error(f"You must call wandb.init() before {what}()", hint="start a run first")
    return run


def needed(name: str, package: str = "") -> Any:
    """Return a module of a framework.

    Args:
        name: Its name.
        package: What to install for it. Default: its first part.

    Raises:
        MissingFrameworkError: If it is not installed.

    Example:
        >>> from vcs_track.compat.wandb.integration.framework import needed
        >>> needed("no_such_framework.callbacks")
        Traceback (most recent call last):
        ...
        vcs_track.compat.wandb.errors.MissingFrameworkError: no_such_framework is not installed
    """
    root = name.partition(".")[0]
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != root:
            raise
        raise MissingFrameworkError(
            f"{root} is not installed", hint=f"pip install {package or root}"
        ) from None


class Borrower(ABC):
    """A callback whose base is a class of a framework.

    The base is found when the first object is made, so that a script may import or subclass
    the callback without the framework. An object is one of both classes.
    """

    @staticmethod
    @abstractmethod
    def _base() -> type:
        """Return the class of the framework."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make an object of the class together with its base."""
        del args, kwargs
        return object.__new__(_whole(cls))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def __reduce__(self) -> Any:
        # The class of an object has no module that it could be found in.
        return _blank, (getattr(type(self), "_plain", type(self)),), self.__dict__


def _whole(cls: type[_Kind]) -> type[_Kind]:
    """Return *cls* together with its base."""
    base = cls._base()
    if issubclass(cls, base):
        return cls
    found = cls.__dict__.get("_whole")
    if found is None:
        names = {
            "__module__": cls.__module__, "__qualname__": cls.__qualname__,
            "__doc__": cls.__doc__, "_plain": cls,
        }  # fmt: skip
        found = new_class(cls.__name__, (cls, base), exec_body=lambda body: body.update(names))
        cls._whole = found  # type: ignore[attr-defined]  # beside the class, and as long
    whole: type[_Kind] = found
    return whole


def _blank(cls: type[Borrower]) -> Borrower:
    return cls.__new__(cls)
