// Counts words of the texts in an SQS-shaped batch, and reports the messages that it could not read.
const decoder = new Intl.Segmenter('en', { granularity: 'word' });

export async function handler(event, context) {
  const failures = [];
  const counts = new Map();
  for (const record of event.Records) {
    try {
      for (const word of words(JSON.parse(record.body).text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    } catch (error) {
      console.warn(`cannot read ${record.messageId}: ${error.message}`);
      failures.push({ itemIdentifier: record.messageId });
    }
  }
  const top = [...counts].sort(([, left], [, right]) => right - left).slice(0, 3);
  console.log(
    `counted ${counts.size} words in ${event.Records.length} messages, ${context.getRemainingTimeInMillis()} ms left`,
  );
  return { top: Object.fromEntries(top), batchItemFailures: failures };
}

function words(text) {
  return [...decoder.segment(text)]
    .filter((part) => part.isWordLike)
    .map((part) => part.segment.toLowerCase());
}
