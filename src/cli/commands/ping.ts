// bunctl ping
import { systemClock } from '../../clock.js';
import { daemonInfo, replacedNotice, versionNotice } from '../answers/wire.js';
import { withDaemon } from '../daemon/find.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { print, say } from '../terminal/output.js';

export const help = `Checks whether the daemon answers, and how fast.

Usage: bunctl ping

${COMMON_HELP}`;

export async function run(args: string[]): Promise<void> {
  const { daemon } = parse(args, {}, { names: false });
  await withDaemon(daemon, { start: 'never' }, async (client) => {
    const asked = systemClock.now();
    const info = await daemonInfo(client);
    const ms = (systemClock.now() - asked).toFixed(1);
    const identity = info ? `bunctl ${info.version}, pid ${info.pid}` : 'not this bunctl';
    print(`${client.path} answers in ${ms} ms (${identity})`);
    const mixed = versionNotice(info);
    if (mixed !== undefined) say(mixed);
    const again = replacedNotice(info);
    if (again !== undefined) say(again);
  });
}
