"""The rows on tables of wandb's table of behaviour."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from compat.wandb.pictures import array, record

import vcs_track
from vcs_track.formats import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from compat.wandb.faces import Face

__all__: list[str] = []

needs_pandas = pytest.mark.skipif(find_spec("pandas") is None, reason="pandas is not installed")


def two(face: Face) -> Any:
    """Return a table of two columns."""
    return face.wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, None]])


class TestMaking:
    def test_columns(self, face: Face) -> None:
        """A table without words about columns has three."""
        table = face.wandb.Table()

        assert (["Input", "Output", "Expected"], []) == (table.columns, table.data)

    def test_rows(self, face: Face) -> None:
        """Rows are data by another name, and numbers may name columns."""
        assert [[1, 2]] == face.wandb.Table(columns=["a", "b"], rows=[[1, 2]]).data
        assert [1, 2] == face.wandb.Table(columns=[1, 2], data=[[1, 2]]).columns

    def test_array(self, face: Face) -> None:
        """An array of two dimensions is data."""
        table = face.wandb.Table(columns=["a", "b"], data=np.ones((3, 2)))

        assert [[1.0, 1.0]] * 3 == [[float(one) for one in row] for row in table.data]

    @needs_pandas
    def test_frame(self, face: Face) -> None:
        """A data frame brings its columns, and comes back."""
        pd: Any = import_module("pandas")
        table = face.wandb.Table(dataframe=pd.DataFrame({"a": [1, 2], "b": ["x", None]}))

        assert ["a", "b"] == table.columns
        assert [1, 2] == list(table.get_dataframe()["a"])

    @needs_pandas
    def test_logged_frame(self, face: Face) -> None:
        """A data frame that is logged is a table."""
        pd: Any = import_module("pandas")
        found = record(face, "t", pd.DataFrame({"a": [1, 2]}))

        assert ("table-file", 1, 2) == (found["_type"], found["ncols"], found["nrows"])

    @pytest.mark.parametrize(
        "given",
        [
            {"data": ((1, 2),)}, {"data": {"a": 1}}, {"data": "abc"}, {"columns": "ab"},
            {"columns": [1.5]}, {"dataframe": 3}, {"log_mode": "x"},
        ],
    )  # fmt: skip
    def test_wrong_types(self, face: Face, given: dict[str, Any]) -> None:
        """Arguments of another type are AssertionErrors there, and TypeErrors too here."""
        with pytest.raises(AssertionError):
            face.wandb.Table(**given)

    def test_wrong_length(self, face: Face) -> None:
        """A row must have a cell for each column."""
        with pytest.raises(ValueError, match="expects 3 columns"):
            face.wandb.Table(data=[[1, 2]])
        with pytest.raises(ValueError, match="expects 2 columns"):
            face.wandb.Table(columns=["a", "b"], data=[[1, 2], [1]])

    @pytest.mark.parametrize("mode", ["IMMUTABLE", "MUTABLE", "INCREMENTAL"])
    def test_log_mode(self, face: Face, mode: str) -> None:
        """The mode is kept with the table."""
        assert mode == face.wandb.Table(columns=["a"], data=[[1]], log_mode=mode).log_mode

    def test_equal_columns(self, ours: Face) -> None:
        """Two columns of one name would be one: refused."""
        with pytest.raises(ValueError, match="one name"):
            ours.wandb.Table(columns=["a", "a"])


class TestTypes:
    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (1, 1.5), (1, None), ("x", "y"), (True, False), ([1, 2], [3]), ({"x": 1}, {"x": 2}),
            (np.float32(1), 2), ([], [1]),
        ],
    )  # fmt: skip
    def test_fit(self, face: Face, first: Any, second: Any) -> None:
        """Cells of one type, and None, may stand in one column."""
        table = face.wandb.Table(columns=["a"], data=[[first], [second]])

        assert 2 == len(table.data)

    @pytest.mark.parametrize(
        ("first", "second"),
        [(1, "x"), (1, True), ("x", 1), ({"x": 1}, {"y": 2}), ([1], ["x"]), (1, [1])],
    )
    def test_do_not_fit(self, face: Face, first: Any, second: Any) -> None:
        """Cells of two types may not; the row is not added."""
        table = face.wandb.Table(columns=["a"], data=[[first]])

        with pytest.raises(TypeError, match="incompatible types"):
            table.add_data(second)
        assert [[first]] == table.data

    def test_mixed(self, face: Face) -> None:
        """A table that allows it takes anything."""
        table = face.wandb.Table(columns=["a"], data=[[1], ["x"]], allow_mixed_types=True)

        assert [[1], ["x"]] == table.data

    @pytest.mark.parametrize(
        "given",
        [
            {"dtype": int}, {"dtype": [int]}, {"optional": False},
        ],
    )  # fmt: skip
    def test_declared(self, face: Face, given: dict[str, Any]) -> None:
        """Types may be declared, and None forbidden."""
        with pytest.raises(TypeError):
            face.wandb.Table(columns=["a"], data=[["x"], [None]], **given)

    @pytest.mark.parametrize("given", [{"dtype": [str, int]}, {"optional": [True, False]}])
    def test_as_many_as_columns(self, ours: Face, given: dict[str, Any]) -> None:
        """There are as many types, or words on None, as columns; else nobody knows whose."""
        with pytest.raises(TypeError, match="1 columns"):
            ours.wandb.Table(columns=["a"], **given)

    def test_media(self, face: Face) -> None:
        """A column of images takes images only."""
        table = face.wandb.Table(columns=["a"], data=[[face.wandb.Image(array())]])

        with pytest.raises(TypeError):
            table.add_data(3)

    def test_cast(self, face: Face) -> None:
        """A column can be cast to what its cells are, and to nothing else."""
        table = two(face)

        with pytest.raises(TypeError):
            table.cast("b", int)
        with pytest.raises(TypeError):
            table.set_pk("a")
        assert table.cast("a", float)


class TestColumns:
    def test_get(self, face: Face) -> None:
        """A column comes as a list, or as an array."""
        table = two(face)

        assert [1, 2] == table.get_column("a")
        assert [1, 2] == table.get_column("a", convert_to="numpy").tolist()
        assert ["x", None] == table.get_column("b", convert_to="numpy").tolist()

    def test_add(self, face: Face) -> None:
        """A column is added behind the others."""
        table = two(face)
        table.add_column("c", [3, 4])

        assert (["a", "b", "c"], [[1, "x", 3], [2, None, 4]]) == (table.columns, table.data)

    @pytest.mark.parametrize(
        "call",
        [
            lambda table: table.get_column("zz"),
            lambda table: table.get_column("a", convert_to="x"),
            lambda table: table.add_column("c", [1]),
            lambda table: table.add_column("a", [1, 2]),
            lambda table: table.add_column(3, [1, 2]),
            lambda table: table.add_column("c", "xy"),
        ],
    )
    def test_refused(self, face: Face, call: Callable[[Any], Any]) -> None:
        """What does not fit is an AssertionError there; nothing changes."""
        table = two(face)

        with pytest.raises(AssertionError):
            call(table)
        assert (["a", "b"], [[1, "x"], [2, None]]) == (table.columns, table.data)

    def test_computed(self, face: Face) -> None:
        """Columns can be computed from rows."""
        table = two(face)
        table.add_computed_columns(lambda n, row: {"double": row["a"] * 2, "n": n})

        assert [[1, "x", 2, 0], [2, None, 4, 1]] == table.data

    def test_rows(self, face: Face) -> None:
        """Rows come with their numbers."""
        assert [(0, [1, "x"]), (1, [2, None])] == list(two(face).iterrows())
        assert [0, 1] == list(two(face).get_index())

    def test_equal(self, ours: Face) -> None:
        """Tables are equal when their columns and cells are."""
        assert two(ours) == two(ours)
        assert two(ours) != ours.wandb.Table(columns=["a", "b"])

    @pytest.mark.skipif(find_spec("pandas") is not None, reason="pandas is installed")
    def test_needs_pandas(self, ours: Face) -> None:
        """A data frame needs pandas, and the error says so."""
        with pytest.raises(ImportError, match="pandas"):
            two(ours).get_dataframe()


class TestLogging:
    def test_record(self, face: Face) -> None:
        """A row tells of a table how large it is and where it is."""
        found = record(face, "t", two(face))

        assert ("table-file", 2, 2, "IMMUTABLE") == tuple(
            found[name] for name in ("_type", "ncols", "nrows", "log_mode")
        )
        assert f"media/table/t_0_{found['sha256'][:20]}.table.json" == found["path"]

    def test_content(self, ours: Face) -> None:
        """The file has the columns and the rows, and media by their records."""
        table = ours.wandb.Table(columns=["a", "i"], data=[[1.5, ours.wandb.Image(array())]])
        found = record(ours, "t", table)
        media = {item.name: item.data for item in vcs_track.open().run("@").media()}
        body = canonical.loads(media[found["path"]])
        picture = body["data"][0][1]

        assert ["a", "i"] == body["columns"]
        assert (1.5, "image-file") == (body["data"][0][0], picture["_type"])
        assert picture["path"] in media

    def test_all_rows(self, ours: Face) -> None:
        """All rows are kept; the original leaves out those beyond a limit."""
        table = ours.wandb.Table(columns=["a"], data=[[n] for n in range(12_000)])

        assert 12_000 == record(ours, "t", table)["nrows"]

    def test_again(self, ours: Face) -> None:
        """A table that grew is logged as it is then."""
        table = two(ours)
        run = ours.init()
        run.log({"t": table})
        table.add_data(3, "z")
        run.log({"t": table})
        run.finish()

        assert [2, 3] == [row["t"]["nrows"] for row in ours.rows(run)]

    def test_cells(self, ours: Face) -> None:
        """Cells come back as they were: odd numbers, times, lists, large integers."""
        moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        cells = [float("inf"), 2**70, moment, [1, 2], {"x": None}, np.arange(3), "é\u2028"]
        names = [f"c{n}" for n in range(len(cells))]
        artifact = ours.wandb.Artifact("t", "tables")
        artifact.add(ours.wandb.Table(columns=names, data=[cells]), "t")
        run = ours.init()
        run.log_artifact(artifact)
        run.finish()
        found = ours.init().use_artifact("t:latest").get("t").data[0]

        assert [float("inf"), 2**70, moment, [1, 2], {"x": None}, [0, 1, 2], "é\u2028"] == found


class TestJoined:
    def test_rows(self, ours: Face) -> None:
        """Two tables are read as one where their keys are equal."""
        left = ours.wandb.Table(columns=["id", "x"], data=[[1, "a"], [2, "b"]])
        right = ours.wandb.Table(columns=["key", "y"], data=[[2, True], [3, False]])
        joined = ours.wandb.JoinedTable(left, right, ["id", "key"])

        assert [(0, [2, "b", True])] == list(joined.iterrows())

    @pytest.mark.parametrize(("table", "key"), [(3, "id"), ("t.table.json", 3)])
    def test_refused(self, ours: Face, table: Any, key: Any) -> None:
        """What is no table, or no name of a column, is refused."""
        with pytest.raises(AssertionError):
            ours.wandb.JoinedTable(table, "u.table.json", key)


class TestIncrements:
    def rows(self, face: Face, mode: str) -> list[dict[str, Any]]:
        """Log a table that grows, three times; return what the rows have."""
        with face.init(id="grows") as run:
            table = face.wandb.Table(columns=["a"], data=[[1]], log_mode=mode)
            run.log({"t": table})
            run.log({"t": table})
            table.add_data(2)
            table.add_data(3)
            run.log({"t": table})
            table.add_data(4)
            run.log({"t": table})
        return [row["t"] for row in face.rows(run)]

    def test_each_log_says_how_far_it_is(self, face: Face) -> None:
        """A table that is logged in parts tells its number, and how many rows there are."""
        found = self.rows(face, "INCREMENTAL")

        assert [0, 0, 1, 2] == [one["increment_num"] for one in found]
        assert [1, 1, 3, 4] == [one["nrows"] for one in found]
        assert [0, 0, 1, 2] == [len(one["previous_increments_paths"]) for one in found]
        assert {"incremental-table-file"} == {one["_type"] for one in found}

    def test_only_new_rows_are_stored(self, ours: Face) -> None:
        """Each part has its own rows only, and a log without new ones stores nothing.

        Seen to fail when each part had all rows.
        """
        found = self.rows(ours, "INCREMENTAL")
        files = ours.wandb.Api().run("grows").files(pattern="%.table.json")
        bodies = [canonical.loads(one._item.data) for one in files]

        assert found[0] == found[1]
        assert [[[1]], [[2], [3]], [[4]]] == [body["data"] for body in bodies]
        assert [one.name for one in files][:2] == found[3]["previous_increments_paths"]

    def test_the_whole_table_is_read_back(self, ours: Face) -> None:
        """Whoever asks for the table gets all rows up to that log, with their media."""
        wandb = ours.wandb
        with ours.init(id="i") as run:
            table = wandb.Table(columns=["a", "i"], log_mode="INCREMENTAL")
            for n in range(3):
                table.add_data(n, wandb.Image(array()))
                run.log({"my/t": table})
        api = wandb.Api()
        last = api.artifact("p/run-i-myt:latest").get("my/t")
        first = api.artifact("p/run-i-myt:v0").get("my/t")

        assert ([0, 1, 2], [0]) == (last.get_column("a"), first.get_column("a"))
        assert array().shape[1] == last.data[0][1].width

    def test_another_run_begins_anew(self, ours: Face) -> None:
        """In another run, or under another key, the first part has all rows."""
        table = ours.wandb.Table(columns=["a"], data=[[1]], log_mode="INCREMENTAL")
        for key in ("x", "y"):
            with ours.init(id=key) as run:
                run.log({key: table})
                run.log({f"{key}2": table})
            assert [0, 0] == [
                record["increment_num"] for row in ours.rows(run)
                for record in row.values() if isinstance(record, dict)
            ]  # fmt: skip

    def test_in_an_artifact_it_is_whole(self, ours: Face) -> None:
        """An artifact has the whole table, whatever was logged before."""
        table = ours.wandb.Table(columns=["a"], data=[[1]], log_mode="INCREMENTAL")
        run = ours.init()
        run.log({"t": table})
        table.add_data(2)
        artifact = ours.wandb.Artifact("tables", "t")
        artifact.add(table, "t")
        run.log_artifact(artifact)

        assert [1, 2] == run.use_artifact("tables:latest").get("t").get_column("a")


class TestEvalTable:
    def test_roles(self, ours: Face) -> None:
        """A table of an evaluation is kept as a table, with the roles of its columns."""
        with ours.init() as run:
            table = ours.wandb.EvalTable(
                input_columns=["x"], score_columns=["ok"], data=[[1, True], [2, False]]
            )
            table.add_column("seen", ["a", "b"])
            run.log({"e": table})
        (row,) = ours.rows(run)

        assert ("table-file", 3, 2) == tuple(row["e"][key] for key in ("_type", "ncols", "nrows"))
        assert (["x"], ["seen"], ["ok"]) == tuple(
            row["e"][f"{role}_columns"] for role in ("input", "output", "score")
        )
        back = ours.wandb.Api().artifact(f"p/run-{run.id}-e").get("e")
        assert [[1, True, "a"], [2, False, "b"]] == back.data

    def test_a_column_that_is_not_there(self, ours: Face) -> None:
        """A role of a missing column is told when it is logged, and nothing is logged."""
        run = ours.init()
        with pytest.raises(ValueError, match="do not exist"):
            run.log({"e": ours.wandb.EvalTable(columns=["a"], input_columns=["b"])})

        run.finish()
        assert [] == ours.rows(run)

    @pytest.mark.parametrize(
        ("given", "error"),
        [
            ({"log_mode": "MUTABLE"}, "UsageError"), ({"backend": "x"}, "UsageError"),
            ({"unsupported_media_mode": "x"}, "ValueError"),
        ],
    )  # fmt: skip
    def test_what_is_refused(self, face: Face, given: dict[str, Any], error: str) -> None:
        """Modes, backends and words that there are not raise what the original raises."""
        expected = ValueError if error == "ValueError" else face.wandb.errors.UsageError

        with pytest.raises(expected):
            face.wandb.EvalTable(columns=["a"], input_columns=["a"], **given)
