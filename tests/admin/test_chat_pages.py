"""What operators change about assistants, knowledge and bubbles."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections

from assistants.admin import providers
from assistants.knowledge.ingestion import add_source, ingest
from assistants.models import Assistant, KnowledgeSource, Provider
from livechat.embedded.redis import free_port
from tenants import credentials
from tenants.models import AuditEntry, Credential
from tenants.scope import tenant_scope
from tests.admin.operators import Member, filled, object_id, problems, shown_secrets
from tests.assistants.pdfs import make_pdf
from tests.assistants.writing import provider
from tests.factories import make_assistant, make_member, make_tenant
from widgets.bubbles import create_bubble
from widgets.config import complete_settings
from widgets.models import Bubble


@pytest.fixture
def assistant(acme):
    return make_assistant(acme, greeting="Hello!")


@pytest.fixture
def bubble(acme, assistant):
    return create_bubble(acme, assistant, name="Site", is_default=True)


@pytest.fixture(scope="module")
def untouched(operator):
    """A bubble that no test changes, and its form, filled in."""
    tenant = make_tenant("Acme")
    bubble = create_bubble(tenant, make_assistant(tenant), name="Site", is_default=True)
    return bubble, filled(operator.get(change_page(bubble)))


def reload(row):
    with tenant_scope(row.tenant_id):
        related = {"production", "staging"} if isinstance(row, Assistant) else set()
        return type(row).objects.select_related(*related).get(pk=row.pk)


def acts(tenant):
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("at").values_list("action", flat=True))


def change_page(row):
    return f"{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


def action(row, name):
    return f"{row._meta.app_label}/{row._meta.model_name}/{row.pk}/{name}/"


def test_a_change_of_an_assistant_stages_a_version(operator, acme, assistant):
    operator.save(change_page(assistant), greeting="Good day!", answer_threshold="0.6")

    changed = reload(assistant)
    assert (changed.production.number, changed.production.greeting) == (1, "Hello!")
    assert (changed.staging.number, changed.staging.greeting) == (2, "Good day!")
    assert changed.staging.answer_threshold == 0.6
    assert acts(acme)[-1] == "assistant.changed"


def test_a_new_name_makes_no_version(operator, assistant):
    operator.save(change_page(assistant), name="Grace")

    changed = reload(assistant)
    assert (changed.name, changed.staging.number) == ("Grace", 1)


def test_publishing_and_rolling_back(operator, acme, assistant):
    operator.save(change_page(assistant), greeting="Good day!")

    asked = operator.get(action(assistant, "publish"))
    before = reload(assistant).production.number
    operator.post(action(assistant, "publish"))
    published = reload(assistant).production.number
    operator.post(action(assistant, "roll_back"))
    rolled_back = reload(assistant).production.number
    page = operator.client.post(f"/admin/{action(assistant, 'roll_back')}", follow=True)

    assert asked.status_code == 200
    assert (before, published, rolled_back) == (1, 2, 1)
    assert "There is no earlier version." in page.content.decode()
    assert acts(acme)[-2:] == ["assistant.published", "assistant.rolled_back"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("answer_threshold", "1.5"), ("margin", "-1"), ("offer_threshold", "much"), ("engine", "x")],
)
def test_settings_of_an_assistant_are_checked(operator, assistant, field, value):
    page = operator.submit(change_page(assistant), **{field: value})

    assert field in page.context["adminform"].form.errors
    assert reload(assistant).staging.number == 1


def test_the_first_assistant_is_the_default_until_another_is_chosen(operator, acme, assistant):
    operator.save("assistants/assistant/add/", tenant=acme.id, name="Grace")
    with tenant_scope(acme.id):
        second = Assistant.objects.get(name="Grace")

    operator.post(action(second, "make_default"))

    assert not second.is_default
    assert (reload(assistant).is_default, reload(second).is_default) == (False, True)


def test_an_api_token_is_made_for_an_assistant(operator, assistant):
    shown = operator.post(action(assistant, "issue_token")).content.decode()

    credential = Credential.objects.get(subject_id=assistant.pk)
    assert credentials.reveal(credential) in shown
    page = operator.get(change_page(assistant)).content.decode()
    assert credential.kind == Credential.Kind.API_TOKEN
    assert f"/admin/tenants/credential/{credential.pk}/change/" in page


def add_knowledge(operator, assistant, **fields):
    operator.save(
        "assistants/knowledgesource/add/", assistant=assistant.pk, **{"title": "Help", **fields}
    )
    with tenant_scope(assistant.tenant_id):
        return KnowledgeSource.objects.get(title=fields.get("title", "Help"))


@pytest.mark.parametrize(
    ("kind", "fields", "entries"),
    [
        ("text", {"text": "We open at nine."}, ["We open at nine."]),
        ("markdown", {"file": ("help.md", b"# Hours\n\nWe open at nine.")}, ["We open at nine."]),
        ("html", {"file": ("a.html", b"<h1>Hours</h1><p>We open at nine.")}, ["We open at nine."]),
        ("pdf", {"file": ("a.pdf", make_pdf("We open at nine."))}, ["We open at nine."]),
        ("faq", {"text": "Q: When?\nOr: What time?\nA: At nine.\nOr ten."}, ["At nine.\nOr ten."]),
        ("faq", {"text": '[{"question": "When?", "answer": "At nine."}]'}, ["At nine."]),
    ],
)
def test_knowledge_is_added_in_every_form(operator, acme, assistant, kind, fields, entries):
    if "file" in fields:
        fields = {"file": SimpleUploadedFile(*fields["file"])}

    source = add_knowledge(operator, assistant, kind=kind, **fields)
    ingest(source)

    assert (source.tenant_id, source.kind, source.status) == (acme.id, kind, "pending")
    with tenant_scope(acme.id):
        assert [entry.text for entry in source.entries.all()] == entries
    page = operator.get(change_page(source)).content.decode()
    assert "ready" in page.lower()
    assert "knowledgesource.created" in acts(acme)


@pytest.mark.parametrize(
    ("kind", "fields", "field", "sentence"),
    [
        ("text", {}, "text", "This file is empty."),
        ("text", {"file": b""}, "file", "This file is empty."),
        ("text", {"file": b"%PDF-1.7 \x00\x01"}, "file", "does not hold text"),
        ("pdf", {"file": b"PK\x03\x04 a Word document"}, "file", "is not a PDF"),
        ("pdf", {"text": "We open at nine."}, "file", "Choose a PDF file."),
        ("markdown", {"file": b"\xff\xfe\xfa"}, "file", "not readable as text"),
        ("html", {"file": b"No tags at all."}, "file", "is not HTML"),
        ("text", {"file": b"<!doctype html><p>Hi"}, "file", "is an HTML page"),
        ("faq", {"text": "When? At nine."}, "text", "Begin each question"),
        ("faq", {"text": "Q: When?"}, "text", "answer of item 1 is missing"),
        ("faq", {"text": "A: At nine."}, "text", "Begin each question"),
        ("faq", {"text": "Q: When?\nA: Nine.\nA: Ten."}, "text", "two answers"),
        ("faq", {"text": "[1, 2]"}, "text", "Item 1 is not"),
        ("faq", {"text": "[1, 2"}, "text", "not valid JSON"),
        ("text", {"text": "Hi", "url": "ftp://files.example/a"}, "url", "http:// or https://"),
        ("web", {"title": "", "url": "nowhere"}, "url", "valid URL"),
    ],
)
def test_knowledge_that_cannot_be_read_is_refused(
    operator, acme, assistant, kind, fields, field, sentence
):
    if "file" in fields:
        fields = {"file": SimpleUploadedFile("file", fields["file"])}
    given = {"title": "Help", "text": "", **fields}

    page = operator.submit(
        "assistants/knowledgesource/add/", assistant=assistant.pk, kind=kind, **given
    )

    assert sentence in str(page.context["adminform"].form.errors[field])
    with tenant_scope(acme.id):
        assert not KnowledgeSource.objects.exists()


def test_a_source_without_a_title_is_called_what_it_calls_itself(operator, acme, assistant):
    page = b"<title>Our  hours</title><h1>Hours</h1><p>We open at nine."
    for kind, given in (
        ("text", {"text": "\n---\nReturns and refunds\nSend it back."}),
        ("markdown", {"text": f"# **{'Long ' * 30}**\n\nText."}),
        ("pdf", {"file": SimpleUploadedFile("price list.pdf", make_pdf("Nine."))}),
        ("html", {"file": SimpleUploadedFile("index.html", page)}),
        ("faq", {"text": "Q: When?\nA: At nine."}),
        ("web", {"url": "https://www.shop.example/help/"}),
    ):
        operator.save(
            "assistants/knowledgesource/add/", assistant=assistant.pk, kind=kind, title="", **given
        )

    with tenant_scope(acme.id):
        titles = dict(KnowledgeSource.objects.values_list("kind", "title"))
    long = ("Long " * 16).strip()
    assert titles == {
        "text": "Returns and refunds",
        "markdown": f"{long}…",
        "pdf": "price list",
        "html": "Our hours",
        "faq": "FAQ",
        "web": "shop.example",
    }


def test_why_a_source_could_not_be_read_is_shown(operator, acme, assistant):
    with tenant_scope(acme.id):
        source = add_source(assistant, kind="html", title="Menu", content="<nav>Home</nav>")
    ingest(source)

    page = operator.get(change_page(source)).content.decode()

    assert "There is no readable text in this file. (file_without_text)" in page


def test_a_source_is_changed_read_again_and_deleted(operator, acme, assistant):
    source = add_knowledge(operator, assistant, kind="faq", text="Q: When?\nA: At nine.")
    ingest(source)
    page = operator.get(change_page(source))
    shown = page.context["adminform"].form["text"].value()

    untouched = operator.save(change_page(source))
    still = reload(source).status
    operator.post(action(source, "ingest_again"))
    again = reload(source).status
    ingest(source)
    operator.save(change_page(source), text="Q: When?\nA: At ten.")
    ingest(source)
    with tenant_scope(acme.id):
        answers = [entry.text for entry in source.entries.all()]
    operator.post(f"assistants/knowledgesource/{source.pk}/delete/", {"post": "yes"})

    assert shown == "Q: When?\nA: At nine."
    assert untouched.status_code == 302
    assert (still, again) == ("ready", "pending")
    assert answers == ["At ten."]
    with tenant_scope(acme.id):
        assert not KnowledgeSource.objects.exists()
    assert acts(acme)[-1] == "knowledgesource.deleted"


def test_every_setting_of_a_bubble_can_be_changed(operator, bubble):
    changes = {
        "name": "Shop",
        "origins": "https://shop.example\nhttps://*.shop.example",
        "domains": "shop.example",
        "voice_enabled": "on",
        "settings__widget__primaryColor": "default",
        "settings__widget__textColor": "#000",
        "settings__widget__title": "Ask us",
        "settings__widget__position": "top-left",
        "settings__widget__customCss": ".panel { color: red }",
        "settings__widget__openAutomatically": "on",
        "settings__popups__enabled": "on",
        "settings__popups__messages": "Hello\nNeed help?",
        "settings__preChatForm__fields": "email | E-mail | email | yes\nname | Name | text | ",
        "settings__triggers": "time | 30 | Can we help?\nexit | | Wait!",
        "settings__businessHours__timezone": "Europe/Oslo",
        "settings__businessHours__hours": "1 | 09:00 | 17:00",
        "settings__rating__enabled": "",
        "settings__languages": "en\nnb",
        "settings__texts__welcome": "Hei!",
        "settings__translations": "nb | send | Send | nå\nnb | open | Åpne",
    }

    operator.save(change_page(bubble), **changes)

    changed = reload(bubble)
    assert (changed.name, changed.voice_enabled) == ("Shop", True)
    assert changed.origins == ["https://shop.example", "https://*.shop.example"]
    assert changed.domains == ["shop.example"]
    assert changed.settings == {
        "widget": {
            "textColor": "#000",
            "title": "Ask us",
            "position": "top-left",
            "customCss": ".panel { color: red }",
            "openAutomatically": True,
        },
        "popups": {"enabled": True, "messages": ["Hello", "Need help?"]},
        "preChatForm": {
            "fields": [
                {"name": "email", "label": "E-mail", "type": "email", "required": True},
                {"name": "name", "label": "Name", "type": "text", "required": False},
            ]
        },
        "triggers": [
            {"event": "time", "value": "30", "message": "Can we help?"},
            {"event": "exit", "value": "", "message": "Wait!"},
        ],
        "businessHours": {
            "timezone": "Europe/Oslo",
            "hours": [{"day": 1, "opens": "09:00", "closes": "17:00"}],
        },
        "rating": {"enabled": False},
        "languages": ["en", "nb"],
        "texts": {"welcome": "Hei!"},
        "translations": {"nb": {"send": "Send | nå", "open": "Åpne"}},
    }
    shown = operator.get(change_page(bubble)).context["adminform"].form
    lines = shown["settings__translations"].value().splitlines()
    assert sorted(lines) == ["nb | open | Åpne", "nb | send | Send | nå"]


def test_another_main_language_brings_its_own_words_and_keeps_the_tenants(operator, bubble):
    operator.save(change_page(bubble), settings__texts__welcome="Hei!")

    operator.save(change_page(bubble), settings__languages="de\nen")

    assert reload(bubble).settings == {"languages": ["de", "en"], "texts": {"welcome": "Hei!"}}
    form = operator.get(change_page(bubble)).context["adminform"].form
    assert form.initial["settings__texts__send"] == "Senden"


def test_saving_an_untouched_bubble_changes_nothing(operator, bubble):
    operator.save(change_page(bubble), settings__triggers="time | 30 | Can we help?")
    before = reload(bubble)

    operator.save(change_page(bubble))

    after = reload(bubble)
    assert (after.settings, after.name, after.origins) == (
        before.settings,
        before.name,
        before.origins,
    )


def test_the_form_has_a_field_for_every_setting(operator, bubble):
    page = operator.get(change_page(bubble))

    fields = page.context["adminform"].form.fields
    assert set(_leaves(complete_settings({}), "settings")) <= set(fields)
    # Every switch does something, and the one that lets others listen says so.
    assert "No effect yet" not in page.content.decode()
    assert "send what is spoken to their maker" in page.content.decode()


def _leaves(settings, prefix):
    for name, value in settings.items():
        if value and isinstance(value, dict):
            yield from _leaves(value, f"{prefix}__{name}")
        else:
            yield f"{prefix}__{name}"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("settings__widget__primaryColor", "reddish"),
        ("settings__widget__primaryColor", ""),
        ("settings__widget__customCss", "a { background: url(//evil.example) }"),
        ("settings__widget__avatar", "javascript:alert(1)"),
        ("settings__widget__position", "middle"),
        ("settings__popups__delaySeconds", "-1"),
        ("settings__popups__messages", "\n".join("abcdef")),
        ("settings__preChatForm__fields", "email"),
        ("settings__triggers", "scroll"),
        ("settings__businessHours__timezone", "Mars/Olympus"),
        ("settings__businessHours__hours", "8 | 09:00 | 17:00"),
        ("settings__languages", "english!"),
        ("settings__texts__welcome", "x" * 301),
        ("settings__translations", "de | send"),
        ("settings__translations", "de | sned | Senden"),
        ("settings__widget__customLauncher", "a { color: red }"),
        ("origins", "shop.example"),
        ("domains", "https://shop.example"),
        ("name", ""),
    ],
)
def test_a_mistake_is_shown_beside_its_field(operator, untouched, field, value):
    bubble, form = untouched
    page = operator.post(change_page(bubble), {**form, field: value})

    assert list(page.context["adminform"].form.errors) == [field], problems(page)
    if value in ("email", "scroll", "8 | 09:00 | 17:00", "de | send", "english!"):
        # Which line it is, and one that is right.
        assert f"“{value}”" in problems(page)
        assert "For example: " in problems(page)
    assert (reload(bubble).settings, reload(bubble).origins) == ({}, [])


def test_a_bubble_cannot_have_another_tenants_assistant(operator, bubble, globex, assistant):
    foreign = make_assistant(globex)

    page = operator.submit(change_page(bubble), assistant=foreign.pk)

    assert "assistant" in page.context["adminform"].form.errors
    assert reload(bubble).assistant_id == assistant.pk


def test_a_bubble_gets_further_tokens(operator, bubble):
    shown = [
        operator.post(action(bubble, f"new_{kind}_token")).content.decode()
        for kind in ("widget", "bubble")
    ]

    for kind, page in zip(("widget_token", "bubble_token"), shown, strict=True):
        newest = Credential.objects.filter(subject_id=bubble.pk, kind=kind).latest("created_at")
        assert credentials.reveal(newest) in page
    kinds = Credential.objects.filter(subject_id=bubble.pk).values_list("kind", flat=True)
    assert sorted(kinds) == ["bubble_token"] * 2 + ["widget_token"] * 2


def test_a_second_bubble_is_not_the_default_until_it_is_made_so(operator, acme, bubble):
    made = operator.save("widgets/bubble/add/", tenant=acme.id, name="Blog")
    with tenant_scope(acme.id):
        second = Bubble.objects.get(name="Blog")

    operator.post(action(second, "make_default"))

    assert object_id(made) == str(second.pk)
    assert not second.is_default
    assert (reload(bubble).is_default, reload(second).is_default) == (False, True)
    assert shown_secrets(operator.get(change_page(second)))


@pytest.fixture
def account(operator, acme):
    operator.save(
        "assistants/provider/add/",
        tenant=acme.id,
        name="Local",
        kind="openai_compatible",
        base_url="https://models.example/v1",
        key="sk-canary",
    )
    with tenant_scope(acme.id):
        return Provider.objects.get()


def test_a_providers_key_is_kept_sealed_and_never_shown(operator, acme, account):
    page = operator.get(change_page(account)).content.decode()
    operator.save(change_page(account), name="Ours")

    kept = reload(account)
    assert (kept.name, kept.key) == ("Ours", "sk-canary")
    assert "sk-canary" not in page + kept.sealed_key
    assert acts(acme)[-2:] == ["provider.created", "provider.changed"]


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("openai_compatible", ""),
        ("openai_compatible", "http://models.example/v1"),
        ("openai", "https://127.0.0.1/v1"),
        ("openai", "https://models.example:9999/v1"),
    ],
)
def test_a_providers_address_is_checked(operator, account, kind, url):
    page = operator.submit(change_page(account), kind=kind, base_url=url)

    assert "base_url" in page.context["adminform"].form.errors
    assert reload(account).base_url == "https://models.example/v1"


@pytest.mark.parametrize("wire", ["openai_compatible", "anthropic"])
def test_a_provider_is_asked_for_its_models(operator, acme, model_server, wire):
    row = provider(acme, model_server, wire=wire)

    page = operator.client.post(f"/admin/{action(row, 'check_provider')}", follow=True)

    assert "The provider answers. Its models: " in page.content.decode()


def test_no_transaction_waits_for_a_provider(acme, account, monkeypatch):
    """An owner's page runs in one, and a server may take its time."""
    states = []

    def models_of(_):
        states.extend(connection.in_atomic_block for connection in connections.all())
        return ["tiny"]

    monkeypatch.setattr(providers, "models_of", models_of)
    owner = Member(make_member(acme, role="owner")).log_in()

    page = owner.client.post(f"/admin/{action(account, 'check_provider')}", follow=True)

    assert "Its models: tiny." in page.content.decode()
    assert states == [False, False]


