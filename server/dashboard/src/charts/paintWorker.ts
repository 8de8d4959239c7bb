/** The worker in which lines are painted; `painter.ts` talks to it. */
import { pictureOf } from './linesPicture';
import type { Painted, ToPaint } from './painter';

addEventListener('message', ({ data }: MessageEvent<ToPaint>) => {
  const began = performance.now();
  const picture = pictureOf(data.work);
  const painted: Painted = { number: data.number, picture, milliseconds: performance.now() - began };
  postMessage(painted, { transfer: [picture] });
});
