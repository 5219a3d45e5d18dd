import { useEffect, useState } from "react";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { useI18n } from "@/i18n";
import { unitName } from "@/lib/format";
import { Card, Field } from "./card";
import { NumberField } from "./number-field";
import { useServer } from "./server";

const HEIGHTS = ["480", "720", "1080", "1440", "2160", "4320"];

/** How much the server does at once; for administrators. */
export function Limits() {
  const { t, locale } = useI18n();
  const { server, change, number, words } = useServer();
  return (
    <Card id="limits" title={t("set.limits")} hint={t("set.limitsHint")}>
      {server ? (
        <>
          <NumberField {...number(server, "max_downloads")} min={1} max={64} />
          <NumberField {...number(server, "max_downloads_per_site")} min={1} max={64} />
          <NumberField {...number(server, "max_conversions")} min={1} max={64} />
          <NumberField {...number(server, "ffmpeg_threads")} min={1} max={256} />
          <Field {...words("max_height")} locked={server.pinned.includes("max_height")}>
            {() => (
              <Select
                label={t("setting.max_height")}
                className="w-44"
                disabled={server.pinned.includes("max_height")}
                value={String(server.max_height)}
                onChange={(value) => void change({ max_height: Number(value) })}
                items={[...new Set([...HEIGHTS, String(server.max_height)])].map((value) => ({
                  value,
                  label: t("add.upTo", { v: `${value}p` }),
                }))}
              />
            )}
          </Field>
          <NumberField
            {...words("rate_limit")}
            unit={`${unitName("kilobyte", locale)}/s`}
            value={server.rate_limit ? Math.round(server.rate_limit / 1000) : null}
            min={2}
            max={10_000_000}
            empty="–"
            locked={server.pinned.includes("rate_limit")}
            onSave={(rate) => change({ rate_limit: rate && rate * 1000 })}
          />
          <TextField
            name="host_names"
            placeholder="nas.lan"
            value={(server.host_names ?? []).join(", ")}
            locked={server.pinned.includes("host_names")}
            onSave={(names) => change({ host_names: names ? names.split(",").map((name) => name.trim()) : null })}
          />
          <TextField
            name="proxy"
            placeholder="socks5://…"
            value={server.proxy ?? ""}
            locked={server.pinned.includes("proxy")}
            onSave={(proxy) => change({ proxy: proxy || null })}
          />
        </>
      ) : (
        <Skeleton className="h-40 rounded-none" />
      )}
    </Card>
  );
}

type TextProps = {
  name: "proxy" | "host_names";
  placeholder: string;
  value: string;
  locked: boolean;
  onSave: (value: string) => Promise<boolean>;
};

function TextField({ name, placeholder, value, locked, onSave }: TextProps) {
  const { t } = useI18n();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const save = async () => {
    if (text.trim() !== value && !(await onSave(text.trim()))) setText(value);
  };
  return (
    <Field label={t(`setting.${name}`)} hint={t(`setting.${name}.hint`)} locked={locked}>
      {(id, hint) => (
        <Input
          id={id}
          aria-describedby={hint}
          placeholder={placeholder}
          disabled={locked}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onBlur={() => void save()}
          onKeyDown={(event) => event.key === "Enter" && void save()}
          className="w-full sm:w-64"
        />
      )}
    </Field>
  );
}
