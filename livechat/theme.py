"""How the admin looks and what its side bar holds, for operators and for a tenant's people."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy

# Lightness and chroma of each step, at the product's hue.
HUE = 262
NEUTRAL = {
    "50": (98.6, 0.003),
    "100": (96, 0.004),
    "200": (91, 0.006),
    "300": (86, 0.008),
    "400": (70, 0.012),
    "500": (50, 0.015),
    "600": (42, 0.018),
    "700": (35, 0.02),
    "800": (23, 0.018),
    "900": (19, 0.014),
    "950": (16, 0.012),
}
ACCENT = {
    "50": (97, 0.015),
    "100": (94, 0.03),
    "200": (89, 0.055),
    "300": (82, 0.09),
    "400": (76, 0.12),
    "500": (70, 0.14),
    "600": (50, 0.16),
    "700": (44, 0.15),
    "800": (38, 0.13),
    "900": (31, 0.1),
    "950": (24, 0.08),
}


def _scale(steps: Mapping[str, tuple[float, float]]) -> dict[str, str]:
    return {step: f"oklch({light}% {chroma} {HUE})" for step, (light, chroma) in steps.items()}


def _pages(*models: tuple[str, str, str]) -> list[dict[str, Any]]:
    return [
        {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{name}_changelist")}
        for title, icon, name in models
    ]


def _is_operator(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.is_active and user.is_superuser)


def _is_member(request: HttpRequest) -> bool:
    return not _is_operator(request)


def _place(request: HttpRequest) -> Any:
    # Set by the site; the module that does can be imported only once settings are there.
    return getattr(request, "workplace", None)


def _whose(request: HttpRequest) -> str:
    place = _place(request)
    return place.tenant.name if place else "Operators"


def _own(name: str) -> Any:
    """The address of a page of the asker's tenant."""

    def link(request: HttpRequest) -> str:
        place = _place(request)
        return reverse(f"admin:{name}", args=[place.tenant_id]) if place else ""

    return link


def _is_at(name: str) -> Any:
    def active(request: HttpRequest) -> bool:
        match = request.resolver_match
        return match is not None and match.url_name == name

    return active


def _own_pages(*pages: tuple[str, str, str]) -> list[dict[str, Any]]:
    return [
        {
            "title": title,
            "icon": icon,
            "link": _own(name),
            "active": _is_at(name),
            "permission": _is_member,
        }
        for title, icon, name in pages
    ]


def _for_operators(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**item, "permission": _is_operator} for item in items]


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "LiveChat",
    "SITE_HEADER": "LiveChat",
    "SITE_SUBHEADER": _whose,
    "SITE_ICON": lambda request: static("livechat/mark.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("livechat/mark.svg"),
        }
    ],
    "STYLES": [lambda request: static("livechat/operators.css")],
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "COLORS": {"base": _scale(NEUTRAL), "primary": _scale(ACCENT)},
    "ACCOUNT": {
        "navigation": [{"title": "Your account", "link": reverse_lazy("account")}],
    },
    "LOGIN": {"form": "tenants.admin_login.LogInForm"},
    "SIDEBAR": {
        "navigation": [
            {
                "title": "",
                "items": _own_pages(
                    ("First steps", "checklist", "start"),
                    ("Company", "domain", "tenants_tenant_change"),
                    ("Usage and limits", "monitoring", "usage"),
                ),
            },
            {
                "title": "Customers",
                "items": _for_operators(
                    [
                        {
                            "title": "First steps",
                            "icon": "checklist",
                            "link": reverse_lazy("admin:index"),
                        },
                        *_pages(
                            ("Tenants", "domain", "tenants_tenant"),
                            ("Users", "person", "tenants_user"),
                        ),
                    ]
                ),
            },
            {
                "title": "Chat",
                "items": _pages(
                    ("Assistants", "smart_toy", "assistants_assistant"),
                    ("Model providers", "hub", "assistants_provider"),
                    ("Tools", "build", "assistants_tool"),
                    ("Knowledge", "menu_book", "assistants_knowledgesource"),
                    ("Bubbles", "chat_bubble", "widgets_bubble"),
                    ("Web integrations", "integration_instructions", "gateways_webintegration"),
                    ("Conversations", "forum", "conversations_conversation"),
                )
                # A tenant's people come to it from their page of usage and limits.
                + _for_operators(_pages(("Usage", "payments", "assistants_usageentry"))),
            },
            {
                "title": "People and security",
                "items": _pages(
                    ("Members", "badge", "tenants_membership"),
                    ("Teams", "groups", "conversations_team"),
                    ("Invitations", "mail", "tenants_invitation"),
                    ("Credentials", "key", "tenants_credential"),
                    ("Audit log", "history", "tenants_auditentry"),
                    ("Mail", "outbox", "tenants_mail"),
                )
                + _for_operators(
                    _pages(("Mail of accounts", "outgoing_mail", "tenants_accountmail"))
                ),
            },
        ],
    },
}
