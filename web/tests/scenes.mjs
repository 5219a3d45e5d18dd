// Films for the pictures of the documentation: drawn landscapes, so that nothing of anybody else is shown.
import { execFileSync } from "node:child_process";
import { createReadStream, existsSync, mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { python, root } from "./harness.mjs";

const CACHE = join(root, ".cache/scenes");

// title, folder, palette (sky above, sky below, sun, ridges), minutes
export const FILMS = [
  ["Above the tree line", "Documentaries/Nature", ["#0b1d3a", "#4f86c6", "#f4f1de", "#2d5d8a"], 12],
  ["The lighthouse keeper's diary", "Documentaries/Nature", ["#05363f", "#7fc8a9", "#fff3c4", "#0b4f4c"], 38],
  ["Walking the ridge at first light", "Documentaries/Nature", ["#1c1033", "#b8416d", "#ffd9a0", "#5b1a4a"], 52],
  ["Salt and slow water", "Documentaries/Nature", ["#233016", "#b5b35c", "#fff8d6", "#56602a"], 31],
  ["What the probe saw", "Documentaries/Space", ["#07060d", "#2a1a3e", "#ff8552", "#1a1426"], 23],
  ["Falling towards Jupiter", "Documentaries/Space", ["#0a0f1c", "#3b2f63", "#e6b89c", "#17152b"], 44],
  ["Blue hour, forty storeys up", "Documentaries/Cities", ["#0a1a3f", "#3c7dc4", "#dbe9f6", "#0c2448"], 13],
  ["Last tram home", "Documentaries/Cities", ["#06251b", "#2f8f5b", "#e8f5d0", "#07301f"], 18],
  ["Quiet piano for a loud week", "Music/Albums", ["#10192e", "#1f6f78", "#bfe3d0", "#123c46"], 41],
  ["Live from the greenhouse", "Music/Live sets", ["#171a0a", "#5d6b23", "#f2e8a0", "#2b3312"], 82],
  ["Where the dunes end", "Watch later", ["#3a1c1a", "#e08e45", "#ffe3b3", "#8a4b2a"], 27],
  ["Night ferry", "Watch later", ["#160a2c", "#6b2fa0", "#e9c6ff", "#241046"], 65],
].map(([title, folder, palette, minutes], seed) => ({ title, folder, palette, minutes, seed }));

// Those that are still on their way: the same, but slower or in need of work.
export const COMING = [
  ["A winter crossing, on foot", ["#10233f", "#9fc6e0", "#ffffff", "#3d6a8f"], 29],
  ["Crossing the great erg", ["#4a2c0f", "#e2b04a", "#fff0c2", "#9c6a22"], 15],
  ["The last cabin", ["#0d1f16", "#4f9d69", "#f4f1bb", "#16392a"], 21],
  ["Rings, moons and other neighbours", ["#0a0714", "#43306b", "#ffc09f", "#1c1433"], 34],
].map(([title, palette, minutes], i) => ({ title, palette, minutes, seed: 40 + i }));

/** A landscape as SVG; the same seed draws the same. */
function landscape({ palette: [above, below, sun, near], seed }) {
  let state = seed * 7919 + 13;
  const random = () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  };
  for (let i = 0; i < 5; i++) random();
  const ridge = (height, rough, opacity) => {
    let y = height;
    const points = Array.from({ length: 41 }, (_, i) => {
      y += (random() - 0.5) * rough;
      y += (height - y) * 0.12;
      return `${i * 32},${y.toFixed(1)}`;
    });
    return `<polygon points="0,720 ${points.join(" ")} 1280,720" fill="${near}" opacity="${opacity}"/>`;
  };
  const stars = Array.from(
    { length: 60 },
    () =>
      `<circle cx="${random() * 1280}" cy="${random() * 330}" r="${random() * 1.6}" fill="#fff" opacity="${random()}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="720"><defs>
<linearGradient id="s" x2="0" y2="1"><stop stop-color="${above}"/><stop offset=".85" stop-color="${below}"/></linearGradient>
<linearGradient id="n" x2="0" y2="1"><stop stop-color="#000" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity=".55"/></linearGradient>
</defs><rect width="1280" height="720" fill="url(#s)"/>${stars.join("")}
<circle cx="${260 + random() * 760}" cy="${190 + random() * 120}" r="${50 + random() * 60}" fill="${sun}"/>
${ridge(400, 70, 0.35)}${ridge(470, 90, 0.6)}${ridge(560, 120, 1)}<rect width="1280" height="720" fill="url(#n)"/></svg>`;
}

const fileOf = (title, ext = "mp4") => join(CACHE, `${title}.${ext}`);

/** FFmpeg, as the product has it. */
export const ffmpeg = () =>
  execFileSync(python, ["-c", "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())"], {
    encoding: "utf8",
  }).trim();

/** Makes the films that are not there yet. `page` draws. */
export async function make(page) {
  mkdirSync(CACHE, { recursive: true });
  const program = ffmpeg();
  for (const film of [...FILMS, ...COMING]) {
    const convert = film.title === "The last cabin";
    const target = fileOf(film.title, convert ? "mkv" : "mp4");
    if (existsSync(target)) continue;
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.setContent(`<body style="margin:0">${landscape(film)}</body>`);
    const picture = fileOf(film.title, "png");
    writeFileSync(picture, await page.screenshot());
    const draft = `${target}.part`;
    const codec = convert
      ? ["-c:v", "mpeg4", "-q:v", "3", "-r", "24"]
      : ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "stillimage"];
    const seconds = String(convert ? 240 : film.minutes * 60 + film.seed);
    const pictures = ["-loop", "1", "-framerate", convert ? "24" : "0.2", "-i", picture];
    const sound = ["-f", "lavfi", "-i", "anoisesrc=a=0.02:c=pink:r=22050"];
    const rest = [
      "-t",
      seconds,
      ...codec,
      "-pix_fmt",
      "yuv420p",
      "-c:a",
      "aac",
      "-b:a",
      "24k",
      "-movflags",
      "+faststart",
    ];
    const format = ["-f", convert ? "matroska" : "mp4"];
    execFileSync(program, ["-v", "error", "-y", ...pictures, ...sound, ...rest, ...format, draft]);
    renameSync(draft, target);
  }
}

