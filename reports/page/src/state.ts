// SPDX-License-Identifier: Apache-2.0
// What is selected, and the address that says so: #op=softmax&dtype=f32&shape=...&at=m1-p7

import { ISAS, Kernel, Machine, Shape, Time, shapeWords, unique } from "./data";

export interface State {
  op: string; dtype: string; shape: string; threads: string; isa: string; machine: string;
  theme: string; at: string;
}
const KEYS: (keyof State)[] =
  ["op", "dtype", "shape", "threads", "isa", "machine", "theme", "at"];

export function parse(hash: string): Partial<State> {
  const bare = hash.replace(/^#/, "");
  if (bare && !bare.includes("=")) return { at: bare };
  const words = new URLSearchParams(bare), state: Partial<State> = {};
  for (const key of KEYS) if (words.has(key)) state[key] = words.get(key)!;
  return state;
}

/** Only what differs from the state that the page opens with. */
export function address(state: State, initial: State): string {
  const words = new URLSearchParams();
  for (const key of KEYS) if (state[key] !== initial[key]) words.set(key, state[key]);
  return words.toString();
}

/** The values that each filter offers under the choices before it. */
export interface Choices { ops: string[]; dtypes: string[]; shapes: string[]; threads: string[]; isas: string[] }

const one = (machines: Machine[], state: State): Machine[] =>
  state.machine === "" ? machines : machines.filter((m, i) => `${i + 1}` === state.machine && m);

function shapesOf(machines: Machine[], op: string, dtype: string): Shape[] {
  return machines.flatMap((m) => m.shapes.filter((s) => s.op === op && s.dtype === dtype));
}

export function choices(machines: Machine[], state: State): Choices {
  const kernels = machines.flatMap((m) => m.kernels);
  const dtypes = unique(kernels.filter((k) => k.op === state.op).map((k) => k.dtype));
  const shapes = shapesOf(machines, state.op, state.dtype);
  return {
    ops: unique(kernels.map((k) => k.op)),
    dtypes,
    shapes: unique(shapes.map(shapeWords)),
    threads: unique(shapes.filter((s) => shapeWords(s) === state.shape).map((s) => `${s.threads}`))
      .sort((a, b) => +a - +b),
    isas: Object.keys(ISAS).filter((level) => kernels.some((k) => k.level === level)),
  };
}

/** The shape that the page opens with for an op and type: as the tables have it (one thread, hot,
    the most kernels, rows of about 4096). */
export function headline(machines: Machine[], op: string, dtype: string): Shape | undefined {
  const counts = new Map<Shape, number>();
  for (const m of machines)
    for (const t of m.times)
      if (t.shape.op === op && t.shape.dtype === dtype)
        counts.set(t.shape, (counts.get(t.shape) ?? 0) + 1);
  const merit = (s: Shape) => [counts.get(s) ?? 0, +(s.threads === 1), +(s.cache === "hot"),
    -Math.abs(Math.log2(Math.max(s.cols, 1)) - 12)];
  let best: Shape | undefined;
  for (const s of counts.keys()) {
    if (!best) { best = s; continue; }
    const a = merit(s), b = merit(best), at = a.findIndex((v, i) => v !== b[i]);
    if (at >= 0 && a[at] > b[at]) best = s;
  }
  return best;
}

/** Makes the state one that exists: a filter whose value is not offered takes the first that is. */
export function settle(machines: Machine[], state: State): State {
  const settled = { ...state };
  const pick = (value: string, offered: string[], first: string) =>
    offered.includes(value) ? value : first;
  let offered = choices(machines, settled);
  settled.op = pick(settled.op, offered.ops, offered.ops[0] ?? "");
  offered = choices(machines, settled);
  const timed = offered.dtypes.find((d) => headline(machines, settled.op, d));
  settled.dtype = pick(settled.dtype, offered.dtypes, timed ?? offered.dtypes[0] ?? "");
  const head = headline(machines, settled.op, settled.dtype);
  offered = choices(machines, settled);
  settled.shape = pick(settled.shape, offered.shapes, head ? shapeWords(head) : "");
  offered = choices(machines, settled);
  settled.threads = pick(settled.threads, offered.threads, offered.threads[0] ?? "");
  if (settled.isa !== "") settled.isa = pick(settled.isa, offered.isas, "");
  if (settled.machine !== "" && !machines[+settled.machine - 1]) settled.machine = "";
  return settled;
}

/** What the charts draw: the machines in view, each with what the filters leave of it. */
export interface Selection { state: State; machines: Machine[]; all: Machine[] }

export function select(machines: Machine[], state: State): Selection {
  return { state, machines: one(machines, state), all: machines };
}

/** Whether the filter by instruction sets leaves the kernel. */
export const offers = (state: State, kernel: Kernel): boolean =>
  state.isa === "" || kernel.level === state.isa;

const shows = (state: State, time: Time): boolean =>
  time.kernel.op === state.op && time.kernel.dtype === state.dtype && offers(state, time.kernel);

/** Times of the op, type and ISA. */
export const timesOf = (s: Selection, m: Machine): Time[] =>
  m.times.filter((t) => shows(s.state, t) && !Number.isNaN(t.ns));
/** The same at the selected shape and threads. */
export const timesHere = (s: Selection, m: Machine): Time[] =>
  timesOf(s, m).filter((t) => shapeWords(t.shape) === s.state.shape &&
    `${t.shape.threads}` === s.state.threads);
