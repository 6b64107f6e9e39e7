import { z } from 'zod';
import { MAX_CALLER, MAX_REASON } from '../../domain/limits.ts';
import { MANAGERS } from '../../flags.ts';
import { method, noParams } from '../method.ts';

const percentiles = z.object({
  count: z.int(),
  p50_ms: z.number(),
  p95_ms: z.number(),
  p99_ms: z.number(),
  max_ms: z.number(),
});

const build = z
  .object({ id: z.string(), built_at: z.string() })
  .optional()
  .describe(
    'which build of the version; absent from daemons that run from source, or are older than this field',
  );

/** The daemon itself. `hello`, `ping`, `status` and `shutdown` never change: a newer client relies on them. */
export const daemonMethods = {
  'daemon.hello': method({
    kind: 'control',
    summary: 'Says who speaks and agrees on a protocol version.',
    params: z.strictObject({
      client: z
        .strictObject({
          name: z.string().max(MAX_CALLER),
          version: z.string().max(MAX_CALLER),
          pid: z.int().min(0),
        })
        .partial()
        .optional()
        .describe('named in the log'),
      protocol: z
        .strictObject({ min: z.int(), max: z.int() })
        .optional()
        .describe('the versions the client speaks'),
    }),
    result: z.object({
      protocol: z.int(),
      version: z.string(),
      build,
      pid: z.int(),
      epoch: z.string().describe('new at each start of the daemon'),
      started_at: z.string(),
      capabilities: z.array(z.string()),
      host: z.string().describe('name of the machine that the daemon runs on'),
      home: z
        .string()
        .describe('home directory of its user, empty where it has none; paths are those of that machine'),
    }),
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
    result: z.literal('pong'),
    example: { params: {}, result: 'pong' },
  }),
  'daemon.status': method({
    kind: 'control',
    summary: 'What the daemon is doing and how fast.',
    params: noParams,
    result: z.object({
      pid: z.int(),
      version: z.string(),
      build,
      uptime_s: z.number(),
      connections: z.int(),
      subscriptions: z.int(),
      socket: z.string(),
      data_dir: z.string(),
      manager: z.enum(MANAGERS).describe('who started it'),
      memory_rss: z.int().describe('bytes; 0 where the system does not tell'),
      host: z.string().describe('name of the machine that the daemon runs on'),
      home: z.string().describe('home directory of its user, empty where it has none'),
      requests: z.record(z.string(), percentiles).describe('by method, since the start'),
      batches: z
        .object({ count: z.int(), changes: z.int(), largest: z.int() })
        .describe('writes of the file, and the changes that shared them'),
    }),
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
    params: z.strictObject({ reason: z.string().max(MAX_REASON).optional().describe('for the log') }),
    result: z.null(),
    example: { params: { reason: 'upgrade' }, result: null },
  }),
  'rpc.discover': method({
    kind: 'control',
    summary: 'Describes every method as an OpenRPC 1.3 document.',
    params: noParams,
    result: z.looseObject({ openrpc: z.string() }),
    example: { params: {}, result: { openrpc: '1.3.2' } },
  }),
};
