/** ghq keeps repositories by host and owner, below directories that the environment or git's settings name. */
import { absolutes, gitSettings, type Source } from './source.ts';

/** https://github.com/x-motemen/ghq#configuration */
export const ghq: Source = {
  where: 'GHQ_ROOT, ghq.root of git, ~/ghq',
  async read(around) {
    const { home, env } = around;
    const named = env['GHQ_ROOT']
      ? env['GHQ_ROOT'].split(':')
      : await gitSettings(around, String.raw`^ghq\.(.*\.)?root$`);
    const { absolute, unused } = absolutes(named.length > 0 ? named : ['~/ghq'], home);
    return { roots: absolute, unused };
  },
};
