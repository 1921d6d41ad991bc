"""A sweep that is read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from vcs_track.compat.wandb.errors import RunNotFoundError, UnsupportedError
from vcs_track.compat.wandb.sweeps.book import Book
from vcs_track.compat.wandb.sweeps.plan import goal_of, metric_of
from vcs_track.compat.wandb.sweeps.space import count
from vcs_track.compat.wandb.term import termlog, termwarn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vcs_track.compat.wandb.public.stored import Run
    from vcs_track.porcelain.repository import Repository

    Find = Callable[
        [Repository, str | None, str | None, dict[str, Any], str | None], Sequence[Run]
    ]

__all__ = ["Sweep", "order_key"]

_COLUMNS: Final = ("createdAt", "created_at", "updatedAt", "name", "sweep")
_PREFIXES: Final = ("config", "summary_metrics", "tags")


def order_key(order: str) -> str:
    """Return an order as runs take it.

    A name alone is one of the summary, and the largest value comes first.

    Example:
        >>> from vcs_track.compat.wandb.public.sweep import order_key
        >>> order_key("loss"), order_key("+val.loss"), order_key("-config.lr")
        ('-summary_metrics.loss', '+summary_metrics.val.loss', '-config.lr')
    """
    sign, name = (order[0], order[1:]) if order[:1] in ("+", "-") else ("-", order)
    first, dot, _ = name.partition(".")
    known = first in _PREFIXES if dot else name in _COLUMNS
    return f"{sign}{name}" if known else f"{sign}summary_metrics.{name}"


class Sweep:
    """A sweep: what it is made of, and its runs.

    Args:
        repo: The repository.
        entity: Its entity.
        project: Its project. Default: what it was told, or that of its runs.
        sweep_id: Its id.
        find: Finds runs, as ``Runs`` does.

    Attributes:
        id: Its id.
        entity: Its entity, a free label.
        url: None: there is no page.

    Raises:
        RunNotFoundError: If there is neither such a sweep nor a run of one.

    Example:
        >>> import os, tempfile, vcs_track
        >>> from vcs_track.compat import wandb
        >>> os.chdir(tempfile.mkdtemp())
        >>> _ = vcs_track.init(".")
        >>> grid = {"method": "grid", "parameters": {"lr": {"values": [0.1, 0.2]}}}
        >>> sweep = wandb.Api().sweep(wandb.sweep(grid, project="demo"))
        >>> sweep.state, sweep.expected_run_count, sweep.config["method"]
        ('PENDING', 2, 'grid')
    """

    url = None

    def __init__(
        self, repo: Repository, entity: str | None, project: str | None, sweep_id: str, find: Find
    ) -> None:
        self.id = sweep_id
        self.entity = entity or ""
        self._repo = repo
        self._book = Book(repo.store)
        self._wanted = project
        self._find = find
        self._runs: Sequence[Run] | None = None
        entry = self._book.find(sweep_id)
        said = None if entry is None else entry.config.get("project")
        strange = bool(project and said and project != said)
        if strange or (entry is None and not self.runs):
            raise RunNotFoundError(
                f"Could not find sweep '{sweep_id:.80}'", hint="wandb.sweep() makes one"
            )

    def __repr__(self) -> str:
        return f"<Sweep {'/'.join(self.path)} ({self.state})>"

    @property
    def config(self) -> dict[str, Any]:
        """What it was told; empty where another repository knows it."""
        entry = self._book.find(self.id)
        found = {} if entry is None else entry.config
        return {key: value for key, value in found.items() if value is not None}

    @property
    def project(self) -> str:
        """The project that was asked for, else its own or its runs'."""
        named = self._wanted or self.config.get("project")
        return str(named or next((run.project for run in self.runs), ""))

    @property
    def name(self) -> str:
        """Its name, or its id."""
        return str(self.config.get("name") or self.id)

    @property
    def path(self) -> list[str]:
        """Entity, project and id; an empty part is left out."""
        return [part for part in (self.entity, self.project, self.id) if part]

    @property
    def username(self) -> str:
        """The entity, by an older name."""
        termwarn("Sweep.username is deprecated. please use Sweep.entity instead.", repeat=False)
        return self.entity

    # ---- runs --------------------------------------------------------------------------

    @property
    def runs(self) -> Sequence[Run]:
        """Its runs, the first one first."""
        if self._runs is None:
            self._runs = self._ordered("+created_at")
        return self._runs

    def _ordered(self, order: str) -> Sequence[Run]:
        return self._find(self._repo, None, self._wanted, {"sweep": self.id}, order)

    @property
    def order(self) -> str | None:
        """The order that has the best run first; None without a metric."""
        name = metric_of(self.config)
        sign = "+" if goal_of(self.config) == "minimize" else "-"
        return None if name is None else order_key(sign + name)

    def best_run(self, order: str | None = None) -> Run | None:
        """Return the best run, or None where there is no run.

        Args:
            order: A key with ``+`` or ``-`` before it. Default: the metric of the sweep; without
                one the newest run is returned.
        """
        wanted = self.order if order is None else order_key(order)
        if wanted is None:
            termwarn("No order specified and couldn't find metric in sweep config, returning "
                     "most recent run")  # fmt: skip
        else:
            termlog(f"Sorting runs by {wanted}")
        found = self._ordered(wanted or "-created_at")
        return found[0] if found else None

    # ---- how far it is -----------------------------------------------------------------

    @property
    def taken(self) -> int:
        """How many choices agents have taken."""
        entry = self._book.find(self.id)
        return len(self.runs) if entry is None else entry.taken

    @property
    def expected_run_count(self) -> int | None:
        """How many runs it will have; None for no end of them."""
        config = self.config
        whole = count(config) if config else None
        ends = [end for end in (whole, config.get("run_cap")) if end is not None]
        return min(ends, default=None)

    @property
    def state(self) -> str:
        """``PENDING``, ``RUNNING`` or ``FINISHED``."""
        entry = self._book.find(self.id)
        expected = self.expected_run_count
        # The index knows which runs go on: only these are asked whose they are.
        live = {"state": "running", "sweep": self.id}
        if self._find(self._repo, None, self._wanted, live, None):
            return "RUNNING"
        if entry is None or entry.ended or (expected is not None and entry.taken >= expected):
            return "FINISHED"
        return "RUNNING" if entry.taken else "PENDING"

    def load(self, force: bool = False) -> dict[str, Any]:
        """Look for its runs again; return what it was told.

        Args:
            force: Without effect.
        """
        del force
        self._runs = None
        return self.config

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """Return an empty text: there is no page."""
        del height, hidden
        return ""

    def agents(self, *args: object) -> NoReturn:
        """Refuse: agents are processes of which nothing is kept.

        Raises:
            UnsupportedError: Always.
        """
        del args
        raise UnsupportedError("agents of a sweep are not kept", hint="its runs are: sweep.runs")

    agent = agents
    enqueue_run = agents
