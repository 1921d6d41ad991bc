"""Dictionaries of Mongo operators."""

from __future__ import annotations

import pytest

from vcs_track.errors import ExpressionError, InvalidTypeError
from vcs_track.porcelain.filter import from_mongo, resolve


class TestFromMongo:
    @pytest.mark.parametrize(
        ("query", "text"),
        [
            ({"config.lr": 0.1}, "config.lr = 0.1"),
            ({"config.lr": {"$gt": 0.01, "$lte": 1}}, "config.lr > 0.01 and config.lr <= 1"),
            ({"$or": [{"a": 1}, {"b": "x"}]}, "a = 1 or b = 'x'"),
            ({"$and": [{"a": True}, {"b": 1}]}, "a = true and b = 1"),
            ({"$nor": [{"a": 1}, {"b": 2}]}, "not (a = 1 or b = 2)"),
            ({"a": {"$ne": None}}, "not a is null"),
            ({"a": None}, "a is null"),
            ({"a": {"$in": [1, "b"]}}, "a in (1, 'b')"),
            ({"a": {"$nin": [1, None]}}, "not (a in (1) or a is null)"),
            ({"a": {"$exists": True}}, "not a is null"),
            ({"a": {"$not": {"$lt": 1}}}, "not a < 1"),
            ({"a": {"$regex": "^x", "$options": "i"}}, "a ~ '(?i)^x'"),
            ({"summary_metrics.val acc": 1}, "summary_metrics.`val acc` = 1"),
            ({}, "true"),
            ({"$or": []}, "false"),
        ],
    )
    def test_operator(self, query: dict[str, object], text: str) -> None:
        """Every operator has its form in the language."""
        assert text == from_mongo(query).text

    def test_names_of_wandb_are_known(self) -> None:
        """State, display name and config mean what they mean there."""
        query = {"state": "finished", "display_name": "a", "config.lr": {"$lt": 1}}
        found = resolve(from_mongo(query), {"hparams.lr"})

        assert found.matches({"status": "finished", "name": "a", "hparams.lr": 0.1})

    @pytest.mark.parametrize("query", [{"$where": "1"}, {"a": {"$size": 1}}, {"a": {"$gt": None}}])
    def test_unknown_operator_is_refused(self, query: dict[str, object]) -> None:
        """What is not translated is an error, never ignored."""
        with pytest.raises(ExpressionError):
            from_mongo(query)

    @pytest.mark.parametrize(
        "query",
        ["a", {"a": [1]}, {"a": {"$in": "x"}}, {"$or": {"a": 1}}, {1: 2}, {"$and": [1]},
         {"a": {"$regex": 1}}, {"a": {"$not": 1}}, {"a": {"$regex": "x", "$options": "q"}},
         {"": 1}],
    )  # fmt: skip
    def test_wrong_type_is_refused(self, query: dict[str, object]) -> None:
        """Values of the wrong type are named."""
        with pytest.raises(InvalidTypeError, match="expected"):
            from_mongo(query)

    def test_value_cannot_leave_its_quotes(self) -> None:
        """A text with quotes, and a name with them, stay one value and one name."""
        text = "x' or true or name = 'x"
        found = resolve(from_mongo({"name": text, f"config.{text}`\\": 1}), set())

        assert found.matches({"name": text, f"hparams.{text}`\\": 1})
        assert not found.matches({"name": "x"})

    def test_deep_query_is_refused(self) -> None:
        """Nesting is bounded as in the text."""
        query: dict[str, object] = {"a": 1}
        for _ in range(500):
            query = {"$nor": [query]}

        with pytest.raises(ExpressionError, match="nested more than 100"):
            from_mongo(query)
