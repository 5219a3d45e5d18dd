import { useQuery } from "@tanstack/react-query";
import { codeOf } from "@/api/client";
import type { Download } from "@/api/types";
import { Dialog, DialogContent, DialogDescription, DialogTitle } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { useI18n } from "@/i18n";
import { cn } from "@/lib/utils";
import { logQuery } from "./queries";
import { nameOf } from "./states";

/** The log of a download, line by line. */
export default function LogDialog({ download, onClose }: { download: Download; onClose: () => void }) {
  const { t, locale, explain } = useI18n();
  const { data, error } = useQuery({
    ...logQuery(download.id),
    refetchInterval: download.state === "running" ? 2000 : false,
  });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
  return (
    <Dialog open onOpenChange={(stays) => !stays && onClose()}>
      <DialogContent closeLabel={t("common.close")} className="max-w-2xl">
        <DialogTitle>{t("job.log")}</DialogTitle>
        <DialogDescription className="truncate">{nameOf(download)}</DialogDescription>
        {error ? (
          <p role="alert">{explain(codeOf(error)).what}</p>
        ) : !data ? (
          <Skeleton className="h-32" />
        ) : data.lines.length ? (
          <ol
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
            tabIndex={0}
            className="max-h-[60dvh] overflow-y-auto rounded-md border bg-muted/40 p-3 font-mono text-xs leading-relaxed"
          >
            {data.lines.map((line, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines only ever come at the end
              <li key={i} className="flex gap-3">
                <time dateTime={line.at} className="shrink-0 text-muted-foreground">
                  {time.format(new Date(line.at))}
                </time>
                <span
                  className={cn(
                    "min-w-0 whitespace-pre-wrap break-words",
                    line.level === "error" && "text-destructive",
                    line.level === "warning" && "text-warn",
                  )}
                >
                  {line.message}
                </span>
              </li>
            ))}
          </ol>
        ) : (
          <p className="text-muted-foreground">{t("job.noLog")}</p>
        )}
      </DialogContent>
    </Dialog>
  );
}
