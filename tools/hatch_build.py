"""The build hook: no wheel, and no editable install, without the page."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageHook(BuildHookInterface[Any]):
    """Has tools/page.py build web/ before files are gathered."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build what has changed; nothing for a source distribution, which carries web/ itself."""
        if self.target_name == "wheel":
            subprocess.run([sys.executable, str(Path(self.root) / "tools" / "page.py")], check=True)
