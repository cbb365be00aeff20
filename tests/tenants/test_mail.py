"""Mail from the transaction that writes it to the server that takes it, or does not."""

import email
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from email import policy

import pytest
from django.core.exceptions import ValidationError
from django.db import connections, transaction
from django.db.models.functions import Now
from django.test import override_settings

from realtime import bus
from tenants import mail, mail_delivery, mail_smtp, tasks
from tenants.colors import OWN, accents, contrast
from tenants.models import AccountMail, Mail
from tenants.scope import platform_scope, tenant_scope
from tests.factories import make_tenant
from tests.tenants.mail_server import HangingServer, MailServer
from tests.waiting import until

SMTP = {
    "EMAIL_BACKEND": "tenants.mail_smtp.Backend",
    "EMAIL_HOST": "127.0.0.1",
    "MAIL_FROM": "Chat <chat@host.example>",
}


@pytest.fixture
def server():
    """The only one that there is; what waited before is somebody else's."""
    forget_all()
    server = MailServer()
    with override_settings(**SMTP, EMAIL_PORT=server.port):
        yield server
    server.close()
    forget_all()


def forget_all():
    with platform_scope("operators' admin"):
        for model in (Mail, AccountMail):
            model.objects.filter(state="waiting").delete()


def address():
    return f"{uuid.uuid4().hex[:12]}@people.example"


def write(tenant, to, **options):
    with tenant_scope(tenant.id):
        mail.send("test", to, {}, **options)


def row_of(to):
    with platform_scope("operators' admin"):
        return (Mail.objects.filter(to=to) or AccountMail.objects.filter(to=to)).get()


def make_due(to):
    with platform_scope("operators' admin"):
        Mail.objects.filter(to=to).update(due_at=Now() - timedelta(seconds=1))


def closing(act):
    """The same for a thread of its own, which leaves no connection behind."""

    def inner():
        try:
            act()
        finally:
            connections.close_all()

    return inner


def parsed(raw):
    return email.message_from_bytes(raw, policy=policy.default)


def test_mail_is_written_with_what_it_tells_of_and_sent_once(server, monkeypatch):
    nudges = []
    monkeypatch.setattr(bus, "nudge", nudges.append)
    acme = make_tenant("Acme\r\nBcc: x@evil.example", brand_color="#ffdd00")
    to, other = address(), address()
    for _ in range(2):
        write(acme, to, key=f"once {to}", reply_to="team@acme.example", language="ar")
    with transaction.atomic():
        mail.send("test", other, {})
        assert nudges == [mail.NUDGE] * 2

    mail_delivery.send_waiting()
    mail_delivery.send_waiting()

    own, theirs = map(parsed, server.received)
    html = theirs.get_body("html").get_content()
    assert nudges == [mail.NUDGE] * 3
    assert (own["To"], own["From"]) == (other, "LiveChat <chat@host.example>")
    assert (theirs["To"], theirs["Reply-To"], theirs["Bcc"]) == (to, "team@acme.example", None)
    assert theirs["From"].addresses[0].display_name == "Acme Bcc: x@evil.example"
    assert theirs["Message-ID"] == f"<{row_of(to).pk}@host.example>"
    assert theirs["Auto-Submitted"] == "auto-generated"
    assert "you asked for" in theirs.get_body("plain").get_content()
    assert 'dir="rtl"' in html
    assert (row_of(to).state, row_of(to).text, row_of(to).html) == ("sent", "", "")
    assert row_of(other).state == "sent"


def test_what_is_undone_is_not_mailed(acme):
    to = address()
    with suppress(RuntimeError), tenant_scope(acme.id):
        mail.send("test", to, {})
        raise RuntimeError
    for bad in ("nobody", "a@b.example\nBcc: c@d.example", "a@b.example, c@d.example"):
        with pytest.raises(ValidationError):
            write(acme, bad)

    with tenant_scope(acme.id):
        assert not Mail.objects.exists()


