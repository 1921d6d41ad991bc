"""The protocol as bytes on a wire: every route, its texts and codes, and bad input."""

from __future__ import annotations

import base64
import json
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from compat.crayon.servers import ask, serving

if TYPE_CHECKING:
    from pathlib import Path

JSON = "application/json"
BUILT = b'[1.5, 0, {"min": 0, "max": 1, "num": 2, "bucket_limit": [1], "bucket": [2]}]'


def made(url: str, name: str = "foo") -> str:
    """Make an experiment; return the server's address."""
    assert 200 == ask(url, "POST", "/data", json.dumps(name).encode(), JSON).status
    return url


class TestRoot:
    def test_version_is_exact(self, url: str) -> None:
        """Clients compare it as text, and need a charset to decode it."""
        answer = ask(url, "GET", "/")

        assert (200, "0.5") == (answer.status, answer.text)
        assert "charset=utf-8" in answer.headers["content-type"]

    @pytest.mark.parametrize("path", ["/nope", "/data/", "/data/nope", "/../x", "/%2e%2e/"])
    def test_other_paths_have_a_sentence(self, url: str, path: str) -> None:
        """An unknown path is told so with 200, as ever."""
        answer = ask(url, "GET", path)

        assert (200, "This is not the web page you are looking for.") == answer[:2]

    @pytest.mark.parametrize(
        ("verb", "path"),
        [("POST", "/"), ("DELETE", "/"), ("PUT", "/data"), ("PATCH", "/data/scalars"),
         ("DELETE", "/data/scalars"), ("DELETE", "/backup"), ("BREW", "/data"), ("TRACE", "/")],
    )  # fmt: skip
    def test_wrong_verb_is_405(self, url: str, verb: str, path: str) -> None:
        """A verb that a path has not got is refused, and those are named that it has."""
        answer = ask(url, verb, path)

        assert 405 == answer.status
        assert "GET" in answer.headers["allow"]

    def test_head_is_get_without_a_body(self, url: str) -> None:
        """Probes ask so."""
        answer = ask(url, "HEAD", "/")

        assert (200, "", "3") == (answer.status, answer.text, answer.headers["content-length"])


