// The facts of macOS, from what its tools print. The recordings are written by the documented formats of these tools,
// ps(1), sysctl(8), ioreg(8) and id(1) of macOS; they were not made on a Mac.
import { existsSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { macOs, type Tools } from '#dist/supervisor/system/darwin.js';
import { statOf } from '#dist/supervisor/system/stat.js';
import { COLUMNS, parseUser, secondsOf } from '#dist/supervisor/system/ps.js';

const PS = `
    1     0     1 Ss   Mon Nov  2 08:15:00 2026     12288   4:01.50
  501     1   501 Ss   Fri Nov 27 02:02:56 2026     53248   0:01.23
  502   501   501 S+   Fri Nov 27 02:03:01 2026     10240 100:00.07
  503   501   501 Z    Fri Nov 27 02:03:02 2026         0   0:00.00
  600     1   600 R    Sun Dec 13 23:59:59 2026   1048576   0:00.01
`;
const BOOT = 'E1B2C3D4-0A1B-4C2D-8E3F-5A6B7C8D9E0F\n';
const IOREG = `+-o J316sAP  <class IOPlatformExpertDevice, id 0x100000227, registered, matched, active, busy 0 (0 ms), retain 38>
    {
      "IOPolledInterface" = "AppleARMWatchdogTimerHibernateHandler is not serializable"
      "manufacturer" = <"Apple Inc.">
      "IOPlatformSerialNumber" = "C02ABCDEFGHI"
      "IOPlatformUUID" = "01234567-89AB-CDEF-0123-456789ABCDEF"
    }
`;
const ID = 'ann:********:501:20::0:0:Ann Example:/Users/ann:/bin/zsh\n';

const start = (iso: string): string => String(Date.parse(iso) / 10);

/** A Mac whose tools print this; a tool that is not in the list cannot be started. */
function mac(prints: Record<string, string | Error>, present: readonly number[] = [1, 501, 502, 503, 600]) {
  const calls: string[] = [];
  const clock = { now: Date.parse('2026-11-27T02:04:56Z') };
  const run: Tools['run'] = (tool, args) => {
    calls.push([tool, ...args].join(' '));
    const printed = prints[tool] ?? Object.assign(new Error('spawn ENOENT'), { code: 'ENOENT' });
    if (printed instanceof Error) throw printed;
    return printed;
  };
  const tools: Tools = {
    run,
    begin: async (tool, args) => run(tool, args),
    now: () => clock.now,
    exists: (pid) => present.includes(pid),
  };
  return { facts: macOs(tools), calls, clock };
}

const FULL = { '/bin/ps': PS, '/usr/sbin/sysctl': BOOT, '/usr/sbin/ioreg': IOREG, '/usr/bin/id': ID };

describe('macOS', () => {
  test('names the boot and the machine', () => {
    const { facts, calls } = mac(FULL);
    expect(facts.bootId()).toBe('E1B2C3D4-0A1B-4C2D-8E3F-5A6B7C8D9E0F');
    expect(facts.machineId()).toBe('01234567-89AB-CDEF-0123-456789ABCDEF');
    expect(calls).toEqual([
      '/usr/sbin/sysctl -n kern.bootsessionuuid',
      '/usr/sbin/ioreg -rd1 -c IOPlatformExpertDevice',
    ]);
  });

  test.each([
    ['prints something else', { '/usr/sbin/sysctl': 'unknown oid\n', '/usr/sbin/ioreg': '{}' }],
    ['fails', {}],
  ])('whose tool %s has no boot, so that each recorded process is a stranger', (_what, prints) => {
    const { facts } = mac(prints);
    expect([facts.bootId(), facts.machineId()]).toEqual([null, null]);
  });

  test('tells of a process its parent, group, start, time and memory', () => {
    const { facts, calls } = mac(FULL);
    expect(facts.statOf(501)).toEqual({
      state: 'S',
      parent: 1,
      group: 501,
      session: 0,
      startTime: start('2026-11-27T02:02:56Z'),
      cpuTicks: 123,
      childTicks: 0,
      residentPages: 13_312,
    });
    expect(facts.statOf(502)?.cpuTicks).toBe(600_007);
    expect(facts.statOf(1)?.startTime).toBe(start('2026-11-02T08:15:00Z'));
    expect(calls[0]).toBe('/bin/ps -o pid= -o ppid= -o pgid= -o stat= -o lstart= -o rss= -o time= -p 501');
    expect(COLUMNS).toHaveLength(14);
  });

  test('has the age of a process by the clock that start times are given in', () => {
    const { facts } = mac(FULL);
    expect(facts.ticksNow() - Number(facts.statOf(501)?.startTime)).toBe(120 * 100);
  });

  test('does not ask about a process that does not exist', () => {
    const { facts, calls } = mac(FULL, []);
    expect([facts.statOf(501), facts.statOf(501, 1000)]).toEqual([undefined, undefined]);
    expect(calls).toEqual([]);
  });

  test('tells nothing of a process that has just gone, and throws when it cannot ask', () => {
    expect(mac({ '/bin/ps': Object.assign(new Error(), { status: 1 }) }).facts.statOf(501)).toBeUndefined();
    expect(() => mac({}).facts.statOf(501)).toThrow('ENOENT');
  });

  test('asks once for many processes that may be a moment old, and anew for each that must be proven', () => {
    const { facts, calls, clock } = mac(FULL);
    for (const pid of [1, 501, 502, 600]) expect(facts.statOf(pid, 1000)?.state).toMatch(/[SR]/);
    expect(calls).toHaveLength(1);
    clock.now += 1001;
    facts.statOf(501, 1000);
    expect(calls).toHaveLength(2);
    facts.statOf(501);
    expect(calls).toHaveLength(3);
  });

  test('lists all processes by one call, zombies as such', async () => {
    const { facts, calls } = mac(FULL);
    expect([...facts.allStats()].map(([pid]) => pid)).toEqual([1, 501, 502, 503, 600]);
    const states: Record<number, string> = {};
    await facts.eachStat((pid, { state }) => (states[pid] = state));
    expect(states).toEqual({ 1: 'S', 501: 'S', 502: 'S', 503: 'Z', 600: 'R' });
    expect(calls).toHaveLength(2);
  });

  test.each([
    ['of another language', '  501     1   501 Ss   ven. 27 nov. 02:02:56 2026     53248   0:01.23'],
    ['with another order of the date', '  501     1   501 Ss   27.11.2026 02:02:56     53248   0:01.23'],
    ['that is cut', '  501     1   501 Ss   Fri Nov 27 02:02:56 2026     532'],
    ['with a name in it', '  501     1   501 Ss   Fri Nov 27 02:02:56 2026     53248   0:01.23 /bin/a b'],
    ['without a number', '     1   501 Ss   Fri Nov 27 02:02:56 2026     53248   0:01.23'],
    ['with a date that is none', '  501     1   501 Ss   Fri Foo 27 02:02:56 2026     53248   0:01.23'],
  ])('a row %s is left out, so that its process is a stranger', (_what, row) => {
    const { facts } = mac({ ...FULL, '/bin/ps': `${row}\n` });
    expect(facts.statOf(501)).toBeUndefined();
  });

  test('knows its users by number', async () => {
    const { facts, calls } = mac(FULL);
    expect(await facts.userOf(501)).toEqual({ name: 'ann', gid: 20, home: '/Users/ann' });
    expect(calls).toEqual(['/usr/bin/id -P 501']);
    expect(await facts.userOf(502)).toBeUndefined();
    expect(await mac({}).facts.userOf(501)).toBeUndefined();
  });

  test.each(['', 'id: 501: no such user\n', ID.replace(':20:', ':staff:'), 'ann:*:501:20\n'])(
    '%j is not a user',
    (line) => {
      expect(parseUser(line, 501)).toBeUndefined();
    },
  );

  test.each([
    ['0:00.00', 0],
    ['1:02.34', 62.34],
    ['1:02:03', 3723],
    ['2-01:02:03', 176_523],
  ])('%s are %d seconds', (time, seconds) => {
    expect(secondsOf(time)).toBeCloseTo(seconds, 5);
  });

  test.runIf(process.platform === 'linux' && existsSync('/bin/ps'))(
    'reads a ps of Linux, which prints the same columns, as /proc tells it, in any zone and language of the daemon',
    () => {
      vi.stubEnv('TZ', 'Asia/Tokyo');
      vi.stubEnv('LC_ALL', 'fr_FR.UTF-8');
      onTestFinished(() => void vi.unstubAllEnvs());
      const known = statOf(process.pid);
      const found = macOs().statOf(process.pid);
      expect(found).toMatchObject({ parent: known?.parent, group: known?.group });
      const started = Date.now() - process.uptime() * 1000;
      expect(Math.abs(Number(found?.startTime) * 10 - started)).toBeLessThan(30_000);
    },
  );
});
