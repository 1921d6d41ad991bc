"""What a run does with artifacts, step by step.

Artifact and run are two ends of one interface; these functions are between them.
"""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final, Protocol

from vcs_track.compat.wandb.artifacts.artifact import Artifact
from vcs_track.compat.wandb.artifacts.checks import check_aliases, check_tags, parse
from vcs_track.compat.wandb.artifacts.document import Document
from vcs_track.compat.wandb.artifacts.event import Place
from vcs_track.compat.wandb.artifacts.inputs import input_of
from vcs_track.compat.wandb.artifacts.inventory import Inventory
from vcs_track.compat.wandb.artifacts.labels import link_event
from vcs_track.compat.wandb.artifacts.references import is_address
from vcs_track.compat.wandb.artifacts.storing import store
from vcs_track.compat.wandb.code_files import chosen, script_name
from vcs_track.compat.wandb.errors import BadTypeError, BadValueError, RunNotFoundError
from vcs_track.compat.wandb.media.paths import folder_safe
from vcs_track.compat.wandb.term import termlog, termwarn
from vcs_track.compat.wandb.util import make_artifact_name_safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.compat.wandb.artifacts.version import Version
    from vcs_track.porcelain.run import Run as Native

    Names = Sequence[str] | str | None

__all__ = ["Doer", "link", "log", "log_code", "log_version", "made", "use"]

_UNSPECIFIED: Final = "unspecified"


class Doer(Protocol):
    """A run, as far as these functions need it."""

    _native: Native

    @property
    def id(self) -> str:
        """The id."""

    @property
    def entity(self) -> str:
        """The entity, a free label."""

    @property
    def project(self) -> str:
        """The project."""


def log(
    run: Doer, given: Any, name: str | None, kind: str | None, aliases: Names, tags: Names,
    *, adds: bool = False,
) -> Artifact:  # fmt: skip
    """Log an artifact, or what one is made of.

    Args:
        run: The run.
        given: An artifact, or a file, a folder or an address.
        name: Its name where it is made here.
        kind: Its type where it is made here.
        aliases: Aliases of the version.
        tags: Tags of the version.
        adds: Whether it adds to the latest version.
    """
    names, words = check_aliases(aliases), check_tags(tags)
    artifact = made(run, given, name, kind)
    if adds:
        artifact._incremental = True  # noqa: SLF001 -- see above
    return log_version(run, artifact, names, words)


def made(run: Doer, given: Any, name: str | None, kind: str | None) -> Artifact:
    """Return an artifact: *given*, or one that is made of it.

    Raises:
        BadTypeError: If *given* is neither an artifact nor a path.
        BadValueError: If nothing is at the path.
    """
    if isinstance(given, Artifact):
        return given
    if not isinstance(given, str | PurePath):
        raise BadTypeError(
            "You must pass an instance of wandb.Artifact or a valid file path to log_artifact"
        )
    text = str(given)
    path = Path(text)
    last = text.rstrip("/").rpartition("/")[2] if is_address(text) else path.absolute().name
    artifact = Artifact(name or f"run-{run.id}-{_tidy(last)}", kind or _UNSPECIFIED)
    if is_address(text):
        artifact.add_reference(text)
    elif "\0" not in text and path.is_file():
        artifact.add_file(path)
    elif "\0" not in text and path.is_dir():
        artifact.add_dir(path)
    else:
        raise BadValueError(
            "path must be a file, directory or externalreference like s3://bucket/path",
            hint=f"there is no file '{text[:80]}'",
        )
    return artifact


def log_version(run: Doer, artifact: Artifact, aliases: list[str], tags: list[str]) -> Artifact:
    """Store the files of *artifact* and give it a version; return it."""
    known = artifact._version  # noqa: SLF001 -- see above
    if known is not None:
        _name_again(known, aliases, tags)
        artifact._take_version(known)  # noqa: SLF001 -- see above
        return artifact
    native = run._native  # noqa: SLF001 -- see above
    inventory = Inventory.of_run(native)
    place = Place(run.entity, run.project, artifact.source_name)
    inventory.check_type(place, artifact.type)
    if artifact.incremental:
        _add_latest(inventory, place, artifact)
    document = Document(
        artifact.source_name, artifact.type, artifact.description, artifact.metadata,
        list(artifact.manifest.entries.values()), artifact.digest_algorithm,
    )  # fmt: skip
    oid = store(native, document, artifact._staging)  # noqa: SLF001 -- see above
    # Only now: others wait for their numbers, and large files take their time.
    with inventory.held():
        inventory.check_type(place, artifact.type)
        there = inventory.collection(place)
        digest = artifact.digest
        latest = there.latest
        same = latest is not None and latest.log.body["digest"] == digest
        number = latest.number if same and latest else there.next_number
        event = inventory.event(
            "log", native.id, entity=place.entity, project=place.project, name=place.name,
            type=artifact.type, digest=digest, doc=oid, version=number, aliases=aliases,
            tags=tags, who=run.id,
        )  # fmt: skip
        inventory.record(event, native)
    if same:
        termlog(
            f'Artifact "{place.name}" already exists with the same content. '
            "No new version will be created."
        )
    artifact._logged_as(inventory.version(event))  # noqa: SLF001 -- see above
    return artifact


