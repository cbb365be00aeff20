"""What operators fill in for tools, and the choice of tools for a version."""

import json
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from assistants.models import Tool
from assistants.models.tool import any_object
from assistants.tools.builtin import BUILTIN
from assistants.tools.headers import parse_headers
from assistants.tools.schema import check_parameters
from tenants import strict_json
from tenants.errors import LiveChatError
from tenants.operators import label_of
from tenants.outbound import check_url


class ToolsField(forms.ModelMultipleChoiceField):
    """Tools of the assistant's tenant; which those are is known inside a request only."""

    def __init__(self) -> None:
        super().__init__(
            Tool.unscoped.none(),
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            help_text="What it may call. The version keeps each tool as it is now.",
        )

    def label_from_instance(self, tool: Tool) -> str:
        return label_of(tool)


class SchemaField(forms.CharField):
    """A JSON Schema of arguments."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)

    def to_python(self, value: Any) -> Any:
        try:
            schema = strict_json.loads(super().to_python(value) or "")
            check_parameters(schema)
        except LiveChatError as error:
            raise forms.ValidationError(error.message) from None
        return schema

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial).split() != (data or "").split()


class ToolForm(forms.ModelForm):
    """A tool; its headers can be set, and are never shown again."""

    parameters = SchemaField(
        initial=any_object,
        widget=UnfoldAdminTextareaWidget({"rows": 12}),
        help_text="JSON Schema of its arguments.",
    )
    new_headers = forms.CharField(
        required=False,
        label="Secret headers",
        widget=UnfoldAdminTextareaWidget({"rows": 3, "autocomplete": "off"}),
        help_text="“Name: value” on each line. Kept encrypted. Empty keeps those that are set.",
    )
    forget_headers = forms.BooleanField(
        required=False, label="Remove the headers", widget=UnfoldBooleanSwitchWidget
    )

    class Meta:
        model = Tool
        fields = ("description",)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name in BUILTIN:
            raise forms.ValidationError("Every assistant has a tool of this name already.")
        return name

    def clean_url(self) -> Any:
        return self._checked("url", lambda url: url and check_url(url))

    def clean_new_headers(self) -> Any:
        return self._checked("new_headers", parse_headers)

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.cleaned_data.get("forget_headers"):
            self.instance.headers = ""
        if headers := self.cleaned_data.get("new_headers"):
            self.instance.headers = headers
        if self.cleaned_data.get("place") == Tool.Place.SERVER and not self.data.get("url"):
            self.add_error("url", "Say where the server is.")
        return self.cleaned_data

    def _checked(self, name: str, check: Any) -> Any:
        try:
            check(self.cleaned_data[name])
        except LiveChatError as error:
            raise forms.ValidationError(error.message) from None
        return self.cleaned_data[name]
