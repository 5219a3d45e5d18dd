/** `/channels`: the channels that the items of the user are from. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Tv } from "lucide-react";
import { channelsQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { useI18n } from "@/i18n";
import { Avatar } from "./avatar";
import { Page, Pending } from "./page";

export function ChannelsPage() {
  const { t } = useI18n();
  const found = useInfiniteQuery(channelsQuery);
  const channels = found.data?.pages.flatMap((page) => page.channels);
  return (
    <Page title={t("places.channels")}>
      {!channels ? (
        <Pending error={found.error} again={() => void found.refetch()} />
      ) : channels.length === 0 ? (
        <Empty icon={<Tv />} title={t("places.noChannels")} body={t("places.noChannelsBody")} />
      ) : (
        <ul className="grid gap-2 sm:grid-cols-2 xl:grid-cols-3">
          {channels.map((channel) => (
            <li key={`${channel.site} ${channel.id}`} className="min-w-0">
              <Link
                to="/channel/$id"
                params={{ id: channel.id }}
                search={{ site: channel.site ?? undefined }}
                className="flex items-center gap-3.5 rounded-xl border bg-card p-3 hover:bg-accent"
              >
                <Avatar name={channel.name} className="size-11" />
                <span className="min-w-0">
                  <span dir="auto" className="block truncate text-left font-medium">
                    {channel.name}
                  </span>
                  <span className="block truncate text-xs text-muted-foreground">
                    {[channel.site, t("lib.count", { n: channel.items })].filter(Boolean).join(" · ")}
                  </span>
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {found.hasNextPage && (
        <Button variant="outline" className="mt-4 w-full" onClick={() => void found.fetchNextPage()}>
          {t("app.more")}
        </Button>
      )}
    </Page>
  );
}
