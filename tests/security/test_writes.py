"""Nothing is written for whoever only looks, or for a page of another site."""

import pytest
from django.test import Client

from tests.security import routes

pytestmark = pytest.mark.usefixtures("neighbours_lose_nothing")

EVIL = "https://evil.example"
# What a form of any page, or its script without asking first, may send.
SIMPLE = {
    "text/plain": '{"email": "a@b.example", "password": "x", "sessionId": "s", "message": "Hi"}',
    "text/plain;application/json": '{"sessionId": "s", "message": "Hi", "event": "e"}',
    "application/x-www-form-urlencoded": "sessionId=s&message=Hi&event=e&text=Hi",
    "multipart/form-data; boundary=x": (
        '--x\r\nContent-Disposition: form-data; name="message"\r\n\r\nHi\r\n--x--\r\n'
    ),
    "": "",
}


def test_the_counter_counts(house, written):
    client = Client(headers={"Authorization": f"Bearer {house.token}"})
    said = {"sessionId": "label", "event": "opened"}

    client.post(f"{house.widget}/track", said, content_type="application/json")

    assert len(written) == 1


def test_looking_writes_nothing(looked):
    """Every GET of the product and of its admin, by somebody who may."""
    guilty = {name: look.written for name, look in looked.items() if look.written}

    assert not guilty
    assert len([look for look in looked.values() if look.status == 200]) > 90


@pytest.mark.parametrize("kind", SIMPLE)
def test_a_page_of_another_site_has_nothing_done(house, operators_browser, written, kind):
    """It can send an operator's cookies along, and no header that anybody comes in with."""
    done = {}
    for name in routes.routes():
        method, _, template = name.partition(" ")
        if method == "POST" and template.startswith("api/"):
            path = routes.path_of(template, house)
            answer = operators_browser.generic(
                "POST", path, SIMPLE[kind], content_type=kind, headers={"Origin": EVIL}
            )
            if answer.status_code < 400 or written:
                done[name] = (answer.status_code, written[:])
                written.clear()

    # A bubble that lists no pages is there for all of them.
    assert done.keys() <= {"POST api/widgets/<str:widget_id>/session"}
    assert not done or kind == ""


def test_a_listed_page_is_the_only_one_that_begins_a_session(house, written):
    with house.shop.scope():
        type(house.shop.bubble).objects.update(origins=["https://shop.example"])
    try:
        written.clear()
        answers = [
            Client(headers={"Origin": origin}).post(f"{house.widget}/session")
            for origin in (EVIL, "null", "https://shop.example.evil.example")
        ]
    finally:
        seen = written[:]
        with house.shop.scope():
            type(house.shop.bubble).objects.update(origins=[])

    assert {answer.status_code for answer in answers} == {403}
    assert seen == []


def test_json_is_asked_for_before_anything_is_looked_up(house, written):
    """With the credentials of somebody who may, what is no JSON is refused all the same."""
    for name in (
        "POST api/auth/token",
        "POST api/conversations/<str:conversation_id>/messages",
        "POST api/v1/web-integrations",
        "POST api/widgets/<str:widget_id>/chat",
        "POST api/widgets/<str:widget_id>/contact",
        "POST api/external/initialize",
    ):
        template = name.partition(" ")[2]
        headers = routes.credentials_for(template, house)
        answer = Client().generic(
            "POST",
            routes.path_of(template, house),
            SIMPLE["text/plain"],
            content_type="text/plain",
            headers=headers,
        )
        assert answer.status_code == 415, name
    assert written == []
