import { codeOf } from "@/api/client";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";

/** Shows in a toast what went wrong: for what the user requested and what leaves no other trace. */
export function showFailure(error: unknown) {
  toast(<Failure error={error} part="what" />, { description: <Failure error={error} part="fix" />, type: "bad" });
}

/** In the language of the page when the toast is drawn. */
function Failure({ error, part }: { error: unknown; part: "what" | "fix" }) {
  return useI18n().explain(codeOf(error))[part];
}
