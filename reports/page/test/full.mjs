// SPDX-License-Identifier: Apache-2.0
// node full.mjs OUT.json: a document with all that a run with every peer holds, and a little more:
// 165 kernels, 20 kinds of row, 21 properties, 650 failures and notes, 420 times. Its page has a
// limit.
import { writeFileSync } from "node:fs";

const OPS = [["softmax", 30, 18, 4, 3, 2, 2], ["sigmoid", 10, 8, 3, 2, 1, 1], ["log_softmax", 9, 7, 3, 2, 1, 1],
  ["logsumexp", 8, 7, 1, 1, 1, 1], ["softmax_vjp", 5, 4, 2, 2], ["log_softmax_vjp", 5, 4, 2, 2], ["sigmoid_vjp", 4, 3, 2, 1],
  ["cross_entropy", 3, 3, 1], ["cross_entropy_vjp", 2, 2], ["hardmax", 2, 2], ["softmax_jacobian", 1, 1]];
const TYPES = ["f32", "f64", "bf16", "f16", "f8_e4m3", "f8_e5m2"];
const KINDS = ["all", "normal", "wide", "uniform", "peaked", "offset", "subnormal", "cutoff", "reduction", "ties", "grid", "zeros",
  "tiny", "large", "masked", "ascending", "descending", "swamping", "finite_mask", "shifted"];
const PROPERTIES = ["empty", "special_values", "range", "sum_to_one", "order", "shift", "permutation", "ties", "two_column", "error_bound",
  "overflow_safety", "masked", "summation", "strides", "alignment", "environment", "exception_flags", "crossed", "in_place", "threaded", "promise"];
const SHAPES = [[4096, 16], [1024, 64], [256, 512], [64, 4096], [1, 50257], [8, 128256], [2048, 2048]];

const NAMES = { 0: "simd", 2: "max_shifted_contract_off", 3: "max_shifted_contract_fast", 5: "max_shifted_o3_native", 7: "log_sum_exp_fast_math", 10: "max_shifted_ftz_daz" };
const SETS = [{ isa: "AVX3" }, { isa: "AVX2" }, { isa: "jit:avx512_core" }, { isa: "", isa_sampled: "AVX 128 31 % + SSE 11 % + scalar 58 %" }, { isa: "avx512" }, { isa: "", isa_sampled: "AVX 128 48 % + scalar 45 %" }, { isa: "SSE4" }, { isa: "" }];

/** Numbers that look random and are the same in every run. */
function* sequence(seed) {
  for (let x = seed; ; x = (x * 48271) % 2147483647) yield x / 2147483647;
}
const random = sequence(20260201), next = () => random.next().value;
const hex = () => `0x1.${Math.floor(next() * 2 ** 24).toString(16).padStart(6, "0")}p-${1 + Math.floor(100 * next())}`;

const kernels = OPS.flatMap(([op, ...counts]) => counts.flatMap((count, t) => Array.from({ length: count }, (_, i) => {
  const name = NAMES[i] ?? `implementation_${i}`;
  return { id: `${name}/${op}/${TYPES[t]}`, name, op, dtype: TYPES[t], provider: i % 3 ? "peer" : "builtin", version: i % 3 ? `1.${i}.0` : "",
    summary: "three passes", claims: ["in_place"], masked_row: "nan", max_ulp: i % 3 ? "inf" : 4.5, ...SETS[i % SETS.length],
    verify_seconds: 2.5, coverage: { calls: 18000, refused: 0, lengths: 235, lengths_taken: 235 },
    grade: { grade: "blocked", rows: 547, growth: ["flat", "swamped", "random"].map((rows) => ({ rows, cols: [16, 4096], max_ulp: [next(), next()], exponent: next() })),
      broken: { grade: "wide", rows: "peaked", row_length: 257, at: 3, got: hex(), want: hex(), ulp: 26 * next(), allowed: 18.4 } } };
})));
const isWrong = (k, i) => i % 3 === 1;

