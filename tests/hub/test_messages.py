"""What a student reads in the Assignment List when something is wrong, and that it tells what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect
from support.hub.browser import ENDING, logged_in
from support.hub.classroom_hub import done, release
from support.hub.hub_config import STUDENTS

BEN = STUDENTS[1]


# --- what is wrong -------------------------------------------------------------------------------------------


@contextmanager
def expired_token(hub, ben) -> Iterator[None]:
    """The hub takes it back, as when the token runs out or the server was stopped elsewhere."""
    hub.ask("DELETE", f"users/{BEN}/tokens/{hub.own_token(BEN)['id']}")
    try:
        with hub.exchange.having():  # it takes the hub's word for a minute, and forgets it when it ends
            yield
    finally:
        hub.stop_server(BEN)


@contextmanager
def foreign_token(hub, ben) -> Iterator[None]:
    """One that was given to another service, which says of its owner the same as any."""
    token = hub.new_token(BEN, scopes=["access:services!service=elsewhere"])["token"]
    token_file, config = ben.home / "token", ben.home / "nbgrader_config.py"
    token_file.touch(0o600)
    token_file.write_text(token)
    config.write_text(f"c = get_config()\nc.Exchange.api_token_file = {str(token_file)!r}\n")
    try:
        yield
    finally:
        config.unlink()


@contextmanager
def stopped_exchange(hub, ben) -> Iterator[None]:
    with hub.exchange.stopped():
        yield


@dataclass(frozen=True)
class Trouble:
    begin: Callable[..., AbstractContextManager[None]]
    happened: str
    advice: str

    def is_told_in(self, text: str) -> bool:
        return bool(re.fullmatch(rf"{self.happened} {re.escape(self.advice)}( \(request \S+\))?", text, re.S))


TROUBLES = [
    Trouble(
        expired_token,
        r"The exchange does not know you: your token is missing, unknown or has expired\.",
        "Restart your notebook server, which usually gives you a new token; if that does not help, tell "
        "its administrator.",
    ),
    Trouble(
        foreign_token,
        r".*c\.JupyterHub\.load_roles.*c\.Spawner\.server_token_scopes.*",
        "Tell the administrator of the hub; once it is done, restart your notebook server.",
    ),
    Trouble(
        stopped_exchange,
        r"The exchange service is not running: a proxy answered in its place at 127\.0\.0\.1:\d+ \(HTTP 503\)\.",
        "Try again in a minute: nothing is done twice. If it lasts, tell the administrator of the exchange.",
    ),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.begin.__name__)
def test_each_button_says_what_is_wrong_and_what_to_do(external, browser, screenshots, trouble):
    name = trouble.begin.__name__.replace("_", "-")
    begun, new = f"begun-{name}", f"new-{name}"
    for assignment in (begun, new):
        release(external, assignment)
    ben = external.server(BEN)
    done(ben.act("fetch", begun))
    with logged_in(browser, external, BEN, screenshots) as lab:
        expect(lab.row("released", new)).to_be_visible()
        with trouble.begin(external, ben):
            lab.press("Submit", begun)
            said = lab.read_dialog()
            lab.shoot(f"{name}-submit")
            assert trouble.is_told_in(said), said
            lab.close_dialog()
            lab.press("Fetch", new)
            notice = lab.read_notice()
            lab.shoot(f"{name}-fetch")
            assert trouble.is_told_in(notice.removesuffix(f" {ENDING}")), notice
            lab.refresh()
            notice = lab.read_notice(instead_of=notice)
            expect(lab.row("fetched", begun)).to_be_visible()
            lab.shoot(f"{name}-list")
            assert trouble.is_told_in(notice.removesuffix(f" {ENDING}")), notice
    done(external.server(BEN).act("fetch", new))
    assert re.search(rf"ExchangeError: {trouble.happened}", external.log, re.S)


def test_a_submission_that_is_too_large_is_refused_with_the_limit(external, browser, screenshots):
    release(external, "too-large")
    ben = external.server(BEN)
    done(ben.act("fetch", "too-large"))
    (ben.home / "too-large" / "video.bin").write_bytes(os.urandom(2_000_000))
    with (
        external.exchange.having(NBEXCHANGE_MAX_BUFFER_SIZE="1000000"),
        logged_in(browser, external, BEN, screenshots) as lab,
    ):
        lab.press("Submit", "too-large")
        said = lab.read_dialog()
        lab.shoot("too-large-submit")
        lab.close_dialog()
        (ben.home / "too-large" / "video.bin").unlink()
        lab.press("Submit", "too-large")
        expect(lab.row("submitted", "too-large")).to_be_visible()
    assert "the limit is 1000000" in said
    assert (
        "Remove data that is not needed, or ask the administrator of the exchange for a higher limit." in said
    )
    assert "Traceback" not in said


def test_no_log_shows_a_token(external):
    tokens = [external.server(name).exchange_token for name in STUDENTS]
    for name in STUDENTS:
        done(external.server(name).assignments())
    logs = external.log + external.exchange.service.log.read_text()
    assert not any(token in logs for token in tokens)
