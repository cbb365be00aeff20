"""Whatever comes between the steps of an answer, nothing is done twice and nobody is talked over.

Visitors, pages, members, servers and dying workers act in any order; the rules below are theirs.
"""

import asyncio
import threading
from collections import Counter
from contextlib import suppress

import httpx2
from django.db import connections
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assistants.tools import http
from conversations import engine, tool_answers, toolbox, turn_runner
from conversations.models import Conversation, Message, Owner, ToolCall, Turn
from conversations.models.turn import OPEN_STATES
from realtime.models import Event
from tenants.errors import Conflict
from tenants.scope import tenant_scope
from tests.conversations.calling import claim, let_time_pass, make_tool, scripted
from tests.factories import make_member, make_tenant, make_visitor, write

# To pay, to have a member approve a refund, to have the page sign: all of it for as many answers as
# there were, so that each is to happen once for each answer.
PAY, REFUND, SIGN = (["pay", "answers"], ["refund", "answers"], ["sign", "answers"])
SCRIPTS = [[PAY], [SIGN, PAY], [REFUND, PAY], [PAY, REFUND, SIGN]]


class Network(httpx2.AsyncBaseTransport):
    """The tenant's server, and all that may happen on the way to it and back."""

    def __init__(self):
        self.done = Counter()
        self.keys = []
        self.mode = "answers"
        self.hanging = []
        self.stirred = threading.Event()

    async def handle_async_request(self, request):
        self.done[request.url.path, request.content] += 1
        self.keys.append((request.url.path, request.headers["Idempotency-Key"]))
        if self.mode == "hangs":
            answer = asyncio.get_running_loop().create_future()
            self.hanging.append(answer)
            self.stirred.set()
            return await answer
        return answered(200 if self.mode == "answers" else 502, b"Done.")

    def let_go(self):
        while self.hanging:
            answer = self.hanging.pop()
            answer.get_loop().call_soon_threadsafe(_resolve, answer)


def _resolve(answer):
    if not answer.done():
        answer.set_result(answered(200, b"Done, late."))


def answered(status, content):
    return httpx2.Response(status, stream=httpx2.ByteStream(content))


