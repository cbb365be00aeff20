"""What operators, and a tenant's owners, change about its teams."""

from conversations import availability, teams
from conversations.models import Conversation, Team
from tenants.scope import tenant_scope
from tests.admin.operators import Member, object_id
from tests.admin.test_chat_pages import acts, change_page, reload
from tests.factories import make_assistant, make_member, make_visitor, write

LIST = "conversations/team/"
ADD = f"{LIST}add/"


def members_of(team):
    with tenant_scope(team.tenant_id):
        return set(team.places.values_list("member_id", flat=True))


def test_a_team_is_made_filled_renamed_and_deleted_with_its_queue_left_to_everybody(
    operator, acme, globex, monkeypatch
):
    owner, ann, stranger = make_member(acme, role="owner"), make_member(acme), make_member(globex)
    one = Member(owner).log_in()
    made = one.save(ADD, tenant=acme.id, name="Sales")
    with tenant_scope(acme.id):
        team = Team.objects.get(pk=object_id(made))
    page = change_page(team)

    refused = one.submit(page, members=[ann.id, stranger.id])
    assert "members" in refused.context["adminform"].form.errors
    one.save(page, members=[ann.id, owner.id], strategy="least_loaded")
    assert members_of(team) == {ann.id, owner.id}
    assert reload(team).strategy == "least_loaded"
    availability.renew(acme.id, ann.id)
    drawn = one.get(page).content.decode()
    assert drawn.count("there, answers 0 of at most 5") == 2
    assert drawn.count("not there, answers 0 of at most 5") == 1
    assert stranger.user.email not in drawn

    # What nobody touched stays, and a name is a team's own.
    operator.save(page, name="Selling")
    assert (reload(team).name, members_of(team)) == ("Selling", {ann.id, owner.id})
    operator.save(ADD, tenant=globex.id, name="Sales")
    one.save(ADD, tenant=acme.id, name="Help")
    taken = one.client.post(
        f"/admin/{page}", {"name": "Help", "strategy": "round_robin"}, follow=True
    )
    assert "There is a team of this name." in taken.content.decode()
    assert (reload(team).name, members_of(team)) == ("Selling", {ann.id, owner.id})

    make_assistant(acme)
    received = write(acme, make_visitor())
    with tenant_scope(acme.id):
        Conversation.objects.filter(pk=received.conversation_id).update(team=team)
    several = {"action": "delete_selected", "_selected_action": [team.pk], "post": "yes"}
    with monkeypatch.context() as busy:
        busy.setattr(teams, "DELETE_ATTEMPTS", 0)
        for path, form in [(f"{LIST}{team.pk}/delete/", {"post": "yes"}), (LIST, several)]:
            for person in (one, operator):
                told = person.client.post(f"/admin/{path}", form, follow=True)
                assert "Conversations keep coming into this team." in told.content.decode()
    assert (reload(team).name, "team.deleted" in acts(acme)) == ("Selling", False)
    one.post(f"conversations/team/{team.pk}/delete/", {"post": "yes"})
    with tenant_scope(acme.id):
        assert list(Team.objects.values_list("name", flat=True)) == ["Help"]
        assert Conversation.objects.get().team_id is None
    assert [act for act in acts(acme) if act.startswith("team.")] == [
        "team.created",
        "team.changed",
        "team.changed",
        "team.created",
        "team.deleted",
    ]
