/** Just enough of Rust's grammar for the rules: comments, strings, functions, test modules. */

/** Lines counted from 0, both ends included. */
export interface Span {
  start: number;
  end: number;
}

export interface RustFile {
  /** Lines without comments and strings. */
  code: string[];
  /** Lines without strings. */
  commented: string[];
  functions: Span[];
  testModules: Span[];
}

const RAW = String.raw`b?r(#*)"[^]*?"\1`;
const QUOTED = String.raw`b?"(?:\\[^]|[^"\\])*"|b?'(?:\\(?:u\{\w+\}|x..|.)|[^\\'])'`;
const TOKENS = new RegExp(String.raw`//[^\n]*|/\*[^]*?\*/|${RAW}|${QUOTED}`, 'g');

export function parseRust(text: string): RustFile {
  const code = text.replace(TOKENS, blank);
  const commented = text.replace(TOKENS, (token) => (token[0] === '/' ? token : blank(token)));
  return {
    code: code.split('\n'),
    commented: commented.split('\n'),
    functions: spans(code, /\bfn\s+\w+/g),
    testModules: spans(code, /#\[cfg\((?:all\()?test\b/g),
  };
}

function blank(token: string): string {
  return token.replace(/[^\n]/g, ' ');
}

/** The lines from each match to the end of the braces that follow it. */
function spans(code: string, opening: RegExp): Span[] {
  const found = [];
  for (const match of code.matchAll(opening)) {
    const end = bodyEnd(code, match.index);
    if (end !== undefined) found.push({ start: lineAt(code, match.index), end: lineAt(code, end) });
  }
  return found;
}

/** Where the braces close that open next; nothing for a declaration that ends at a `;`. */
function bodyEnd(code: string, from: number): number | undefined {
  let braces = 0;
  let others = 0;
  for (let index = from; index < code.length; index += 1) {
    const char = code[index];
    if (char === '(' || char === '[') others += 1;
    else if (char === ')' || char === ']') others -= 1;
    else if (char === ';' && braces === 0 && others === 0) return undefined;
    else if (char === '{') braces += 1;
    else if (char === '}' && (braces -= 1) === 0) return index;
  }
  return undefined;
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length - 1;
}
