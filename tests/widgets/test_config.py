import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from assistants.versions import create_version, publish
from tenants import credentials
from tenants.models import Credential, Tenant
from tests.factories import make_assistant
from tests.widgets.shops import make_bubble
from widgets.config import DEFAULTS, cleaned_settings, complete_settings
from widgets.wording import TEXTS


def test_the_config_holds_what_the_reference_names_and_all_texts(shop, client):
    Tenant.objects.filter(pk=shop.tenant.pk).update(logo_url="https://shop.example/logo.png")

    config = client.get("config").json()["config"]

    assert config["name"] == "Acme"
    assert config["assistantId"] == str(shop.assistant.id)
    assert config["widget"]["primaryColor"] == "#2563EB"
    assert config["widget"]["position"] == "bottom-right"
    assert config["branding"]["logo"] == "https://shop.example/logo.png"
    assert config["greeting"] == "Hello! What would you like to know?"
    assert config["texts"] == TEXTS
    assert config["fileUpload"] is True
    assert config["attachments"]["maxBytes"] == 10 * 1024 * 1024
    assert "image/png" in config["attachments"]["types"]
    assert config["rating"] == config["transcript"] == {"enabled": True}
    assert "translations" not in config
    assert config["voice"] is config["phone"] is config["presencePing"] is False


def test_a_greeting_of_ours_is_in_the_pages_language_and_the_owners_as_it_is(shop, client):
    with shop.scope():
        shop.bubble.settings = {"languages": ["en", "de"]}
        shop.bubble.save()

    def greeting(locale):
        return client.get("config", params={"locale": locale}).json()["config"]["greeting"]

    assert greeting("de-AT") == "Hallo! Was möchten Sie wissen?"
    assert greeting("fr") == "Hello! What would you like to know?"
    with shop.scope():
        publish(create_version(shop.assistant, greeting="Ahoy!"))
    assert greeting("de") == "Ahoy!"


def test_nothing_secret_is_in_the_config(shop, client):
    with shop.scope():
        shop.bubble.origins = ["https://internal.example"]
        shop.bubble.save()

    text = client.get("config").text

    for secret in (shop.token, "internal.example", "instructions", shop.tenant.slug):
        assert secret not in text


def test_the_config_needs_no_token_but_refuses_a_wrong_one(shop):
    for widget_id in (str(shop.tenant.id), shop.bubble.code):
        with shop.client(token="", widget_id=widget_id) as client:
            assert client.get("config").status_code == 200
        with shop.client(token="wt_wrong", widget_id=widget_id) as client:
            assert client.get("config").status_code == 401


def test_the_token_says_which_bubble_is_meant(shop):
    second = make_bubble(shop, name="Second", settings={"widget": {"title": "Second"}})

    with shop.client(token=shop.token_of(second)) as client:
        assert client.get("config").json()["config"]["widget"]["title"] == "Second"
    with shop.client() as client:
        assert client.get("config").json()["config"]["widget"]["title"] == ""


def test_a_bubble_without_an_assistant_shows_the_default_one(shop):
    bubble = make_bubble(shop, name="Nobody's")
    with shop.scope():
        bubble.assistant = None
        bubble.save()

    with shop.client(widget_id=bubble.code, token="") as client:
        config = client.get("config").json()["config"]

    assert config["assistantId"] == str(shop.assistant.id)


def test_a_tenant_without_a_bubble_has_no_widget(globex, shop):
    make_assistant(globex)

    with shop.client(widget_id=str(globex.id), token="") as client:
        assert client.get("config").status_code == 404


