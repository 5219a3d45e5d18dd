import { Toast as T } from "@base-ui/react/toast";
import { X } from "lucide-react";
import { useEffect } from "react";
import { useOverlayRoot } from "./overlay-root";
import type { Said, ToastsProps } from "./toast";

const manager = T.createToastManager();

function add({ title, description, type, action }: Said) {
  const id = manager.add({
    title,
    description,
    type,
    timeout: action ? 8000 : 4500, // time to read, and to change one's mind
    actionProps: action && {
      children: action.label,
      onClick: () => {
        manager.close(id);
        action.onClick();
      },
    },
  });
}

function List({ closeLabel }: { closeLabel: string }) {
  return T.useToastManager().toasts.map((t) => (
    <T.Root
      key={t.id}
      toast={t}
      data-slot="toast"
      // One property moves it: a class of `translate` would be added to the transform, and set the toasts far apart.
      className="absolute bottom-0 right-0 w-full [transform:translateY(calc((var(--toast-offset-y)+max(0,var(--toast-index))*0.5rem)*-1))_translateX(var(--toast-swipe-movement-x,0))] rounded-xl border bg-popover text-popover-foreground shadow-2xl transition-[transform,opacity] duration-300 data-ending-style:opacity-0 data-limited:opacity-0 data-starting-style:opacity-0 data-starting-style:[transform:translateY(1rem)]"
    >
      <T.Content className="flex items-center gap-3 p-3.5 pr-2">
        <span className={`size-2 shrink-0 rounded-full ${t.type === "bad" ? "bg-destructive" : "bg-ok"}`} />
        <div className="min-w-0 flex-1">
          <T.Title className="text-sm font-medium" />
          <T.Description className="line-clamp-3 text-pretty text-[0.8125rem] text-muted-foreground" />
        </div>
        <T.Action className="h-8 shrink-0 rounded-md px-2.5 text-[0.8125rem] font-medium text-primary-text hover:bg-accent" />
        <T.Close
          aria-label={closeLabel}
          className="grid size-8 shrink-0 place-items-center rounded-md text-muted-foreground hover:bg-accent"
        >
          <X className="size-4" />
        </T.Close>
      </T.Content>
    </T.Root>
  ));
}

export function Toasts({ queue, said, closeLabel, label }: ToastsProps) {
  const root = useOverlayRoot();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `said` counts what was put into the queue
  useEffect(() => {
    for (const each of queue.splice(0)) add(each);
  }, [queue, said]);
  return (
    <T.Provider toastManager={manager} limit={3} timeout={4500}>
      <T.Portal container={root}>
        <T.Viewport
          aria-label={label}
          className="fixed bottom-20 right-4 z-[60] w-[min(24rem,calc(100vw-2rem))] md:bottom-5 md:right-5"
        >
          <List closeLabel={closeLabel} />
        </T.Viewport>
      </T.Portal>
    </T.Provider>
  );
}
