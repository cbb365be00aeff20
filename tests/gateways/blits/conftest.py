import pytest

from conversations.models import Turn, TurnState
from conversations.models.turn import OPEN_STATES
from tests.widgets.shops import make_shop


@pytest.fixture
def shop(acme):
    return make_shop(acme, "")


@pytest.fixture
def rival(globex):
    return make_shop(globex, "")


@pytest.fixture
def no_turn_is_left(shop):
    """Workers of other tests would find it."""
    yield
    with shop.scope():
        Turn.objects.filter(state__in=OPEN_STATES).update(state=TurnState.CANCELLED)
