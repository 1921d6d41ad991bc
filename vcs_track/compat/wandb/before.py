"""What stands for a run before ``init`` and after ``finish``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from vcs_track.compat.wandb.errors import Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["BeforeConfig", "BeforeSummary", "raiser"]


def raiser(name: str) -> Callable[..., NoReturn]:
    """Return what stands for the function *name* of the module."""

    def before(*args: object, **kwargs: object) -> NoReturn:
        del args, kwargs
        raise Error(f"You must call wandb.init() before wandb.{name}()")

    before.__name__ = before.__qualname__ = name
    before.__doc__ = f"Raise: there is no run for ``{name}``."
    return before


class _Before:
    """Raises whatever is asked of it."""

    _name = ""

    def _refuse(self, what: str) -> NoReturn:
        raise Error(f"You must call wandb.init() before wandb.{self._name}{what}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked by Python itself, as of anything
            raise AttributeError(name)
        self._refuse(f".{name}")

    def __setattr__(self, name: str, value: object) -> None:
        del value
        self._refuse(f".{name}")

    def __getitem__(self, key: object) -> Any:
        self._refuse(f"[{key!r}]")

    def __setitem__(self, key: object, value: object) -> None:
        del value
        self._refuse(f"[{key!r}]")

    def __delitem__(self, key: object) -> None:
        self._refuse(f"[{key!r}]")

    def __contains__(self, key: object) -> bool:
        self._refuse(f"[{key!r}]")

    def __iter__(self) -> Iterator[str]:
        self._refuse(".__iter__")

    def __len__(self) -> int:
        self._refuse(".__len__")

    def keys(self) -> NoReturn:
        """Raise: there are none."""
        self._refuse(".keys()")

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<wandb.{self._name}: no run>"


class BeforeConfig(_Before):
    """Stands for ``wandb.config``."""

    _name = "config"


class BeforeSummary(_Before):
    """Stands for ``wandb.summary``."""

    _name = "summary"
