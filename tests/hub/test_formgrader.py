"""Formgrader as an instructor meets it in JupyterLab, in hubs that forbid frames and in those that need not."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import requests
from playwright.sync_api import expect
from support.hub.browser import logged_in
from support.hub.classroom_hub import done
from support.hub.formgrader import Formgrader, in_a_frame
from support.hub.hub import DEADLINE, running_hub
from support.hub.hub_config import BIN, INSTRUCTOR
from support.hub.programs import hub_proxy, needed

from nbexchange.demo import course


def test_an_instructor_opens_formgrader_in_a_tab_of_its_own_and_releases_by_mouse(
    external, browser, screenshots
):
    teacher = external.server(INSTRUCTOR)
    course.write_source(teacher.home, "in-a-tab")
    done(teacher.formgrader("assign", "in-a-tab"))
    with logged_in(browser, external, INSTRUCTOR, screenshots, opening="Formgrader") as lab:
        formgrader = Formgrader.opened_from(lab)
        expect(formgrader.row("in-a-tab")).to_contain_text("draft")
        formgrader.press("Release", "in-a-tab")
        assert "Released as: " in formgrader.read_dialog()
        formgrader.shoot("formgrader-in-a-tab")
        formgrader.close_dialog()
        expect(formgrader.row("in-a-tab")).to_contain_text("released")
        with lab.page.context.expect_page() as opened:
            formgrader.row("in-a-tab").get_by_text("in-a-tab").click()
        expect(opened.value.get_by_text(course.NOTEBOOK)).to_be_visible()
        with external.exchange.stopped():
            formgrader.press("Collect", "in-a-tab")
            said = formgrader.read_dialog()
            formgrader.shoot("formgrader-without-an-exchange")
            formgrader.page.reload()
            banner = formgrader.page.locator("#warning-exchange")
            expect(banner).to_contain_text(
                "The exchange service is not running: a proxy answered in its place"
            )
            expect(banner).not_to_contain_text("directory")
    assert re.match(
        r"There was an error collecting 'in-a-tab': Log Output "
        r"The exchange service is not running: a proxy answered in its place at 127\.0\.0\.1:\d+ \(HTTP 503\)\. "
        r"Try again in a minute: nothing is done twice\. If it lasts, tell the administrator of the exchange\.",
        said,
    ), said
    assert "Traceback" not in said


def test_where_everybodys_server_has_a_host_of_its_own_jupyterlab_shows_formgrader(browser, screenshots):
    with (
        tempfile.TemporaryDirectory(prefix="nbexchange-hub-") as folder,
        running_hub(Path(folder), needed(hub_proxy), subdomains=True) as hub,
        logged_in(browser, hub, INSTRUCTOR, screenshots, opening="Formgrader") as lab,
    ):
        expect(in_a_frame(lab).get_by_role("link", name="Add new assignment")).to_be_visible()
        lab.shoot("formgrader-in-jupyterlab")


def test_no_page_of_formgraders_may_be_shown_in_a_frame_where_people_share_a_host(external):
    """But the one that leads out of it, which holds nothing."""
    teacher = external.server(INSTRUCTOR)

    def policy(page: str) -> str:
        headers = {"Authorization": f"token {teacher.token}", "Sec-Fetch-Dest": "iframe"}
        reply = requests.get(f"{teacher.url}{page}", headers=headers, timeout=DEADLINE)
        assert reply.ok, reply.text
        return reply.headers["Content-Security-Policy"]

    for page in ("formgrader/manage_assignments", "formgrader/gradebook", "formgrader/manage_students"):
        assert policy(page) == "frame-ancestors 'none'"
    assert policy("formgrader").startswith("default-src 'none'; ")


def test_status_says_that_formgrader_opens_in_a_tab_of_its_own(external):
    teacher = external.server(INSTRUCTOR)
    done = subprocess.run(
        [BIN / "jupyter-nbexchange", "status"],
        env=teacher.environment,
        cwd=teacher.home,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=True,
    )
    told = f"ok +opens in a tab of its own, as this hub forbids frames: /user/{INSTRUCTOR}/formgrader"
    assert re.search(f"^formgrader +{told}$", done.stdout, re.M), done.stdout


def test_formgrader_runs_no_configuration_that_a_student_wrote(external):
    """JupyterLab can open it in whatever folder its file browser shows."""
    teacher = external.server(INSTRUCTOR)
    submission, trace = teacher.home / "elsewhere" / "ps1", teacher.home / "was-run"
    submission.mkdir(parents=True)
    (submission / "submission_secret.txt").touch()
    (submission / "nbgrader_config.py").write_text(f"open({str(trace)!r}, 'w').close()\n")

    def reply(path: Path) -> requests.Response:
        headers = {"Authorization": f"token {teacher.token}"}
        parameters = {"path": str(path)}
        return requests.get(f"{teacher.url}formgrader", params=parameters, headers=headers, timeout=DEADLINE)

    refused = reply(submission)
    assert refused.status_code == 400
    assert f"{submission} is for submissions: open Formgrader in the directory of the course." in refused.text
    assert not trace.exists()
    (submission / "submission_secret.txt").unlink()
    assert reply(submission).ok
    assert trace.exists(), "nbgrader would have run it"
    trace.unlink()
    shutil.rmtree(submission.parent)
    assert reply(Path()).ok
