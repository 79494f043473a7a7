// Part of attention.js: source words, slots and target words with bands between them; what is focused lights up.
const FONT = 15, TOP = 26, GAP = 40;
const ruler = document.createElement('canvas').getContext('2d');
function widthOf(text) {
  ruler.font = `${FONT}px ${getComputedStyle(view.body).fontFamily}`;
  return ruler.measureText(text).width;
}
const longest = (texts) => Math.max(0, ...texts.map(widthOf));
function fit(text, width) {
  let n = text.length;
  while (n > 1 && widthOf(text.slice(0, n) + (n < text.length ? '…' : '')) > width) n -= 1;
  return text.slice(0, n) + (n < text.length ? '…' : '');
}

/** What a figure was made with, in as many lines as it takes; the small letters are 0.8 of the measured ones. */
function wrap(parts, width) {
  return parts.reduce((lines, part) => {
    const longer = [...lines.slice(-1), part].join(' · ');
    return lines.length && 0.8 * widthOf(longer) > width ? [...lines, part] : [...lines.slice(0, -1), longer];
  }, []);
}

/** Draws the sides in one figure, beside each other or below, and gives each its facts under the figure. */
function drawPictures(sides) {
  const total = view.body.clientWidth, beside = sides.length > 1 && total > 640, width = beside ? (total - GAP) / 2 : total;
  let x = 0, y = 0, bottom = 0;
  const pictures = sides.map((data, i) => {
    const height = Math.max(27 * Math.max(data.side.source.length, data.side.target.length), 23 * view.answer.n_slots) + TOP;
    const picture = drawPicture(data, i, width, height);
    picture.group.setAttribute('transform', `translate(${x} ${y})`);
    bottom = Math.max(bottom, y + height);
    if (beside) x += width + GAP; else y += height + 16;
    return picture;
  });
  const about = wrap([view.answer.checkpoint, params.context === 'latent' ? t('latent only') : t('source + latent'), selection('encoder'), selection('decoder'), t('weights from {n} %', { n: params.threshold })], total);
  const captions = about.map((line, i) => svg('text', { class: 'vg-attention-about', x: 0, y: bottom + 16 + 14 * i }, [], line));
  bottom += 16 + 14 * about.length;
  figure.replaceChildren(...pictures.map((one) => one.group), ...captions);
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${total} ${bottom}`, width: total, height: bottom })) figure.setAttribute(name, value);
  readouts.replaceChildren(...pictures.map((one) => one.readout));
}

function drawPicture(data, index, width, height) {
  const { side } = data;
  const group = svg('g'), readout = make('div', 'vg-attention-readout');
  const place = layout(data, width, height), facts = factsOf(data, place), { columns, y } = place;
  const base = svg('g', { class: 'vg-attention-bands' }, facts.all()), lit = svg('g', { class: 'vg-attention-lit' });
  const nodes = {};
  const pinned = () => (params.pin?.side === index && nodes[params.pin.column]?.[params.pin.index] ? params.pin : {});
  function light(column, i) {
    const fact = column ? facts[column](i) : facts.rest();
    group.classList.toggle('vg-attention-on', Boolean(column));
    lit.replaceChildren(...(column ? fact.draw() : []));
    for (const [name, list] of Object.entries(nodes)) list.forEach((node, j) => {
      node.classList.toggle('vg-shown', name === column && i === j);
      node.setAttribute('aria-pressed', String(pinned().column === name && pinned().index === j));
    });
    readout.replaceChildren(make('p', 'vg-attention-fact', fact.title), make('dl', '', undefined, {}, fact.rows.flatMap(([term, text]) => [make('dt', '', term), make('dd', '', text)])));
  }
  const rest = () => light(pinned().column, pinned().index);
  function pin(column, i) {
    const same = pinned().column === column && pinned().index === i;
    params.pin = same ? null : { side: index, column, index: i };
    redraw();
    vg.say(same ? t('Let go') : t('Kept: {word}', { word: columns[column].labels[i] }));
  }
  function move(event, column, i) {
    const names = Object.keys(columns), n = columns[column].labels.length, side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: n - 1 }[event.key];
    if (event.key === 'Enter' || event.key === ' ') pin(column, i);
    else if (event.key === 'Escape') { params.pin = null; redraw(); vg.say(t('Let go')); }
    else if (side || next !== undefined) {
      const name = side ? names[names.indexOf(column) + side] ?? column : column, list = nodes[name];
      const to = list[Math.max(0, Math.min(list.length - 1, next ?? Math.round(((i + 0.5) * list.length) / n - 0.5)))];
      for (const one of Object.values(nodes).flat()) one.setAttribute('tabindex', one === to ? '0' : '-1');
      to.focus();
    } else return;
    event.preventDefault();
  }
  for (const [column, { labels }] of Object.entries(columns)) nodes[column] = labels.map((label, i) => {
    const fact = facts[column](i), node = drawNode(place, side, column, i);
    for (const [name, value] of Object.entries({ role: 'button', tabindex: '-1', 'data-key': `${index}-${column}-${i}`, 'aria-label': `${fact.title}. ${fact.rows.map((row) => row.join(': ')).join('. ')}` })) node.setAttribute(name, value);
    node.addEventListener('pointerenter', () => light(column, i));
    node.addEventListener('pointerleave', rest);
    node.addEventListener('focus', () => light(column, i));
    node.addEventListener('blur', rest);
    node.addEventListener('click', () => pin(column, i));
    node.addEventListener('keydown', (event) => move(event, column, i));
    return node;
  });
  (nodes[pinned().column ?? 'target'][pinned().index ?? 0]).setAttribute('tabindex', '0');
  const title = (column, anchor, text) => svg('text', { class: 'vg-attention-title', x: columns[column].x, y: 12, 'text-anchor': anchor }, [], text);
  const language = (code) => (code ? vg.nameOf(code) : t('Sentence'));
  group.append(
    title('source', 'end', language(side.source_language)), title('target', 'start', language(side.language)), ...(columns.slot ? [title('slot', 'middle', t('Slots'))] : []),
    base, lit, ...Object.values(nodes).flat(),
  );
  rest();
  return { group, readout };
}

/** Where everything is: columns with their labels, heights, and the ends of the bands. */
function layout({ side, slotWord }, width, height) {
  const room = Math.max(60, 0.36 * width - 20), least = Math.min(room, 0.14 * width);
  const margin = (labels) => Math.max(least, Math.min(room, longest(labels))) + 14;
  const left = margin(side.source), right = width - margin(side.target), middle = (left + right) / 2;
  const columns = { source: { labels: side.source, x: left }, ...(slotWord.length && { slot: { labels: slotWord.map((_, m) => String(m)), x: middle } }), target: { labels: side.target, x: right } };
  const step = (column) => (height - TOP) / columns[column].labels.length;
  return { columns, room, width, left, right, middle, step, y: (column, i) => TOP + (i + 0.5) * step(column) };
}

function drawNode({ columns, y, step, room, width }, side, column, i) {
  const { labels: { [i]: label }, x } = columns[column], cy = y(column, i), tall = Math.min(step(column), 30);
  const [from, to, anchor] = { source: [0, x + 6, 'end'], slot: [x - 12, x + 12, 'middle'], target: [x - 6, width, 'start'] }[column];
  const short = column === 'slot' ? label : fit(label, room);
  return svg('g', { class: `vg-attention-node vg-attention-${column}` }, [
    svg('rect', { class: 'vg-attention-hit', x: from, y: cy - tall / 2, width: to - from, height: tall }),
    ...(column === 'slot' ? [svg('circle', { cx: x, cy, r: 10 })] : []),
    svg('text', { x, y: cy, 'dominant-baseline': 'central', 'text-anchor': anchor, lang: { source: side.source_language, target: side.language }[column] ?? '' }, [], short),
    ...(short === label ? [] : [svg('title', {}, [], label)]),
  ]);
}

/** What there is to say and to light up about each node: {title, rows of [term, text], draw}. */
function factsOf({ side, slotWord, targetSlot, direct, hops, through }, { columns, y, width, left, right, middle }) {
  const slots = columns.slot?.labels ?? [], source = direct[0].length > 0;
  const curve = (x1, y1, x2, y2, weight, className, thin = 1) => svg('path', {
    class: className, d: `M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`,
    'stroke-width': (0.8 + 15 * thin * weight).toFixed(2), 'stroke-opacity': Math.min(1, 0.16 + 1.4 * weight).toFixed(3),
  });
  const hop1 = (s, m, w) => curve(left + 6, y('source', s), middle - 11, y('slot', m), w, 'vg-attention-band');
  const hop2 = (m, i, w) => curve(middle + 11, y('slot', m), right - 6, y('target', i), w, 'vg-attention-band');
  const straight = (s, i, w, thin) => curve(left + 6, y('source', s), right - 6, y('target', i), w, 'vg-attention-direct', thin);
  /** The bands of those weights that reach the threshold. */
  const bands = (rows, draw) => rows.flatMap((row, i) => row.map((w, j) => (w > 0 && w >= params.threshold / 100 ? draw(i, j, w) : null))).filter(Boolean);
  /** The strongest band of each row, whatever the threshold, so that each target word has a line. */
  const strongest = (rows, draw) => rows.filter((row) => row.length).map((row, i) => { const w = Math.max(...row); return draw(i, row.indexOf(w), w); });
  /** Bars under the words of a column, as long as their shares; `row` 1, dashed, is what goes straight. */
  const bars = (column, weights, row) => weights.flatMap((w, i) => {
    if (w < 0.02) return [];
    const from = column === 'source' ? left : right, to = column === 'source' ? left - w * (left - 8) : right + w * (width - right - 8), at = y(column, i) + 10 + 4 * row;
    return [svg('line', { class: row ? 'vg-attention-bar-direct' : 'vg-attention-bar', x1: from, x2: to, y1: at, y2: at })];
  });
  const list = (labels, weights) => labels.map((label, i) => [label, weights[i]]).sort((p, q) => q[1] - p[1]).slice(0, 4).filter(([, w]) => w >= 0.01).map(([label, w]) => `${label}\u00a0(${share(w)})`).join(', ') || t('nothing over 1 %');
  const best = (rows) => rows.slice(0, -1).map((row, i) => `${side.target[i]}\u00a0←\u00a0${side.source[row.indexOf(Math.max(...row))]}`).join(', ');
  const mean = (rows) => share(sum(rows.map(sum)) / rows.length);
  return {
    all: () => [...bands(slotWord, (m, s, w) => hop1(s, m, w)), ...bands(targetSlot, (i, m, w) => hop2(m, i, w)), ...(slots.length ? [] : bands(direct, (i, s, w) => straight(s, i, w))), ...(source ? strongest(direct, (i, s, w) => straight(s, i, w, 0.2)) : strongest(targetSlot, (i, m, w) => hop2(m, i, w)))],
    rest: () => ({
      title: t('Where each word looks most'),
      rows: [...(slots.length ? [[t('Through slots, {p}', { p: mean(targetSlot) }), best(through)]] : []), ...(source ? [[t('Straight, {p}', { p: mean(direct) }), best(direct)]] : [])],
    }),
    target: (i) => ({
      title: t('The step that writes “{word}” looks', { word: side.target[i] }),
      rows: [
        ...(slots.length ? [[t('At slots, {p}', { p: share(sum(targetSlot[i])) }), list(slots, targetSlot[i])], [t('Through them'), list(side.source, through[i])]] : []),
        ...(source ? [[t('At words, {p}', { p: share(sum(direct[i])) }), list(side.source, direct[i])]] : []),
      ],
      draw: () => [...bands([direct[i]], (_, s, w) => straight(s, i, w)), ...bands([targetSlot[i]], (_, m, w) => hop2(m, i, w)), ...bands(hops[i], (m, s, w) => hop1(s, m, w)), ...bars('source', through[i], 0), ...bars('source', direct[i], 1)],
    }),
    slot(m) {
      const readers = targetSlot.map((row) => row[m]);
      return {
        title: t('Slot {n}', { n: m }),
        rows: [[t('Looks at words, {p}', { p: share(sum(slotWord[m])) }), list(side.source, slotWord[m])], [t('Looked at by'), list(side.target, readers)]],
        draw: () => [...bands([slotWord[m]], (_, s, w) => hop1(s, m, w)), ...bands([readers], (_, i, w) => hop2(m, i, w)), ...bars('source', slotWord[m], 0), ...bars('target', readers, 0)],
      };
    },
    source(s) {
      const readers = slotWord.map((row) => row[s]), passed = through.map((row) => row[s]), last = direct.map((row) => row[s] ?? 0);
      return {
        title: `“${side.source[s]}”`,
        rows: [...(slots.length ? [[t('Looked at by slots'), list(slots, readers)], [t('Through them by'), list(side.target, passed)]] : []), ...(source ? [[t('Straight by'), list(side.target, last)]] : [])],
        draw: () => [...bands([last], (_, i, w) => straight(s, i, w)), ...bands([readers], (_, m, w) => hop1(s, m, w)), ...bands(hops.map((paths) => paths.map((words) => words[s])), (i, m, w) => hop2(m, i, w)), ...bars('target', passed, 0), ...bars('target', last, 1)],
      };
    },
  };
}
