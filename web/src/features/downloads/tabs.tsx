import { Link } from "@tanstack/react-router";
import { Badge } from "@/components/ui/badge";
import { useI18n } from "@/i18n";

/** The three views of the downloads. Each is a link with an address of its own. */
export function Tabs({ active, attention }: { active: number; attention: number }) {
  const { t } = useI18n();
  const views = [
    { show: undefined, label: t("dash.tabActive"), count: active, bad: false },
    { show: "action" as const, label: t("dash.attention"), count: attention, bad: true },
    { show: "history" as const, label: t("dash.history"), count: 0, bad: false },
  ];
  return (
    <nav aria-label={t("nav.downloads")} className="flex gap-5 border-b">
      {views.map(({ show, label, count, bad }) => (
        <Link
          key={label}
          to="/downloads"
          search={{ show }}
          activeOptions={{ exact: true, includeSearch: true }}
          className="-mb-px flex h-10 items-center gap-2 border-b-2 border-transparent text-muted-foreground hover:text-foreground"
          activeProps={{ className: "border-primary! font-medium text-foreground", "aria-current": "page" }}
        >
          {label}
          {count > 0 && (
            <Badge tone={bad ? "bad" : "muted"} className="num">
              {count}
            </Badge>
          )}
        </Link>
      ))}
    </nav>
  );
}
