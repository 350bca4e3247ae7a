/**
 * What single calls from JavaScript into Rust cost: `costs.js COUNT` prints nanoseconds for each,
 * as one line of JSON. They take turns, so that a disturbance of the machine meets all of them.
 */
import { loadNaive } from '../baselines/naive.js';

const TURNS = 10;

const naive = loadNaive();
const control = new Uint32Array(8);
const bytes = new Uint8Array(64);
const counter = new naive.Counter(0);
naive.rawRegister(control);

// Bound once, as a facade would; each loop is a function of its own, so that V8 sees one callee.
const { macroEmpty, macroNumber, macroBytes, macroObject, Counter } = naive;
const { rawEmpty, rawNumber, rawBytes, rawObject, rawFill } = naive;
let sink = 0;

const loops: Record<string, (count: number) => void> = {
  'macro-empty': (count) => {
    for (let call = 0; call < count; call++) macroEmpty();
  },
  'raw-empty': (count) => {
    for (let call = 0; call < count; call++) rawEmpty();
  },
  'macro-number': (count) => {
    for (let call = 0; call < count; call++) sink += macroNumber(call);
  },
  'raw-number': (count) => {
    for (let call = 0; call < count; call++) sink += rawNumber(call);
  },
  'macro-bytes': (count) => {
    for (let call = 0; call < count; call++) sink += macroBytes(bytes);
  },
  'raw-bytes': (count) => {
    for (let call = 0; call < count; call++) sink += rawBytes(bytes);
  },
  'macro-object': (count) => {
    for (let call = 0; call < count; call++) sink += macroObject(call).h;
  },
  'raw-object': (count) => {
    for (let call = 0; call < count; call++) sink += rawObject(call).h;
  },
  'raw-fill': (count) => {
    for (let call = 0; call < count; call++) {
      rawFill(call);
      for (let index = 0; index < 8; index++) sink += control[index]!;
    }
  },
  'macro-class': (count) => {
    for (let call = 0; call < count; call++) sink += new Counter(call) === counter ? 1 : 0;
  },
  'macro-getter': (count) => {
    for (let call = 0; call < count; call++) sink += counter.number;
  },
  'macro-method': (count) => {
    for (let call = 0; call < count; call++) sink += counter.next();
  },
};

const calls = Math.ceil(Number(process.argv[2]) / TURNS);
const times: Record<string, number> = {};
// The first turn warms up.
for (let turn = 0; turn <= TURNS; turn++) {
  for (const [name, loop] of Object.entries(loops)) {
    const start = process.hrtime.bigint();
    loop(calls);
    const took = Number(process.hrtime.bigint() - start) / calls / TURNS;
    if (turn > 0) times[name] = (times[name] ?? 0) + took;
  }
}
if (Number.isNaN(sink)) throw new Error('a call has given no number');
console.log(JSON.stringify(times));
