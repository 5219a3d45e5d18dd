/** A part that fails alone: the rest of the page, and what was typed into it, stays. */
import { CircleAlert } from "lucide-react";
import { Component, type ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";

type Props = { children: ReactNode; fallback?: (again: () => void) => ReactNode };

export class Boundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError = () => ({ failed: true });
  override componentDidCatch(error: unknown) {
    console.warn("a part of the page failed", error);
  }
  override render() {
    const again = () => this.setState({ failed: false });
    if (!this.state.failed) return this.props.children;
    return this.props.fallback?.(again) ?? <PartFailed again={again} />;
  }
}

export function PartFailed({ again }: { again: () => void }) {
  const { t } = useI18n();
  return (
    <div role="alert" className="m-4 flex flex-wrap items-center gap-3 rounded-xl border border-warn/40 bg-warn/8 p-4">
      <CircleAlert className="size-5 shrink-0 text-warn" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{t("app.partFailed")}</p>
        <p className="text-muted-foreground">{t("app.partFailedHint")}</p>
      </div>
      <Button variant="outline" onClick={again}>
        {t("app.retry")}
      </Button>
    </div>
  );
}
