// SPDX-License-Identifier: Apache-2.0
// Error by kind of row: kernels by kinds, coloured by the share of the bound that is used.

import * as Plot from "@observablehq/plot";
import { Accuracy, Machine, figure, unique } from "../data";
import { Cell, Chart, Drawn, Point } from "../figure";
import { element, shortened, textWidth } from "../labels";
import { Selection, offers } from "../state";
import * as common from "./common";

const MOST_ROWS = 40;
const STEPS = [0.03, 0.1, 0.3, 1];  // shades between them; above 1 is a defect

/** 0 (nearly exact) to 4 (above the bound). */
export const shade = (share: number): number =>
  Number.isNaN(share) || !(share <= 1) ? 4 : STEPS.findIndex((s) => share <= s);

const HEAD: Cell[] = ["machine", "kernel", "op", "dtype", "rows", "elements", "max_error_over_bound",
  "max_ulp", "p999", "worst"];
const rowOf = (m: Machine, a: Accuracy): Cell[] => [m.name, a.kernel.name, a.kernel.op,
  a.kernel.dtype, a.domain, a.elements, a.share, a.max, a.p999, a.worst];

function tip(a: Accuracy): string[] {
  const lines = [`${a.kernel.name} on ${a.domain} rows`,
    Number.isNaN(a.share) ? "share of the bound not known" : `${figure(a.share)} of the bound at worst`,
    `ulp: max ${figure(a.max)}, 99.9 % ${figure(a.p999)}`,
    `n = ${figure(a.elements)} elements`, common.standing(a.kernel)];
  if (a.kernel.isa) lines.push(a.kernel.isa);
  return a.worst ? [...lines, `worst: ${a.worst}`] : lines;
}

function sort(rows: Accuracy[]): string[] {
  const worst = new Map<string, number>();
  for (const a of rows) {
    const share = Number.isNaN(a.share) ? Infinity : a.share;
    worst.set(a.kernel.id, Math.max(worst.get(a.kernel.id) ?? 0, share));
  }
  return [...worst].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1)).map(([id]) => id);
}

const LEAST_SLOPED = 17, LEAST_UPRIGHT = 13;  // px between columns whose names do not overlap

/** How the names of columns stand, and how much room that takes. */
function headsOf(domains: string[], room: number) {
  const longest = Math.max(...domains.map((d) => textWidth(d)));
  if (domains.every((d) => textWidth(d) <= room / domains.length - 4))
    return { angle: 0, top: 24, right: 6 };
  const right = Math.ceil(textWidth(domains[domains.length - 1]) * 0.72);
  return (room - right) / domains.length >= LEAST_SLOPED
    ? { angle: -45, top: longest * 0.72 + 16, right } : { angle: -90, top: longest + 12, right: 6 };
}

/** The kinds in as many groups as their names need. */
function groupsOf(domains: string[], room: number): string[][] {
  const most = Math.max(1, Math.floor((room - 6) / LEAST_UPRIGHT));
  const count = domains.length <= most ? 1 : Math.ceil(domains.length / Math.floor(most / 1.6 + 1));
  const each = Math.ceil(domains.length / count);
  return Array.from({ length: count }, (_, i) => domains.slice(i * each, (i + 1) * each));
}

