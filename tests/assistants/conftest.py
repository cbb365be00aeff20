"""What all tests of assistants share."""

import pytest

from assistants.engines import model


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    """Ask a model that failed again at once."""
    monkeypatch.setattr(model, "PAUSE_SECONDS", 0)
