"""The answer of a service that works."""

from __future__ import annotations

from nbexchange import protocol


def health() -> protocol.Health:
    return protocol.Health()
