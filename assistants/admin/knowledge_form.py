"""What operators fill in for knowledge: a text, a file, or a web site."""

import json
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget

from assistants.admin.faq_text import read_faq, write_faq
from assistants.admin.titles import title_of
from assistants.knowledge import faq, parsing
from assistants.knowledge.web.addresses import normal_prefix
from assistants.knowledge.web.sites import start_url
from assistants.models import KnowledgeSource
from tenants.errors import BadRequest, LiveChatError

EDITABLE_CHARACTERS = 200_000
Kind = KnowledgeSource.Kind
TITLE_HINT = (
    "Visitors read where an answer is from. Empty means the text's first line, the file's name, or "
    "the site's host."
)
SITE_FIELDS = ("page_limit", "path_prefix", "refresh_hours")


class KnowledgeSourceForm(forms.ModelForm):
    """A source, as text that is written here, as a file, or as the address of a site."""

    text = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget({"rows": 16}),
        help_text="For an FAQ, begin questions with “Q:”, other phrasings with “Or:” and answers "
        "with “A:”, each on a new line. In other texts each heading begins a passage of its own: a "
        "line that begins with “#”, or one that is underlined with “---”.",
    )
    file = forms.FileField(
        required=False,
        allow_empty_file=True,
        widget=UnfoldAdminFileFieldWidget,
        help_text="Takes the place of what is there: a PDF, or text in UTF-8; at most 10 MiB.",
    )

    class Meta:
        model = KnowledgeSource
        fields = ("title",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["text"] = _text_of(self.instance)
        elif "title" in self.fields:
            self.fields["title"].required = False
            self.fields["title"].help_text = TITLE_HINT

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if url and not url.startswith(("http://", "https://")):
            raise forms.ValidationError("The address must begin with http:// or https://.")
        return url

    def clean_path_prefix(self) -> str:
        prefix = normal_prefix(self.cleaned_data["path_prefix"])
        if prefix is None:
            raise forms.ValidationError("The path must begin with a slash, as /help/ does.")
        return prefix

    def clean(self) -> dict[str, Any]:
        super().clean()
        kind = self.cleaned_data.get("kind") or self.instance.kind
        field = self._field_of(kind)
        try:
            if kind != Kind.WEB:
                self.cleaned_data["content"] = self._content(kind)
            elif "url" in self.cleaned_data:
                self.cleaned_data["url"] = start_url(self.cleaned_data["url"])
        except LiveChatError as error:
            self.add_error(field, error.message)
        if not self.errors and not (self.cleaned_data.get("title") or self.instance.title):
            self.cleaned_data["title"] = self._title(kind)
        return self.cleaned_data

    def site_settings(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in SITE_FIELDS}

    def _field_of(self, kind: str) -> str:
        """Where a mistake in the content is shown; the page has no text field for every kind."""
        if kind == Kind.WEB:
            return "url"
        return "file" if kind == Kind.PDF or self.cleaned_data.get("file") else "text"

    def _title(self, kind: str) -> str:
        file = self.cleaned_data.get("file")
        content = self.cleaned_data.get("content")
        return title_of(
            kind,
            text=parsing.read(kind, content) if content else "",
            file_name=file.name if file else "",
            url=self.cleaned_data.get("url", ""),
        )

    def _content(self, kind: str) -> bytes:
        """What is to be kept, in the form of its kind; raises a LiveChatError that says why not."""
        if file := self.cleaned_data.get("file"):
            content: bytes = file.read()
        elif kind == Kind.PDF and self.instance._state.adding:
            raise BadRequest("Choose a PDF file.", code="file_empty")
        elif "text" in self.changed_data or self.instance._state.adding:
            content = self.cleaned_data.get("text", "").encode()
        else:
            return bytes(self.instance.content)
        text = parsing.read(kind, content)
        if kind != Kind.FAQ:
            return content
        items = read_faq(text)
        faq.passages(items)
        return faq.dump(items)


def _text_of(source: KnowledgeSource) -> str:
    """A source as text to edit; nothing if it is too long for a text field."""
    try:
        text = parsing.read(source.kind, bytes(source.content))
        if source.kind == Kind.FAQ:
            text = write_faq(json.loads(text))
    except (LiveChatError, ValueError):
        return ""
    return text if len(text) <= EDITABLE_CHARACTERS else ""
