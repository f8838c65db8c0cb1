"""Students whose plugins submit again and again, while something is broken under them."""

from __future__ import annotations

import hashlib
import io
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin
from uuid import UUID, uuid4

from nbexchange.plugin.failures import TransferFailed
from nbexchange.plugin.service.client import Client
from nbexchange.plugin.transfer.storage import Storage
from nbexchange.plugin.transfer.transfers import Transfer
from nbexchange.protocol import MAX_ITEMS, InitiateUploads, SubmissionRecord, UploadItem
from support.people.callers import ASSIGNMENT, COURSE, SERVICE, Caller

PATIENCE = 60
"""Seconds after which something that should come about is not expected any more."""


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"it never came about that {what}"
        time.sleep(0.02)


@dataclass
class Student:
    """Submits through the plugin's own client, with its own repetitions, and keeps what it was told."""

    name: str
    token: str
    url: str
    sent: dict[UUID, bytes] = field(default_factory=dict)
    confirmed: dict[UUID, SubmissionRecord] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def work(self, stop: threading.Event) -> None:
        transfer = self.transfer
        while not stop.is_set():
            self.submit(transfer)

    @property
    def transfer(self) -> Transfer:
        return Transfer(Client(self.address, timeout=10), Storage(self.url + SERVICE))

    def address(self, path: str) -> tuple[str, dict[str, str], dict[str, str]]:
        return self.url + SERVICE + path, {}, {"Authorization": f"token {self.token}"}

    def submit(self, transfer: Transfer) -> None:
        body = random.randbytes(random.randint(1, 20_000))
        item = UploadItem(
            id=uuid4(),
            size=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
            unpacked_size=len(body),
            notebooks=["p1.ipynb"],
        )
        self.sent[item.id] = body
        batch = InitiateUploads("submission", COURSE, ASSIGNMENT, [item])
        try:
            record = transfer.send(batch, io.BytesIO(body), self.name)
        except TransferFailed as failure:
            self.failures.append(str(failure))
        else:
            assert isinstance(record, SubmissionRecord)
            self.confirmed[item.id] = record


@dataclass
class Load:
    students: Sequence[Student]

    @property
    def confirmed(self) -> int:
        return sum(len(student.confirmed) for student in self.students)

    @property
    def failures(self) -> list[str]:
        return [text for student in self.students for text in student.failures]

    def go_on(self) -> None:
        """Wait until every student has had two more submissions confirmed."""
        before = {student.name: len(student.confirmed) for student in self.students}
        for student in self.students:
            until(
                lambda s=student: len(s.confirmed) >= before[s.name] + 2,  # type: ignore[misc]  # of a default, mypy infers no type here
                f"{student.name} could submit (last failure: {student.failures[-1:]})",
            )

    def meet_trouble(self) -> None:
        """Wait until somebody was told that something failed."""
        before = len(self.failures)
        until(lambda: len(self.failures) > before, "somebody met the trouble")


@contextmanager
def under_load(students: Sequence[Student]) -> Iterator[Load]:
    """Every student submits without pause while the block lasts, each in a thread."""
    stop = threading.Event()
    threads = [threading.Thread(target=student.work, args=(stop,), daemon=True) for student in students]
    for thread in threads:
        thread.start()
    try:
        yield Load(students)
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "a submission never ended"


def check_told(students: Sequence[Student], teacher: Caller) -> None:
    """What students were told is what the teacher sees: every confirmed submission once, with its bytes."""
    seen = {record["id"]: record for record in every_submission(teacher)}
    told = {str(record.id): record for student in students for record in student.confirmed.values()}
    assert told.keys() <= seen.keys()
    assert all(seen[key]["attempt"] == record.attempt for key, record in told.items())
    bodies = {hashlib.sha256(body).hexdigest(): body for s in students for body in s.sent.values()}
    assert len(seen) == len({record["sha256"] for record in seen.values()}), "something is there twice"
    for key, content in download_all(teacher, list(seen)):
        assert content == bodies[seen[key]["sha256"]]


def every_submission(teacher: Caller, **query: str) -> Iterator[Any]:
    """Page by page."""
    cursor: dict[str, str] | None = {}
    while cursor is not None:
        page = teacher.get("submissions", course_id=COURSE, **query, **cursor).json
        yield from page["submissions"]
        cursor = {"cursor": page["cursor"]} if "cursor" in page else None


def download_all(teacher: Caller, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    for start in range(0, len(ids), MAX_ITEMS):
        items = [{"kind": "submission", "id": key} for key in ids[start : start + MAX_ITEMS]]
        for granted in teacher.post("downloads", {"items": items}).json["items"]:
            answer = teacher.client.get(urljoin(SERVICE, granted["url"]))
            assert answer.status_code == 200
            yield granted["id"], answer.data
