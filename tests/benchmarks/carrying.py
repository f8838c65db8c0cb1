"""Large submissions through the plugin and their collection, and that of a whole class: where the time goes."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.people.callers import COURSE, TEACHER, archive_item

from benchmarks import data
from benchmarks.clients import Call, announce, drive, post, put_all, send
from benchmarks.desks import Carried, DeskOf, instructors_desk, make_gradebook, tables
from benchmarks.report import Table, decimal
from benchmarks.scene import STORES, Scene, running_service, student
from benchmarks.sizes import MB, Sizes
from nbexchange.plugin.archives.packing import Limits, pack, survey


def run(folder: Path, sizes: Sizes) -> Iterator[Table]:
    carried: list[Carried] = []
    gradebook = folder / "gradebook.db"
    make_gradebook(gradebook)
    for store in sizes.stores:
        name = STORES[store]
        with running_service(folder / store, store) as scene:
            round_trip = _RoundTrip(scene, folder / store, name, gradebook, sizes, scene.token(TEACHER))
            for kind in sizes.trees:
                carried += round_trip.of_one(kind)
            carried.append(round_trip.of_a_class())
    yield from tables(carried)


@dataclass(frozen=True)
class _RoundTrip:
    """From students to their instructor; nothing of it stays but what the store has."""

    scene: Scene
    folder: Path
    store: str
    gradebook: Path
    sizes: Sizes
    teacher: str

    def of_one(self, kind: str) -> Iterator[Carried]:
        """Submit a large tree, then collect it."""
        assignment, what = f"of-{kind}", f"{data.KINDS[kind]}, {self.store}"
        folder = self.folder / kind
        theirs = DeskOf(self.scene, folder / "student", self.scene.token(student(0)))
        ours = instructors_desk(self.scene, folder / "instructor", self.teacher, self.gradebook)
        size = data.write_tree(theirs.home / assignment, kind, self.sizes)
        self._release(assignment)
        submitted = theirs.act("submit", assignment)
        packed = self._packed_size(assignment)
        yield Carried("submit", what, size, packed, *submitted)
        yield Carried("collect", what, size, packed, *ours.act("collect", assignment))
        _compare(theirs.home / assignment, ours.home / "submitted" / student(0) / assignment)
        shutil.rmtree(folder)

    def of_a_class(self) -> Carried:
        """Collect small submissions of many students."""
        assignment, count = "of-many-students", self.sizes.students_collected
        folder = self.folder / "class"
        ours = instructors_desk(self.scene, folder / "instructor", self.teacher, self.gradebook)
        tree = folder / "tree" / assignment
        tree.mkdir(parents=True)
        (tree / "p1.ipynb").write_bytes(data.incompressible(self.sizes.small_object))
        archive = io.BytesIO()
        packed = pack(survey(tree), archive, Limits(1 << 40, 1 << 40))
        self._release(assignment)
        self._submit_for_all(assignment, archive.getvalue(), count)
        done = ours.act("collect", assignment)
        for number in range(count):
            _compare(tree, ours.home / "submitted" / student(number) / assignment)
        shutil.rmtree(folder)
        each = decimal(self.sizes.small_object / MB)
        what = f"{count} students, {each} MB each, {self.store}"
        return Carried("collect", what, count * packed.unpacked_size, count * packed.size, *done)

    def _submit_for_all(self, assignment: str, archive: bytes, count: int) -> None:
        url = self.scene.service.base_url
        for start in range(0, count, self.sizes.items):
            names = map(student, range(start, min(count, start + self.sizes.items)))
            items = [archive_item(archive, student_id=name) for name in names]
            granted = drive(url, [announce(self.teacher, "submission", assignment, items)], 1).items()
            put_all(url, granted, archive, self.sizes.clients)
            ids = [entry["id"] for entry in items]
            drive(url, [post(self.teacher, "v1/uploads/complete", {"ids": ids})], 1).items()

    def _release(self, assignment: str) -> None:
        body = b"release"
        send(self.scene.service.base_url, self.teacher, "release", assignment, archive_item(body), body)

    def _packed_size(self, assignment: str) -> int:
        path = f"v1/submissions?course_id={COURSE}&assignment_id={assignment}"
        (body,) = drive(self.scene.service.base_url, [Call(self.teacher, "GET", path)], 1).bodies
        (submission,) = json.loads(body)["submissions"]
        return int(submission["size"])


def _compare(sent: Path, collected: Path) -> None:
    """What was collected is what was submitted, by names and bytes of files."""
    names = {"timestamp.txt", "submission_secret.txt"}
    there = {p.relative_to(sent): p.stat().st_size for p in sent.rglob("*") if p.is_file()}
    here = {p.relative_to(collected): p.stat().st_size for p in collected.rglob("*") if p.is_file()}
    here = {path: size for path, size in here.items() if str(path) not in names}
    assert here == there, f"{len(here)} files came of {len(there)}"
