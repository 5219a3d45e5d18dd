/** The frame around every page: navigation and folders at the side, or at the bottom of a phone. */
import { Link, useRouterState, useSearch } from "@tanstack/react-router";
import { ArrowDownToLine, Gauge, LibraryBig, Moon, Settings2, Sun, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { FolderTree } from "@/features/folders/folder-tree";
import { Status } from "@/features/system/status";
import { useI18n } from "@/i18n";
import { setTheme, useDark } from "@/lib/theme";

const NAV = [
  { to: "/", key: "nav.dashboard", icon: Gauge },
  { to: "/library", key: "nav.library", icon: LibraryBig },
  { to: "/trash", key: "nav.trash", icon: Trash2 },
  { to: "/settings", key: "nav.settings", icon: Settings2 },
] as const;

export function Shell({ children }: { children: ReactNode }) {
  const { t } = useI18n();
  const inLibrary = useRouterState({ select: (state) => state.location.pathname === "/library" });
  const { folder } = useSearch({ strict: false });
  return (
    <div className="flex h-dvh flex-col md:flex-row">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-primary px-3 py-2 text-primary-foreground focus:not-sr-only focus:absolute focus:left-3 focus:top-3"
      >
        {t("app.skip")}
      </a>
      <aside aria-label="MediaFetcher" className="hidden w-60 shrink-0 flex-col border-r bg-sidebar p-3 md:flex">
        <div className="flex h-10 items-center gap-2.5 px-2">
          <span className="grid size-7 place-items-center rounded-lg bg-primary text-primary-foreground">
            <ArrowDownToLine className="size-4" strokeWidth={2.5} />
          </span>
          <span className="text-[0.9375rem] font-semibold tracking-tight">MediaFetcher</span>
          <ThemeButton />
        </div>
        <nav aria-label={t("nav.main")} className="mt-3 space-y-0.5">
          {NAV.map((each) => (
            <Link
              key={each.to}
              to={each.to}
              activeOptions={{ exact: each.to === "/", includeSearch: false }}
              className="flex h-9 items-center gap-2.5 rounded-md px-2.5 text-muted-foreground hover:bg-accent hover:text-foreground"
              activeProps={{ className: "bg-accent text-foreground font-medium", "aria-current": "page" }}
            >
              <each.icon className="size-4" />
              {t(each.key)}
            </Link>
          ))}
        </nav>
        <div className="-mx-3 mt-4 min-h-0 flex-1 overflow-y-auto px-3">
          <FolderTree current={inLibrary ? folder : undefined} />
        </div>
        <Status />
      </aside>
      <main id="main" tabIndex={-1} className="relative min-h-0 min-w-0 flex-1 outline-none">
        {children}
      </main>
      <nav
        aria-label={t("nav.main")}
        className="grid shrink-0 grid-cols-4 border-t bg-sidebar pb-[env(safe-area-inset-bottom)] md:hidden"
      >
        {NAV.map((each) => (
          <Link
            key={each.to}
            to={each.to}
            activeOptions={{ exact: each.to === "/", includeSearch: false }}
            className="flex h-14 flex-col items-center justify-center gap-1 text-2xs text-muted-foreground"
            activeProps={{ className: "text-primary-text font-medium", "aria-current": "page" }}
          >
            <each.icon className="size-5" />
            {t(each.key)}
          </Link>
        ))}
      </nav>
    </div>
  );
}

function ThemeButton() {
  const { t } = useI18n();
  const dark = useDark();
  return (
    <Button
      variant="ghost"
      size="icon-sm"
      className="-mr-1 ml-auto"
      aria-label={t("app.theme")}
      onClick={() => setTheme(dark ? "light" : "dark")}
    >
      {dark ? <Sun /> : <Moon />}
    </Button>
  );
}
