"""`jupyter nbexchange status`: whether the exchange can be used from here, and if not, why."""

from __future__ import annotations

import re

import pytest
from support.faults.impostor import impostor
from support.people.classroom import checks

from nbexchange import protocol
from nbexchange.demo.servers import free_port


def states(desk, status):
    return {name: check["ok"] for name, check in checks(desk, status).items()}


def test_all_is_well_where_all_is_well(desks):
    results = checks(desks.ada, 0)
    assert {check["ok"] for check in results.values()} == {True}
    address = f"{desks.ada.url}/services/nbexchange/"
    assert results["service"]["facts"]["url"] == address
    assert results["service"]["facts"]["protocol"] == str(protocol.REVISION)
    assert results["token"]["facts"] == {"source": "JUPYTERHUB_API_TOKEN"}
    assert results["you"]["about"] == "ada of organisation 1: student of cs1"
    assert results["store"]["facts"] == {"url": f"{address}objects/"}


def test_status_for_people_is_a_line_each_and_then_what_is_wrong(desks):
    said = desks.ada.ask("status")
    assert (said.status, said.err) == (0, "")
    assert [line.split()[:2] for line in said.out.splitlines()] == [
        [name, "ok"] for name in ("service", "readiness", "token", "you", "store", "nbgrader")
    ]
    desks.ada.token = "foreign-token"
    said = desks.ada.ask("status")
    assert said.status == 1
    assert re.search(r"^you +NOT OK", said.out, re.MULTILINE)
    assert re.search(r"^you: The exchange does not know you: .* \(request \S+\)$", said.out, re.MULTILINE)
    assert "foreign-token" not in said.out + said.err


def test_a_service_that_is_away_is_told_once_and_what_depends_on_it_is_unknown(desks):
    desks.ada.url = f"http://127.0.0.1:{free_port()}"
    results = checks(desks.ada, 1)
    assert "cannot be reached" in results["service"]["error"]
    assert results["service"]["request_id"] in results["service"]["error"]
    assert [results[name]["ok"] for name in ("readiness", "you", "store")] == [None] * 3
    assert results["token"]["ok"] is True


def test_a_token_that_is_not_known_leaves_the_store_unknown(desks):
    desks.ada.token = "foreign"
    results = checks(desks.ada, 1)
    assert results["service"]["ok"] is results["token"]["ok"] is True
    assert (results["you"]["ok"], results["store"]["ok"]) == (False, None)


def test_a_token_file_that_cannot_be_read_hides_nothing_else(desks):
    desks.ada.configure("c.Exchange.api_token_file = 'nowhere'")
    results = checks(desks.ada, 1)
    assert results["service"]["ok"] is results["readiness"]["ok"] is True
    assert "cannot be read from nowhere" in results["token"]["error"]


def test_a_token_of_which_there_is_none_is_told(desks):
    desks.ada.token = ""
    assert checks(desks.ada, 1)["token"]["about"] == (
        "none: there is nothing in NBEXCHANGE_API_TOKEN or JUPYTERHUB_API_TOKEN"
    )


def test_a_store_that_the_service_cannot_use_is_told(desks, store):
    store.root.rename(store.root.with_name("away"))
    results = checks(desks.ada, 1)
    assert results["service"]["ok"] is True
    assert results["readiness"]["error"].startswith("The object store cannot be used now.")


class Elsewhere:
    """A store that is the service's own, and somewhere else for clients."""

    def __init__(self, public_url):
        self.public_url = public_url

    def ready(self):
        pass


def test_a_store_that_cannot_be_reached_from_here_is_told(desks, services):
    """Though the service reaches it."""
    object.__setattr__(services, "store", Elsewhere(f"http://127.0.0.1:{free_port()}/bucket"))
    results = checks(desks.ada, 1)
    assert results["readiness"]["ok"] is results["you"]["ok"] is True
    assert re.match(r"The file store at 127\.0\.0\.1:\d+ cannot be reached\.", results["store"]["error"])


def test_a_store_that_refuses_strangers_is_there(desks, services, s3_server):
    object.__setattr__(services, "store", Elsewhere(f"{s3_server.endpoint_url}/absent"))
    assert states(desks.ada, 0)["store"] is True


@pytest.mark.parametrize(("status", "told"), [(301, "redirected the request"), (502, "refused the request")])
def test_a_gateway_in_the_stores_place_is_told(desks, services, status, told):
    with impostor((status, "text/html", b"")) as (url, _):
        object.__setattr__(services, "store", Elsewhere(f"{url}/bucket"))
        assert re.search(told, checks(desks.ada, 1)["store"]["error"])


def test_a_store_that_this_machine_does_not_trust_is_told_and_not_dialled(desks, services):
    with impostor((200, "text/plain", b"")) as (url, seen):
        object.__setattr__(services, "store", Elsewhere(f"{url}/bucket"))
        desks.ada.configure("c.Exchange.storage_origins = ['https://files.example.org']")
        assert "c.Exchange.storage_origins does not allow" in checks(desks.ada, 1)["store"]["error"]
    assert seen == []