class TestData:
    def test_life_of_an_experiment(self, url: str) -> None:
        """It is made, listed, described and removed with the answers of the protocol."""
        assert (200, "[]") == ask(url, "GET", "/data")[:2]
        assert (200, "ok") == ask(url, "POST", "/data", b'"foo"', JSON)[:2]
        assert (200, '["foo"]') == ask(url, "GET", "/data?xp=")[:2]
        found = json.loads(ask(url, "GET", "/data?xp=foo").text)
        assert {"scalars": [], "histograms": []} == found
        assert (200, "ok") == ask(url, "DELETE", "/data?xp=foo")[:2]
        assert (200, "[]") == ask(url, "GET", "/data")[:2]

    @pytest.mark.parametrize(
        ("body", "kind", "found"),
        [
            (b'""', JSON, "unicode"), (b"5", JSON, "int"), (b"null", JSON, "NoneType"),
            (b"1.5", JSON, "float"), (b"true", JSON, "bool"), (b"[]", JSON, "list"),
            (b"{}", JSON, "dict"), (b"", JSON, "NoneType"), (b'"foo"', "text/plain", "NoneType"),
            (b'"foo"', "", "NoneType"), (b"18446744073709551616", JSON, "long"),
        ],
    )  # fmt: skip
    def test_what_is_no_name(self, url: str, body: bytes, kind: str, found: str) -> None:
        """The answer has the type as Python 2 spells it."""
        answer = ask(url, "POST", "/data", body, kind)

        assert 400 == answer.status
        assert answer.text == (
            "Experiment name should be a non-empty string or unicode instead of "
            f"'<type '{found}'>'"
        )

    @pytest.mark.parametrize(
        "body",
        [b"{", b'"foo', b"\xff\xfe", b"[" * 100_000, b'"\\ud800"', b"9" * 5000, b"\0" * 50],
    )
    def test_broken_json_is_400(self, url: str, body: bytes) -> None:
        """What is no JSON makes nothing."""
        assert 400 == ask(url, "POST", "/data", body, JSON).status
        assert "[]" == ask(url, "GET", "/data").text

    @pytest.mark.parametrize(
        ("verb", "path", "said"),
        [
            ("GET", "/data?xp=N", "Unknown experiment name 'N'"),
            ("DELETE", "/data?xp=N", "'N' experiment does not already exist"),
            ("DELETE", "/data", "Experiment name should be a non-empty string or unicode instead "
             "of '<type 'NoneType'>'"),
            ("DELETE", "/data?xp=", "Experiment name should be a non-empty string or unicode "
             "instead of '<type 'unicode'>'"),
            ("GET", "/backup?xp=N", "Requested experiment 'N' does not exist"),
            ("GET", "/data/scalars?xp=N&name=x", "Unknown experiment name 'N'"),
            ("GET", "/data/histograms?xp=N&name=x", "Unknown experiment name 'N'"),
            ("GET", "/data/scalars?name=x", "Experiment name should be a non-empty string or "
             "unicode instead of '<type 'NoneType'>'"),
        ],
    )  # fmt: skip
    def test_unknown_names(self, url: str, verb: str, path: str, said: str) -> None:
        """Each route has its sentence for what is not there."""
        assert (400, said) == ask(url, verb, path)[:2]

    def test_second_of_a_name(self, url: str) -> None:
        """A name is given once."""
        made(url)

        assert (400, "'foo' experiment already exists") == ask(
            url, "POST", "/data", b'"foo"', JSON
        )[:2]

    @pytest.mark.parametrize(
        "path",
        ["/data?xp=%FF", "/data?xp=ä", "/data?xp=\udcff", "/data?" + "&".join(["a=1"] * 50)],
    )
    def test_query_that_is_none_is_400(self, url: str, path: str) -> None:
        """Bytes that are no UTF-8 name nothing, and a query has few fields."""
        host = urlsplit(url)
        with socket.create_connection((host.hostname or "", host.port or 0), 10) as raw:
            line = path.encode("utf-8", "surrogateescape")
            raw.sendall(b"GET " + line + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")

            assert raw.recv(100).startswith(b"HTTP/1.1 400 ")


class TestScalars:
    def test_rows_are_json(self, url: str) -> None:
        """A point is its wall time, step and value, as floats, an integer and a float."""
        made(url)
        assert (200, "ok") == ask(url, "POST", "/data/scalars?xp=foo&name=x", b"[1, 2, 3]", JSON)[
            :2
        ]

        assert "[[1.0,2,3.0]]" == ask(url, "GET", "/data/scalars?xp=foo&name=x").text

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("/data/scalars?xp=foo", "xp and name arguments are required"),
            ("/data/scalars?xp=foo&name=", "xp and name arguments are required"),
            ("/data/histograms?xp=foo&name=x", "xp, name and tobuild arguments are required"),
            (
                "/data/histograms?xp=foo&tobuild=true",
                "xp, name and tobuild arguments are required",
            ),
            ("/data/scalars?xp=N&name=x", "Unknown experiment name 'N'"),
            ("/data/histograms?xp=N&name=x&tobuild=true", "Unknown experiment name 'N'"),
        ],
    )
    def test_arguments_come_before_the_body(self, url: str, path: str, said: str) -> None:
        """What the query lacks is said first, whatever the body is."""
        made(url)

        assert (400, said) == ask(url, "POST", path, b"{", JSON)[:2]

    @pytest.mark.parametrize(
        "route", ["scalars?xp=foo&name=x", "histograms?xp=foo&name=x&tobuild=true"]
    )
    @pytest.mark.parametrize(
        ("body", "kind", "said"),
        [
            (b"[]", JSON, "POST content is not a proper json"),
            (b"{}", JSON, "POST content is not a proper json"),
            (b"0", JSON, "POST content is not a proper json"),
            (b'""', JSON, "POST content is not a proper json"),
            (b"", JSON, "POST content is not a proper json"),
            (b"{", JSON, "POST content is not a proper json"),
            (b"[1, 2, 3]", "text/plain", "POST content is not a proper json"),
            (b"[1, 2, 3]", "", "POST content is not a proper json"),
            (b'{"a": 1}', JSON, "POST content is not a list: '[]'"),
            (b"5", JSON, "POST content is not a list: '[]'"),
            (b'"x"', JSON, "POST content is not a list: '[]'"),
            (b"[1, 2]", JSON, "POST does not contain a list of 3 elements but '[1, 2]'"),
            (b'["x", null, 1.5, true]', JSON,
             "POST does not contain a list of 3 elements but '[u'x', None, 1.5, True]'"),
        ],
    )  # fmt: skip
    def test_bodies_that_are_none(
        self, url: str, route: str, body: bytes, kind: str, said: str
    ) -> None:
        """The body is checked in the order of the protocol, with its texts."""
        made(url)

        assert (400, said) == ask(url, "POST", f"/data/{route}", body, kind)[:2]

    @pytest.mark.parametrize(
        ("value", "shown"),
        [("null", "None"), ('"x"', "x"), ("[1]", "[1]"), ('{"a": "b"}', "{u'a': u'b'}"),
         ("9223372036854775808", "9223372036854775808")],
    )  # fmt: skip
    def test_value_that_is_no_number(self, url: str, value: str, shown: str) -> None:
        """The value is shown as Python 2 does."""
        made(url)
        body = f"[1, 2, {value}]".encode()

        assert (400, f"POST value is not a number but '{shown}'") == ask(
            url, "POST", "/data/scalars?xp=foo&name=x", body, JSON
        )[:2]

    @pytest.mark.parametrize(
        "body",
        [b'["x", 0, 1]', b"[[], 0, 1]", b"[NaN, 0, 1]", b"[Infinity, 0, 1]", b"[1, 1.5, 1]",
         b'[1, "x", 1]', b"[1, 9223372036854775808, 1]", b"[1" + b"0" * 400 + b", 0, 1]"],
    )  # fmt: skip
    def test_time_and_step_that_are_none_are_400(self, url: str, body: bytes) -> None:
        """The original fails with 500; here a sentence says what is wrong, and nothing is kept."""
        made(url)
        answer = ask(url, "POST", "/data/scalars?xp=foo&name=x", body, JSON)

        assert 400 == answer.status
        assert answer.text.startswith(("the wall time", "the step"))
        assert "[]" in ask(url, "GET", "/data?xp=foo").text

    def test_null_is_zero(self, url: str) -> None:
        """A time and a step of null are 0."""
        made(url)
        ask(url, "POST", "/data/scalars?xp=foo&name=x", b"[null, null, 1]", JSON)

        assert "[[0.0,0,1.0]]" == ask(url, "GET", "/data/scalars?xp=foo&name=x").text

    def test_special_floats_come_back_as_texts(self, url: str) -> None:
        """A literal NaN is taken, and JSON has none to give back."""
        made(url)
        for value in (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"2"):
            ask(url, "POST", "/data/scalars?xp=foo&name=x", b"[1, 0, %b]" % value, JSON)

        rows = json.loads(ask(url, "GET", "/data/scalars?xp=foo&name=x").text)
        assert ["NaN", "Infinity", "-Infinity", "Infinity", 2.0] == [row[2] for row in rows]

    def test_series_without_data(self, url: str) -> None:
        """A series that is not there has a sentence of its own."""
        made(url)
        said = "Combination of experiment 'foo' and name 'S' does not exist"

        for kind in ("scalars", "histograms"):
            assert (400, said) == ask(url, "GET", f"/data/{kind}?xp=foo&name=S")[:2]


