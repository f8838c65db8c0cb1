"""Tests in a real hub are skipped loudly where a program is missing, and never in CI."""

import pytest
from support.hub import programs
from support.hub.programs import chromium, hub_proxy, needed


@pytest.fixture(autouse=True)
def machine_without_programs(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "NODE_FOLDER", tmp_path)


MISSING = [
    (chromium, "chromium is not on the PATH; install"),
    (hub_proxy, "npm is not on the PATH; install Node.js"),
]


@pytest.mark.parametrize(("find", "reason"), MISSING)
def test_a_missing_program_is_named_with_how_to_get_it(monkeypatch, find, reason):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"NOT TRIED IN A REAL JUPYTERHUB: {reason}"):
        needed(find)


@pytest.mark.parametrize(("find", "reason"), MISSING)
def test_in_ci_it_is_a_failure(monkeypatch, find, reason):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=reason):
        needed(find)
