// Where the handlers of a lane run.

export type Isolation = 'thread' | 'process' | 'none';
