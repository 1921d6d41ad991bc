"""Videos that gymnasium records, in a run too."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from compat.wandb.faces import Face

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__: list[str] = []

pytestmark = [
    pytest.mark.compat,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(
        find_spec("gymnasium") is None or find_spec("moviepy") is None,
        reason="gymnasium or moviepy is not installed",
    ),
]


@pytest.fixture(autouse=True)
def _given_back() -> Iterator[None]:
    """Let the recorder be as it was."""
    yield
    from vcs_track.compat.wandb import gym_videos

    gym_videos.unpatch()


def recorded(folder: str = "videos", *, episodes: int = 2, prefix: str = "rl-video") -> None:
    """Record episodes of a small environment with the real recorder."""
    gym = pytest.importorskip("gymnasium")
    numpy = pytest.importorskip("numpy")

    base: Any = gym.Env

    class Walk(base):  # type: ignore[misc]  # what there is of gymnasium has no types here
        metadata = {"render_modes": ["rgb_array"], "render_fps": 5}  # noqa: RUF012 -- as it wants
        render_mode = "rgb_array"
        action_space = gym.spaces.Discrete(2)
        observation_space = gym.spaces.Discrete(9)

        def reset(self, **options: Any) -> Any:
            super().reset(**options)
            self.at = 0
            return 0, {}

        def step(self, action: Any) -> Any:
            self.at += 1
            return self.at, 1.0, self.at == 4, False, {}

        def render(self) -> Any:
            return numpy.full((32, 32, 3), 50 * self.at, dtype="uint8")

    env = gym.wrappers.RecordVideo(
        Walk(), folder, episode_trigger=lambda _: True, name_prefix=prefix, disable_logger=True
    )
    for _ in range(episodes):
        env.reset()
        while not env.step(0)[2]:
            pass
    env.close()


def test_videos_are_logged(ours: Face) -> None:
    """Each video is a row with the bytes of the file.

    Seen to fail when the path is asked for after the recorder has forgotten it.
    """
    run = ours.init(monitor_gym=True, id="r")
    run.log({"a": 1})
    recorded()
    run.finish()
    rows = ours.rows(run)

    import vcs_track

    items = {item.name: item.data for item in vcs_track.open().run("r").media()}
    assert [0, 1, 2] == [row["_step"] for row in rows]
    assert ["video-file"] * 2 == [row["videos"]["_type"] for row in rows[1:]]
    for number, row in enumerate(rows[1:]):
        file = Path(f"videos/rl-video-episode-{number}.mp4")
        assert file.read_bytes() == items[row["videos"]["path"]]


def test_numbered_name(ours: Face) -> None:
    """The number in a name like ``video.0`` is a part of the key, as there."""
    run = ours.init(monitor_gym=True)
    recorded(prefix="openaigym.video.7.x", episodes=1)
    run.finish()

    assert ["video.7"] == [key for key in ours.rows(run)[0] if not key.startswith("_")]


def test_not_asked_for(ours: Face) -> None:
    """A run that did not ask gets none, also beside one that did."""
    asked = ours.init(monitor_gym=True)
    other = ours.init(reinit="create_new", id="other")
    recorded(episodes=1)
    asked.finish()
    other.finish()

    assert 1 == len(ours.rows(asked))
    assert [] == ours.rows(other)


def test_without_a_run(ours: Face) -> None:
    """After the run the recorder does its own work as ever, and is told of in ``patched``."""
    run = ours.init(monitor_gym=True)
    run.finish()
    recorded(episodes=1)

    assert 1 == len([*Path("videos").glob("*.mp4")])
    assert [] == ours.rows(run)
    assert [["gymnasium.wrappers.RecordVideo", "stop_recording"]] == ours.wandb.patched["gym"]


def test_monitor(ours: Face) -> None:
    """``wandb.integration.gym.monitor()``, once ``wandb.gym``, asks for all runs."""
    from vcs_track.compat.wandb import mirror

    run = ours.init()
    mirror.module("gym").monitor()
    mirror.module("integration.gym").monitor()
    recorded(episodes=1)
    run.finish()

    assert 1 == len(ours.rows(run))
