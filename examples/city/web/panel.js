// The panel beside the map: numbers, layers, and what is selected in words.

const SYMBOLS = {
  0: '<svg viewBox="0 0 18 18"><circle class="s-nearest" cx="9" cy="9" r="4.5"/></svg>',
  1: '<svg viewBox="0 0 18 18"><path class="s-detour" d="M9 2.5l6.5 6.5L9 15.5 2.5 9z"/></svg>',
  2: '<svg viewBox="0 0 18 18"><path class="s-unassigned" d="M4.5 4.5l9 9m0-9l-9 9"/></svg>',
  leader: '<svg viewBox="0 0 18 18"><circle class="s-site" cx="9" cy="9" r="6.5"/><path class="s-load" d="M2.5 9a6.5 6.5 0 0 0 13 0z"/></svg>',
  store: '<svg viewBox="0 0 18 18"><rect class="s-site" x="2" y="2" width="14" height="14"/><path class="s-load" d="M2.7 9h12.6v6.3H2.7z"/></svg>',
  lines: '<svg viewBox="0 0 18 18"><path class="s-line" d="M9 9L2 3M9 9l7-5M9 9l-5 7M9 9l6 6"/></svg>',
  cells: '<svg viewBox="0 0 18 18"><path fill="#1f9e89" d="M9 1.5l6.5 3.750v7.5L9 16.5l-6.5-3.750v-7.5z"/></svg>',
  river: '<svg viewBox="0 0 18 18"><path d="M7 17 11 1" fill="none" stroke="var(--water)" stroke-width="6"/><path d="m3 8 12 3" fill="none" stroke="currentColor" stroke-width="2"/></svg>',
  catchments: '<svg viewBox="0 0 18 18"><path class="s-a" d="M1 1h9L7 9H1z"/><path class="s-b" d="M10 1h7v10H7V9z"/><path class="s-c" d="M1 9h6v2h10v6H1z"/></svg>',
};

function icon(name) {
  const holder = make('span');
  holder.innerHTML = SYMBOLS[name];
  holder.firstChild.setAttribute('aria-hidden', 'true');
  return holder.firstChild;
}

const NAMES = ['to the nearest', 'to a farther one', 'without a place'];

function fillPanel() {
  $('about').textContent = city.about;
  $('title').textContent = city.title;
  $('proof').append(`The ${city.method} plan`, ...(city.proven ? [', ', make('b', {}, 'proven optimal')] : []));
  $('numbers').append(...city.numbers.map(([name, number]) =>
    make('div', {}, make('dt', {}, name), make('dd', {}, number))));
  fillLayers();
  const { methods, rows } = city.compared;
  $('compared').querySelector('table').append(
    make('thead', {}, make('tr', {}, make('th'), ...methods.map((name) => make('th', { scope: 'col' }, name)))),
    make('tbody', {}, ...rows.map(([what, numbers]) =>
      make('tr', {}, make('td', {}, what.trim()), ...numbers.map((number) => make('td', {}, number))))),
  );
}

function fillLayers() {
  const row = (name, symbol, text, number, layer) => make('label', {},
    make('input', { type: 'checkbox', 'data-layer': name, ...(on[name] ? { checked: '' } : {}), onchange: (event) => {
      on[name] = event.target.checked;
      forget(...layer);
    } }),
    icon(symbol), text, number === null ? null : make('span', { class: 'count' }, count(number)));
  const stores = sites.store.reduce((sum, one) => sum + one, 0);
  const sub = (...children) => make('div', { class: 'sub' }, ...children);
  const list = [
    row('sites', stores === sites.length ? 'store' : 'leader', 'Pickup points', sites.length, ['sites']),
    sub('filled as far as they are full; ',
      stores && stores < sites.length ? 'squares are stores; ' : '', 'struck out if paused'),
  ];
  if (orders) {
    const numbers = [0, 0, 0];
    orders.verdict.forEach((verdict) => numbers[verdict]++);
    NAMES.forEach((name, verdict) => list.push(
      row(verdict, verdict, `Orders ${name}`, numbers[verdict], ['orders', 'lines'])));
    list.push(row('lines', 'lines', 'Lines from orders to pickup points', null, ['lines']));
  }
  const options = { demand: 'how much is ordered', unassigned: 'how much goes without', walk: 'how far people walk' };
  const choose = make('select', { 'aria-label': 'Cells are coloured by', onchange: (event) => {
    measure = event.target.value;
    fillRamp();
    forget('cells');
  } }, ...Object.entries(options).map(([value, text]) => make('option', { value }, text)));
  list.push(row('cells', 'cells', 'H3 cells', cells.length, ['cells']),
    sub(choose, make('div', { class: 'ramp' }), make('div', { class: 'ends' })),
    row('catchments', 'catchments', 'Catchments', city.catchments.length, ['catchments']));
  if (city.river) {
    list.push(row('river', 'river', 'River with its bridges', city.river.bridges.length / 2, ['river']),
      sub('this plan counts walks as the crow flies, across it'));
  }
  $('layers').append(...list);
  fillRamp();
}

