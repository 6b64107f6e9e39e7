import { hostname } from 'node:os';
import { RegistryError } from '../../domain/errors.ts';
import { findHome } from '../../paths.ts';
import { methods, type Result } from '../../protocol/methods.ts';
import { openRpcDocument } from '../../protocol/openrpc.ts';
import { RawJson } from '../../protocol/wire.ts';
import { PROTOCOL_VERSION } from '../../protocol/version.ts';
import { BUILD, VERSION } from '../../version.ts';
import type { Services } from '../services.ts';
import type { Family, Run } from './types.ts';

/** 0 where the system does not tell, as without /proc. */
function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}

/** What the daemon is, and where it runs: who reaches it through a forwarded socket has other paths. */
function self() {
  return {
    pid: process.pid,
    version: VERSION,
    ...(BUILD && { build: BUILD }),
    host: hostname(),
    home: findHome() ?? '',
  };
}

export function daemonHandlers({ daemon, log }: Services): Family<'daemon' | 'rpc'> {
  /** The same for as long as the daemon lives, and too long to be put together for everyone who asks. */
  let discovery: RawJson<Result<'rpc.discover'>> | undefined;

  const hello: Run<'daemon.hello'> = (params, { peer }) => {
    const { client, protocol = { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION } } = params;
    if (protocol.min > PROTOCOL_VERSION || protocol.max < PROTOCOL_VERSION) {
      throw new RegistryError(
        'incompatible_protocol',
        `cannot speak protocol ${protocol.min} to ${protocol.max}: this daemon (${VERSION}) speaks ${PROTOCOL_VERSION}; upgrade the older of the two`,
        { protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION }, version: VERSION },
      );
    }
    if (client?.name) peer.client = `${client.name}${client.version ? `/${client.version}` : ''}`;
    if (client?.pid) peer.client_pid = client.pid;
    return {
      protocol: PROTOCOL_VERSION,
      ...self(),
      epoch: daemon.epoch,
      started_at: daemon.startedAt,
      capabilities: Object.keys(methods),
    };
  };

  return {
    'daemon.hello': { run: hello },
    'daemon.ping': { run: () => 'pong' },
    'daemon.status': { run: () => ({ ...self(), memory_rss: residentBytes(), ...daemon.status() }) },
    'daemon.shutdown': {
      run({ reason }, { peer }) {
        log.info({ reason, ...peer }, 'asked to shut down');
        daemon.shutdown(reason ?? 'daemon.shutdown');
        return null;
      },
    },
    'rpc.discover': { run: () => (discovery ??= new RawJson(JSON.stringify(openRpcDocument()))) },
  };
}
