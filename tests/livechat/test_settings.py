import os
import subprocess
import sys

import pytest

from tests.livechat.environment import GOOD
from tests.test_docs import README, table


def start(tmp_path, code="from livechat import settings", **changes):
    """Read the settings as a fresh process would."""
    env = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), **GOOD, **changes}
    env = {name: value for name, value in env.items() if value is not None}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_complete_production_environment_starts(tmp_path):
    result = start(tmp_path)

    assert (result.returncode, result.stderr) == (0, "")


def test_an_empty_setting_stands_for_its_default(tmp_path):
    optional = table(README, "Settings") - GOOD.keys() - {"VAR_DIR"}
    code = (
        "from livechat import env, settings as s\n"
        "print(env.env_text('HOST', '127.0.0.1'))\n"
        f"print([getattr(s, name, None) for name in {sorted(optional)}])"
    )

    missing = start(tmp_path, code)
    empty = start(tmp_path, code, **dict.fromkeys(optional, ""))

    assert (missing.returncode, missing.stdout) == (0, empty.stdout)
    assert "no-reply@chat.example.com" in empty.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", "short"),
        ("DEBUG", "1"),
        ("DEBUG", "perhaps"),
        ("DATABASE_URL", None),
        ("DATABASE_URL", "mysql://db/livechat"),
        ("DATABASE_URL", "postgresql://db.example:port/livechat"),
        ("DATABASE_URL", "postgresql://db.example"),
        ("REDIS_URL", None),
        ("REDIS_URL", "localhost:6379"),
        ("PUBLIC_URL", "http://chat.example.com"),
        ("ALLOWED_HOSTS", None),
        ("CHAT_WAIT_SECONDS", "-1"),
        ("CHAT_WAIT_SECONDS", "soon"),
        ("TRUSTED_PROXY_COUNT", "99"),
        ("PORT", "70000"),
        ("EMAIL_URL", "smtp:///"),
        ("EMAIL_URL", "smtp://[mail.example"),
        ("EMAIL_URL", "smtp://mail.example/?tsl=1"),
        ("MAIL_FROM", "LiveChat"),
        ("INTERNAL_HOSTS", "http://models.internal"),
    ],
)
def test_a_bad_setting_stops_the_start_with_one_line_that_names_it(tmp_path, name, value):
    result = start(tmp_path, **{name: value})

    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert name in result.stderr


def test_production_refuses_the_embedded_services(tmp_path):
    (tmp_path / "services.json").write_text('{"REDIS_URL": "redis://127.0.0.1:1/0"}')

    assert start(tmp_path).returncode == 1


def test_outside_production_a_secret_is_made_once_and_kept_private(tmp_path):
    nothing = dict.fromkeys(GOOD)

    assert start(tmp_path, **nothing).returncode == 0
    secret = tmp_path / "secret_key"
    first = secret.read_text()
    assert start(tmp_path, **nothing).returncode == 0

    assert secret.read_text() == first
    assert secret.stat().st_mode & 0o077 == 0
