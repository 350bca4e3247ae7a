/** Rows of work on pixels and of views on them; README.md tells what each is. */
import { hasPeer } from '../build.js';
import { run, runScript } from '../children.js';
import { Figures, type Group } from '../group.js';
import type { Row } from '../report.js';

const COUNT = '100';
/** Places that pictures are written to in turn, about as many as a publisher has slots. */
const SLOTS = '6';

/** `yuv` is the program of `baselines/c`, `null` where libyuv is not installed. */
export function pictures(yuv: string | null): Group {
  const figures = new Figures();
  const measure = async (): Promise<void> => {
    const round = await runScript('pictures/measure.js', COUNT);
    for (const [name, figure] of Object.entries(round as object)) figures.add(name, figure);
  };
  const libyuv = async (): Promise<void> => {
    const round = await run(yuv!, ['1920', '1080', SLOTS, COUNT]);
    figures.add('libyuv', (round as { libyuv: number }).libyuv);
  };
  return {
    jobs: [yuv === null ? [measure] : [measure, libyuv]],
    rows: () => rows(figures, yuv !== null, hasPeer('sharp')),
  };
}

function rows(figures: Figures, libyuv: boolean, sharp: boolean): Row[] {
  const us = (name: string, id: string, note: string): Row =>
    figures.row(name, id, 'us', null, note);
  const ns = (name: string, id: string, goal: string, note: string): Row =>
    figures.row(name, id, 'ns', goal, note);
  return [
    ...(libyuv
      ? [
          figures.ratio('yuyv-to-rgb8-1080p-vs-libyuv', '<= 1.2', 'convert', 'libyuv'),
          us('libyuv', 'libyuv-yuyv-to-rgb-1080p', 'C, p50, by the quickest of its ways'),
        ]
      : []),
    us('convert', 'yuyv-to-rgb8-1080p', `p50, into one of ${SLOTS} images in turn`),
    ...(sharp
      ? [
          figures.ratio('resize-1080p-vs-sharp', '<= 1', 'resize', 'sharp'),
          us('sharp', 'sharp-resize-1080p-to-640x360', 'p50, raw pixels, linear, its own threads'),
        ]
      : []),
    us('resize', 'resize-1080p-to-640x360', 'p50, bilinear, one thread'),
    us('resize-area', 'resize-area-1080p-to-640x360', 'p50, one thread'),
    us('resize-nearest', 'resize-nearest-1080p-to-640x360', 'p50, one thread'),
    ...['float32', 'uint16'].flatMap((dtype) => [
      figures.ratio(
        `depth-statistics-${dtype}-vs-js`,
        '>= 8',
        `statistics-${dtype}-js`,
        `statistics-${dtype}`,
      ),
      us(`statistics-${dtype}`, `depth-statistics-${dtype}-vga`, 'p50'),
    ]),
    figures.ratio('tensor-input-640-vs-js', '>= 5', 'tensor-input-js', 'tensor-input'),
    us('tensor-input', 'tensor-input-640', 'p50, channel, row, column, into a given array'),
    ns('data-again', 'data-again', '<= 5', 'p50 of a loop over `data` of a received frame'),
    ns('data-first', 'data-first', '<= 60', 'retain, data, release, without retain and release'),
  ];
}
