"""Puts `resources/` into the wheel as `leukview/_resources`.

An editable installation uses `resources/` of the checkout. The plain setting `force-include` would
copy it there too, all models with it, to a place where nothing looks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelResources(BuildHookInterface):  # type: ignore[type-arg,misc]  # hatchling is typed loosely
    """Hatchling's hook; it finds this class by its base."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folder, when a wheel is built and not a pointer to the checkout."""
        if version != "editable":
            build_data["force_include"][str(Path(self.root) / "resources")] = "leukview/_resources"
