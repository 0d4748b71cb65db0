// SPDX-License-Identifier: Apache-2.0
/** Small filled symbols around (0, 0), told apart without colour. */
const PATHS = [
  "M-4.5 0A4.5 4.5 0 1 0 4.5 0A4.5 4.5 0 1 0 -4.5 0Z",
  "M-4 -4H4V4H-4Z",
  "M0 -5.5L5.2 4H-5.2Z",
  "M0 -6L5 0L0 6L-5 0Z",
  "M-1.7 -5H1.7V-1.7H5V1.7H1.7V5H-1.7V1.7H-5V-1.7H-1.7Z",
  "M0 5.5L-5.2 -4H5.2Z",
];
export const symbolPath = (i: number): string => PATHS[i % PATHS.length];
