"""Whether a folder lies on another machine: SQLite's WAL needs memory shared by all its users."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "ncpfs", "9p", "ceph", "lustre"}
    | {"gpfs", "beegfs", "davfs", "webdav", "afpfs"}
    | {"fuse.sshfs", "fuse.rclone", "fuse.glusterfs", "fuse.davfs", "fuse.ceph"}
)
_MOUNTS = Path("/proc/self/mountinfo")


def is_remote(folder: Path) -> bool:
    """Whether `folder` lies on a network file system; False where that cannot be found out."""
    full = folder.resolve()
    if sys.platform == "win32":
        import ctypes

        drive_remote = 4
        return full.drive.startswith("\\\\") or (
            ctypes.windll.kernel32.GetDriveTypeW(full.anchor) == drive_remote
        )
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:  # not Linux
        return False
    return _kind(full, lines) in REMOTE


def _kind(folder: Path, mounts: Iterable[str]) -> str:
    """File system of the deepest mount that holds `folder`, from lines of mountinfo(5)."""
    best, kind = -1, ""
    for line in mounts:
        before, _, after = line.partition(" - ")
        point = Path(re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), before.split(" ")[4]))
        if (folder == point or point in folder.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), after.split(" ")[0]
    return kind
