// Made by tools/words.mjs (npm run api) from server-settings.toml: do not edit.

export const enServer = {
  "setting.max_downloads": "Simultaneous downloads",
  "setting.max_downloads.hint": "More is not always faster: most sites limit each IP address.",
  "setting.max_downloads_per_site": "Simultaneous downloads per site",
  "setting.max_conversions": "Simultaneous conversions",
  "setting.ffmpeg_threads": "CPU threads per conversion",
  "setting.max_height": "Default quality",
  "setting.max_height.hint": "Used unless you choose another quality for a download.",
  "setting.rate_limit": "Total speed limit",
  "setting.host_names": "Host names",
  "setting.host_names.hint": "Names under which this server is opened, e.g. nas.lan. Separate them with commas.",
  "setting.proxy": "Proxy",
  "setting.proxy.hint": "For all downloads: http://, https:// or socks5://host:port.",
  "setting.trash_days": "Keep in trash",
  "setting.trash_days.hint": "0 deletes items immediately.",
  "setting.grace_hours": "Keep unused files",
  "setting.grace_hours.hint": "After the last item that uses the file is deleted permanently.",
};
