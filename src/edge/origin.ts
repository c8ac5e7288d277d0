/** Where a connection out of an execution environment comes from. */
export interface EnvironmentOrigin {
  readonly account: string;
}
