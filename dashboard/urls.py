"""The team's page, its REST, and its description."""

from django.urls import path
from drf_spectacular.views import SpectacularSwaggerSplitView

from dashboard import (
    analyses,
    availability,
    bulk,
    canned_responses,
    contacts,
    conversations,
    directory,
    drafts,
    exports,
    inbox,
    labels,
    marks,
    me,
    members,
    messages,
    page,
    saved_views,
    search,
    teams,
    tool_calls,
    usage,
    visitors,
)
from dashboard.description import DescriptionView

CONVERSATION = "api/conversations/<str:conversation_id>"
CANNED_RESPONSE = "api/canned-responses/<str:response_id>"
CONTACT = "api/contacts/<str:contact_id>"
TOOL_CALL = f"{CONVERSATION}/tool-calls/<str:call_id>"

# Where the inbox's script knows its way.
PAGES = (
    "",
    "c/<slug:place>",
    "view/<slug:place>",
    "search",
    "contacts",
    "contacts/<slug:place>",
    "visitors",
    "settings",
    "settings/<slug:place>",
)

docs = SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="dashboard/docs.html")

urlpatterns = [
    *(path(each, page.page, name=None if each else "index") for each in PAGES),
    path("api/me", me.MeView.as_view()),
    path("api/me/sessions", me.OwnSessionsView.as_view()),
    path("api/me/sessions/end-others", me.EndOthersView.as_view()),
    path("api/me/sessions/<str:session_id>", me.OwnSessionView.as_view()),
    path("api/members", members.MembersView.as_view()),
    path("api/members/<str:member_id>", members.MemberView.as_view()),
    path("api/invitations", members.InvitationsView.as_view()),
    path("api/invitations/<str:invitation_id>", members.InvitationView.as_view()),
    path("api/invitations/<str:invitation_id>/resend", members.ResendView.as_view()),
    path("api/availability", availability.AvailabilityView.as_view()),
    path("api/teams", teams.TeamsView.as_view()),
    path("api/teams/<str:team_id>", teams.TeamDetailView.as_view()),
    path("api/assistants", directory.AssistantsView.as_view()),
    path("api/assistants/<str:assistant_id>/analyze", analyses.AnalyzeView.as_view()),
    path("api/usage", usage.UsageView.as_view()),
    path("api/visitors", visitors.VisitorsView.as_view()),
    path("api/visitors/<str:visitor_id>/messages", visitors.VisitorMessagesView.as_view()),
    path("api/search", search.SearchView.as_view()),
    path("api/contacts", contacts.ContactsView.as_view()),
    path("api/contacts.csv", exports.ContactsFileView.as_view()),
    path(CONTACT, contacts.ContactView.as_view()),
    path(f"{CONTACT}/conversations", contacts.ContactConversationsView.as_view()),
    path(f"{CONTACT}/merge", contacts.MergeView.as_view()),
    path("api/conversations.csv", exports.ConversationsFileView.as_view()),
    path("api/conversations", inbox.ConversationsView.as_view()),
    path("api/conversations/counts", inbox.CountsView.as_view()),
    path("api/conversations/bulk", bulk.BulkView.as_view()),
    path(CONVERSATION, conversations.ConversationView.as_view()),
    path(f"{CONVERSATION}/messages", messages.MessagesView.as_view()),
    path(f"{CONVERSATION}/tool-calls", tool_calls.ToolCallsView.as_view()),
    path(f"{TOOL_CALL}/approve", tool_calls.ApproveView.as_view()),
    path(f"{TOOL_CALL}/reject", tool_calls.RejectView.as_view()),
    path(f"{CONVERSATION}/take-over", conversations.TakeOverView.as_view()),
    path(f"{CONVERSATION}/give-back", conversations.GiveBackView.as_view()),
    path(f"{CONVERSATION}/assign", conversations.AssignView.as_view()),
    path(f"{CONVERSATION}/qualify", conversations.QualifyView.as_view()),
    path(f"{CONVERSATION}/close", conversations.CloseView.as_view()),
    path(f"{CONVERSATION}/status", conversations.StatusView.as_view()),
    path(f"{CONVERSATION}/priority", marks.PriorityView.as_view()),
    path(f"{CONVERSATION}/labels", marks.ConversationLabelsView.as_view()),
    path(f"{CONVERSATION}/read", marks.MarkReadView.as_view()),
    path(f"{CONVERSATION}/unread", marks.MarkUnreadView.as_view()),
    path(f"{CONVERSATION}/draft", drafts.DraftView.as_view()),
    path("api/drafts", drafts.DraftsView.as_view()),
    path("api/labels", labels.LabelsView.as_view()),
    path("api/labels/<str:label_id>", labels.LabelView.as_view()),
    path("api/canned-responses", canned_responses.CannedResponsesView.as_view()),
    path(CANNED_RESPONSE, canned_responses.CannedResponseView.as_view()),
    path(f"{CANNED_RESPONSE}/render", canned_responses.RenderView.as_view()),
    path("api/views", saved_views.ViewsView.as_view()),
    path("api/views/<str:view_id>", saved_views.SavedViewView.as_view()),
    path("api/attachments", messages.AttachmentsView.as_view()),
    path("api/attachments/<str:attachment_id>", messages.AttachmentView.as_view()),
    path("api/schema", DescriptionView.as_view(), name="schema"),
    path("api/docs", docs, name="docs"),
]
