/** Which crate may depend on which. */

interface Package {
  name: string;
  dependencies: { name: string }[];
}

const LAYERS: Record<string, string[]> = {
  'framelane-layout': [],
  'framelane-shm': ['layout'],
  'framelane-simd': [],
  'framelane-resample': [],
  'framelane-kernels': ['layout', 'simd', 'resample'],
  'framelane-pool': ['layout', 'shm'],
  'framelane-ring': ['layout', 'shm'],
  'framelane-topic': ['layout', 'shm', 'pool', 'ring'],
  framelane: ['layout', 'kernels', 'topic'],
  'framelane-node': ['framelane'],
  'framelane-bench-bell': [],
  'framelane-chaos': ['layout', 'shm', 'pool', 'ring', 'topic', 'framelane'],
};

/** Crates of the demo, and who else stands outside, see what every user of the library sees. */
const OUTSIDE = /^framelane-demo-/;

/** Third-party crates that one crate of ours keeps to itself. */
const OWNERS: [dependency: RegExp, owner: string][] = [
  [/^fast_image_resize$/, 'framelane-resample'],
  [/^memmap2$/, 'framelane-shm'],
  [/^napi(-|$)/, 'framelane-node'],
];

/** What is measured against one of ours has the same tools. */
const BASELINES: Record<string, string> = { 'framelane-bench-bell': 'framelane-node' };

/** What breaks the table in `packages`, the workspace as `cargo metadata` describes it. */
export function layerViolations(packages: Package[]): string[] {
  return packages.flatMap(({ name, dependencies }) => {
    const allowed = OUTSIDE.test(name) ? ['framelane'] : LAYERS[name];
    if (allowed === undefined) return [`${name} has no layer`];
    const full = allowed.map((layer) => (layer === 'framelane' ? layer : `framelane-${layer}`));
    return dependencies
      .filter((dependency) => !mayUse(name, full, dependency.name))
      .map((dependency) => `${name} may not depend on ${dependency.name}`);
  });
}

function mayUse(name: string, allowed: string[], dependency: string): boolean {
  if (/^framelane(-|$)/.test(dependency)) return allowed.includes(dependency);
  const owners = [name, BASELINES[name]];
  return OWNERS.every(([pattern, owner]) => owners.includes(owner) || !pattern.test(dependency));
}
