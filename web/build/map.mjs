/**
 * The wallet's map of the world, drawn at build time: the page gets outlines, no geometry library.
 *
 *     world-atlas (Natural Earth 1:110m, and small countries of 1:50m; public domain; TopoJSON) -> Robinson's projection
 *         -> {"viewBox", "countries": {"FR": "M…"}, "others": "M…"}
 *
 * 1. Outlines are keyed by ISO 3166-1 alpha-2, which is how rules name a destination.
 * 2. Areas without a code there are drawn and never coloured: a map decides nothing.
 * 3. Countries that 1:110m is too coarse for are dots: Singapore and Malta have ports of entry too.
 * 4. Antarctica is left out: it has no port of entry.
 */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const WIDTH = 1000;
/** Kosovo has no number in ISO 3166-1; XK is what its certificates carry. */
const BY_NAME = { Kosovo: "XK" };
const ANTARCTICA = "010";

/** Robinson's table (1974): for every five degrees of latitude, length of the parallel and its distance. */
const PARALLELS = [
  [1.0, 0.0], [0.9986, 0.062], [0.9954, 0.124], [0.99, 0.186], [0.9822, 0.248], [0.973, 0.31], [0.96, 0.372],
  [0.9427, 0.434], [0.9216, 0.4958], [0.8962, 0.5571], [0.8679, 0.6176], [0.835, 0.6769], [0.7986, 0.7346],
  [0.7597, 0.7903], [0.7186, 0.8435], [0.6732, 0.8936], [0.6213, 0.9394], [0.5722, 0.9761], [0.5322, 1.0],
];
/** Radius of a small country's dot, in tenths of a unit. */
const DOT = 25;
const NORTH = 84;
const SOUTH = -57;

/** Draw the map. @returns {Promise<string>} JSON */
export async function map() {
  const numbers = JSON.parse(await readFile(new URL("countries.json", import.meta.url), "utf8"));
  const codeOf = (shape) => numbers[shape.id] ?? BY_NAME[shape.properties.name];
  const [coarse, fine] = await Promise.all(["110m", "50m"].map(atlas));
  const countries = {};
  let others = "";
  for (const shape of coarse.shapes) {
    const outline = path(shape, coarse.arcs);
    if (codeOf(shape)) countries[codeOf(shape)] = outline;
    else others += outline;
  }
  for (const shape of fine.shapes) {
    const code = codeOf(shape);
    if (code && !countries[code]) countries[code] = dot(shape, fine.arcs);
  }
  const top = Math.floor(project(0, NORTH)[1] / 10);
  const height = Math.ceil(project(0, SOUTH)[1] / 10) - top;
  return JSON.stringify({ viewBox: `0 ${top} ${WIDTH} ${height}`, countries, others });
}

/** Read an edition of the atlas: its countries, and its arcs projected. @param {string} scale */
async function atlas(scale) {
  const topology = JSON.parse(await readFile(require.resolve(`world-atlas/countries-${scale}.json`), "utf8"));
  const shapes = topology.objects.countries.geometries.filter(({ id }) => id !== ANTARCTICA);
  return { shapes, arcs: topology.arcs.map((arc) => points(arc, topology.transform)) };
}

/** TopoJSON's arcs are differences of whole numbers (TopoJSON 1.0 §2.1.3). */
function points(arc, { scale, translate }) {
  let [x, y] = [0, 0];
  return arc.map(([dx, dy]) => {
    x += dx;
    y += dy;
    return project(x * scale[0] + translate[0], y * scale[1] + translate[1]);
  });
}

function project(longitude, latitude) {
  const place = Math.min(Math.abs(latitude) / 5, 17.999);
  const below = Math.floor(place);
  const [length, distance] = [0, 1].map(
    (column) => PARALLELS[below][column] + (PARALLELS[below + 1][column] - PARALLELS[below][column]) * (place - below),
  );
  const x = WIDTH / 2 + (longitude / 180) * length * (WIDTH / 2);
  const y = WIDTH * 0.254 - Math.sign(latitude) * distance * WIDTH * 0.254;
  return [Math.round(x * 10), Math.round(y * 10)];
}

/** A dot in the middle of a country's largest part. */
function dot(shape, arcs) {
  const rings = ringsOf(shape).map((ring) => ring.flatMap((index) => arcs[index < 0 ? ~index : index]));
  const [x, y] = rings.map(box).sort((a, b) => b.size - a.size)[0].middle;
  return `M${(x - DOT) / 10} ${y / 10}a${DOT / 10} ${DOT / 10} 0 1 0 ${DOT / 5} 0a${DOT / 10} ${DOT / 10} 0 1 0 ${-DOT / 5} 0z`;
}

function box(corners) {
  const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => corner[axis]));
  const [west, east, north, south] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  return { size: (east - west) * (south - north), middle: [Math.round((west + east) / 2), Math.round((north + south) / 2)] };
}

function ringsOf(shape) {
  return (shape.type === "Polygon" ? [shape.arcs] : shape.arcs).flat();
}

function path(shape, arcs) {
  return ringsOf(shape).map((ring) => outline(ring, arcs)).join("");
}

/** One ring; a negative index is an arc drawn backwards (§2.1.4). */
function outline(ring, arcs) {
  const corners = ring.flatMap((index) => (index < 0 ? arcs[~index].toReversed() : arcs[index]));
  return pieces(corners).map(drawn).join("");
}

/** Cut a ring where it jumps over the 180th meridian: Chukotka and Fiji lie on both sides of the map. */
function pieces(corners) {
  const cut = [[]];
  for (const [at, corner] of corners.entries()) {
    if (at > 0 && Math.abs(corner[0] - corners[at - 1][0]) > WIDTH * 5) cut.push([]);
    cut.at(-1).push(corner);
  }
  if (cut.length > 1) cut[0] = [...cut.pop(), ...cut[0]];
  return cut;
}

/** Steps are relative, in tenths of a unit. */
function drawn(corners) {
  let [x, y] = corners[0];
  const begins = `M${x / 10} ${y / 10}l`;
  const steps = [];
  for (const [nextX, nextY] of corners.slice(1)) {
    if (nextX === x && nextY === y) continue;
    steps.push(`${(nextX - x) / 10} ${(nextY - y) / 10}`);
    [x, y] = [nextX, nextY];
  }
  if (steps.length < 2) return "";
  return `${begins}${steps.join(" ").replaceAll(" -", "-").replace(/(^|[ -])0\./g, "$1.")}z`;
}
