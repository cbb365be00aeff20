"""Making bubbles, who answers in one, and what the world may know of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from assistants.models import Assistant, AssistantVersion
from assistants.queries import assistant_by_id, default_assistant
from assistants.wording import greeting_of
from conversations import availability
from conversations.attachments import FILE_LIMIT, KINDS
from conversations.availability import Expectation
from conversations.models import Conversation
from tenants import credentials
from tenants.errors import BadRequest, Forbidden
from tenants.languages import MAIN_LANGUAGE, direction_of
from tenants.models import Credential, Tenant
from tenants.scope import tenant_scope
from widgets.config import complete_settings
from widgets.models import Bubble, BubbleCode
from widgets.wording import best_locale, texts_in, with_own_words

FORM_VALUE_LENGTH = 500
# Fields of forms that are a contact's own, and no attributes.
OWN_FIELDS = {"name", "email", "phone"}
TOKENS = (Credential.Kind.WIDGET_TOKEN, Credential.Kind.BUBBLE_TOKEN)


def create_bubble(
    tenant: Tenant, assistant: Assistant | None, *, name: str, actor: str = "system", **fields: Any
) -> Bubble:
    """Make a bubble with its public code and the two tokens that open it.

    Raises Django's ValidationError for fields that make no sense.
    """
    with tenant_scope(tenant.pk):
        bubble = Bubble(tenant=tenant, assistant=assistant, name=name, **fields)
        bubble.full_clean()
        bubble.save(force_insert=True)
        BubbleCode.objects.create(tenant=tenant, bubble=bubble)
        for kind in TOKENS:
            credentials.issue(tenant, kind, name=name, subject_id=bubble.pk, actor=actor)
    return bubble


def answering(bubble: Bubble) -> Assistant | None:
    """The assistant that answers in a bubble, where nobody names another."""
    assistant = bubble.assistant or default_assistant()
    return assistant if assistant is not None and assistant.production_id else None


def chosen_assistant(bubble: Bubble, named: str | None) -> Assistant:
    """The assistant named by a request, or the bubble's. Raises BadRequest without one."""
    if named is not None:
        assistant = assistant_by_id(named)
        if assistant is None:
            raise BadRequest("There is no such assistant.", code="unknown_assistant")
        return assistant
    assistant = answering(bubble)
    if assistant is None:
        raise BadRequest("No assistant is configured.", code="no_assistant")
    return assistant


def config_of(bubble: Bubble, asked_locale: str = "") -> dict[str, Any]:
    """Everything that a page needs to draw the bubble; nothing of it is secret."""
    locale, tenant = locale_of(bubble, asked_locale), Tenant.objects.get(pk=bubble.tenant_id)
    settings = with_own_words(locale, complete_settings(bubble.settings))
    assistant, branding = answering(bubble), settings["branding"]
    version = assistant.production if assistant else None
    # One language at a time is enough for a page.
    del settings["translations"]
    return {
        **settings,
        **_words(locale, settings, texts_in(locale, bubble.settings)),
        "name": tenant.name,
        "code": bubble.code,
        "assistantId": str(assistant.pk) if assistant else None,
        "assistantName": assistant.name if assistant else "",
        "greeting": greeting_of(version, locale) if version and bubble.greets else "",
        "openings": _openings(version) if version and bubble.greets else {},
        "branding": {**branding, "logo": branding["logo"] or tenant.logo_url},
        "voice": bubble.voice_enabled,
        "phone": bool(tenant.phone_number),
        "fileUpload": bubble.file_upload,
        "attachments": {"maxBytes": FILE_LIMIT, "types": list(KINDS)},
        "presencePing": bubble.presence_ping,
        "seesTyping": tenant.sees_typing,
        "availability": expectation(bubble).data(),
        "identityRequired": bubble.identity_required,
    }


def drawn_config(bubble: Bubble) -> dict[str, Any]:
    """The same for the preview, with what a form before the chat asks for that lists no fields.

    The page reads the others where they are written, which may be unsaved.
    """
    config = config_of(bubble)
    usual = _usual_fields(config["texts"])
    return {**config, "preChatForm": {**config["preChatForm"], "fields": usual}}


def expectation(bubble: Bubble, team_id: UUID | None = None) -> Expectation:
    """What visitors may expect who ask for a person: of the bubble's team, if of no other."""
    schedule = complete_settings(bubble.settings)["businessHours"]
    return availability.of_queue(bubble.tenant_id, team_id or bubble.team_id, schedule)


def bubble_of(conversation: Conversation) -> Bubble | None:
    """The one that the visitor came in by, unless it is gone or they came by another door."""
    session = conversation.session
    if session is None:
        return None
    bubbles = Bubble.objects.select_related("public_code")
    found: Bubble | None = bubbles.filter(pk=session.source_id).first()
    return found


def first_language() -> str:
    """What the scope's tenant speaks first with its visitors."""
    bubble: Bubble | None = Bubble.objects.filter(is_default=True).first()
    return locale_of(bubble, "") if bubble else MAIN_LANGUAGE


def locale_of(bubble: Bubble, asked: str) -> str:
    """Which of the bubble's languages is spoken with somebody who asks for this one."""
    return best_locale(asked, complete_settings(bubble.settings)["languages"])


def texts_of(bubble: Bubble, asked_locale: str = "") -> dict[str, str]:
    return texts_in(locale_of(bubble, asked_locale), bubble.settings)


def asked_for(bubble: Bubble, values: Mapping[str, Any]) -> dict[str, str]:
    """What the bubble's form before the chat asks for beside name, e-mail and telephone.

    Other names are ignored. Raises BadRequest for what is no text of at most 500 characters.
    """
    form = complete_settings(bubble.settings)["preChatForm"]
    names = {field["name"] for field in form["fields"]} - OWN_FIELDS if form["enabled"] else set()
    found = {name: value for name, value in values.items() if name in names}
    for name, value in found.items():
        if not isinstance(value, str) or len(value) > FORM_VALUE_LENGTH:
            raise BadRequest(f"{name}: A text of at most {FORM_VALUE_LENGTH} characters.")
    return found


def _words(locale: str, settings: dict[str, Any], texts: dict[str, str]) -> dict[str, Any]:
    """What depends on the visitor's language."""
    form = settings["preChatForm"]
    if form["enabled"] and not form["fields"]:
        form = {**form, "fields": _usual_fields(texts)}
    return {
        "locale": locale,
        "direction": direction_of(locale),
        "texts": texts,
        "preChatForm": form,
    }


def _usual_fields(texts: dict[str, str]) -> list[dict[str, Any]]:
    """What a form before the chat asks for where the tenant has not said anything else."""
    return [
        {"name": "name", "label": texts["name"], "type": "text", "required": False},
        {"name": "email", "label": texts["email"], "type": "email", "required": False},
    ]


def _openings(version: AssistantVersion) -> dict[str, str]:
    """What greets visitors who come in by a flow: its name and its opening message."""
    return {flow["name"]: flow["opening"] for flow in version.flows if flow["opening"]}


def current_token(bubble: Bubble) -> str:
    """The widget token that pages shall use. Raises Forbidden when all were revoked."""
    newest = (
        Credential.objects.filter(
            tenant=bubble.tenant_id,
            kind=Credential.Kind.WIDGET_TOKEN,
            subject_id=bubble.pk,
            revoked_at=None,
        )
        .filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
        .order_by("-created_at")
        .first()
    )
    if newest is None:
        raise Forbidden("This widget is switched off.", code="widget_off")
    return credentials.reveal(newest)
