"""To run with some quotas, to use them up, and to read how a refusal tells it."""

from __future__ import annotations

from typing import Any

import pytest

from nbexchange.api.config.quotas import Quotas
from support.people.callers import Caller, archive_item


def quotas(**values: int) -> pytest.MarkDecorator:
    """Run with these, and with no other limit."""
    unlimited = dict.fromkeys(Quotas.settings(), 0)
    return pytest.mark.parametrize("quotas", [Quotas(**{**unlimited, **values})], ids=[str(values)])


def begin_and_abort(caller: Caller, body: bytes = b"work", **values: Any) -> None:
    item = archive_item(body, **values)
    caller.begin("submission", item)
    assert caller.delete(f"uploads/{item['id']}").status_code == 200


def refusal_of(answer: Any, kind: str) -> int:
    """The seconds to wait that an answer to the whole call tells, in the header as in the body."""
    assert (answer.status_code, answer.json["type"]) == (429, kind)
    assert answer.headers["Retry-After"] == str(answer.json["retry_after"])
    wait: int = answer.json["retry_after"]
    return wait
