/**
 * What a disk holds, and what it may hold when the power goes: everything that was synced, and of the rest what the
 * file system happens to have written.
 *
 * Two kinds of file systems. With `ordered`, as ext4, XFS and btrfs mostly do, directories change in the order of the
 * calls, and whoever waits for one file waits for all of them. With `any`, each change of a directory that was not
 * synced may be there or not, if only what it builds upon is there: what POSIX allows, and more than is known to
 * happen. In both, the bytes of a file have nothing to do with its name: what was not synced is there in part or not.
 */
import { dirname, join } from 'node:path';
import type { Event } from './events.ts';

export type Order = 'ordered' | 'any';

/** Files by their path below the root; null for a directory. */
export type Tree = ReadonlyMap<string, Buffer | null>;

/** A file or directory by its number; the root has 0. */
type Inode = number;

interface Put {
  readonly name: string;
  readonly inode: Inode | null;
}

/** A change of one directory that happens as a whole: entries come (an inode) and go (null). */
interface Step {
  readonly directory: Inode;
  readonly puts: readonly Put[];
  /** Others that it builds upon. */
  readonly needs: readonly Step[];
}

type Change = { readonly at: number; readonly bytes: Buffer } | { readonly size: number };
type Entries = Map<Inode, Map<string, Inode>>;

/** What has become of what was not synced. */
export interface Choice {
  /** Whether a change of a directory is there, asked in their order. */
  step(index: number, count: number): boolean;
  /** How much of the changes of a file is there: how many, and how the next one is torn. */
  changes(count: number): { readonly whole: number; readonly torn: (bytes: Buffer) => Buffer };
}

export class Disk {
  readonly order: Order;
  readonly #root: string;
  /** As everybody sees it. */
  readonly #live: Entries = new Map([[0, new Map()]]);
  readonly #synced: Entries = new Map([[0, new Map()]]);
  readonly #steps: Step[] = [];
  readonly #bytes = new Map<Inode, Buffer>();
  readonly #changes = new Map<Inode, Change[]>();
  #inodes = 0;

  constructor(root: string, order: Order) {
    this.#root = root;
    this.order = order;
  }

  /** @returns whether a crash after it can leave something else than one before */
  apply(event: Event): boolean {
    switch (event.do) {
      case 'create':
        return this.#create(event.path, event.directory);
      case 'write':
        return this.#change(event.path, { at: event.at, bytes: event.bytes });
      case 'truncate':
        return this.#change(event.path, { size: event.size });
      case 'remove':
        return this.#step(event.path, [], null);
      case 'link':
        return this.#step(event.to, [], this.#find(event.path));
      case 'rename':
        return this.#rename(event.path, event.to);
      case 'sync':
        return this.#sync(event.path);
      case 'say':
      case 'mark':
        return false;
    }
  }

  /** How many changes of directories are not synced. */
  get steps(): number {
    return this.#steps.length;
  }

