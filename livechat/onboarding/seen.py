"""Where a bubble was seen on a page that is not our own."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from conversations.models import VisitorSession
from widgets.models import Bubble


@dataclass(frozen=True)
class Visit:
    origin: str
    at: datetime


def latest_visit(bubble: Bubble) -> Visit | None:
    sessions = VisitorSession.objects.filter(tenant=bubble.tenant_id, source_id=bubble.pk)
    sessions = sessions.exclude(origin__in=("", settings.PUBLIC_URL))
    found = sessions.order_by("-last_seen_at").values("origin", "last_seen_at").first()
    return Visit(found["origin"], found["last_seen_at"]) if found else None
