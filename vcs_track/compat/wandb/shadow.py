"""Being imported as ``wandb``, for libraries that import it by its name.

Nothing happens before :func:`install` is called. Then ``import wandb``, and the import of any
part of it, gives this interface; and who asks which version of wandb is installed is told one.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb import mirror
from vcs_track.compat.wandb.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from os import PathLike
    from pathlib import Path
    from types import ModuleType

__all__ = ["install", "is_installed", "uninstall"]

_NAME: Final = "wandb"
_HOME: Final = __package__ or ""


def install() -> ModuleType:
    """Let ``import wandb`` give this interface from now on, in this process.

    Returns:
        The module. A second call changes nothing.

    Raises:
        UsageError: If the original is imported already.

    Example:
        >>> from vcs_track.compat.wandb.shadow import install, uninstall
        >>> _ = install()
        >>> import wandb
        >>> wandb.__version__
        '0.31.0+vcs_track'
        >>> uninstall()
    """
    ours = mirror.module("")
    there = sys.modules.get(_NAME)
    if there is not None and there is not ours:
        raise UsageError(
            "wandb itself is imported already",
            hint="call install() before anything imports wandb, or use 'vcs-track exec'",
        )
    if not is_installed():
        sys.meta_path.insert(0, _FINDER)
    sys.modules[_NAME] = ours
    return ours


def is_installed() -> bool:
    """Return whether ``import wandb`` gives this interface."""
    return _FINDER in sys.meta_path


def uninstall() -> None:
    """Take back what :func:`install` did."""
    if is_installed():
        sys.meta_path.remove(_FINDER)
        for name in list(sys.modules):
            if name == _NAME or name.startswith(f"{_NAME}."):
                del sys.modules[name]


class _Alias(Loader):
    """Gives a module that there is already."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._spec: Any = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module that *spec* stands for."""
        del spec
        found = mirror.module(self._name)
        self._spec = found.__spec__
        return found

    def exec_module(self, module: ModuleType) -> None:
        """Give *module* its own spec back, which the import has replaced."""
        if self._spec is not None:
            module.__spec__ = self._spec


class _Finder(DistributionFinder):
    """Finds ``wandb`` and what is in it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what stands for a module of wandb's, or None."""
        del path, target
        for prefix in (_NAME, _HOME):
            if fullname == prefix or fullname.startswith(f"{prefix}."):
                name = fullname[len(prefix) + 1 :]
                break
        else:
            return None
        # Our own modules are found as any other; only wandb's names for them are not.
        if prefix == _HOME and name not in mirror.SAME and name not in mirror.MADE:
            return None
        if name and not mirror.has(name):
            return None
        return ModuleSpec(fullname, _Alias(name))

    def find_distributions(
        self, context: DistributionFinder.Context | None = None
    ) -> Iterable[Distribution]:
        """Return what is told of the installed package, where *context* asks for it."""
        wanted = None if context is None else context.name
        return [_Told()] if wanted in (None, _NAME) else []


class _Told(Distribution):
    """What is told of the package ``wandb``."""

    def read_text(self, filename: str | PathLike[str]) -> str | None:
        """Return the metadata; there are no other files."""
        if str(filename) != "METADATA":
            return None
        version = mirror.module("").__dict__["__version__"]
        return f"Metadata-Version: 2.1\nName: {_NAME}\nVersion: {version}\n"

    def locate_file(self, path: str | PathLike[str]) -> Path:
        """Return where a file of the package would be."""
        from pathlib import Path

        return Path(path)


_FINDER: Final = _Finder()
