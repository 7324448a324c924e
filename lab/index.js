/* The elements of the lab: the build bundles this into assets/lab.js (hooks/lab.py). */

import { Compare } from "./compare.js";
import { Break } from "./break.js";
import { Loss } from "./loss.js";
import { Jacobian } from "./jacobian.js";
import { Sample } from "./sample.js";
import { Curve } from "./curve.js";

// one after the other: a page that holds several of them answers its reader in between
for (const lab of [Compare, Break, Loss, Jacobian, Sample, Curve]) {
  setTimeout(() => customElements.define(`logits-${lab.key}`, lab));
}
