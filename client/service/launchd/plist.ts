/** The LaunchAgent as text: the template of this package, filled in, and checked by reading it back. */
import { build, parse } from 'plist';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { LABEL } from '../installed.ts';
import type { ServicePlan } from '../plan.ts';

export type PlistValue = string | number | boolean | readonly PlistValue[] | PlistDict;
export interface PlistDict {
  readonly [key: string]: PlistValue;
}

type Check = (value: PlistValue) => boolean;

const count: Check = (value) => Number.isInteger(value) && Number(value) >= 0;
const flag: Check = (value) => typeof value === 'boolean';
const absolute: Check = (value) => typeof value === 'string' && value.startsWith('/');
const dict =
  (keys: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isDict(value) && Object.entries(value).every(([key, member]) => keys[key]?.(member) ?? false);

/**
 * The keys that are used and what launchd.plist(5) says of their types: launchd itself passes over what it does not
 * know without a word, and no tool checks it.
 */
const KEYS: Readonly<Record<string, Check>> = {
  Label: (value) => value === LABEL,
  ProgramArguments: (value) =>
    isList(value) && absolute(value[0] ?? '') && value.every((word) => typeof word === 'string'),
  RunAtLoad: flag,
  KeepAlive: dict({ SuccessfulExit: flag }),
  ThrottleInterval: count,
  ExitTimeOut: count,
  ProcessType: (value) =>
    typeof value === 'string' && ['Standard', 'Adaptive', 'Background', 'Interactive'].includes(value),
  Umask: count,
  SoftResourceLimits: dict({ NumberOfFiles: count }),
  StandardOutPath: absolute,
  StandardErrorPath: absolute,
  Sockets: (value) =>
    isDict(value) && Object.values(value).every(dict({ SockPathName: absolute, SockPathMode: count })),
  inetdCompatibility: dict({ Wait: flag }),
};

/** What is wrong with a LaunchAgent, in words; empty for a good one. */
export function faultsOf(agent: PlistValue): string[] {
  if (!isDict(agent)) return ['it is no dictionary'];
  const missing = ['Label', 'ProgramArguments'].filter((key) => !Object.hasOwn(agent, key));
  const wrong = Object.entries(agent).filter(
    ([key, value]) => !(Object.hasOwn(KEYS, key) && KEYS[key]?.(value)),
  );
  return [
    ...missing.map((key) => `${key} is missing`),
    ...wrong.map(([key]) => `${key} is not as launchd takes it`),
  ];
}

/**
 * The property list to install.
 *
 * @throws {Error} when a path has a character in it that XML cannot carry, or the template was spoilt
 */
export function launchAgent(plan: ServicePlan): string {
  const template = readFileSync(join(plan.templates, `${LABEL}.plist`), 'utf8');
  const filled = fill(parse(template) as PlistValue, {
    LAUNCHER: plan.launcher,
    NODE: plan.node,
    DAEMON: plan.daemon,
    DATA_DIR: plan.dataDir,
    SOCKET: plan.socket,
    LOG: plan.crashLog,
  });
  if (!isDict(filled))
    throw new Error('cannot make the LaunchAgent: its template is no dictionary; install the package again');
  const agent = plan.onDemand ? onDemand(filled, plan) : filled;
  const faults = faultsOf(agent);
  const xml = `${build(agent as Parameters<typeof build>[0])}\n`;
  // The library lets some characters through that are no XML, and leaves nulls out.
  if (!isDeepStrictEqual(parse(xml), agent))
    faults.push('a path has a character in it that XML cannot carry');
  if (faults.length > 0) throw new Error(`cannot make the LaunchAgent: ${faults.join('; ')}`);
  return xml;
}

/** launchd listens and starts the daemon with the first connection; any `KeepAlive` would start it at load. */
function onDemand(agent: PlistDict, plan: ServicePlan): PlistDict {
  const { ProgramArguments: words, ...rest } = agent;
  const kept = Object.entries(rest).filter(([key]) => key !== 'RunAtLoad' && key !== 'KeepAlive');
  return {
    ...Object.fromEntries(kept),
    ProgramArguments: [...(isList(words) ? words : []), '--idle-timeout', String(plan.idleTimeout)],
    Sockets: { Listener: { SockPathName: plan.socket, SockPathMode: 0o600 } },
    inetdCompatibility: { Wait: true },
  };
}

/** Puts values in the place of `@NAME@`. */
function fill(value: PlistValue, values: Readonly<Record<string, string>>): PlistValue {
  if (typeof value === 'string') return values[/^@([A-Z_]+)@$/.exec(value)?.[1] ?? ''] ?? value;
  if (isList(value)) return value.map((item) => fill(item, values));
  if (isDict(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, values)]));
  return value;
}

function isList(value: PlistValue | undefined): value is readonly PlistValue[] {
  return Array.isArray(value);
}

function isDict(value: PlistValue): value is PlistDict {
  return typeof value === 'object' && !Array.isArray(value);
}
