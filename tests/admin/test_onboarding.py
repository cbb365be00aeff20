"""A second tenant begins, with nothing but a browser."""

import time

import httpx
import pytest

from assistants.models import KnowledgeSource
from tenants import credentials, invitations, sessions
from tenants.models import Credential, Invitation, Membership, Tenant
from tenants.scope import tenant_scope
from tests.admin.operators import shown_secrets
from tests.factories import PASSWORD
from widgets.models import Bubble

FAQ = """
Q: What are your opening hours?
Or: When are you open?
Or: At what time do you close?
A: We open at nine and close at five.

Q: How do I return an order?
Or: Can I send something back?
A: Send it back within thirty days.
"""


def test_a_tenant_is_onboarded_without_a_shell(operator, acme, live_server_url, live_worker):
    slug = f"second-{acme.slug}"
    email = f"owner@{slug}.example"

    operator.save("tenants/tenant/add/", name="Second", slug=slug, email=email)
    tenant = Tenant.objects.get(slug=slug)
    operator.save("assistants/assistant/add/", tenant=tenant.id, name="Guide", greeting="Welcome!")
    assistant_id = _only_row(operator, "assistants/assistant/", tenant)
    operator.save(
        "assistants/knowledgesource/add/",
        assistant=assistant_id,
        kind="faq",
        title="Help",
        text=FAQ,
    )
    operator.save("widgets/bubble/add/", tenant=tenant.id, name="Site")
    bubble_id = _only_row(operator, "widgets/bubble/", tenant)
    token = _token(operator, bubble_id, Credential.Kind.WIDGET_TOKEN)
    _wait_until_read(tenant)

    answer = httpx.post(
        f"{live_server_url}/api/widgets/{tenant.id}/chat",
        json={"sessionId": "first", "message": "When are you open?"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=40,
    )
    with tenant_scope(tenant.id):
        link = invitations.link_of(Invitation.objects.get(email=email))
        invitations.accept(link.split("/")[-2], name="Olga", password=PASSWORD)
    pair = sessions.log_in(email=email, password=PASSWORD)
    inbox = httpx.get(
        f"{live_server_url}/api/conversations", headers={"Authorization": f"Bearer {pair.access}"}
    ).json()["results"]

    assert answer.status_code == 200
    assert "We open at nine and close at five." in answer.json()["message"]
    assert answer.json()["metadata"]["sources"]
    assert [row["id"] for row in inbox] == [answer.json()["conversationId"]]
    assert Membership.objects.get(tenant=tenant).role == "owner"
    config = httpx.get(f"{live_server_url}/api/widgets/{tenant.id}/config").json()["config"]
    assert config["greeting"] == "Welcome!"


def _only_row(operator, path, tenant):
    page = operator.get(path, tenant__id__exact=tenant.id)
    (row,) = page.context["cl"].result_list
    return str(row.id)


def _token(operator, bubble_id, kind):
    credential = Credential.objects.get(kind=kind, subject_id=bubble_id)
    (token,) = shown_secrets(operator.post(f"tenants/credential/{credential.id}/show/"))
    assert token == credentials.reveal(credential)
    return token


def _wait_until_read(tenant, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with tenant_scope(tenant.id):
            if KnowledgeSource.objects.get().status == "ready":
                return
        time.sleep(0.1)
    pytest.fail("The worker did not read the source.")


def test_the_bubbles_page_shows_a_snippet_that_works(operator, acme):
    operator.save("widgets/bubble/add/", tenant=acme.id, name="Site")
    with tenant_scope(acme.id):
        bubble = Bubble.objects.select_related("public_code").get()

    page = operator.get(f"widgets/bubble/{bubble.id}/change/")

    (snippet,) = shown_secrets(page)
    token = Credential.objects.get(kind=Credential.Kind.BUBBLE_TOKEN, subject_id=bubble.id)
    assert f'code: "{bubble.code}"' in snippet
    assert f'token: "{credentials.reveal(token)}"' in snippet
    assert "/assets/chat-widget.js" in snippet
    assert bubble.is_default
