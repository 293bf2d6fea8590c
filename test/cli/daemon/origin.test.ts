// A file changes, stops and deletes no app of another file unless it is told to; what it takes over is said.
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Manager } from '../../support/manager.js';
import { socketsAreFiles } from '../../support/platform.js';
import { data, type FakeDaemon, fakeDaemon, itself, status, success } from '../fake-daemon.js';

/** A daemon of this version whose apps run as no file says, and which takes everything. */
const daemonWith = (manager: Manager, sources: Record<string, string | null>): Promise<FakeDaemon> =>
  fakeDaemon(manager.socket, (message) => {
    const apps = Object.entries(sources).map(([name, source]) => status(name, { source, log_files: {} }));
    if (message === 'List' || (typeof message === 'object' && 'Status' in message))
      return data(apps, itself());
    if (typeof message !== 'object' || !('Start' in message)) return success('done', itself());
    const { name, dry_run: dry } = message.Start;
    if (dry !== true) return success(`Started app ${name}`, itself());
    return success('', { action: name in sources ? 'changed' : 'started', differs: ['args'], ...itself() });
  });

/** What was asked to be done, as `Kind name`. */
const acts = ({ asked }: FakeDaemon): string[] =>
  asked.flatMap((message) => {
    const [[kind, args] = ['']] = Object.entries(
      message as Record<string, { name?: string | null; dry_run?: boolean }>,
    );
    const isAct = /^(Start|Stop|Restart|Delete)$/.test(kind) && args?.dry_run !== true;
    return isAct ? [`${kind} ${args?.name}`] : [];
  });

/** A file with these apps, beside the manager's socket or in a folder there. */
function write(manager: Manager, file: string, ...names: string[]): string {
  const path = join(realpathSync(manager.home), file);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, JSON.stringify({ apps: names.map((name) => ({ name, command: 'node' })) }));
  return path;
}

function writePackage(manager: Manager): string {
  const path = join(realpathSync(manager.home), 'package.json');
  writeFileSync(path, JSON.stringify({ name: 'web', scripts: { start: 'node .' } }));
  return path;
}

describe('a file that was only found in the folder', () => {
  test.each([[['start']], [['start', 'web', 'new']]])(
    'leaves an app of another file alone (%j), names both, and does nothing else either',
    async (args) => {
      const manager = new Manager();
      const [here, other] = [write(manager, 'bunctl.json', 'new', 'web'), write(manager, 'a/x.json', 'web')];
      const daemon = await daemonWith(manager, { web: other });
      const { code, stdout, stderr } = await manager.run(...args);
      expect({ code, stdout, acts: acts(daemon) }).toEqual({ code: 1, stdout: '', acts: [] });
      expect(stderr).toContain(`App web came from ${other}, so ${here}`);
      expect(stderr).toContain(`bunctl start ${here}\n`);
      expect(stderr).toContain(`Error: Nothing of ${here} was applied: 1 of 2 failed\n`);
    },
  );

  test.each<[string, (manager: Manager) => string | null, string]>([
    ['that has gone', (manager) => join(manager.home, 'gone.json'), 'gone.json, which is gone)'],
    ['that is none: the command line', () => null, 'from the command line)'],
  ])('takes over an app of another file %s, and the plan says so', async (_what, source, origin) => {
    const manager = new Manager();
    write(manager, 'bunctl.json', 'web');
    const daemon = await daemonWith(manager, { web: source(manager) });
    const { code, stderr } = await manager.run('start');
    expect({ code, acts: acts(daemon) }).toEqual({ code: 0, acts: ['Start web'] });
    expect(stderr).toContain('  change     web (args; taken over from ');
    expect(stderr).toContain(origin);
  });

  test.each<[string, (manager: Manager) => string | null]>([
    ['of another file', (manager) => write(manager, 'a/x.json', 'web')],
    ['of a file that has gone', (manager) => join(manager.home, 'gone.json')],
    ['of the command line', () => null],
  ])('and that has only a start script changes no app %s', async (_what, source) => {
    const manager = new Manager();
    const here = writePackage(manager);
    const daemon = await daemonWith(manager, { web: source(manager) });
    const { code, stderr } = await manager.run('start');
    expect({ code, acts: acts(daemon) }).toEqual({ code: 1, acts: [] });
    expect(stderr).toContain(`the start script of ${here}`);
    expect(stderr).toContain(`bunctl start ${here}\n`);
  });

  test('and that has only a start script changes its own app, and starts a new one', async () => {
    const manager = new Manager();
    const here = writePackage(manager);
    const daemon = await daemonWith(manager, { web: here });
    expect((await manager.run('start')).stderr).toContain('  change     web (args)\n');
    await daemon.close();
    const empty = await daemonWith(manager, {});
    expect((await manager.run('start')).stderr).toContain('  start      web\n');
    expect(acts(empty)).toEqual(['Start web']);
  });

  test.runIf(socketsAreFiles)('is the file that an app came from by another path', async () => {
    const manager = new Manager();
    const real = write(manager, 'real/bunctl.json', 'web');
    symlinkSync(join(real, '..'), join(manager.home, 'link'));
    const daemon = await daemonWith(manager, { web: join(manager.home, 'link', 'bunctl.json') });
    const { stderr } = await manager.runIn(join(real, '..'), 'start');
    expect(stderr).toContain('  change     web (args)\n');
    expect(acts(daemon)).toEqual(['Start web']);
  });
});

