import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { FolderInput } from "lucide-react";
import { useState } from "react";
import { sessionQuery, storeQuery, unknownFilesQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { bytes } from "@/lib/format";
import { adoptFiles } from "./store-mutations";

/** Lists the files of the store that the database does not know, and adopts all or some of them; else nothing. */
export function UnknownFiles() {
  const { t } = useI18n();
  const admin = !!useQuery(sessionQuery).data?.user?.admin;
  const status = useQuery({ ...storeQuery, enabled: admin }).data;
  const { adopted, adopt } = useAdoption();
  const [listed, setListed] = useState(false);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  if (!status?.unknown) return null;
  const owned = status.state === "owned";
  const busy = adopted !== undefined;
  return (
    <section aria-label={t("store.unknownTitle")} className="rounded-xl border">
      <div className="flex flex-wrap items-center gap-3 p-4">
        <div className="min-w-0 grow">
          <p className="font-medium">
            {t(status.unknown_more ? "store.unknownMore" : "store.unknown", { n: status.unknown })}
          </p>
          <p className="text-pretty text-sm text-muted-foreground" aria-live="polite">
            {busy ? t("store.adoptedSoFar", { n: adopted }) : t("store.unknownKept")}
          </p>
        </div>
        <Button variant="ghost" size="sm" aria-expanded={listed} onClick={() => setListed(!listed)}>
          {t(listed ? "store.hideFiles" : "store.listFiles")}
        </Button>
        <Button
          variant="outline"
          size="sm"
          disabled={!owned || busy}
          onClick={() => void adopt(chosen.size ? [...chosen] : null).then(() => setChosen(new Set()))}
        >
          <FolderInput />
          {chosen.size && owned
            ? t("store.adoptChosen", { n: chosen.size })
            : t(owned ? "store.adopt" : "store.adoptLater")}
        </Button>
      </div>
      {listed && <List chosen={chosen} onChange={setChosen} />}
    </section>
  );
}

/** `adopted` is defined while it runs. */
function useAdoption() {
  const { t } = useI18n();
  const [adopted, setAdopted] = useState(0);
  const { mutateAsync, isPending } = useMutation(adoptFiles);
  const adopt = (files: string[] | null) => {
    setAdopted(0);
    return mutateAsync({ files, onProgress: setAdopted }).then(
      ({ added, refused }) =>
        toast(t("store.adopted", { n: added }), refused ? { description: t("store.refused", { n: refused }) } : {}),
      () => {},
    );
  };
  return { adopted: isPending ? adopted : undefined, adopt };
}

type Choice = { chosen: ReadonlySet<string>; onChange: (chosen: ReadonlySet<string>) => void };

function List({ chosen, onChange }: Choice) {
  const { t, locale } = useI18n();
  const found = useInfiniteQuery(unknownFilesQuery);
  const choose = (sha256: string) => {
    const after = new Set(chosen);
    if (!after.delete(sha256)) after.add(sha256);
    onChange(after);
  };
  const files = found.data?.pages.flatMap((page) => page.files) ?? [];
  return (
    <div className="border-t" aria-busy={found.isFetching}>
      <ul className="max-h-80 overflow-y-auto" aria-label={t("store.unknownTitle")}>
        {files.map((file) => (
          <li key={file.name}>
            <label className="flex items-center gap-2.5 px-4 py-1.5 text-[0.8125rem] hover:bg-accent/60">
              <input
                type="checkbox"
                className="size-4 shrink-0 accent-primary"
                checked={chosen.has(file.sha256)}
                onChange={() => choose(file.sha256)}
              />
              <span className="min-w-0 flex-1 truncate" title={file.name}>
                {file.title ?? file.name}
                {file.folder && <span className="text-muted-foreground"> · {file.folder}</span>}
              </span>
              <span className="num text-xs text-muted-foreground">{bytes(file.size, locale)}</span>
            </label>
          </li>
        ))}
      </ul>
      {found.hasNextPage && (
        <Button variant="ghost" size="sm" className="m-2" onClick={() => void found.fetchNextPage()}>
          {t("app.more")}
        </Button>
      )}
    </div>
  );
}
