// SPDX-License-Identifier: Apache-2.0
// What a full run looks like on paper.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { SHOTS, open } from "./helpers.mjs";

const MARGINS = { "10mm": 718, "12mm": 703, "0.4in": 717 };  // px of A4 between them

/** The page as it goes to the printer, in a window as wide as the paper between its margins. */
async function onPaper(name, width, options = {}) {
  const view = await open(name, { viewport: { width: 1280, height: 900 }, ...options });
  await view.page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await view.page.emulateMedia({ media: "print" });
  await view.page.setViewportSize({ width, height: 1000 });
  return view;
}

/** Words that break within, and visible texts with the size that they have on paper. */
const textsOf = (page) => page.evaluate(() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = { broken: [], sizes: [], out: [] };
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const parent = node.parentElement, range = document.createRange();
    if (!node.data.trim() || ["SCRIPT", "STYLE"].includes(parent.tagName) || !parent.checkVisibility()) continue;
    range.selectNodeContents(node);
    if (!range.getClientRects().length) continue;
    const svg = parent.closest(".drawing > svg");
    const scale = svg ? svg.getBoundingClientRect().width / Number(svg.getAttribute("width")) : 1;
    found.sizes.push([parseFloat(getComputedStyle(parent).fontSize) * scale * 0.75, node.data.trim().slice(0, 40)]);
    const box = range.getBoundingClientRect();
    if (box.right > innerWidth + 1 || box.left < -1) found.out.push(node.data.trim().slice(0, 40));
    if (!parent.closest("table") || parent.closest("code")) continue;
    for (const { 0: word, index } of node.data.matchAll(/\S+/g)) {
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const lines = new Set([...range.getClientRects()].map((r) => Math.round(getComputedStyle(parent).writingMode === "vertical-rl" ? r.left : r.top)));
      if (lines.size > 1) found.broken.push(word);
    }
  }
  return found;
});

for (const name of ["full.html", "run.html"])
  test(`print: ${name} has at most 8 pages, with charts and tables`, async () => {
    const { page, close } = await open(name);
    for (const margin of Object.keys(MARGINS)) {
      const pdf = await page.pdf({ format: "A4", path: path.join(SHOTS, `print-${name}-${margin}.pdf`),
        margin: { top: margin, bottom: margin, left: margin, right: margin } });
      const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0;
      assert.ok(pages >= 1 && pages <= 8, `${pages} pages with margins of ${margin}`);
    }
    await close();
  });

test("print: no word or number breaks, nothing is cut off, nothing is smaller than 6.5 pt", async () => {
  for (const width of new Set(Object.values(MARGINS))) {
    const { page, close } = await onPaper("full.html", width);
    const { broken, sizes, out } = await textsOf(page);
    assert.deepEqual(broken, []);
    assert.deepEqual(out, []);
    assert.ok(sizes.length > 1000, `${sizes.length} texts`);
    assert.deepEqual(sizes.filter(([size]) => size < 6.4), []);
    for (const part of [/On paper/, /left out/]) assert.match(await page.innerText("main"), part);
    await close();
  }
});

test("print: black on white, however dark the page is", async () => {
  const { page, close } = await onPaper("run.html", 718, { colorScheme: "dark", hash: "#theme=dark" });
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).color), "rgb(0, 0, 0)");
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
  await close();
});
