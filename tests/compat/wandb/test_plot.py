"""The rows on charts of wandb's table of behaviour."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

import vcs_track

if TYPE_CHECKING:
    from collections.abc import Callable

    from compat.wandb.faces import Face

__all__: list[str] = []

LINE = {"x": "a", "y": "b", "stroke": None}
TRUTH = [0, 1, 1, 0, 2, 1]
CHANCES = [
    [0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.4, 0.3],
    [0.2, 0.6, 0.2], [0.1, 0.1, 0.8], [0.5, 0.3, 0.2],
]  # fmt: skip


def table(face: Face) -> Any:
    """Return a table to draw."""
    return face.wandb.Table(columns=["a", "b"], data=[[1, 2], [3, 4]])


def needs_learn(face: Face) -> None:
    """Skip where the original cannot do what ours does alone."""
    if face.name == "real" and not (find_spec("sklearn") and find_spec("pandas")):
        pytest.skip("scikit-learn and pandas are not installed")


def plain(rows: list[list[Any]]) -> list[list[Any]]:
    """Return *rows* with numbers of Python."""
    return [[one.item() if hasattr(one, "item") else one for one in row] for row in rows]


class TestSimple:
    @pytest.mark.parametrize(
        ("draw", "name", "fields"),
        [
            (
                lambda plot, t: plot.line(t, "a", "b", stroke="s", title="T"),
                "line", {"x": "a", "y": "b", "stroke": "s"},
            ),
            (lambda plot, t: plot.line(t, "a", "b", title="T"), "line", LINE),
            (lambda plot, t: plot.scatter(t, "a", "b", title="T"), "scatter", {"x": "a", "y": "b"}),
            (lambda plot, t: plot.bar(t, "a", "b", title="T"), "bar", {"label": "a", "value": "b"}),
            (lambda plot, t: plot.histogram(t, "a", title="T"), "histogram", {"value": "a"}),
        ],
    )  # fmt: skip
    def test_spec(
        self, face: Face, draw: Callable[[Any, Any], Any], name: str, fields: dict[str, str]
    ) -> None:
        """A chart is a table, a drawing, and which columns are what in it."""
        chart = draw(face.wandb.plot, table(face))

        assert f"wandb/{name}/v0" == chart.spec.spec_name
        assert (fields, {"title": "T"}) == (chart.spec.fields, chart.spec.string_fields)
        assert [[1, 2], [3, 4]] == chart.table.data

    def test_own_drawing(self, face: Face) -> None:
        """A drawing of one's own is named."""
        chart = face.wandb.plot_table("me/mine", table(face), {"x": "a"}, {"title": "T"})

        assert ("me/mine", {"x": "a"}) == (chart.spec.spec_name, chart.spec.fields)

    def test_no_table(self, face: Face) -> None:
        """What is no table is an Error."""
        with pytest.raises(face.wandb.Error, match=r"wandb\.Table"):
            face.wandb.plot_table("me/mine", 3, {"x": "a"})


class TestLogging:
    def test_key(self, face: Face) -> None:
        """The row has the table under the key and ``_table``."""
        run = face.init()
        run.log({"c": face.wandb.plot.line(table(face), "a", "b")})
        run.finish()
        row = face.rows(run)[0]

        assert "table-file" == row["c_table"]["_type"]
        assert "c" not in row

    def test_split(self, face: Face) -> None:
        """A table that is shown apart has a place of its own."""
        run = face.init()
        run.log({"c": face.wandb.plot.line(table(face), "a", "b", split_table=True)})
        run.finish()

        assert "Custom Chart Tables/c_table" in face.rows(run)[0]

    def test_drawing_is_kept(self, ours: Face) -> None:
        """What is drawn how is kept with the table and with the run."""
        run = ours.init()
        run.log({"c": ours.wandb.plot.line(table(ours), "a", "b", title="T")})
        run.finish()
        chart = vcs_track.open().run("@").faces["wandb.charts"]["c"]

        assert ours.rows(run)[0]["c_table"]["chart"] == chart
        assert "wandb/line/v0" == chart["panel_config"]["panelDefId"]
        assert {"title": "T"} == chart["panel_config"]["stringSettings"]


