// The data of the page as flat lists in metres, and a grid that finds what is near a place.

const EARTH_RADIUS = 6371008.8;
const RADIANS = Math.PI / 180;
const NOBODY = -1;
const NEAREST = 0, DETOUR = 1, UNASSIGNED = 2;

/** Metres east and south of the origin, as Mercator has them, true to scale at the origin. */
function projection([lng, lat]) {
  const shrink = Math.cos(lat * 1e-6 * RADIANS);
  const northing = (degrees) => Math.asinh(Math.tan(degrees * RADIANS));
  const base = northing(lat * 1e-6);
  return {
    x: (east) => EARTH_RADIUS * shrink * east * 1e-6 * RADIANS,
    y: (north) => -EARTH_RADIUS * shrink * (northing((lat + north) * 1e-6) - base),
  };
}

/** Finds the points near a place; as many buckets as points. */
class Grid {
  constructor(xs, ys) {
    this.xs = xs;
    this.ys = ys;
    const box = bounds(xs, ys, 0);
    const area = Math.max(1, box.right - box.left) * Math.max(1, box.bottom - box.top);
    this.left = box.left;
    this.top = box.top;
    this.size = Math.sqrt(area / Math.max(1, xs.length)) * 2;
    this.columns = Math.max(1, Math.ceil((box.right - box.left) / this.size) + 1);
    this.rows = Math.max(1, Math.ceil((box.bottom - box.top) / this.size) + 1);
    this.starts = new Uint32Array(this.columns * this.rows + 1);
    this.items = new Uint32Array(xs.length);
    const bucket = (i) => this.row(ys[i]) * this.columns + this.column(xs[i]);
    for (let i = 0; i < xs.length; i++) this.starts[bucket(i) + 1]++;
    for (let b = 1; b < this.starts.length; b++) this.starts[b] += this.starts[b - 1];
    const next = this.starts.slice();
    for (let i = 0; i < xs.length; i++) this.items[next[bucket(i)]++] = i;
  }

  column(x) { return clamp(Math.floor((x - this.left) / this.size), 0, this.columns - 1); }
  row(y) { return clamp(Math.floor((y - this.top) / this.size), 0, this.rows - 1); }

  /** Calls back with every point in the box, and with some around it. */
  each({ left, top, right, bottom }, found) {
    const [first, last] = [this.column(left), this.column(right)];
    for (let row = this.row(top); row <= this.row(bottom); row++) {
      const end = this.starts[row * this.columns + last + 1];
      for (let at = this.starts[row * this.columns + first]; at < end; at++) found(this.items[at]);
    }
  }

  /** The nearest point that is accepted, no farther than so; of several at one place, the first. */
  nearest(x, y, radius, accept) {
    let best = NOBODY, least = radius * radius;
    this.each({ left: x - radius, top: y - radius, right: x + radius, bottom: y + radius }, (i) => {
      const square = (this.xs[i] - x) ** 2 + (this.ys[i] - y) ** 2;
      if ((square < least || (square === least && (best === NOBODY || i < best))) && accept(i)) [best, least] = [i, square];
    });
    return best;
  }
}

function clamp(value, least, most) { return Math.min(Math.max(value, least), most); }

/** The box round the points, without such a part of them on each side. */
function bounds(xs, ys, without) {
  const ends = (values) => {
    const sorted = Float64Array.from(values).sort();
    const cut = Math.floor(sorted.length * without);
    return sorted.length ? [sorted[cut], sorted[sorted.length - 1 - cut]] : [0, 0];
  };
  const [left, right] = ends(xs), [top, bottom] = ends(ys);
  return { left, right, top, bottom };
}

