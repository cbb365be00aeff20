// Builds static/dist/ from these sources; `npm run build`, or `make frontend` at the top.
//
// The first line of each built file names the digest of everything that it was made from, so that
// a test without Node can tell whether the committed build is that of the committed sources.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transformSync } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, "../static/dist");
const SHARED = ["build.mjs", "package-lock.json", "package.json", "tsconfig.json"];
// As in widgets/assets.py.
const VERSION_LENGTH = 8;
const TARGET = ["chrome115", "firefox115", "safari16.5"];

/** SHA-256 over the paths and contents of a folder's files and the shared ones, sorted by path. */
function digest(folder) {
  const files = [folder, "shared"]
    .flatMap((each) => readdirSync(join(HERE, each), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(HERE.length + 1));
  const hash = createHash("sha256");
  for (const path of [...files, ...SHARED].sort()) {
    hash.update(`${path}\0`).update(readFileSync(join(HERE, path))).update("\0");
  }
  return hash.digest("hex");
}

const SOURCES = digest("widget");

/** A style sheet becomes a string, to be adopted, which no content policy forbids. */
const asStrings = (filter) => ({
  name: "style sheets",
  setup(build) {
    build.onLoad({ filter }, ({ path }) => ({
      contents: transformSync(readFileSync(path, "utf8"), {
        loader: "css",
        minify: true,
        target: TARGET,
      }).code,
      loader: "text",
    }));
  },
});

/** What each file of a folder's build begins with. */
function banner(folder) {
  const line = `/*! LiveChat, frontend/${folder}, sources ${digest(folder)} */`;
  return { css: line, js: line };
}

const COMMON = { bundle: true, charset: "utf8", minify: true, target: TARGET };
const OPTIONS = {
  ...COMMON,
  banner: banner("widget"),
  // All parts of one build go together.
  define: { VERSION: JSON.stringify(SOURCES.slice(0, VERSION_LENGTH)) },
  plugins: [asStrings(/\.css$/)],
};

// Each folder of the widget is a part that is fetched when it is needed.
const folders = readdirSync(join(HERE, "widget"), { withFileTypes: true });
for (const { name } of folders.filter((entry) => entry.isDirectory())) {
  const outfile = join(DIST, `chat-widget-${name}.js`);
  const entryPoints = [join(HERE, "widget", name, "index.ts")];
  await build({ ...OPTIONS, entryPoints, format: "esm", outfile });
}

await build({
  ...OPTIONS,
  entryPoints: [join(HERE, "widget/index.ts")],
  format: "iife",
  outfile: join(DIST, "chat-widget.js"),
});

// The inbox, its pages that come when somebody goes there, and what both are made of.
const inbox = await build({
  ...COMMON,
  banner: banner("dashboard"),
  chunkNames: "dashboard-common",
  entryPoints: {
    dashboard: join(HERE, "dashboard/index.tsx"),
    "dashboard-pages": join(HERE, "dashboard/pages/index.tsx"),
  },
  // The page's other files, which are beside the built ones.
  external: ["*.woff2"],
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  outdir: DIST,
  // Those of the pages come with their script.
  plugins: [asStrings(/[\\/]pages[\\/]\w+\.css$/)],
  splitting: true,
  write: false,
});
const version = digest("dashboard").slice(0, VERSION_LENGTH);
for (const { path, text } of inbox.outputFiles) {
  // As in dashboard/page.py: nobody's browser puts together what does not belong together.
  writeFileSync(path, text.replace(/"\.\/(dashboard-\w+\.js)"/g, `"./$1?v=${version}"`));
}
