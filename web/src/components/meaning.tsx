import { useQuery } from "@tanstack/react-query";
import { codeOf } from "@/api/client";
import { deletionQuery } from "@/api/queries";
import type { Deletion } from "@/api/types";
import { Skeleton } from "@/components/ui/skeleton";
import { type Explain, type T, useI18n } from "@/i18n";
import { bytes } from "@/lib/format";

/** Describes a permanent removal of this size. */
export function meaning({ items, holders, frees }: Deletion, t: T, locale: string): string {
  const size = bytes(frees, locale);
  if (items === 1) return holders ? t("trash.kept", { n: holders, v: size }) : t("trash.goes", { v: size });
  return [t("trash.several", { n: items, v: size }), holders && t("trash.others", { n: holders })]
    .filter(Boolean)
    .join(" ");
}

/** The same, asked of the server just now. No ids: all that is in the trash. */
export function Meaning({ ids }: { ids?: number[] }) {
  const { t, locale, explain } = useI18n();
  const { data, error } = useQuery(deletionQuery(ids));
  if (!data) return error ? wordsOf(error, explain) : <Skeleton className="h-5" />;
  return `${meaning(data, t, locale)} ${t("trash.forever")}`;
}

const wordsOf = (error: unknown, explain: Explain) => `${explain(codeOf(error)).what}.`;
