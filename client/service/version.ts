/** Which of two versions is newer, and which version lies on the disk. Small, because the client library asks. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readIfThere } from './installed.ts';

interface Version {
  readonly numbers: readonly number[];
  readonly prerelease: readonly string[];
}

/** https://semver.org/#spec-item-11; undefined for what is no version. */
function readVersion(text: string | undefined): Version | undefined {
  const [, core, prerelease] = /^(\d+\.\d+\.\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(text ?? '') ?? [];
  if (core === undefined) return undefined;
  return { numbers: core.split('.').map(Number), prerelease: prerelease?.split('.') ?? [] };
}

/** Whether `one` is a newer version than `other`. Never, when one of them is no version. */
export function isNewer(one: string | undefined, other: string | undefined): boolean {
  const [left, right] = [readVersion(one), readVersion(other)];
  if (!left || !right) return false;
  for (const [index, number] of left.numbers.entries()) {
    const difference = number - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  // 1.0.0 comes after 1.0.0-beta.
  if (left.prerelease.length === 0 || right.prerelease.length === 0)
    return right.prerelease.length > left.prerelease.length;
  for (const [index, part] of left.prerelease.entries()) {
    const difference = comparePart(part, right.prerelease[index]);
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

/** The version of the package that a `gardenerd.js` belongs to, as it lies on the disk now; undefined without either. */
export function versionOnDisk(daemon: string): string | undefined {
  if (!existsSync(daemon)) return undefined;
  const manifest = readIfThere(join(dirname(dirname(daemon)), 'package.json'));
  const read =
    manifest === undefined ? undefined : (JSON.parse(manifest) as { name?: unknown; version?: unknown });
  return read?.name === 'codebase-gardener' && typeof read.version === 'string' ? read.version : undefined;
}
