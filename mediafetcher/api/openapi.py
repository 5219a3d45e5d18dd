"""Print the API's description without a database: `python -m mediafetcher.api.openapi > FILE`.

The page's types are generated from it.
"""

import json
import sys

from mediafetcher.api import app


def document() -> str:
    """Return OpenAPI 3.1 as JSON. Keys are sorted, so it changes only if the API does."""
    return json.dumps(app.make().openapi_schema.to_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
