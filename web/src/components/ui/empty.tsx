import type { ReactNode } from "react";
import { cn } from "@/lib/utils";

export function Empty({
  icon,
  title,
  body,
  action,
  className,
  page,
}: {
  icon: ReactNode;
  title: string;
  /** It is all there is on the page: then the title is its heading. */
  page?: boolean;
  body?: string;
  action?: ReactNode;
  className?: string;
}) {
  return (
    <div className={cn("flex flex-col items-center justify-center gap-1 px-6 py-14 text-center", className)}>
      <div className="mb-3 grid size-12 place-items-center rounded-2xl border bg-muted text-muted-foreground [&_svg]:size-5">
        {icon}
      </div>
      {page ? <h1 className="font-medium">{title}</h1> : <p className="font-medium">{title}</p>}
      {body && <p className="max-w-sm text-pretty text-muted-foreground">{body}</p>}
      {action && <div className="mt-4">{action}</div>}
    </div>
  );
}
