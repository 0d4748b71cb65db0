// SPDX-License-Identifier: Apache-2.0
// node screens.mjs PAGE.html FOLDER: the pictures of the documentation, taken of a page: CHART.svg for
// each chart that the page drew, and first.png (the first screen). CHROMIUM names the browser.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";

const [, , html, folder] = process.argv;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-lcd-text"] });
const context = await browser.newContext({ viewport: { width: 1100, height: 720 }, deviceScaleFactor: 0.65,
  permissions: ["clipboard-read", "clipboard-write"] });
const page = await context.newPage();
await page.goto(`file://${path.resolve(html)}`);
await page.waitForSelector("html[data-charts=drawn]");
await page.screenshot({ path: path.join(folder, "first.png") });
await page.setViewportSize({ width: 760, height: 860 });
await page.waitForTimeout(500);
for (const chart of await page.$$eval("[id^=chart-]:has(svg)", (figures) => figures.map((figure) => figure.id))) {
  await page.click(`#${chart} button:has-text("SVG")`);
  await page.waitForSelector(`#${chart} button:has-text("copied")`);
  writeFileSync(path.join(folder, `${chart.slice("chart-".length)}.svg`), await page.evaluate(() => navigator.clipboard.readText()));
}
await browser.close();
