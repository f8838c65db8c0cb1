"""Each failure that a person can meet, as they read it: at the command line, in the Assignment List, in Formgrader."""

from __future__ import annotations

import errno
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.archives import hostile
from support.people.front_ends import assignment_list, formgrader

from nbexchange import protocol
from nbexchange.api.http import conventions as web
from nbexchange.demo.servers import free_port
from nbexchange.plugin.archives.packing import pack
from nbexchange.plugin.dialogs import with_reason_first

NOT_NOW = "Nothing was changed: try again in a minute. If it lasts, tell the administrator of the exchange."
HARMLESS = "Try again in a minute: nothing is done twice."
NEW_TOKEN = "Restart your notebook server, which usually gives you a new token"
CHECK = "Check the names of course and assignment; if they are right, ask the instructor"
SMALLER = "Remove data that is not needed"
FREE_SPACE = "Nothing was changed: free some space, then run the command again."
LASTING = "Trying again will not help: tell the administrator of the exchange."
SAVE = "Nothing was sent: save your work, then run the command again."
UPDATE = "ask the administrator of your notebook server to update nbexchange there."


@dataclass
class Scene:
    """`ps1` is released and was submitted; a student is about to submit again, an instructor to release `ps2`."""

    teacher: Any
    student: Any
    people: Any
    store: Any
    database: Any
    patch: pytest.MonkeyPatch
    for_this_test: ExitStack
    course: str = "cs1"
    assignment: str = "ps1"
    """What is submitted, fetched and collected."""

    def configure(self, *lines: str) -> None:
        for desk in (self.teacher, self.student):
            desk.configure(*lines)

    def student_wants_it_anew(self) -> None:
        shutil.rmtree(self.student.home / "ps1")


@pytest.fixture
def scene(submitted, people, store, database, monkeypatch) -> Iterator[Scene]:
    submitted.teacher.write("release/ps2/p1.ipynb", "{ }")
    with ExitStack() as stack:
        yield Scene(submitted.teacher, submitted.ben, people, store, database, monkeypatch, stack)


# --- what goes wrong ---------------------------------------------------------------------------------------


def service_down(scene: Scene) -> None:
    scene.teacher.url = scene.student.url = f"http://127.0.0.1:{free_port()}"


def store_down(scene: Scene) -> None:
    scene.store.root.rename(scene.store.root.with_name("away"))


def database_down(scene: Scene) -> None:
    scene.database.engine.dispose()
    path = Path(scene.database.engine.url.database)
    path.rename(path.with_name("away.sqlite"))
    path.mkdir()


def slow(scene: Scene) -> None:
    silent = scene.for_this_test.enter_context(socket.create_server(("127.0.0.1", 0)))
    scene.teacher.url = scene.student.url = f"http://127.0.0.1:{silent.getsockname()[1]}"
    scene.configure("c.Exchange.api_timeout = 0.1")


def expired_token(scene: Scene) -> None:
    scene.teacher.token = scene.student.token = "expired-" + scene.student.token


def wrong_course(scene: Scene) -> None:
    scene.course = "art"
    scene.configure("c.CourseDirectory.course_id = 'art'")


def not_released(scene: Scene) -> None:
    scene.assignment = "ps9"


def too_large(scene: Scene) -> None:
    for folder in ("ps1", "release/ps2"):
        for desk in (scene.student, scene.teacher):
            desk.write(f"{folder}/data.csv", "1,2,3\n" * 1000)
    scene.configure("c.Exchange.max_buffer_size = 10")


def disk_full(scene: Scene) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    scene.patch.setattr("nbexchange.plugin.exchange.pack", full)
    scene.patch.setattr("nbexchange.plugin.exchange.unpack", full)


def changed_while_packing(scene: Scene) -> None:
    def late(tree: Any, *rest: Any) -> Any:
        for file in tree.root.rglob("*.ipynb"):
            file.write_text("saved a moment later")
        return pack(tree, *rest)

    scene.patch.setattr("nbexchange.plugin.exchange.pack", late)


def mismatch_on_download(scene: Scene) -> None:
    for path in scene.store.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            path.chmod(0o600)
            path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def hostile_archive(scene: Scene) -> None:
    values = {"unpacked_size": hostile.DECLARED}
    scene.people.teacher.delete("assignments", course_id="cs1", assignment_id="ps1")
    scene.people.teacher.release(hostile.escaping(), **values)
    scene.people.ada.submit(hostile.escaping(), **values)


def old_client(scene: Scene) -> None:
    scene.patch.setattr(web, "OLDEST_REVISION", protocol.REVISION + 1)


def new_server(scene: Scene) -> None:
    scene.patch.setattr(web, "REVISION", protocol.REVISION + 1)
    answer = b'{"items": "another form", "assignments": "another form"}'
    scene.patch.setattr("nbexchange.plugin.service.calls.Call.content", lambda *_: answer)


