"""Timeouts, retries, and waiting for a server."""

import json
import socket
import sys
import time

import pytest

from keras_infogan.serving import PredictionClient
from keras_infogan.serving import ServingError
from keras_infogan.serving.transport import Deadline
from keras_infogan.serving.transport import retry
from tests.helpers.imitated_rest import dribble
from tests.helpers.imitated_rest import hang
from tests.helpers.imitated_rest import overloaded
from tests.helpers.imitated_rest import reset
from tests.helpers.imitated_rest import sends
from tests.helpers.imitated_rest import truncate
from tests.helpers.serving_client import IMITATIONS
from tests.helpers.serving_client import connected
from tests.helpers.serving_client import failure_of

SLEEP = "keras_infogan.serving.transport.time.sleep"


@pytest.mark.parametrize("failure", [hang, dribble])
def test_rest_stops_at_the_timeout(failure, rest):
    rest.failures = [failure]
    with connected("http", rest, timeout=0.3, retries=4) as client:
        seconds, error = failure_of(client.status)
    # Otherwise it would have been the server, a minute later.
    assert error.kind == "timeout"
    assert "did not answer within 0.3 s" in str(error)
    assert seconds >= 0.3
    assert len(rest.requests) == 1


def test_grpc_stops_at_the_timeout(grpc_server):
    grpc_server.failures = [lambda servicer, context: servicer.closing.wait(5)]
    with connected("grpc", grpc_server, timeout=0.3, retries=4) as client:
        seconds, error = failure_of(client.status)
    assert error.kind == "timeout"
    assert seconds >= 0.3


def test_the_timeout_covers_all_parts(rest):
    """Each attempt takes 0.2 s, so four begin within 0.7 s at most."""

    def slow(handler):
        time.sleep(0.2)
        handler.send_json(503, {"error": "busy"})

    rest.failures = [slow] * 20
    with connected("http", rest, timeout=0.7, retries=20) as client:
        failure_of(lambda: client.sample(count=1000))
    assert len(rest.requests) < 5


def test_a_silent_server(scheme):
    """Not even the handshake of gRPC."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"{scheme}://127.0.0.1:{port}"
        with PredictionClient(url, "infogan", timeout=0.5) as client:
            seconds, error = failure_of(client.status)
    assert error.kind in ("timeout", "unavailable")
    assert seconds >= 0.5


@pytest.mark.skipif(
    sys.platform != "linux",
    reason="other systems handle a full backlog differently",
)
def test_a_host_that_drops_connections(scheme):
    """With a full backlog, Linux drops requests for a connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.settimeout(0)
            one.connect_ex(address)
        try:
            with PredictionClient(
                f"{scheme}://127.0.0.1:{address[1]}",
                "infogan",
                connect_timeout=0.3,
                timeout=10,
                retries=1,
            ) as client:
                _, error = failure_of(client.status)
        finally:
            for one in waiting:
                one.close()
    # Not the timeout of 10 s, but that of each of two connections.
    assert error.kind == "unavailable"
    if scheme == "http":
        assert "nothing within 0.3 s" in str(error)


def test_nobody_listens(scheme):
    """Retries can also be limited, to give up long before the timeout."""
    # Bound, so no other process gets the port, but not listening.
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with PredictionClient(
            f"{scheme}://127.0.0.1:{port}", "infogan", retries=2
        ) as client:
            _, error = failure_of(client.status)
    assert error.kind == "unavailable"
    assert "accepts no connection" in str(error)
    assert "refused. Is the server running?" in str(error)


@pytest.mark.parametrize("failure", [overloaded, reset, truncate])
def test_rest_retries(failure, rest):
    rest.failures = [failure, failure]
    with connected("http", rest, retries=2) as client:
        assert 3 in client.status()
    assert len(rest.requests) == 3


@pytest.mark.parametrize("request_", ["status", "metadata", "sample"])
def test_retries_are_limited_in_each_method(request_, rest):
    """With two retries there are three attempts."""
    with connected("http", rest, retries=2) as client:
        client.metadata()
        rest.requests.clear()
        rest.failures = [overloaded] * 3
        _, error = failure_of(getattr(client, request_))
    assert error.kind == "unavailable"
    assert len(rest.requests) == 3


@pytest.mark.parametrize(
    ("code", "details"),
    [
        ("UNAVAILABLE", "queue is full"),
        ("RESOURCE_EXHAUSTED", "Server Threadpool Exhausted"),
    ],
)
def test_grpc_retries(code, details, grpc_server):
    import grpc

    def busy(servicer, context):
        context.abort(grpc.StatusCode[code], details)

    grpc_server.failures = [busy]
    with connected("grpc", grpc_server) as client:
        _, error = failure_of(client.status)
    assert error.kind == "unavailable"
    assert f"overloaded or not ready yet. Received: {code}: {details}" in str(
        error
    )
    grpc_server.requests.clear()
    grpc_server.failures = [busy, busy]
    with connected("grpc", grpc_server, retries=2) as client:
        assert 3 in client.status()
    assert len(grpc_server.requests) == 3


