"""A student's way through an assignment, by mouse in JupyterLab's Assignment List."""

import shutil

from playwright.sync_api import expect
from support.hub.browser import logged_in
from support.hub.classroom_hub import give_feedback, release, submit
from support.hub.hub_config import STUDENTS

from nbexchange.demo import course

ADA = STUDENTS[0]


def test_a_student_fetches_submits_and_fetches_feedback_by_mouse(external, browser, screenshots):
    release(external, "by-mouse")
    ada = external.server(ADA)
    with logged_in(browser, external, ADA, screenshots) as lab:
        expect(lab.row("released", "by-mouse")).to_be_visible()
        lab.shoot("1-released")
        lab.press("Fetch", "by-mouse")
        expect(lab.row("fetched", "by-mouse")).to_be_visible()
        lab.shoot("2-fetched")
        course.answer(ada.home, "return sum(n * n for n in numbers)", "by-mouse")
        lab.press("Submit", "by-mouse")
        submitted = lab.row("submitted", "by-mouse")
        expect(submitted.get_by_text("Submitted as: cs101 by-mouse")).to_be_visible()
        lab.shoot("3-submitted")
        lab.press("Fetch Feedback", "by-mouse")
        expect(submitted.get_by_text("Could not find feedback")).to_be_visible()
        give_feedback(external, ADA, "by-mouse")
        lab.refresh()
        expect(submitted.get_by_text("feedback available to fetch")).to_be_visible()
        lab.shoot("4-feedback-is-released")
        lab.press("Fetch Feedback", "by-mouse")
        expect(submitted.get_by_text("view feedback")).to_be_visible()
        lab.shoot("5-feedback-is-fetched")
    (page,) = (ada.home / "by-mouse" / "feedback").rglob("squares.html")
    assert "Score: 5.0 / 5.0" in page.read_text()


def test_on_a_new_machine_feedback_comes_first_and_nothing_is_submitted_in_the_place_of_work(
    external, browser, screenshots
):
    release(external, "anew")
    submit(external, ADA, "anew")
    give_feedback(external, ADA, "anew")
    folder = external.server(ADA).home / "anew"
    shutil.rmtree(folder)
    with logged_in(browser, external, ADA, screenshots) as lab:
        lab.press("Fetch Feedback", "anew")
        expect(lab.row("submitted", "anew").get_by_text("view feedback")).to_be_visible()
        assert [path.name for path in folder.iterdir()] == ["feedback"]
        lab.press("Fetch", "anew")
        expect(lab.row("fetched", "anew")).to_be_visible()
        for notebook in folder.glob("*.ipynb"):
            notebook.unlink()
        lab.press("Submit", "anew")
        said = lab.read_dialog()
        lab.shoot("no-notebook-submit")
    assert "anew has no notebook that could be submitted" in said
    assert "Nothing was submitted, and what you submitted before still counts" in said
    assert list(folder.glob("feedback/*/squares.html"))


def test_a_page_cannot_call_the_exchange_however_little_it_has_its_browser_say(
    external, browser, screenshots
):
    call = """async () => {
        const headers = {"Accept-Language": "", "Authorization": "token false"};
        const answer = await fetch("/services/nbexchange/v1/me", {headers, referrerPolicy: "no-referrer"});
        return [answer.status, (await answer.json()).type];
    }"""
    with logged_in(browser, external, ADA, screenshots) as lab:
        assert lab.page.evaluate(call) == [403, "browser-refused"]
