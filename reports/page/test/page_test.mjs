// SPDX-License-Identifier: Apache-2.0
// node --test page_test.mjs: opens pages in Debian's Chromium (helpers.mjs says which); with FIGURES
// in the environment the seconds of the largest page are printed.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, test } from "node:test";
import { SHOTS, SLOWDOWN, SOFTMARK, drawAll, file, newContext, open, outside, overlaps, start, stop } from "./helpers.mjs";
import "./looks.mjs";
import "./print.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

before(start);
after(stop);

test("a real run: every chart is drawn, nothing is fetched, nothing goes wrong", async () => {
  const { page, wrong, close } = await open("run.html");
  const drawn = await drawAll(page);
  for (const id of ["pareto", "ladder", "lengths", "threads", "heat", "curves"]) assert.ok(drawn.includes(id), `${id} of ${drawn}`);
  assert.match(await page.textContent("#decision"), /^Use \S+.* for softmax in f32: .* ns per element/);
  assert.deepEqual(await overlaps(page), []);
  assert.deepEqual(await outside(page), []);
  assert.deepEqual(wrong, []);
  await page.screenshot({ path: path.join(SHOTS, "light.png") });
  await page.screenshot({ path: path.join(SHOTS, "light-full.png"), fullPage: true });
  await close();
});

test("the sigmoid has its function, derivative and errors over the whole range", async () => {
  const { page, wrong, close } = await open("run.html", { hash: "#op=sigmoid&dtype=f32" });
  assert.ok((await drawAll(page)).includes("curves"));
  const text = await page.textContent("#chart-curves");
  for (const part of ["function", "derivative", "stable", "every f32 in order"]) assert.ok(text.includes(part), part);
  assert.deepEqual(await overlaps(page), []);
  assert.deepEqual(wrong, []);
  await close();
});

test("the picture and the decision are on the first screen", async () => {
  const { page, close } = await open("run.html", { viewport: { width: 1280, height: 900 } });
  for (const selector of ["#decision", "#sure", "#chart-pareto .drawing > svg"]) {
    const box = await page.locator(selector).first().boundingBox();
    assert.ok(box && box.y >= 0 && box.y + box.height <= 900, `${selector} ends at ${box?.y + box?.height}`);
  }
  const order = await page.$$eval("main > section", (sections) => sections.map((s) => s.id));
  assert.ok(order.indexOf("Failures") > order.indexOf("Speed") && order.indexOf("Failures") > order.indexOf("Accuracy"));
  await close();
});

test("filters change charts, tables and the address, and survive a reload", async () => {
  const { page, wrong, close } = await open("sample.html");
  const before = await page.innerHTML("#chart-pareto .drawing");
  await page.selectOption("select[name=op]", "sigmoid");
  assert.notEqual(await page.innerHTML("#chart-pareto .drawing"), before);
  assert.equal(await page.locator("#Speed [data-op=softmax]").first().isVisible(), false);
  assert.equal(await page.locator("#Speed [data-op=sigmoid]").first().isVisible(), true);
  assert.match(await page.textContent("#decision"), /sigmoid/);
  assert.match(page.url(), /#.*op=sigmoid/);
  await page.selectOption("select[name=op]", "softmax");
  await page.selectOption("select[name=dtype]", "f32");
  const shape = await page.$eval("select[name=shape]", (s) => [...s.options].map((o) => o.value).find((v) => v.includes("head_64")));
  await page.selectOption("select[name=shape]", shape);
  await page.selectOption("select[name=threads]", "2");
  await page.click("button.theme");
  const [chart, decision, theme] = [await page.getAttribute("#chart-pareto .drawing > svg", "aria-label"), await page.textContent("#decision"), await page.evaluate(() => document.documentElement.dataset.theme)];
  await page.reload();
  await page.waitForSelector("html[data-charts=drawn]");
  assert.equal(await page.inputValue("select[name=shape]"), shape);
  assert.equal(await page.inputValue("select[name=threads]"), "2");
  assert.equal(await page.getAttribute("#chart-pareto .drawing > svg", "aria-label"), chart);
  assert.equal(await page.textContent("#decision"), decision);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), theme);
  assert.deepEqual(wrong, []);
  await close();
});

