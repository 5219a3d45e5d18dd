"""Settings that users change at run time: stored in the database, so that all machines follow them.

The environment and the flags take precedence: a limit that is set there remains.
"""

import json
from typing import Any

from mediafetcher.core import errors, settings
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW
from mediafetcher.db.tables import Setting


async def apply() -> None:
    """Apply the settings of the database to this process."""
    rows = await Setting.select(Setting.name, Setting.value)
    settings.overlay({row["name"]: row["value"] for row in rows})


async def change(values: dict[str, Any]) -> settings.Settings:
    """Change some of `settings.CHANGEABLE`; None restores the default. Returns: the settings now.

    Raises: `Invalid` if a value does not fit, `PinnedSetting` if the environment or a flag decides.
    """
    for name, value in values.items():
        if name in settings.get().pinned:
            raise errors.PinnedSetting(
                f"{name} is set by an environment variable or a flag. Change it there.", name=name
            )
        try:
            settings.check(name, value)
        except errors.BadSetting as error:
            raise errors.Invalid(error.detail) from error
    async with engine.transaction():
        for name, value in values.items():
            if value is None:
                await Setting.delete().where(Setting.name == name)
            else:
                changed = (Setting.value, (Setting.changed_at, NOW))
                row = Setting.insert(Setting(name=name, value=json.dumps(value)))
                await row.on_conflict(Setting.name, "DO UPDATE", changed)
        await notifications.notify("settings", {})
    await apply()
    return settings.get()
