"""The tables of the documents list what the protocol has."""

import re

from gateways.zeebee import codec
from tests.test_docs import ROOT, table

README = ROOT / "gateways" / "zeebee" / "README.md"
GUIDE = ROOT / "docs" / "migrating-from-zeebee.md"
OF_THE_CLIENT = {"init", "message", "audio", "ping", "pong"}
OF_THE_SERVER = {
    "connection_established",
    "init_ack",
    "status",
    "response",
    "ping",
    "pong",
    "connection_warning",
    "error",
    "transcript",
    "audio_stream_start",
    "audio_chunk",
    "audio_stream_end",
    "tts_error",
}
OURS = {codec.STILL_THERE, codec.INACTIVE}


def test_the_readme_lists_every_frame():
    assert table(README, "Frames of the client") == OF_THE_CLIENT
    assert table(README, "Frames of the server") == OF_THE_SERVER


def test_the_readme_lists_every_error():
    texts = {
        value
        for name, value in vars(codec).items()
        if name.isupper() and isinstance(value, str) and value.endswith(".")
    }

    assert table(README, "Errors") == texts - OURS


def test_the_guide_names_every_status():
    text = re.sub(r"\s+", " ", GUIDE.read_text())

    for state, _ in (codec.PROCESSING, *codec.OWNERS.values()):
        assert f"`{state}`" in text or f'"status": "{state}"' in text


def test_the_guide_spells_the_errors_as_they_are():
    listed = table(GUIDE, "Errors and close codes of /ws")

    assert {codec.INVALID_API_KEY, codec.AUTHENTICATION_REQUIRED, codec.NOT_LOGGED_IN} <= listed
    assert codec.INACTIVE.format(90) in listed
