from django.db import migrations, models

from tenants.postgresql.operations import AddIndexConcurrently, CreateIndexConcurrently

# What is new waits in a list that every search reads through. Whoever writes the message that
# fills it sorts it in: with the 4 MiB that are usual, both take a while.
OPTIONS = "WITH (gin_pending_list_limit = 256)"


def indexes(table: str) -> list[CreateIndexConcurrently]:
    """Of the words, and of the rows that have none yet."""
    return [
        CreateIndexConcurrently(f"{table}_search", f"{table} USING gin (search) {OPTIONS}"),
        CreateIndexConcurrently(f"{table}_unfilled", f"{table} (id) WHERE search IS NULL"),
    ]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("conversations", "0020_search")]

    operations = [
        *indexes("conversations_message"),
        *indexes("conversations_contact"),
        AddIndexConcurrently(
            model_name="contact",
            index=models.Index(fields=["tenant", "name", "id"], name="contact_name"),
        ),
        AddIndexConcurrently(
            model_name="contact",
            index=models.Index(fields=["tenant", "email"], name="contact_email_plain"),
        ),
    ]
