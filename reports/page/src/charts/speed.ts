// SPDX-License-Identifier: Apache-2.0
// Speed by row length with the ceilings of the same run; the ladder of kernels at a shape with
// their intervals; speed by number of threads.

import * as Plot from "@observablehq/plot";
import { Machine, Time, figure, passes, shapeWords, unique, wrong } from "../data";
import { Chart, Drawn } from "../figure";
import { element, shortened, spread, textWidth } from "../labels";
import { Selection, timesHere, timesOf } from "../state";
import * as common from "./common";

const MOST_LINES = 14, MOST_RUNGS = 40;

/** Names at the right end of lines, moved apart, each with a stub to its line's end. */
function endLabels(svg: SVGElement, ends: { x: number; y: number; text: string; colour: string }[],
                   at: number, low: number, high: number, room: number): void {
  const ys = spread(ends.map((e) => e.y), 13, low, high);
  const group = element("g", { "aria-hidden": "true" });
  const short = shortened(ends.map((e) => e.text), room);
  ends.forEach((e, i) => {
    group.append(element("path", { d: `M${e.x + 5} ${e.y}L${at - 3} ${ys[i]}`, fill: "none",
      stroke: e.colour, "stroke-width": 0.8 }));
    group.append(element("text", { x: at, y: ys[i] + 4, "text-anchor": "start", "font-size": 11, fill: "var(--ink)" },
      short.get(e.text)));
  });
  svg.append(group);
}

interface Line { name: string; times: Time[] }
const endWords = (l: Line): string => l.name + (wrong(l.times[0].kernel) ? " (wrong)" : "");
function lines(times: Time[], most: number): { shown: Line[]; rest: Line[] } {
  const all = unique(times.map((t) => t.kernel.name)).map((name) => ({
    name, times: times.filter((t) => t.kernel.name === name).sort((a, b) => a.shape.cols - b.shape.cols),
  }));
  const score = (l: Line) => l.times.filter((t) => t.place > 0).reduce((s, t) => s + 1 / t.place, 0);
  const pass = all.filter((l) => l.times.every((t) => passes(t.kernel)));
  const order = [...pass.sort((a, b) => score(b) - score(a)), ...all.filter((l) => !pass.includes(l))];
  return { shown: order.slice(0, most), rest: order.slice(most) };
}

/** Batches of fewer logits time a call rather than a row; they are left out if two lengths remain. */
const LEAST_LOGITS = 16384;
function batches(times: Time[]): Time[] {
  const large = times.filter((t) => t.shape.rows * t.shape.cols >= LEAST_LOGITS);
  return unique(large.map((t) => t.shape.cols)).length > 1 ? large : times;
}

/** One time for each kernel and row length: that of the workload which most kernels ran. */
function byLength(selection: Selection, machine: Machine): Time[] {
  const here = timesHere(selection, machine)[0]?.shape;
  const times = batches(timesOf(selection, machine)).filter((t) => `${t.shape.threads}` === selection.state.threads &&
    (!here || (t.shape.cache === here.cache && t.shape.inPlace === here.inPlace)) &&
    t.shape.logits === (here?.logits ?? t.shape.logits));
  const counts = new Map<string, number>();
  const key = (t: Time) => `${t.shape.cols} ${shapeWords(t.shape)}`;
  for (const t of times) counts.set(key(t), (counts.get(key(t)) ?? 0) + 1);
  const best = new Map<number, string>();
  for (const [k, n] of counts) {
    const cols = Number(k.split(" ")[0]), now = best.get(cols);
    if (!now || n > counts.get(now)!) best.set(cols, k);
  }
  return times.filter((t) => best.get(t.shape.cols) === key(t));
}

