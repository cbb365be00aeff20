"""Who is on which page; and a team that speaks first, reads along, and tells what it looks at."""

from contextlib import suppress
from functools import partial

import pytest

from conversations import live_visitors
from conversations.models import Conversation, VisitorSession
from tests.dashboard.team import Api, access_token, key_api, member_api, reload
from tests.factories import make_member
from tests.waiting import until
from tests.widgets.test_socket import Session, opened
from widgets.models import Bubble

ORIGIN = "https://shop.example"


def name(letter):
    return letter * 32


def report(client, letter="a", **fields):
    said = {"visitorId": name(letter), "url": f"{ORIGIN}/shoes?token=1#top", "title": "Shoes"}
    return client.post("presence", json={**said, **fields})


def heard(team, say, type, **data):
    """The frame that ``say`` causes; it is said again, as pages do, since none of these is kept."""
    for _ in range(10):
        say()
        with suppress(TimeoutError):
            return team.until(type, seconds=1, **data)
    raise TimeoutError(type)


@pytest.fixture
def board(shop, rival):
    """Both tenants' pages report their visitors."""
    for each in (shop, rival):
        with each.scope():
            Bubble.objects.update(presence_ping=True)
    return shop


def test_pages_report_their_visitors_to_their_own_team_alone(board, rival):
    member, api = member_api(board.tenant)
    _, other = member_api(rival.tenant)
    with (
        opened(board, path="/api/ws/tenant") as team,
        board.client(token="", origin=ORIGIN) as page,
    ):
        team.send({"type": "auth", "token": access_token(member)})
        team.until("auth:ok")

        said = {"title": "Shoes\n for all"}
        assert report(page, **said).json() == {"success": True, "conversation": None}
        assert "data" in heard(team, partial(report, page, **said), "visitors")
        report(page, "b", url="https://evil.example/login")
        report(page, "c", url="javascript:alert(1)")
        (last, middle, first) = sorted(
            api.get("visitors").json()["results"], key=lambda row: row["url"]
        )
        assert (last["url"], middle["url"], first["url"]) == ("", "", f"{ORIGIN}/shoes")
        assert (first["title"], first["sessionId"], first["contact"]) == (
            "Shoes for all", None, None,
        )  # fmt: skip
        assert name("a") not in str(first)
        assert report(page, left=True).status_code == 200
        assert len(api.get("visitors").json()["results"]) == 2

        for body in ({"visitorId": "x"}, {"url": "x" * 1001}, {"title": 7}, {"left": "yes"}):
            assert report(page, **body).status_code == 400, body
    assert other.get("visitors").json() == {"results": []}
    assert key_api(board.tenant).get("visitors").status_code == 403
    with board.scope():
        assert VisitorSession.objects.count() == 0


def test_only_willing_bubbles_report_and_listed_pages_and_so_many(board, rival, monkeypatch):
    with board.client(token="", origin=ORIGIN) as page:
        with board.scope():
            Bubble.objects.update(origins=["https://else.example"])
        assert report(page).json()["code"] == "origin_not_allowed"
        with board.scope():
            Bubble.objects.update(origins=[], presence_ping=False)
        assert report(page).json()["code"] == "presence_off"
    with board.client(token=rival.token) as page:
        assert report(page).status_code == 401

    monkeypatch.setattr(live_visitors, "VISITORS_LIMIT", 2)
    page = live_visitors.Page("", "", str(board.bubble.id))
    for visitor_id in ("1", "2", "3", "2"):
        live_visitors.note(board.tenant.id, visitor_id, page)
    assert {row.id for row in live_visitors.everybody(board.tenant.id)} == {"1", "2"}