def test_a_mail_is_tried_again_later_and_fails_in_the_end(server, acme, globex):
    busy, refused, fine = address(), address(), address()
    # An address that Django's own check lets through, and that cannot be spelled in a header.
    strange = f"{fine.partition('@')[0]}@{'ü' * 60}.example"
    server.refusals |= {busy: 450, refused: 550}
    for tenant, to in ((acme, strange), (acme, busy), (acme, refused), (globex, fine)):
        write(tenant, to)

    mail_delivery.send_waiting()

    assert [row_of(to).state for to in (busy, refused, fine)] == ["waiting", "failed", "sent"]
    assert (row_of(strange).state, row_of(strange).attempts) == ("failed", 1)
    assert "450" in row_of(busy).problem
    for _ in mail_delivery.PAUSES:
        mail_delivery.send_waiting()
        make_due(busy)
        mail_delivery.send_waiting()
    assert (row_of(busy).state, row_of(busy).attempts) == ("failed", len(mail_delivery.PAUSES) + 1)

    server.refusals.clear()
    with platform_scope("operators' admin"):
        mail_delivery.send_again(row_of(busy))
    mail_delivery.send_waiting()
    assert row_of(busy).state == "sent"


def test_a_server_that_is_away_is_asked_once_and_mail_waits(server, acme):
    server.close()
    first, second = address(), address()
    for to in (first, second):
        write(acme, to)

    mail_delivery.send_waiting()

    assert [row_of(to).attempts for to in (first, second)] == [1, 0]
    assert "refused" in row_of(first).problem


def test_a_slow_server_holds_one_thread_alone(server, acme):
    """Who finds another at work leaves, and what came meanwhile is sent by that one."""
    first, second = address(), address()
    server.gate.clear()
    write(acme, first)

    with ThreadPoolExecutor(1) as threads:
        sender = threads.submit(closing(mail_delivery.send_waiting))
        server.waits.wait(10)
        write(acme, second)
        mail_delivery.send_waiting()
        states = [row_of(to).attempts for to in (first, second)]
        server.gate.set()
        sender.result()

    assert states == [1, 0]
    assert [row_of(to).state for to in (first, second)] == ["sent", "sent"]


@pytest.mark.parametrize("words", [b"", b"2"], ids=["says nothing", "says a letter at a time"])
def test_a_server_that_hangs_costs_a_mail_its_time_and_the_worker_none(acme, monkeypatch, words):
    """With TLS as without; what called for it to be sent has long gone on."""
    forget_all()
    for is_secure in (False, True):
        hanging, to = HangingServer(words), address()
        options = {"EMAIL_PORT": hanging.port, "EMAIL_USE_SSL": is_secure}
        monkeypatch.setattr(mail_smtp, "CONNECTION_SECONDS", 600)
        with override_settings(**SMTP, **options):
            write(acme, to)
            tasks.send_mail()
            hanging.waits.wait(10)
            assert (row_of(to).attempts, row_of(to).problem) == (1, "")
            # To another thread it would be as if nothing was to be sent.
            mail_delivery.send_waiting()
            hanging.close()
            until(lambda to=to: row_of(to).problem)

        hanging, to = HangingServer(words), address()
        monkeypatch.setattr(mail_smtp, "CONNECTION_SECONDS", 0.2)
        with override_settings(**SMTP, **options | {"EMAIL_PORT": hanging.port}):
            write(acme, to)
            until(lambda: not mail_delivery._sending.locked())
            mail_delivery.send_waiting()
        assert (row_of(to).state, row_of(to).attempts) == ("waiting", 1)
        assert row_of(to).problem
        hanging.close()
    forget_all()


def test_without_a_server_mail_is_a_readable_file_each(acme, tmp_path):
    forget_all()
    to = address()
    folder = tmp_path / "mail"
    write(acme, to)
    with override_settings(
        EMAIL_BACKEND="tenants.mail_folder.FolderBackend", EMAIL_FILE_PATH=str(folder)
    ):
        mail_delivery.send_waiting()

    (file,) = folder.glob("*.eml")
    assert f"{to} LiveChat can send mail" in file.name
    assert "This is the mail that you asked for" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


def test_old_mail_is_forgotten(acme):
    old, new = address(), address()
    for to in (old, new):
        write(acme, to)
    with platform_scope("operators' admin"):
        Mail.objects.filter(to=old).update(created_at=Now() - timedelta(days=31))

    mail_delivery.forget_old()

    with tenant_scope(acme.id):
        assert [row.to for row in Mail.objects.all()] == [new]


@pytest.mark.parametrize("color", ["#ffdd00", "#000000", "#ffffff", "#777777", "red", ""])
def test_every_brand_is_readable(color):
    found = accents(color)

    assert found.brand == (color if color.startswith("#") else OWN)
    assert contrast(found.brand, found.on_brand) >= 4.5
    assert contrast(found.text, "#ffffff") >= 4.5
    assert contrast(found.dark_text, "#1b1d22") >= 4.5
