"""Gradients and parameters of a model, logged while it is trained."""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.errors import BadTypeError, BadValueError, Error

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Watches"]

_KINDS: Final = {
    "gradients": (True, False), "parameters": (False, True), "all": (True, True),
    None: (False, False),
}  # fmt: skip
_BINS: Final = 64


class Watches:
    """The models that a run looks at.

    Args:
        log: Logs values without completing the row.
    """

    def __init__(self, log: Callable[[dict[str, Any]], None]) -> None:
        self._log = log
        self._models: list[weakref.ref[Any]] = []
        self._hooks: dict[int, list[Any]] = {}

    def watch(self, models: Any, log: Any, every: int, idx: int | None) -> None:
        """Look at *models*; see :meth:`Run.watch`."""
        if log not in _KINDS:
            raise BadValueError(
                f"log must be one of 'gradients', 'parameters', 'all', not {log!r:.40}"
            )
        gradients, parameters = _KINDS[log]
        found = tuple(models) if isinstance(models, list | tuple) else (models,)
        torch = _torch()
        for model in found:
            if not isinstance(model, torch.nn.Module):
                raise BadTypeError(
                    f"Expected a pytorch model (torch.nn.Module). Received {type(model)}"
                )
        for model in found:
            self._begin(model, idx, every, gradients=gradients, parameters=parameters)

    def _begin(
        self, model: Any, idx: int | None, every: int, *, gradients: bool, parameters: bool
    ) -> None:
        if id(model) in self._hooks:
            raise BadValueError(
                "You can only call `wandb.watch` once per model.",
                hint="call wandb.unwatch() first",
            )
        number = len(self._models) if idx is None else idx
        prefix = f"graph_{number}" if number else ""
        hooks = self._hooks[id(model)] = []
        self._models.append(weakref.ref(model))
        if parameters:
            hooks.append(model.register_forward_hook(self._parameters(prefix, every)))
        if gradients:
            for name, parameter in model.named_parameters():
                if parameter.requires_grad:
                    hook = self._gradient(f"gradients/{prefix}{name}", every)
                    hooks.append(parameter.register_hook(hook))

    def unwatch(self, models: Any = None) -> None:
        """Look no longer at *models*, or at none at all."""
        if models is None:
            wanted = list(self._hooks)
        else:
            given = models if isinstance(models, list | tuple) else (models,)
            wanted = [id(model) for model in given]
        for key in wanted:
            for hook in self._hooks.pop(key, ()):
                hook.remove()
        self._models = [ref for ref in self._models if id(ref()) in self._hooks]

    def _parameters(self, prefix: str, every: int) -> Callable[..., None]:
        count = 0

        def hook(module: Any, inputs: Any, output: Any) -> None:
            nonlocal count
            del inputs, output
            count += 1
            if count >= every:
                count = 0
                for name, parameter in module.named_parameters():
                    self._keep(f"parameters/{prefix}{name}", parameter)

        return hook

    def _gradient(self, name: str, every: int) -> Callable[[Any], None]:
        count = 0

        def hook(gradient: Any) -> None:
            nonlocal count
            count += 1
            if count >= every:
                count = 0
                self._keep(name, gradient)

        return hook

    def _keep(self, name: str, tensor: Any) -> None:
        record = _histogram(tensor)
        if record is not None:
            self._log({name: record})


def _torch() -> Any:
    torch = sys.modules.get("torch")
    if torch is None:
        raise Error("wandb.watch only works with pytorch, which this program does not use")
    return torch


def _histogram(tensor: Any) -> dict[str, Any] | None:
    """Return the histogram of the finite numbers of *tensor*, or None without any."""
    torch = _torch()
    flat = tensor.detach().reshape(-1)
    if flat.is_sparse or not flat.numel():
        return None
    flat = flat.to(torch.float32)
    flat = flat[torch.isfinite(flat)]
    if not flat.numel():
        return None
    low, high = float(flat.min()), float(flat.max())
    if low == high:
        return {"_type": "histogram", "values": [flat.numel()], "bins": [low, high]}
    counts = torch.histc(flat, bins=_BINS, min=low, max=high).tolist()
    width = (high - low) / _BINS
    edges = [low + n * width for n in range(_BINS)] + [high]
    return {"_type": "histogram", "values": [int(n) for n in counts], "bins": edges}
