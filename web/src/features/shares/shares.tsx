import { useMutation, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { Link2, Trash2 } from "lucide-react";
import { ScrollPage } from "@/components/scroll-page";
import { Button } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { useI18n } from "@/i18n";
import { ago } from "@/lib/format";
import { revokeShare } from "./mutations";
import { sharesQuery } from "./queries";
import { ShareForm } from "./share-form";

/** Links that open something to others. `?item=`, `?of=` (a folder), `?channel=` or `?q=` asks for a new one. */
export function SharesPage() {
  const { t, locale } = useI18n();
  const { data } = useQuery(sharesQuery);
  const revoke = useMutation(revokeShare);
  const { item, of: folder, channel, site, q, title } = useSearch({ from: "/shares" });
  const opens = { item, folder, channel, site, q };
  const rows = data?.shares ?? [];
  return (
    <ScrollPage>
      <div className="mx-auto max-w-3xl px-4 pb-16 pt-5 sm:px-8 sm:pt-8">
        <h1 className="text-xl font-semibold tracking-tight">{t("share.title")}</h1>
        <p className="mb-4 mt-1 text-pretty text-muted-foreground">{t("share.hint")}</p>
        {Object.values(opens).some((each) => each !== undefined) && (
          <ShareForm key={JSON.stringify(opens)} opens={opens} title={title ?? q ?? ""} />
        )}
        {rows.length === 0 ? (
          <Empty icon={<Link2 />} title={t("share.none")} body={t("share.noneBody")} />
        ) : (
          <ul className="divide-y rounded-xl border bg-card">
            {rows.map((row) => (
              <li key={row.id} className="flex items-center gap-3 px-4 py-3">
                <div className="min-w-0 flex-1">
                  <p className="truncate font-medium">{row.title}</p>
                  <p className="text-xs text-muted-foreground">
                    {t("share.used", { n: row.uses })}
                    {row.expires_at &&
                      ` · ${row.expired ? t("share.ended") : t("share.ends", { v: ago(row.expires_at, locale) })}`}
                  </p>
                </div>
                <Button
                  variant="ghost"
                  size="icon"
                  aria-label={`${t("share.revoke")}: ${row.title}`}
                  onClick={() => revoke.mutate(row.id)}
                >
                  <Trash2 />
                </Button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </ScrollPage>
  );
}