const CHANNELS = {
  Documentaries: ["Slow Rivers", "A film about weather, stone and time, made without a word."],
  Music: ["Greenhouse Sessions", "Recorded in one evening, among tomatoes. The applause is real."],
  "Watch later": ["Night Lines", "A journey from the last stop to the first, in real time."],
};
const PARTS = ["The way up", "Above the trees", "Wind", "The way down"];

const picture = (base, title) => `${base}/picture/${encodeURIComponent(title)}.png`;

/** The page of a film, as sites describe theirs; and a list of films, as feeds do. */
function page(base, { title, folder = "Documentaries", minutes, seed }) {
  const [author, description] = CHANNELS[folder.split("/")[0]];
  const seconds = minutes * 60 + seed;
  const words = {
    "@context": "https://schema.org",
    "@type": "VideoObject",
    name: title,
    description: `${description}\n\nCamera and sound: ${author}.`,
    author: { "@type": "Person", name: author },
    keywords: "landscape, slow television, no music",
    uploadDate: `2026-10-${String(28 - (seed % 27)).padStart(2, "0")}T18:00:00Z`,
    thumbnailUrl: picture(base, title),
    contentUrl: `${base}/${encodeURIComponent(title)}.mp4`,
    duration: `PT${seconds}S`,
    hasPart: PARTS.map((name, i) => ({
      "@type": "Clip",
      name,
      startOffset: Math.round((i * seconds) / PARTS.length),
      endOffset: Math.round(((i + 1) * seconds) / PARTS.length),
    })),
  };
  return `<!doctype html><title>${title}</title><script type="application/ld+json">${JSON.stringify(words)}</script>`;
}
const list = (base) =>
  `<?xml version="1.0"?><rss version="2.0"><channel><title>Slow landscapes, season one</title>${FILMS.map(
    ({ title }) =>
      `<item><title>${title}</title><link>${base}/page/${encodeURIComponent(`S01 ${title}`)}</link></item>`,
  ).join("")}</channel></rss>`;

/**
 * Serves /<title>.mp4, /slow/<kB per second>/<title>.mp4, /page/<title>, /page/S01 <title>, /picture/<title>.png and /list; what is not
 * there wants a sign-in.
 */
export async function serve(port) {
  const base = `http://127.0.0.1:${port}`;
  const server = createServer((request, response) => {
    const [, kind, wanted = ""] =
      /^\/(page|picture|list)(?:\/(.+?)(?:\.png)?)?$/.exec(decodeURIComponent(request.url)) ?? [];
    const film = [...FILMS, ...COMING].find(({ title }) => title === wanted.replace(/^S01 /, ""));
    if (kind === "list") return response.setHeader("content-type", "application/rss+xml").end(list(base));
    if (kind === "page" && film) return response.setHeader("content-type", "text/html").end(page(base, film));
    if (kind === "picture" && film) return createReadStream(fileOf(wanted, "png")).pipe(response);
    const [, slow, name] = /^(?:\/slow\/(\d+))?\/([^/?]+)/.exec(decodeURIComponent(request.url)) ?? [];
    const file = name && join(CACHE, name);
    if (!file || !existsSync(file)) return response.writeHead(403).end();
    const { size } = statSync(file);
    const [, from] = /bytes=(\d+)-/.exec(request.headers.range ?? "") ?? [];
    const start = Number(from ?? 0);
    response.writeHead(from ? 206 : 200, {
      "content-type": name.endsWith(".mkv") ? "video/x-matroska" : "video/mp4",
      "content-length": size - start,
      "accept-ranges": "bytes",
      ...(from && { "content-range": `bytes ${start}-${size - 1}/${size}` }),
    });
    if (request.method === "HEAD") return response.end();
    const stream = createReadStream(file, { start, highWaterMark: slow ? Number(slow) * 100 : 1 << 18 });
    if (!slow) return stream.pipe(response);
    stream.on("data", (chunk) => {
      response.write(chunk);
      stream.pause();
      setTimeout(() => stream.resume(), 100);
    });
    stream.on("end", () => response.end());
    response.on("close", () => stream.destroy());
  });
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  return () => {
    server.closeAllConnections();
    server.close();
  };
}
