"""Sweeps: a function is called with one choice of parameters after the other.

The sweep and how many choices were taken stand in a file of the repository, so that several
agents share one sweep.
"""

from __future__ import annotations

import itertools
import random
import tempfile
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vcs_track import api, environ
from vcs_track.compat.wandb.errors import BadValueError, RunNotFoundError, UnsupportedError
from vcs_track.compat.wandb.names import generate_id
from vcs_track.compat.wandb.state import active
from vcs_track.compat.wandb.term import termerror, termlog
from vcs_track.errors import RepositoryNotFoundError
from vcs_track.formats import canonical
from vcs_track.plumbing import fsio
from vcs_track.plumbing.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["agent", "choices", "sweep"]

_FIRST: Final = 5  # failures at the beginning, or three within a minute, end an agent
_MANY: Final = 3
_MINUTE: Final = 60.0


def sweep(sweep: Any, entity: str | None = None, project: str | None = None) -> str:
    """Keep what a sweep is made of; return its id.

    Args:
        sweep: A dictionary with ``method`` (``grid`` or ``random``) and ``parameters``, or a
            function that returns one.
        entity: Without effect.
        project: Project of its runs. Default: that of the sweep, or of each run.

    Raises:
        BadValueError: If it has no parameters, or one cannot be chosen.
        UnsupportedError: If its method is another one.
    """
    del entity
    config = sweep() if callable(sweep) else sweep
    if not isinstance(config, Mapping):
        raise BadValueError(f"a sweep is a dictionary, not {config!r:.40}")
    next(choices(config, ""), None)
    sweep_id = generate_id()
    plain = {**config, "project": project or config.get("project")}
    ledger = _ledger()
    with ledger.held():
        ledger.append([{"sweep": sweep_id, "config": _plain(plain)}])
    termlog(f"Created sweep with ID: {sweep_id}")
    return sweep_id


def agent(
    sweep_id: str, function: Callable[[], Any] | None = None, entity: str | None = None,
    project: str | None = None, count: int | None = None, **more: Any,
) -> None:  # fmt: skip
    """Call a function for one choice of the parameters after the other.

    Args:
        sweep_id: Id of the sweep, maybe behind ``entity/project/``.
        function: Calls ``wandb.init()``, whose configuration has the choice.
        entity: Without effect.
        project: Project of the runs. Default: that of the sweep.
        count: How many choices at most. Default: all of a grid, and no end of random ones.
        **more: Without effect.

    Raises:
        RunNotFoundError: If there is no such sweep.
        UnsupportedError: If there is no function.
    """
    del entity, more
    if function is None:
        raise UnsupportedError(
            "a sweep here calls a function", hint="wandb.agent(sweep_id, function=train)"
        )
    name = str(sweep_id).rpartition("/")[2]
    config = _config(name)
    home = project or config.get("project")
    failed: list[float] = []
    done = 0
    while count is None or done < count:
        chosen = _next(name, config)
        if chosen is None:
            break
        done += 1
        if _call(function, name, chosen, home):
            continue
        failed.append(time.monotonic())
        recent = [at for at in failed if failed[-1] - at < _MINUTE]
        if len(recent) >= _MANY or (len(failed) == done and done >= _FIRST):
            termerror(f"sweep {name} ends: {len(failed)} of {done} runs failed")
            break


def choices(config: Mapping[str, Any], seed: str) -> Iterator[dict[str, Any]]:
    """Yield one choice of parameters after the other.

    Args:
        config: The sweep.
        seed: What the random choices depend on.

    Raises:
        BadValueError: If it has no parameters, or one cannot be chosen.
        UnsupportedError: If its method is another one.

    Example:
        >>> from vcs_track.compat.wandb.sweeping import choices
        >>> grid = {"method": "grid", "parameters": {"lr": {"values": [1, 2]}, "n": {"value": 3}}}
        >>> list(choices(grid, ""))
        [{'lr': 1, 'n': 3}, {'lr': 2, 'n': 3}]
    """
    parameters = config.get("parameters")
    if not isinstance(parameters, Mapping) or not parameters:
        raise BadValueError("a sweep has 'parameters'", hint="{'lr': {'values': [0.1, 0.01]}}")
    method = config.get("method", "grid")
    if method == "grid":
        lists = [_all(name, one) for name, one in parameters.items()]
        for row in itertools.product(*lists):
            yield dict(zip(parameters, row, strict=True))
    elif method == "random":
        for n in itertools.count():
            source = random.Random(f"{seed}:{n}")  # noqa: S311 -- no secret
            yield {name: _any(name, one, source) for name, one in parameters.items()}
    else:
        raise UnsupportedError(f"there is no sweep {method!r:.40} here", hint="grid or random")


