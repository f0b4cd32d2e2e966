"""describe: what each route needs, in the OpenAPI."""

import re
from typing import Any

from tapehead.api.access.scopes import RULES

_KEY = "key"
_ABOUT = "A key, as `tapehead keys create` shows it once. A service on the loopback asks for none unless told to."


def describe(found: dict[str, Any]) -> None:
    """Add the key to an OpenAPI document, and to each operation the scope that it needs (`x-scope`)."""
    schemes = found.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes[_KEY] = {"type": "http", "scheme": "bearer", "description": _ABOUT}
    for rule in RULES:
        path = re.sub(r":\w+\}", "}", rule.template)
        operation = found["paths"].get(path, {}).get(rule.method.lower())
        if operation is not None:
            operation["x-scope"] = rule.scope
            # The empty one says that none may be needed.
            operation["security"] = [] if rule.scope == "open" else [{_KEY: []}, {}]
