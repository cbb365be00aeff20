"""What a socket keeps while it waits for something is bounded."""

from gateways.socket import Followed, GatewaySocket, Request
from realtime.log import Channel
from tenants.ids import uuid7
from widgets.socket import VisitorSocket


class Socket(GatewaySocket):
    held_limit = 3
    requests_at_once = 2

    def __init__(self):
        super().__init__()
        self.given_up = []

    def on_no_answer(self, request):
        self.given_up.append(request.seq)


def test_whoever_would_have_to_keep_too_many_events_is_cut_off():
    socket = Socket()
    followed = Followed(Channel(uuid7(), uuid7()), "bot", socket._hear)

    with socket.holding():
        for number in range(5):
            followed.hear(f'{{"type": "typing", "data": {number}}}')
        kept = len(socket._heard)

    assert (kept, socket.closed, socket.close_code) == (3, True, 4408)


def test_a_visitors_socket_is_cut_off_likewise():
    socket = VisitorSocket()
    socket.held_limit, socket._held = 3, []

    for number in range(5):
        socket._hear(f'{{"id": {number}}}')

    assert (len(socket._held), socket.closed) == (3, True)


async def test_of_too_many_messages_without_an_answer_the_oldest_is_given_up():
    socket, conversation_id = Socket(), uuid7()

    for seq in range(1, 5):
        socket._await_answer(Request(conversation_id, seq))
    waiting = [request.seq for request in socket._requests]
    socket.unfollow()

    assert (waiting, socket.given_up) == ([3, 4], [1, 2])