class TestHistograms:
    PATH = "/data/histograms?xp=foo&name=x&tobuild="

    @pytest.mark.parametrize("truth", ["true", "True", "TRUE", "tRuE"])
    def test_true_in_any_case_builds(self, url: str, truth: str) -> None:
        """Only the word true asks for it."""
        made(url)
        assert (200, "ok") == ask(url, "POST", self.PATH + truth, b"[1.5, 0, [1, 2]]", JSON)[:2]

        rows = json.loads(ask(url, "GET", "/data/histograms?xp=foo&name=x").text)
        assert [1.5, 0, [1.0, 2.0, 2.0, 3.0, 5.0]] == [*rows[0][:2], rows[0][2][:5]]

    @pytest.mark.parametrize("truth", ["false", "False", "1", "yes", "0"])
    def test_anything_else_does_not(self, url: str, truth: str) -> None:
        """1 is no true."""
        made(url)
        assert (200, "ok") == ask(url, "POST", self.PATH + truth, BUILT, JSON)[:2]

        assert "[[1.5,0,[0.0,1.0,2.0,0.0,0.0,[1.0],[2.0]]]]" == ask(
            url, "GET", "/data/histograms?xp=foo&name=x"
        ).text.replace(" ", "")

    @pytest.mark.parametrize(
        ("said", "shown"), [("null", "None"), ("[]", "[]"), ('"x"', "x"), ("{}", "{}"), ("3", "3")]
    )
    def test_elements_that_are_no_list(self, url: str, said: str, shown: str) -> None:
        """What is to be built is a list with something in it."""
        made(url)
        text = f"elements to build the histogram are not in a list but '{shown}'"

        assert (400, text) == ask(
            url, "POST", self.PATH + "true", f"[1, 2, {said}]".encode(), JSON
        )[:2]

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ('"num": 2', "Missing argument 'num' to the given histogram"),
            ('"bucket": [2]', "Missing argument 'bucket' to the given histogram"),
            ('"num": 2.0', "Argument 'num' should be of type '[<type 'int'>]' and is "
             "'<type 'float'>'"),
            ('"min": "x"', "Argument 'min' should be of type '[<type 'float'>, <type 'int'>]' and "
             "is '<type 'unicode'>'"),
            ('"bucket": {}', "Argument 'bucket' should be of type '[<type 'list'>]' and is "
             "'<type 'dict'>'"),
        ],
    )  # fmt: skip
    def test_arguments_are_checked(self, url: str, change: str, said: str) -> None:
        """Each missing or wrong argument has its sentence."""
        made(url)
        body = json.loads(BUILT)
        changed = json.loads(f"{{{change}}}")
        for key, value in changed.items():
            if repr(body[2][key]) == repr(value):
                del body[2][key]
            else:
                body[2][key] = value

        assert (400, said) == ask(
            url, "POST", self.PATH + "false", json.dumps(body).encode(), JSON
        )[:2]

    @pytest.mark.parametrize(
        "body",
        [b"[1, 2, 5]", b"[1, 2, null]", b'[1, 2, {"min": 1}]', BUILT.replace(b'"max": 1', b'"max": 1, "x": 2'),
         BUILT.replace(b"[1]", b'["x"]'), BUILT.replace(b"1.5", b'"x"'), BUILT.replace(b"[2]", b"[[]]")],
    )  # fmt: skip
    def test_what_is_none_is_400(self, url: str, body: bytes) -> None:
        """Where the original fails with 500 a sentence says what is wrong."""
        made(url)

        assert 400 == ask(url, "POST", self.PATH + "false", body, JSON).status