class Story:
    """One conversation, and what can be done to it; a step is a method's name and its argument."""

    def __init__(self, network, script):
        self.network = network
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.tenant, self.visitor = make_tenant("Story"), make_visitor()
        scripted(
            self.tenant,
            script,
            make_tool(self.tenant, "pay", risk="write", url="https://acme.example/pay"),
            make_tool(self.tenant, "refund", risk="approval", url="https://acme.example/refund"),
            make_tool(self.tenant, "sign", risk="write", place="client", url=""),
        )
        self.member = make_member(self.tenant)
        self.jobs = []
        self.said_at_take_over = None
        write(self.tenant, self.visitor, "Please!")

    def close(self):
        self.call(self.stop()).result(5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()
        connections.close_all()

    async def stop(self):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await http.close()

    # How the steps below act on the product.

    def call(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def scope(self):
        return tenant_scope(self.tenant.id)

    def conversation(self):
        return Conversation.objects.select_for_update(of=("self",)).select_related("contact").get()

    def owner(self):
        with self.scope():
            return Conversation.objects.get().owner

    def said(self):
        with self.scope():
            return Message.objects.filter(author_kind="assistant").count()

    def act(self, verb, *args):
        with suppress(Conflict), self.scope():
            verb(self.conversation(), *args)

    def waiting(self, **of):
        with self.scope():
            return ToolCall.objects.filter(**of).order_by("-created_at").first()

    def run_until_it_stirs(self, held):
        """Let a worker answer, until it has done so, or waits for its tool."""
        self.network.stirred.clear()
        job = self.call(turn_runner.answer(held))
        job.add_done_callback(lambda _: self.network.stirred.set())
        self.jobs.append(job)
        # Unless it waits for another's call, for which it may have longer than this.
        self.network.stirred.wait(0.15)

    # What happens.

    def the_visitor_writes(self):
        write(self.tenant, self.visitor, "And?")

    def a_worker_works(self, mode):
        self.network.mode = mode
        held = claim(self.tenant)
        if held is not None:
            self.run_until_it_stirs(held)

    def a_worker_dies_at_once(self):
        claim(self.tenant)

    def what_hangs_is_answered(self):
        self.network.mode = "answers"
        self.network.let_go()
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            job.result(5)

    def time_passes(self):
        let_time_pass(self.tenant)

    def the_page_answers(self):
        call = self.waiting(place="client")
        if call is not None:
            self.act(answer_page, call.id)

    def a_member_decides(self, verb):
        call = self.waiting(risk="approval")
        if call is not None:
            self.act(decide, getattr(tool_answers, verb), call.id, self.member)

    def a_member_takes_over(self):
        if self.said_at_take_over is not None:
            return
        self.act(engine.take_over, self.member)
        self.said_at_take_over = self.said()

    def the_assistant_gets_it_back(self):
        self.said_at_take_over = None
        self.act(engine.give_back)
        self.the_visitor_writes()

    # What must hold.

    def holds(self):
        self.nothing_is_done_twice()
        self.no_page_is_asked_twice()
        self.nothing_is_done_unapproved()
        self.nobody_is_talked_over()

    def nothing_is_done_twice(self):
        assert [call for call, times in self.network.done.items() if times > 1] == []

    def no_page_is_asked_twice(self):
        with self.scope():
            asked = Event.objects.filter(type="tool:request").values_list("data__args", flat=True)
            assert max(Counter(map(str, asked)).values(), default=0) <= 1

    def nothing_is_done_unapproved(self):
        refunds = [key for path, key in self.network.keys if path == "/refund"]
        with self.scope():
            approved = ToolCall.objects.filter(pk__in=refunds, decided_by=self.member.id)
            assert approved.count() == len(refunds)

    def nobody_is_talked_over(self):
        if self.said_at_take_over is not None:
            assert self.owner() == Owner.HUMAN
            assert self.said() == self.said_at_take_over

    def comes_to_an_end(self):
        """However it went, the turn that is open now ends by itself."""
        self.what_hangs_is_answered()
        for _ in range(12):
            with self.scope():
                if not Turn.objects.filter(state__in=OPEN_STATES).exists():
                    break
            self.time_passes()
            self.a_worker_works("answers")
            self.what_hangs_is_answered()
        else:
            raise AssertionError("A turn never ends.")
        self.nothing_is_done_twice()


def answer_page(conversation, call_id):
    tool_answers.take_result(tool_answers.page_call(conversation, call_id), "Signed.")


def decide(conversation, verb, call_id, member):
    verb(tool_answers.team_call(conversation, call_id), member)


HANG, WORK = ("a_worker_works", "hangs"), ("a_worker_works", "answers")
APPROVE = ("a_member_decides", "approve")
# As often as each is to come.
LIKELY = [
    *[WORK] * 5,
    *[HANG] * 3,
    ("a_worker_works", "fails"),
    ("a_worker_dies_at_once",),
    *[("what_hangs_is_answered",)] * 2,
    *[("the_visitor_writes",)] * 3,
    *[("the_page_answers",)] * 2,
    *[APPROVE] * 2,
    ("a_member_decides", "reject"),
    *[("time_passes",)] * 3,
    ("a_member_takes_over",),
    *[("the_assistant_gets_it_back",)] * 2,
]


@settings(
    max_examples=10,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(
    script=st.sampled_from(SCRIPTS),
    steps=st.lists(st.sampled_from(LIKELY), min_size=10, max_size=20),
)
@example(script=[PAY], steps=[HANG, ("time_passes",), WORK])
@example(script=[PAY], steps=[HANG, ("the_visitor_writes",), WORK, ("what_hangs_is_answered",)])
@example(script=[PAY], steps=[HANG, ("a_member_takes_over",), ("what_hangs_is_answered",)])
@example(script=[SIGN], steps=[WORK, ("the_visitor_writes",), WORK])
@example(script=[REFUND], steps=[WORK, APPROVE, HANG, ("time_passes",), WORK])
def test_whatever_comes_between_nothing_is_done_twice_and_nobody_talked_over(
    monkeypatch, script, steps
):
    network = Network()
    monkeypatch.setattr(http, "new_client", lambda: httpx2.AsyncClient(transport=network))
    monkeypatch.setattr(toolbox, "LOOK_SECONDS", 0.01)
    story = Story(network, script)
    try:
        for name, *argument in steps:
            getattr(story, name)(*argument)
            story.holds()
        story.comes_to_an_end()
        story.holds()
    finally:
        story.close()
