"""/api/metrics and /metrics: the state of the installation for Prometheus."""

from litestar import Response
from litestar.openapi import ResponseSpec

from mediafetcher.api import metrics

CONTENT_TYPE = "text/plain; version=0.0.4"  # Litestar adds the charset
DOCUMENTED = {
    200: ResponseSpec(str, description="Metrics as text", generate_examples=False, media_type=CONTENT_TYPE),
}


async def read() -> Response[bytes]:
    """Metrics in the text format of Prometheus; docs/monitoring.md names them."""
    return Response(await metrics.render(), media_type=CONTENT_TYPE)
