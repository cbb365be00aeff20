"""The operators' pages for invitations, and for mail on its way."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display

from tenants import invitations, mail_delivery
from tenants.models import AccountMail, Invitation, Mail, Membership
from tenants.operators import SECRET_TEMPLATE, OperatorsAdmin, actor
from tenants.workplace import workplace

INVITATION_STATES = {
    "pending": "info",
    "accepted": "success",
    "expired": "warning",
    "revoked": "danger",
}


@admin.register(Invitation)
class InvitationAdmin(OperatorsAdmin):
    """Made by adding a member; sent again, and taken back, here."""

    list_display = ("email", "tenant", "role", "status", "invited_by", "expires_at")
    list_filter = ("role",)
    list_select_related = ("tenant",)
    search_fields = ("email", "tenant__name")
    ordering = ("-created_at",)
    actions_detail = ("resend", "show_link", "revoke")
    fields = (
        ("email", "name"),
        ("role", "tenant"),
        ("status", "invited_by"),
        ("created_at", "expires_at", "accepted_at"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def allows(self, request: HttpRequest, obj: Invitation) -> bool:
        """An admin who has the link of an owner's place could take it."""
        editor = workplace(request)
        is_admin = editor is not None and editor.role == Membership.Role.ADMIN
        return not (is_admin and obj.role == Membership.Role.OWNER)

    def offers(self, obj: Invitation, action: str) -> bool:
        return obj.state == "pending" if action == "show_link" else obj.is_open

    @display(description="State", label=INVITATION_STATES)
    def status(self, invitation: Invitation) -> str:
        return invitation.state

    @action(description="Send again", icon="forward_to_inbox", permissions=["view"])
    def resend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.perform(
            request,
            object_id,
            lambda invitation: invitations.resend(invitation, actor=actor(request)),
            title="Send again",
            question="A new link is sent, which works for seven days. Earlier ones stop working.",
            button="Send",
            done="The invitation is on its way again.",
        )

    @action(description="Show link", icon="link", permissions=["view"])
    def show_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.perform(
            request,
            object_id,
            lambda invitation: self._link_page(request, invitation),
            title="Show the link",
            question="Whoever has the link can take the place. Give it to this person alone.",
            button="Show",
        )

    @action(description="Revoke", icon="block", permissions=["view"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.perform(
            request,
            object_id,
            lambda invitation: invitations.revoke(invitation, actor=actor(request)),
            title="Revoke",
            question="The link stops working at once.",
            button="Revoke",
            done="This invitation is revoked.",
        )

    def _link_page(self, request: HttpRequest, invitation: Invitation) -> HttpResponse:
        return self.page(
            request,
            invitation,
            SECRET_TEMPLATE,
            f"Invitation of {invitation.email}",
            explanation=f"It works once, until {invitation.expires_at:%Y-%m-%d %H:%M} UTC.",
            secrets=[("Link", invitations.link_of(invitation))],
        )


class OutgoingMailAdmin(OperatorsAdmin):
    """What was sent to whom, what waits, and what failed and why; never what it says."""

    list_filter = ("state", "template")
    search_fields = ("to", "subject")
    ordering = ("-created_at",)
    actions_detail = ("send_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def offers(self, obj: Any, action: str) -> bool:
        return bool(obj.state == Mail.State.FAILED and obj.text)

    @display(description="State", label={"sent": "success", "waiting": "info", "failed": "danger"})
    def status(self, mail: Any) -> str:
        return str(mail.state)

    @action(description="Send again", icon="forward_to_inbox", permissions=["view"])
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.perform(
            request,
            object_id,
            mail_delivery.send_again,
            title="Send again",
            question="It goes out within seconds, and is tried again for a day.",
            button="Send",
            done="The mail is on its way again.",
        )


@admin.register(Mail)
class MailAdmin(OutgoingMailAdmin):
    list_display = ("subject", "to", "tenant", "status", "attempts", "problem", "created_at")
    list_select_related = ("tenant",)
    fields = (
        ("subject", "tenant"),
        ("to", "reply_to"),
        ("status", "attempts"),
        "problem",
        ("created_at", "due_at", "ended_at"),
    )


@admin.register(AccountMail)
class AccountMailAdmin(OutgoingMailAdmin):
    owners_may = frozenset()
    list_display = ("subject", "to", "status", "attempts", "problem", "created_at")
    fields = (
        ("subject", "to"),
        ("status", "attempts"),
        "problem",
        ("created_at", "due_at", "ended_at"),
    )
