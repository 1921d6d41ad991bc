"""What logs for frameworks, as far as no framework is needed for it."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from abc import ABC, abstractmethod
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from vcs_track.compat.wandb import shadow
from vcs_track.compat.wandb.errors import Error, UnsupportedError
from vcs_track.compat.wandb.integration import catboost, lightgbm, sklearn
from vcs_track.compat.wandb.integration.boosting import best_of
from vcs_track.compat.wandb.integration.framework import Borrower, needed
from vcs_track.compat.wandb.integration.keras.examples import Examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compat.wandb.faces import Face

__all__: list[str] = []

HOME = "vcs_track.compat.wandb"
FRAMEWORKS = ("catboost", "keras", "lightgbm", "sklearn", "stable_baselines3", "torch", "xgboost")
# Each name that wandb has, and the module that it stands for.
NAMES = {
    "integration.keras": "keras", "keras": "keras", "integration.keras.callbacks": "keras",
    "integration.lightgbm": "lightgbm", "lightgbm": "lightgbm",
    "integration.xgboost": "xgboost", "xgboost": "xgboost",
    "integration.catboost": "catboost", "catboost": "catboost",
    "integration.sklearn": "sklearn", "sklearn": "sklearn",
    "integration.sb3": "sb3", "integration.torch": "torch",
}  # fmt: skip


@pytest.fixture
def wandb() -> Iterator[Any]:
    """Let wandb's name be ours, whatever was imported by it."""
    there = {
        name: sys.modules.pop(name)
        for name in list(sys.modules)
        if name.partition(".")[0] == "wandb"
    }
    yield shadow.install()
    shadow.uninstall()
    sys.modules.update(there)


