"""Real servers for the tests: started on first use, on free ports, in folders of their own, ended with the test session.

Redis and PostgreSQL are Debian's; S3 is MinIO where `scripts/minio.sh` could build it (it runs in the background while other
tests run), else (or with S3_SERVER=moto) moto's S3 over HTTP. pytest prints at the end which servers ran.
"""

from __future__ import annotations

import fcntl
import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import urllib3
from minio import Minio
from minio.error import MinioException

from digitizer.settings import S3Options

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "digitizer"
ACCESS, SECRET = "digitizer", "digitizer-secret"
#: a first build of MinIO on two cores shared with the tests
BUILD_S = 1200.0


#: a server goes when the test run is killed
_WITH_US = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A server process that can be killed, stopped, paused and started again on the same port and folder."""

    name = "server"

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"digitizer-{self.name}-"))
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str | Path]:
        raise NotImplementedError

    def ready(self) -> bool:
        raise NotImplementedError

    @property
    def user(self) -> str | None:
        """Who the server runs as, where not us."""
        return None

    @property
    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*_WITH_US, *self.command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self.user,
                group=pwd.getpwnam(self.user).pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
                env=self.environment,
                cwd=self.folder,
                start_new_session=True,
            )
        give_up = time.monotonic() + 60
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"{self.name} did not start:\n{(self.folder / 'log').read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            self.process.wait(30)

    def restart(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.stop(how)
        self.start()

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        with suppress(Exception):
            self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


class RedisServer(Server):
    """Debian's redis-server; nothing is saved to disk, as in production, where all of it may be lost."""

    name = "redis"

    def __init__(self) -> None:
        super().__init__()
        self._databases = 0

    def command(self) -> Sequence[str | Path]:
        return [
            "redis-server",
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--databases",
            "1000",
            "--dir",
            self.folder,
        ]

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=5)

    def ready(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def url(self) -> str:
        """A database nobody uses yet."""
        self._databases += 1
        return f"redis://127.0.0.1:{self.port}/{self._databases}"


class PostgresServer(Server):
    """Debian's PostgreSQL; never as root."""

    name = "postgresql"

    def __init__(self, *, fsync: bool = False) -> None:
        super().__init__()
        self.fsync = fsync
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: float(p.parts[4]))
        beside = shutil.which("postgres")
        if not found and not beside:
            raise RuntimeError("PostgreSQL is not installed: sh scripts/setup.sh, or apt-get install postgresql")
        self.bin = (found[-1] if found else Path(str(beside))).parent
        self.data = self.folder / "data"
        if self.user:
            shutil.chown(self.folder, self.user)
        # C.UTF-8 sorts by code point, as SQLite does
        self._run("initdb", "-D", self.data, "-U", "digitizer", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    @property
    def user(self) -> str | None:
        if os.getuid() != 0:
            return None
        names = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in names else "nobody"

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [self.bin / program, *arguments],
            check=True,
            capture_output=True,
            user=self.user,
            group=pwd.getpwnam(self.user).pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
            cwd=self.folder,
        )

    def command(self) -> Sequence[str | Path]:
        options = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder}
        # a killed server keeps what it wrote, only a power cut would not: tests need not wait for the disk
        options |= {"fsync": "on" if self.fsync else "off", "max_connections": 200}
        return [self.bin / "postgres", "-D", self.data, *(a for k, v in options.items() for a in ("-c", f"{k}={v}"))]

    def _connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="digitizer", dbname=database, connect_timeout=5, autocommit=True
        )

    def ready(self) -> bool:
        try:
            self._connect().close()
        except psycopg.Error:
            return False
        return True

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT is PostgreSQL's fast shutdown; SIGKILL leaves children, which go when they notice."""
        super().stop(how)

    def url(self) -> str:
        """A new, empty database."""
        name = f"t{uuid.uuid4().hex[:12]}"
        with self._connect() as connection:
            connection.execute(f'create database "{name}"'.encode())
        return f"postgresql+psycopg://digitizer@127.0.0.1:{self.port}/{name}"


