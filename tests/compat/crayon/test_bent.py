"""Bent archives and requests of any kind: refused with a sentence, or understood."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import vcs_track
from vcs_track.compat.crayon import archive, texts
from vcs_track.compat.crayon.experiments import Experiments
from vcs_track.compat.crayon.refusals import RefusedError
from vcs_track.compat.crayon.server.app import App
from vcs_track.compat.crayon.server.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Iterator

PATHS = ["/", "/data", "/data/scalars", "/data/histograms", "/backup", "/nope"]
WORDS = st.sampled_from(["foo", "x", "", "true", "1", "N", "ä", "%", "..", "\0", "a" * 300])
FIELDS = st.dictionaries(
    st.sampled_from(["xp", "name", "tobuild", "force", "exact", "other"]), WORDS, max_size=5
)
NUMBERS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), WORDS,
    st.lists(st.floats(), max_size=3), st.just({"min": 0}),
)  # fmt: skip
GIVEN = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("min", "max", "num", "bucket", "bucket_limit", "sum", "sum_squares", "more"), NUMBERS),
)  # fmt: skip
BODIES = st.one_of(
    st.binary(max_size=50),
    st.lists(st.one_of(NUMBERS, GIVEN), max_size=4).map(lambda v: json.dumps(v).encode()),
    st.tuples(NUMBERS, NUMBERS, st.one_of(NUMBERS, GIVEN)).map(lambda v: json.dumps(v).encode()),
    WORDS.map(lambda v: json.dumps(v).encode()),
)
KINDS = st.sampled_from(
    ["application/json", "", "text/plain", "application/zip", "multipart/form-data; boundary=y"]
)


@pytest.fixture(scope="class")
def experiments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Experiments]:
    """Return experiments with one that has a little data."""
    found = Experiments(vcs_track.init(tmp_path_factory.mktemp("bent")), of_others=True)
    found.create("foo")
    for step in range(20):
        found.add_scalar("foo", "x", [step, step, step / 3])
    found.add_histogram("foo", "h", [1, 2, [1.0, 2.0]], to_build=True)
    yield found
    found.close()


@pytest.fixture(scope="class")
def archives(experiments: Experiments) -> list[bytes]:
    """Return a good archive of each kind."""
    return [archive.packed(experiments, "foo"), archive.packed(experiments, "foo", exact=True)]


class TestArchives:
    @settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
    @given(st.data())
    def test_bent_archive_is_refused_or_harmless(
        self, experiments: Experiments, archives: list[bytes], data: st.DataObject
    ) -> None:
        """Bytes of an archive are changed: nothing is made of it, or points are points."""
        bent = bytearray(data.draw(st.sampled_from(archives)))
        for _ in range(data.draw(st.integers(1, 4))):
            bent[data.draw(st.integers(0, len(bent) - 1))] = data.draw(st.integers(0, 255))
        kept = bytes(bent[: data.draw(st.integers(len(bent) - 30, len(bent)))])
        before = sorted(experiments.names())
        try:
            archive.restore(experiments, "new", kept)
        except RefusedError:
            pass
        else:
            for name in experiments.details("new")["scalars"]:
                assert all(len(row) == 3 for row in experiments.scalars("new", name))
            experiments.remove("new")

        assert before == sorted(experiments.names())


class TestRequests:
    @settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
    @given(
        verb=st.sampled_from(["GET", "POST", "DELETE", "HEAD", "PUT", "X"]),
        path=st.sampled_from(PATHS), fields=FIELDS, raw=st.binary(max_size=10), body=BODIES,
        kind=KINDS,
    )  # fmt: skip
    def test_no_request_makes_a_500(
        self, experiments: Experiments, verb: str, path: str, fields: dict[str, str], raw: bytes,
        body: bytes, kind: str,
    ) -> None:  # fmt: skip
        """Any request is answered as the protocol says, and the server has nothing to complain of."""
        complaints: list[str] = []
        app = App(experiments, Guard(None), complaints.append)
        query = "&".join(f"{key}={value}" for key, value in fields.items()).encode() + raw
        environ: dict[str, Any] = {
            "REQUEST_METHOD": verb, "PATH_INFO": path, "QUERY_STRING": query.decode("latin-1"),
            "CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
        }  # fmt: skip
        said: list[str] = []
        answer = b"".join(app(environ, lambda status, _headers: said.append(status)))

        assert [] == complaints
        assert said[0][:3] in {"200", "400", "405", "413"}
        if said[0].startswith("200") and verb in ("POST", "DELETE") and path in PATHS[1:5]:
            assert texts.OK.encode() == answer
