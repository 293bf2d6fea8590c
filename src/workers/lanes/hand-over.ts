// Takes a lane's answers from its message to the connections that wait for them.
import { Buffer } from 'node:buffer';
import type { Job } from '../../ports.js';
import { ANSWER, unpackAnswers } from '../link/answers.js';
import type { Slots } from './slots.js';

/** Hands each answer to its command's origin. Answers that lie side by side for one connection go as one view. */
export function handOver(buffer: ArrayBuffer, slots: Slots): void {
  let group: Job[] = [];
  let from = 0;
  let to = 0;
  const handOverGroup = (): void => {
    const [first] = group;
    if (first === undefined) return;
    first.origin.respond(Buffer.from(buffer, from, to - from));
    const jobs = group;
    group = [];
    for (const job of jobs) job.answered();
  };
  unpackAnswers(buffer, (slot, sequence, kind, start, end) => {
    const job = slots.settle(slot, sequence);
    if (job === undefined || kind !== ANSWER.RESPONSE || job.origin !== group[0]?.origin || start !== to)
      handOverGroup();
    if (job === undefined) return;
    if (kind === ANSWER.SUBSCRIBE) job.subscribe(Buffer.from(buffer, start + 4, end - start - 4).toString());
    else if (kind === ANSWER.UNSUBSCRIBE) job.unsubscribe();
    else if (kind === ANSWER.OVERRUN) {
      job.origin.respond(Buffer.from(buffer, start, end - start));
      job.answered(true);
    } else {
      if (group.length === 0) from = start;
      group.push(job);
      to = end;
    }
  });
  handOverGroup();
}
