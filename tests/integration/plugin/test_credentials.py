"""Who is calling, as the plugin finds it out and says it to the service."""

from __future__ import annotations

import pytest
from nbgrader.exchange.abc.exchange import ExchangeError
from support.faults.impostor import impostor
from support.people.classroom import attempt, checks

from nbexchange.plugin import BaseApiPlugin, ExchangeList
from nbexchange.plugin.service.credentials import ApiCredentials

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"


@pytest.fixture
def token_of_ada(desks, tmp_path):
    """A file that nobody else may read, with her token; without it, the plugin has that of nobody."""
    path = tmp_path / "token"
    path.write_text(f" {desks.ada.token}\n")
    path.chmod(0o600)
    desks.ada.token = "that-of-nobody"
    return path


def list_with(desk, **config):
    return desk.run(ExchangeList, config={"Exchange": config})


def refusal(desk, **config):
    with pytest.raises(ExchangeError) as failure:
        list_with(desk, **config)
    assert "Traceback" not in desk.text
    return str(failure.value)


def sent(desk, **config):
    """The headers that the service gets."""
    with impostor((401, "text/plain", b"")) as (url, seen):
        desk.url = url
        refusal(desk, **config)
    _, _, headers, _ = seen[-1]
    return headers


def test_a_file_with_the_token_comes_first(desks, token_of_ada):
    assert "is missing, unknown or has expired" in refusal(desks.ada)
    assert list_with(desks.ada, api_token_file=str(token_of_ada)) == []


def test_the_file_may_be_named_by_a_variable(desks, token_of_ada, monkeypatch):
    monkeypatch.setenv("NBEXCHANGE_API_TOKEN_FILE", str(token_of_ada))
    assert list_with(desks.ada) == []


def test_the_file_is_read_anew_for_each_request(desks, token_of_ada):
    """As where something renews a JWT in it, while one action or one Jupyter server goes on."""
    action = desks.ada.make(ExchangeList, config={"Exchange": {"api_token_file": str(token_of_ada)}})
    token = token_of_ada.read_text()
    token_of_ada.write_text("expired")
    with pytest.raises(ExchangeError, match="has expired"):
        action.start()
    token_of_ada.write_text(token)
    assert action.start() == []


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file or directory"), (b" \n", "it is empty"), (b"\xff\xfe", "it is no text")],
)
def test_a_file_without_a_token_is_told_and_nothing_else_is_tried(desks, token_of_ada, people, content, why):
    desks.ada.token = people.ada.token
    if content is None:
        token_of_ada.unlink()
    else:
        token_of_ada.write_bytes(content)
    text = refusal(desks.ada, api_token_file=str(token_of_ada))
    assert text.startswith(
        f"The token for the exchange service cannot be read from {token_of_ada}: {why}. Restart"
    )


def test_a_file_that_everybody_may_read_is_not_used(desks, token_of_ada):
    token_of_ada.chmod(0o644)
    text = refusal(desks.ada, api_token_file=str(token_of_ada))
    assert "everybody on this machine may read its file" in text
    assert token_of_ada.read_text().strip() not in text + desks.ada.text


def test_a_file_that_the_group_may_read_is_used(desks, token_of_ada):
    """As Kubernetes mounts a secret for a user who is not root."""
    token_of_ada.chmod(0o440)
    assert list_with(desks.ada, api_token_file=str(token_of_ada)) == []


def test_a_variable_of_our_own_beats_that_of_the_hub(desks, people, monkeypatch):
    desks.ada.token = "that-of-nobody"
    monkeypatch.setenv("NBEXCHANGE_API_TOKEN", people.ada.token)
    assert list_with(desks.ada) == []


def test_the_variable_may_have_another_name(desks, people, monkeypatch):
    desks.ada.token = "that-of-nobody"
    monkeypatch.setenv("COURSE_JWT", people.ada.token)
    assert list_with(desks.ada, api_token_variable="COURSE_JWT") == []


def test_where_a_variable_is_named_no_other_is_used(desks):
    assert "is missing" in refusal(desks.ada, api_token_variable="COURSE_JWT")


def test_the_token_goes_into_a_header(desks):
    desks.ada.token = JWT
    headers = sent(desks.ada)
    assert headers["Authorization"] == f"token {JWT}"
    assert "Cookie" not in headers


def test_or_into_a_cookie_and_then_into_no_header(desks):
    desks.ada.token = JWT
    headers = sent(desks.ada, api_token_cookie="course_auth")
    assert headers["Cookie"] == f"course_auth={JWT}"
    assert "Authorization" not in headers


def test_nothing_is_sent_where_nothing_is_found(desks):
    desks.ada.token = ""
    assert not {"Authorization", "Cookie"} & set(sent(desks.ada, api_token_cookie="course_auth"))


