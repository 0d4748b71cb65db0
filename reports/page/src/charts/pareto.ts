// SPDX-License-Identifier: Apache-2.0
// Accuracy against speed: every implementation a point, the front of those that nothing beats in
// both, and the wrong ones crossed out instead of hidden.

import * as Plot from "@observablehq/plot";
import { Machine, Time, figure, unique, wrong } from "../data";
import { Chart, Drawn } from "../figure";
import { FONT, place, textWidth } from "../labels";
import { Selection, timesHere } from "../state";
import * as common from "./common";

/** Those that no ranked kernel beats in both: by time, each more accurate than all faster ones. */
export function front(times: Time[]): Time[] {
  const found: Time[] = [];
  let best = Infinity;
  const ranked = times.filter((t) => t.place > 0 && !Number.isNaN(t.kernel.share));
  for (const t of ranked.sort((a, b) => a.ns - b.ns || a.kernel.share - b.kernel.share))
    if (t.kernel.share < best) {
      best = t.kernel.share;
      found.push(t);
    }
  return found;
}

const OVER = 4;  // where errors far above the bound are drawn

function axes(times: Time[], byCeiling: boolean) {
  const shares = times.map((t) => t.kernel.share).filter((s) => s > 0 && s < OVER);
  const low = Math.min(0.1, ...shares) / 1.6;
  const worst = times.some((t) => !(t.kernel.share <= 1));
  const high = worst ? OVER * 1.6 : 1.6;
  return {
    x: (t: Time) => (byCeiling ? t.ofCeiling : t.ns),
    y: (t: Time) => (Number.isNaN(t.kernel.share) ? OVER
      : Math.min(Math.max(t.kernel.share, low * 1.2), OVER)),
    low, high, worst,
  };
}

function drawMachine(selection: Selection, machine: Machine, width: number): Drawn | null {
  const byCeiling = selection.machines.length > 1;
  const times = timesHere(selection, machine).filter((t) => !byCeiling || t.ofCeiling > 0);
  if (!times.length) return null;
  const { x, y, low, high, worst } = axes(times, byCeiling);
  const [x0, x1] = common.range(times.map(x), 1.15), edge = front(times), crowd = times.length > 60;
  const height = width < 500 ? 340 : Math.min(430, Math.round(width * 0.62));
  const bad = times.filter((t) => wrong(t.kernel)), good = times.filter((t) => t.place > 0);
  const other = times.filter((t) => !(t.place > 0) && !wrong(t.kernel));
  const yTicks = [...common.logTicks(low, 1, 5), ...(worst ? [OVER] : [])];
  const dot = { x, y, r: crowd ? 3 : 5 };
  // room for the name of what is fastest, which the whole chart is about
  const last = [...times].sort((a, b) => (byCeiling ? x(b) - x(a) : x(a) - x(b)))[0];
  const room = Math.min(110, textWidth(last.kernel.name, FONT, true)) + 4;
  const svg = common.plot({
    width, height, marginLeft: 46, marginRight: room, marginBottom: 40, marginTop: 26,
    x: common.log(byCeiling ? [x0, x1] : [x1, x0], common.logTicks(x0, x1, width < 500 ? 4 : 8),
      byCeiling ? (v) => `${+(100 * v).toPrecision(2)} %` : figure,
      byCeiling ? "share of the machine's ceiling, log (faster →)" : "ns per element, log (faster →)"),
    y: common.log([high, low], yTicks, (v) => (v === OVER ? "over" : figure(v)),
      "↑ more accurate: error as a share of the bound, log", { grid: true }),
    marks: [
      Plot.ruleY([1], { stroke: "var(--bad)", strokeDasharray: "5 3" }),
      Plot.line(edge, { x, y, curve: "step-after", stroke: "var(--front)", strokeWidth: 2.5 }),
      Plot.dot(other, { ...dot, stroke: "var(--soft)", strokeWidth: 1.5 }),
      Plot.dot(good, { ...dot, fill: (t: Time) => (edge.includes(t) ? "var(--front)" : "var(--c1)"),
        symbol: (t: Time) => (t.kernel.provider === "builtin" ? "circle" : "square"),
        stroke: "var(--paper)", strokeWidth: 1 }),
      Plot.dot(bad, { ...dot, symbol: "times", stroke: "var(--bad)", strokeWidth: 2 }),
    ],
    symbol: { type: "identity" }, color: { type: "identity" },
  });
  const points = times.map((t) => ({ x: common.apply(svg, "x", x(t)), y: common.apply(svg, "y", y(t)),
    lines: common.timeWords(t, byCeiling ? machine : undefined) }));
  const rest = common.foremost(good.filter((t) => !edge.includes(t)), crowd ? 12 : 40);
  const used = good.filter((t) => t.kernel.name === t.shape.winner), ours = (t: Time) => t.kernel.provider === "builtin";
  const order = unique([...used, ...edge, ...rest.filter(ours).slice(0, 3), ...bad.slice(0, crowd ? 12 : 40),
    ...rest, ...(crowd ? [] : other)]);
  const bound = common.apply(svg, "y", 1);
  const letters = order.filter((t) => !(t.place > 0));
  const placed = place(svg, order.map((t) => ({ ...points[times.indexOf(t)], text: t.kernel.name,
    short: t.place > 0 ? `${t.place}` : letter(letters.indexOf(t)),
    bold: edge.includes(t) || used.includes(t), soft: wrong(t.kernel) })), points.map((p, i) => ({ ...p, wrong: wrong(times[i].kernel) })),
    { x0: 48, y0: 18, x1: width - 2, y1: height - 42 },
    [{ x0: 0, x1: width, y0: bound - 1, y1: bound + 1 }]);
  return {
    svg, points, rows: [common.TIME_HEAD, ...times.map((t) => common.timeRow(machine, t))],
    key: key(bad.length > 0, other.length > 0),
    below: unlabelled(placed, times.length - order.length),
    summary: `${times.length} kernels; on the front: ` +
      edge.map((t) => `${t.kernel.name}, ${figure(t.ns)} ns, ${figure(t.kernel.share)} of the bound`).join("; "),
  };
}

