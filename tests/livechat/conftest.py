import asyncio

import pytest

from realtime.feeds import hub


@pytest.fixture
async def closed_hub():
    """The process's hub, which ends with the test's loop."""
    yield hub()
    await hub().close()
    await asyncio.sleep(0)
