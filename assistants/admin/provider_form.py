"""What operators fill in for a provider of language models."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget

from assistants.models import Provider
from tenants.errors import LiveChatError
from tenants.outbound import check_url


class ProviderForm(forms.ModelForm):
    """A provider; its key can be set, and is never shown again."""

    key = forms.CharField(
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text="Kept encrypted. Empty keeps the one that is set.",
    )

    class Meta:
        model = Provider
        fields = ("name", "kind")

    def clean_base_url(self) -> str:
        url: str = self.cleaned_data["base_url"]
        try:
            if url:
                check_url(url)
        except LiveChatError as error:
            raise forms.ValidationError(error.message) from None
        return url

    def clean(self) -> dict[str, Any]:
        super().clean()
        if key := self.cleaned_data.get("key"):
            self.instance.key = key
        needs_address = self.cleaned_data.get("kind") == Provider.Kind.COMPATIBLE
        if needs_address and self.cleaned_data.get("base_url") == "":
            self.add_error("base_url", "Say where the server is.")
        return self.cleaned_data
