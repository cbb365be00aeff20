"""What operators fill in for assistants and their knowledge."""

import json
from typing import Any

from django import forms
from django.forms.models import fields_for_model
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from assistants.admin_faq import read_faq, write_faq
from assistants.knowledge import faq, parsing
from assistants.models import Assistant, AssistantVersion, KnowledgeSource
from tenants.errors import LiveChatError
from tenants.operators import LinesField

VERSION_FIELDS = (
    "engine",
    "greeting",
    "languages",
    "answer_threshold",
    "margin",
    "offer_threshold",
    "offer_text",
    "handover_text",
    "unanswered_text",
    "instructions",
)
NUMBERS = ("answer_threshold", "margin", "offer_threshold")
TEXTS = ("greeting", "offer_text", "handover_text", "unanswered_text", "instructions")
EDITABLE_CHARACTERS = 200_000
Kind = KnowledgeSource.Kind


class AssistantForm(forms.ModelForm):
    """An assistant's name and, beside it, what its next version is to say."""

    languages = LinesField(
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
        help_text="Of the knowledge and its visitors, one on each line, the main one first. "
        "Empty means English.",
    )

    class Meta:
        # The page adds the others: a choice of tenants can be read inside a request only.
        model = Assistant
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if latest := self.instance.staging or self.instance.production:
            self.initial.update({name: getattr(latest, name) for name in VERSION_FIELDS})

    def clean(self) -> dict[str, Any]:
        super().clean()
        for field in AssistantVersion._meta.concrete_fields:
            if field.name in VERSION_FIELDS and field.name in self.cleaned_data:
                try:
                    field.clean(self.cleaned_data[field.name], None)
                except forms.ValidationError as error:
                    self.add_error(field.name, error)
        return self.cleaned_data

    def version_settings(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in VERSION_FIELDS}


# The forms that the admin derives from this one inherit what is declared here.
AssistantForm.declared_fields |= fields_for_model(
    AssistantVersion,
    fields=[name for name in VERSION_FIELDS if name != "languages"],
    widgets={
        "engine": UnfoldAdminSelectWidget,
        **{name: UnfoldAdminDecimalFieldWidget({"step": "0.01"}) for name in NUMBERS},
        **{name: UnfoldAdminTextareaWidget({"rows": 2}) for name in TEXTS},
    },
)


class KnowledgeSourceForm(forms.ModelForm):
    """A source, as text that is written here or as a file."""

    text = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget({"rows": 16}),
        help_text="For an FAQ, begin questions with “Q:”, other phrasings with “Or:” and answers "
        "with “A:”, each on a new line.",
    )
    file = forms.FileField(
        required=False,
        allow_empty_file=True,
        widget=UnfoldAdminFileFieldWidget,
        help_text="Takes the place of the text above. UTF-8, at most 10 MiB.",
    )

    class Meta:
        model = KnowledgeSource
        fields = ("title",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["text"] = _text_of(self.instance)

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if url and not url.startswith(("http://", "https://")):
            raise forms.ValidationError("The address must begin with http:// or https://.")
        return url

    def clean(self) -> dict[str, Any]:
        super().clean()
        field = "file" if self.cleaned_data.get("file") else "text"
        kind = self.cleaned_data.get("kind") or self.instance.kind
        try:
            self.cleaned_data["content"] = self._content(kind)
        except LiveChatError as error:
            self.add_error(field, error.message)
        return self.cleaned_data

    def _content(self, kind: str) -> bytes:
        """What is to be kept, in the form of its kind; raises a LiveChatError that says why not."""
        if file := self.cleaned_data.get("file"):
            content: bytes = file.read()
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
