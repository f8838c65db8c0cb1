"""The published description of the API: OpenAPI 3.1, made from the types that parse the requests."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from nbexchange import protocol
from nbexchange.api.http.conventions import REQUEST_ID
from nbexchange.api.http.operations import Operation
from nbexchange.api.problems import (
    BrowserRefused,
    ClientTooOld,
    DependencyUnavailable,
    ExchangeProblem,
    InvalidRequest,
    RequestIncomplete,
    ServiceBusy,
    TooLarge,
    Unauthenticated,
)
from nbexchange.shared.version import VERSION

Json = dict[str, Any]

REF = "#/components/schemas/{name}"

DESCRIPTION = """\
Every call may be repeated. Times are RFC 3339 in UTC with microseconds. Bytes do not pass through here: an upload or a
download is granted a signed URL, opaque to the client and possibly relative to the service, which takes no token.
A batch answers with 200 and a result or a problem for each item."""

HEADERS: Json = {
    "X-Request-ID": {
        "description": "Names this request in the service's log.",
        "schema": {"type": "string"},
    },
    protocol.PROTOCOL_HEADER: {
        "description": "The revision of the protocol that the service speaks.",
        "schema": {"type": "string"},
    },
    protocol.VERSION_HEADER: {
        "description": "The version of the service's program, for people.",
        "schema": {"type": "string"},
    },
}

HEADERS_OF_PROBLEMS: Json = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How to say who is calling.", "schema": {"type": "string"}},
}


PARAMETERS: Json = {
    "request-id": {
        "name": "X-Request-ID",
        "in": "header",
        "description": "What the request is to be called in the service's log; one of another form is not taken.",
        "schema": {"type": "string", "pattern": f"^{REQUEST_ID.pattern}$"},
    },
    "revision": {
        "name": protocol.PROTOCOL_HEADER,
        "in": "header",
        "description": "The revision of the protocol that the client speaks.",
        "schema": {"type": "string", "pattern": f"^{protocol.REVISION_PATTERN.pattern}$"},
    },
}


def describe(operations: Mapping[str, Iterable[Operation]], base_url: str) -> Json:
    """The document of all operations, by the prefix of their paths below `base_url`."""
    paths: Json = defaultdict(dict)
    for prefix, group in operations.items():
        for operation in group:
            paths[prefix + path_template(operation.path)][operation.method.lower()] = _operation(operation)
    everything = [operation for group in operations.values() for operation in group]
    wire_types = [kind for o in everything for kind in (o.body, o.answer) if kind] + [protocol.Problem]
    return {
        "openapi": "3.1.0",
        "info": {"title": "nbexchange", "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": base_url.rstrip("/") or "/"}],
        "paths": dict(paths),
        "components": {
            "schemas": msgspec.json.schema_components(wire_types, ref_template=REF)[1],
            "headers": {**HEADERS, **HEADERS_OF_PROBLEMS},
            "parameters": PARAMETERS,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`Authorization: token ...`, as JupyterHub has it, is the same. "
                    "An installation may have other credentials.",
                }
            },
        },
    }


def path_template(rule: str) -> str:
    """A Flask rule as OpenAPI writes it."""
    return re.sub(r"<(?:uuid:)?(\w+)>", r"{\1}", rule)


def _operation(operation: Operation) -> Json:
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.description,
        "security": [{"token": []}] if operation.requires.needs_identity else [],
        "parameters": [
            *_path_parameters(operation.path),
            *_query_parameters(operation.query),
            *_header_parameters(operation),
        ],
        "responses": {
            "200": {
                "description": "Done.",
                "headers": _headers(),
                "content": {"application/json": {"schema": _reference(operation.answer)}},
            },
            **_problems(operation),
        },
    }
    if operation.body:
        content = {"application/json": {"schema": _reference(operation.body)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _headers(*kinds: type[ExchangeProblem]) -> Json:
    names = list(HEADERS)
    if any(kind.retry_after is not None for kind in kinds):
        names.append("Retry-After")
    if Unauthenticated in kinds:
        names.append("WWW-Authenticate")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _reference(kind: Any) -> Json:
    if kind is None:
        return {"type": "object"}
    return {"$ref": REF.format(name=kind.__name__)}


def _path_parameters(path: str) -> list[Json]:
    schema = {"type": "string", "format": "uuid"}
    return [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name in re.findall(r"<uuid:(\w+)>", path)
    ]


def _query_parameters(kind: Any) -> list[Json]:
    if kind is None:
        return []
    schema = msgspec.json.schema_components([kind], ref_template=REF)[1][kind.__name__]
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _without_null(field)}
        for name, field in schema["properties"].items()
    ]


def _header_parameters(operation: Operation) -> list[Json]:
    names = ["request-id", *(["revision"] if operation.requires.needs_identity else [])]
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _without_null(schema: Json) -> Json:
    """A parameter that is not wanted is left out: there is no null in a query string."""
    (kind,) = [kind for kind in schema.get("anyOf", [schema]) if kind != {"type": "null"}]
    return {name: value for name, value in kind.items() if value is not None}


def _problems(operation: Operation) -> Json:
    kinds: list[type[ExchangeProblem]] = [
        ExchangeProblem,
        InvalidRequest,
        DependencyUnavailable,
        ServiceBusy,
        *operation.problems,
    ]
    if operation.requires.needs_identity:
        kinds += [Unauthenticated, BrowserRefused, ClientTooOld]
    if operation.body:
        kinds += [TooLarge, RequestIncomplete]
    by_status: dict[int, list[type[ExchangeProblem]]] = defaultdict(list)
    for kind in kinds:
        by_status[kind.status].append(kind)
    return {
        str(status): {
            "description": " ".join(f"{kind.title} ({', '.join(kind.types())})." for kind in group),
            "headers": _headers(*group),
            "content": {"application/problem+json": {"schema": _reference(protocol.Problem)}},
        }
        for status, group in sorted(by_status.items())
    }
