// SPDX-License-Identifier: Apache-2.0
// What the page embeds (reports/html_data.cpp writes it), read without trust: a field that is
// missing is unknown, and text is text, never markup.

export type Statistic = number | string | null | undefined;

export interface Kernel {
  id: string; name: string; op: string; dtype: string; provider: string; version: string;
  isa: string; level: string;  // of `isa`: one of ISAS
  verdict: string; standing: string; grade: string;
  ulp: number; share: number;  // largest error in ulp; its share of the bound. NaN: unknown
  promise: number;  // ulp; NaN: none
}
/** The classes of instruction sets, narrowest first; reports/isa_class.cpp sorts kernels into them. */
export const ISAS: Record<string, string> = { sse: "SSE", avx: "AVX, AVX2",
  avx512: "AVX-512", neon: "NEON", sve: "SVE", rvv: "RVV", other: "other", unknown: "not known" };
export interface Shape {
  op: string; dtype: string; workload: string; rows: number; cols: number; threads: number;
  cache: string; logits: string; inPlace: boolean; decision: string; winner: string; sure: string;
}
export interface Time {
  shape: Shape; kernel: Kernel; ns: number; low: number; high: number; n: number; gb: number;
  ofCeiling: number; ceiling: string; cycles: number; place: number; tied: boolean; why: string;
  disturbed: boolean;
}
export interface Ceiling {
  kind: string; workload: string; rows: number; cols: number; dtype: string; threads: number;
  cache: string; ns: number; gb: number;
}
export interface Accuracy {
  kernel: Kernel; domain: string; elements: number; max: number; p999: number;
  share: number; worst: string;
}
export interface Curve { kernel: Kernel; samples: number; ulp: number[] }
export interface Machine {
  name: string; key: string; started: string; caches: { level: number; bytes: number }[];
  clock: string; kernels: Kernel[]; shapes: Shape[]; times: Time[]; ceilings: Ceiling[];
  accuracy: Accuracy[]; curves: Curve[];
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Raw = any;

const MOST_PARTS = 65536;  // of a curve

export function num(value: Statistic): number {
  if (typeof value === "number") return value;
  if (value === "inf") return Infinity;
  if (value === "-inf") return -Infinity;
  return NaN;
}
const text = (value: Raw): string => (typeof value === "string" ? value : "");
const list = (value: Raw): Raw[] => (Array.isArray(value) ? value : []);

/** A machine's texts stand once each; what refers to one has its number. */
type Words = (number: Raw) => string;

function kernelOf(row: Raw[], word: Words): Kernel {
  const [name, op, dtype] = [word(row[0]), word(row[1]), word(row[2])];
  return {
    id: `${name}/${op}/${dtype}`, name, op, dtype, provider: word(row[3]), version: word(row[4]),
    isa: word(row[5]), verdict: word(row[6]), standing: word(row[7]), grade: word(row[8]),
    share: num(row[9]), promise: num(row[10]), ulp: num(row[11]),
    level: Object.keys(ISAS).includes(word(row[12])) ? word(row[12]) : "unknown",
  };
}

function shapeOf(raw: Raw): Shape {
  return {
    op: text(raw.op), dtype: text(raw.dtype), workload: text(raw.workload), rows: num(raw.rows),
    cols: num(raw.cols), threads: num(raw.threads), cache: text(raw.cache),
    logits: text(raw.logits), inPlace: raw.in_place === true, decision: text(raw.decision),
    winner: text(raw.winner), sure: text(raw.sure),
  };
}

/** "[0x1p+0, 0x0p+0]|0|2|0x1.8p-1|5|7p-1" in words; 0x1.7p-1 was wanted. */
function worstWords(packed: string): string {
  const [x, output, length, got, same, rest] = packed.split("|");
  return rest === undefined ? ""
    : `${x ? `${x}, ` : ""}output ${output} of ${length}, got ${got}, want ${got.slice(0, Number(same))}${rest}`;
}

/** A kernel's line: its place, its kinds of row, then four figures for each kind. */
function accuracyOf(row: Raw[], kernel: Kernel, word: Words): Accuracy[] {
  const kinds = word(row[1]).split("|");
  return kinds.flatMap((domain, i) => (i % 2 ? [] : [{ kernel, domain, elements: Number(kinds[i + 1]),
    max: num(row[2 * i + 2]), p999: num(row[2 * i + 3]), share: num(row[2 * i + 4]),
    worst: worstWords(word(row[2 * i + 5])) }]));
}

/** Errors of which equal neighbours are [error, how many]. */
const errorsOf = (folded: Raw[]): number[] => folded.flatMap((one) =>
  Array.isArray(one) ? Array<number>(Math.min(num(one[1]) || 0, MOST_PARTS)).fill(num(one[0])) : [num(one)]);

function machineOf(raw: Raw): Machine {
  const words = list(raw.words), word: Words = (number) => text(words[number]);
  const kernels = list(raw.kernels).map((row) => kernelOf(list(row), word));
  const shapes = list(raw.shapes).map(shapeOf);
  const known = (row: Raw[]) => kernels[row[0]] !== undefined;
  return {
    name: text(raw.name), key: text(raw.key), started: text(raw.started), clock: text(raw.clock),
    caches: list(raw.caches).map((c) => ({ level: num(c.level), bytes: num(c.bytes) })),
    kernels, shapes,
    times: list(raw.times).filter((r) => known(r) && shapes[r[1]]).map((r) => ({
      kernel: kernels[r[0]], shape: shapes[r[1]], ns: num(r[2]), low: num(r[3]), high: num(r[4]),
      n: num(r[5]), gb: num(r[6]), ofCeiling: num(r[7]), ceiling: word(r[8]), cycles: num(r[9]),
      place: num(r[10]), tied: r[11] === 1, why: word(r[12]), disturbed: r[13] === 1,
    })),
    ceilings: list(raw.ceilings).map((r) => ({
      kind: word(r[0]), workload: word(r[1]), rows: num(r[2]), cols: num(r[3]), dtype: word(r[4]),
      threads: num(r[5]), cache: word(r[6]), ns: num(r[7]), gb: num(r[8]),
    })),
    accuracy: list(raw.accuracy).filter(known).flatMap((r) => accuracyOf(r, kernels[r[0]], word)),
    curves: list(raw.curves).filter(known).map((r) => ({
      kernel: kernels[r[0]], samples: num(r[1]), ulp: errorsOf(list(r[2])),
    })),
  };
}

export function read(): Machine[] {
  const element = document.getElementById("softmark-data");
  return list(JSON.parse(element?.textContent || "{}").machines).map(machineOf);
}

export const passes = (kernel: Kernel): boolean => kernel.standing === "pass";
export const wrong = (kernel: Kernel): boolean =>
  kernel.standing === "known_wrong" || kernel.standing === "fail";

/** Three significant digits, as the tables have them. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return "-";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-3))
    return value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e");
  return size >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
export const percent = (share: number): string =>
  Number.isNaN(share) ? "-" : `${(100 * share).toFixed(0)} %`;

export const sizeOf = (s: Shape): string => `${s.rows}x${s.cols}`;
/** What a person calls a shape, whatever the number of threads. */
export const shapeWords = (s: Shape): string =>
  `${s.workload} ${sizeOf(s)}, ${s.cache} cache, ${s.logits} logits${s.inPlace ? ", in place" : ""}`;

export function unique<T>(values: Iterable<T>): T[] {
  return [...new Set(values)];
}