@pytest.mark.parametrize("fraction", [0.5, 1.0])
def test_pauses_double_up_to_five_seconds(fraction, monkeypatch):
    """0.1, 0.2, 0.4 s, and so on; each from half of that to the whole."""
    pauses: list[float] = []
    monkeypatch.setattr(SLEEP, pauses.append)
    # It fails unless the fraction is one end of the range.
    monkeypatch.setattr(
        "keras_infogan.serving.transport.random.uniform",
        lambda low, high: {low, high}.intersection([fraction]).pop(),
    )

    def request(deadline):
        raise ServingError("busy", "unavailable")

    with pytest.raises(ServingError, match="busy"):
        retry(request, Deadline(60, "server"), 8)
    whole = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert pauses == pytest.approx([fraction * pause for pause in whole])


def test_retries_are_limited_by_the_timeout(monkeypatch, caplog):
    """A server that is back after 25 s of the 60 answers; it says so once.

    The clock moves with the pauses: 0.1 + 0.2 + ... + 3.2 = 6.3 s after six of
    them, then 5 s each, so the eleventh attempt comes after 26.3 s.
    """
    clock = [0.0]
    name = "keras_infogan.serving.transport"
    monkeypatch.setattr(f"{name}.time.monotonic", lambda: clock[0])
    monkeypatch.setattr(f"{name}.random.uniform", lambda low, high: high)
    monkeypatch.setattr(
        SLEEP, lambda seconds: clock.append(clock.pop() + seconds)
    )
    caplog.set_level("DEBUG", "keras_infogan")
    attempts = []

    def request(deadline):
        attempts.append(clock[0])
        if clock[0] < 25:
            raise ServingError("busy", "unavailable")
        return "answer"

    assert retry(request, Deadline(60, "server")) == "answer"
    assert attempts[-1] == pytest.approx(26.3)
    assert len(attempts) == 11
    assert [record.message for record in caplog.records] == [
        "Retrying for 60 s. busy"
    ]


def test_no_pause_outlasts_the_deadline(monkeypatch):
    """A pause that would end after the deadline is not begun."""
    monkeypatch.setattr(SLEEP, lambda seconds: None)
    attempts = []

    def request(deadline):
        attempts.append(deadline)
        raise ServingError("busy", "unavailable")

    with pytest.raises(ServingError, match="busy"):
        # Less than half of the first pause.
        retry(request, Deadline(0.04, "server"), 8)
    assert len(attempts) == 1


def test_waiting_through_errors(rest):
    """Until then the model is missing, loading, and overloaded."""
    loading = {"version": "3", "state": "LOADING", "status": {}}
    rest.failures = [
        sends(404, '{"error": "Could not find any versions"}'),
        sends(200, json.dumps({"model_version_status": [loading]})),
        overloaded,
    ]
    with connected("http", rest) as client:
        client.wait_until_ready()
    assert len(rest.requests) == 4


def test_waiting_for_a_ready_server(scheme):
    with IMITATIONS[scheme]() as server, connected(scheme, server) as client:
        client.wait_until_ready(timeout=5)


def test_waiting_for_a_label(scheme, server):
    """The status has an available version, but the label is another."""
    with connected(scheme, server, label="stable") as client:
        client.wait_until_ready()
    with connected(scheme, server, label="canary") as client:
        assert client.status()[3]["state"] == "AVAILABLE"
        server.served.states[4] = ("END", "Warm-up of version 4 failed")
        reason = "label: canary.*version 3: AVAILABLE; version 4: END Warm-up"
        with pytest.raises(ServingError, match=f"0.3 s. .*{reason}"):
            client.wait_until_ready(timeout=0.3)


def test_waiting_for_versions_that_failed(scheme, server):
    """With no retries left, a version that failed to load never answers."""
    server.served.states = {
        3: ("END", "no variables"),
        4: ("END", "Warm-up failed"),
    }
    with connected(scheme, server) as client:
        with pytest.raises(
            ServingError,
            match="could not load.*version 3: END no variables; version 4: END",
        ) as caught:
            client.wait_until_ready(timeout=60)
        assert caught.value.kind == "broken"
        server.served.states = {3: ("LOADING", ""), 4: ("END", "Warm-up")}
        with pytest.raises(
            ServingError, match="not ready .*version 3: LOADING; version 4: END"
        ):
            client.wait_until_ready(timeout=0.3)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (overloaded, "not ready within 0.5 s. Received: .*queue is full"),
        (hang, "not ready within 0.5 s. Received: no answer"),
    ],
)
def test_waiting_ends_at_the_timeout(failure, message, rest):
    rest.failures = [failure] * 50
    with connected("http", rest) as client:
        with pytest.raises(ServingError, match=message):
            client.wait_until_ready(timeout=0.5)