test.each([
  [['start', 'b.json']],
  [['start', '-c', 'b.json']],
  [['start', 'b.json', 'web']],
  [['restart', 'b.json']],
])('a file that was named takes an app over, and the plan says from where: %j', async (args) => {
  const manager = new Manager();
  write(manager, 'b.json', 'web');
  const other = write(manager, 'a/x.json', 'web');
  const daemon = await daemonWith(manager, { web: other });
  const { code, stderr } = await manager.run(...args);
  expect({ code, acts: acts(daemon) }).toEqual({ code: 0, acts: ['Start web'] });
  expect(stderr).toContain(`  change     web (args; taken over from ${other})\n`);
});

describe.each(['stop', 'delete'])('%s FILE', (command) => {
  const force = command === 'delete' ? ['-f'] : [];
  const kind = command === 'stop' ? 'Stop' : 'Delete';

  test('leaves an app of another file alone, and says how it is reached', async () => {
    const manager = new Manager();
    const here = write(manager, 'b.json', 'web', 'mine', 'old', 'typed');
    const other = write(manager, 'a/x.json', 'web');
    const gone = join(manager.home, 'gone.json');
    const daemon = await daemonWith(manager, { web: other, mine: here, old: gone, typed: null });
    const { code, stderr } = await manager.run(command, 'b.json', ...force);
    expect(code).toBe(0);
    expect(stderr).toBe(
      `App web came from ${other}, not from ${here}, and is left alone. To ${command} it: bunctl ${command} web\n`,
    );
    expect(acts(daemon).sort()).toEqual([`${kind} mine`, `${kind} old`, `${kind} typed`]);
  });

  test('reaches it if it is named, too', async () => {
    const manager = new Manager();
    write(manager, 'b.json', 'web');
    const daemon = await daemonWith(manager, { web: write(manager, 'a/x.json', 'web') });
    expect(await manager.run(command, 'b.json', 'WEB', ...force)).toMatchObject({ code: 0, stderr: '' });
    expect(acts(daemon)).toEqual([`${kind} web`]);
  });

  test('of which nothing is left says so, and asks nothing', async () => {
    const manager = new Manager();
    write(manager, 'b.json', 'web');
    const daemon = await daemonWith(manager, { web: write(manager, 'a/x.json', 'web') });
    const { code, stdout, stderr } = await manager.run(command, 'b.json');
    expect({ code, stdout, acts: acts(daemon) }).toEqual({ code: 0, stdout: '', acts: [] });
    expect(stderr).toMatch(/^App web came from .* left alone.*\n$/);
  });
});
