// The page: what is shown, what is selected, and what keys, mouse and fingers do.

const $ = (id) => document.getElementById(id);
const SCALE_MIN = 1e-6, SCALE_MAX = 4;

/** Makes an element with children: texts, elements, or nothing. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element[key] = value; else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const city = decode(JSON.parse($('data').textContent));
const { sites, orders, cells } = city;
const canvas = $('map');
const view = { x: 0, y: 0, scale: 0.01, width: 1, height: 1, ratio: 1 };
const on = { catchments: true, river: true, cells: !orders, lines: true, 0: true, 1: true, 2: true, sites: true };
const evening = { time: Infinity, placed: 0, loads: new Uint32Array(sites.length), on };
let colours = themeColours(), measure = 'demand';
/** `{ kind: 'order' | 'site' | 'cell', i }`, or nothing. */
let selected = null;
let cross = false, dirty = true, lastMove = 0;

const layers = {
  catchments: new Layer((pen, view) => drawCatchments(pen, view, city, colours)),
  river: new Layer((pen, view) => drawRiver(pen, view, city, colours)),
  cells: new Layer((pen, view) => drawCells(pen, view, city, colours, measure)),
  lines: new Layer((pen, view) => orders && drawLines(pen, view, city, colours, evening)),
  orders: new Layer((pen, view) => orders && drawOrders(pen, view, city, colours, evening)),
  sites: new Layer((pen, view) => drawSites(pen, view, city, colours, evening)),
};
const isOn = (name) => (name === 'orders' ? Boolean(orders) : on[name]) && (name !== 'river' || Boolean(city.river));

// What is shown.

function resize() {
  const { width, height } = $('stage').getBoundingClientRect();
  Object.assign(view, { width: Math.max(1, width), height: Math.max(1, height), ratio: Math.min(2, devicePixelRatio || 1) });
  canvas.width = Math.round(view.width * view.ratio);
  canvas.height = Math.round(view.height * view.ratio);
  drawPulse();
  refresh();
}

function refresh() { dirty = true; }

function forget(...names) {
  names.forEach((name) => layers[name].forget());
  refresh();
}

/** Shows the city without the outermost few. */
function showWhole() {
  const box = orders ? bounds(orders.x, orders.y, 0.02) : bounds(cells.x, cells.y, 0.005);
  const wide = Math.max(500, box.right - box.left), high = Math.max(500, box.bottom - box.top);
  view.scale = Math.min(view.width / wide, view.height / high) * 0.94;
  Object.assign(view, { x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 });
  moved();
}

function moved() {
  lastMove = performance.now();
  drawScale();
  refresh();
}

/** Zooms so that the place under a pixel stays there. */
function zoom(by, x = view.width / 2, y = view.height / 2) {
  const scale = clamp(view.scale * by, SCALE_MIN, SCALE_MAX);
  view.x += (x - view.width / 2) * (1 / view.scale - 1 / scale);
  view.y += (y - view.height / 2) * (1 / view.scale - 1 / scale);
  view.scale = scale;
  moved();
}

function frame() {
  if (dirty) draw(performance.now() - lastMove > 90);
  requestAnimationFrame(frame);
}

/** Draws what there is; layers that no longer fit are drawn anew when the map rests, one by one. */
function draw(rests) {
  dirty = false;
  const pen = canvas.getContext('2d');
  pen.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  pen.fillStyle = colours.paper;
  pen.fillRect(0, 0, view.width, view.height);
  const started = performance.now();
  for (const [name, layer] of Object.entries(layers)) {
    if (!isOn(name)) continue;
    if (!layer.fits(view)) {
      if (!layer.drawn || (rests && performance.now() - started < 25)) layer.render(view); else dirty = true;
    }
    layer.show(pen, view);
  }
  drawSelected(pen);
  if (cross) drawCross(pen);
}

/** Draws everything at once. */
function drawNow() {
  Object.values(layers).forEach((layer) => layer.fits(view) || layer.render(view));
  draw(true);
}

function drawCross(pen) {
  const x = view.width / 2, y = view.height / 2;
  pen.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    pen.moveTo(x + 5 * dx, y + 5 * dy);
    pen.lineTo(x + 15 * dx, y + 15 * dy);
  }
  for (const [width, colour] of [[4, colours.halo], [2, colours.ink]]) {
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.stroke();
  }
}

