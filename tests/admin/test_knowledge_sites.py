"""What operators do with web sites as knowledge, and what they see of them."""

import pytest

from assistants.knowledge.web.sites import take
from assistants.models import KnowledgeSource
from tenants.models import AuditEntry
from tenants.scope import tenant_scope
from tests.admin.operators import NAMES
from tests.assistants.sites import (
    crawl_and_read,
    make_site,
    now,
    page,
    pages_of,
    patient_site,
    texts,
)
from tests.factories import make_assistant

SOURCES = "assistants/knowledgesource"


@pytest.fixture
def shop(settings, monkeypatch):
    with patient_site(settings, monkeypatch) as shop:
        shop.put("/", page("Start", "/a"))
        shop.put("/a", page("A"))
        yield shop


@pytest.fixture
def assistant(acme, globex):
    make_assistant(globex)
    return make_assistant(acme)


@pytest.fixture
def site(assistant, shop):
    return crawl_and_read(make_site(assistant, shop))


def change_page(row):
    return f"{SOURCES}/{row.pk}/change/"


def add(operator, assistant, shop, **fields):
    given = {"kind": "web", "title": "Shop", "url": shop.url, **fields}
    return operator.submit(f"{SOURCES}/add/", assistant=assistant.pk, **given)


def acts(tenant):
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("at").values_list("action", flat=True))


def test_a_site_is_added_crawled_and_shown(operator, acme, assistant, shop):
    settings = {"page_limit": "7", "path_prefix": "/ä/", "refresh_hours": ""}
    answer = add(operator, assistant, shop, **settings)
    with tenant_scope(acme.id):
        site = KnowledgeSource.objects.get()
    before = operator.get(change_page(site)).content.decode()
    crawl_and_read(site)
    after = operator.get(change_page(site)).content.decode()

    assert answer.status_code == 302
    assert (site.kind, site.url, site.page_limit) == ("web", f"{shop.url}/", 7)
    assert (site.path_prefix, site.refresh_hours) == ("/%C3%A4/", None)
    assert "0 of 0 pages read" in before
    assert "1 of 1 pages read" in after
    assert acts(acme)[-1] == "knowledgesource.created"


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"url": ""}, "url", "whole one"),
        ({"url": "http://10.0.0.1/"}, "url", "INTERNAL_HOSTS"),
        ({"url": "https://user:secret@shop.example/"}, "url", "password"),
        ({"url": "https://shop.example:22/"}, "url", "port"),
        ({"page_limit": "501"}, "page_limit", "500"),
        ({"page_limit": "0"}, "page_limit", "1"),
        ({"refresh_hours": "0"}, "refresh_hours", "1"),
        ({"path_prefix": "help"}, "path_prefix", "slash"),
        ({"path_prefix": "https://shop.example/help/"}, "path_prefix", "slash"),
    ],
)
def test_a_mistake_is_shown_beside_its_field(
    operator, acme, assistant, shop, fields, field, sentence
):
    answer = add(operator, assistant, shop, **fields)

    assert sentence in str(answer.context["adminform"].form.errors[field])
    with tenant_scope(acme.id):
        assert not KnowledgeSource.objects.exists()


def test_progress_is_shown_while_a_crawl_runs(operator, assistant, shop):
    site = make_site(assistant, shop)
    take(site)
    with tenant_scope(site.tenant_id):
        KnowledgeSource.objects.update(pages_found=40, pages_read=12, pages_failed=1)

    shown = operator.get(change_page(site)).content.decode()

    assert "reading" in shown
    assert "12 of 40 pages read, 1 failed" in shown