/** The failures of a kernel: the cause of each has four more properties. */
function failure(kernel, property, i, expected, cause) {
  return { kernel: kernel.id, property, criterion: "contract", severity: expected ? "error" : "note", verdict: "fail", expected, cases: 1000, outputs: 30000, seconds: 0.1,
    message: `got ${hex()}, want ${hex()}: off by ${Math.floor(1e6 * next())} ulp; the a-priori bound for this row is 35.92 (${i} of 139 lengths tried fail, 1 to 513)`,
    reason: expected ? `${kernel.name} ${kernel.version}: exp is cut off at -87.34, so that results below the normal range become 0` : "", ...(cause ? { cause } : {}),
    counterexample: { rows: 1, cols: 4, x: [hex(), hex(), hex(), hex()], got: [hex(), hex(), hex(), hex()], want: [hex(), hex(), hex(), hex()], at: [0, 1] },
    repro: `/home/somebody/softmark/build/softmark verify --kernel ${kernel.id} --property ${property} --case '{"x":[["${hex()}","${hex()}","${hex()}","${hex()}"]]}'` };
}
const properties = kernels.flatMap((kernel, i) => PROPERTIES.map((property, p) => {
  if (isWrong(kernel, i) && p >= 4 && p < 9) return failure(kernel, property, p, true, p > 4 ? PROPERTIES[4] : "");
  if (i % 3 !== 1 && p === 16) return failure(kernel, property, p, false, "");
  return { kernel: kernel.id, property, criterion: "contract", severity: "error", verdict: "pass", expected: false, cases: 1000, message: "", reason: "", counterexample: null, repro: "", seconds: 0.1 };
}));

const curve = () => ({ function: "sigmoid", samples: 32, ulp: Array.from({ length: 256 }, (_, i) => (i < 60 || i > 90 ? 0 : 2 * next())) });
/** Kernels of one algorithm have one worst row. */
const worst = Array.from({ length: 1500 }, () => ({ row_length: 257, at: Math.floor(257 * next()), got: hex(), want: hex() }));
const accuracy = kernels.flatMap((kernel, i) => KINDS.map((domain) => {
  const ulp = next() < 0.25 ? 0.5 : 1 + 60 * next();  // a quarter is rounded correctly
  return { kernel: kernel.id, domain, elements: domain === "all" ? 42180 : 2220, max_ulp: ulp, max_ulp_well_conditioned: ulp, mean_ulp: next(),
    p50: next(), p99: 1 + next(), p999: 1 + next(), correctly_rounded: next(), max_error_over_bound: domain === "all" ? (isWrong(kernel, i) ? 53800 : [0.111, 0.251, 0.773][Math.floor(i / 2) % 3]) : next(),
    worst: worst[Math.floor(worst.length * next())],
    ...(domain === "all" && ["softmax", "sigmoid"].includes(kernel.op) ? { curve: curve() } : {}) };
}));

const timed = kernels.filter((k) => k.op === "softmax" && k.dtype === "f32");
const measurements = SHAPES.flatMap(([rows, cols]) => [1, 2].flatMap((threads) => timed.map((kernel) => {
  const ns = 0.2 + 3 * next();
  return { kernel: kernel.id, workload: `attention/${rows}x${cols}`, rows, cols, threads, op: "softmax", dtype: "f32", cache: "hot", in_place: false, distribution: "normal: 3 N(0,1)",
    status: "ok", verified: !isWrong(kernel, kernels.indexOf(kernel)), ns_per_element: { median: ns, min: ns * 0.98, ci95: [ns * 0.99, ns * 1.01] }, processes: 6, pinned: true, disturbed: 0,
    samples: [[ns], [ns], [ns], [ns], [ns], [ns]], gb_per_s: 8 / ns, of_ceiling: Math.min(1, 0.15 / ns), x_memcpy: ns / 0.15, ceiling: "memcpy", cycles_per_element: 3 * ns, cycle_clock: "estimated" };
})));

writeFileSync(process.argv[2], JSON.stringify({
  schema: "softmark.report", schema_version: "2.2", generator: { version: "0.1.0", git: "" },
  run: { started: "2026-01-01T00:00:00Z", seconds: 500, argv: ["softmark", "run"], seed: "0x1", complete: true, effort: "quick" },
  machine: { key: "synthetic", identity: { caches: [] }, environment: {}, unavailable: {} }, build: {},
  kernels, absent: [], properties, accuracy, measurements, ceilings: [], warnings: [] }));
