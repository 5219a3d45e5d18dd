import { Link } from "@tanstack/react-router";
import { buttonVariants } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { useI18n } from "@/i18n";
import { Card, Field } from "./card";
import { NumberField } from "./number-field";
import { useServer } from "./server";

/** How long a deleted item can be restored. */
export function TrashSettings({ admin }: { admin: boolean }) {
  const { t } = useI18n();
  const { server, number } = useServer(admin);
  return (
    <Card id="trash" title={t("nav.trash")} hint={t("set.trashHint")}>
      {admin && !server && <Skeleton className="h-16 rounded-none" />}
      {server && (
        <>
          <NumberField unit={t("set.days")} {...number(server, "trash_days")} min={0} max={3650} />
          <NumberField unit={t("set.hours")} {...number(server, "grace_hours")} min={0} max={8760} />
        </>
      )}
      <Field label={t("set.openTrash")}>
        {() => (
          <Link to="/trash" className={buttonVariants({ variant: "outline", size: "sm" })}>
            {t("nav.trash")}
          </Link>
        )}
      </Field>
    </Card>
  );
}
