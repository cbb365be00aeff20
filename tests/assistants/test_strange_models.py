"""Servers that call themselves compatible, and send what nobody expects."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from assistants.events import Pause
from assistants.models import Tool
from assistants.providers.openai import MOST_ARGUMENTS
from assistants.toolbox import ToolResult
from tests.assistants.writing import heard, provider, said, streamed, writer

PLACE = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}


class StrangeServer(ThreadingHTTPServer):
    """Answers each request with the next of its ``answers``: a status, headers and raw bytes."""

    def __init__(self, *answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = list(answers)
        self.bodies = []
        self.url = f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        status, headers, content = self.server.answers.pop(0)
        self.send_response(status)
        for name, value in {"Content-Type": "text/event-stream", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def strange(settings):
    """A server that answers so."""
    servers = []

    def start(*answers):
        server = StrangeServer(*answers)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        address = f"127.0.0.1:{server.server_port}"
        settings.INTERNAL_HOSTS = [*settings.INTERNAL_HOSTS, address]
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def chunks(*choices):
    """A stream of these, well-formed but for what is in them."""
    lines = [{"id": "x", "object": "chat.completion.chunk", "choices": [c]} for c in choices]
    text = "".join(f"data: {json.dumps(line)}\n\n" for line in lines)
    return 200, {}, f"{text}data: [DONE]\n\n".encode()


def calling(name, args, call_id):
    call = {"index": 0, "id": call_id, "type": "function"}
    function = {"name": name, "arguments": json.dumps(args)}
    delta = {"role": "assistant", "tool_calls": [{**call, "function": function}]}
    return chunks(
        {"index": 0, "delta": delta}, {"index": 0, "delta": {}, "finish_reason": "tool_calls"}
    )


def raw(content, **headers):
    return 200, headers, content


def anthropic(*events):
    """A stream in Anthropic's words, without an end of its own."""
    text = "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events)
    return raw(text.encode())


NONSENSE = {
    "no choice": chunks(None),
    "a text for a delta": chunks({"index": 0, "delta": "x"}),
    "a list": raw(b"data: [1, 2]\n\n"),
    "null": raw(b"data: null\n\n"),
    "deep": raw(b"data: " + b"[" * 100_000 + b"\n\n"),
    "no JSON": raw(b"data: {\n\n"),
    "no stream": raw(b"<html>"),
    "wrong usage": raw(b'data: {"id": "x", "choices": [], "usage": [1]}\n\n'),
    "bytes": raw(b"data: \xff\xfe\x00\n\n"),
    "an error inside": raw(b'data: {"error": {"code": 500, "message": "Oops."}}\n\n'),
    "JSON that is no answer": raw(b"{}", **{"Content-Type": "application/json"}),
    "moved": (302, {"Location": "http://127.0.0.1:1/"}, b""),
    "wait for long": (429, {"Retry-After": "3600"}, b"{}"),
}


@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE)
def test_another_model_answers_after_nonsense(acme, model_server, strange, answer):
    server = strange(answer, answer)
    fallback = provider(acme, model_server)
    settings = {"fallback_provider_id": fallback.pk, "fallback_model": "cites"}

    events = heard(writer(acme, model_server, "any", url=server.url, **settings))

    assert said(events).text == "The shop opens at nine in the morning."


def test_an_answer_that_breaks_off_is_asked_for_again(acme, model_server, strange):
    whole = chunks({"index": 0, "delta": {"content": "The shop opens at nine in the morning [1]."}})
    cut = chunks({"index": 0, "delta": {"content": "The shop opens at"}})[2]
    server = strange(raw(cut.removesuffix(b"data: [DONE]\n\n")), whole, whole)
    written = writer(acme, model_server, "any", url=server.url)

    events, at_once = heard(written), heard(written)

    assert said(events).text == "The shop opens at nine in the morning."
    # Both were read and written.
    twice, once = events[-1].usage, at_once[-1].usage
    assert twice.input_tokens == 2 * once.input_tokens > 0
    assert twice.output_tokens > once.output_tokens