/** a, b ... z, aa, ab ... */
const letter = (i: number): string =>
  (i >= 26 ? letter(Math.floor(i / 26) - 1) : "") + String.fromCharCode(97 + (i % 26));

/** What has a number or a letter instead of its name for want of room, and what has neither. */
function unlabelled({ signed, left }: ReturnType<typeof place>, more: number): string {
  const names = [...left.map((l) => l.text), ...(more > 0 ? [`${more} more`] : [])];
  return [signed.map((l) => `${l.short} ${l.text}`).join(", "),
    names.length ? `not labelled: ${names.join(", ")}` : ""].filter((part) => part).join("; ");
}

function key(bad: boolean, other: boolean): NonNullable<Drawn["key"]> {
  const square = common.sign({ colour: "none" });
  const box = square.firstElementChild!.cloneNode() as SVGElement;
  square.replaceChildren(Object.assign(document.createElementNS(box.namespaceURI!, "rect")));
  for (const [n, v] of Object.entries({ x: 2, y: 2, width: 9, height: 9, fill: "var(--c1)" }))
    square.firstElementChild!.setAttribute(n, `${v}`);
  return [
    { symbol: common.sign({ colour: "var(--front)" }, true), words: "front: nothing is both faster and more accurate" },
    { symbol: common.sign({ colour: "var(--c1)" }), words: "ours, passes" },
    { symbol: square, words: "others, pass" },
    ...(bad ? [{ symbol: common.crossSign(), words: "wrong: never ranked" }] : []),
    ...(other ? [{ symbol: common.sign({ colour: "var(--soft)", hollow: true }, false), words: "not verified" }] : []),
    { symbol: common.sign({ colour: "var(--bad)", dash: "5 3" }, true), words: "the bound" },
  ];
}

export const pareto: Chart = {
  id: "pareto",
  title: "Accuracy against speed",
  note: "Up and to the right is better.",
  draw: (selection, width) =>
    common.perMachine(selection, width, 380, (m, w) => drawMachine(selection, m, w)),
};
