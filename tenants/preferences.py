"""How a member likes to work: what they chose, and what is usual where they chose nothing."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rest_framework import serializers

from tenants.models import Membership

THEMES = ("auto", "light", "dark")
EVENTS = ("waiting", "assigned", "mention", "reply")
WAYS = ("email", "browser", "sound")
USUAL: dict[str, Any] = {
    "theme": "auto",
    "density": "comfortable",
    "shortcuts": True,
    "enterSends": False,
    "notifications": {event: dict.fromkeys(WAYS, True) for event in EVENTS},
}


class Switch(serializers.BooleanField):
    """True or false; neither a number nor a word is either."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Known(serializers.Serializer):
    """Refuses names that nothing is known by."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(map(str, set(data) - {*self.fields}))):
            raise serializers.ValidationError({unknown[0]: "There is no such preference."})
        return super().to_internal_value(data)


class Ways(Known):
    email = Switch(required=False)
    browser = Switch(required=False)
    sound = Switch(required=False)


class Notifications(Known):
    waiting = Ways(required=False, help_text="Somebody waits for a person.")
    assigned = Ways(required=False, help_text="A conversation is assigned to you.")
    mention = Ways(required=False, help_text="A note names you.")
    reply = Ways(required=False, help_text="A visitor writes in a conversation of yours.")


class Preferences(Known):
    theme = serializers.ChoiceField(THEMES, required=False)
    density = serializers.ChoiceField(("comfortable", "compact"), required=False)
    shortcuts = Switch(required=False)
    enterSends = Switch(required=False, help_text="Whether Enter alone sends what is written.")
    notifications = Notifications(required=False)


def of(membership: Membership) -> dict[str, Any]:
    """All of a member's preferences, the usual ones included."""
    return _merged(USUAL, membership.preferences)


def wants_mail(membership: Membership, event: str) -> bool:
    return bool(of(membership)["notifications"][event]["email"])


def change(membership_id: UUID, changes: Mapping[str, Any]) -> None:
    """Note what was chosen, and leave what is not named as it is."""
    row = Membership.objects.select_for_update(no_key=True).get(pk=membership_id)
    row.preferences = _merged(row.preferences, changes)
    row.save(update_fields=["preferences"])


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**below, **above}
    for name in below.keys() & above.keys():
        if isinstance(below[name], Mapping):
            merged[name] = _merged(below[name], above[name])
    return merged
