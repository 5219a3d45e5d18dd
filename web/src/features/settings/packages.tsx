import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { buttonVariants } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import { bytes } from "@/lib/format";
import { listedQuery } from "./queries";

const NAMES = { chromium: "Chrome, Edge, Brave", firefox: "Firefox" } as const;

/** The browser extension as files, from this server. */
export function Packages() {
  const { t, locale } = useI18n();
  const { data } = useQuery(listedQuery("/api/extension"));
  if (!data) return null;
  return (
    <div className="flex flex-wrap items-center gap-x-5 gap-y-3 px-4 py-3.5">
      <div className="min-w-0 flex-1 basis-56">
        <p className="font-medium">{t("set.extension")}</p>
        <p className="text-[0.8125rem] text-muted-foreground">{t("set.extensionHint")}</p>
      </div>
      {(["chromium", "firefox"] as const).map((browser) => (
        <a
          key={browser}
          href={`/api/extension/${browser}`}
          download={data[browser].name}
          title={`SHA-256 ${data[browser].sha256}`}
          className={buttonVariants({ variant: "outline", size: "sm" })}
        >
          <Download />
          {NAMES[browser]}
          <span className="num text-xs text-muted-foreground">{bytes(data[browser].size, locale)}</span>
        </a>
      ))}
    </div>
  );
}
