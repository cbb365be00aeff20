from django.db import migrations

# In one statement, which sees every change together with its row or neither: what came before it is
# counted in the conversations themselves, and what comes after it adds its own rows.
COUNT_ALL = """
WITH known AS (DELETE FROM conversations_tally)
INSERT INTO conversations_tally
    (id, tenant_id, status, owner, assignee_id, team_id, number)
SELECT gen_random_uuid(), tenant_id, status, owner, assignee_id, team_id, count(*)
FROM conversations_conversation WHERE message_seq > 0
GROUP BY tenant_id, status, owner, assignee_id, team_id
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0018_inbox_indexes")]

    operations = [migrations.RunSQL(COUNT_ALL, migrations.RunSQL.noop)]
