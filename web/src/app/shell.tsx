/** The frame around every page: navigation and folders at the side, or at the bottom of a phone. */
import { Link, useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import { ArrowDownToLine, Ellipsis, Moon, Plus, Search, Sun } from "lucide-react";
import { lazy, type ReactNode, Suspense } from "react";
import { useUnread } from "@/api/queries";
import { askToAdd } from "@/components/add-store";
import { Boundary } from "@/components/boundary";
import { placeOf, useMenu } from "@/components/menu-at";
import { showPalette } from "@/components/palette-store";
import { usePlayer } from "@/components/player-store";
import { Button } from "@/components/ui/button";
import { Kbd } from "@/components/ui/kbd";
import { FolderTree } from "@/features/folders/folder-tree";
import { GlobalBar } from "@/features/system/global-bar";
import { Status } from "@/features/system/status";
import { useI18n } from "@/i18n";
import { integer } from "@/lib/format";
import { register } from "@/lib/load";
import { setTheme, useDark } from "@/lib/theme";
import { cn } from "@/lib/utils";
import { Anywhere } from "./anywhere";
import { LibraryPlaces } from "./library-places";
import { OTHERS, PLACES } from "./places";
import { usePreferences } from "./preferences";

const Stage = lazy(register(() => import("@/features/player/stage")));

// The small player lies above the end of the page: what is there can be scrolled free of it.
const BELOW_PLAYER =
  "has-[[data-player=bar]]:pb-16 md:has-[[data-player=bar]]:pb-19 max-md:has-[[data-player=mini]]:pb-16 md:has-[[data-player=mini]]:[&_.overflow-y-auto]:pb-76";

export function Shell({ children }: { children: ReactNode }) {
  const { t } = useI18n();
  usePreferences();
  const inLibrary = useRouterState({ select: (state) => state.location.pathname === "/library" });
  const { folder } = useSearch({ strict: false });
  const playing = usePlayer((state) => state.id !== undefined);
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
        <Button className="mt-3 w-full justify-start" aria-keyshortcuts="A" onClick={() => askToAdd({ text: "" })}>
          <Plus />
          {t("add.heading")}
        </Button>
        <Button
          variant="outline"
          className="mt-2 w-full justify-start text-muted-foreground"
          aria-keyshortcuts="Control+K"
          onClick={() => showPalette(true)}
        >
          <Search />
          {t("palette.button")}
          <Kbd aria-hidden className="ml-auto">{`${t("palette.ctrl")} K`}</Kbd>
        </Button>
        <nav aria-label={t("nav.main")} className="mt-3 space-y-0.5">
          {[...PLACES, ...OTHERS].map((each) => (
            <Link
              key={each.to}
              to={each.to}
              activeOptions={{ exact: each.to === "/", includeSearch: false }}
              className="flex h-9 items-center gap-2.5 rounded-md px-2.5 text-muted-foreground hover:bg-accent hover:text-foreground"
              activeProps={{ className: "bg-accent text-foreground font-medium", "aria-current": "page" }}
            >
              <each.icon className="size-4" />
              {t(each.key)}
              {each.to === "/notifications" && <Unread />}
            </Link>
          ))}
        </nav>
        <div className="-mx-3 mt-4 min-h-0 flex-1 overflow-y-auto px-3">
          <LibraryPlaces />
          <FolderTree current={inLibrary ? folder : undefined} />
        </div>
        <Status />
      </aside>
      <main
        id="main"
        tabIndex={-1}
        className={cn("relative min-h-0 min-w-0 flex-1 overflow-y-auto outline-none", BELOW_PLAYER)}
      >
        <GlobalBar />
        <Boundary fallback={() => null}>
          <Suspense>{playing && <Stage />}</Suspense>
        </Boundary>
        {children}
        <Anywhere />
      </main>
      <PhoneBar />
    </div>
  );
}

const TAB = "flex h-14 min-w-0 flex-auto flex-col items-center justify-center gap-1 text-muted-foreground";

/** One row: each place is as wide as its word needs, so that the longest word of a language fits. */
function PhoneBar() {
  const { t } = useI18n();
  const { ask, menu, open } = useMenu();
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const elsewhere = OTHERS.some(({ to }) => path.startsWith(to));
  return (
    <nav
      aria-label={t("nav.main")}
      className="flex shrink-0 border-t bg-sidebar px-0.5 pb-[env(safe-area-inset-bottom)] text-[0.625rem] tracking-tight whitespace-nowrap sm:text-2xs md:hidden"
    >
      {PLACES.slice(0, 2).map((place) => (
        <Place key={place.to} place={place} />
      ))}
      <button type="button" onClick={() => askToAdd({ text: "" })} className={cn(TAB, "text-primary-text")}>
        <Plus className="size-5" />
        {t("add.heading")}
      </button>
      {PLACES.slice(2).map((place) => (
        <Place key={place.to} place={place} />
      ))}
      <button
        type="button"
        aria-haspopup="menu"
        aria-expanded={open}
        className={cn(TAB, elsewhere && "font-medium text-primary-text")}
        onClick={(event) =>
          ask(placeOf(event), [
            { key: "search", label: t("palette.button"), icon: <Search />, run: () => showPalette(true) },
            ...OTHERS.map(({ to, key, icon: Icon }) => ({
              key: to,
              label: t(key),
              icon: <Icon />,
              run: () => void navigate({ to }),
            })),
          ])
        }
      >
        <span className="relative">
          <Ellipsis className="size-5" />
          <UnreadDot />
        </span>
        {t("nav.more")}
      </button>
      {menu}
    </nav>
  );
}

/** The number of unread notifications, if there are any. */
function Unread() {
  const { t, locale } = useI18n();
  const { data: unread } = useUnread();
  if (!unread) return null;
  return (
    <span className="num ml-auto rounded-full bg-primary/14 px-2 text-2xs leading-5 text-primary-text">
      <span aria-hidden>{unread > 99 ? "99+" : integer(unread, locale)}</span>
      <span className="sr-only">{t("note.unread", { n: unread })}</span>
    </span>
  );
}

function UnreadDot() {
  const { data: unread } = useUnread();
  return unread ? <span aria-hidden className="absolute -right-1 -top-0.5 size-2 rounded-full bg-primary" /> : null;
}

function Place({ place: { to, key, icon: Icon } }: { place: (typeof PLACES)[number] }) {
  const { t } = useI18n();
  return (
    <Link
      to={to}
      activeOptions={{ exact: to === "/", includeSearch: false }}
      className={TAB}
      activeProps={{ className: "text-primary-text font-medium", "aria-current": "page" }}
    >
      <Icon className="size-5" />
      {t(key)}
    </Link>
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
