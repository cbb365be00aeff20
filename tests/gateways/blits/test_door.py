"""Who gets in with which token, and to which conversations."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistants.versions import create_assistant
from conversations.models import Conversation, VisitorSession
from gateways.blits import door
from tenants import credentials
from tenants.errors import Forbidden, LiveChatError, NotFound, TooManyRequests, Unauthorized
from tenants.models import Credential
from tests.gateways.blits.tokens import api_token, bubble_token
from tests.widgets.shops import make_bubble, make_shop
from widgets.callers import Caller

PAGE = {"origin": "https://shop.example", "user_agent": "Firefox", "ip": "192.0.2.7"}


def server(shop):
    return Caller(token=api_token(shop))


def page(shop, **changes):
    return Caller(**{"token": bubble_token(shop), **PAGE, **changes})


def begin(caller, **fields):
    with door.admitted(caller) as client:
        return door.open_conversation(client, **fields)


def find(caller, conversation, **fields):
    with door.admitted(caller) as client:
        return door.find_conversation(client, str(conversation.id), **fields)[1]


def test_a_server_finds_what_it_began_and_its_user_goes_on_in_one_session(shop):
    first, second = (begin(server(shop), user_id="kim") for _ in range(2))

    assert first.session == second.session
    assert first.conversation != second.conversation
    assert first.secret is None
    assert find(server(shop), first.conversation) == first.conversation


def test_nobody_named_is_somebody_new_each_time_whom_the_answer_names(shop):
    first, second = (begin(server(shop)) for _ in range(2))

    assert first.session != second.session
    again = begin(server(shop), user_id=door.user_id_of(first.session))
    assert again.session == first.session


@pytest.mark.parametrize("kind", [server, page])
def test_anothers_conversation_is_as_unknown_as_any(shop, rival, kind):
    mine = begin(server(shop)).conversation

    with pytest.raises(NotFound):
        find(kind(rival), mine)
    with pytest.raises(NotFound), door.admitted(server(shop)) as client:
        door.find_conversation(client, "nonsense")


def test_another_assistants_token_and_another_bubbles_find_nothing(shop):
    with shop.scope():
        second = create_assistant("Bea")
    colleague = replace(shop, assistant=second, bubble=make_bubble(shop, name="Other"))
    servers, pages = begin(server(shop)), begin(page(shop))

    with pytest.raises(NotFound):
        find(server(colleague), servers.conversation)
    with pytest.raises(NotFound):
        find(page(colleague), pages.conversation, proved={pages.session.id})
    assert find(server(shop), pages.conversation) == pages.conversation


def test_a_conversation_is_found_for_its_own_user_only(shop):
    kims = begin(server(shop), user_id="kim").conversation
    nobodys = begin(server(shop)).conversation

    assert find(server(shop), kims, user_id="kim") == kims
    assert find(server(shop), nobodys, user_id="kim") == nobodys
    with pytest.raises(NotFound):
        find(server(shop), kims, user_id="alex")


def test_a_page_goes_on_with_the_secret_or_for_a_while_without(shop):
    opened = begin(page(shop))
    conversation = opened.conversation

    assert opened.secret
    assert find(page(shop), conversation) == conversation
    with pytest.raises(NotFound):
        find(page(shop, user_agent="Other"), conversation)
    with pytest.raises(NotFound):
        find(page(shop, secret="ss_wrong"), conversation)
    assert find(page(shop, secret=opened.secret, user_agent="Other"), conversation) == conversation
    with pytest.raises(NotFound):
        find(page(shop), conversation)


def test_what_was_proved_once_stays_so_for_who_proved_it(shop):
    opened = begin(page(shop))
    stranger = page(shop, user_agent="Other")

    found = find(stranger, opened.conversation, proved={opened.session.id})

    assert found == opened.conversation


def test_after_thirty_minutes_a_page_needs_the_secret(shop):
    opened = begin(page(shop))
    with shop.scope():
        VisitorSession.objects.update(last_seen_at=datetime.now(UTC) - timedelta(minutes=31))

    with pytest.raises(NotFound):
        find(page(shop), opened.conversation)
    with shop.scope():
        assert VisitorSession.objects.count() == 1
    found = find(page(shop, secret=opened.secret), opened.conversation)
    assert found == opened.conversation


def test_two_visitors_whom_a_page_calls_alike_share_nothing(shop):
    first, second = (begin(page(shop), user_id="web-user") for _ in range(2))

    assert first.session != second.session
    assert door.user_id_of(first.session) == "web-user"


def test_a_page_begins_again_in_the_session_that_it_proves(shop):
    first = begin(page(shop))

    second = begin(page(shop, secret=first.secret))

    assert second.session == first.session
    assert second.secret is None
    with pytest.raises(Unauthorized):
        begin(page(shop, secret="ss_wrong"))


def test_an_address_begins_ten_conversations_in_ten_minutes_and_a_server_any_number(shop):
    for _ in range(10):
        begin(page(shop))
    for _ in range(11):
        begin(server(shop))

    with pytest.raises(TooManyRequests):
        begin(page(shop))


def test_what_rested_too_long_is_gone_but_for_whom_it_is_asked_to_be_erased(shop, settings):
    conversation = begin(server(shop)).conversation
    settings.BLITS_CONVERSATION_HOURS = 5
    with shop.scope():
        Conversation.objects.update(updated_at=datetime.now(UTC) - timedelta(hours=5, minutes=1))

    with pytest.raises(NotFound):
        find(server(shop), conversation)
    assert find(server(shop), conversation, even_expired=True) == conversation
    assert not door.is_active(find(server(shop), conversation, even_expired=True))


def test_only_servers_ask_for_a_user_and_hear_of_nobody_elses(shop, rival):
    kims = begin(server(shop), user_id="kim").conversation
    begin(server(rival), user_id="kim")
    begin(page(shop), user_id="kim")

    with door.admitted(server(shop)) as client:
        assert list(door.conversations_of(client, "kim")) == [kims]
    with pytest.raises(Forbidden), door.admitted(page(shop)) as client:
        door.conversations_of(client, "kim")


def test_only_api_tokens_and_bubbles_own_tokens_get_in(shop):
    key = credentials.issue(shop.tenant, Credential.Kind.API_KEY, scopes=["*"]).secret
    for token in ("", "nonsense", shop.token, key, api_token(shop)[:-3] + "abc"):
        with pytest.raises(LiveChatError) as refused, door.admitted(Caller(token=token)):
            pass
        assert refused.value.code == "invalid_credentials"


def test_a_page_that_the_bubble_does_not_list_stays_out(acme):
    shop = make_shop(acme, "", origins=["https://shop.example"])

    with door.admitted(page(shop)):
        pass
    with pytest.raises(Forbidden), door.admitted(page(shop, origin="https://evil.example")):
        pass


def test_only_who_may_gets_the_staging_version(shop):
    assert begin(server(shop), is_test=True).conversation.is_test
    assert not begin(page(shop), is_test=True).conversation.is_test
    with shop.scope():
        shop.bubble.staging_allowed = True
        shop.bubble.save()
    assert begin(page(shop), is_test=True).conversation.is_test
