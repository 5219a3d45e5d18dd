import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { CircleAlert, Clipboard, DownloadCloud, Link2, Rss, X } from "lucide-react";
import {
  type DragEvent,
  type FormEvent,
  lazy,
  Suspense,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { type Draft as Added, useLinkBox } from "@/components/add-store";
import { Boundary } from "@/components/boundary";
import { followDraft } from "@/components/follow-draft";
import { Button, buttonVariants } from "@/components/ui/button";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { rememberDownload, useLastDownload } from "@/lib/last-download";
import { useLatest } from "@/lib/latest";
import { linksIn } from "@/lib/links";
import { register } from "@/lib/load";
import { draft } from "./draft";
import { addDownloads, forgetDownload } from "./mutations";
import { NOTHING_SPECIAL, optionsOf, type Wishes, wishesOf } from "./wishes";

const CAN_READ = typeof navigator.clipboard?.readText === "function";
const WishPanel = lazy(register(() => import("./wish-panel")));

export type Draft = Added;
type Props = Partial<Added> & { focus?: boolean; onSent?: () => void };

/** The box for links. Typed text stays until it is sent, also if the page is loaded again. */
export function Composer({ text: given = "", folder, options, replaces, focus, onSent }: Props) {
  const { t, explain } = useI18n();
  const navigate = useNavigate();
  const box = useRef<HTMLTextAreaElement>(null);
  const [text, write] = useState(() => given || draft.get());
  const setText = (words: string) => {
    write(words);
    draft.set(words);
  };
  const last = useLastDownload();
  const [chosen, setChosen] = useState<Partial<Wishes>>({});
  const begin = useMemo(
    () => (options ? wishesOf(options, folder) : { ...NOTHING_SPECIAL, ...last }),
    [options, folder, last],
  );
  const wishes: Wishes = { ...begin, ...chosen };
  // Text that was typed into the box of the previous page, after this one was rendered and before it was shown.
  useLayoutEffect(() => {
    if (!given) write(draft.get());
  }, [given]);
  useEffect(() => {
    if (focus) box.current?.focus();
  }, [focus]);
  const typed = useLatest(text);
  const [list, setList] = useState(false);
  const sending = useMutation(addDownloads);
  const replacing = useMutation(forgetDownload);
  const busy = sending.isPending;
  const forget = () => busy || sending.reset();
  const refused = sending.data?.refused ?? [];
  const links = linksIn(text);

  const wish = (more: Partial<Wishes>) => setChosen((before) => ({ ...before, ...more }));
  const put = (words: string) => {
    forget();
    wish({ entries: undefined });
    setText(words);
    box.current?.focus();
  };
  useLinkBox((words) => put(text ? `${text}\n${words}` : words), !focus);

  async function send(event: FormEvent) {
    event.preventDefault();
    if (!links.length) return box.current?.focus();
    const { folder, preset, quality, subtitles, machine } = wishes;
    const wish = { links, folder, preset, options: optionsOf(wishes, list) };
    const { taken, refused } = await sending.mutateAsync(wish);
    const untouched = typed.current === text; // what was typed meanwhile stays
    if (untouched) setText(refused.map(({ url }) => url).join("\n"));
    if (taken.length && !options) rememberDownload({ folder, quality, preset });
    setChosen({ ...NOTHING_SPECIAL, folder, preset, quality, subtitles, machine });
    if (replaces !== undefined && taken.length) replacing.mutate(replaces);
    if (!refused.length && untouched) onSent?.();
    const known = taken.filter((each) => each.state === "done" && each.item);
    if (taken.length > known.length) toast(t("add.queued", { n: taken.length - known.length }));
    const [first] = known;
    if (first)
      toast(t("add.known"), {
        description: first.title ?? first.url,
        action: {
          label: t("job.open"),
          onClick: () => void navigate({ to: "/watch/$id", params: { id: String(first.item) } }),
        },
      });
  }
  function drop(event: DragEvent) {
    const dropped = event.dataTransfer.getData("text/uri-list") || event.dataTransfer.getData("text/plain");
    if (!dropped) return;
    event.preventDefault();
    put([text, dropped.replace(/^#.*$/gm, "")].filter(Boolean).join("\n"));
  }
  const none = list && wishes.entries?.length === 0;

  return (
    <section aria-label={t("add.title")}>
      <form
        onSubmit={send}
        onDragOver={(event) => event.preventDefault()}
        onDrop={drop}
        className="rounded-2xl border border-input bg-card transition-shadow focus-within:border-ring/70 focus-within:ring-4 focus-within:ring-ring/15"
      >
        <div className="flex min-h-14 items-start gap-3 py-2 pl-4 pr-2">
          <Link2 className="mt-2.5 size-5 shrink-0 text-muted-foreground" />
          <textarea
            ref={box}
            value={text}
            rows={Math.min(8, Math.max(1, text.split("\n").length))}
            onChange={(event) => {
              forget();
              wish({ entries: undefined });
              setText(event.target.value);
            }}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
              event.preventDefault();
              event.currentTarget.form?.requestSubmit();
            }}
            inputMode="url"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            placeholder={t("add.placeholder")}
            aria-label={t("add.title")}
            aria-describedby="add-hint"
            className="min-w-0 flex-1 resize-none bg-transparent py-2 text-base outline-none placeholder:overflow-hidden placeholder:text-ellipsis placeholder:whitespace-nowrap placeholder:text-muted-foreground"
          />
          {text ? (
            <Button type="button" variant="ghost" size="icon" aria-label={t("add.clear")} onClick={() => put("")}>
              <X />
            </Button>
          ) : (
            // Only over https or on this machine is there a clipboard to read.
            CAN_READ && (
              <Button
                type="button"
                variant="secondary"
                onClick={() => void navigator.clipboard.readText().then(put, () => box.current?.focus())}
              >
                <Clipboard />
                <span className="max-sm:sr-only">{t("add.title")}</span>
              </Button>
            )
          )}
        </div>
        {text.trim() !== "" && (
          <Boundary>
            <Suspense fallback={<span className="block h-16 border-t" />}>
              <WishPanel
                links={links}
                sending={busy}
                wishes={wishes}
                onChange={wish}
                onKind={setList}
                submit={
                  <>
                    {list && links[0] && (
                      <FollowLink
                        url={links[0]}
                        wishes={wishes}
                        onClick={() => {
                          setText("");
                          onSent?.();
                        }}
                      />
                    )}
                    <Button type="submit" disabled={busy || !links.length || none} className="max-sm:flex-1">
                      <DownloadCloud />
                      {links.length > 1 ? t("add.downloadMany", { n: links.length }) : t("add.download")}
                    </Button>
                  </>
                }
              />
            </Suspense>
          </Boundary>
        )}
        {!!refused.length && (
          <ul role="alert" className="space-y-2 border-t p-4">
            {refused.map(({ url, code }) => (
              <li key={url} className="flex items-start gap-3 text-[0.8125rem]">
                <CircleAlert className="mt-0.5 size-4 shrink-0 text-warn" />
                <span className="min-w-0">
                  <span className="block truncate text-muted-foreground">{url}</span>
                  <span className="font-medium">{explain(code).what}.</span>{" "}
                  <span className="text-muted-foreground">{explain(code).fix}</span>
                </span>
              </li>
            ))}
          </ul>
        )}
      </form>
      <p id="add-hint" className="mt-2 px-1 text-xs text-muted-foreground">
        {text.trim() && !links.length ? t("add.noLink") : t("add.hint")}
      </p>
    </section>
  );
}

/** Leads to the form that follows a list, with what was chosen here. */
function FollowLink({ url, wishes, onClick }: { url: string; wishes: Wishes; onClick: () => void }) {
  const { t } = useI18n();
  return (
    <Link
      to="/following/new"
      search={{ url, folder: wishes.folder || undefined }}
      className={buttonVariants({ variant: "outline", className: "max-sm:flex-1" })}
      onClick={() => {
        followDraft.keep(url, optionsOf(wishes, false), wishes.preset);
        onClick();
      }}
    >
      <Rss />
      {t("follow.doMore")}
    </Link>
  );
}
