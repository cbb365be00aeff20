from django.db import migrations

from tenants.wall import APP_ROLE, open_table, wall

# The embedded start makes the role itself; elsewhere the owner makes it here, if it may.
MAKE_ROLE = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
        CREATE ROLE {APP_ROLE} NOLOGIN;
        EXECUTE format('GRANT {APP_ROLE} TO %I', current_user);
    END IF;
END $$
"""

OPEN_TABLES = (
    "tenants_tenant",
    "tenants_user",
    "tenants_membership",
    "tenants_loginsession",
    "tenants_credential",
)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.RunSQL(MAKE_ROLE, migrations.RunSQL.noop),
        migrations.RunSQL(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}", migrations.RunSQL.noop),
        # The confined role needs to know which migrations have run, for the health check.
        migrations.RunSQL(
            f"GRANT SELECT ON django_migrations TO {APP_ROLE}", migrations.RunSQL.noop
        ),
        *(open_table(table) for table in OPEN_TABLES),
        wall("tenants_auditentry"),
    ]