/** What is selected stands out: everything else is behind a veil. */
function drawSelected(pen) {
  if (!selected) return;
  const { kind, i } = selected;
  pen.lineJoin = pen.lineCap = 'round';
  if (kind === 'cell') {
    pen.beginPath();
    tracePath(pen, view, cells.ring[i]);
    pen.lineWidth = 3;
    pen.strokeStyle = colours.ink;
    pen.stroke();
    return;
  }
  pen.globalAlpha = 0.4;
  pen.fillStyle = colours.paper;
  pen.fillRect(0, 0, view.width, view.height);
  pen.globalAlpha = 1;
  if (kind === 'site') {
    const its = sites.orders?.[i] ?? [];
    drawReach(pen, i);
    its.forEach((order) => drawLine(pen, order, i, 1.2, []));
    its.forEach((order) => drawOrder(pen, order, 3));
    drawNamed(pen, i);
    drawRing(pen, sites.x[i], sites.y[i], Math.max(5, siteRadius(view, sites)) * (sites.store[i] ? 1.25 : 1) + 4);
  } else {
    const { [i]: site } = orders.site, { [i]: nearest } = orders.nearest;
    if (nearest !== NOBODY && nearest !== site) drawLine(pen, i, nearest, 2, [2, 5]);
    if (site !== NOBODY) drawLine(pen, i, site, 2, []);
    [site, nearest].filter((one) => one !== NOBODY).forEach((one) => drawNamed(pen, one));
    drawOrder(pen, i, 4);
    drawRing(pen, orders.x[i], orders.y[i], Math.max(4, orderRadius(view)) + 5);
  }
}

function drawNamed(pen, i) {
  const radius = Math.max(5, siteRadius(view, sites));
  const look = { store: sites.store[i], open: sites.open[i], share: shareOf(sites, i, evening.loads[i]) };
  drawSite(pen, screenX(view, sites.x[i]), screenY(view, sites.y[i]), radius, look, colours);
  drawName(pen, view, sites, i, radius, colours);
}

function drawOrder(pen, i, radiusMin) {
  pen.save();
  pen.translate(screenX(view, orders.x[i]), screenY(view, orders.y[i]));
  symbol(pen, orders.verdict[i], Math.max(radiusMin, orderRadius(view)), colours);
  pen.restore();
}

function drawLine(pen, order, site, thick, dashes) {
  pen.beginPath();
  pen.moveTo(screenX(view, orders.x[order]), screenY(view, orders.y[order]));
  pen.lineTo(screenX(view, sites.x[site]), screenY(view, sites.y[site]));
  pen.setLineDash(dashes);
  for (const [width, colour] of [[thick + 2.5, colours.halo], [thick, colours.ink]]) {
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.stroke();
  }
  pen.setLineDash([]);
}

function drawRing(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(screenX(view, x), screenY(view, y), radius, 0, 2 * Math.PI);
  for (const [width, colour] of [[5, colours.halo], [2.5, colours.ink]]) {
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.stroke();
  }
}

/** The service area, if it is a radius. */
function drawReach(pen, site) {
  if (sites.radius_m[site] === null) return;
  pen.beginPath();
  pen.arc(screenX(view, sites.x[site]), screenY(view, sites.y[site]), sites.radius_m[site] * view.scale, 0, 2 * Math.PI);
  pen.setLineDash([6, 5]);
  pen.lineWidth = 1.5;
  pen.strokeStyle = colours.soft;
  pen.stroke();
  pen.setLineDash([]);
}

/** A round length that is about a hundred pixels long. */
function drawScale() {
  const about = 110 / view.scale, power = 10 ** Math.floor(Math.log10(about));
  const length = [5, 2, 1].map((n) => n * power).find((n) => n <= about);
  $('scale').querySelector('span').textContent = length < 1000 ? `${length} m` : `${count(length / 1000)} km`;
  $('scale').querySelector('i').style.width = `${length * view.scale}px`;
}

// The evening.

function setTime(time) {
  evening.time = time;
  evening.loads.fill(0);
  evening.placed = 0;
  if (!orders) {
    evening.loads.set(sites.load);
  } else {
    for (const i of orders.inTime) {
      if (orders.placed[i] > time) break;
      evening.placed++;
      if (orders.site[i] !== NOBODY) evening.loads[orders.site[i]]++;
    }
  }
  if (city.evening) {
    const at = Math.min(time, city.evening.minutes * 60);
    $('clock').value = at;
    $('clock').setAttribute('aria-valuetext', `${timeOfDay(city.evening, at)}, ${count(evening.placed)} orders`);
    $('now').replaceChildren(make('b', {}, timeOfDay(city.evening, at)), `${count(evening.placed)} orders`);
  }
  forget('lines', 'orders', 'sites');
  if (selected?.kind === 'site') showCard();
}

let playing = null;