function ceilingsOf(machine: Machine, times: Time[]): { cols: number; gb: number; kind: string }[] {
  const best = new Map<number, { cols: number; gb: number; kind: string }>();
  for (const { shape, ceiling } of times) {
    const found = machine.ceilings.filter((c) => c.rows === shape.rows && c.cols === shape.cols &&
      c.dtype === shape.dtype && c.threads === shape.threads && (c.cache || "hot") === shape.cache &&
      c.gb > 0 && (c.kind !== "read" || ceiling === "read"));
    for (const c of found)
      if (c.gb > (best.get(c.cols)?.gb ?? 0)) best.set(c.cols, { cols: c.cols, gb: c.gb, kind: c.kind });
  }
  return [...best.values()].sort((a, b) => a.cols - b.cols);
}

function drawLengths(selection: Selection, machine: Machine, width: number): Drawn | null {
  const times = byLength(selection, machine).filter((t) => t.gb > 0);
  if (unique(times.map((t) => t.shape.cols)).length < 2) return null;
  const { shown, rest } = lines(times, MOST_LINES), ceilings = ceilingsOf(machine, times);
  const names = shown.map(endWords);
  const room = Math.min(150, width * 0.3, Math.max(...names.map((n) => textWidth(n)), 60) + 6);
  const [y0, y1] = common.range([...times.map((t) => t.gb), ...ceilings.map((c) => c.gb)]);
  const [x0, x1] = common.range(times.map((t) => t.shape.cols), 1.1);
  const height = Math.max(width < 500 ? 340 : 400, names.length * 13 + 90);
  const look = (l: { name: string }) => common.lookOf(selection, l.name);
  const data = shown.flatMap((l) => l.times);
  const svg = common.plot({
    width, height, marginLeft: 44, marginRight: room + 16, marginBottom: 40, marginTop: 24,
    x: common.log([x0, x1], common.powerTicks(x0, x1, width < 500 ? 5 : 10), common.binary,
      "row length (logits), log →"),
    y: common.log([y0, y1], common.logTicks(y0, y1, 7), figure, "↑ GB/s of the least traffic, log",
      { grid: true }),
    marks: [
      Plot.line(ceilings, { x: "cols", y: "gb", stroke: "var(--ink)", strokeWidth: 2, strokeDasharray: "8 4" }),
      Plot.line(rest.flatMap((l) => l.times), { x: (t: Time) => t.shape.cols, y: "gb",
        z: (t: Time) => t.kernel.name, stroke: "var(--line)" }),
      ...shown.map((l) => Plot.line(l.times, { x: (t: Time) => t.shape.cols, y: "gb",
        stroke: look(l).colour, strokeWidth: 1.8, strokeDasharray: look(l).dash,
        strokeOpacity: wrong(l.times[0].kernel) ? 0.55 : 1 })),
      Plot.dot(data, { x: (t: Time) => t.shape.cols, y: "gb", r: 3.5,
        symbol: (t: Time) => look({ name: t.kernel.name }).symbol,
        stroke: (t: Time) => look({ name: t.kernel.name }).colour, strokeWidth: 1.5,
        fill: (t: Time) => (passes(t.kernel) ? look({ name: t.kernel.name }).colour : "var(--paper)") }),
    ],
    symbol: { type: "identity" }, color: { type: "identity" },
  });
  const points = times.map((t) => ({ x: common.apply(svg, "x", t.shape.cols),
    y: common.apply(svg, "y", t.gb), lines: common.timeWords(t) }));
  endLabels(svg, shown.map((l) => {
    const p = points[times.indexOf(l.times[l.times.length - 1])];
    return { ...p, text: endWords(l), colour: look(l).colour };
  }), width - room, 24, height - 44, room);
  for (const c of ceilings)
    points.push({ x: common.apply(svg, "x", c.cols), y: common.apply(svg, "y", c.gb),
      lines: [`ceiling: ${c.kind}`, `${figure(c.gb)} GB/s at rows of ${c.cols}`] });
  return {
    svg, points, rows: [common.TIME_HEAD, ...times.map((t) => common.timeRow(machine, t))],
    key: [{ symbol: common.sign({ colour: "var(--ink)", dash: "8 4" }, true),
      words: "ceiling: the fastest way measured to move these bytes" },
    ...(rest.length ? [{ symbol: common.sign({ colour: "var(--line)" }, true), words: `${rest.length} more` }] : [])],
    summary: `${names.length + rest.length} kernels over rows of ${unique(times.map((t) => t.shape.cols)).join(", ")}`,
  };
}

