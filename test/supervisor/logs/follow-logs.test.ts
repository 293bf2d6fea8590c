// Logs that are followed in their files: each line once, in order, whatever happens to the files.
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openAppLogs, recentLines } from '#dist/supervisor/logs/app-log.js';
import { LogsFollower } from '#dist/supervisor/logs/follow-logs.js';
import { recordHeader } from '#dist/supervisor/logs/record.js';
import { asideName } from '#dist/supervisor/logs/segments.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { compress, LogWriter } from '../../support/log-writer.js';
import { orFail } from '../../support/or-fail.js';
import { until } from '../../support/until.js';

const START = Date.parse('2026-11-27T02:00:00.000Z');

function world(ids: readonly string[] | null = ['a']) {
  const state = temporaryDirectory();
  mkdirSync(join(state, 'logs'));
  const path = (name = 'a.all.log'): string => join(state, 'logs', name);
  const texts: string[] = [];
  const lost: string[] = [];
  /** The history is what is there now; what comes later is followed. */
  const follow = async (history: readonly string[] = ids ?? []) => {
    const follower = new LogsFollower(state, ids);
    onTestFinished(() => follower.close());
    const logs = await openAppLogs(state, history, { wholeLines: true });
    for (const log of logs) {
      const { lines } = await recentLines(log, 1e9, {}, 1e9);
      texts.push(...lines.map(({ text }) => text));
    }
    for (const log of logs) follower.follow(log);
    (async () => {
      for await (const { app, lines, lost: some } of follower.lines()) {
        if (some) lost.push(app);
        texts.push(...lines.map(({ text }) => text));
      }
    })().catch(orFail);
    return follower;
  };
  return { state, path, texts, lost, follow };
}

