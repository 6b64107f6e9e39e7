/** Whether the server that a program has under our name is ours, and with which flags that is started. */
import { basename } from 'node:path';
import { isObject, type Settings } from './format.ts';

/** Flags whose value may be a word of its own. */
const VALUED: readonly string[] = ['--data-dir', '--socket'];
/** Programs, by their names, that start the script or the package that they are given first. */
const NODE = /^(?:node(?:js)?[\d.]*|bun)$/;
const FETCHER = /^(?:npx|pnpx|bunx)$/;

/** Keys of servers that are called and not started. */
const ADDRESSES: readonly string[] = ['url', 'httpUrl', 'serverUrl'];

/**
 * Whether an entry starts `gardener mcp`, however that was installed, and whoever wrote it. A wrapper counts as another
 * one: what else it does would be lost.
 */
export function isOurs(entry: unknown): entry is Settings {
  if (!isObject(entry) || typeof entry['command'] !== 'string') return false;
  if (ADDRESSES.some((key) => Object.hasOwn(entry, key))) return false;
  const [command = '', first = '', ...rest] = wordsOf([entry['command'], ...argsOf(entry)]).words;
  if (isGardener(command)) return isAll([first, ...rest], 'mcp');
  if (NODE.test(basename(command))) return isGardener(first) && isAll(rest, 'mcp');
  const isPackage = FETCHER.test(basename(command)) && /^codebase-gardener(?:@.+)?$/.test(first);
  return isPackage && (isAll(rest, 'mcp') || isAll(rest, 'gardener', 'mcp'));
}

/** The flags of an entry, each with its value: "--data-dir /x". */
export function flagsOf(entry: Settings): readonly string[] {
  return wordsOf(argsOf(entry)).flags;
}

function argsOf({ args }: Settings): string[] {
  return Array.isArray(args) ? args.map(String) : [];
}

function isGardener(path: string): boolean {
  return /^(?:codebase-)?gardener(?:\.js)?$/.test(basename(path)) || path.endsWith('/client/cli/main.ts');
}

function isAll(words: readonly string[], ...wanted: readonly string[]): boolean {
  return words.length === wanted.length && words.every((word, at) => word === wanted[at]);
}

function wordsOf(all: readonly string[]): { words: string[]; flags: string[] } {
  const [words, flags]: [string[], string[]] = [[], []];
  for (let at = 0; at < all.length; at += 1) {
    const word = all[at] ?? '';
    if (!word.startsWith('-')) words.push(word);
    else if (VALUED.includes(word)) flags.push(`${word} ${all[(at += 1)] ?? ''}`);
    else flags.push(VALUED.some((flag) => word.startsWith(`${flag}=`)) ? word.replace('=', ' ') : word);
  }
  return { words, flags };
}
