// What a former daemon has left: its records, and the processes of each that are found.
import type { Logger } from 'pino';
import type { AppRecord } from '../model/app-record.js';
import type { stateFiles } from '../state/paths.js';
import { checkedRecords } from '../state/records.js';
import { isElsewhere } from '../system/place.js';
import { findLeftProcesses, type LeftProcess } from './adoption.js';
import { unmarkedGroups } from './unmarked-groups.js';

export interface FormerApp {
  readonly record: AppRecord;
  readonly found: LeftProcess | undefined;
}

export async function formerApps(files: ReturnType<typeof stateFiles>, log: Logger): Promise<FormerApp[]> {
  const records = await checkedRecords(files.apps, (file, err) =>
    log.error({ err, file }, 'a state file is not a record of an app and was put aside'),
  );
  const outputOf = (id: string): string[] =>
    (['stdout', 'stderr'] as const).flatMap((stream) => [files.pipe(id, stream), files.rawLog(id, stream)]);
  const left = await findLeftProcesses(records, undefined, (unknown) => unmarkedGroups(unknown, outputOf));
  return records.map((record) => {
    const found = left.get(record.id);
    const { id: app, process: former } = record;
    if (found?.leaderLives) log.info({ app, appPid: found.leader.pid }, 'adopted an app that runs');
    else if (former !== null && isElsewhere(former))
      log.warn(
        { app, host: former.host, appPid: former.pid },
        'an app last ran on another machine or in another container, where it may still run; its process is not looked for here',
      );
    return { record, found };
  });
}
