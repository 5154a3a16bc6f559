/** The policy file being written. Kept while the page is open, so that the way back from a what-if loses nothing. */
export const draft = $state({ text: '' });
