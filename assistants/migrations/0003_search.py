"""Full-text search that keeps its index behind the wall.

The operators of full-text search are not leakproof, so row-level security would have every row of
the table read before them. The function below runs as the owner and carries the tenant itself: as a
lexeme that the index finds, and once more as a plain condition.
"""

from django.db import migrations

from tenants.wall import APP_ROLE

ADD_COLUMN = """
ALTER TABLE assistants_knowledgeentry ADD COLUMN search tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('english', title), 'A')
    || setweight(to_tsvector('english', variants), 'A')
    || to_tsvector('english', text)
    || array_to_tsvector(ARRAY[tenant_id::text, assistant_id::text])
) STORED
"""

# plainto_tsquery requires every word; a question shares only some with its answer.
ADD_FUNCTION = """
CREATE FUNCTION assistants_search(wanted_assistant uuid, question text, how_many integer)
RETURNS TABLE (entry_id uuid, rank real)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT entry.id, ts_rank_cd(entry.search, asked.words) AS rank
    FROM (
        SELECT current_setting('app.tenant')::uuid AS tenant_id,
            regexp_replace(plainto_tsquery('english', question)::text, '&|<->', '|', 'g')::tsquery
                AS words
    ) AS asked
    JOIN assistants_knowledgeentry AS entry ON entry.search @@ (
        asked.words
        && quote_literal(asked.tenant_id)::tsquery
        && quote_literal(wanted_assistant)::tsquery
    )
    WHERE numnode(asked.words) > 0
        AND entry.tenant_id = asked.tenant_id
        AND entry.assistant_id = wanted_assistant
    ORDER BY rank DESC, entry.id
    LIMIT how_many
$$
"""
SIGNATURE = "assistants_search(uuid, text, integer)"


class Migration(migrations.Migration):
    dependencies = [("assistants", "0002_wall")]

    operations = [
        migrations.RunSQL(ADD_COLUMN, "ALTER TABLE assistants_knowledgeentry DROP COLUMN search"),
        migrations.RunSQL(
            "CREATE INDEX assistants_knowledgeentry_search"
            " ON assistants_knowledgeentry USING gin (search)",
            "DROP INDEX assistants_knowledgeentry_search",
        ),
        migrations.RunSQL(ADD_FUNCTION, f"DROP FUNCTION {SIGNATURE}"),
        migrations.RunSQL(
            [
                f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC",
                f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO {APP_ROLE}",
            ],
            migrations.RunSQL.noop,
        ),
    ]
