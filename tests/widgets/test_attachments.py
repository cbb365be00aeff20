from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from conversations import attachments, engine
from conversations.attachments import clean_name
from conversations.models import Attachment, Message, VisitorSession
from tenants.models import Tenant
from tests.factories import make_member
from tests.widgets import files
from tests.widgets.test_visitor_rest import Visit

TAKEN = [
    (files.PNG, "photo.png", "image/png", "photo.png"),
    (files.HUGE_PNG, "bomb.png", "image/png", "bomb.png"),
    (files.JPEG, "Photo.JPEG", "image/jpeg", "Photo.jpeg"),
    (files.JPEG, "photo.png", "image/jpeg", "photo.png.jpg"),
    (files.GIF, "a.gif", "image/gif", "a.gif"),
    (files.GIF_AND_SCRIPT, "a.js", "image/gif", "a.js.gif"),
    (files.WEBP, "a.webp", "image/webp", "a.webp"),
    (files.PDF, "terms.pdf", "application/pdf", "terms.pdf"),
    (files.TEXT, "notes.txt", "text/plain", "notes.txt"),
    (files.TEXT, "README.md", "text/plain", "README.md"),
    (files.TEXT, "run.sh", "text/plain", "run.sh.txt"),
    (files.CSV, "sums.csv", "text/plain", "sums.csv.txt"),
    (files.EICAR, "eicar.com", "text/plain", "eicar.com.txt"),
]
REFUSED = [
    (files.SVG, "drawing.svg"),
    (files.SVG, "drawing.png"),
    (files.HTML, "photo.png"),
    (files.HTML, "page.txt"),
    (files.LATE_HTML, "page.txt"),
    (files.XML, "data.xml"),
    (files.EXE, "setup.png"),
    (files.ELF, "a.txt"),
    (files.ZIP, "a.docx"),
    (files.WAV, "a.webp"),
    (files.UTF16, "a.txt"),
    (files.LATIN1, "a.txt"),
    (files.NUL_TEXT, "a.txt"),
]


@pytest.fixture
def visit(shop, live_worker):
    Tenant.objects.filter(pk=shop.tenant.pk).update(is_demo=True)
    visit = Visit(shop)
    with visit.client:
        yield visit


def upload(visit, content, name="notes.txt", kind="application/octet-stream"):
    return visit.client.post("attachments", files={"file": (name, content, kind)})


def stored_files(visit):
    with visit.shop.scope():
        return list(Attachment.objects.order_by("id"))


@pytest.mark.parametrize(("content", "name", "content_type", "kept_as"), TAKEN)
def test_files_are_taken_by_their_content_and_served_harmlessly(
    visit, content, name, content_type, kept_as
):
    taken = upload(visit, content, name, "text/html")

    body = taken.json()
    served = visit.client.get(f"attachments/{body['id']}")
    assert taken.status_code == 201
    assert (body["contentType"], body["name"]) == (content_type, kept_as)
    assert body["size"] == len(content)
    assert served.content == content
    assert served.headers["Content-Type"].split(";")[0] == content_type
    assert served.headers["Content-Disposition"] == f'attachment; filename="{kept_as}"'
    assert served.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert served.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("content", "name"), REFUSED)
def test_other_kinds_are_refused_whatever_they_are_called(visit, content, name):
    answer = upload(visit, content, name, "image/png")

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_file")
    assert stored_files(visit) == []


@pytest.mark.parametrize(
    ("name", "kept_as"),
    [
        ("../../etc/passwd", "passwd.txt"),
        ("C:\\Windows\\notes.txt", "notes.txt"),
        ("photo\u202egnp.txt", "photognp.txt"),
        ("a\u200bb\x00c\r\nd.txt", "abc  d.txt"),
        ("x" * 400 + ".txt", "x" * 100 + ".txt"),
        ("", "file.txt"),
        (".txt", "txt.txt"),
        ("...", "file.txt"),
        ('a"b<c>|d?.txt', "a_b_c__d_.txt"),
        ("CON.txt ", "CON.txt"),
        ("Grüße 日本 🎉.txt", "Grüße 日本 🎉.txt"),
        ("e\u0301.txt", "é.txt"),
        ("a\ud800.txt", "a.txt"),
    ],
)
def test_names_say_what_the_file_is_and_nothing_else(name, kept_as):
    assert clean_name(name, "text/plain") == kept_as


def test_a_name_may_use_any_script(visit):
    body = upload(visit, files.TEXT, "Grüße 日本.txt").json()

    served = visit.client.get(f"attachments/{body['id']}")

    assert body["name"] == "Grüße 日本.txt"
    assert "filename*=utf-8''" in served.headers["Content-Disposition"].lower()


@pytest.mark.parametrize("size", [attachments.FILE_LIMIT, attachments.FILE_LIMIT + 1, 11_400_000])
def test_files_beyond_ten_mebibytes_are_refused(visit, size):
    answer = upload(visit, b"a" * size)

    expected = 201 if size <= attachments.FILE_LIMIT else 413
    assert answer.status_code == expected
    assert len(stored_files(visit)) == (1 if expected == 201 else 0)