class TestBackup:
    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("/backup?xp=N", "xp and force argument are required"),
            ("/backup?xp=N&force=", "xp and force argument are required"),
            ("/backup?force=true", "Experiment name should be a non-empty string or unicode "
             "instead of '<type 'NoneType'>'"),
            ("/backup?xp=N&force=1", "Force must be set to 1 to be able to override a folder"),
            ("/backup?xp=foo&force=True", "Experiment 'foo' already exists"),
            ("/backup?xp=N&force=true", "Backup post request should contain a file or a zip"),
        ],
    )  # fmt: skip
    def test_what_is_refused(self, url: str, path: str, said: str) -> None:
        """Each has its sentence, in the order of the protocol."""
        made(url)

        assert (400, said) == ask(url, "POST", path, b"x", "text/plain")[:2]

    def test_raw_zip_is_taken(self, url: str) -> None:
        """The client for Lua sends a zip as the body."""
        made(url)
        ask(url, "POST", "/data/scalars?xp=foo&name=x", b"[1, 2, 0.5]", JSON)
        data = _download(url, "/backup?xp=foo")
        assert (200, "ok") == ask(
            url, "POST", "/backup?xp=bar&force=TRUE", data, "application/zip"
        )[:2]

        assert "[[1.0,2,0.5]]" == ask(url, "GET", "/data/scalars?xp=bar&name=x").text

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b"x", "multipart/form-data"),
            (b"x", "multipart/form-data; boundary=y"),
            (b"--y\r\n\r\nx", "multipart/form-data; boundary=y"),
            (b'--y\r\nContent-Disposition: form-data; name="archive"\r\n\r\nx\r\n--y',
             "multipart/form-data; boundary=y"),
            (b'--y\r\nContent-Disposition: form-data; name="other"; filename="z"\r\n\r\nx\r\n--y--',
             "multipart/form-data; boundary=y"),
            (b"--y\r\n" * 100, "multipart/form-data; boundary=y"),
            (b"", "application/zip"), (b"no zip", "application/zip"), (b"PK\3\4", "application/zip"),
        ],
    )  # fmt: skip
    def test_broken_upload_is_400(self, url: str, body: bytes, kind: str) -> None:
        """A broken form or archive makes nothing."""
        assert 400 == ask(url, "POST", "/backup?xp=N&force=true", body, kind).status
        assert "[]" == ask(url, "GET", "/data").text


