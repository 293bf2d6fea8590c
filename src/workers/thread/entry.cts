// The file that Piscina loads in a worker thread. It is CommonJS: Piscina require()s it, and to end a thread while
// it require()s an ES module aborts the whole process. Such an end during import() is harmless.
import type { LaneStart, ServiceStart } from '../link/messages.js' with { 'resolution-mode': 'import' };

export = async (task: LaneStart | ServiceStart): Promise<void> => {
  const { run } = await import('./run.js');
  return run(task);
};