def test_an_upload_beyond_the_body_limit_is_refused_early(visit):
    answer = upload(visit, b"a" * (12 * 1024 * 1024))

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_session_has_room_for_so_many_bytes(visit):
    with visit.shop.scope():
        Attachment.objects.create(
            tenant=visit.shop.tenant,
            session=VisitorSession.objects.get(),
            file="attachments/x",
            name="x",
            content_type="text/plain",
            size=attachments.SESSION_LIMIT - 10,
        )

    assert upload(visit, b"a" * 10).status_code == 201
    answer = upload(visit, b"a")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_files")


def test_ten_uploads_in_ten_minutes_are_enough(visit):
    Tenant.objects.filter(pk=visit.shop.tenant.pk).update(is_demo=False)

    answers = [upload(visit, files.TEXT).status_code for _ in range(11)]

    assert answers == [201] * 10 + [429]


def test_a_bubble_may_take_no_files(visit):
    with visit.shop.scope():
        visit.shop.bubble.file_upload = False
        visit.shop.bubble.save()

    answer = upload(visit, files.TEXT)

    assert (answer.status_code, answer.json()["code"]) == (400, "files_not_allowed")


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"Content-Type": "multipart/form-data"}, b"x", 400),
        ({"Content-Type": "multipart/form-data; boundary="}, b"x", 400),
        ({"Content-Type": "multipart/form-data; boundary=" + "b" * 400}, b"x", 415),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"--b\r\nbroken", 400),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"", 400),
        ({"Content-Type": "multipart/form-data; boundary=b; charset=bogus"}, b"--b--", 415),
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "application/octet-stream"}, b"x", 415),
        ({}, b"x", 415),
        (
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\n!!!\r\n--b--\r\n",
            400,
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--b--\r\n',
            400,
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=b"},
            b"".join(
                b'--b\r\nContent-Disposition: form-data; name="f%d"; filename="a"\r\n\r\nx\r\n' % n
                for n in range(150)
            )
            + b"--b--\r\n",
            400,
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=b"},
            b"".join(
                b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % n
                for n in range(1500)
            )
            + b"--b--\r\n",
            400,
        ),
    ],
)
def test_forms_that_make_no_sense_are_refused(visit, headers, content, status):
    answer = visit.client.post("attachments", content=content, headers=headers)

    assert answer.status_code == status
    assert answer.json()["code"]
    assert stored_files(visit) == []


def test_an_empty_file_is_refused(visit):
    answer = upload(visit, b"")

    assert (answer.status_code, answer.json()["code"]) == (400, "file_empty")


def test_a_file_goes_with_a_message_once(visit):
    file = upload(visit, files.PNG, "photo.png").json()
    body = {"sessionId": visit.label, "message": "", "attachments": [file["id"]]}

    first = visit.client.post("chat", json={**body, "messageId": "m"})
    repeat = visit.client.post("chat", json={**body, "messageId": "m"})
    again = visit.client.post("chat", json=body)

    assert (first.status_code, repeat.json()) == (200, first.json())
    assert (again.status_code, again.json()["code"]) == (400, "attachment_sent")
    history = visit.client.get(visit.path("messages")).json()["results"]
    sent = next(item for item in history if item["attachments"])
    del file["success"]
    assert sent["attachments"] == [file]
    assert sent["author"]["kind"] == "visitor"


def test_files_of_others_cannot_be_sent_or_read(visit, rival):
    stranger = Visit(rival)
    neighbour = Visit(visit.shop, "neighbour")
    ids = [upload(other, files.PNG).json()["id"] for other in (stranger, neighbour)]
    stranger.client.close()
    neighbour.client.close()

    for file_id in [*ids, "conv-456", "x" * 400, ""]:
        body = {"sessionId": visit.label, "message": "x", "attachments": [file_id]}
        answer = visit.client.post("chat", json=body)
        assert (answer.status_code, answer.json()["success"]) == (400, False)
        if file_id:
            assert visit.client.get(f"attachments/{file_id}").status_code == 404
    with visit.shop.scope():
        assert not Message.objects.filter(text="x").exists()


def test_the_visitor_sees_the_teams_files_but_not_those_of_its_notes(visit):
    def send(*, private):
        with visit.shop.scope():
            file = Attachment.objects.create(
                tenant=visit.shop.tenant,
                file=default_storage.save("attachments/test", ContentFile(b"team")),
                name="team.txt",
                content_type="text/plain",
                size=4,
            )
            conversation = engine.team_conversation(visit.conversation_id)
            engine.post_reply(conversation, member, text="x", private=private, files=[file])
            return file.id

    member = make_member(visit.shop.tenant)
    shown, hidden = send(private=False), send(private=True)

    assert visit.client.get(f"attachments/{shown}").content == b"team"
    assert visit.client.get(f"attachments/{hidden}").status_code == 404


def test_a_file_that_the_storage_lost_is_not_found(visit):
    file_id = upload(visit, files.TEXT).json()["id"]
    with visit.shop.scope():
        default_storage.delete(Attachment.objects.get(pk=file_id).file.name)

    assert visit.client.get(f"attachments/{file_id}").status_code == 404


def test_files_that_nobody_sent_are_forgotten(visit):
    old, new = (upload(visit, files.TEXT).json()["id"] for _ in range(2))
    with visit.shop.scope():
        lost = Attachment.objects.get(pk=old)
        Attachment.objects.filter(pk=old).update(created_at=lost.created_at - timedelta(days=2))

    attachments.forget_unsent()

    assert [str(file.id) for file in stored_files(visit)] == [new]
    assert not default_storage.exists(lost.file.name)