def test_a_config_that_is_known_is_not_sent_again(shop, client):
    first = client.get("config")
    etag = first.headers["ETag"]

    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = client.get("config", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == etag
    with shop.scope():
        shop.bubble.settings = {"widget": {"size": "big"}}
        shop.bubble.save()
    changed = client.get("config", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag
    assert "no-cache" in changed.headers["Cache-Control"]


def test_a_suspended_tenants_widget_is_closed(shop):
    Tenant.objects.filter(pk=shop.tenant.pk).update(suspended_at=timezone.now())

    for token in ("", shop.token):
        with shop.client(token=token) as client:
            answer = client.get("config")
            assert (answer.status_code, answer.json()["code"]) == (403, "tenant_suspended")


def test_a_rotated_token_works_beside_its_successor(shop):
    old = shop.token
    credential = Credential.objects.get(
        tenant=shop.tenant, kind="widget_token", subject_id=shop.bubble.id
    )
    new = credentials.rotate(credential).secret

    for token in (old, new):
        with shop.client(token=token) as client:
            assert client.get("config").status_code == 200
    with shop.client(token="") as client:
        assert client.post("session").json()["widgetToken"] == new


def test_settings_are_kept_as_given_and_completed_by_defaults():
    given = {"widget": {"primaryColor": "default", "size": "big"}, "texts": {"send": "Senden"}}

    cleaned = cleaned_settings(given)

    assert cleaned == {
        "widget": {"primaryColor": "#2563EB", "size": "big"},
        "texts": {"send": "Senden"},
    }
    complete = complete_settings(cleaned)
    assert complete["widget"] == {**DEFAULTS["widget"], "size": "big"}
    assert complete["texts"] == {**TEXTS, "send": "Senden"}
    assert complete["popups"] == DEFAULTS["popups"]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ([], "dictionary"),
        (None, "No data"),
        ({"widgt": {}}, "widgt: There is no such setting."),
        ({"widget": None}, "widget"),
        ({"widget": {"primaryColor": "red"}}, "widget.primaryColor"),
        ({"widget": {"position": "middle"}}, "widget.position"),
        ({"widget": {"customCss": "a { background: URL (x) }"}}, "widget.customCss"),
        ({"widget": {"customCss": "</style><script>"}}, "widget.customCss"),
        ({"widget": {"customCss": "@import 'x'"}}, "widget.customCss"),
        ({"widget": {"customCss": "a{background:\\75rl(x)}"}}, "widget.customCss"),
        ({"widget": {"avatar": "javascript:alert(1)"}}, "widget.avatar"),
        ({"branding": {"logo": "//evil.example/x"}}, "branding.logo"),
        ({"popups": {"delaySeconds": -1}}, "popups.delaySeconds"),
        ({"popups": {"messages": ["x"] * 6}}, "popups.messages"),
        ({"preChatForm": {"fields": [{"name": "email"}]}}, "preChatForm.fields.0.label"),
        ({"businessHours": {"timezone": "Mars"}}, "businessHours.timezone"),
        ({"businessHours": {"hours": [{"day": 8, "opens": "09:00", "closes": "17:00"}]}}, "day"),
        ({"triggers": [{"event": "magic", "message": "x"}]}, "triggers.0.event"),
        ({"texts": {"nonsense": "x"}}, "texts.nonsense"),
        ({"languages": ["english!"]}, "languages"),
        ({"translations": {"de": {"sned": "x"}}}, "translations.de.sned: There is no such"),
        ({"translations": {"de": {"send": "x" * 301}}}, "translations.de.send"),
        ({"translations": {"German": {}}}, "translations.German"),
        ({"translations": {"de": "Senden"}}, "translations.de"),
        ({"widget": {"customLauncher": "a {}"}}, "widget.customLauncher"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(shop, settings, problem):
    with pytest.raises(ValidationError, match=problem):
        cleaned_settings(settings)
    with pytest.raises(ValidationError):
        make_bubble(shop, name="Bad", settings=settings)


@pytest.mark.parametrize(
    "fields",
    [
        {"origins": ["shop.example"]},
        {"origins": ["https://shop.example/path"]},
        {"domains": ["https://shop.example"]},
        {"domains": ["*.shop.example"]},
        {"name": ""},
    ],
)
def test_bubbles_that_make_no_sense_are_refused(shop, fields):
    with pytest.raises(ValidationError):
        make_bubble(shop, **{"name": "Bad", **fields})
    assert Credential.objects.filter(tenant=shop.tenant, kind="widget_token").count() == 1