  /** What is found after the power has come back. */
  afterCrash(choice: Choice): Tree {
    const entries: Entries = new Map([...this.#synced].map(([inode, names]) => [inode, new Map(names)]));
    const there = new Set<Step>();
    this.#steps.forEach((step, index) => {
      if (!choice.step(index, this.#steps.length)) return;
      if (!step.needs.every((needed) => there.has(needed) || !this.#steps.includes(needed))) return;
      there.add(step);
      put(entries, step);
    });
    const tree = new Map<string, Buffer | null>();
    const contents = new Map<Inode, Buffer>();
    const walk = (directory: Inode, path: string): void => {
      for (const [name, inode] of entries.get(directory) ?? []) {
        const below = path === '' ? name : `${path}/${name}`;
        if (this.#live.has(inode)) {
          tree.set(below, null);
          walk(inode, below);
          continue;
        }
        const content = contents.get(inode) ?? this.#content(inode, choice);
        contents.set(inode, content);
        tree.set(below, content);
      }
    };
    walk(0, '');
    return tree;
  }

  #content(inode: Inode, choice: Choice): Buffer {
    const synced = this.#bytes.get(inode) ?? EMPTY;
    const changes = this.#changes.get(inode) ?? [];
    if (changes.length === 0) return synced;
    const { whole, torn } = choice.changes(changes.length);
    const content = changes.slice(0, whole).reduce(changed, synced);
    const next = changes[whole];
    return next && 'bytes' in next ? changed(content, { at: next.at, bytes: torn(next.bytes) }) : content;
  }

  #create(path: string, directory: boolean): boolean {
    if (this.#find(path) !== null) return false;
    this.#inodes += 1;
    if (directory) {
      this.#live.set(this.#inodes, new Map());
      this.#synced.set(this.#inodes, new Map());
    }
    return this.#step(path, [], this.#inodes);
  }

  #rename(from: string, to: string): boolean {
    const inode = this.#found(from);
    if (dirname(from) !== dirname(to)) {
      // Two directories: a file that is in both is legal, one that is in neither is not.
      this.#step(to, [], inode);
      return this.#step(from, this.#steps.slice(-1), null);
    }
    const puts = [
      { name: nameOf(to), inode },
      { name: nameOf(from), inode: null },
    ];
    return this.#do({
      directory: this.#found(dirname(from)),
      puts,
      needs: this.#earlier(dirname(from), puts),
    });
  }

  #step(path: string, needs: readonly Step[], inode: Inode | null): boolean {
    const puts = [{ name: nameOf(path), inode }];
    return this.#do({
      directory: this.#found(dirname(path)),
      puts,
      needs: [...needs, ...this.#earlier(dirname(path), puts)],
    });
  }

  /** The changes of the same names that are not synced. */
  #earlier(path: string, puts: readonly Put[]): Step[] {
    const directory = this.#found(path);
    const names = new Set(puts.map(({ name }) => name));
    return this.#steps.filter(
      (step) => step.directory === directory && step.puts.some(({ name }) => names.has(name)),
    );
  }

  #do(step: Step): boolean {
    put(this.#live, step);
    this.#steps.push(step);
    return true;
  }

  #change(path: string, change: Change): boolean {
    const inode = this.#found(path);
    this.#changes.set(inode, [...(this.#changes.get(inode) ?? []), change]);
    return true;
  }

  #sync(path: string): boolean {
    const inode = this.#found(path);
    const changes = this.#changes.get(inode) ?? [];
    this.#bytes.set(inode, changes.reduce(changed, this.#bytes.get(inode) ?? EMPTY));
    this.#changes.delete(inode);
    const safe = this.#steps.filter(({ directory }) => this.order === 'ordered' || directory === inode);
    for (const step of safe) {
      put(this.#synced, step);
      this.#steps.splice(this.#steps.indexOf(step), 1);
    }
    return changes.length > 0 || safe.length > 0;
  }

  #find(path: string): Inode | null {
    if (path === this.#root) return 0;
    const directory = path.startsWith(`${this.#root}/`) ? this.#find(dirname(path)) : null;
    return directory === null ? null : (this.#live.get(directory)?.get(nameOf(path)) ?? null);
  }

  #found(path: string): Inode {
    const inode = this.#find(path);
    if (inode === null) throw new Error(`the record has nothing that made ${path}`);
    return inode;
  }
}

const EMPTY = Buffer.alloc(0);
function changed(content: Buffer, change: Change): Buffer {
  const size = 'size' in change ? change.size : Math.max(content.length, change.at + change.bytes.length);
  const next = Buffer.concat([content], size);
  if ('bytes' in change) change.bytes.copy(next, change.at);
  return next;
}

function put(entries: Entries, { directory, puts }: Step): void {
  for (const { name, inode } of puts) {
    if (inode === null) entries.get(directory)?.delete(name);
    else entries.get(directory)?.set(name, inode);
  }
}

function nameOf(path: string): string {
  return join(path).slice(dirname(path).length + 1);
}
