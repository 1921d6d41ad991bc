"""``wandb.Api``: what was logged is read back."""

from __future__ import annotations

import json
import math
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from compat.wandb import offline

import vcs_track
from vcs_track.compat import wandb
from vcs_track.compat.wandb.errors import (
    BadValueError,
    CommError,
    RunNotFoundError,
    UnsupportedError,
)
from vcs_track.compat.wandb.importing import import_folder
from vcs_track.compat.wandb.public.api import parse_path

if TYPE_CHECKING:
    from vcs_track.compat.wandb.public import Run

__all__: list[str] = []


@pytest.fixture(autouse=True)
def _repo(tmp_path: Path) -> None:
    vcs_track.init(tmp_path)


def make(name: str, *, lr: float, rows: int = 3, code: int = 0, **more: Any) -> str:
    """Log a run; return its id."""
    run = wandb.init(project="p", name=name, config={"lr": lr, "net": {"depth": 3}}, **more)
    for step in range(rows):
        run.log({"loss": lr / (step + 1), "d": {"x": step}})
    run.finish(code)
    return str(run.id)


@pytest.fixture
def three() -> list[str]:
    """Return the ids of three runs."""
    return [
        make("a", lr=0.1, tags=["x", "y"], group="g"),
        make("b", lr=0.01, tags=["y"], job_type="eval"),
        make("c", lr=0.001, code=1),
    ]


def found(filters: dict[str, Any] | None = None, **how: Any) -> list[str]:
    return [run.name for run in wandb.Api().runs("p", filters, **how)]


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "parts"),
        [
            ("e/p/runs/i", ("e", "p", "i")), ("e/p/i", ("e", "p", "i")), ("/runs/i", (None, None, "i")),
            ("e/p:i", ("e", "p", "i")), ("p/i", (None, "p", "i")), ("p:i", (None, "p", "i")),
            ("i", (None, None, "i")), ("/e/p/runs/i", ("e", "p", "i")),
        ],
    )  # fmt: skip
    def test_each_form(self, path: str, parts: tuple[str | None, ...]) -> None:
        """All forms of a path name the same run."""
        assert parts == parse_path(path)

    @pytest.mark.parametrize("path", ["", "/", "a//b", "a/b/c/d"])
    def test_others_are_errors(self, path: str) -> None:
        """What is no path says so."""
        with pytest.raises(ValueError, match="Invalid path"):
            parse_path(path)

    def test_a_run_that_is_not_there(self, three: list[str]) -> None:
        """A missing run is a CommError and a ValueError, as in both eras."""
        for path in ("nothing", f"other/{three[0]}"):
            with pytest.raises(RunNotFoundError) as caught:
                wandb.Api().run(path)
            assert isinstance(caught.value, CommError | ValueError)
        assert three[0] == wandb.Api().run(f"e/p/{three[0]}").id


class TestRuns:
    @pytest.mark.parametrize(
        ("filters", "names"),
        [
            ({}, "abc"), ({"config.lr": {"$lt": 0.05}, "state": "finished"}, "b"),
            ({"config.lr.value": 0.1}, "a"), ({"config.net.depth": 3}, "abc"),
            ({"tags": "y"}, "ab"), ({"tags": {"$in": ["x", "z"]}}, "a"),
            ({"tags": {"$nin": ["x"]}}, "bc"), ({"$or": [{"group": "g"}, {"state": "failed"}]}, "ac"),
            ({"$nor": [{"group": "g"}]}, "bc"), ({"jobType": "eval"}, "b"),
            ({"displayName": {"$regex": "^[ab]$"}}, "ab"), ({"config.lr": {"$ne": 0.1}}, "bc"),
            ({"config.none": {"$exists": False}}, "abc"), ({"config.none": {"$ne": 1}}, "abc"),
            ({"summary_metrics.loss": {"$gte": 0.003}}, "ab"),
            ({"summary_metrics.d.x": 2}, "abc"),
            ({"config.lr": {"$not": {"$gt": 0.001}}}, "c"), ({"config.lr": {"$lt": "x"}}, ""),
            ({"$and": [{"tags": "y"}, {"config.lr": {"$lte": 0.01}}]}, "b"),
            ({"created_at": {"$gt": "2020"}}, "abc"), ({"unknown": 1}, ""),
        ],
    )  # fmt: skip
    def test_filters(self, three: list[str], filters: dict[str, Any], names: str) -> None:
        """Each operator and field chooses as Mongo does; a missing value is unequal to all.

        Seen to fail when ``$ne`` did not match what is missing.
        """
        del three
        assert list(names) == found(filters)

    @pytest.mark.parametrize(
        "filters", [{"$xor": []}, {"a": {"$near": 1}}, {"$or": {}}, {"a": {"$regex": "("}}, {"a": {"$in": 1}}]
    )  # fmt: skip
    def test_bad_filters(self, filters: dict[str, Any]) -> None:
        """A wrong filter is told at once, and not when the first run is looked at."""
        vcs_track.init(".")
        with pytest.raises(BadValueError):
            wandb.Api().runs("p", filters)

    def test_order(self, three: list[str]) -> None:
        """Runs come in any order that a field gives, those without it last."""
        make("d", lr=1, rows=0)

        assert ["a", "b", "c", "d"] == found() == found(order="+created_at")
        assert ["d", "c", "b", "a"] == found(order="-created_at")
        assert ["c", "b", "a", "d"] == found(order="+summary_metrics.loss")
        assert ["a", "b", "c", "d"] == found(order="-summary_metrics.loss")
        assert ["c", "b", "a", "d"] == found(order="+config.lr.value")
        assert three[0] == wandb.Api().runs("p")[0].id

    def test_histories(self, three: list[str]) -> None:
        """The rows of all runs come in one list, each with its run."""
        found = wandb.Api().runs("p").histories(keys=["loss"], samples=2)

        assert [*[three[0]] * 2, *[three[1]] * 2, *[three[2]] * 2] == [
            row["run_id"] for row in found
        ]
        assert {"loss", "_step", "run_id"} == set(found[0])
        assert [] == wandb.Api().runs("p").histories(stream="system")
        with pytest.raises(BadValueError):
            wandb.Api().runs("p").histories(format="x")

    def test_a_sequence_that_is_kept(self, three: list[str]) -> None:
        """The same question has the same answer until it is forgotten."""
        api = wandb.Api()
        runs = api.runs("p")

        assert (3, runs, 2) == (len(runs), api.runs("p"), len(runs[1:]))
        make("d", lr=1)
        assert 3 == len(api.runs("p"))
        api.flush()
        assert 4 == len(api.runs("p"))
        assert ["p"] == [project.name for project in api.projects()]
        assert three[0] in [run.id for run in api.project("p").runs()]


