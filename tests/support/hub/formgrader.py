"""An instructor at Formgrader, with a mouse, in a tab of JupyterLab or of the browser's."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import FrameLocator, Locator, Page, expect

from support.hub.browser import Lab, in_one_line

BUTTONS = {"Release": "release", "Unrelease": "release", "Collect": "collect"}
"""The cells of an assignment's row in which they are: nbgrader's have no names."""


def in_a_frame(lab: Lab) -> FrameLocator:
    """What JupyterLab's own tab shows."""
    return lab.page.frame_locator("#formgrader-iframe iframe")


class Formgrader:
    """Formgrader in a tab of the browser's, at the list of assignments."""

    def __init__(self, page: Page, screenshots: Path) -> None:
        self.page = page
        self.screenshots = screenshots

    @classmethod
    def opened_from(cls, lab: Lab) -> Formgrader:
        """By the link in JupyterLab's tab."""
        link = in_a_frame(lab).get_by_role("link", name="Open Formgrader in a tab of its own")
        expect(link).to_be_visible()
        lab.shoot("formgrader-in-a-frame")
        with lab.page.context.expect_page() as opened:
            link.click()
        return cls(opened.value, lab.screenshots)

    def shoot(self, name: str) -> None:
        self.page.screenshot(path=self.screenshots / f"{name}.png")

    def row(self, assignment: str) -> Locator:
        name = self.page.locator("td.name").get_by_text(assignment, exact=True)
        return self.page.locator("#main-table tr").filter(has=name)

    def press(self, button: str, assignment: str) -> None:
        self.row(assignment).locator(f"td.{BUTTONS[button]} a").click()

    def read_dialog(self) -> str:
        """What the dialog says that has come up."""
        body = self.page.locator(".modal-dialog .modal-body")
        expect(body).to_be_visible()
        expect(self.page.locator(".modal")).to_have_css("opacity", "1")  # it fades in
        return in_one_line(body.inner_text())

    def close_dialog(self) -> None:
        self.page.locator(".modal-footer button").click()
        expect(self.page.locator(".modal-dialog")).to_have_count(0)
