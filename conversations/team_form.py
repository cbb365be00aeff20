"""What is filled in for a team."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from conversations.models import Team
from conversations.teams import MEMBERS_LIMIT, members_of
from tenants.models import Membership
from tenants.scope import tenant_scope


class TeamForm(forms.ModelForm):
    members = forms.ModelMultipleChoiceField(
        queryset=Membership.objects.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Who is asked to answer what waits for this team, as long as they are there.",
    )

    class Meta:
        model = Team
        fields = ("name", "strategy")
        help_texts = {
            "strategy": "Round robin gives to whoever got none for longest, least loaded to "
            "whoever has the fewest open conversations."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team = self.instance
        field: Any = self.fields["members"]
        members = Membership.objects.filter(tenant=team.tenant_id, is_active=True)
        members = members.filter(user__is_active=True).select_related("user")
        field.queryset = members.order_by("user__name", "user__email")
        field.label_from_instance = name_of
        with tenant_scope(team.tenant_id):
            self.initial["members"] = members_of([team])[team.id]

    def clean_members(self) -> list[Membership]:
        members = list(self.cleaned_data["members"])
        if len(members) > MEMBERS_LIMIT:
            raise forms.ValidationError(f"A team has at most {MEMBERS_LIMIT} members.")
        return members


def name_of(member: Membership) -> str:
    return member.user.name or member.user.email
