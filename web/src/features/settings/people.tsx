import { useMutation, useQuery } from "@tanstack/react-query";
import { Trash2, UserRound } from "lucide-react";
import { type FormEvent, useEffect, useId, useState } from "react";
import type { User, UserRow } from "@/api/types";
import Confirm from "@/components/confirm";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Switch } from "@/components/ui/switch";
import { useI18n } from "@/i18n";
import { bytes, date, unitName } from "@/lib/format";
import { Card, Line } from "./card";
import { addUser, changeUser, removeUser } from "./mutations";
import { listedQuery } from "./queries";

const GIGABYTE = 1e9;

/** Who may come in; for administrators. */
export function People({ me }: { me: number }) {
  const { t, locale } = useI18n();
  const { data } = useQuery(listedQuery("/api/users"));
  const change = useMutation(changeUser);
  const remove = useMutation(removeUser);
  const [leaving, setLeaving] = useState<User>();
  return (
    <Card id="people" title={t("set.people")} hint={t("set.peopleHint")}>
      {data?.users.map((user) => (
        <Line
          key={user.id}
          icon={<UserRound />}
          title={
            <>
              {user.name} {user.admin && <Badge tone="primary">{t("set.admin")}</Badge>}
            </>
          }
          about={[
            date(user.created_at, locale),
            t("set.libraryHas", { v: bytes(user.usage.bytes, locale), n: user.usage.items }),
            t("set.charged", { v: bytes(user.usage.charged, locale) }),
          ].join(" · ")}
        >
          <Quota user={user} onSave={(quota) => change.mutate({ id: user.id, quota })} />
          {user.id !== me && (
            <>
              <Button
                variant="outline"
                size="sm"
                aria-label={`${t(user.admin ? "set.unmakeAdmin" : "set.makeAdmin")}: ${user.name}`}
                onClick={() => change.mutate({ id: user.id, admin: !user.admin })}
              >
                {t(user.admin ? "set.unmakeAdmin" : "set.makeAdmin")}
              </Button>
              <Button
                variant="ghost"
                size="icon"
                aria-label={`${t("set.remove")}: ${user.name}`}
                onClick={() => setLeaving(user)}
              >
                <Trash2 />
              </Button>
            </>
          )}
        </Line>
      ))}
      <NewPerson />
      {leaving && (
        <Confirm
          title={t("set.removePerson", { v: leaving.name })}
          body={t("set.removePersonHint")}
          action={t("set.remove")}
          onClose={() => setLeaving(undefined)}
          onYes={() => remove.mutate(leaving.id)}
        />
      )}
    </Card>
  );
}

/** The quota of a user, in gigabytes. An empty box means no limit. */
function Quota({ user, onSave }: { user: UserRow; onSave: (quota: number | null) => void }) {
  const { t, locale } = useI18n();
  const shown = user.quota === null ? "" : String(user.quota / GIGABYTE);
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const save = () => {
    if (text === shown) return;
    const size = Number(text);
    if (Number.isFinite(size) && size >= 0 && size < 1e9) onSave(text.trim() ? Math.round(size * GIGABYTE) : null);
    else setText(shown);
  };
  return (
    <span className="flex shrink-0 items-center gap-1.5 text-xs text-muted-foreground">
      <Input
        inputMode="decimal"
        aria-label={`${t("set.quotaOf")}: ${user.name}`}
        title={t("set.quotaOf")}
        placeholder="∞"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={save}
        onKeyDown={(event) => event.key === "Enter" && save()}
        className="num h-8 w-16 px-2 text-right"
      />
      {unitName("gigabyte", locale)}
    </span>
  );
}

function NewPerson() {
  const { t } = useI18n();
  const add = useMutation(addUser);
  const id = useId();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [admin, setAdmin] = useState(false);
  function make(event: FormEvent) {
    event.preventDefault();
    const onSuccess = () => {
      setName("");
      setPassword("");
      setAdmin(false);
    };
    add.mutate({ name, password, admin }, { onSuccess });
  }
  return (
    <form onSubmit={make} className="flex flex-wrap items-center gap-2 px-4 py-3.5" autoComplete="off">
      <Input
        aria-label={t("account.name")}
        placeholder={t("account.name")}
        required
        value={name}
        onChange={(event) => setName(event.target.value)}
        className="min-w-32 flex-1"
      />
      <Input
        aria-label={t("account.password")}
        placeholder={t("account.password")}
        type="password"
        autoComplete="new-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        className="min-w-32 flex-1"
      />
      <label htmlFor={id} className="flex items-center gap-2 px-1 text-[0.8125rem]">
        <Switch id={id} checked={admin} onCheckedChange={setAdmin} />
        {t("set.admin")}
      </label>
      <Button type="submit" variant="secondary" disabled={add.isPending || !name.trim() || !password}>
        {t("set.addPerson")}
      </Button>
    </form>
  );
}
