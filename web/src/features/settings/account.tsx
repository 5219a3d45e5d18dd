import { useMutation, useQuery } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { type FormEvent, useState } from "react";
import { sessionQuery } from "@/api/queries";
import type { Me } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Switch } from "@/components/ui/switch";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { later } from "@/lib/later";
import { Card, Field } from "./card";
import { changePassword, signOut } from "./mutations";

/** Who I am, a new password, the way out. */
export function Account({ user }: { user: Me }) {
  const { t } = useI18n();
  const password = useMutation({
    ...changePassword,
    onSuccess: (_answer, { end_tokens }) => {
      setOld("");
      setFresh("");
      setEndTokens(false);
      toast(t("set.passwordChanged"), {
        description: t(end_tokens ? "set.passwordChangedTokensHint" : "set.passwordChangedHint"),
      });
    },
  });
  // A new page: nothing of this user stays in memory.
  const out = useMutation({ ...signOut, onSuccess: () => location.assign("/") });
  const setup = useQuery(sessionQuery).data?.setup;
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [endTokens, setEndTokens] = useState(false);
  function change(event: FormEvent) {
    event.preventDefault();
    password.mutate({ id: user.id, password: fresh, old_password: old, end_tokens: endTokens });
  }
  return (
    <Card id="account" title={t("set.account")}>
      <div className="flex items-center gap-3 px-4 py-3.5">
        <span
          aria-hidden
          className="grid size-9 place-items-center rounded-full bg-primary/15 font-semibold uppercase text-primary-text"
        >
          {user.name[0]}
        </span>
        <p className="flex min-w-0 flex-1 items-center gap-2 truncate font-medium">
          {user.name} {user.admin && <Badge tone="primary">{t("set.admin")}</Badge>}
        </p>
        <Button variant="outline" size="sm" onClick={() => out.mutate()}>
          <LogOut />
          {t("set.signOut")}
        </Button>
      </div>
      {setup ? (
        <ChoosePassword />
      ) : (
        <form onSubmit={change}>
          {/* Password managers want to know whose password it is. */}
          <input type="text" name="username" autoComplete="username" value={user.name} readOnly hidden />
          <Field label={t("set.oldPassword")}>
            {(id) => (
              <Input
                id={id}
                type="password"
                autoComplete="current-password"
                required
                value={old}
                onChange={(event) => setOld(event.target.value)}
                className="w-full sm:w-64"
              />
            )}
          </Field>
          <Field label={t("set.newPassword")} hint={t("account.passwordHint")}>
            {(id, hint) => (
              <Input
                id={id}
                aria-describedby={hint}
                type="password"
                autoComplete="new-password"
                required
                value={fresh}
                onChange={(event) => setFresh(event.target.value)}
                className="w-full sm:w-64"
              />
            )}
          </Field>
          <Field label={t("set.endTokens")} hint={t("set.endTokensHint")}>
            {(id, hint) => (
              <Switch id={id} aria-describedby={hint} checked={endTokens} onCheckedChange={setEndTokens} />
            )}
          </Field>
          <div className="flex justify-end px-4 pb-3.5">
            <Button type="submit" variant="secondary" disabled={!old || !fresh}>
              {t("set.changePassword")}
            </Button>
          </div>
        </form>
      )}
    </Card>
  );
}

/** For the owner of a desktop, whom a one-time link signed in before there was an account. */
function ChoosePassword() {
  const { t } = useI18n();
  return (
    <Field label={t("account.noPassword")} hint={t("account.noPasswordHint")}>
      {(id, hint) => (
        <Button id={id} aria-describedby={hint} variant="secondary" onClick={() => later.choose(false)}>
          {t("account.choosePassword")}
        </Button>
      )}
    </Field>
  );
}
