/** Point clouds as PCD and PLY files: the real ones of the stereo pair. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { PointCloud, type CloudFormat } from 'framelane';

const stereo = new URL('../../__test__/data/stereo/', import.meta.url);
const file = (name: string): Buffer => readFileSync(new URL(name, stereo));
const CODEC = { code: 'ERR_FRAMELANE_CODEC' };

/** The values of a file that PCL would read: header lines, then points of four floats. */
function plainPcd(bytes: Buffer): Float32Array {
  const start = bytes.indexOf('DATA binary\n') + 'DATA binary\n'.length;
  return new Float32Array(new Uint8Array(bytes.subarray(start)).buffer);
}

test('a binary PCD has the values that stand in it', (t) => {
  const bytes = file('cloud.pcd');
  using cloud = PointCloud.decode(bytes);
  t.deepEqual([cloud.pointCount, cloud.dtype, cloud.isOrganised], [38_198, 'float32', false]);
  t.deepEqual(
    cloud.fields.map(({ name }) => name),
    ['x', 'y', 'z', 'rgb'],
  );
  t.deepEqual(
    Buffer.from(cloud.data.buffer, cloud.data.byteOffset, cloud.byteLength),
    Buffer.from(plainPcd(bytes).buffer),
  );
});

test('an organised PCD keeps its rows, and NaN where nothing is known', (t) => {
  using cloud = PointCloud.decode(file('cloud-organised.pcd'));
  t.deepEqual([cloud.width, cloud.height, cloud.shape], [247, 167, [167, 247, 4]]);
  const unknown = [...cloud.field('z')].filter(Number.isNaN).length;
  t.is(unknown, 247 * 167 - 38_198);
});

test('a PLY has mixed fields, and the same points in text', (t) => {
  using binary = PointCloud.decode(file('cloud.ply'));
  using text = PointCloud.decode(file('cloud-ascii.ply'));
  using pcd = PointCloud.decode(file('cloud.pcd'));
  t.is(binary.dtype, 'mixed');
  t.deepEqual(
    binary.fields.map(({ name, dtype }) => `${name} ${dtype}`),
    ['x float32', 'y float32', 'z float32', 'red uint8', 'green uint8', 'blue uint8'],
  );
  t.deepEqual([...text.data], [...binary.data]);
  for (const axis of ['x', 'y', 'z']) {
    t.deepEqual([...binary.field(axis)], [...pcd.field(axis)]);
  }
  const rgb = new Uint32Array(pcd.data.buffer, pcd.data.byteOffset, pcd.data.length);
  const red = [...binary.field('red')];
  t.true(red.every((value, index) => value === ((rgb[index * 4 + 3]! >> 16) & 255)));
});

for (const format of ['pcd', 'ply'] as const satisfies CloudFormat[]) {
  for (const ascii of [false, true]) {
    test(`what is written as ${format}, ascii ${ascii}, comes back`, async (t) => {
      for (const name of ['cloud-organised.pcd', 'cloud.ply']) {
        using cloud = PointCloud.decode(file(name));
        const made = await cloud.encode(format, { ascii });
        t.is(Buffer.from(made).toString('latin1', 0, 3), format === 'pcd' ? '# .' : 'ply');
        using back = PointCloud.decode(made);
        t.deepEqual([back.width, back.height], [cloud.width, cloud.height]);
        t.deepEqual(back.fields, cloud.fields);
        t.true(cloud.data.every((value, index) => Object.is(value, back.data[index])));
      }
    });
  }
}

test('a frame may be released while its file is made', async (t) => {
  const cloud = new PointCloud(1000);
  cloud.data.fill(2);
  const coming = cloud.encode('pcd');
  cloud.release();
  using back = PointCloud.decode(await coming);
  t.true(back.data.every((value) => value === 2));
});

test('what is no cloud, or only half of one, is refused, and no slot is lost', async (t) => {
  const whole = file('cloud.pcd');
  for (let round = 0; round < 100; round++) {
    t.throws(() => PointCloud.decode(new Uint8Array(100)), CODEC);
    t.throws(() => PointCloud.decode(whole.subarray(0, whole.length - 1)), CODEC);
  }
  t.throws(() => PointCloud.decode('cloud.pcd' as never), {
    code: 'ERR_FRAMELANE_INVALID_ARGUMENT',
  });
  using flags = new PointCloud(2, 3, 'bool');
  await t.throwsAsync(flags.encode('pcd'), { ...CODEC, message: /bool/ });
  using long = new PointCloud(2, 3, 'int64');
  await t.throwsAsync(long.encode('ply'), CODEC);
  using back = PointCloud.decode(await long.encode('pcd'));
  t.is(back.dtype, 'int64');
  const invalid = { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' };
  await t.throwsAsync(long.encode('xyz' as never), invalid);
  await t.throwsAsync(long.encode('pcd', { ascii: 1 } as never), invalid);
});
