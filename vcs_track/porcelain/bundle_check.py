"""Checking bundles: all of one, before anything is believed of it.

``docs/format/bundles.md`` is the specification.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError, ObjectNotFoundError, VcsTrackError
from vcs_track.formats.code import Code
from vcs_track.formats.manifest import decode_media, decode_run
from vcs_track.formats.oid import looks_like_id, object_format
from vcs_track.formats.pack import OBJECTS, check_growth
from vcs_track.plumbing.home import BUNDLE_INDEX
from vcs_track.plumbing.object_errors import collision
from vcs_track.porcelain import values
from vcs_track.porcelain.closure import closure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vcs_track.formats.oid import ObjectId
    from vcs_track.formats.pack import Entry
    from vcs_track.plumbing.home import BundleHome
    from vcs_track.plumbing.pack_file import PackFile
    from vcs_track.plumbing.packs import Objects
    from vcs_track.plumbing.store import Store

    Named = dict[str, list[ObjectId]]
    Progress = Callable[[int, int], None]

__all__ = ["Checked", "check_bundle", "describe", "needed"]

_LARGEST_DOCUMENT: Final = 64 << 20
_SPARE: Final = 32 << 20
_NAMED: Final = 3
_MOST_HEADS: Final = 1_000


@dataclass(slots=True)
class Checked:
    """What a bundle holds, all of which was checked.

    Attributes:
        heads: The heads of each run.
        trees: The lists of files of each tree.
        roles: What each object is that its runs need, those of the repository among them.
        absent: What it leaves out, says so, and the repository has not got.
        names: What the runs are called.
    """

    heads: Named
    trees: Named
    roles: dict[ObjectId, str] = field(default_factory=dict)
    absent: set[ObjectId] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)


def check_bundle(
    home: BundleHome, store: Store | None = None, progress: Progress | None = None
) -> Checked:
    """Check everything in the bundle *home*.

    Args:
        home: The bundle.
        store: The repository that it is for. Default: none.
        progress: Is called with bytes checked and bytes in all.

    Raises:
        CorruptError: If anything is wrong.
    """
    result = Checked(home.heads(), home.trees())
    _check_heads(result.heads)
    lists = _lists(home)
    _check_objects(home, store, lists["objects"], progress)
    home.pack.learn()
    told = [home.index.get(key, {}) for key in ("heads", "code")]
    there = [
        {name: sorted(oids) for name, oids in named.items()}
        for named in (result.heads, result.trees)
    ]
    if len(lists["objects"]) != len(home.pack) or told != there:
        raise CorruptError("bundle.json does not list what the bundle holds")
    known = None if store is None else store.home.objects
    result.absent = {
        oid
        for oid in lists["prerequisites"]
        if store is None
        or (oid not in store.home.objects and store.home.objects.redacted(oid) is None)
    }
    if any(oid in home.pack for oid in result.absent):
        raise CorruptError("bundle.json lists something as left out that is there")
    _check_runs(home, result, _Both(home.pack, known), set(lists["missing"]))
    return result


def _check_heads(heads: Named) -> None:
    for run, found in heads.items():
        if len(found) > _MOST_HEADS:  # which are merged whenever the run is looked at
            raise CorruptError(
                f"run '{run}' has {len(found):,} heads, the limit is {_MOST_HEADS:,}"
            )


def needed(home: BundleHome, absent: Iterable[ObjectId]) -> ObjectNotFoundError:
    """Return the error for a partial bundle that misses *absent*."""
    since = home.index.get("since")
    since = since if isinstance(since, dict) else {}
    runs = [run for run in since.get("runs") or () if isinstance(run, str)]
    shown = ", ".join(runs[:_NAMED]) + (f" and {len(runs) - _NAMED} more" if runs[_NAMED:] else "")
    owners = f" of {'runs' if len(runs) > 1 else 'run'} {shown}" if runs else ""
    missing = sorted(absent)
    if "bundle" in since:
        name, root = str(since["bundle"])[:200], str(since.get("root"))[:12]
        place, hint = f"bundle '{name}' (root {root})", f"import '{name}' first"
    else:
        place = f"commit '{str(since.get('commit'))[:12]}'"
        hint = "check that commit out, or merge it, so that its runs are taken in"
    return ObjectNotFoundError(
        f"'{home.path.name}' leaves out {len(missing):,} object{'s' * (len(missing) != 1)}{owners}"
        f" that {'are' if len(missing) != 1 else 'is'} not here, but in {place}",
        oid=missing[0],
        hint=hint,
    )


def _lists(home: BundleHome) -> dict[str, Any]:
    index = home.index
    if index.get("object_format") != home.format.name:
        raise CorruptError("bundle.json names another object format than its objects have")
    if not isinstance(index.get("objects"), dict):
        raise CorruptError("bundle.json lacks its lists of objects")
    for key, what in (("missing", "missing"), ("prerequisites", "left out")):
        listed = index.get(key, [] if key == "prerequisites" else None)
        if not isinstance(listed, list):
            raise CorruptError("bundle.json lacks its lists of objects")
        if not all(map(looks_like_id, listed)):
            raise CorruptError(f"bundle.json lists something as {what} that is no id")
    return {"prerequisites": [], **index}


def _check_objects(
    home: BundleHome, store: Store | None, listed: dict[str, Any], progress: Progress | None
) -> None:
    """Check the layout and each entry, and that *listed* says of each what it is."""
    entries = home.pack.check_layout()
    check_growth(sum(entry.size for entry in entries), home.pack.directory.end)
    total = sum(entry.stored for entry in entries)
    done = spared = 0
    for entry in entries:
        if entry.name.startswith(OBJECTS):
            oid = home.pack.check_entry(entry)
            if listed.get(oid) != _told(home.pack, entry, oid, store):
                raise CorruptError(f"bundle.json and object '{oid[:12]}' disagree")
        else:
            _check_other(home.pack, entry)
        done += entry.stored
        if done - spared > _SPARE:
            spared = done
            home.pack.let_go()
        if progress is not None:
            progress(done, total)


def _told(pack: PackFile, entry: Entry, oid: ObjectId, store: Store | None) -> dict[str, Any]:
    """Return what the index must say of an object."""
    if len(oid) == object_format("sha256").id_length:
        return {"size": entry.size}
    found = describe(pack, entry)
    if store is not None and oid in store.home.objects:
        mine = store.home.objects.owner(oid)
        if describe(mine, mine.entry(oid)) != found:
            raise collision(oid)
    return found


def describe(pack: PackFile, entry: Entry) -> dict[str, Any]:
    """Return what the index says of an object whose id proves little."""
    sha256 = object_format("sha256")
    hasher = sha256.hasher()
    for part in pack.parts(entry):
        hasher.update(part)
    return {"size": entry.size, "sha256": sha256.finish(hasher)}


def _check_other(pack: PackFile, entry: Entry) -> None:
    named = entry.name.startswith(("heads/", "code/"))
    if not (named or entry.name in ("README.txt", BUNDLE_INDEX)) or (named and entry.size):
        raise CorruptError(f"'{entry.name[:80]}' is no entry of a bundle")
    pack.check_entry(entry)


class _Both:
    """The objects of a bundle, and behind them those of the store."""

    def __init__(self, first: PackFile, second: Objects | None) -> None:
        self._first = first
        self._second = second

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*."""
        entry = self._first.find(oid)
        if entry is None and self._second is not None:
            return self._second.read(oid)
        if entry is None:
            return self._first.read(oid)  # raises
        if entry.size > _LARGEST_DOCUMENT:
            raise CorruptError(f"document '{oid[:12]}' is larger than {_LARGEST_DOCUMENT} bytes")
        # Its hash was taken just now, and is taken again before it is stored.
        return self._first.inflated(entry)

    def redacted(self, oid: ObjectId) -> str | None:
        """Return why *oid* was redacted in the repository; None if it was not."""
        why: Callable[[ObjectId], str | None] = getattr(self._second, "redacted", lambda _: None)
        return why(oid)

    def __contains__(self, oid: object) -> bool:
        return oid in self._first or (self._second is not None and oid in self._second)

    def __iter__(self) -> Iterator[ObjectId]:
        return iter(sorted({*self._first, *(self._second or ())}))


