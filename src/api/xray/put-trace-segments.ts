import { invalidRequest } from './errors.ts';
import type { XrayOperation } from './services.ts';

interface Input {
  readonly TraceSegmentDocuments: readonly string[];
}

interface Output {
  readonly UnprocessedTraceSegments: readonly { readonly ErrorCode: string; readonly Message: string }[];
}

/** As many as X-Ray takes in one call. */
const MOST_DOCUMENTS = 50;

export const putTraceSegments: XrayOperation<Input, Output> = {
  name: 'PutTraceSegments',
  async run({ tracing }, { TraceSegmentDocuments: documents }, context) {
    if (documents.length > MOST_DOCUMENTS) {
      throw invalidRequest(`A request can have no more than ${MOST_DOCUMENTS} segment documents.`);
    }
    const stored = await tracing.put(context, documents);
    const refused = stored.filter((good) => !good);
    return {
      UnprocessedTraceSegments: refused.map(() => ({
        ErrorCode: 'ParseError',
        Message: 'Invalid segment. ErrorCode: ParseError',
      })),
    };
  },
};
