// How each layer is drawn. A layer is drawn into a canvas of its own, larger than the screen, which moves with the map
// and is drawn anew only when it no longer fits.

const MARGIN = 0.25;
const VIRIDIS = ['#440154', '#482878', '#3e4a89', '#31688e', '#26828e', '#1f9e89', '#35b779', '#6ece58', '#b5de2b', '#fde725'];
/** What cells are coloured by: name, the number of a cell, and how the number reads. */
const MEASURES = {
  demand: ['orders', (cells, i) => cells.orders[i], count],
  unassigned: ['orders without a place', (cells, i) => 100 * cells.unassigned[i] / cells.orders[i], (n) => `${Math.round(n)} %`],
  walk: ['mean walk', (cells, i) => cells.walk[i], (n) => `${count(Math.round(n))} m`],
};

/** The colours of the style sheet, for canvases. */
function themeColours() {
  const style = getComputedStyle(document.documentElement);
  const get = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: get('paper'), ink: get('ink'), soft: get('soft'), nearest: get('nearest'), detour: get('detour'),
    unassigned: get('unassigned'), load: get('load'), site: get('site'), edge: get('edge'), halo: get('halo'),
    water: get('water'), line: get('line'), lineDetour: get('line-detour'), border: get('border'), focus: get('focus'),
    catchments: [0, 1, 2, 3, 4, 5].map((i) => get(`c${i}`)),
  };
}

/** A canvas that remembers for which view it was drawn. */
class Layer {
  constructor(draw) {
    this.draw = draw;
    this.canvas = document.createElement('canvas');
    this.drawn = null;
  }

  forget() { this.drawn = null; }

  fits(view) {
    const drawn = this.drawn;
    if (!drawn || drawn.scale !== view.scale || drawn.width !== view.width || drawn.height !== view.height) return false;
    return Math.abs(view.x - drawn.x) * view.scale <= view.width * MARGIN
      && Math.abs(view.y - drawn.y) * view.scale <= view.height * MARGIN;
  }

