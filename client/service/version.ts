/** Which of two releases is newer, and which one lies on the disk. Small, because the client library asks. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Build } from '../../src/version.ts';

/** Comes after every part that a prerelease may have: 1.0.0 comes after 1.0.0-beta. */
const RELEASED = '~';

/** What is compared, part by part, as https://semver.org/#spec-item-11 has it; undefined for what is no version. */
function partsOf(text: string | undefined): readonly string[] | undefined {
  const [, core, prerelease = RELEASED] =
    /^(\d+\.\d+\.\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(text ?? '') ?? [];
  return core === undefined ? undefined : `${core}.${prerelease}`.split('.');
}

/** Whether `one` is a newer version than `other`. Never, when one of them is no version. */
export function isNewer(one: string | undefined, other: string | undefined): boolean {
  const [left, right] = [partsOf(one), partsOf(other)];
  if (!left || !right) return false;
  for (const [index, part] of left.entries()) {
    const difference = comparePart(part, right[index]);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/** Numbers come before words, and nothing before both. */
function comparePart(one: string, other: string | undefined): number {
  if (other === undefined) return 1;
  const [left, right] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (left && right) return Number(one) - Number(other);
  if (left !== right) return left ? -1 : 1;
  return one === other ? 0 : one > other ? 1 : -1;
}

/** A version, and which build of it where that is known. */
export interface Release {
  readonly version: string | undefined;
  readonly build?: Build | undefined;
}

/**
 * Whether `one` is a newer version than `other`, or a later build of the same version. So of two builds never each is
 * newer than the other, and of equal ones neither is, whenever they were built.
 */
export function isNewerRelease(one: Release, other: Release): boolean {
  if (one.version !== other.version) return isNewer(one.version, other.version);
  if (one.build === undefined || one.build.id === other.build?.id) return false;
  return other.build === undefined || one.build.built_at > other.build.built_at;
}

/** The release that a `gardenerd.js` belongs to, as it lies on the disk now; without a version where there is none. */
export function releaseOnDisk(daemon: string): Release {
  if (!existsSync(daemon)) return { version: undefined };
  const directory = dirname(daemon);
  const { name, version } = readMembers(join(dirname(directory), 'package.json'));
  if (name !== 'codebase-gardener' || typeof version !== 'string') return { version: undefined };
  const { id, built_at } = readMembers(join(directory, 'build.json'));
  const isBuild = typeof id === 'string' && typeof built_at === 'string';
  return { version, build: isBuild ? { id, built_at } : undefined };
}

/** The members of the object in a file that may be anybody's: none where it cannot be read, or holds something else. */
function readMembers(file: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>> | null) ?? {};
  } catch {
    return {};
  }
}
