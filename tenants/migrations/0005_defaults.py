"""Defaults in the database for columns that came later: an earlier version does not name them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_tenant_guests_allowed")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE tenants_tenant ALTER guests_allowed SET DEFAULT false",
            "ALTER TABLE tenants_tenant ALTER guests_allowed DROP DEFAULT",
        )
    ]