def _check_runs(home: BundleHome, result: Checked, objects: _Both, missing: set[ObjectId]) -> None:
    known_trees: set[str] = set()
    for run, found in result.heads.items():

        def same_run(oid: ObjectId, data: bytes, run: str = run) -> None:
            if data.startswith(b'{"@":"media/1"'):
                _check_sizes(data, home)
            if not data.startswith(b'{"@":"run/1"'):
                return
            state = decode_run(data)
            if state.run != run:
                raise CorruptError(f"head of run '{run}' leads to another run, '{oid[:12]}'")
            values.check_name(state.name)
            values.check_tags(state.tags)
            known_trees.add((state.git or {}).get("tree", ""))

        try:
            everything = closure(
                found, objects, check=True, visit=same_run, known=result.roles,
                absent=result.absent,
            )  # fmt: skip
            for oid in found:
                if oid not in result.absent:
                    result.names[run] = decode_run(objects.read(oid)).name
        except VcsTrackError as error:
            raise CorruptError(f"run '{run}' in '{home.path.name}' is damaged: {error}") from error
        if lacking := everything.missing - missing - result.absent:
            raise CorruptError(f"blob '{min(lacking)[:12]}' of run '{run}' is missing")
        result.roles.update(everything.roles)
    _check_trees(result, objects, known_trees)


def _check_sizes(data: bytes, home: BundleHome) -> None:
    for item in decode_media(data):
        entry = home.pack.find(item.oid)
        if entry is not None and entry.size != item.size:
            raise CorruptError(f"a media manifest says another size of '{item.oid[:12]}'")


def _check_trees(result: Checked, objects: _Both, known_trees: set[str]) -> None:
    for tree, found in result.trees.items():
        # Of a manifest that was left out nobody can tell.
        if tree not in known_trees and not result.absent:
            raise CorruptError(f"tree '{tree[:12]}' is that of no run of the bundle")
        result.roles = {**_check_tree(tree, found, objects, result), **result.roles}


def _check_tree(
    tree: str, found: list[ObjectId], objects: _Both, result: Checked
) -> dict[ObjectId, str]:
    there = [oid for oid in found if oid not in result.absent]
    try:
        roles = closure(there, objects, check=True, role="code/1", absent=result.absent).roles
        codes = [Code.decode(objects.read(oid)) for oid in there]
    except VcsTrackError as error:
        raise CorruptError(f"the list of tree '{tree[:12]}' is damaged: {error}") from error
    if any(code.tree != tree for code in codes):
        raise CorruptError(f"the list of tree '{tree[:12]}' is that of another tree")
    return roles