class TestLineSeries:
    def test_one_axis(self, face: Face) -> None:
        """One axis serves all lines."""
        chart = face.wandb.plot.line_series(
            [0, 1], [[1, 2], [3, 4]], keys=["k", "l"], title="T", xname="X"
        )

        assert [[0, "k", 1], [1, "k", 2], [0, "l", 3], [1, "l", 4]] == chart.table.data
        assert {"title": "T", "xname": "X"} == chart.spec.string_fields

    def test_own_axes(self, face: Face) -> None:
        """Each line may have an axis, and lines get names."""
        chart = face.wandb.plot.line_series([[0, 1], [5, 6]], [[1, 2], [3, 4]])

        assert [[0, "line_0", 1], [6, "line_1", 4]] == [chart.table.data[0], chart.table.data[3]]

    @pytest.mark.parametrize(
        ("given", "kind"),
        [
            ((3, [[1, 2]]), TypeError),
            (([[1]], [[1], [2]]), ValueError),
            (([1], [[1], [2]], ["a"]), ValueError),
            (([1], 4), TypeError),
        ],
    )
    def test_refused(self, face: Face, given: tuple[Any, ...], kind: type[Exception]) -> None:
        """Axes, lines and names must be as many."""
        with pytest.raises(kind):
            face.wandb.plot.line_series(*given)


class TestConfusion:
    def test_named(self, face: Face) -> None:
        """Each pair of classes is counted."""
        chart = face.wandb.plot.confusion_matrix(
            y_true=[0, 1, 1], preds=[0, 1, 0], class_names=["A", "B"]
        )

        assert [["A", "A", 1], ["A", "B", 0], ["B", "A", 1], ["B", "B", 1]] == plain(
            chart.table.data
        )
        assert "wandb/confusion_matrix/v1" == chart.spec.spec_name

    def test_chances(self, face: Face) -> None:
        """The class with the largest probability is what was predicted."""
        chart = face.wandb.plot.confusion_matrix(probs=[[0.1, 0.9], [0.8, 0.2]], y_true=[0, 1])

        assert [
            ["Class_1", "Class_1", 0], ["Class_1", "Class_2", 1],
            ["Class_2", "Class_1", 1], ["Class_2", "Class_2", 0],
        ] == plain(chart.table.data)  # fmt: skip

    def test_texts(self, ours: Face) -> None:
        """Classes that are texts are called so; the original numbers them."""
        chart = ours.wandb.plot.confusion_matrix(y_true=["x", "y"], preds=["x", "x"])

        assert [["x", "x", 1], ["x", "y", 0], ["y", "x", 1], ["y", "y", 0]] == chart.table.data

    @pytest.mark.parametrize(
        ("given", "kind"),
        [
            ({"probs": [[1]], "y_true": [0], "preds": [0]}, ValueError),
            ({"y_true": [0, 1]}, TypeError),
            ({"y_true": [0, 1, 2], "preds": [0, 1, 0], "class_names": ["A"]}, ValueError),
            ({"y_true": [0, 1], "preds": [0, 1, 0]}, ValueError),
        ],
    )
    def test_refused(self, face: Face, given: dict[str, Any], kind: type[Exception]) -> None:
        """What does not fit together is refused."""
        with pytest.raises(kind):
            face.wandb.plot.confusion_matrix(**given)


