"""Which of the open sockets' permissions have ended."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tenants import access, credentials, sessions
from tenants.credentials import Kind
from tenants.guests import guest_grant
from tenants.ids import uuid7
from tenants.models import Credential
from tests.factories import PASSWORD, make_member


def key_of(tenant, kind=Kind.API_KEY):
    issued = credentials.issue(tenant, kind, subject_id=uuid7())
    return issued.credential, credentials.verify(issued.secret, kinds=[kind])


def member_of(tenant):
    member = make_member(tenant)
    pair = sessions.log_in(email=member.user.email, password=PASSWORD)
    return member, sessions.verify_access(pair.access)


def guest_of(tenant):
    tenant.guests_allowed = True
    tenant.save()
    return guest_grant(name=tenant.slug, host="")


def test_nothing_is_asked_for_nobody():
    with CaptureQueriesContext(connections["default"]) as queries:
        assert access.invalid(set()) == set()

    assert len(queries) == 0


def test_a_query_for_each_kind_whatever_the_number(acme, globex):
    grants = {key_of(tenant, kind)[1] for tenant in (acme, globex) for kind in Kind}
    grants |= {member_of(tenant)[1] for tenant in (acme, globex)}
    grants |= {guest_of(tenant) for tenant in (acme, globex)}

    with CaptureQueriesContext(connections["default"]) as queries:
        assert access.invalid(grants) == set()

    assert (len(grants), len(queries)) == (16, 3)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("how", ["revoked", "expired", "rotated", "deleted", "suspended"])
def test_an_ended_credential_is_found(acme, globex, kind, how):
    credential, grant = key_of(acme, kind)
    _, other = key_of(globex, kind)
    past = datetime.now(UTC) - timedelta(seconds=1)

    if how == "revoked":
        credentials.revoke(credential)
    elif how == "expired":
        Credential.objects.filter(pk=credential.pk).update(expires_at=past)
    elif how == "rotated":
        credentials.rotate(credential, grace=timedelta())
    elif how == "deleted":
        credential.delete()
    else:
        acme.suspended_at = past
        acme.save()

    assert access.invalid({grant, other}) == {grant}


def test_a_credential_within_its_grace_period_is_still_good(acme):
    credential, grant = key_of(acme)
    credentials.rotate(credential)

    assert access.invalid({grant}) == set()


def test_an_access_tokens_own_end_is_the_sockets_business(acme):
    """A socket outlives it by authenticating again, and otherwise ends itself."""
    _, grant = member_of(acme)

    assert access.invalid({grant}) == set()
    assert grant.expires_at - datetime.now(UTC) <= timedelta(minutes=15)


@pytest.mark.parametrize("how", ["no longer allowed", "suspended"])
def test_guests_stay_while_their_tenant_lets_them_in(acme, globex, how):
    grant, other = guest_of(acme), guest_of(globex)
    assert access.invalid({grant, other}) == set()

    if how == "suspended":
        acme.suspended_at = datetime.now(UTC)
    else:
        acme.guests_allowed = False
    acme.save()

    assert access.invalid({grant, other}) == {grant}
