"""A client as Blits' Python users write it: it reads acknowledgment, answer, answer, in that order.

``python strict.py URL TOKEN QUESTION`` prints what it read.
"""

import asyncio
import json
import sys

import websockets


async def main(url, token, question):
    async with websockets.connect(url) as ws:
        acknowledged = json.loads(await ws.recv())
        await ws.send(
            json.dumps(
                {
                    "command": "initialize",
                    "authToken": token,
                    "userId": "user-123",
                    "setCurrentLanguageTo": "en",
                }
            )
        )
        initialized = json.loads(await ws.recv())
        await ws.send(
            json.dumps(
                {
                    "command": "message",
                    "authToken": token,
                    "conversationId": initialized["conversationId"],
                    "message": question,
                    "speechResponse": False,
                    "requestId": "msg-001",
                }
            )
        )
        answered = json.loads(await ws.recv())
        sys.stdout.write(json.dumps([acknowledged, initialized, answered]))


asyncio.run(main(*sys.argv[1:]))
