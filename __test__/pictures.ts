/** Pictures made up for tests, and what their pixels are by the definition of each encoding. */
import { Image, type Encoding } from 'framelane';

const names: Record<Encoding, true> = {
  mono8: true,
  mono16: true,
  rgb8: true,
  bgr8: true,
  rgba8: true,
  bgra8: true,
  yuv422: true,
  mono32f: true,
  rgb32f: true,
  bayer_rggb8: true,
  depth16: true,
  yuyv: true,
  uyvy: true,
  nv12: true,
  i420: true,
  rgb16: true,
  rgba16: true,
  rgba32f: true,
  bayer_bggr8: true,
  bayer_gbrg8: true,
  bayer_grbg8: true,
  bayer_rggb16: true,
  bayer_bggr16: true,
  bayer_gbrg16: true,
  bayer_grbg16: true,
};

/** All of them; a missing one does not compile. */
export const encodings = Object.keys(names) as Encoding[];

/** Greatest whole value that an image can hold; of floats one that is exact. */
export function valueMax({ dtype }: Image): number {
  return { uint8: 255, uint16: 65_535, float32: 1 << 20 }[dtype];
}

/** A picture of values that differ from their neighbours'; what pads its rows counts on. */
export function counting<E extends Encoding>(
  encoding: E,
  width: number,
  height: number,
  padding = 0,
): Image<E> {
  using packed = new Image({ width: 2, height: 2, encoding });
  const rowBytes = (packed.step / 2) * width;
  const image: Image = new Image({ width, height, encoding, step: rowBytes + padding });
  // Below the values that tests write.
  const most = image.dtype === 'uint8' ? 240 : 60_000;
  for (let at = 0; at < image.data.length; at++) image.data[at] = (at * 7 + 1) % most;
  return image as Image<E>;
}

/** The values of a pixel, straight from the definition of its encoding. */
export function expectedPixel(image: Image, x: number, y: number): number[] {
  const { data, encoding, height, channels } = image;
  const line = image.step / data.BYTES_PER_ELEMENT;
  const pick = (...places: number[]): number[] => places.map((at) => data[at]!);
  switch (encoding) {
    case 'nv12': {
      const u = height * line + Math.floor(y / 2) * line + 2 * Math.floor(x / 2);
      return pick(y * line + x, u, u + 1);
    }
    case 'i420': {
      const u = height * line + (Math.floor(y / 2) * line) / 2 + Math.floor(x / 2);
      return pick(y * line + x, u, u + ((height / 2) * line) / 2);
    }
    case 'uyvy':
      return pick(y * line + 2 * x + 1, y * line + 2 * x);
    default:
      return Array.from({ length: channels }, (_, c) => data[y * line + x * channels + c]!);
  }
}
