/** The names of everything in the query cache. */
export const keys = {
  session: ["session"],
  downloads: ["downloads"],
  system: ["system"],
  store: ["store"],
  live: ["live"],
  speeds: ["speeds"],
  items: ["items"],
  folders: ["folders"],
  trash: ["trash"],
  preview: ["preview"],
  notifications: ["notifications"],
  unread: ["unread"],
  subscriptions: ["subscriptions"],
} as const;
