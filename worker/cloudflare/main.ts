export class SequencerObject {}
export default { fetch: () => new Response('') };
