import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { manifest, type Target } from "../../manifest.ts";

const SHIPPED: Target[] = ["chrome", "firefox"];

test("what the extension may do, and nothing more", () => {
  for (const target of SHIPPED) {
    const made = manifest(target, "1.2.3");
    assert.equal(made.manifest_version, 3);
    assert.deepEqual(made.permissions, ["activeTab", "alarms", "contextMenus", "cookies", "storage"]);
    assert.deepEqual(made.optional_host_permissions, ["*://*/*"]);
    for (const name of [
      "host_permissions",
      "optional_permissions",
      "content_scripts",
      "externally_connectable",
      "web_accessible_resources",
      "declarative_net_request",
    ])
      assert.ok(!(name in made), `${target} has ${name}`);
  }
});

test("pages load nothing from elsewhere, run nothing inline, and are not turned into https", () => {
  for (const target of SHIPPED) {
    const policy = (manifest(target, "1.2.3").content_security_policy as { extension_pages: string }).extension_pages;
    assert.equal(
      policy,
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src http: https:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
  }
});

test("the keys of each manifest", () => {
  const common = ["action", "background", "content_security_policy", "default_locale", "description", "icons"];
  const shared = [
    ...common,
    "manifest_version",
    "name",
    "optional_host_permissions",
    "options_ui",
    "permissions",
    "version",
  ];
  const keys = (target: Target) => Object.keys(manifest(target, "1")).sort();
  assert.deepEqual(keys("chrome"), [...shared, "incognito", "minimum_chrome_version"].sort());
  assert.deepEqual(keys("firefox"), [...shared, "browser_specific_settings"].sort());
});

test("all languages have the same sentences, with the same facts", () => {
  const locales = new URL("../../src/_locales/", import.meta.url);
  const read = (language: string): Record<string, { message: string }> =>
    JSON.parse(readFileSync(new URL(`${language}/messages.json`, locales), "utf8"));
  const languages = readdirSync(locales);
  assert.deepEqual(languages.sort(), ["de", "en", "fr"]);
  const en = read("en");
  const facts = (text = "") => [...new Set(text.match(/\$\d/g))].sort();
  for (const language of languages) {
    const other = read(language);
    assert.deepEqual(Object.keys(other).sort(), Object.keys(en).sort());
    for (const [key, { message }] of Object.entries(en))
      assert.deepEqual(facts(other[key]?.message), facts(message), `${language}: ${key}`);
  }
});
