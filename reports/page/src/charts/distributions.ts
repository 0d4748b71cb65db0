// SPDX-License-Identifier: Apache-2.0
// What the logits cost: each kernel's time on causal, subnormal-heavy ... logits, relative to its
// own time on the plain ones of the same size.

import * as Plot from "@observablehq/plot";
import { Kernel, Machine, Time, figure, sizeOf, unique, wrong } from "../data";
import { Chart, Drawn } from "../figure";
import { element, shortened, textWidth } from "../labels";
import { Selection, timesOf } from "../state";
import * as common from "./common";
import { symbolPath } from "./symbols";

const MOST_ROWS = 30, PLAIN = "normal";

interface Ratio { time: Time; plain: Time; kind: string; ratio: number }

export function ratios(times: Time[]): Ratio[] {
  const key = (t: Time) =>
    `${t.kernel.id} ${sizeOf(t.shape)} ${t.shape.threads} ${t.shape.cache} ${t.shape.inPlace}`;
  const plain = new Map(times.filter((t) => t.shape.logits === PLAIN).map((t) => [key(t), t]));
  return times.filter((t) => t.shape.logits !== PLAIN && plain.has(key(t))).map((t) => ({
    time: t, plain: plain.get(key(t))!, kind: `${t.shape.logits}, ${sizeOf(t.shape)}`,
    ratio: t.ns / plain.get(key(t))!.ns,
  }));
}

const named = (k: Kernel): string => (wrong(k) ? `${k.name} ×` : k.name);
const timesHere = (selection: Selection, machine: Machine): Time[] => timesOf(selection, machine)
  .filter((t) => `${t.shape.threads}` === selection.state.threads);

function drawKinds(selection: Selection, machine: Machine, width: number): Drawn | null {
  const times = timesHere(selection, machine), all = ratios(times);
  if (!all.length) return null;
  const order = common.foremost(unique(all.map((r) => r.time.kernel.id)).map((id) =>
    all.find((r) => r.time.kernel.id === id)!.time), MOST_ROWS).map((t) => t.kernel);
  const ids = order.map((k) => k.id), shown = all.filter((r) => ids.includes(r.time.kernel.id));
  const kinds = unique(selection.machines.flatMap((m) => ratios(timesHere(selection, m))).map((r) => r.kind));
  const left = Math.min(width * 0.36, Math.max(...order.map((k) => textWidth(`${k.name} ×`)), 40) + 12);
  const [x0, x1] = common.range([...shown.map((r) => r.ratio), 0.9, 1.2], 1.1);
  const look = (kind: string) => {
    const i = kinds.indexOf(kind);
    return { colour: `var(--c${1 + (i % 7)})`, path: symbolPath(i) };
  };
  const height = ids.length * common.rowHeight(ids.length) + 66;
  const svg = common.plot({
    width, height, marginLeft: left, marginRight: 16, marginTop: 22, marginBottom: 38,
    x: common.log([x0, x1], common.logTicks(x0, x1, width < 500 ? 4 : 8), figure,
      "time relative to normal logits of the same size, log →", { grid: true }),
    y: { domain: ids, axis: null, type: "point", padding: 0.6 },
    marks: [
      Plot.ruleY(ids, { stroke: "var(--line)", strokeDasharray: "1 3" }),
      Plot.ruleX([1], { stroke: "var(--ink)" }),
    ],
  });
  const points = shown.map((r) => ({ x: common.apply(svg, "x", r.ratio),
    y: common.apply(svg, "y", r.time.kernel.id),
    lines: [`${r.time.kernel.name}: ${figure(r.ratio)} times as long on ${r.kind}`,
      `${figure(r.time.ns)} against ${figure(r.plain.ns)} ns per element`, ...common.timeWords(r.time).slice(1)] }));
  shown.forEach((r, i) => svg.append(element("path", { d: look(r.kind).path, fill: look(r.kind).colour,
    stroke: "var(--paper)", "stroke-width": 0.7, transform: `translate(${points[i].x},${points[i].y})` })));
  const short = shortened(order.map(named), left - 8);
  for (const k of order)
    svg.append(element("text", { x: left - 6, y: common.apply(svg, "y", k.id) + 4, "text-anchor": "end",
      "font-size": 11, fill: wrong(k) ? "var(--soft)" : "var(--ink)" }, short.get(named(k))));
  return {
    svg, points, rows: [common.TIME_HEAD, ...times.map((t) => common.timeRow(machine, t))],
    key: kinds.map((kind) => {
      const symbol = element("svg", { width: 14, height: 12, "aria-hidden": "true" });
      symbol.append(element("path", { d: look(kind).path, fill: look(kind).colour, transform: "translate(6,6)" }));
      return { symbol, words: kind };
    }),
    summary: unique(shown.map((r) => r.kind)).map((kind) => {
      const worst = shown.filter((r) => r.kind === kind).sort((a, b) => b.ratio - a.ratio)[0];
      return `${kind}: at most ${figure(worst.ratio)} times as long (${worst.time.kernel.name})`;
    }).join("; "),
  };
}

export const distributions: Chart = {
  id: "distributions", paper: "half",
  title: "Time by distribution of the logits",
  note: "1: as fast as on normal logits; ×: wrong.",
  draw: (s, width) => common.perMachine(s, width, 420, (m, w) => drawKinds(s, m, w)),
};
