"""The embedded stores: who may do what in them, and what survives when something is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from livechat.embedded import EmbeddedServices, ServiceError
from livechat.embedded import postgres as postgres_module
from livechat.embedded.processes import command_of

only_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="root starts PostgreSQL as another account"
)
HOLDER = """
import sys, time
from pathlib import Path
from livechat.embedded import EmbeddedServices
print(EmbeddedServices(Path(sys.argv[1])).start()["DATABASE_OWNER_URL"], flush=True)
time.sleep(60)
"""


def open_to_enter(folder):
    """Let an account without privileges enter pytest's folders when root runs the tests."""
    for parent in [folder, *folder.parents]:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(0o711)
    return folder


@pytest.fixture
def folder(tmp_path):
    return open_to_enter(tmp_path) / "var with 'odd' name"


@pytest.fixture
def services(folder):
    services = EmbeddedServices(folder)
    services.start()
    yield services
    services.stop()


@pytest.fixture(scope="module")
def steady(tmp_path_factory):
    """Stores that the tests which only look may share."""
    services = EmbeddedServices(open_to_enter(tmp_path_factory.mktemp("steady")))
    services.start()
    yield services
    services.stop()


def write(services, text):
    with psycopg.connect(services.environment()["DATABASE_OWNER_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text text UNIQUE)")
        connection.execute("INSERT INTO note VALUES (%s)", [text])
    with redis.Redis.from_url(services.environment()["REDIS_URL"]) as client:
        client.set("note", text)
        # What a kill -9 may lose of the append-only file is a second's writes.
        client.execute_command("BGREWRITEAOF")
        while client.info("persistence")["aof_rewrite_in_progress"]:
            time.sleep(0.02)


def read(services):
    with psycopg.connect(services.environment()["DATABASE_OWNER_URL"]) as connection:
        rows = connection.execute("SELECT text FROM note").fetchall()
    with redis.Redis.from_url(services.environment()["REDIS_URL"]) as client:
        return [row[0] for row in rows], client.get("note").decode()


def is_running(pid):
    return command_of(pid) != ""


def test_data_survive_a_stop_and_a_start(folder, services):
    write(services, "kept")
    pids = [service.child.pid for service in services.all()]

    services.stop()
    assert not any(is_running(pid) for pid in pids)
    assert not services.postgres.sockets.exists()
    services.start()

    assert read(services) == (["kept"], "kept")


def test_data_survive_when_the_parent_is_killed(folder):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, folder], stdout=subprocess.PIPE, text=True
    )
    url = holder.stdout.readline().strip()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE note (text text)")
        connection.execute("INSERT INTO note VALUES ('kept')")
    holder.kill()
    holder.communicate()
    services = EmbeddedServices(folder)

    environment = services.start()

    with psycopg.connect(environment["DATABASE_OWNER_URL"]) as connection:
        assert connection.execute("SELECT text FROM note").fetchall() == [("kept",)]
    services.stop()


def test_killed_stores_come_back_at_the_same_address(services):
    write(services, "kept")
    before = services.environment()

    for service in services.all():
        service.child.kill()
        service.child.wait()
        assert not service.is_running()
        service.relaunch()

    assert services.environment() == before
    assert read(services) == (["kept"], "kept")


def test_stale_pid_files_neither_prevent_a_start_nor_harm_their_new_owner(folder, services):
    services.stop()
    bystander = subprocess.Popen(["sleep", "60"])
    data = services.postgres.data
    (data / "postmaster.pid").write_text(f"{bystander.pid}\n{data}\n")
    (folder / "redis" / "pid").write_text(str(bystander.pid))

    services.start()

    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_orphans_of_an_earlier_start_are_ended(folder, services):
    write(services, "kept")
    successor = EmbeddedServices(folder)

    successor.start()

    assert [service.child.wait(timeout=5) for service in services.all()] == [0, 0]
    assert read(successor) == (["kept"], "kept")
    successor.stop()


