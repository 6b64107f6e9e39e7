/** Who takes part. */
import type { Contender, ContenderName } from './contender.ts';
import { bareLoop, fileEachTime, lockAndFile } from './files.ts';
import { floor } from './floor.ts';
import { jayson } from './jayson.ts';
import { redis } from './redis.ts';
import { registry } from './registry.ts';
import { sqlite } from './sqlite.ts';
import { vscodeJsonrpc } from './vscode-jsonrpc.ts';

export const contenders: Readonly<Record<ContenderName, Contender>> = {
  registry,
  'net + JSON': floor,
  'vscode-jsonrpc': vscodeJsonrpc,
  jayson,
  Redis: redis,
  SQLite: sqlite,
  'file each time': fileEachTime,
  'lock + file': lockAndFile,
  'bare loop': bareLoop,
};