def _download(url: str, path: str) -> bytes:
    import urllib.request

    with urllib.request.urlopen(url + path) as answer:
        assert "application/zip" == answer.headers["content-type"]
        data: bytes = answer.read()
        return data


class TestGuard:
    def test_token_is_asked_for(self, tmp_path: Path) -> None:
        """With a token nobody gets in without it: as a bearer's, or as a password."""
        with serving(tmp_path, token="secret") as url:
            right = base64.b64encode(b"anybody:secret").decode()
            wrong = base64.b64encode(b"secret:other").decode()
            said = [
                ask(url, "GET", "/", headers=headers).status
                for headers in (
                    {},
                    {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "},
                    {"Authorization": f"Basic {wrong}"}, {"Authorization": "Basic !!!"},
                    {"Authorization": "secret"}, {"Authorization": "Digest secret"},
                    {"Authorization": "Bearer secret"}, {"Authorization": f"Basic {right}"},
                )
            ]  # fmt: skip

            assert [401] * 7 + [200] * 2 == said
            for verb, path in (("GET", "/nope"), ("DELETE", "/data?xp=x"), ("BREW", "/")):
                assert 401 == ask(url, verb, path).status

    def test_clients_send_it_with_the_address(self, tmp_path: Path) -> None:
        """Ours takes a token in the address, as the original's does; no error shows it."""
        from vcs_track.compat.crayon import CrayonClient

        with serving(tmp_path, token="s3cret") as url:
            address, _, port = url.rpartition(":")
            client = CrayonClient(address.replace("http://", "http://user:s3cret@"), port)
            client.create_experiment("foo")

            assert ["foo"] == client.get_experiment_names()
            with pytest.raises(RuntimeError, match="the token is missing or wrong"):
                CrayonClient(address, port)
        with pytest.raises(ValueError, match="does not appear to be up") as caught:
            CrayonClient(address.replace("http://", "http://user:s3cret@"), port)
        assert "s3cret" not in str(caught.value)

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
    def test_other_addresses_want_a_token(self, tmp_path: Path, host: str) -> None:
        """Nobody listens to the network by accident."""
        from vcs_track.errors import InvalidValueError

        with (
            pytest.raises(InvalidValueError, match="others could reach"),
            serving(tmp_path, host=host),
        ):
            pass

    @pytest.mark.parametrize("token", ["", " ", "a\nb", "ä"])
    def test_token_that_no_header_can_have(self, tmp_path: Path, token: str) -> None:
        """An empty token is none."""
        from vcs_track.errors import InvalidValueError

        with (
            pytest.raises(InvalidValueError, match="the token is empty, or"),
            serving(tmp_path, token=token),
        ):
            pass

    @pytest.mark.parametrize(
        "headers",
        [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}],
    )
    def test_pages_of_others_are_refused(self, url: str, headers: dict[str, str]) -> None:
        """A page in the browser of this machine cannot write or read runs."""
        assert 403 == ask(url, "GET", "/data", headers=headers).status

    def test_names_do_not_become_pages(self, url: str) -> None:
        """What a name says is never run by a browser."""
        answer = ask(url, "GET", "/data?xp=%3Cscript%3Ealert(1)%3C/script%3E")

        assert 400 == answer.status
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "nosniff" == answer.headers["x-content-type-options"]


