"""What is filled in for tenants, people and credentials."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.password_validation import validate_password
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from tenants.models import Credential, Membership, Tenant, User
from tenants.network import normal_origin
from tenants.operators import LinesField

SCOPES = {
    "*": "Everything",
    "conversations:read": "Read conversations, messages and contacts",
    "conversations:write": "Reply to, assign, qualify and close conversations",
    "members": "Invite members, change their roles and remove them",
    "integrations": "Set up web integrations and their tokens",
    "chat": "Chat as a program on the vendors' protocols",
}
GRACES = {"24": "24 hours", "168": "7 days", "1": "1 hour", "0": "not at all"}


class PersonForm(forms.ModelForm):
    """The fields that make a person a member."""

    email = forms.EmailField(widget=UnfoldAdminEmailInputWidget, label="E-mail")
    person = forms.CharField(
        max_length=200, required=False, widget=UnfoldAdminTextInputWidget, label="Name"
    )
    password = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        label="Initial password",
        help_text="Leave it empty to send an invitation. Who has an account keeps theirs.",
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if password:
            email = self.cleaned_data.get("email", "")
            validate_password(password, User(email=email))
        return password

    def person_fields(self) -> dict[str, str]:
        return {
            "email": self.cleaned_data["email"],
            "name": self.cleaned_data["person"],
            "password": self.cleaned_data.get("password", ""),
        }


class NewTenantForm(PersonForm):
    """A tenant and its owner."""

    class Meta:
        model = Tenant
        fields = ("name", "slug")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "Owner's e-mail"
        self.fields["person"].label = "Owner's name"
        self.fields["password"].label = "Owner's initial password"


class RoleForm(forms.ModelForm):
    """A member's role, by whoever is at work: an admin makes nobody an owner."""

    # The member who is at work; none for an operator.
    editor: Membership | None = None

    def clean_role(self) -> str:
        role: str = self.cleaned_data["role"]
        is_admin = self.editor is not None and self.editor.role == Membership.Role.ADMIN
        if is_admin and role == Membership.Role.OWNER:
            raise forms.ValidationError("Only an owner makes an owner.")
        return role


class MembershipForm(RoleForm):
    class Meta:
        model = Membership
        fields = ("role", "is_active")


class NewMembershipForm(RoleForm, PersonForm):
    class Meta:
        model = Membership
        fields = ("role",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.editor is not None:
            # Who knows the password of an account has it, wherever else its address is taken in.
            del self.fields["password"]

    def clean(self) -> dict[str, Any]:
        super().clean()
        tenant, email = self.cleaned_data.get("tenant"), self.cleaned_data.get("email")
        if Membership.objects.filter(tenant=tenant, user__email__iexact=email).exists():
            self.add_error("email", "This person is a member already.")
        return self.cleaned_data


class NewUserForm(BaseUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name", "is_staff")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("password1", "password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(
                attrs={"autocomplete": "new-password"}
            )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class NewKeyForm(forms.ModelForm):
    """An API key; tokens are made where their subject is."""

    scopes = forms.MultipleChoiceField(
        choices=list(SCOPES.items()),
        initial=["*"],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    origins = LinesField(
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text="Pages that may use it, one on each line. Without any, browsers may not.",
    )

    class Meta:
        model = Credential
        fields = ("name",)

    def clean_origins(self) -> list[str]:
        origins: list[str] = self.cleaned_data["origins"]
        for origin in origins:
            if normal_origin(origin) is None:
                raise forms.ValidationError(f"{origin} is not an origin.")
        return origins


class GraceForm(forms.Form):
    grace = forms.ChoiceField(
        choices=list(GRACES.items()),
        widget=UnfoldAdminSelectWidget,
        label="The old one goes on working for",
    )

    def period(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["grace"]))
