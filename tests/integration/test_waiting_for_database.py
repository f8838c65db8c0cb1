"""A service that starts before its database: it waits for what comes up, and for nothing else."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy.exc import OperationalError
from support.people.commands import run_nbexchange_here

from nbexchange.api.db import upgrade, waiting
from nbexchange.api.db.engine import connect, parse_url
from nbexchange.demo.servers import free_port


@pytest.fixture
def pauses(monkeypatch):
    """What is done in each pause, instead of waiting."""
    steps = []
    monkeypatch.setattr(waiting, "sleep", lambda seconds: steps.pop(0)())
    return steps


@pytest.fixture
def coming_up(empty_postgresql):
    """The address of a database that nobody reaches, and a function that brings it up."""
    url = parse_url(empty_postgresql)
    folder = url.query.get("host")
    if folder is None:
        pytest.skip("a PostgreSQL elsewhere has no socket that could be hidden")
    with TemporaryDirectory(prefix="pg-") as short:  # the path of a socket has 107 bytes at most
        hidden = Path(short) / "s"
        address = url.set(query={**url.query, "host": str(hidden)}).render_as_string(hide_password=False)
        yield address, lambda: hidden.symlink_to(Path(str(folder)))


@pytest.mark.parametrize("command", [["serve"], ["db", "upgrade"]], ids=" ".join)
def test_a_start_waits_for_a_database_that_comes_up(tmp_path, coming_up, pauses, caplog, command):
    address, bring_up = coming_up
    pauses += [lambda: None, bring_up]
    done = run_nbexchange_here(tmp_path, *command, serve=lambda _: None, NBEXCHANGE_DB_URL=address)
    assert (done.status, pauses) == (0, []), done.err
    waited = [text for text in caplog.messages if "waiting" in text]
    assert len(waited) == 1
    assert waited[0].startswith("waiting up to 60 seconds for the database: connection ")
    database = connect(address)
    upgrade.require_current(database)
    database.engine.dispose()


def test_a_start_waits_for_so_long_and_then_says_why_it_ends(tmp_path, pauses):
    address = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    done = run_nbexchange_here(tmp_path, "serve", NBEXCHANGE_DB_URL=address, NBEXCHANGE_DATABASE_PATIENCE="0")
    assert done.status == 1
    assert "nbexchange: the database cannot be used: connection failed" in done.err


def test_what_a_server_refuses_is_told_at_once(empty_postgresql, pauses):
    address = parse_url(empty_postgresql).set(database="there_is_none")
    database = connect(address.render_as_string(hide_password=False))
    with pytest.raises(OperationalError, match="does not exist"):
        waiting.wait_for_database(database, 60)
    database.engine.dispose()


@pytest.mark.parametrize(
    ("said", "may_pass"),
    [
        ("FATAL:  the database system is starting up", True),
        ("FATAL:  sorry, too many clients already", True),
        ('could not translate host name "db" to address', True),
        ('FATAL:  password authentication failed for user "nbexchange"', False),
    ],
)
def test_a_server_that_starts_or_is_full_is_waited_for(said, may_pass):
    assert waiting.may_pass(OperationalError("SELECT", {}, Exception(said))) is may_pass
