"""What every test shares: an empty place to run in, a random order, examples from the pages.

Sits at the root so that it also serves the doctests of the package and the
examples in ``README.md`` and ``docs/``.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
from contextlib import ExitStack, chdir
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from sybil import Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__: list[str] = []

ROOT = Path(__file__).parent

# Sphinx executes it; with --doctest-modules pytest would too.
collect_ignore = ["docs/conf.py", "docs/_build", "benchmarks"]

GIT_CONFIG = """\
[user]
    name = A Tester
    email = tester@example.org
[init]
    defaultBranch = main
[commit]
    gpgSign = false
[protocol "file"]
    allow = always
"""


# No deadline: a shared machine stalls now and then, and a timed test is a flaky test.
# The blob repeats a failure elsewhere.
settings.register_profile("vcs-track", deadline=None, print_blob=True)
settings.load_profile("vcs-track")


# --- order ------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that repeat an order, and that accept what is shown now."""
    parser.addoption("--order-seed", type=int, help="run the tests in the order of this number")
    parser.addoption(
        "--rewrite-golden", action="store_true", help="write tests/golden anew from what is shown"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Choose the order of this run, and hide what is around it."""
    given = getattr(config, "workerinput", {})  # in a process of pytest-xdist
    if "order_seed" in given:
        config.option.order_seed = given["order_seed"]
    elif config.option.order_seed is None:
        config.option.order_seed = random.SystemRandom().randrange(10**6)
    isolate(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let the processes of pytest-xdist run the tests in one order."""
    node.workerinput["order_seed"] = node.config.option.order_seed


def pytest_report_header(config: pytest.Config) -> str:
    """Name the order, so that a failure that depends on it can be repeated."""
    return f"order: --order-seed {config.option.order_seed}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shuffle files, the classes of a file and the tests of a class.

    The examples of one page keep their order: the later ones build on the earlier.
    """

    def rank(name: str) -> float:
        return random.Random(f"{config.option.order_seed} {name}").random()

    def place(item: pytest.Item) -> tuple[float, float, float]:
        file = item.nodeid.partition("::")[0]
        group = item.nodeid.rpartition("::")[0]
        return rank(file), rank(group), 0 if isinstance(item, SybilItem) else rank(item.nodeid)

    items.sort(key=place)


# --- surroundings -----------------------------------------------------------------------


def isolate(config: pytest.Config) -> None:
    """Hide the settings of whoever runs the tests: theirs for git, ours, and colours.

    No fixture, because the examples of a page begin before any.
    """
    folder = Path(tempfile.mkdtemp())
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    git_config = folder / "config"
    git_config.write_text(GIT_CONFIG)
    hidden = ("VCS_TRACK_", "GIT_", "CLICOLOR")
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    for name in [*os.environ]:
        if name.startswith(hidden) and name != "VCS_TRACK_TEST_INSTALLED":
            patch.delenv(name)
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR"):
        patch.delenv(name, raising=False)
    patch.setenv("GIT_CONFIG_GLOBAL", str(git_config))
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    patch.setenv("GIT_TERMINAL_PROMPT", "0")
    # A temporary folder inside somebody's repository is still outside of git.
    patch.setenv("GIT_CEILING_DIRECTORIES", tempfile.gettempdir())
    package = find_spec("vcs_track")
    if package is not None and package.origin and Path(package.origin).parents[1] == ROOT:
        # Child processes run elsewhere, and must get the package that is tested here.
        patch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)


@pytest.fixture(autouse=True)
def isolated_folder(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run each test in an empty folder: a run that it starts is not written here.

    Not the one of ``tmp_path``, which hypothesis would warn of in each property.
    """
    if isinstance(request.node, SybilItem):  # a page has one folder for all its examples
        yield
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, chdir(folder):
        yield


# --- examples in the pages --------------------------------------------------------------


def enter_page(namespace: dict[str, object]) -> None:
    """Give the examples of a page a new git repository with one commit."""
    stack = ExitStack()
    folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
    stack.enter_context(chdir(folder))
    for command in (["init"], ["commit", "--allow-empty", "-m", "start"]):
        subprocess.run(["git", *command], check=True, capture_output=True)
    namespace["__page__"] = stack


def leave_page(namespace: dict[str, object]) -> None:
    """Remove the repository of a page."""
    stack = namespace.pop("__page__")
    assert isinstance(stack, ExitStack)
    stack.close()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
    excludes=["docs/_build/**"],
    setup=enter_page,
    teardown=leave_page,
).pytest()