describe('a log that is followed', () => {
  test('gives each line once, from history to live, while files are put aside and compressed', async () => {
    const { path, texts, lost, follow } = world();
    const writer = new LogWriter(path());
    let n = 0;
    const print = (count: number): void => {
      for (let i = 0; i < count; i += 1)
        writer.print(i % 3 === 0 ? 'stderr' : 'stdout', `${n++}\n`, START + n);
    };
    print(20);
    writer.rotate(START + n, true);
    print(20);
    await follow();
    for (let round = 0; round < 60; round += 1) {
      print(round % 7);
      writer.rotate(START + n + round, round % 2 === 0);
      print(round % 5);
      if (round % 10 === 0) await until(() => texts.length === n, `${n} lines`);
    }
    await until(() => texts.length >= n, `${n} lines`);
    expect(texts).toEqual(Array.from({ length: n }, (_, index) => String(index)));
    expect(lost).toEqual([]);
  });

  test('says that lines are missing if a file is deleted before it was read, and only then', async () => {
    const { path, texts, lost, follow } = world();
    const writer = new LogWriter(path());
    writer.print('stdout', 'one\n', START);
    await follow();
    writer.print('stdout', 'two\n', START + 1);
    await until(() => texts.length === 2, 'the second line');
    // All in one turn, so that nobody can have read them.
    writer.rotate(START + 2);
    writer.print('stdout', 'gone\n', START + 3);
    writer.rotate(START + 4);
    rmSync(asideName(path(), START + 4));
    writer.print('stdout', 'three\n', START + 5);
    await until(() => texts.includes('three'), 'the last line');
    expect([texts, lost]).toEqual([['one', 'two', 'three'], ['a']]);
    // Its own file is deleted: it was read.
    writer.rotate(START + 6);
    rmSync(asideName(path(), START + 6));
    rmSync(asideName(path(), START + 2));
    writer.print('stdout', 'four\n', START + 7);
    await until(() => texts.includes('four'), 'the line after that');
    expect(lost).toEqual(['a']);
  });

  test('goes on after its file was emptied, removed, or renamed by somebody else, and its folder too', async () => {
    const { state, path, texts, lost, follow } = world();
    new LogWriter(path()).print('stdout', 'a long first line\n', START);
    await follow();
    await until(() => texts.length === 1, 'the history');
    truncateSync(path());
    new LogWriter(path()).print('stdout', 'emptied\n', START + 1);
    await until(() => texts.length === 2, 'after it was emptied');
    truncateSync(path());
    const longer = 'longer than all that was there before';
    new LogWriter(path()).print('stdout', `${longer}\n`, START + 1);
    await until(() => texts.length === 3, 'after it was emptied and has grown again');
    rmSync(path());
    new LogWriter(path()).print('stdout', 'removed\n', START + 2);
    await until(() => texts.length === 4, 'after it was removed');
    renameSync(path(), path('elsewhere'));
    new LogWriter(path()).print('stdout', 'renamed\n', START + 3);
    await until(() => texts.length === 5, 'after it was renamed');
    rmSync(join(state, 'logs'), { recursive: true });
    new LogWriter(path()).print('stdout', 'another folder\n', START + 4);
    await until(() => texts.length === 6, 'after the folder was removed');
    appendFileSync(path(), `${recordHeader(START + 5, 'stdout')}more\n`);
    await until(() => texts.length === 7, 'in the new folder');
    expect(texts).toEqual([
      'a long first line',
      'emptied',
      longer,
      'removed',
      'renamed',
      'another folder',
      'more',
    ]);
    expect(lost).toEqual([]);
  });

  test('joins a line that the other stream interrupted, and shows a last line that stands without an end', async () => {
    const { path, texts, follow } = world();
    const writer = new LogWriter(path());
    await follow();
    writer.print('stdout', 'begun ', START);
    writer.print('stderr', 'between\n', START + 1);
    writer.print('stdout', 'ended\n', START + 2);
    await until(() => texts.length === 2, 'both lines');
    expect(texts).toEqual(['begun ended', 'between']);
    writer.print('stdout', 'password: ', START + 3);
    await until(() => texts.length === 3, 'the line without an end');
    writer.print('stdout', '\n', START + 4);
    writer.print('stdout', 'next\n', START + 5);
    await until(() => texts.length === 4, 'the next line');
    expect(texts.slice(2)).toEqual(['password: ', 'next']);
  });

  test('of plain files is followed too, across an upgrade to records', async () => {
    const { path, texts, follow } = world();
    writeFileSync(path('a.out.log'), 'one\nunfin');
    writeFileSync(path('a.err.log'), '');
    await follow();
    expect(texts).toEqual(['one']);
    appendFileSync(path('a.out.log'), 'ished\n');
    await until(() => texts.length === 2, 'the second line');
    renameSync(path('a.out.log'), asideName(path('a.out.log'), START));
    writeFileSync(path('a.out.log'), 'three\n');
    compress(asideName(path('a.out.log'), START));
    await until(() => texts.length === 3, 'the third line');
    new LogWriter(path()).print('stderr', 'record\n', START);
    await until(() => texts.length === 4, 'the record');
    expect(texts).toEqual(['one', 'unfinished', 'three', 'record']);
  });

  test('of all apps has those that come later; of one app it has no others', async () => {
    const all = world(null);
    const one = world(['a']);
    for (const { path, follow } of [all, one]) {
      new LogWriter(path()).print('stdout', 'old\n', START);
      await follow(['a']);
      new LogWriter(path('b.all.log')).print('stdout', 'of another app\n', START + 1);
    }
    await until(() => all.texts.length === 2, 'the other app');
    new LogWriter(one.path()).print('stdout', 'new\n', START + 2);
    await until(() => one.texts.length === 2, 'the new line');
    expect([all.texts, one.texts]).toEqual([
      ['old', 'of another app'],
      ['old', 'new'],
    ]);
  });

  test('is read to its end by a follower that is far behind', async () => {
    const { path, texts, follow, state } = world();
    const line = 'x'.repeat(2000);
    const writer = new LogWriter(path());
    writer.print('stdout', 'first\n', START);
    await follow();
    for (let file = 0; file < 8; file += 1) {
      writer.print('stdout', `${file} ${line}\n`.repeat(1000), START + 10 * file);
      writer.rotate(START + 10 * file + 5, file % 2 === 1);
    }
    await until(() => texts.length === 8001, 'all lines');
    expect(texts.slice(1).map((text) => Number(text[0]))).toEqual(
      Array.from({ length: 8000 }, (_, n) => Math.floor(n / 1000)),
    );
    expect(readdirSync(join(state, 'logs')).length).toBe(9);
  });

  test('costs one reading of the folder when nothing has changed for a second, however many apps there are', async () => {
    const ids = Array.from({ length: 500 }, (_, n) => `app${n}`);
    const { path, texts, lost, follow } = world(null);
    for (const id of ids) {
      new LogWriter(path(`${id}.all.log`)).print('stdout', `${id}\n`, START);
      // What an older version has left: it is read already, and no file follows it.
      writeFileSync(asideName(path(`${id}.out.log`), START), 'older\n');
    }
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    await follow(ids);
    await waitsForTime();
    const readdir = vi.spyOn(fs, 'readdir');
    syncBuiltinESMExports();
    onTestFinished(() => {
      vi.restoreAllMocks();
      syncBuiltinESMExports();
    });
    for (const polls of [1, 2]) {
      vi.advanceTimersByTime(1000);
      await waitsForTime();
      expect(readdir).toHaveBeenCalledTimes(polls);
    }
    // A poll finds what the watch has not told, also of a log that had no file.
    appendFileSync(path('app7.out.log'), 'plain\n');
    for (let poll = 0; poll < 10 && texts.at(-1) !== 'plain'; poll += 1) {
      vi.advanceTimersByTime(1000);
      await waitsForTime();
    }
    expect([texts.length, texts.at(-1), lost]).toEqual([2 * ids.length + 1, 'plain', []]);
  });
});

/** The follower has nothing to do until its timer, which is not a real one. */
async function waitsForTime(): Promise<void> {
  const end = performance.now() + 120_000;
  while (vi.getTimerCount() === 0) {
    if (performance.now() > end) throw new Error('the follower does not come to rest');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
