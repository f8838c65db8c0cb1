"""Protocol v1: its operations by subject, behind the caller's identity."""

from __future__ import annotations

from flask import Blueprint

from nbexchange.api.http.browsers import refuse_browsers
from nbexchange.api.http.conventions import identify, negotiate
from nbexchange.api.http.operations import Operation
from nbexchange.api.http.routes import assignments, history, me, rosters, uploads

SUBJECTS = (me, assignments, uploads, rosters, history)


def operations() -> list[Operation]:
    return [operation for subject in SUBJECTS for operation in subject.operations.all]


def routes() -> Blueprint:
    blueprint = Blueprint("v1", __name__)
    blueprint.before_request(refuse_browsers)
    blueprint.before_request(negotiate)
    blueprint.before_request(identify)
    for subject in SUBJECTS:
        subject.operations.register(blueprint)
    return blueprint
