import { z } from 'zod';
import { MAX_CALLER, MAX_REASON } from '../../domain/limits.ts';
import type { Manager } from '../../flags.ts';
import { timestamp, wordOf } from '../../domain/values/schema.ts';
import { method, noParams, nothing } from '../method.ts';

const percentiles = z
  .object({
    count: z.int().describe('how many were answered'),
    p50_ms: z.number().describe('half of them took no more milliseconds than this'),
    p95_ms: z.number().describe('the same of 95 in a hundred'),
    p99_ms: z.number().describe('the same of 99 in a hundred'),
    max_ms: z.number().describe('milliseconds that the longest took; an hour at most'),
  })
  .describe('how long requests took, from having received one to having its answer');

const pid = z.int().describe('number of the process of the daemon');
const version = z.string().describe('version of the daemon');
const host = z.string().describe('name of the machine that the daemon runs on');
const build = z
  .object({
    id: z.string().describe('which the same sources share'),
    built_at: timestamp('when it was built'),
  })
  .optional()
  .describe(
    'which build of the version; missing from daemons that run from source, or are older than this field',
  );
const manager = wordOf<Manager>('Manager', 'who started the daemon', {
  launchd: 'launchd, as a service',
  systemd: 'systemd, as a service',
  spawned: 'a client that needed it',
  foreground: 'a person, or another program',
});

/** The daemon itself. `hello`, `ping`, `status` and `shutdown` never change: a newer client relies on them. */
export const daemonMethods = {
  'daemon.hello': method({
    kind: 'control',
    summary: 'Says who speaks and agrees on a protocol version.',
    params: z.strictObject({
      client: z
        .strictObject({
          name: z.string().max(MAX_CALLER).describe('what it calls itself, as "editor"'),
          version: z.string().max(MAX_CALLER).describe('its version, as "2.1.0"'),
          pid: z.int().min(0).describe('number of its process'),
        })
        .partial()
        .optional()
        .describe('who calls, for the log, and as `holder` of the leases that it takes; default not told'),
      protocol: z
        .strictObject({
          min: z.int().describe('the oldest that it speaks'),
          max: z.int().describe('the newest that it speaks'),
        })
        .optional()
        .describe('the versions of the protocol that the client speaks; default that of the daemon'),
    }),
    result: z
      .object({
        protocol: z.int().describe('the version of the protocol that both speak'),
        version,
        build,
        pid,
        epoch: z.string().describe('another one at each start of the daemon, as in its cursors'),
        started_at: timestamp('when the daemon was started'),
        capabilities: z
          .array(z.string().describe('name of a method'))
          .describe('the methods that the daemon has'),
        host,
        home: z
          .string()
          .describe('home directory of its user, empty where it has none; paths are those of that machine'),
      })
      .describe('who the daemon is'),
    errors: ['incompatible_protocol'],
    example: {
      params: { client: { name: 'editor', version: '2.1.0', pid: 4242 }, protocol: { min: 1, max: 1 } },
      result: {
        protocol: 1,
        version: '0.1.0',
        build: { id: '6ba18cc651f8', built_at: '2026-01-04T16:30:00.000Z' },
        pid: 4100,
        epoch: 'k3v9x2',
        started_at: '2026-01-05T08:00:00.000Z',
        capabilities: ['registry.repair', 'registry.validate'],
        host: 'workstation',
        home: '/home/ada',
      },
    },
  }),
  'daemon.ping': method({
    kind: 'control',
    summary: 'Answers "pong".',
    params: noParams,
    result: z.literal('pong').describe('always the same'),
    example: { params: {}, result: 'pong' },
  }),
  'daemon.status': method({
    kind: 'control',
    summary: 'What the daemon is doing and how fast.',
    params: noParams,
    result: z
      .object({
        pid,
        version,
        build,
        uptime_s: z.number().describe('seconds since the daemon was started'),
        connections: z.int().describe('connections that are open, this one included'),
        subscriptions: z.int().describe('subscriptions to changes, of all connections'),
        socket: z.string().describe('absolute path of the socket that it listens on'),
        data_dir: z.string().describe('absolute path of its data directory'),
        manager: manager.describe('who started it'),
        memory_rss: z.int().describe('bytes of memory that it takes; 0 where the system does not tell'),
        host,
        home: z.string().describe('home directory of its user, empty where it has none'),
        requests: z
          .record(z.string(), percentiles)
          .describe('by method, since the start; a method that was not called is missing'),
        batches: z
          .object({
            count: z.int().describe('how often the file was written'),
            changes: z.int().describe('changes that were written'),
            largest: z.int().describe('the most changes that shared a write'),
          })
          .describe('writes of the file since the start, and the changes that shared them'),
      })
      .describe('what the daemon is doing'),
    example: {
      params: {},
      result: {
        pid: 4100,
        version: '0.1.0',
        build: { id: '6ba18cc651f8', built_at: '2026-01-04T16:30:00.000Z' },
        uptime_s: 86.4,
        connections: 1,
        subscriptions: 0,
        socket: '/home/ada/.codebase-gardener/run/registry.sock',
        data_dir: '/home/ada/.codebase-gardener',
        manager: 'spawned',
        memory_rss: 51_000_000,
        host: 'workstation',
        home: '/home/ada',
        requests: { 'projects.get': { count: 1200, p50_ms: 0.05, p95_ms: 0.1, p99_ms: 0.4, max_ms: 2 } },
        batches: { count: 12, changes: 40, largest: 16 },
      },
    },
  }),
  'daemon.shutdown': method({
    kind: 'control',
    summary: 'Ends the daemon once everything received is answered and written.',
    params: z.strictObject({
      reason: z.string().max(MAX_REASON).optional().describe('why, for the log; default none'),
    }),
    result: nothing,
    example: { params: { reason: 'upgrade' }, result: null },
  }),
  'rpc.discover': method({
    kind: 'control',
    summary: 'Describes every method as an OpenRPC 1.3 document.',
    params: noParams,
    result: z
      .looseObject({ openrpc: z.string().describe('version of OpenRPC that it is written in') })
      .describe('an OpenRPC document: https://spec.open-rpc.org'),
    example: { params: {}, result: { openrpc: '1.3.2' } },
  }),
};
