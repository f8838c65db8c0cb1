"""How much of everything a run does."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True)
class Sizes:
    """The size of a run; all bytes are decimal."""

    students: int
    """In the course; each has one attempt for each assignment, with feedback."""
    callers: int
    """Students who call the service themselves."""
    assignments: int
    initiates: int
    """Timed calls that announce one submission; as many complete them."""
    lists: int
    people: int
    """Distinct tokens where it is measured what it costs to know people."""
    identities: int
    """Timed calls for each way to know people."""
    batches: int
    """Timed calls that carry a batch of items."""
    items: int
    """In one batch, and in the second column of the statements."""
    clients: int
    """Who call at the same time."""
    small_objects: int
    small_object: int
    large_object: int
    tree: int
    """Bytes of the tree that the plugin submits and collects."""
    files: int
    """Small files of the tree that has many."""
    students_collected: int
    """Whose small objects are collected in one go."""
    attempts: int
    """Of the one student who submits as often as is allowed, at each of as many assignments as a page has."""
    starts: int
    """Processes of each command whose start is timed."""
    crowd: int
    """Uploads of the large crowd whose lists are set beside those of a small one."""
    trees: tuple[str, ...] = ("incompressible", "text", "many")
    stores: tuple[str, ...] = ("local", "s3")


FULL = Sizes(
    1000, 50, 10, 600, 200, 50, 2000, 20, 100, 4, 1000, MB, 2000 * MB, 1000 * MB, 5000, 200, 50, 15, 10**6
)
QUICK = Sizes(200, 20, 5, 120, 40, 50, 400, 4, 100, 4, 100, MB, 200 * MB, 100 * MB, 500, 50, 10, 5, 10**5)
SMALLEST = Sizes(2, 2, 3, 2, 2, 2, 2, 1, 2, 2, 2, 1000, 5000, 5000, 3, 3, 1, 1, 400, ("many",))