def log_code(
    run: Doer, program: str | None, root: str | PurePath | None, name: str | None,
    include: Any, exclude: Any,
) -> Artifact | None:  # fmt: skip
    """Log the code below a folder as an artifact; return it, or None.

    Args:
        run: The run.
        program: The script, where somebody said so.
        root: The folder.
        name: Name of the artifact. Default: that of project and script.
        include: Whether to keep a path.
        exclude: Whether to leave one out.
    """
    found = {} if root is None else chosen(Path(root), include, exclude)
    if not found:
        termwarn(
            "No relevant files were detected in the specified directory. No code will be "
            "logged to your run."
        )
        return None
    named = name or make_artifact_name_safe(f"source-{run.project}-{script_name(program)}")
    # Only a run gives this type together with such a name.
    artifact = Artifact(named, _UNSPECIFIED)
    artifact._type = "code"  # noqa: SLF001 -- see above
    for path, source in found.items():
        artifact.add_file(source, path)
    return log_version(run, artifact, [], [])


def use(run: Doer, given: Any, kind: str | None, aliases: Names, use_as: str | None) -> Artifact:
    """Return a version of an artifact, and keep that *run* used it.

    Raises:
        BadTypeError: If *given* is neither a name nor an artifact.
    """
    inventory = Inventory.of_run(run._native)  # noqa: SLF001 -- see above
    if isinstance(given, Artifact):
        artifact = given
        if artifact.is_draft():
            log_version(run, artifact, check_aliases(aliases), [])
    elif isinstance(given, str):
        artifact = Artifact._of(_found(run, inventory, given))  # noqa: SLF001 -- see above
    else:
        raise BadTypeError(
            "artifact_or_name must be an instance of wandb.Artifact or its name",
            hint="write 'name:latest'",
        )
    artifact._check_use(kind)  # noqa: SLF001 -- see above
    _keep_use(run, inventory, artifact, use_as or artifact.use_as)
    return artifact


def _found(run: Doer, inventory: Inventory, text: str) -> Version:
    wanted = parse(text.removeprefix("wandb-artifact://"))
    try:
        return inventory.find(wanted, run.entity, run.project)
    except RunNotFoundError:
        found = inventory.find_digest(text, run.project)
        if found is None:
            raise
        return found


def _keep_use(run: Doer, inventory: Inventory, artifact: Artifact, use_as: str | None) -> None:
    native = run._native  # noqa: SLF001 -- see above
    version = artifact._logged("use")  # noqa: SLF001 -- see above
    for event in inventory.events():
        if event.op == "use" and (event.run, event.of) == (native.id, version.id):
            return
    body = {"of": version.id} if use_as is None else {"of": version.id, "as": str(use_as)}
    inventory.record(inventory.event("use", native.id, **body), native)
    read = input_of(artifact.manifest, f"artifact/{artifact.source_name.partition(':')[0]}")
    if read is not None:
        native.add_input(read)


def link(run: Doer, artifact: Any, target_path: str, aliases: Names) -> Artifact:
    """Give a version a name in another place; return it as it is found there.

    It is logged first if it is not.

    Raises:
        BadTypeError: If *artifact* is none.
    """
    if not isinstance(artifact, Artifact):
        raise BadTypeError(f"an artifact is linked, not a {type(artifact).__name__}")
    parse(target_path)
    check_aliases(aliases)
    if artifact.is_draft():
        log_version(run, artifact, [], [])
    version = artifact._logged("link")  # noqa: SLF001 -- see above
    native = run._native  # noqa: SLF001 -- see above
    inventory = Inventory.of_run(native)
    event = link_event(version, native.id, target_path, aliases)
    inventory.record(event, native)
    found: Artifact = artifact._at(event.target)  # noqa: SLF001 -- see above
    return found


def _tidy(name: str) -> str:
    """Return the last part of a path as a part of a name of an artifact."""
    safe = folder_safe(name)
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in safe)[:90]


def _name_again(version: Version, aliases: list[str], tags: list[str]) -> None:
    if aliases:
        version.record("alias", add=aliases)
    if tags:
        version.record("tag", add=tags)


def _add_latest(inventory: Inventory, place: Place, artifact: Artifact) -> None:
    """Add the files of the latest version to an artifact that goes on with it."""
    latest = inventory.collection(place).latest
    if latest is None:
        return
    old = inventory.version(latest.log).document.manifest.entries
    artifact.manifest.entries = {**old, **artifact.manifest.entries}