class TestConnections:
    def test_connection_is_kept(self, url: str) -> None:
        """Many requests go through one connection."""
        host = urlsplit(url)
        with socket.create_connection((host.hostname or "", host.port or 0), 10) as raw:
            for _ in range(5):
                raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = b""
                while not answer.endswith(b"\r\n\r\n0.5"):
                    answer += raw.recv(4096)
                assert answer.startswith(b"HTTP/1.1 200 OK")

    def test_huge_body_is_413(self, url: str) -> None:
        """A body beyond the limit is refused before it was sent."""
        host = urlsplit(url)
        with socket.create_connection((host.hostname or "", host.port or 0), 10) as raw:
            raw.sendall(
                b"POST /data HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: 99999999999\r\n\r\nx"
            )
            assert b" 413 " in raw.recv(4096).split(b"\r\n")[0]

    def test_large_json_is_413(self, url: str) -> None:
        """JSON has a smaller limit than an archive."""
        body = b'"' + b"x" * (33 << 20) + b'"'

        assert 413 == ask(url, "POST", "/data", body, JSON).status

    @pytest.mark.parametrize(
        "line",
        [b"GET\r\n\r\n", b"\0\0\0\0\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
         b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
         b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"],
    )  # fmt: skip
    def test_what_is_no_http_gets_4xx_or_501(self, url: str, line: bytes) -> None:
        """Noise is refused, and the server goes on."""
        host = urlsplit(url)
        with socket.create_connection((host.hostname or "", host.port or 0), 10) as raw:
            raw.sendall(line)
            status = raw.recv(4096).split(b" ")[1]

        assert status[:1] == b"4" or status == b"501"
        assert 200 == ask(url, "GET", "/").status

    def test_slow_client_is_cut_off(self, tmp_path: Path) -> None:
        """A request that drips in is not waited for for ever, and holds nobody up."""
        with serving(tmp_path, patience=1) as url:
            host = urlsplit(url)
            with socket.create_connection((host.hostname or "", host.port or 0), 20) as raw:
                began = time.monotonic()
                ended = None
                raw.settimeout(0.2)
                raw.sendall(b"POST /data HTTP/1.1\r\nHost: localhost\r\n")
                while time.monotonic() < began + 15 and ended is None:
                    assert 200 == ask(url, "GET", "/").status
                    try:
                        raw.sendall(b"X-A: b\r\n")
                        if raw.recv(10) == b"":
                            ended = time.monotonic() - began
                    except TimeoutError:
                        continue
                    except OSError:
                        ended = time.monotonic() - began

        assert ended is not None
        assert 1 <= ended < 10

    def test_client_that_leaves_harms_nobody(self, url: str) -> None:
        """Half a request, or an answer that nobody reads, is forgotten."""
        host = urlsplit(url)
        for part in (
            b"",
            b"POST /data HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc",
            b"GET / HTTP/1.1\r\n\r\n",
        ):
            with socket.create_connection((host.hostname or "", host.port or 0), 10) as raw:
                raw.sendall(part)

        assert 200 == ask(url, "GET", "/").status
