// Print drawings without what draws nothing: node hooks/svgo.mjs < JSON-LIST-OF-SVG > JSON-LIST-OF-SVG
// SVGO knows what each part of a drawing means: two thirds of Matplotlib's bytes can go.
import { readFileSync } from "node:fs";
import { optimize } from "svgo";

const options = {
  floatPrecision: 2, // of 518 units across a page
  // several drawings stand on one page, so that ids keep their prefixes
  plugins: [{ name: "preset-default", params: { overrides: { cleanupIds: false } } }],
};
const drawings = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(drawings.map((svg) => optimize(svg, options).data)));
