// SPDX-License-Identifier: Apache-2.0
// What charts share: scales with few ticks, the words of a tip, drawings side by side.

import * as Plot from "@observablehq/plot";
import { Kernel, Machine, Time, figure, passes, percent, shapeWords, wrong } from "../data";
import { Cell, Drawn, Point } from "../figure";
import { element } from "../labels";
import { Look, looks } from "../palette";
import { Selection } from "../state";

let known: { machines: Machine[]; looks: Map<string, Look> } | undefined;
export function lookOf(selection: Selection, name: string): Look {
  if (known?.machines !== selection.all)
    known = { machines: selection.all, looks: looks(selection.all) };
  return known.looks.get(name) ?? { colour: "var(--soft)", symbol: "circle", dash: "" };
}

/** 1, 2, 5, 10 ... within the range, thinned to at most `most`. */
export function logTicks(low: number, high: number, most: number): number[] {
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    const ticks: number[] = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); ++e)
      for (const s of steps) {
        const tick = Number(`${s}e${e}`);
        if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
      }
    if (ticks.length <= most) return ticks;
    if (steps.length === 1) return ticks.filter((_, i) => i % Math.ceil(ticks.length / most) === 0);
  }
  return [];
}

/** The same for row lengths: powers of two. */
export function powerTicks(low: number, high: number, most: number): number[] {
  const ticks: number[] = [];
  for (let e = Math.ceil(Math.log2(low)); 2 ** e <= high; ++e) ticks.push(2 ** e);
  return ticks.filter((_, i) => i % Math.max(1, Math.ceil(ticks.length / most)) === 0);
}
export const binary = (n: number): string =>
  n >= 1048576 && n % 1048576 === 0 ? `${n / 1048576}M`
    : n >= 1024 && n % 1024 === 0 ? `${n / 1024}k` : `${n}`;

/** A scale of logarithms. Not Plot's own: that one drops labels between powers of ten. */
export function log(domain: [number, number], ticks: number[], format: (v: number) => string,
                    label: string, more: Partial<Plot.ScaleOptions> = {}): Plot.ScaleOptions {
  return { transform: Math.log10, domain: domain.map(Math.log10), ticks: ticks.map(Math.log10),
    tickFormat: (v: number) => format(Number((10 ** v).toPrecision(12))), label, labelArrow: "none",
    ...more };
}

export function range(values: number[], pad = 1.15): [number, number] {
  const good = values.filter((v) => v > 0 && Number.isFinite(v));
  if (!good.length) return [0.1, 1];
  return [Math.min(...good) / pad, Math.max(...good) * pad];
}

/** "pass", "wrong, known": a kernel's standing for a tip, with its grade where it has one. */
export const standing = (k: Kernel): string =>
  `${k.verdict || "not verified"}${k.grade ? ` (${k.grade})` : ""}`;

/** What a tip says of a time: every number with n, interval, ISA and flags. */
export function timeWords(t: Time, machine?: Machine): string[] {
  const k = t.kernel, lines = [`${k.name}${k.version ? ` ${k.version}` : ""}`];
  lines.push(standing(k));
  const interval = t.low < t.high ? ` (${figure(t.low)}..${figure(t.high)})` : "";
  const n = t.n > 0 ? `, n = ${t.n} processes` : "";
  lines.push(`${figure(t.ns)} ns per element${interval}${n}`);
  if (!Number.isNaN(t.gb))
    lines.push(`${figure(t.gb)} GB/s, ${percent(t.ofCeiling)} of ${t.ceiling || "the ceiling"}`);
  if (!Number.isNaN(t.cycles)) lines.push(`${figure(t.cycles)} cycles per element`);
  lines.push(errorWords(k));
  const flags = [k.isa, `${t.shape.threads} thread${t.shape.threads === 1 ? "" : "s"}`,
    t.tied ? "tied with the one before" : "", t.disturbed ? "disturbed" : ""];
  lines.push(`${shapeWords(t.shape)}; ${flags.filter((f) => f).join(", ")}`);
  if (machine) lines.push(machine.name);
  return lines;
}
export const errorWords = (k: Kernel): string =>
  Number.isNaN(k.share) && Number.isNaN(k.ulp) ? "error not measured"
    : `error ${figure(k.share)} of the bound, max ${figure(k.ulp)} ulp`;

export const TIME_HEAD: Cell[] = ["machine", "kernel", "op", "dtype", "rows", "cols", "threads",
  "cache", "logits", "ns_per_element", "low", "high", "processes", "gb_per_s", "of_ceiling",
  "cycles_per_element", "verdict", "max_error_over_bound", "max_ulp", "isa"];
