// SPDX-License-Identifier: Apache-2.0
// What can be told apart: kernels by their looks and names, labels by their points, runs by their
// dates, at any width.
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { drawAll, file, open, outside, overlaps, report } from "./helpers.mjs";

/** The drawing of accuracy against speed: points as CSV has them, labels with their boxes, leaders,
    and the height of the bound. */
const paretoOf = (page) => page.evaluate(() => {
  const svg = document.querySelector("#chart-pareto .drawing > svg"), frame = svg.getBoundingClientRect();
  const middle = (part) => {
    const box = part.getBoundingClientRect();
    return [box.x + box.width / 2 - frame.x, box.y + box.height / 2 - frame.y];
  };
  const groups = [...svg.querySelectorAll("g.dot")];
  const crosses = groups.at(-1), isCross = (dot) => dot.closest("g.dot") === crosses;
  return {
    dots: groups.flatMap((g) => [...g.children]).map((dot) => ({ at: middle(dot), wrong: isCross(dot) })),
    last: getComputedStyle(crosses).stroke,
    labels: [...svg.querySelectorAll(".labels text")].map((text) => {
      const box = text.getBoundingClientRect();
      return { text: text.textContent, x0: box.left - frame.x, x1: box.right - frame.x, y0: box.top - frame.y + 2, y1: box.bottom - frame.y - 2 };
    }),
    leaders: [...svg.querySelectorAll(".labels line")].map((line) => ["x1", "y1", "x2", "y2"].map((n) => Number(line.getAttribute(n)))),
    bound: middle(svg.querySelector("g.rule line"))[1],
    below: document.querySelector("#chart-pareto .below").textContent,
    summary: svg.getAttribute("aria-label"),
  };
});
const away = ([x, y], b) => Math.hypot(x - Math.min(Math.max(x, b.x0), b.x1), y - Math.min(Math.max(y, b.y0), b.y1));

/** How far the leader passes by the point. */
function passes([x1, y1, x2, y2], [x, y]) {
  const long = (x2 - x1) ** 2 + (y2 - y1) ** 2, t = Math.max(0, Math.min(1, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / long));
  return Math.hypot(x - x1 - t * (x2 - x1), y - y1 - t * (y2 - y1));
}

for (const viewport of [{ width: 1280, height: 900 }, { width: 400, height: 800 }])
  test(`accuracy against speed at ${viewport.width} px: labels are at their points, the rest is listed`, async () => {
    const { page, close } = await open("full.html", { viewport });
    const { dots, last, labels, leaders, bound, below } = await paretoOf(page);
    const full = JSON.parse(readFileSync(file("full.json")));
    const names = full.kernels.filter((k) => k.op === "softmax" && k.dtype === "f32").map((k) => k.name);
    assert.equal(dots.length, names.length);
    assert.equal(last, await page.evaluate(() => getComputedStyle(document.querySelector("#chart-pareto .key path")).stroke), "crosses lie on top");
    assert.ok(dots.filter((d) => d.wrong).length > 5);
    const signs = new Map(below.split("; ").flatMap((part) => part.startsWith("not labelled") ? [] : part.split(", ")).map((part) => part.split(" ")));
    for (const name of names)
      assert.ok(labels.some((l) => l.text === name) || [...signs.values()].includes(name) || below.split(/[ ,:;]+/).includes(name), `${name} is neither labelled nor listed`);
    for (const label of labels) {
      const led = leaders.some(([, , x, y]) => away([x, y], label) < 4);  // a leader says whose it is
      assert.ok(names.includes(label.text) || signs.has(label.text), label.text);
      assert.ok(label.y0 > bound || label.y1 < bound, `${label.text} is struck through by the bound`);
      const isWrong = full.kernels.some((k) => k.name === (signs.get(label.text) ?? label.text) && full.measurements.some((m) => m.kernel === k.id && !m.verified));
      const cross = Math.min(...dots.filter((d) => d.wrong).map((d) => away(d.at, label)));
      if (led) assert.ok(dots.every((d) => away(d.at, label) > 8), `${label.text} stands at a point`);
      if (led) continue;
      if (!isWrong) assert.ok(cross > Math.min(...dots.filter((d) => !d.wrong).map((d) => away(d.at, label))) + 4, `${label.text} passes and stands beside a cross`);
      const [own, ...others] = [...dots].sort((a, b) => away(a.at, label) - away(b.at, label)).map((d) => d.at);
      const other = others.find(([x, y]) => Math.hypot(x - own[0], y - own[1]) > 1.5);  // not in the same place
      assert.ok(away(other, label) - away(own, label) > 0.5, `${label.text} is as far from ${other} as from ${own}`);
    }
    for (const line of leaders)
      assert.ok(dots.filter((d) => passes(line, d.at) < 5).length <= 1, `a leader runs through another point: ${line}`);
    await close();
  });