export const lengths: Chart = {
  id: "lengths", paper: "half",
  title: "Speed by row length",
  note: `Each line is a kernel; hollow: did not pass. Batches of at least ${LEAST_LOGITS} logits, where there are any.`,
  draw: (s, width) => common.perMachine(s, width, 460, (m, w) => drawLengths(s, m, w)),
};

const named = (t: Time): string => `${t.tied ? "~ " : ""}${t.kernel.name}`;

function drawLadder(selection: Selection, machine: Machine, width: number): Drawn | null {
  const all = timesHere(selection, machine);
  if (!all.length) return null;
  const times = common.foremost(all, MOST_RUNGS), names = times.map((t) => t.kernel.name);
  const left = Math.min(width * 0.38, Math.max(...names.map((n) => textWidth(`~ ${n}`, 11, true)), 40) + 14);
  const [x0, x1] = common.range(times.flatMap((t) => [t.low, t.high, t.ns]), 1.15);
  const height = times.length * common.rowHeight(times.length) + 62;
  const y = (t: Time) => t.kernel.id;
  const colour = (t: Time) => (t.place === 1 ? "var(--front)" : t.place > 0 ? "var(--c1)" : wrong(t.kernel) ? "var(--bad)" : "var(--soft)");
  const ranked = times.filter((t) => t.place > 0), others = times.filter((t) => !(t.place > 0));
  const svg = common.plot({
    width, height, marginLeft: left, marginRight: 54, marginTop: 22, marginBottom: 36,
    x: common.log([x0, x1], common.logTicks(x0, x1, width < 500 ? 4 : 8), figure,
      "ns per element, log →", { grid: true }),
    y: { domain: times.map(y), axis: null, type: "point", padding: 0.6 },
    marks: [
      Plot.ruleY(times, { y, x1: x0, x2: (t: Time) => t.ns, stroke: "var(--line)", strokeDasharray: "1 3" }),
      Plot.ruleY(times, { y, x1: (t: Time) => t.low, x2: (t: Time) => t.high, stroke: colour, strokeWidth: 3, strokeOpacity: 0.55 }),
      Plot.dot(ranked, { y, x: "ns", r: 4, fill: colour }),
      Plot.dot(others, { y, x: "ns", r: 4, symbol: (t: Time) => (wrong(t.kernel) ? "times" : "circle"), stroke: colour, strokeWidth: 1.8 }),
    ],
    symbol: { type: "identity" }, color: { type: "identity" },
  });
  const points = times.map((t) => ({ x: common.apply(svg, "x", t.ns), y: common.apply(svg, "y", y(t)),
    lines: common.timeWords(t) }));
  const short = shortened(times.map((t) => named(t)), left - 12);
  times.forEach((t, i) => {
    svg.append(element("text", { x: left - 10, y: points[i].y + 4, "text-anchor": "end", "font-size": 11,
      "font-weight": t.place === 1 ? 600 : 400, fill: t.place > 0 ? "var(--ink)" : "var(--soft)" },
    short.get(named(t))));
    svg.append(element("text", { x: width - 48, y: points[i].y + 4, "text-anchor": "start", "font-size": 11,
      fill: "var(--soft)" }, figure(t.ns)));
  });
  return {
    svg, points, rows: [common.TIME_HEAD, ...all.map((t) => common.timeRow(machine, t))],
    key: [{ symbol: common.sign({ colour: "var(--c1)" }), words: "median and 95 % interval; ~ tied with the one above" },
      ...(others.some((t) => wrong(t.kernel)) ? [{ symbol: common.crossSign(), words: "wrong: never ranked" }] : []),
      ...(all.length > times.length ? [{ symbol: common.sign({ colour: "none" }), words: `${times.length} of ${all.length} shown; the tables have all` }] : [])],
    summary: times.slice(0, 5).map((t) => `${t.kernel.name} ${figure(t.ns)} ns`).join(", "),
  };
}

