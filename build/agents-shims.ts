/**
 * What the protocol's package takes of where it runs, in place of its own for Node, which brings ajv: a third of the
 * server for agents, for the answers to questions that a server asks a person, and this one asks none.
 */
export { default as process } from 'node:process';

/** Has the name and the one method of theirs. */
export class DefaultJsonSchemaValidator {
  getValidator(): never {
    throw new Error('cannot check an answer of a person: this server is built without what does');
  }
}