test("kernels of a run have looks of their own; wrong ones say so in every chart", async () => {
  const { page, close } = await open("run.html");
  await drawAll(page);
  const lines = await page.$$eval("#chart-threads g.line path, #chart-lengths g.line path", (paths) => paths.map((p) => {
    const group = p.closest("g.line");
    return [p.closest("figure").id, p.getAttribute("stroke") ?? group.getAttribute("stroke"), p.getAttribute("stroke-dasharray") ?? group.getAttribute("stroke-dasharray")].join(" ");
  }));
  const coloured = lines.filter((line) => / var\(--c\d\)/.test(line));
  assert.ok(coloured.length >= 3, `${lines}`);
  assert.equal(new Set(coloured).size, coloured.length);
  await close();
  const full = await open("full.html");
  await drawAll(full.page);
  const keys = await full.page.$$eval("#chart-curves .key line", (signs) => signs.map((s) => `${s.getAttribute("stroke")} ${s.getAttribute("stroke-dasharray")}`));
  assert.equal(new Set(keys).size, keys.length, `${keys}`);
  const ends = await full.page.$$eval("#chart-threads .drawing text", (texts) => texts.map((t) => t.textContent));
  const wrong = JSON.parse(readFileSync(file("full.json"))).measurements.filter((m) => !m.verified).map((m) => m.kernel.split("/")[0]);
  for (const end of ends) if (wrong.includes(end)) assert.fail(`${end} is wrong and does not say so`);
  assert.match(await full.page.textContent("#chart-curves .key"), /\(wrong\)/);
  await full.close();
});

test("a full run at 400 px: texts do not overlap, names differ, nothing scrolls sideways, no word breaks", async () => {
  const { page, close } = await open("full.html", { viewport: { width: 400, height: 800 } });
  await drawAll(page);
  assert.deepEqual(await overlaps(page), []);
  assert.deepEqual(await outside(page), []);
  const heat = await page.$$eval("#chart-heat .drawing > svg > svg", (panels) => panels.map((panel) =>
    [...panel.querySelectorAll("text[text-anchor=end]")].map((t) => t.textContent)));
  for (const names of heat) assert.equal(new Set(names).size, 30, `${names}`);
  const wide = await page.$$eval("section .scroll", (boxes) => boxes.filter((b) => b.checkVisibility() && b.scrollWidth > b.clientWidth + 1)
    .map((b) => `${b.closest("section").id}: ${b.querySelector("table").className}`));
  assert.deepEqual(wide, []);
  const cards = await page.$$eval("#Properties tr:has(td)", (rows) => rows.filter((r) => r.checkVisibility()).map((r) => r.innerText));
  assert.ok(cards.some((text) => /\d+ of 21 hold/.test(text)), cards[0]);
  const broken = await page.$$eval("#here td, #Accuracy td, #Properties td, #Operations td", (cells) => cells.filter((c) => c.checkVisibility()).flatMap((cell) => {
    const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), found = [], range = document.createRange();
    for (let node = walk.nextNode(); node; node = walk.nextNode())
      if (!node.parentElement.closest("code")) for (const { 0: word, index } of node.data.matchAll(/\S+/g)) {
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        if (new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size > 1) found.push(word);
      }
    return found;
  }));
  assert.deepEqual(broken, []);
  await close();
});

