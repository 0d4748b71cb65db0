// SPDX-License-Identifier: Apache-2.0
// The sigmoid over every float of a type, with its derivative and each kernel's error in ulp. The
// floats lie in their order, each with the same room; ticks are numbers that people know.

import * as Plot from "@observablehq/plot";
import { Curve, Machine, figure, passes, wrong } from "../data";
import { Chart, Drawn, Point } from "../figure";
import { element } from "../labels";
import { Selection, offers } from "../state";
import * as common from "./common";

const MOST_PASSING = 5, MOST_WRONG = 4;
const LEAST = 0.01;  // ulp, where smaller errors are drawn

interface Format { bias: number; largest: number }
const FORMATS: Record<string, Format> = {
  f16: { bias: 15, largest: 65504 }, bf16: { bias: 127, largest: 3.3895e38 },
  f32: { bias: 127, largest: 3.4028e38 }, f64: { bias: 1023, largest: 1.7976e308 },
  f8_e4m3: { bias: 7, largest: 448 }, f8_e5m2: { bias: 15, largest: 57344 },
};

/** The place of a value among the floats of its type, in binades from 0; subnormals are one. */
export function placeOf(value: number, { bias }: Format): number {
  const size = Math.abs(value), least = 2 ** (1 - bias);
  if (size < least) return value / least;
  const exponent = Math.floor(Math.log2(size));
  return Math.sign(value) * (exponent + bias + size / 2 ** exponent - 1);
}
export function valueAt(place: number, { bias }: Format): number {
  const size = Math.abs(place), whole = Math.floor(size);
  return Math.sign(place) * (whole === 0 ? size * 2 ** (1 - bias) : (1 + size - whole) * 2 ** (whole - bias));
}

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

function ticksOf(format: Format, width: number): number[] {
  const positive = [1e-300, 1e-100, 1e-30, 1e-10, 1e-4, 0.01, 1, 100, 1e4, 1e10, 1e30, 1e100, 1e300]
    .filter((v) => v < format.largest && v > 2 ** -format.bias);
  const all = [...positive.map((v) => -v).reverse(), 0, ...positive].map((v) => ({ v, at: placeOf(v, format) }));
  const room = (2 * placeOf(format.largest, format)) / (width / 36), kept: { v: number; at: number }[] = [];
  // 0, 1 and -1 first, then what has room beside them
  for (const t of [...all].sort((a, b) => +(Math.abs(b.v) === 1 || b.v === 0) - +(Math.abs(a.v) === 1 || a.v === 0)))
    if (kept.every((k) => Math.abs(k.at - t.at) >= room)) kept.push(t);
  return kept.map((t) => t.at);
}

/** Those in colour: the passing ones that rank best, and the wrong ones with the largest errors. */
function chosen(machine: Machine, curves: Curve[]): Curve[] {
  const best = new Map<string, number>();
  for (const t of machine.times)
    if (t.place > 0) best.set(t.kernel.id, Math.min(best.get(t.kernel.id) ?? Infinity, t.place));
  const rank = (c: Curve) => best.get(c.kernel.id) ?? 1e6;
  const worst = (c: Curve) => Math.max(...c.ulp.map((u) => (Number.isNaN(u) ? Infinity : u)));
  return [...curves.filter((c) => passes(c.kernel)).sort((a, b) => rank(a) - rank(b)).slice(0, MOST_PASSING),
    ...curves.filter((c) => wrong(c.kernel)).sort((a, b) => worst(b) - worst(a)).slice(0, MOST_WRONG)];
}

function drawFunction(format: Format, x: Plot.ScaleOptions, width: number) {
  const end = placeOf(format.largest, format), n = 600;
  const values = Array.from({ length: 2 * n + 1 }, (_, i) => {
    const at = ((i - n) / n) * end, y = sigmoid(valueAt(at, format));
    return { at, y, slope: y * (1 - y) };
  });
  return common.plot({
    width, height: 150, marginLeft: 46, marginRight: 16, marginTop: 20, marginBottom: 8,
    x: { ...x, tickFormat: () => "", label: null },
    y: { domain: [0, 1], ticks: [0, 0.5, 1], grid: true, label: "↑ function, derivative", labelArrow: "none" },
    marks: [
      Plot.line(values, { x: "at", y: "y", stroke: "var(--ink)", strokeWidth: 2 }),
      Plot.line(values, { x: "at", y: "slope", stroke: "var(--ink)", strokeWidth: 1.6, strokeDasharray: "5 3" }),
    ],
  });
}