# --- what is said -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Failure:
    arrange: Callable[[Scene], None]
    happened: str
    advice: str
    travels: str = "up"
    """Whether it befalls what is sent, or what is fetched and collected."""
    is_local: bool = False
    """Whether it happens where no request has a part in it."""

    def is_told_in(self, line: str) -> bool:
        reference = "" if self.is_local else r" \(request [0-9a-f-]{36}\)"
        return bool(re.search(rf"{self.happened}\. {re.escape(self.advice)}[^()]*{reference}$", line))


FAILURES = [
    Failure(service_down, r"The exchange service at 127\.0\.0\.1:\d+ cannot be reached", NOT_NOW),
    Failure(store_down, r"The file store at 127\.0\.0\.1:\d+ refused the upload \(HTTP 503\)", NOT_NOW),
    Failure(database_down, "The database cannot be used now", NOT_NOW),
    Failure(slow, r"did not answer within \d+(\.\d)? seconds", HARMLESS),
    Failure(expired_token, "your token is missing, unknown or has expired", NEW_TOKEN),
    Failure(wrong_course, "You have no course 'art' here", CHECK),
    Failure(not_released, "ps9 is not released in cs1", CHECK, "down"),
    Failure(too_large, r"ps\d is too large: .*, and the limit \(max_\w+\) is .*", SMALLER, is_local=True),
    Failure(disk_full, r"The disk is full( \([^()]*\))?", FREE_SPACE, is_local=True),
    Failure(disk_full, r"The disk is full( \([^()]*\))?", FREE_SPACE, "down", is_local=True),
    Failure(changed_while_packing, r"p1\.ipynb changed while it was packed", SAVE, is_local=True),
    Failure(mismatch_on_download, "is not what was handed in .*", LASTING, "down"),
    Failure(hostile_archive, "What arrived was refused: .*", "Nothing was unpacked: tell", "down"),
    Failure(old_client, "This plugin speaks an older protocol than .*", f"Nothing was changed: {UPDATE}"),
    Failure(new_server, "is newer than this plugin .* does not understand its answer", f"A{UPDATE[1:]}"),
]


def name_of(failure: Failure) -> str:
    return f"{failure.arrange.__name__}-{failure.travels}"


@pytest.fixture(params=FAILURES, ids=name_of)
def failure(request, scene) -> Failure:
    request.param.arrange(scene)
    if request.param.travels == "down":
        scene.student_wants_it_anew()
    return request.param


def holds_no_secret(scene: Scene, *texts: str) -> bool:
    secrets = (scene.student.token, scene.teacher.token, "signature=", "Signature")
    return not any(secret in text for secret in secrets for text in texts)


def test_at_the_command_line(scene, failure, capfd):
    verb = {"up": "submit", "down": "fetch_assignment"}[failure.travels]
    log = scene.student.nbgrader(verb, scene.assignment, status=1)
    said = capfd.readouterr()
    *_, told, end = log.splitlines()
    assert failure.is_told_in(told), log
    assert re.search(rf"nbgrader {verb} failed$", end)
    assert "Traceback" not in log + said.out + said.err
    assert holds_no_secret(scene, log, said.out, said.err)


def test_in_the_assignment_list(scene, failure):
    """nbgrader wraps it in a traceback of its own, which a plugin cannot keep it from."""
    with assignment_list(scene.student) as manager:
        do = {"up": manager.submit_assignment, "down": manager.fetch_assignment}[failure.travels]
        answer = do(scene.course, scene.assignment)
    assert answer["success"] is False
    assert failure.is_told_in(answer["value"].strip().splitlines()[-1]), answer["value"]
    assert answer["value"].count("Traceback") == 1
    assert holds_no_secret(scene, answer["value"])


@pytest.mark.parametrize(
    "failure",
    # Where nothing is released there is nothing to collect, and nothing that fails.
    [failure for failure in FAILURES if failure.arrange is not not_released],
    ids=name_of,
    indirect=True,
)
def test_in_formgrader(scene, failure):
    with formgrader(scene.teacher) as api:
        answer = api.release_assignment("ps2") if failure.travels == "up" else api.collect(scene.assignment)
    assert answer["success"] is False
    assert any(map(failure.is_told_in, answer["log"].splitlines())), answer
    assert "Traceback" not in answer["log"]
    assert answer["error"].count("Traceback") == 1
    assert holds_no_secret(scene, answer["log"], answer["error"])
    first = " ".join(with_reason_first(answer, 64)["log"].partition("\n\n")[0].split())
    assert failure.is_told_in(first) or re.match(r"\d+ new, .* \d+ failed: ada", first), first
