import { useMutation, useQuery } from "@tanstack/react-query";
import { codeOf } from "@/api/client";
import type { ExportTree } from "@/api/types";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { Switch } from "@/components/ui/switch";
import { useI18n } from "@/i18n";
import { bytes } from "@/lib/format";
import { Card, Field } from "./card";
import { FolderLayoutFields, type FolderLayouts, hasMusic, layoutItems } from "./folder-layouts";
import { changeTree } from "./mutations";
import { BUSY, treesQuery } from "./queries";

/** The trees that were exported, to be changed; for administrators. */
export function ExportTrees() {
  const { t, explain } = useI18n();
  const { data, error } = useQuery({
    ...treesQuery,
    refetchInterval: ({ state }) => (state.data?.trees.some((one) => one.updating && !one.missing) ? BUSY : false),
  });
  const shown = data?.trees.filter(({ users, missing }) => !missing || users?.length !== 0) ?? []; // no tree without users
  return (
    <Card id="export-trees" further title={t("set.exportTrees")} hint={t("set.exportTreesHint")}>
      {data ? (
        shown.map((tree) => <One key={tree.id} tree={tree} />)
      ) : error ? (
        <p role="alert" className="px-4 py-3.5 text-destructive">
          {explain(codeOf(error)).what}
        </p>
      ) : (
        <div className="p-4">
          <Skeleton className="h-9" />
        </div>
      )}
      {data && shown.length === 0 && <p className="px-4 py-3.5 text-muted-foreground">{t("set.exportTreesNone")}</p>}
    </Card>
  );
}

function One({ tree }: { tree: ExportTree }) {
  const { t, locale } = useI18n();
  const { mutate } = useMutation(changeTree);
  const change = (values: Omit<Parameters<typeof mutate>[0], "id">) => mutate({ id: tree.id, ...values });
  const own = { value: "template" as const, label: t("set.exportOwn") };
  const layouts = [...layoutItems(t), ...(tree.layout === "template" ? [own] : [])];
  return (
    <section aria-label={tree.path} className="divide-y">
      <div className="bg-muted/40 px-4 py-3">
        <p className="font-mono text-xs font-medium wrap-anywhere">{tree.path}</p>
        <p className="text-xs text-muted-foreground">
          {!tree.users
            ? t("set.exportEverybody")
            : tree.users.length > 0 && t("set.exportUsers", { v: tree.users.join(", ") })}
        </p>
        <p role="status" className="text-xs text-muted-foreground empty:hidden">
          {tree.missing ? t("set.exportMissing") : tree.updating && t("set.exportUpdating")}
        </p>
      </div>
      {!tree.missing && (
        <>
          <Field label={t("set.exportLayout")}>
            {() => (
              <Select<ExportTree["layout"]>
                label={t("set.exportLayout")}
                className="w-52"
                value={tree.layout}
                onChange={(layout) => layout !== "template" && layout !== tree.layout && change({ layout })}
                items={layouts}
              />
            )}
          </Field>
          <FolderLayoutFields
            value={tree.folder_layouts as FolderLayouts}
            onChange={(folder_layouts) => change({ folder_layouts })}
          />
          {(tree.tagged || hasMusic(tree.layout, tree.folder_layouts as FolderLayouts)) && (
            <Tagged
              checked={tree.tagged}
              now={tree.copied_bytes > 0 ? bytes(tree.copied_bytes, locale) : undefined}
              onChange={(tagged) => change({ tagged })}
            />
          )}
        </>
      )}
    </section>
  );
}

type TaggedProps = {
  checked: boolean;
  /** The space that the copies take. */
  now?: string;
  onChange: (checked: boolean) => void;
};

/** Music as tagged copies, which take space. */
export function Tagged({ checked, now, onChange }: TaggedProps) {
  const { t } = useI18n();
  const hint = [t("set.exportTaggedHint"), now && t("set.exportTaggedNow", { v: now })].filter(Boolean).join(" ");
  return (
    <Field label={t("set.exportTagged")} hint={hint}>
      {(id, about) => <Switch id={id} aria-describedby={about} checked={checked} onCheckedChange={onChange} />}
    </Field>
  );
}
