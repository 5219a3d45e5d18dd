/**
 * Parts of the page that are loaded when they are needed. A part is asked for until it comes: a server that restarts
 * leaves no hole. If the server has another build of the page by now, the page is loaded again, once.
 */
const FIRST_WAIT = 500; // ms before the second try
const LONGEST_WAIT = 8000; // ms
const TRIES = 3; // while the server answers: then the part does not exist
const RELOADED = "mf.reloaded";

const importers = new Set<() => Promise<unknown>>();

/** Load a part, and register it so that `loadAll` can fetch it before it is needed. */
export async function load<Module>(importer: () => Promise<Module>): Promise<Module> {
  let refused = 0;
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    try {
      return await importer();
    } catch (error) {
      const build = await currentBuild();
      if (build !== undefined && build !== ownBuild() && reloadFor(build)) await new Promise(() => {}); // it goes away
      if (build !== undefined && ++refused >= TRIES) throw error;
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

export function register<Module>(importer: () => Promise<Module>): () => Promise<Module> {
  importers.add(importer);
  return () => load(importer);
}

/** Fetch every known part: what was fetched works even if the server goes away. */
export async function loadAll() {
  for (const importer of importers) await importer().catch(() => {}); // asked for again when it is needed
}

const ownBuild = () => document.querySelector<HTMLScriptElement>("script[type=module][src]")?.src.split("/").at(-1);

/** The name of the first script, which has the hash of its content. */
export const entryOf = (html: string) => /src="[^"]*\/assets\/(index-[^"]+\.js)"/.exec(html)?.[1];

/** The build that the server has now; undefined if it does not answer. */
async function currentBuild(): Promise<string | undefined> {
  try {
    const answer = await fetch("/", { cache: "no-store", headers: { accept: "text/html" } });
    return answer.ok ? (entryOf(await answer.text()) ?? "") : undefined;
  } catch {
    return undefined;
  }
}

/** Load the page again, at most once for a build: a broken build must not make it reload for ever. */
function reloadFor(build: string): boolean {
  if (sessionStorage.getItem(RELOADED) === build) return false;
  sessionStorage.setItem(RELOADED, build);
  location.reload();
  return true;
}