/** Kernels by some of the kinds, with the points of its cells. */
function drawPanel(rows: Accuracy[], ids: string[], domains: string[], left: number, width: number) {
  const { angle, top, right } = headsOf(domains, width - left), step = ids.length > 20 ? 18 : 22;
  const height = ids.length * step + top + 8;
  const svg = common.plot({
    width, height, marginLeft: left, marginRight: right, marginTop: top, marginBottom: 8,
    x: { domain: domains, axis: null, padding: 0.04 }, y: { domain: ids, axis: null, padding: 0.06 },
    color: { type: "identity" },
    marks: [Plot.cell(rows, { x: "domain", y: (a: Accuracy) => a.kernel.id, rx: 2,
      fill: (a: Accuracy) => `var(--h${shade(a.share)})` })],
  });
  const half = (svg.scale("x")!.bandwidth ?? 0) / 2, halfY = (svg.scale("y")!.bandwidth ?? 0) / 2;
  const points = rows.map((a) => ({ x: common.apply(svg, "x", a.domain) + half,
    y: common.apply(svg, "y", a.kernel.id) + halfY, lines: tip(a) }));
  // figures where there is room for every one, else of defects alone
  const texts = rows.map((a) => (Number.isNaN(a.share) ? "nan" : figure(Number(a.share.toPrecision(2)))));
  const fits = (text: string) => textWidth(text, 10) < half * 2 - 2, everyFits = texts.every(fits);
  rows.forEach((a, i) => {
    const text = texts[i];
    if (everyFits || (shade(a.share) === 4 && fits(text)))
      svg.append(element("text", { x: points[i].x, y: points[i].y + 4, "text-anchor": "middle",
        "font-size": 10, fill: `var(--t${shade(a.share)})` }, text));
  });
  const short = shortened(rows.map((a) => a.kernel.name), left - 8);
  const names = new Map(rows.map((a) => [a.kernel.id, a.kernel.name]));
  for (const id of ids)
    svg.append(element("text", { x: left - 6, y: common.apply(svg, "y", id) + halfY + 4, "text-anchor": "end",
      "font-size": 11, fill: "var(--ink)" }, short.get(names.get(id)!)));
  for (const domain of domains) {
    const x = common.apply(svg, "x", domain) + half, y = top - (angle ? 5 : 7);
    svg.append(element("text", { fill: "var(--ink)", "font-size": 11, ...(angle
      ? { transform: `translate(${x + (angle === -90 ? 4 : 0)},${y}) rotate(${angle})`, "text-anchor": "start" }
      : { x, y, "text-anchor": "middle" }) }, domain));
  }
  return { svg, points, height };
}

function drawHeat(selection: Selection, machine: Machine, width: number): Drawn | null {
  const { op, dtype } = selection.state;
  const all = machine.accuracy.filter((a) => a.kernel.op === op && a.kernel.dtype === dtype &&
    offers(selection.state, a.kernel) && a.domain !== "all");
  if (!all.length) return null;
  const ids = sort(all).slice(0, MOST_ROWS), rows = all.filter((a) => ids.includes(a.kernel.id));
  const left = Math.min(width * 0.34, Math.max(...rows.map((a) => textWidth(a.kernel.name)), 40) + 12);
  const domains = unique(rows.map((a) => a.domain)), points: Point[] = [];
  const outer = element("svg", { width, class: "plot" });
  let y = 0;
  for (const group of groupsOf(domains, width - left)) {
    const panel = drawPanel(rows.filter((a) => group.includes(a.domain)), ids, group, left, width);
    panel.svg.setAttribute("y", `${y}`);
    outer.append(panel.svg);
    points.push(...panel.points.map((p) => ({ ...p, y: p.y + y })));
    y += panel.height + 6;
  }
  outer.setAttribute("height", `${y}`);
  outer.setAttribute("viewBox", `0 0 ${width} ${y}`);
  const square = (fill: string) => {
    const box = element("svg", { width: 14, height: 12, "aria-hidden": "true" });
    box.append(element("rect", { x: 0, y: 0, width: 12, height: 12, rx: 2, fill }));
    return box;
  };
  const missing = unique(all.map((a) => a.kernel.id)).length - ids.length;
  return {
    svg: outer, points, rows: [HEAD, ...all.map((a) => rowOf(machine, a))],
    key: [...STEPS.map((s, i) => ({ symbol: square(`var(--h${i})`), words: `at most ${s}` })),
      { symbol: square("var(--h4)"), words: "above 1: a defect" }],
    below: missing > 0 ? `${missing} kernels with larger errors are not drawn; the table has them.` : "",
    summary: `${ids.length} kernels on ${domains.join(", ")} rows`,
  };
}

export const heat: Chart = {
  id: "heat",
  title: "Error by kind of row",
  note: "The largest error as a share of the bound, the error that sane arithmetic may make there.",
  draw: (s, width) => common.perMachine(s, width, 520, (m, w) => drawHeat(s, m, w)),
};
