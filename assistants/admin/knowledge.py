"""The operators' pages for knowledge: files, web sites, and the pages that were found there."""

from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import action, display

from assistants.admin.knowledge_form import SITE_FIELDS, KnowledgeSourceForm
from assistants.knowledge import ingestion
from assistants.knowledge.web.sites import add_site, change_site, crawl_soon
from assistants.models import KnowledgeEntry, KnowledgeSource
from tenants.ids import parse_uuid
from tenants.operators import EVERYTHING, PATH, OperatorsAdmin, change_url, links
from tenants.scope import tenant_scope

STATES = {"ready": "success", "failed": "danger", "reading": "info", "pending": "warning"}
FAILURES_SHOWN = 10
STEPS = {"faq": "Questions and answers", "text": "Paste a text", "web": "Read a web site"}
IS_SITE = "typeof kind === 'undefined' || kind === 'web'"
Kind, Status = KnowledgeSource.Kind, KnowledgeSource.Status


class PageFilter(admin.SimpleListFilter):
    """Pages of web sites stand in the list only for who looks for them."""

    title = "pages of web sites"
    parameter_name = "site"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "Shown too")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        hidden, *others = super().choices(changelist)
        yield {**hidden, "display": "Hidden"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(site_id=parse_uuid(self.value()))


@admin.register(KnowledgeSource)
class KnowledgeSourceAdmin(OperatorsAdmin):
    """What an assistant quotes from, how reading it went, and a way to read it again."""

    form = KnowledgeSourceForm
    owners_may = EVERYTHING
    list_display = ("title", "tenant", "assistant", "kind", "state", "entry_count", "checked_at")
    list_of_pages = ("title", "url", "state", "problem", "entry_count", "checked_at")
    list_filter = ("status", "kind", PageFilter)
    list_select_related = ("tenant", "assistant")
    search_fields = ("title", "url", "tenant__name")
    fixed_fields = ("assistant", "kind", "title", "url")
    readonly_fields = (
        "tenant", "state", "problem", "checked_at", "entry_count", "progress", "pages_link",
        "next_crawl_at", "site_link",
    )  # fmt: skip
    actions_detail = ("crawl_now", "ingest_again")
    # While a source is made, its kind decides what is to be filled in.
    conditional_fields = {
        **dict.fromkeys(SITE_FIELDS, IS_SITE),
        "text": "typeof kind === 'undefined' || !['web', 'pdf'].includes(kind)",
        "file": "typeof kind === 'undefined' || kind !== 'web'",
    }
    add_fieldsets = (
        (None, {"fields": ("assistant", "kind", "title", "url")}),
        ("Content", {"fields": ("text", "file", *SITE_FIELDS)}),
    )
    paste_fieldsets = ((None, {"fields": ("assistant", "kind", "title", "text")}),)
    fieldsets = (
        (None, {"fields": ("tenant", "assistant", ("kind", "title"), "url")}),
        ("Reading", {"fields": (("state", "checked_at"), "problem", "entry_count")}),
        ("Content", {"fields": ("text", "file")}),
    )
    pdf_fieldsets = (*fieldsets[:2], ("Content", {"fields": ("file",)}))
    page_fieldsets = (
        (None, {"fields": ("tenant", "assistant", "site_link", ("kind", "title"), "url")}),
        ("Reading", {"fields": (("state", "checked_at"), "problem", "entry_count")}),
    )
    site_fieldsets = (
        (None, {"fields": ("tenant", "assistant", ("kind", "title"), "url")}),
        (
            "Crawl",
            {
                "fields": (
                    ("state", "checked_at"),
                    "problem",
                    ("progress", "entry_count"),
                    "pages_link",
                    "next_crawl_at",
                )
            },
        ),
        ("What to read", {"fields": SITE_FIELDS}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        # One of the two is always nothing: a site has no passages, and a file has no pages.
        passages = Count("entries", distinct=True) + Count("pages__entries", distinct=True)
        rows = super().get_queryset(request).annotate(entry_total=passages)
        return rows.select_related("site").defer("content", "site__content")

    def listed_of(self, tenant: Model) -> QuerySet[Any]:
        return super().listed_of(tenant).filter(site=None)

    def get_list_display(self, request: HttpRequest) -> Any:
        is_of_a_site = parse_uuid(request.GET.get(PageFilter.parameter_name)) is not None
        return self.list_of_pages if is_of_a_site else super().get_list_display(request)

    def step_title(self, request: HttpRequest) -> str:
        return STEPS.get(request.GET.get("kind", ""), "") if PATH in request.GET else ""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Who came to paste a text is asked for nothing that is known."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if db_field.name in ("assistant", "kind") and _is_to_paste(request):
            field.widget = forms.HiddenInput({"class": "own-tenant"})
        return field

    def get_fieldsets(self, request: HttpRequest, obj: KnowledgeSource | None = None) -> Any:
        if obj is None and _is_to_paste(request):
            return self.paste_fieldsets
        if obj is not None and obj.site_id:
            return self.page_fieldsets
        if obj is not None and obj.kind == Kind.WEB:
            return self.site_fieldsets
        if obj is not None and obj.kind == Kind.PDF:
            return self.pdf_fieldsets
        return super().get_fieldsets(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What a page says is its site's to change."""
        is_page = obj is not None and obj.site_id is not None
        return not is_page and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_page = obj is not None and obj.site_id is not None
        return self.may(request, "delete") and not is_page

    def offers(self, obj: KnowledgeSource, action: str) -> bool:
        if action == "crawl_now":
            return obj.kind == Kind.WEB
        return obj.content_hash != ""

    def save_model(
        self, request: HttpRequest, obj: KnowledgeSource, form: Any, change: bool
    ) -> None:
        with tenant_scope(obj.assistant.tenant_id):
            if not change:
                added = _add_site(obj, form) if obj.kind == Kind.WEB else _add_file(obj, form)
                # The page goes on with the object of its form.
                vars(obj).update(vars(added))
            elif obj.kind != Kind.WEB:
                ingestion.replace_content(obj, form.cleaned_data["content"])
            elif form.changed_data:
                change_site(obj, **form.site_settings())
            self.note(request, obj, "changed" if change else "created", fields=form.changed_data)

    def delete_model(self, request: HttpRequest, obj: KnowledgeSource) -> None:
        with tenant_scope(obj.tenant_id):
            self.note(request, obj, "deleted")
            ingestion.remove_source(obj)

    def get_deleted_objects(
        self, objs: Iterable[KnowledgeSource], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """How much goes with a source; each of its passages by name would be thousands."""
        ids = [source.pk for source in objs]
        counts = {
            "pages": KnowledgeSource.objects.filter(site__in=ids).count(),
            "passages": KnowledgeEntry.objects.filter(source__in=ids).count()
            + KnowledgeEntry.objects.filter(source__site__in=ids).count(),
        }
        # A page alone would be found again by the next crawl.
        pages = [str(source) for source in objs if source.site_id]
        return [str(source) for source in objs], counts, set(), pages

    @action(description="Crawl now", icon="travel_explore")
    def crawl_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(site: KnowledgeSource) -> None:
            with tenant_scope(site.tenant_id):
                crawl_soon(site)
                self.note(request, site, "crawl_now")

        return self.perform(
            request,
            object_id,
            act,
            title="Crawl now",
            question="All pages of this site are asked for; those that changed are read anew.",
            button="Crawl now",
            done="The crawl begins soon. Load this page again to see how far it is.",
        )

    @action(description="Read again", icon="refresh")
    def ingest_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(source: KnowledgeSource) -> None:
            with tenant_scope(source.tenant_id):
                ingestion.read_again(source)
                self.note(request, source, "read_again")

        return self.perform(
            request,
            object_id,
            act,
            title="Read again",
            question="This source is read anew; until then the old text answers.",
            button="Read again",
            done="This source is read soon.",
        )

    @display(description="State", label=STATES)
    def state(self, source: KnowledgeSource) -> str:
        return source.status

    @display(description="Problem")
    def problem(self, source: KnowledgeSource) -> str:
        return f"{source.error} ({source.error_code})" if source.error_code else "–"

    @display(description="Passages")
    def entry_count(self, source: KnowledgeSource) -> int:
        return int(vars(source)["entry_total"])

    @display(description="Progress")
    def progress(self, site: KnowledgeSource) -> str:
        done = f"{site.pages_read} of {site.pages_found} pages read"
        return f"{done}, {site.pages_failed} failed" if site.pages_failed else done

    @display(description="Pages")
    def pages_link(self, site: KnowledgeSource) -> str:
        """All pages in a list, and here those that need somebody's attention."""
        pages = site.pages.defer("content")
        failed = pages.filter(status=Status.FAILED).order_by("url")
        listed = reverse("admin:assistants_knowledgesource_changelist")
        rows: list[tuple[str, object, object]] = [
            (f"{listed}?site={site.pk}", "All pages", pages.count())
        ]
        rows += [(change_url(row), row.url, row.error) for row in failed[:FAILURES_SHOWN]]
        return links(rows)

    @display(description="Web site")
    def site_link(self, page: KnowledgeSource) -> str:
        return links([(change_url(page.site), page.site, "the whole site")] if page.site else [])


def _add_site(source: KnowledgeSource, form: KnowledgeSourceForm) -> KnowledgeSource:
    url = form.cleaned_data["url"]
    return add_site(source.assistant, title=source.title, url=url, **form.site_settings())


def _add_file(source: KnowledgeSource, form: KnowledgeSourceForm) -> KnowledgeSource:
    return ingestion.add_source(
        source.assistant,
        kind=source.kind,
        title=source.title,
        content=form.cleaned_data["content"],
        url=source.url,
    )


def _is_to_paste(request: HttpRequest) -> bool:
    asked = request.GET
    is_known = parse_uuid(asked.get("assistant")) is not None
    return PATH in asked and is_known and asked.get("kind") in (Kind.TEXT, Kind.FAQ)
