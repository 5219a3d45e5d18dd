import { codeOf } from "@/api/client";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";

/** Says what went wrong, in a toast: for everything that a person asked for and that leaves no other trace. */
export function useFailure(): (error: unknown) => void {
  const { explain } = useI18n();
  return (error) => {
    const { what, fix } = explain(codeOf(error));
    toast(what, { description: fix || undefined, type: "bad" });
  };
}