class TestRun:
    def test_what_it_is(self, three: list[str]) -> None:
        """A run says what was said of it, by wandb's names in both spellings."""
        run = wandb.Api().run(three[0])

        assert ("a", "finished", "p", ["p", three[0]], "g") == (
            run.name, run.state, run.project, run.path, run.group,
        )  # fmt: skip
        assert {"lr": 0.1, "net": {"depth": 3}} == run.config
        assert (["x", "y"], None, "a") == (run.tags, run.jobType, run.displayName)
        assert run.createdAt == run.created_at
        assert 2 == run.lastHistoryStep
        assert {"value": 0.1, "desc": None} == json.loads(run.json_config)["lr"]
        with pytest.raises(AttributeError):
            _ = run.nothing

    def test_summary(self, three: list[str]) -> None:
        """The summary is a dictionary, with what stands below it nested."""
        summary = wandb.Api().run(three[0]).summary

        assert 0.1 / 3 == summary["loss"] == summary.get("loss") == summary._json_dict["loss"]
        assert {"x": 2} == summary["d"]
        assert {"loss", "d", "_step", "_timestamp", "_runtime"} == set(summary.keys())

    def test_scan_history(self, three: list[str]) -> None:
        """All rows come flat; keys choose rows and values, steps have a first and an end."""
        run = wandb.Api().run(three[0])
        rows = list(run.scan_history())

        assert [0.1, 0.05, 0.1 / 3] == [row["loss"] for row in rows]
        assert {"loss", "d.x", "_step", "_timestamp", "_runtime"} == set(rows[0])
        assert [{"d.x": 1}] == list(run.scan_history(["d.x"], min_step=1, max_step=2))
        assert [] == list(run.scan_history(["loss", "none"]))

    def test_history_is_sampled_evenly_and_alike(self) -> None:
        """A thousand rows become as many as wanted, the same each time.

        Seen to fail when the last row was left out.
        """
        run = wandb.Api().run(make("long", lr=1.0, rows=1000))
        rows = run.history(samples=11, pandas=False)

        assert 500 == len(run.history(pandas=False))
        assert rows == run.history(samples=11, pandas=False)
        assert [round(n * 99.9) for n in range(11)] == [row["_step"] for row in rows]
        assert 1000 == len(run.history(samples=None, pandas=False))
        assert {"loss", "_step"} == set(run.history(5, keys=["loss"], pandas=False)[0])
        assert [] == run.history(keys="loss")
        assert [] == run.history(stream="system", pandas=False)

    @pytest.mark.skipif(find_spec("pandas") is None, reason="pandas is not installed")
    def test_frame(self, three: list[str]) -> None:
        """With pandas the rows are a frame."""
        frame = wandb.Api().run(three[0]).history()

        assert (3, [0, 1, 2]) == (len(frame), list(frame["d.x"]))
        assert "float64" == str(frame["loss"].dtype)

    def test_changes(self, three: list[str]) -> None:
        """Name, notes, tags and summary are stored, and a run that is deleted is gone."""
        run: Run = wandb.Api().run(three[0])
        run.name, run.notes = "other", "note"
        run.tags.append("z")
        run.update()
        run.summary.update({"best": 1, "loss": 9})
        again = wandb.Api().run(three[0])

        assert ("other", "note", {"x", "y", "z"}) == (again.name, again.notes, set(again.tags))
        assert (1, 9, {"x": 2}) == tuple(again.summary[key] for key in ("best", "loss", "d"))
        again.delete()
        assert ["b", "c"] == found()

    def test_the_configuration_is_changed(self, three: list[str]) -> None:
        """What was set in the configuration is stored by update, and nothing else changes.

        Seen to fail when a value that was changed in place was not seen.
        """
        run = wandb.Api().run(three[0])
        before = run.heartbeat_at
        run.config["lr"] = 5
        run.config["net"]["depth"] = 4
        run.config["new"] = (1, 2)
        assert 0.1 == wandb.Api().run(three[0]).config["lr"]
        run.update()
        again = wandb.Api().run(three[0])
        heads = vcs_track.open().run(three[0]).heads
        again.update()

        assert {"lr": 5, "net": {"depth": 4}, "new": [1, 2]} == again.config == run.config
        assert (before, "finished", ["x", "y"]) == (again.heartbeat_at, again.state, again.tags)
        assert ["a"] == found({"config.net.depth": 4})
        assert heads == vcs_track.open().run(three[0]).heads
        assert 0.1 == vcs_track.open().run(f"{three[0]}@{{1}}").hparams["lr"]
        del again.config["new"]
        again.save()
        again.config["net"]["depth"] = 4.5
        again.save()
        assert {"lr": 5, "net": {"depth": 4.5}} == wandb.Api().run(three[0]).config
        resumed = wandb.init(project="p", id=three[0], resume="must")
        assert (5, 4.5) == (resumed.config.lr, resumed.config.net["depth"])
        resumed.finish()

    def test_the_summary_is_changed(self, three: list[str]) -> None:
        """Values that were set one by one are stored by update, nested ones too."""
        run = wandb.Api().run(three[0])
        run.config["lr"] = 7
        run.summary["f1"] = 0.5
        run.summary["d"]["x"] = 9
        run.summary["new"] = {"deep": [1]}
        run.summary.update()
        again = wandb.Api().run(three[0])

        assert (0.5, {"x": 9}, {"deep": [1]}, 0.1 / 3) == tuple(
            again.summary[key] for key in ("f1", "d", "new", "loss")
        )
        assert ["a"] == found({"summary_metrics.new.deep": 1, "summary_metrics.d.x": 9})
        assert 7 == run.config["lr"]
        run.summary["late"] = 1
        run.update()
        assert (1, 7) == (
            wandb.Api().run(three[0]).summary["late"], wandb.Api().run(three[0]).config["lr"],
        )  # fmt: skip

    def test_files(self, tmp_path: Path) -> None:
        """Files are listed, described and written again."""
        Path("m.pt").write_bytes(b"weights")
        Path("log.txt").write_text("a")
        with wandb.init(project="p") as run:
            run.save("*.*")
        api = wandb.Api().run(run.id)
        file = api.file("m.pt")
        (tmp_path / "out").mkdir()
        with file.download(tmp_path / "out") as there:
            said = there.read()

        assert {"m.pt", "log.txt"} <= {one.name for one in api.files()}
        assert ["m.pt"] == [one.name for one in api.files(pattern="%.pt")]
        assert (7, "m.pt") == (file.size, file.name)
        assert "weights" == said
        with pytest.raises(ValueError, match="already exists"):
            file.download(tmp_path / "out")
        file.download(tmp_path / "out", replace=True).close()
        with pytest.raises(BadValueError):
            api.file("none")

    def test_artifacts(self) -> None:
        """Artifacts are found by name, by type, and from the run that logged or used them."""
        Path("a.txt").write_text("1")
        with wandb.init(project="p") as run:
            run.log_artifact("a.txt", name="data", type="set", aliases=["best"])
        with wandb.init(project="p") as other:
            other.use_artifact("data:best")
            Path("a.txt").write_text("2")
            other.log_artifact("a.txt", name="data", type="set")
        api = wandb.Api()

        assert "data:v0" == api.artifact("p/data:best").name
        assert ["data:v1", "data:v0"] == [one.name for one in api.artifacts("set", "p/data")]
        assert ["data:v1"] == [one.name for one in api.run(other.id).logged_artifacts()]
        assert ["data:v0"] == [one.name for one in api.run(other.id).used_artifacts()]
        assert (True, False, False) == (
            api.artifact_exists("p/data:v0"), api.artifact_exists("p/data:v7"),
            api.artifact_exists("p/data:v0", type="model"),
        )  # fmt: skip

    def test_who_logged_and_used_it(self) -> None:
        """An artifact names runs as the interface reads them back, and one can be added later."""
        Path("a.txt").write_text("1")
        with wandb.init(project="p", id="maker", config={"lr": 1}) as run:
            run.log_artifact("a.txt", name="data", type="set")
        wandb.init(project="p", id="later").finish()
        artifact = wandb.Api().artifact("p/data:v0")
        later = wandb.Api().run("later")

        assert ("maker", {"lr": 1}) == (artifact.logged_by().id, artifact.logged_by().config)
        assert [] == artifact.used_by() == later.used_artifacts()
        later.use_artifact(artifact)
        assert ["later"] == [one.id for one in artifact.used_by()]
        assert ["data:v0"] == [one.name for one in wandb.Api().run("later").used_artifacts()]
        assert "finished" == wandb.Api().run("later").state
        wrong: list[Any] = ["p/data:v0", wandb.Artifact("new", "set")]
        for one in wrong:
            with pytest.raises(BadValueError):
                later.use_artifact(one)
        with pytest.raises(UnsupportedError):
            later.log_artifact(artifact)

    def test_types_and_collections(self) -> None:
        """Artifacts are found by their types and names, each with its versions."""
        Path("a.txt").write_text("1")
        with wandb.init(project="p") as run:
            run.log_artifact("a.txt", name="data", type="set", aliases=["best"], tags=["x"])
            run.log_artifact("a.txt", name="net", type="model")
            Path("a.txt").write_text("2")
            run.log_artifact("a.txt", name="data", type="set")
        api = wandb.Api()
        (collection,) = api.artifact_collections("e/p", "set")
        (kind, _) = api.project("p").artifacts_types()[::-1]

        assert ["model", "set"] == [one.name for one in api.artifact_types("p")]
        assert ("set", ["data"]) == (kind.name, [one.name for one in kind.collections()])
        assert ("data", "set", {"best", "latest"}) == (
            collection.name, collection.type, set(collection.aliases),
        )  # fmt: skip
        assert ["data:v1", "data:v0"] == [one.name for one in collection.artifacts()]
        assert collection.created_at < collection.updated_at
        assert "net" == api.artifact_type("model", "p").collection("net").name
        assert ["data:v0"] == [one.name for one in api.artifacts("set", "p/data", tags=["x"])]
        assert {"data", "net"} == {one.name for one in api.project("p").collections()}
        assert (True, False, False) == (
            api.artifact_collection_exists("p/data", "set"),
            api.artifact_collection_exists("p/data", "model"),
            api.artifact_collection_exists("p/none", "set"),
        )
        assert "data:v0" == api.from_path("p/data:v0").name

    def test_collections_that_are_not_there(self) -> None:
        """What is missing is a CommError and a ValueError; lists of it are empty."""
        api = wandb.Api()
        with pytest.raises(RunNotFoundError):
            api.artifact_collection("set", "p/data")
        with pytest.raises(RunNotFoundError):
            api.artifact_type("set")

        assert [[], [], []] == [
            api.artifact_types(), api.artifact_collections("p", "set"), api.artifacts("set", "data"),
        ]  # fmt: skip

    def test_a_collection_is_deleted(self) -> None:
        """Deleting a collection takes all its versions, aliases or not; it is not renamed."""
        Path("a.txt").write_text("1")
        with wandb.init(project="p") as run:
            run.log_artifact("a.txt", name="data", type="set", aliases=["best"])
        collection = wandb.Api().artifact_collection("set", "p/data")
        with pytest.raises(UnsupportedError):
            collection.save()
        collection.delete()

        assert not wandb.Api().artifact_exists("p/data")

    def test_what_was_imported(self) -> None:
        """A run of real wandb is read back as one that was logged here."""
        repo = vcs_track.init(".")
        rows = offline.history({"loss": 1, "d": {"x": math.inf}})
        offline.write(Path("w"), offline.run(project="p", name="n"), *rows, offline.ended())
        import_folder(repo, Path("w"))
        (run,) = wandb.Api().runs("p", {"state": "finished"})

        assert ("abc", "n") == (run.id, run.name)
        assert [{"loss": 1, "d.x": math.inf}] == list(run.scan_history(["loss", "d.x"]))


def test_what_needs_a_server() -> None:
    """Teams, reports and the like say what there is instead."""
    api = wandb.Api(overrides={"project": "p"}, timeout=3, api_key="x")
    for name in ("create_team", "reports", "registries", "run_queue"):
        with pytest.raises(UnsupportedError):
            getattr(api, name)("x")

    assert ("p", None, "") == (api.settings["project"], api.viewer, api.default_entity)