/** Everything that the page draws. */
function decode(data) {
  const project = projection(data.origin);
  const places = (list) => ({
    x: Float64Array.from(list.lng, project.x),
    y: Float64Array.from(list.lat, project.y),
  });
  const ring = (steps) => {
    const points = new Float64Array(steps.length);
    for (let i = 0, east = 0, north = 0; i < steps.length; i += 2) {
      points[i] = project.x(east += steps[i]);
      points[i + 1] = project.y(north += steps[i + 1]);
    }
    return points;
  };
  const sites = { ...data.sites, ...places(data.sites), length: data.sites.name.length };
  sites.grid = new Grid(sites.x, sites.y);
  sites.spacing = spacing(sites);
  sites.byName = new Map(sites.name.map((name, i) => [name, i]));
  const cells = { ...data.cells, length: data.cells.cell.length, ring: data.cells.ring.map(ring) };
  cells.x = Float64Array.from(cells.ring, (points) => middle(points, 0));
  cells.y = Float64Array.from(cells.ring, (points) => middle(points, 1));
  cells.grid = new Grid(cells.x, cells.y);
  const catchments = data.catchments.map(([site, rings]) => ({ site, rings: rings.map(ring) }));
  colour(data.catchments, catchments);
  const river = data.river && { course: ring(data.river.course), bridges: ring(data.river.bridges) };
  const orders = data.orders && decodeOrders(data, places(data.orders), sites);
  return { ...data, river, sites, orders, cells, catchments, stories: new Map(data.stories) };
}

function decodeOrders(data, places, sites) {
  const list = data.orders, length = list.name.length;
  const site = Int32Array.from(list.site, (site) => site ?? NOBODY);
  const nearest = Int32Array.from(list.nearest, (site) => site ?? NOBODY);
  const verdict = Uint8Array.from(site, (site, i) => {
    if (site === NOBODY) return UNASSIGNED;
    return list.near[i] !== null && list.near[i] < list.walk[i] ? DETOUR : NEAREST;
  });
  const placed = list.placed.length ? Float64Array.from(list.placed) : new Float64Array(length);
  const inTime = Uint32Array.from(verdict.keys()).sort((a, b) => placed[a] - placed[b] || a - b);
  sites.orders = Array.from({ length: sites.length }, () => []);
  sites.missed = new Uint32Array(sites.length);
  for (let i = 0; i < length; i++) {
    if (site[i] !== NOBODY) sites.orders[site[i]].push(i);
    if (nearest[i] !== NOBODY && nearest[i] !== site[i]) sites.missed[nearest[i]]++;
  }
  const byName = new Map(list.name.map((name, i) => [name, i]));
  return { ...list, ...places, length, site, nearest, verdict, placed, inTime, byName, grid: new Grid(places.x, places.y) };
}

/** How far it is from a site to the next, in the middle of all; those that share a place left out. */
function spacing({ x, y, grid }) {
  const gaps = Array.from(x, (_, i) => {
    for (let radius = grid.size; radius < 1e8; radius *= 4) {
      const other = grid.nearest(x[i], y[i], radius, (other) => x[other] !== x[i] || y[other] !== y[i]);
      if (other !== NOBODY) return Math.hypot(x[other] - x[i], y[other] - y[i]);
    }
    return Infinity;
  });
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? Infinity;
}

function middle(points, from) {
  let sum = 0;
  for (let i = from; i < points.length; i += 2) sum += points[i];
  return sum / (points.length / 2);
}

/** Gives neighbours different colours: the first that no neighbour has, where catchments that share a corner are ones. */
function colour(coded, catchments) {
  const corners = new Map();
  const neighbours = catchments.map(() => new Set());
  coded.forEach(([, rings], i) => {
    for (const steps of rings) {
      for (let at = 0, east = 0, north = 0; at < steps.length; at += 2) {
        const corner = `${east += steps[at]} ${north += steps[at + 1]}`;
        for (const other of corners.get(corner) ?? []) {
          neighbours[i].add(other);
          neighbours[other].add(i);
        }
        corners.set(corner, (corners.get(corner) ?? new Set()).add(i));
      }
    }
  });
  catchments.forEach((catchment, i) => {
    const taken = new Set([...neighbours[i]].map((other) => catchments[other].colour));
    const free = [0, 1, 2, 3, 4, 5].map((_, k, all) => all[(k + i) % 6]).find((k) => !taken.has(k));
    catchment.colour = free ?? i % 6;
  });
}

const count = (number) => number.toLocaleString('en-US');

/** Millimetres in whole metres, as the library prints them. */
const metres = (millimetres) => `${count(Math.floor((millimetres + 500) / 1000))} m`;

/** Seconds since the evening began, as a time of day. */
function timeOfDay(evening, seconds) {
  const minutes = evening.starts_at + Math.floor(seconds / 60);
  return [Math.floor(minutes / 60) % 24, minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
