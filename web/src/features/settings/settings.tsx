import {
  Bell,
  Cookie,
  FolderOutput,
  Gauge,
  HardDrive,
  History,
  Info,
  KeyRound,
  LockKeyhole,
  MonitorSmartphone,
  Puzzle,
  SlidersHorizontal,
  Smartphone,
  Sparkles,
  Trash2,
  Users,
} from "lucide-react";
import { useDeferredValue, useEffect } from "react";
import { useSession } from "@/api/queries";
import { useI18n } from "@/i18n";
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
import { Sessions } from "./sessions";
import { Storage } from "./storage";
import { Tokens } from "./tokens";
import { Trail } from "./trail";
import { TrashSettings } from "./trash";
import { YtDlp } from "./ytdlp";

const ADMINS: readonly string[] = ["people", "limits", "ytdlp", "trail"];
const SECTIONS = [
  ["general", SlidersHorizontal],
  ["account", LockKeyhole],
  ["sessions", MonitorSmartphone],
  ["tokens", KeyRound],
  ["devices", Puzzle],
  ["notifications", Bell],
  ["phone", Smartphone],
  ["cookies", Cookie],
  ["people", Users],
  ["limits", Gauge],
  ["ytdlp", Sparkles],
  ["trash", Trash2],
  ["storage", HardDrive],
  ["trail", History],
  ["export", FolderOutput],
  ["about", Info],
] as const;

export function Settings() {
  const { t } = useI18n();
  const user = useSession().data?.user;
  // What is below the screen comes after the first picture, in pieces: all of it at once would be felt.
  const whole = useDeferredValue(true, false);
  useEffect(() => {
    if (whole && location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [whole]);
  if (!user) return null;
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto max-w-5xl gap-10 px-4 pb-16 pt-5 sm:px-8 sm:pt-8 lg:grid lg:grid-cols-[11rem_minmax(0,1fr)]">
        <div className="min-w-0">
          <h1 className="mb-4 text-xl font-semibold tracking-tight">{t("nav.settings")}</h1>
          <nav
            aria-label={t("nav.settings")}
            className="base-ui-disable-scrollbar sticky top-8 -mx-4 mb-6 flex gap-1 overflow-x-auto px-4 lg:mx-0 lg:flex-col lg:px-0"
          >
            {SECTIONS.filter(([name]) => user.admin || !ADMINS.includes(name)).map(([name, Icon]) => (
              <a
                key={name}
                href={`#${name}`}
                className="flex h-8 shrink-0 items-center gap-2.5 rounded-md px-2.5 text-[0.8125rem] text-muted-foreground hover:bg-accent hover:text-foreground max-lg:border"
              >
                <Icon className="size-4" />
                {name === "ytdlp" ? "yt-dlp" : t(name === "trash" ? "nav.trash" : `set.${name}`)}
              </a>
            ))}
          </nav>
        </div>
        <div className="min-w-0 space-y-9">
          <General />
          <Account user={user} />
          <Sessions />
          {whole && <Below admin={user.admin} me={user.id} />}
        </div>
      </div>
    </div>
  );
}

function Below({ admin, me }: { admin: boolean; me: number }) {
  return (
    <>
      <Tokens admin={admin} />
      <Devices />
      <Notifications admin={admin} />
      <Phone />
      <Cookies />
      {admin && <People me={me} />}
      {admin && <Limits />}
      {admin && <YtDlp />}
      <TrashSettings admin={admin} />
      <Storage />
      {admin && <Machines />}
      {admin && <Trail />}
      <Export />
      <About />
    </>
  );
}