test("the filter by ISA knows classes, and kernels that were sampled; the decision follows it", async () => {
  const { page, wrong, close } = await open("full.html");
  const options = await page.$$eval("select[name=isa] option", (all) => all.map((o) => o.textContent));
  assert.deepEqual(options, ["all", "SSE", "AVX, AVX2", "AVX-512", "not known"]);
  const full = JSON.parse(readFileSync(file("full.json")));
  const decided = /Use (\S+)/.exec(await page.textContent("#decision"))[1];
  // a sample of less than 100 % left something out, which may be wider
  const isAbridged = (k) => !k.isa && k.isa_sampled && [...k.isa_sampled.matchAll(/(\d+) %/g)].reduce((sum, [, share]) => sum + Number(share), 0) !== 100;
  const level = (k) => (/avx512|avx3|avx-512/i.test(k.isa || k.isa_sampled) ? "AVX-512" : isAbridged(k) ? "not known" : /avx/i.test(k.isa || k.isa_sampled) ? "AVX, AVX2" : /sse/i.test(k.isa || k.isa_sampled) ? "SSE" : "not known");
  const timed = full.kernels.filter((k) => k.op === "softmax" && k.dtype === "f32");
  for (const words of options.slice(1)) {
    await page.selectOption("select[name=isa]", { label: words });
    const expected = timed.filter((k) => level(k) === words).map((k) => k.name).sort();
    const shown = await page.$$eval("#here tbody tr", (rows) => rows.filter((r) => !r.hidden).map((r) => r.querySelector("th").textContent).sort());
    assert.deepEqual(shown, expected, words);
    const sentence = await page.textContent("#decision");
    if (expected.includes(decided)) assert.match(sentence, new RegExp(`^Use ${decided} `));
    else {
      const first = await page.$$eval("#here tbody tr:not(.wrong)", (rows) => rows.find((r) => !r.hidden)?.querySelector("th").textContent);
      assert.ok(sentence.startsWith(`Of ISA ${words}, use ${first} for softmax in f32: `), sentence);
      assert.match(await page.textContent("#sure"), new RegExp(`hides ${decided}`));
    }
  }
  assert.deepEqual(wrong, []);
  await close();
});

test("numbers of the first screen stand with n, interval, ISA and flags, and are not cut off", async () => {
  for (const options of [{}, { javaScriptEnabled: false }, { viewport: { width: 400, height: 800 } }, { viewport: { width: 400, height: 800 }, javaScriptEnabled: false }]) {
    const { page, close } = await open("full.html", options);
    const [row, caption, wide] = await page.$eval("#here table", (table) => [table.querySelector("tbody tr").innerText, table.caption.innerText,
      table.parentElement.scrollWidth - table.parentElement.clientWidth]);
    assert.match(row, /\d \.\. \d/);
    assert.match(row, /\b6\b/);
    assert.match(row, /AVX|SSE|avx/);
    assert.match(caption, /pinned/);
    assert.ok(wide <= 1, `${wide} px are cut off`);
    await close();
  }
  const { page, close } = await open("full.html");
  await page.$$eval("#Speed details", (all) => { for (const one of all) one.open = true; });
  const wide = await page.$$eval("#Speed .scroll", (boxes) => boxes.filter((b) => b.checkVisibility() && b.scrollWidth > b.clientWidth + 1).length);
  assert.equal(wide, 0);
  await close();
});

test("runs of one machine have names that differ", async () => {
  const run = JSON.parse(readFileSync(file("run.json")));
  const starts = ["2026-01-01T10:00:00Z", "2026-01-02T10:00:00Z", "2026-01-02T11:30:00Z", "2026-01-02T11:30:00Z"];
  starts.forEach((started, i) => writeFileSync(file(`again${i}.json`), JSON.stringify({ ...run, run: { ...run.run, started, seed: `0x${i}` } })));
  report(starts.map((_, i) => `again${i}.json`), "again.html");
  starts.forEach((_, i) => rmSync(file(`again${i}.json`)));
  const { page, wrong, close } = await open("again.html");
  await drawAll(page);
  const names = await page.$$eval("select[name=machine] option", (all) => all.slice(1).map((o) => o.textContent));
  assert.equal(new Set(names).size, 4);
  assert.match(names[0], /, 2026-01-01$/);
  assert.match(names[1], /, 2026-01-02 10:00:00$/);
  assert.match(names[3], /, 2026-01-02 11:30:00, document 4$/);
  const first = await page.textContent("ul.decisions");
  const shape = await page.$eval("select[name=shape]", (s) => [...s.options].map((o) => o.value).find((v) => v !== s.value));
  await page.selectOption("select[name=shape]", shape);
  const items = await page.$$eval("ul.decisions > li", (all) => all.map((item) => item.textContent));
  for (const [i, item] of items.entries()) assert.ok(item.startsWith(`${names[i]}: `) && item.includes(/\d+x\d+/.exec(shape)[0]), item);
  assert.notEqual(items.join(""), first);
  for (const name of names) for (const place of ["#First thead", "#chart-ladder"]) assert.ok((await page.textContent(place)).includes(name), `${name} in ${place}`);
  assert.deepEqual(wrong, []);
  await close();
});
