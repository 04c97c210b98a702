from __future__ import annotations

from pathlib import Path

from leukview.session import drives

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /home/a\\040b rw,relatime shared:2 - nfs4 server:/home rw
31 30 8:2 / /home/a\\040b/local rw - xfs /dev/sdb1 rw
"""


def test_the_deepest_mount_decides() -> None:
    lines = MOUNTS.splitlines()
    assert drives._kind(Path("/var/x"), lines) == "ext4"
    assert drives._kind(Path("/home/a b/data"), lines) == "nfs4"
    assert drives._kind(Path("/home/a b"), lines) in drives.REMOTE
    assert drives._kind(Path("/home/a b/local/x"), lines) == "xfs"


def test_a_system_without_a_list_of_mounts_counts_as_local(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(drives, "_MOUNTS", tmp_path / "absent")
    assert not drives.is_remote(tmp_path)