def test_the_team_speaks_first_and_the_page_hears_of_it_until_it_is_read(board, rival):
    ann, api = member_api(board.tenant)
    _, other = member_api(rival.tenant)
    with board.client(token="", origin=ORIGIN) as page:
        report(page)
        (seen,) = api.get("visitors").json()["results"]
        path = f"visitors/{seen['id']}/messages"
        assert other.post(path, {"text": "Mine!"}).json()["code"] == "visitor_not_found"
        assert api.post("visitors/x/messages", {}).status_code == 404
        assert api.post(path, {"text": ""}).status_code == 400
        assert key_api(board.tenant, "*").post(path, {"text": "Hi"}).status_code == 400

        said = [api.post(path, {"text": "Can I help?", "messageId": "m1"}) for _ in range(2)]
        assert [one.status_code for one in said] == [201, 201]
        assert said[0].json() == said[1].json()
        conversation_id = said[0].json()["conversationId"]
        told = report(page).json()["conversation"]
        assert told["conversationId"] == conversation_id
        assert report(page).json()["conversation"] == told
        assert report(page, "d").json()["conversation"] is None
    stored = reload(board.tenant, conversation_id)
    assert (stored.owner, stored.assignee_id) == ("human", ann.id)

    session = Session.__new__(Session)
    session.shop, session.id, session.secret = board, told["sessionId"], told["sessionSecret"]
    with session.socket() as socket:
        assert socket.ok["data"]["conversationId"] == conversation_id
        until(lambda: api.get(f"conversations/{conversation_id}").json()["presence"] == "online")
        socket.send({"type": "read", "seq": 1})
        socket.send({"type": "message", "messageId": "v1", "text": "Yes!"})
        assert socket.until("ack")["data"]["conversationId"] == conversation_id
    with board.client(token="", origin=ORIGIN, secret=told["sessionSecret"]) as page:
        assert report(page).json()["conversation"] is None
        rows = api.get("visitors").json()["results"]
        # Known by its session now, and not by the page's name as well.
        assert len(rows) == 2
        assert {row["conversationId"] for row in rows} == {None, conversation_id}
        detail = api.get(f"conversations/{conversation_id}").json()
        assert (detail["page"]["url"], detail["presence"]) == (f"{ORIGIN}/shoes", "online")
        mine = next(row for row in rows if row["conversationId"])
        _, colleague = member_api(board.tenant)
        answer = colleague.post(f"visitors/{mine['id']}/messages", {"text": "Me too!"})
        assert (answer.status_code, answer.json()["conversationId"]) == (201, conversation_id)
        # Without the secret it is a page like any other.
        with board.client(token="", origin=ORIGIN) as bare:
            assert report(bare).json()["conversation"] is None
    with board.scope():
        assert (VisitorSession.objects.count(), Conversation.objects.count()) == (1, 1)


def test_people_whom_the_site_must_vouch_for_are_not_spoken_to_before(board):
    _, api = member_api(board.tenant)
    with board.scope():
        Bubble.objects.update(identity_required=True)
    with board.client(token="") as page:
        assert report(page).status_code == 200
        (seen,) = api.get("visitors").json()["results"]
        answer = api.post(f"visitors/{seen['id']}/messages", {"text": "Hi"})
    assert (answer.status_code, answer.json()["code"]) == (409, "identity_required")


def test_the_team_reads_along_only_where_its_tenant_wants_that(shop, rival, live_worker):
    member = make_member(shop.tenant)
    token = access_token(member)
    talk = Session(shop)
    with shop.client() as client:
        said = {"sessionId": talk.id, "message": "Hello?"}
        begun = client.post("chat", json=said, headers={"X-Session-Secret": talk.secret}).json()
        assert client.get("config").json()["config"]["seesTyping"] is False
    with opened(shop, path="/api/ws/tenant") as team, talk.socket() as visitor:
        team.send({"type": "auth", "token": token})
        team.until("auth:ok")
        says = partial(visitor.send, {"type": "typing", "text": "I would like"})
        assert "text" not in heard(team, says, "typing")["data"]
        shop.tenant.sees_typing = True
        shop.tenant.save()
        assert heard(team, says, "typing", text="I would like")["data"] == {
            "conversationId": begun["conversationId"],
            "author": {"kind": "visitor"},
            "typing": True,
            "text": "I would like",
        }
        for text in ("x" * 501, 7, ["x"]):
            visitor.send({"type": "typing", "text": text})
            assert visitor.until("error")["code"] == "invalid"

        looks = partial(team.send, {"type": "viewing", "conversationId": begun["conversationId"]})
        assert heard(team, looks, "viewing")["data"] == {
            "conversationId": begun["conversationId"],
            "author": {"kind": "agent", "id": str(member.id), "name": "Agent"},
        }
        looks_away = partial(team.send, {"type": "viewing", "conversationId": None})
        heard(team, looks_away, "viewing", conversationId=None)
        foreign = Session(rival)
        with rival.client(secret=foreign.secret) as client:
            said = {"sessionId": foreign.id, "message": "Hello?"}
            theirs = client.post("chat", json=said).json()["conversationId"]
        team.send({"type": "viewing", "conversationId": theirs})
        assert team.until("error")["code"] == "conversation_not_found"
        visitor.send({"type": "ping"})
        assert visitor.until("pong") == {"type": "pong"}
    with shop.client() as client:
        assert client.get("config").json()["config"]["seesTyping"] is True
    assert Api(token).get("me").json()["tenant"]["seesTyping"] is True
