"""How far a tenant is on its way. Everything is read off its rows; no step is stored."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.db.models.functions import Now
from django.urls import reverse

from assistants.models import Assistant, KnowledgeSource
from assistants.wording import introduction
from tenants.models import Invitation, Membership, Tenant
from tenants.operators import PATH, change_url
from tenants.scope import tenant_scope
from widgets import sightings
from widgets.models import Bubble

Status = KnowledgeSource.Status
OWNER = Membership.Role.OWNER


@dataclass(frozen=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True)
class Step:
    """One thing to do; ``state`` is done, now, or later, and ``problem`` what went wrong."""

    key: str
    title: str
    is_done: bool
    text: str
    links: tuple[Link, ...] = ()
    problem: str = ""
    state: str = ""


def steps_of(tenant: Tenant) -> list[Step]:
    """The steps in their order; the first that is not done is the one to take now."""
    assistant = Assistant.objects.filter(tenant=tenant).order_by("-is_default", "pk").first()
    bubble = _bubble_of(tenant)
    steps = (
        _name(tenant),
        _people(tenant),
        _assistant(tenant, assistant),
        _knowledge(tenant, assistant),
        _bubble(tenant, bubble),
        _site(bubble),
    )
    following = next((step.key for step in steps if not step.is_done), "")
    return [
        Step(**{**vars(step), "state": "done" if step.is_done else _state(step, following)})
        for step in steps
    ]


def _state(step: Step, following: str) -> str:
    return "now" if step.key == following else "later"


def _bubble_of(tenant: Tenant) -> Bubble | None:
    rows = Bubble.objects.filter(tenant=tenant).select_related("public_code")
    found: Bubble | None = rows.order_by("-is_default", "pk").first()
    return found


def _name(tenant: Tenant) -> Step:
    text = f"{tenant.name}, with {'a' if tenant.logo_url else 'no'} logo"
    links = (Link("Name and logo", _on_path(change_url(tenant))),)
    return Step("tenant", "The company", True, text, links)


def _people(tenant: Tenant) -> Step:
    counts: dict[str, int] = dict(
        Membership.objects.filter(tenant=tenant, is_active=True)
        .values_list("role")
        .annotate(count=Count("pk"))
    )
    waiting = Invitation.objects.filter(
        tenant=tenant, accepted_at=None, revoked_at=None, expires_at__gt=Now()
    )
    invited = dict(waiting.values_list("role").annotate(count=Count("pk")))
    has_owner = bool(counts.get(OWNER) or invited.get(OWNER))
    named = [_many(counts[role], role.label.lower()) for role in Membership.Role if role in counts]
    if invited:
        named.append(f"{sum(invited.values())} invited")
    text = ", ".join(named) if named else "Somebody must own this."
    role = Membership.Role.AGENT if has_owner else OWNER
    links = [
        Link(
            "Invite a colleague" if has_owner else "Invite the owner",
            _add("tenants_membership", tenant=tenant.pk, role=role),
        )
    ]
    if invited:
        listed = reverse("admin:tenants_invitation_changelist")
        links.append(Link("Invitations", f"{listed}?tenant__id__exact={tenant.pk}"))
    return Step("people", "The people", has_owner, text, tuple(links))


def _assistant(tenant: Tenant, assistant: Assistant | None) -> Step:
    title = "The assistant"
    if assistant is None:
        greeting = introduction(tenant.name)
        add = _add("assistants_assistant", tenant=tenant.pk, name="Assistant", greeting=greeting)
        text = "It answers first, and knows when to call a person."
        return Step("assistant", title, False, text, (Link("Make the assistant", add),))
    version = assistant.production
    text = f"{assistant.name} says: “{version.greeting}”" if version else "Not published yet."
    is_done = bool(version and version.greeting)
    problem = "" if is_done or version is None else "It greets nobody yet."
    links = (Link("Greeting and behaviour", _on_path(change_url(assistant))),)
    return Step("assistant", title, is_done, text if is_done else "", links, problem or "")


def _knowledge(tenant: Tenant, assistant: Assistant | None) -> Step:
    title = "What it knows"
    if assistant is None:
        text = "A text, questions and answers, or the address of your site."
        return Step("knowledge", title, False, text)
    counts: dict[str, int] = dict(
        KnowledgeSource.objects.filter(tenant=tenant, site=None)
        .values_list("status")
        .annotate(count=Count("pk"))
    )
    kinds = (("faq", "Questions and answers"), ("text", "Paste a text"), ("web", "Read a web site"))
    links = tuple(
        Link(label, _add("assistants_knowledgesource", assistant=assistant.pk, kind=kind))
        for kind, label in kinds
    )
    if counts:
        listed = reverse("admin:assistants_knowledgesource_changelist")
        links = (Link("What it has read", f"{listed}?tenant__id__exact={tenant.pk}"), *links)
    ready, failed = counts.get(Status.READY, 0), counts.get(Status.FAILED, 0)
    waiting = sum(counts.values()) - ready - failed
    texts = [_many(ready, "source")] if ready else []
    texts += ["reading…"] if waiting else []
    text = ", ".join(texts) or "A text, questions and answers, or the address of your site."
    problem = f"{_many(failed, 'source')} could not be read." if failed else ""
    return Step("knowledge", title, ready > 0, text, links, problem)


def _bubble(tenant: Tenant, bubble: Bubble | None) -> Step:
    title = "The bubble"
    if bubble is None:
        add = _add("widgets_bubble", tenant=tenant.pk, name="Website")
        text = "How the chat looks on your pages."
        return Step("bubble", title, False, text, (Link("Make the bubble", add),))
    links = (Link("Look and words", _on_path(change_url(bubble))),)
    return Step("bubble", title, True, f"{bubble.name}, {bubble.code}", links)


def _site(bubble: Bubble | None) -> Step:
    title = "On your site"
    if bubble is None:
        return Step("site", title, False, "Try it here, then put it on your pages.")
    links = (Link("Try it and copy the snippet", reverse("admin:playground", args=[bubble.pk])),)
    with tenant_scope(bubble.tenant_id):
        seen = sightings.latest(bubble)
    if seen is None:
        return Step("site", title, False, "Not seen yet. This page notices when it is.", links)
    return Step("site", title, True, f"Seen on {seen.origin}", links)


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _add(page: str, **initial: Any) -> str:
    return f"{reverse(f'admin:{page}_add')}?{urlencode({**initial, PATH: 1})}"


def _on_path(url: str) -> str:
    return f"{url}?{PATH}=1"
