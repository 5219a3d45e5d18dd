import { useMutation } from "@tanstack/react-query";
import { Bookmark, Download } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { useI18n } from "@/i18n";
import { Card } from "./card";
import { httpShortcuts } from "./http-shortcuts";
import { addToken } from "./mutations";

/** Ways to send a link from a phone or another browser without opening this page first. */
export function Phone() {
  const { t } = useI18n();
  return (
    <Card id="phone" title={t("set.phone")} hint={t("set.phoneHint")}>
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3 px-4 py-3.5">
        <Words title={t("set.bookmarklet")} about={t("set.bookmarkletHint")} />
        <a
          href="/"
          ref={asBookmarklet}
          className="inline-flex h-9 items-center gap-2 rounded-md border border-dashed border-input px-3.5 font-medium hover:bg-accent [&_svg]:size-4"
        >
          <Bookmark />
          {t("set.bookmarkletName")}
        </a>
      </div>
      <div className="px-4 py-3.5">
        <Words title={t("set.shareSheet")} about={t("set.shareSheetHint")} />
      </div>
      <ShortcutKey />
    </Card>
  );
}

function Words({ title, about }: { title: string; about: string }) {
  return (
    <div className="min-w-0 flex-1 basis-56">
      <p className="font-medium">{title}</p>
      <p className="text-pretty text-[0.8125rem] text-muted-foreground">{about}</p>
    </div>
  );
}

/**
 * Opens the dashboard of this server with the current page. React writes no such address, and our own pages run none:
 * it works from the bookmarks alone.
 */
function asBookmarklet(link: HTMLAnchorElement | null) {
  const address = `'${location.origin}/?url='+encodeURIComponent(location.href)`;
  link?.setAttribute("href", `javascript:void(window.open(${address}))`);
  link?.addEventListener("click", (event) => event.preventDefault());
}

/** Creates an API key that may only add downloads, and shows how a phone uses it. The key is shown once. */
function ShortcutKey() {
  const { t } = useI18n();
  const [name, setName] = useState("");
  const [made, setMade] = useState<string>(); // stays when another key is refused
  const add = useMutation({
    ...addToken,
    onSuccess: ({ token }) => {
      setMade(token);
      setName("");
    },
  });
  function make(event: FormEvent) {
    event.preventDefault();
    add.mutate({ name: name.trim(), scopes: ["download"] });
  }
  return (
    <>
      <form onSubmit={make} className="flex flex-wrap items-center gap-x-6 gap-y-3 px-4 py-3.5">
        <Words title={t("set.shortcut")} about={t("set.shortcutHint")} />
        <div className="flex min-w-0 flex-1 basis-56 gap-2">
          <Input
            aria-label={t("set.phoneName")}
            placeholder={t("set.phoneName")}
            required
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <Button type="submit" variant="secondary" disabled={add.isPending || !name.trim()}>
            {t("set.makeToken")}
          </Button>
        </div>
      </form>
      {made && <Steps token={made} />}
    </>
  );
}

function Steps({ token }: { token: string }) {
  const { t } = useI18n();
  const file = httpShortcuts(t("set.bookmarkletName"), location.origin, token);
  return (
    <div role="status" className="space-y-5 bg-ok/8 px-4 py-3.5 text-[0.8125rem]">
      <p className="font-medium">{t("set.tokenOnce")}</p>
      <div className="space-y-2">
        <h3 className="font-medium">{t("set.android")}</h3>
        <p>{t("set.androidHow")}</p>
        <Button variant="outline" size="sm" onClick={() => save("mediafetcher-shortcuts.json", file)}>
          <Download />
          {t("set.androidFile")}
        </Button>
      </div>
      <div className="space-y-2">
        <h3 className="font-medium">{t("set.ios")}</h3>
        <ol className="list-decimal space-y-1 pl-5">
          <li>{t("set.iosNew")}</li>
          <li>{t("set.iosShare")}</li>
          <li>{t("set.iosAction")}</li>
        </ol>
        <dl className="grid gap-2 sm:grid-cols-[8rem_minmax(0,1fr)] sm:items-center">
          <Value name="URL" value={`${location.origin}/api/downloads`} />
          <Value name={t("set.iosMethod")} value="POST" />
          <Value name="Authorization" value={`Bearer ${token}`} />
          <Value name="url" value={t("set.iosInput")} />
        </dl>
      </div>
    </div>
  );
}

function Value({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Input
          readOnly
          aria-label={name}
          value={value}
          className="font-mono text-xs"
          onFocus={(event) => event.target.select()}
        />
      </dd>
    </>
  );
}

/** Saves a text as a file of the browser's downloads. */
function save(name: string, text: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