function fillRamp() {
  const [, , text] = MEASURES[measure], top = topOf(city, measure);
  $('layers').querySelector('.ramp').style.background = `linear-gradient(90deg, ${VIRIDIS})`;
  const most = measure === 'unassigned' ? text(top) : `${text(top)} and more`;
  $('layers').querySelector('.ends').replaceChildren(make('span', {}, text(0)), make('span', {}, most));
}

/** Up to eight names that begin with what is typed. */
function suggest() {
  const typed = $('query').value.trim(), found = [];
  $('missed').textContent = '';
  if (typed) {
    for (const names of [sites.name, orders?.name ?? []]) {
      for (const name of names) if (name.startsWith(typed) && found.push(name) >= 8) break;
    }
  }
  $('matches').replaceChildren(...found.slice(0, 8).map((value) => make('option', { value })));
}

/** A word for the pointer. */
function shortly({ kind, i }) {
  if (kind === 'cell') return `${count(cells.orders[i])} orders`;
  if (kind === 'site') return `${sites.name[i]} · ${loadText(i)}`;
  const mates = matesOf(i).length;
  const more = mates > 1 ? ` and ${count(mates - 1)} more here` : '';
  return `${orders.name[i]} · ${orders.site[i] === NOBODY ? 'goes nowhere' : metres(orders.walk[i])}${more}`;
}

function loadText(i) {
  const capacity = sites.capacity[i];
  return capacity === null ? `${count(evening.loads[i])} orders` : `${count(evening.loads[i])} of ${count(capacity)}`;
}

function siteLink(i, text = sites.name[i]) {
  const go = () => select('site', i, { go: view.scale });
  return make('button', { class: 'link', type: 'button', onclick: go }, text);
}

function orderLink(i) {
  const go = () => select('order', i, { go: view.scale });
  return make('button', { class: 'link', type: 'button', onclick: go }, orders.name[i]);
}

const facts = (pairs) => make('dl', { class: 'facts' },
  ...pairs.flatMap(([name, ...fact]) => [make('dt', {}, name), make('dd', {}, ...fact)]));

function showCard() {
  const cards = { order: orderCard, site: siteCard, cell: cellCard };
  $('panel').classList.toggle('picked', Boolean(selected));
  $('card').replaceChildren(...(selected ? cards[selected.kind](selected.i) : hintCard()));
}

function hintCard() {
  const look = [];
  const button = (text, kind, i, go) => {
    look.push(make('button', { type: 'button', onclick: () => select(kind, i, { go }) }, text));
  };
  if (orders) {
    let farthest = NOBODY, most = 0, without = NOBODY;
    for (let i = 0; i < orders.length; i++) {
      const detour = orders.verdict[i] === DETOUR ? orders.walk[i] - orders.near[i] : 0;
      if (detour > most) [farthest, most] = [i, detour];
      if (orders.verdict[i] !== UNASSIGNED) continue;
      // Rather one that somebody could serve.
      if (without === NOBODY || (orders.nearest[i] !== NOBODY && orders.nearest[without] === NOBODY)) without = i;
    }
    if (farthest !== NOBODY) button('the longest detour', 'order', farthest, 0.11);
    if (without !== NOBODY) button('an order without a place', 'order', without, 0.11);
  }
  const wanted = sites.missed ?? sites.load;
  const site = wanted.reduce((best, number, i) => (number > wanted[best] ? i : best), 0);
  const what = sites.missed ? 'the place most wished for' : 'the busiest place';
  if (wanted[site] > 0) button(what, 'site', site, orders ? 0.09 : 0);
  return [
    make('h2', {}, orders ? 'Why there?' : 'What is where?'),
    make('p', { class: 'verdict' }, orders ? 'Click an order or a pickup point for the reason, or look at'
      : 'Click a pickup point or a cell for its numbers, or look at'),
    make('div', { class: 'look' }, ...look),
  ];
}

