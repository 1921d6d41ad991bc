"""Two sets of runs, as a repository finds and compares them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from vcs_track.errors import (
    AmbiguousRunError,
    ExpressionError,
    InvalidValueError,
    NotFoundError,
    RunNotFoundError,
)
from vcs_track.plumbing.fsio import storage_errors
from vcs_track.porcelain import values
from vcs_track.porcelain.lookup import Lookup
from vcs_track.porcelain.reads import Reads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.porcelain.comparison import Comparison, Side
    from vcs_track.porcelain.filter import Filter
    from vcs_track.porcelain.interest import Better
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_set import RunSet
    from vcs_track.porcelain.run_view import RunView

    Runs = str | RunSet | RunView | Run | Iterable[str | RunView | Run]

__all__ = ["ComparesRuns"]

# What a list of runs never has, and hardly a filter goes without.
_EXPRESSION: Final = re.compile(r"[=<>~()\"'`]|\b(and|or|not|in|is|contains|like)\b")

_LONGEST: Final = 1_000  # signs of a name


class ComparesRuns(Lookup):
    """The part of a repository that compares sets of runs."""

    @storage_errors("compare runs")
    def compare(
        self,
        a: Runs,
        b: Runs,
        *,
        over: str | None = None,
        metric: str | Sequence[str] | None = None,
        better: Better | None = None,
    ) -> Comparison:
        """Tell whether the runs *b* beat the runs *a*.

        Runs are paired where *over* says which belong together: each value of it then stands
        for one run of each side. Else their means are compared by Welch's t test.

        Args:
            a: Runs, or what names them: a filter, a group, or names with commas between. A
                name that several runs have names all of them.
            b: The same for the other side.
            over: What runs of one side are repetitions by, for example ``seed``.
            metric: What to compare, named as in filters. Default: the number of the summaries
                that tells most.
            better: ``higher`` or ``lower``. Default: by the name; a loss is better lower.

        Raises:
            AmbiguousRunError: If a text may mean different runs.
            ExpressionError: If a filter or a name is wrong, or a value is no number.
            InvalidValueError: If a run is on both sides, or nothing can be compared.
            RunNotFoundError: If a side has no run.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> for model, seed, acc in [("cnn", 1, 0.81), ("cnn", 2, 0.85), ("cnn", 3, 0.83),
            ...                          ("mlp", 1, 0.75), ("mlp", 2, 0.78), ("mlp", 3, 0.77)]:
            ...     with repo.start_run(hparams={"model": model, "seed": seed}) as run:
            ...         run.add_scalar("acc", acc, 0)
            >>> print(repo.compare("model = mlp", "model = cnn", over="seed"))
            B is better: its summary.acc is higher by 0.06333 (B - A: 95 % interval 0.04899 to
            0.07768, p = 0.0028, paired t test of 3 pairs)
        """
        from vcs_track.porcelain import comparison
        from vcs_track.porcelain.named import resolve_names

        if better not in (None, "higher", "lower"):
            raise InvalidValueError(f"better is '{better}'", hint="use 'higher' or 'lower'")
        known = self.runs().known
        one, two = self._side(a, known), self._side(b, known)
        if metric is None:
            metrics = [comparison.main_metric(one.rows, two.rows)]
        else:
            metrics = resolve_names([metric] if isinstance(metric, str) else metric, known)
        path = None
        if over is not None:
            path, *rest = resolve_names([over], known)
            if rest:
                raise InvalidValueError(f"over names {len(rest) + 1} values", hint="name one")
        return comparison.compare(one, two, metrics, path, better)

    def _side(self, runs: Runs, known: set[str]) -> Side:
        from vcs_track.porcelain import filter as filters
        from vcs_track.porcelain.comparison import Side

        text, unique, question = self._chosen(runs)
        names = None
        if question is not None:
            resolved = filters.resolve(question, known)
            names = frozenset(name.path for name in resolved.names())
        rows = [run.flat for run in unique]
        return Side(text, tuple(run.id for run in unique), names, rows)

    def _chosen(self, runs: Runs) -> tuple[str, list[RunView], Filter | None]:
        """Return the runs of a side, how they were named, and the filter that it is."""
        from vcs_track.porcelain.run_set import RunSet

        question = None
        if isinstance(runs, str):
            text = runs
            found, question = self._meant(runs)
        elif isinstance(runs, RunSet):
            text, found = repr(runs), runs.whole()
        elif isinstance(runs, Iterable | Reads):
            found = [self.run(run) for run in self._ids(runs)]
            text = ", ".join(run.name for run in found)
        else:
            raise values.wrong_type("a side", runs, "runs, or what names them")
        unique = [*{run.id: run for run in found}.values()]
        if not unique:
            raise RunNotFoundError(
                f"no run matches '{text}'", hint="each side of a comparison needs a run"
            )
        return text, unique, question

    def _meant(self, text: str) -> tuple[list[RunView], Filter | None]:
        """Return the runs that *text* means, and the filter that it is."""
        from vcs_track.porcelain import filter as filters
        from vcs_track.porcelain.filter.nodes import Truth

        exact = self._called(text)
        if exact:
            return exact, None
        mistake = question = None
        try:
            question = filters.parse(text)
        except ExpressionError as error:
            mistake = error
        # A bare word is a filter too, and hardly ever meant as one.
        if question is not None and not isinstance(question.tree, Truth):
            return self.runs(text).whole(), question
        found: list[RunView] = []
        try:
            for part in text.split(","):
                found += self._called(part.strip()) or [self.run(part.strip())]
        except NotFoundError:
            if mistake is not None and _EXPRESSION.search(text):
                raise mistake from None
            raise
        return found, None

    def _called(self, text: str) -> list[RunView]:
        """Return the runs whose id, name or group is *text*."""
        from vcs_track.porcelain import filter as filters
        from vcs_track.porcelain.filter.nodes import Literal

        if not 0 < len(text) <= _LONGEST:
            return []
        quoted = filters.to_text(Literal(text))
        named = self.runs(f"id = {quoted} or name = {quoted}").whole()
        group = self.runs(f"group = {quoted}").whole()
        if named and group and {run.id for run in named} != {run.id for run in group}:
            raise AmbiguousRunError(
                f"'{text}' is a run and a group",
                candidates=tuple(run.id for run in named),
                hint=f"write \"name = '{text}'\" or \"group = '{text}'\"",
            )
        return named or group
