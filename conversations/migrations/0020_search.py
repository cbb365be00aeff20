"""Full-text search of messages and contacts that keeps its index behind the wall.

The operators of full-text search are not leakproof, so row-level security would have every row of
a table read before them. The function below runs as the owner and carries the tenant itself: as a
lexeme that the index finds, and once more as a plain condition. It tells nothing but ids, which are
read behind the wall.

Triggers fill the vectors, for a version that does not know of them as well. No model does: nobody
reads them but the function. What was there before is filled by housekeeping.
"""

from django.db import migrations

from tenants.wall import APP_ROLE

# Neither stems nor stop words: a tenant's messages are in many languages. An erased text has no
# word left, and what we say ourselves ("Kim has joined.") is not looked for.
FILL_MESSAGE = """
CREATE FUNCTION conversations_fill_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := CASE
        WHEN NEW.text = '' OR NEW.author_kind = 'system' THEN ''::pg_catalog.tsvector
        ELSE pg_catalog.to_tsvector('pg_catalog.simple', pg_catalog.left(NEW.text, 20000))
            || pg_catalog.array_to_tsvector(ARRAY[NEW.tenant_id::text])
    END;
    RETURN NEW;
END
$$
"""
# An address is one word to the parser, and so are its parts for whoever types only one of them; of
# a telephone number all digits together are a word too.
FILL_CONTACT = """
CREATE FUNCTION conversations_fill_contact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := pg_catalog.to_tsvector('pg_catalog.simple', pg_catalog.concat_ws(
            ' ', NEW.name, NEW.email, pg_catalog.replace(NEW.email, '@', ' '),
            pg_catalog.translate(NEW.email, '@._+-', '     '), NEW.phone,
            pg_catalog.regexp_replace(NEW.phone, '[^0-9]', '', 'g')
        )) || pg_catalog.array_to_tsvector(ARRAY[NEW.tenant_id::text]);
    RETURN NEW;
END
$$
"""
# ``begun`` is the word that is still being typed: whatever begins so is meant. The parser may take
# it apart ("mail@exa"), while the text's own word is whole; so it is looked for as it stands, too.
ADD_WORDS = """
CREATE FUNCTION conversations_words(question text, begun text) RETURNS tsquery
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT websearch_to_tsquery('simple', question) && CASE
        WHEN begun = '' THEN ''::tsquery
        ELSE coalesce(
            (nullif(websearch_to_tsquery('simple', begun)::text, '') || ':*')::tsquery, ''
        ) || ('''' || lower(begun) || ''':*')::tsquery
    END
$$
"""
# The newest 2,000 rows are looked through first. A word that is common is found there often enough,
# while its rows in the index are too many to be sorted; and a small tenant has no more than these.
# The other statement sorts all that the index finds: by then it is not much. There the tenant is
# compared afterwards, or an index of all its rows would be read as well. Both are planned for the
# words at hand.
ADD_SEARCH = """
CREATE FUNCTION conversations_search(place text, words tsquery, before uuid, how_many integer)
RETURNS TABLE (found_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $function$
DECLARE
    tenant CONSTANT uuid := current_setting('app.tenant')::uuid;
    asked CONSTANT tsquery := words && quote_literal(tenant)::tsquery;
    source CONSTANT text := CASE place
        WHEN 'messages' THEN 'conversations_message'
        WHEN 'contacts' THEN 'conversations_contact'
    END;
    newest CONSTANT integer := 2000;
    seen integer;
    found uuid[];
BEGIN
    IF numnode(words) = 0 THEN
        RETURN;
    END IF;
    EXECUTE format($sql$
        SELECT count(*), array_agg(id ORDER BY id DESC) FILTER (WHERE search @@ $1)
        FROM (
            SELECT id, search FROM %I WHERE tenant_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4
        ) AS latest
    $sql$, source) INTO seen, found USING asked, tenant, before, newest;
    IF seen < newest OR cardinality(found) >= how_many THEN
        RETURN QUERY SELECT unnest(found[1:how_many]);
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($sql$
        WITH hits AS MATERIALIZED (
            SELECT id, tenant_id FROM %I WHERE search @@ $1 AND id < $3
        )
        SELECT id FROM hits WHERE tenant_id = $2 ORDER BY id DESC LIMIT $4
    $sql$, source) USING asked, tenant, before, how_many;
END
$function$
"""
FUNCTIONS = [
    "conversations_words(text, text)",
    "conversations_search(text, tsquery, uuid, integer)",
]


def filled(table: str, function: str, columns: str) -> list[migrations.RunSQL]:
    """Give a table its vector, and what fills it."""
    return [
        migrations.RunSQL(
            f"ALTER TABLE {table} ADD COLUMN search tsvector",
            f"ALTER TABLE {table} DROP COLUMN search",
        ),
        migrations.RunSQL(
            f"CREATE TRIGGER fill_search BEFORE INSERT OR UPDATE OF {columns} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {function}()",
            f"DROP TRIGGER fill_search ON {table}",
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("conversations", "0019_tallies")]

    operations = [
        migrations.RunSQL(FILL_MESSAGE, "DROP FUNCTION conversations_fill_message()"),
        migrations.RunSQL(FILL_CONTACT, "DROP FUNCTION conversations_fill_contact()"),
        *filled("conversations_message", "conversations_fill_message", "text"),
        *filled("conversations_contact", "conversations_fill_contact", "name, email, phone"),
        migrations.RunSQL(ADD_WORDS, f"DROP FUNCTION {FUNCTIONS[0]}"),
        migrations.RunSQL(ADD_SEARCH, f"DROP FUNCTION {FUNCTIONS[1]}"),
        *(
            migrations.RunSQL(
                [
                    f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC",
                    f"GRANT EXECUTE ON FUNCTION {function} TO {APP_ROLE}",
                ],
                migrations.RunSQL.noop,
            )
            for function in FUNCTIONS
        ),
    ]