def test_the_token_does_not_travel_to_the_store(desks, services):
    with impostor((403, "text/plain", b"")) as (url, seen):
        object.__setattr__(services, "store", Elsewhere(f"{url}/bucket"))
        checks(desks.ada, 0)
    ((method, path, headers, _),) = seen
    assert (method, path) == ("HEAD", "/bucket")
    assert not {"Authorization", "Cookie"} & set(headers)


def test_what_anybody_may_ask_is_asked_without_the_token(desks):
    with impostor((200, "application/json", b'{"status": "ok"}')) as (url, seen):
        desks.ada.url = url
        checks(desks.ada, 1)
    told = {path.rpartition("/")[2]: "Authorization" in headers for _, path, headers, _ in seen}
    assert told == {"healthz": False, "readyz": False, "me": True}


def test_lines_that_are_missing_are_named(desks):
    desks.ada.write("nbgrader_config.py", "c.ExchangeFactory.list = 'nbexchange.plugin.ExchangeList'")
    error = checks(desks.ada, 1)["nbgrader"]["error"]
    assert "has nothing for exchange, collect, " in error
    assert " list," not in error


OWN_CLASS = (
    "from nbexchange.plugin import ExchangeList\nclass Own(ExchangeList): pass\nc.ExchangeFactory.list = Own"
)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("c.ExchangeFactory.list = 'nbexchange.plugin.ExchangeLst'", "cannot be imported (ImportError: "),
        (
            "c.ExchangeFactory.list = 'nbexchange_jlab.plugins.ExchangeList'",
            "cannot be imported (ModuleNotFound",
        ),
        ("c.ExchangeFactory.list = 'nbgrader.exchange.ExchangeList'", "is no ExchangeList of nbexchange"),
        ("c.ExchangeFactory.list = 'nbexchange.plugin.ExchangeSubmit'", "is no ExchangeList of nbexchange"),
        ("c.ExchangeFactory.list = 'nbexchange.plugin.list.ExchangeList'", None),
        (OWN_CLASS, None),
    ],
)
def test_a_line_that_names_something_else_is_told(desks, line, why):
    desks.ada.configure(line)
    result = checks(desks.ada, 1 if why else 0)["nbgrader"]
    assert result["ok"] is not bool(why)
    if why:
        assert "c.ExchangeFactory.list is " in result["error"]
        assert f", which {why}" in result["error"]


def test_another_path_than_the_services_is_told(desks):
    desks.ada.configure("c.Exchange.base_path = '/exchange/'")
    told = (
        "The exchange service has nothing at this address. c.Exchange.base_path has to be the base_url of the"
    )
    assert checks(desks.ada, 1)["service"]["error"].startswith(told)


def test_credentials_of_an_installation_that_fail_hide_nothing_else(desks):
    lines = [
        "from nbexchange.plugin import BaseApiPlugin",
        "class Own(BaseApiPlugin):",
        "    def prep_api_call(self, path):",
        "        open('/nowhere/token')",
        "c.Exchange.api_plugin_class = Own",
    ]
    desks.ada.configure("\n".join(lines))
    results = checks(desks.ada, 1)
    assert results["service"]["ok"] is results["readiness"]["ok"] is results["nbgrader"]["ok"] is True
    assert "No such file or directory (/nowhere/token)" in results["you"]["error"]


# --- Formgrader, in a server of a hub ----------------------------------------------------------------------

NO_FRAMES = {"Content-Security-Policy": "frame-ancestors 'none'"}
OWN_FRAMES = {"Content-Security-Policy": "frame-ancestors 'self'"}
TO_FORMGRADER = {"Location": "/user/ada/formgrader/manage_assignments"}
TO_THE_LOGIN = {"Location": "/hub/api/oauth2/authorize"}

ANSWERS = [
    (200, NO_FRAMES, True, "opens in a tab of its own, as this hub forbids frames: /user/ada/formgrader"),
    (302, OWN_FRAMES | TO_FORMGRADER, True, "opens inside JupyterLab"),
    (302, NO_FRAMES | TO_FORMGRADER, False, "does not run. Open that address in a tab of the browser"),
    (404, NO_FRAMES, True, "is switched off on this server"),
    (302, NO_FRAMES | TO_THE_LOGIN, None, ""),
    (403, NO_FRAMES, None, ""),
]


@pytest.mark.parametrize(("status", "headers", "ok", "told"), ANSWERS)
def test_how_jupyterlab_shows_formgrader_is_told(desks, monkeypatch, status, headers, ok, told):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    with impostor((status, "text/html", b""), headers) as (url, seen):
        monkeypatch.setenv("JUPYTERHUB_SERVICE_URL", f"{url}/user/ada/")
        check = checks(desks.ada, int(ok is False))["formgrader"]
    assert check["ok"] is ok
    assert told in (check["about"] or check["error"] or "")
    ((method, path, sent, _),) = seen
    assert (method, path, sent["Sec-Fetch-Dest"]) == ("GET", "/user/ada/formgrader", "iframe")


def test_a_server_of_a_hub_that_does_not_answer_leaves_formgrader_unknown(desks, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    monkeypatch.setenv("JUPYTERHUB_SERVICE_URL", f"http://127.0.0.1:{free_port()}/user/ada/")
    assert checks(desks.ada, 0)["formgrader"]["ok"] is None
