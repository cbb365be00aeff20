from datetime import UTC, datetime, timedelta

import pytest

from tests.dashboard.team import (
    key_api,
    make_conversation,
    member_api,
    reload,
    team_events,
    visitor_texts,
)
from tests.factories import make_member


@pytest.fixture
def agent(acme):
    return member_api(acme)


@pytest.fixture
def conversation_id(acme):
    return make_conversation(acme)


def test_a_reply_takes_the_conversation_over(acme, agent, conversation_id):
    member, api = agent

    answer = api.post(f"conversations/{conversation_id}/messages", {"text": "I can help."})

    assert answer.status_code == 201
    message = answer.json()
    assert message["text"] == "I can help."
    assert message["author"] == {"kind": "agent", "id": str(member.id), "name": "Agent"}
    conversation = reload(acme, conversation_id)
    assert (conversation.owner, conversation.assignee_id) == ("human", member.id)
    assert [type for type, _ in team_events(acme)] == [
        "conversation:new",
        "message:new",
        "message:new",
        "conversation:assigned",
        "conversation:updated",
        "message:new",
    ]
    assert team_events(acme)[-1][1] == message
    assert visitor_texts(acme, conversation_id)[-1] == "I can help."


def test_a_note_is_the_teams_alone(acme, agent, conversation_id):
    _, api = agent

    answer = api.post(
        f"conversations/{conversation_id}/messages", {"text": "Careful.", "private": True}
    )

    assert answer.json()["private"] is True
    assert reload(acme, conversation_id).owner == "bot"
    assert visitor_texts(acme, conversation_id) == ["Hello?"]


def test_a_repeated_reply_is_sent_once(acme, agent, conversation_id):
    _, api = agent
    path = f"conversations/{conversation_id}/messages"
    first = api.post(path, {"text": "Once."}, **{"Idempotency-Key": "k1"})
    before = team_events(acme)

    again = api.post(path, {"text": "Once."}, **{"Idempotency-Key": "k1"})
    in_body = api.post(path, {"text": "Once.", "messageId": "k1"})

    assert first.status_code == again.status_code == in_body.status_code == 201
    assert first.json() == again.json() == in_body.json()
    assert team_events(acme) == before


@pytest.mark.parametrize("other", [{"text": "Twice."}, {"text": "Once.", "private": True}])
def test_a_key_for_another_reply_is_refused(acme, agent, conversation_id, other):
    _, api = agent
    path = f"conversations/{conversation_id}/messages"
    api.post(path, {"text": "Once.", "messageId": "k1"})
    before = team_events(acme)

    answer = api.post(path, {**other, "messageId": "k1"})

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")
    assert team_events(acme) == before


def test_two_members_may_use_the_same_key(acme, agent, conversation_id):
    _, api = agent
    _, other = member_api(acme)
    path = f"conversations/{conversation_id}/messages"

    first = api.post(path, {"text": "One.", "messageId": "k1"})
    second = other.post(path, {"text": "Two.", "messageId": "k1"})

    assert (first.json()["text"], second.json()["text"]) == ("One.", "Two.")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "message_required"),
        ({"text": "  "}, "message_required"),
        ({"text": "x" * 8001}, "too_long"),
        ({"text": 5}, "invalid"),
        ({"text": ["Hi"]}, "invalid"),
        ({"text": "Hi", "private": "perhaps"}, "invalid"),
        ({"text": "Hi", "messageId": "k" * 201}, "invalid"),
        ({"text": "Hi", "attachments": ["x"]}, "unknown_attachment"),
        ({"text": "Hi", "attachments": "x"}, "invalid"),
        ({"text": "Hi", "attachments": [str(number) for number in range(11)]}, "invalid"),
    ],
)
def test_a_reply_that_makes_no_sense_leaves_no_trace(acme, agent, conversation_id, body, code):
    _, api = agent
    before = team_events(acme)

    answer = api.post(f"conversations/{conversation_id}/messages", body)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert team_events(acme) == before
    assert reload(acme, conversation_id).owner == "bot"


def test_taking_over_and_giving_back(acme, agent, conversation_id):
    member, api = agent
    _, other = member_api(acme)
    path = f"conversations/{conversation_id}"

    taken = api.post(f"{path}/take-over").json()
    again = api.post(f"{path}/take-over")
    refused = other.post(f"{path}/take-over")
    back = api.post(f"{path}/give-back").json()

    assert (taken["owner"], taken["assigneeId"]) == ("human", str(member.id))
    assert again.status_code == 200
    assert (refused.status_code, refused.json()["code"]) == (409, "already_taken")
    assert (back["owner"], back["assigneeId"]) == ("bot", None)


def test_assigning_to_a_member_and_to_nobody(acme, agent, conversation_id):
    _, api = agent
    colleague = make_member(acme)
    path = f"conversations/{conversation_id}/assign"

    assigned = api.post(path, {"memberId": str(colleague.id)}).json()
    unassigned = api.post(path, {"memberId": None}).json()

    assert (assigned["assigneeId"], assigned["owner"]) == (str(colleague.id), "bot")
    assert unassigned["assigneeId"] is None
    assert [type for type, _ in team_events(acme)][-4:] == [
        "conversation:assigned",
        "conversation:updated",
    ] * 2