def _all(name: str, one: Any) -> list[Any]:
    if isinstance(one, Mapping):
        if "values" in one:
            return list(one["values"])
        if "value" in one:
            return [one["value"]]
        if isinstance(one.get("parameters"), Mapping):
            return list(choices({"parameters": one["parameters"]}, ""))
        least, most = one.get("min"), one.get("max")
        if isinstance(least, int) and isinstance(most, int):
            return list(range(least, most + 1))
    raise BadValueError(f"parameter '{name}' has no values for a grid", hint="give 'values'")


def _any(name: str, one: Any, source: random.Random) -> Any:
    if not isinstance(one, Mapping):
        raise BadValueError(f"parameter '{name}' has no values", hint="give 'values'")
    if "parameters" in one:
        return {key: _any(key, below, source) for key, below in one["parameters"].items()}
    if "distribution" not in one and "min" not in one:
        return source.choice(_all(name, one))
    return _drawn(name, one, source)


def _drawn(name: str, one: Mapping[str, Any], source: random.Random) -> Any:
    least, most = one.get("min"), one.get("max")
    whole = isinstance(least, int) and isinstance(most, int)
    kind = one.get("distribution", "int_uniform" if whole else "uniform")
    if kind in ("categorical", "constant"):
        return source.choice(_all(name, one))
    if kind == "normal":
        return source.gauss(one.get("mu", 0.0), one.get("sigma", 1.0))
    if not isinstance(least, int | float) or not isinstance(most, int | float) or most < least:
        raise BadValueError(f"parameter '{name}' has no 'min' and 'max'")
    if kind == "int_uniform":
        return source.randint(int(least), int(most))
    if kind == "log_uniform_values" and least > 0:
        return float(least * (most / least) ** source.random())
    if kind in ("uniform", "q_uniform"):
        value = source.uniform(least, most)
        step = one.get("q", 1) if kind == "q_uniform" else None
        return value if step is None else round(value / step) * step
    raise BadValueError(f"parameter '{name}' has the unknown distribution {kind!r:.40}")


# ---- what agents share -----------------------------------------------------------------


def _ledger() -> Ledger:
    try:
        repo = api.open()
    except RepositoryNotFoundError:
        repo = api.init()
    return Ledger(repo.store.layout.tables / "wandb" / "sweeps.jsonl")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.item() if hasattr(value, "item") else str(value)


def _config(name: str) -> dict[str, Any]:
    for line in _ledger().news():
        if line.get("sweep") == name and isinstance(line.get("config"), dict):
            return dict(line["config"])
    raise RunNotFoundError(f"there is no sweep '{name:.80}'", hint="wandb.sweep() makes one")


def _next(name: str, config: Mapping[str, Any]) -> dict[str, Any] | None:
    """Take the next choice, which no other agent gets."""
    ledger = _ledger()
    with ledger.held():
        taken = sum(line.get("taken") == name for line in ledger.news())
        chosen = next(itertools.islice(choices(config, name), taken, None), None)
        if chosen is not None:
            ledger.append([{"taken": name}])
    return chosen


def _call(
    function: Callable[[], Any], name: str, chosen: Mapping[str, Any], project: str | None
) -> bool:
    """Call *function* with a choice; return whether it ended well."""
    with tempfile.TemporaryDirectory(prefix="wandb-sweep-") as folder:
        path = Path(folder) / "parameters.yaml"
        said = {key: {"value": value} for key, value in chosen.items()}
        fsio.write_new(path, canonical.dumps(said), sync=False)
        variables = {
            "WANDB_SWEEP_ID": name, "WANDB_RUN_ID": generate_id(),
            "WANDB_SWEEP_PARAM_PATH": str(path),
        }  # fmt: skip
        if project:
            variables["WANDB_PROJECT"] = project
        before = environ.prefixed("WANDB_")
        for key, value in variables.items():
            environ.put(key, value)
        try:
            function()
        except Exception:  # noqa: BLE001 -- a run that fails is a part of a sweep
            termerror(traceback.format_exc())
            _finish(1)
            return False
        else:
            _finish(0)
            return True
        finally:
            for key in variables:
                environ.put(key, before.get(key))


def _finish(code: int) -> None:
    for run in active():
        run.finish(code)
