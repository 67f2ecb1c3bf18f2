'use strict';
// With `#selftest` the page tries itself: what is clicked must be explained as the data say. The outcome is in the title
// and in an element `selftest`, so that a browser without a driver can tell.

const troubles = [];

if (location.hash === '#selftest') {
  addEventListener('error', (event) => { troubles.push(event.message); report(''); });
  addEventListener('unhandledrejection', (event) => { troubles.push(String(event.reason)); report(''); });
  const { error } = console;
  console.error = (...what) => { troubles.push(what.join(' ')); error(...what); };
}

function expect(what, found, expected) {
  if (found !== expected) troubles.push(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
}

/** Shows a place in the middle of the map and clicks it with a made-up mouse. */
function click(list, i) {
  Object.assign(view, { x: list.x[i], y: list.y[i], scale: 2 });
  drawNow();
  const { left, top } = canvas.getBoundingClientRect();
  const at = { clientX: left + view.width / 2, clientY: top + view.height / 2, pointerId: 1, bubbles: true };
  for (const type of ['pointermove', 'pointerdown', 'pointerup']) canvas.dispatchEvent(new PointerEvent(type, at));
}

/** How many pixels of the map are not of the colour of its first. */
function painted() {
  drawNow();
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const words = new Uint32Array(data.buffer);
  return words.reduce((sum, word) => sum + (word !== words[0]), 0);
}

function tryOrders() {
  const lonely = (i) => matesOf(i).length === 1
    && sites.grid.nearest(orders.x[i], orders.y[i], (siteRadius({ scale: 2 }, sites) + 4) / 2, () => true) === NOBODY;
  for (const verdict of [NEAREST, DETOUR, UNASSIGNED]) {
    const i = orders.verdict.findIndex((one, i) => one === verdict && lonely(i));
    if (i < 0) continue;
    click(orders, i);
    const text = $('card').textContent, story = city.stories.get(i);
    expect('the heading of an order', $('card').querySelector('h2').textContent, `Order ${orders.name[i]}`);
    expect('an order that has a reason', Boolean(story), verdict !== NEAREST);
    const said = story ? city.texts[story.reasons].split('\n').map((line) => line.trim()) : [`It is ${metres(orders.walk[i])} away`];
    for (const line of said) expect(`"${line}" in the card`, text.includes(line), true);
    const goes = `goes to${sites.name[orders.site[i]]} ${metres(orders.walk[i])}`;
    expect('where it goes', $('card').querySelector('.facts').textContent.startsWith(goes), verdict !== UNASSIGNED);
    $('query').value = orders.name[i];
    select(null);
    $('search').requestSubmit();
    expect('the order that was searched for', selected?.i, i);
  }
}

function trySites() {
  for (const i of [0, sites.load.indexOf(Math.max(...sites.load))]) {
    click(sites, i);
    expect('a site is selected', selected?.kind, 'site');
    const found = $('card').querySelector('h2').textContent, at = sites.byName.get(found);
    // Sites may share a place.
    expect('the place of the site', sites.x[at], sites.x[i]);
    expect('what is said of the site', $('card').textContent.includes(sites.text[at]), true);
  }
}

function tryEvening() {
  const half = city.evening.minutes * 30;
  $('clock').value = half;
  $('clock').dispatchEvent(new Event('input'));
  const until = orders.placed.filter((at) => at <= Number($('clock').value)).length;
  expect('orders until half time', $('now').textContent.includes(`${count(until)} orders`), true);
  expect('orders that are drawn', evening.placed, until);
  setTime(Infinity);
  expect('all orders', evening.placed, orders.length);
  const loads = evening.loads.findIndex((load, i) => load !== sites.load[i]);
  expect('a site whose load is not its orders', loads, NOBODY);
}

function tryLayers() {
  select(null);
  showWhole();
  const all = painted();
  expect('a map that is not empty', all > 1000, true);
  const switches = [...document.querySelectorAll('[data-layer]')].filter((one) => one.checked);
  switches.forEach((one) => one.click());
  expect('pixels without layers', painted(), 0);
  const river = switches.find((one) => one.dataset.layer === 'river');
  expect('a river with a switch', Boolean(river), Boolean(city.river));
  if (river) {
    river.click();
    expect('a river that is drawn', painted() > 1000, true);
    river.click();
  }
  switches.forEach((one) => one.click());
  expect('pixels with all layers again', painted(), all);
  const before = colours.paper;
  $('theme').click();
  expect('another colour of the paper', colours.paper !== before, true);
  $('theme').click();
  canvas.dispatchEvent(new KeyboardEvent('keydown', { key: '+', bubbles: true }));
  canvas.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  canvas.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
  expect('nothing is selected', selected, null);
}

function tryAll() {
  const started = performance.now();
  for (const part of [orders && tryOrders, trySites, orders && city.evening && tryEvening, tryLayers]) if (part) part();
  const milliseconds = Math.round(performance.now() - started);
  report(`${orders ? orders.length : 0} orders, ${sites.length} sites, ${milliseconds} ms; a redraw ${redraw()} ms`);
}

/** How long it takes to draw every layer anew, in milliseconds, in the middle of nine times. */
function redraw() {
  const times = Array.from({ length: 9 }, () => {
    const started = performance.now();
    forget(...Object.keys(layers));
    drawNow();
    return performance.now() - started;
  });
  return Math.round(times.sort((a, b) => a - b)[4]);
}

function report(text) {
  const outcome = troubles.length ? `selftest failed: ${troubles.join('; ')}` : `selftest passed: ${text}`;
  document.title = outcome;
  $('selftest')?.remove();
  document.body.append(make('p', { id: 'selftest', hidden: '' }, outcome));
}
