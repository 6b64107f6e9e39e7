/** `git maintenance register` and `scalar` note in the settings of git which repositories they look after. */
import { absolutes, gitSettings, type Source } from './source.ts';

/** https://git-scm.com/docs/git-maintenance */
export const gitMaintenance: Source = {
  where: 'maintenance.repo of git',
  async read(around) {
    const named = await gitSettings(around, String.raw`^maintenance\.repo$`);
    const { absolute, unused } = absolutes(named, around.home);
    return { paths: absolute, unused };
  },
};
