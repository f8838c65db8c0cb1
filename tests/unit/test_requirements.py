"""What operations require is asked of the request that they really get."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from nbexchange.api.access.identity import CourseRole, Identity
from nbexchange.api.http.routes import v1
from nbexchange.api.problems import NotFound

OPERATIONS = [pytest.param(operation, id=operation.name) for operation in v1.operations()]
STRANGER = Identity("stranger", "1", {"cs2": CourseRole("instructor")})


def fields(operation):
    kind = operation.query or operation.body
    return {field.name for field in msgspec.structs.fields(kind)} if kind else set()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_takes_one_request_of_which_its_requirement_is_asked(operation):
    assert operation.requires.needs_identity
    assert not (operation.query and operation.body)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_request_that_names_a_course_is_refused_to_strangers_and_no_other_request_can_be(operation):
    values = {"course_id": "cs1", "kind": "submission"}
    request = SimpleNamespace(**{name: values.get(name) for name in fields(operation)})
    if "course_id" in fields(operation):
        with pytest.raises(NotFound):
            operation.requires.check(STRANGER, request)
    else:
        operation.requires.check(STRANGER, request)