test("a failure opens to its row, got, want, reason and replay command", async () => {
  const { page, close } = await open("failing.html");
  await page.click("#Accuracy a:has-text('overflow_safety')");
  const article = page.locator("article.target");
  assert.ok(await article.isVisible());
  const text = await article.evaluate((a) => a.closest("details").textContent);  // the group says the reason
  for (const part of ["89 (0x1.64p+6)", "nan", "1 (0x1p+0)", "no max shift", "softmark verify --kernel naive/softmax/f32"])
    assert.ok(text.includes(part), `${part} in ${text}`);
  assert.match(page.url(), /at=m1-p\d+/);
  await close();
});

test("tips say n, interval, ISA and flags; the keyboard reaches them", async () => {
  const { page, close } = await open("run.html");
  await page.locator("#chart-pareto .drawing").focus();
  await page.keyboard.press("ArrowRight");
  const tip = await page.textContent("#chart-pareto .tip");
  assert.match(tip, /ns per element/);
  assert.match(tip, /n = \d+ process/);
  assert.match(tip, /of the bound/);
  await page.keyboard.press("Escape");
  assert.ok(await page.locator("#chart-pareto .tip").isHidden());
  await close();
});

test("charts are copied as SVG and CSV", async () => {
  const { page, wrong, close } = await open("sample.html", { permissions: ["clipboard-read", "clipboard-write"] });
  const copied = async (format) => {
    await page.click(`#chart-pareto button:has-text("${format}")`);
    await page.waitForSelector(`#chart-pareto button:has-text("copied")`);
    return page.evaluate(() => navigator.clipboard.readText());
  };
  const csv = (await copied("CSV")).trim().split("\n");
  assert.match(csv[0], /^machine,kernel,op,/);
  assert.ok(csv.length > 3 && csv.some((line) => line.includes(",simd,softmax,f32,")));
  await page.waitForTimeout(1600);
  const svg = await copied("SVG");
  assert.match(svg, /^<svg/);
  assert.ok(!svg.includes("var(--"), "colours are written out");
  const [key, cut] = await page.evaluate((text) => {  // what the key says, and what the picture cuts off
    document.body.insertAdjacentHTML("beforeend", `<div id="copy">${text}</div>`);
    const root = document.querySelector("#copy > svg"), paper = root.getBoundingClientRect();
    const words = [...root.querySelectorAll("text")];
    const out = words.filter((word) => {
      const box = word.getBoundingClientRect();
      return box.top < paper.top - 1 || box.bottom > paper.bottom + 1 || box.left < paper.left - 1 || box.right > paper.right + 1;
    });
    return [words.map((word) => word.textContent), out.map((word) => word.textContent)];
  }, svg);
  for (const words of await page.$$eval("#chart-pareto .key li", (items) => items.map((item) => item.textContent)))
    assert.ok(key.includes(words), words);
  const below = await page.$eval("#chart-pareto .below", (note) => note.textContent);
  assert.ok(key.join(" ").includes(below), below);
  assert.deepEqual(cut, []);
  assert.deepEqual(wrong, []);
  await close();
});

