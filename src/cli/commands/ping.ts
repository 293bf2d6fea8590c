// bunctl ping
import { COMMON_HELP, parse } from '../input/arguments.js';
import { connectRunning } from '../daemon/find.js';
import { print, say } from '../terminal/output.js';
import { daemonInfo, versionNotice } from '../answers/wire.js';

export const help = `Whether the daemon answers, and how fast.

Usage: bunctl ping

${COMMON_HELP}`;

export async function run(args: string[]): Promise<void> {
  const { daemon } = parse(args, {}, { names: false });
  const client = await connectRunning(daemon);
  try {
    const asked = performance.now();
    const info = await daemonInfo(client);
    const ms = (performance.now() - asked).toFixed(1);
    print(
      `${client.path} answers in ${ms} ms${info ? ` (bunctl ${info.version}, pid ${info.pid})` : ' (not this bunctl)'}`,
    );
    const mixed = versionNotice(info);
    if (mixed !== undefined) say(mixed);
  } finally {
    await client.close();
  }
}
