import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, ListVideo, Radio } from "lucide-react";
import { useEffect, useState } from "react";
import { codeOf } from "@/api/client";
import { itemQuery } from "@/api/queries";
import type { ListEntry, Preview } from "@/api/types";
import { posterOf } from "@/components/media-card";
import { Poster } from "@/components/poster";
import { Badge } from "@/components/ui/badge";
import { Skeleton } from "@/components/ui/skeleton";
import { Switch } from "@/components/ui/switch";
import { useI18n } from "@/i18n";
import { bytes, clock } from "@/lib/format";
import { previewQuery } from "./queries";
import type { Wishes } from "./wishes";

export const SETTLE = 450; // ms without a key: then the link is looked at

/** Asks the server what is behind a link, once it is no longer being typed; not while it is being sent. */
export function usePreview(link: string | undefined, sending: boolean, onKind: (list: boolean) => void) {
  const [settled, setSettled] = useState<string>();
  useEffect(() => {
    if (sending) return;
    const wait = setTimeout(() => setSettled(link), SETTLE);
    return () => clearTimeout(wait);
  }, [link, sending]);
  const found = useQuery({ ...previewQuery(settled ?? ""), enabled: !!settled && settled === link });
  const list = found.data?.kind === "playlist" && settled === link;
  useEffect(() => onKind(list), [list, onKind]);
  return { ...found, looking: !!link && (link !== settled || found.isFetching) };
}

/** The host in an address as it was typed, which need not be a valid one. */
const siteOf = (link: string) => /^https?:\/\/(?:www\.)?([^/?#:]+)/i.exec(link)?.[1] ?? link;

type Props = {
  found: ReturnType<typeof usePreview>;
  links: string[];
  wishes: Wishes;
  onChange: (wishes: Partial<Wishes>) => void;
};

export function LinkPreview({ found, links, wishes, onChange }: Props) {
  const { t, explain } = useI18n();
  if (links.length !== 1)
    return links.length ? (
      <p className="px-4 pb-1 pt-3 text-[0.8125rem] text-muted-foreground">{t("add.links", { n: links.length })}</p>
    ) : (
      <span className="block h-2" />
    );
  if (found.looking)
    return (
      <div role="status" aria-label={t("add.looking")} className="flex gap-4 p-4">
        <Skeleton className="aspect-video w-32 shrink-0 rounded-md sm:w-44" />
        <span className="flex-1 space-y-2.5 pt-1">
          <Skeleton className="h-4 w-3/4" />
          <Skeleton className="h-3 w-2/5" />
        </span>
      </div>
    );
  if (found.error) {
    const { what, fix } = explain(codeOf(found.error), siteOf(links[0] ?? ""));
    return (
      <p className="flex items-start gap-2.5 px-4 pb-1 pt-3 text-[0.8125rem]">
        <CircleAlert className="mt-0.5 size-4 shrink-0 text-warn" />
        <span>
          {what}. <span className="text-muted-foreground">{fix}</span>
        </span>
      </p>
    );
  }
  return found.data ? (
    <Found preview={found.data} wishes={wishes} onChange={onChange} />
  ) : (
    <span className="block h-2" />
  );
}

function Found({ preview, wishes, onChange }: { preview: Preview } & Pick<Props, "wishes" | "onChange">) {
  const { t, locale } = useI18n();
  const { title, uploader, site, size, duration, item, kind } = preview;
  const sitePicture = usePicture(preview.poster);
  const known = useQuery({ ...itemQuery(item ?? 0), enabled: item !== null }).data;
  return (
    <div data-preview={kind}>
      <div className="flex gap-4 p-4">
        <Poster
          src={sitePicture ?? (known ? posterOf(known) : null)}
          seed={title.length * 31 + site.length}
          duration={duration}
          className="w-32 shrink-0 self-start rounded-md sm:w-44"
        />
        <div className="min-w-0 flex-1 pt-0.5">
          <p className="line-clamp-2 break-words text-[0.9375rem] font-medium leading-snug">{title}</p>
          <p className="mt-1 truncate text-[0.8125rem] text-muted-foreground">
            {[uploader, site, size !== null && bytes(size, locale)].filter(Boolean).join(" · ")}
          </p>
          <p className="mt-2 flex flex-wrap items-center gap-2">
            {kind === "live" && (
              <Badge tone="bad">
                <Radio className="size-3" />
                {t("add.live")}
              </Badge>
            )}
            {kind === "playlist" && (
              <Badge tone="primary">
                <ListVideo className="size-3" />
                {t("add.entries", { n: preview.count ?? preview.entries.length })}
              </Badge>
            )}
            {item !== null && (
              <>
                <Badge tone="ok">
                  <CircleCheck className="size-3" />
                  {t("add.known")}
                </Badge>
                <Link
                  to="/watch/$id"
                  params={{ id: String(item) }}
                  className="text-[0.8125rem] font-medium text-primary-text hover:underline"
                >
                  {t("job.open")}
                </Link>
              </>
            )}
          </p>
        </div>
      </div>
      {kind === "playlist" && <Entries entries={preview.entries} wishes={wishes} onChange={onChange} />}
    </div>
  );
}

/** A JPEG in base64 as an address that the page may show. */
function usePicture(base64: string | null): string | null {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    if (!base64) return;
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const made = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    setAddress(made);
    return () => {
      setAddress(null);
      URL.revokeObjectURL(made);
    };
  }, [base64]);
  return address;
}

/** Which entries of a list: all of them, or those that are ticked. */
function Entries({ entries, wishes, onChange }: { entries: ListEntry[] } & Pick<Props, "wishes" | "onChange">) {
  const { t } = useI18n();
  const chosen = new Set(wishes.entries ?? entries.map(({ index }) => index));
  const choose = (index: number) => {
    const after = entries.map((each) => each.index).filter((each) => (each === index) !== chosen.has(each));
    onChange({ entries: after.length === entries.length ? undefined : after });
  };
  return (
    <fieldset className="mx-4 mb-3 overflow-hidden rounded-lg border">
      <legend className="sr-only">{t("add.choose")}</legend>
      <div className="flex flex-wrap items-center gap-x-5 gap-y-2 border-b bg-muted/50 px-3 py-2 text-[0.8125rem]">
        <label className="flex items-center gap-2.5">
          <input
            type="checkbox"
            className="size-4 accent-primary"
            checked={!wishes.entries}
            ref={(box) => {
              if (box) box.indeterminate = !!wishes.entries?.length;
            }}
            onChange={() => onChange({ entries: wishes.entries ? undefined : [] })}
          />
          {t("add.all")}
        </label>
        <span className="text-muted-foreground">{t("add.chosen", { n: chosen.size })}</span>
        <span className="ml-auto flex items-center gap-2.5">
          {t("add.ownFolder")}
          <Switch
            aria-label={t("add.ownFolder")}
            checked={wishes.ownFolder}
            onCheckedChange={(ownFolder) => onChange({ ownFolder })}
          />
        </span>
      </div>
      <ul className="max-h-64 overflow-y-auto">
        {entries.map(({ index, title, url, duration }) => (
          <li key={index}>
            <label className="flex items-center gap-2.5 px-3 py-1.5 text-[0.8125rem] hover:bg-accent/60">
              <input
                type="checkbox"
                className="size-4 shrink-0 accent-primary"
                checked={chosen.has(index)}
                onChange={() => choose(index)}
              />
              <span className="num w-7 shrink-0 text-right text-muted-foreground">{index}</span>
              <span className="min-w-0 flex-1 truncate">{title ?? url}</span>
              {duration !== null && <span className="num text-xs text-muted-foreground">{clock(duration)}</span>}
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}
