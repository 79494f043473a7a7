// Part of attention.js: the heat map of a kind, and the strip of entropies that chooses its layer and head.
function drawMap(data, index) {
  const map = matrix(data);
  if (!map.values.length) return make('p', 'vg-caption', nothing());
  const head = make('p', 'vg-attention-fact'), drawing = drawHeat(map, index, head), file = `vaegen-attention-${params.kind}`;
  const tools = make('div', 'vg-tools', undefined, {}, [
    button('SVG', () => vg.download(file + '.svg', vg.standalone(drawing), 'image/svg+xml'), { kind: 'link', title: t('Download the heat map') }),
    button('PNG', async () => vg.download(file + '.png', await vg.png(drawing)), { kind: 'link', title: t('Download the heat map') }),
  ]);
  return make('div', 'vg-attention-map', undefined, {}, [
    strip(data.side, map, index),
    make('div', 'vg-attention-heat-box', undefined, {}, [make('div', 'vg-bar', undefined, {}, [head, tools]), make('div', 'vg-attention-scroll', undefined, {}, [drawing])]),
  ]);
}

/** Why a kind of heat map has nothing to show. */
function nothing() {
  if (params.kind === 'decoder') return t('The decoder of this checkpoint is an LSTM: it remembers what it has written and does not look back at it.');
  if (params.kind === 'encoder') return t('The encoder of this checkpoint is an LSTM: its words do not look at each other; “Slots at source words” shows what its slots read.');
  return view.answer.n_slots ? t('With “latent only” the decoder sees no source words.') : t('This checkpoint has no slots.');
}

/** The heat map; `head` says what the pointer or the arrow keys are at. */
function drawHeat(map, index, head) {
  const n = view.answer.sides.length, room = n > 1 && maps.clientWidth > 640 ? (maps.clientWidth - GAP) / 2 : maps.clientWidth;
  const left = Math.min(110, longest(map.rows) * 0.82 + 10), top = Math.min(96, longest(map.columns) * 0.62 + 14), slant = top * 0.7;
  const size = Math.max(13, Math.min(30, (room - left - slant - 4) / (map.columns.length + 0.4))), tall = Math.max(16, Math.min(size, 24));
  const x = (c) => left + c * size + (map.rest && c === map.columns.length - 1 ? 0.4 * size : 0), y = (r) => top + r * tall;
  const isRest = (c) => map.rest && c === map.columns.length - 1;
  const most = Math.max(1e-6, ...map.values.flatMap((row) => row.filter((_, c) => !isRest(c))));
  const right = x(map.columns.length - 1) + size, foot = `${view.answer.checkpoint} · ${selection(map.part)} · 0 … ${share(most)}`;
  const tick = (text, attributes) => svg('text', { class: 'vg-attention-tick', ...attributes }, [], fit(text, 130));
  const cell = (r, c, w) => svg('rect', {
    class: 'vg-attention-cell' + (isRest(c) ? ' vg-attention-rest' : ''), x: x(c), y: y(r), width: size - 1, height: tall - 1,
    'fill-opacity': (isRest(c) ? 0.6 * w : w / most).toFixed(3),
  });
  const cursor = svg('rect', { class: 'vg-attention-cursor', width: size - 1, height: tall - 1, visibility: 'hidden' });
  const label = `${kind.querySelector('option:checked').textContent}. ${foot}. ${t('Arrow keys read the weights.')}`;
  const frame = { width: Math.max(right + slant, Math.min(room, 320)), height: y(map.rows.length) + 20 };
  const drawing = svg('svg', { class: 'vg-attention-heat', role: 'img', tabindex: '0', 'aria-label': label, 'data-key': 'heat-' + index, ...frame }, [
    ...map.columns.map((text, c) => tick(text, { transform: `translate(${x(c) + size / 2} ${top - 5}) rotate(-45)` })),
    ...map.rows.map((text, r) => tick(text, { x: left - 6, y: y(r) + tall / 2, 'text-anchor': 'end', 'dominant-baseline': 'central' })),
    ...map.values.flatMap((row, r) => row.map((w, c) => cell(r, c, w))),
    cursor, svg('text', { class: 'vg-attention-about', x: 0, y: y(map.rows.length) + 14 }, [], foot),
  ]);
  let at = [0, 0];
  function show(r, c) {
    at = [Math.max(0, Math.min(r, map.rows.length - 1)), Math.max(0, Math.min(c, map.columns.length - 1))];
    for (const [name, value] of Object.entries({ x: x(at[1]), y: y(at[0]), visibility: 'visible' })) cursor.setAttribute(name, value);
    head.textContent = `${map.rows[at[0]]} → ${map.columns[at[1]]}: ${share(map.values[at[0]][at[1]])}`;
  }
  function hide() {
    cursor.setAttribute('visibility', 'hidden');
    head.textContent = t('Point at a cell, or move with the arrow keys.');
  }
  drawing.addEventListener('pointermove', (event) => {
    const edge = drawing.getBoundingClientRect(), r = Math.floor((event.clientY - edge.top - top) / tall), px = event.clientX - edge.left;
    const c = map.columns.findIndex((_, i) => px >= x(i) && px < x(i) + size);
    if (r >= 0 && r < map.rows.length && c >= 0) show(r, c); else hide();
  });
  drawing.addEventListener('pointerleave', hide);
  drawing.addEventListener('focus', () => show(...at));
  drawing.addEventListener('blur', hide);
  drawing.addEventListener('keydown', (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    show(at[0] + step[0], at[1] + step[1]);
    vg.say(head.textContent);
  });
  hide();
  return drawing;
}

/** Entropy of each layer and head; every cell is the button that chooses it, a second press goes back to the mean. */
function strip(side, map, index) {
  const table = side.entropy[map.entropy], [layer, head] = chosen(map.part, [table.length, table[0].length]);
  const most = Math.log({ encoder: side.encoder, slots: side.encoder, decoder: side.decoder, cross: side.cross }[map.entropy].shape[3]);
  function pick(l, h, text, entropy) {
    const on = l === layer && h === head;
    const node = button(text, () => set({ [map.part]: on ? [-1, -1] : [l, h] }), { key: `head-${index}-${l}-${h}` });
    node.className = 'vg-attention-pick';
    node.setAttribute('aria-pressed', String(on));
    if (entropy !== undefined) {
      node.style.setProperty('--share', Math.min(1, entropy / most));
      node.setAttribute('aria-label', t('layer {l}, head {h}: entropy {e} nats', { l, h, e: text }));
    }
    return node;
  }
  const cell = (tag, child, attributes = {}) => make(tag, '', undefined, attributes, [child]);
  return make('div', 'vg-attention-strip', undefined, {}, [
    make('table', '', undefined, { 'aria-label': t('Entropy by layer and head') }, [
      make('tr', '', undefined, {}, [cell('th', pick(-1, -1, t('mean'))), ...table[0].map((_, h) => cell('th', pick(-1, h, t('head {n}', { n: h })), { scope: 'col' }))]),
      ...table.map((row, l) => make('tr', '', undefined, {}, [cell('th', pick(l, -1, t('layer {n}', { n: l })), { scope: 'row' }), ...row.map((e, h) => cell('td', pick(l, h, e.toFixed(2), e)))])),
    ]),
    make('p', 'vg-caption', t('Entropy of the rows in nats: 0 looks at one place, {n} at all alike. Choose a layer, a head or the mean; the picture above follows.', { n: most.toFixed(2) })),
  ]);
}
