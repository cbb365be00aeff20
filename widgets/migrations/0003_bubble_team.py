from django.db import migrations, models

from tenants.wall import pin


class Migration(migrations.Migration):
    dependencies = [("widgets", "0002_wall"), ("conversations", "0012_teams")]

    operations = [
        migrations.AddField(
            model_name="bubble",
            name="team",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                help_text="Who answers where a person is asked for. Empty means everybody.",
                null=True,
                on_delete=models.deletion.SET_NULL,
                related_name="+",
                to="conversations.team",
            ),
        ),
        pin("widgets_bubble", team_id="conversations_team"),
    ]
