// SPDX-License-Identifier: Apache-2.0
// A function of one float over its whole range: the function, its derivative, and each kernel's
// error in ulp. The range is laid out by ordinals (each float has the same room), with ticks at
// numbers that people know.

import * as Plot from "@observablehq/plot";
import { Curve, Machine, figure } from "../data";
import { Chart, Drawn } from "../figure";
import { element } from "../labels";
import { Selection } from "../state";
import * as common from "./common";

/** The place of a float32 among all of them, 0 at 0, symmetric. */
export function ordinal(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  return bits & 0x80000000 ? -(bits & 0x7fffffff) : bits;
}
export function fromOrdinal(ordinal: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, ordinal < 0 ? (0x80000000 | -ordinal) >>> 0 : ordinal);
  return view.getFloat32(0);
}
const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const TICKS = [-3e38, -1e10, -88, -1, -1e-10, 0, 1e-10, 1, 88, 1e10, 3e38];

function drawCurves(selection: Selection, machine: Machine, width: number): Drawn | null {
  const { op, dtype } = selection.state;
  const curves = machine.curves.filter((c) => c.kernel.op === op && c.kernel.dtype === dtype);
  if (!curves.length) return null;
  const height = 220, most = ordinal(3.4e38), n = 400;
  const grid = Array.from({ length: 2 * n + 1 }, (_, i) => fromOrdinal(Math.round(((i - n) / n) * most)));
  const values = grid.flatMap((x) => {
    const y = sigmoid(x);
    return [{ at: ordinal(x), y, what: "function" }, { at: ordinal(x), y: y * (1 - y), what: "derivative" }];
  });
  const ticks = TICKS.filter((t) => width > 520 || Math.abs(t) !== 1e10 && Math.abs(t) !== 1e-10);
  const x = { domain: [-most, most], ticks: ticks.map(ordinal), grid: true, label: null,
    tickFormat: (o: number) => figure(fromOrdinal(o)) };
  const upper = common.plot({
    width, height, marginLeft: 44, marginRight: 14, marginTop: 20, x,
    y: { domain: [0, 1], ticks: 3, label: "↑ function, derivative" },
    color: { type: "identity" },
    marks: ["function", "derivative"].map((what, i) => Plot.line(values.filter((v) => v.what === what),
      { x: "at", y: "y", stroke: `var(--c${i + 1})`, strokeWidth: 2, strokeDasharray: i ? "6 3" : "" })),
  });
  const { points, lower } = errors(selection, curves, width, x);
  const outer = element("svg", { width, height: height + 300, viewBox: `0 0 ${width} ${height + 300}`, class: "plot" });
  lower.setAttribute("y", `${height}`);
  outer.append(upper, lower);
  return {
    svg: outer, points: points.map((p) => ({ ...p, y: p.y + height })),
    rows: [["machine", "kernel", "x", "max_ulp"], ...curves.flatMap((c) => c.at.map((at, i) =>
      [machine.name, c.kernel.name, at, c.ulp[i]]))],
    key: [{ symbol: common.sign({ colour: "var(--c1)" }, true), words: "function" },
      { symbol: common.sign({ colour: "var(--c2)", dash: "6 3" }, true), words: "derivative" },
      ...curves.map((c) => ({ symbol: common.sign(common.lookOf(selection, c.kernel.name), true), words: `error of ${c.kernel.name}` }))],
    summary: curves.map((c) => `${c.kernel.name}: at most ${figure(Math.max(...c.ulp.filter((u) => !Number.isNaN(u))))} ulp`).join("; "),
  };
}

function errors(selection: Selection, curves: Curve[], width: number, x: Plot.ScaleOptions) {
  const data = curves.flatMap((c) => c.at.map((at, i) => ({ c, x: parseHex(at), at, ulp: c.ulp[i] })));
  const cap = Math.min(1e9, Math.max(4, ...data.map((d) => (Number.isFinite(d.ulp) ? d.ulp : 0))) * 1.5);
  const y = (d: { ulp: number }) => Math.max(0.01, Number.isNaN(d.ulp) ? cap : Math.min(d.ulp, cap));
  const look = (c: Curve) => common.lookOf(selection, c.kernel.name);
  const lower = common.plot({
    width, height: 300, marginLeft: 44, marginRight: 14, marginTop: 20, marginBottom: 38,
    x: { ...x, label: "input, every float32 in order →", labelArrow: "none" },
    y: common.log([0.01, cap], common.logTicks(0.01, cap, 6), figure, "↑ largest error, ulp, log", { grid: true }),
    color: { type: "identity" },
    marks: [Plot.ruleY([0.5], { stroke: "var(--soft)", strokeDasharray: "2 3" }),
      ...curves.map((c) => Plot.line(data.filter((d) => d.c === c), { x: (d) => ordinal(d.x), y,
        stroke: look(c).colour, strokeWidth: 1.6, strokeDasharray: look(c).dash }))],
  });
  const points = data.map((d) => ({ x: common.apply(lower, "x", ordinal(d.x)), y: common.apply(lower, "y", y(d)),
    lines: [`${d.c.kernel.name}: ${figure(d.ulp)} ulp`, `at ${figure(d.x)} (${d.at})`] }));
  return { points, lower };
}

/** "-0x1.8p+1" as a number. */
export function parseHex(text: string): number {
  const found = /^(-?)0x([01])(?:\.([0-9a-f]+))?p([+-]\d+)$/.exec(text);
  if (!found) return text === "inf" ? Infinity : text === "-inf" ? -Infinity : NaN;
  const [, sign, whole, digits = "", power] = found;
  const fraction = digits ? parseInt(digits, 16) / 16 ** digits.length : 0;
  return (sign ? -1 : 1) * (Number(whole) + fraction) * 2 ** Number(power);
}

export const curves: Chart = {
  id: "curves",
  title: "Function and error over the whole range",
  note: "Every float has the same room.",
  draw: (s, width) => common.perMachine(s, width, 520, (m, w) => drawCurves(s, m, w)),
};
