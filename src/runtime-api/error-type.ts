const ERROR_TYPE = /^(Runtime|Function)\.[A-Z][a-zA-Z]+$/;

/** An error's type as AWS normalises it for logs and metrics; the payload keeps whatever the function said. */
export function normalErrorType(type: string): string {
  if (ERROR_TYPE.test(type)) return type;
  return type.startsWith('Function.') ? 'Function.Unknown' : 'Runtime.Unknown';
}
