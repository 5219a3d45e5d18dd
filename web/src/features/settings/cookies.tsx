import { useMutation, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { Cookie, FileUp, Trash2 } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import type { Jar } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { ago } from "@/lib/format";
import { Card, Line } from "./card";
import { removeCookies, saveCookies } from "./mutations";
import { listedQuery } from "./queries";

/** Which sites' cookies are kept and how they fare; never what is in them. */
export function Cookies() {
  const { t } = useI18n();
  const { data } = useQuery(listedQuery("/api/cookies"));
  return (
    <Card id="cookies" title={t("set.cookies")} hint={t("set.cookiesHint")}>
      {data?.cookies.length === 0 && <p className="px-4 py-3.5 text-muted-foreground">{t("set.cookiesEmpty")}</p>}
      {data?.cookies.map((jar) => (
        <One key={jar.site} jar={jar} />
      ))}
      <ByHand />
    </Card>
  );
}

function One({ jar }: { jar: Jar }) {
  const { t, locale } = useI18n();
  const remove = useMutation(removeCookies);
  const failed = jar.failed_at && (!jar.succeeded_at || jar.failed_at > jar.succeeded_at);
  return (
    <Line
      icon={<Cookie />}
      title={jar.site}
      about={`${jar.cookies ? t("set.cookieCount", { n: jar.cookies }) : t("set.onlyLogin")} · ${t("set.sent", { v: ago(jar.updated_at, locale) })}`}
    >
      {failed ? (
        <Badge tone="bad">{t("set.cookiesFailed")}</Badge>
      ) : (
        jar.succeeded_at && <Badge tone="ok">{t("set.cookiesWorked", { v: ago(jar.succeeded_at, locale) })}</Badge>
      )}
      <Button
        variant="ghost"
        size="icon"
        aria-label={`${t("set.remove")}: ${jar.site}`}
        onClick={() => remove.mutate(jar.site)}
      >
        <Trash2 />
      </Button>
    </Line>
  );
}

/** Without the extension: a cookies.txt, or cookies as JSON, by hand. Open where a download asks for a site's. */
function ByHand() {
  const { t } = useI18n();
  const wanted = useSearch({ from: "/settings/$section" }).site;
  const [site, setSite] = useState(wanted ?? "");
  const [text, setText] = useState("");
  const file = useRef<HTMLInputElement>(null);
  const read = async (files: FileList | null) => {
    if (files?.[0]) setText(await files[0].text());
  };
  const save = useMutation({
    ...saveCookies,
    onSuccess: (kept) => {
      setText("");
      setSite("");
      const more = [
        kept.site,
        kept.left_out > 0 && t("set.cookiesLeft", { n: kept.left_out }),
        kept.resumed > 0 && t("set.cookiesResumed", { n: kept.resumed }),
      ];
      toast(t("set.cookiesKept", { n: kept.kept }), { description: more.filter(Boolean).join(" · ") });
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ site: site.trim(), text });
  };
  return (
    <details open={wanted !== undefined}>
      <summary className="px-4 py-3.5 text-[0.8125rem] text-muted-foreground hover:text-foreground">
        {t("set.cookiesPaste")}
      </summary>
      <form onSubmit={send} className="space-y-2 px-4 pb-3.5" autoComplete="off">
        <Input
          aria-label={t("set.cookiesSite")}
          placeholder="example.com"
          required
          value={site}
          onChange={(event) => setSite(event.target.value)}
        />
        <textarea
          aria-label="cookies.txt"
          placeholder={t("set.cookiesText")}
          required
          rows={4}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onDrop={(event) => {
            if (!event.dataTransfer.files.length) return; // text falls in by itself
            event.preventDefault();
            void read(event.dataTransfer.files);
          }}
          className="w-full rounded-md border border-input bg-transparent px-3 py-2 font-mono text-xs outline-none placeholder:text-muted-foreground focus-visible:border-ring focus-visible:ring-2 focus-visible:ring-ring/40"
        />
        <div className="flex flex-wrap justify-end gap-2">
          <input
            ref={file}
            type="file"
            accept=".txt,.json,text/plain,application/json"
            hidden
            onChange={(event) => {
              void read(event.target.files);
              event.target.value = ""; // the same file may be chosen again
            }}
          />
          <Button type="button" variant="ghost" onClick={() => file.current?.click()}>
            <FileUp />
            {t("set.cookiesFile")}
          </Button>
          <Button type="submit" variant="secondary" disabled={save.isPending || !site.trim() || !text.trim()}>
            {t("set.cookiesSend")}
          </Button>
        </div>
      </form>
    </details>
  );
}
