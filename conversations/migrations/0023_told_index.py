from django.db import migrations, models

from tenants.postgresql.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("conversations", "0022_told")]

    operations = [
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(
                    ("message_seq__gt", models.F("told_seq")), ("owner", "human"), ("unread__gt", 0)
                ),
                fields=["updated_at"],
                name="conversation_untold",
            ),
        ),
    ]
