"""Runs as verdicts about commits, as a repository gives them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

from vcs_track.errors import ExpressionError, GitError, InvalidValueError, RunNotFoundError
from vcs_track.plumbing.fsio import storage_errors
from vcs_track.plumbing.layout import FOLDER, Layout
from vcs_track.plumbing.store import Store
from vcs_track.porcelain.diffing import DiffsRuns
from vcs_track.porcelain.interest import better_way
from vcs_track.porcelain.starting import StartsRuns

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from vcs_track.plumbing.git_log import Commit
    from vcs_track.porcelain.baseline import Baselines
    from vcs_track.porcelain.best_so_far import Blame
    from vcs_track.porcelain.bisecting import Bisected, Step
    from vcs_track.porcelain.condition import Condition
    from vcs_track.porcelain.gate import Check
    from vcs_track.porcelain.interest import Better
    from vcs_track.porcelain.report import BranchReport
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_set import RunSet
    from vcs_track.porcelain.run_view import RunView
    from vcs_track.porcelain.runs_at import RunsAt

__all__ = ["JudgesCommits", "Trial"]

_MAKE_ONE: Final = "make one, or name another one with --run"
_OTHER_CODE: Final = (
    "run '{}' was made there with changed or new files: commit or ignore them and run it again, "
    "or name it with --run"
)
_MERGE: Final = (
    "HEAD is a merge, and run '{}' has the code of what was merged: check that commit out, or "
    "name the run with --run"
)
_R = TypeVar("_R", bound="JudgesCommits")


@dataclass(frozen=True, slots=True)
class Trial(Generic[_R]):
    """A work tree of a commit, to make a run in.

    Attributes:
        folder: Its top.
        commit: The commit.
        repo: The repository, as it is seen from there: runs that it starts are of this code.
    """

    folder: Path
    commit: Commit
    repo: _R

    def start_run(self, command: Sequence[str], folder: Path, **kept: Any) -> Run:
        """Start a run whose code is that of the commit, whatever comes later.

        Args:
            command: Command line to record.
            folder: Where it runs.
            kept: What else ``Repository.start_run`` takes.
        """
        run: Run = self.repo.start_run(command=command, cwd=folder, **kept)
        run._provenance.wait()  # noqa: SLF001 -- only a repository asks
        return run


class JudgesCommits(DiffsRuns, StartsRuns):
    """The part of a repository that judges commits by their runs."""

    # ---- checking ----------------------------------------------------------------------

    @storage_errors("check a run")
    def check(
        self,
        *conditions: str,
        run: str | RunView | Run | None = None,
        base: str | None = None,
        where: str | None = None,
        no_base_ok: bool = False,
    ) -> Check:
        """Tell whether a run is good enough.

        A condition is a filter. ``base`` in it is the value of the same name of the base run,
        ``base.NAME`` another value of it; ``base - 0.5%`` is half a percent of it less.
        What is unknown does not hold: a missing value, NaN, a comparison of a text with a
        number.

        The base run is the best finished run, by the value that is compared, of the commit at
        which the branch of ``HEAD`` began, or else of the nearest one before it that has one.
        Each must have exactly the code of its commit.

        Args:
            conditions: The conditions.
            run: The run to check. Default: the newest finished run of exactly the code of
                ``HEAD``; outside git, the newest one.
            base: What the branch goes to. Default: ``origin/HEAD``, else ``main`` or
                ``master``.
            where: Only runs that match this filter are checked by default, or are a base.
            no_base_ok: Let a condition hold that needs a base where there is none.

        Raises:
            CommitNotFoundError: If git does not know *base*.
            ExpressionError: If a condition cannot be understood, or names what no run has.
            GitError: If git cannot be asked, or the histories have nothing in common.
            InvalidValueError: If there is no condition.
            RunNotFoundError: If there is no run to check, or no base run where one is needed.

        Example:
            >>> import subprocess, tempfile, vcs_track
            >>> folder = tempfile.mkdtemp()
            >>> def git(*args):
            ...     subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True)
            >>> git("init", "-b", "main"), git("commit", "--allow-empty", "-m", "start")
            (None, None)
            >>> repo = vcs_track.init(folder)
            >>> with repo.start_run("old") as run:
            ...     run.add_scalar("acc", 0.8)
            >>> (repo.root / "train.py").write_text("better")
            6
            >>> with repo.start_run("new") as run:
            ...     run.add_scalar("acc", 0.9)
            >>> git("switch", "-c", "wider"), git("add", "."), git("commit", "-m", "Widen")
            (None, None, None)
            >>> found = repo.check("acc >= base + 0.05", "acc > 0.95")
            >>> [(verdict.value, verdict.base_value, verdict.holds) for verdict in found.verdicts]
            [(0.9, 0.8, True), (0.9, None, False)]
            >>> found.run.name, found.bases[0].run.name, found.holds
            ('new', 'old', False)
        """
        from vcs_track.porcelain import gate

        if not conditions:
            raise InvalidValueError(
                "there is no condition", hint="give one, such as 'summary.loss <= base'"
            )
        asked, checked, bases = self._asked(conditions, run, base, where)
        return gate.check(checked, asked, bases, no_base_ok=no_base_ok)

    def _asked(
        self, conditions: Sequence[str], run: str | RunView | Run | None, base: str | None,
        where: str | None,
    ) -> tuple[list[Condition], RunView, Baselines]:  # fmt: skip
        """Return what is asked, about which run, and where its base is found."""
        from vcs_track.porcelain.baseline import Baselines
        from vcs_track.porcelain.condition import understand

        known = self.runs().known if conditions else ()
        asked = [understand(text, known) for text in conditions]
        runs = self._runs_at(where)
        checked = self._checked(runs, where) if run is None else self._view(run)
        return asked, checked, Baselines(self.root, runs, base, self._leave_out)

    @storage_errors("report on a run")
    def report(
        self,
        *conditions: str,
        run: str | RunView | Run | None = None,
        base: str | None = None,
        where: str | None = None,
        no_base_ok: bool = False,
    ) -> BranchReport:
        """Return what a branch changes: its run beside the base run.

        The base run is that of the first condition that has one; else it is the best finished
        run, by the number of the summary that tells most, of the commit at which the branch of
        ``HEAD`` began, or of the nearest one before it that has a run.

        Args:
            conditions: Conditions, as of :meth:`check`; a report needs none.
            run: The run of the branch. Default: the newest finished run of exactly the code of
                ``HEAD``.
            base: What the branch goes to. Default: ``origin/HEAD``, else ``main`` or
                ``master``.
            where: Only runs that match this filter are taken by default, or are a base.
            no_base_ok: Whether to report on the run alone where there is no base.

        Raises:
            CommitNotFoundError: If git does not know *base*.
            ExpressionError: If a condition cannot be understood, or names what no run has.
            GitError: If git cannot be asked, or the histories have nothing in common.
            RunNotFoundError: If there is no run, or no base run.

        Example:
            >>> import subprocess, tempfile, vcs_track
            >>> folder = tempfile.mkdtemp()
            >>> def git(*args):
            ...     subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True)
            >>> git("init", "-b", "main"), git("commit", "--allow-empty", "-m", "start")
            (None, None)
            >>> repo = vcs_track.init(folder)
            >>> with repo.start_run("old", hparams={"width": 1}) as run:
            ...     run.add_scalar("acc", 0.8)
            >>> (repo.root / "train.py").write_text("better")
            6
            >>> with repo.start_run("new", hparams={"width": 2}) as run:
            ...     run.add_scalar("acc", 0.9)
            >>> git("switch", "-c", "wider"), git("add", "."), git("commit", "-m", "Widen")
            (None, None, None)
            >>> report = repo.report("acc >= base")
            >>> report.holds, report.base.run.name
            (True, 'old')
            >>> [(one.name, one.old, one.new, one.better) for one in report.figures]
            [('acc', 0.8, 0.9, True)]
            >>> [change.name for change in report.diff.of("hparams")]
            ['width']
        """
        from vcs_track.porcelain import gate
        from vcs_track.porcelain.pairing import main_number
        from vcs_track.porcelain.report import BranchReport, figures_of

        asked, found, bases = self._asked(conditions, run, base, where)
        check = gate.check(found, asked, bases, no_base_ok=no_base_ok) if asked else None
        with_base = next((each for each in asked if each.base is not None), None)
        number = main_number(found)
        by = None if number is None else f"summary.{number}"
        chosen = next(iter(check.bases), None) if check is not None else None
        if chosen is not None and with_base is not None:
            by = with_base.base
        elif by is not None:
            chosen = bases.best(by, better_way(by))
        if chosen is None:
            by, chosen = None, bases.nearest() if no_base_ok else bases.required()
        old = None if chosen is None else chosen.run
        return BranchReport(
            found, chosen, by, check, figures_of(old, found),
            None if old is None else self.diff(old, found),
        )  # fmt: skip

    def _runs_at(self, where: str | None) -> RunsAt:
        """Return where runs are found by their commits."""
        from vcs_track.porcelain.run_set import RunSet
        from vcs_track.porcelain.runs_at import RunsAt

        def load(ids: Container[str]) -> RunSet:
            return RunSet(
                self._all, where, None, None, self._leave_out, lambda _: ids,
                finder=self._finder, commits_in=self._commits_in,
            )  # fmt: skip

        self.store.adopt()
        return RunsAt(self.root, self._said_by_git(), load)

    def _checked(self, runs: RunsAt, where: str | None) -> RunView:
        """Return the run that is checked where nobody named one."""
        from vcs_track.plumbing import gitlink
        from vcs_track.plumbing.git_log import history

        at_head: Sequence[RunView] | RunSet
        if gitlink.find_root(self.root) is None:
            at_head, what, hint = self.runs(where), "there is no run to check", _MAKE_ONE
        else:
            head = history(self.root, "HEAD", single=True)
            at_head = runs.of(head).get(head[0].id, [])
            what = f"no run has exactly the code of HEAD, '{head[0].id[:10]}'"
            hint = "" if at_head else self._near_head(head[0].id, runs, where)
        if not len(at_head):
            raise RunNotFoundError(what, hint=hint)
        return next((run for run in at_head if run.status == "finished"), at_head[0])

    def _near_head(self, head: str, runs: RunsAt, where: str | None) -> str:
        """Return what to do where no run has the code of ``HEAD``."""
        from vcs_track.plumbing.git_log import history

        made_there = next(iter(self.runs(where, commit=head)), None)
        if made_there is not None:
            return _OTHER_CODE.format(made_there.id)
        try:
            # Services check out a merge of the branch with its base, that nobody has made.
            merged = history(self.root, "HEAD^2", single=True)
        except GitError:
            return _MAKE_ONE
        found = [run for at in runs.of(merged).values() for run in at]
        return _MERGE.format(found[0].id) if found else _MAKE_ONE

    # ---- who moved the best ------------------------------------------------------------

    @storage_errors("read runs")
    def blame(
        self,
        metric: str,
        *,
        rev_range: str | None = None,
        where: str | None = None,
        better: Better | None = None,
    ) -> Blame:
        """Return the runs that moved the best value so far, and what they changed.

        Args:
            metric: What is looked at, named as in filters.
            rev_range: Only runs of these commits, as ``git log`` takes it.
            where: Only runs that match this filter.
            better: ``higher`` or ``lower``. Default: by the name; a loss is better lower.

        Raises:
            CommitNotFoundError: If git does not know *rev_range*.
            ExpressionError: If *metric* or *where* is wrong.
            InvalidValueError: If nobody knows which way *metric* is good.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> for lr, loss in [(0.1, 0.5), (0.3, 0.7), (0.2, 0.4)]:
            ...     with repo.start_run(f"lr{lr}", hparams={"lr": lr}) as run:
            ...         run.add_scalar("loss", loss)
            >>> for one in repo.blame("loss").holders:
            ...     print(one.run.name, one.value, [change.name for change in one.changes])
            lr0.1 0.5 []
            lr0.2 0.4 ['lr']
        """
        from vcs_track.porcelain.best_so_far import Blame, Holder, hparam_changes

        if better not in (None, "higher", "lower"):
            raise InvalidValueError(f"better is '{better}'", hint="use 'higher' or 'lower'")
        path = self._one_name(metric, self.runs().known)
        way = better or better_way(path)
        if way is None:
            raise InvalidValueError(
                f"nobody knows which way '{path}' is good", hint="say it with --higher or --lower"
            )
        moved, count = self._moves(path, way, where, rev_range)
        places = self._places([run for run, _ in moved], rev_range)
        found: list[Holder] = []
        for run, value in moved:
            commit, changed = places.get(run.id, (None, False))
            before = found[-1] if found else None
            found.append(Holder(
                run, value, None if before is None else value - before.value, commit, changed,
                () if before is None else hparam_changes(before.run, run),
            ))  # fmt: skip
        return Blame(path, way, tuple(found), count)

    def _moves(
        self, path: str, way: Better, where: str | None, rev_range: str | None
    ) -> tuple[list[tuple[RunView, float]], int]:
        from vcs_track.porcelain import filter as filters
        from vcs_track.porcelain.best_so_far import asked_moves, moves

        runs = self.runs(where, rev_range=rev_range)
        chosen = None if not where else filters.parse(where)
        if chosen is not None:
            chosen = filters.with_commits(chosen, self._commits_in)
        among = self._among(None, rev_range)
        found = asked_moves(
            lambda asked: self._finder.find(asked, "created", None, among), path, way, chosen
        )
        if found is None:
            in_order = sorted(runs.whole(), key=lambda run: (run.manifest.created_us, run.id))
            found = moves(in_order, path, way)
        return found

    def _places(
        self, runs: Sequence[RunView], rev_range: str | None
    ) -> dict[str, tuple[Commit, bool]]:
        """Return where runs stand, and whether their code is another; nothing outside git."""
        from vcs_track.plumbing import gitlink
        from vcs_track.plumbing.git_log import history
        from vcs_track.porcelain.commit_log import LoggedRun, match

        if gitlink.find_root(self.root) is None:
            return {}
        try:
            commits = history(self.root, rev_range, everywhere=rev_range is None)
            found = match(self.root, {run.id: run.git for run in runs}, commits)
        except GitError:
            if rev_range is not None:
                raise
            return {}  # a broken repository of git takes no run away
        listed = {commit.id: commit for commit in commits}
        return {
            run.id: (listed[place.commit], LoggedRun(run, place).changed)
            for run in runs
            if (place := found.get(run.id)) is not None
        }

    def _one_name(self, name: str, known: set[str]) -> str:
        from vcs_track.porcelain.named import resolve_names

        path, *rest = resolve_names([name], known)
        if rest:
            raise InvalidValueError(f"'{name}' names {len(rest) + 1} values", hint="name one")
        return path

    # ---- the commit that made it worse -------------------------------------------------

    @storage_errors("bisect")
    def bisect(
        self,
        metric: str,
        *,
        good: str,
        bad: str,
        low: float | None = None,
        high: float | None = None,
        where: str | None = None,
        measure: Callable[[Trial[Self]], Run | RunView | None] | None = None,
        tell: Callable[[Step], None] | None = None,
    ) -> Bisected:
        """Return the first commit whose run is out of bounds.

        The newest finished run of exactly the code of a commit is its verdict; NaN is bad.
        ``git bisect`` is driven in a work tree of its own: yours, its ``HEAD`` and index and a
        bisection that goes on there stay as they are.

        Args:
            metric: What is looked at, named as in filters.
            good: A commit that is good.
            bad: A commit that is bad.
            low: A good run has at least this.
            high: A good run has at most this.
            where: Only runs that match this filter are verdicts.
            measure: Makes a run for a commit that has none, and returns it, or None where it
                cannot. It is called with a :class:`Trial`. Default: such commits are left out.
            tell: Is told of each step.

        Raises:
            CommitNotFoundError: If git does not know *good* or *bad*.
            ExpressionError: If *metric* or *where* is wrong.
            GitError: If git cannot bisect between the two.
            InvalidValueError: If there is no bound, or the two are the same, the wrong way
                round, or their runs say so.

        Example:
            >>> import subprocess, tempfile, vcs_track
            >>> folder = tempfile.mkdtemp()
            >>> def git(*args):
            ...     return subprocess.run(["git", *args], cwd=folder, capture_output=True)
            >>> _ = git("init")
            >>> repo = vcs_track.init(folder)
            >>> for n, loss in enumerate([0.3, 0.3, 0.9, 0.9]):
            ...     _ = (repo.root / "train.py").write_text(f"version {n}")
            ...     _ = git("add", "."), git("commit", "-m", f"version {n}")
            ...     with repo.start_run() as run:
            ...         run.add_scalar("loss", loss)
            >>> repo.bisect("loss", good="HEAD~3", bad="HEAD", high=0.5).first_bad.subject
            'version 2'
        """
        from vcs_track.porcelain import bisecting

        path = self._number(metric, measure is not None)
        if low is None and high is None:
            raise InvalidValueError("there is no bound", hint="say what a good run has at least")
        bound = bisecting.Bound(path, low, high)

        def made(folder: Path, commit: Commit) -> RunView | None:
            assert measure is not None
            run = measure(Trial(folder, commit, self._seen_from(folder)))
            return None if run is None else self.run(run.id)

        return bisecting.bisect(
            self.root, self._runs_at(where), bound, good, bad,
            measure=None if measure is None else made, tell=tell,
        )  # fmt: skip

    def _number(self, metric: str, made: bool) -> str:
        """Return the full name of a metric; one that runs to be made have first is taken."""
        known = self.runs().known
        try:
            path = self._one_name(metric, known)
        except ExpressionError as error:
            if made and metric.startswith(("summary.", "results.", "metrics.")):
                return metric
            hint = error.hint
            if made:
                hint += f"{' ' if hint else ''}(what no run has yet is named in full: 'summary.{metric}')"
            raise ExpressionError(
                error.message, text=error.text, position=error.position, hint=hint
            ) from None
        if path not in known and not made:
            raise InvalidValueError(f"no run has '{metric}'", hint="'vcs-track ls' lists runs")
        return path

    def _seen_from(self, folder: Path) -> Self:
        """Return this repository as it is seen from another work tree."""
        from vcs_track.plumbing import gitlink

        top = gitlink.find_root(self.root)
        assert top is not None
        place = folder / Path(os.path.realpath(self.root)).relative_to(top)
        layout = Layout(place / FOLDER, self.store.layout.local)
        store = Store(layout, self.store.format, writable=self.store.writable)
        return type(self)(store, self.defaults)