test("no cell of a CSV is a formula", async () => {
  const { page, close } = await open("large.html", { permissions: ["clipboard-read", "clipboard-write"] });
  await page.click('#chart-pareto button:has-text("CSV")');
  await page.waitForSelector('#chart-pareto button:has-text("copied")');
  const csv = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(csv.includes(",'=cmd|' calc'!A0,"), csv.slice(0, 800));
  assert.ok(!/(^|,)"?=/m.test(csv));
  await close();
});

test("400 px: nothing is wider than the window, tables are cards", async () => {
  const { page, wrong, close } = await open("run.html", { viewport: { width: 400, height: 800 } });
  await drawAll(page);
  assert.deepEqual(await outside(page), []);
  assert.deepEqual(await overlaps(page), []);
  assert.equal(await page.$eval("#here table.rank tbody tr", (row) => getComputedStyle(row).display), "flex");
  await page.screenshot({ path: path.join(SHOTS, "narrow.png"), fullPage: true });
  assert.deepEqual(wrong, []);
  await close();
});

test("dark: as light, and contrast is kept", async () => {
  const { page, wrong, close } = await open("run.html", { colorScheme: "dark" });
  await drawAll(page);
  await page.screenshot({ path: path.join(SHOTS, "dark.png") });
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(252, 252, 250)");
  assert.deepEqual(wrong, []);
  await close();
});

test("without JavaScript, and under a policy that allows nothing, the tables are there", async () => {
  const { page, close } = await open("run.html", { javaScriptEnabled: false });
  assert.match(await page.textContent("#decision"), /^Use /);
  for (const part of ["#here table", "#Operations table", "#Speed table", "#Accuracy table", "#Properties table"])
    assert.ok(await page.locator(part).first().isVisible(), part);
  assert.match(await page.textContent("noscript"), /tables below/);
  await close();
  const strict = await newContext();
  const other = await strict.newPage();
  await other.route("**/*", (route) => route.fulfill({ body: readFileSync(file("run.html")), contentType: "text/html",
    headers: { "content-security-policy": "sandbox; default-src 'none'" } }));
  await other.goto("http://localhost/page");
  assert.ok(await other.locator("#Speed table").first().isVisible());
  await strict.close();
});

test("axe finds no fault, headings included, light, dark and at 400 px", async () => {
  for (const [name, options] of [["run.html", {}], ["failing.html", { colorScheme: "dark" }],
    ["failing.html", { viewport: { width: 400, height: 800 } }], ["two.html", {}]]) {
    const { page, close } = await open(name, options);
    await page.$$eval("details", (all) => { for (const one of all) one.open = true; });
    await drawAll(page);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    const bad = violations.filter((v) => ["moderate", "serious", "critical"].includes(v.impact));
    assert.deepEqual(bad.map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 120)} ${v.nodes[0].failureSummary?.slice(0, 200)}`), []);
    await close();
  }
});

/** Seconds of CPU time that a command takes, its children's too. */
function cpuSeconds(...command) {
  const ran = spawnSync("bash", ["-c", 'TIMEFORMAT="%U %S"; time "$@"', "bash", ...command], { encoding: "utf8" });
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stderr.trim().split("\n").at(-1).split(" ").reduce((sum, part) => sum + Number(part), 0);
}

/** Seconds of CPU time of a page's main thread, which do not depend on what else runs here. */
async function clockOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => (await session.send("Performance.getMetrics")).metrics.find((m) => m.name === "TaskDuration").value;
}

test("5,000 measurements of 200 hostile kernels open in 2 s and filter in 200 ms", async () => {
  const made = cpuSeconds(SOFTMARK, "report", file("large.json"), "-o", file("large.html"));
  assert.ok(made < 2 * SLOWDOWN, `made in ${made} s`);
  let opened = Infinity, view;
  for (let i = 0; i < 5 && !(opened < 2); ++i) {  // neighbours slow the CPU
    await view?.close();
    view = await open("large.html", { before: clockOf });
    opened = Math.min(opened, await view.clock());
  }
  assert.ok(opened > 0 && opened < 2, `opened in ${opened} s`);
  const { page, wrong, clock, close } = view;
  const best = {};  // of at most eight turns: at first the engine compiles; likewise
  const quick = () => Object.values(best).every((time) => time > 0 && time < 0.2);
  for (let turn = 0; turn === 0 || turn < 8 && !quick(); ++turn)
    for (const [name, value] of [["threads", null], ["isa", "avx"], ["isa", ""], ["shape", null]]) {
      const start = await clock();
      await page.evaluate(([select, wanted]) => {
        const { setTimeout } = window, later = [];  // what is out of view is drawn in later tasks
        window.setTimeout = (task) => later.push(task);
        window.drawLater = () => {
          window.setTimeout = setTimeout;
          later.forEach((task) => setTimeout(task));
        };
        const element = document.querySelector(`select[name=${select}]`);
        element.value = wanted ?? [...element.options].find((o) => o.value !== element.value).value;
        element.dispatchEvent(new Event("change"));
        document.body.getBoundingClientRect();
      }, [name, value]);
      const time = await clock() - start;
      await page.evaluate(() => window.drawLater());
      best[name + value] = Math.min(best[name + value] ?? Infinity, time);
      await page.waitForTimeout(150);
    }
  assert.ok(quick(), JSON.stringify(best));
  if (process.env.FIGURES) console.log(JSON.stringify({ made, opened, best }));
  await drawAll(page);
  assert.equal(await page.evaluate(() => window.broken), undefined);
  assert.equal(await page.locator("img").count(), 0);
  assert.deepEqual(await outside(page), []);
  assert.equal(await page.locator("#here tbody tr").count(), 60);  // 200 stand below
  await page.click("#here p a");
  assert.ok(await page.locator(".target tbody tr").nth(199).isVisible());
  assert.deepEqual(wrong, []);
  await close();
});

test("two documents stand side by side, in shares of each machine's ceiling", async () => {
  const { page, wrong, close } = await open("two.html");
  await drawAll(page);
  assert.equal(await page.locator("select[name=machine] option").count(), 3);
  assert.match(await page.textContent("#chart-pareto .drawing > svg"), /share of the machine's ceiling/);
  assert.match(await page.textContent("#First"), /cycles/);
  await page.selectOption("select[name=machine]", "2");
  assert.deepEqual(await overlaps(page), []);
  assert.deepEqual(await outside(page), []);
  await page.selectOption("select[name=machine]", "");
  await page.screenshot({ path: path.join(SHOTS, "two.png"), fullPage: true });
  assert.deepEqual(wrong, []);
  await close();
});

test("documents that are empty, odd or old are pages without an error", async () => {
  for (const name of ["empty.html", "odd.html", "failing.html"]) {
    const { page, wrong, close } = await open(name).catch((error) => { throw new Error(`${name}: ${error}`); });
    await drawAll(page);
    assert.deepEqual(wrong, [], name);
    await close();
  }
});

test("the page of a run with every peer is under 1 MB, and holds what it held", async () => {
  assert.ok(statSync(file("full.html")).size < 1_000_000, `${statSync(file("full.html")).size} bytes`);
  const { page, wrong, close } = await open("full.html", { permissions: ["clipboard-read", "clipboard-write"] });
  await drawAll(page);
  assert.deepEqual(await outside(page), []);
  await page.click('#chart-heat button:has-text("CSV")');
  await page.waitForSelector('#chart-heat button:has-text("copied")');
  const csv = (await page.evaluate(() => navigator.clipboard.readText())).trim().split("\n").slice(1);
  const full = JSON.parse(readFileSync(file("full.json")));
  const of = (id, domain) => full.accuracy.find((a) => a.kernel === `${id}/softmax/f32` && a.domain === domain);
  assert.equal(csv.length, 30 * 19);
  for (const [, name, , , domain, elements, share, ulp, , worst] of csv.map((line) => line.split(","))) {
    const { worst: { at, got, want }, ...row } = of(name, domain);
    assert.equal(Number(elements), row.elements);
    for (const [shown, held] of [[share, row.max_error_over_bound], [ulp, row.max_ulp]]) assert.ok(Math.abs(shown / held - 1) < 0.006, `${shown} of ${held}`);
    if (row.max_ulp > 0.5) assert.ok(csv.some((line) => line.includes(`output ${at} of 257, got ${got}, want ${want}`)), `${worst}: ${got} ${want}`);
  }
  await page.selectOption("select[name=op]", "sigmoid");
  await drawAll(page);
  await page.click('#chart-curves button:has-text("CSV")');
  await page.waitForSelector('#chart-curves button:has-text("copied")');
  const parts = (await page.evaluate(() => navigator.clipboard.readText())).trim().split("\n").slice(1).map((line) => line.split(",")).filter((cells) => cells[1] === "simd");
  const held = full.accuracy.find((a) => a.kernel === "simd/sigmoid/f32" && a.curve).curve.ulp;
  assert.deepEqual(parts.map((cells) => Number(cells[5])), held.map((u) => (u < 0.01 ? 0 : Number(u.toPrecision(3)))));
  assert.deepEqual(wrong, []);
  await close();
});
