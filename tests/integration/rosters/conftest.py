"""Rosters count: the service reads roles from the database as well."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nbexchange.api.runtime import Runtime


@pytest.fixture
def services(services: Runtime) -> Runtime:
    return replace(services, has_rosters=True)
