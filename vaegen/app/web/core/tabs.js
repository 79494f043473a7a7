// The open tab: by whom it is opened, and how the browser's history and a reload bring it back.
import { encode, write } from './link.js';
import { begin, change, keepers, snapshot, state, TABS } from './state.js';

/** @param {string} name */
const buttonOf = (name) => document.getElementById(`tab-${name}-button`);
const isOpen = (/** @type {string} */ name) => buttonOf(name)?.getAttribute('aria-selected') === 'true';

/** Opens a tab. The bar is drawn some time after the modules ran: patience. @param {string} name */
export function openTab(name, patience = 400) {
  const tab = buttonOf(name);
  if (tab) tab.click();
  else if (patience) setTimeout(() => openTab(name, patience - 1), 50);
}

/** The address of exactly this state: sentences, latents, checkpoint, the open tab, every view's own settings. */
export const link = () => `${location.origin}${location.pathname}?state=${encode(snapshot())}`;

/** The address of a step of a lesson, for a handout. @param {string} lesson @param {number} step */
export const stepLink = (lesson, step) => `${location.origin}${location.pathname}?lesson=${lesson}&step=${step + 1}`;

/** What the browser keeps with this entry of its history; what others keep there stays. */
const entry = () => ({ ...history.state, vaegen: snapshot() });
const address = () => location.pathname + write(location.search, state.tab === 'translate' ? {} : { tab: state.tab });

let saving = 0;
function save() {
  clearTimeout(saving);
  history.replaceState(entry(), '');
}

/** Begins with what the browser kept or the address says, and keeps both up to date from then on. */
export function startHistory() {
  begin(location.search, history.state?.vaegen);
  keepers.add(() => {
    clearTimeout(saving);
    saving = window.setTimeout(save, 300); // browsers refuse hundreds of entries in a row
  });
  addEventListener('pagehide', save);
  document.addEventListener('click', (event) => {
    const tab = event.target instanceof Element && event.target.closest('button[role="tab"]');
    const name = tab ? tab.id.replace(/^tab-|-button$/g, '') : '';
    if (!TABS.includes(name) || name === state.tab) return;
    save();
    change({ tab: name });
    history.pushState(entry(), '', address());
  });
  addEventListener('popstate', (event) => {
    const { tab = 'translate', lesson = '', step = 0 } = event.state?.vaegen ?? {};
    if (!TABS.includes(tab)) return;
    change({ tab, lesson, step });
    if (!isOpen(tab)) openTab(tab);
  });
  if (state.tab !== 'translate') openTab(state.tab);
}