function drawCurves(selection: Selection, machine: Machine, width: number): Drawn | null {
  const { op, dtype } = selection.state, format = FORMATS[dtype];
  const curves = machine.curves.filter((c) => c.kernel.op === op && c.kernel.dtype === dtype &&
    offers(selection.state, c.kernel));
  if (!curves.length || !format) return null;
  const end = placeOf(format.largest, format), inColour = chosen(machine, curves);
  const at = (c: Curve, i: number) => end * (((2 * i + 1) / c.ulp.length) - 1);
  const x: Plot.ScaleOptions = { domain: [-end, end], ticks: ticksOf(format, width), grid: true,
    tickFormat: (place: number) => figure(Number(valueAt(place, format).toPrecision(2))),
    label: `input x: every ${dtype} in order →`, labelArrow: "none" };
  const finite = curves.flatMap((c) => c.ulp.filter((u) => Number.isFinite(u)));
  const top = Math.min(1e6, Math.max(4, ...finite)) * 3;
  const y = (u: number) => Math.max(LEAST, Number.isNaN(u) ? top : Math.min(u, top));
  const line = (c: Curve) => c.ulp.map((u, i) => ({ at: at(c, i), u: y(u) }));
  const look = (c: Curve) => common.lookOf(selection, c.kernel.name);
  const upper = drawFunction(format, x, width), height = 280;
  const lower = common.plot({
    width, height, marginLeft: 46, marginRight: 16, marginTop: 22, marginBottom: 40, x,
    y: common.log([LEAST, top * 1.2], [...common.logTicks(LEAST, top / 8, 6), top],
      (v) => (v >= top * 0.99 ? "over" : v <= LEAST ? "0" : figure(v)), "↑ largest error, ulp, log", { grid: true }),
    marks: [
      Plot.ruleY([0.5], { stroke: "var(--soft)", strokeDasharray: "2 3" }),
      ...curves.filter((c) => !inColour.includes(c)).map((c) =>
        Plot.line(line(c), { x: "at", y: "u", curve: "step", stroke: "var(--line)" })),
      ...inColour.map((c) => Plot.line(line(c), { x: "at", y: "u", curve: "step", stroke: look(c).colour,
        strokeWidth: 1.6, strokeDasharray: look(c).dash })),
      ...inColour.map((c, i) => Plot.dot(line(c).filter((p) => p.u > LEAST).filter((_, at) => at % 6 === i % 6), {
        x: "at", y: "u", r: 3.5, symbol: wrong(c.kernel) ? "times" : look(c).symbol, strokeWidth: 1.5,
        stroke: look(c).colour, fill: wrong(c.kernel) ? "none" : look(c).colour })),
    ],
    symbol: { type: "identity" }, color: { type: "identity" },
  });
  const points: Point[] = inColour.flatMap((c) => c.ulp.map((u, i) => ({
    x: common.apply(lower, "x", at(c, i)), y: common.apply(lower, "y", y(u)) + 150,
    lines: [`${c.kernel.name}: ${figure(u)} ulp at most`, `x about ${figure(valueAt(at(c, i), format))}, one of ${c.ulp.length} parts`,
      `n = ${c.samples} floats in each`, common.standing(c.kernel), c.kernel.isa].filter((l) => l) })));
  const outer = element("svg", { width, height: 150 + height, viewBox: `0 0 ${width} ${150 + height}`, class: "plot" });
  lower.setAttribute("y", "150");
  outer.append(upper, lower);
  const rest = curves.length - inColour.length;
  return {
    svg: outer, points,
    rows: [["machine", "kernel", "op", "dtype", "x_from", "max_ulp"], ...curves.flatMap((c) => c.ulp.map((u, i) =>
      [machine.name, c.kernel.name, op, dtype, valueAt(end * ((2 * i) / c.ulp.length - 1), format), u]))],
    key: [{ symbol: common.sign({ colour: "var(--ink)" }, true), words: "function" },
      { symbol: common.sign({ colour: "var(--ink)", dash: "5 3" }, true), words: "derivative" },
      ...inColour.map((c) => ({ symbol: common.sign({ ...look(c), crossed: wrong(c.kernel) }, true), words: c.kernel.name + (wrong(c.kernel) ? " (wrong)" : "") })),
      ...(rest ? [{ symbol: common.sign({ colour: "var(--line)" }, true), words: `${rest} more` }] : [])],
    summary: inColour.map((c) => `${c.kernel.name}: at most ${figure(Math.max(...c.ulp))} ulp`).join("; "),
  };
}

export const curves: Chart = {
  id: "curves",
  title: "The sigmoid over the whole range",
  note: "Also the softmax of [x, 0]. The dotted line is 0.5 ulp, correct rounding.",
  draw: (s, width) => common.perMachine(s, width, 520, (m, w) => drawCurves(s, m, w)),
};
