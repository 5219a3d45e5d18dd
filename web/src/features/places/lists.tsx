/** `/playlists`: the playlists that came from sites. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ListVideo } from "lucide-react";
import { sourceListsQuery } from "@/api/queries";
import { Empty } from "@/components/ui/empty";
import { useI18n } from "@/i18n";
import { ago } from "@/lib/format";
import { Page, Pending } from "./page";

export function ListsPage() {
  const { t, locale } = useI18n();
  const lists = useQuery(sourceListsQuery);
  return (
    <Page title={t("places.playlists")} count={lists.data?.length}>
      {!lists.data ? (
        <Pending error={lists.error} again={() => void lists.refetch()} />
      ) : lists.data.length === 0 ? (
        <Empty icon={<ListVideo />} title={t("places.noPlaylists")} body={t("places.noPlaylistsBody")} />
      ) : (
        <ul className="divide-y rounded-xl border bg-card">
          {lists.data.map((list) => (
            <li key={list.id}>
              <Link
                to="/playlist/$id"
                params={{ id: String(list.id) }}
                className="flex items-center gap-4 rounded-[inherit] px-4 py-3.5 hover:bg-accent"
              >
                <ListVideo aria-hidden className="size-5 shrink-0 text-muted-foreground" />
                <span className="min-w-0 flex-1">
                  <span dir="auto" className="block truncate text-left font-medium">
                    {list.title}
                  </span>
                  <span className="block truncate text-xs text-muted-foreground">
                    {list.site} · {ago(list.updated_at, locale)}
                  </span>
                </span>
                <span className="num shrink-0 text-xs text-muted-foreground">
                  {t("places.have", { n: list.items, of: list.entries })}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Page>
  );
}
