import { useQueryClient } from "@tanstack/react-query";
import { FolderInput } from "lucide-react";
import { useState } from "react";
import { call } from "@/api/client";
import { useSession, useStore } from "@/api/queries";
import type { AdoptedFiles } from "@/api/types";
import { useFailure } from "@/components/failure";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";

/** Counts the files of the store that the database does not know, and adopts them; else nothing. */
export function UnknownFiles() {
  const { t } = useI18n();
  const admin = !!useSession().data?.user?.admin;
  const status = useStore(admin).data;
  const cache = useQueryClient();
  const fail = useFailure();
  const [adopted, setAdopted] = useState<number>();
  if (!status?.unknown) return null;
  const adopt = async () => {
    let [added, refused, after] = [0, 0, ""];
    setAdopted(0);
    try {
      for (let more = true; more; ) {
        const slice = await call<AdoptedFiles>("POST", "/api/store/adopt", { after });
        added += slice.added;
        refused += slice.refused;
        setAdopted(added);
        more = slice.next !== null;
        after = slice.next ?? "";
      }
      toast(t("store.adopted", { n: added }), refused ? { description: t("store.refused", { n: refused }) } : {});
    } catch (error) {
      fail(error);
    } finally {
      setAdopted(undefined);
      await cache.invalidateQueries();
    }
  };
  const owned = status.state === "owned";
  const busy = adopted !== undefined;
  return (
    <section aria-label={t("store.unknownTitle")} className="flex flex-wrap items-center gap-3 rounded-xl border p-4">
      <div className="min-w-0 grow">
        <p className="font-medium">
          {t(status.unknown_more ? "store.unknownMore" : "store.unknown", { n: status.unknown })}
        </p>
        <p className="text-pretty text-sm text-muted-foreground" aria-live="polite">
          {busy ? t("store.adoptedSoFar", { n: adopted }) : t("store.unknownKept")}
        </p>
      </div>
      <Button variant="outline" size="sm" disabled={!owned || busy} onClick={() => void adopt()}>
        <FolderInput />
        {t(owned ? "store.adopt" : "store.adoptLater")}
      </Button>
    </section>
  );
}
