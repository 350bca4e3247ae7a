// The table behind docs/rows.md: what the four documents name that framelane set out from, what
// answers it here, and what proves that. It is written by hand, in docs/rows/*.json.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The documents as rows name them, and as the page does. */
export const documents = {
  image: 'image page',
  memory: 'memory types page',
  mail: 'array interface mail',
  views: 'view library manual',
};

/** Files of the table, in the order of the page. */
const AREAS = [
  'making-images',
  'encodings',
  'image-properties',
  'pixels',
  'exchange',
  'clouds',
  'depth',
  'memory',
  'topics',
  'nodes',
  'claims',
  'examples',
  'tensors',
  'axes',
  'streams',
  'pointers',
  'tables',
  'array-interface',
];

/** Types that a row can wait for. */
const LATER = ['DLPack', 'groups', 'node', 'streams', 'tables', 'Tensor'];

const KEYS = ['id', 'from', 'what', 'api', 'rust', 'test', 'later', 'python', 'expected'];

/** What a row has several of, or one. */
export const listed = (value) => (value === undefined ? [] : [value].flat());

/** Rows whose tests must have passed: neither `later` nor `python`. */
export const isProved = ({ later, python }) => later === undefined && python === undefined;

/** The areas of the table below `root`, each with its title and rows. */
export function readAreas(root) {
  const folder = join(root, 'docs/rows');
  const unknown = readdirSync(folder).filter((name) => !AREAS.includes(name.slice(0, -5)));
  if (unknown.length > 0) throw new Error(`docs/rows: ${unknown.join(' ')} has no place in AREAS`);
  return AREAS.map((name) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')));
}

/** Where the name of a test lies: its file, and its title or, of a Rust test, its function. */
export function parseTest(test) {
  const [, path, title] = /^(\S+) › (.+)$/.exec(test) ?? [];
  const known = /^__test__\/.+\.spec\.ts$|^crates\/.+\.rs$/.test(path ?? '');
  return known ? { path, title, rust: path.endsWith('.rs'), doc: title.includes('::') } : null;
}

/** What is wrong with the table itself; `read` gives a file's text, or null where there is none. */
export function mistakes(areas, read) {
  const rows = areas.flatMap((area) => area.rows);
  const seen = new Set();
  return rows.flatMap((row) => {
    const found = [...mistakesOf(row), ...mistakesOfTests(row, read)];
    if (seen.has(row.id)) found.push('a second row of this id');
    seen.add(row.id);
    return found.map((mistake) => `${row.id}: ${mistake}`);
  });
}

function mistakesOf(row) {
  const answers = ['test', 'later', 'python'].filter((key) => listed(row[key]).length > 0);
  const strange = Object.keys(row).filter((key) => !KEYS.includes(key));
  const from = listed(row.from);
  return [
    ...(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(row.id ?? '') ? [] : ['the id is not of [a-z0-9-]']),
    ...(from.length > 0 && from.every((name) => name in documents) ? [] : ['`from` no document']),
    ...(row.what ? [] : ['says nothing']),
    ...(answers.length === 1 ? [] : [`needs one of test, later, python; has ${answers.length}`]),
    ...(isProved(row) && listed(row.api).length + listed(row.rust).length === 0 ? ['no API'] : []),
    ...(row.later === undefined || LATER.includes(row.later) ? [] : [`later: ${row.later}`]),
    ...(row.python === undefined || row.python === true ? [] : ['`python` is true or not there']),
    ...(row.expected === undefined ? [] : ['`expected`: its tests still need their real titles']),
    ...strange.map((key) => `${key} is no part of a row`),
  ];
}

function mistakesOfTests({ test, expected }, read) {
  return listed(test).flatMap((name) => {
    const parsed = parseTest(name);
    if (parsed === null) return [`not \`file › test\`: ${name}`];
    if (expected) return [];
    const { path, title, rust, doc } = parsed;
    const text = read(path);
    if (text === null) return [`there is no ${path}`];
    return rust && !doc && !text.includes(`fn ${title}(`) ? [`${path} has no ${title}`] : [];
  });
}

/** Reads a file below `root`, for `mistakes`. */
export const reader = (root) => (path) =>
  existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : null;

/** How many rows are proved, come later, and need Python. */
export function rowCounts(areas) {
  const rows = areas.flatMap((area) => area.rows);
  const python = rows.filter((row) => row.python).length;
  const later = rows.filter((row) => row.later !== undefined).length;
  return { all: rows.length, proved: rows.length - later - python, later, python };
}

/** docs/rows.md. */
export function rowsPage(areas) {
  const { all, proved, later, python } = rowCounts(areas);
  const names = Object.values(documents).map((name) => `the ${name}`);
  return `<!-- Made by \`npm run generate\` from docs/rows. Do not edit. -->

# Rows

Framelane set out from four documents: ${names.slice(0, -1).join(', ')} and
${names.at(-1)}. What they name has a row here, be it a constructor, a method, a conversion, a
claim or an example: what it is, what answers it in framelane, and the test that proves it.
\`npm test\` fails where such a test did not pass in that very run. Rows of types that are still to
come say **later** and which type; rows that only a Python process can show say **python**.

| rows | proved | later | python |
| ---- | ------ | ----- | ------ |
| ${all} | ${proved} | ${later} | ${python} |

${areas.map(section).join('\n')}`;
}

function section({ title, rows }) {
  const head = '| id | named by | what | framelane | proof |\n| --- | --- | --- | --- | --- |';
  return `## ${title}\n\n${head}\n${rows.map(line).join('\n')}\n`;
}

function line(row) {
  const from = listed(row.from).map((name) => documents[name]);
  const rust = listed(row.rust).map((code) => `Rust: ${inline(code)}`);
  const api = [...listed(row.api).map(inline), ...rust];
  const cells = [`\`${row.id}\``, from.join(', '), plain(row.what), api.join('<br>'), proof(row)];
  return `| ${cells.join(' | ')} |`;
}

function proof({ test, later }) {
  if (later !== undefined) return `**later**: ${later}`;
  if (test === undefined) return '**python**';
  const links = listed(test).map((name) => {
    const { path, title, rust } = parseTest(name);
    const file = path.replace(/^__test__\/|\.spec\.ts$/g, '');
    return `[${file}](../${path}) › ${rust ? inline(title) : plain(title)}`;
  });
  return links.join('<br>');
}

const inline = (code) => `\`${code.replaceAll('|', String.raw`\|`)}\``;
const plain = (text) => text.replace(/[\\|<*`[\]]/g, String.raw`\$&`);
