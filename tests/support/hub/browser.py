"""A person at JupyterLab, with a mouse, in Chromium: at the Assignment List or at Formgrader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from support.hub.hub import Hub

PATIENCE = 60_000
"""Milliseconds."""

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
"""Chromium keeps to loopback, and starts where it is root's or has little shared memory."""

ENDING = "Below is what you have fetched. The button asks again."

LISTS = {"Fetch": "released", "Submit": "fetched", "Fetch Feedback": "submitted"}
"""Which list has which button."""


@contextmanager
def running_browser(program: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Lab:
    """Somebody's JupyterLab, and its Assignment List."""

    page: Page
    screenshots: Path

    def shoot(self, name: str) -> None:
        """Keep what is on the screen now."""
        self.screenshots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.screenshots / f"{name}.png")

    def list(self, status: str) -> Locator:
        """The list of what is `released`, `fetched` or `submitted`."""
        return self.page.locator(f"#{status}_assignments_list")

    def row(self, status: str, assignment: str) -> Locator:
        named = self.page.locator(".item_name").get_by_text(assignment, exact=True)
        return self.list(status).locator(":scope > .list_item").filter(has=named)

    def open(self, what: str) -> None:
        """`Assignment List` or `Formgrader`."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader").click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(what, exact=True).click()

    def press(self, button: str, assignment: str) -> None:
        self.row(LISTS[button], assignment).get_by_role("button", name=button, exact=True).click()

    def refresh(self) -> None:
        self.page.locator("#refresh_assignments_list").click()

    def read_dialog(self) -> str:
        """What the dialog says that has come up after Submit; nothing of it may be cut off."""
        said = self.page.locator("#submission-message pre")
        expect(said).to_be_visible()
        assert said.evaluate("pre => pre.scrollWidth <= pre.clientWidth"), "it does not fit into the dialog"
        return in_one_line(said.inner_text())

    def close_dialog(self) -> None:
        self.page.locator(".jp-Dialog .jp-mod-accept").click()

    def read_notice(self, instead_of: str = "") -> str:
        """The line above the released assignments that says why there are no more; each has another request's id."""
        notice = self.list("released").locator(":scope > .list_item .item_name").first
        expect(notice).to_contain_text(ENDING)
        expect(notice).not_to_have_text(instead_of, use_inner_text=True)
        return in_one_line(notice.inner_text())


def in_one_line(text: str) -> str:
    return " ".join(text.split())


@contextmanager
def logged_in(
    browser: Browser, hub: Hub, name: str, screenshots: Path, *, opening: str = "Assignment List"
) -> Iterator[Lab]:
    """Somebody who comes to the hub, logs in and opens something in JupyterLab."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page = context.new_page()
    page.goto(f"{hub.url_for_browsers}/hub/login")
    page.fill("#username_input", name)
    page.fill("#password_input", hub.secrets.password)
    page.click("#login_submit")
    page.wait_for_url("**/lab*")
    page.wait_for_selector("#jupyterlab-splash", state="detached")
    lab = Lab(page, screenshots)
    lab.open(opening)
    yield lab
    context.close()
