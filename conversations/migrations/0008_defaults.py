"""Defaults in the database for columns that came later: an earlier version does not name them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("conversations", "0007_prefers_fallback")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE conversations_conversation
                ALTER flow SET DEFAULT '',
                ALTER handover_summary SET DEFAULT '',
                ALTER named_language SET DEFAULT '',
                ALTER unanswered SET DEFAULT 0
            """,
            """
            ALTER TABLE conversations_conversation
                ALTER flow DROP DEFAULT,
                ALTER handover_summary DROP DEFAULT,
                ALTER named_language DROP DEFAULT,
                ALTER unanswered DROP DEFAULT
            """,
        ),
        migrations.RunSQL(
            """
            ALTER TABLE conversations_turn
                ALTER additional_input SET DEFAULT '{}',
                ALTER excused SET DEFAULT 0,
                ALTER prefers_fallback SET DEFAULT false
            """,
            """
            ALTER TABLE conversations_turn
                ALTER additional_input DROP DEFAULT,
                ALTER excused DROP DEFAULT,
                ALTER prefers_fallback DROP DEFAULT
            """,
        ),
    ]
