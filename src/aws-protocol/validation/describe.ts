import type { ScalarShape, Shape } from '../model/shapes.ts';

/** AWS echoes whole values; a longer one would only fill the caller's terminal. */
const LONGEST_SHOWN_CHARS = 2_048;

/** A value as AWS prints it in validation messages: Java's `toString` in quotes; nothing of a sensitive one. */
export function describeValue(shape: Shape, value: unknown): string {
  if (isSensitive(shape)) return 'Value';
  if (value === null || value === undefined) return 'Value null';
  return `Value '${shorten(javaText(shape, value, 0))}'`;
}

function isSensitive(shape: Shape): boolean {
  if (shape.type === 'structure') return false;
  if (shape.sensitive) return true;
  if (shape.type === 'list') return isSensitive(shape.element);
  return shape.type === 'map' && (shape.key.sensitive || isSensitive(shape.value));
}

function shorten(text: string): string {
  return text.length > LONGEST_SHOWN_CHARS ? `${text.slice(0, LONGEST_SHOWN_CHARS)}…` : text;
}

function javaText(shape: Shape, value: unknown, depth: number): string {
  if (value === null || value === undefined) return 'null';
  if (depth > 8) return '…';
  switch (shape.type) {
    case 'list':
      return `[${elements(value)
        .map((element) => javaText(shape.element, element, depth + 1))
        .join(', ')}]`;
    case 'map':
      return `{${entries(value)
        .map(([key, entry]) => `${key}=${javaText(shape.value, entry, depth + 1)}`)
        .join(', ')}}`;
    case 'structure':
      return `${shape.name}(${shape.members
        .map(
          (member) => `${member.pathName}=${javaText(member.shape, fieldOf(value, member.name), depth + 1)}`,
        )
        .join(', ')})`;
    default:
      return scalarText(shape, value);
  }
}

function scalarText(shape: ScalarShape, value: unknown): string {
  if (value instanceof Date) return value.toString();
  if (value instanceof Uint8Array) {
    return `java.nio.HeapByteBuffer[pos=0 lim=${value.length} cap=${value.length}]`;
  }
  const fractional = shape.type === 'double' || shape.type === 'float';
  if (fractional && Number.isInteger(value)) return `${String(value)}.0`;
  return String(value);
}

/** A list shows its first elements: enough to tell which one, whatever a hostile caller sent. */
function elements(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, LONGEST_SHOWN_CHARS) : [];
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).slice(0, LONGEST_SHOWN_CHARS)
    : [];
}

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
