import { useNavigate } from "@tanstack/react-router";
import { Link2, Rss, Upload } from "lucide-react";
import { type FormEvent, lazy, Suspense, useState } from "react";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import { register } from "@/lib/load";
import { cn } from "@/lib/utils";
import { Avatar } from "./avatar";

const ImportDialog = lazy(register(() => import("./import-dialog")));
const CIRCLES = ["A", "B", "C", "D", "E"];

/** Nothing is followed yet: what following does, and the box to begin with. */
export function NothingFollowed() {
  const { t } = useI18n();
  const [loading, setLoading] = useState(false);
  return (
    <div className="mx-auto max-w-xl pt-10 text-center">
      <div aria-hidden className="flex justify-center">
        {CIRCLES.map((letter, i) => (
          <span key={letter} className={cn("relative", i > 0 && "-ml-3")}>
            <Avatar title={letter} seed={i * 3 + 1} className="size-14 text-transparent ring-4 ring-background" />
            <Rss className="absolute inset-0 m-auto size-6 text-white" />
          </span>
        ))}
      </div>
      <h2 className="mt-6 text-balance text-lg font-semibold tracking-tight">{t("follow.none")}</h2>
      <p className="mx-auto mt-1 max-w-md text-pretty text-muted-foreground">{t("follow.noneBody")}</p>
      <LinkBox className="mt-6" />
      <Button variant="link" className="mt-3" onClick={() => setLoading(true)}>
        <Upload />
        {t("load.import")}
      </Button>
      {loading && (
        <Suspense>
          <ImportDialog onClose={() => setLoading(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** One box for one link; what it lists is shown next. */
export function LinkBox({ className }: { className?: string }) {
  const { t } = useI18n();
  const navigate = useNavigate();
  const [link, setLink] = useState("");
  const look = (event: FormEvent) => {
    event.preventDefault();
    const url = link.trim();
    if (!url) return;
    void navigate({ to: "/following/new", search: { url: /^https?:\/\//i.test(url) ? url : `https://${url}` } });
  };
  return (
    <form
      onSubmit={look}
      className={cn(
        "flex items-center gap-3 rounded-2xl border border-input bg-card py-2 pl-4 pr-2 focus-within:border-ring/70 focus-within:ring-4 focus-within:ring-ring/15",
        className,
      )}
    >
      <Link2 className="size-5 shrink-0 text-muted-foreground" />
      <input
        aria-label={t("follow.paste")}
        placeholder={t("follow.paste")}
        inputMode="url"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={link}
        onChange={(event) => setLink(event.target.value)}
        className="min-w-0 flex-1 bg-transparent text-base text-ellipsis outline-none placeholder:text-muted-foreground"
      />
      <Button type="submit" size="default">
        {t("follow.look")}
      </Button>
    </form>
  );
}
