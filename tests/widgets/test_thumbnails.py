import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from conversations import attachments
from conversations.models import Attachment
from conversations.thumbnails import PIXELS_LIMIT, thumbnail_of
from tests.widgets import files, images
from tests.widgets.test_visitor_rest import Visit


def thumbnail(content, content_type):
    return thumbnail_of(ContentFile(content), content_type)


def test_thumbnails_are_small_upright_and_of_the_first_frame():
    photo = images.opened(thumbnail(images.sideways_photo(), "image/jpeg"))
    glass = images.opened(thumbnail(images.see_through_png(), "image/png"))
    moving = images.opened(thumbnail(images.moving_gif(), "image/gif"))

    assert (photo.format, photo.size) == ("WEBP", (160, 320))
    red, _, blue = photo.getpixel((80, 5))
    assert red > 200 > 60 > blue
    assert not photo.getexif()
    assert (glass.size, glass.getpixel((5, 5))[3]) == ((320, 160), 0)
    assert (moving.size, getattr(moving, "n_frames", 1)) == ((320, 320), 1)
    assert moving.convert("RGB").getpixel((5, 5))[1] > 200


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (files.HUGE_PNG, "image/png"),
        (files.PNG, "image/png"),
        (files.JPEG, "image/jpeg"),
        (files.GIF_AND_SCRIPT, "image/gif"),
        (files.WEBP, "image/webp"),
        (files.PDF, "application/pdf"),
        (files.TEXT, "text/plain"),
        (images.see_through_png(), "image/jpeg"),
        (images.see_through_png()[:300], "image/png"),
        (images.black_png(int(PIXELS_LIMIT**0.5) + 1), "image/png"),
    ],
)
def test_what_is_no_image_or_broken_or_a_bomb_has_none(content, content_type):
    assert thumbnail(content, content_type) is None


def test_an_image_is_served_small_to_its_visitor_and_to_the_team_and_goes_with_it(
    shop, live_worker, rival
):
    visit, stranger = Visit(shop), Visit(rival)
    photo = images.sideways_photo()
    with visit.client, stranger.client:
        taken = visit.client.post("attachments", files={"file": ("Me.jpg", photo)}).json()
        text = visit.client.post("attachments", files={"file": ("a.txt", files.TEXT)}).json()

        small = visit.client.get(f"attachments/{taken['id']}?thumbnail=1")
        large = visit.client.get(f"attachments/{taken['id']}")
        none = visit.client.get(f"attachments/{text['id']}?thumbnail=1")
        foreign = stranger.client.get(f"attachments/{taken['id']}?thumbnail=1")

    assert (taken["thumbnail"], text["thumbnail"]) == (True, False)
    assert images.opened(small.content).size == (160, 320)
    assert small.headers["Content-Type"] == "image/webp"
    assert small.headers["Content-Disposition"] == 'attachment; filename="Me.jpg.webp"'
    assert small.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert small.headers["X-Content-Type-Options"] == "nosniff"
    assert int(small.headers["Content-Length"]) == len(small.content)
    assert large.content == photo
    assert (none.status_code, foreign.status_code) == (404, 404)
    with shop.scope():
        row = Attachment.objects.get(pk=taken["id"])
        paths = [row.file.name, row.thumbnail.name]
        assert all(map(default_storage.exists, paths))
        attachments.let_go(Attachment.objects.filter(pk=row.pk))
    assert not any(map(default_storage.exists, paths))
