from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connections

from conversations.contacts import contact_by_email, contact_by_external_id, introduce
from conversations.identity import Person, identify
from conversations.models import Contact, Conversation
from conversations.sessions import continue_session, secret_of
from tenants.scope import tenant_scope
from tests.factories import make_assistant, make_visitor, write


@pytest.mark.parametrize(
    ("find", "value"), [(contact_by_email, "Kim@Example.com"), (contact_by_external_id, "user-7")]
)
def test_a_contact_is_made_once_even_in_a_race(acme, globex, find, value):
    def go(tenant):
        try:
            with tenant_scope(tenant.id):
                return find(value).id
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        mine = set(threads.map(go, [acme] * 24))

    assert len(mine) == 1
    assert go(globex) not in mine


def test_an_address_finds_its_contact_however_it_is_written(acme):
    with tenant_scope(acme.id):
        assert contact_by_email(" KIM@example.com").id == contact_by_email("kim@example.com").id


def test_a_visitor_who_says_who_they_are_is_seen_under_that_contact(acme, globex):
    make_assistant(acme)
    visitor = make_visitor()
    received = write(acme, visitor)

    with tenant_scope(acme.id):
        session = continue_session(visitor)
        anonymous = session.contact_id
        contact = introduce(session, email="kim@example.com", name="Kim", phone="1")

        assert Conversation.objects.get(pk=received.conversation_id).contact_id == contact.id
        assert (contact.name, contact.phone) == ("Kim", "1")
        assert not Contact.objects.filter(pk=anonymous).exists()
    with tenant_scope(globex.id):
        assert not Contact.objects.exists()


def test_a_typed_address_rewrites_nothing_that_is_known(acme):
    with tenant_scope(acme.id):
        known = contact_by_email("kim@example.com", name="Kim")
        known.attributes = {"plan": "gold"}
        known.save()
        stranger = continue_session(make_visitor())

        introduce(
            stranger,
            email="kim@example.com",
            name="Mallory",
            phone="2",
            attributes={"plan": "free", "city": "Bern"},
        )

        known.refresh_from_db()
        assert (known.name, known.phone) == ("Kim", "2")
        assert known.attributes == {"plan": "gold", "city": "Bern"}


def test_an_anonymous_visitor_may_correct_themselves(acme):
    with tenant_scope(acme.id):
        session = continue_session(make_visitor())
        introduce(session, name="Kym")

        assert introduce(session, name="Kim").name == "Kim"


def test_nobody_becomes_a_person_whom_the_site_vouches_for_by_typing_their_address(acme, globex):
    make_assistant(acme)
    visitor = make_visitor()
    received = write(acme, visitor)
    with tenant_scope(acme.id):
        known = contact_by_external_id("user-7", name="Kim")
        known.email = "kim@example.com"
        known.save()

        contact = introduce(continue_session(visitor), email="Kim@Example.com", name="Eve")

        conversation = Conversation.objects.get(pk=received.conversation_id)
        assert conversation.contact_id == contact.id != known.id
        assert (contact.name, contact.email) == ("Eve", None)
        assert contact.attributes == {"claimedEmail": "kim@example.com"}
        assert Contact.objects.get(pk=known.id).name == "Kim"
    with tenant_scope(globex.id):
        assert not Contact.objects.exists()


def test_who_types_an_address_and_who_proves_it_do_not_wait_for_each_other(acme, globex):
    """Both browsers are known as the same Lee, and the address is a verified Kim's."""
    kim, lee = "kim@example.com", "lee@example.com"
    for tenant in (acme, globex):
        prove(tenant, make_visitor(), "kim", kim)
    typist, provers = make_visitor(), [make_visitor() for _ in range(10)]
    secrets = [type_in(acme, visitor, lee) for visitor in (typist, *provers)][1:]

    with ThreadPoolExecutor(2) as threads:
        for number, (visitor, secret) in enumerate(zip(provers, secrets, strict=True)):
            typing = threads.submit(type_in, acme, typist, kim)
            prove(acme, replace(visitor, secret=secret), f"user-{number}", kim)
            typing.result()

    with tenant_scope(acme.id):
        claims = Contact.objects.filter(attributes__claimedEmail=kim)
        assert Contact.objects.get(email=kim).external_id == "kim"
        assert claims.filter(external_id__startswith="user-").count() == len(provers)
        assert claims.filter(email=lee).count() == 1
    with tenant_scope(globex.id):
        assert [contact.email for contact in Contact.objects.all()] == [kim]


def prove(tenant, visitor, user_id, email):
    with tenant_scope(tenant.id):
        identify(visitor, Person(user_id, email=email, is_whole=True))


def type_in(tenant, visitor, email):
    """The secret by which the browser goes on."""
    try:
        with tenant_scope(tenant.id):
            session = continue_session(visitor)
            introduce(session, email=email)
            return secret_of(session)
    finally:
        connections.close_all()
