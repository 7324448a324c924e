// Print a style sheet without what no page can use: node hooks/purge.mjs SHEET < WORDS
// PurgeCSS parses selectors as CSS does, and keeps every one that it is not sure of.
import { readFileSync } from "node:fs";
import { PurgeCSS } from "purgecss";

const [{ css }] = await new PurgeCSS().purge({
  content: [{ raw: readFileSync(0, "utf8"), extension: "html" }],
  css: [process.argv[2]],
  defaultExtractor: (words) => words.split("\n"),
  fontFace: true,
  keyframes: true,
});
process.stdout.write(css);
