import { type ReactNode, useId } from "react";
import { useI18n } from "@/i18n";
import { cn } from "@/lib/utils";

type CardProps = {
  id: string;
  title: string;
  hint?: string;
  /** A further card of its section: its title is not the heading of the page. */
  further?: boolean;
  children: ReactNode;
};

/** One group of settings; the first one of a section has the heading of the page. */
export function Card({ id, title, hint, further, children }: CardProps) {
  const Title = further ? "h2" : "h1";
  return (
    <section aria-labelledby={`${id}-title`} className="scroll-mt-6" id={id}>
      <Title
        id={`${id}-title`}
        className={cn("mb-1 px-1 font-semibold tracking-tight", further ? "text-base" : "text-xl")}
      >
        {title}
      </Title>
      {hint && <p className="mb-3 px-1 text-pretty text-muted-foreground">{hint}</p>}
      <div className={cn("divide-y overflow-hidden rounded-xl border bg-card", !hint && "mt-3")}>{children}</div>
    </section>
  );
}

type FieldProps = {
  label: string;
  hint?: string;
  /** The error of the typed value, shown instead of the hint. */
  wrong?: string;
  /** The server's environment decides it; that is said instead of the hint. */
  locked?: boolean;
  children: (id: string, hintId: string) => ReactNode;
};

/** One setting: what it is at the left, its control at the right. */
export function Field({ label, hint, wrong, locked, children }: FieldProps) {
  const { t } = useI18n();
  const id = useId();
  const about = locked ? t("set.pinned") : hint;
  return (
    <div className="flex flex-wrap items-center gap-x-6 gap-y-3 px-4 py-3.5">
      <div className="min-w-0 flex-1 basis-56">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {wrong ? (
          <p id={`${id}h`} role="alert" className="text-[0.8125rem] text-destructive">
            {wrong}
          </p>
        ) : (
          about && (
            <p id={`${id}h`} className="text-[0.8125rem] text-muted-foreground">
              {about}
            </p>
          )
        )}
      </div>
      {children(id, `${id}h`)}
    </div>
  );
}

type LineProps = { icon?: ReactNode; title: ReactNode; about: ReactNode; children?: ReactNode };

/** An entry of a list: a session, a token, a user. */
export function Line({ icon, title, about, children }: LineProps) {
  return (
    <div className="flex items-center gap-3 px-4 py-3">
      <span className="shrink-0 text-muted-foreground [&_svg]:size-5">{icon}</span>
      <div className="min-w-0 flex-1">
        <p className="flex items-center gap-2 font-medium sm:truncate">{title}</p>
        <p className="wrap-anywhere text-xs text-muted-foreground sm:truncate">{about}</p>
      </div>
      {children}
    </div>
  );
}
