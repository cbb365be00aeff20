"""Which tenant somebody without a credential is a guest of."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from tenants.errors import Unauthorized
from tenants.guests import GuestGrant, guest_grant
from tenants.ids import uuid7
from tenants.models import Tenant
from tests.factories import make_tenant


@pytest.fixture(autouse=True)
def public_url(settings):
    settings.PUBLIC_URL = "https://chat.example.com:8000"


@pytest.fixture
def open_house():
    return make_tenant("Acme", guests_allowed=True)


def refused(**places):
    with pytest.raises(Unauthorized) as refusal:
        guest_grant(**{"name": "", "host": "", **places})
    return refusal.value.code == "guests_not_allowed"


def test_a_tenant_lets_in_guests_by_its_id_and_slug(open_house, globex):
    expected = GuestGrant(open_house.id, tenant_is_demo=False)

    assert guest_grant(name=open_house.slug, host="") == expected
    assert guest_grant(name=str(open_house.id), host=f"{globex.slug}.example.com") == expected


def test_a_host_is_of_the_tenant_whose_slug_stands_before_the_public_one(open_house):
    grant = guest_grant(name="", host=f"{open_house.slug}.chat.example.com:8000")

    assert grant.tenant_id == open_house.id


def test_a_tenant_that_is_named_is_the_only_one_that_counts(open_house, acme):
    assert refused(name=acme.slug, host=f"{open_house.slug}.chat.example.com")
    assert refused(name="unheard-of", host=f"{open_house.slug}.chat.example.com")
    assert refused(host=f"{acme.slug}.chat.example.com")


@pytest.mark.parametrize("name", ["unheard-of", "a\0b", "é", "x" * 5000, str(uuid7()), "'"])
def test_what_is_no_tenant_is_refused(open_house, name):
    assert refused(name=name)


def test_no_suspended_tenant_lets_anybody_in(open_house):
    open_house.suspended_at = datetime.now(UTC)
    open_house.save()

    assert refused(name=open_house.slug)


@pytest.mark.parametrize("host", ["chat.example.com", "chat.example", "chat", "chat.x.example.com"])
def test_no_tenant_takes_hosts_by_being_called_like_them(open_house, host):
    with transaction.atomic():
        Tenant.objects.exclude(pk=open_house.pk).update(guests_allowed=False)
        Tenant.objects.create(name="Squatter", slug="chat")
        assert guest_grant(name="", host=host).tenant_id == open_house.id
        transaction.set_rollback(True)


def test_the_only_tenant_that_allows_guests_needs_no_name(open_house, acme):
    with transaction.atomic():
        Tenant.objects.exclude(pk=open_house.pk).update(guests_allowed=False)
        assert guest_grant(name="", host="chat.example.com").tenant_id == open_house.id

        Tenant.objects.filter(pk=acme.pk).update(guests_allowed=True)
        assert refused(host="chat.example.com")

        Tenant.objects.filter(pk=acme.pk).update(suspended_at=datetime.now(UTC))
        assert guest_grant(name="", host="chat.example.com").tenant_id == open_house.id
        transaction.set_rollback(True)