def test_an_answer_of_anthropic_that_breaks_off_is_asked_for_again(acme, model_server, strange):
    usage = {"input_tokens": 50, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "any", "content": []}
    begun = (
        {"type": "message_start", "message": {**message, "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    )

    def says(text):
        delta = {"type": "text_delta", "text": text}
        return {"type": "content_block_delta", "index": 0, "delta": delta}

    ended = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage}
    server = strange(
        anthropic(*begun, says("The shop opens at nine in the")),
        anthropic(*begun, says("The shop opens at nine in the morning [1]."), ended),
    )
    address = server.url.removesuffix("/v1")

    events = heard(writer(acme, model_server, "any", wire="anthropic", url=address))

    assert said(events).text == "The shop opens at nine in the morning."
    assert events[-1].usage.input_tokens == 100


@pytest.mark.parametrize("name", ["no choice", "deep", "no stream"])
def test_nonsense_alone_hands_over(acme, model_server, strange, name):
    server = strange(NONSENSE[name], NONSENSE[name])

    handoff = said(heard(writer(acme, model_server, "any", url=server.url)))

    assert handoff.reason.startswith("error:")


class Page:
    def __init__(self):
        self.asked = []

    async def run(self, request):
        self.asked.append(request.args)
        return ToolResult("Shown.", is_done=True)


def test_a_server_that_numbers_its_calls_anew_has_each_of_them_made(acme, model_server, strange):
    tool = Tool(name="show", description="Shows.", parameters=PLACE, place=Tool.Place.CLIENT)
    server = strange(
        calling("show", {"place": "here"}, "call_0"), calling("show", {"place": "there"}, "call_0")
    )
    version = writer(acme, model_server, "any", url=server.url, tools=[tool])
    page = Page()

    first = said(heard(version, "Show me!"))
    second = said(heard(version, "Show me!", toolbox=page, paused=first.state))

    assert isinstance(second, Pause)
    assert page.asked == [{"place": "here"}]
    assert [request.args for request in second.requests] == [{"place": "there"}]


def test_what_cannot_be_stored_is_in_no_paused_turn(acme, model_server, strange):
    tool = Tool(name="show", description="Shows.", parameters=PLACE, place=Tool.Place.CLIENT)
    thought = {
        "index": 0,
        "delta": {"role": "assistant", "reasoning_content": "A\0B", "content": "C\0"},
    }
    status, headers, call = calling("show", {"place": "here"}, "c\0")
    thinking = chunks(thought)[2].removesuffix(b"data: [DONE]\n\n")
    server = strange((status, headers, thinking + call))

    pause = said(heard(writer(acme, model_server, "any", url=server.url, tools=[tool]), "Show me!"))

    assert "\\u0000" not in json.dumps(pause.state)


def test_arguments_without_end_are_given_up(acme, model_server, strange):
    piece = {"index": 0, "function": {"name": "hand_over", "arguments": "x" * 1_000}}
    delta = {"role": "assistant", "tool_calls": [piece]}
    server = strange(chunks(*[{"index": 0, "delta": delta}] * (1 + MOST_ARGUMENTS // 1_000)))

    handoff = said(heard(writer(acme, model_server, "any", url=server.url)))

    assert handoff.reason == "error:malformed"


def test_what_a_model_thinks_is_neither_shown_nor_said(acme, model_server, strange):
    answer = "The shop opens at nine in the morning [1]."
    pieces = ("<think>", "Secret.", "</think>", answer)
    deltas = [{"reasoning_content": "Secret."}, *({"content": piece} for piece in pieces)]
    server = strange(chunks(*({"index": 0, "delta": delta} for delta in deltas)))

    events = heard(writer(acme, model_server, "any", url=server.url))

    assert said(events).text == streamed(events) == "The shop opens at nine in the morning."


def test_a_server_that_does_not_stream_is_understood(acme, model_server, strange):
    message = {"role": "assistant", "content": "The shop opens at nine in the morning [1]."}
    usage = {"prompt_tokens": 7, "completion_tokens": 3}
    whole = {"choices": [{"index": 0, "message": message}], "usage": usage}
    server = strange(raw(json.dumps(whole).encode(), **{"Content-Type": "application/json"}))

    events = heard(writer(acme, model_server, "any", url=server.url))

    assert said(events).text == streamed(events) == "The shop opens at nine in the morning."
    assert events[-1].usage.tokens == 10


@pytest.mark.parametrize(("model", "is_sent"), [("any", True), ("o3", False)])
def test_a_model_that_thinks_is_sent_no_temperature(acme, model_server, strange, model, is_sent):
    server = strange(NONSENSE["null"])

    heard(writer(acme, model_server, model, url=server.url, temperature=0.3))

    assert ("temperature" in server.bodies[0]) == is_sent
