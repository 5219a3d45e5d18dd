import { Link } from "@tanstack/react-router";
import { useId } from "react";
import type { Item } from "@/api/types";
import { Thumb } from "@/components/media-card";
import type { Queue } from "@/components/player-store";
import { useI18n } from "@/i18n";

export function UpNext({ items, queue }: { items: Item[]; queue?: Queue }) {
  const { t } = useI18n();
  const id = useId();
  if (!items.length) return null;
  return (
    <section aria-labelledby={id}>
      <h2 id={id} className="eyebrow mb-2 px-1.5">
        {t("play.upNext")}
      </h2>
      <ul className="space-y-0.5">
        {items.map((item) => (
          <li key={item.id}>
            <Link
              to="/watch/$id"
              params={{ id: String(item.id) }}
              state={{ queue }}
              className="flex gap-3 rounded-lg p-1.5 hover:bg-accent/70"
            >
              <Thumb item={item} className="w-32 shrink-0 self-start rounded-md" />
              <span className="min-w-0 py-0.5">
                <span className="line-clamp-2 text-pretty break-words text-[0.8125rem] font-medium leading-snug">
                  {item.title}
                </span>
                <span className="mt-0.5 block truncate text-xs text-muted-foreground">
                  {item.uploader ?? item.site}
                </span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
