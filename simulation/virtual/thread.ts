// A worker thread, in place of the class that holds a thread of Piscina.
import { VirtualPort } from './port.js';
import { VirtualWorker } from './worker.js';
import type { World } from './world.js';

/** What a thread does: the real entry of a worker thread. */
export type RunTask = (task: { readonly name: string }) => Promise<void>;

export class VirtualThread extends VirtualWorker {
  readonly ended: Promise<Error | undefined>;
  #end: (error: Error | undefined) => void = () => undefined;

  constructor(world: World, run: RunTask, task: { readonly name: string }, transfer: readonly unknown[]) {
    super(world, task.name);
    this.ended = new Promise((resolve) => (this.#end = resolve));
    for (const item of transfer) if (item instanceof VirtualPort) item.owner = this.actor;
    this.actor.post(() => {
      run(task).then(
        () => this.#finished(undefined),
        (error: unknown) => this.#finished(error as Error),
      );
    });
  }

  /** As main asks for it: its task is over at once, the thread a little later. */
  kill(): void {
    this.#end(new Error('The task has been aborted'));
    this.terminate();
  }

  protected onDead(why: string): void {
    this.#end(new Error(why));
  }

  #finished(error: Error | undefined): void {
    this.world.main.post(() => {
      this.#end(error);
      this.terminate();
    });
  }
}