def test_nobody_else_can_be_assigned(acme, globex, agent, conversation_id):
    _, api = agent
    gone = make_member(acme)
    gone.is_active = False
    gone.save()
    before = team_events(acme)
    path = f"conversations/{conversation_id}/assign"

    for member_id in (str(make_member(globex).id), str(gone.id), "garbage", conversation_id):
        answer = api.post(path, {"memberId": member_id})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_member")
    for body in ({}, {"memberId": 5}):
        assert api.post(path, body).json()["code"] == "invalid"

    assert team_events(acme) == before


def test_qualifying_announces_the_contact(acme, agent, conversation_id):
    _, api = agent

    qualified = api.post(f"conversations/{conversation_id}/qualify", {"details": {"budget": 500}})
    api.post(f"conversations/{conversation_id}/qualify", {"details": {"when": "May"}})

    assert qualified.json()["qualified"] is True
    assert reload(acme, conversation_id).qualification == {"budget": 500, "when": "May"}
    assert [type for type, _ in team_events(acme)][-2:] == [
        "conversation:qualified",
        "conversation:updated",
    ]


@pytest.mark.parametrize("details", [[], "much", {"text": "x" * 9000}])
def test_details_are_a_small_object(agent, conversation_id, details):
    _, api = agent

    answer = api.post(f"conversations/{conversation_id}/qualify", {"details": details})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_closing_and_replying_again(acme, agent, conversation_id):
    _, api = agent
    path = f"conversations/{conversation_id}"

    closed = api.post(f"{path}/close").json()
    again = api.post(f"{path}/close")
    api.post(f"{path}/messages", {"text": "One more thing."})

    assert (closed["owner"], closed["status"]) == ("closed", "resolved")
    assert again.status_code == 200
    assert visitor_texts(acme, conversation_id)[1] == "Agent closed the conversation."
    assert (reload(acme, conversation_id).owner, reload(acme, conversation_id).status) == (
        "human",
        "open",
    )


def test_parking_and_unparking(agent, conversation_id):
    _, api = agent
    path = f"conversations/{conversation_id}"
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="milliseconds")

    pending = api.post(f"{path}/status", {"status": "pending"}).json()
    snoozed = api.post(f"{path}/status", {"status": "snoozed", "until": until}).json()
    wakes = api.get(path).json()["snoozedUntil"]
    opened = api.post(f"{path}/status", {"status": "open"}).json()

    assert [pending["status"], snoozed["status"], opened["status"]] == [
        "pending",
        "snoozed",
        "open",
    ]
    assert wakes == until.replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid"),
        ({"status": "resolved"}, "invalid"),
        ({"status": "snoozed"}, "invalid_status"),
        ({"status": "open", "until": "2090-01-01T00:00:00Z"}, "invalid_status"),
        ({"status": "snoozed", "until": "2020-01-01T00:00:00Z"}, "invalid"),
        ({"status": "snoozed", "until": "tomorrow"}, "invalid"),
    ],
)
def test_a_status_that_makes_no_sense_is_refused(acme, agent, conversation_id, body, code):
    _, api = agent

    answer = api.post(f"conversations/{conversation_id}/status", body)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert reload(acme, conversation_id).status == "open"


def test_reading_empties_the_count(acme, agent, conversation_id):
    _, api = agent

    read = api.post(f"conversations/{conversation_id}/read").json()

    assert read["unread"] == 0
    assert team_events(acme)[-1][1]["unread"] == 0


def test_a_key_acts_for_the_member_it_names(acme, conversation_id):
    member, key = make_member(acme), key_api(acme, "*")
    path = f"conversations/{conversation_id}"

    anonymous = key.post(f"{path}/messages", {"text": "Hi"})
    message = key.post(f"{path}/messages", {"text": "Hi", "memberId": str(member.id)})
    taken = key.post(f"{path}/take-over")
    closed = key.post(f"{path}/close")

    assert (anonymous.status_code, anonymous.json()["code"]) == (400, "member_required")
    assert message.json()["author"]["id"] == str(member.id)
    assert taken.json()["code"] == "member_required"
    assert closed.status_code == 200
    assert visitor_texts(acme, conversation_id)[-1] == "The team closed the conversation."


def test_a_key_cannot_act_for_another_tenants_member(acme, globex, conversation_id):
    stranger, key = make_member(globex), key_api(acme, "*")
    before = team_events(acme)

    answer = key.post(
        f"conversations/{conversation_id}/messages", {"text": "Hi", "memberId": str(stranger.id)}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_member")
    assert team_events(acme) == before


def test_a_member_cannot_act_for_another(acme, agent, conversation_id):
    member, api = agent
    colleague = make_member(acme)

    message = api.post(
        f"conversations/{conversation_id}/messages", {"text": "Hi", "memberId": str(colleague.id)}
    )

    assert message.json()["author"]["id"] == str(member.id)
