// SPDX-License-Identifier: Apache-2.0
// What the page's tests share: pages of documents, opened in Chromium, and what is wrong with them.
// The environment names what to open: SOFTMARK (the program), PAGES (a folder of documents),
// CHROMIUM, SHOTS (where screenshots go), SLOWDOWN (of a build with sanitizers).
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";

export const { SOFTMARK, PAGES, CHROMIUM = "/usr/bin/chromium", SHOTS = PAGES, SLOWDOWN = "1" } = process.env;
export const file = (name) => path.join(PAGES, name);
const url = (name, hash = "") => `file://${file(name)}${hash}`;
let browser;

export function report(documents, page) {
  execFileSync(SOFTMARK, ["report", ...documents.map(file), "-o", file(page)]);
}

export async function start() {
  mkdirSync(SHOTS, { recursive: true });
  const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
  for (const name of ["large", "full"]) execFileSync(process.execPath, [path.join(here, `${name}.mjs`), file(`${name}.json`)]);
  for (const name of readdirSync(PAGES).filter((n) => n.endsWith(".json")))
    report([name], name.replace(".json", ".html"));
  report(["run.json", "sample.json"], "two.html");
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
}
export const stop = () => browser?.close();
export const newContext = () => browser.newContext();

/** A page with everything that goes wrong on it: errors of scripts, the console, requests. */
export async function open(name, { hash = "", before: prepare, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(`${error}`));
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) wrong.push(message.text()); });
  page.on("request", (request) => { if (!request.url().startsWith("file:") && !request.url().startsWith("blob:")) wrong.push(request.url()); });
  page.on("dialog", (dialog) => { wrong.push(dialog.message()); void dialog.dismiss(); });
  const clock = await prepare?.(page);
  await page.goto(url(name, hash));
  if (options.javaScriptEnabled !== false)
    await page.waitForSelector("html[data-charts=drawn]", { timeout: 10_000 });
  return { page, wrong, clock, close: () => context.close() };
}

/** Scrolls through the page, so that every chart is drawn; the ids of those that are. */
export async function drawAll(page) {
  await page.evaluate(async () => {
    for (const figure of document.querySelectorAll("figure.chart")) {
      figure.scrollIntoView();
      await new Promise((done) => setTimeout(done, 60));
    }
    scrollTo(0, 0);
  });
  return page.$$eval("figure.chart", (figures) =>
    figures.filter((f) => !f.hidden && f.querySelector(".drawing > svg")).map((f) => f.id.slice(6)));
}

/** Pairs of texts in a drawing that overlap, turned as they are. */
export const overlaps = (page) => page.evaluate(() => {
  const corners = (text) => {
    const { x, y, width, height } = text.getBBox(), matrix = text.getScreenCTM();
    return [[x + 1, y + 2], [x + width - 1, y + 2], [x + width - 1, y + height - 2], [x + 1, y + height - 2]]
      .map(([px, py]) => new DOMPoint(px, py).matrixTransform(matrix));
  };
  /** Whether a line along a side of one has all of the other beyond it. */
  const apart = (one, other) => one.some((p, i) => {
    const q = one[(i + 1) % 4], along = (r) => (q.y - p.y) * (r.x - p.x) - (q.x - p.x) * (r.y - p.y);
    return other.every((r) => along(r) > 0);
  });
  const found = [];
  for (const svg of document.querySelectorAll("figure.chart:not([hidden]) .drawing > svg")) {
    const texts = [...svg.querySelectorAll("text")].filter((t) => t.textContent.trim() && t.getBBox().width > 2)
      .map((t) => ({ text: t.textContent, box: corners(t) }));
    texts.forEach((a, i) => texts.slice(i + 1).forEach((b) => {
      if (!apart(a.box, b.box) && !apart(b.box, a.box)) found.push(`${svg.closest("figure").id}: ${a.text} | ${b.text}`);
    }));
  }
  return found;
});

/** Texts of drawings that reach out of them, and whether the page is wider than its window. */
export const outside = (page) => page.evaluate(() => {
  const found = document.documentElement.scrollWidth > innerWidth + 1
    ? [`page is ${document.documentElement.scrollWidth} px wide in a window of ${innerWidth}`] : [];
  for (const svg of document.querySelectorAll("figure.chart:not([hidden]) .drawing > svg")) {
    const frame = svg.getBoundingClientRect();
    for (const t of svg.querySelectorAll("text")) {
      const box = t.getBoundingClientRect();
      if (box.width && (box.left < frame.left - 2 || box.right > frame.right + 2 || box.top < frame.top - 2 || box.bottom > frame.bottom + 2))
        found.push(`${svg.closest("figure").id}: ${t.textContent}`);
    }
  }
  return found;
});
