"""Two contacts become one while their visitors go on."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

from conversations import contacts
from conversations.contact_changes import create_contact, merge_contacts
from conversations.models import Contact, Conversation, VisitorSession
from conversations.sessions import continue_session
from tenants.scope import tenant_scope
from tests.factories import make_assistant, make_visitor, write

ROUNDS = 5
EMAIL = "kim@shop.example"


def test_whoever_gives_the_address_of_a_contact_that_is_being_merged_is_the_one_that_stays(acme):
    make_assistant(acme)
    for number in range(ROUNDS):
        known, stranger = make_visitor(), make_visitor()
        with tenant_scope(acme.id):
            gone = create_contact(email=f"{number}{EMAIL}")
            kept = create_contact(name="Kim")
        for visitor in (known, stranger):
            write(acme, visitor)
        say_address(acme, known, number)
        together = Barrier(3)

        def begin(act, *args, together=together):
            together.wait()
            try:
                return act(*args)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(3) as threads:
            done = [
                threads.submit(begin, merge, acme, gone, kept),
                threads.submit(begin, say_address, acme, stranger, number),
                threads.submit(begin, write, acme, known, "And?"),
            ]
        for each in done:
            each.result()

        with tenant_scope(acme.id):
            assert not Contact.objects.filter(pk=gone.pk).exists()
            assert VisitorSession.objects.filter(contact=kept).count() == 2
            assert Conversation.objects.filter(contact=kept).count() == 2


def say_address(tenant, visitor, number):
    with tenant_scope(tenant.id):
        contacts.introduce(continue_session(visitor), email=f"{number}{EMAIL}")


def merge(tenant, gone, kept):
    with tenant_scope(tenant.id):
        merge_contacts(gone, kept, actor="a test")
