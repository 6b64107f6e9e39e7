/** What a program needs that has something unusual to send. */
import { createRequire } from 'node:module';
import type * as Util from 'node:util';

/** Node's `util`, loaded when it is first asked for: newer versions of Node bring a start of threads with it. */
export function util(): typeof Util {
  return createRequire(import.meta.url)('node:util') as typeof Util;
}
