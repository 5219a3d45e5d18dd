import { useState } from "react";
import { useI18n } from "@/i18n";
import { useEnter } from "./enter";
import { Frame, LabelledInput } from "./frame";

export function SignIn() {
  const { t } = useI18n();
  const { enter, busy, error } = useEnter("/api/session");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  return (
    <Frame
      title={t("account.signIn")}
      hint={t("account.signInHint")}
      submit={t("account.signIn")}
      busy={busy}
      error={error}
      onSubmit={() => enter({ name, password })}
      fields={
        <>
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
            name="password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(e) => setPassword(e.target.value)}
          />
        </>
      }
    />
  );
}
