/**
 * Words that have no place in the repository. The patterns put a letter or a mark of each word
 * in brackets, so that this file does not hold what it looks for.
 */
import { matches, type Rule } from './repository.js';

const BANNED: [pattern: RegExp, why: string][] = [
  [/[/](work|home|root|tmp)[/]/gi, 'a path of one machine'],
  [/\b(to[d]o|fix[m]e)\b|\bunimp[l]emented!/gi, 'unfinished'],
  [/(registry|www)[.]npmjs|npmjs[.]org|(static|index)[.]crates[.]io|pypi[.]org/gi, 'a registry'],
  [/\bas an [a]i\b|language [m]odel/gi, 'not about the product'],
];

/** Names the standard library gives its methods and types. */
const STANDARD =
  /(?<=[.:])(as_r?|array_|r)?chunks(_exact|_by)?(_mut)?\b|\bR?Chunks(Exact|By)?(Mut)?\b/g;
const SYNONYM =
  /chunk|\b(struct|enum|trait|type|class|interface) \w*(Block|Handle|Sample)(?![a-z])/gi;

export const banned: Rule = (_path, text) => {
  return BANNED.flatMap(([pattern, why]) => matches(text, pattern, why));
};

/** One word for each thing of our own: a slot, a frame and a hold have no second name. */
export const synonyms: Rule = (path, text) => {
  if (!/^(crates|lib)\/.*\.(rs|ts)$/.test(path)) return [];
  return matches(text.replace(STANDARD, ''), SYNONYM, 'not a word of ours');
};
