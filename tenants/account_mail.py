"""Mails about accounts, in the language of whoever gets them.

``texts/<language>.json`` holds their words; a place in braces is filled in here.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation.trans_real import parse_accept_lang_header

from tenants import mail
from tenants.languages import MAIN_LANGUAGE, base_of, read_texts
from tenants.models import User
from tenants.scope import tenant_scope

WORDS = read_texts(Path(__file__).parent / "texts")
PLACE = re.compile(r"\{(\w+)\}")


def send(kind: str, to: str, *, language: str, link: str, key: str = "", **facts: object) -> None:
    """Send an invitation, or whatever else has a link that its owner shall open."""
    said = {name: spelled(f"{kind}.{name}", language, facts) for name in ("subject", "button")}
    lead = "lead" if facts.get("inviter", True) else "leadOfNobody"
    said |= {"lead": spelled(f"{kind}.{lead}", language, facts)}
    said |= {"rest": spelled(f"{kind}.rest", language, facts), "link": link}
    mail.send(kind, to, said, language=language, key=key)


def notify(user: User, what: str, *, to: str = "", **facts: object) -> None:
    """Tell the owner of an account what happened to it, in case it was not the owner's doing."""
    language = language_of(user)
    said = {name: spelled(f"notice.{name}", language, {}) for name in ("lead", "rest", "button")}
    said |= {"subject": spelled(f"notice.{what}", language, facts)}
    said |= {"link": f"{settings.PUBLIC_URL}{reverse('account-forgotten')}"}
    mail.send("notice", to or user.email, said, language=language)


def language_of(user: User) -> str:
    """The one that the person's browser asked for of late, else the first one of their tenant."""
    if user.language in WORDS:
        return user.language
    places = user.memberships.filter(is_active=True).order_by("id")
    tenant_id = places.values_list("tenant_id", flat=True).first()
    return tenants_language(tenant_id) if tenant_id else MAIN_LANGUAGE


def tenants_language(tenant_id: UUID) -> str:
    """The first one that a tenant speaks with its visitors, if we know it."""
    with tenant_scope(tenant_id):
        # What visitors read is a room's above this one.
        language = base_of(import_string(settings.TENANT_LANGUAGE)())
    return known_of(language)


def asked_for(header: str) -> str:
    """The first of our languages that a browser asks for by Accept-Language, or none."""
    asked = (base_of(language) for language, _ in parse_accept_lang_header(header.lower()))
    return next((language for language in asked if language in WORDS), "")


def remember_language(user: User, header: str) -> None:
    """Keep what the browser of somebody who has just logged in asks for."""
    language = asked_for(header)
    if language and language != user.language:
        user.language = language
        user.save(update_fields=["language"])


def known_of(*languages: str) -> str:
    """The first of these that we have words in, else English."""
    return next((language for language in languages if language in WORDS), MAIN_LANGUAGE)


def spelled(name: str, language: str, facts: Mapping[str, Any]) -> str:
    words = WORDS.get(language, WORDS[MAIN_LANGUAGE])[name]
    return PLACE.sub(lambda place: str(facts[place[1]]), words)
