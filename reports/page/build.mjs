// SPDX-License-Identifier: Apache-2.0
// node build.mjs OUT.cpp: checks the types and bundles src/main.ts into a C++ source that defines
// kScript. Runs in the build folder, where node_modules are; src is a link to the sources.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

/** The licences of the packages whose code is in the bundle, which ask to go with it. */
function licences(inputs) {
  const packages = new Set(Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([file]) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []));
  const holders = new Map();  // of each text: who holds the copyright of which packages
  for (const name of [...packages].sort()) {
    const lines = readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim().split("\n");
    const isHolder = (line) => /^Copyright /.test(line);
    const text = lines.filter((line) => !isHolder(line)).join("\n").replace(/\n{3,}/g, "\n\n").trim();
    const holder = lines.filter(isHolder).join("; "), known = holders.get(text) ?? new Map();
    holders.set(text, known.set(holder, [...(known.get(holder) ?? []), name]));
  }
  return [...holders].map(([text, known]) => [...[...known].map(([holder, names]) => `${names.join(", ")}: ${holder}`), "", text]
    .join("\n")).join("\n\n");
}

/** Plot imports maps for projections, which no chart has: the functions of d3-geo do nothing. */
const withoutMaps = {
  name: "without maps",
  setup(build) {
    build.onResolve({ filter: /^d3-geo$/ }, () => ({ path: "d3-geo", namespace: "left-out" }));
    build.onLoad({ filter: /.*/, namespace: "left-out" }, async () => ({
      contents: Object.keys(await import("d3-geo")).map((name) => `export const ${name} = () => ({});`).join("\n") }));
  },
};

execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], { stdio: "inherit" });
const result = await build({
  entryPoints: ["src/main.ts"],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2021",
  charset: "ascii",
  legalComments: "none",
  preserveSymlinks: true,
  plugins: [withoutMaps],
  metafile: true,
  write: false,
});
const text = `/*! The charts contain these packages.\n\n${licences(Object.values(result.metafile.outputs)[0].inputs)}\n*/\n` +
  result.outputFiles[0].text;
// A script element ends at "</script", and "<!--" changes how it is read.
if (/<\/script|<!--/i.test(text)) throw new Error("the bundle cannot stand in a script element");
if (text.includes(')bundle"')) throw new Error("the bundle cannot stand in a raw string literal");
writeFileSync(process.argv[2], `// Made from reports/page/src.
#include "reports/html_parts.h"

namespace softmark::html {
const char* const kScript = R"bundle(${text})bundle";
}  // namespace softmark::html
`);
