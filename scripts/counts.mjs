// Reads what the test runners wrote. A suite's result: how many tests passed and failed, the
// names of those skipped, and under `problems` what no single test stands for.

/** `cargo test`: the line that closes each test program, and its ignored tests by name. */
export function cargoCounts(output) {
  const counts = { passed: 0, failed: 0, skipped: [], problems: [] };
  const closing = /^test result: \w+\. (\d+) passed; (\d+) failed;/gm;
  for (const [, passed, failed] of output.matchAll(closing)) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
  }
  for (const [, name] of output.matchAll(/^test (.+) \.\.\. ignored/gm)) counts.skipped.push(name);
  return counts;
}

/** `ava --tap`: one line a test. `specs` are the spec files that must all be among them. */
export function avaCounts(tap, specs) {
  const counts = { passed: 0, failed: 0, skipped: [], problems: [] };
  const seen = [];
  for (const [, not, title, skip] of tap.matchAll(/^(not )?ok \d+ - (.*?)( # SKIP)?$/gm)) {
    seen.push(title);
    if (skip) counts.skipped.push(title);
    else if (not) counts.failed += 1;
    else counts.passed += 1;
  }
  for (const spec of specs) {
    const prefix = [...spec.replace(/\.spec\.ts$/, '').split('/'), ''].join(' › ');
    if (!seen.some((title) => title.startsWith(prefix)))
      counts.problems.push(`${spec} did not run`);
  }
  return counts;
}

/** Sums suites. A problem, a suite without tests and, in CI, a skipped test are failures too. */
export function total(suites, { ci }) {
  const sum = { passed: 0, failed: 0, skipped: 0, notes: [] };
  for (const { name, passed, failed, skipped, problems } of suites) {
    const empty = passed + failed + problems.length === 0 ? ['ran no test'] : [];
    for (const problem of [...problems, ...empty]) sum.notes.push(`${name}: ${problem}`);
    for (const test of skipped)
      sum.notes.push(`${name}: skipped${ci ? ', an error in CI' : ''}: ${test}`);
    sum.passed += passed;
    sum.failed += failed + problems.length + empty.length;
    sum.skipped += skipped.length;
  }
  const line = `${sum.passed} passed, ${sum.failed} failed`;
  return {
    notes: sum.notes,
    line: sum.skipped > 0 ? `${line}, ${sum.skipped} skipped` : line,
    good: sum.failed === 0 && !(ci && sum.skipped > 0),
  };
}
