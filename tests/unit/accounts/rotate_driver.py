"""A rotation of the key that is killed: `rotate_driver.py DSN STATE STEP` dies before its STEP-th step.

A step is a statement, or a write of the key file.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mediafetcher.accounts.vault import cookie_jars, encryption
from mediafetcher.core import settings
from mediafetcher.db import engine


def main(dsn: str, state: str, last: int) -> None:
    settings.use(settings.Settings(state=Path(state)))
    step = 0

    def killing(real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any) -> Any:
            nonlocal step
            step += 1
            if step == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given)

        return counted

    encryption._write = killing(encryption._write)  # type: ignore[assignment]
    os.replace = killing(os.replace)  # type: ignore[assignment]
    engine.DB.connection = killing(engine.DB.connection)  # type: ignore[method-assign]

    async def run() -> None:
        await engine.connect(dsn)
        await cookie_jars.rotate()
        await engine.close()

    asyncio.run(run())


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