def python(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestNames:
    @pytest.mark.parametrize(("name", "ours"), NAMES.items())
    def test_modules(self, wandb: Any, name: str, ours: str) -> None:
        """Each name of wandb's is the module of ours, which is one and the same."""
        del wandb

        assert import_module(f"{HOME}.integration.{ours}") is import_module(f"wandb.{name}")

    def test_attributes(self, wandb: Any) -> None:
        """What nobody has imported yet is there as an attribute, with all its names."""
        assert wandb.keras is wandb.integration.keras
        assert {"WandbCallback", "wandb_callback"} <= {*dir(wandb.integration.xgboost)}
        assert 15 == len([name for name in wandb.sklearn.__all__ if name.startswith("plot_")])
        with pytest.raises(AttributeError):
            _ = wandb.integration.nothing

    def test_the_rest_is_refused(self, wandb: Any) -> None:
        """What logs for other libraries can be imported, and says what to do when it is made."""
        for name in ("fastai", "lightning"):
            module = import_module(f"wandb.integration.{name}")
            assert module is getattr(wandb.integration, name)
            with pytest.raises(UnsupportedError):
                module.WandbCallback()

    def test_nothing_is_loaded(self) -> None:
        """No framework is imported with what logs for it, nor numpy; nor that with wandb.

        Seen to fail when the base of a callback was imported with its module.
        """
        script = (
            f"import sys; import {HOME} as wandb\n"
            f"assert not [n for n in sys.modules if n.startswith('{HOME}.integration')]\n"
            f"wandb.install()\n"
            f"for name in {sorted(NAMES)}: __import__('wandb.' + name)\n"
            f"from wandb.keras import WandbMetricsLogger\n"
            f"class Mine(WandbMetricsLogger): pass\n"
            f"print([n for n in {(*FRAMEWORKS, 'numpy')} if n in sys.modules])"
        )

        assert "[]\n" == python(script)

    def test_a_framework_that_is_missing(self) -> None:
        """The error is wandb's and an ImportError, says what to install, and the run goes on."""
        script = (
            "import sys\n"
            "class Missing:\n"
            "    def find_spec(self, name, *more):\n"
            f"        if name in {FRAMEWORKS}: raise ModuleNotFoundError(name, name=name)\n"
            "sys.meta_path.insert(0, Missing())\n"
            f"import {HOME} as wandb; run = wandb.init()\n"
            f"from {HOME}.integration import keras, sb3, sklearn, xgboost\n"
            "for make in (keras.WandbMetricsLogger, sb3.WandbCallback, xgboost.WandbCallback,\n"
            "             lambda: sklearn.plot_class_proportions([0, 1])):\n"
            "    try: make()\n"
            "    except wandb.Error as error:\n"
            "        print(isinstance(error, ImportError), error, '-', error.hint)\n"
            "run.log({'loss': 1}); run.finish()"
        )
        expected = (
            "True keras is not installed - pip install keras\n"
            "True stable_baselines3 is not installed - pip install stable-baselines3\n"
            "True xgboost is not installed - pip install xgboost\n"
            "True sklearn is not installed - pip install scikit-learn\n"
        )

        assert expected == python(script)


class TestBeforeInit:
    @pytest.mark.parametrize(
        "call",
        [
            catboost.WandbCallback,
            lambda: catboost.log_summary(None),
            lambda: lightgbm.log_summary(None),
            lambda: lightgbm.wandb_callback()(round_of([])),
            lambda: sklearn.plot_classifier(None, None, None, None, None, None, None, ()),
            lambda: sklearn.plot_clusterer(None, None, None),
            sklearn.plot_confusion_matrix,
            sklearn.plot_feature_importances,
            lambda: sklearn.plot_regressor(None, None, None, None, None),
            sklearn.plot_roc,
        ],
    )
    def test_it_is_an_error(self, call: Any) -> None:
        """Without a run each of them is wandb's Error, before anything else is looked at."""
        with pytest.raises(Error, match=r"You must call wandb.init\(\) before"):
            call()


class Lender(ABC):
    """Stands for a class of a framework."""

    def __init__(self, size: int = 0) -> None:
        self.size = size

    @abstractmethod
    def step(self) -> str:
        """Return something."""


class Lent(Borrower):
    """A callback as they are here."""

    def __init__(self, name: str, **more: Any) -> None:
        super().__init__(**more)
        self.name = name

    @staticmethod
    def _base() -> type:
        return Lender

    def step(self) -> str:
        return f"{self.name}{getattr(self, 'size', None)}"


class Mine(Lent):
    """A callback that a user has made of it."""

    def step(self) -> str:
        return f"my {super().step()}"


class Bare(Borrower):
    """A callback that lacks what its base asks for."""

    @staticmethod
    def _base() -> type:
        return Lender


class TestBorrower:
    @pytest.mark.parametrize(("kind", "step"), [(Lent, "a3"), (Mine, "my a3")])
    def test_an_object_is_of_both(self, kind: Any, step: str) -> None:
        """It is one of the framework and one of ours, by the names that it was asked by."""
        one = kind("a", size=3)

        assert isinstance(one, Lender)
        assert isinstance(one, kind)
        assert (kind.__name__, __name__) == (type(one).__name__, type(one).__module__)
        assert step == one.step()
        assert type(one) is type(kind("b"))

    @pytest.mark.parametrize(
        "copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
    )
    def test_it_can_be_copied(self, copied: Any) -> None:
        """A copy, by pickle too, has what it had: estimators of scikit-learn are copied so.

        Seen to fail without ``__reduce__``: the class was looked up by its name.
        """
        found = copied(Mine("a", size=3))

        assert ("my a3", True) == (found.step(), isinstance(found, Lender))

    def test_what_is_missing_is_missed(self) -> None:
        """An abstract method of the base that nobody has is a TypeError, as ever."""
        with pytest.raises(TypeError, match="abstract"):
            Bare()

    def test_a_class_of_both(self) -> None:
        """A class that has the base by itself is left as it is."""
        both = type("Both", (Lent, Lender), {})

        assert type(both("a")) is both

    def test_other_faults_stay(self, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where a framework is there and lacks a part, Python's own error says which."""
        (tmp_path / "framework_in_parts.py").write_text("import no_such_part")
        monkeypatch.syspath_prepend(str(tmp_path))
        with pytest.raises(ModuleNotFoundError, match="no_such_part"):
            needed("framework_in_parts")


def round_of(results: Any, iteration: int = 0, **parameters: Any) -> Any:
    """Return a round as lightgbm tells its callbacks of it."""
    return SimpleNamespace(
        iteration=iteration, begin_iteration=0, params=parameters, evaluation_result_list=results
    )


class TestLightgbm:
    def test_rounds(self, ours: Face) -> None:
        """A round is a row; the summary has the best value where that is known.

        Seen to fail when no metric was defined.
        """
        run = ours.init()
        callback = lightgbm.wandb_callback()
        for at, (loss, auc, own) in enumerate([(0.5, 0.9, 1.0), (0.7, 0.8, 2.0)]):
            results = [
                ("v", "l2", loss, False), ("v", "ndcg@3", auc, True), ("v", "own", own, True),
            ]  # fmt: skip
            callback(round_of(results, at, rate=0.1))
        run.finish()
        first = {"v_l2": 0.5, "v_ndcg@3": 0.9, "v_own": 1.0, "iteration": 0, "_step": 0}

        assert [
            first,
            {"v_l2": 0.7, "v_ndcg@3": 0.8, "v_own": 2.0, "iteration": 1, "_step": 1},
        ] == (ours.rows(run))
        assert ({"min": 0.5}, {"max": 0.9}, 2.0) == tuple(
            dict(one) if hasattr(one, "items") else one
            for one in (run.summary[f"v_{name}"] for name in ("l2", "ndcg@3", "own"))
        )
        assert {"rate": 0.1} == dict(run.config)

    @pytest.mark.parametrize(
        "result", [("cv_agg", "v l2", 0.5, False, 0.1), ("v", "l2", 0.5, False, 0.1)]
    )
    def test_cross_validation(self, ours: Face, result: Any) -> None:
        """Mean and deviation have a key each, as lightgbm tells of them before 4.7 and since."""
        run = ours.init()
        lightgbm.wandb_callback(log_params=False, define_metric=False)(round_of([result]))
        run.finish()

        assert [{"v_l2-mean": 0.5, "v_l2-stdv": 0.1, "iteration": 0, "_step": 0}] == ours.rows(run)

    def test_a_round_without_results(self, ours: Face) -> None:
        """Where nothing is judged a round is counted all the same."""
        run = ours.init()
        lightgbm.wandb_callback()(round_of(None))
        run.finish()

        assert [{"iteration": 0, "_step": 0}] == ours.rows(run)


class TestCatboost:
    def test_rounds(self, ours: Face) -> None:
        """A row is logged when there are new values, and the training goes on."""
        run = ours.init()
        callback = catboost.WandbCallback(metric_period=2)
        said = [
            callback.after_iteration(
                SimpleNamespace(iteration=at, metrics={"learn": {"RMSE": one}})
            )
            for at, one in enumerate([[0.5], [0.5], [0.5, 0.25]])
        ]
        run.finish()
        rows = [
            {"learn-RMSE": 0.5, "iteration@metric-period-2": 0, "_step": 0},
            {"learn-RMSE": 0.25, "iteration@metric-period-2": 2, "_step": 1},
        ]

        assert [True, True, True] == said
        assert rows == ours.rows(run)


@pytest.mark.parametrize(
    ("metric", "best"),
    [
        ("rmse", "min"), ("error@0.7", "min"), ("multi_logloss", "min"), ("L1", "min"),
        ("AUC", "max"), ("map@10", "max"), ("average_precision", "max"), ("quantile", None),
    ],
)  # fmt: skip
def test_best(metric: str, best: str | None) -> None:
    """It is known of the usual metrics which value is best, and of no other."""
    assert best == best_of(metric)


class TestExamples:
    def test_masks_are_refused(self) -> None:
        """Masks are an error when the callback is made, not in the middle of a training."""
        with pytest.raises(UnsupportedError):
            Examples(None, None, (), 36, "image", "segmentation_mask")

    def test_no_data(self, ours: Face, capsys: pytest.CaptureFixture[str]) -> None:
        """Images that are asked for without data are a word on standard error."""
        ours.init(settings={"silent": False})
        found = Examples(None, None, (), 36, "image", None).of(None)

        assert [] == found
        assert "No validation_data set" in capsys.readouterr().err


def test_visualize_has_its_own_key(ours: Face) -> None:
    """The table of a chart of 0.10 stands under the key itself; wandb.sklearn draws with it.

    Seen to fail when it was that of a chart of today, ``<key>_table``.
    """
    run = ours.init()
    table = ours.wandb.Table(columns=["a"], data=[[1]])
    run.log({"chart": ours.wandb.visualize("wandb/metrics/v1", table)})
    run.finish()
    (row,) = ours.rows(run)

    assert "table-file" == row["chart"]["_type"]
    assert {"chart", "_step"} == set(row)
