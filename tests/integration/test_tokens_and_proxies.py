"""JSON web tokens and a proxy's headers, sent over HTTP to the service as gunicorn runs it."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest
import requests
from support.people.commands import run_nbexchange_here
from support.servers.issuers import AUDIENCE, ISSUER, provider, rsa_key, token

from nbexchange.demo import servers

pytestmark = pytest.mark.xdist_group("tokens and proxies")  # of one service each

ME = "/services/nbexchange/v1/me"
SECRET = "0123456789abcdef0123456789abcdef"
ADA = {"name": "ada", "course_id": "cs1", "course_role": "Instructor"}
FROM_PROXY = [("X-NbExchange-Proxy-Secret", SECRET), ("X-Forwarded-Groups", "nbgrader-cs1")]


def ask(service, *headers, path=ME):
    """Send these headers exactly, and no others, some of them twice."""
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=60)
    connection.putrequest("GET", path)
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return (
        answer.status,
        json.loads(body) if answer.headers.get_content_subtype().endswith("json") else None,
        answer.headers,
    )


# --- tokens ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def issuer():
    with provider("one") as started:
        yield started


@pytest.fixture(scope="module")
def by_tokens(issuer, tmp_path_factory):
    settings = {
        "NBEXCHANGE_USER_PLUGIN_CLASS": "jwt",
        "NBEXCHANGE_JWT_ISSUER": ISSUER,
        "NBEXCHANGE_JWT_AUDIENCE": AUDIENCE,
        "NBEXCHANGE_JWT_JWKS_URL": issuer.url,
        "NBEXCHANGE_JWT_COOKIE": "noteable",
    }
    with servers.service(tmp_path_factory.mktemp("jwt"), settings) as service:
        yield service


def test_a_token_is_taken_from_header_and_cookie(by_tokens):
    good = token(ADA)
    for sent in [("Authorization", f"Bearer {good}"), ("Cookie", f"a=b; noteable={good}")]:
        status, body, _ = ask(by_tokens, sent)
        assert (status, body["name"], body["courses"][0]["role"]) == (200, "ada", "instructor")


def test_a_forged_token_is_refused_and_its_key_ids_cause_no_requests(by_tokens, issuer):
    assert ask(by_tokens, ("Authorization", f"Bearer {token(ADA)}"))[0] == 200
    for number in range(30):
        forged = token(ADA, key=rsa_key("evil"), kid=f"made-up-{number}")
        status, body, headers = ask(by_tokens, ("Authorization", f"Bearer {forged}"))
        assert (status, body["type"], headers["WWW-Authenticate"]) == (401, "unauthenticated", "Bearer")
    assert issuer.requests <= 2, "one for each worker"


def test_a_browsers_cookie_is_not_taken(by_tokens):
    cookie = ("Cookie", f"noteable={token(ADA)}")
    # The last is all that is left on plain HTTP of what a page can have its browser leave out.
    for sign in [("Sec-Fetch-Site", "same-origin"), ("Origin", by_tokens.url), ("Accept-Language", "")]:
        status, body, _ = ask(by_tokens, cookie, sign)
        assert (status, body["type"]) == (403, "browser-refused")


def test_a_token_of_100_kb_is_refused_and_the_service_goes_on(by_tokens):
    good = token(ADA)
    assert ask(by_tokens, ("Authorization", f"Bearer {good}{'A' * 100_000}"))[0] in {400, 401, 431}
    assert ask(by_tokens, ("Authorization", f"Bearer {good}"))[0] == 200


def test_no_token_and_no_part_of_one_is_in_the_log(by_tokens):
    texts = [token(ADA), token(ADA, exp=1), token(ADA, key=rsa_key("evil"))]
    assert [ask(by_tokens, ("Authorization", f"Bearer {text}"))[0] for text in texts] == [200, 401, 401]
    log = by_tokens.log.read_text()
    assert "a token is refused: 'Signature has expired'" in log
    assert not any(part in log for text in texts for part in text.split("."))


def test_while_the_issuers_keys_are_away_the_answer_is_to_come_back_later(tmp_path):
    settings = {
        "NBEXCHANGE_USER_PLUGIN_CLASS": "jwt",
        "NBEXCHANGE_JWT_ISSUER": ISSUER,
        "NBEXCHANGE_JWT_AUDIENCE": AUDIENCE,
        "NBEXCHANGE_JWT_JWKS_URL": f"http://127.0.0.1:{servers.free_port()}/jwks",
    }
    with servers.service(tmp_path, settings) as service:
        for text in (token(ADA), token(ADA, key=rsa_key("evil"))):
            status, body, headers = ask(service, ("Authorization", f"Bearer {text}"))
            assert (status, body["type"]) == (503, "authentication-unavailable")
            assert int(headers["Retry-After"]) > 0
        assert ask(service)[0] == 401, "without a token no key is needed"


def test_without_an_audience_the_service_does_not_start(tmp_path):
    done = run_nbexchange_here(
        tmp_path, "serve", NBEXCHANGE_USER_PLUGIN_CLASS="jwt", NBEXCHANGE_JWT_ISSUER=ISSUER
    )
    assert done.status != 0
    assert done.err.strip().endswith("nbexchange: audience is missing: set c.JwtAuthenticator.audience")


# --- a proxy -----------------------------------------------------------------------------------------------


def proxy_settings(*networks):
    return {
        "NBEXCHANGE_USER_PLUGIN_CLASS": "proxy",
        "NBEXCHANGE_PROXY_TRUSTED_NETWORKS": str(list(networks)),
        "NBEXCHANGE_PROXY_SECRET": SECRET,
    }


@pytest.fixture(scope="module")
def behind_proxy(tmp_path_factory):
    with servers.service(tmp_path_factory.mktemp("proxy"), proxy_settings("127.0.0.0/8")) as service:
        yield service


def test_the_proxys_headers_say_who_is_calling(behind_proxy):
    status, body, _ = ask(behind_proxy, *FROM_PROXY, ("X-Forwarded-User", "ada"))
    assert (status, body["name"], body["courses"][0]["role"]) == (200, "ada", "student")


def test_what_a_browser_sends_through_the_proxy_is_refused(behind_proxy):
    identified = [*FROM_PROXY, ("X-Forwarded-User", "ada")]
    for false in [], [("Authorization", "Bearer false")]:
        status, body, _ = ask(behind_proxy, *identified, *false, ("Accept-Language", ""))
        assert (status, body["type"]) == (403, "browser-refused")


def test_without_the_secret_they_say_nothing(behind_proxy):
    assert ask(behind_proxy, *FROM_PROXY[1:], ("X-Forwarded-User", "ada"))[0] == 401


def test_a_header_with_underscores_cannot_pose_as_the_proxys(behind_proxy):
    posing = [("X_Forwarded_User", "root"), ("X_Forwarded_Groups", "formgrade-cs1")]
    status, body, _ = ask(behind_proxy, *posing, *FROM_PROXY, ("X-Forwarded-User", "ada"), *posing)
    assert (status, body["name"], [c["role"] for c in body["courses"]]) == (200, "ada", ["student"])
    assert ask(behind_proxy, *FROM_PROXY, *posing)[0] == 401
    secret = ("X_NbExchange_Proxy_Secret", SECRET)
    assert ask(behind_proxy, secret, ("X-Forwarded-User", "ada"))[0] == 401


@pytest.mark.parametrize("others", [1, 2])
@pytest.mark.parametrize("name", ["X-Forwarded-User", "X-Forwarded-Groups", "X-Forwarded-Email"])
def test_a_header_of_the_clients_beside_the_proxys_is_refused_and_not_merged_with_it(
    behind_proxy, name, others
):
    sent = [*FROM_PROXY, ("X-Forwarded-User", "ada"), ("X-Forwarded-Email", "ada@example.org")]
    for additional in [(name, "formgrade-cs1")], [(name.lower(), "")]:
        for order in ([*sent, *additional * others], [*additional * others, *sent]):
            status, body, _ = ask(behind_proxy, *order)
            assert (status, body["type"]) == (403, "identity-refused")


def test_a_group_with_the_separator_in_its_name_gives_no_role_by_its_rest(behind_proxy):
    groups = ("X-Forwarded-Groups", r"nbgrader-cs1,x\,formgrade-cs1")
    status, body, _ = ask(behind_proxy, FROM_PROXY[0], groups, ("X-Forwarded-User", "ada"))
    assert (status, [c["role"] for c in body["courses"]]) == (200, ["student"])


@pytest.mark.parametrize("name", ["SCRIPT_NAME", "Script-Name", "PATH_INFO", "X-Forwarded-Prefix"])
def test_no_header_moves_the_api_to_where_a_proxy_asks_for_nobody(behind_proxy, name):
    identified = [*FROM_PROXY, ("X-Forwarded-User", "ada")]
    for prefix in ("/services/nbexchange/objects", "/services/nbexchange/objects/"):
        assert ask(behind_proxy, *identified, (name, prefix), path=f"{prefix}{ME}")[0] in {403, 404}
        assert ask(behind_proxy, *identified, (name, prefix))[0] == 200, "the header means nothing"


@pytest.mark.parametrize(
    "path", ["objects/../v1/me", "objects/%2e%2e/v1/me", "objects/..%2fv1/me", "objects/..%5cv1/me", "/v1/me"]
)
def test_no_path_leads_to_the_api_by_way_of_another(behind_proxy, path):
    answer = ask(behind_proxy, *FROM_PROXY, ("X-Forwarded-User", "ada"), path=f"/services/nbexchange/{path}")
    assert answer[0] in {403, 404}


def test_what_is_said_of_scheme_and_host_is_not_taken(behind_proxy):
    said = [
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Ssl", "off"),
        ("X-Forwarded-Host", "evil.example.org"),
    ]
    status, body, headers = ask(behind_proxy, *FROM_PROXY, ("X-Forwarded-User", "ada"), *said)
    assert (status, body["storage_url"]) == (200, "objects/")
    assert "evil" not in str(headers)


def test_two_secrets_are_none(behind_proxy):
    assert ask(behind_proxy, *FROM_PROXY, FROM_PROXY[0], ("X-Forwarded-User", "ada"))[0] == 401


def test_a_caller_outside_of_the_listed_networks_is_not_believed(tmp_path):
    with servers.service(tmp_path, proxy_settings("10.1.2.0/24", "::1/128")) as service:
        claimed = [("X-Forwarded-For", "10.1.2.3"), ("X-Real-IP", "10.1.2.3"), ("Forwarded", "for=10.1.2.3")]
        assert ask(service, *FROM_PROXY, *claimed, ("X-Forwarded-User", "ada"))[0] == 401
        assert SECRET not in service.log.read_text()
        assert requests.get(f"{service.url}/healthz", timeout=10).status_code == 200


def test_without_a_listed_network_the_service_does_not_start(tmp_path):
    done = run_nbexchange_here(tmp_path, "serve", **proxy_settings())
    assert done.status != 0
    assert "trusted_networks is empty" in done.err
    assert "Traceback" not in done.err
