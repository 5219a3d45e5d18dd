import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { NewTarget as Wish } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Skeleton } from "@/components/ui/skeleton";
import { useI18n } from "@/i18n";
import { Card } from "./card";
import { firstEvents } from "./event-groups";
import { addTarget } from "./mutations";
import { BUSY } from "./queries";
import { TargetRow } from "./target-row";
import { targetsQuery, useTargetChanges } from "./use-target-changes";

/** The targets of notifications and their events. An address is never shown again. */
export function Notifications({ admin }: { admin: boolean }) {
  const { t } = useI18n();
  const { shown, change } = useTargetChanges();
  const { data } = useQuery({
    ...targetsQuery,
    refetchInterval: ({ state }) => (state.data?.targets.some((each) => each.waiting > 0) ? BUSY : false),
  });
  const [opened, setOpened] = useState<number>();
  return (
    <Card id="notifications" title={t("set.notifications")} hint={t("set.notificationsHint")}>
      {data ? (
        data.targets
          .map(shown)
          .map((target) => (
            <TargetRow
              key={target.id}
              target={target}
              admin={admin}
              open={opened === target.id}
              onOpen={(open) => setOpened(open ? target.id : undefined)}
              onChange={(values) => void change(target.id, values)}
            />
          ))
      ) : (
        <Skeleton className="h-14 rounded-none" />
      )}
      <NewTarget admin={admin} onMade={setOpened} />
    </Card>
  );
}

function NewTarget({ admin, onMade }: { admin: boolean; onMade: (id: number) => void }) {
  const { t, locale } = useI18n();
  const [url, setUrl] = useState("");
  const [secret, setSecret] = useState<string | null>(); // stays when another target is refused
  const add = useMutation({
    ...addTarget,
    onSuccess: (made) => {
      setSecret(made.secret);
      setUrl("");
      onMade(made.id);
    },
  });
  function save(event: FormEvent) {
    event.preventDefault();
    const scans = /^(jellyfin|plex|kodi)\+/i.test(url.trim());
    const wish = {
      url: url.trim(),
      events: scans ? [] : firstEvents(admin),
      language: locale as NonNullable<Wish["language"]>,
    };
    add.mutate(wish);
  }
  return (
    <>
      {secret && (
        <div role="status" className="space-y-2 bg-ok/8 px-4 py-3.5">
          <p className="font-medium">{t("note.secretOnce")}</p>
          <Input
            readOnly
            value={secret}
            aria-label={t("note.secretOnce")}
            className="font-mono text-xs"
            onFocus={(event) => event.target.select()}
          />
        </div>
      )}
      <form onSubmit={save} className="space-y-2 px-4 py-3.5">
        <div className="flex flex-wrap items-center gap-2">
          <Input
            aria-label={t("note.address")}
            placeholder={t("note.addressHint")}
            autoComplete="off"
            spellCheck={false}
            required
            value={url}
            onChange={(event) => setUrl(event.target.value)}
            className="min-w-40 flex-1"
          />
          <Button type="submit" variant="secondary" disabled={add.isPending || !url.trim()}>
            {t("note.add")}
          </Button>
        </div>
        <p className="wrap-anywhere text-pretty text-xs text-muted-foreground">{t("note.addressAbout")}</p>
      </form>
    </>
  );
}
