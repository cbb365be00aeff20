from django.db import migrations

from tenants.wall import APP_ROLE, pin, wall


class Migration(migrations.Migration):
    dependencies = [("assistants", "0001_initial"), ("tenants", "0002_wall")]

    operations = [
        wall("assistants_assistant"),
        wall("assistants_assistantversion", assistant_id="assistants_assistant"),
        pin(
            "assistants_assistant",
            production_id="assistants_assistantversion",
            staging_id="assistants_assistantversion",
        ),
        wall("assistants_knowledgesource", assistant_id="assistants_assistant"),
        wall(
            "assistants_knowledgeentry",
            assistant_id="assistants_assistant",
            source_id="assistants_knowledgesource",
        ),
        wall("assistants_knowledgevector", entry_id="assistants_knowledgeentry"),
        # A version never changes, whatever the code believes.
        migrations.RunSQL(
            f"REVOKE UPDATE ON assistants_assistantversion FROM {APP_ROLE}",
            f"GRANT UPDATE ON assistants_assistantversion TO {APP_ROLE}",
        ),
    ]
