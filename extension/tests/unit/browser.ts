/** What the tests need of a browser: storage, permissions, cookies, badge, and a network that can be taken away. */

interface Fake {
  stored: Record<string, unknown>;
  badge: string;
  cookies: Record<string, unknown>[];
  asked: Record<string, unknown>[];
}

export function browser(): Fake {
  const fake: Fake = { stored: {}, badge: "", cookies: [], asked: [] };
  const chrome = {
    storage: {
      local: {
        get: async (name: string) => structuredClone(name in fake.stored ? { [name]: fake.stored[name] } : {}),
        set: async (what: object) => void Object.assign(fake.stored, structuredClone(what)),
        remove: async (names: string[]) => {
          for (const name of names) delete fake.stored[name];
        },
      },
    },
    action: {
      setBadgeText: async ({ text }: { text: string }) => {
        fake.badge = text;
      },
      setBadgeBackgroundColor: async () => undefined,
    },
    permissions: { contains: async () => true },
    cookies: {
      getAll: async (details: Record<string, unknown>) => {
        fake.asked.push(details);
        return fake.cookies;
      },
      getAllCookieStores: async () => [
        { id: "0", tabIds: [1, 2] },
        { id: "private", tabIds: [3] },
      ],
    },
    i18n: { getMessage: () => "" },
  };
  Object.assign(globalThis, { chrome });
  return fake;
}
