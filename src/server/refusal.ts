/** What a caller is told of an error. */
import { InvalidParamsError, RegistryError } from '../domain/errors.ts';
import type { Logger } from '../log.ts';
import { INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST } from '../protocol/errors.ts';
import type { RpcError } from '../protocol/wire.ts';

const TOO_LONG = 'invalid request: the answer is longer than a line can be; ask for less at once';

/** A limit of the protocol that shows itself only on the way to the answer. */
export class InvalidRequestError extends Error {}

export function refusal(error: unknown, log: Logger): RpcError {
  if (error instanceof RegistryError) return { code: error.code, message: error.message, data: error.data };
  if (error instanceof InvalidParamsError)
    return { code: INVALID_PARAMS, message: error.message, data: { issues: error.issues } };
  if (error instanceof InvalidRequestError) return { code: INVALID_REQUEST, message: error.message };
  if (isTooLong(error)) return { code: INVALID_REQUEST, message: TOO_LONG };
  log.error({ err: error }, 'a handler failed');
  return { code: INTERNAL_ERROR, message: "internal error; the daemon's log has the details" };
}

/** What JavaScript says of a text that no string can hold: about 512 MB. */
function isTooLong(error: unknown): boolean {
  return error instanceof RangeError && error.message === 'Invalid string length';
}