class S3Server(Server):
    """An S3 server over HTTP."""

    name = "s3"
    product = ""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def client(self) -> Minio:
        return Minio(f"127.0.0.1:{self.port}", access_key=ACCESS, secret_key=SECRET, secure=False, region="us-east-1")

    def ready(self) -> bool:
        try:
            urllib3.request("GET", f"{self.endpoint}/minio/health/ready", timeout=2, retries=False)
            self.client.list_buckets()  # MinIO answers a moment before it knows its users
        except (urllib3.exceptions.HTTPError, MinioException):
            return False
        return True

    def bucket(self, *, versioned: bool = False) -> str:
        """A new, empty bucket."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.client.make_bucket(name)
        if versioned:
            from minio.commonconfig import ENABLED
            from minio.versioningconfig import VersioningConfig

            self.client.set_bucket_versioning(name, VersioningConfig(ENABLED))
        return name

    def options(self, **more: Any) -> S3Options:
        """What `s3://` needs to reach it."""
        return S3Options(**{"endpoint": self.endpoint, "access_key": ACCESS, "secret_key": SECRET, **more})

    def variables(self) -> dict[str, str]:
        """The same as environment variables."""
        return {
            "DIGITIZER_S3__ENDPOINT": self.endpoint,
            "DIGITIZER_S3__ACCESS_KEY": ACCESS,
            "DIGITIZER_S3__SECRET_KEY": SECRET,
        }


class MinioServer(S3Server):
    """MinIO, built from its Go module."""

    def __init__(self, program: Path) -> None:
        super().__init__()
        self.program = program
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
        self.product = f"MinIO ({version})"

    @property
    def environment(self) -> dict[str, str]:
        ours = {"MINIO_ROOT_USER": ACCESS, "MINIO_ROOT_PASSWORD": SECRET, "MINIO_UPDATE": "off", "MINIO_BROWSER": "off"}
        return {**os.environ, **ours}

    def command(self) -> Sequence[str | Path]:
        return [self.program, "server", "--quiet", "--address", f"127.0.0.1:{self.port}", self.folder / "data"]


class MotoServer(S3Server):
    """moto's S3, where MinIO cannot be had."""

    product = "moto (MinIO could not be built)"

    def __init__(self) -> None:
        super().__init__()
        self.python = CACHE / "moto" / "bin" / "python"
        if not self.python.exists():
            subprocess.run([sys.executable, "-m", "venv", CACHE / "moto"], check=True)
            subprocess.run([self.python, "-m", "pip", "install", "--quiet", "moto[server,s3]"], check=True)

    def command(self) -> Sequence[str | Path]:
        return [self.python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]


def open_s3() -> S3Server:
    """MinIO when it is built or being built; moto otherwise."""
    program = CACHE / "bin" / "minio"
    if os.environ.get("S3_SERVER") == "moto":
        return MotoServer()
    if not program.exists():
        subprocess.run(["sh", ROOT / "scripts" / "minio.sh"], timeout=BUILD_S, check=True)  # returns at once where another builds
        with (CACHE / "minio.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
    return MinioServer(program) if program.exists() else MotoServer()


class Servers:
    """The servers of a test session; each starts when somebody asks for it."""

    def __init__(self, *, postgres_fsync: bool = False) -> None:
        self._running: dict[str, Server] = {}
        self._fsync = postgres_fsync

    def _get(self, name: str, make: Callable[[], Server]) -> Server:
        if name not in self._running:
            self._running[name] = make()
            self._running[name].start()
        return self._running[name]

    @property
    def redis(self) -> RedisServer:
        server = self._get("redis", RedisServer)
        assert isinstance(server, RedisServer)
        return server

    @property
    def postgres(self) -> PostgresServer:
        server = self._get("postgres", partial(PostgresServer, fsync=self._fsync))
        assert isinstance(server, PostgresServer)
        return server

    @property
    def s3(self) -> S3Server:
        server = self._get("s3", open_s3)
        assert isinstance(server, S3Server)
        return server

    def products(self) -> list[str]:
        """Which servers ran, for the summary."""
        return [s.product if isinstance(s, S3Server) else s.name for s in self._running.values()]

    def end(self) -> None:
        for server in self._running.values():
            server.end()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    running: Servers | None = getattr(config, "digitizer_servers", None)
    if running and running.products():
        terminalreporter.write_line(f"servers of this run: {', '.join(running.products())} (as {getpass.getuser()})")
