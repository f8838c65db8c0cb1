"""People who call the API, as tests speak of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4

from flask.testing import FlaskClient

from support.people.http_clients import HttpClient

SERVICE = "/services/nbexchange/"
COURSE, ASSIGNMENT, TEACHER = "cs1", "ps1", "teacher"


def upload_item(body: bytes, **values: Any) -> dict[str, Any]:
    """An upload item for these bytes."""
    return {"id": str(uuid4()), "size": len(body), "sha256": hashlib.sha256(body).hexdigest(), **values}


def archive_item(body: bytes, **values: Any) -> dict[str, Any]:
    return upload_item(body, **{"unpacked_size": len(body), "notebooks": ["p1.ipynb"], **values})


def problem_of(answer: Any) -> Any:
    """What is wrong with the only item of an answer."""
    (entry,) = answer.json["items"]
    assert entry["type"] == "error", entry
    return entry["problem"]


def outcome(answer: Any) -> str:
    """What became of the only item of an answer: its type, or the problem's."""
    (entry,) = answer.json["items"]
    return str(entry["problem"]["type"] if entry["type"] == "error" else entry["type"])


@dataclass(frozen=True)
class Caller:
    """Somebody with a token, or nobody in particular."""

    name: str
    client: FlaskClient | HttpClient
    token: str | None

    def call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"token {self.token}"} if self.token else {}
        headers |= options.pop("headers", {})
        url = SERVICE + (path[1:] if path.startswith("/") else f"v1/{path}")
        return self.client.open(url, method=method, headers=headers, buffered=True, **options)

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, query_string=query)

    def post(self, path: str, body: Any) -> Any:
        return self.call("POST", path, json=body)

    def delete(self, path: str, **query: Any) -> Any:
        return self.call("DELETE", path, query_string=query)

    # --- uploads -------------------------------------------------------------------------------------------

    def initiate(self, kind: str, *items: Any, course: str = COURSE, assignment: str = ASSIGNMENT) -> Any:
        body = {"kind": kind, "course_id": course, "assignment_id": assignment, "items": list(items)}
        return self.post("uploads", body)

    def begin(self, kind: str, *items: Any, **target: str) -> list[Any]:
        """Initiate, expecting a URL for each item."""
        answer = self.initiate(kind, *items, **target)
        assert answer.status_code == 200, answer.json
        assert {entry["type"] for entry in answer.json["items"]} == {"upload"}, answer.json
        return answer.json["items"]

    def put(self, granted: Any, body: bytes, **headers: str) -> int:
        """Send bytes to a signed URL, as a client does that knows nothing but the URL."""
        url = urljoin(SERVICE, granted["url"])
        return self.client.put(url, data=body, headers={**granted["headers"], **headers}).status_code

    def complete(self, *items: Any) -> Any:
        return self.post("uploads/complete", {"ids": [entry["id"] for entry in items]})

    def send(
        self, kind: str, body: bytes, *, course: str = COURSE, assignment: str = ASSIGNMENT, **values: Any
    ) -> Any:
        """Initiate, PUT and complete one item; gives its record."""
        make = upload_item if kind == "feedback" else archive_item
        item = make(body, **values)
        (granted,) = self.begin(kind, item, course=course, assignment=assignment)
        assert self.put(granted, body) == 200
        (answer,) = self.complete(item).json["items"]
        assert answer["type"] == "completed", answer
        return answer["record"]

    def release(self, body: bytes = b"version", **values: Any) -> Any:
        return self.send("release", body, **values)

    def submit(self, body: bytes = b"work", **values: Any) -> Any:
        return self.send("submission", body, **values)

    def give_feedback(self, submission: Any, body: bytes = b"<p>good</p>", **values: Any) -> Any:
        return self.send(
            "feedback",
            body,
            student_id=submission["student_id"],
            submission_id=submission["id"],
            **{"notebook_id": "p1", **values},
        )

    # --- lists and downloads -------------------------------------------------------------------------------

    def assignments(self) -> list[Any]:
        return self.get("assignments").json["assignments"]

    def submissions(self, course: str = COURSE, **query: Any) -> list[Any]:
        return self.get("submissions", course_id=course, **query).json["submissions"]

    def request(self, kind: str, object_id: str) -> Any:
        """Ask for a download; gives the grant or the failure."""
        (answer,) = self.post("downloads", {"items": [{"kind": kind, "id": object_id}]}).json["items"]
        return answer

    def download(self, kind: str, object_id: str) -> bytes:
        granted = self.request(kind, object_id)
        assert granted["type"] == "download", granted
        response = self.client.get(urljoin(SERVICE, granted["url"]), buffered=True)
        assert response.status_code == 200
        return response.data

    def note_collected(self, *records: Any) -> Any:
        """Say that these submissions are downloaded and kept."""
        return self.post("submissions/collected", {"ids": [record["id"] for record in records]})

    def remove(self, *records: Any, **values: bool) -> Any:
        """Hide submissions from a list."""
        return self.post("submissions/remove", {"ids": [record["id"] for record in records], **values})
