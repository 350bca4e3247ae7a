/** Names of topics and namespaces, which become file names. */
import { show } from './check.js';
import { FramelaneError } from './errors.js';
import { NAME_PART_MAX, TOPIC_NAME_MAX } from './generated/layout.js';

/** The rule that a part of a name breaks, or `undefined`. */
function brokenRule(part: string): string | undefined {
  if (part.length < 1 || part.length > NAME_PART_MAX) {
    return `each part between slashes has 1 to ${NAME_PART_MAX} characters`;
  }
  if (!/^[a-z0-9._-]*$/.test(part)) {
    return "only a-z, 0-9, '.', '_', '-' are allowed, parts joined by '/'";
  }
  return /^[a-z0-9]/.test(part) ? undefined : 'each part begins with a-z or 0-9';
}

function badName(what: string, rule: string, got: unknown): FramelaneError {
  return new FramelaneError('ERR_FRAMELANE_INVALID_NAME', `${what}: ${rule}; got ${show(got)}`);
}

/** A namespace: one part. */
export function checkNamePart(value: unknown, what: string): string {
  if (typeof value !== 'string') throw badName(what, 'expected a string', value);
  const rule = value.includes('/')
    ? 'a namespace has one part, without a slash'
    : brokenRule(value);
  if (rule !== undefined) throw badName(what, rule, value);
  return value;
}

/** A topic's name: parts of `[a-z0-9][a-z0-9._-]{0,63}` joined by `/`, at most 200 characters. */
export function checkTopicName(value: unknown): string {
  const what = 'topic name';
  if (typeof value !== 'string') throw badName(what, 'expected a string', value);
  if (value.length > TOPIC_NAME_MAX) {
    throw badName(what, `a name has at most ${TOPIC_NAME_MAX} characters`, value);
  }
  for (const part of value.split('/')) {
    const rule = brokenRule(part);
    if (rule !== undefined) throw badName(what, rule, value);
  }
  return value;
}
