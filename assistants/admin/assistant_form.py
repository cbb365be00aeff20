"""What operators fill in for an assistant and the version that it is to have next."""

from typing import Any

from django import forms
from django.forms.models import fields_for_model
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from assistants.admin.flow_text import read_flows, write_flows
from assistants.admin.tool_form import ToolsField
from assistants.models import Assistant, AssistantVersion, Provider, Tool
from tenants.errors import LiveChatError
from tenants.operators import LinesField, label_of

# What a version holds, as the page groups it.
VERSION_FIELDSETS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Answers", ("engine", "greeting", "languages", "file_sharing")),
    (
        "Knowledge",
        ("answer_threshold", "margin", "offer_threshold", "offer_text", "unanswered_text"),
    ),
    (
        "Language model",
        (
            "provider",
            "model",
            "fallback_provider",
            "fallback_model",
            "temperature",
            "instructions",
            "guidelines",
            "tone",
            "link_hosts",
        ),
    ),
    ("Handover", ("handover_text", "handover_after", "handover_topics")),
    ("Flows", ("flows",)),
    ("Tools", ("tools",)),
)
VERSION_FIELDS = tuple(name for _, names in VERSION_FIELDSETS for name in names)
LINES = ("languages", "guidelines", "link_hosts", "handover_topics")
NUMBERS = ("answer_threshold", "margin", "offer_threshold", "temperature", "handover_after")
TEXTS = ("greeting", "offer_text", "handover_text", "unanswered_text", "instructions")
PROVIDERS = ("provider", "fallback_provider")


class ProviderField(forms.ModelChoiceField):
    """A provider of the assistant's tenant; which those are is known inside a request only."""

    def __init__(self, help_text: str) -> None:
        none = Provider.unscoped.none()
        super().__init__(none, required=False, widget=UnfoldAdminSelectWidget, help_text=help_text)

    def label_from_instance(self, provider: Provider) -> str:
        return label_of(provider)


class FlowsField(forms.CharField):
    """Flows, each with its name, opening message, instructions and examples."""

    def prepare_value(self, value: Any) -> Any:
        return write_flows(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        try:
            return read_flows(super().to_python(value) or "")
        except LiveChatError as error:
            raise forms.ValidationError(error.message) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return write_flows(initial or []).split() != (data or "").split()


def _lines_field(name: str) -> LinesField:
    described: Any = AssistantVersion._meta.get_field(name)
    widget = UnfoldAdminTextareaWidget({"rows": 2})
    return LinesField(widget=widget, help_text=described.help_text)


class AssistantForm(forms.ModelForm):
    """An assistant's name and, beside it, what its next version is to say."""

    provider = ProviderField("Where the model is served.")
    fallback_provider = ProviderField("Answers when the first one fails.")
    tools = ToolsField()
    flows = FlowsField(
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 6}),
        help_text="Named ways in. Begin each with “Flow:” and its name; below it, each on a new "
        "line, “Opening:”, “Instructions:” and any number of “Example:”.",
    )

    class Meta:
        # The page adds the others: a choice of tenants can be read inside a request only.
        model = Assistant
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if latest := self.instance.staging or self.instance.production:
            self.initial.update({name: getattr(latest, name) for name in VERSION_FIELDS})
            self.initial["tools"] = [kept["id"] for kept in latest.tools]
        for name in (*PROVIDERS, "tools"):
            field: Any = self.fields[name]
            field.queryset = self._choices(Tool if name == "tools" else Provider)

    def clean(self) -> dict[str, Any]:
        super().clean()
        for field in AssistantVersion._meta.concrete_fields:
            # Of tools a version keeps something else than what is chosen.
            if field.name in {*VERSION_FIELDS} - {"tools"} and field.name in self.cleaned_data:
                self._clean_as(field)
        if self.cleaned_data.get("engine") == AssistantVersion.Engine.MODEL:
            self._require_model()
        if any(tool.tenant_id != self._tenant.pk for tool in self.cleaned_data.get("tools", ())):
            self.add_error("tools", "These tools belong to another tenant.")
        return self.cleaned_data

    def version_settings(self) -> dict[str, Any]:
        chosen = {name: self.cleaned_data[name] for name in VERSION_FIELDS}
        accounts = {name: chosen.pop(name) for name in PROVIDERS}
        return chosen | {f"{name}_id": row and row.pk for name, row in accounts.items()}

    @property
    def _tenant(self) -> Any:
        return self.cleaned_data.get("tenant") or self.instance.tenant

    def _choices(self, model: type[Provider | Tool]) -> Any:
        """Rows of the assistant's tenant; while that is still to be chosen, all."""
        rows = model.objects.select_related("tenant").order_by("tenant__name", "name")
        known = None if self.instance._state.adding else self.instance.tenant_id
        return rows.filter(tenant=known) if known else rows

    def _clean_as(self, field: Any) -> None:
        value = self.cleaned_data[field.name]
        try:
            field.clean(value.pk if field.name in PROVIDERS and value else value, None)
        except forms.ValidationError as error:
            self.add_error(field.name, error)

    def _require_model(self) -> None:
        for name in PROVIDERS:
            provider = self.cleaned_data.get(name)
            if provider and provider.tenant_id != self._tenant.pk:
                self.add_error(name, "This provider belongs to another tenant.")
            if provider and not self.cleaned_data.get(name.replace("provider", "model")):
                self.add_error(name.replace("provider", "model"), "Name the model.")
        if not self.cleaned_data.get("provider"):
            self.add_error("provider", "Choose where the model is served.")


# The forms that the admin derives from this one inherit what is declared here.
AssistantForm.declared_fields |= fields_for_model(
    AssistantVersion,
    fields=[name for name in VERSION_FIELDS if name not in (*LINES, *PROVIDERS, "tools", "flows")],
    widgets={
        "engine": UnfoldAdminSelectWidget,
        "file_sharing": UnfoldBooleanSwitchWidget,
        **{name: UnfoldAdminDecimalFieldWidget({"step": "0.01"}) for name in NUMBERS},
        **{name: UnfoldAdminTextareaWidget({"rows": 2}) for name in TEXTS},
        **dict.fromkeys(("model", "fallback_model", "tone"), UnfoldAdminTextInputWidget),
    },
) | {name: _lines_field(name) for name in LINES}