/** Two hours in twenty seconds. */
function play() {
  $('play').classList.toggle('playing', !playing);
  $('play').setAttribute('aria-label', playing ? 'Play' : 'Pause');
  if (playing) {
    cancelAnimationFrame(playing);
    playing = null;
    return;
  }
  const end = city.evening.minutes * 60;
  let time = evening.time >= end ? 0 : evening.time, before = performance.now();
  const step = (now) => {
    time += (now - before) / 20_000 * end;
    before = now;
    setTime(Math.min(time, end));
    if (time >= end) play(); else playing = requestAnimationFrame(step);
  };
  playing = requestAnimationFrame(step);
}

/** How many order in each minute, behind the slider. */
function drawPulse() {
  if (!city.evening || !orders) return;
  const pulse = $('pulse'), { width, height } = pulse.getBoundingClientRect();
  Object.assign(pulse, { width: width * view.ratio, height: height * view.ratio });
  const minutes = new Uint32Array(city.evening.minutes);
  orders.placed.forEach((at) => minutes[Math.min(minutes.length - 1, Math.floor(at / 60))]++);
  const most = Math.max(1, ...minutes), pen = pulse.getContext('2d');
  pen.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  pen.fillStyle = colours.soft;
  pen.globalAlpha = 0.4;
  minutes.forEach((number, minute) => {
    const high = height * number / most, wide = width / minutes.length;
    pen.fillRect(minute * wide, height - high, Math.max(0.5, wide - 0.6), high);
  });
}

// What is selected.

function select(kind, i, how = {}) {
  selected = kind ? { kind, i } : null;
  if (kind && how.go) {
    const list = { order: orders, site: sites, cell: cells }[kind];
    Object.assign(view, { x: list.x[i], y: list.y[i], scale: Math.max(view.scale, how.go) });
    moved();
  }
  showCard();
  refresh();
}

/** What is under a pixel: sites before orders before cells. */
function under(x, y) {
  const at = { x: view.x + (x - view.width / 2) / view.scale, y: view.y + (y - view.height / 2) / view.scale };
  const reach = (pixels) => pixels / view.scale;
  if (on.sites) {
    const i = sites.grid.nearest(at.x, at.y, reach(siteRadius(view, sites) + 3), () => true);
    if (i !== NOBODY) return { kind: 'site', i };
  }
  if (orders) {
    const seen = (i) => on[orders.verdict[i]] && orders.placed[i] <= evening.time;
    const i = orders.grid.nearest(at.x, at.y, reach(orderRadius(view) + 5), seen);
    if (i !== NOBODY) return { kind: 'order', i };
  }
  if (on.cells) {
    const i = cells.grid.nearest(at.x, at.y, 1e6, (i) => inside(cells.ring[i], at));
    if (i !== NOBODY) return { kind: 'cell', i };
  }
  return null;
}

function inside(ring, at) {
  let within = false;
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
    const [ax, ay, bx, by] = [ring[i], ring[i + 1], ring[j], ring[j + 1]];
    if ((ay > at.y) !== (by > at.y) && at.x < (bx - ax) * (at.y - ay) / (by - ay) + ax) within = !within;
  }
  return within;
}

/** The orders at the same address. */
function matesOf(i) {
  const mates = [], box = { left: orders.x[i], right: orders.x[i], top: orders.y[i], bottom: orders.y[i] };
  orders.grid.each(box, (other) => orders.x[other] === orders.x[i] && orders.y[other] === orders.y[i] && mates.push(other));
  return mates.sort((a, b) => a - b);
}

function step(by) {
  if (selected?.kind !== 'order') return;
  const mates = matesOf(selected.i);
  select('order', mates[(mates.indexOf(selected.i) + by + mates.length) % mates.length]);
}

function find(name) {
  const site = sites.byName.get(name), order = orders?.byName.get(name);
  $('missed').textContent = site === undefined && order === undefined && name ? `There is no ${name} here.` : '';
  if (site !== undefined) select('site', site, { go: 0.12 });
  else if (order !== undefined) select('order', order, { go: 0.2 });
}

// What keys, mouse and fingers do.

const fingers = new Map();
let pressed = null;

function place(event) {
  const { left, top } = canvas.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}

function onPress(event) {
  fingers.set(event.pointerId, place(event));
  if (fingers.size === 1) pressed = { ...place(event), still: true }; else pressed = null;
  try { canvas.setPointerCapture(event.pointerId); } catch { /* A made-up pointer can't be captured. */ }
}

