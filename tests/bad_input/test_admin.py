"""The admin's pages: addresses, queries and forms that no browser would send."""

import pytest
from django.contrib import admin

from tests.admin.operators import Operator
from tests.bad_input import corpus
from tests.isolation.rows import fingerprint
from tests.widgets.shops import make_shop

QUERIES = [
    {"q": "\0"},
    {"q": "' or 1=1 --"},
    {"q": "%" * 500},
    {"q": " ".join("ab" for _ in range(300))},
    {"p": "-1"},
    {"p": "9" * 400},
    {"o": "9.-9.x.\0"},
    {"all": "\0"},
    {"id__exact": "\0"},
    {"id__in": "a,\0"},
    {"pk": "x"},
    {"tenant__id__exact": "\0"},
    {"password__startswith": "a"},
    {"e": "1"},
    {"_changelist_filters": "\0=%00"},
    {"_popup": "\0", "_to_field": "password"},
    {"created_at__gte": "9999-99-99"},
    {"created_at__year": "99999"},
]


@pytest.fixture(scope="module")
def operator(database):
    operator = Operator().log_in()
    operator.client.raise_request_exception = False
    return operator


@pytest.fixture(autouse=True)
def _tenants_lose_nothing(acme, globex):
    tenants = [make_shop(tenant, "").tenant for tenant in (acme, globex)]
    before = [fingerprint(tenant.id) for tenant in tenants]
    yield
    assert [fingerprint(tenant.id) for tenant in tenants] == before


@pytest.fixture(scope="module")
def lists():
    kinds = [model._meta for model in admin.site._registry]
    return [f"{kind.app_label}/{kind.model_name}/" for kind in kinds]


def test_no_query_makes_a_list_stumble(operator, lists):
    """All of them on one list, and the one that Django stumbles over on each."""
    asked = [("conversations/conversation/", query) for query in QUERIES]
    asked += [(path, {"created_at__year": "99999", "q": "\0"}) for path in lists]

    found = [(path, query, operator.get(path, **query).status_code) for path, query in asked]

    assert [one for one in found if one[2] not in (200, 302, 400, 403)] == []


def test_no_id_makes_a_page_stumble(operator, lists):
    for path in lists:
        for one in ("\0", "' or 1=1 --", "9" * 400, "_5F"):
            status = operator.get(f"{path}{one}/change/").status_code
            assert status in (302, 403, 404), (path, one)


def test_no_text_makes_a_form_stumble(operator, lists):
    texts = ["\0", corpus.TEXTS[5], "x" * 50_000]
    for path in lists:
        page = operator.get(f"{path}add/")
        if page.status_code != 200 or "adminform" not in (page.context or {}):
            continue
        names = [field.html_name for field in page.context["adminform"].form]
        for text in texts:
            status = operator.post(f"{path}add/", dict.fromkeys(names, text)).status_code
            assert status in (200, 302, 400, 403), (path, text[:50])