def test_pages_are_listed_with_their_states_and_problems(operator, assistant, shop):
    shop.put("/a", "Sorry", status=500)
    site = crawl_and_read(make_site(assistant, shop))
    pages = pages_of(site)

    everything = operator.get(f"{SOURCES}/", tenant__id__exact=site.tenant_id)
    listed = operator.get(f"{SOURCES}/", site=site.pk)
    with_pages = operator.get(f"{SOURCES}/", site="all", tenant__id__exact=site.tenant_id)
    shown = operator.get(change_page(site)).content.decode()

    assert ids(everything) == {site.pk}
    assert ids(listed) == {row.pk for row in pages.values()}
    assert ids(with_pages) == {site.pk} | ids(listed)
    for text in (f"{shop.url}/a", "The server answers 500.", "(page_status)", "failed", "ready"):
        assert text in listed.content.decode()
    assert "The server answers 500." in shown
    assert f"/admin/{SOURCES}/?site={site.pk}" in shown


def ids(page):
    return {row.pk for row in page.context["cl"].result_list}


def test_a_site_knows_as_many_passages_as_its_pages(operator, site):
    shown = operator.get(f"{SOURCES}/", tenant__id__exact=site.tenant_id)

    (row,) = shown.context["cl"].result_list
    assert vars(row)["entry_total"] == 2


def test_a_page_is_shown_and_cannot_be_changed_or_deleted(operator, acme, site):
    row = pages_of(site)["/a"]

    shown = operator.get(change_page(row))
    changed = operator.post(change_page(row), {"text": "Evil."})
    deleted = operator.post(f"{SOURCES}/{row.pk}/delete/", {"post": "yes"})
    together = {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"}
    operator.client.post(f"/admin/{SOURCES}/?site={site.pk}", together)

    assert shown.status_code == 200
    assert not {"text", "file", "title"} & set(NAMES.findall(shown.content.decode()))
    assert (changed.status_code, deleted.status_code) == (403, 403)
    assert texts(acme) == ["All about A.", "All about Start."]


def test_a_page_is_read_again_and_a_site_is_crawled(operator, acme, site):
    row = pages_of(site)["/a"]

    operator.post(f"{SOURCES}/{row.pk}/ingest_again/")
    asked = operator.get(f"{SOURCES}/{site.pk}/crawl_now/")
    unasked = now(site).status
    operator.post(f"{SOURCES}/{site.pk}/crawl_now/")

    assert (asked.status_code, unasked) == (200, "ready")
    assert (pages_of(site)["/a"].status, now(site).status) == ("pending", "pending")
    assert acts(acme)[-2:] == ["knowledgesource.read_again", "knowledgesource.crawl_now"]


def test_each_kind_offers_what_can_be_done_with_it(operator, acme, site):
    row = pages_of(site)["/a"]

    pages = {name: operator.get(change_page(each)) for name, each in (("s", site), ("p", row))}

    offered = {name: shown.content.decode() for name, shown in pages.items()}
    assert ("crawl_now" in offered["s"], "ingest_again" in offered["s"]) == (True, False)
    assert ("crawl_now" in offered["p"], "ingest_again" in offered["p"]) == (False, True)


def test_settings_of_a_site_are_changed_and_it_is_crawled_for_them(operator, acme, site):
    operator.save(change_page(site))
    untouched = now(site).status
    operator.save(change_page(site), page_limit="1")
    crawl_and_read(site)

    assert untouched == "ready"
    assert texts(acme) == ["All about Start."]


def test_a_site_is_deleted_with_its_pages(operator, acme, site):
    asked = operator.get(f"{SOURCES}/{site.pk}/delete/")
    operator.post(f"{SOURCES}/{site.pk}/delete/", {"post": "yes"})

    assert dict(asked.context["model_count"]) == {"pages": 2, "passages": 2}
    with tenant_scope(acme.id):
        assert not KnowledgeSource.objects.exists()
    assert texts(acme) == []


def test_where_sources_are_counted_their_pages_are_not(operator, acme, assistant, site):
    of_assistant = operator.get(f"assistants/assistant/{assistant.pk}/change/").content.decode()
    of_tenant = operator.get(f"tenants/tenant/{acme.pk}/change/").content.decode()

    assert "1 source<" in of_assistant
    assert ">Knowledge</a> · 1<" in of_tenant
