// Gradio never chooses a language that its own interface lacks (Czech), so its labels are put into it here.
import { locale, texts } from './messages.js';

const LABELS = '[role="tab"], .label-wrap span';

function label() {
  for (const node of document.querySelectorAll(LABELS)) {
    for (const child of node.childNodes) {
      const found = child instanceof Text && texts[child.data.trim()];
      if (found && found !== child.data) child.data = found;
    }
  }
}

export function labelGradio() {
  if (locale !== 'cs') return;
  const observer = new MutationObserver(label);
  observer.observe(document.documentElement, { childList: true, subtree: true, characterData: true });
  label();
}
