"""Mail: written in the transaction of what it tells of, and sent by the worker afterwards.

What a template needs is rendered at once, so that nothing is read again when the mail leaves.
"""

import re
from typing import Any

from django.conf import settings
from django.core.validators import validate_email
from django.db import router, transaction
from django.template import Context
from django.template.loader import select_template
from django.utils.module_loading import import_string

from tenants.colors import accents
from tenants.ids import uuid7
from tenants.languages import direction_of
from tenants.models import AccountMail, Mail, Tenant
from tenants.scope import NoTenant, current_scope

NUDGE = "tenants.tasks.send_mail"
SUBJECT = "Subject: "
SUBJECT_LENGTH = 200
LANGUAGE = re.compile(r"([a-z]{2,3})(-[A-Za-z0-9]{1,8})*")


def send(
    template: str,
    to: str,
    context: dict[str, Any],
    *,
    tenant: Tenant | None = None,
    reply_to: str = "",
    language: str = "en",
    key: str = "",
) -> None:
    """Send ``templates/mail/<template>.txt`` and ``.html``, once for each ``key``.

    In a tenant's scope it is the tenant's mail, and else the installation's to an account; it
    leaves after the transaction, or not at all. ``templates/mail/<language>/`` goes first. Raises
    ValidationError for an address that is none.
    """
    for address in filter(None, (to, reply_to)):
        validate_email(address)
    tenant = _sender(tenant)
    subject, text, html = _render(template, context, tenant, language)
    row = {
        "key": key or str(uuid7()),
        "template": template,
        "to": to,
        "reply_to": reply_to,
        "sender": one_line(tenant.name if tenant else "LiveChat"),
        "subject": subject,
        "text": text,
        "html": html,
    }
    if tenant is None:
        AccountMail.objects.bulk_create([AccountMail(**row)], ignore_conflicts=True)
    else:
        Mail.objects.bulk_create([Mail(tenant=tenant, **row)], ignore_conflicts=True)
    transaction.on_commit(_nudge, using=router.db_for_write(Mail))


def one_line(text: str) -> str:
    """A text that can be put in a header: whatever is no letter of a line is a space."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())[:SUBJECT_LENGTH]


def _sender(tenant: Tenant | None) -> Tenant | None:
    try:
        tenant_id = current_scope().tenant_id
    except NoTenant:
        return tenant
    return tenant if tenant and tenant.pk == tenant_id else Tenant.objects.get(pk=tenant_id)


def _render(
    template: str, context: dict[str, Any], tenant: Tenant | None, language: str
) -> tuple[str, str, str]:
    known = LANGUAGE.fullmatch(language)
    spoken = known[1] if known else "en"
    folders = [f"mail/{language}/", f"mail/{spoken}/", "mail/"] if known else ["mail/"]
    facts = {
        "brand": tenant.name if tenant else "LiveChat",
        "color": accents(tenant.brand_color if tenant else ""),
        "public_url": settings.PUBLIC_URL,
        "language": language if known else "en",
        "direction": direction_of(spoken),
        **context,
    }
    words = _fill([f"{folder}{template}.txt" for folder in folders], facts, escape=False)
    first, _, text = words.partition("\n")
    if not first.startswith(SUBJECT):
        raise ValueError(f"The first line of {template}.txt is not its subject.")
    facts["subject"] = one_line(first.removeprefix(SUBJECT))
    html = _fill([f"{folder}{template}.html" for folder in folders], facts, escape=True)
    return facts["subject"], text.strip() + "\n", html


def _fill(names: list[str], facts: dict[str, Any], *, escape: bool) -> str:
    found: Any = select_template(names)
    words: str = found.template.render(Context(facts, autoescape=escape))
    return words.replace("\0", "")


def _nudge() -> None:
    # This room stands below the one that speaks to the worker.
    import_string(settings.WORKER_NUDGE)(NUDGE)
