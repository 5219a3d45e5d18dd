/** The start page: add a link, see what runs, and continue watching. */
import { Link } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useDownloads } from "@/api/queries";
import { Boundary } from "@/components/boundary";
import { MountNote } from "@/components/mount-note";
import { showPalette } from "@/components/palette-store";
import { ScrollPage } from "@/components/scroll-page";
import { StoreNote } from "@/components/store-note";
import { Button } from "@/components/ui/button";
import { SharedComposer } from "@/features/downloads/shared-composer";
import { HomeRows } from "@/features/home/rows";
import { useI18n } from "@/i18n";

export function HomeRoute() {
  const { t } = useI18n();
  return (
    <ScrollPage>
      <div className="mx-auto max-w-7xl space-y-7 px-4 pb-12 pt-5 sm:px-8 sm:pt-8">
        <div className="mb-4 flex items-center justify-between md:sr-only">
          <h1 className="text-lg font-semibold tracking-tight">{t("nav.home")}</h1>
          <Button
            variant="ghost"
            size="icon"
            className="md:hidden"
            aria-label={t("palette.button")}
            onClick={() => showPalette(true)}
          >
            <Search />
          </Button>
        </div>
        <Boundary>
          <SharedComposer />
        </Boundary>
        <MountNote />
        <StoreNote />
        <RunningStrip />
        <Boundary>
          <HomeRows />
        </Boundary>
      </div>
    </ScrollPage>
  );
}

/** One line, and only while something runs or needs the user. */
function RunningStrip() {
  const { t } = useI18n();
  const { data = [] } = useDownloads();
  const running = data.filter(({ state, kind }) => state === "running" && kind === "media").length;
  const waiting = data.filter(({ state }) => state === "queued").length;
  const troubled = data.filter(({ state }) => state === "needs_action" || state === "failed").length;
  if (!running && !waiting && !troubled) return null;
  return (
    <Link
      to="/downloads"
      search={{ show: running || waiting ? undefined : "action" }}
      className="flex flex-wrap items-center gap-x-5 gap-y-1 rounded-xl border bg-card px-4 py-3 text-[0.8125rem] hover:bg-accent"
    >
      <span className="font-medium">{t("dash.downloads")}</span>
      {running > 0 && <span className="num">{t("dash.active", { n: running })}</span>}
      {waiting > 0 && <span className="num text-muted-foreground">{t("dash.waiting", { n: waiting })}</span>}
      {troubled > 0 && <span className="num text-destructive">{t("dash.troubled", { n: troubled })}</span>}
    </Link>
  );
}
