/** Errors of topics, and the news that somebody has removed a topic's file. */
import { channel } from 'node:diagnostics_channel';
import type { FramelaneError } from './errors.js';
import { errorOf } from './native.js';

/** Publishes `{ topic }`, the topic's name, each time a removed topic is noticed. */
const removed = channel('framelane:topic-removed');

/** The error behind a negative result of a hot function that was called for a topic. */
export function topicError(topic: string, status: number): FramelaneError {
  const error = errorOf(status);
  if (error.code === 'ERR_FRAMELANE_TOPIC_REMOVED' && removed.hasSubscribers) {
    removed.publish({ topic });
  }
  return error;
}
