/** The published declarations, compiled as by a program that has ES2022 and nothing else. */
import { fileURLToPath } from 'node:url';
import test from 'ava';
import ts from 'typescript';

const source = fileURLToPath(new URL('../../../__test__/types/surface.ts', import.meta.url));

/** Only what Node.js and browsers share of it; a program without their types must declare it. */
const signal = `interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: any;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}`;

function compile(lib: string[], types: string[], extra: string): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    lib: lib.map((name) => `lib.${name}.d.ts`),
    types,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const virtual = source.replace(/surface\.ts$/, 'virtual.d.ts');
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) =>
    name === virtual
      ? ts.createSourceFile(name, extra, ts.ScriptTarget.ES2022)
      : getSourceFile(name, ...rest);
  const program = ts.createProgram([source, virtual], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start ?? 0).line + 1 : 0;
    return `${file?.fileName}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

test('with ES2022 alone, without the types of Node.js', (t) => {
  t.deepEqual(compile(['es2022'], [], signal), []);
});

test('with ES2022 and the types of Node.js', (t) => {
  t.deepEqual(compile(['es2022'], ['node'], ''), []);
});

test('with everything TypeScript knows, browsers included', (t) => {
  t.deepEqual(compile(['esnext', 'dom'], ['node'], ''), []);
});
