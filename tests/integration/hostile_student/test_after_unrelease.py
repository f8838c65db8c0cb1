"""A student who uses URLs and uploads after an unrelease or a purge."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import time_machine
from support.people.callers import archive_item, problem_of
from support.people.hostile_student import sizes
from support.stores.object_clients import send

from nbexchange.api.uploads.garbage_collection import collect_garbage


def unrelease(released, **how):
    target = {"course_id": "cs1", "assignment_id": "ps1"}
    assert released.teacher.delete("assignments", **target, **how).status_code == 200


def test_a_url_of_a_release_dies_within_its_lifetime_after_unrelease_and_no_new_one_is_given(released, wire):
    (entry,) = released.ada.assignments()
    granted = released.ada.request("release", entry["release"]["id"])
    unrelease(released)
    refused = released.ada.request("release", entry["release"]["id"])["problem"]
    assert (refused["type"], refused["status"]) == ("assignment-withdrawn", 404)
    assert re.fullmatch(r"ps1 of cs1 was withdrawn on 20\S+ at \d\d:\d\d UTC\.", refused["detail"])
    stranger = released.outsider.request("release", entry["release"]["id"])["problem"]
    assert (stranger["type"], stranger["detail"]) == ("not-found", "You have no such release.")
    assert datetime.fromisoformat(granted["expires_at"]) <= datetime.now(UTC) + timedelta(minutes=15)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=15), tick=True):
        assert send(wire("GET", granted)).status == 403


def test_after_unrelease_only_what_was_stamped_before_is_taken(released):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    unrelease(released)
    assert released.ada.initiate("submission", archive_item(b"later")).status_code == 404
    assert released.ada.initiate("submission", item, archive_item(b"later")).status_code == 404
    released.ada.put(granted, b"work")
    (answer,) = released.ada.complete(item).json["items"]
    assert answer["record"]["submitted_at"] == granted["submitted_at"]


def test_what_is_sent_after_a_purge_is_never_seen_and_deleted(released, services, store):
    item = archive_item(b"work")
    (granted,) = released.ada.begin("submission", item)
    unrelease(released, purge=True)
    assert released.ada.put(granted, b"work") == 200
    assert problem_of(released.ada.complete(item))["type"] == "upload-purged"
    assert released.ada.initiate("submission", item).json["items"][0]["problem"]["type"] == "upload-purged"
    collect_garbage(services)
    assert sizes(store) == []
