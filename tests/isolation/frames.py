"""Every socket and every frame: who may open it, and which of its fields are somebody's."""

from dataclasses import dataclass, field, replace

from tests.isolation.values import VALUES, applies

ECHOED = {"requestId", "ping_id", "channelId"}


@dataclass(frozen=True)
class Speaker:
    """Somebody whom a socket lets in, by which token, and whose ids are theirs.

    ``sees`` are other people whose things are theirs to see.
    """

    name: str
    token: str
    person: str
    world: str = "acme"
    sees: frozenset = frozenset()


@dataclass(frozen=True)
class Socket:
    """``frames`` are the fields that hold an id, by frame, each with its kind.

    ``first`` is the frame that opens it, ``open_to`` are the tokens that do. ``others`` is who
    stands beside each person, ``elsewhere`` somebody of another door.
    """

    path: str
    first: str
    speakers: tuple
    frames: dict
    plain: frozenset
    open_to: frozenset
    others: dict = field(default_factory=dict)
    elsewhere: str = "mine"

    def cells(self):
        """Who says what, with which value in which field."""
        return [
            (frame, name, value, speaker)
            for frame, fields in self.frames.items()
            for name, kind in fields.items()
            for value in VALUES
            if applies(kind, value)
            for speaker in self.speakers
        ]


def speakers(*known):
    """These, and the same of the other tenant."""
    strangers = (
        replace(one, name=f"the other tenant's {one.name}", world="globex") for one in known
    )
    return (*known, *strangers)


EVERY_BLITS = {
    "authToken": "token",
    "conversationId": "conversation",
    "sessionSecret": "secret",
    "userId": "user",
}
BLITS_COMMANDS = (
    "initialize", "message", "streamUserSpeech", "isActive", "loadHistory", "deleteHistory",
    "stateVariables", "debug",
)  # fmt: skip
BLACKBOX = {
    "initialize": {
        "request.recordId": "conversation",
        "request.sessionSecret": "secret",
        "request.agentId": "assistant",
    },
    "incomingChatMessage": {},
    "sdpAnswer": {},
    "websocketToolResponse": {"content.id": "call"},
    "terminate": {},
}
BLACKBOX_PLAIN = frozenset({
    "type", "timestamp", "channelId", "content", "request", "devRequest", "content.result",
    "request.callType", "request.additionalData", "request.additionalData.userId",
})  # fmt: skip
TEAM = frozenset({"mine", "other", "paged", "other_paged"})
BLITS_PEOPLE = frozenset({"paged", "other_paged", "served"})
SOCKETS = {
    "visitor": Socket(
        path="/api/ws/chat",
        first="auth",
        speakers=speakers(
            Speaker("visitor", "widget token", "mine"),
            Speaker("visitor by the bubble token", "bubble token", "mine"),
        ),
        frames={
            "auth": {
                "token": "token",
                "sessionId": "label",
                "sessionSecret": "secret",
                "conversationId": "conversation",
            },
            "message": {"messageId": "key", "attachments": "unsent"},
            "typing": {},
            "read": {},
            "tool:result": {"callId": "call"},
        },
        plain=frozenset(
            {
                "type",
                "lastEventId",
                "text",
                "flowName",
                "language",
                "variables",
                "additionalInput",
                "newConversation",
                "useStagingVersion",
                "typing",
                "seq",
                "result",
                "error",
            }
        ),
        open_to=frozenset({"widget token", "bubble token"}),
        others={"mine": "other"},
        elsewhere="paged",
    ),
    "tenant": Socket(
        path="/api/ws/tenant",
        first="auth",
        speakers=speakers(*(Speaker(one, one, "mine", sees=TEAM) for one in ("owner", "agent"))),
        frames={
            "auth": {"token": "token"},
            "typing": {"conversationId": "conversation"},
            "viewing": {"conversationId": "conversation"},
            "presence": {"conversationId": "conversation"},
        },
        plain=frozenset({"type", "lastEventId", "typing", "status"}),
        open_to=frozenset({"owner", "admin", "agent"}),
        others={"mine": "other"},
        elsewhere="paged",
    ),
    "blits": Socket(
        path="/",
        first="initialize",
        speakers=speakers(
            Speaker("server", "API token", "served", sees=BLITS_PEOPLE),
            Speaker("Blits visitor", "bubble token", "paged"),
        ),
        frames=dict.fromkeys(BLITS_COMMANDS, EVERY_BLITS),
        plain=frozenset(
            {
                "command",
                "requestId",
                "message",
                "language",
                "type",
                "speechResponse",
                "speechData",
                "fileData",
                "fileExtension",
                "llmAdditionalInput",
                "location",
                "variables",
                "tts",
                "setCurrentLanguageTo",
                "environment",
            }
        ),
        open_to=frozenset({"API token", "API token of another assistant", "bubble token"}),
        others={"paged": "other_paged", "served": "paged"},
    ),
    "zeebee": Socket(
        path="/ws?tenant={slug}",
        first="init",
        speakers=speakers(
            Speaker("server", "API key", "led"),
            Speaker("guest", "", "guest"),
        ),
        frames={
            "init": {
                "api_key": "token",
                "user_id": "user",
                "session_token": "secret",
                "conversation_id": "conversation",
            },
            "message": {"conversation_id": "conversation"},
            "audio": {"conversation_id": "conversation"},
            "ping": {},
            "pong": {},
        },
        plain=frozenset({"type", "model", "client_info", "message", "audio_data", "ping_id"}),
        open_to=frozenset({"API key"}),
        others={"led": "guest", "guest": "other_guest"},
    ),
    "webCall": Socket(
        path="/api/v1/ws/webCall?token={token}",
        first="initialize",
        speakers=speakers(Speaker("page", "web-integration token", "caller")),
        frames=BLACKBOX,
        plain=BLACKBOX_PLAIN,
        open_to=frozenset({"web-integration token"}),
        others={"caller": "other_caller"},
    ),
    "dev": Socket(
        path="/api/v1/ws/dev?authorization={token}",
        first="initialize",
        speakers=speakers(Speaker("server", "API key", "dialled")),
        frames=BLACKBOX,
        plain=BLACKBOX_PLAIN,
        open_to=frozenset({"API key"}),
        others={"dialled": "caller"},
    ),
}
