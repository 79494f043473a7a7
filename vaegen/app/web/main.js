// The page's one script: begins with what the address says and hands every component over to its module.
import * as attention from './attention/attention.js';
import { labelGradio } from './core/gradio.js';
import { mountParts } from './core/mount.js';
import { startHistory } from './core/tabs.js';
import * as inside from './inside/inside.js';
import * as interpolate from './interpolate/interpolate.js';
import * as lessons from './lessons/lessons.js';
import * as lessonList from './lessons/list.js';
import * as map from './map/map.js';
import * as chooser from './parts/chooser.js';
import * as current from './parts/current.js';
import * as sample from './sample/sample.js';
import * as file from './translate/file.js';
import * as translate from './translate/translate.js';

// What the browser tests look at.
export { choose, state } from './core/state.js';
export { link } from './core/tabs.js';
export { adopt, showView, views } from './core/view.js';
export { lessons } from './lessons/documents.js';
export { measured, start as startLesson } from './lessons/lessons.js';

startHistory();
labelGradio();
mountParts({
  attention: attention.mount,
  chooser: chooser.mount,
  current: current.mount,
  file: file.mount,
  inside: inside.mount,
  interpolate: interpolate.mount,
  'lesson-list': lessonList.mount,
  lessons: lessons.mount,
  map: map.mount,
  sample: sample.mount,
  translate: translate.mount,
});
