// What lies on a map: the one that ships with the checkpoint, or one fitted to somebody's own sentences.
const { t, make, button, choice, select, field, slider } = vg;
const LANGUAGES = Object.keys(vg.names);
const TITLES = { umap2: 'UMAP 2-D', umap3: 'UMAP 3-D', pca2: 'PCA 2-D', pca3: 'PCA 3-D' };
const LENGTHS = [[0, 5], [6, 8], [9, 12], [13, Infinity]];
const QUIET = -1;  // the category of a point that a factor says nothing of
const axes = (projection) => Number(projection.at(-1));

/** The shipped map, made of map.json. */
function shippedSheet(data, checkpoint) {
  const { group, language, texts, n_probes: probes, coordinates } = data;
  const textOf = (i, code = data.languages[language[i]]) => texts[code][group[i]];
  const isProbe = (i) => group[i] < probes;
  const colourings = {
    language: { label: t('Language'), names: data.languages.map((code) => vg.nameOf(code)), of: (i) => language[i] },
    kind: { label: t('Probe or sample'), names: [t('Caption of the probe set'), t('Sample of the model')], of: (i) => (isProbe(i) ? 0 : 1) },
    length: lengths(textOf),
    cluster: { label: t('Cluster'), names: data.clusters, of: (i) => data.cluster[i] },
  };
  for (const [name, values] of Object.entries(data.factor_values)) {
    if (name in colourings) continue;  // the length, which samples have too
    const silent = values.indexOf('none');
    const codes = data.factors[name].map((value) => (value === silent ? QUIET : value));
    colourings[name] = { label: titled(name), names: values.filter((_, k) => k !== silent), of: (i) => (isProbe(i) ? codes[group[i]] : QUIET) };
  }
  return {
    isOwn: false, n: group.length, textOf, colourings, checkpoint,
    textsOf: (i) => Object.fromEntries(data.languages.map((code) => [code, textOf(i, code)])),
    languageOf: (i) => data.languages[language[i]],
    say: (i) => (isProbe(i) ? t('Caption of the probe set') : t('Sample of the model')),
    facts: (i) => (isProbe(i) ? Object.entries(data.factor_values).map(([name, values]) => [name.replace('_', ' '), values[data.factors[name][group[i]]]]) : [[t('seed'), String(group[i] - probes)]]),
    at: (projection) => coordinates[projection === 'pca2' ? 'pca3' : projection].slice(0, axes(projection)),
    projections: Object.keys(TITLES), caption: (projection) => caption(projection, data.about, checkpoint, group.length, data.about.prior ?? 'normal'),
    shares: data.about.pca_shares, isProbe,
  };
}

/** A map of somebody's own sentences, as the answer to a fit. */
function ownSheet({ lines, languages, where, about }, checkpoint) {
  const columns = Object.fromEntries(Object.entries(where).map(([name, rows]) => [name, rows[0].map((_, k) => rows.map((row) => row[k]))]));
  const textOf = (i) => lines[i], codes = [...new Set([...LANGUAGES, ...languages])];
  return {
    isOwn: true, n: lines.length, textOf, checkpoint, textsOf: (i) => ({ [languages[i]]: lines[i] }), languageOf: (i) => languages[i],
    say: () => t('Your sentence'), facts: () => [], isProbe: () => false,
    colourings: { language: { label: t('Language'), names: codes.map((code) => vg.nameOf(code)), of: (i) => codes.indexOf(languages[i]) }, length: lengths(textOf) },
    at: (projection) => columns[projection], projections: Object.keys(columns),
    caption: (projection) => caption(projection, about, checkpoint, lines.length), shares: about.pca_shares,
  };
}

const titled = (name) => t(name[0].toUpperCase() + name.slice(1).replace('_', ' '));

function lengths(textOf) {
  return {
    label: t('Length in words'), names: LENGTHS.map(([low, high]) => (high < 99 ? `${low}–${high}` : `${low}+`)),
    of: (i) => { const n = textOf(i).split(' ').length; return LENGTHS.findIndex(([low, high]) => n >= low && n <= high); },
  };
}

/** What a figure says of itself: checkpoint, prior of the samples if there are any, parameters, seed. */
function caption(projection, about, checkpoint, n, prior = '') {
  const how = projection.startsWith('umap')
    ? t('{n} neighbours, minimum distance {d}, metric {metric}, seed {seed}', { n: about.n_neighbors, d: about.min_dist, metric: about.metric, seed: about.random_state })
    : t('{shares} of the variance', { shares: about.pca_shares.slice(0, axes(projection)).map((share) => `${(100 * share).toFixed(1)} %`).join(' + ') });
  const from = [...(checkpoint ? [t('checkpoint {name}', { name: checkpoint })] : []), ...(prior ? [t('samples from the {prior} prior', { prior })] : []), t('{n} points', { n: n.toLocaleString('en') })];
  return `${TITLES[projection]}: ${how} · ${from.join(', ')}`;
}
