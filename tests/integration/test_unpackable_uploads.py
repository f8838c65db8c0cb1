"""Archives that the plugin would not unpack are refused when they are announced."""

from __future__ import annotations

import msgspec
import pytest
from support.people.callers import archive_item

from nbexchange.protocol import limits as sizes


@pytest.fixture
def limits(limits):
    return msgspec.structs.replace(limits, max_unpacked_ratio=50, max_members=3)


@pytest.mark.parametrize(
    ("values", "limit"),
    [
        ({"members": 3}, None),
        ({"members": 4}, 3),
        ({"size": 1000, "unpacked_size": 50_000}, None),
        ({"size": 1000, "unpacked_size": 50_001}, 50_000),
        ({"size": 1, "unpacked_size": 20_000}, None),
        ({"size": 1, "unpacked_size": 20_001}, 20_000),
    ],
)
@pytest.mark.parametrize(("person", "kind"), [("ada", "submission"), ("teacher", "release")])
def test_what_could_not_be_unpacked_is_refused_when_it_is_announced(
    released, monkeypatch, person, kind, values, limit
):
    monkeypatch.setattr(sizes, "ALWAYS_UNPACKED", 20_000)
    item = archive_item(b"w", force=kind == "release", **values)
    answer = getattr(released, person).initiate(kind, item)
    (entry,) = answer.json["items"]
    assert entry["type"] == ("error" if limit else "upload")
    if limit:
        assert (entry["problem"]["type"], entry["problem"]["limit"]) == ("too-large", limit)
        assert getattr(released, person).get("uploads").json["items"] == []
