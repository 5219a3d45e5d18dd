import { useMutation, useQuery } from "@tanstack/react-query";
import { KeyRound, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { NewToken } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { useI18n } from "@/i18n";
import { ago } from "@/lib/format";
import { Card, Line } from "./card";
import { addToken, removeToken } from "./mutations";
import { listedQuery } from "./queries";

type Scope = NewToken["scopes"][number];
const SETS = {
  read: ["read"],
  download: ["read", "download"],
  library: ["read", "download", "library"],
  metrics: ["metrics"],
  admin: ["read", "download", "library", "admin"],
} satisfies Record<string, Scope[]>;

/** Keys for programs. The key itself is shown once, right after it was made. */
export function Tokens({ admin }: { admin: boolean }) {
  const { t, locale } = useI18n();
  const { data } = useQuery(listedQuery("/api/tokens"));
  const remove = useMutation(removeToken);
  const [name, setName] = useState("");
  const [reach, setReach] = useState<keyof typeof SETS>("download");
  const [made, setMade] = useState<string>();
  const add = useMutation({
    ...addToken,
    onSuccess: ({ token }) => {
      setMade(token);
      setName("");
    },
  });
  function make(event: FormEvent) {
    event.preventDefault();
    add.mutate({ name: name.trim(), scopes: SETS[reach] });
  }
  return (
    <Card id="tokens" title={t("set.tokens")} hint={t("set.tokensHint")}>
      {data?.tokens.map((token) => (
        <Line
          key={token.id}
          icon={<KeyRound />}
          title={token.name}
          about={token.last_used_at ? t("set.lastUsed", { v: ago(token.last_used_at, locale) }) : t("set.neverUsed")}
        >
          <span className="hidden gap-1 sm:flex">
            {token.scopes.map((scope) => (
              <Badge key={scope}>{t(`scope.${scope}`)}</Badge>
            ))}
          </span>
          <Button
            variant="ghost"
            size="icon"
            aria-label={`${t("set.remove")}: ${token.name}`}
            onClick={() => remove.mutate(token.id)}
          >
            <Trash2 />
          </Button>
        </Line>
      ))}
      {made && (
        <div role="status" className="space-y-2 bg-ok/8 px-4 py-3.5">
          <p className="font-medium">{t("set.tokenOnce")}</p>
          <Input
            readOnly
            aria-label={t("set.tokens")}
            value={made}
            className="font-mono text-xs"
            onFocus={(e) => e.target.select()}
          />
        </div>
      )}
      <form onSubmit={make} className="flex flex-wrap items-center gap-2 px-4 py-3.5">
        <Input
          aria-label={t("set.tokenName")}
          placeholder={t("set.tokenName")}
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
          className="min-w-40 flex-1"
        />
        <Select
          label={t("set.tokenReach")}
          value={reach}
          onChange={setReach}
          items={(["read", "download", "library", "metrics", "admin"] as const)
            .filter((value) => !["metrics", "admin"].includes(value) || admin)
            .map((value) => ({ value, label: t(`reach.${value}`) }))}
        />
        <Button type="submit" variant="secondary" disabled={add.isPending || !name.trim()}>
          {t("set.makeToken")}
        </Button>
      </form>
    </Card>
  );
}