def test_a_provider_that_does_not_answer_is_named(operator, account, settings):
    port = free_port()
    settings.INTERNAL_HOSTS = [f"127.0.0.1:{port}"]
    with tenant_scope(account.tenant_id):
        Provider.objects.update(base_url=f"http://127.0.0.1:{port}/v1")

    page = operator.client.post(f"/admin/{action(account, 'check_provider')}", follow=True)

    assert "cannot be reached" in page.content.decode()


FLOWS = """Flow: returns
Opening: What would you like to return?
Instructions: Ask for the order's number.
Example: I want to send this back
Example: Return my order

Flow: sales"""


def test_an_assistant_is_given_a_model_and_flows(operator, assistant, account):
    operator.save(
        change_page(assistant),
        engine="model",
        provider=account.pk,
        model="llama",
        temperature="0.2",
        guidelines="Be kind.\nNever promise.",
        handover_topics="lawyer",
        flows=FLOWS,
    )

    staged = reload(assistant).staging
    assert (staged.engine, staged.provider_id, staged.model) == ("model", account.pk, "llama")
    assert (staged.guidelines, staged.handover_topics) == (
        ["Be kind.", "Never promise."],
        ["lawyer"],
    )
    assert [flow["name"] for flow in staged.flows] == ["returns", "sales"]
    assert staged.flows[0]["examples"] == ["I want to send this back", "Return my order"]
    # Opened and saved as it is, it stages nothing.
    operator.save(change_page(assistant))
    assert reload(assistant).staging.number == staged.number


