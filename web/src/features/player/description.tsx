import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Item } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import { languageName } from "@/lib/languages";
import { cn } from "@/lib/utils";

const SHORT = 280; // characters that need no button
const TAGS = 12; // shown at first

/** Description and tags, as the site of the item says. */
export function Description({ item }: { item: Item }) {
  const { t, locale } = useI18n();
  const [open, setOpen] = useState(false);
  const { description, tags = [], audio_languages: spoken = [] } = item;
  const several = spoken.length > 1;
  if (!description && !tags.length && !several) return null;
  const words = description ?? "";
  const long = words.length > SHORT || words.split("\n").length > 4 || tags.length > TAGS;
  return (
    <section className="mt-4 rounded-xl bg-muted/50 p-4 text-[0.8125rem]" aria-label={t("play.about")}>
      {description && (
        <p dir="auto" className={cn("whitespace-pre-line break-words text-left", long && !open && "line-clamp-4")}>
          {description}
        </p>
      )}
      {long && (
        <Button variant="ghost" size="sm" className="-ml-2 mt-1" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t(open ? "play.showLess" : "play.showMore")}
        </Button>
      )}
      {tags.length > 0 && (
        <ul aria-label={t("play.tags")} className={cn("flex flex-wrap gap-1.5", description && "mt-3")}>
          {tags.slice(0, open ? undefined : TAGS).map((tag) => (
            <li key={tag}>
              <Link to="/library" search={{ tag }} className="rounded-full">
                <Badge className="hover:bg-accent hover:text-foreground">{tag}</Badge>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {several && (
        <p className={cn("text-muted-foreground", (description || tags.length > 0) && "mt-3")}>
          {t("play.audioLanguages", { v: spoken.map((code) => languageName(code, locale)).join(", ") })}
        </p>
      )}
    </section>
  );
}
