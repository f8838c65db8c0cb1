"""When Formgrader may be in a frame, and the page that stands there otherwise."""

import base64
import hashlib
import re

import pytest

from nbexchange.plugin import frames

OF_THE_HUB = ("frame-ancestors 'none'", "frame-ancestors 'none';report-uri /hub/security/csp-report")


@pytest.mark.parametrize("policy", OF_THE_HUB)
def test_a_hubs_policy_forbids_frames_where_people_share_a_host(policy, monkeypatch):
    monkeypatch.delenv("JUPYTERHUB_HOST", raising=False)
    assert frames.are_forbidden(policy)
    assert frames.within_one_host(policy) == policy
    monkeypatch.setenv("JUPYTERHUB_HOST", "")
    assert frames.within_one_host(policy) == policy


@pytest.mark.parametrize("policy", OF_THE_HUB)
def test_the_servers_own_pages_are_let_in_where_it_has_a_host_of_its_own(policy, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_HOST", "https://hub.example.org")
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    assert frames.within_one_host(policy) == policy.replace("'none'", "'self'")
    assert not frames.are_forbidden(frames.within_one_host(policy))


@pytest.mark.parametrize("policy", OF_THE_HUB)
def test_a_service_of_the_hub_may_share_its_host_and_lets_in_nobody(policy, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_HOST", "https://hub.example.org")
    monkeypatch.setenv("JUPYTERHUB_USER", "")
    assert frames.within_one_host(policy) == policy


@pytest.mark.parametrize(
    "policy",
    ["frame-ancestors 'self'", "default-src 'none'; frame-ancestors https://lms.example.org", ""],
)
def test_what_an_operator_allows_stays_as_it_is(policy, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_HOST", "https://hub.example.org")
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    assert not frames.are_forbidden(policy)
    assert frames.within_one_host(policy) == policy


def test_the_page_in_a_frame_runs_its_own_script_and_nothing_that_an_address_brings():
    page = frames.page('/user/a"><script>alert(1)</script>/formgrader/manage_assignments')
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in frames.POLICY
    assert "unsafe" not in frames.POLICY
