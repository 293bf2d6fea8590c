// The user and the group that an app runs as.
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}
