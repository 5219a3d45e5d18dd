import { ArrowDownToLine } from "lucide-react";
import { type FormEvent, type ReactNode, useId } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { LOCALES, useI18n } from "@/i18n";
import { cn } from "@/lib/utils";

type Props = {
  title: string;
  hint: string;
  submit: string;
  busy: boolean;
  error?: string;
  fields: ReactNode;
  more?: ReactNode;
};

/** The card in the middle of an otherwise empty page: sign in and first run. */
export function Frame({ title, hint, submit, busy, error, fields, more, onSubmit }: Props & { onSubmit: () => void }) {
  const { locale, setLocale } = useI18n();
  const send = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="w-full max-w-sm animate-rise">
        <div className="mb-6 flex items-center justify-center gap-2.5">
          <span className="grid size-9 place-items-center rounded-xl bg-primary text-primary-foreground">
            <ArrowDownToLine className="size-5" strokeWidth={2.5} />
          </span>
          <span className="text-lg font-semibold tracking-tight">MediaFetcher</span>
        </div>
        <form onSubmit={send} className="space-y-4 rounded-2xl border bg-card p-6">
          <div>
            <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
            <p className="mt-1 text-pretty text-muted-foreground">{hint}</p>
          </div>
          {fields}
          {error && (
            <p role="alert" className="text-pretty text-[0.8125rem] text-destructive">
              {error}
            </p>
          )}
          <Button type="submit" size="lg" className="w-full" disabled={busy}>
            {submit}
          </Button>
          {more}
        </form>
        <p className="mt-4 flex justify-center gap-1">
          {Object.entries(LOCALES).map(([code, name]) => (
            <button
              key={code}
              type="button"
              lang={code}
              aria-pressed={locale === code}
              onClick={() => setLocale(code)}
              className={cn(
                "rounded-md px-2.5 py-1 text-xs text-muted-foreground hover:text-foreground",
                locale === code && "font-medium text-foreground",
              )}
            >
              {name}
            </button>
          ))}
        </p>
      </div>
    </main>
  );
}

type FieldProps = React.ComponentProps<"input"> & { label: string; hint?: ReactNode };

export function LabelledInput({ label, hint, ...input }: FieldProps) {
  const id = useId();
  return (
    <div className="space-y-1.5">
      <label htmlFor={id} className="text-[0.8125rem] font-medium">
        {label}
      </label>
      <Input id={id} aria-describedby={hint ? `${id}h` : undefined} {...input} />
      {hint && (
        <p id={`${id}h`} className="text-xs text-muted-foreground">
          {hint}
        </p>
      )}
    </div>
  );
}
