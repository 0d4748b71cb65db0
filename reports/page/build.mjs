// SPDX-License-Identifier: Apache-2.0
// node build.mjs OUT.cpp: checks the types and bundles src/main.ts into a C++ source that defines
// kScript. Runs in the build folder, where node_modules are; src is a link to the sources.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

/** The licences of the packages whose code is in the bundle, which ask to go with it. */
function licences(inputs) {
  const packages = new Set(Object.keys(inputs).flatMap((file) =>
    /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []));
  const texts = new Map();
  for (const name of [...packages].sort()) {
    const text = readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim();
    texts.set(text, [...(texts.get(text) ?? []), name]);
  }
  return [...texts].map(([text, names]) => `${names.join(", ")}\n\n${text}`).join("\n\n");
}

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
  metafile: true,
  write: false,
});
const text = `/*! The charts contain these packages.\n\n${licences(result.metafile.inputs)}\n*/\n` +
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
