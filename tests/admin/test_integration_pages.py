"""What operators change about web integrations and their tokens."""

import pytest

from gateways.models import WebIntegration
from tenants import credentials
from tenants.errors import Unauthorized
from tenants.models import Credential
from tenants.scope import tenant_scope
from tests.admin.operators import object_id, shown_secrets
from tests.admin.test_chat_pages import action, acts, change_page, reload
from tests.factories import make_assistant

ADD = "gateways/webintegration/add/"
TOKENS = [Credential.Kind.WEB_INTEGRATION_TOKEN]


@pytest.fixture
def integration(operator, acme):
    made = operator.save(ADD, tenant=acme.id, name="Shop")
    with tenant_scope(acme.id):
        return WebIntegration.objects.get(pk=object_id(made))


def test_an_integration_is_set_up_with_everything_that_it_has(operator, acme, integration):
    assistant = make_assistant(acme)

    operator.save(
        change_page(integration),
        assistant=assistant.pk,
        allow_web_call="on",
        origins="https://shop.example\nhttps://www.shop.example",
        browser_tools="show_product\nadd_to_cart",
    )

    changed = reload(integration)
    assert (changed.assistant_id, changed.allow_web_chat, changed.allow_web_call) == (
        assistant.pk,
        True,
        True,
    )
    assert changed.origins == ["https://shop.example", "https://www.shop.example"]
    assert changed.browser_tools == ["show_product", "add_to_cart"]
    assert acts(acme)[0] == "webintegration.created"
    assert acts(acme)[-1] == "webintegration.changed"


@pytest.mark.parametrize(
    ("field", "value"), [("origins", "shop.example"), ("browser_tools", "two words"), ("name", " ")]
)
def test_a_mistake_is_shown_beside_its_field(operator, integration, field, value):
    page = operator.submit(change_page(integration), **{field: value})

    assert field in page.context["adminform"].form.errors
    assert reload(integration).name == "Shop"


def test_another_tenants_assistant_cannot_be_chosen(operator, globex, integration):
    foreign = make_assistant(globex)

    page = operator.submit(change_page(integration), assistant=foreign.pk)

    assert "assistant" in page.context["adminform"].form.errors


def test_a_token_is_made_shown_and_rotated(operator, acme, integration):
    told = operator.post(action(integration, "new_token"), {"name": "Page"})
    again = operator.client.post(
        f"/admin/{action(integration, 'new_token')}", {"name": "Page"}, follow=True
    )
    ((token),) = shown_secrets(told)
    grant = credentials.verify(token, kinds=TOKENS)
    credential = Credential.objects.get(pk=grant.credential_id)
    listed = operator.get(change_page(integration)).content.decode()
    shown = operator.post(f"tenants/credential/{credential.pk}/show/")
    rotated = operator.post(f"tenants/credential/{credential.pk}/rotate/", {"grace": "0"})

    assert (grant.tenant_id, grant.subject_id) == (acme.id, integration.pk)
    assert "has a token of this name" in again.content.decode()
    assert f"/admin/tenants/credential/{credential.pk}/change/" in listed
    assert shown_secrets(shown) == [token]
    ((fresh),) = shown_secrets(rotated)
    assert credentials.verify(fresh, kinds=TOKENS).subject_id == integration.pk
    with pytest.raises(Unauthorized):
        credentials.verify(token, kinds=TOKENS)


def test_deleting_an_integration_revokes_its_tokens(operator, acme, integration):
    ((token),) = shown_secrets(operator.post(action(integration, "new_token"), {"name": "Page"}))

    operator.post(f"gateways/webintegration/{integration.pk}/delete/", {"post": "yes"})

    with tenant_scope(acme.id):
        assert not WebIntegration.objects.exists()
    with pytest.raises(Unauthorized):
        credentials.verify(token, kinds=TOKENS)
    assert acts(acme)[-1] == "webintegration.deleted"
