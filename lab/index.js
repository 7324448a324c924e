/* The elements of the lab: the build bundles this into assets/lab.js (hooks/lab.py). */

import { Compare } from "./compare.js";
import { Curve } from "./curve.js";
import { Jacobian } from "./jacobian.js";
import { Sample } from "./sample.js";

for (const lab of [Compare, Curve, Jacobian, Sample]) customElements.define(`logits-${lab.key}`, lab);
