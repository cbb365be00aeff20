"""The operators' page for bubbles: settings, snippet and tokens."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import action, display

from tenants import credentials
from tenants.models import Credential
from tenants.operators import DefaultAdmin, actor, credentials_of
from tenants.scope import tenant_scope
from widgets import hosted, sightings
from widgets.admin_form import SETTINGS, BubbleForm, NewBubbleForm, field_name
from widgets.bubbles import create_bubble, drawn_config
from widgets.models import Bubble
from widgets.snippet import page_token, snippet

OWN_SWITCHES = (
    "greets",
    "file_upload",
    "voice_enabled",
    "identity_required",
    "presence_ping",
    "staging_allowed",
)
TABS = {
    "Look": ("widget.", "branding."),
    "Behaviour": ("popups.", "triggers", "preChatForm.", "rating.", "transcript."),
    "Hours": ("businessHours.", "offlineForm."),
    "Words": ("languages", "translations", "texts."),
}


def _tab(title: str, prefixes: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    fields = [field_name(path) for path in SETTINGS if path.startswith(prefixes)]
    return title, {"classes": ["tab"], "fields": fields}


@admin.register(Bubble)
class BubbleAdmin(DefaultAdmin):
    """A new bubble gets its public code and its two tokens with it."""

    form = BubbleForm
    list_display = ("name", "tenant", "code", "assistant", "is_default", "updated_at")
    list_select_related = ("tenant", "assistant", "public_code")
    search_fields = ("name", "tenant__name", "public_code__code")
    is_filled_in_later = True
    title_of_step = "Make the bubble"
    change_form_outer_before_template = "operators/bubble_preview.html"
    autocomplete_fields = ("tenant",)
    fixed_fields = ("tenant",)
    own_choices = ("assistant", "team")
    labels: ClassVar[Any] = {
        "greets": "Greets visitors",
        "file_upload": "Visitors may send files",
        "voice_enabled": "Calls over the API",
        "identity_required": "Only people whom your site vouches for",
        "presence_ping": "Live board of visitors",
        "is_default": "The default bubble",
        "staging_allowed": "Staged versions may be tried",
    }
    readonly_fields = ("code", "is_default", "snippet", "hosted_page", "seen", "tokens")
    actions_detail = ("make_default", "new_widget_token", "new_bubble_token")
    add_fieldsets = ((None, {"fields": ("tenant", "name")}),)
    fieldsets = (
        (None, {"fields": ("name", "tenant", "code")}),
        *(_tab(title, prefixes) for title, prefixes in TABS.items()),
        (
            "Who",
            {
                "classes": ["tab"],
                "fields": ("assistant", "team", "origins", "domains", *OWN_SWITCHES),
            },
        ),
        (
            "Snippet",
            {
                "classes": ["tab"],
                "fields": ("snippet", "hosted_page", "seen", "tokens", "is_default"),
            },
        ),
    )

    def extra_of(self, request: HttpRequest, obj: Bubble | None) -> dict[str, Any]:
        if obj is None:
            return {}
        with tenant_scope(obj.tenant_id):
            return {"preview_config": drawn_config(obj)}

    def get_form(
        self, request: HttpRequest, obj: Bubble | None = None, change: bool = False, **options: Any
    ) -> Any:
        if obj is None:
            options["form"] = NewBubbleForm
        return super().get_form(request, obj, change, **options)

    def save_model(self, request: HttpRequest, obj: Bubble, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        with tenant_scope(obj.tenant_id):
            is_first = not Bubble.objects.exists()
            made = create_bubble(
                obj.tenant, None, name=obj.name, is_default=is_first, actor=actor(request)
            )
            # The page goes on with the object of its form.
            vars(obj).update(vars(made))
            self.note(request, obj, "created")

    @display(description="Public code")
    def code(self, bubble: Bubble) -> str:
        return bubble.code

    @display(description="Snippet for your pages")
    def snippet(self, bubble: Bubble) -> str:
        token = page_token(bubble)
        if not token:
            return "Make a bubble token first."
        return format_html(
            '<pre class="secret" id="code-snippet">{}</pre><span class="step-links">'
            '<button type="button" class="step-link" data-copy="code-snippet">Copy</button>'
            '<a class="way" href="{}">Try it, and other snippets</a></span>',
            snippet(bubble, token),
            reverse("admin:playground", args=[bubble.pk]),
        )

    @display(description="Page of its own")
    def hosted_page(self, bubble: Bubble) -> str:
        path = f"/chat/{bubble.code}"
        return format_html(
            '<span class="links"><span><a href="{0}" target="_blank" rel="noopener">{1}</a></span>'
            '<img class="qr" src="{0}/qr.svg" alt="QR code of this address" width="144" '
            'height="144"></span>',
            path,
            hosted.address_of(bubble.code),
        )

    @display(description="Seen on your site")
    def seen(self, bubble: Bubble) -> str:
        with tenant_scope(bubble.tenant_id):
            found = sightings.of(bubble)
        if not found:
            return "Not yet: no page has shown it."
        rows = ((one.origin, f"{one.seen_at:%Y-%m-%d %H:%M} UTC") for one in found)
        lines = format_html_join("", "<span>{} · {}</span>", rows)
        return format_html('<span class="links">{}</span>', lines)

    @display(description="Tokens")
    def tokens(self, bubble: Bubble) -> str:
        return credentials_of(bubble)

    @action(description="New widget token", icon="key")
    def new_widget_token(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._new_token(request, object_id, Credential.Kind.WIDGET_TOKEN)

    @action(description="New bubble token", icon="key")
    def new_bubble_token(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._new_token(request, object_id, Credential.Kind.BUBBLE_TOKEN)

    def _new_token(
        self, request: HttpRequest, object_id: str, kind: Credential.Kind
    ) -> HttpResponse:
        def act(bubble: Bubble) -> HttpResponse:
            issued = credentials.issue(
                bubble.tenant, kind, name=bubble.name, subject_id=bubble.pk, actor=actor(request)
            )
            return self.show_issued(request, issued)

        return self.perform(
            request,
            object_id,
            act,
            title=f"New {kind.label}",
            question="Whoever has this token may write as a visitor of this bubble.",
            button="Make a token",
        )
