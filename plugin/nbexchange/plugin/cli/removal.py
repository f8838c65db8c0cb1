"""`jupyter nbexchange remove`: single attempts out of a course's list, as collect names them where it cannot go on."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from msgspec import Struct

from nbexchange.plugin.cli.base import Command, CommandFailed
from nbexchange.plugin.service.answers import failure_of
from nbexchange.protocol import Removed
from nbexchange.shared.terminal import clean_lines


class Outcome(Struct):
    """What became of one attempt; `error` says why it stays."""

    id: UUID
    removed: bool
    error: str | None = None


class Removal(Struct):
    attempts: list[Outcome]


class Remove(Command):
    """Take attempts out of your course's list and out of collect, by their ids: ID [ID ...]

    The attempt before it is collected then. No bytes are deleted, and the student still has it in their own list. A
    student who does this takes an attempt of their own out of their own list.
    """

    name = "jupyter-nbexchange remove"
    description = __doc__ or ""
    takes_arguments = True

    def ask(self) -> Removal:
        if not self.extra_args:
            raise CommandFailed(f"Which attempts? {self.name.replace('-', ' ')} ID [ID ...]")
        answers = self.exchange.client.remove_submissions([_id(text) for text in self.extra_args], own=False)
        return Removal(
            [
                Outcome(answer.id, True)
                if isinstance(answer, Removed)
                else Outcome(answer.id, False, str(failure_of(answer)))
                for answer in answers
            ]
        )

    def lines(self, answer: Removal) -> Iterator[str]:
        for outcome in answer.attempts:
            yield clean_lines(
                f"{outcome.id} is removed." if outcome.removed else f"{outcome.id} stays: {outcome.error}"
            )

    def is_well(self, answer: Removal) -> bool:
        return all(outcome.removed for outcome in answer.attempts)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise CommandFailed(f"{text!r} is no attempt's id, which collect names.") from None