  render(view) {
    const width = Math.round(view.width * (1 + 2 * MARGIN) * view.ratio);
    const height = Math.round(view.height * (1 + 2 * MARGIN) * view.ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const pen = this.canvas.getContext('2d');
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    this.drawn = { ...view };
    const wide = { ...view, width: width / view.ratio, height: height / view.ratio };
    this.draw(pen, wide);
  }

  /** Puts what was drawn where it is now. */
  show(pen, view) {
    const drawn = this.drawn;
    if (!drawn) return;
    const zoom = view.scale / drawn.scale;
    const width = this.canvas.width / drawn.ratio * zoom, height = this.canvas.height / drawn.ratio * zoom;
    const x = (drawn.x - view.x) * view.scale + view.width / 2 - width / 2;
    const y = (drawn.y - view.y) * view.scale + view.height / 2 - height / 2;
    pen.drawImage(this.canvas, x, y, width, height);
  }
}

const screenX = (view, x) => (x - view.x) * view.scale + view.width / 2;
const screenY = (view, y) => (y - view.y) * view.scale + view.height / 2;

/** What of the world a view shows, and so many pixels around it. */
function shown(view, around = 0) {
  const wide = (view.width / 2 + around) / view.scale, high = (view.height / 2 + around) / view.scale;
  return { left: view.x - wide, right: view.x + wide, top: view.y - high, bottom: view.y + high };
}

const orderRadius = (view) => clamp(1.15 * (view.scale / 0.02) ** 0.42, 0.9, 5.5);
/** Larger the nearer one looks, and no larger than neighbours leave room for. */
const siteRadius = (view, { spacing }) => clamp(2.9 * (view.scale / 0.02) ** 0.48, 1.9, clamp(spacing * view.scale * 0.45, 2.6, 11));

function tracePath(pen, view, points) {
  for (let i = 0; i < points.length; i += 2) {
    const x = screenX(view, points[i]), y = screenY(view, points[i + 1]);
    if (i) pen.lineTo(x, y); else pen.moveTo(x, y);
  }
  pen.closePath();
}

function drawCatchments(pen, view, city, colours) {
  pen.lineJoin = 'round';
  pen.lineWidth = clamp(view.scale * 40, 0.5, 2);
  pen.strokeStyle = colours.border;
  for (let colour = 0; colour < colours.catchments.length; colour++) {
    pen.beginPath();
    for (const catchment of city.catchments) {
      if (catchment.colour === colour) for (const ring of catchment.rings) tracePath(pen, view, ring);
    }
    pen.fillStyle = colours.catchments[colour];
    pen.fill('evenodd');
    pen.stroke();
  }
}

const RIVER_METRES = 260, BRIDGE_METRES = 70;

/** The river, straight, with its bridges across: two banks and a deck, as wide as they are and never too thin to see. */
function drawRiver(pen, view, city, colours) {
  if (!city.river) return;
  const [ax, ay, bx, by] = city.river.course;
  const line = (x1, y1, x2, y2, width, colour) => {
    pen.beginPath();
    pen.moveTo(screenX(view, x1), screenY(view, y1));
    pen.lineTo(screenX(view, x2), screenY(view, y2));
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.stroke();
  };
  pen.lineCap = 'butt';
  line(ax, ay, bx, by, Math.max(3, RIVER_METRES * view.scale), colours.water);
  // Square to the river, from bank to bank and a little beyond.
  const length = Math.hypot(bx - ax, by - ay), half = RIVER_METRES * 0.75;
  const [dx, dy] = [(by - ay) / length * half, -(bx - ax) / length * half];
  const { bridges } = city.river;
  for (let i = 0; i < bridges.length; i += 2) {
    const ends = [bridges[i] - dx, bridges[i + 1] - dy, bridges[i] + dx, bridges[i + 1] + dy];
    const width = Math.max(2.5, BRIDGE_METRES * view.scale);
    line(...ends, width + 2, colours.ink);
    line(...ends, width, colours.site);
  }
}

/** The colour of a share from 0 to 1. */
function ramp(share) { return VIRIDIS[clamp(Math.floor(share * VIRIDIS.length), 0, VIRIDIS.length - 1)]; }

/** The largest number of a measure but for the very few that are larger. */
function topOf(city, measure) {
  const numbers = Array.from({ length: city.cells.length }, (_, i) => MEASURES[measure][1](city.cells, i) ?? 0);
  numbers.sort((a, b) => a - b);
  const most = measure === 'unassigned' ? 100 : numbers[Math.floor((numbers.length - 1) * 0.99)];
  return Math.max(1, most ?? 1);
}

function drawCells(pen, view, city, colours, measure) {
  const { cells } = city;
  const top = topOf(city, measure), number = MEASURES[measure][1];
  const buckets = new Map();
  for (let i = 0; i < cells.length; i++) {
    const value = number(cells, i);
    if (value === null || (measure === 'unassigned' && value === 0)) continue;
    // Demand differs by orders of magnitude; the root shows the low end.
    const colour = ramp(measure === 'demand' ? Math.sqrt(value / top) : value / top);
    if (!buckets.has(colour)) buckets.set(colour, []);
    buckets.get(colour).push(i);
  }
  pen.globalAlpha = 0.72;
  for (const [colour, members] of buckets) {
    pen.beginPath();
    for (const i of members) tracePath(pen, view, cells.ring[i]);
    pen.fillStyle = colour;
    pen.fill();
  }
  pen.globalAlpha = 1;
  // Where anybody goes without: a rim, so that it does not hang on a colour.
  pen.beginPath();
  for (let i = 0; i < cells.length; i++) if (cells.unassigned[i] > 0) tracePath(pen, view, cells.ring[i]);
  pen.strokeStyle = colours.unassigned;
  pen.lineWidth = clamp(view.scale * 60, 0.6, 2);
  pen.stroke();
}

function drawLines(pen, view, city, colours, evening) {
  const { orders, sites } = city;
  const box = shown(view, 0);
  pen.lineWidth = clamp(view.scale * 22, 0.4, 1.3);
  for (const verdict of [NEAREST, DETOUR]) {
    if (!evening.on[verdict]) continue;
    pen.strokeStyle = verdict === DETOUR ? colours.lineDetour : colours.line;
    pen.beginPath();
    for (let k = 0; k < evening.placed; k++) {
      const i = orders.inTime[k], site = orders.site[i];
      if (orders.verdict[i] !== verdict) continue;
      const [ax, ay, bx, by] = [orders.x[i], orders.y[i], sites.x[site], sites.y[site]];
      if (Math.max(ax, bx) < box.left || Math.min(ax, bx) > box.right) continue;
      if (Math.max(ay, by) < box.top || Math.min(ay, by) > box.bottom) continue;
      pen.moveTo(screenX(view, ax), screenY(view, ay));
      pen.lineTo(screenX(view, bx), screenY(view, by));
    }
    pen.stroke();
  }
}

/** The symbol of a verdict, round the pen's origin: a dot, a diamond, a cross. */
function symbol(pen, verdict, radius, colours) {
  pen.beginPath();
  if (verdict === UNASSIGNED) {
    const arm = radius * 1.15;
    pen.moveTo(-arm, -arm);
    pen.lineTo(arm, arm);
    pen.moveTo(arm, -arm);
    pen.lineTo(-arm, arm);
    pen.lineCap = 'round';
    pen.lineWidth = radius * 0.8;
    pen.strokeStyle = colours.unassigned;
    pen.stroke();
    return;
  }
  if (verdict === DETOUR) {
    const arm = radius * 1.4;
    pen.moveTo(0, -arm);
    pen.lineTo(arm, 0);
    pen.lineTo(0, arm);
    pen.lineTo(-arm, 0);
    pen.closePath();
  } else {
    pen.arc(0, 0, radius, 0, 2 * Math.PI);
  }
  pen.fillStyle = verdict === DETOUR ? colours.detour : colours.nearest;
  pen.fill();
  if (radius > 2.5) {
    pen.lineWidth = 1;
    pen.strokeStyle = colours.halo;
    pen.stroke();
  }
}

/** Calls back with the place on the screen of every order of a verdict that is shown. */
function eachShown(view, city, evening, verdict, around, found) {
  const { orders } = city, box = shown(view, around);
  for (let k = 0; k < evening.placed; k++) {
    const i = orders.inTime[k];
    if (orders.verdict[i] !== verdict) continue;
    const x = orders.x[i], y = orders.y[i];
    if (x < box.left || x > box.right || y < box.top || y > box.bottom) continue;
    found(screenX(view, x), screenY(view, y));
  }
}

function drawOrders(pen, view, city, colours, evening) {
  const radius = orderRadius(view);
  for (const verdict of [NEAREST, DETOUR, UNASSIGNED]) {
    if (!evening.on[verdict]) continue;
    const draw = radius < 2.2 ? dotOrders : stampOrders;
    draw(pen, view, radius, verdict, colours, (around, found) => eachShown(view, city, evening, verdict, around, found));
  }
}

/** Seen from afar there are very many, each of a few pixels: one path for all of a verdict is fastest. */
function dotOrders(pen, view, radius, verdict, colours, each) {
  pen.beginPath();
  if (verdict === UNASSIGNED) {
    const arm = radius * 1.15;
    each(arm, (x, y) => {
      pen.moveTo(x - arm, y - arm);
      pen.lineTo(x + arm, y + arm);
      pen.moveTo(x + arm, y - arm);
      pen.lineTo(x - arm, y + arm);
    });
    pen.lineWidth = Math.max(0.8, radius * 0.8);
    pen.strokeStyle = colours.unassigned;
    pen.stroke();
    return;
  }
  pen.fillStyle = verdict === DETOUR ? colours.detour : colours.nearest;
  const side = radius * (verdict === DETOUR ? 2.1 : 1.8);
  each(side, (x, y) => pen.fillRect(x - side / 2, y - side / 2, side, side));
}

/** Each symbol is drawn once and then stamped. */
function stampOrders(pen, view, radius, verdict, colours, each) {
  const half = Math.ceil(radius * 1.6 + 2);
  const stamp = document.createElement('canvas');
  stamp.width = stamp.height = 2 * half * view.ratio;
  const stamping = stamp.getContext('2d');
  stamping.setTransform(view.ratio, 0, 0, view.ratio, half * view.ratio, half * view.ratio);
  symbol(stamping, verdict, radius, colours);
  each(half, (x, y) => pen.drawImage(stamp, x - half, y - half, 2 * half, 2 * half));
}

/** A circle for a leader, a square for a store; filled from below as far as it is full. */
function drawSite(pen, x, y, radius, site, colours) {
  const { store, open, share } = site;
  const outline = (r) => {
    pen.beginPath();
    if (store) pen.rect(x - r * 0.95, y - r * 0.95, r * 1.9, r * 1.9); else pen.arc(x, y, r, 0, 2 * Math.PI);
  };
  const r = store ? radius * 1.25 : radius;
  outline(r);
  pen.fillStyle = colours.site;
  pen.fill();
  if (share > 0) {
    pen.fillStyle = share > 1 ? colours.unassigned : colours.load;
    if (share >= 1) {
      pen.fill();
    } else if (store) {
      pen.fillRect(x - r * 0.95, y + r * 0.95 * (1 - 2 * share), r * 1.9, r * 1.9 * share);
    } else {
      const half = Math.acos(2 * share - 1);
      pen.beginPath();
      pen.arc(x, y, r, Math.PI / 2 - (Math.PI - half), Math.PI / 2 + (Math.PI - half));
      pen.fill();
    }
  }
  outline(r);
  pen.lineWidth = clamp(radius * 0.22, 0.6, 1.8);
  pen.strokeStyle = open ? colours.edge : colours.soft;
  pen.stroke();
  if (!open) {
    pen.beginPath();
    pen.moveTo(x - r * 0.6, y + r * 0.6);
    pen.lineTo(x + r * 0.6, y - r * 0.6);
    pen.stroke();
  }
}

/** How full a site is: beyond 1 if it is too full. Without limit it is never full. */
function shareOf(sites, i, load) {
  const capacity = sites.capacity[i];
  if (capacity === null) return Math.min(0.5, load / 100);
  return capacity ? load / capacity : Number(load > 0) * 2;
}

function drawSites(pen, view, city, colours, evening) {
  const { sites } = city;
  const radius = siteRadius(view, sites), box = shown(view, 2 * radius);
  const visible = [];
  for (let i = 0; i < sites.length; i++) {
    const x = sites.x[i], y = sites.y[i];
    if (x >= box.left && x <= box.right && y >= box.top && y <= box.bottom) visible.push(i);
  }
  // Stores are larger and rarer: they lie on top.
  visible.sort((a, b) => sites.store[a] - sites.store[b]);
  for (const i of visible) {
    const share = shareOf(sites, i, evening.loads[i]);
    const site = { store: sites.store[i], open: sites.open[i], share };
    drawSite(pen, screenX(view, sites.x[i]), screenY(view, sites.y[i]), radius, site, colours);
  }
  if (radius > 5) drawNames(pen, view, sites, visible, radius, colours);
}

/** The names that find room, stores first: none hides another. */
function drawNames(pen, view, sites, visible, radius, colours) {
  const taken = new Set();
  for (const i of visible.reverse()) {
    const row = Math.floor(screenY(view, sites.y[i]) / 14), column = screenX(view, sites.x[i]) / 14;
    const half = sites.name[i].length * 0.26 + 0.3;
    const spots = [];
    for (let at = Math.floor(column - half); at <= column + half; at++) spots.push(`${at} ${row}`, `${at} ${row + 1}`);
    if (spots.some((spot) => taken.has(spot))) continue;
    spots.forEach((spot) => taken.add(spot));
    drawName(pen, view, sites, i, radius, colours);
  }
}

function drawName(pen, view, sites, i, radius, colours) {
  pen.font = '600 11px system-ui, sans-serif';
  pen.textAlign = 'center';
  pen.textBaseline = 'top';
  pen.lineWidth = 3;
  pen.lineJoin = 'round';
  pen.strokeStyle = colours.halo;
  pen.fillStyle = colours.ink;
  const x = screenX(view, sites.x[i]), y = screenY(view, sites.y[i]) + radius * 1.25 + 4;
  pen.strokeText(sites.name[i], x, y);
  pen.fillText(sites.name[i], x, y);
}
