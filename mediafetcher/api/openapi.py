"""`python -m mediafetcher.api.openapi > FILE`: the API's description, without a database.

The page's types are made of it.
"""

import json
import sys

from mediafetcher.api import app


def document() -> str:
    """OpenAPI 3.1 as JSON, with sorted keys, so that it changes only where the API does."""
    return json.dumps(app.make().openapi_schema.to_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