def test_an_interrupted_first_start_is_made_good(folder, services):
    services.stop()
    data = services.postgres.data
    data.rename(data.with_name("postgres.new"))
    (data.with_name("postgres.new") / "PG_VERSION").unlink()

    services.start()

    with psycopg.connect(services.environment()["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_roles_have_no_power_that_walls_would_not_stop(steady):
    with psycopg.connect(steady.environment()["DATABASE_OWNER_URL"]) as connection:
        found = connection.execute(
            "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles"
            " WHERE rolname LIKE 'livechat%' ORDER BY rolname"
        ).fetchall()
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'livechat'"
        ).fetchone()

    assert found == [
        ("livechat", True, False, False, False),
        ("livechat_app", False, False, False, False),
        ("livechat_owner", True, False, False, False),
    ]
    assert owner == ("livechat_owner",)


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_OWNER_URL"])
def test_both_logins_can_take_the_confined_role(steady, name):
    with psycopg.connect(steady.environment()[name]) as connection:
        connection.execute("SET ROLE livechat_app")

        assert connection.execute("SELECT current_user").fetchone() == ("livechat_app",)


@pytest.mark.parametrize("role", ["livechat_owner", "postgres"])
def test_the_products_login_cannot_become_more(steady, role):
    with (
        psycopg.connect(steady.environment()["DATABASE_URL"]) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"SET ROLE {role}")


def test_the_products_login_cannot_make_tables(steady):
    with (
        psycopg.connect(steady.environment()["DATABASE_URL"]) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE note (text text)")


def test_stores_are_closed_to_others(steady):
    with psycopg.connect(steady.environment()["DATABASE_URL"]) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert steady.postgres.sockets.stat().st_mode & 0o777 == 0o700
    assert steady.postgres.data.stat().st_mode & 0o777 == 0o700
    assert (steady.redis.folder / "password").stat().st_mode & 0o777 == 0o600
    assert (steady.redis.folder / "redis.conf").stat().st_mode & 0o777 == 0o600
    stranger = redis.Redis(port=steady.redis.port, retry=Retry(NoBackoff(), 0))
    with stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_what_people_write_stays_out_of_the_log(steady):
    write(steady, "a secret of theirs")

    with pytest.raises(psycopg.errors.UniqueViolation):
        write(steady, "a secret of theirs")

    assert "duplicate key" in steady.postgres.log.read_text()
    assert "a secret of theirs" not in steady.postgres.log.read_text()


def test_a_deep_temporary_folder_does_not_make_the_socket_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("deep" * 30)))

    postgres = EmbeddedServices(tmp_path, redis=False).postgres

    assert len(str(postgres.sockets / ".s.PGSQL.5432")) <= 103


def test_only_what_is_asked_for_is_started(folder):
    services = EmbeddedServices(folder, database=False)

    environment = services.start()

    assert list(environment) == ["REDIS_URL"]
    services.stop()


def test_a_store_that_cannot_start_says_why_in_one_line(folder, services):
    services.stop()
    (services.postgres.data / "PG_VERSION").write_text("9.6\n")

    with pytest.raises(ServiceError, match=r"PostgreSQL did not start: .*FATAL") as failure:
        services.start()

    assert "\n" not in str(failure.value)


@only_root
def test_root_runs_postgres_as_another_account(steady):
    owner = Path(f"/proc/{steady.postgres.child.pid}").stat().st_uid

    assert owner == steady.postgres.data.stat().st_uid == steady.postgres.account.uid
    assert owner != 0


@only_root
def test_root_keeps_data_where_the_account_can_reach_them(tmp_path, monkeypatch):
    system = tmp_path / "system"
    monkeypatch.setattr(postgres_module, "SYSTEM_FOLDER", system)
    home = open_to_enter(tmp_path) / "home"
    home.mkdir(mode=0o700)
    services = EmbeddedServices(home / "var", redis=False)

    services.start()

    assert services.postgres.data.is_relative_to(system)
    services.stop()


@only_root
def test_programs_out_of_the_accounts_reach_are_copied(tmp_path, monkeypatch):
    open_to_enter(tmp_path)
    account = postgres_module.account_for(Path(postgres_module.__file__).parent)
    really = postgres_module.can_run
    original = postgres_module._reachable_binaries(tmp_path, account=account)
    monkeypatch.setattr(
        postgres_module,
        "can_run",
        lambda command, account: command[0].parent != original and really(command, account=account),
    )

    copied = postgres_module._reachable_binaries(tmp_path, account=account)

    assert copied.is_relative_to(tmp_path)
    assert really([copied / "initdb", "--version"], account=account)
    assert not list(tmp_path.rglob("*.new"))


@only_root
def test_a_socket_folder_of_somebody_else_is_refused(folder):
    services = EmbeddedServices(folder, redis=False)
    services.postgres.sockets.mkdir()
    os.chown(services.postgres.sockets, 12345, 12345)

    with pytest.raises(ServiceError, match="belongs to another user"):
        services.start()

    assert not services.postgres.is_running()
    services.postgres.sockets.rmdir()


def test_a_process_that_ignores_a_polite_request_is_killed(services):
    postgres = services.postgres
    os.kill(postgres.child.pid, signal.SIGSTOP)
    began = time.monotonic()

    services.stop(seconds=1)

    assert time.monotonic() - began < 2
    assert not is_running(postgres.child.pid)
