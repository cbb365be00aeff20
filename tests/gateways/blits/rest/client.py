"""A client of Blits' REST API that talks to the whole application in this process."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from assistants.events import Reply, Usage
from conversations import answers, engine, turns
from conversations.models import Turn, TurnState
from tests import in_process

ROOT = "/api/external/"
BOUNDARY = "----part"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


class Blits:
    """Somebody with a token, or with none."""

    def __init__(self, token="", **headers):
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            self._headers["authorization"] = f"Bearer {token}"

    def get(self, path, **headers):
        return self.request("GET", path, headers, b"")

    def post(self, path, fields=None, *, body=b"", content_type="", **headers):
        if fields is not None:
            body, content_type = json.dumps(fields).encode(), "application/json"
        if content_type:
            headers["content-type"] = content_type
        return self.request("POST", path, headers, body)

    def send(self, conversation_id, files=(), **fields):
        """A form with these fields and files: (name, content) each."""
        return self.post(
            f"messages/{conversation_id}/text",
            body=form(files, fields),
            content_type=FORM,
        )

    def begin(self, **fields):
        """The id of a new conversation."""
        answer = self.post("initialize", fields)
        assert answer.status == 200, answer.content
        return answer.json()["conversationId"]

    def say(self, conversation_id, text="Hello?", **fields):
        return self.post(f"messages/{conversation_id}/text", {"message": text, **fields})

    def request(self, method, path, headers=(), body=b"", *, chunks=None):
        path = path if path.startswith("/") else ROOT + path
        named = {name.replace("_", "-"): value for name, value in dict(headers).items()}
        sized = {"content-length": str(len(body))} if body else {}
        headers = {**self._headers, **sized, **named}
        return in_process.request(method, path, headers=headers, body=body, chunks=chunks)


def form(files=(), fields=()):
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in dict(fields).items()
    ]
    for name, content in files:
        head = f'Content-Disposition: form-data; name="attachments"; filename="{name}"'
        parts.append(f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def answered(shop, text, ask, *args, **fields):
    """What ``ask`` comes to, while an assistant answers ``text``."""
    with asking(ask, *args, **fields) as asked:
        while not reply(shop, text):
            assert not asked.done(), asked.result().content
            time.sleep(0.02)
        return asked.result()


@contextmanager
def asking(ask, *args, **fields):
    """The future of an answer."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(ask, *args, **fields)


def reply(shop, text):
    """Answer the newest question; False if none waits."""
    with shop.scope():
        turn = Turn.objects.filter(state=TurnState.QUEUED).order_by("-created_at").first()
    held = turn and turns.claim(shop.tenant.id, turn.id)
    return bool(held) and answers.commit(held, Reply(text), usage=Usage(model="knowledge"))


def verb(shop, conversation_id, act, *args, **options):
    """One verb of the engine on a conversation, as a person's client would cause it."""
    with shop.scope():
        return act(engine.team_conversation(conversation_id), *args, **options)
