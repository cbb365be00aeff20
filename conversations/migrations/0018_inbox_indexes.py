from django.db import migrations, models

from tenants.postgresql.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("conversations", "0017_inbox")]

    operations = [
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                fields=["tenant", "-created_at", "-id"], name="conversation_by_creation"
            ),
        ),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                fields=["tenant", "waiting_since", "id"], name="conversation_by_wait"
            ),
        ),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                fields=["tenant", "-priority", "-updated_at", "-id"],
                name="conversation_by_priority",
            ),
        ),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("status", "resolved"), _negated=True),
                fields=["tenant", "-updated_at", "-id"],
                name="conversation_live",
            ),
        ),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("labels__len__gt", 0)),
                fields=["tenant", "-updated_at", "-id"],
                name="conversation_labelled",
            ),
        ),
    ]
