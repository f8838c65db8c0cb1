"""What the service makes of the answers of a store that streams bytes through it."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask

from nbexchange.api.http import conventions
from nbexchange.api.http.routes import objects
from nbexchange.storage import RequestRefused, StreamsBytes

BODY = b"<script>the work of a student</script>"


class Memory:
    """Keeps one object in memory, and looks at no signature."""

    public_url = "objects/"

    def begin(self, key, query, headers):
        raise RequestRefused(418, "no-more-room", "It is full.")

    def locate(self, key, query):
        return BytesIO(BODY), "work.tar.gz"


@pytest.fixture
def client():
    store = Memory()
    assert isinstance(store, StreamsBytes)
    app = Flask(__name__, static_folder=None)
    conventions.install(app)
    app.register_blueprint(objects.routes(lambda: store), url_prefix="/objects")
    return app.test_client()


def test_an_object_in_memory_is_sent_whole_as_a_download_and_never_as_a_page(client):
    answer = client.get("/objects/v1/key")
    assert (answer.status_code, answer.data) == (200, BODY)
    assert answer.headers["Content-Length"] == str(len(BODY))
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename=work.tar.gz"
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_refusal_is_passed_on_as_it_is(client):
    answer = client.put("/objects/v1/key", data=b"x")
    assert (answer.status_code, answer.json["type"], answer.json["detail"]) == (
        418,
        "no-more-room",
        "It is full.",
    )
