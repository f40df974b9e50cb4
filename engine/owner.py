"""Who holds the delivery lease, in a form that lets another process on this machine see that it died.

An owner whose process is provably gone need not be waited for: after a power cut the outbox goes on at once.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def this_process() -> str:
    """``host/boot/namespace/pid/start`` of this process; empty parts where the system does not tell."""
    return "/".join((socket.gethostname(), _boot(), _namespace(), str(os.getpid()), _start_of(os.getpid())))


def is_dead(owner: str) -> bool:
    """Whether this owner's process has certainly ended. When in doubt, False: its lease then runs out by itself.

    A SQLite file in WAL mode is shared within one running kernel only, so an owner from another boot is gone.
    """
    parts = owner.split("/")
    if len(parts) != 5:
        return False
    _host, boot, namespace, pid, start = parts
    if not boot or not _boot():
        return False
    if boot != _boot():
        return True
    if not namespace or namespace != _namespace() or not pid.isdigit() or not start:
        return False
    return _start_of(int(pid)) != start


def _boot() -> str:
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _start_of(pid: int) -> str:
    """Start time of a process in clock ticks since boot; empty when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in ("Z", "X") else fields[19]
