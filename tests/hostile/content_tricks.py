"""Bundles whose zip is sound and whose contents lie: one function a trick.

`TRICKS` has them by name, each with the words that the refusal must have.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from hostile.forge import NOWHERE, SHA256, Forge, manifest, sound
from hostile.zip_tricks import Trick

from vcs_track.formats import canonical
from vcs_track.formats.manifest import MediaItem, encode_media
from vcs_track.formats.oid import FORMATS
from vcs_track.formats.series import describe, encode_deltas, encode_steps, encode_values

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HARMLESS", "TRICKS"]

TRICKS: dict[str, Trick] = {}
# What is odd and harmless: it is taken in, and every question gets an answer or our error.
HARMLESS: dict[str, Trick] = {}


def trick(words: str) -> Callable[[Callable[[], Forge]], Callable[[], Forge]]:
    """Enter a function into the corpus; no words for one that is harmless."""

    def enter(build: Callable[[], Forge]) -> Callable[[], Forge]:
        assert build.__doc__
        many(build.__name__.replace("_", "-"), words, build.__doc__.partition("\n")[0], build)
        return build

    return enter


def many(name: str, words: str, wrong: str, build: Callable[[], Forge]) -> None:
    """Enter one of several of a kind."""
    into = TRICKS if words else HARMLESS
    assert name not in into
    into[name] = Trick(lambda: build().write(), words, wrong)


def documents(**named: object) -> Forge:
    """Return a bundle whose run names these documents by field."""
    forge = Forge()
    ids = {
        key: forge.blob(value) if isinstance(value, bytes) else forge.json(value)
        for key, value in named.items()
    }
    return forge.run(**ids)


def long(head: bytes, piece: bytes, times: int, tail: bytes) -> Callable[[], bytes]:
    """Return what makes many megabytes, once they are needed: every worker imports this."""
    return lambda: head + piece * times + tail


def hparams(value: object) -> Forge:
    """Return a bundle whose run has these hyperparameters, typed."""
    return documents(hparams={"@": "hparams/1", "v": value})


# ---- the index --------------------------------------------------------------------------

for _name, _raw in {
    "empty": b"", "words": b"nonsense", "a-list": b"[]", "a-number": b"5", "null": b"null",
    "bytes": b"\xff\xfe", "cut": b'{"@":"bundle/1"', "deep": b"[" * 100_000,
    "deep-objects": b'{"a":' * 100_000, "deep-and-closed": b"[" * 900 + b"]" * 900,
    "a-mark": b"\xef\xbb\xbf{}", "nan": b'{"@":"bundle/1","x":NaN}',
    "huge-number": b'{"@":"bundle/1","x":1e999}', "many-lists": long(b"[", b"[],", 10_000_000, b"[]]"),
    "many-numbers": long(b"[", b"0,", 30_000_000, b"0]"),
}.items():  # fmt: skip
    many(
        f"index-{_name}", "not a bundle|not JSON|unknown version|limit|canonical|too large|values|no bundle",
        f"A bundle.json with {_name}.",
        lambda raw=_raw: _with_index(raw() if callable(raw) else raw),  # type: ignore[misc]
    )  # fmt: skip


def _with_index(raw: bytes) -> Forge:
    forge = sound()
    forge.raw_index = raw
    return forge


def _indexed(**changes: object) -> Forge:
    forge = sound()
    forge.index = changes
    return forge


def _index_text(forge: Forge) -> bytes:
    return next(m.data for m in forge.members() if m.name == b"bundle.json")


for _name, _index in {
    "version": {"@": "bundle/2"}, "no-version": {"@": None}, "format-unknown":
    {"object_format": "blake3"}, "format-other": {"object_format": "xxh128"}, "format-list":
    {"object_format": ["sha256"]}, "objects-none": {"objects": None},
    "objects-empty": {"objects": {}}, "objects-list": {"objects": []},
    "objects-other": {"objects": {NOWHERE: {"size": 1}}}, "heads-empty": {"heads": {}},
    "heads-none": {"heads": None}, "heads-list": {"heads": []}, "heads-of-another": {"heads": {"x": [NOWHERE]}},
    "heads-of-none": {"heads": {"evil": []}}, "heads-text": {"heads": {"evil": "x"}},
    "missing-none": {"missing": None}, "missing-objects": {"missing": [{}]},
    "missing-words": {"missing": ["x"]}, "missing-twice": {"missing": {}}, "code-list": {"code": []},
    "prerequisites-words": {"prerequisites": ["x"]},
    "prerequisites-none": {"prerequisites": 5},
    "code-of-nothing": {"code": {"a" * 40: [NOWHERE]}},
}.items():  # fmt: skip
    many(
        f"index-with-{_name}", "bundle|format|list|prerequisites|version", f"bundle.json says {str(_index)[:60]}.",
        lambda index=_index: _indexed(**index),  # type: ignore[misc]
    )  # fmt: skip


@trick("canonical|twice")
def index_with_a_key_twice() -> Forge:
    """bundle.json lists its heads twice: which list counts depends on the reader."""
    text = _index_text(sound())
    return _with_index(text.replace(b'"missing":[]', b'"missing":[],"missing":[]'))


@trick("canonical")
def index_with_spaces() -> Forge:
    """bundle.json is not canonical: the same bundle would have many roots."""
    return _with_index(_index_text(sound()).replace(b'"missing":[]', b'"missing": []'))


# ---- heads and history ------------------------------------------------------------------


@trick("leads to another run")
def a_head_that_names_another_run() -> Forge:
    """The head of one run leads to the state of another."""
    forge = Forge()
    return forge.head(forge.json(manifest(run="victim")), "evil")


@trick("leads to another run")
def a_parent_of_another_run() -> Forge:
    """An older state is that of another run."""
    forge = Forge()
    parent = forge.json(manifest(run="victim"))
    return forge.run(parents=[parent])


@trick("leads to another run")
def a_parent_of_another_run_of_the_bundle() -> Forge:
    """An older state is that of another run, which is in the bundle as well."""
    forge = Forge()
    parent = forge.json(manifest(run="a"))
    forge.head(parent, "a")
    return forge.run(run="b", parents=[parent])


@trick("missing")
def a_head_that_leads_nowhere() -> Forge:
    """A head names an object that is not there."""
    return Forge().head(NOWHERE)


for _name, _data in {
    "a-blob": b"hello", "a-number": b"5", "a-list": b"[]", "nothing": b"{}",
    "a-newer-kind": b'{"@":"run/2"}', "other": b'{"@":"hparams/1","v":{}}',
    "a-kind-that-is-a-list": b'{"@":["run/1"]}', "a-column": encode_steps([1, 2]),
}.items():  # fmt: skip
    many(
        f"head-is-{_name}", "expected|not JSON|canonical|damaged", f"A head leads to {_name}.",
        lambda data=_data: (forge := Forge()).head(forge.blob(data)),  # type: ignore[misc]
    )  # fmt: skip
for _field in ("hparams", "scalars", "media", "env", "code", "parents"):
    many(
        f"missing-{_field}", "missing", f"A run names {_field} that nobody has.",
        lambda field=_field: Forge().run(  # type: ignore[misc]
            **{field: [NOWHERE] if field == "parents" else NOWHERE}
        ),
    )  # fmt: skip


@trick("heads|limit")
def a_thousand_clashing_heads() -> Forge:
    """One run with more heads than anybody has clones, on one long history."""
    forge = Forge()
    parent = forge.json(manifest())
    for n in range(1_001):
        forge.head(forge.json(manifest(parents=[parent], time_us=2 + n)))
    return forge


@trick("")
def two_heads_that_clash() -> Forge:
    """Two heads of which neither knows the other: they merge."""
    forge = Forge()
    for n in range(2):
        forge.run(notes=f"{n}", time_us=n + 1)
    return forge


@trick("")
def deep_parents() -> Forge:
    """Ten thousand states of one run."""
    forge = Forge()
    last: list[str] = []
    for n in range(10_000):
        last = [forge.json(manifest(parents=last, time_us=n + 1))]
    return forge.head(last[0])  # type: ignore[arg-type]  # it is one


@trick("hash|sha256|corrupt")
def a_cycle_in_the_parents() -> Forge:
    """Two states that name each other: no hash can do that, so one of them lies."""
    forge = Forge()
    first = forge.json(manifest(parents=[NOWHERE]))
    second = canonical.dumps(manifest(parents=[first]))
    forge.objects[NOWHERE] = second
    return forge.head(NOWHERE)


@trick("hash|sha256|corrupt")
def a_state_that_is_its_own_parent() -> Forge:
    """A state that names itself."""
    forge = Forge()
    forge.objects[NOWHERE] = canonical.dumps(manifest(parents=[NOWHERE]))
    return forge.head(NOWHERE)


@trick("not JSON|expected|canonical|damaged")
def an_image_that_is_a_document_too() -> Forge:
    """One object is an image, which nobody looks into, and the series of the run."""
    forge = Forge()
    evil = b'{"@":"scalars/1", "series":5}'
    item = MediaItem("image", forge.blob(evil), len(evil), "image/png", 1).to_json()
    body = {"@": "media/1", "items": [item]}
    return forge.run(
        media=forge.json(body), **dict.fromkeys(("scalars", "hparams", "env"), forge.blob(evil))
    )


@trick("missing")
def an_image_left_out_that_is_a_document_too() -> Forge:
    """An image may be left out; hyperparameters may not, though they have its id."""
    forge = Forge(missing=[NOWHERE])
    item = MediaItem("image", NOWHERE, 1, "image/png", 1).to_json()
    body = {"@": "media/1", "items": [item]}
    return forge.run(
        media=forge.json(body), **dict.fromkeys(("scalars", "hparams", "env"), NOWHERE)
    )


# ---- manifests --------------------------------------------------------------------------

_HUGE = {"$": "i", "v": "0x" + "f" * 1_000_000}
for _name, _fields in {
    "name-number": {"name": 5}, "name-escape": {"name": "\x1b]0;owned\x07"}, "name-empty": {"name": ""},
    "tags-text": {"tags": "x"}, "tags-numbers": {"tags": [5, "a"]},
    "parents-object": {"parents": {}}, "parents-lists": {"parents": [["x"]]},
    "parents-numbers": {"parents": [5]}, "time-text": {"time_us": "1"}, "time-null": {"time_us": None},
    "time-true": {"time_us": True}, "time-negative": {"time_us": -1}, "time-far": {"created_us": 10**18},
    "ended-float": {"ended_us": 1.5}, "status-odd": {"status": "weird"}, "status-list": {"status": []},
    "summary-list": {"summary": []}, "summary-typed": {"summary": {"$": "tuple", "v": []}},
    "hparams-number": {"hparams": 5}, "hparams-words": {"hparams": "../../etc/passwd"},
    "git-text": {"git": "x"}, "git-tree-list": {"git": {"tree": [1]}}, "git-commit-number": {"git": {"commit": 5}},
    "git-commit-path": {"git": {"commit": "--upload-pack=x"}}, "git-branch-object": {"git": {"branch": {"a": 1}}},
    "git-remote-list": {"git": {"remote": []}}, "git-ahead-text": {"git": {"ahead": "x"}},
    "git-dirty-text": {"git": {"dirty": [1]}}, "writers-null": {"writers": None},
    "writers-text": {"writers": {"a": "b"}}, "writers-negative": {"writers": {"a": -1}},
    "gaps-numbers": {"gaps": [5]}, "exit-text": {"exit": "x"}, "exit-code-text": {"exit": {"code": "x"}},
    "exit-error-list": {"exit": {"error": []}}, "command-argv-text": {"command": {"argv": "rm"}},
    "command-argv-numbers": {"command": {"argv": [1]}}, "command-cwd-list": {"command": {"cwd": []}},
    "command-script-number": {"command": {"script": 5}}, "command-inputs-list": {"command": {"inputs": []}},
    "command-input-no-id": {"command": {"inputs": {"a": {"o": "x", "size": 1}}}},
    "command-hparams-words": {"command": {"hparams": "x"}}, "color-list": {"color": []},
    "run-path": {"run": "../evil"}, "run-long": {"run": "a" * 65}, "project-number": {"project": 5},
}.items():  # fmt: skip
    many(
        f"manifest-{_name}", "no valid|damaged|does not fit|label|control|character|name|not the name of a head",
        f"A run manifest says {str(_fields)[:60]}.",
        lambda fields=_fields: Forge().run(**fields),  # type: ignore[misc]
    )  # fmt: skip

for _name, _document in {
    "hparams-of-another-kind": {"hparams": {"@": "env/1", "v": {}}},
    "hparams-newer": {"hparams": {"@": "hparams/2", "v": {}}},
    "hparams-number": {"hparams": {"@": "hparams/1", "v": 5}},
    "env-without-values": {"env": {"@": "env/1"}}, "env-newer": {"env": {"@": "env/9", "v": {}}},
    "media-of-another-kind": {"media": {"@": "hparams/1", "v": {}}}, "media-newer": {"media": {"@": "media/2"}},
    "media-object": {"media": {"@": "media/1", "items": {}}}, "media-odd-item": {"media": {"@": "media/1", "items": [5]}},
    "scalars-newer": {"scalars": {"@": "scalars/2", "series": {}}}, "scalars-list": {"scalars": {"@": "scalars/1", "series": []}},
    "scalars-without-chunks": {"scalars": {"@": "scalars/1", "series": {"a": {"n": 1}}}},
    "scalars-empty-chunk": {"scalars": {"@": "scalars/1", "series": {"a": {"n": 1, "chunks": [{}]}}}},
    "scalars-odd-chunk": {"scalars": {"@": "scalars/1", "series": {"a": {"n": 9, "chunks": ["x"]}}}},
    "code-newer": {"code": {"@": "code/2"}}, "code-empty": {"code": {"@": "code/1"}},
}.items():  # fmt: skip
    many(
        f"document-{_name}", "expected|damaged|lacks|no items|holds no names|not a code|item",
        f"A run names {str(_document)[:60]}.",
        lambda document=_document: documents(**document),  # type: ignore[misc]
    )  # fmt: skip


# ---- JSON -------------------------------------------------------------------------------

_HEAD = b'{"@":"hparams/1","v":'
for _name, _text in {
    "space": b'{"@":"hparams/1", "v":{}}', "order": b'{"v":{},"@":"hparams/1"}',
    "digits": _HEAD + b'{"a":1.50}}', "exponent": _HEAD + b'{"a":1E3}}', "plus": _HEAD + b'{"a":1e+30}}',
    "twice": _HEAD + b'{"a":1,"a":2}}', "escape": _HEAD + b'{"a":"\\u0041"}}',
    "slash": _HEAD + b'{"a":"\\/"}}', "mark": b"\xef\xbb\xbf" + _HEAD + b"{}}",
    "newline": _HEAD + b"{}}\n", "minus-zero": _HEAD + b'{"a":-0}}', "utf-8": _HEAD + b'{"a":"\xff"}}',
    "overlong": _HEAD + b'{"a":"\xc0\xaf"}}', "surrogate": _HEAD + b'{"a":"\\ud800"}}',
    "raw-surrogate": _HEAD + b'{"a":"\xed\xa0\x80"}}', "nan": _HEAD + b'{"a":NaN}}',
    "infinity": _HEAD + b'{"a":Infinity}}', "huge-float": _HEAD + b'{"a":1e999}}',
    "huge-integer": _HEAD + b'{"a":18446744073709551616}}', "long-integer": _HEAD + b'{"a":' + b"9" * 100_000 + b"}}",
    "negative-integer": _HEAD + b'{"a":-9223372036854775809}}', "comment": _HEAD + b"{}/* */}",
    "hex": _HEAD + b'{"a":0x10}}', "control": _HEAD + b'{"a":"\n"}}', "two": _HEAD + b"{}}{}",
    "deep": _HEAD + b"[" * 10_000 + b"]" * 10_000 + b"}", "65-deep": _HEAD + b"[" * 64 + b"]" * 64 + b"}",
    "deep-objects": _HEAD + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
    "unclosed": _HEAD + b"[" * 3_000_000, "large": long(_HEAD + b'{"a":"', b"a", 65 << 20, b'"}}'),
    "many-lists": long(_HEAD + b'{"a":[', b"[],", 15_000_000, b"[]]}}"),
    "many-objects": long(_HEAD + b'{"a":[', b'{"":0},', 9_000_000, b"{}]}}"),
    "many-numbers": long(_HEAD + b'{"a":[', b"0,", 30_000_000, b"0]}}"),
}.items():  # fmt: skip
    many(
        f"json-{_name}", "canonical|not JSON|nested|limit|too large|larger|too many values", f"A document with {_name}.",
        lambda text=_text: documents(hparams=text() if callable(text) else text),  # type: ignore[misc]
    )  # fmt: skip


# ---- typed values -----------------------------------------------------------------------

for _name, _value in {
    "float": {"$": "f", "v": "1.0"}, "integer": {"$": "i", "v": "abc"}, "integer-float": {"$": "i", "v": 5},
    "long-integer": {"$": "i", "v": "9" * 10_000}, "bytes": {"$": "bytes", "v": "***"},
    "path-number": {"$": "path", "v": 5}, "set-of-lists": {"$": "set", "v": [[1]]}, "map-odd": {"$": "map", "v": [[1]]},
    "map-of-lists": {"$": "map", "v": [[[1], 2]]}, "date": {"$": "date", "v": "2020-99-99"},
    "datetime": {"$": "datetime", "v": "now"}, "time": {"$": "time", "v": 5},
    "timedelta": {"$": "timedelta", "v": [10**18, 0, 0]}, "complex": {"$": "complex", "v": [1]},
    "decimal": {"$": "decimal", "v": "x"}, "fraction": {"$": "fraction", "v": [1, 0]}, "label-list": {"$": ["tuple"], "v": []},
    "label-number": {"$": 5}, "repr": {"$": "repr", "v": 5}, "decimal-that-traps": {"$": "decimal", "v": "sNaN"}, "no-value": {"$": "tuple"}, "array": {"$": "array", "v": 5},
    "large-fraction": {"$": "fraction", "v": [_HUGE, {"$": "i", "v": "0x1" + "0" * 999_999}]},
    "colliding-integers": {"$": "set", "v": [{"$": "i", "v": str(((1 << 61) - 1) * n)} for n in range(30_000)]},
    "colliding-tuples": {"$": "map", "v": [
        [{"$": "tuple", "v": [-1 - (n >> bit & 1) for bit in range(15)]}, 0] for n in range(1 << 15)
    ]},
    "colliding-decimals": {"$": "frozenset", "v": [{"$": "decimal", "v": f"{((1 << 61) - 1) * n}"} for n in range(30_000)]},
}.items():  # fmt: skip
    many(
        f"typed-{_name}", "does not fit|label|canonical", f"A typed value of {_name}.",
        lambda value=_value: hparams({"a": value}),  # type: ignore[misc]
    )  # fmt: skip
    if not _name.startswith("colliding"):
        many(
            f"summary-typed-{_name}", "does not fit|label|canonical", f"A typed value of {_name} in a summary.",
            lambda value=_value: Forge().run(summary={"a": value}),  # type: ignore[misc]
        )  # fmt: skip
for _name, _value in {
    "huge-integer": _HUGE, "huge-decimal": {"$": "decimal", "v": "1e999999"}, "decimal-nan": {"$": "decimal", "v": "NaN"},
    "vast-decimal": {"$": "decimal", "v": "1e999999999999"}, "unknown": {"$": "future", "v": [1]},
    "unsigned": (1 << 64) - 1, "nan": {"$": "f", "v": "NaN"}, "path-out": {"$": "path", "v": "/etc/passwd"},
    "escape": "\x1b]0;owned\x07\x1b[2J", "right-to-left": "\u202eevil", "nul": "a\0b", "array": {"$": "array", "dtype": 5, "shape": "x", "v": [1]},
    "far-date": {"$": "datetime", "v": "9999-12-31T23:59:59.999999-23:59"}, "near-date": {"$": "datetime", "v": "0001-01-01T00:00:00+23:59"},
    "long-text": "x" * 3_000_000, "set": {"$": "set", "v": [1, 2]}, "complex": {"$": "complex", "v": [1.0, 2.0]},
}.items():  # fmt: skip
    many(f"value-{_name}", "", f"A hyperparameter of {_name}.", lambda value=_value: hparams({"a": value, "x\x1b[2Jy": 1}))  # type: ignore[misc]  # fmt: skip
    many(
        f"summary-value-{_name}", "", f"A summary of {_name}.",
        lambda value=_value: Forge().run(summary={"a": value}, results={"b": value}, notes="\x1b[2J", color="\x1b[2J"),  # type: ignore[misc]
    )  # fmt: skip


# ---- series -----------------------------------------------------------------------------


def series(
    bend: Callable[[dict[str, Any]], None] | None = None, n: Any = None, **columns: bytes
) -> Forge:
    """Return a bundle with a series of three points, its chunk bent."""
    forge = Forge()
    values, steps = [0.5, 1.5, -1.0], [0, 10, 20]
    chunk: dict[str, Any] = {
        "value": forge.blob(columns.get("value", encode_values(values, single=False))),
        "step": forge.blob(columns.get("step", encode_steps(steps))),
        "wall": forge.blob(columns.get("wall", encode_deltas([1, 2, 3]))),
        **describe(values, steps),
    }  # fmt: skip
    chunk |= {
        name: forge.blob(columns[name]) for name in columns.keys() & {"epoch", "rep", "rank"}
    }
    if bend is not None:
        bend(chunk)
    body: dict[str, Any] = {
        "@": "scalars/1",
        "series": {"a": {"n": chunk.get("n") if n is None else n, "chunks": [chunk]}},
    }
    return forge.run(scalars=forge.json(body))


for _name, _change in {
    "n-less": {"n": 2}, "n-more": {"n": 4}, "n-0": {"n": 0}, "n-negative": {"n": -3}, "n-huge": {"n": 10**15}, "n-true": {"n": True},
    "n-float": {"n": 3.0}, "n-beyond-a-chunk": {"n": 16_385}, "lo": {"lo": -5}, "hi": {"hi": 10**9}, "lo-text": {"lo": "x"},
    "hi-null": {"hi": None}, "first": {"first": 9.0}, "first-text": {"first": "0.5"}, "first-list": {"first": []},
    "first-null": {"first": None}, "last": {"last": 9.0}, "last-object": {"last": {}}, "min": {"min": -99.0},
    "min-text": {"min": "x"}, "min-null": {"min": None}, "max": {"max": 99.0}, "max-list": {"max": [1]},
    "sum": {"sum": 1e6}, "sum-text": {"sum": "x"}, "sum-null": {"sum": None}, "sum-true": {"sum": True},
    "nan": {"nan": 1}, "nan-all": {"nan": 3}, "nan-more": {"nan": 99}, "nan-negative": {"nan": -1}, "nan-text": {"nan": "x"},
    "first-nan": {"first": {"$": "f", "v": "NaN"}}, "last-typed": {"last": {"$": "tuple", "v": []}},
    "step-no-id": {"step": "../x"}, "wall-number": {"wall": 5}, "value-missing": {"value": NOWHERE},
}.items():  # fmt: skip
    many(
        f"chunk-{_name}", "scalars manifest|series|names no ids|missing|chunk", f"A chunk says {str(_change)[:50]}.",
        lambda change=_change: series(lambda chunk: chunk.update(change)),  # type: ignore[misc]
    )  # fmt: skip
many(
    "series-n",
    "scalars manifest|series",
    "A series counts other points than its chunks.",
    lambda: series(n=5),
)
many(
    "series-n-text",
    "scalars manifest|series",
    "A series counts its points in words.",
    lambda: series(n="x"),
)


def column(codec: object, n: object, v: object) -> bytes:
    """Return a column."""
    return canonical.dumps({"@": "col/1", "codec": codec, "n": n, "v": v})


for _name, _columns in {
    "value-shorter": {"value": column("f8", 2, [0.5, 1.5])}, "value-longer": {"value": column("f8", 4, [0.5, 1.5, -1.0, 1.0])},
    "value-lies": {"value": column("f8", 3, [0.5, 1.5])}, "value-ints": {"value": column("f8", 3, [1, 2, 3])},
    "value-text": {"value": column("mixed", 3, [0.5, "x", 1])}, "value-null": {"value": column("mixed", 3, [0.5, None, 1])},
    "value-of-steps": {"value": column("runs", 3, [[0, 1, 3]])}, "codec": {"value": column("zip", 3, [0.5])},
    "codec-list": {"value": column(["f8"], 3, [0.5])}, "n-huge": {"step": column("runs", 10**12, [[0, 0, 10**12]])},
    "runs-negative": {"step": column("runs", 3, [[0, 1, -3], [0, 1, 6]])}, "runs-odd": {"step": column("runs", 3, [[0, 1]])},
    "step-floats": {"step": column("f8", 3, [0.0, 10.0, 20.0])}, "step-text": {"step": column("int", 3, ["0", "1", "2"])},
    "step-null": {"step": column("rle", 3, [[None, 3]])}, "wall-floats": {"wall": column("f8", 3, [0.5, 1.5, 2.5])},
    "wall-far": {"wall": column("int", 3, [0, 1, 1 << 63])}, "wall-negative": {"wall": column("int", 3, [-5, 1, 2])},
    "wall-overflow": {"wall": column("delta", 3, [(1 << 64) - 1] * 3)}, "epoch-text": {"epoch": column("rle", 3, [["x", 3]])},
    "rep-negative": {"rep": column("rle", 3, [[-1, 3]])}, "rep-float": {"rep": column("rle", 3, [[1.5, 3]])},
    "rank-list": {"rank": column("rle", 3, [[[1], 3]])}, "epoch-shorter": {"epoch": column("rle", 2, [[1.0, 2]])},
    "not-a-column": {"wall": b'{"@":"col/2"}'}, "a-blob": {"wall": b"hello"}, "steps-otherwise": {"step": encode_steps([0, 10, 99])},
    "values-otherwise": {"value": encode_values([0.5, 7.0, -1.0], single=False)},
}.items():  # fmt: skip
    many(
        f"column-{_name}", "column|series|codec|canonical|not JSON|chunk", f"A series whose column is {_name}.",
        lambda columns=_columns: series(**columns),  # type: ignore[misc]
    )  # fmt: skip

for _name, _values in {
    "nan": [math.nan] * 3, "infinities": [math.inf, -math.inf, 0.5], "largest": [1.7976931348623157e308] * 3,
    "whole": [1, (1 << 64) - 1, -(1 << 63)], "truth": [True, False, True], "minus-zero": [-0.0, 0.0, -0.0],
}.items():  # fmt: skip
    many(
        f"series-of-{_name}", "", f"An honest series of {_name}.",
        lambda values=_values: series(  # type: ignore[misc]
            partial(_say, values),
            value=encode_values(values, single=False),
        ),
    )  # fmt: skip


def _say(values: list[Any], chunk: dict[str, Any]) -> None:
    chunk.pop("nan", None)
    chunk.update(_frozen(describe(values, [0, 10, 20])))


def _frozen(chunk: dict[str, Any]) -> dict[str, Any]:
    from vcs_track.formats.typed_json import freeze

    return {name: freeze(value) for name, value in chunk.items()}


@trick("")
def odd_tags() -> Forge:
    """Names of series that look like paths, options, labels and orders to the terminal."""
    forge = series()
    body = canonical.loads(forge.objects.pop(_of_kind(forge, "scalars/1")))
    (one,) = body["series"].values()
    names = [
        "../../evil",
        "/etc/evil",
        "-o",
        "$",
        "a b",
        "\x1b[2J",
        "a\0b",
        "'; DROP TABLE run; --",
        "x" * 5000,
        "",
    ]
    forge.heads.clear()
    return forge.run(scalars=forge.json({**body, "series": dict.fromkeys(names, one)}))


def _of_kind(forge: Forge, kind: str) -> Any:
    return next(
        oid for oid, data in forge.objects.items() if data.startswith(b'{"@":"%s"' % kind.encode())
    )


# ---- media ------------------------------------------------------------------------------


def media(blob: bytes = b"hello", *, named: bool = True, **fields: Any) -> Forge:
    """Return a bundle with one image, its item bent."""
    forge = Forge()
    item = MediaItem("image", forge.blob(blob), len(blob), "image/png", 1, tag="a").to_json()
    return forge.run(media=forge.json({"@": "media/1", "items": [{**item, **fields}]}))


for _name, _fields in {
    "kind-number": {"kind": 5}, "no-id": {"o": "../x"}, "size-negative": {"size": -1}, "size-text": {"size": "5"},
    "size-other": {"size": 999}, "mime-number": {"mime": 5}, "wall-far": {"wall": 1 << 62}, "wall-text": {"wall": "x"}, "tag-number": {"tag": 5},
    "name-list": {"name": []}, "step-text": {"step": "x"}, "step-float": {"step": 1.5}, "epoch-text": {"epoch": "x"}, "epoch-odd": {"epoch": {"$": "f", "v": "x"}},
    "rep-negative": {"rep": -1}, "meta-list": {"meta": []}, "meta-width-text": {"meta": {"width": "x", "height": []}}, "missing-text": {"kind": "text", "o": NOWHERE},
    "missing-blob": {"o": NOWHERE},
}.items():  # fmt: skip
    many(
        f"media-{_name}", "media manifest|names no ids|missing|does not fit", f"A media item says {_fields}.",
        lambda fields=_fields: media(**fields),  # type: ignore[misc]
    )  # fmt: skip


def png(width: int, height: int) -> bytes:
    """Return the head of an image that claims a size."""
    import struct
    import zlib

    def part(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", body) + part(b"IEND", b"")


many("media-odd-kind", "", "A kind of media that nobody knows yet.", lambda: media(kind="program"))
many("media-bomb", "", "An image of 60,000 by 60,000.", lambda: media(png(60_000, 60_000)))
many(
    "media-wrong-mime",
    "",
    "A page of HTML that says it is an image.",
    lambda: media(b"<script>alert(1)</script>"),
)
many(
    "media-fragment",
    "",
    "HTML that runs a program.",
    lambda: media(b"<script>alert(1)</script>", kind="fragment", mime="text/html"),
)
many(
    "media-text-of-bytes",
    "",
    "A text that is no text.",
    lambda: media(b"\xff\xfe\x1b[2J", kind="text", mime="text/plain"),
)
many(
    "media-histogram-of-words",
    "",
    "A histogram that is none.",
    lambda: media(b"hello", kind="histogram", mime="application/json"),
)
many(
    "media-console",
    "",
    "Output that rules the terminal.",
    lambda: media(b"\x1b]0;owned\x07\x1b[2J", kind="console", mime="text/plain", name="stdout"),
)
many(
    "media-cells",
    "",
    "Cells of a notebook that are none.",
    lambda: media(b"{", kind="cells", mime="application/json"),
)
many(
    "media-name-out",
    "",
    "A file called ../../evil.",
    lambda: media(kind="file", name="../../evil", tag=None),
)
many(
    "media-name-absolute",
    "",
    "A file called /etc/evil.",
    lambda: media(kind="file", name="/etc/evil", tag=None),
)
many(
    "media-name-nul",
    "",
    "A file with a NUL in its name.",
    lambda: media(kind="file", name="a\0b", tag=None),
)
many(
    "media-step-far",
    "",
    "A step beyond what a database holds.",
    lambda: media(step=(1 << 64) - 1, rep=(1 << 64) - 1),
)


# ---- code -------------------------------------------------------------------------------


def code(*files: dict[str, Any], **fields: Any) -> Forge:
    """Return a bundle whose run has this list of files."""
    forge = Forge()
    tree = "a" * 40
    body: dict[str, Any] = {
        "@": "code/1", "tree": tree, "hash": "sha1", "commit": None, "files": [
            {"p": "a", "m": "100644", "g": "b" * 40, "o": forge.blob(b"evil"), "s": 4, **file}
            for file in files
        ], "gone": [], "left_out": [], **fields,
    }  # fmt: skip
    return forge.run(code=forge.json(body), git={"commit": "c" * 40, "tree": tree})


_TYPED_PATH = {"$": "bytes", "v": "Li4vZXZpbA=="}
for _name, _path in {
    "climbs": "../evil", "climbs-inside": "a/../../evil", "absolute": "/etc/evil", "git": ".git/hooks/post-checkout",
    "git-upper": "sub/.GIT/config", "empty": "", "dot": "./a", "double": "a//b", "nul": "a\0b", "typed": _TYPED_PATH,
    "number": 5, "folder": "a/", "runs": ".runs/local/FORMAT", "git-dot": ".git./config", "git-space": ".git /config",
    "git-short": "git~1/config", "git-third": "GIT~3", "git-stream": ".git::$INDEX_ALLOCATION/config", "git-joiner": ".g\u200cit/config",
}.items():  # fmt: skip
    many(
        f"code-path-{_name}", "no path inside|member|damaged", f"A list of files with {_path!r}.",
        lambda path=_path: code({"p": path}),  # type: ignore[misc]
    )  # fmt: skip
    many(
        f"code-gone-{_name}", "no path inside|member|damaged", f"A list of files that are gone with {_path!r}.",
        lambda path=_path: code(commit="c" * 40, gone=[path]),  # type: ignore[misc]
    )  # fmt: skip
for _name, _file in {
    "mode-setuid": {"m": "106755"}, "mode-number": {"m": 33188}, "mode-tree": {"m": "040000"}, "blob": {"g": "x"},
    "blob-long": {"g": "b" * 64}, "no-object": {"o": "../x"}, "size-text": {"s": "x"}, "size-negative": {"s": -1}, "missing": {"o": NOWHERE},
}.items():  # fmt: skip
    many(
        f"code-{_name}", "mode or id|names no|member|missing|damaged", f"A list of files with {_file}.",
        lambda file=_file: code(file),  # type: ignore[misc]
    )  # fmt: skip
many("code-twice", "twice|damaged", "A list of files with one name twice.", lambda: code({}, {}))
many(
    "code-below-a-file",
    "damaged|below",
    "A file below another file.",
    lambda: code({"p": "a"}, {"p": "a/b"}),
)
many(
    "code-through-a-link", "damaged|below", "A file behind a link that points out.",
    lambda: code({"p": "a", "m": "120000"}, {"p": "a/b"}),
)  # fmt: skip
many("code-tree", "no id of git", "A tree that is a path.", lambda: code({}, tree="../x"))
many(
    "code-commit",
    "no id of git",
    "A commit that is an option.",
    lambda: code({}, commit="--upload-pack=touch evil"),
)
many(
    "code-hash", "no id of git", "A hash function that nobody knows.", lambda: code({}, hash="md5")
)
many(
    "code-hash-list",
    "no id of git|member",
    "A hash function that is a list.",
    lambda: code({}, hash=["sha1"]),
)
many(
    "code-left-out",
    "damaged|member",
    "A reason that is a list.",
    lambda: code({}, left_out=[{"p": "x", "why": [], "s": "y", "h": 5}]),
)
for _name, _path in {
    "backslash": "..\\evil",
    "drive": "C:\\evil",
    "escape": "\x1b[2J",
    "option": "-rf",
}.items():
    many(f"code-{_name}", "", f"A file called {_path!r}.", lambda path=_path: code({"p": path}))  # type: ignore[misc]
many("code-link-out", "", "A link that points out of the folder.", lambda: code({"m": "120000"}))


@trick("that of no run|another tree|does not list")
def a_tree_of_no_run() -> Forge:
    """A list of files of a tree that no run has."""
    forge = sound()
    body: dict[str, Any] = {
        "@": "code/1",
        "tree": "a" * 40,
        "hash": "sha1",
        "commit": None,
        "files": [],
        "gone": [],
        "left_out": [],
    }
    forge.trees["a" * 40] = [forge.json(body)]
    return forge


@trick("another tree")
def a_tree_that_is_another() -> Forge:
    """A list of files under the name of another tree, over what the victim has."""
    forge = Forge()
    body: dict[str, Any] = {
        "@": "code/1",
        "tree": "b" * 40,
        "hash": "sha1",
        "commit": None,
        "files": [],
        "gone": [],
        "left_out": [],
    }
    forge.trees["a" * 40] = [forge.json(body)]
    return forge.run(git={"commit": "c" * 40, "tree": "a" * 40})


# ---- formats ----------------------------------------------------------------------------


@trick("object format|format")
def another_object_format() -> Forge:
    """A bundle whose ids can be forged, for a repository whose ids cannot."""
    forge = Forge(FORMATS["xxh128"])
    return forge.run()


@trick("names no ids|no valid|missing")
def ids_of_another_format() -> Forge:
    """A run that names an object by an id of the other format."""
    return Forge().run(hparams="x1-" + "0" * 32)


@trick("larger|limit|too large")
def a_large_document() -> Forge:
    """A column of more than 64 MiB."""
    forge = Forge()
    body = b'{"@":"col/1","codec":"f8","n":1,"v":[' + b"1.0," * (17 << 20) + b"1.0]}"
    oid = forge.blob(body)
    chunk = {"value": oid, "step": oid, "wall": oid, **describe([1.0], [0])}
    return forge.run(
        scalars=forge.json({"@": "scalars/1", "series": {"a": {"n": 1, "chunks": [chunk]}}})
    )


assert encode_media([]).startswith(b'{"@":"media/1"')
assert SHA256.id_length == 64