def test_an_assistants_file_sharing_is_switched_off(operator, assistant):
    assert reload(assistant).production.file_sharing

    operator.save(change_page(assistant), file_sharing="")

    assert not reload(assistant).staging.file_sharing


def test_a_model_needs_a_provider_of_the_same_tenant(operator, globex, assistant, account):
    foreign = make_assistant(globex)

    for row, fields, wrong in [
        (assistant, {"engine": "model", "provider": "", "model": "x"}, "provider"),
        (assistant, {"engine": "model", "provider": account.pk, "model": ""}, "model"),
        (foreign, {"engine": "model", "provider": account.pk, "model": "x"}, "provider"),
        (assistant, {"flows": "Opening: too early"}, "flows"),
        (assistant, {"flows": "Flow: a\nFlow: a"}, "flows"),
        (assistant, {"temperature": "3"}, "temperature"),
    ]:
        page = operator.submit(change_page(row), **fields)
        assert wrong in page.context["adminform"].form.errors, fields
        assert reload(row).staging.number == 1


@pytest.mark.parametrize("languages", ["english", "en, de", "zz zz", "e", "Klingon"])
def test_languages_are_codes(operator, assistant, languages):
    page = operator.submit(change_page(assistant), languages=languages)

    assert "languages" in page.context["adminform"].form.errors
    operator.save(change_page(assistant), languages="en\npt-BR")
    assert reload(assistant).staging.languages == ["en", "pt-BR"]
