import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useRouterState } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { sessionQuery } from "@/api/queries";
import type { Me } from "@/api/types";
import { useI18n } from "@/i18n";
import { cn } from "@/lib/utils";
import { About } from "./about";
import { Account } from "./account";
import { Cookies } from "./cookies";
import { Devices } from "./devices";
import { Export } from "./export";
import { General } from "./general";
import { Limits } from "./limits";
import { Machines } from "./machines";
import { Notifications } from "./notifications";
import { People } from "./people";
import { Phone } from "./phone";
import { FIRST, findSection, sectionOfAnchor, titleOf, visibleGroups } from "./sections";
import { Sessions } from "./sessions";
import { Sites } from "./sites";
import { Storage } from "./storage";
import { Tokens } from "./tokens";
import { Trail } from "./trail";
import { TrashSettings } from "./trash";
import { YtDlp } from "./ytdlp";

const WIDE = "(min-width: 64rem)"; // the list and a section side by side: `lg` of the classes below

/** `/settings`: the list of sections. A wide screen opens the first one, an old anchor its section. */
export function SettingsIndex() {
  const { t } = useI18n();
  const user = useQuery(sessionQuery).data?.user;
  const wide = useMedia(WIDE);
  const navigate = useNavigate();
  const hash = useRouterState({ select: (state) => state.location.hash });
  const [anchored] = useState(() => sectionOfAnchor(hash)); // the location changes before this page does
  const section = anchored ?? (wide ? FIRST : undefined);
  useEffect(() => {
    if (section) void navigate({ to: "/settings/$section", params: { section }, search: (all) => all, replace: true });
  }, [navigate, section]);
  if (!user || section) return null;
  return (
    <div className="h-full overflow-y-auto px-4 pb-16 pt-5 sm:px-8 sm:pt-8">
      <h1 className="mb-4 text-xl font-semibold tracking-tight">{t("nav.settings")}</h1>
      <SectionList admin={user.admin} className="space-y-6" />
    </div>
  );
}

/** `/settings/$section`: one section, beside the list on a wide screen. */
export function SettingsSection({ notFound }: { notFound: ReactNode }) {
  const { t } = useI18n();
  const name = useParams({ from: "/settings/$section" }).section;
  const user = useQuery(sessionQuery).data?.user;
  if (!user) return null;
  const section = findSection(name, user.admin);
  if (!section) return notFound;
  return (
    <div key={name} className="h-full overflow-y-auto">
      <div className="mx-auto max-w-5xl gap-10 px-4 pb-16 pt-5 sm:px-8 sm:pt-8 lg:grid lg:grid-cols-[14rem_minmax(0,1fr)]">
        <div className="min-w-0">
          <Link
            to="/settings"
            className="mb-3 inline-flex h-9 items-center gap-1 text-muted-foreground hover:text-foreground lg:hidden"
          >
            <ChevronLeft className="size-4" />
            {t("nav.settings")}
          </Link>
          <div className="sticky top-8 hidden lg:block">
            <p className="mb-4 px-2.5 text-xl font-semibold tracking-tight">{t("nav.settings")}</p>
            <SectionList admin={user.admin} className="space-y-5" />
          </div>
        </div>
        <div className="min-w-0 space-y-9">
          <Content name={name} user={user} />
        </div>
      </div>
    </div>
  );
}

function SectionList({ admin, className }: { admin: boolean; className?: string }) {
  const { t } = useI18n();
  return (
    <nav aria-label={t("nav.settings")} className={className}>
      {visibleGroups(admin).map(({ label, sections }) => (
        <div key={label}>
          <p
            id={`group-${label}`}
            className="mb-1.5 px-2.5 text-2xs font-medium uppercase tracking-wider text-muted-foreground"
          >
            {t(label)}
          </p>
          <ul
            aria-labelledby={`group-${label}`}
            className="max-lg:divide-y max-lg:rounded-xl max-lg:border max-lg:bg-card"
          >
            {sections.map((section) => (
              <li key={section.name}>
                <Link
                  to="/settings/$section"
                  params={{ section: section.name }}
                  activeOptions={{ includeSearch: false }}
                  className={cn(
                    "flex items-center gap-2.5 rounded-md px-2.5 text-muted-foreground hover:bg-accent hover:text-foreground",
                    "h-12 max-lg:px-4 max-lg:text-foreground lg:h-8 lg:text-[0.8125rem]",
                  )}
                  activeProps={{ className: "bg-accent font-medium text-foreground", "aria-current": "page" }}
                >
                  <section.icon className="size-4" />
                  {titleOf(section, t)}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

function Content({ name, user }: { name: string; user: Me }) {
  switch (name) {
    case "account":
      return <Account user={user} />;
    case "sessions":
      return <Sessions />;
    case "tokens":
      return <Tokens admin={user.admin} />;
    case "devices":
      return <Devices />;
    case "notifications":
      return <Notifications admin={user.admin} />;
    case "phone":
      return <Phone />;
    case "cookies":
      return <Cookies />;
    case "sites":
      return <Sites />;
    case "people":
      return <People me={user.id} />;
    case "limits":
      return (
        <>
          <Limits />
          <Machines />
        </>
      );
    case "ytdlp":
      return <YtDlp />;
    case "trash":
      return <TrashSettings admin={user.admin} />;
    case "storage":
      return <Storage />;
    case "trail":
      return <Trail />;
    case "export":
      return <Export admin={user.admin} />;
    case "about":
      return <About />;
    default:
      return <General />;
  }
}

function useMedia(query: string) {
  return useSyncExternalStore(
    (changed) => {
      const media = matchMedia(query);
      media.addEventListener("change", changed);
      return () => media.removeEventListener("change", changed);
    },
    () => matchMedia(query).matches,
  );
}
