import { Link } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { buttonVariants } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { useI18n } from "@/i18n";

export function NotFound() {
  const { t } = useI18n();
  return (
    <Empty
      page
      className="h-full"
      icon={<Compass />}
      title={t("app.notFound")}
      body={t("app.notFoundHint")}
      action={
        <Link to="/" className={buttonVariants({ variant: "outline" })}>
          {t("nav.home")}
        </Link>
      }
    />
  );
}