export const timeRow = (m: Machine, t: Time): Cell[] => [m.name, t.kernel.name, t.kernel.op,
  t.kernel.dtype, t.shape.rows, t.shape.cols, t.shape.threads, t.shape.cache, t.shape.logits, t.ns,
  t.low, t.high, t.n, t.gb, t.ofCeiling, t.cycles, t.kernel.verdict, t.kernel.share, t.kernel.ulp,
  t.kernel.isa];

/** Plot's drawing, whose only style element is the one that the page's policy allows. */
export function plot(options: Plot.PlotOptions): SVGElement & Plot.Plot {
  return Plot.plot({ className: "plot", style: { fontSize: "11px", fontFamily: "inherit" },
    ...options }) as unknown as SVGElement & Plot.Plot;
}
export function apply(svg: Plot.Plot, name: "x" | "y", value: unknown): number {
  const scale = svg.scale(name)!;
  return scale.apply(scale.transform ? scale.transform(value) : value) as number;
}

/** A symbol of a key, in a drawing of its own. */
export function sign(look: { colour: string; dash?: string; hollow?: boolean; crossed?: boolean }, line = false) {
  const svg = element("svg", { width: line ? 26 : 14, height: 12, "aria-hidden": "true" });
  svg.append(line
    ? element("line", { x1: 1, x2: 25, y1: 6, y2: 6, stroke: look.colour, "stroke-width": 2,
      "stroke-dasharray": look.dash ?? "" })
    : element("circle", { cx: 6, cy: 6, r: 4.5, fill: look.hollow ? "none" : look.colour,
      stroke: look.colour, "stroke-width": 1.5 }));
  if (look.crossed)
    svg.append(element("path", { d: "M10 3L16 9M16 3L10 9", stroke: look.colour, "stroke-width": 1.5 }));
  return svg;
}
export function crossSign() {
  const svg = element("svg", { width: 14, height: 12, "aria-hidden": "true" });
  svg.append(element("path", { d: "M2 2L10 10M10 2L2 10", stroke: "var(--bad)", "stroke-width": 2 }));
  return svg;
}

/** One drawing for each machine under its name, beside one another where there is room. */
export function perMachine(selection: Selection, width: number, least: number,
                           draw: (m: Machine, width: number) => Drawn | null): Drawn | null {
  const { machines } = selection;
  if (machines.length === 1) return draw(machines[0], width);
  const across = Math.max(1, Math.min(machines.length, Math.floor(width / least)));
  const each = Math.floor(width / across), outer = element("svg", { width, class: "plot" });
  const points: Point[] = [], rows: Cell[][] = [], words: string[] = [];
  const below: string[] = [];
  let x = 0, y = 0, tallest = 0, key: Drawn["key"];
  for (const machine of machines) {
    const drawn = draw(machine, each - 8);
    if (!drawn) continue;
    if (x + each > width + 1) [x, y, tallest] = [0, y + tallest, 0];
    outer.append(element("text", { x: x + 4, y: y + 13, "font-size": 12, "font-weight": 600,
      fill: "var(--ink)" }, machine.name));
    drawn.svg.setAttribute("x", `${x}`);
    drawn.svg.setAttribute("y", `${y + 18}`);
    outer.append(drawn.svg);
    const [dx, dy] = [x, y + 18];
    points.push(...drawn.points.map((p) => ({ ...p, x: p.x + dx, y: p.y + dy })));
    rows.push(...(rows.length ? drawn.rows.slice(1) : drawn.rows));
    words.push(`${machine.name}: ${drawn.summary}`);
    key ??= drawn.key;
    if (drawn.below) below.push(`${machine.name}: ${drawn.below}`);
    tallest = Math.max(tallest, Number(drawn.svg.getAttribute("height")) + 30);
    x += each;
  }
  if (!rows.length) return null;
  outer.setAttribute("height", `${y + tallest}`);
  outer.setAttribute("viewBox", `0 0 ${width} ${y + tallest}`);
  return { svg: outer, points, rows, key, below: below.join(" "), summary: words.join("; ") };
}

/** px for each of a list of kernels; long ones stand closer. */
export const rowHeight = (rows: number): number => (rows > 20 ? 16 : 19);

/** Passing kernels by time, then the others: what a chart with room for `most` shows. */
export function foremost(times: Time[], most: number): Time[] {
  const rank = (t: Time) => (t.place > 0 ? 0 : passes(t.kernel) ? 1 : wrong(t.kernel) ? 3 : 2);
  return [...times].sort((a, b) => rank(a) - rank(b) || a.ns - b.ns).slice(0, most);
}