function onMove(event) {
  const now = place(event), before = fingers.get(event.pointerId);
  if (!before) return hover(now);
  if (fingers.size === 2) {
    const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
    const span = (a, b) => Math.max(10, Math.hypot(a.x - b.x, a.y - b.y));
    zoom(span(now, other) / span(before, other), (now.x + other.x) / 2, (now.y + other.y) / 2);
    view.x -= (now.x - before.x) / 2 / view.scale;
    view.y -= (now.y - before.y) / 2 / view.scale;
  } else {
    if (pressed && Math.hypot(now.x - pressed.x, now.y - pressed.y) > 4) pressed.still = false;
    if (pressed?.still) return undefined;
    canvas.classList.add('dragging');
    view.x -= (now.x - before.x) / view.scale;
    view.y -= (now.y - before.y) / view.scale;
  }
  fingers.set(event.pointerId, now);
  cross = false;
  return moved();
}

function onRelease(event) {
  fingers.delete(event.pointerId);
  canvas.classList.remove('dragging');
  if (event.type === 'pointerup' && pressed?.still) {
    const hit = under(pressed.x, pressed.y);
    select(hit?.kind, hit?.i);
  }
  pressed = null;
}

function hover(at) {
  const hit = under(at.x, at.y);
  canvas.classList.toggle('over', Boolean(hit));
  $('tip').hidden = !hit;
  if (!hit) return;
  $('tip').textContent = shortly(hit);
  const left = Math.min(at.x + 14, view.width - $('tip').offsetWidth - 8);
  Object.assign($('tip').style, { left: `${left}px`, top: `${Math.max(4, at.y - 30)}px` });
}

function onWheel(event) {
  event.preventDefault();
  const { x, y } = place(event);
  zoom(2 ** (-clamp(event.deltaY * (event.deltaMode ? 20 : 1), -240, 240) / 180), x, y);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const aside = event.target !== canvas;
  const pan = (x, y) => () => Object.assign(view, { x: view.x + x * 70 / view.scale, y: view.y + y * 70 / view.scale });
  const keys = {
    ArrowLeft: pan(-1, 0), ArrowRight: pan(1, 0), ArrowUp: pan(0, -1), ArrowDown: pan(0, 1),
    '+': () => zoom(1.5), '=': () => zoom(1.5), '-': () => zoom(1 / 1.5), 0: showWhole,
    Enter: () => { const hit = under(view.width / 2, view.height / 2); select(hit?.kind, hit?.i); },
    n: () => step(1), p: () => step(-1), ' ': () => city.evening && orders && play(), Escape: () => select(null),
  };
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!keys[key] || (aside && key !== 'Escape')) return;
  event.preventDefault();
  cross = !aside && key !== 'Escape';
  keys[key]();
  moved();
}

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  colours = themeColours();
  drawPulse();
  forget(...Object.keys(layers));
}

function listen() {
  canvas.onpointerdown = onPress;
  canvas.onpointermove = onMove;
  canvas.onpointerup = canvas.onpointercancel = onRelease;
  canvas.onpointerleave = () => { $('tip').hidden = true; };
  canvas.addEventListener('wheel', onWheel, { passive: false });
  canvas.onblur = () => { cross = false; refresh(); };
  addEventListener('keydown', onKey);
  addEventListener('resize', resize);
  $('nearer').onclick = () => zoom(1.6);
  $('farther').onclick = () => zoom(1 / 1.6);
  $('whole').onclick = showWhole;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  $('theme').onclick = () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
  dark.onchange = () => setTheme(dark.matches ? 'dark' : 'light');
  setTheme(dark.matches ? 'dark' : 'light');
  $('search').onsubmit = (event) => { event.preventDefault(); find($('query').value.trim()); };
  $('query').oninput = suggest;
  $('play').onclick = play;
  $('clock').oninput = () => { if (playing) play(); setTime(Number($('clock').value)); };
}

/** What an address line can ask for: `#order=000042&theme=dark&time=21:05`. */
function followLink() {
  const asked = new URLSearchParams(location.hash.slice(1));
  if (asked.has('theme')) setTheme(asked.get('theme') === 'dark' ? 'dark' : 'light');
  if (asked.has('time') && city.evening) {
    const [hours, minutes] = asked.get('time').split(':').map(Number);
    setTime(clamp(hours * 60 + minutes - city.evening.starts_at, 0, city.evening.minutes) * 60 || 0);
  }
  const name = asked.get('order') ?? asked.get('site');
  if (name) find(name);
  if (asked.has('zoom')) zoom(Number(asked.get('zoom')) || 1);
}

function start() {
  fillPanel();
  listen();
  resize();
  showWhole();
  if (city.evening && orders) {
    $('time').hidden = false;
    $('clock').max = city.evening.minutes * 60;
  }
  setTime(Infinity);
  drawPulse();
  showCard();
  followLink();
  drawNow();
  requestAnimationFrame(frame);
}

start();
if (location.hash === '#selftest') tryAll();