export const ladder: Chart = {
  id: "ladder", paper: "half",
  title: "Kernels at the selected shape",
  note: "By time, the wrong ones last.",
  draw: (s, width) => common.perMachine(s, width, 380, (m, w) => drawLadder(s, m, w)),
};

/** Speed-ups over one thread, for kernels that ran on several numbers of threads at the shape. */
function drawThreads(selection: Selection, machine: Machine, width: number): Drawn | null {
  const times = timesOf(selection, machine).filter((t) => shapeWords(t.shape) === selection.state.shape);
  const alone = new Map(times.filter((t) => t.shape.threads === 1).map((t) => [t.kernel.id, t.ns]));
  const scaled = times.filter((t) => alone.has(t.kernel.id) &&
    times.some((o) => o.kernel === t.kernel && o.shape.threads > 1));
  const threads = unique(scaled.map((t) => t.shape.threads)).sort((a, b) => a - b);
  if (threads.length < 2) return null;
  const up = (t: Time) => alone.get(t.kernel.id)! / t.ns;
  const { shown } = lines(scaled, MOST_LINES), names = shown.map(endWords);
  const room = Math.min(150, width * 0.32, Math.max(...names.map((n) => textWidth(n)), 60) + 10);
  const most = threads[threads.length - 1], top = Math.max(most, ...scaled.map(up)) * 1.08;
  const low = Math.min(1, ...scaled.map(up)) * 0.9;
  const height = Math.max(300, names.length * 13 + 80), look = (name: string) => common.lookOf(selection, name);
  const data = shown.flatMap((l) => l.times.sort((a, b) => a.shape.threads - b.shape.threads));
  const svg = common.plot({
    width, height, marginLeft: 40, marginRight: room + 22, marginBottom: 38, marginTop: 24,
    x: common.log([threads[0] * 0.95, most * 1.05], threads, (v) => `${v}`, "threads →"),
    y: common.log([low, top], common.logTicks(low, top, 7), figure, "↑ speed-up over one thread", { grid: true }),
    marks: [
      Plot.line([[threads[0], threads[0]], [most, most]], { stroke: "var(--ink)", strokeDasharray: "8 4", strokeWidth: 2 }),
      ...shown.map((l) => Plot.line(l.times, { x: (t: Time) => t.shape.threads, y: up, stroke: look(l.name).colour, strokeWidth: 1.8, strokeDasharray: look(l.name).dash })),
      Plot.dot(data, { x: (t: Time) => t.shape.threads, y: up, r: 3.5, symbol: (t: Time) => look(t.kernel.name).symbol, stroke: (t: Time) => look(t.kernel.name).colour,
        strokeWidth: 1.5, fill: (t: Time) => (passes(t.kernel) ? look(t.kernel.name).colour : "var(--paper)") }),
    ],
    symbol: { type: "identity" }, color: { type: "identity" },
  });
  const points = data.map((t) => ({ x: common.apply(svg, "x", t.shape.threads), y: common.apply(svg, "y", up(t)),
    lines: [`${t.kernel.name}: ${figure(up(t))} times the speed of one thread`, ...common.timeWords(t).slice(1)] }));
  endLabels(svg, shown.map((l) => ({ ...points[data.indexOf(l.times[l.times.length - 1])], text: endWords(l), colour: look(l.name).colour })),
    width - room, 24, height - 42, room);
  return {
    svg, points, rows: [common.TIME_HEAD, ...scaled.map((t) => common.timeRow(machine, t))],
    key: [{ symbol: common.sign({ colour: "var(--ink)", dash: "8 4" }, true), words: "ideal" }],
    summary: shown.map((l) => `${l.name} ${figure(up(l.times[l.times.length - 1]))}`).join(", "),
  };
}

export const threads: Chart = {
  id: "threads", paper: "half",
  title: "Thread scaling",
  note: "At the selected shape; hollow: did not pass.",
  draw: (s, width) => common.perMachine(s, width, 380, (m, w) => drawThreads(s, m, w)),
};
