"""The command `nbexchange` itself: its help, the options of each command, and what it asks before it destroys."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing

import pytest
from support.people.commands import run_nbexchange_here

from nbexchange.api.cli.app import NbExchangeApp
from nbexchange.api.cli.areas import SETTINGS
from nbexchange.api.config.settings import NbExchange


@pytest.mark.parametrize(
    "words", [[], ["db"], ["storage"], ["token"], ["course"]], ids="nbexchange {0}".format
)
def test_alone_it_prints_its_help_and_runs_nothing(tmp_path, words):
    done = run_nbexchange_here(tmp_path, *words)
    assert (done.status, done.err) == (0, "")
    assert "Subcommands" in done.out
    assert not (tmp_path / "data").exists()


def test_its_help_names_every_command(tmp_path):
    text = run_nbexchange_here(tmp_path).out
    assert all(f"\n{name}\n" in text for name in NbExchangeApp.subcommands)


# --- options -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gc", "--port=1"], "there is no option --port"),
        (["gc", "--reset-db"], "there is no option --reset-db"),
        (["db", "upgrade", "--upgrade-db"], "there is no option --upgrade-db"),
        (["gc", "--NbExchange.port=1"], "nbexchange gc makes no use of --NbExchange.port"),
        (["gc", "--NbExchange.reset_db=True"], "nbexchange gc makes no use of --NbExchange.reset_db"),
        (["gc", "--Quotas.course_bytes=1"], "nbexchange gc makes no use of --Quotas.course_bytes"),
        (
            ["db", "upgrade", "--S3Store.region=eu-west-1"],
            "nbexchange db upgrade makes no use of --S3Store.region",
        ),
        (
            ["token", "new", "ada", "--NbExchange.db_url=x"],
            "nbexchange token new makes no use of --NbExchange.db_url",
        ),
        (
            ["serve", "--NbExchange.accepted_store_risks=other_keys"],
            "nbexchange serve makes no use of --NbExchange.accepted_store_risks",
        ),
        (["serve", "--yes"], "nbexchange serve makes no use of --yes without --reset-db"),
        (["serve", "--port"], "--NbExchange.port needs a value"),
        (["gc", "--yes"], "there is no option --yes"),
        (["gc", "-f"], "there is no option -f"),
        (["serve", "-p=1"], "there is no option -p"),
        (["serve", "--config=a.py", "--config=b.py"], "Error loading argument NbExchange.config_file="),
        (["serve", "--debug=yes"], "--debug takes no value"),
        (["--port=9000"], "there is no option --port"),
        (["--port=9000", "serve"], "options come after the command: nbexchange serve ..."),
        (["--NbExchange.port=9000"], "nbexchange knows no options of its own; there is serve, db"),
        (["server"], "nbexchange knows no 'server'; there is serve, db"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_an_option_without_an_effect_is_refused_in_one_line_and_nothing_is_done(tmp_path, words, said):
    done = run_nbexchange_here(tmp_path, *words)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"nbexchange: {said}")
    assert done.err.count("\n") == 1
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("words", [["db", "upgrade"], ["token", "new", "ada", "cs1:student"]], ids=" ".join)
def test_what_file_and_environment_say_for_others_is_no_option(tmp_path, words):
    done = run_nbexchange_here(tmp_path, *words, NBEXCHANGE_PORT="1234", NBEXCHANGE_QUOTA_COURSE_BYTES="0")
    assert done.status == 0, done.err


def test_every_setting_that_is_assigned_to_an_area_exists():
    assert {name for names in SETTINGS.values() for name in names} <= set(NbExchange.settings())


# --- what destroys -----------------------------------------------------------------------------------------


@pytest.fixture
def filled(tmp_path):
    """A database with something in it; gives how to serve it, and a function that tells whether it is still there."""
    run_nbexchange_here(tmp_path, "db", "upgrade")

    def rows():
        with closing(sqlite3.connect(tmp_path / "data" / "nbexchange.sqlite")) as connection, connection:
            return connection.execute("SELECT count(*) FROM organisation").fetchone()[0]

    with closing(sqlite3.connect(tmp_path / "data" / "nbexchange.sqlite")) as connection, connection:
        connection.execute("INSERT INTO organisation (org_id) VALUES ('1')")

    def serve(*options):
        return run_nbexchange_here(tmp_path, "serve", *options, serve=lambda _: None), rows()

    return serve


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_without_a_terminal_nothing_is_dropped_unless_somebody_said_yes(filled, monkeypatch, caplog):
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    done, rows = filled("--reset-db")
    assert (done.status, rows) == (1, 1)
    assert "nbexchange: --reset-db drops everything in sqlite:///" in done.err
    assert "add --yes" in done.err
    done, rows = filled("--reset-db", "--yes")
    assert (done.status, rows) == (0, 0)
    assert [text for text in caplog.messages if "is dropped (--reset-db)" in text]


@pytest.mark.parametrize(("typed", "left"), [("yes\n", 0), ("y\n", 1), ("\n", 1), ("no\n", 1)])
def test_at_a_terminal_it_is_asked(filled, monkeypatch, typed, left):
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    done, rows = filled("--reset-db")
    assert rows == left
    assert "Drop everything in sqlite:///" in done.out
    assert done.status == (1 if left else 0)


def test_only_the_command_that_does_it_has_it_in_its_help(tmp_path):
    assert "--reset-db" in run_nbexchange_here(tmp_path, "serve", "--help").out
    for words in (["gc"], ["db", "upgrade"], ["course", "list"], []):
        assert "--reset-db" not in run_nbexchange_here(tmp_path, *words, "--help").out
