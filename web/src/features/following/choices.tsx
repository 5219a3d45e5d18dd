/** The menu of a subscription, and the question before it ends. */
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ExternalLink, Link2, Pause, Pencil, Play, RefreshCw, Unplug } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import type { Subscription } from "@/api/types";
import type { Choice } from "@/components/menu-at";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { register } from "@/lib/load";
import { change, check, unfollow } from "./mutations";

const LinkDialog = lazy(register(() => import("./link-dialog")));
const Confirm = lazy(register(() => import("@/components/confirm")));
const EditDialog = lazy(register(() => import("./edit-dialog")));

/** `dialog` has to stand somewhere in the page. */
export function useChoices(): {
  choicesOf: (one: Subscription) => Choice[];
  edit: (one: Subscription) => void;
  changeLink: (one: Subscription) => void;
  dialog: ReactNode;
} {
  const { t } = useI18n();
  const navigate = useNavigate();
  const checking = useMutation(check);
  const changing = useMutation(change);
  const unfollowing = useMutation({
    ...unfollow,
    onSuccess: (_data, { title }) => {
      toast(t("follow.unfollowed", { v: title }));
      void navigate({ to: "/following" });
    },
  });
  const [asked, setAsked] = useState<{ one: Subscription; what: "edit" | "link" | "unfollow" }>();
  const close = () => setAsked(undefined);
  const pause = ({ id }: Subscription, paused: boolean) => changing.mutate({ id, paused });
  const choicesOf = (one: Subscription): Choice[] => [
    ...(one.state === "paused"
      ? [{ key: "resume", label: t("follow.resume"), icon: <Play />, run: () => pause(one, false) }]
      : [
          { key: "check", label: t("follow.check"), icon: <RefreshCw />, run: () => checking.mutate(one.id) },
          { key: "pause", label: t("follow.pause"), icon: <Pause />, run: () => pause(one, true) },
        ]),
    { key: "link", label: t("follow.changeLink"), icon: <Link2 />, run: () => setAsked({ one, what: "link" }) },
    { key: "edit", label: t("follow.edit"), icon: <Pencil />, run: () => setAsked({ one, what: "edit" }) },
    {
      key: "open",
      label: t("follow.open"),
      icon: <ExternalLink />,
      run: () => void window.open(one.url, "_blank", "noopener,noreferrer"),
    },
    {
      key: "unfollow",
      label: t("follow.unfollow"),
      icon: <Unplug />,
      danger: true,
      apart: true,
      run: () => setAsked({ one, what: "unfollow" }),
    },
  ];
  const dialog = asked && (
    <Suspense>
      {asked.what === "edit" ? (
        <EditDialog one={asked.one} onClose={close} />
      ) : asked.what === "link" ? (
        <LinkDialog one={asked.one} onClose={close} />
      ) : (
        <Confirm
          title={t("follow.unfollowAsk", { v: asked.one.title })}
          body={t("follow.unfollowBody")}
          action={t("follow.unfollowYes")}
          onClose={close}
          onYes={() => unfollowing.mutate(asked.one)}
        />
      )}
    </Suspense>
  );
  return {
    choicesOf,
    edit: (one) => setAsked({ one, what: "edit" }),
    changeLink: (one) => setAsked({ one, what: "link" }),
    dialog,
  };
}
