from django.db import migrations, models

from tenants.postgresql.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("conversations", "0012_teams")]

    operations = [
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("owner", "waiting")),
                fields=["tenant", "waiting_since"],
                name="conversation_waiting",
            ),
        ),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("owner__in", ("waiting", "human"))),
                fields=["assignee"],
                name="conversation_in_hands",
            ),
        ),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("team__isnull", False)),
                fields=["team"],
                name="conversation_team",
            ),
        ),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("unread_reply_since__isnull", False)),
                fields=["unread_reply_since"],
                name="conversation_unread_reply",
            ),
        ),
    ]
