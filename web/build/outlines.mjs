/**
 * Print the wallet's map of the world, for who draws one without Node: the policy lab's pages.
 *
 *     map.mjs -> JSON -> packages/policy-data/src/pratique_policy_data/outlines.json
 *
 *     node web/build/outlines.mjs > packages/policy-data/src/pratique_policy_data/outlines.json
 *
 * 1. The map is drawn in one place, `map.mjs`; what is committed is its output, and a test compares the two.
 */

import { map } from "./map.mjs";

process.stdout.write(`${await map()}\n`);
