"""Sweeps: ``wandb.sweep`` and ``wandb.agent``, without a server."""

from __future__ import annotations

import json
import math
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import vcs_track
from vcs_track.compat import wandb
from vcs_track.compat.wandb.errors import BadValueError, RunNotFoundError, UnsupportedError
from vcs_track.compat.wandb.sweeping import Failures
from vcs_track.compat.wandb.sweeps.command import words
from vcs_track.compat.wandb.sweeps.draws import drawn
from vcs_track.compat.wandb.sweeps.plan import checked
from vcs_track.compat.wandb.sweeps.space import choices, count

__all__: list[str] = []

GRID = {"method": "grid", "parameters": {"lr": {"values": [0.1, 0.2]}, "n": {"values": [1, 2]}}}
ONE: dict[str, Any] = {"lr": {"value": 0.1}}

PROGRAM = """
import json, os, sys
import wandb

with wandb.init() as run:
    run.log({"loss": run.config.lr})
with open(os.environ["OUT"], "a") as out:
    told = [os.environ[name] for name in ("WANDB_SWEEP_ID", "WANDB_RUN_ID")]
    print(json.dumps([sys.argv[1:], *told, wandb.__version__]), file=out)
"""


@pytest.fixture(autouse=True)
def _repo(tmp_path: Path) -> None:
    vcs_track.init(tmp_path)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the program of a sweep says what it was told."""
    (tmp_path / "train me.py").write_text(PROGRAM)
    monkeypatch.setenv("OUT", str(tmp_path / "out"))
    return tmp_path / "out"


def said(out: Path) -> list[Any]:
    return [json.loads(line) for line in out.read_text().splitlines()]


class TestChoices:
    def test_grid(self) -> None:
        """Each choice is one run, with its values in the configuration and its sweep's id."""
        sweep_id = wandb.sweep(GRID, project="p")

        def train() -> None:
            wandb.init()
            wandb.log({"loss": wandb.config.lr * wandb.config["n"]})

        wandb.agent(sweep_id, function=train, count=3)
        wandb.agent(f"e/p/{sweep_id}", function=train)
        runs = wandb.Api().runs("p", {"sweep": sweep_id, "state": "finished"})

        assert [(0.1, 1), (0.1, 2), (0.2, 1), (0.2, 2)] == [
            (run.config["lr"], run.config["n"]) for run in runs
        ]

    def test_grid_of_ranges_and_nested_parameters(self) -> None:
        """Whole numbers, steps and nested parameters are points of a grid, each once.

        Seen to fail when the size of what is nested was taken as 1.
        """
        sweep = checked({"method": "grid", "parameters": {
            "a": {"min": 1, "max": 2},
            "b": {"parameters": {"c": {"values": ["x", "y"]}, "d": {"values": [None, True]}}},
            "e": {"distribution": "q_uniform", "min": 0, "max": 0.3, "q": 0.1},
        }})  # fmt: skip
        found = list(choices(sweep, ""))

        assert 2 * 4 * 4 == count(sweep) == len(found)
        assert len(found) == len({json.dumps(one) for one in found})
        assert {"a": 1, "b": {"c": "x", "d": None}, "e": 0.0} == found[0]
        assert {0.0, 0.1, 0.2, 0.3} == {one["e"] for one in found}

    def test_random_is_repeatable(self) -> None:
        """The same seed gives the same choices, within their limits."""
        sweep = checked({"method": "random", "parameters": {
            "a": {"min": 1, "max": 3}, "b": {"min": 0.0, "max": 1.0},
            "c": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0},
            "d": {"parameters": {"e": {"values": ["x", "y"]}}},
        }})  # fmt: skip
        first, again = choices(sweep, "s"), choices(sweep, "s")
        found = [next(first) for _ in range(50)]

        assert found == [next(again) for _ in range(50)]
        assert {1, 2, 3} == {one["a"] for one in found}
        assert all(0 <= one["b"] <= 1 and 1e-4 <= one["c"] <= 1 for one in found)
        assert {"x", "y"} == {one["d"]["e"] for one in found}
        assert found != list(islice(choices(sweep, "other"), 50))

    def test_probabilities(self) -> None:
        """A value with the probability 0 is never chosen."""
        sweep = checked({"method": "random", "parameters": {
            "a": {"distribution": "categorical", "values": [1, 2, 3], "probabilities": [1, 0, 1]},
        }})  # fmt: skip

        assert {1, 3} == {one["a"] for one in islice(choices(sweep, ""), 100)}

    @pytest.mark.parametrize(
        ("kind", "more", "least", "most", "median"),
        [
            ("uniform", {"min": 2, "max": 4.0}, 2, 4, 3),
            ("q_uniform", {"min": 0, "max": 10, "q": 5}, 0, 10, 5),
            ("int_uniform", {"min": 0, "max": 2}, 0, 2, 1),
            ("log_uniform", {"min": -2, "max": 2}, math.exp(-2), math.exp(2), 1),
            ("log_uniform_values", {"min": 0.01, "max": 100}, 0.01, 100, 1),
            ("inv_log_uniform", {"min": 0, "max": 2}, math.exp(-2), 1, math.exp(-1)),
            ("inv_log_uniform_values", {"min": 0.01, "max": 100}, 0.01, 100, 1),
            ("q_log_uniform", {"min": 0, "max": 4, "q": 1}, 1, 55, 7),
            ("q_log_uniform_values", {"min": 1, "max": 64, "q": 2}, 0, 64, 8),
            ("normal", {"mu": 5, "sigma": 0.1}, 4, 6, 5),
            ("q_normal", {"mu": 5, "sigma": 1, "q": 0.5}, 0, 10, 5),
            ("log_normal", {"mu": 1, "sigma": 0.1}, 1, 6, math.e),
            ("q_log_normal", {"mu": 2, "sigma": 0.2, "q": 1}, 1, 20, 7),
            ("beta", {"a": 2, "b": 2}, 0, 1, 0.5),
            ("q_beta", {"a": 2, "b": 2, "q": 0.25}, 0, 1, 0.5),
        ],
    )  # fmt: skip
    def test_distributions(
        self, kind: str, more: dict[str, Any], least: float, most: float, median: float
    ) -> None:
        """Each distribution keeps to its limits, its steps and its middle."""
        one = {"distribution": kind, **more}
        checked({"method": "random", "parameters": {"a": one}})
        source = random.Random(7)
        values = [drawn("a", one, source) for _ in range(2000)]
        step = more.get("q")

        assert least <= min(values)
        assert most >= max(values)
        assert statistics.median(values) == pytest.approx(median, rel=0.2)
        assert step is None or all(
            math.isclose(value / step, round(value / step)) for value in values
        )
        assert kind not in ("q_uniform", "int_uniform") or {int} == set(map(type, values))

    @pytest.mark.parametrize(
        "wrong",
        [
            {}, {"parameters": {"a": {}}}, {"parameters": {"a": 1}}, {"parameters": {}},
            {"parameters": {"a": {"parameters": {}}}}, {"parameters": {"a": {"values": "xy"}}},
            {"parameters": {"a": {"values": []}}}, {"parameters": {"a": {"min": 0.0, "max": 1.0}}},
            {"parameters": {"a": {"min": 0, "max": 1 << 40}}},
            {"parameters": {"a": {"values": [1], "probabilities": [1, 2]}}},
            {"parameters": ONE, "metric": {}}, {"parameters": ONE, "metric": "loss"},
            {"parameters": ONE, "metric": {"name": "loss", "goal": "less"}},
            {"parameters": ONE, "metric": {"name": "loss", "target": "0"}},
            {"parameters": ONE, "run_cap": 0}, {"parameters": ONE, "run_cap": True},
            {"parameters": ONE, "program": 3}, {"parameters": ONE, "command": "python x.py"},
            {"parameters": ONE, "command": ["${prog}"]}, {"parameters": ONE, "command": [None]},
            {"parameters": ONE, "command": ["${program}"]},
            {"parameters": ONE, "early_terminate": {"type": "hyperband", "min_iter": 3}},
            *(
                {"parameters": ONE, "metric": {"name": "x"}, "early_terminate": {
                    "type": "hyperband", **early,
                }}
                for early in (
                    {}, {"max_iter": 9}, {"min_iter": 0}, {"min_iter": "3"}, {"max_iter": 2, "s": 9},
                    {"min_iter": 3, "eta": 1},
                )
            ),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_told_at_once(self, wrong: dict[str, Any]) -> None:
        """What cannot be used is told when the sweep is made, and nothing of it is kept."""
        with pytest.raises(BadValueError):
            wandb.sweep({"method": "grid", **wrong})

        assert [] == wandb.Api().project("p").sweeps()
        assert not list(Path(".runs").rglob("sweeps.jsonl"))

    @pytest.mark.parametrize(
        "one",
        [
            {"distribution": "cauchy"}, {"min": 0.5}, {"min": 2.0, "max": 1.0},
            {"distribution": "log_uniform_values", "min": 0, "max": 1},
            {"distribution": "log_uniform", "min": 0, "max": 1e4},
            {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0},
            {"distribution": "normal", "sigma": -1}, {"distribution": "beta", "a": 0},
            {"min": 0, "max": math.inf}, {"min": math.nan, "max": 1.0},
        ],
    )  # fmt: skip
    def test_wrong_distributions(self, one: dict[str, Any]) -> None:
        """Numbers that make no distribution are told when the sweep is made."""
        with pytest.raises(BadValueError):
            wandb.sweep({"method": "random", "parameters": {"a": one}})

    def test_what_needs_a_server(self) -> None:
        """A method that only the server has names what does it here."""
        with pytest.raises(UnsupportedError) as caught:
            wandb.sweep({"method": "bayes", "parameters": ONE})
        early = {"metric": {"name": "x"}, "early_terminate": {"type": "envelope"}}
        with pytest.raises(UnsupportedError):
            wandb.sweep({"method": "grid", "parameters": ONE, **early})
        with pytest.raises(RunNotFoundError):
            wandb.agent("none", function=print)

        assert "random" in (caught.value.hint or "")


class TestAgent:
    def test_cap_and_count(self) -> None:
        """No agent takes more choices than its count, and all of them not more than the cap."""
        sweep_id = wandb.sweep({"method": "random", "run_cap": 5, "parameters": ONE})
        calls: list[int] = []
        wandb.agent(sweep_id, function=lambda: calls.append(1), count=2)
        wandb.agent(sweep_id, function=lambda: calls.append(2))

        assert [1, 1, 2, 2, 2] == calls

    def test_a_target_ends_it(self) -> None:
        """When a run has come to the target no other is begun."""
        wanted = {"metric": {"name": "acc", "goal": "maximize", "target": 0.9}}
        sweep_id = wandb.sweep({
            "method": "grid", "parameters": {"acc": {"values": [0.5, 0.95, 0.7]}}, **wanted
        })  # fmt: skip

        def train() -> None:
            with wandb.init(project="p") as run:
                run.log({"acc": run.config.acc})

        wandb.agent(sweep_id, train)
        wandb.agent(sweep_id, train)

        assert 2 == len(wandb.Api().runs("p"))

    def test_failures_end_it(self) -> None:
        """Three failures within a minute end an agent; the runs have failed."""
        calls = []

        def train() -> None:
            calls.append(wandb.init(project="p"))
            raise OSError("no")

        wandb.agent(wandb.sweep(GRID), function=train)

        assert 3 == len(calls)
        assert {"failed"} == {run.state for run in wandb.Api().runs("p")}

    def test_slow_failures_end_it_after_five(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Far apart it takes five failures, and only where nothing went well before.

        Seen to fail when a run that went well did not count.
        """
        clock = iter(range(0, 100_000, 61))
        never = Failures(clock=lambda: next(clock))
        later = Failures(clock=lambda: next(clock))

        assert [False] * 4 + [True] == [never.are_too_many(well=False) for _ in range(5)]
        assert not later.are_too_many(well=True)
        assert not any(later.are_too_many(well=False) for _ in range(9))
        monkeypatch.setenv("WANDB_AGENT_MAX_INITIAL_FAILURES", "2")
        monkeypatch.setenv("WANDB_AGENT_DISABLE_FLAPPING", "true")
        fewer = Failures(clock=lambda: 0.0)
        assert [False, True] == [fewer.are_too_many(well=False) for _ in range(2)]

    def test_sys_exit_ends_a_run_and_not_the_agent(self) -> None:
        """A function that leaves with a code has failed or not, by the code."""

        def train() -> None:
            run = wandb.init(project="p")
            sys.exit(3 if run.config.n == 1 else 0)

        wandb.agent(wandb.sweep(GRID), function=train)

        assert ["failed", "finished"] * 2 == [run.state for run in wandb.Api().runs("p")]

    def test_agents_share_a_sweep(self) -> None:
        """Agents of several processes take each choice once, and together all of them.

        Seen to fail when an agent took a choice without holding the ledger.
        """
        parameters = {"n": {"min": 1, "max": 200}}
        sweep_id = wandb.sweep({"method": "grid", "parameters": parameters})
        code = (
            "import os\nfrom vcs_track.compat.wandb.sweeps.book import Book\nimport vcs_track\n"
            "book = Book(vcs_track.open().store)\n"
            "print(0, flush=True)\n"
            "while not os.path.exists('go'): pass\n"
            f"while (one := book.take({sweep_id!r})): print(one['n'])"
        )
        agents = [
            subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        for agent in agents:
            assert agent.stdout is not None
            agent.stdout.readline()
        Path("go").touch()
        taken = [int(line) for agent in agents for line in agent.communicate()[0].split()]

        assert list(range(1, 201)) == sorted(taken)

    def test_earlier_runs(self) -> None:
        """Runs from before can be made a part of a sweep."""
        with wandb.init(project="p") as run:
            run.log({"loss": 1})
        sweep_id = wandb.sweep(GRID, project="p", prior_runs=[run.id])

        assert [run.id] == [one.id for one in wandb.Api().sweep(f"p/{sweep_id}").runs]
        with pytest.raises(RunNotFoundError):
            wandb.sweep(GRID, prior_runs=["none"])


class TestEarlyEnd:
    def test_a_worse_run_ends(self) -> None:
        """At a rung only the best third goes on, and who ends early has not failed.

        Seen to fail when more was taken for better while the goal is to minimize.
        """
        sweep_id = wandb.sweep({
            "method": "grid", "parameters": {"loss": {"values": [1, 2, 3, 0.5, 4]}},
            "metric": {"name": "val.loss"}, "early_terminate": {"type": "hyperband", "min_iter": 2},
        })  # fmt: skip

        def train() -> None:
            with wandb.init(project="p") as run:
                for _ in range(10):
                    run.log({"val": {"loss": run.config.loss}})
                    run.log({"other": 1})

        wandb.agent(sweep_id, train)
        runs = [*wandb.Api().runs("p")]

        # The first two had nobody to be compared with.
        assert [19, 19, 2, 19, 2] == [run.lastHistoryStep for run in runs]
        assert {"finished"} == {run.state for run in runs}
        why = vcs_track.open().run(runs[2].storage_id).faces["wandb"]["early_stop"]
        assert {"iteration": 2, "metric": "val.loss", "best": 3} == why

    def test_nan_is_worst_and_more_can_be_better(self) -> None:
        """With the goal to maximize the largest goes on; what is no number is the worst."""
        sweep_id = wandb.sweep({
            "method": "grid", "parameters": {"n": {"values": [1, 2, 3]}},
            "metric": {"name": "acc", "goal": "maximize"},
            "early_terminate": {"type": "hyperband", "min_iter": 1, "max_iter": 2, "strict": True},
        })  # fmt: skip

        def train() -> None:
            with wandb.init(project="p") as run:
                for _ in range(4):
                    run.log({"acc": [0, 0.5, math.nan, 0.7][run.config.n]})

        wandb.agent(sweep_id, train)

        assert [3, 0, 3] == [run.lastHistoryStep for run in wandb.Api().runs("p")]


class TestReadBack:
    @pytest.fixture
    def sweep_id(self) -> str:
        """Return the id of a sweep of which two of four choices were taken."""
        sweep_id: str = wandb.sweep({
            **GRID, "name": "rates", "metric": {"name": "acc", "goal": "maximize"}, "run_cap": 3
        }, project="p")  # fmt: skip

        def train() -> None:
            with wandb.init() as run:
                run.log({"acc": run.config.n, "loss": -run.config.n})

        wandb.agent(sweep_id, train, count=2)
        wandb.init(project="p").finish()
        return sweep_id

    def test_what_it_is(self, sweep_id: str) -> None:
        """A sweep says what it was told, how far it is, and which runs it has."""
        sweep = wandb.Api().sweep(f"e/p/sweeps/{sweep_id}")

        assert ("rates", "p", ["e", "p", sweep_id], "e", None) == (
            sweep.name, sweep.project, sweep.path, sweep.entity, sweep.url,
        )  # fmt: skip
        assert GRID["parameters"] == sweep.config["parameters"]
        assert ("RUNNING", 3, 2) == (sweep.state, sweep.expected_run_count, len(sweep.runs))
        wandb.agent(sweep_id, lambda: wandb.init().finish())
        assert 3 == (sweep.load() and len(sweep.runs))
        assert "FINISHED" == sweep.state

    def test_the_best_run(self, sweep_id: str) -> None:
        """The metric of the sweep, or an order, tells the best run; a run without it is last.

        Seen to fail when the goal to maximize was not looked at.
        """
        sweep = wandb.Api().sweep(sweep_id)
        numbers = [
            best.config["n"]
            for best in (sweep.best_run(), sweep.best_run("-loss"), sweep.best_run("+config.n"))
            if best is not None
        ]

        assert ("-summary_metrics.acc", [2, 1, 1]) == (sweep.order, numbers)
        empty = wandb.Api().sweep(wandb.sweep(GRID))
        assert (None, None, "PENDING", 4) == (
            empty.best_run(), empty.order, empty.state, empty.expected_run_count,
        )  # fmt: skip

    def test_where_it_is_found(self, sweep_id: str) -> None:
        """A project has its sweeps, and a run its sweep; no other project has it."""
        api = wandb.Api()
        run = api.sweep(sweep_id).runs[0]

        assert [sweep_id] == [sweep.id for sweep in api.project("p").sweeps()]
        assert (
            sweep_id == run.sweep.id == run.sweep_name == api.from_path(f"p/sweeps/{sweep_id}").id
        )
        assert {None, "p"} == {run.sweep and run.sweep.project for run in api.runs("p")}
        assert [] == api.project("q").sweeps()
        for lost in ("none", f"q/{sweep_id}"):
            with pytest.raises(RunNotFoundError):
                api.sweep(lost)

    def test_what_another_repository_knows(self, sweep_id: str) -> None:
        """Where only the runs are, the sweep has them, and no configuration."""
        (ledger,) = Path(".runs").rglob("sweeps.jsonl")
        ledger.unlink()
        sweep = wandb.Api().sweep(sweep_id)

        assert (2, {}, "FINISHED", "p") == (
            len(sweep.runs), sweep.config, sweep.state, sweep.project,
        )  # fmt: skip
        assert [sweep_id] == [one.id for one in wandb.Api().project("p").sweeps()]


class TestProgram:
    def test_a_program_is_started(self, program: Path) -> None:
        """A sweep with a program needs no function: each choice is a process of its own."""
        sweep_id = wandb.sweep({**GRID, "program": "train me.py", "project": "p"})
        wandb.agent(sweep_id, count=2)
        runs = [*wandb.Api().runs("p", {"sweep": sweep_id})]

        assert [(0.1, 1), (0.1, 2)] == [(run.config["lr"], run.config["n"]) for run in runs]
        assert [
            [["--lr=0.1", f"--n={n}"], sweep_id, run.id, wandb.__version__]
            for n, run in enumerate(runs, 1)
        ] == said(program)
        assert "WANDB_SWEEP_ID" not in os.environ

    def test_words_are_never_for_a_shell(self, program: Path, tmp_path: Path) -> None:
        """Values with signs of a shell arrive as they are, and nothing is run by them."""
        odd = "$(touch owned); `touch owned` 'a b' *"
        wandb.agent(wandb.sweep({
            "method": "grid", "project": "p", "program": "train me.py",
            "parameters": {"lr": {"value": 1}, "text": {"value": odd}},
            "command": ["${interpreter}", "${program}", "${args_no_hyphens}", "a b"],
        }))  # fmt: skip

        assert [["lr=1", f"text={odd}", "a b"]] == [one[0] for one in said(program)]
        assert not (tmp_path / "owned").exists()

    def test_the_file_of_arguments(self, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A program gets a file with its choice, and variables that are set."""
        Path("see.py").write_text(
            "import json, os, sys\n"
            "found = json.load(open(sys.argv[1])), sys.argv[2]\n"
            "print(json.dumps(found), file=open(os.environ['OUT'], 'a'))\n"
        )
        monkeypatch.setenv("WHERE", "here")
        command = ["${env}", "${interpreter}", "${program}", "${args_json_file}"]
        sweep = {**GRID, "program": "see.py", "command": [*command, "at=${envvar:WHERE}!"]}
        wandb.agent(wandb.sweep(sweep), count=1)

        assert [[{"lr": 0.1, "n": 1}, "at=here!"]] == said(program)

    def test_what_cannot_be_started(self) -> None:
        """A sweep without a program, or with a variable that is not set, starts nothing."""
        with pytest.raises(BadValueError):
            wandb.agent(wandb.sweep(GRID))
        lost = wandb.sweep({**GRID, "command": ["echo", "${envvar:NOT_THERE}"]})
        with pytest.raises(BadValueError, match="NOT_THERE"):
            wandb.agent(lost)
        missing = wandb.sweep({**GRID, "command": ["./not-there"]})
        wandb.agent(missing)  # ends after three failures, with a word

        assert 3 == wandb.Api().sweep(missing).taken

    def test_a_program_that_fails(self, tmp_path: Path) -> None:
        """The exit code of a program tells whether its run went well; three failures end it."""
        (tmp_path / "bad.py").write_text("import wandb\nwandb.init(project='p')\nraise OSError\n")
        wandb.agent(wandb.sweep({**GRID, "program": "bad.py"}))

        assert ["failed"] * 3 == [run.state for run in wandb.Api().runs("p")]

    @pytest.mark.skipif(sys.platform == "win32", reason="signals")
    def test_an_interrupted_agent_ends_its_program(self, tmp_path: Path) -> None:
        """Who ends the agent ends the program that it started."""
        (tmp_path / "slow.py").write_text(
            "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)\n"
        )
        sweep_id = wandb.sweep({**GRID, "program": "slow.py"})
        code = f"from vcs_track.compat import wandb; wandb.agent({sweep_id!r})"
        agent = subprocess.Popen([sys.executable, "-c", code])
        for _ in range(400):
            if Path("pid").exists() and Path("pid").read_text():
                break
            time.sleep(0.05)
        agent.send_signal(signal.SIGINT)
        agent.wait(20)

        with pytest.raises(ProcessLookupError):
            os.kill(int(Path("pid").read_text()), 0)

    @pytest.mark.compat
    @pytest.mark.skipif(find_spec("wandb") is None, reason="wandb is not installed")
    @pytest.mark.parametrize("name", [
        "args", "args_no_equals", "args_no_hyphens", "args_no_boolean_flags",
        "args_append_hydra", "args_override_hydra", "args_json",
    ])  # fmt: skip
    def test_words_as_the_original_makes_them(self, name: str) -> None:
        """A choice becomes the words that the original makes of it."""
        utils = pytest.importorskip("wandb.sdk.launch.sweeps.utils")
        chosen = {"lr": 0.1, "on": True, "off": False, "none": None, "text": "a b", "n": {"x": 1}}
        there = utils.create_sweep_command_args(
            {"args": {key: {"value": value} for key, value in chosen.items()}}
        )[name]
        here = words({"command": [f"${{{name}}}"]}, chosen, "")

        if name == "args_json":
            assert [json.loads(one) for one in there] == [json.loads(one) for one in here]
        else:
            assert there == here
