import type { ScalarShape } from '../model/shapes.ts';

const NOT_NULL = 'Member must not be null';

interface Rule {
  readonly text: string;
  holds(value: unknown): boolean;
}

/** What a value of its own violates, one sentence each: pattern before length, as AWS orders them. */
export function violatedRules(shape: ScalarShape, value: unknown): string[] {
  return [...patternRules(shape), ...enumRules(shape), ...sizeRules(shape)]
    .filter((rule) => !rule.holds(value))
    .map((rule) => rule.text);
}

/**
 * For elements of lists, and keys and values of maps, AWS names all rules in brackets as soon as one element breaks
 * one of them. Undefined when every element keeps them all.
 */
export function violatedByAny(shape: ScalarShape, values: readonly unknown[]): string | undefined {
  const rules = [...sizeRules(shape), ...patternRules(shape), ...enumRules(shape)];
  const keeps = (value: unknown): boolean =>
    value !== null && value !== undefined && rules.every((rule) => rule.holds(value));
  if (values.every(keeps)) return undefined;
  return `[${[...rules.map((rule) => rule.text), NOT_NULL].join(', ')}]`;
}

export function notNull(): string {
  return NOT_NULL;
}

/** Bounds of a collection's own size. */
export function sizeViolations(size: number, { min, max }: { min?: number; max?: number }): string[] {
  const violated: string[] = [];
  if (max !== undefined && size > max) violated.push(`Member must have length less than or equal to ${max}`);
  if (min !== undefined && size < min)
    violated.push(`Member must have length greater than or equal to ${min}`);
  return violated;
}

function patternRules({ pattern }: ScalarShape): Rule[] {
  if (pattern === undefined) return [];
  return [
    {
      text: `Member must satisfy regular expression pattern: ${pattern.text}`,
      holds: (value) => typeof value !== 'string' || pattern.matches(value),
    },
  ];
}

function enumRules({ values }: ScalarShape): Rule[] {
  if (values === undefined) return [];
  return [
    {
      text: `Member must satisfy enum value set: [${values.join(', ')}]`,
      holds: (value) => typeof value !== 'string' || values.includes(value),
    },
  ];
}

function sizeRules(shape: ScalarShape): Rule[] {
  const { min, max, type } = shape;
  const noun = type === 'string' || type === 'blob' ? 'length' : 'value';
  const rules: Rule[] = [];
  if (max !== undefined) {
    rules.push({
      text: `Member must have ${noun} less than or equal to ${max}`,
      holds: (value) => sizeOf(value) <= max,
    });
  }
  if (min !== undefined) {
    rules.push({
      text: `Member must have ${noun} greater than or equal to ${min}`,
      holds: (value) => sizeOf(value) >= min,
    });
  }
  return rules;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' || value instanceof Uint8Array ? value.length : 0;
}
