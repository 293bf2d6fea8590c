// What the programs of Windows print about processes. The recordings of PowerShell and wmic are written by Microsoft's
// documentation of Win32_Process and of the tools, not made on Windows; those of tasklist and of Wine's wmic come from Wine 10.
import { describe, expect, test } from 'vitest';
import {
  parsePowerShell,
  parseTasklist,
  parseWmic,
  textOf,
  WMIC_COLUMNS,
} from '#dist/supervisor/system/tasks.js';
import { question } from '#dist/supervisor/system/powershell.js';

/** 2026-11-27T07:40:00.123456Z in steps of 100 ns since 1601. */
const FILE_TIME = 116_444_736_000_000_000n + BigInt(Date.parse('2026-11-27T07:40:00.123Z')) * 10_000n + 4560n;
/** The same in ticks of 10 ms since 1970, to the last step. */
const TICKS = `${Date.parse('2026-11-27T07:40:00.120Z') / 10}.34560`;

describe('PowerShell', () => {
  test('tells number, parent, start, memory and processor time of each process', () => {
    const processes = parsePowerShell([
      '',
      'p 0 0 0 8192 123456789 0',
      `p 4321 1234 ${FILE_TIME} 52428800 15000000 25000000`,
      `p 4400 4321 ${FILE_TIME} 4096 0 0\r`,
    ]);
    expect(processes.get(4321)).toMatchObject({
      parent: 1234,
      startTime: TICKS,
      residentPages: 52_428_800 / 4096,
      cpuTicks: 400,
    });
    expect(processes.get(4400)?.parent).toBe(4321);
    // The idle process has no start, and so no identity.
    expect(processes.get(0)?.startTime).toBe('');
  });

  test('a line that is not a row, such as an error or a row that was cut, is left out', () => {
    const lines = [
      'Get-CimInstance : Access denied',
      'p 1 2 3 4 5',
      'p a b c d e f',
      'p 1 2  4096 0 0',
      'done 1',
    ];
    expect(parsePowerShell(lines).size).toBe(0);
  });

  test('the question is one line of ASCII, with brackets and quotes in pairs, and calls one method of a date alone', () => {
    const line = question(7);
    expect(line).toMatch(/^[\x20-\x7e]+\n$/);
    for (const [open, close] of ['()', '{}'])
      expect(line.split(open as string).length).toBe(line.split(close as string).length);
    expect(line.split('"').length % 2).toBe(1);
    expect(line.match(/\w+\(/g)).toEqual(['ToFileTimeUtc(']);
    expect(line.endsWith('; "done 7"\n')).toBe(true);
  });
});

describe('wmic', () => {
  const recording = (rows: readonly string[][]): string =>
    rows.map((row) => `\r\r\n\r\r\n${row.join('\r\r\n')}\r\r\n`).join('');
  const row = (date: string) => [
    `CreationDate=${date}`,
    'KernelModeTime=15000000',
    'ParentProcessId=1234',
    'ProcessId=4321',
    'UserModeTime=25000000',
    'WorkingSetSize=52428800',
  ];

  test('tells the same as PowerShell, whatever the zone of the clock', () => {
    const expected = { parent: 1234, startTime: TICKS, residentPages: 12_800, cpuTicks: 400 };
    for (const date of [
      '20261127084000.123456+060',
      '20261127074000.123456+000',
      '20261127024000.123456-300',
      '20261127131000.123456+330',
    ])
      expect(parseWmic(recording([row(date)])).get(4321)).toMatchObject(expected);
  });

  test('each process is a row of its own, and one without a start has no identity', () => {
    const other = row('').map((line) => line.replace('ProcessId=4321', 'ProcessId=4'));
    const processes = parseWmic(recording([row('20261127084000.123456+060'), other]));
    expect([...processes.keys()]).toEqual([4321, 4]);
    expect(processes.get(4)?.startTime).toBe('');
  });

  test('one that does not know all columns, as Wine’s, has told nothing', () => {
    expect(parseWmic('Error: Invalid query\r\n').size).toBe(0);
    expect(parseWmic('ParentProcessID=1\r\nProcessID=2\r\nWorkingSetSize=0\r\n').size).toBe(0);
    expect(WMIC_COLUMNS.split(',')).toHaveLength(6);
  });
});

describe('tasklist', () => {
  test('tells the memory of each process alone, in the figures of any language', () => {
    const text = [
      '"node.exe","32","Console","1","119,396 K"',
      '"services.exe","56","Services","0","20.544 K"',
      '"a ""b"", c.exe","68","Console","1","18\u00a0896 Ko"',
      '"gone.exe","70","Console","1","N/A"',
      'INFO: No tasks are running which match the specified criteria.',
    ].join('\r\n');
    const processes = parseTasklist(text);
    expect([...processes.keys()]).toEqual([32, 56, 68]);
    expect(processes.get(32)).toMatchObject({ residentPages: 119_396 / 4, startTime: '', parent: 0 });
    expect(processes.get(68)?.residentPages).toBe(18_896 / 4);
  });
});

test('a program may print in UTF-16, with a mark or without, or in bytes', () => {
  const wide = Buffer.from('"a","1"', 'utf16le');
  expect(textOf(wide)).toBe('"a","1"');
  expect(textOf(Buffer.concat([Buffer.from([0xff, 0xfe]), wide]))).toBe('"a","1"');
  expect(textOf(Buffer.from('ProcessId=4'))).toBe('ProcessId=4');
});
