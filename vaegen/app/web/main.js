// The page's one script: begins with what the address says and hands every component over to its module.
import { labelGradio } from './core/gradio.js';
import { mountParts } from './core/mount.js';
import { startHistory } from './core/tabs.js';
import * as chooser from './parts/chooser.js';
import * as current from './parts/current.js';
import * as sample from './sample/sample.js';
import * as file from './translate/file.js';
import * as translate from './translate/translate.js';

// What the browser tests look at.
export { choose, state } from './core/state.js';
export { link } from './core/tabs.js';
export { adopt, showView, views } from './core/view.js';

startHistory();
labelGradio();
mountParts({
  chooser: chooser.mount,
  current: current.mount,
  file: file.mount,
  sample: sample.mount,
  translate: translate.mount,
});