def test_a_token_that_would_end_its_cookie_is_told_and_not_shown(desks):
    desks.ada.token = "secret-part;other=cookie"
    text = refusal(desks.ada, api_token_cookie="course_auth")
    assert "(from JUPYTERHUB_API_TOKEN) has characters that no token has" in text
    assert "secret-part" not in text


@pytest.mark.parametrize("token", ["secret-part\nX-More: header", "secret-part and-more", "secret-part-\xe9"])
def test_a_token_that_would_end_its_header_is_told_and_not_sent(desks, token):
    desks.ada.token = token
    with impostor((401, "text/plain", b"")) as (url, seen):
        desks.ada.url = url
        text = refusal(desks.ada)
    assert "(from JUPYTERHUB_API_TOKEN) has characters that no token has" in text
    assert "secret-part" not in text
    assert seen == []


def test_a_class_of_the_installation_decides_alone(desks, token_of_ada, people):
    class Own(ApiCredentials):
        def prep_api_call(self, path):
            url, _, _ = ApiCredentials.prep_api_call(self, path)
            return url, {}, {"Authorization": f"Bearer {people.ada.token}"}

    assert list_with(desks.ada, api_plugin_class=Own) == []


def test_a_header_of_the_installation_that_is_none_is_told_as_its_own(desks):
    class Own(ApiCredentials):
        def prep_api_call(self, path):
            url, _, _ = ApiCredentials.prep_api_call(self, path)
            return url, {}, {"Authorization": "Bearer secret-part\nmore"}

    text = refusal(desks.ada, api_plugin_class=Own)
    assert "(from c.Exchange.api_plugin_class) has characters" in text
    assert "secret-part" not in text


def test_a_token_that_ends_with_its_line_is_a_token(released):
    released.ada.token += "\n"
    assert released.ada.run(ExchangeList)


def test_a_token_that_is_none_is_told_and_not_shown(released):
    released.ada.token = "first\nsecond-half"
    text = attempt(released.ada, ExchangeList)
    assert "has characters that no token has. Restart your notebook server" in text
    assert "second-half" not in text


def test_a_token_in_curly_quotes_is_none_either(released):
    released.ada.token = "\u201csecret-part\u201d"
    text = attempt(released.ada, ExchangeList)
    assert "has characters that no token has" in text
    assert "secret-part" not in text


def test_the_token_is_not_replaced_by_what_a_netrc_has_for_the_host(released, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert released.ada.run(ExchangeList)


@pytest.mark.parametrize("module", ["nbexchange.plugin", "nbexchange.plugin.exchange"])
def test_a_class_of_an_older_installation_works_in_the_configuration_of_every_command(released, module):
    released.ada.configure(
        f"from {module} import BaseApiPlugin",
        "class AuthApiPlugin(BaseApiPlugin):",
        "    def prep_api_call(self, path: str = None):",
        "        self.log.debug('calling %s', path)",
        "        cookies = dict()",
        f"        headers = {{'Authorization': 'Bearer {released.ada.token}'}}",
        "        url = self.service_url() + path",
        "        return url, cookies, headers",
        "c.Exchange.api_plugin_class = AuthApiPlugin",
        "c.Exchange.base_path = '/services/nbexchange'",
    )
    released.ada.token = "that-of-nobody"
    assert "cs1 ps1" in released.ada.nbgrader("list")
    assert released.ada.nbgrader("fetch_assignment", "ps1")
    assert released.ada.ask("whoami", "--json").json["name"] == "ada"
    assert checks(released.ada, 0)["token"]["about"].endswith("AuthApiPlugin")


def test_a_class_of_an_older_installation_may_have_no_cookies_and_inherit_what_it_does_not_say(released):
    class Own(BaseApiPlugin):
        def prep_api_call(self, path):
            url, _, headers = BaseApiPlugin.prep_api_call(self, path)
            return [url, None, headers]

    class Nothing(BaseApiPlugin):
        pass

    for kind in (Own, Nothing):
        assert list_with(released.ada, api_plugin_class=kind)


def test_an_older_plugin_class_for_credentials_is_called_with_the_exchange(released):
    seen, token = [], released.ada.token

    class Mine:
        def prep_api_call(self, path):
            seen.append((type(self).__name__, path))
            return (
                f"{self.base_service_url}/services/nbexchange/{path}",
                {"c": "1"},
                {"Authorization": f"Bearer {token}"},
            )

    released.ada.token = "unused"
    released.ada.run(ExchangeList, config={"Exchange": {"api_plugin_class": Mine}})
    assert ("ExchangeList", "v1/assignments") in seen
