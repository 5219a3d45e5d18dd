import { useState } from "react";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import { later } from "@/lib/later";
import { useEnter } from "./enter";
import { Frame, LabelledInput } from "./frame";

/**
 * The first account needs the one-time code from the server's console: who can read it owns the server. `owner`: a
 * one-time link of the desktop signed this browser in, so that there is no code, and the account can wait.
 */
export function FirstRun({ owner = false }: { owner?: boolean }) {
  const { t } = useI18n();
  const { enter, busy, error } = useEnter("/api/setup");
  const [code, setCode] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  return (
    <Frame
      title={t("account.welcome")}
      hint={t(owner ? "account.ownerHint" : "account.welcomeHint")}
      submit={t("account.create")}
      busy={busy}
      error={error}
      onSubmit={() => enter({ code: code.trim(), name, password })}
      more={
        owner && (
          <Button type="button" variant="ghost" size="lg" className="w-full" onClick={() => later.choose(true)}>
            {t("account.later")}
          </Button>
        )
      }
      fields={
        <>
          {!owner && (
            <LabelledInput
              label={t("account.code")}
              hint={t("account.codeHint")}
              name="code"
              autoComplete="one-time-code"
              autoCapitalize="characters"
              spellCheck={false}
              required
              className="font-mono uppercase tracking-wider"
              value={code}
              onChange={(e) => setCode(e.target.value)}
            />
          )}
          <LabelledInput
            label={t("account.name")}
            name="name"
            autoComplete="username"
            required
            value={name}
            onChange={(e) => setName(e.target.value)}
          />
          <LabelledInput
            label={t("account.password")}
            hint={t("account.passwordHint")}
            name="password"
            type="password"
            autoComplete="new-password"
            required
            value={password}
            onChange={(e) => setPassword(e.target.value)}
          />
        </>
      }
    />
  );
}