class TestCurves:
    def test_roc(self, face: Face) -> None:
        """The curve turns where scikit-learn lets it turn."""
        needs_learn(face)
        chart = face.wandb.plot.roc_curve(TRUTH, CHANCES, classes_to_plot=[0, 2])

        assert [
            [0, 0.0, 0.0], [0, 0.0, 0.5], [0, 0.5, 0.5], [0, 0.5, 1.0], [0, 1.0, 1.0],
            [2, 0.0, 0.0], [2, 0.0, 1.0], [2, 0.2, 1.0], [2, 1.0, 1.0],
        ] == plain(chart.table.data)  # fmt: skip
        assert "wandb/area-under-curve/v0" == chart.spec.spec_name

    def test_names(self, face: Face) -> None:
        """Classes may have names."""
        needs_learn(face)
        chart = face.wandb.plot.roc_curve(TRUTH, CHANCES, labels=["a", "b", "c"])

        assert ["a", "b", "c"] == list(dict.fromkeys(row[0] for row in chart.table.data))

    def test_precision(self, face: Face) -> None:
        """Precision is the best that is to be had with a recall."""
        needs_learn(face)
        chart = face.wandb.plot.pr_curve(TRUTH, CHANCES, interp_size=5)

        assert [
            [0, 0.5, 1.0], [0, 0.5, 0.75], [0, 1.0, 0.5], [0, 1.0, 0.25], [0, 1.0, 0.0],
            [1, 0.75, 1.0], [1, 0.75, 0.75], [1, 0.75, 0.5], [1, 1.0, 0.25], [1, 1.0, 0.0],
        ] == plain(chart.table.data)[:10]  # fmt: skip

    @pytest.mark.compat
    @pytest.mark.parametrize("seed", range(8))
    def test_as_the_original(self, ours: Face, seed: int) -> None:
        """Curves of chance data, with ties, have the points of the original."""
        wandb: Any = pytest.importorskip("wandb")
        pytest.importorskip("sklearn")
        pytest.importorskip("pandas")
        np: Any = pytest.importorskip("numpy")
        chance = np.random.default_rng(seed)
        truth = [*range(4), *chance.integers(0, 4, 60).tolist()]
        chances = chance.integers(0, 12, (64, 4)) / 12

        for name in ("roc_curve", "pr_curve"):
            expected = plain(getattr(wandb.plot, name)(truth, chances).table.data)
            found = plain(getattr(ours.wandb.plot, name)(truth, chances).table.data)
            assert expected == found, name

    @pytest.mark.parametrize(
        ("truth", "chances", "kind"),
        [
            (None, CHANCES, TypeError),
            (TRUTH, None, TypeError),
            (TRUTH[:3], CHANCES, ValueError),
            (TRUTH, [[1]] * 6, ValueError),
        ],
    )
    def test_refused(self, ours: Face, truth: Any, chances: Any, kind: type[Exception]) -> None:
        """What does not fit together is refused."""
        with pytest.raises(kind):
            ours.wandb.plot.roc_curve(truth, chances)


class TestOldNames:
    def test_method_of_the_run(self, ours: Face) -> None:
        """What is a function today was a method of the run once."""
        chart = ours.init().plot_table("me/mine", table(ours), {"x": "a"})

        assert "me/mine" == chart.spec.spec_name

    def test_curves(self, ours: Face) -> None:
        """The curves of 0.10 are those of today."""
        old, new = ours.wandb.plots, ours.wandb.plot

        assert new.roc_curve(TRUTH, CHANCES).table == old.ROC(TRUTH, CHANCES).table
        assert new.pr_curve(TRUTH, CHANCES).table == old.precision_recall(TRUTH, CHANCES).table

    def test_heat_map(self, ours: Face) -> None:
        """A matrix is a table of its values."""
        chart = ours.wandb.plots.HeatMap(["a", "b"], ["c"], [[1, 2]])

        assert [["a", "c", 1], ["b", "c", 2]] == chart.table.data

    @pytest.mark.parametrize("name", ["ExplainText", "NER", "POS"])
    def test_refused(self, ours: Face, name: str) -> None:
        """What needs packages of long ago is refused, with what to do instead."""
        with pytest.raises(ours.wandb.Error, match="not supported") as caught:
            getattr(ours.wandb.plots, name)("text")
        assert "wandb.Html" in caught.value.hint
