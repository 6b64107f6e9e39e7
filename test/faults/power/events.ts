/** What happened to the files below a directory, in its order, as `strace -f -y -xx` wrote it down. */
import { normalize } from 'node:path';

/** Paths are absolute; a file's bytes are what was written, not what is there. */
export type Event =
  | { readonly do: 'create'; readonly path: string; readonly directory: boolean }
  | { readonly do: 'write'; readonly path: string; readonly at: number; readonly bytes: Buffer }
  | { readonly do: 'truncate'; readonly path: string; readonly size: number }
  | { readonly do: 'link' | 'rename'; readonly path: string; readonly to: string }
  | { readonly do: 'remove'; readonly path: string }
  /** The file's bytes, or the directory's entries, are safe when this is over. */
  | { readonly do: 'sync'; readonly path: string }
  /** Somebody is about to be told something: bytes go to a socket. */
  | { readonly do: 'say'; readonly text: string }
  /** The scenario has come to a point of this name. */
  | { readonly do: 'mark'; readonly name: string };

/** To be given to `strace -e trace=`: whatever changes files and directories, and what says something. */
export const RECORDED_CALLS =
  'open,openat,creat,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,truncate,ftruncate,fallocate,rename,renameat,renameat2,' +
  'link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,fsync,fdatasync,syncfs,sync_file_range,copy_file_range,sendfile';

export interface Places {
  /** Only what happens below it counts. */
  readonly root: string;
  /** What happens below these does not. */
  readonly ignored: readonly string[];
  /** Files that are created here are marks. */
  readonly marks: string;
}

/** A call that was begun in one line and ended in another takes effect when it ends; what is said is said at once. */
interface Call {
  readonly name: string;
  readonly args: string;
  readonly result: number;
}

/** What earlier calls have told. */
interface Known {
  /** Where the next bytes of a file go. */
  readonly positions: Map<string, number>;
  /** Directories by the descriptor through which others name what is in them. */
  readonly directories: Map<string, string>;
}

/** A descriptor that is one, with its name as characters or as their numbers. */
const SOCKET = /<(?:socket:|\\x73\\x6f\\x63\\x6b\\x65\\x74\\x3a)/;
/** Calls that name no path. */
const ON_DESCRIPTORS = /^(p?write|f|sync|copy|send)/;
const HEX = /(?:\\x[0-9a-f]{2})+/g;

/** @throws {Error} for a call on these files that has no meaning here: it would be missing from every state */
export function parseEvents(text: string, places: Places): Event[] {
  const known: Known = { positions: new Map(), directories: new Map() };
  return [...calls(text)].flatMap((call) => toEvents(call, places, known));
}

function* calls(text: string): Generator<Call> {
  const begun = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const unfinished = /^(\w+\(.*) <unfinished \.\.\.>$/.exec(rest)?.[1];
    if (unfinished !== undefined) {
      // An answer that is on its way may be read before the call returns.
      if (SOCKET.test(unfinished)) yield parseCall(`${unfinished}) = 0`);
      else begun.set(thread, unfinished);
      continue;
    }
    const [resumed, end] = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest) ?? [];
    if (resumed !== undefined) {
      const start = begun.get(thread);
      begun.delete(thread);
      if (start !== undefined) yield parseCall(start + end);
    } else if (/^\w+\(/.test(rest)) yield parseCall(rest);
  }
}

function parseCall(line: string): Call {
  const [, name = '', args = '', result] = /^(\w+)\((.*)\) += (-?\d+|\?)/.exec(line) ?? [];
  return { name, args, result: Number(result) };
}

function toEvents(call: Call, places: Places, { positions, directories }: Known): Event[] {
  const { name, args } = call;
  if (!(call.result >= 0)) return [];
  if (SOCKET.test(args)) {
    const text = strings(args).join('');
    return /^(write|send)/.test(name) && text.includes('"jsonrpc"') ? [{ do: 'say', text }] : [];
  }
  const all = ON_DESCRIPTORS.test(name) ? openPaths(args) : namedPaths(args, directories);
  // Nobody else opens directories like this.
  if (args.includes('O_DIRECTORY') && args.includes('O_NOFOLLOW') && all[0] !== undefined)
    directories.set(String(call.result), all[0]);
  const paths = all.filter((path) => path === places.root || path.startsWith(`${places.root}/`));
  const [path, to = path] = paths;
  if (path === undefined || to === undefined) return [];
  if (path.startsWith(`${places.marks}/`))
    return args.includes('O_CREAT') ? [{ do: 'mark', name: path.slice(places.marks.length + 1) }] : [];
  if (
    paths.every((one) => places.ignored.some((ignored) => one === ignored || one.startsWith(`${ignored}/`)))
  )
    return [];
  if (name === 'open' || name === 'openat') {
    if (!/O_WRONLY|O_RDWR/.test(args)) return [];
    positions.set(path, 0);
    return [
      ...(args.includes('O_CREAT') ? [{ do: 'create', path, directory: false } as const] : []),
      ...(args.includes('O_TRUNC') ? [{ do: 'truncate', path, size: 0 } as const] : []),
    ];
  }
  if (name === 'write' || name === 'pwrite64') {
    const bytes = Buffer.from(strings(args)[0] ?? '', 'latin1').subarray(0, call.result);
    const at = name === 'write' ? (positions.get(path) ?? 0) : Number(/, (\d+)$/.exec(args)?.[1]);
    if (name === 'write') positions.set(path, at + bytes.length);
    return [{ do: 'write', path, at, bytes }];
  }
  if (name === 'ftruncate' || name === 'truncate')
    return [{ do: 'truncate', path, size: Number(/, (\d+)$/.exec(args)?.[1]) }];
  if (name === 'fsync' || name === 'fdatasync') return [{ do: 'sync', path }];
  if (name.startsWith('mkdir')) return [{ do: 'create', path, directory: true }];
  if (name.startsWith('rename')) return [{ do: 'rename', path, to }];
  if (name.startsWith('link')) return [{ do: 'link', path, to }];
  if (name.startsWith('unlink') || name === 'rmdir') return [{ do: 'remove', path }];
  throw new Error(`the model of the disk does not know ${name} of ${path}`);
}

/** What the descriptors of a call are open for; nothing for a file that has no name any more. */
function openPaths(args: string): string[] {
  return [...args.matchAll(/\d<([^>]*)>/g)]
    .map(([, open]) => decode(open ?? ''))
    .filter((path) => !path.endsWith(' (deleted)'));
}

/** The paths that a call names, each below the directory that stands before it or whose descriptor it names. */
function namedPaths(args: string, directories: ReadonlyMap<string, string>): string[] {
  return [...args.matchAll(/(?:<([^>]*)>, )?"([^"]*)"/g)].map(([, directory, given]) => {
    const path = decode(given ?? '').replace(
      /^\/proc\/self\/fd\/(\d+)(?=\/|$)/,
      (whole, descriptor: string) => directories.get(descriptor) ?? whole,
    );
    return normalize(path.startsWith('/') ? path : `${decode(directory ?? '')}/${path}`);
  });
}

function strings(args: string): string[] {
  return [...args.matchAll(/"([^"]*)"/g)].map(([, given]) => decode(given ?? ''));
}

/** Bytes as characters of latin 1. */
function decode(text: string): string {
  return text.replace(HEX, (bytes) => Buffer.from(bytes.replaceAll('\\x', ''), 'hex').toString('latin1'));
}
