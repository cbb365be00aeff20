"""How the operators' admin looks and what its side bar holds."""

from collections.abc import Mapping
from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy

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


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "LiveChat",
    "SITE_HEADER": "LiveChat",
    "SITE_SUBHEADER": "Operators",
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
                "title": "Customers",
                "items": _pages(
                    ("Tenants", "domain", "tenants_tenant"),
                    ("Users", "person", "tenants_user"),
                    ("Memberships", "badge", "tenants_membership"),
                    ("Invitations", "mail", "tenants_invitation"),
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
                    ("Usage", "payments", "assistants_usageentry"),
                ),
            },
            {
                "title": "Security",
                "items": _pages(
                    ("Credentials", "key", "tenants_credential"),
                    ("Audit log", "history", "tenants_auditentry"),
                    ("Mail of tenants", "outbox", "tenants_mail"),
                    ("Mail of accounts", "outgoing_mail", "tenants_accountmail"),
                ),
            },
        ],
    },
}
