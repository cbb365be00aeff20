"""People at the admin's pages, as their browsers would send them."""

import re
from html import unescape

from django.core.files.base import File
from django.test import Client

from tenants.models import User
from tests.factories import PASSWORD

NAMES = re.compile(r'\bname="([^"]+)"')
TOKEN = re.compile(r"(?:wt_|wi_|sk_)[\w-]{20,}|eyJ[\w-]+\.[\w-]+\.[\w-]+")


class Person:
    def __init__(self, user):
        self.user, self.email = user, user.email
        self.client = Client()

    def log_in(self):
        answer = self.client.post(
            "/admin/login/?next=/admin/", {"username": self.email, "password": PASSWORD}
        )
        assert answer.status_code == 302, answer.context["form"].errors
        return self

    def get(self, path, **query):
        return self.client.get(f"/admin/{path}", query_params=query)

    def post(self, path, data=None):
        return self.client.post(f"/admin/{path}", data or {})

    def submit(self, path, **changes):
        """Fill in the form of a page and send it; the answer may be the form again."""
        page = self.get(path)
        assert page.status_code == 200, page
        return self.post(path, {**filled(page), **changes})

    def save(self, path, **changes):
        """Send a form that must be accepted."""
        answer = self.submit(path, **changes)
        assert answer.status_code == 302 or "adminform" not in answer.context, problems(answer)
        return answer


class Operator(Person):
    def __init__(self, email="", **fields):
        email = email or f"{User.objects.count()}-{id(self)}@operators.example"
        super().__init__(User.objects.create_superuser(email, PASSWORD, **fields))


class Member(Person):
    def __init__(self, membership):
        super().__init__(membership.user)
        self.membership = membership


def filled(page):
    """What a browser would send of a page's forms if nobody touched them: what they draw."""
    drawn = set(NAMES.findall(page.content.decode()))
    forms = [page.context["adminform"].form]
    data = {}
    for formset in page.context.get("inline_admin_formsets", ()):
        forms += [formset.formset.management_form, *formset.formset.forms]
    for form in forms:
        for field in form:
            data |= _values(field)
    return {name: value for name, value in data.items() if name in drawn}


def _values(field):
    widget, value = field.field.widget, field.value()
    if getattr(widget, "input_type", "") == "checkbox" and not hasattr(widget, "choices"):
        return {field.html_name: "on"} if value else {}
    if hasattr(widget, "widgets"):
        parts = widget.decompress(value)
        return {f"{field.html_name}_{number}": part or "" for number, part in enumerate(parts)}
    if value is None or isinstance(value, File):
        return {}
    return {field.html_name: value}


def problems(page):
    return page.context["adminform"].form.errors.as_text() or page.context["errors"]


def shown_secrets(page):
    """The tokens and passwords that a page shows."""
    blocks = re.findall(r"<pre[^>]*>(.*?)</pre>", page.content.decode(), re.DOTALL)
    return [unescape(block).strip() for block in blocks]


def object_id(answer):
    """The id of the row that a form made."""
    return re.search(r"[0-9a-f-]{36}", answer.headers["Location"])[0]
