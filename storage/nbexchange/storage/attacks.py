"""What somebody does to a signed request of S3 who wants more than was signed: other requests, made of that one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlencode

from nbexchange.storage.capabilities import SignedRequest

Attack = Callable[[SignedRequest], SignedRequest]

SIGNATURE, ALGORITHM = "X-Amz-Signature", "X-Amz-Algorithm"


def bare(request: SignedRequest) -> SignedRequest:
    """Without its query, as somebody asks who has no URL at all."""
    return replace(request, url=request.url.partition("?")[0])


def parameter(name: str, change: Callable[[str], str | None]) -> Attack:
    """With a parameter of the query changed, or without it where that gives None."""

    def attack(request: SignedRequest) -> SignedRequest:
        before, _, query = request.url.partition("?")
        values = {key: change(value) if key == name else value for key, value in parse_qsl(query)}
        kept = {key: value for key, value in values.items() if value is not None}
        return replace(request, url=f"{before}?{urlencode(kept, quote_via=quote)}")

    return attack


def with_headers(request: SignedRequest, headers: Mapping[str, str]) -> SignedRequest:
    return replace(request, headers={**request.headers, **headers})


def without_header(request: SignedRequest, name: str) -> SignedRequest:
    return replace(request, headers={key: value for key, value in request.headers.items() if key != name})


forged = parameter(SIGNATURE, lambda value: ("1" if value[0] == "0" else "0") + value[1:])

UNSIGNED: tuple[Attack, ...] = (
    bare,
    parameter(SIGNATURE, lambda _: None),
    parameter(SIGNATURE, lambda _: ""),
    parameter(ALGORITHM, lambda _: None),
    parameter(ALGORITHM, lambda _: "AWS4-HMAC-SHA1"),
    parameter(ALGORITHM, lambda _: "none"),
)
"""A server that looks for these first, and verifies only where it finds them, carries out what nobody signed."""


def in_pieces(request: SignedRequest, body: bytes) -> tuple[SignedRequest, bytes]:
    """The same upload in the encoding for streams whose pieces are not signed: some servers then verify nothing."""
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    headers = {
        "content-length": str(len(framed)),
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": str(len(body)),
    }
    return with_headers(request, headers), framed


# --- headers that nobody signed ------------------------------------------------------------------------------

PERMISSIONS: tuple[Mapping[str, str], ...] = (
    {"x-amz-acl": "public-read"},
    {"x-amz-acl": "public-read-write"},
    {"x-amz-grant-read": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'},
    {"x-amz-grant-full-control": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'},
)
"""Headers that let everybody read an object."""

SECRET_OF_A_CLIENT = {
    "x-amz-server-side-encryption-customer-algorithm": "AES256",
    "x-amz-server-side-encryption-customer-key": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "x-amz-server-side-encryption-customer-key-md5": "KYvwGXoFFJ42a2u2GDWhwQ==",
}
"""A key of the client's own, without which nobody reads the object."""

OTHERS: tuple[Mapping[str, str], ...] = (
    {"x-amz-meta-probe": "1"},
    {"x-amz-tagging": "probe=1"},
    {"x-amz-storage-class": "REDUCED_REDUNDANCY"},
    {"x-amz-website-redirect-location": "https://example.org/"},
    SECRET_OF_A_CLIENT,
)
"""Headers that change what is kept beside the bytes, what it costs, or who can read it."""

TRACES = {"x-amz-tagging": "x-amz-tagging-count"}
"""Under which name a download shows that a header had an effect; without an entry, under its own."""