function orderCard(i) {
  const site = orders.site[i], nearest = orders.nearest[i], story = city.stories.get(i), verdict = orders.verdict[i];
  const mates = matesOf(i);
  const pairs = [];
  if (site !== NOBODY) pairs.push(['goes to', siteLink(site), ` ${metres(orders.walk[i])}`]);
  if (nearest !== NOBODY && nearest !== site) pairs.push(['nearest', siteLink(nearest), ` ${metres(orders.near[i])}`]);
  if (city.evening) pairs.push(['ordered at', timeOfDay(city.evening, orders.placed[i])]);
  const said = story ? city.texts[story.reasons]
    : `It is ${metres(orders.walk[i])} away, and no pickup point that may take the order is nearer.`;
  return [
    make('h2', {}, icon(verdict), `Order ${orders.name[i]}`),
    make('p', { class: 'verdict' }, verdict === UNASSIGNED ? 'goes nowhere' : `goes ${NAMES[verdict]}`),
    facts(pairs),
    ...sentences(said),
    story ? considered(story) : null,
    mates.length > 1 ? make('div', { class: 'mates' },
      `${count(mates.indexOf(i) + 1)} of ${count(mates.length)} at this address`,
      make('button', { type: 'button', 'aria-label': 'Previous at this address', onclick: () => step(-1) }, '‹'),
      make('button', { type: 'button', 'aria-label': 'Next at this address', onclick: () => step(1) }, '›')) : null,
  ].filter(Boolean);
}

/** A paragraph for each line; indented lines are a list. */
function sentences(text) {
  const parts = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith(' ')) parts.push(make('p', {}, line));
    else if (parts.at(-1)?.tagName === 'UL') parts.at(-1).append(make('li', {}, line.trim()));
    else parts.push(make('ul', {}, make('li', {}, line.trim())));
  }
  return parts;
}

function considered(story) {
  const rows = story.considered.map(([site, distance, text]) => make('tr', {},
    make('td', {}, siteLink(site)), make('td', {}, metres(distance)), make('td', { class: 'says' }, city.texts[text])));
  if (story.more) rows.push(make('tr', {}, make('td', { colspan: 3, class: 'says' }, `and ${count(story.more)} more`)));
  const table = make('table', {}, make('tbody', {}, ...rows));
  return make('div', { class: 'list' }, make('h3', {}, 'Considered, nearest first'), table);
}

function siteCard(i) {
  const capacity = sites.capacity[i], share = shareOf(sites, i, evening.loads[i]);
  const pairs = [[orders ? 'orders' : 'load', loadText(i)]];
  const its = sites.orders?.[i] ?? [];
  if (its.length) {
    const walk = its.reduce((sum, order) => sum + orders.walk[order], 0) / its.length;
    const farthest = its.reduce((best, order) => (orders.walk[order] > orders.walk[best] ? order : best), its[0]);
    pairs.push(['mean walk', metres(walk)], ['farthest', orderLink(farthest), ` ${metres(orders.walk[farthest])}`]);
  }
  if (sites.missed) pairs.push(['nearest here, sent elsewhere', count(sites.missed[i])]);
  if (sites.radius_m[i] !== null) pairs.push(['serves', `${count(sites.radius_m[i])} m around`]);
  const bar = make('i');
  bar.style.width = `${100 * Math.min(1, share)}%`;
  return [
    make('h2', {}, icon(sites.store[i] ? 'store' : 'leader'), sites.name[i]),
    make('p', { class: 'verdict' }, `${sites.store[i] ? 'Store' : 'Community leader'}${sites.open[i] ? '' : ', paused'}`),
    capacity ? make('div', { class: share > 1 ? 'bar over' : 'bar' }, bar) : null,
    facts(pairs),
    make('p', {}, sites.text[i]),
  ].filter(Boolean);
}

function cellCard(i) {
  return [
    make('h2', {}, icon('cells'), `${count(cells.orders[i])} orders`),
    make('p', { class: 'verdict' }, `H3 cell ${cells.cell[i]}`),
    facts([
      ['without a place', count(cells.unassigned[i])],
      ['to a farther one', count(cells.detoured[i])],
      ['mean walk', cells.walk[i] === null ? 'nobody walks' : `${count(cells.walk[i])} m`],
    ]),
  ];
}
