from django.db import migrations

from tenants.wall import wall


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0001_initial"),
        ("assistants", "0002_wall"),
        ("tenants", "0002_wall"),
    ]

    operations = [
        wall("conversations_contact"),
        wall("conversations_visitorsession", contact_id="conversations_contact"),
        wall(
            "conversations_conversation",
            session_id="conversations_visitorsession",
            contact_id="conversations_contact",
            assistant_id="assistants_assistant",
            assignee_id="tenants_membership",
        ),
        wall("conversations_message", conversation_id="conversations_conversation"),
        wall(
            "conversations_attachment",
            conversation_id="conversations_conversation",
            message_id="conversations_message",
            session_id="conversations_visitorsession",
        ),
        wall(
            "conversations_turn",
            conversation_id="conversations_conversation",
            version_id="assistants_assistantversion",
            reply_id="conversations_message",
        ),
    ]
