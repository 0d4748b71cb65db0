// SPDX-License-Identifier: Apache-2.0
// node large.mjs OUT.json: a document as large and as hostile as the page has to stand: 200 kernels,
// 5,000 measurements, and names that are markup, formulas and marks that turn text around.
import { writeFileSync } from "node:fs";

const KERNELS = 200, SHAPES = 25;
const HOSTILE = ["<script>alert(1)<\\script>", "<img src=x onerror=alert(1)>", "=cmd|' calc'!A0",
  "\u202eevil\u202c", "]]><svg onload=alert(1)>", "\"'`${1}&amp;", "<!--<script>", "a\u2028b"];
const CLOSING = "</script></style><script>window.broken = true</script>";

/** Numbers that look random and are the same in every run. */
function* sequence(seed) {
  for (let x = seed; ; x = (x * 48271) % 2147483647) yield x / 2147483647;
}
const random = sequence(20260101), next = () => random.next().value;

const kernels = Array.from({ length: KERNELS }, (_, i) => {
  const name = HOSTILE[i] ?? `kernel_${i}`;
  return { id: `${name}/softmax/f32`, name, op: "softmax", dtype: "f32",
    provider: ["builtin", "peer", "plugin"][i % 3], version: i === 1 ? CLOSING : "", summary: CLOSING,
    claims: [], masked_row: "nan", max_ulp: "inf", isa: ["", "AVX2", "AVX3_DL"][i % 3],
    speed: 0.2 + 4 * next(), wrong: i % 9 === 4 };
});
const shapes = Array.from({ length: SHAPES }, (_, i) => ({ workload: i === 3 ? CLOSING : `work/${64}x${16 << (i % 13)}`,
  rows: 64, cols: 16 << (i % 13), threads: i < 13 ? 1 : 2 }));

const document = {
  schema: "softmark.report", schema_version: "2.1", generator: { version: "0.1.0", git: "" },
  run: { started: "2026-01-01T00:00:00Z", seconds: 1, argv: ["softmark", "run", CLOSING], seed: "0x1", complete: true },
  machine: { key: CLOSING, identity: { brand: CLOSING, caches: [] }, environment: {}, unavailable: {} },
  build: { compiler: CLOSING },
  kernels: kernels.map(({ speed: _speed, wrong: _wrong, ...kernel }) => kernel), absent: [],
  properties: kernels.flatMap((k) => ["range", "sum_to_one", "error_bound"].map((property) => {
    const fails = k.wrong && property === "range";
    return { kernel: k.id, property, criterion: "contract", verdict: fails ? "fail" : "pass", severity: "error",
      expected: fails, reason: fails ? CLOSING : "", cases: 10, message: fails ? CLOSING : "", seconds: 0.1,
      counterexample: fails ? { rows: 1, cols: 1, x: ["0x1p+0"], got: ["nan"], want: ["0x1p+0"], at: [0, 0] } : null,
      repro: `softmark verify --kernel ${k.id}` };
  })),
  accuracy: kernels.flatMap((k) => ["all", "normal", "wide"].map((domain) => {
    const max = k.wrong ? "inf" : 1 + 60 * next();
    return { kernel: k.id, domain, elements: 1000, max_ulp: max, mean_ulp: 0.3, p50: 0.2, p99: 0.9, p999: 1.1,
      correctly_rounded: 0.8, max_error_over_bound: k.wrong ? "inf" : max / 100, worst: {} };
  })),
  measurements: shapes.flatMap((s) => kernels.map((k) => {
    const ns = (k.speed * (1 + 20 / s.cols) * (0.95 + 0.1 * next())) / s.threads;
    return { kernel: k.id, ...s, dtype: "f32", cache: "hot", distribution: "normal: 3 N(0,1)", status: "ok",
      verified: !k.wrong, ns_per_element: { median: ns, min: ns * 0.98, ci95: [ns * 0.99, ns * 1.01] },
      samples: [[ns], [ns], [ns], [ns], [ns]], gb_per_s: 8 / ns, of_ceiling: Math.min(1, 0.15 / ns), x_memcpy: ns / 0.15,
      ceiling: "memcpy" };
  })),
  ceilings: [], warnings: [CLOSING],
};
writeFileSync(process.argv[2], JSON.stringify(document));
