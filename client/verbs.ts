/** One typed function per method: `client.projects.get({ project })` for `projects.get`. */
import type { MethodName, Params, ReadMethod, Result } from '../src/protocol/methods.ts';

/** What a training that has completed lacks. */
export type CompletionWarning = NonNullable<Result<'training.complete'>['warnings']>[number];

/** How long to wait for one call, and whom to tell. */
export interface CallOptions {
  /** Gives up on the answer; the call may still be carried out. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds until the answer, reconnecting included; default the client's call deadline, with `wait_ms` added
   * where the call has one.
   */
  readonly deadline?: number | undefined;
  /**
   * Told, in place of the client's, of each thing that was left out of a trainer's report, and of what the registry misses
   * in a training that has completed, with its code.
   */
  readonly onWarning?: ((message: string, code?: CompletionWarning) => void) | undefined;
}

/** What a call takes after its method; a method without required params may be called without any. */
export type CallArguments<M extends MethodName> =
  Record<never, never> extends Params<M>
    ? [params?: Params<M>, options?: CallOptions]
    : [params: Params<M>, options?: CallOptions];

/** What a method is as a function. */
export type Verb<M extends MethodName> = (...args: CallArguments<M>) => Promise<Result<M>>;

/** What stands before the dot in the name of a method. */
export type FamilyName = MethodName extends infer M ? (M extends `${infer F}.${string}` ? F : never) : never;

/** The methods of one family, by the part of the name after the dot. */
export type Family<F extends FamilyName> = {
  readonly [M in MethodName as M extends `${F}.${infer V}` ? V : never]: Verb<M>;
};

export type Families = { readonly [F in FamilyName]: Family<F> };

/**
 * Makes the functions of a family as they are asked for, so that a method that is declared is a method of the client.
 *
 * @param own what stands beside them, and is no method of the protocol
 */
export function family<F extends FamilyName, Own extends object = object>(
  name: F,
  call: (method: string, params: unknown, options: CallOptions | undefined) => Promise<unknown>,
  own: Own = {} as Own,
): Family<F> & Own {
  const verbs = Object.create(own) as Record<string, unknown>;
  return new Proxy(verbs, {
    get(target, verb) {
      const known: unknown = Reflect.get(target, verb);
      // Asking a family for `then` (await), `toJSON` and the like must not become a call.
      if (known !== undefined || typeof verb === 'symbol' || verb === 'then' || !/^[a-z_]+$/.test(verb))
        return known;
      return (target[verb] = (params: unknown, options?: CallOptions) =>
        call(`${name}.${verb}`, params, options));
    },
  }) as Family<F> & Own;
}

/**
 * The methods to call again after a lost connection. They are written down here because the declarations bring their
 * validator with them; the compiler sees to it that the two agree.
 */
const REPEATABLE = {
  'registry.info': true,
  'registry.validate': true,
  'registry.backups': true,
  'projects.get': true,
  'projects.list': true,
  'projects.count': true,
  'projects.active': true,
  'projects.resolve': true,
  'training.wait': true,
  'training.history': true,
} satisfies Record<ReadMethod, true>;

export function isRepeatable(method: string): method is ReadMethod {
  return Object.hasOwn(REPEATABLE, method);
}
